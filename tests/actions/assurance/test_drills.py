"""A drill is timed step by step, is marked everywhere, pauses no live agent unless that is chosen, and is undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from fairkeeper.assurance.errors import DrillNotFoundError, DrillRefusedError, IncidentStateError
from fairkeeper.assurance.incidents.acting import is_held, settle_notice
from fairkeeper.assurance.incidents.drilling import DRILL, UNDO, end_drill, list_drills, start_drill, take_drill_step
from fairkeeper.assurance.incidents.queries import list_incidents, show_incident
from fairkeeper.assurance.incidents.runbooks import RUNBOOKS, Category
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.tables import ContainmentRow
from fairkeeper.jobs.drilling import DrillingWork
from tests.actions.governance.world import World, call, make_world


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def task_of(name: str, world: World, drill_id: str) -> Task:
    payload = {"drill_id": drill_id}
    return Task(id=1, name=name, key="k", payload=payload, attempts=1, due_at=world.clock.now(), customer_id=None)


def test_a_drill_from_its_start_to_its_end(world: World) -> None:
    customer = world.customer("contoso")
    agent = world.agent(customer, world.tool("mail.send"), name="clerk")
    work = DrillingWork(world.runner)
    with pytest.raises(DrillRefusedError, match="live"):
        world.run(start_drill, category="data_exposure", agent_id=agent.id)
    drill = world.run(start_drill, category="data_exposure", agent_id=agent.id, include_live=True)
    world.clock.move(timedelta(seconds=2))
    for _ in range(2):
        work.drill(task_of(DRILL, world, drill.drill_id))
    (line,) = world.run(list_drills)
    assert [each.step for each in line.steps] == [
        "The incident was opened as a drill, and its notices drafted.",
        "The agent was paused.",
        "The hold was found to be in force.",
    ]
    assert [each.after_ms for each in line.steps] == [2000, 0, 0]
    assert not world.one(call(agent)).verdict.allowed
    world.clock.move(timedelta(seconds=30))
    line = world.run(take_drill_step, drill_id=drill.drill_id)
    assert (line.steps[-1].step, line.steps[-1].after_ms) == (RUNBOOKS[Category.DATA_EXPOSURE][0], 30_000)
    assert line.next_step == RUNBOOKS[Category.DATA_EXPOSURE][1]

    (incident,) = world.run(list_incidents)
    assert incident.is_drill
    assert incident.title.startswith("Drill: ")
    notice = world.run(show_incident, incident_id=incident.incident_id).notices[0]
    assert notice.text.startswith("DRILL. This is an exercise")
    with pytest.raises(IncidentStateError, match="sent to nobody"):
        world.run(
            settle_notice,
            incident_id=incident.incident_id,
            notice_id=notice.notice_id,
            state="sent",
            why="By mail.",
        )

    world.clock.move(timedelta(seconds=10))
    ended = world.run(end_drill, drill_id=drill.drill_id, learned="The contact's number was out of date.")
    assert (ended.state, ended.took_ms) == ("ended", 42_000)
    for _ in range(2):
        work.undo(task_of(UNDO, world, drill.drill_id))
    assert world.run(list_incidents)[0].state == "closed"
    assert world.one(call(agent)).verdict.allowed
    with world.database.read() as session:
        assert not is_held(session, agent.id)
        (hold,) = session.scalars(select(ContainmentRow))
        kinds = session.scalars(select(EntryRow.kind).where(EntryRow.subject_id == drill.drill_id)).all()
    assert hold.is_drill
    assert kinds.count("assurance.drill_step_taken/1") == 4
    assert {"assurance.drill_started/1", "assurance.drill_ended/1"} <= set(kinds)
    with pytest.raises(DrillRefusedError, match="over"):
        world.run(take_drill_step, drill_id=drill.drill_id)


def test_a_drill_without_an_agent_holds_nothing(world: World) -> None:
    drill = world.run(start_drill, category="other")
    DrillingWork(world.runner).drill(task_of(DRILL, world, drill.drill_id))
    with world.database.read() as session:
        assert session.scalars(select(ContainmentRow)).first() is None
    (line,) = world.run(list_drills, drill_id=drill.drill_id)
    assert len(line.steps) == 1
    with pytest.raises(DrillNotFoundError):
        world.run(list_drills, drill_id="drl_none")
