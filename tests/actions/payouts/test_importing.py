"""Handing files over, comparing, closing: results, evidence, and who is refused, on both databases."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from fairkeeper.action.operation import Ports, QueryContext
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.errors import DeniedError
from fairkeeper.payouts.actions.findings import close_finding
from fairkeeper.payouts.actions.months import close_month, save_mapping
from fairkeeper.payouts.actions.receive_file import receive_file
from fairkeeper.payouts.actions.withdraw_file import withdraw_file
from fairkeeper.payouts.chain.coverage import Coverage
from fairkeeper.payouts.chain_queries import list_groups, show_forecast, show_journal, trace_id
from fairkeeper.payouts.errors import (
    FileNotHandedOverError,
    FileNotWithdrawableError,
    FindingNotFoundError,
    FindingNotOpenError,
    MappingRefusedError,
    MonthRefusedError,
    NothingTracedError,
)
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.files.workpaper import workpaper
from fairkeeper.payouts.importing import Importer
from fairkeeper.payouts.operations import OPERATIONS
from fairkeeper.payouts.queries import list_files, list_findings, list_payments, show_coverage, show_finding
from fairkeeper.payouts.reading import computed
from fairkeeper.sandbox.reports.exporting import write_files
from fairkeeper.sandbox.reports.year import Year
from tests.actions.house import House

AS_OF = date(2026, 11, 22)
ROLES = ("owner", "finance", "leader", "seller", "auditor")


def _person(role: str) -> Principal:
    return Principal(id=f"per_{role}", kind=PrincipalKind.STAFF, roles=frozenset({role}), display=role)


PEOPLE = {role: _person(role) for role in ROLES}
FINANCE = PEOPLE["finance"]


class Desk:
    """A house with the files of a year."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.library = Library(folder / "library")
        self.house = House(database, OPERATIONS, {Library: self.library})
        self.importer = Importer(self.house.runner, self.library)

    def hand_over(self, path: Path, **fields: Any) -> Any:
        staged = self.library.take_file(path)
        received = self.house.run(receive_file, FINANCE, sha256=staged.sha256, name=path.name, **fields)
        self.importer.read(staged.sha256)
        return received


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_files(Year(seed=3, buyers=24, as_of=AS_OF).book(), tmp_path_factory.mktemp("year"))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


@pytest.fixture(scope="module")
def full(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, year: list[Path]) -> Iterator[Desk]:
    """A desk where everything was handed over and compared; tests share it."""
    folder = tmp_path_factory.mktemp("full")
    shutil.copyfile(sqlite_template, folder / "fairkeeper.db")
    database = Database(DatabaseAddress(url=f"sqlite:///{folder / 'fairkeeper.db'}"))
    desk = Desk(database, folder)
    for path in year:
        desk.hand_over(path)
    desk.importer.evaluate()
    yield desk
    database.dispose()


def test_from_files_to_a_closed_finding(desk: Desk, year: list[Path]) -> None:
    house = desk.house
    for path in year:
        desk.hand_over(path)
    assert desk.hand_over(year[0]).is_new is False
    desk.importer.evaluate()

    files = house.run(list_files, FINANCE)
    assert (files.total, files.is_busy, {file.state for file in files.files}) == (len(year), False, {"read"})
    page = house.run(list_findings, FINANCE, limit=500)
    assert page.total == len(page.findings) > 20
    largest = page.findings[0]
    detail = house.run(show_finding, FINANCE, finding_id=largest.finding_id)
    assert f"Payment ID: {largest.payment_id}" in detail.support_text
    assert ".csv, row " in detail.sources[0]

    house.run(close_finding, FINANCE, finding_id=largest.finding_id, reason="The bank found it.")
    with pytest.raises(FindingNotOpenError):
        house.run(close_finding, FINANCE, finding_id=largest.finding_id, reason="Again.")
    desk.importer.evaluate()
    assert largest.finding_id not in {each.finding_id for each in house.run(list_findings, FINANCE, limit=500).findings}
    closed = house.run(list_findings, FINANCE, state="closed")
    assert [each.closed_why for each in closed.findings] == ["The bank found it."]

    kinds = house.kinds()
    assert kinds.count("payouts.file_received/1") == kinds.count("payouts.file_read/1") == len(year)
    assert kinds.count("payouts.finding_closed/1") == 1
    assert kinds.count("payouts.evaluated/1") == 2


