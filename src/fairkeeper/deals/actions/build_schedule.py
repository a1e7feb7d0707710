"""Builds a schedule for a deal's file: from a pattern, from another plan's days, or from a pasted spreadsheet."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from fractions import Fraction

from pydantic import Field

from fairkeeper.action.operation import OperationInput, TextFile, check
from fairkeeper.deals.actions.views import BuiltSchedule, ScheduleLine, view_finding
from fairkeeper.deals.deal import Charge
from fairkeeper.deals.errors import PatternRefusedError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.files.writing import write_schedule
from fairkeeper.deals.schedules.building import (
    Frame,
    Slot,
    after_free_months,
    aligned_slots,
    build,
    even_slots,
    fiscal_year_slots,
    ramp_slots,
)
from fairkeeper.deals.schedules.pasting import read_pasted
from fairkeeper.deals.schedules.schedule import running_totals
from fairkeeper.values.currencies import Currency, currency
from fairkeeper.values.findings import Findings
from fairkeeper.values.money import Money


class Pattern(StrEnum):
    """How a total is spread."""

    EQUAL = "equal"
    QUARTERLY = "quarterly"
    FISCAL_YEAR = "fiscal_year"
    RAMP = "ramp"
    ALIGNED = "aligned"
    PASTED = "pasted"


class BuildSchedule(OperationInput):
    """What to charge, when it starts, and by which pattern."""

    total: str = Field(max_length=40, description="Everything that is charged, in major units.")
    currency: str = Field("USD", max_length=3, description="Its currency.")
    starts_on: date = Field(ge=date(2000, 1, 1), le=date(2199, 12, 31), description="First day of the contract.")
    term_months: int = Field(ge=1, le=600, description="Length of the contract in months.")
    pattern: Pattern = Field(Pattern.EQUAL, description="How the total is spread.")
    every_months: int = Field(1, ge=1, le=600, description="Months between equal charges, or within a ramp's years.")
    fiscal_year_starts: int = Field(7, ge=1, le=12, description="Month a fiscal year begins with.")
    year_weights: list[int] = Field([], max_length=50, description="What each contract year of a ramp weighs.")
    free_months: int = Field(0, ge=0, le=600, description="Months at the start in which nothing is charged.")
    setup_fee: str | None = Field(None, max_length=40, description="Part of the total that is charged at the start.")
    align_with: TextFile | None = Field(None, description="A deal whose first schedule gives days and proportions.")
    pasted: TextFile | None = Field(None, description="Rows of date, amount and note from a spreadsheet.")


@check("deals.build_schedule", cli="deals build TOTAL")
def build_schedule(request: BuildSchedule) -> BuiltSchedule:
    """Build a schedule whose lines add up to the total to the last minor unit, and write it as a deal's file has it.

    Free months and a setup fee go with any pattern but a pasted one. A pasted schedule is read as it is, and the answer
    says by how much its sum differs from the total.

    Raises:
        PatternRefusedError: The pattern does not fit into the term, or lacks what it needs.
        AmountRefusedError: The total or the fee is no amount of the currency.
        CurrencyUnknownError: No currency has this code.
    """
    unit = currency(request.currency)
    total = Money.from_decimal_text(request.total, unit)
    charges, findings = _pasted(request, unit) if request.pattern is Pattern.PASTED else (_built(request, total), None)
    charged = Money.sum((charge.amount for charge in charges), unit)
    lines = zip(charges, running_totals(charges), strict=True)
    return BuiltSchedule(
        currency=unit.code,
        total=charged.to_decimal_text(),
        moved_by=(charged - total).to_decimal_text(),
        lines=tuple(
            ScheduleLine(
                number=number,
                on=charge.on,
                amount=charge.amount.to_decimal_text(),
                note=charge.note,
                running_total=running.to_decimal_text(),
            )
            for number, (charge, running) in enumerate(lines, 1)
        ),
        yaml=write_schedule(charges),
        findings=tuple(view_finding(finding) for finding in findings or ()),
    )


def charges_of_request(request: BuildSchedule) -> tuple[Charge, ...]:
    """Return the schedule of a pattern that needs no file.

    Raises:
        PatternRefusedError: The pattern does not fit, or is one that needs a file.
        AmountRefusedError, CurrencyUnknownError: The total or the fee is no amount of a currency.
    """
    if request.pattern is Pattern.PASTED:
        raise PatternRefusedError("A pasted schedule needs its rows.", remedy="Choose another pattern, or write them.")
    return _built(request, Money.from_decimal_text(request.total, currency(request.currency)))


def _built(request: BuildSchedule, total: Money) -> tuple[Charge, ...]:
    frame = Frame(total=total, starts_on=request.starts_on, term_months=request.term_months)
    fee = Money.from_decimal_text(request.setup_fee, total.currency) if request.setup_fee else None
    left = after_free_months(frame, request.free_months)
    return build(frame, _slots(request, left), setup_fee=fee)


def _slots(request: BuildSchedule, frame: Frame) -> tuple[Slot, ...]:
    match request.pattern:
        case Pattern.QUARTERLY:
            return even_slots(frame, every_months=3, note="Quarter {number} of {count}")
        case Pattern.FISCAL_YEAR:
            return fiscal_year_slots(frame, first_month=request.fiscal_year_starts)
        case Pattern.RAMP:
            weights = [Fraction(weight) for weight in request.year_weights]
            return ramp_slots(frame, year_weights=weights, every_months=request.every_months)
        case Pattern.ALIGNED:
            return aligned_slots(frame, _other_schedule(request))
        case _:
            return even_slots(frame, every_months=request.every_months)


def _other_schedule(request: BuildSchedule) -> tuple[Charge, ...]:
    if request.align_with is None:
        raise PatternRefusedError("No deal was given to align with.", remedy="Name one with --align-with.")
    deal = read_deal(request.align_with.text).deal
    found = next((plan.schedule for plan in (deal.plans if deal else ()) if plan.schedule), None)
    if found is None:
        message = f"{request.align_with.name or 'The deal'} has no schedule that can be read."
        raise PatternRefusedError(message, remedy="Check the file with `fairkeeper deals check`.")
    return found


def _pasted(request: BuildSchedule, unit: Currency) -> tuple[tuple[Charge, ...], Findings]:
    if request.pasted is None:
        raise PatternRefusedError("Nothing was pasted.", remedy="Name a file with --pasted, or - for standard input.")
    pasted = read_pasted(request.pasted.text, unit, starts_on=request.starts_on)
    return pasted.charges, pasted.findings
