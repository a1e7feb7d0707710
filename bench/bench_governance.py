"""Governance: a decision alone and with its durable record, over HTTP, and how fast a pause takes effect.

A decision alone is everything but limits' and approvals' rows: tenant, containment, arguments, data, policies, flow,
lane. With its record it is the evidence entry and the limit's reservation, committed with synchronous=FULL.

Answers of policies are remembered for numbers that the policies do not tell apart. So each kind of decision is also
measured with policies that compute with the amount, about which Cedar has to be asked each time.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bench.databases import postgresql_address, sqlite_address
from bench.governance_caller import READY, Line, read_lines
from bench.governance_server import CONSTANT_PATH
from bench.governance_world import SECRET, Furnished, asked, evaluation, furnish
from bench.load import request_bytes, send_all
from bench.report import Report
from fairkeeper.action.operation import Ports
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call as Run
from fairkeeper.action.runner import Runner, Wiring
from fairkeeper.api.authzen import EVALUATION_PATH
from fairkeeper.bootstrap.database.migrations import migrate
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.bootstrap.wiring.governance import make_questions
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.governance.actions.contain import contain
from fairkeeper.governance.deciding.basis import find, load
from fairkeeper.governance.deciding.connection import connect
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.ports import ActivePolicies, ScopedPolicy
from fairkeeper.governance.transaction import Transaction
from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.facts import Moment, PolicyText
from fairkeeper.policy.decision.order import decide
from fairkeeper.values.clock import SystemClock

SIZES = (1, 100, 10_000)
ALONE, ROUNDS, WARM = 4_000, 20, 500
ONE_CALLER = 3_000
MANY_CALLERS, MANY = 64, 30_000
HTTP_CALLERS, HTTP_REQUESTS, HTTP_ROUNDS = 32, 1_600, 5
AGENTS, PROCESSES, SECONDS, PAUSE_AFTER = 50, 2, 6.0, 3.0


def run(report: Report) -> None:
    """Measure decisions."""
    _alone(report)
    with sqlite_address() as address:
        migrate(address)
        _with_record(report, address)
    with sqlite_address() as address:
        migrate(address)
        _over_http(report, address)
    with postgresql_address() as address:
        migrate(address)
        _pause(report, address)


# --- a decision alone


class _OnePolicyEach:
    """As many policies as agents, each linked to one of them; the slice of a decision holds its own.

    Args:
        agent_ids: The agents.
        computes: Whether they compute with the amount, so that each amount is another question.
    """

    def __init__(self, agent_ids: Sequence[str], *, computes: bool = False) -> None:
        amount = 'context.numbers.getTag("amount")' + (" * 2" if computes else "")
        text = (
            'forbid (principal == Agent::"{agent}", action == Action::"call_unattended", resource)'
            f' when {{{{ context.numbers.hasTag("amount") && {amount} > 200000 }}}};'
        )
        self._active = ActivePolicies(
            digest="b" * 64,
            policies=tuple(
                ScopedPolicy(
                    policy=PolicyText(id=f"p{n}", text=f'@id("p{n}") {text.format(agent=agent)}'), agent_id=agent
                )
                for n, agent in enumerate(agent_ids)
            ),
        )
        self._by_agent = {scoped.agent_id: scoped for scoped in self._active.policies}

    def active(self, transaction: Transaction, customer_id: str | None) -> ActivePolicies:
        """Return all of them."""
        del transaction, customer_id
        return self._active


def _alone(report: Report) -> None:
    """Measure all sizes in turn, in short rounds, so that whoever else uses the machine slows all of them."""
    worlds = {(size, computes): each for size in SIZES for computes, each in _worlds(size)}
    rounds: dict[tuple[int, bool], list[list[float]]] = {key: [] for key in worlds}
    with _as_a_server():
        dice = random.Random(2)
        for compiled in worlds.values():
            _samples(dice, [*compiled, *dice.choices(compiled, k=WARM)])
        for _ in range(ROUNDS):
            for key, compiled in worlds.items():
                rounds[key].append(_samples(dice, dice.choices(compiled, k=ALONE // ROUNDS)))
    for (size, computes), found in rounds.items():
        samples = [each for of_a_round in found for each in of_a_round]
        conditions = (
            f"{size:,} agents and as many policies, {_ASKED[computes]}; {len(samples):,} decisions in {ROUNDS} rounds"
        )
        report.plain("decision alone, p50", statistics.median(samples) * 1e6, unit="µs", conditions=conditions)
        report.plain("decision alone, p99", _p99(samples) * 1e6, unit="µs", conditions=conditions)
    for computes in (True, False):
        pairs = zip(rounds[SIZES[-1], computes], rounds[SIZES[0], computes], strict=True)
        ratio = statistics.median(statistics.median(many) / statistics.median(one) for many, one in pairs)
        name = "p50 at 10,000 agents over one"
        conditions = f"decision alone, {_ASKED[computes]}; median of the ratios of {ROUNDS} rounds"
        report.at_most(name, ratio, unit="×", target=1.3, conditions=conditions)


def _worlds(size: int) -> Iterator[tuple[bool, list[Compiled]]]:
    """Yield what is compiled of so many agents, with policies that compare and with such that compute."""
    with sqlite_address() as address:
        migrate(address)
        database = Database(address)
        furnished = furnish(database, size)
        for computes in (False, True):
            yield computes, _compiled(address, furnished, computes=computes)
        database.dispose()


_ASKED = {False: "which compare the amount", True: "which compute with it"}


@contextmanager
def _as_a_server() -> Iterator[None]:
    """Leave to the collector of unused memory what a server leaves to it: nothing that was there at its start."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _compiled(address: DatabaseAddress, furnished: Furnished, *, computes: bool) -> list[Compiled]:
    """Read and compile what is registered about a thousand of the agents, in the presence of all of them."""
    policies = _OnePolicyEach(furnished.agent_ids, computes=computes)
    connection = connect(address)
    found = []
    chosen = random.Random(1).sample(furnished.agent_ids, min(len(furnished.agent_ids), 1_000))
    for agent_id in chosen:
        with connection.transaction() as transaction:
            named = find(transaction, agent_id, furnished.tool_id)
            assert named is not None
            found.append(Compiled(load(transaction, named, policies)))
    connection.close()
    return found


