"""A log to test with: the room's operations over a real database, an integrator that is run by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fairkeeper.action.operation import Circumstances, EvidenceDraft
from fairkeeper.action.principal import system
from fairkeeper.action.registry import Registry
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import STAFF, Database, Scope
from fairkeeper.evidence import actions, queries
from fairkeeper.evidence.append import append
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.integrator import Integrator, ensure_head
from fairkeeper.evidence.ports import LegalHolds, NoHolds
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.proof.receipt import ReceiptReport, verify_receipt
from fairkeeper.proof.verification import ExportReport, verify_export
from fairkeeper.values.ids import CustomerId
from tests.actions.house import NOW, House

ORIGIN = "log.fairkeeper.example"
OPERATIONS = (*actions.OPERATIONS, *queries.OPERATIONS)


class Log:
    """A house with a log.

    Args:
        database: An empty one.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.keys = LogKeys(ORIGIN, SecretStore(MasterKeys([MasterKeys.new_key()])))
        self.reader = LogReader(database, self.keys)
        with database.write() as session:
            ensure_head(session, self.keys, now=NOW)
        ports: dict[type, object] = {
            LogReader: self.reader,
            LogKeys: self.keys,
            LegalHolds: NoHolds(),
            Registry: Registry(OPERATIONS),
        }
        self.house = House(database, OPERATIONS, ports)
        self.integrator = Integrator(database, self.keys, self.house.clock)
        self.exporter = Exporter(database, self.keys)

    def tell(self, *drafts: EvidenceDraft, scope: Scope = STAFF) -> None:
        """Append entries, each in a transaction of its own."""
        circumstances = Circumstances(operation="test.tell", principal=system("test"), at=NOW)
        for draft in drafts:
            with self.database.write(scope) as session:
                append(session, draft, circumstances)

    def export(self, by: Any, customer_id: str | None = None, *, scope: Scope = STAFF) -> list[bytes]:
        """Ask for an export, let it find its place, and return its lines."""
        asked = self.house.run(actions.request_export, by, customer_id=customer_id)
        self.integrator.run_until_current()
        return list(self.exporter.write_export(self.exporter.find_export(asked.token, scope)))

    def verify(self, lines: Iterable[bytes]) -> ExportReport:
        """Verify an export with the log's own first key as the anchor."""
        return verify_export(lines, [self.first_key])

    def verify_receipt(self, data: bytes) -> ReceiptReport:
        """Verify a receipt with the log's own first key as the anchor."""
        return verify_receipt(data, [self.first_key])

    @property
    def first_key(self) -> str:
        """The key the log began with."""
        from fairkeeper.proof.keys import read_chain

        return read_chain(self.reader.key_statements())[0].text


def draft(number: int, customer_id: str | None = "cus_contoso", *, kind: str = "test.told/1") -> EvidenceDraft:
    """Return a draft that says its number."""
    return EvidenceDraft(
        kind=kind,
        subject_type="thing",
        subject_id=str(number),
        customer_id=None if customer_id is None else CustomerId(customer_id),
        payload={"number": number, "who": "Ada of Contoso"},
    )
