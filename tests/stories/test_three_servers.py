"""Three servers on one PostgreSQL that all live: one log, each work done once, each slot of a schedule planted once."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from fairkeeper.customers.tables import ReconciliationRow
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.proof.merkle import Frontier, leaf_hash
from fairkeeper.proof.record import leaf_entry
from tests.stories.record_check import check_everything
from tests.stories.rehearsal import Rehearsal, rehearse, three_servers

pytestmark = [pytest.mark.slow, pytest.mark.postgresql, pytest.mark.timeout(600)]

ROUNDS = 6
WEBHOOKS_A_ROUND = 20
SCHEDULED = {"customers.reconcile", "access.sweep", "action.sweep"}


def test_three_servers_share_the_work(postgresql_new: DatabaseAddress, tmp_path: Path) -> None:
    with rehearse(postgresql_new, tmp_path, seed=5, lease_seconds=60) as rehearsal:
        three_servers(rehearsal)
        with _heads_of_all(rehearsal) as heads:
            for _ in range(ROUNDS):
                rehearsal.crowd.act(WEBHOOKS_A_ROUND)
                rehearsal.wait_until_settled()
        assert not rehearsal.door.cut_off
        check_everything(rehearsal, webhooks=ROUNDS * WEBHOOKS_A_ROUND)
        _check_that_nothing_was_tried_twice(rehearsal)
        _check_slots(rehearsal)
        _check_that_all_heads_are_of_one_log(rehearsal, heads)


def _check_that_nothing_was_tried_twice(rehearsal: Rehearsal) -> None:
    """While everybody lives, at least once is once: but for what failed and was tried again."""
    with rehearsal.database.read() as session:
        tasks = list(session.scalars(select(TaskRow)))
    twice = [(each.name, each.key) for each in tasks if each.attempts > 1 and each.last_error is None]
    assert twice == []
    calls = {key: count for key, count in rehearsal.systems.calls.items() if count > 1}
    assert calls == {}


def _check_slots(rehearsal: Rehearsal) -> None:
    with rehearsal.database.read() as session:
        tasks = list(session.scalars(select(TaskRow).where(TaskRow.name.in_(SCHEDULED))))
        reconciliations = len(session.scalars(select(ReconciliationRow)).all())
    slots = Counter((each.name, each.key) for each in tasks)
    assert set(slots.values()) == {1}
    assert {each.name for each in tasks} == SCHEDULED
    assert {(each.state, each.attempts) for each in tasks} == {(TaskState.DONE.value, 1)}
    assert reconciliations == sum(each.name == "customers.reconcile" for each in tasks)


@contextmanager
def _heads_of_all(rehearsal: Rehearsal) -> Iterator[set[tuple[int, bytes]]]:
    """Read the checkpoints of all servers while the block lasts; yields the heads that were seen."""
    heads: set[tuple[int, bytes]] = set()
    ended = threading.Event()

    def watch(url: str) -> None:
        while not ended.wait(0.1):
            _, size, root, *_ = httpx.get(f"{url}/log/checkpoint", timeout=30).text.split("\n")
            heads.add((int(size), base64.b64decode(root)))

    threads = [threading.Thread(target=watch, args=(server.url,), daemon=True) for server in rehearsal.servers]
    for thread in threads:
        thread.start()
    try:
        yield heads
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=40)


def _check_that_all_heads_are_of_one_log(rehearsal: Rehearsal, heads: set[tuple[int, bytes]]) -> None:
    """Whichever server was asked, and when: its head is a beginning of the one log."""
    with rehearsal.database.read() as session:
        rows = session.scalars(select(EntryRow).order_by(EntryRow.leaf_index)).all()
    assert [each.leaf_index for each in rows] == list(range(len(rows)))
    frontier = Frontier.from_bytes(0, b"")
    roots = {0: frontier.root()}
    for row in rows:
        assert row.customer_index is not None
        entry = leaf_entry(row.header.encode(), row.customer_index, row.header_salt)
        frontier = frontier.extend([leaf_hash(entry)]).frontier
        roots[frontier.size] = frontier.root()
    assert len(heads) > ROUNDS
    assert {(size, root) for size, root in heads if roots[size] != root} == set()
