"""Checks deals in files: every rule, every line, without a database."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from fairkeeper.action.operation import OperationInput, TextFile, check
from fairkeeper.deals.actions.views import AssumptionView, CheckedFile, CheckedFiles, view_finding
from fairkeeper.deals.assumptions import ASSUMPTIONS, Assumptions
from fairkeeper.deals.checks.checking import check_reading
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.files.reading import Reading, read_deal
from fairkeeper.deals.schedules.charging import total_of
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.findings import Findings, Level
from fairkeeper.values.money import Money


class AsOf(OperationInput):
    """What a check rests on besides the files."""

    as_of: date | None = Field(None, description="The day to check for; today if left out.")
    without: list[str] = Field([], description="Key of an assumption to switch off.")

    @property
    def day(self) -> date:
        """The day of the check, in UTC where none was named."""
        return self.as_of or SystemClock().now().date()

    def basis(self, plan_ids_in_use: frozenset[str] = frozenset()) -> Basis:
        """Return it as rules take it.

        Raises:
            AssumptionUnknownError: An assumption to switch off is not in the table.
        """
        return Basis(as_of=self.day, assumptions=Assumptions.without(self.without), plan_ids_in_use=plan_ids_in_use)


class CheckFiles(AsOf):
    """Which files to check."""

    files: list[TextFile] = Field(min_length=1, max_length=100, description="Deals in YAML or JSON.")


@check("deals.check_file", cli="deals check FILES")
def check_files(request: CheckFiles) -> CheckedFiles:
    """Check deals in files against every rule that can be known offline, each finding with its line and remedy.

    Plan ids that one of the files makes are taken for the files after it. A finding that rests on an assumption names
    its key; --without switches it off.

    Raises:
        AssumptionUnknownError: An assumption to switch off is not in the table.
    """
    checked, found = [], []
    made: set[str] = set()
    for file in request.files:
        reading = read_deal(file.text, file=file.name or None)
        findings = check_reading(reading, request.basis(frozenset(made)), file=file.name or None)
        made.update(plan.new_plan for plan in (reading.deal.plans if reading.deal else ()) if plan.new_plan)
        checked.append(_checked(file.name, reading, findings))
        found += [view_finding(finding) for finding in findings]
    return CheckedFiles(as_of=request.day, files=tuple(checked), findings=tuple(found))


class NoInput(OperationInput):
    """Nothing is asked for."""


@check("deals.list_assumptions", cli="deals assumptions")
def list_assumptions(request: NoInput) -> list[AssumptionView]:  # noqa: ARG001 - an operation takes its input
    """List what Microsoft's documents leave open, how it is read here, and what happens with a reading switched off."""
    return [
        AssumptionView(key=each.key, label=each.label, otherwise=each.otherwise, source=each.source)
        for each in ASSUMPTIONS
    ]


def _checked(name: str, reading: Reading, findings: Findings) -> CheckedFile:
    deal = reading.deal if reading.is_whole else None
    total = (
        Money.sum((total_of(plan, deal.currency, deal.starts_on) for plan in deal.plans), deal.currency)
        if deal
        else None
    )
    return CheckedFile(
        file=name,
        name=reading.deal.name if reading.deal else None,
        plans=len(deal.plans) if deal else None,
        installments=sum(len(plan.schedule) for plan in deal.plans) if deal else None,
        total=total.to_decimal_text() if total is not None else None,
        currency=reading.deal.currency.code if reading.deal else None,
        errors=findings.count(Level.ERROR),
        warnings=findings.count(Level.WARNING),
    )
