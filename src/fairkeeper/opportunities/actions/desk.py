"""Does a whole piece of work from outside of any transaction: import files, rank what was imported.

Separate from the commands, because reading files and ranking take seconds and belong in no transaction. Used by the
command line, background work and uploads alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.principal import Principal, system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.opportunities.actions.agent import RegisterRoomsAgent, register_agent
from fairkeeper.opportunities.actions.runs import Adopted, AdoptRun, adopt_run, input_digest, stage_run
from fairkeeper.opportunities.actions.snapshots import (
    DropOldSnapshots,
    ImportedSnapshot,
    ImportSnapshot,
    drop_old_snapshots,
    import_snapshot,
    stage,
)
from fairkeeper.opportunities.cards.prices import Price
from fairkeeper.opportunities.cards.ranking import rank_portfolio
from fairkeeper.opportunities.errors import NoSnapshotError
from fairkeeper.opportunities.insights.importing import prepare
from fairkeeper.opportunities.insights.keeping import ColumnFiles
from fairkeeper.opportunities.insights.portfolio import Source, comparable, load_portfolio
from fairkeeper.opportunities.ports import RoomSettings
from fairkeeper.opportunities.tables import AlertRow, CardRow, PriceRow, RunRow, SnapshotRow
from fairkeeper.values.currencies import currency
from fairkeeper.values.findings import Finding
from fairkeeper.values.money import Money

DEFAULT_CONNECTION = "files"
_NOWHERE = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that somebody hands over."""

    name: str
    content: bytes


class Desk:
    """Imports and ranks.

    Args:
        runner: Runs the commands.
        files: Copies of kept tables.
        settings: How the publisher set the room up.
    """

    def __init__(self, runner: Runner, files: ColumnFiles, settings: RoomSettings) -> None:
        self._runner, self._files, self._settings = runner, files, settings

    def import_file(
        self, file: NamedFile, call: Call, *, taken_on: date | None = None, connection: str = DEFAULT_CONNECTION
    ) -> ImportedSnapshot | Finding:
        """Import one file, or say why it cannot be used.

        Raises:
            DeniedError: The caller may not.
        """
        now = self._runner.clock.now()
        prepared = prepare(file.name, file.content, taken_on=taken_on, today=now.date(), tabs=self._settings.tabs())
        if isinstance(prepared, Finding):
            return prepared
        self._files.put(prepared.table_digest, prepared.table)
        with self._runner.database.write() as session:
            known = session.scalars(
                select(SnapshotRow.id).where(
                    SnapshotRow.connection == connection,
                    SnapshotRow.tab == prepared.tab,
                    SnapshotRow.taken_on == prepared.taken_on,
                    SnapshotRow.file_digest == prepared.file_digest,
                    SnapshotRow.table_digest == prepared.table_digest,
                    SnapshotRow.state == "kept",
                )
            ).first()
            snapshot_id = known or stage(session, prepared, connection, now=now)
        imported: ImportedSnapshot = self._runner.run(import_snapshot, ImportSnapshot(snapshot_id=snapshot_id), call)
        return imported

    def rank(self, connection: str = DEFAULT_CONNECTION, by: Principal | None = None) -> Adopted:
        """Rank what is kept of a connection; the same data by the same definitions are not ranked twice.

        Raises:
            NoSnapshotError: Nothing of the Copilot tab was imported.
        """
        lenses = self._settings.definitions()
        now = self._runner.clock.now()
        with self._runner.database.read() as session:
            snapshots = used_snapshots(session, connection)
            if not any(row.tab == "copilot" for row in snapshots):
                raise NoSnapshotError("Nothing of the Copilot Opportunities tab was imported yet.")
            prices = prices_of(session)
            digest = input_digest(snapshots, lenses, [f"{p.product} {p.from_on} {p.price}" for p in prices])
            existing = session.scalars(
                select(RunRow)
                .where(RunRow.connection == connection, RunRow.state == "adopted")
                .order_by(RunRow.scored_at.desc(), RunRow.id.desc())
                .limit(1)
            ).first()
            if existing is not None and existing.input_digest == digest:
                return self._adopt(existing.id, by)
            sources = {row.id: _source(row, session, self._files) for row in snapshots}
            open_cards = [
                (row.tenant_id, row.lens)
                for row in session.scalars(
                    select(CardRow).where(CardRow.connection == connection, CardRow.closed_at.is_(None))
                )
            ]
            open_alerts = {
                row.id: (row.kind, row.tenant_id)
                for row in session.scalars(
                    select(AlertRow).where(AlertRow.connection == connection, AlertRow.closed_at.is_(None))
                )
            }
        portfolio = load_portfolio(
            [sources[row.id] for row in snapshots if row.tab == "copilot"],
            workloads=_newest(snapshots, sources, "workloads"),
            cloudascent=_newest(snapshots, sources, "cloudascent"),
        )
        ranking = rank_portfolio(portfolio, lenses, prices, open_cards=open_cards, open_alerts=open_alerts)
        with self._runner.database.write() as session:
            run_id = stage_run(
                session,
                ranking,
                connection=connection,
                snapshots=snapshots,
                lenses=lenses,
                digest=digest,
                now=now,
            )
        return self._adopt(run_id, by)

    def register_agent(self) -> bool:
        """Register the room's agent under Governance, once it could read anything; say whether it is new."""
        with self._runner.database.read() as session:
            if session.scalars(select(SnapshotRow.id).limit(1)).first() is None:
                return False
        call = Call(principal=system("opportunities"))
        return bool(self._runner.run(register_agent, RegisterRoomsAgent(), call))

    def drop_old(self) -> None:
        """Drop what is not kept, and its copies."""
        self._runner.run(drop_old_snapshots, DropOldSnapshots(), Call(principal=system("opportunities")))
        with self._runner.database.read() as session:
            tables = session.scalars(
                select(SnapshotRow.table_digest).where(SnapshotRow.state.in_(("kept", "staged")))
            ).all()
            runs = session.scalars(select(RunRow).order_by(RunRow.scored_at.desc()).limit(26)).all()
        self._files.forget_others([*tables, *(d for run in runs for d in (run.scores_digest, run.features_digest))])

    def _adopt(self, run_id: str, by: Principal | None) -> Adopted:
        del by  # a ranking follows from what was imported; Fairkeeper itself makes it
        self.register_agent()
        call = Call(principal=system("opportunities"))
        adopted: Adopted = self._runner.run(adopt_run, AdoptRun(run_id=run_id), call)
        return adopted


