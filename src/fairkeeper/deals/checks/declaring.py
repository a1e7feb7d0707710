"""How this room declares its kinds of findings, and what every rule is given.

Separate from the rules, so that each of them is a function of a deal and one `Basis`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from fairkeeper.deals.assumptions import Assumption, Assumptions
from fairkeeper.values.findings import Finding, FindingKind, Level, finding_kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a check rests on besides the deal.

    Args:
        as_of: The day for which it is made.
        assumptions: Which readings of open questions hold.
        plan_ids_in_use: Plan ids that exist already, beyond those that the deal itself lists.
    """

    as_of: date
    assumptions: Assumptions = field(default_factory=Assumptions)
    plan_ids_in_use: frozenset[str] = frozenset()


def declare(  # noqa: PLR0913 - what a kind of finding consists of
    what: str, *, title: str, remedy: str, resource: str, example: str, level: Level = Level.ERROR
) -> FindingKind:
    """Declare a kind of finding of this room; its code is `deals.` and what is wrong."""
    return finding_kinds.declare(
        FindingKind(code=f"deals.{what}", level=level, title=title, remedy=remedy, resource=resource, example=example)
    )


def assumed(kind: FindingKind, assumption: Assumption, message: str, *, path: str) -> Finding:
    """Return a finding that rests on an assumption, and says which."""
    return kind.found(message, path=path, detail={"assumption": assumption.key})
