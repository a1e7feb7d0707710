"""How this room declares its kinds of findings, and what every rule is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from fairkeeper.accounts.structure.model import Structure
from fairkeeper.values.findings import Finding, FindingKind, Level, finding_kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a check rests on besides the structure.

    Args:
        as_of: The day for which it is made.
        ahead_days: How far ahead something that expires is told.
    """

    as_of: date
    ahead_days: int = 60


Rule = Callable[[Structure, Basis], Iterator[Finding]]


def declare(  # noqa: PLR0913 - what a kind of finding consists of
    what: str, *, title: str, remedy: str, resource: str, example: str, level: Level = Level.ERROR
) -> FindingKind:
    """Declare a kind of finding of this room; its code is `accounts.` and what is wrong."""
    return finding_kinds.declare(
        FindingKind(
            code=f"accounts.{what}", level=level, title=title, remedy=remedy, resource=resource, example=example
        )
    )