def _samples(dice: random.Random, chosen: Sequence[Compiled]) -> list[float]:
    """Return the seconds of one decision for each of the chosen."""
    moment = Moment(at=SystemClock().now())
    samples = []
    for known in chosen:
        call = asked(known.basis.agent.id, known.basis.tool.id, amount=dice.randrange(1, 100_000))
        began = time.perf_counter()
        verdict = decide(call, known, moment)
        samples.append(time.perf_counter() - began)
        assert verdict.allowed, verdict
    return samples


def _p99(samples: Sequence[float]) -> float:
    return sorted(samples)[int(len(samples) * 0.99)]


# --- with its durable record


def _with_record(report: Report, address: DatabaseAddress) -> None:
    database = Database(address)
    furnished = furnish(database, AGENTS)
    _rate(address, furnished, callers=1, count=300)
    _, samples = _rate(address, furnished, callers=1, count=ONE_CALLER)
    conditions = (
        "SQLite, synchronous=FULL, one process, limit and evidence in the same commit; every amount is another, and a"
        " policy computes with it"
    )
    report.at_most(
        "decision with record, one caller, p50", statistics.median(samples) * 1e3, unit="ms", target=1,
        conditions=conditions,
    )  # fmt: skip
    report.plain("decision with record, one caller, p99", _p99(samples) * 1e3, unit="ms", conditions=conditions)
    for computes, told in _POLICIES.items():
        began = time.process_time()
        rate, samples = _rate(address, furnished, callers=MANY_CALLERS, count=MANY, computes=computes)
        used = (time.process_time() - began) / len(samples)
        name, where = f"decisions with record, {MANY_CALLERS} callers", f"SQLite FULL, every amount is another; {told}"
        if computes is None:
            report.at_least(name, rate, unit="/s", target=5_000, conditions=where)
        else:
            report.plain(f"{name}, judged", rate, unit="/s", conditions=where)
        report.plain("processor time of each", used * 1e6, unit="µs", conditions=where)
        report.plain("p50 of each", statistics.median(samples) * 1e3, unit="ms", conditions=where)
        report.plain("p99 of each", _p99(samples) * 1e3, unit="ms", conditions=where)
    database.dispose()


_POLICIES = {
    None: "no policy beside the permit",
    False: "a policy compares each amount",
    True: "a policy computes with each amount",
}


