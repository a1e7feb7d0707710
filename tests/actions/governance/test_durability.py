"""No call is let through without its durable record: killed at any instant, disk full, database gone or weakened."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from fairkeeper.database.engine import normalise_url
from fairkeeper.database.errors import UnsafeDatabaseError
from fairkeeper.database.session import Database
from fairkeeper.governance.deciding.checkpointing import ROWS_BETWEEN, Checkpointer
from fairkeeper.governance.deciding.connection import PostgreSQLConnection, SQLiteConnection
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.tables import DecisionRow
from fairkeeper.policy.decision.reasons import Reason
from tests.actions.governance.world import Agent, World, call, make_world

KILLS = 50


def arranged(database: Database) -> tuple[World, Agent]:
    """Return a world and an agent in it that may pay."""
    world = make_world(database)
    return world, world.agent(world.customer("contoso"), world.tool("pay"))


@contextmanager
def enforcement_point(world: World, agent: Agent, executed: Path) -> Iterator[int]:
    """Start a process that asks at full rate and calls its tool (a line in a file) only after a yes; yields its id."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            asyncio.run(_ask_for_ever(world, agent, executed, writing))
        finally:
            os._exit(1)
    os.close(writing)
    try:
        assert os.read(reading, 1) == b"1"
        yield child
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


