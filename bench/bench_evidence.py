"""The log: appends alone and grouped, appends into a long log against an empty one, verifying a million entries.

On SQLite with synchronous=FULL, in one process. The long log is made by grouped appends and integrated, exported and
verified as a person would verify it; its size can be lowered with FAIRKEEPER_BENCH_ENTRIES.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.report import Report
from fairkeeper.action.operation import Circumstances, EvidenceDraft
from fairkeeper.action.principal import system
from fairkeeper.bootstrap.rooms import all_tables
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append, append_many
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.integrator import BATCH, Integrator, ensure_head
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.proof.verification import verify_export
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.ids import CustomerId

ENTRIES = int(os.environ.get("FAIRKEEPER_BENCH_ENTRIES", "1000000"))
SINGLE = 400
ROUNDS = 5


def run(report: Report) -> None:
    """Measure the log."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(DatabaseAddress(url=f"sqlite:///{Path(folder) / 'bench.db'}"))
        all_tables().create_all(database.engine)
        try:
            _measure(report, database, Path(folder))
        finally:
            database.dispose()


def _measure(report: Report, database: Database, folder: Path) -> None:
    clock = SystemClock()
    keys = LogKeys("bench.fairkeeper.example", SecretStore(MasterKeys([MasterKeys.new_key()])))
    with database.write() as session:
        ensure_head(session, keys, now=clock.now())
    circumstances = Circumstances(operation="bench.tell", principal=system("bench"), at=clock.now(), request_id="req")
    integrator = Integrator(database, keys, clock)

    empty = _single(database, circumstances)
    report.plain("one entry, one commit", 1 / empty, unit="/s", conditions="log empty, SQLite FULL")
    integrator.run_until_current()

    took = _timed(lambda: _fill(database, circumstances, ENTRIES))
    report.at_least(
        "grouped appends", ENTRIES / took, unit="/s", target=20_000, conditions=f"{BATCH} a commit, SQLite FULL"
    )
    took = _timed(integrator.run_until_current)
    report.plain("integration", ENTRIES / took, unit="/s", conditions=f"{BATCH} a commit, {ENTRIES:,} entries")

    full = _single(database, circumstances)
    report.at_most(
        f"one append at {ENTRIES:,} entries over one in an empty log",
        full / empty,
        unit="×",
        target=1.2,
        conditions=f"median of {ROUNDS} rounds of {SINGLE}; {1 / full:,.0f}/s at the end",
    )
    integrator.run_until_current()

    path = folder / "log.jsonl"
    took = _timed(lambda: _export(Exporter(database, keys), path))
    report.plain("export of the whole log", took, unit="s", conditions=f"{path.stat().st_size / 1e6:,.0f} MB")
    _verify(report, path)


def _verify(report: Report, path: Path) -> None:
    start = time.perf_counter()
    with path.open("rb") as file:
        result = verify_export(file)
    took = time.perf_counter() - start
    if not result.ok:
        raise RuntimeError(f"the log does not verify: {result.findings[:3]}")
    report.at_most(
        "verifying the whole log offline",
        took,
        unit="s",
        target=15 * ENTRIES / 1_000_000,
        conditions=f"{result.entries:,} entries, one process",
    )


def _single(database: Database, circumstances: Circumstances) -> float:
    """Return the median seconds of one append with its own commit."""
    draft = _draft(0)
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(SINGLE):
            with database.write() as session:
                append(session, draft_anew(draft), circumstances)
        rounds.append((time.perf_counter() - start) / SINGLE)
    return statistics.median(rounds)


def _fill(database: Database, circumstances: Circumstances, count: int) -> None:
    for start in range(0, count, BATCH):
        drafts = [_draft(number) for number in range(start, min(start + BATCH, count))]
        with database.write() as session:
            append_many(session, drafts, circumstances)


def _export(exporter: Exporter, path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(exporter.write_log())


def draft_anew(draft: EvidenceDraft) -> EvidenceDraft:
    """Return the same statement as a new entry: each has an id of its own."""
    return EvidenceDraft(
        kind=draft.kind,
        subject_type=draft.subject_type,
        subject_id=draft.subject_id,
        payload=draft.payload,
        customer_id=draft.customer_id,
    )


def _draft(number: int) -> EvidenceDraft:
    return EvidenceDraft(
        kind="bench.told/1",
        subject_type="subscription",
        subject_id=f"sub-{number % 5000}",
        customer_id=CustomerId(f"cus_{number % 1000:04}"),
        payload={"plan": "business", "seats": 25, "status": "Subscribed", "note": f"number {number}"},
    )


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
