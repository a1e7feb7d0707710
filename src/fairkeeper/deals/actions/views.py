"""What this room's checks answer: frozen rows of texts and dates, ready for any channel.

Amounts are exact texts in major units beside their currency, because JSON has no exact number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fairkeeper.deals.submission.sheet import Sheet
from fairkeeper.values.findings import Finding, Level
from fairkeeper.values.resources import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One finding.

    Args:
        line: Line of the file, counted from 1.
        path: Place in the deal (`plans/0/schedule/3/amount`).
        explained_by: Title of the official resource behind the rule, and its address where it is known.
        assumption: Key of the assumption it rests on, if the rule is no documented one.
    """

    code: str
    level: Level
    message: str
    remedy: str
    file: str | None
    line: int | None
    path: str | None
    explained_by: str
    address: str | None
    assumption: str | None


def view_finding(finding: Finding) -> FindingView:
    """Return a finding for channels."""
    explained = resource(finding.resource)
    assumption = dict(finding.detail).get("assumption")
    return FindingView(
        code=finding.code,
        level=finding.level,
        message=finding.message,
        remedy=finding.remedy,
        file=finding.file,
        line=finding.row,
        path=finding.path,
        explained_by=explained.title,
        address=explained.address,
        assumption=None if assumption is None else str(assumption),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """One file that was checked; name, plans and total are None where it could not be read."""

    file: str
    name: str | None
    plans: int | None
    installments: int | None
    total: str | None
    currency: str | None
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFiles:
    """The answer to a check of files."""

    as_of: date
    files: tuple[CheckedFile, ...]
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionView:
    """One reading of what the documents leave open."""

    key: str
    label: str
    otherwise: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTotal:
    """A plan in one currency.

    Args:
        markets: Where the price holds; empty for the deal's own currency.
        adjustment_percent: What the channel partner adds; None without one.
        rounding: In words what rounding each line did.
    """

    plan: str
    currency: str
    markets: tuple[str, ...]
    partner_total: str
    customer_total: str
    adjustment_percent: str | None
    rounding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One charge of a plan in one currency.

    Args:
        partner_price: What the fee is taken on: the channel partner's price, or the customer's where there is none.
        fee: Agency fee; None where no cash is expected in this currency or the agreement is not known.
        paid_by: The last day the publisher should be paid by.
    """

    plan: str
    currency: str
    markets: tuple[str, ...]
    number: int
    charged_on: date
    note: str
    partner_price: str
    customer_price: str
    fee: str | None
    earning: str | None
    paid_by: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterRow:
    """One quarter: what is charged and what is paid out; beside it an alternative's, and how far that is ahead."""

    quarter: str
    charged: str
    paid: str
    other_charged: str | None = None
    other_paid: str | None = None
    other_ahead: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedFile:
    """The answer to pricing a file.

    Args:
        agreement: The customer's agreement that the payout days suppose; None where it is not known.
        fee_percent: The agency fee that was taken.
        counts_towards_commitment: Whether it draws down the customer's cloud commitment: yes, no or unknown.
    """

    name: str | None
    as_of: date
    currency: str | None
    agreement: str | None
    fee_percent: str | None
    counts_towards_commitment: str
    totals: tuple[PlanTotal, ...]
    lines: tuple[PriceLine, ...]
    quarters: tuple[QuarterRow, ...]
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """One line of a built schedule; no date is the charge at the start."""

    number: int
    on: date | None
    amount: str
    note: str
    running_total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSchedule:
    """The answer to building a schedule.

    Args:
        moved_by: The sum of the lines less the wanted total; "0.00" where they agree.
        yaml: The lines as a deal's file has them.
    """

    currency: str
    total: str
    moved_by: str
    lines: tuple[ScheduleLine, ...]
    yaml: str
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedSheet:
    """The answer to printing a sheet; no sheet where the file could not be read."""

    sheet: Sheet | None
    findings: tuple[FindingView, ...]
