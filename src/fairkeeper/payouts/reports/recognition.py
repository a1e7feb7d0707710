"""Which report a file is, by its columns alone: names of files are whatever people make of them.

A summarised earnings export has no `earningId`; it merges recalculations into one row, so that nothing can be traced
with it. It is recognised, and refused as the detail.

Source: Microsoft Learn, "Export earnings: Default template", Summarized report, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairkeeper.payouts.reports.columns import REPORTS, Column, Report, normalise

_SUMMARY_SIGNS: Final = ("earningamount", "earningamountusd", "earned", "earnings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a header says.

    Attributes:
        report: Which report it is; None if none.
        is_summary: Whether it is earnings without their ids.
        columns: For each column of ours, its position in the file; those the file has.
        unknown: Headers that no column is known by.
        missing: Columns of ours that the file does not have.
        repeated: Headers that stand there twice; the first is taken.
    """

    report: Report | None
    is_summary: bool
    columns: dict[str, int]
    unknown: tuple[str, ...]
    missing: tuple[Column, ...]
    repeated: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every column is there without which a row means nothing."""
        return not any(column.is_needed for column in self.missing)


def recognise(headers: Sequence[str]) -> Recognition:
    r"""Say which report a header belongs to.

    Example:
        >>> found = recognise(["\ufeffEarning ID", "EARNINGAMOUNT", "transactionCurrency", "paymentStatus", "colour"])
        >>> found.report.kind.value, found.unknown, found.is_whole
        ('earnings', ('colour',), True)
        >>> recognise(["earningAmount", "paymentStatus", "transactionCurrency"]).is_summary
        True
    """
    plain = [normalise(header) for header in headers]
    there = set(plain)
    fitting = [
        report
        for report in REPORTS.values()
        if all(group & there for group in report.recognised_by) and not report.excluded_by & there
    ]
    if not fitting:
        is_summary = "earningid" not in there and any(sign in there for sign in _SUMMARY_SIGNS[:2])
        return Recognition(
            report=None, is_summary=is_summary, columns={}, unknown=tuple(headers), missing=(), repeated=()
        )
    report = max(fitting, key=lambda each: len(there & set(each.by_header)))
    return _placed(report, headers, plain)


def _placed(report: Report, headers: Sequence[str], plain: Sequence[str]) -> Recognition:
    """Give each column the position of the header that is its most usual one."""
    columns: dict[str, int] = {}
    taken: set[int] = set()
    for column in report.columns:
        for header in column.headers:
            places = [place for place, name in enumerate(plain) if name == header and place not in taken]
            if places:
                columns[column.name] = places[0]
                taken.add(places[0])
                break
    known = report.by_header
    repeated = tuple(
        dict.fromkeys(header for place, header in enumerate(headers) if plain[place] in plain[:place] and plain[place])
    )
    return Recognition(
        report=report,
        is_summary=False,
        columns=columns,
        unknown=tuple(header for header, name in zip(headers, plain, strict=True) if name not in known),
        missing=tuple(column for column in report.columns if column.name not in columns),
        repeated=repeated,
    )
