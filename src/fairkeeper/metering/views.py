"""What this room's queries answer: frozen rows for channels to render. Quantities are units as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """One dimension of one subscription or managed application, in the month or year that runs.

    Attributes:
        included: None is without end.
        overage: Used above the included quantity.
        uncounted: Used, and its hour is not counted yet.
        states: Units of the last 31 days by where they stand at Microsoft.
        at_risk: Hours that are not accepted yet and expire within six hours.
        expires_at: When the first of those that wait expires.
        limit: The customer's own limit; empty if there is none.
        limit_asks: Whether a governed call above it is asked about; otherwise it is refused.
        reaches_at: When the limit, or else the included quantity, is reached at the pace of late.
        at_end: What the month or year will hold at that pace.
    """

    resource_id: str
    customer_id: str
    customer_slug: str
    customer_name: str
    plan_id: str
    dimension: str
    unit: str
    starts_at: datetime
    ends_at: datetime
    used: str
    included: str | None
    overage: str
    uncounted: str
    states: dict[str, str]
    at_risk: int
    expires_at: datetime | None
    limit: str
    limit_asks: bool = False
    reaches_at: datetime | None = None
    at_end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage:
    """Lines of usage, and how many hours need somebody."""

    lines: tuple[UsageLine, ...]
    total: int
    held: int
    faulty: int
    at_risk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageDay:
    """One day of a dimension: what was included and what was above."""

    day_on: date
    included: str
    overage: str


class Standing(StrEnum):
    """Where units stand at Microsoft, as a picture shows it."""

    ACCEPTED = "accepted"
    WAITS = "waits"
    """Counted, and not sent yet: it is ready, or held for a person."""
    SENT = "sent"
    """Sent, and its answer is not known."""
    AT_RISK = "at risk"
    """Not accepted, and expires within six hours."""
    REFUSED = "refused"
    """Not taken by Microsoft, accepted with another quantity, or refused here."""
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingDay:
    """What of one day's reports stands where; what was moved into a later hour stands there."""

    day_on: date
    standing: Standing
    units: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """A proof of usage that was made.

    Attributes:
        from_on: First day.
        to_on: The day after the last.
        lines: Of each dimension and plan: units, their kinds of source, and what became of the overage, in thousandths.
        entries: How many entries it holds, without its own.
        is_placed: Whether the log has taken it up, so that the file can be made.
    """

    proof_id: str
    resource_id: str
    customer_name: str
    made_at: datetime
    from_on: date
    to_on: date
    lines: tuple[dict[str, Any], ...]
    entries: int
    is_placed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageHour:
    """One counted hour.

    Attributes:
        decide_at: Of a held hour: when the publisher's rule decides.
        entry_id: The evidence of the count.
    """

    count_id: str
    resource_id: str
    customer_name: str
    dimension: str
    plan_id: str
    hour_at: datetime
    units: str
    quantity: str
    state: str
    status: str
    note: str
    decide_at: datetime | None
    expires_at: datetime
    entry_id: str
    answer_entry_id: str | None
    usage_event_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDay:
    """One day as Microsoft states it beside ours."""

    dimension: str
    plan_id: str
    day_on: date
    ours: str
    microsofts: str
    status: str
    explanation: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageDetail:
    """One subscription's usage.

    Attributes:
        days: Of the dimension shown, the last 31 days.
        standing: Of it, what of these days' reports stands where at Microsoft.
        hours: Of it, the newest first, 200 at most.
    """

    resource_id: str
    customer_id: str
    customer_name: str
    dimension: str
    lines: tuple[UsageLine, ...]
    days: tuple[UsageDay, ...]
    standing: tuple[StandingDay, ...]
    hours: tuple[UsageHour, ...]
    compared: tuple[ComparedDay, ...]
