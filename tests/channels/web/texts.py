"""Changes every text of a page at once, so that no test has to know which of them reach the markup."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from fairkeeper.values.currencies import Currency


def with_every_text(value: Any, addition: str) -> Any:
    """Return a page, or anything in it, with the addition behind every string that is not a word of our own code."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value + addition
    if isinstance(value, tuple):
        return tuple(with_every_text(each, addition) for each in value)
    if is_dataclass(value) and not isinstance(value, type | Currency):
        own = {each.name: with_every_text(getattr(value, each.name), addition) for each in fields(value) if each.init}
        return replace(value, **own)
    return value
