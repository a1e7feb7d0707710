"""How a finding of a checked file reads on a terminal: in full, with its line, its remedy and its page.

The general rendering cuts long cells, which would cut remedies here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any


def finding_text(each: Mapping[str, Any], width: int) -> str:
    """Return one finding, in the JSON form in which checks list them."""
    place = ", ".join(part for part in (f"line {each['line']}" if each["line"] else "", each["path"] or "") if part)
    first = f"  {each['level']} {each['code']}" + (f" ({place})" if place else "")
    assumed = f"Assumed: {each['assumption']}." if each.get("assumption") else ""
    explained = f"See: {each['explained_by']}" + (f", {each['address']}" if each["address"] else "")
    told = [each["message"], each["remedy"], assumed, explained]
    return "\n".join([first, *(_wrapped(text, width) for text in told if text)])


def count(number: int, word: str) -> str:
    """Return a number with its word.

    Example:
        >>> count(1, "error"), count(0, "warning")
        ('1 error', '0 warnings')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, max(width, 40), initial_indent="    ", subsequent_indent="    ")
