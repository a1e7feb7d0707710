"""Which time the files cover, and so what may be concluded: a missing row means something only where it would be seen.

Each file covers the months from its first to its last row (or those its person states). A finding is raised only where
all its reports cover their period without a gap; otherwise the answer is "not enough data", with what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fairkeeper.payouts.chain.payout_calendar import add_months, month_end
from fairkeeper.payouts.reports.columns import REPORTS, Kind

_LAG_DAYS: Final[Mapping[Kind, int]] = {
    Kind.ORDERS: 31,
    Kind.USAGE: 35,
    Kind.CUSTOMERS: 60,
    Kind.REVENUE: 10,
    Kind.EARNINGS: 10,
    Kind.PAYMENTS: 18,
    Kind.BANK: 10,
    Kind.METERING: 10,
    Kind.ATTESTATIONS: 400,
}
"""How long before the day that is looked at a report may rightly have its last row."""
_BY_MONTH: Final = frozenset({Kind.USAGE, Kind.REVENUE})
"""Reports whose rows carry the first day of their month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One file's period."""

    kind: Kind
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What is missing to conclude something: this report, from and to."""

    kind: Kind
    from_on: date
    to_on: date

    @property
    def sentence(self) -> str:
        """What a person reads.

        Example:
            >>> Need(kind=Kind.REVENUE, from_on=date(2026, 5, 1), to_on=date(2026, 5, 31)).sentence
            'Need Revenue from 2026-05-01 to 2026-05-31.'
        """
        title = REPORTS[self.kind].title.partition(" (")[0]
        return f"Need {title} from {self.from_on} to {self.to_on}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What all files cover together.

    Attributes:
        as_of: The day that is looked at.
        months: The first days of the months covered, by report.
        last_on: The last day with a row, by report.
    """

    as_of: date
    months: Mapping[Kind, frozenset[date]]
    last_on: Mapping[Kind, date]

    @classmethod
    def of(cls, files: Iterable[Covered], *, today: date, as_of: date | None = None) -> Coverage:
        """Return what files cover.

        Args:
            files: Their periods.
            today: The present day.
            as_of: The day to look at; else the last day that any report has a row of, and never after today.
        """
        months: dict[Kind, set[date]] = {}
        last: dict[Kind, date] = {}
        for each in files:
            covered = months.setdefault(each.kind, set())
            month = each.first_on.replace(day=1)
            for _ in range(1200):
                if month > each.last_on:
                    break
                covered.add(month)
                month = add_months(month, 1)
            end = month_end(each.last_on) if each.kind in _BY_MONTH else each.last_on
            last[each.kind] = max(last.get(each.kind, end), end)
        seen = [day for kind, day in last.items() if kind not in _BY_MONTH and kind is not Kind.ATTESTATIONS]
        seen += [min(day, today) for kind, day in last.items() if kind in _BY_MONTH and not seen]
        return cls(
            as_of=as_of or min(today, max(seen, default=today)),
            months={kind: frozenset(days) for kind, days in months.items()},
            last_on=last,
        )

    @property
    def begins_on(self) -> date:
        """The first month that any report of Microsoft's covers; what was before is unknown and nothing is missed."""
        found = [
            min(days)
            for kind, days in self.months.items()
            if days and kind not in (Kind.BANK, Kind.ATTESTATIONS, Kind.CUSTOMERS, Kind.METERING)
        ]
        return min(found, default=self.as_of.replace(day=1))

    def last_needed(self, kind: Kind) -> date:
        """Return the month up to which a report has to be there to say what is missing now."""
        return (self.as_of - timedelta(days=_LAG_DAYS[kind])).replace(day=1)

    def whole_from(self, kind: Kind) -> date | None:
        """Return the month from which a report is there without a gap until now; None where its end is missing."""
        covered = self.months.get(kind, frozenset())
        month = self.last_needed(kind)
        if month not in covered:
            return None
        while add_months(month, -1) in covered:
            month = add_months(month, -1)
        return month

    def covers(self, kind: Kind, first: date, last: date) -> bool:
        """Say whether every month from the first's to the last's is there, and the last day was reached."""
        return not self.gaps(kind, first, last) and last <= self.reached(kind)

    def reached(self, kind: Kind) -> date:
        """Return the last day that a report tells about: a month that is not its last one counts whole."""
        return self.last_on.get(kind, date.min)

    def gaps(self, kind: Kind, first: date, last: date) -> tuple[date, ...]:
        """Return the months that are missing between two days."""
        covered = self.months.get(kind, frozenset())
        month = first.replace(day=1)
        missing: list[date] = []
        while month <= last and len(missing) < 1200:
            if month not in covered:
                missing.append(month)
            month = add_months(month, 1)
        return tuple(missing)

    def needs(self) -> tuple[Need, ...]:
        """Return what to download so that everything can be concluded: this month's files."""
        found: list[Need] = []
        for kind in (Kind.ORDERS, Kind.USAGE, Kind.REVENUE, Kind.EARNINGS, Kind.PAYMENTS, Kind.BANK):
            first = max(self.begins_on, min(self.months.get(kind, frozenset({self.begins_on})), default=self.begins_on))
            found += _runs(kind, self.gaps(kind, min(first, self.begins_on), self.last_needed(kind)))
        return tuple(found)


def _runs(kind: Kind, months: tuple[date, ...]) -> list[Need]:
    """Join months that follow each other."""
    found: list[Need] = []
    for month in months:
        if found and found[-1].to_on + timedelta(days=1) == month:
            found[-1] = Need(kind=kind, from_on=found[-1].from_on, to_on=month_end(month))
        else:
            found.append(Need(kind=kind, from_on=month, to_on=month_end(month)))
    return found
