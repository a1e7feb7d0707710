"""Makes of a file what is kept: recognised, turned into the canonical table, examined. Pure; nothing is stored here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fairkeeper.opportunities.insights.canonical import TableUnreadableError, canonical_of
from fairkeeper.opportunities.insights.doctor import examine
from fairkeeper.opportunities.insights.fields import Tab
from fairkeeper.opportunities.insights.keeping import digest_of
from fairkeeper.opportunities.insights.kinds import DAY_ASSUMED, FILE_DAMAGED
from fairkeeper.opportunities.insights.reading import read_table
from fairkeeper.values.findings import Finding, Findings

LAG: Final = timedelta(days=3)
"""Figures of usage are up to three days old. Source: Microsoft Learn, insights/abss-data-refresh, read 2026-11-22."""
_DAY: Final = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file that can be kept.

    Attributes:
        taken_on, as_of: The day it was exported, and the day that its figures are of.
    """

    name: str
    tab: str
    file_digest: str
    content: bytes
    table: bytes
    table_digest: str
    taken_on: date
    as_of: date
    rows: int
    findings: Findings
    known_values: dict[str, int]


def prepare(
    name: str, content: bytes, *, taken_on: date | None, today: date, tabs: Sequence[Tab] | None = None
) -> Prepared | Finding:
    """Prepare a file, or say why it cannot be used.

    Args:
        name: Its name; a day in it is the day it was taken, if none is given.
        content: What is in it.
        taken_on: The day it was exported.
        today: What is taken where neither says.
        tabs: The known tabs; the shipped ones if left out.
    """
    table = read_table(name, content, tabs)
    if isinstance(table, Finding):
        return table
    try:
        canonical = canonical_of(table)
    except TableUnreadableError as error:
        return FILE_DAMAGED.found(error.message, file=name)
    findings = examine(table.matched, canonical, file=name)
    day = taken_on or day_in(name)
    if day is None:
        day = today
        findings = findings.add(DAY_ASSUMED.found(f"The export is taken for one of {today.isoformat()}.", file=name))
    return Prepared(
        name=name,
        tab=canonical.tab.name,
        file_digest=digest_of(content),
        content=content,
        table=canonical.parquet,
        table_digest=digest_of(canonical.parquet),
        taken_on=day,
        as_of=day - LAG,
        rows=canonical.rows,
        findings=findings,
        known_values=canonical.known_values,
    )


def day_in(name: str) -> date | None:
    """Return the day that a file's name holds.

    Example:
        >>> day_in("exports/copilot-2026-11-22.csv"), day_in("export.csv")
        (datetime.date(2026, 11, 22), None)
    """
    found = _DAY.search(name.rpartition("/")[2])
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def is_insights_file(content: bytes) -> bool:
    """Say whether a file is one that this room reads, by its headers alone."""
    return not isinstance(read_table("", content), Finding)
