"""Files that leave the log with their proofs: a customer's export, the whole log, a receipt.

Read in one snapshot, written as a stream; the form and its verifier are in `fairkeeper.proof`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from fairkeeper.database.session import STAFF, Database, Scope
from fairkeeper.errors import UnavailableError
from fairkeeper.evidence.errors import EntryNotFoundError
from fairkeeper.evidence.reader import customer_records, log_records, placed_record, read_head, read_proof_base
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.proof.canonical import read_canonical
from fairkeeper.proof.export import EXPORT_KIND, SCOPE_FIELD, write_customer_export, write_log_export
from fairkeeper.proof.receipt import make_receipt


class Exporter:
    """Writes files of evidence.

    Args:
        database: Where the log is.
        keys: The log's keys.
    """

    def __init__(self, database: Database, keys: LogKeys) -> None:
        self._database = database
        self._keys = keys

    def find_export(self, token: str, scope: Scope) -> EntryRow:
        """Return the entry of an export that was asked for, once it has its place.

        Raises:
            EntryNotFoundError: There is no such export for this scope.
            UnavailableError: `evidence.not_integrated`, it waits for the next checkpoint.
        """
        with self._database.read(scope) as session:
            row = session.scalars(
                select(EntryRow).where(EntryRow.subject_type == "export", EntryRow.subject_id == token)
            ).first()
        return self._placed(row, f"There is no export {token!r} here.", kind=EXPORT_KIND)

    def find_entry(self, entry_id: str, scope: Scope) -> EntryRow:
        """Return an entry by id, once it has its place.

        Raises:
            EntryNotFoundError: There is no such entry for this scope.
            UnavailableError: `evidence.not_integrated`.
        """
        with self._database.read(scope) as session:
            row = session.scalars(select(EntryRow).where(EntryRow.entry_id == entry_id)).first()
        return self._placed(row, f"There is no entry {entry_id!r} here.", kind=None)

    def write_export(self, entry: EntryRow) -> Iterator[bytes]:
        """Write the export that ends with this entry, line by line; or the whole log, if that is what it tells of."""
        if read_canonical((entry.payload or "{}").encode()).get(SCOPE_FIELD) == "log":
            yield from self.write_log()
            return
        count = (entry.customer_index or 0) + 1
        with self._database.read(STAFF) as session:
            base = read_proof_base(session, self._keys, at_least=(entry.leaf_index or 0) + 1)
            records = customer_records(session, entry.customer_id, count=count)
            yield from write_customer_export(base.provenance, entry.customer_id, records, count=count, tree=base.tree)

    def write_log(self) -> Iterator[bytes]:
        """Write the whole log up to its head, line by line; for staff who may see everything."""
        with self._database.read(STAFF) as session:
            size = read_head(session).size
            base = read_proof_base(session, self._keys, at_least=size)
            yield from write_log_export(base.provenance, log_records(session, count=base.size), count=base.size)

    def write_receipt(self, entry: EntryRow) -> bytes:
        """Return the receipt of an entry: the statement in its payload, with its proofs."""
        placed = placed_record(entry)
        with self._database.read(STAFF) as session:
            base = read_proof_base(session, self._keys, at_least=placed.leaf_index + 1)
            return make_receipt(base.provenance, placed, base.tree)

    @staticmethod
    def _placed(row: EntryRow | None, missing: str, *, kind: str | None) -> EntryRow:
        if row is None or (kind is not None and row.kind != kind):
            raise EntryNotFoundError(missing)
        if row.leaf_index is None:
            msg = f"The entry {row.entry_id} waits for the next checkpoint."
            raise UnavailableError(msg, code="evidence.not_integrated", remedy="Try again in a second.")
        return row
