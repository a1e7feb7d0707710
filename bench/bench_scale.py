"""Scale out: one, two and three server processes on one PostgreSQL, a pause that reaches all, and ten minutes of kills.

The servers are the very command of a publisher. The figures of throughput are taken on the machine that the callers and
the database are on too, in turn in short rounds, so they say what a further process brings *there*; where processors
are as few as processes, little.

The kills: webhooks of a crowd of customers and decisions of agents come through one door to three servers; every ten
seconds one of them is killed and another started. At the end what was acknowledged is held against what was kept, by
the same checks as in the tests (`tests/stories/record_check.py`). FAIRKEEPER_BENCH_KILL_SECONDS makes it shorter.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import func, select

from bench.bench_webhooks import notices, pretend_microsoft
from bench.databases import postgresql_address
from bench.governance_world import SECRET, Furnished, evaluation, furnish
from bench.load import request_bytes, send_all
from bench.report import Report
from fairkeeper.api.authzen import EVALUATION_PATH
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.governance.tables import DecisionRow, LimitUsageRow
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID
from tests.stories.forked_server import ForkedServer, database_settings
from tests.stories.record_check import check_everything
from tests.stories.rehearsal import Rehearsal, first_token, rehearse, started_server, three_servers, wait_until

PROCESSES: Final = 3
AGENTS: Final = 50
CALLERS, REQUESTS, ROUNDS = 24, 1_200, 5
PAUSE_SECONDS, PAUSE_AFTER = 6.0, 3.0
KILL_SECONDS: Final = float(os.environ.get("FAIRKEEPER_BENCH_KILL_SECONDS", "600"))
BETWEEN_KILLS: Final = 10.0
ASKERS, PAUSE_BETWEEN_QUESTIONS = 4, 0.05
WEBHOOKS_A_SECOND: Final = 2
_OK: Final = 200


def run(report: Report) -> None:
    """Measure throughput and containment, then kill."""
    with postgresql_address() as address, _three(address) as (ports, token, owner_token):
        database = Database(address)
        furnished = furnish(database, AGENTS)
        database.dispose()
        _throughput(report, ports, token, furnished)
        _pause(report, ports, owner_token, furnished)
    with postgresql_address() as address:
        _kills(report, address)


@contextmanager
def _three(address: DatabaseAddress) -> Iterator[tuple[list[int], str, str]]:
    """Run three servers; yields their ports, a webhook's token and an owner's."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        sandbox_url, webhook_token = ends.enter_context(pretend_microsoft())
        settings = {
            **database_settings(address),
            "data_dir": str(folder),
            "port": "0",
            "entra_authority": f"{sandbox_url}/entra",
            "entra_tenant_id": PUBLISHER_TENANT_ID,
            "fulfillment_base_url": f"{sandbox_url}/api",
            "fulfillment_app_id": FULFILLMENT_APP_ID,
            "fulfillment_app_secret": "not used here",
            "log_level": "error",
            "workers": "0",
        }
        owner_token = first_token(settings)
        servers = [ForkedServer(settings, folder / f"server-{number}.log") for number in range(PROCESSES)]
        for server in servers:
            ends.callback(server.kill)
        for server in servers:
            server.wait_until_ready()
        yield [httpx.URL(server.url).port or 0 for server in servers], webhook_token, owner_token


# --- throughput


