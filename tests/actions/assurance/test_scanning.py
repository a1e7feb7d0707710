"""A scan keeps what it found with first and last seen, opens incidents for what must not wait, and tells what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from fairkeeper.assurance.errors import WeaknessNotFoundError
from fairkeeper.assurance.incidents.queries import list_incidents
from fairkeeper.assurance.weaknesses.feed import Feed
from fairkeeper.assurance.weaknesses.model import Found, Level, Source
from fairkeeper.assurance.weaknesses.recording import (
    OPEN_FOR,
    SCAN,
    accept_weakness,
    ask_for_scan,
    list_scans,
    list_weaknesses,
)
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task, TaskRow
from fairkeeper.errors import DeniedError
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.jobs.scanning import Lookout, ScanningWork
from tests.actions.governance.world import OWNER, World, make_world, person_of

SECRET = "fk_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC" + "aB3dE5gH7jK"
WEAK = Found(
    source=Source.CONFIGURATION,
    code="plain_address",
    place="FAIRKEEPER_BASE_URL",
    level=Level.ERROR,
    what="The public address is plain http.",
    remedy="Put a proxy in front.",
)


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def no_texts() -> Iterator[tuple[str, str]]:
    yield from ()


def scanning(world: World, *weak: Found, feed: Feed | None = None, unseen: tuple[str, ...] = ()) -> ScanningWork:
    lookout = Lookout(
        configuration=lambda: list(weak),
        exposure=lambda: ([], list(unseen)),
        feed=None if feed is None else lambda: feed,
        texts=no_texts,
        every=timedelta(hours=24),
    )
    return ScanningWork(world.runner, lookout)


def task_of(name: str, world: World, **payload: str) -> Task:
    return Task(
        id=1,
        name=name,
        key="k",
        payload=dict(payload),
        attempts=1,
        due_at=world.clock.now(),
        customer_id=None,
    )


def waiting(world: World, name: str) -> list[dict[str, str]]:
    with world.database.read() as session:
        return [dict(row.payload) for row in session.scalars(select(TaskRow).where(TaskRow.name == name))]


def test_a_weakness_is_first_seen_once_seen_again_gone_and_open_anew(world: World) -> None:
    began = world.clock.now()
    scanning(world, WEAK).scan(task_of(SCAN, world))
    world.clock.move(timedelta(days=1))
    scanning(world, WEAK).scan(task_of(SCAN, world))
    (line,) = world.run(list_weaknesses)
    assert (line.state, line.first_seen_at, line.last_seen_at) == ("open", began, began + timedelta(days=1))
    world.clock.move(timedelta(days=1))
    scanning(world).scan(task_of(SCAN, world))
    (line,) = world.run(list_weaknesses)
    assert (line.state, line.gone_at) == ("gone", world.clock.now())
    assert world.run(list_weaknesses, only_open=True) == []
    world.clock.move(timedelta(days=1))
    scanning(world, WEAK).scan(task_of(SCAN, world))
    assert world.run(list_weaknesses)[0].state == "open"
    assert [(each.found, each.opened, each.gone) for each in world.run(list_scans)][::-1][:3] == [
        (1, 1, 0),
        (1, 0, 0),
        (0, 0, 1),
    ]
    with world.database.read() as session:
        kinds = session.scalars(select(EntryRow.kind).where(EntryRow.kind == "assurance.scanned/1")).all()
    assert len(kinds) == 4


def test_what_could_not_be_looked_at_is_not_gone(world: World) -> None:
    exposed = Found(source=Source.EXPOSURE, code="debug", place="/", level=Level.WARNING, what="w", remedy="r")
    scanning(world, exposed).scan(task_of(SCAN, world))
    world.clock.move(timedelta(hours=1))
    scanning(world, unseen=("Interfaces: the server could not be asked.",)).scan(task_of(SCAN, world))
    (line,) = world.run(list_weaknesses)
    assert line.state == "open"
    scan = world.run(list_scans)[0]
    assert "exposure" not in scan.sources
    assert "Interfaces: the server could not be asked." in scan.notes
    assert "Dependencies: no feed of advisories was given." in scan.notes


def test_an_error_opens_one_incident_and_a_warning_none(world: World) -> None:
    mild = Found(source=Source.CONFIGURATION, code="debug_log", place="x", level=Level.WARNING, what="w", remedy="r")
    work = scanning(world, WEAK, mild)
    work.scan(task_of(SCAN, world))
    (wished,) = waiting(world, OPEN_FOR)
    assert wished == {"weakness_id": WEAK.key}
    for _ in range(2):
        work.open_for(task_of(OPEN_FOR, world, **wished))
    (incident,) = world.run(list_incidents)
    assert incident.title == "Weakness found: plain_address at FAIRKEEPER_BASE_URL"
    assert not incident.is_drill


def test_a_secret_in_a_plain_column_is_found_and_not_repeated(world: World) -> None:
    customer = world.customer("contoso")
    world.agent(customer, world.tool("mail.read"), name="clerk", title=f"Clerk {SECRET}")
    work = scanning(world)
    work.scan(task_of(SCAN, world))
    found = [line for line in world.run(list_weaknesses) if line.code == "fairkeeper_token"]
    assert any("the column title of agent" in line.place for line in found)
    assert all(SECRET not in f"{line.what}{line.place}" for line in found)


def test_an_accepted_weakness_is_open_again_when_its_time_is_over(world: World) -> None:
    scanning(world, WEAK).scan(task_of(SCAN, world))
    accepted = world.run(accept_weakness, weakness_id=WEAK.key, days=10, reason="The proxy comes next week.")
    assert accepted.state == "accepted"
    assert world.run(list_weaknesses, only_open=True) == []
    world.clock.move(timedelta(days=10, seconds=1))
    assert [line.state for line in world.run(list_weaknesses)] == ["open"]
    with pytest.raises(WeaknessNotFoundError):
        world.run(accept_weakness, weakness_id="wkn_none", reason="There is none.")


def test_a_scan_is_asked_for_once_a_minute_and_by_the_publishers_people_alone(world: World) -> None:
    assert world.run(ask_for_scan, OWNER).is_new
    assert not world.run(ask_for_scan, OWNER).is_new
    assert len(waiting(world, SCAN)) == 1
    customer = world.customer("contoso")
    administrator = person_of(customer)
    for operation in (ask_for_scan, list_weaknesses, list_scans):
        with pytest.raises(DeniedError):
            world.run(operation, administrator)
