"""Just-in-time access: what the state of a request proves, and how long an approval holds.

Source: Azure REST API, "JIT Requests - Get" of Microsoft.Solutions 2019-07-01 (`jitRequestState`, schedule); Microsoft
Learn, "Approve just-in-time access for Azure managed applications".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fairkeeper.consent.lifecycle import GrantEvent, GrantState, can_move_grant

LOOK_EVERY: Final = timedelta(minutes=10)
"""How often an open request, and a running elevation, is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevationReading:
    """A just-in-time request as Azure Resource Manager shows it.

    Args:
        state: Microsoft's word; None where there is no such request.
        until_at: When an approved one ends.
        roles: Names of the roles that it is for.
    """

    state: str | None
    until_at: datetime | None = None
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevationVerdict:
    """What follows: the event that moves the grant, if one does, and why."""

    event: GrantEvent | None
    note: str = ""


_OVER: Final = {
    "expired": "its time is over",
    "timeout": "nobody answered in time",
    "canceled": "the request was taken back",
    "failed": "Azure could not carry it out",
}


def judge_elevation(
    state: GrantState, reading: ElevationReading, now: datetime, *, asked: frozenset[str]
) -> ElevationVerdict:
    """Say what reading a request back proves of its grant.

    Example:
        >>> denied = ElevationReading(state="Denied")
        >>> judge_elevation(GrantState.PENDING_ADMIN, denied, datetime(2026, 11, 22), asked=frozenset()).event.value
        'decline'
    """
    event, note = _wanted(reading, now, asked)
    if event is GrantEvent.DECLINE and not can_move_grant(state, event):
        event = GrantEvent.WITHDRAW
    if event is None or not can_move_grant(state, event):
        return ElevationVerdict(event=None, note=note)
    return ElevationVerdict(event=event, note=note)


def _wanted(reading: ElevationReading, now: datetime, asked: frozenset[str]) -> tuple[GrantEvent | None, str]:
    word = (reading.state or "").lower()
    if word == "approved":
        if reading.until_at is None or reading.until_at <= now:
            return GrantEvent.WITHDRAW, _OVER["expired"]
        missing = ", ".join(sorted(asked - reading.roles))
        return (GrantEvent.PROVE_SOME, f"not approved: {missing}") if missing else (GrantEvent.PROVE_ALL, "")
    if word == "pending":
        return GrantEvent.HAND_OVER, ""
    if word == "denied":
        return GrantEvent.DECLINE, "the customer denied it in Azure"
    if word in _OVER:
        return GrantEvent.WITHDRAW, _OVER[word]
    return None, "Azure does not know the request" if not word else f"Azure says {reading.state}"


def next_look_at(state: GrantState, now: datetime, until_at: datetime | None) -> datetime | None:
    """Return when an elevation is looked at again; None once it has ended."""
    if state in {GrantState.VERIFIED, GrantState.PARTIAL}:
        return min(now + LOOK_EVERY, until_at) if until_at is not None and until_at > now else now + LOOK_EVERY
    is_open = state in {GrantState.REQUESTED, GrantState.PENDING_ADMIN}
    return now + LOOK_EVERY if is_open else None
