"""Scans as background work: everything is looked at outside a transaction, and what was found is recorded in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import distributions
from typing import Any, Final

from sqlalchemy import JSON, String, Text, select
from sqlalchemy.sql.schema import Table

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.assurance.incidents.acting import open_incident_by_fact
from fairkeeper.assurance.incidents.runbooks import Category
from fairkeeper.assurance.posture.inventory import inventory_of
from fairkeeper.assurance.weaknesses.feed import Feed, known_vulnerabilities
from fairkeeper.assurance.weaknesses.model import Found, Source
from fairkeeper.assurance.weaknesses.recording import MOST_KEPT, OPEN_FOR, SCAN, record_scan
from fairkeeper.assurance.weaknesses.secrets import secrets_in
from fairkeeper.assurance.weaknesses.tables import WeaknessRow
from fairkeeper.database.base import Base
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, Schedule, Work

MOST_ROWS: Final = 20_000
"""Of each table, the first by its key; a scan that saw no more says so."""
_AT_ONCE: Final = 500
_SEALED: Final = frozenset({"secret", "agent_behaviour"})
"""Tables that hold nothing plain, or nothing that anybody typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookout:
    """How a scan looks at what lies outside the database; each answers what it found, and notes on what it could not.

    Attributes:
        feed: None where no feed was given.
        every: None where nobody wants a schedule.
    """

    configuration: Callable[[], list[Found]]
    exposure: Callable[[], tuple[list[Found], list[str]]]
    feed: Callable[[], Feed] | None
    texts: Callable[[], Iterator[tuple[str, str]]]
    every: timedelta | None


class ScanningWork:
    """The handlers of scans.

    Args:
        runner: Runs the operations.
        lookout: Looks outside the database.
    """

    def __init__(self, runner: Runner, lookout: Lookout) -> None:
        self._runner = runner
        self._lookout = lookout

    def work(self) -> Work:
        """Return the handlers, and the schedule where there is one."""
        every = self._lookout.every
        return Work(
            handlers=(Handler(name=SCAN, run=self.scan), Handler(name=OPEN_FOR, run=self.open_for)),
            schedules=(Schedule(name=SCAN, every=every),) if every is not None else (),
        )

    def _run(self, operation: Operation, **fields: Any) -> Any:
        return self._runner.run(operation, operation.input.model_validate(fields), Call(principal=system("assurance")))

    def scan(self, _task: Task) -> None:
        """Look at everything, and record what was found."""
        sources, notes = [Source.CONFIGURATION, Source.SECRET], []
        found = self._lookout.configuration()
        exposed, unseen = self._lookout.exposure()
        found += exposed
        notes += unseen
        if not unseen:
            sources.append(Source.EXPOSURE)
        if self._lookout.feed is None:
            notes.append("Dependencies: no feed of advisories was given.")
        else:
            feed = self._lookout.feed()
            notes += [f"Dependencies: {name} cannot be read." for name in feed.unreadable[:20]]
            notes.append(f"Dependencies: held against {len(feed.advisories):,} advisories.")
            found += known_vulnerabilities(inventory_of(distributions(), at=self._runner.clock.now()), feed.advisories)
            if not feed.unreadable:
                sources.append(Source.DEPENDENCY)
        found += secrets_in(self._lookout.texts())
        found += secrets_in(plain_columns(self._runner.database, notes))
        if len(found) > MOST_KEPT:
            notes.append(f"{len(found) - MOST_KEPT:,} more weaknesses were found and are not listed.")
        self._run(
            record_scan,
            sources=[each.value for each in sources],
            notes=[each[:300] for each in notes][:50],
            found=[
                {
                    "source": each.source.value,
                    "code": each.code,
                    "place": each.place,
                    "level": each.level.value,
                    "what": each.what[:4000],
                    "remedy": each.remedy[:1000],
                }
                for each in found[:MOST_KEPT]
            ],
        )

    def open_for(self, task: Task) -> None:
        """Open an incident for a weakness that must not wait, once for each time that it opened."""
        with self._runner.database.read() as session:
            row = session.get(WeaknessRow, str(task.payload["weakness_id"]))
        if row is None or row.gone_at is not None:
            return
        self._run(
            open_incident_by_fact,
            title=f"Weakness found: {row.code} at {row.place}"[:200],
            category=Category.OTHER,
            severity="high",
            summary=f"{row.what} {row.remedy}"[:4000],
            began_at=row.first_seen_at,
            source="check",
            source_id=f"{row.weakness_id}:{row.first_seen_at:%Y%m%d%H%M%S}",
        )


def plain_columns(database: Database, notes: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each table's texts, column by column, some hundred rows at a time, with the column as their place."""
    for table in Base.metadata.sorted_tables:
        columns = [each for each in table.columns if isinstance(each.type, String | Text | JSON)]
        if table.name in _SEALED or not columns:
            continue
        for offset in range(0, MOST_ROWS, _AT_ONCE):
            rows = _rows(database, table, offset)
            for column in columns:
                texts = [str(row[column.name]) for row in rows if row[column.name] is not None]
                if texts:
                    yield f"the column {column.name} of {table.name}", "\n".join(texts)
            if len(rows) < _AT_ONCE:
                break
        else:
            notes.append(f"Secrets: of {table.name} the first {MOST_ROWS:,} rows alone were looked at.")


def _rows(database: Database, table: Table, offset: int) -> list[dict[str, Any]]:
    statement = select(table).order_by(*table.primary_key.columns).offset(offset).limit(_AT_ONCE)
    with database.read() as session:
        return [dict(row) for row in session.execute(statement).mappings()]
