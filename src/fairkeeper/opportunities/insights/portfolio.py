"""All tenants at the newest snapshot, each with its own past, as aligned columns.

Comparisons reach back in steps of at least 27 days, because monthly users are counted over 28 rolling days: two nearer
snapshots count mostly the same days, and their difference says little. Unknown is NaN or None, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.opportunities.insights.canonical import connected

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Texts = NDArray[np.object_]

STEP: Final = timedelta(days=27)
LONGEST_PAST: Final = 13
PLACE: Final = "row_number() OVER () - 1 AS place"
"""A tenant's place in the columns: as the snapshot's own table is ordered, which is by its id."""
PAST_FIELDS: Final = ("paid_seats", "paid_mau", "chat_mau", "agents_mau", "license_requests")
NUMBERS: Final = (
    *("eligible_seats", "paid_seats", "paid_mau", "chat_mau", "agents_mau", "limited_users", "license_requests"),
    *("connector_agents_mau", "plugin_agents_mau", "custom_agents_mau", "cowork_mau"),
)
WORDS: Final = (
    *("segment", "sku_group", "adoption_status", "vendor_motion", "data_security", "frontier", "e7_opportunity"),
    *("agent_intensity", "expansion_propensity", "adoption_propensity", "csp_promos", "admin_settings"),
    *("trial_recommendation", "country"),
)
"""Columns of few different texts."""
NAMES: Final = ("tenant_name", "tenant_domain", "tpid")
DAYS: Final = ("csp_renewal_on", "ea_renewal_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One snapshot's file of columns, with the day its figures are of."""

    snapshot_id: str
    as_of: date
    path: Path


@dataclass(frozen=True, slots=True)
class Words:
    """A column of few different texts: each text once, in the order of the alphabet, and a place's number of it.

    Attributes:
        codes: The text's number; -1 where there is none.
    """

    codes: Ints
    words: tuple[str, ...]

    def each(self, meaning: Callable[[str], float]) -> Floats:
        """Return what a text means at every place; NaN where there is none."""
        import numpy as np

        return np.array([*(meaning(word) for word in self.words), np.nan], dtype=np.float64)[self.codes]

    def numbered(self) -> Ints:
        """Number the places by their texts, whatever the case; without a text is a number of its own."""
        import numpy as np

        plain = [*(word.strip().lower() for word in self.words), ""]
        places = {text: number for number, text in enumerate(sorted(set(plain)))}
        return np.array([places[text] for text in plain], dtype=np.int64)[self.codes]


@dataclass(slots=True, kw_only=True)
class Portfolio:
    """The tenants of the newest snapshot.

    Attributes:
        sources: The snapshots compared, newest first; column k of `past` is of `sources[k]`.
        tenant_ids: Sorted.
        numbers, words, names, days: Columns of the newest snapshot by canonical name; days count from 1970.
        past: Matrices of tenants by snapshots.
        seen: In how many of the compared snapshots a tenant was there.
        workload_utilization: Users by paid units over the security workloads; NaN without that tab.
        cluster: CloudAscent's cluster; None without that list.
    """

    sources: tuple[Source, ...]
    tenant_ids: Texts
    numbers: Mapping[str, Floats]
    words: Mapping[str, Words]
    names: Mapping[str, Texts]
    days: Mapping[str, Floats]
    past: Mapping[str, Floats]
    seen: Floats
    workload_utilization: Floats
    cluster: Words
    _places: dict[str, int] = field(default_factory=dict)

    @property
    def as_of(self) -> date:
        """The day that the newest figures are of."""
        return self.sources[0].as_of

    @property
    def size(self) -> int:
        """How many tenants there are."""
        return len(self.tenant_ids)

    def place_of(self, tenant_id: str) -> int | None:
        """Return a tenant's place in the columns."""
        if not self._places:
            self._places.update({each: place for place, each in enumerate(self.tenant_ids)})
        return self._places.get(tenant_id)


