"""The exact promise of the log: an entry for each commit, one place for each entry, in an order that commits explain."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from fairkeeper.action.operation import Circumstances
from fairkeeper.action.principal import system
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append, append_many
from fairkeeper.evidence.integrator import Integrator
from fairkeeper.evidence.reader import customer_records, read_head, read_tree
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.proof.checkpoint import open_checkpoint
from fairkeeper.proof.keys import read_chain
from fairkeeper.proof.merkle import leaf_hash, root_of
from fairkeeper.proof.record import leaf_entry
from tests.actions.evidence.world import Log, draft
from tests.actions.house import NOW
from tests.statements import plan_of, statements

CIRCUMSTANCES = Circumstances(operation="test.tell", principal=system("test"), at=NOW)


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


def placed(log: Log) -> list[EntryRow]:
    with log.database.read() as session:
        return list(session.scalars(select(EntryRow).order_by(EntryRow.leaf_index)))


def test_an_entry_exists_if_and_only_if_its_transaction_committed(log: Log) -> None:
    log.tell(draft(1))

    def change_of_mind() -> None:
        with log.database.write() as session:
            append(session, draft(2), CIRCUMSTANCES)
            session.flush()
            raise RuntimeError("changed its mind")

    with pytest.raises(RuntimeError, match="changed its mind"):
        change_of_mind()
    assert log.integrator.run_until_current() == 1
    assert [row.subject_id for row in placed(log)] == ["1"]


def test_each_entry_gets_one_dense_place_in_the_order_of_commits(log: Log) -> None:
    for number in range(5):
        log.tell(draft(number, "cus_contoso" if number % 2 else "cus_fabrikam"))
    assert log.integrator.run_once() == 5
    log.tell(draft(5, None))
    assert log.integrator.run_once() == 1
    assert log.integrator.run_once() == 0
    rows = placed(log)
    assert [(row.leaf_index, row.subject_id) for row in rows] == [(n, str(n)) for n in range(6)]
    assert [row.customer_index for row in rows] == [0, 0, 1, 1, 2, 0]


def test_a_customers_entries_are_found_in_their_order_by_their_places(sqlite_database: Database) -> None:
    """PostgreSQL chooses by what the tables hold, and would have to be shown a long log first."""
    log = Log(sqlite_database)
    for number in range(4):
        log.tell(draft(number, "cus_contoso" if number % 2 else "cus_fabrikam"))
    log.integrator.run_until_current()
    for customer in ("cus_contoso", None):
        with log.database.read() as session, statements(log.database) as asked:
            list(customer_records(session, customer, count=2))
        (found,) = [each for each in asked if "customer_index >=" in each[0]]
        assert "ix_evidence_entry_place" in plan_of(log.database, *found)


@pytest.mark.parametrize("sizes", [[1, 255, 1, 256, 300], [600], [2] * 130])
def test_tiles_lead_to_the_root_that_the_leaves_give(log: Log, sizes: list[int]) -> None:
    for size in sizes:
        with log.database.write() as session:
            append_many(session, [draft(n) for n in range(size)], CIRCUMSTANCES)
        log.integrator.run_until_current()
    leaves = [
        leaf_hash(leaf_entry(row.header.encode(), row.customer_index or 0, row.header_salt)) for row in placed(log)
    ]
    with log.database.read() as session:
        head = read_head(session)
        assert head.size == len(leaves) == sum(sizes)
        assert head.root == root_of(leaves) == read_tree(session).root()
        signed = open_checkpoint(head.checkpoint.encode(), read_chain(log.reader.key_statements()))
    assert (signed.head.size, signed.head.root) == (head.size, head.root)


def test_two_integrators_and_many_writers_place_everything_once(log: Log) -> None:
    other = Integrator(log.database, log.keys, log.house.clock)
    done = threading.Event()
    failures: list[Exception] = []

    def write(worker: int) -> None:
        try:
            for number in range(25):
                log.tell(draft(1000 * worker + number, f"cus_{worker % 3}"))
        except Exception as error:  # noqa: BLE001 - whatever a thread meets is shown below
            failures.append(error)

    def integrate(integrator: Integrator) -> None:
        try:
            while not done.is_set():
                integrator.run_once()
        except Exception as error:  # noqa: BLE001 - whatever a thread meets is shown below
            failures.append(error)

    integrators = [threading.Thread(target=integrate, args=(i,)) for i in (log.integrator, other)]
    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in (*integrators, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in integrators:
        thread.join()
    log.integrator.run_until_current()
    assert not failures
    rows = placed(log)
    assert [row.leaf_index for row in rows] == list(range(150))
    for customer in ("cus_0", "cus_1", "cus_2"):
        own = [row.customer_index for row in rows if row.customer_id == customer]
        assert own == list(range(50))
    for worker in range(6):  # one thread's commits came one after the other, and so did their places
        numbers = [int(row.subject_id) for row in rows if int(row.subject_id) // 1000 == worker]
        assert numbers == sorted(numbers)


def test_an_idle_log_is_signed_again_after_an_hour_so_that_a_stopped_one_shows(log: Log) -> None:
    from datetime import timedelta

    log.tell(draft(1))
    log.integrator.run_until_current()
    before = log.reader.checkpoint()
    log.house.clock.move(timedelta(minutes=61))
    log.integrator.run_once()
    with log.database.read() as session:
        assert read_head(session).signed_at == log.house.clock.now()
    assert log.reader.checkpoint() == before  # the same head; Ed25519 signs it alike
