"""Answers what changed between two snapshots: for the whole book, or for one account."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import Operation, QueryContext, query
from fairkeeper.opportunities.cards.reading import find_tenant, newest_run
from fairkeeper.opportunities.errors import NoSnapshotError, SnapshotUnclearError
from fairkeeper.opportunities.insights.comparing import (
    Compared,
    MeasureChange,
    MissingTenant,
    NewTenant,
    TenantChange,
    compare,
)
from fairkeeper.opportunities.insights.keeping import ColumnFiles
from fairkeeper.opportunities.insights.portfolio import STEP
from fairkeeper.opportunities.queries import OfConnection
from fairkeeper.opportunities.tables import SnapshotRow

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH: Final = re.compile(r"(\d{4}|-)-(\d{2})")
_NO_LOSS: Final = "A tenant that is not in the later one is no customer lost: its association may have ended."


class CompareSnapshots(OfConnection):
    """Which two snapshots."""

    earlier: str = Field(
        "", max_length=40, description="A day (2026-02-28), a month (2026-02) or a snapshot's id; else the one before."
    )
    later: str = Field("", max_length=40, description="The same; the newest if left out.")
    tenant: str = Field("", max_length=400, description="Only this account: its tenant's id, domain, or name.")
    top: int = Field(10, ge=1, le=100, description="How many accounts of each list.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSnapshot:
    """One of the two."""

    snapshot_id: str
    as_of: date
    taken_on: date
    tenants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two snapshots side by side, each figure with the day it is of.

    Attributes:
        account: The account's name, where one was asked for.
        totals: Sums over the tenants whose figure both know; of one account, its own figures.
        changes: The largest changes of each figure.
        newly_associated: Tenants of both whose partners' ids changed.
    """

    earlier: ComparedSnapshot
    later: ComparedSnapshot
    account: str
    tenant_id: str
    totals: tuple[MeasureChange, ...]
    changes: tuple[TenantChange, ...]
    appeared: tuple[NewTenant, ...]
    appeared_count: int
    missing: tuple[MissingTenant, ...]
    missing_count: int
    newly_associated: int
    note: str


@query(
    "opportunities.compare_snapshots",
    groups=("opportunities.read",),
    http="GET /opportunities/compare",
    cli="opportunities compare",
)
def compare_snapshots(context: QueryContext, request: CompareSnapshots) -> Comparison:
    """Compare two snapshots of the Copilot tab: sums, the largest changes, who came and who is not there any more.

    Without days, the newest with the one before it. Raises `opportunities.no_snapshot` where there are not two, and
    `opportunities.snapshot_unclear` where a day has none.
    """
    rows = context.session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.connection == request.connection, SnapshotRow.tab == "copilot", SnapshotRow.state == "kept")
        .order_by(SnapshotRow.as_of, SnapshotRow.id)
    ).all()
    if len(rows) < 2:  # one snapshot claims no change
        raise NoSnapshotError("There are not two snapshots to compare.", remedy="Import an export of another month.")
    later = _named(rows, request.later) if request.later else rows[-1]
    before = [row for row in rows if row.as_of < later.as_of]
    earlier = _named(rows, request.earlier) if request.earlier else (_one_before(before, later) if before else later)
    if earlier.as_of >= later.as_of:
        raise SnapshotUnclearError(f"{earlier.as_of} is not before {later.as_of}.")
    files = context.ports.of(ColumnFiles)
    tenant = None
    if request.tenant:
        tenant = find_tenant(newest_run(context.session, request.connection, files), request.tenant)
    found = compare(
        files.path_of(context.session, earlier.table_digest),
        files.path_of(context.session, later.table_digest),
        before=[files.path_of(context.session, row.table_digest) for row in rows if row.as_of < earlier.as_of],
        tenant_id=str(tenant["tenant_id"]) if tenant else "",
        top=request.top,
    )
    return Comparison(
        earlier=_told(earlier),
        later=_told(later),
        account=str(tenant["tenant_name"] or tenant["tenant_id"]) if tenant else "",
        tenant_id=str(tenant["tenant_id"]) if tenant else "",
        totals=found.totals,
        changes=found.changes,
        appeared=found.appeared,
        appeared_count=found.appeared_count,
        missing=found.missing,
        missing_count=found.missing_count,
        newly_associated=found.newly_associated,
        note=_note(earlier.as_of, later.as_of, found),
    )


def _one_before(rows: Sequence[SnapshotRow], later: SnapshotRow) -> SnapshotRow:
    """Return the newest that counts other days than the later one; where there is none, the newest."""
    apart = [row for row in rows if later.as_of - row.as_of >= STEP]
    return apart[-1] if apart else rows[-1]


def _named(rows: Sequence[SnapshotRow], text: str) -> SnapshotRow:
    """Return the newest snapshot of an id, a day or a month (`--03` is March of any year).

    Raises:
        SnapshotUnclearError: There is none.
    """
    plain = text.strip()
    month = _MONTH.fullmatch(plain)
    if month:
        year, number = month[1], int(month[2])
        fitting = [row for row in rows if row.as_of.month == number and year in ("-", str(row.as_of.year))]
    elif _DAY.fullmatch(plain):
        fitting = [row for row in rows if plain in (row.as_of.isoformat(), row.taken_on.isoformat())]
    else:
        fitting = [row for row in rows if row.id == plain]
    if not fitting:
        known = ", ".join(sorted({row.as_of.isoformat() for row in rows})[-13:])
        raise SnapshotUnclearError(f"No snapshot is of {plain!r}. There are {known}.")
    return fitting[-1]


def _told(row: SnapshotRow) -> ComparedSnapshot:
    return ComparedSnapshot(snapshot_id=row.id, as_of=row.as_of, taken_on=row.taken_on, tenants=row.rows)


def _note(earlier: date, later: date, found: Compared) -> str:
    parts = []
    days = (later - earlier).days
    if days < STEP.days:
        parts.append(
            f"The two are {days} days apart and count mostly the same 28 days, so their difference says little."
        )
    parts.append("Small changes happen by chance; what is believed stands among the alerts.")
    if found.missing_count:
        parts.append(_NO_LOSS)
    if found.newly_associated:
        parts.append(f"{found.newly_associated:,} were associated otherwise, which makes nobody a new customer.")
    return " ".join(parts)


OPERATIONS: tuple[Operation, ...] = (compare_snapshots,)
