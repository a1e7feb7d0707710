"""What files cover together, and what may be concluded from it."""

from __future__ import annotations

from datetime import date

from fairkeeper.payouts.chain.coverage import Coverage, Covered
from fairkeeper.payouts.reports.columns import Kind

TODAY = date(2026, 11, 20)


def _covered(kind: Kind, first: date, last: date) -> Covered:
    return Covered(kind=kind, first_on=first, last_on=last)


def test_a_gap_ends_what_is_whole() -> None:
    coverage = Coverage.of(
        [
            _covered(Kind.EARNINGS, date(2026, 1, 3), date(2026, 5, 30)),
            _covered(Kind.EARNINGS, date(2026, 7, 1), date(2026, 11, 15)),
        ],
        today=TODAY,
    )
    assert coverage.whole_from(Kind.EARNINGS) == date(2026, 7, 1)
    assert coverage.gaps(Kind.EARNINGS, date(2026, 4, 1), date(2026, 8, 1)) == (date(2026, 6, 1),)


def test_an_end_that_is_missing_leaves_nothing_whole() -> None:
    coverage = Coverage.of(
        [
            _covered(Kind.EARNINGS, date(2026, 1, 3), date(2026, 8, 30)),
            _covered(Kind.PAYMENTS, date(2026, 1, 14), date(2026, 11, 14)),
        ],
        today=TODAY,
    )
    assert coverage.whole_from(Kind.EARNINGS) is None


def test_the_day_looked_at_is_the_last_one_that_anything_tells_of() -> None:
    old = [_covered(Kind.PAYMENTS, date(2025, 1, 14), date(2025, 6, 14))]
    assert Coverage.of(old, today=TODAY).as_of == date(2025, 6, 14)
    assert Coverage.of([], today=TODAY).as_of == TODAY
    assert Coverage.of(old, today=TODAY, as_of=TODAY).as_of == TODAY


def test_needs_name_the_months_of_a_gap_together() -> None:
    coverage = Coverage.of(
        [
            _covered(Kind.EARNINGS, date(2026, 6, 3), date(2026, 6, 30)),
            _covered(Kind.EARNINGS, date(2026, 9, 1), date(2026, 11, 15)),
        ],
        today=TODAY,
    )
    needed = [need for need in coverage.needs() if need.kind is Kind.EARNINGS]
    assert [(need.from_on, need.to_on) for need in needed] == [(date(2026, 7, 1), date(2026, 8, 31))]


def test_a_bank_statement_covers_no_more_than_its_last_day() -> None:
    coverage = Coverage.of([_covered(Kind.BANK, date(2026, 10, 1), date(2026, 11, 12))], today=TODAY)
    assert coverage.covers(Kind.BANK, date(2026, 10, 14), date(2026, 10, 30))
    assert not coverage.covers(Kind.BANK, date(2026, 11, 10), date(2026, 11, 16))
