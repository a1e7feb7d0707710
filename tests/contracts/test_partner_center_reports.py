"""The connectors to Partner Center's reports against the pretend one, over real HTTP, and the work that fetches with them.

Each test states a behaviour of Microsoft's pages. None of it has been run against the live service.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.payouts import PayoutsWork
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource
from fairkeeper.microsoft.partner_center import analytics, payouts
from fairkeeper.microsoft.partner_center.asking import PartnerCenterAPI
from fairkeeper.payouts.errors import (
    FetchingRefusedError,
    ReportNotReadyError,
    ReportRefusedError,
    ReportsUnavailableError,
)
from fairkeeper.payouts.fetching.actions import fetch_reports
from fairkeeper.payouts.fetching.plan import LAG_DAYS
from fairkeeper.payouts.fetching.ports import FetchPlan, ReportSource, Wanted
from fairkeeper.payouts.fetching.queries import list_fetches
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import Importer
from fairkeeper.payouts.operations import OPERATIONS
from fairkeeper.payouts.queries import list_files, show_coverage
from fairkeeper.payouts.tables import PayoutFetchRow, PayoutUploadRow
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, LANDING_APP_ID, LANDING_APP_SECRET
from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID as PUBLISHER
from fairkeeper.sandbox.marketplace.faults import Faults
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.clock import FixedClock, MovableClock
from tests.actions.house import House

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FINANCE = Principal(id="per_finance", kind=PrincipalKind.STAFF, roles=frozenset({"finance"}), display="Fay")
REPORTS = ("orders", "usage", "customers", "revenue", "earnings", "payments")


@dataclass
class Fetcher:
    """A house whose reports come from the pretend Partner Center."""

    house: House
    work: PayoutsWork
    sources: dict[str, ReportSource]
    importer: Importer
    sandbox: RunningSandbox
    clock: MovableClock

    @property
    def desk(self) -> Any:
        return self.sandbox.reports

    def want(self, **fields: Any) -> list[str]:
        return list(self.house.run(fetch_reports, FINANCE, **fields).fetch_ids)

    def run(self, fetch_id: str) -> None:
        self.work.fetch_report(_task(fetch_id))

    def until_there(self, fetch_id: str) -> None:
        """Come back until the report is made."""
        for _ in range(4):
            try:
                self.run(fetch_id)
            except ReportNotReadyError:
                self.pass_minutes(30)
            else:
                return
        raise AssertionError(fetch_id)

    def pass_minutes(self, minutes: float) -> None:
        self.house.clock.move(timedelta(minutes=minutes))
        self.clock.move(timedelta(minutes=minutes))

    def state(self, fetch_id: str) -> tuple[str, str | None]:
        page = self.house.run(list_fetches, FINANCE)
        return next((each.state, each.why) for each in page.fetches if each.fetch_id == fetch_id)

    def read_all(self) -> None:
        for file in self.house.run(list_files, FINANCE, state="waiting").files:
            self.importer.read(file.sha256)


def _task(fetch_id: str) -> Task:
    return Task(
        id=1,
        name="payouts.fetch_report",
        key=fetch_id,
        payload={"fetch_id": fetch_id},
        attempts=1,
        customer_id=None,
        due_at=NOW,
    )


@pytest.fixture(scope="module")
def clock() -> MovableClock:
    return MovableClock(FixedClock(NOW))


@pytest.fixture(scope="module")
def sandbox(clock: MovableClock) -> Iterator[RunningSandbox]:
    running = run_in_thread(SandboxConfig(base_url="", landing_url="http://127.0.0.1:9/landing", clock=clock))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client


def _sources(
    sandbox: RunningSandbox, http: httpx.Client, app: tuple[str, str] = (FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET)
) -> dict[str, ReportSource]:
    def api(path: str, resource: str) -> PartnerCenterAPI:
        registration = AppRegistration(authority=f"{sandbox.url}/entra", client_id=app[0], credential=app[1])
        tokens = AppTokenSource(registration, tenant_id=PUBLISHER, http=http, resource=resource)
        return PartnerCenterAPI(base_url=f"{sandbox.url}/reports{path}", tokens=tokens, http=http)

    made = analytics.AnalyticsReports(
        api=api("/insights/v1.1/cmp", analytics.RESOURCE), queries=analytics.SYSTEM_QUERIES
    )
    exported = payouts.PayoutReports(api=api("/v1.0/payouts", payouts.RESOURCE))
    return {name: exported if name in ("earnings", "payments") else made for name in REPORTS}


@pytest.fixture
def fetcher(
    sqlite_template: Path, tmp_path: Path, sandbox: RunningSandbox, http: httpx.Client, clock: MovableClock
) -> Iterator[Fetcher]:
    shutil.copyfile(sqlite_template, tmp_path / "fairkeeper.db")
    database = Database(DatabaseAddress(url=f"sqlite:///{tmp_path / 'fairkeeper.db'}"))
    library = Library(tmp_path / "library")
    plan = FetchPlan(reports=REPORTS, look_back_months=2, lag_days=LAG_DAYS)
    house = House(database, OPERATIONS, {Library: library, FetchPlan: plan})
    house.clock.move(clock.now() - house.clock.now())
    importer = Importer(house.runner, library)
    desk = sandbox.reports
    desk.reports.clear()
    desk.exports.clear()
    desk.runs_at.clear()
    desk.fail_next = 0
    sources = _sources(sandbox, http)
    yield Fetcher(
        house=house,
        work=PayoutsWork(importer, sources),
        sources=sources,
        importer=importer,
        sandbox=sandbox,
        clock=clock,
    )
    sandbox.controls.faults.set(Faults())
    database.dispose()


def test_every_report_is_asked_for_awaited_and_handed_over(fetcher: Fetcher) -> None:
    ids = fetcher.want()
    assert fetcher.want() == ids, "the same day's wish is one wish"
    for fetch_id in ids:
        with pytest.raises(ReportNotReadyError):
            fetcher.run(fetch_id)
    assert {fetcher.state(each)[0] for each in ids} == {"asked"}
    fetcher.pass_minutes(30)
    for fetch_id in ids:
        fetcher.run(fetch_id)
        fetcher.run(fetch_id)
    assert {fetcher.state(each)[0] for each in ids} == {"fetched"}
    assert (fetcher.desk.reports, fetcher.desk.exports) == ({}, {}), "what was made there is let go of"
    fetcher.read_all()
    files = fetcher.house.run(list_files, FINANCE).files
    assert {file.tables[0].report for file in files} == set(REPORTS)
    assert all(file.tables[0].rows > 0 for file in files if file.tables[0].report != "customers")
    kinds = fetcher.house.kinds()
    assert kinds.count("payouts.report_asked/1") == kinds.count("payouts.report_fetched/1") == len(REPORTS)


def test_days_that_are_not_over_or_not_reported_yet_do_not_count(fetcher: Fetcher) -> None:
    (fetch_id,) = fetcher.want(reports=["orders"])
    today = fetcher.house.clock.now().date()
    yesterday = today - timedelta(days=1)
    assert fetch_id.split("-")[2] == f"{yesterday:%Y%m%d}"
    fetcher.until_there(fetch_id)
    fetcher.read_all()
    coverage = fetcher.house.run(show_coverage, FINANCE)
    covered = {report.report: report.last_on for report in coverage.reports}
    assert covered["orders"] == today - timedelta(days=3)


def test_a_report_without_rows_is_an_answer_and_covers_its_days(fetcher: Fetcher) -> None:
    (fetch_id,) = fetcher.want(reports=["payments"], covers_from="2020-01-01", covers_to="2020-02-29")
    fetcher.until_there(fetch_id)
    fetcher.read_all()
    (file,) = fetcher.house.run(list_files, FINANCE).files
    assert [(table.report, table.rows) for table in file.tables] == [("payments", 0)]
    coverage = fetcher.house.run(show_coverage, FINANCE)
    assert next(each.months for each in coverage.reports if each.report == "payments") == ("2020-01", "2020-02")


def test_the_same_bytes_of_the_next_day_are_one_file_that_covers_both(fetcher: Fetcher) -> None:
    for first, last in (("2020-01-01", "2020-01-31"), ("2020-02-01", "2020-03-31"), ("2021-01-01", "2021-01-31")):
        (fetch_id,) = fetcher.want(reports=["payments"], covers_from=first, covers_to=last)
        fetcher.until_there(fetch_id)
        with fetcher.house.database.read() as session:
            (row,) = session.query(PayoutUploadRow).all()
            covers = (row.covers_from, row.covers_to)
        expected = (
            (date(2020, 1, 1), date.fromisoformat(last)) if first < "2021" else (date(2021, 1, 1), date(2021, 1, 31))
        )
        assert covers == expected


@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_service_that_turns_away_is_asked_again_later(fetcher: Fetcher, status: Any) -> None:
    (fetch_id,) = fetcher.want(reports=["earnings"])
    fetcher.sandbox.controls.faults.set(Faults(fail_next_calls=1, fail_status=status, retry_after_seconds=7))
    with pytest.raises(ReportsUnavailableError):
        fetcher.run(fetch_id)
    assert fetcher.state(fetch_id) == ("wanted", None)
    fetcher.until_there(fetch_id)
    assert fetcher.state(fetch_id)[0] == "fetched"
    assert fetcher.house.kinds().count("payouts.report_asked/1") == 1


def test_an_answer_that_was_lost_does_not_ask_twice(fetcher: Fetcher) -> None:
    """The request arrived and its answer did not: the next attempt means the same report."""
    for report in ("orders", "earnings"):
        (fetch_id,) = fetcher.want(reports=[report])
        source = fetcher.sources[report]
        today = fetcher.house.clock.now().date()
        wanted = Wanted(fetch_id=fetch_id, report=report, from_on=date(2026, 9, 1), to_on=today - timedelta(days=1))
        lost = source.ask(wanted)
        with pytest.raises(ReportNotReadyError):
            fetcher.run(fetch_id)
        with fetcher.house.database.read() as session:
            row = session.get(PayoutFetchRow, fetch_id)
            assert row is not None
            assert row.request_id == lost


def test_what_failed_there_is_refused_with_the_reason_and_asked_anew_the_next_day(fetcher: Fetcher) -> None:
    fetcher.desk.fail_next = 1
    (fetch_id,) = fetcher.want(reports=["earnings"])
    fetcher.until_there(fetch_id)
    assert fetcher.state(fetch_id) == ("refused", "The export failed.")
    fetcher.pass_minutes(24 * 60)
    (again,) = fetcher.want(reports=["earnings"])
    assert again != fetch_id
    fetcher.until_there(again)
    assert fetcher.state(again)[0] == "fetched"


def test_the_quota_of_an_hour_is_told_in_its_own_words(fetcher: Fetcher) -> None:
    source = fetcher.sources["orders"]
    for number in range(5):
        source.ask(
            Wanted(fetch_id=f"other-{number}", report="orders", from_on=date(2026, 9, 1), to_on=date(2026, 9, 2))
        )
    (fetch_id,) = fetcher.want(reports=["orders"])
    fetcher.run(fetch_id)
    state, why = fetcher.state(fetch_id)
    assert (state, why) == ("refused", "/ScheduledReport answered 400: 5 reports were run in this hour.")


def test_an_address_that_ended_is_asked_for_anew(fetcher: Fetcher) -> None:
    (fetch_id,) = fetcher.want(reports=["payments"])
    source = fetcher.sources["payments"]
    with pytest.raises(ReportNotReadyError):
        fetcher.run(fetch_id)
    fetcher.pass_minutes(30)
    export = next(iter(fetcher.desk.exports.values()))
    wanted = Wanted(fetch_id=fetch_id, report="payments", from_on=export.first, to_on=export.last)
    address = source.find(export.id, wanted)
    assert address is not None
    fetcher.pass_minutes(61)
    with pytest.raises(ReportsUnavailableError):
        list(source.read(address))
    fetcher.run(fetch_id)
    assert fetcher.state(fetch_id)[0] == "fetched"


def test_a_download_goes_to_no_plain_address_and_without_our_token(fetcher: Fetcher) -> None:
    source = fetcher.sources["payments"]
    for address in ("http://elsewhere.example/file", "file:///etc/passwd", "https://user@elsewhere.example/", "x"):
        with pytest.raises(ReportRefusedError):
            list(source.read(address))


def test_an_application_that_is_not_the_accounts_is_refused(
    fetcher: Fetcher, sandbox: RunningSandbox, http: httpx.Client
) -> None:
    source = _sources(sandbox, http, (LANDING_APP_ID, LANDING_APP_SECRET))["earnings"]
    with pytest.raises(ReportRefusedError, match="403"):
        source.ask(Wanted(fetch_id="f", report="earnings", from_on=date(2026, 9, 1), to_on=date(2026, 9, 2)))


def test_what_cannot_be_fetched_is_refused_in_words(fetcher: Fetcher) -> None:
    for fields in (
        {"reports": ["bank"]},
        {"covers_from": "2026-12-24"},
        {"covers_from": "2026-11-02", "covers_to": "2026-11-01"},
        {"covers_from": "2001-01-01"},
    ):
        with pytest.raises(FetchingRefusedError):
            fetcher.want(**fields)
    bare = House(fetcher.house.database, OPERATIONS, {Library: fetcher.importer.library, FetchPlan: FetchPlan()})
    with pytest.raises(FetchingRefusedError, match="No connection"):
        bare.run(fetch_reports, FINANCE)