def _rate(
    address: DatabaseAddress, furnished: Furnished, *, callers: int, count: int, computes: bool | None = True
) -> tuple[float, list[float]]:
    """Return decisions a second, and the seconds of each; `computes` says how a policy looks at the amount, if any."""
    questions = make_questions()
    if computes is not None:
        questions = replace(questions, policies=_OnePolicyEach(furnished.agent_ids, computes=computes))

    async def measure() -> tuple[float, list[float]]:
        point = DecisionPoint(address, SystemClock(), questions)
        samples: list[float] = []

        async def caller(number: int) -> None:
            dice, agent_id = random.Random(number), furnished.agent_ids[number % len(furnished.agent_ids)]
            for _ in range(count // callers):
                call = asked(agent_id, furnished.tool_id, amount=dice.randrange(1, 100_000))
                began = time.perf_counter()
                decided = await point.decide(call)
                samples.append(time.perf_counter() - began)
                assert decided.verdict.allowed, decided

        began = time.perf_counter()
        await asyncio.gather(*(caller(number) for number in range(callers)))
        took = time.perf_counter() - began
        point.close()
        return len(samples) / took, samples

    with _as_a_server():
        return asyncio.run(measure())


# --- over HTTP


def _over_http(report: Report, address: DatabaseAddress) -> None:
    database = Database(address)
    furnished = furnish(database, AGENTS)
    database.dispose()
    headers = [("authorization", f"Bearer {SECRET}")]
    evaluations = [
        request_bytes(EVALUATION_PATH, headers, evaluation(agent_id, furnished.tool_id))
        for agent_id in furnished.agent_ids
    ]
    constants = [
        request_bytes(CONSTANT_PATH, headers, evaluation(agent_id, furnished.tool_id))
        for agent_id in furnished.agent_ids
    ]
    times = HTTP_REQUESTS // AGENTS
    with _server(address) as port:
        for requests in (evaluations, constants):
            send_all(port, requests * 4, callers=HTTP_CALLERS)
        rounds = [
            tuple(
                HTTP_REQUESTS / send_all(port, requests * times, callers=HTTP_CALLERS)
                for requests in (evaluations, constants)
            )
            for _ in range(HTTP_ROUNDS)
        ]
    conditions = f"SQLite FULL, {HTTP_CALLERS} callers on the same machine, median of {HTTP_ROUNDS} rounds"
    report.plain(
        "evaluations over HTTP", statistics.median(each[0] for each in rounds), unit="/s", conditions=conditions
    )
    report.plain("constant endpoint", statistics.median(each[1] for each in rounds), unit="/s", conditions=conditions)
    ratio = statistics.median(each[0] / each[1] for each in rounds)
    report.at_least("evaluation over constant endpoint", ratio, unit="×", target=0.4, conditions=conditions)


@contextmanager
def _server(address: DatabaseAddress) -> Iterator[int]:
    """Run an installation's own server, with a constant endpoint beside; yields its port."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"FAIRKEEPER_DATA_DIR": folder, "FAIRKEEPER_PORT": "0", "FAIRKEEPER_DATABASE_URL": address.url}
        told |= {"FAIRKEEPER_WORKERS": "0", "FAIRKEEPER_LOG_LEVEL": "error"}
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.governance_server"], env={**os.environ, **told}, stdout=subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            yield int(json.loads(process.stdout.readline())["port"])
        finally:
            process.terminate()
            process.wait(20)


# --- a pause


def _pause(report: Report, address: DatabaseAddress) -> None:
    """Pause one of fifty agents that decide at full rate in two processes, and look at what happened to all."""
    database = Database(address)
    furnished = furnish(database, AGENTS)
    paused = furnished.agent_ids[0]
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "bench.governance_caller",
                address.url,
                furnished.tool_id,
                str(SECONDS),
                *furnished.agent_ids,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == READY
    time.sleep(PAUSE_AFTER)
    commanded = time.monotonic()
    _run_contain(database, paused)
    committed = time.monotonic()
    lines = [line for process in processes for line in read_lines(process)]
    database.dispose()
    _tell_pause(report, lines, paused, commanded, committed)


def _run_contain(database: Database, agent_id: str) -> None:
    wiring = Wiring(authorise=lambda *_: None, record=append, ports=Ports())
    runner = Runner(make_registry(), database, SystemClock(), wiring)
    request = contain.input.model_validate(
        {"scope": "agent", "subject_id": agent_id, "state": "paused", "reason": "A benchmark."}
    )
    runner.run(contain, request, Run(principal=system("bench")))


def _tell_pause(report: Report, lines: Sequence[Line], paused: str, commanded: float, committed: float) -> None:
    own = [line for line in lines if line.agent_id == paused]
    last = max(line.at for line in own if line.allowed)
    refused = [line for line in own if not line.allowed]
    others = [line for line in lines if line.agent_id != paused]
    wrong = sum(not line.allowed for line in others)
    rate = len(lines) / SECONDS
    conditions = f"PostgreSQL, {PROCESSES} processes, {AGENTS} agents at full rate, {rate:,.0f} decisions a second"
    report.at_most(
        "pause command to last permitted call", max(0.0, last - commanded), unit="s", target=1, conditions=conditions
    )
    report.plain("pause command to its commit", committed - commanded, unit="s", conditions=conditions)
    report.at_most("other agents' decisions that changed", wrong, unit="", target=0, conditions=f"of {len(others):,}")
    report.plain("refused calls of the paused agent", len(refused), unit="", conditions=conditions)
    assert refused, "the paused agent did not ask again"