async def _ask_for_ever(world: World, agent: Agent, executed: Path, ready: int) -> None:
    point = DecisionPoint(world.database.address, world.clock, world.questions)
    tool = os.open(executed, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def caller() -> None:
        while True:
            decided = await point.decide(call(agent))
            if decided.verdict.allowed:
                os.write(tool, f"{decided.decision_id}\n".encode())

    decided = await point.decide(call(agent))  # so that it is warm, and every process has executed something
    os.write(tool, f"{decided.decision_id}\n".encode())
    os.write(ready, b"1")
    await asyncio.gather(*(caller() for _ in range(8)))


def test_a_process_killed_at_any_instant_has_executed_nothing_without_a_record(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """What SIGKILL cannot show, that the disk was asked to keep it, is what the tests of weak settings show."""
    world, clerk = arranged(sqlite_database)
    sqlite_database.dispose()  # a connection must not be carried into another process
    executed = tmp_path / "executed"
    executed.touch()
    dice = random.Random(7)
    for _ in range(KILLS):
        with enforcement_point(world, clerk, executed):
            time.sleep(dice.uniform(0, 0.03))
    done = executed.read_text().splitlines()
    recorded = {row.decision_id for row in world.rows(DecisionRow, DecisionRow.allowed.is_(True))}
    assert len(done) >= KILLS
    assert set(done) <= recorded
    assert len(done) == len(set(done))


def test_a_full_disk_is_a_no(sqlite_database: Database) -> None:
    world, clerk = arranged(sqlite_database)

    async def story() -> list[Reason]:
        point = DecisionPoint(world.database.address, world.clock, world.questions)
        first = await point.decide(call(clerk))
        connection = point._connection  # noqa: SLF001 - nobody else may break it
        assert isinstance(connection, SQLiteConnection)
        (pages,) = connection.rows("PRAGMA page_count")[0]
        connection.run(f"PRAGMA max_page_count={pages}")
        large = {"amount": 1, "to": "x" * 100}
        later = [(await point.decide(call(clerk, arguments=large, task_id=str(n)))).verdict for n in range(60)]
        point.close()
        refused = [verdict.reason for verdict in later if not verdict.allowed]
        assert len([verdict for verdict in later if verdict.allowed]) == len(world.rows(DecisionRow)) - 1
        return [first.verdict.reason, *refused]

    found = world.loop(story())
    assert found[0] is Reason.PERMITTED
    assert set(found[1:]) == {Reason.NOT_RECORDED}


def test_a_database_that_is_gone_is_a_no(sqlite_database: Database, tmp_path: Path) -> None:
    world, clerk = arranged(sqlite_database)
    path = Path(make_url(world.database.address.url).database or "")
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE decision")
    decided = world.one(call(clerk))
    assert (decided.verdict.allowed, decided.verdict.reason) == (False, Reason.NOT_RECORDED)
    assert decided.decision_id is None


@pytest.mark.postgresql
def test_a_server_that_drops_its_connections_is_a_no_and_then_a_yes_again(postgresql_database: Database) -> None:
    world, clerk = arranged(postgresql_database)

    async def story() -> list[Reason]:
        point = DecisionPoint(world.database.address, world.clock, world.questions)
        found = [(await point.decide(call(clerk))).verdict.reason]
        connection = point._connection  # noqa: SLF001 - nobody else may break it
        assert isinstance(connection, PostgreSQLConnection)
        ((process,),) = connection.rows("SELECT pg_backend_pid()")
        with world.database.write() as session:
            session.connection().exec_driver_sql(f"SELECT pg_terminate_backend({process})")
        found += [(await point.decide(call(clerk))).verdict.reason for _ in range(2)]
        point.close()
        return found

    assert world.loop(story()) == [Reason.PERMITTED, Reason.NOT_RECORDED, Reason.PERMITTED]


def test_a_database_that_somebody_else_holds_is_a_no_in_time(sqlite_database: Database) -> None:
    world, clerk = arranged(sqlite_database)

    async def story() -> Reason:
        point = DecisionPoint(world.database.address, world.clock, world.questions, patience_seconds=0.05)
        with world.database.write() as session:
            session.connection()
            found = await point.decide(call(clerk))
        point.close()
        return found.verdict.reason

    assert world.loop(story()) is Reason.TIMED_OUT
    assert world.one(call(clerk)).verdict.allowed


def test_the_log_of_sqlite_is_moved_beside_the_commits(tmp_path: Path) -> None:
    path = tmp_path / "moved.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE written (number INTEGER)")
        mover = Checkpointer(str(path))
        mover.note(ROWS_BETWEEN - 1)
        assert _without_its_log(path) is None
        connection.executemany("INSERT INTO written VALUES (?)", [(n,) for n in range(ROWS_BETWEEN)])
        mover.note(connection.total_changes)
        mover.close()
        assert _without_its_log(path) == ROWS_BETWEEN


def _without_its_log(path: Path) -> int | None:
    """Return how many rows the file alone holds; None where not even the table is in it yet."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as file:
        try:
            return int(file.execute("SELECT count(*) FROM written").fetchone()[0])
        except sqlite3.OperationalError:
            return None


def test_a_log_that_cannot_be_moved_stops_no_decision(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, clerk = arranged(sqlite_database)
    monkeypatch.setattr("fairkeeper.governance.deciding.checkpointing.ROWS_BETWEEN", 1)

    async def story() -> list[bool]:
        point = DecisionPoint(world.database.address, world.clock, world.questions)
        point._connection._checkpointer._path = "/nowhere/at/all.db"  # type: ignore[attr-defined]  # noqa: SLF001
        found = [(await point.decide(call(clerk))).verdict.allowed for _ in range(3)]
        point.close()
        return found

    assert world.loop(story()) == [True, True, True]


def test_sqlite_that_could_forget_is_refused(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    world, clerk = arranged(sqlite_database)
    genuine = sqlite3.connect

    class Forgetful(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            return super().execute(sql.replace("synchronous=FULL", "synchronous=NORMAL"), *values)

    monkeypatch.setattr(
        "fairkeeper.governance.deciding.connection.sqlite3.connect",
        lambda *given, **named: genuine(*given, **named, factory=Forgetful),
    )
    assert world.one(call(clerk)).verdict.reason is Reason.NOT_RECORDED
    with pytest.raises(UnsafeDatabaseError), SQLiteConnection(world.database.address).transaction():
        pass


@pytest.mark.postgresql
def test_postgresql_that_was_told_to_forget_is_not_believed(postgresql_database: Database) -> None:
    """A login's default of `synchronous_commit` off is overruled; `fsync` off cannot be, and is refused."""
    world, clerk = arranged(postgresql_database)
    address = world.database.address
    url = make_url(normalise_url(address.url))
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as session:
        session.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = off")
    try:
        connection = PostgreSQLConnection(address)
        with connection.transaction() as transaction:
            assert transaction.rows("SHOW synchronous_commit") == [("on",)]
        connection.close()
        assert world.one(call(clerk)).verdict.allowed
    finally:
        with psycopg.connect(conninfo, autocommit=True) as session:
            session.execute("ALTER ROLE CURRENT_USER RESET synchronous_commit")