def used_snapshots(session: Session, connection: str) -> list[SnapshotRow]:
    """Return the snapshots that a ranking rests on: those that can be compared, and the newest of each other tab."""
    rows = session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.connection == connection, SnapshotRow.state == "kept")
        .order_by(SnapshotRow.as_of, SnapshotRow.id)
    ).all()
    by_id = {row.id: row for row in rows}
    placeless = [Source(snapshot_id=row.id, as_of=row.as_of, path=_NOWHERE) for row in rows if row.tab == "copilot"]
    chosen = [by_id[each.snapshot_id] for each in comparable(placeless)]
    for tab in ("workloads", "cloudascent"):
        newest = [row for row in rows if row.tab == tab]
        chosen += newest[-1:]
    return chosen


def prices_of(session: Session) -> tuple[Price, ...]:
    """Return the publisher's prices."""
    rows = session.scalars(select(PriceRow).order_by(PriceRow.product, PriceRow.from_on)).all()
    return tuple(
        Price(
            product=row.product,
            from_on=row.from_on,
            price=Money(row.price_minor, currency(row.currency)),
            source=row.source,
        )
        for row in rows
    )


def _source(row: SnapshotRow, session: Session, files: ColumnFiles) -> Source:
    return Source(snapshot_id=row.id, as_of=row.as_of, path=files.path_of(session, row.table_digest))


def _newest(snapshots: Sequence[SnapshotRow], sources: dict[str, Source], tab: str) -> Source | None:
    found = [sources[row.id] for row in snapshots if row.tab == tab]
    return found[-1] if found else None
