"""The schema doctor: what a file's columns and cells tell a person, as findings.

Separate from the reading, which notices, because what is worth saying depends on what scores rest on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fairkeeper.opportunities.insights.canonical import CanonicalTable
from fairkeeper.opportunities.insights.fields import Matched
from fairkeeper.opportunities.insights.kinds import (
    CELL_UNREADABLE,
    COLUMN_DOUBLED,
    COLUMN_MISSING,
    COLUMN_UNKNOWN,
    ROWS_DISAGREE,
    TENANT_UNREADABLE,
    USERS_ABOVE_SEATS,
    VENDOR_DISAGREES,
)
from fairkeeper.values.findings import Finding, Findings, Level

NEEDED: Final = frozenset(
    {
        *("eligible_seats", "paid_seats", "paid_mau", "chat_mau", "agents_mau", "csp_renewal_on", "segment"),
        *("sku_group", "adoption_status", "limited_users", "license_requests", "data_security"),
        *("workload_mau", "workload_pau"),
    }
)
"""Fields that a score or an alert rests on."""


def examine(matched: Matched, table: CanonicalTable, *, file: str) -> Findings:
    """Return what is to be said of one file."""
    return Findings.of([*_columns(matched, file), *_cells(table, file)]).sorted()


def _columns(matched: Matched, file: str) -> Iterator[Finding]:
    for header in matched.unknown[:30]:
        yield COLUMN_UNKNOWN.found(f"The column {header!r} is not known.", file=file, column=header)
    for header in matched.doubled:
        yield COLUMN_DOUBLED.found(f"The column {header!r} is a second one of its field.", file=file, column=header)
    for name in matched.missing:
        if name in NEEDED:
            header = matched.tab.field(name).header
            yield COLUMN_MISSING.found(f"There is no column {header!r}.", file=file, column=header)


def _cells(table: CanonicalTable, file: str) -> Iterator[Finding]:
    rows, count = table.keyless
    if count:
        names = " and ".join(table.tab.field(name).header for name in table.tab.key)
        yield TENANT_UNREADABLE.found(
            f"{count} {'row has' if count == 1 else 'rows have'} no readable {names}.", file=file, row=rows[0]
        )
    for each in table.unreadable:
        level = Level.WARNING if each.field.name in NEEDED else Level.INFO
        yield CELL_UNREADABLE.found(
            f"{each.count} {'cell is' if each.count == 1 else 'cells are'} no {each.field.type.value}.",
            level=level,
            file=file,
            row=each.rows[0],
            column=each.field.header,
        )
    for different in table.disagreements:
        yield ROWS_DISAGREE.found(
            f"Rows of {different.key} differ.", file=file, column=different.column, subject=different.key
        )
    if table.users_above_seats:
        yield USERS_ABOVE_SEATS.found(
            f"{table.users_above_seats} tenants have more licensed users than paid seats.", file=file
        )
    for header, number in table.vendor_disagrees:
        yield VENDOR_DISAGREES.found(
            f"{number} rows of {table.rows} do not follow from the base counts.",
            level=Level.INFO if number < table.rows * 0.02 else Level.WARNING,
            file=file,
            column=header,
        )
