"""Does a whole piece of work from outside of any transaction: import files, rank what was imported.

Separate from the commands, because reading files and ranking take seconds and belong in no transaction. Used by the
command line, background work and uploads alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import TextFile
from fairkeeper.action.principal import Principal, system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.errors import InvalidError
from fairkeeper.opportunities.actions.accounts import SetAccounts, SetPrices, set_accounts, set_prices
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
_HEAD_BYTES = 4096
_LISTS = {"accounts": ("crm_account", "name"), "prices": ("product", "price_per_seat_per_month")}
"""The publisher's own lists, by columns that they have and no export has."""
_NOWHERE = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that somebody hands over."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What became of a file that a person handed over: a sentence, and what was found in it."""

    name: str
    is_used: bool
    sentence: str
    findings: tuple[dict[str, Any], ...] = ()


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

    def take(self, file: NamedFile, call: Call, *, taken_on: date | None = None) -> HandedOver:
        """Take a file for what it is: an export of the insights, the list of accounts, or the price list.

        A file that cannot be used is told, and hides no other. What was imported is ranked in the background.

        Raises:
            DeniedError: The caller may not.
        """
        try:
            return self._take(file, call, taken_on)
        except InvalidError as error:  # of a list; of an export it is a finding
            found = {"level": "error", "code": error.code, "message": error.message, "remedy": error.remedy}
            return HandedOver(name=file.name, is_used=False, sentence="Not used.", findings=(found,))

    def _take(self, file: NamedFile, call: Call, taken_on: date | None) -> HandedOver:
        which = list_in(file.content)
        if which:
            text = TextFile.model_construct(name=file.name[-300:], text=file.content.decode("utf-8-sig", "replace"))
            if which == "accounts":
                accounts = self._runner.run(set_accounts, SetAccounts(file=text), call)
                said = (
                    f"The list of accounts: {accounts.accounts:,}; of the accounts with cards {accounts.matched:,} are "
                    f"matched, {accounts.ambiguous:,} wait for a person, {accounts.unmatched:,} are not in it."
                )
            else:
                prices = self._runner.run(set_prices, SetPrices(file=text), call)
                said = f"The price list: {prices.prices:,} prices of {', '.join(prices.products) or 'nothing'}."
            return HandedOver(name=file.name, is_used=True, sentence=said)
        found = self.import_file(file, call, taken_on=taken_on)
        if isinstance(found, Finding):
            return HandedOver(name=file.name, is_used=False, sentence="Not imported.", findings=(found.to_json(),))
        again = "" if found.is_new else " It was imported before, so nothing changed."
        revision = f" It is revision {found.revision} of that day." if found.revision > 1 else ""
        said = (
            f"{found.rows:,} rows of {found.tab}, taken on {found.taken_on:%d %b %Y}, with figures of "
            f"{found.as_of:%d %b %Y}.{revision}{again}"
        )
        return HandedOver(name=file.name, is_used=True, sentence=said, findings=found.findings)

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


def list_in(content: bytes) -> str:
    r"""Return which of the publisher's own lists a file is, by its first line; empty for none.

    Example:
        >>> list_in(b"crm_account,name,owner\nA-1,Contoso,"), list_in(b"Tenant Name,Tenant ID")
        ('accounts', '')
    """
    first = content[:_HEAD_BYTES].decode("utf-8-sig", "replace").partition("\n")[0]
    columns = {part.strip().strip('"').lower().replace(" ", "_") for part in first.split(",")}
    return next((name for name, needed in _LISTS.items() if set(needed) <= columns), "")


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
