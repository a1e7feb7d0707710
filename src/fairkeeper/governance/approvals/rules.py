"""The rules of approvals, pure: what a policy asks of approvers, when a person answers too fast, what one may answer.

A policy may say `@approvers("2")` for several people and `@approval_hours("4")` for how long an answer is waited for.
Of several policies that ask, the strictest counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fairkeeper.policy.analysis.reading import read_policies
from fairkeeper.policy.decision.facts import PolicyText

HOURS: Final = 24
"""How long a person is waited for, unless a policy says less or more."""
MOST_HOURS: Final = 168
MOST_APPROVERS: Final = 5
MOST_OPEN: Final = 50
"""Questions of one agent that may wait at once; an agent that asks more is not asked for, so that nobody drowns."""
FAST_COUNT: Final = 10
FAST_SPAN: Final = timedelta(minutes=10)
"""Whoever approved this often within this time has to say why for each further one."""
SHORTEST_REASON: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What policies ask of approvers."""

    approvers: int = 1
    hours: int = HOURS


def demand_of(policies: Sequence[PolicyText], determining: Iterable[str]) -> Demand:
    """Return what the policies that asked for a person ask of approvers.

    Example:
        >>> text = '@id("a") @approvers("2") forbid (principal, action, resource);'
        >>> demand_of([PolicyText(id="a", text=text)], ["a"]).approvers
        2
    """
    wanted = set(determining)
    annotations = [
        dict(policy.annotations)
        for text in policies
        if text.id in wanted
        for policy in read_policies(text.text)
        if policy.id == text.id
    ]
    approvers = [_number(each.get("approvers"), MOST_APPROVERS) for each in annotations]
    hours = [_number(each.get("approval_hours"), MOST_HOURS) for each in annotations]
    return Demand(
        approvers=max((each for each in approvers if each), default=1),
        hours=min((each for each in hours if each), default=HOURS),
    )


def _number(text: str | None, most: int) -> int | None:
    """Read a whole number from 1; whatever else stands there asks for the most, which is the strict reading."""
    if text is None:
        return None
    return min(int(text), most) if text.isascii() and text.isdigit() and int(text) else most


def is_covered(where: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Say whether the arguments of a call have the values that a standing approval names.

    Example:
        >>> is_covered({"to": "ada@contoso.example"}, {"to": "ada@contoso.example", "text": "Hello"})
        True
        >>> is_covered({"count": 1}, {"count": True})
        False
    """
    return all(
        name in arguments and json.dumps(arguments[name], sort_keys=True) == json.dumps(value, sort_keys=True)
        for name, value in where.items()
    )


def is_too_fast(approved_at: Sequence[datetime], now: datetime, reason: str) -> bool:
    """Say whether a person has approved so much in so little time that each further one needs a reason.

    Example:
        >>> from datetime import UTC
        >>> now = datetime(2026, 11, 22, tzinfo=UTC)
        >>> (
        ...     is_too_fast([now] * 10, now, ""),
        ...     is_too_fast([now] * 10, now, "I read all of it"),
        ...     is_too_fast([now], now, ""),
        ... )
        (True, False, False)
    """
    recent = sum(at > now - FAST_SPAN for at in approved_at)
    return recent >= FAST_COUNT and len(reason.strip()) < SHORTEST_REASON
