"""Which hours are held for a person before they are sent, and what becomes of one that nobody looks at.

A local check is cheaper than a refund afterwards, because what was accepted can only be corrected in Partner Center.
Assumption: an hour is suspicious when it is ten times the largest of the hours before; Microsoft's own model is not
published (`test_sudden_hour_is_held`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fairkeeper.metering.rules.hours import HourRule, expires_at
from fairkeeper.metering.rules.quantity import show_units


class Unattended(StrEnum):
    """What the publisher's rule does with a held hour before it expires."""

    SEND = "send"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule:
    """The publisher's rule for suspicious hours.

    Attributes:
        factor: So many times the largest earlier hour is suspicious.
        floor_milli: A quantity below this is never held.
        hours_known: So many earlier hours are needed to compare with.
        unattended: What becomes of an hour that nobody decided about.
        decide_before: How long before it expires that is done.
    """

    factor: int = 10
    floor_milli: int = 100_000
    hours_known: int = 12
    unattended: Unattended = Unattended.SEND
    decide_before: timedelta = timedelta(hours=2)


def why_held(units_milli: int, *, largest_milli: int, hours_known: int, rule: HoldRule) -> str | None:
    """Say why an hour is held, or None if it is not.

    Args:
        units_milli: What was used in the hour.
        largest_milli: The most that was used in one of the hours before.
        hours_known: How many hours with usage there were before.

    Example:
        >>> why_held(500_000, largest_milli=2_000, hours_known=20, rule=HoldRule())
        '500 units are 250 times the largest of the 20 hours before (2).'
        >>> why_held(15_000, largest_milli=2_000, hours_known=20, rule=HoldRule()) is None
        True
    """
    if units_milli < rule.floor_milli or hours_known < rule.hours_known:
        return None
    if units_milli <= rule.factor * largest_milli:
        return None
    times = units_milli // max(1, largest_milli)
    return (
        f"{show_units(units_milli)} units are {times} times the largest of the {hours_known} hours before "
        f"({show_units(largest_milli)})."
    )


def decided_at(hour: datetime, hours: HourRule, rule: HoldRule) -> datetime:
    """Return when the publisher's rule decides about a held hour, if no person has."""
    return expires_at(hour, hours) - rule.decide_before
