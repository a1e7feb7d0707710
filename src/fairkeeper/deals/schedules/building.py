"""Builds a schedule from a total and a pattern; every minor unit of the total is in it, none is added.

A pattern says on which days which share is charged; free months and a setup fee can be put on any of them. Shares are
whole minor units by the largest remainder (`Money.allocate`), so that rounding never loses a cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from fairkeeper.deals.deal import Charge
from fairkeeper.deals.errors import PatternRefusedError
from fairkeeper.values.money import Money
from fairkeeper.values.period import Duration, Period

FREE_NOTE = "Free months"
SETUP_NOTE = "Setup fee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is to be charged, and in which contract.

    Args:
        total: Everything, a setup fee included.
        starts_on: First day of the contract.
    """

    total: Money
    starts_on: date
    term_months: int

    @property
    def contract(self) -> Period:
        """The days of the contract."""
        return Period.lasting(self.starts_on, Duration(months=self.term_months))

    def __post_init__(self) -> None:
        """Refuse a total that is no charge and a contract that does not last."""
        if self.total.minor <= 0 or self.term_months < 1:
            message = f"{self.total} over {self.term_months} months is nothing to schedule."
            raise PatternRefusedError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One day on which a share of the total is charged."""

    on: date
    weight: Fraction
    note: str = ""


def even_slots(frame: Frame, *, every_months: int, note: str = "Installment {number} of {count}") -> tuple[Slot, ...]:
    """Return equal shares, one every few months from the contract's first day.

    Example:
        >>> frame = Frame(total=Money.from_decimal_text("100", "USD"), starts_on=date(2027, 2, 1), term_months=12)
        >>> [str(charge.amount) for charge in build(frame, even_slots(frame, every_months=5))]
        ['33.34 USD', '33.33 USD', '33.33 USD']
    """
    if every_months < 1:
        message = f"Charges cannot be {every_months} months apart."
        raise PatternRefusedError(message)
    starts = [part.start_on for part in frame.contract.split(Duration(months=every_months))]
    return tuple(
        Slot(on=day, weight=Fraction(1), note=note.format(number=number, count=len(starts)))
        for number, day in enumerate(starts, 1)
    )


def fiscal_year_slots(frame: Frame, *, first_month: int) -> tuple[Slot, ...]:
    """Return one share a fiscal year, in proportion to the contract's days in it.

    Args:
        frame: Total and contract.
        first_month: The month a fiscal year begins with, 1 to 12.
    """
    if not 1 <= first_month <= 12:
        message = f"A fiscal year cannot begin with month {first_month}."
        raise PatternRefusedError(message)
    contract = frame.contract
    years = range(contract.start_on.year, contract.end_on.year + 1)
    begins = [day for year in years if (day := date(year, first_month, 1)) in contract and day != contract.start_on]
    starts = [contract.start_on, *begins]
    parts = [Period(start, end) for start, end in zip(starts, [*begins, contract.end_on], strict=True)]
    return tuple(
        Slot(on=part.start_on, weight=Fraction(part.days), note=f"Fiscal year from {_fiscal_start(part, first_month)}")
        for part in parts
    )


def ramp_slots(frame: Frame, *, year_weights: Sequence[Fraction], every_months: int = 12) -> tuple[Slot, ...]:
    """Return shares that grow or shrink from contract year to contract year, equal within each.

    Args:
        frame: Total and contract.
        year_weights: What each year weighs against the others (1, 2, 3), one for each begun year.
        every_months: How often within a year.
    """
    years = -(-frame.term_months // 12)
    if len(year_weights) != years or every_months < 1:
        message = f"{frame.term_months} months need {years} weights, not {len(year_weights)}."
        raise PatternRefusedError(message)
    slots: list[Slot] = []
    for number, year in enumerate(frame.contract.split(Duration(months=12))):
        parts = year.split(Duration(months=every_months))
        share = Fraction(year_weights[number]) / len(parts)
        told = [f"Year {number + 1} installment {place}" for place in range(1, len(parts) + 1)]
        slots += [Slot(on=part.start_on, weight=share, note=note) for part, note in zip(parts, told, strict=True)]
    return tuple(slot for number, slot in enumerate(slots) if slot.weight or number == 0)


def aligned_slots(frame: Frame, other: Sequence[Charge]) -> tuple[Slot, ...]:
    """Return the days of another plan's schedule, with shares in proportion to its amounts."""
    if not any(charge.amount.minor > 0 for charge in other) or any(charge.amount.minor < 0 for charge in other):
        raise PatternRefusedError("The schedule to align with charges nothing.")
    return tuple(
        Slot(on=charge.on or frame.starts_on, weight=Fraction(charge.amount.minor), note=charge.note)
        for charge in other
    )


def build(frame: Frame, slots: Sequence[Slot], *, setup_fee: Money | None = None) -> tuple[Charge, ...]:
    """Share the total out over slots; what falls on the contract's first day is the charge at the start.

    Args:
        frame: Total and contract.
        slots: In the order of their days; none before the contract's first day.
        setup_fee: Part of the total that is charged at the start, before the rest is shared out.

    Raises:
        PatternRefusedError: A slot lies outside the contract, or the fee is above the total.
    """
    fee = setup_fee or Money.zero(frame.total.currency)
    days = [slot.on for slot in slots]
    if not days or sorted(set(days)) != days or days[0] not in frame.contract or days[-1] not in frame.contract:
        raise PatternRefusedError("The days of the pattern are not in order within the contract.")
    if fee.minor < 0 or fee > frame.total:
        message = f"A setup fee of {fee} is not within the total of {frame.total}."
        raise PatternRefusedError(message)
    rest = (frame.total - fee).allocate([slot.weight for slot in slots])
    charges = [Charge(on=slot.on, amount=amount, note=slot.note) for slot, amount in zip(slots, rest, strict=True)]
    first = charges.pop(0) if days[0] == frame.starts_on else None
    opening = first.amount if first else Money.zero(frame.total.currency)
    told = [SETUP_NOTE] if fee else []
    told += [first.note] if first and first.note else []
    return (
        Charge(on=None, amount=opening + fee, note=", ".join(told) or FREE_NOTE),
        *(charge for charge in charges if charge.amount),
    )


def after_free_months(frame: Frame, months: int) -> Frame:
    """Return the part of a contract that is left after free months, to make slots in.

    Raises:
        PatternRefusedError: Nothing is left.
    """
    if not 0 <= months < frame.term_months:
        message = f"{months} free months leave nothing of {frame.term_months}."
        raise PatternRefusedError(message)
    starts_on = Duration(months=months).after(frame.starts_on)
    return Frame(total=frame.total, starts_on=starts_on, term_months=frame.term_months - months)


def _fiscal_start(part: Period, first_month: int) -> str:
    day = part.start_on
    year = day.year if day.month >= first_month else day.year - 1
    return f"{date(year, first_month, 1):%Y-%m}"
