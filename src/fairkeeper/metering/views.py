"""What this room's queries answer: frozen rows for channels to render. Quantities are units as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """One dimension of one subscription or managed application, in the month or year that runs.

    Attributes:
        included: None is without end.
        overage: Used above the included quantity.
        states: Units of the last 31 days by where they stand at Microsoft.
        at_risk: Hours that are not accepted yet and expire within six hours.
        expires_at: When the first of those that wait expires.
        limit: The customer's own limit; empty if there is none.
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
    states: dict[str, str]
    at_risk: int
    expires_at: datetime | None
    limit: str
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
        hours: Of it, the newest first, 200 at most.
    """

    resource_id: str
    customer_id: str
    customer_name: str
    dimension: str
    lines: tuple[UsageLine, ...]
    days: tuple[UsageDay, ...]
    hours: tuple[UsageHour, ...]
    compared: tuple[ComparedDay, ...]
