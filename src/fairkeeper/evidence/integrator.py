"""The integrator: gives each committed entry its place, once, and signs the new head.

Any process may run it, one at a time: whoever integrates holds the head row locked. It takes entries that have no
place `ORDER BY id` in one snapshot; so an entry that committed before another's transaction began gets the lower
index, and concurrent ones come in either order. Until then an entry is durable but not yet tamper-evident.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from fairkeeper.database.session import Database
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import ENTRIES_LEVEL, HEAD_ID, CountRow, EntryRow, HeadRow, TileRow
from fairkeeper.proof.checkpoint import TreeHead, sign_checkpoint
from fairkeeper.proof.merkle import EMPTY_ROOT, Frontier, leaf_hash
from fairkeeper.proof.record import leaf_entry
from fairkeeper.proof.tiles import bundle_appends, tile_appends
from fairkeeper.values.clock import Clock

_log = structlog.get_logger(__name__)

BATCH = 1000
"""Entries in one transaction; about 50 ms of the write lock."""
PUBLISHER = "publisher"
"""Under which the publisher's own entries are counted."""
FRESHNESS = timedelta(hours=1)
"""A head without growth is signed again after this, so that a stopped integrator shows."""


def ensure_head(session: Session, keys: LogKeys, *, now: datetime) -> None:
    """Make the empty log's head and first key if there are none."""
    keys.ensure(session, now=now)
    if session.get(HeadRow, HEAD_ID) is None:
        checkpoint = _signed(session, keys, TreeHead(keys.origin, 0, EMPTY_ROOT))
        session.add(HeadRow(id=HEAD_ID, size=0, root=EMPTY_ROOT, frontier=b"", checkpoint=checkpoint, signed_at=now))
        session.flush()


def integrate(session: Session, keys: LogKeys, *, now: datetime, limit: int = BATCH) -> int:
    """Place up to `limit` entries in the caller's transaction and sign the head; return how many were placed."""
    head = session.get(HeadRow, HEAD_ID, with_for_update=True)
    if head is None:
        ensure_head(session, keys, now=now)
        return integrate(session, keys, now=now, limit=limit)
    rows = session.execute(_OPEN.limit(limit)).all()
    if not rows and now - head.signed_at < FRESHNESS and head.checkpoint:
        return 0
    frontier = Frontier.from_bytes(head.size, head.frontier)
    counts = _counts(session, {_owner(row.customer_id): row.customer_id for row in rows})
    places = []
    entries = []
    for offset, row in enumerate(rows):
        count = counts[_owner(row.customer_id)]
        customer_index = count.entries
        count.entries += 1
        entries.append(leaf_entry(row.header.encode(), customer_index, row.header_salt))
        places.append({"row_id": row.id, "leaf": head.size + offset, "own": customer_index})
    if places:
        session.connection().execute(_PLACE, places)
    extension = frontier.extend([leaf_hash(entry) for entry in entries])
    for bundle in bundle_appends(head.size, entries):
        _grow(session, ENTRIES_LEVEL, bundle.index, bundle.data)
    for tile in tile_appends(extension):
        _grow(session, tile.level, tile.index, tile.data)
    root = extension.frontier.root()
    head.checkpoint = _signed(session, keys, TreeHead(keys.origin, extension.frontier.size, root))
    head.size, head.root, head.frontier = extension.frontier.size, root, extension.frontier.to_bytes()
    head.signed_at = now
    session.flush()
    return len(rows)


class Integrator:
    """Integrates in a thread of its own, about once a second, sooner while there is a backlog.

    Args:
        database: Where the log is.
        keys: What signs it.
        clock: When a head is signed.
        interval_seconds: Time between looks.
    """

    def __init__(self, database: Database, keys: LogKeys, clock: Clock, *, interval_seconds: float = 0.5) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="integrator", daemon=True)

    def start(self) -> None:
        """Begin to integrate."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the present batch."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._thread.is_alive() and not self._stop.is_set()

    def run_once(self) -> int:
        """Place one batch and return how many entries it had."""
        with self._database.write() as session:
            return integrate(session, self._keys, now=self._clock.now())

    def run_until_current(self) -> int:
        """Place everything that is committed now; return how many entries were placed."""
        total = 0
        while placed := self.run_once():
            total += placed
        return total

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                placed = self.run_once() if self._has_work() else 0
            except Exception as error:  # noqa: BLE001 - boundary of the thread: entries stay open and are taken next time
                _log.warning("integrator.failed", error=f"{type(error).__name__}: {error}")
                placed = 0
            if placed < BATCH:
                self._stop.wait(self._interval_seconds)

    def _has_work(self) -> bool:
        """Look without the head's lock, so that an idle log writes nothing."""
        with self._database.read() as session:
            head = session.get(HeadRow, HEAD_ID)
            if head is None or self._clock.now() - head.signed_at >= FRESHNESS:
                return True
            return session.execute(_OPEN.limit(1)).first() is not None


_OPEN = (
    select(EntryRow.id, EntryRow.customer_id, EntryRow.header, EntryRow.header_salt)
    .where(EntryRow.leaf_index.is_(None))
    .order_by(EntryRow.id)
)
_TABLE = EntryRow.__table__
_PLACE = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.id == bindparam("row_id"))
    .values(leaf_index=bindparam("leaf"), customer_index=bindparam("own"))
)


def _owner(customer_id: str | None) -> str:
    return customer_id or PUBLISHER


def _counts(session: Session, owners: dict[str, str | None]) -> dict[str, CountRow]:
    """Return the rows that count each owner's entries, made where there is none; what they count is written back."""
    counts = {row.owner: row for row in session.scalars(select(CountRow).where(CountRow.owner.in_(owners)))}
    for owner in owners.keys() - counts.keys():
        counts[owner] = CountRow(owner=owner, customer_id=owners[owner], entries=0)
        session.add(counts[owner])
    return counts


def _grow(session: Session, level: int, index: int, data: bytes) -> None:
    tile = session.get(TileRow, (level, index))
    if tile is None:
        session.add(TileRow(level=level, index=index, data=data))
    else:
        tile.data += data


def _signed(session: Session, keys: LogKeys, head: TreeHead) -> str:
    return sign_checkpoint(head, keys.signers(session)).decode()
