"""A made-up year with known truth: all of it is found, nothing else, in whatever files it comes.

One year is read once and asked many questions, because reading is what takes time.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairkeeper.bootstrap.demo.reports import ReadFiles, read_files, score, subject_of
from fairkeeper.payouts.chain.evaluation import Evaluation, Found
from fairkeeper.sandbox.reports.book import Book, Truth
from fairkeeper.sandbox.reports.exporting import text_of, write_files
from fairkeeper.sandbox.reports.year import Year

AS_OF = date(2026, 11, 26)
PROMISED = {
    *("usage_not_reported", "usage_not_billed", "revenue_uncollected", "revenue_unreconciled", "earning_missing"),
    *("earning_without_revenue", "fee_mismatch", "payment_sum_mismatch", "payment_formula_mismatch", "payment_overdue"),
    *("bank_line_missing", "earning_negative", "restated", "below_threshold", "unknown_status"),
}


@pytest.fixture(scope="module")
def book() -> Book:
    return Year(seed=1, as_of=AS_OF, buyers=48).book()


@pytest.fixture(scope="module")
def by_month(book: Book, tmp_path_factory: pytest.TempPathFactory) -> ReadFiles:
    """The year in one file for each month of each report, drifted in every way."""
    folder = tmp_path_factory.mktemp("months")
    paths = write_files(book, folder / "files", by_month=True, drift_seed=7)
    return read_files(paths, folder, received_on=AS_OF)


@pytest.fixture(scope="module")
def by_report(book: Book, tmp_path_factory: pytest.TempPathFactory) -> ReadFiles:
    """The year in one plain file for each report."""
    folder = tmp_path_factory.mktemp("reports")
    return read_files(write_files(book, folder / "files"), folder, received_on=AS_OF)


@pytest.fixture(scope="module")
def whole(by_report: ReadFiles, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return by_report.evaluate(today=AS_OF, scratch=tmp_path_factory.mktemp("scratch"))


def _truth(found: Iterable[Found]) -> set[Truth]:
    return {subject_of(each) for each in found}


def _said(evaluation: Evaluation) -> list[tuple[str, str, Decimal | None, str]]:
    """Return everything that is said but from which file and row."""
    return sorted((each.code, each.key, each.amount, each.message) for each in evaluation.found)


def test_everything_wrong_is_found_and_nothing_else(book: Book, whole: Evaluation) -> None:
    scores = score(book, whole.found)
    table = [
        f"{each.code:<28} {each.true:>3} {each.found:>3} {each.recall:.3f} {each.precision:.3f}" for each in scores
    ]
    sys.stdout.write("\n".join(("code, true, found, recall, precision", *table)))
    assert {each.code for each in scores if each.true} >= PROMISED
    assert [each for each in scores if (each.recall, each.precision) != (1.0, 1.0)] == []


def test_the_year_has_every_status_that_the_documents_name(book: Book) -> None:
    """Source: the tables of statuses in "Earnings", "Revenue dashboard" and "Orders dashboard"."""
    assert {row["paymentStatus"] for row in book.earnings} >= {
        *("Unprocessed", "Upcoming", "Processed", "In progress", "Sent", "Reprocessing", "Reversed", "Rejected"),
        *("Rejected during review", "Failed", "Incorrect payment", "Pending tax invoice", "Tax invoice under review"),
        *("Tax invoice rejected", "Forfeited", "Escheated"),
    }
    assert {row["PayoutStatus"] for row in book.revenue} >= {
        *("Sent", "Upcoming", "Unprocessed", "Rejected", "Not eligible", "Reprocessed", "Unreconciled", "Uncollected"),
    }
    assert {row["OrderStatus"] for row in book.orders} == {
        *("Active", "Warning", "Canceled", "Cancelled", "Expired", "Abandoned"),
    }


def test_other_files_of_the_same_year_give_the_same(by_month: ReadFiles, whole: Evaluation, tmp_path: Path) -> None:
    assert _said(by_month.evaluate(today=AS_OF, scratch=tmp_path)) == _said(whole)


def test_other_days_of_delivery_change_nothing(
    by_month: ReadFiles, by_report: ReadFiles, whole: Evaluation, tmp_path: Path
) -> None:
    """Every row comes twice, in another order of files, and every file on a day of its own."""
    draw = random.Random(11)
    sources = tuple(
        replace(source, received_on=AS_OF - timedelta(days=draw.randrange(400)))
        for source in (*reversed(by_month.sources), *by_report.sources)
    )
    assert len({source.received_on for source in sources}) > 30
    both = ReadFiles(
        sources=sources,
        covered=(*by_month.covered, *by_report.covered),
        names=(*by_month.names, *by_report.names),
    )
    assert Counter(each.code for each in whole.found)["payouts.restated"] == 2
    assert _said(both.evaluate(today=AS_OF, scratch=tmp_path)) == _said(whole)


def test_a_report_that_is_missing_gives_no_false_finding(by_report: ReadFiles, book: Book, tmp_path: Path) -> None:
    for name in by_report.names:
        found = by_report.without(name).evaluate(today=AS_OF, scratch=tmp_path / name).found
        assert _truth(found) - book.truth == set(), name


def test_a_month_that_is_missing_gives_no_false_finding(by_month: ReadFiles, book: Book, tmp_path: Path) -> None:
    names = sorted(set(by_month.names))
    for name in random.Random(3).sample(names, 5):
        found = by_month.without(name).evaluate(today=AS_OF, scratch=tmp_path / name).found
        assert _truth(found) - book.truth == set(), name


def test_what_cannot_be_decided_names_what_is_missing(by_month: ReadFiles, tmp_path: Path) -> None:
    name = next(name for name in by_month.names if name.startswith("earnings-2026-06"))
    evaluation = by_month.without(name).evaluate(today=AS_OF, scratch=tmp_path)
    held = {held.code: held.need.sentence for held in evaluation.held_back}
    assert held["payouts.payment_sum_mismatch"] == "Need Earnings from 2026-06-01 to 2026-06-30."


def test_a_year_without_trouble_has_no_finding(tmp_path: Path) -> None:
    calm = Year(seed=5, as_of=AS_OF, buyers=24, has_trouble=False).book()
    paths = write_files(calm, tmp_path / "files")
    found = read_files(paths, tmp_path, received_on=AS_OF).evaluate(today=AS_OF, scratch=tmp_path / "s").found
    assert {each.code for each in found} == {"payouts.revenue_uncollected"}
    assert _truth(found) == calm.truth


@settings(max_examples=3, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    seed=st.integers(2, 10_000),
    buyers=st.integers(3, 30),
    lost=st.integers(0, 6),
    off=st.decimals("-900", "900", places=2),
)
def test_every_payment_adds_up_or_says_by_how_much(
    tmp_path_factory: pytest.TempPathFactory, seed: int, buyers: int, lost: int, off: Decimal
) -> None:
    folder = tmp_path_factory.mktemp("random")
    book = Year(seed=seed, as_of=AS_OF, buyers=buyers).book()
    draw = random.Random(seed)
    if book.payments:
        payment = draw.choice(book.payments)
        payment["earned"], payment["earnedUSD"] = (
            str(Decimal(payment[name]) + off) for name in ("earned", "earnedUSD")
        )
    paid = [row for row in book.earnings if row["paymentId"]]
    for row in draw.sample(paid, min(lost, len(paid))):
        book.earnings.remove(row)
    _write_shuffled(book, folder / "files", draw)
    paths = sorted((folder / "files").iterdir())
    evaluation = read_files(paths, folder, received_on=AS_OF).evaluate(today=AS_OF, scratch=folder / "s")

    told = {each.payment_id: each for each in evaluation.found if each.code == "payouts.payment_sum_mismatch"}
    for each in evaluation.payments:
        traced = sum(
            (Decimal(row["earningAmountUSD"]) for row in book.earnings if row["paymentId"] == each.payment_id),
            Decimal(0),
        )
        stated = sum(
            (Decimal(row["earnedUSD"]) for row in book.payments if row["paymentID"] == each.payment_id), Decimal(0)
        )
        assert each.traced == traced
        assert each.stated == stated
        if each.payment_id in told:
            assert told[each.payment_id].amount_usd == traced - stated
        else:
            tolerance = Decimal("0.05") + Decimal("0.01") * Decimal(each.rows).sqrt()
            assert not each.is_covered or abs(traced - stated) <= tolerance


def _write_shuffled(book: Book, folder: Path, draw: random.Random) -> None:
    """Write each report twice over into a few files, so that anything counted twice would show."""
    folder.mkdir(parents=True)
    for name, rows in book.reports().items():
        if not rows:
            continue
        columns = list(dict.fromkeys(column for row in rows for column in row))
        shuffled: Sequence[dict[str, str]] = draw.sample(rows, len(rows))
        cut = draw.randrange(len(rows) + 1)
        for number, part in enumerate((shuffled[:cut], shuffled[cut:], rows)):
            if part:
                (folder / f"{name}-{number}.csv").write_text(text_of(part, columns), encoding="utf-8")
