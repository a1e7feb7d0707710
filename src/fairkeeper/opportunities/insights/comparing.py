"""Two snapshots side by side: sums over the tenants that both know, who changed most, who came, who is not there.

A figure that one of the two does not know takes no part, so that a missing cell is never a fall to zero. A tenant that
is not in the later one is no customer lost: its association may have ended, or its size fallen below the export's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairkeeper.opportunities.lenses.columns import reader

MEASURES: Final[Mapping[str, str]] = {
    "eligible_seats": "Eligible seats",
    "paid_seats": "Paid seats",
    "paid_mau": "Licensed users",
    "chat_mau": "Free chat's users",
    "agents_mau": "Agents' users",
}
"""What is compared, by canonical field."""
_NAMES: Final = "coalesce(b.tenant_name, a.tenant_name, b.tenant_id, a.tenant_id) AS name"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureChange:
    """One figure, before and after; None is unknown.

    Attributes:
        known_in_both: Tenants whose figure both snapshots know; the sums are theirs.
    """

    measure: str
    title: str
    before: int | None
    after: int | None
    known_in_both: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChange:
    """One tenant's figure, before and after."""

    tenant_id: str
    name: str
    measure: str
    title: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """A tenant of the later snapshot alone.

    Attributes:
        how: `first_seen` in any snapshot, or `back`, since one before the earlier had it.
    """

    tenant_id: str
    name: str
    how: str
    eligible_seats: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingTenant:
    """A tenant of the earlier snapshot alone."""

    tenant_id: str
    name: str
    paid_seats: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two tables side by side."""

    totals: tuple[MeasureChange, ...]
    changes: tuple[TenantChange, ...]
    appeared: tuple[NewTenant, ...]
    appeared_count: int
    missing: tuple[MissingTenant, ...]
    missing_count: int
    newly_associated: int
    """Tenants of both whose partners' ids changed: another association, and no new customer."""


def compare(earlier: Path, later: Path, *, before: Sequence[Path] = (), tenant_id: str = "", top: int = 10) -> Compared:
    """Compare two kept tables of the Copilot tab.

    Args:
        earlier, later: The tables.
        before: Those of still older snapshots, to tell a tenant's return from its first appearance.
        tenant_id: Only this tenant; then every figure of it is returned.
        top: How many tenants of each list.
    """
    joined = (
        f"(SELECT * FROM read_parquet('{earlier}')) AS a FULL JOIN (SELECT * FROM read_parquet('{later}')) AS b "
        "ON a.tenant_id = b.tenant_id"
    )
    only, values = ("", []) if not tenant_id else ("coalesce(a.tenant_id, b.tenant_id) = ? AND ", [tenant_id])
    both = f"{only}a.tenant_id IS NOT NULL AND b.tenant_id IS NOT NULL"
    new, gone = f"{only}a.tenant_id IS NULL", f"{only}b.tenant_id IS NULL"
    older = [f"tenant_id IN (SELECT tenant_id FROM read_parquet('{path}'))" for path in before]
    is_back = f"({' OR '.join(f'b.{each}' for each in older)})" if older else "false"
    return Compared(
        totals=_totals(joined, both, values),
        changes=_changes(joined, both, values, top),
        appeared=tuple(
            NewTenant(tenant_id=key, name=name, how="back" if back else "first_seen", eligible_seats=seats)
            for key, name, back, seats in _rows(
                f"SELECT b.tenant_id, {_NAMES}, {is_back}, b.eligible_seats FROM {joined} WHERE {new} "
                f"ORDER BY b.eligible_seats DESC NULLS LAST, 1 LIMIT {top}",
                values,
            )
        ),
        appeared_count=_count(joined, new, values),
        missing=tuple(
            MissingTenant(tenant_id=key, name=name, paid_seats=seats)
            for key, name, seats in _rows(
                f"SELECT a.tenant_id, {_NAMES}, a.paid_seats FROM {joined} WHERE {gone} "
                f"ORDER BY a.paid_seats DESC NULLS LAST, 1 LIMIT {top}",
                values,
            )
        ),
        missing_count=_count(joined, gone, values),
        newly_associated=_count(joined, f"{both} AND a.associations IS DISTINCT FROM b.associations", values),
    )


def _totals(joined: str, both: str, values: list[Any]) -> tuple[MeasureChange, ...]:
    columns = ", ".join(
        f"sum(a.{name}) FILTER (a.{name} IS NOT NULL AND b.{name} IS NOT NULL), "
        f"sum(b.{name}) FILTER (a.{name} IS NOT NULL AND b.{name} IS NOT NULL), "
        f"count(*) FILTER (a.{name} IS NOT NULL AND b.{name} IS NOT NULL)"
        for name in MEASURES
    )
    (found,) = _rows(f"SELECT {columns} FROM {joined} WHERE {both}", values)
    return tuple(
        MeasureChange(
            measure=name,
            title=title,
            before=None if found[3 * n] is None else int(found[3 * n]),
            after=None if found[3 * n + 1] is None else int(found[3 * n + 1]),
            known_in_both=int(found[3 * n + 2]),
        )
        for n, (name, title) in enumerate(MEASURES.items())
    )


def _changes(joined: str, both: str, values: list[Any], top: int) -> tuple[TenantChange, ...]:
    """Return the largest changes of each figure, the larger first, no tenant twice for one figure."""
    each = [
        f"SELECT b.tenant_id, {_NAMES}, '{name}' AS measure, a.{name} AS before, b.{name} AS after "
        f"FROM {joined} WHERE {both} AND a.{name} <> b.{name}"
        for name in MEASURES
    ]
    found = _rows(
        f"SELECT * FROM ({' UNION ALL '.join(each)}) QUALIFY row_number() OVER (PARTITION BY measure "
        f"ORDER BY abs(after - before) DESC, tenant_id) <= {top} "
        "ORDER BY abs(after - before) DESC, tenant_id, measure",
        values * len(MEASURES),
    )
    return tuple(
        TenantChange(
            tenant_id=key, name=name, measure=measure, title=MEASURES[measure], before=int(before), after=int(after)
        )
        for key, name, measure, before, after in found
    )


def _count(joined: str, where: str, values: list[Any]) -> int:
    return int(_rows(f"SELECT count(*) FROM {joined} WHERE {where}", values)[0][0])


def _rows(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    return reader().execute(statement, values).fetchall()
