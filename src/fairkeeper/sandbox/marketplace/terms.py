"""How long a purchased term lasts and on which days it is charged: ISO 8601 durations over calendar days.

Separate, because month arithmetic has corners (31 January plus a month) and because the set of durations is open:
Microsoft documents P1M to P5Y and offers others, such as P18M, since 2026.
Source: SaaS fulfillment Subscription APIs v2, section Get subscription, `term` (the end date is the last valid day,
renewal happens on the day after); Flexible billing schedule (a charge at purchase and dated ones); read 2026-11-22.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

_DURATION = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The period a subscription was bought for; without dates until activation.

    Args:
        unit: ISO 8601 duration of the running term.
        charge_duration: How often it is charged, where that differs from the term.
        start_on: Day of activation or renewal.
        end_on: Last valid day.
    """

    unit: str
    charge_duration: str | None = None
    start_on: date | None = None
    end_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One installment of a flexible billing schedule.

    Args:
        on: Its day; None is the charge at purchase.
        amount: Whole units of the currency, with its decimals.
        note: What customer and publisher read beside it.
    """

    on: date | None
    amount: Decimal
    currency: str
    note: str = ""


def months_and_days(unit: str) -> tuple[int, int]:
    """Read an ISO 8601 duration of whole days or longer as months and days.

    Raises:
        ValueError: The text is no such duration, or is empty of time.

    Example:
        >>> months_and_days("P1Y6M"), months_and_days("P2W")
        ((18, 0), (0, 14))
    """
    match = _DURATION.fullmatch(unit)
    if match is None:
        msg = f"{unit!r} is no ISO 8601 duration of whole days"
        raise ValueError(msg)
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    if not years + months + weeks + days:
        msg = f"{unit!r} lasts no time"
        raise ValueError(msg)
    return 12 * years + months, 7 * weeks + days


def add_duration(day: date, unit: str) -> date:
    """Return the day one duration later; a day that the month lacks becomes its last.

    Example:
        >>> add_duration(date(2027, 1, 31), "P1M").isoformat()
        '2027-02-28'
    """
    months, days = months_and_days(unit)
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=days)


def begin_term(unit: str, charge_duration: str | None, start_on: date) -> Term:
    """Return the term that starts on a day; its end is the last valid day.

    Example:
        >>> begin_term("P1M", None, date(2022, 3, 7)).end_on.isoformat()
        '2022-04-06'
    """
    end_on = add_duration(start_on, unit) - timedelta(days=1)
    return Term(unit=unit, charge_duration=charge_duration, start_on=start_on, end_on=end_on)


def term_ends_at(term: Term) -> datetime | None:
    """Return the midnight (UTC) after the last valid day, None before activation.

    Assumption: Microsoft names no hour; midnight UTC of the day after the last day.
    """
    if term.end_on is None:
        return None
    return datetime.combine(term.end_on + timedelta(days=1), time(), tzinfo=UTC)


def is_paid_in_parts(term: Term) -> bool:
    """Say whether a term of more than a year is charged in several payments.

    Example:
        >>> is_paid_in_parts(Term(unit="P3Y", charge_duration="P1Y")), is_paid_in_parts(Term(unit="P1Y"))
        (True, False)
    """
    if term.charge_duration is None:
        return False
    months, charged_months = months_and_days(term.unit)[0], months_and_days(term.charge_duration)[0]
    return months > 12 and charged_months < months
