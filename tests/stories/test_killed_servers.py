"""Servers are killed while webhooks come in: what was acknowledged is kept, done once, and proved by the log."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.tasks import TaskRow
from fairkeeper.jobs.worker import POLL_SECONDS
from fairkeeper.sandbox.marketplace.faults import Faults
from tests.stories.forked_server import ForkedServer
from tests.stories.record_check import check_everything
from tests.stories.rehearsal import LEASE_SECONDS, Rehearsal, rehearse, started_server, three_servers, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = 20
WEBHOOKS = 500
SLOW_MACHINE_SECONDS = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseAddress:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return DatabaseAddress(url=f"sqlite:///{tmp_path / 'fairkeeper.db'}")
    found: DatabaseAddress = request.getfixturevalue("postgresql_new")
    return found


def test_nothing_acknowledged_is_lost_or_done_twice(address: DatabaseAddress, tmp_path: Path) -> None:
    with rehearse(address, tmp_path, seed=20) as rehearsal:
        for number in range(KILLS):
            server = started_server(rehearsal)
            rehearsal.crowd.act(WEBHOOKS // KILLS)
            _wait_for_a_bad_moment(rehearsal, number)
            rehearsal.kill(server)
        last = started_server(rehearsal)
        rehearsal.wait_until_settled()
        assert rehearsal.door.cut_off
        check_everything(rehearsal, webhooks=WEBHOOKS)
        assert last.stop() == 0


@pytest.mark.postgresql
def test_survivors_go_on_when_one_of_three_is_killed(postgresql_new: DatabaseAddress, tmp_path: Path) -> None:
    with rehearse(postgresql_new, tmp_path, seed=3) as rehearsal:
        servers = three_servers(rehearsal)
        for number in range(KILLS):
            rehearsal.crowd.act(WEBHOOKS // KILLS)
            _wait_for_a_bad_moment(rehearsal, number)
            rehearsal.kill(servers.pop(rehearsal.chance.randrange(len(servers))))
            servers.append(started_server(rehearsal))
        rehearsal.wait_until_settled()
        check_everything(rehearsal, webhooks=WEBHOOKS)


@pytest.mark.postgresql
def test_a_killed_ones_work_is_taken_over_when_its_lease_ends(postgresql_new: DatabaseAddress, tmp_path: Path) -> None:
    with rehearse(postgresql_new, tmp_path, seed=4) as rehearsal:
        servers = three_servers(rehearsal)
        late_seconds = []
        while len(servers) > 1:
            rehearsal.wait_until_settled()
            victim = servers.pop(0)
            held_until_at = _let_claim_a_notice(rehearsal, victim, frozen=servers)
            rehearsal.kill(victim)
            for survivor in servers:
                survivor.thaw()
                rehearsal.door.open_to(survivor.url)
            claimed_at = _leased_until_at(rehearsal, attempts=2) - timedelta(seconds=LEASE_SECONDS)
            late_seconds.append((claimed_at - held_until_at).total_seconds())
        rehearsal.wait_until_settled()
        check_everything(rehearsal, webhooks=len(late_seconds))
        assert min(late_seconds) >= 0, "a lease that still ran was not respected"
        assert max(late_seconds) < POLL_SECONDS + SLOW_MACHINE_SECONDS


def _let_claim_a_notice(rehearsal: Rehearsal, victim: ForkedServer, *, frozen: list[ForkedServer]) -> datetime:
    """Make one server take a notice and ask Microsoft slowly, while the others stand still; return its lease's end."""
    for server in frozen:
        rehearsal.door.close_to(server.url)
        server.freeze()
    rehearsal.sandbox.controls.faults.set(Faults(slow_next_calls=1, slow_seconds=20))
    rehearsal.crowd.act(1)
    return _leased_until_at(rehearsal, attempts=1)


def _leased_until_at(rehearsal: Rehearsal, *, attempts: int) -> datetime:
    """Wait until work on a notice is claimed for the n-th time; return when that lease ends."""
    found: list[datetime | None] = []
    claimed = (TaskRow.name == "customers.follow_notice", TaskRow.attempts == attempts, TaskRow.leased_until > EPOCH)

    def is_claimed() -> bool:
        with rehearsal.database.read() as session:
            found.extend(session.scalars(select(TaskRow.leased_until).where(*claimed)))
        return bool(found)

    wait_until(is_claimed, seconds=60, what=f"work on a notice was claimed {attempts} times")
    assert found[0] is not None
    return found[0]


def _wait_for_a_bad_moment(rehearsal: Rehearsal, number: int) -> None:
    """Half of the moments are amid the webhooks of this round, the others amid the work that follows."""
    if number % 2:
        time.sleep(rehearsal.chance.uniform(0, 0.8))
        return
    seen = rehearsal.door.acknowledged.total() + rehearsal.chance.randrange(WEBHOOKS // KILLS)
    wait_until(lambda: rehearsal.door.acknowledged.total() >= seen, seconds=20, what=f"{seen} acknowledged")