def comparable(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Choose from all snapshots those that can be compared: the newest, then each at least 27 days before.

    Example:
        >>> days = [date(2026, 11, day) for day in (1, 20, 25)]
        >>> chosen = comparable([Source(snapshot_id=str(d), as_of=d, path=Path("x")) for d in days])
        >>> [each.as_of.day for each in chosen]
        [25]
    """
    chosen: list[Source] = []
    for source in sorted(sources, key=lambda each: (each.as_of, each.snapshot_id), reverse=True):
        if not chosen or chosen[-1].as_of - source.as_of >= STEP:
            chosen.append(source)
    return tuple(chosen[:LONGEST_PAST])


def load_portfolio(
    sources: Sequence[Source], *, workloads: Source | None = None, cloudascent: Source | None = None
) -> Portfolio:
    """Read the newest snapshot and its past.

    Args:
        sources: Snapshots of the Copilot tab, of one connection; at least one.
        workloads: The newest snapshot of the E3 and E5 tabs, if there is one.
        cloudascent: The newest CloudAscent list, if there is one.
    """
    chosen = comparable(sources)
    with connected() as connection:
        days = ", ".join(f"CAST({day} AS DATE) - DATE '1970-01-01' AS {day}" for day in DAYS)
        connection.execute(
            f"CREATE TEMP TABLE latest AS SELECT tenant_id, {', '.join((*NUMBERS, *WORDS, *NAMES))}, {days}, "
            f"{PLACE} FROM read_parquet('{chosen[0].path}')"
        )
        plain = ", ".join(("tenant_id", *NUMBERS, *NAMES, *DAYS))
        found = connection.execute(f"SELECT {plain} FROM latest ORDER BY place").fetchnumpy()
        size = len(found["tenant_id"])
        past, seen = _past(connection, chosen, size)
        return Portfolio(
            sources=chosen,
            tenant_ids=_texts(found["tenant_id"]),
            numbers={name: _floats(found[name]) for name in NUMBERS},
            words={name: _words(connection, name) for name in WORDS},
            names={name: _texts(found[name]) for name in NAMES},
            days={name: _floats(found[name]) for name in DAYS},
            past=past,
            seen=seen,
            workload_utilization=_workloads(connection, workloads, size),
            cluster=_clusters(connection, cloudascent, size),
        )


def _past(
    connection: duckdb.DuckDBPyConnection, chosen: Sequence[Source], size: int
) -> tuple[dict[str, Floats], Floats]:
    import numpy as np

    past = {name: np.full((size, len(chosen)), np.nan) for name in PAST_FIELDS}
    seen = np.zeros(size)
    for column, source in enumerate(chosen):
        rows = connection.execute(
            f"SELECT place, {', '.join(f'p.{name}' for name in PAST_FIELDS)} "
            f"FROM read_parquet('{source.path}') AS p JOIN latest USING (tenant_id)"
        ).fetchnumpy()
        places = np.asarray(rows["place"])
        seen[places] += 1
        for name in PAST_FIELDS:
            past[name][places, column] = _floats(rows[name])
    return past, seen


def _workloads(connection: duckdb.DuckDBPyConnection, source: Source | None, size: int) -> Floats:
    import numpy as np

    answer = np.full(size, np.nan)
    if source is not None:
        rows = connection.execute(
            "SELECT place, sum(least(workload_mau, workload_pau)) / sum(workload_pau) AS share "
            f"FROM read_parquet('{source.path}') JOIN latest USING (tenant_id) "
            "WHERE workload_pau > 0 AND workload_mau IS NOT NULL GROUP BY place"
        ).fetchnumpy()
        answer[np.asarray(rows["place"])] = _floats(rows["share"])
    return answer


def _clusters(connection: duckdb.DuckDBPyConnection, source: Source | None, size: int) -> Words:
    """Join CloudAscent by the customer's id, else by domain; a name decides nothing."""
    import numpy as np

    if source is None:
        return Words(np.full(size, -1, dtype=np.int64), ())
    connection.execute("ALTER TABLE latest ADD COLUMN cluster VARCHAR")
    connection.execute(
        "UPDATE latest SET cluster = found.cluster FROM ("
        "SELECT place, arg_min(coalesce(copilot_cluster, m365_cluster), how) AS cluster FROM ("
        f"SELECT place, copilot_cluster, m365_cluster, 1 AS how FROM read_parquet('{source.path}') AS c "
        "JOIN latest ON c.account = latest.tpid UNION ALL "
        f"SELECT place, copilot_cluster, m365_cluster, 2 FROM read_parquet('{source.path}') AS c "
        "JOIN latest ON lower(c.domain) = lower(latest.tenant_domain)) GROUP BY place) AS found "
        "WHERE latest.place = found.place"
    )
    return _words(connection, "cluster")


def _words(connection: duckdb.DuckDBPyConnection, name: str) -> Words:
    """Read a column of few different texts; only its numbers pass from DuckDB, since texts are made one by one."""
    import numpy as np

    found = connection.execute(f"SELECT DISTINCT {name} FROM latest WHERE {name} IS NOT NULL ORDER BY 1").fetchall()
    words = tuple(str(word) for (word,) in found)
    if not words:
        size = connection.execute("SELECT count(*) FROM latest").fetchone()
        return Words(np.full(size[0] if size else 0, -1, dtype=np.int64), ())
    connection.execute(
        f"CREATE TYPE words_of_{name} AS ENUM (SELECT DISTINCT {name} FROM latest WHERE {name} IS NOT NULL ORDER BY 1)"
    )
    codes = connection.execute(
        f"SELECT coalesce(CAST(enum_code(CAST({name} AS words_of_{name})) AS BIGINT), -1) AS code "
        "FROM latest ORDER BY place"
    ).fetchnumpy()
    return Words(np.asarray(codes["code"], dtype=np.int64), words)


def _floats(values: Any) -> Floats:
    """Return a column of numbers with NaN for what is not there."""
    import numpy as np

    answer = np.array(np.ma.getdata(values), dtype=np.float64)
    answer[np.ma.getmaskarray(values)] = np.nan
    return answer


def _texts(values: Any) -> Texts:
    """Return a column of texts with None for what is not there."""
    import numpy as np

    answer = np.array(np.ma.getdata(values), dtype=np.object_)
    answer[np.ma.getmaskarray(values)] = None
    return answer