def test_a_payment_is_traced_to_its_rows(full: Desk) -> None:
    payment = full.house.run(list_payments, FINANCE)[0]
    view = full.house.run(trace_id, FINANCE, id=payment.payment_id)
    stages = {stage.stage: stage for stage in view.chain}
    assert stages["earned"].row_count == payment.earnings
    assert stages["earned"].usd == payment.traced
    few = full.house.run(trace_id, FINANCE, id=payment.payment_id, rows=2)
    earned = next(stage for stage in few.chain if stage.stage == "earned")
    assert (len(earned.rows), earned.row_count, earned.usd) == (2, payment.earnings, payment.traced)
    assert (stages["paid"].state, stages["bank"].state) == ("done", "done")
    assert all(row.file.endswith(".csv") and row.row > 1 for stage in view.chain for row in stage.rows)


def test_a_workpaper_holds_every_row_with_its_place(full: Desk, year: list[Path]) -> None:
    payment = full.house.run(list_payments, FINANCE)[0]
    view = full.house.run(trace_id, FINANCE, id=payment.payment_id)
    content = workpaper(payment, view, made_at=full.house.clock.now())
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    summary = {row[0]: row[1] for row in book.get_sheet_by_name("Summary").to_python()}
    assert summary["Payment"] == payment.payment_id
    assert Decimal(str(summary["Earned, as the payment states"])) == Decimal(payment.stated)
    heads, *rows = book.get_sheet_by_name("Earned").to_python()
    cells = [dict(zip(heads, map(str, row), strict=True)) for row in rows]
    assert len(cells) == payment.earnings > 3
    text = next(path for path in year if path.name == "earnings.csv").read_text().splitlines()
    for cell in cells:
        line = text[int(float(cell["Row of the file"])) - 1].split(",")
        assert cell["File"] == "earnings.csv"
        assert cell["Row"].split()[1] in line
        assert any(Decimal(cell["Exact amount"]) == Decimal(each) for each in line if _is_amount(each))


