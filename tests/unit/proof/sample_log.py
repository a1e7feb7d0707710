"""A log in memory for tests: it grows, signs, replaces its key and exports, as the server's evidence room does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fairkeeper.proof.checkpoint import TreeHead, cosign, open_checkpoint, sign_checkpoint
from fairkeeper.proof.export import (
    COUNT_FIELD,
    EXPORT_KIND,
    PlacedRecord,
    write_customer_export,
    write_log_export,
)
from fairkeeper.proof.keys import first_statement, next_statement
from fairkeeper.proof.merkle import HASH_BYTES, Frontier, leaf_hash
from fairkeeper.proof.note import SignatureType, SignerKey
from fairkeeper.proof.receipt import make_receipt
from fairkeeper.proof.record import Actor, Header, Subject, leaf_entry, make_record
from fairkeeper.proof.tiles import TiledTree, tile_appends
from fairkeeper.proof.trust import Provenance, make_provenance

ORIGIN = "fairmile.example/log"
CONTOSO = "cus_CONTOSO"
FABRIKAM = "cus_FABRIKAM"
WITNESS = SignerKey.from_seed("witness.example/w1", b"\x77" * 32, SignatureType.COSIGNATURE)
SECOND_WITNESS = SignerKey.from_seed("witness.example/w2", b"\x78" * 32, SignatureType.COSIGNATURE)


class SampleLog:
    """One publisher's log; everything random comes from the seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self.keys = [SignerKey.from_seed(ORIGIN, self._random.randbytes(32))]
        self.chain = [first_statement(self.keys[0])]
        self.placed: list[PlacedRecord] = []
        self.frontier = Frontier()
        self.tiles: dict[tuple[int, int], bytes] = {}
        self._counts: Counter[str | None] = Counter()

    @property
    def anchor(self) -> str:
        return self.keys[0].verifier.text

    @property
    def size(self) -> int:
        return len(self.placed)

    def header(self, customer: str | None, **changes: Any) -> Header:
        number = self.size
        fields: dict[str, Any] = {
            "actor": Actor(id="per_1", kind="person"),
            "at": "2026-11-22T08:30:00.000000Z",
            "cause": None,
            "customer": customer,
            "id": f"ent_{number}",
            "kind": "customers.subscription_activated/1",
            "on_behalf_of": Actor(id="per_2", kind="person"),
            "operation": "customers.activate_subscription",
            "request": "req_1",
            "subject": Subject(id="sub_1", type="subscription"),
        }
        return Header(**(fields | changes))

    def add(
        self, customer: str | None = CONTOSO, payload: Mapping[str, Any] | None = None, **changes: Any
    ) -> PlacedRecord:
        record = make_record(
            self.header(customer, **changes),
            {"plan": "gold", "seats": 5} if payload is None else payload,
            header_salt=self._random.randbytes(32),
            payload_salt=self._random.randbytes(32),
        )
        placed = PlacedRecord(record=record, customer_index=self._counts[customer], leaf_index=self.size)
        self._counts[customer] += 1
        self.place(placed)
        return placed

    def place(self, placed: PlacedRecord) -> None:
        """Integrate a record as it is, however wrong its place."""
        entry = leaf_entry(placed.record.header, placed.customer_index, placed.record.header_salt)
        grown = self.frontier.extend([leaf_hash(entry)])
        self.frontier = grown.frontier
        self.placed.append(placed)
        for append in tile_appends(grown):
            before = self.tiles.get((append.level, append.index), b"")
            assert len(before) == append.start * HASH_BYTES
            self.tiles[append.level, append.index] = before + append.data

    def erase(self, leaf_index: int) -> None:
        placed = self.placed[leaf_index]
        self.placed[leaf_index] = PlacedRecord(
            record=placed.record.erase(), customer_index=placed.customer_index, leaf_index=placed.leaf_index
        )

    def replace_key(self) -> None:
        new = SignerKey.from_seed(ORIGIN, self._random.randbytes(32))
        self.chain.append(next_statement(self.chain, self.keys[-1], new))
        self.keys.append(new)

    def read(self, level: int, index: int, width: int) -> bytes:
        return self.tiles[level, index][: width * HASH_BYTES]

    def tree(self) -> TiledTree:
        return TiledTree(self, self.size)

    def checkpoint(self, witnesses: Sequence[SignerKey] = ()) -> bytes:
        head = TreeHead(ORIGIN, self.size, self.frontier.root())
        data = sign_checkpoint(head, [self.keys[-1]])
        for witness in witnesses:
            data = cosign(open_checkpoint(data, [self.keys[-1].verifier]), witness, 1_795_000_000).data
        return data

    def provenance(self, witnesses: Sequence[SignerKey] = ()) -> Provenance:
        return make_provenance(self.checkpoint(witnesses), self.chain, [witness.verifier for witness in witnesses])

    def add_export_entry(self, customer: str | None = CONTOSO, **changes: Any) -> PlacedRecord:
        count = self._counts[customer] + 1
        return self.add(customer, {COUNT_FIELD: count}, kind=EXPORT_KIND, operation="evidence.export", **changes)

    def lines(self, customer: str | None = CONTOSO, witnesses: Sequence[SignerKey] = ()) -> list[bytes]:
        """Write a customer's export of what the log holds now."""
        own = [placed for placed in self.placed if f'"customer":"{customer}"'.encode() in placed.record.header]
        return list(write_customer_export(self.provenance(witnesses), customer, own, count=len(own), tree=self.tree()))

    def log_lines(self, witnesses: Sequence[SignerKey] = ()) -> list[bytes]:
        return list(write_log_export(self.provenance(witnesses), self.placed, count=self.size))

    def receipt(self, placed: PlacedRecord, witnesses: Sequence[SignerKey] = ()) -> bytes:
        return make_receipt(self.provenance(witnesses), placed, self.tree())


def filled_log(entries: int = 6, *, seed: int = 0) -> SampleLog:
    """Return a log where Contoso's and Fabrikam's entries alternate, with one erased, and Contoso's export entry."""
    log = SampleLog(seed)
    for number in range(entries):
        log.add(CONTOSO if number % 2 == 0 else FABRIKAM, {"number": number, "who": "Zoë"})
    log.erase(2)
    log.add_export_entry()
    log.add(FABRIKAM)
    return log
