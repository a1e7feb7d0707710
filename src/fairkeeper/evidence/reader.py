"""Reads the log: its published files, the tree at its head, and entries with their places.

Nothing here decides or changes; channels serve what it returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.database.session import Database
from fairkeeper.errors import UnavailableError
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import ENTRIES_LEVEL, HEAD_ID, CosignatureRow, EntryRow, HeadRow, TileRow, WitnessRow
from fairkeeper.evidence.views import LogView, WitnessView
from fairkeeper.proof.export import PlacedRecord
from fairkeeper.proof.keys import read_chain
from fairkeeper.proof.merkle import HASH_BYTES
from fairkeeper.proof.note import VerifierKey
from fairkeeper.proof.record import Record
from fairkeeper.proof.tiles import ENTRY_BYTES, TiledTree
from fairkeeper.proof.trust import Provenance, make_provenance

PAGE = 1000
_BUNDLE_STEP = 2 + ENTRY_BYTES


class EmptyLogError(UnavailableError):
    """The log has no head yet."""

    code = "evidence.no_checkpoint"
    remedy = "Try again in a second: the first checkpoint is being signed."


class StoredTiles:
    """The database as a `TileReader`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile; fewer bytes if there are fewer."""
        row = self._session.get(TileRow, (level, index))
        return b"" if row is None else row.data[: width * HASH_BYTES]


class LogReader:
    """Reads what is public of the log in a session of its own; also for those who may see one customer's rows alone.

    Args:
        database: Where the log is.
        keys: Its keys.
    """

    def __init__(self, database: Database, keys: LogKeys) -> None:
        self._database = database
        self._keys = keys

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint as published."""
        with self._database.read() as session:
            return read_checkpoint(session).encode()

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        """Return a tile of hashes, or None where the log does not reach that far."""
        with self._database.read() as session:
            return read_tile(session, level, index, width)

    def bundle(self, index: int, width: int) -> bytes | None:
        """Return a bundle of entries, or None where the log does not reach that far."""
        with self._database.read() as session:
            return read_bundle(session, index, width)

    def key_statements(self) -> list[str]:
        """Return the chain of the log's keys (`fairkeeper.proof.keys`)."""
        with self._database.read() as session:
            return self._keys.chain(session)

    def witnessed_size(self) -> int:
        """Return up to which size of the log a witness has cosigned; 0 where none has."""
        with self._database.read() as session:
            return witnessed_size(session)

    def view(self) -> LogView:
        """Return the log at a glance: head, keys, witnesses."""
        with self._database.read() as session:
            head = session.get(HeadRow, HEAD_ID)
            waiting = session.scalars(
                select(func.count()).select_from(EntryRow).where(EntryRow.leaf_index.is_(None))
            ).one()
            cosigned = {row.witness: row for row in session.scalars(select(CosignatureRow))}
            keys = read_chain(self._keys.chain(session))
            return LogView(
                origin=keys[0].name,
                size=head.size if head else 0,
                waiting=waiting,
                root=head.root.hex() if head else "",
                checkpoint=head.checkpoint if head else "",
                signed_at=head.signed_at if head else None,
                keys=tuple(key.text for key in keys),
                witnesses=tuple(_witness(row, cosigned.get(row.name)) for row in active_witnesses(session)),
                witnessed_size=witnessed_size(session),
            )

    @contextmanager
    def proofs(self, *, at_least: int) -> Iterator[ProofBase]:
        """Open what proofs are made against; usable while the block lasts."""
        with self._database.read() as session:
            yield read_proof_base(session, self._keys, at_least=at_least)


def read_head(session: Session) -> HeadRow:
    """Return the log's head.

    Raises:
        EmptyLogError: There is none yet.
    """
    head = session.get(HeadRow, HEAD_ID)
    if head is None:
        msg = "The log has no checkpoint yet."
        raise EmptyLogError(msg)
    return head


def read_waiting_since(session: Session) -> datetime | None:
    """Return when the oldest entry was recorded that has no place yet; None when none waits."""
    waiting = select(EntryRow.at).where(EntryRow.leaf_index.is_(None)).order_by(EntryRow.id).limit(1)
    return session.scalars(waiting).first()


def read_tree(session: Session) -> TiledTree:
    """Return the tree at the log's head."""
    return TiledTree(StoredTiles(session), read_head(session).size)


def read_tile(session: Session, level: int, index: int, width: int) -> bytes | None:
    """Return a published tile of hashes, or None where the log does not reach that far."""
    data = StoredTiles(session).read(level, index, width)
    return data if len(data) == width * HASH_BYTES else None


def read_bundle(session: Session, index: int, width: int) -> bytes | None:
    """Return a published bundle of entries, or None where the log does not reach that far."""
    row = session.get(TileRow, (ENTRIES_LEVEL, index))
    data = b"" if row is None else row.data[: width * _BUNDLE_STEP]
    return data if len(data) == width * _BUNDLE_STEP else None


