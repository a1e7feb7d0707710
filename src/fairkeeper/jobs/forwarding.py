"""Delivery of events as background work: each receiver is told what follows the last place that it has taken.

The place moves on only after the receiver took a batch, so a receiver that fails loses nothing; a batch whose answer
was lost is sent again, with the same ids. One that fails keeps nobody else waiting, and no decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.assurance.forwarding.destinations import secret_name
from fairkeeper.assurance.forwarding.exporting import EventFormat, events_of
from fairkeeper.assurance.forwarding.following import FOLLOW_RECEIVER, PATIENCE
from fairkeeper.assurance.forwarding.happening import Happening, happening
from fairkeeper.assurance.forwarding.kinds import DestinationKind, Receiver
from fairkeeper.assurance.tables import EventDestinationRow
from fairkeeper.database.secrets import SecretStore
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import NewTask, Task, enqueue
from fairkeeper.errors import FairkeeperError
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.jobs.handler import Handler, Schedule, Work
from fairkeeper.values.clock import Clock

FORWARD: Final = "assurance.forward"
EVERY: Final = timedelta(minutes=1)
BATCH: Final = 200
_SIGNED: Final = frozenset({DestinationKind.WEBHOOK, DestinationKind.SENTINEL})
"""Without their secret nothing is delivered."""
_MOST_BATCHES: Final = 50
"""So much in one piece of work; what is left waits for the next."""


class Sender(Protocol):
    """Delivers a batch, or raises."""

    def send(self, to: Receiver, batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Deliver it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Destination:
    id: str
    customer_id: str | None
    event_format: EventFormat
    receiver: Receiver


class ForwardingWork:
    """The handler that delivers.

    Args:
        database: Where the log and the destinations are.
        clock: Tells when.
        secrets: Opens what signs.
        sender: Delivers.
    """

    def __init__(self, database: Database, clock: Clock, secrets: SecretStore, sender: Sender) -> None:
        self._database, self._clock, self._secrets, self._sender = database, clock, secrets, sender

    def work(self) -> Work:
        """Return the handler and its schedule."""
        return Work(
            handlers=(Handler(name=FORWARD, run=self.forward),),
            schedules=(Schedule(name=FORWARD, every=EVERY),),
        )

    def forward(self, _task: Task) -> None:
        """Deliver to every receiver what it has not taken; one that fails is tried again in the next minute."""
        for each in self._destinations():
            try:
                for _ in range(_MOST_BATCHES):
                    if not self._deliver(each):
                        break
            except FairkeeperError as error:
                self._failed(each.id, error.message)

    def _destinations(self) -> list[_Destination]:
        with self._database.read() as session:
            rows = session.scalars(
                select(EventDestinationRow)
                .where(EventDestinationRow.ended_at.is_(None))
                .order_by(EventDestinationRow.destination_id)
            ).all()
            found = []
            for row in rows:
                secret = self._secrets.get(session, secret_name(row.destination_id))
                if secret is None and row.kind in _SIGNED:
                    continue
                receiver = Receiver(
                    kind=DestinationKind(row.kind),
                    address=row.address,
                    settings=row.settings,
                    secret="" if secret is None else secret.reveal().decode(),
                    is_customers=row.customer_id is not None,
                )
                found.append(
                    _Destination(
                        id=row.destination_id,
                        customer_id=row.customer_id,
                        event_format=EventFormat(row.event_format),
                        receiver=receiver,
                    )
                )
        return found

    def _deliver(self, to: _Destination) -> bool:
        """Deliver one batch; return whether there may be more."""
        with self._database.read() as session:
            row = session.get(EventDestinationRow, to.id)
            if row is None or row.ended_at is not None:
                return False
            before, was_failing = row.after, row.failing_since is not None
            statement = select(EntryRow).where(EntryRow.leaf_index.is_not(None), EntryRow.leaf_index > before)
            if to.customer_id is not None:
                statement = statement.where(EntryRow.customer_id == to.customer_id)
            entries = session.scalars(statement.order_by(EntryRow.leaf_index).limit(BATCH)).all()
            told = [_told(entry) for entry in entries]
        if not told:
            if was_failing:
                self._taken(to.id, before, before, None)
            return False
        events = events_of(told, to.event_format)
        last = told[-1].leaf_index
        if events:
            self._sender.send(to.receiver, f"{to.id}-{told[0].leaf_index}-{last}", events)
        self._taken(to.id, before, last, self._clock.now())
        return len(told) == BATCH

    def _taken(self, destination_id: str, before: int, last: int, at: datetime | None) -> None:
        with self._database.write() as session:
            row = session.get(EventDestinationRow, destination_id, with_for_update=True)
            if row is None or row.after != before:
                return
            row.after = last
            row.taken_at = at or row.taken_at
            if row.failing_since is not None:
                self._follow(session, row, self._clock.now())
            row.failing_since, row.last_error = None, None

    def _failed(self, destination_id: str, why: str) -> None:
        with self._database.write() as session:
            row = session.get(EventDestinationRow, destination_id, with_for_update=True)
            if row is None:
                return
            if row.failing_since is None:
                row.failing_since = self._clock.now()
                self._follow(session, row, row.failing_since + PATIENCE)
            row.last_error = why[:300]

    def _follow(self, session: Session, row: EventDestinationRow, due_at: datetime) -> None:
        """Let somebody look whether it still fails then; the look itself decides what is told."""
        task = NewTask(
            name=FOLLOW_RECEIVER,
            key=f"{row.destination_id}:{due_at.isoformat()}",
            due_at=due_at,
            payload={"destination_id": row.destination_id},
            customer_id=row.customer_id,
        )
        enqueue(session, task, now=self._clock.now())


def _told(entry: EntryRow) -> Happening:
    return happening(entry.entry_id, entry.at, entry.header, entry.payload, entry.leaf_index or 0)
