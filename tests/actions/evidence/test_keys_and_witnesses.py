"""Keys hand over, witnesses cosign, and a log that goes back or splits is caught by them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.errors import DeniedError
from fairkeeper.evidence import actions, queries
from fairkeeper.evidence.actions import keep_cosignature
from fairkeeper.evidence.errors import CosignatureRefusedError
from fairkeeper.evidence.integrator import Integrator
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.views import ProofState
from fairkeeper.proof.note import SignatureType, SignerKey
from fairkeeper.proof.witness import Refusal, WitnessState, advance, cosigned, watch
from tests.actions.evidence.world import Log, draft
from tests.actions.house import staff

OWNER = staff("owner")
WITNESS = SignerKey.generate("witness.contoso.example", SignatureType.COSIGNATURE)


class Tiles:
    """The published tiles, as a witness fetches them."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    def read(self, level: int, index: int, width: int) -> bytes:
        return self._reader.tile(level, index, width) or b""


@pytest.fixture
def log(database: Database) -> Log:
    log = Log(database)
    log.tell(*(draft(n) for n in range(5)))
    log.integrator.run_until_current()
    return log


def see(log: Log, state: WitnessState) -> WitnessState | Refusal:
    reader = log.reader
    return advance(state, reader.checkpoint(), Tiles(reader), chain=reader.key_statements())


def seen(log: Log, state: WitnessState) -> WitnessState:
    state_or_refusal = see(log, state)
    assert isinstance(state_or_refusal, WitnessState), state_or_refusal
    return state_or_refusal


def test_whoever_trusts_the_first_key_follows_its_successors(log: Log) -> None:
    first = log.first_key
    for _ in range(3):
        log.house.run(actions.rotate_log_key, OWNER)
        log.integrator.run_until_current()
    report = log.verify(log.export(OWNER, "cus_contoso"))
    assert report.ok, report.findings
    assert log.first_key == first
    assert log.house.kinds().count("evidence.log_key_rotated/1") == 3


def test_rotating_keys_is_not_for_everybody(log: Log) -> None:
    with pytest.raises(DeniedError):
        log.house.run(actions.rotate_log_key, staff("support"))


def test_a_witness_follows_growth_and_a_new_key(log: Log) -> None:
    state = seen(log, watch(log.first_key))
    log.tell(*(draft(n) for n in range(400)))
    log.house.run(actions.rotate_log_key, OWNER)
    log.integrator.run_until_current()
    assert seen(log, state).size == 406


def test_a_cosignature_makes_entries_witnessed(log: Log) -> None:
    log.house.run(actions.add_witness, OWNER, witness_key=WITNESS.verifier.text)
    log.integrator.run_until_current()
    note = cosigned(seen(log, watch(log.first_key)), WITNESS, 1_790_000_000)
    with log.database.write() as session:
        assert keep_cosignature(session, note, log.reader) == WITNESS.name
    page = log.house.run(queries.list_entries, OWNER)
    assert {entry.proof for entry in page.entries} == {ProofState.WITNESSED}
    log.tell(draft(77))
    log.integrator.run_until_current()
    newest = log.house.run(queries.list_entries, OWNER).entries[0]
    assert newest.proof is ProofState.NOT_WITNESSED
    view = log.house.run(queries.show_log, OWNER)
    assert (view.witnessed_size, view.witnesses[0].size) == (6, 6)


def test_an_export_carries_the_cosignature_that_covers_it(log: Log) -> None:
    log.house.run(actions.add_witness, OWNER, witness_key=WITNESS.verifier.text)
    asked = log.house.run(actions.request_export, OWNER, customer_id="cus_contoso")
    log.integrator.run_until_current()
    note = cosigned(seen(log, watch(log.first_key)), WITNESS, 1_790_000_000)
    with log.database.write() as session:
        keep_cosignature(session, note, log.reader)
    from fairkeeper.database.session import STAFF

    report = log.verify(log.exporter.write_export(log.exporter.find_export(asked.token, STAFF)))
    assert report.ok, report.findings
    assert [witness.name for witness in report.witnesses] == [WITNESS.name]


@pytest.mark.parametrize("change", ["unknown", "not_ours", "junk"])
def test_a_cosignature_by_a_stranger_or_over_something_else_is_refused(log: Log, change: str) -> None:
    if change != "unknown":
        log.house.run(actions.add_witness, OWNER, witness_key=WITNESS.verifier.text)
    note = cosigned(seen(log, watch(log.first_key)), WITNESS, 1_790_000_000)
    if change == "not_ours":
        from fairkeeper.proof.checkpoint import TreeHead, open_checkpoint, sign_checkpoint

        other = SignerKey.generate("log.fairkeeper.example")
        forged = sign_checkpoint(TreeHead(other.name, 3, bytes(32)), [other])
        from fairkeeper.proof.checkpoint import cosign

        note = cosign(open_checkpoint(forged, [other.verifier]), WITNESS, 1).data
    elif change == "junk":
        note = b"no note at all"
    with pytest.raises(CosignatureRefusedError), log.database.write() as session:
        keep_cosignature(session, note, log.reader)


def test_a_removed_witness_counts_no_longer(log: Log) -> None:
    log.house.run(actions.add_witness, OWNER, witness_key=WITNESS.verifier.text)
    log.integrator.run_until_current()
    note = cosigned(seen(log, watch(log.first_key)), WITNESS, 1_790_000_000)
    with log.database.write() as session:
        keep_cosignature(session, note, log.reader)
    log.house.run(actions.remove_witness, OWNER, name=WITNESS.name)
    assert log.house.run(queries.show_log, OWNER).witnessed_size == 0


def test_a_log_restored_from_an_old_copy_is_caught(sqlite_database: Database, tmp_path: Path) -> None:
    log = Log(sqlite_database)
    log.tell(*(draft(n) for n in range(5)))
    log.integrator.run_until_current()
    state = _copy_and_go_on(log, tmp_path)
    old = _reopen(log, tmp_path / "old.db")
    refusal = see(old, state)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "proof.log_rolled_back"


def test_a_log_that_went_on_otherwise_from_an_old_copy_is_caught(sqlite_database: Database, tmp_path: Path) -> None:
    log = Log(sqlite_database)
    log.tell(*(draft(n) for n in range(5)))
    log.integrator.run_until_current()
    state = _copy_and_go_on(log, tmp_path)
    old = _reopen(log, tmp_path / "old.db")
    old.tell(*(draft(1000 + n) for n in range(20)))
    old.integrator.run_until_current()
    refusal = see(old, state)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "proof.log_forked"


def _copy_and_go_on(log: Log, folder: Path) -> WitnessState:
    with log.database.write() as session:
        session.connection().exec_driver_sql("SELECT 1")
    source = log.database.engine.url.database
    assert source is not None
    for suffix in ("", "-wal", "-shm"):
        if Path(source + suffix).exists():
            shutil.copyfile(source + suffix, folder / f"old.db{suffix}")
    log.tell(*(draft(100 + n) for n in range(5)))
    log.integrator.run_until_current()
    return seen(log, watch(log.first_key))


def _reopen(log: Log, path: Path) -> Log:
    """Return the same log on an older copy of its database, with the same keys."""
    database = Database(DatabaseAddress(url=f"sqlite:///{path}"))
    old = object.__new__(Log)
    old.database, old.keys = database, log.keys
    old.reader = LogReader(database, log.keys)
    old.house = log.house
    old.integrator = Integrator(database, log.keys, log.house.clock)
    return old