def _is_amount(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def test_an_order_is_traced_through_every_stage(full: Desk) -> None:
    earning = next(
        row
        for stage in full.house.run(trace_id, FINANCE, id=full.house.run(list_payments, FINANCE)[-1].payment_id).chain
        for row in stage.rows
        if stage.stage == "earned"
    )
    view = full.house.run(trace_id, FINANCE, id=earning.what.split()[1])
    assert [stage.stage for stage in view.chain] == ["order", "usage", "billed", "earned", "paid", "bank"]
    assert {stage.stage for stage in view.chain if stage.state == "done"} >= {
        "order",
        "billed",
        "earned",
        "paid",
        "bank",
    }
    with pytest.raises(NothingTracedError):
        full.house.run(trace_id, FINANCE, id="nobody's")


def test_names_of_customers_are_hidden_from_who_needs_none(full: Desk) -> None:
    def names(role: str) -> set[str | None]:
        page = full.house.run(list_findings, PEOPLE[role], code="revenue_uncollected")
        return {each.customer for each in page.findings}

    assert names("leader") == {"(name hidden)"}
    assert "(name hidden)" not in names("finance")
    assert full.house.run(list_groups, PEOPLE["leader"], group_by="customer")[0].name == "Customer 1"


def test_a_closed_month_names_what_changes_afterwards(full: Desk, year: list[Path], tmp_path: Path) -> None:
    closed = full.house.run(close_month, FINANCE, month="2026-03", reason="Compared with the ledger.")
    assert closed.totals["earned"] != "0.00"
    with pytest.raises(MonthRefusedError):
        full.house.run(close_month, FINANCE, month="2026-03", reason="Again.")
    with pytest.raises(MonthRefusedError):
        full.house.run(close_month, FINANCE, month="2026-11", reason="Not over.")
    full.importer.evaluate()
    before = {each.finding_id for each in full.house.run(list_findings, FINANCE, code="restated").findings}

    text = next(path for path in year if path.name == "revenue.csv").read_text()
    head, *rows = text.splitlines()
    place = head.split(",").index("Revenue")
    month = head.split(",").index("MonthStartDate")
    row = next(cells for cells in (row.split(",") for row in rows) if cells[month] == "2026-03-01" and "Sent" in cells)
    usd = head.split(",").index("EstimatedRevenueUSD")
    row[place] = row[usd] = "1.00"
    late = tmp_path / "late.csv"
    late.write_text(f"{head}\n{','.join(row)}\n")
    full.house.clock.move(timedelta(days=2))
    full.hand_over(late)
    full.importer.evaluate()
    named = [
        each
        for each in full.house.run(list_findings, FINANCE, code="restated").findings
        if each.finding_id not in before and "After 2026-03 was closed" in each.message
    ]
    assert [each.purchase_record_id for each in named] == [row[0]]


def test_coverage_and_forecast_and_journal(full: Desk) -> None:
    coverage = full.house.run(show_coverage, FINANCE)
    assert {report.report for report in coverage.reports if report.months} >= {"orders", "revenue", "earnings", "bank"}
    forecast = full.house.run(show_forecast, FINANCE)
    assert all(float(each.sure) <= float(each.likely) <= float(each.possible) for each in forecast.months)
    full.house.run(save_mapping, FINANCE, name="accounts", pairs=("revenue=4400", "bank=1800"))
    journal = full.house.run(show_journal, FINANCE, month="2026-05")
    sums: dict[tuple[str, str], float] = {}
    for line in journal.lines:
        key = (line.entry, line.currency)
        sums[key] = round(sums.get(key, 0) + float(line.debit) - float(line.credit), 2)
    assert set(sums.values()) == {0}
    assert {"4400", "1800"} <= {line.account for line in journal.lines}
    with pytest.raises(MappingRefusedError):
        full.house.run(save_mapping, FINANCE, name="accounts", pairs=("profit=1",))


def test_a_banks_own_columns_are_read_by_the_saved_mapping(desk: Desk, tmp_path: Path) -> None:
    desk.house.run(
        save_mapping,
        FINANCE,
        name="bank",
        pairs=("booked_on=Wann", "amount=Wieviel", "description=Wozu", "currency=In"),
    )
    path = tmp_path / "umsatz.csv"
    path.write_text("Wann;Wieviel;In;Wozu\n14.05.2026;1.234,50;EUR;MICROSOFT\n", encoding="utf-8")
    desk.hand_over(path)
    (file,) = desk.house.run(list_files, FINANCE).files
    assert [(table.report, table.rows, table.first_on) for table in file.tables] == [("bank", 1, date(2026, 5, 14))]


def test_a_file_that_cannot_be_used_is_refused_and_kept(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "holiday.csv"
    path.write_text("name,colour\na,b\n")
    desk.hand_over(path)
    (file,) = desk.house.run(list_files, FINANCE).files
    assert (file.state, [finding["code"] for finding in file.findings]) == ("refused", ["payouts.report_unknown"])
    assert desk.library.found(file.sha256).read_text() == "name,colour\na,b\n"


def test_a_wrong_file_is_withdrawn_and_may_come_again(desk: Desk, tmp_path: Path) -> None:
    house = desk.house
    path = tmp_path / "earnings.csv"
    path.write_text(
        "earningId,earningAmount,transactionCurrency,paymentStatus,earningRate,earningDate\n"
        "E1,-97.00,USD,Hibernated,0.97,2026-05-14\n"
    )
    sha256 = desk.hand_over(path).sha256
    desk.importer.evaluate()
    found = {each.finding_id for each in house.run(list_findings, FINANCE).findings}
    assert found

    with pytest.raises(DeniedError):
        house.run(withdraw_file, PEOPLE["auditor"], sha256=sha256, reason="Not mine.")
    withdrawn = house.run(withdraw_file, FINANCE, sha256=sha256, reason="Of another account.")
    assert (withdrawn.name, withdrawn.rows) == ("earnings.csv", 1)
    with pytest.raises(FileNotWithdrawableError):
        house.run(withdraw_file, FINANCE, sha256=sha256, reason="Again.")
    desk.importer.read(sha256)
    desk.importer.evaluate()
    (file,) = house.run(list_files, FINANCE).files
    assert (file.state, file.tables, house.run(list_findings, FINANCE).total) == ("withdrawn", (), 0)
    assert desk.library.found(sha256).read_text() == path.read_text()
    (entry,) = [each for each in house.entries() if each.kind == "payouts.file_withdrawn/1"]
    assert entry.subject_id == sha256[:40]

    house.clock.move(timedelta(hours=1))
    assert desk.hand_over(path).is_new
    desk.importer.evaluate()
    assert {each.finding_id for each in house.run(list_findings, FINANCE).findings} == found
    with pytest.raises(FileNotHandedOverError):
        house.run(withdraw_file, FINANCE, sha256="0" * 64, reason="None.")


def _earning(number: int, amount: str) -> str:
    columns = "earningId,earningAmount,earningAmountUSD,transactionCurrency,paymentStatus,earningRate,earningDate\n"
    return f"{columns}E{number},{amount},{amount},USD,Upcoming,0.97,2026-05-14\n"


def _sum(desk: Desk, sql: str, asked: list[date]) -> Decimal:
    """Compute a sum of all rows, as queries do, and note the day whenever it is not remembered."""

    def compute(db: Any, coverage: Coverage) -> Decimal:
        asked.append(coverage.as_of)
        found: Decimal = db.execute(sql).fetchone()[0]
        return found

    house, ports = desk.house, Ports(by_protocol={Library: desk.library})
    with house.database.read() as session:
        context = QueryContext(session=session, principal=FINANCE, now=house.clock.now(), ports=ports)
        return computed(context, sql, compute)[0]


def test_sums_are_computed_once_until_a_file_comes_or_goes(desk: Desk, tmp_path: Path) -> None:
    asked: list[date] = []

    def earned() -> Decimal:
        return _sum(desk, "SELECT coalesce(sum(earning_amount), 0) FROM earnings", asked)

    assert [earned(), earned()] == [0, 0]
    path = tmp_path / "earnings.csv"
    path.write_text(_earning(1, "97.00"), encoding="utf-8")
    first = desk.hand_over(path)
    assert [earned(), earned()] == [97, 97]
    path.write_text(_earning(2, "3.00"), encoding="utf-8")
    desk.hand_over(path)
    assert [earned(), earned()] == [100, 100]
    desk.house.run(withdraw_file, FINANCE, sha256=first.sha256, reason="Of another account.")
    assert [earned(), earned()] == [3, 3]
    desk.house.clock.move(timedelta(days=1))
    assert earned() == 3
    assert len(asked) == 4, "once for each state of the files; the day that is looked at is the reports' own"


def test_a_file_that_is_read_again_by_other_columns_is_computed_again(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "umsatz.csv"
    path.write_text("Wann;Brutto;Netto;In;Wozu\n14.05.2026;119,00;100,00;EUR;MICROSOFT\n", encoding="utf-8")

    def booked(column: str) -> Decimal:
        pairs = ("booked_on=Wann", f"amount={column}", "description=Wozu", "currency=In")
        desk.house.run(save_mapping, FINANCE, name="bank", pairs=pairs)
        desk.hand_over(path)
        return _sum(desk, "SELECT sum(amount) FROM bank", [])

    assert booked("Brutto") == 119
    (file,) = desk.house.run(list_files, FINANCE).files
    desk.house.run(withdraw_file, FINANCE, sha256=file.sha256, reason="The other column.")
    assert booked("Netto") == 100


def test_who_may_not_is_refused(desk: Desk) -> None:
    with pytest.raises(DeniedError):
        desk.house.run(list_findings, PEOPLE["seller"])
    for role in ("leader", "auditor"):
        with pytest.raises(DeniedError):
            desk.house.run(close_month, PEOPLE[role], month="2026-03", reason="No.")
    with pytest.raises(FindingNotFoundError):
        desk.house.run(close_finding, FINANCE, finding_id="pf_none", reason="No.")
    with pytest.raises(FileNotHandedOverError):
        desk.house.run(receive_file, FINANCE, sha256="0" * 64, name="x.csv")
    assert desk.house.clock.now() == datetime(2026, 11, 22, 9, tzinfo=UTC)
