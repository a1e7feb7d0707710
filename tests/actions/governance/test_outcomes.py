"""Outcomes told on the hot path: the same as by the command, whosever they are, and each for itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.database.session import Database
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.actions.record_outcome import record_outcome
from fairkeeper.governance.actions.set_limit import set_limit
from fairkeeper.governance.deciding.outcomes import Came, Outcomes, Taken
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.tables import AgentTaskRow, DecisionRow, LimitUsageRow, MeasuredCallRow
from fairkeeper.proof.record import Record, verify_record
from tests.actions.governance.world import NOON, Agent, World, call, caller, make_world, person_of, program_of

DIGEST = "ab" * 32
METERS = [
    {"dimension": "calls", "of": "calls"},
    {"dimension": "money", "of": "argument", "field": "amount"},
    {"dimension": "pages", "of": "result", "field": "usage.pages"},
]


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def contoso(world: World) -> str:
    return world.customer("contoso")


@pytest.fixture
def clerk(world: World, contoso: str) -> Agent:
    tool_id = world.tool("pay", result_sensitivity=1, result_is_trusted=False, meters=METERS)
    clerk = world.agent(contoso, tool_id)
    limit = {"scope": "agent", "subject_id": clerk.id, "meter": "calls", "window": "day", "maximum": 100}
    world.run(set_limit, person_of(contoso), **limit)
    return clerk


def allowed(world: World, agent: Agent, **changes: Any) -> str:
    decided = world.one(call(agent, **changes))
    assert decided.verdict.allowed
    return str(decided.decision_id)


def take(world: World, *told: Outcomes) -> list[tuple[Taken, ...] | None]:
    async def story() -> list[tuple[Taken, ...] | None]:
        point = DecisionPoint(world.database.address, world.clock, world.questions)
        try:
            return list(await asyncio.gather(*(point.take(each) for each in told)))
        finally:
            point.close()

    return asyncio.run(story())


def said(customer_id: str, *came: Came) -> Outcomes:
    return Outcomes(came=came, caller=caller(program_of(customer_id)), request_id="req_1")


def state(world: World, decision_id: str) -> dict[str, Any]:
    """Return everything that an outcome leaves behind, without ids and digests of its own."""
    (row,) = world.rows(DecisionRow, DecisionRow.decision_id == decision_id)
    (entry,) = world.rows(EntryRow, EntryRow.entry_id == row.outcome_entry_id)
    kept = Record(
        header=entry.header.encode(), header_salt=entry.header_salt,
        payload=(entry.payload or "").encode(), payload_salt=entry.payload_salt,
    )  # fmt: skip
    header = verify_record(kept)
    assert (header.cause, header.subject.id, entry.at) == (row.entry_id, row.agent_id, row.outcome_at)
    counted = world.rows(MeasuredCallRow, MeasuredCallRow.decision_id == decision_id)
    assert all(each.entry_id == entry.entry_id for each in counted)
    columns = {"kind", "operation", "actor_id", "subject_type", "subject_id", "customer_id", "at"}
    payload = json.loads(entry.payload or "{}")
    assert payload.pop("decision") == decision_id
    task = payload.pop("task")
    return {
        "payload": payload,
        "entry": {name: getattr(entry, name) for name in columns},
        "actor": (header.actor.id, header.actor.kind, header.operation, header.at, header.customer),
        "outcome": (row.outcome, row.outcome_at),
        "counted": [(each.position, each.customer_id, each.dimension, each.milli, each.is_customers, each.ended_at,
                     each.taken_at) for each in counted],
        "tasks": [(each.labels, each.version, each.customer_id, each.scope, each.changed_at)
                  for each in world.rows(AgentTaskRow, AgentTaskRow.task_id == task)],
        "used": [each.used for each in world.rows(LimitUsageRow)],
    }  # fmt: skip


def told_pages(members: dict[str, Any]) -> str | None:
    """Return what an outcome says of the metered field of the result."""
    pages: str | None = members.get("measured", {}).get("usage.pages")
    return pages


@pytest.mark.parametrize(
    "members",
    [
        {"outcome": "ok", "result_digest": DIGEST, "took_milliseconds": 7},
        {"outcome": "ok", "measured": {"usage.pages": "2.5", "other": "1"}},
        {"outcome": "ok", "measured": {"usage.pages": "0"}},
        {"outcome": "ok", "sources": ["mail", "attempt:x"], "sensitivity": 3, "is_trusted": False},
        {"outcome": "error", "error": "It broke ünder way."},
        {"outcome": "not_executed"},
    ],
    ids=lambda members: str(members["outcome"]),
)
def test_an_outcome_leaves_behind_what_the_command_does(
    world: World, contoso: str, clerk: Agent, members: dict[str, Any]
) -> None:
    # Each twice, so that the second joins a task that is there.
    for number in (1, 2):
        first = allowed(world, clerk, task_id="by command")
        world.run(record_outcome, program_of(contoso), decision_id=first, **members)
        by_command = state(world, first)
        second = allowed(world, clerk, task_id="hot")
        came = msgspec.convert({"decision_id": second, **members}, Came)
        assert take(world, said(contoso, came)) == [(Taken.RECORDED,)]
        used = by_command.pop("used"), (hot := state(world, second)).pop("used")
        assert hot == by_command
        assert len(hot["counted"]) == (0 if members["outcome"] != "ok" else 2 if told_pages(members) == "0" else 3)
        assert used == (([0], [0]) if members["outcome"] == "not_executed" else ([2 * number - 1], [2 * number]))


def test_outcomes_are_final_told_twice_taken_once_and_each_for_itself(world: World, contoso: str, clerk: Agent) -> None:
    decision_id, refused = allowed(world, clerk), world.one(call(clerk, use_id="use_none")).decision_id
    ok, error = (Came(decision_id=decision_id, outcome=outcome) for outcome in ("ok", "error"))
    told = said(contoso, ok, Came(decision_id="dec_none", outcome="ok"), ok, error,
                Came(decision_id=str(refused), outcome="ok"))  # fmt: skip
    before = len(world.rows(EntryRow))
    expected = (Taken.RECORDED, Taken.NOT_FOUND, Taken.RECORDED, Taken.REFUSED, Taken.REFUSED)
    assert take(world, told) == [expected]
    assert take(world, said(contoso, ok, error)) == [(Taken.RECORDED, Taken.REFUSED)]
    assert len(world.rows(EntryRow)) == before + 1


def test_another_customers_decision_is_not_there_and_a_revoked_token_tells_nothing(
    world: World, contoso: str, clerk: Agent
) -> None:
    fabrikam, decision_id = world.customer("fabrikam"), allowed(world, clerk)
    came = Came(decision_id=decision_id, outcome="ok")
    assert take(world, said(fabrikam, came)) == [(Taken.NOT_FOUND,)]
    with world.database.write() as session:
        session.execute(update(ApiTokenRow).where(ApiTokenRow.customer_id == contoso).values(revoked_at=NOON))
    assert take(world, said(contoso, came), said("cus_nobody", came)) == [None, None]
    (row,) = world.rows(DecisionRow)
    assert row.outcome is None


def test_outcomes_and_decisions_take_turns(world: World, contoso: str, clerk: Agent) -> None:
    async def story() -> int:
        point = DecisionPoint(world.database.address, world.clock, world.questions)
        try:
            decided = await asyncio.gather(*(point.decide(call(clerk)) for _ in range(20)))
            told = [said(contoso, Came(decision_id=str(each.decision_id), outcome="ok")) for each in decided]
            taken, more = await asyncio.gather(
                asyncio.gather(*(point.take(each) for each in told)),
                asyncio.gather(*(point.decide(call(clerk)) for _ in range(20))),
            )
            assert taken == [(Taken.RECORDED,)] * 20
            return sum(each.verdict.allowed for each in more)
        finally:
            point.close()

    assert world.loop(story()) == 20