def read_checkpoint(session: Session) -> str:
    """Return the newest checkpoint, with the cosignatures of witnesses that signed exactly it."""
    head = read_head(session)
    return head.checkpoint + "".join(_cosignature_lines(session, head))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofBase:
    """What proofs are made against: a checkpoint, where it comes from, and the tree of its size."""

    provenance: Provenance
    size: int
    tree: TiledTree


def read_proof_base(session: Session, keys: LogKeys, *, at_least: int) -> ProofBase:
    """Return the best checkpoint of at least a size: one that a witness cosigned if there is such, else the newest.

    Raises:
        UnavailableError: `evidence.not_integrated`, the log is not that long yet.
    """
    head = read_head(session)
    if head.size < at_least:
        raise _not_integrated(f"The log has {head.size} placed entries of at least {at_least}")
    witnesses = [VerifierKey.parse(row.vkey) for row in active_witnesses(session)]
    cosigned = session.scalars(
        select(CosignatureRow)
        .join(WitnessRow, WitnessRow.name == CosignatureRow.witness)
        .where(WitnessRow.removed_at.is_(None), CosignatureRow.size >= at_least)
        .order_by(CosignatureRow.size.desc())
    ).all()
    if cosigned:
        lines = [row.line for row in cosigned if row.size == cosigned[0].size and row.root == cosigned[0].root]
        checkpoint, size = cosigned[0].checkpoint + "".join(lines), cosigned[0].size
    else:
        checkpoint, size = head.checkpoint, head.size
    provenance = make_provenance(checkpoint.encode(), keys.chain(session), witnesses)
    return ProofBase(provenance=provenance, size=size, tree=TiledTree(StoredTiles(session), size))


def active_witnesses(session: Session) -> list[WitnessRow]:
    """Return the witnesses whose cosignatures count."""
    return list(session.scalars(select(WitnessRow).where(WitnessRow.removed_at.is_(None)).order_by(WitnessRow.name)))


def witnessed_size(session: Session) -> int:
    """Return up to which size of the log a witness has cosigned; 0 where none has."""
    statement = (
        select(func.max(CosignatureRow.size))
        .join(WitnessRow, WitnessRow.name == CosignatureRow.witness)
        .where(WitnessRow.removed_at.is_(None))
    )
    return session.scalars(statement).one() or 0


def placed_record(row: EntryRow) -> PlacedRecord:
    """Return an integrated entry as a record with its place.

    Raises:
        UnavailableError: `evidence.not_integrated`, it has no place yet.
    """
    if row.leaf_index is None or row.customer_index is None:
        raise _not_integrated(f"The entry {row.entry_id} waits for the next checkpoint")
    record = Record(
        header=row.header.encode(),
        header_salt=row.header_salt,
        payload=None if row.payload is None else row.payload.encode(),
        payload_salt=row.payload_salt,
    )
    return PlacedRecord(record=record, customer_index=row.customer_index, leaf_index=row.leaf_index)


def customer_records(session: Session, customer_id: str | None, *, count: int) -> Iterator[PlacedRecord]:
    """Yield the first `count` entries of a customer's log (None: the publisher's own) in their order."""
    for start in range(0, count, PAGE):
        statement = (
            select(EntryRow)
            .where(
                EntryRow.customer_id.is_(None) if customer_id is None else EntryRow.customer_id == customer_id,
                EntryRow.customer_index >= start,
                EntryRow.customer_index < min(start + PAGE, count),
            )
            .order_by(EntryRow.customer_index)
        )
        yield from map(placed_record, session.scalars(statement))
        session.expunge_all()


def log_records(session: Session, *, count: int) -> Iterator[PlacedRecord]:
    """Yield the first `count` entries of the whole log in their order."""
    for start in range(0, count, PAGE):
        statement = (
            select(EntryRow)
            .where(EntryRow.leaf_index >= start, EntryRow.leaf_index < min(start + PAGE, count))
            .order_by(EntryRow.leaf_index)
        )
        yield from map(placed_record, session.scalars(statement))
        session.expunge_all()


def _cosignature_lines(session: Session, head: HeadRow) -> list[str]:
    statement = (
        select(CosignatureRow.line)
        .join(WitnessRow, WitnessRow.name == CosignatureRow.witness)
        .where(WitnessRow.removed_at.is_(None), CosignatureRow.size == head.size, CosignatureRow.root == head.root)
        .order_by(CosignatureRow.witness)
    )
    return list(session.scalars(statement))


def _witness(row: WitnessRow, cosigned: CosignatureRow | None) -> WitnessView:
    return WitnessView(
        name=row.name,
        key=row.vkey,
        size=None if cosigned is None else cosigned.size,
        cosigned_at=None if cosigned is None else cosigned.at,
    )


def _not_integrated(reason: str) -> UnavailableError:
    return UnavailableError(f"{reason}.", code="evidence.not_integrated", remedy="Try again in a second.")
