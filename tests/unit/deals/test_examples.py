"""The files under examples/deals: three worked deals to the cent, and one file for each fault."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from fairkeeper.deals.book import finding_kinds as book_kinds
from fairkeeper.deals.checks.checking import check_reading
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.prices.pricing import price_deal
from fairkeeper.deals.schedules.charging import contract_of
from fairkeeper.deals.schedules.schedule import running_totals
from fairkeeper.values.findings import FindingKind, Findings, finding_kinds
from tests.unit.deals.builders import EXAMPLES

FAULTS = sorted((EXAMPLES / "faults").glob("*.yaml"))

WORKED = {
    "three-years": (
        "2024-12-01/2027-12-01",
        "80000000.00",
        [
            (None, "2000000.00", "Setup fee – 1st month"),
            ("2025-01-01", "5000000.00", "Year 1 installment #2"),
            ("2025-07-15", "3000000.00", "Year 1 installment #3"),
            ("2026-01-01", "10000000.00", "Year 2 installment #1"),
            ("2026-07-15", "10000000.00", "Year 2 installment #2"),
            ("2027-01-01", "20000000.00", "Year 3 installment #1"),
            ("2027-07-15", "30000000.00", "Year 3 installment #2"),
        ],
    ),
    "one-year-by-quarter": (
        "2025-03-01/2026-03-01",
        "10000000.00",
        [
            (None, "2000000.00", "Q1"),
            ("2025-06-01", "3000000.00", "Q2"),
            ("2025-09-01", "2000000.00", "Q3"),
            ("2025-12-01", "3000000.00", "Q4"),
        ],
    ),
    "two-free-months": (
        "2024-01-01/2026-01-01",
        "25000000.00",
        [
            (None, "0.00", "Free – 2 months"),
            ("2024-03-01", "10000000.00", "Year 1 fee"),
            ("2025-01-15", "5000000.00", "Year 2 installment 1"),
            ("2025-07-01", "10000000.00", "Year 2 installment 2"),
        ],
    ),
}


def as_of(path: Path) -> date:
    found = re.search(r"^# Checked as of (\S+)$", path.read_text("utf-8"), re.MULTILINE)
    assert found, f"{path.name} does not say for which day it is checked"
    return date.fromisoformat(found[1])


def found_in(path: Path) -> Findings:
    reading = read_deal(path.read_text("utf-8"), file=path.name)
    return check_reading(reading, Basis(as_of=as_of(path)), file=path.name)


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_deal_has_no_findings_the_day_before_it_starts(name: str) -> None:
    path = EXAMPLES / f"{name}.yaml"
    deal = read_deal(path.read_text("utf-8")).deal
    assert deal is not None
    assert deal.billing_starts is not None
    assert (deal.billing_starts - as_of(path)).days == 1
    assert list(found_in(path)) == []


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_deal_is_right_to_the_cent(name: str) -> None:
    period, total, lines = WORKED[name]
    deal = read_deal((EXAMPLES / f"{name}.yaml").read_text("utf-8")).deal
    assert deal is not None
    (plan,) = deal.plans
    assert str(contract_of(deal, plan)) == period
    assert deal.ends == date.fromisoformat(period[11:]) - timedelta(days=1)
    read = [
        (charge.on.isoformat() if charge.on else None, charge.amount.to_decimal_text(), charge.note)
        for charge in plan.schedule
    ]
    assert read == lines
    assert running_totals(plan.schedule)[-1].to_decimal_text() == total
    assert plan.agreed_total is not None
    assert plan.agreed_total.to_decimal_text() == total


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_deal_is_priced_as_it_is_charged(name: str) -> None:
    _, total, lines = WORKED[name]
    deal = read_deal((EXAMPLES / f"{name}.yaml").read_text("utf-8")).deal
    assert deal is not None
    (price,) = price_deal(deal)[0].prices
    assert [amount.to_decimal_text() for amount in price.lines.customer] == [amount for _, amount, _ in lines]
    assert price.lines.customer_total.to_decimal_text() == total
    assert price.dates[0] == deal.billing_starts


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_fault_is_found_with_its_code_and_nothing_else(path: Path) -> None:
    found = found_in(path)
    assert [finding.code for finding in found] == [f"deals.{path.stem}"]
    (finding,) = found
    assert finding.file == path.name
    assert f"# Finds {finding.code}" in path.read_text("utf-8").splitlines()


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_finding_points_at_a_line_that_exists(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    (finding,) = found_in(path)
    assert finding.row is not None
    assert 1 <= finding.row <= len(lines)
    assert not lines[finding.row - 1].startswith("#")


def test_every_rule_has_a_file_that_breaks_it() -> None:
    declared = {kind.code for kind in finding_kinds if kind.code.startswith("deals.")}
    pasted = {code for code in declared if code.startswith("deals.pasted_")}
    in_the_book = {kind.code for kind in vars(book_kinds).values() if isinstance(kind, FindingKind)}
    assert {f"deals.{path.stem}" for path in FAULTS} == declared - pasted - in_the_book
    assert len(FAULTS) >= 40


def test_the_line_of_a_finding_is_the_line_of_its_fault() -> None:
    told = {"amount_not_text": "amount: 250000.00", "dates_not_increasing": "2025-08-01", "currency_precision": ".50"}
    for name, words in told.items():
        path = EXAMPLES / "faults" / f"{name}.yaml"
        (finding,) = found_in(path)
        assert finding.row is not None
        assert words in path.read_text("utf-8").splitlines()[finding.row - 1]


def test_the_deal_in_the_documentation_is_sound() -> None:
    page = (EXAMPLES.parents[1] / "docs" / "how-to" / "check-a-deal.md").read_text("utf-8")
    written = page.split("```yaml\n")[1].split("```")[0]
    found = check_reading(read_deal(written), Basis(as_of=date(2024, 11, 30)))
    assert list(found) == []