def _throughput(report: Report, ports: Sequence[int], token: str, furnished: Furnished) -> None:
    decisions = [_evaluation_request(agent_id, furnished.tool_id) for agent_id in furnished.agent_ids]
    kinds: dict[str, Callable[[], list[bytes]]] = {
        "decisions with record": lambda: decisions * (REQUESTS // AGENTS),
        "webhooks acknowledged": lambda: notices(token, REQUESTS // 2),
    }
    for name, requests in kinds.items():
        _rate(ports, requests())
        rounds = [[_rate(ports[:count], requests()) for count in range(1, PROCESSES + 1)] for _ in range(ROUNDS)]
        conditions = f"PostgreSQL, {CALLERS} callers on the same {os.cpu_count()} processors, median of {ROUNDS} rounds"
        for number in range(PROCESSES):
            rate = statistics.median(each[number] for each in rounds)
            report.plain(f"{name}, {number + 1} processes", rate, unit="/s", conditions=conditions)
        gain = statistics.median(each[-1] / each[0] for each in rounds)
        report.plain(f"{name}, three processes over one", gain, unit="×", conditions=conditions)


def _rate(ports: Sequence[int], requests: Sequence[bytes]) -> float:
    """Return how many of the requests a second were answered, each server having the same share of callers."""
    shares = [requests[number :: len(ports)] for number in range(len(ports))]
    failed: list[BaseException] = []

    def send(port: int, share: Sequence[bytes]) -> None:
        try:
            send_all(port, share, callers=CALLERS // len(ports))
        except RuntimeError as error:
            failed.append(error)

    threads = [threading.Thread(target=send, args=each) for each in zip(ports, shares, strict=True)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return len(requests) / (time.perf_counter() - began)


def _evaluation_request(agent_id: str, tool_id: str) -> bytes:
    return request_bytes(EVALUATION_PATH, [("authorization", f"Bearer {SECRET}")], evaluation(agent_id, tool_id, 250))


# --- a pause


def _pause(report: Report, ports: Sequence[int], owner_token: str, furnished: Furnished) -> None:
    """Ask every server about every agent at full rate, pause one agent by one server, and look when all know."""
    paused = furnished.agent_ids[0]
    answers: list[tuple[int, str, float, bool]] = []
    until = time.monotonic() + PAUSE_SECONDS
    headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/json"}

    def ask(port: int, agent_ids: Sequence[str]) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            while time.monotonic() < until:
                for agent_id in agent_ids:
                    answer = client.post(EVALUATION_PATH, content=evaluation(agent_id, furnished.tool_id, 250))
                    answers.append((port, agent_id, time.monotonic(), answer.json()["decision"]))

    others = furnished.agent_ids[1:]
    threads = [threading.Thread(target=ask, args=(port, [paused])) for port in ports]
    threads += [threading.Thread(target=ask, args=(port, others)) for port in ports]
    for thread in threads:
        thread.start()
    time.sleep(PAUSE_AFTER)
    command = {"scope": "agent", "subject_id": paused, "state": "paused", "reason": "measuring"}
    began = time.monotonic()
    httpx.post(
        f"http://127.0.0.1:{ports[0]}/api/v1/containments",
        json=command,
        headers={"authorization": f"Bearer {owner_token}"},
        timeout=30,
    ).raise_for_status()
    for thread in threads:
        thread.join()
    conditions = f"{PROCESSES} servers on PostgreSQL, {AGENTS} agents asked everywhere, {len(answers):,} answers"
    late = {
        port: max((at for where, agent, at, allowed in answers if (where, agent, allowed) == (port, paused, True)))
        for port in ports
    }
    report.at_most(
        "pause command to the last permitted call anywhere",
        max(late.values()) - began, unit="s", target=1, conditions=conditions,
    )  # fmt: skip
    changed = sum(not allowed for _, agent, _, allowed in answers if agent != paused)
    report.at_most("other agents' decisions that changed", changed, unit="", target=0, conditions=conditions)
    refused = {where for where, agent, _, allowed in answers if agent == paused and not allowed}
    report.at_least(
        "servers that refused the paused agent", len(refused), unit="", target=PROCESSES, conditions=conditions
    )


# --- kills


@dataclass(slots=True, kw_only=True)
class _Asked:
    """What became of the questions, seen from outside."""

    permitted: list[str] = field(default_factory=list)
    unanswered: int = 0
    others: Counter[str] = field(default_factory=Counter)


def _kills(report: Report, address: DatabaseAddress) -> None:
    with tempfile.TemporaryDirectory() as folder, rehearse(address, Path(folder), seed=13) as rehearsal:
        furnished = furnish(rehearsal.database, AGENTS, customer_id=None)
        servers = three_servers(rehearsal)
        asked, ended = _Asked(), threading.Event()
        askers = [
            threading.Thread(target=_ask, args=(rehearsal, furnished, asked, ended, number), daemon=True)
            for number in range(ASKERS)
        ]
        for asker in askers:
            asker.start()
        began = time.monotonic()
        sent, killed = _kill_and_start(rehearsal, servers, began)
        ended.set()
        for asker in askers:
            asker.join(60)
        took = time.monotonic() - began
        settling = time.monotonic()
        rehearsal.wait_until_settled(seconds=600)
        settled = time.monotonic() - settling
        conditions = f"PostgreSQL, {killed} kills in {took:,.0f} s, three servers behind one door"
        check_everything(rehearsal, webhooks=sent)
        report.plain("webhooks sent under kills", sent, unit="", conditions=conditions)
        report.at_least(
            "of them acknowledged, kept and followed once", len(rehearsal.door.acknowledged), unit="", target=sent,
            conditions=conditions,
        )  # fmt: skip
        report.plain(
            "webhooks cut off by a kill and sent again", rehearsal.door.cut_off, unit="", conditions=conditions
        )
        report.plain("after the last kill until nothing was left to do", settled, unit="s", conditions=conditions)
        _check_decisions(report, rehearsal, asked, conditions)


def _kill_and_start(rehearsal: Rehearsal, servers: list[ForkedServer], began: float) -> tuple[int, int]:
    """Send webhooks; kill one of the servers every ten seconds, and start another. Return how many of both."""
    sent = killed = 0
    next_kill = began + BETWEEN_KILLS
    while time.monotonic() - began < KILL_SECONDS:
        rehearsal.crowd.act(WEBHOOKS_A_SECOND)
        sent += WEBHOOKS_A_SECOND
        time.sleep(rehearsal.chance.uniform(0.5, 1.5))
        if time.monotonic() >= next_kill:
            next_kill += BETWEEN_KILLS
            killed += 1
            rehearsal.kill(servers.pop(rehearsal.chance.randrange(len(servers))))
            servers.append(started_server(rehearsal))
    return sent, killed


def _ask(rehearsal: Rehearsal, furnished: Furnished, asked: _Asked, ended: threading.Event, number: int) -> None:
    dice = random.Random(number)
    headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/json"}
    while not ended.wait(PAUSE_BETWEEN_QUESTIONS):
        body = evaluation(dice.choice(furnished.agent_ids), furnished.tool_id, dice.randrange(1, 100_000))
        status, told = rehearsal.door.forward(EVALUATION_PATH, headers, body)
        if status != _OK:
            asked.unanswered += 1
            continue
        answer = json.loads(told)
        if answer["decision"]:
            asked.permitted.append(answer["context"]["decision_id"])
        else:
            asked.others[answer["context"]["reason"]] += 1


def _check_decisions(report: Report, rehearsal: Rehearsal, asked: _Asked, conditions: str) -> None:
    """Every permission that was given is recorded once, and limits counted what was recorded, no more and no less."""
    wait_until(lambda: bool(asked.permitted), seconds=1, what="something was permitted")
    with rehearsal.database.read() as session:
        recorded = Counter(session.scalars(select(DecisionRow.decision_id).where(DecisionRow.allowed)))
        used = int(session.scalar(select(func.sum(LimitUsageRow.used))) or 0)
    lost = [each for each in asked.permitted if recorded[each] != 1]
    report.plain("decisions permitted under kills", len(asked.permitted), unit="", conditions=conditions)
    report.plain("questions without an answer", asked.unanswered, unit="", conditions=conditions)
    report.at_most("refused for another reason than a kill", asked.others.total(), unit="", target=0,
                   conditions=f"{conditions}; {dict(asked.others)}")  # fmt: skip
    report.at_most("permitted decisions without their record", len(lost), unit="", target=0, conditions=conditions)
    report.at_most(
        "limits counted otherwise than recorded", abs(used - recorded.total()), unit="", target=0, conditions=conditions
    )
