"""Usage to the unit: duplicates, late arrivals, outages and kills, against the pretend metering service.

A million events over 200 subscriptions and 20 dimensions, three outages (one longer than the 24 hours in which usage
can be sent) and two kills. What the service accepted has to be the true overage to the thousandth of a unit, no hour
reported twice, nothing lost. A wrong sum is a failure of the run, not a missed target.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvicorn
from sqlalchemy import func, select
from starlette.applications import Starlette

from bench.metering_world import HOUR, OFFER, PLAN, START, Story, true_overage
from bench.report import Report
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.metering.rules.quantity import from_wire
from fairkeeper.metering.tables import UsageCountRow, UsageEventRow
from fairkeeper.sandbox.marketplace.faults import Faults, FaultSwitchboard
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.sandbox.metering.api import MeteringApi
from fairkeeper.sandbox.metering.intake import MeteredResource, MeteringService
from fairkeeper.values.clock import FixedClock

WHOLE = Story(
    events=1_000_000,
    subscriptions=200,
    dimensions=20,
    hours=72,
    outages=((6, 9), (20, 26), (40, 68)),
    kills=(13, 75),
)


@dataclass(slots=True, kw_only=True)
class Told:
    """What came of a story."""

    seconds: float = 0.0
    peak_kilobytes: int = 0
    processor_seconds: float = 0.0
    """Of the process that meters, every one of them."""
    events: int = 0
    states: dict[str, int] = field(default_factory=dict)
    accepted: dict[tuple[str, str], int] = field(default_factory=dict)
    hours_sent: int = 0
    kills: int = 0


def run(report: Report) -> None:
    """Tell the whole story once."""
    told = tell(WHOLE)
    wrong = differences(WHOLE, told)
    if wrong:
        raise AssertionError(f"the sums are wrong: {wrong[:5]}")
    conditions = f"SQLite, {WHOLE.subscriptions} subscriptions, {WHOLE.dimensions} dimensions, {told.kills} kills"
    total = sum(told.accepted.values())
    print(
        f"  {told.events:,} events, {told.hours_sent:,} hours accepted, {total / 1000:,.3f} units; states {told.states}"
    )
    report.plain("whole story", told.seconds, unit="s", conditions=conditions)
    report.plain("processor time of the process that meters", told.processor_seconds, unit="s", conditions=conditions)
    report.plain("events metered and sent", told.events / told.seconds, unit="/s", conditions=conditions)
    report.plain("peak memory of the process", told.peak_kilobytes / 1024, unit="MB", conditions=conditions)


def differences(story: Story, told: Told) -> list[str]:
    """Return where what the service accepted is not the true overage, and what was lost or left."""
    truth = true_overage(story)
    found = [
        f"{key}: true {truth.get(key, 0)}, accepted {told.accepted.get(key, 0)}"
        for key in sorted({*truth, *told.accepted})
        if truth.get(key, 0) != told.accepted.get(key, 0)
    ]
    bad = {"lost", "doubtful", "conflict", "faulty", "ready", "held"} & set(told.states)
    found += [f"{told.states[state]} hours are {state}" for state in sorted(bad)]
    if told.events != story.events:
        found.append(f"{told.events} events were kept of {story.events}")
    return found


def tell(story: Story) -> Told:
    """Run a story: a service in this process, and a process that meters and is killed now and then."""
    told = Told()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        clock = FixedClock(START)
        faults = FaultSwitchboard(Faults(), random.Random(1), lambda _: None)
        dimensions = frozenset(f"dimension-{number}" for number in range(story.dimensions))
        known = MeteredResource(offer_id=OFFER, plans={PLAN: dimensions}, is_active=True)
        service = MeteringService(lambda _: known, clock, Storage(None))
        api = MeteringApi(service=service, faults=faults, check_caller=lambda _: None)
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        with _served(Starlette(routes=api.routes())) as address:
            _hours(story, told, clock, faults, (url, address))
        _sum_up(told, service, url)
    told.seconds = time.perf_counter() - began
    return told


def _hours(story: Story, told: Told, clock: FixedClock, faults: FaultSwitchboard, addresses: tuple[str, str]) -> None:
    process, spent = _start(story, addresses), 0.0
    try:
        for hour in range(story.ends):
            clock.instant = START + hour * HOUR + 59 * HOUR / 60
            faults.set(Faults(fail_percent=100 if story.is_away(hour) else 0, retry_after_seconds=0))
            if hour in story.kills:
                spent = told.processor_seconds
                _say(process, hour)
                time.sleep(0.5)  # in the middle of the hour's work
                process.send_signal(signal.SIGKILL)
                process.wait()
                told.kills += 1
                process = _start(story, addresses)
            _say(process, hour)
            answered = json.loads(_heard(process))
            told.processor_seconds = spent + answered["processor_seconds"]
            told.peak_kilobytes = max(told.peak_kilobytes, answered["peak_kilobytes"])
    finally:
        process.kill()
        process.wait()


def _sum_up(told: Told, service: MeteringService, url: str) -> None:
    accepted: dict[tuple[str, str], int] = defaultdict(int)
    for event in service.accepted():
        accepted[event["resource"], event["dimension"]] += from_wire(event["quantity"]) or 0
        told.hours_sent += 1
    told.accepted = dict(accepted)
    database = Database(DatabaseAddress(url=url))
    with database.read() as session:
        told.events = session.scalars(select(func.count()).select_from(UsageEventRow)).one()
        told.states = dict(Counter(session.scalars(select(UsageCountRow.state))))
    database.dispose()


def _start(story: Story, addresses: tuple[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.metering_process", *addresses, json.dumps(asdict(story))]
    root = Path(__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    )
    if _heard(process).strip() != "ready":
        raise RuntimeError("the metering process did not start")
    return process


def _say(process: subprocess.Popen[str], hour: int) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{hour}\n")
    process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the metering process has ended")
    return line


@contextmanager
def _served(app: Starlette) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
