"""Past decisions computed again: identical by what was recorded, with the differences by anything else."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, update

from fairkeeper.action.operation import TextFile
from fairkeeper.bootstrap.installation import open_installation
from fairkeeper.bootstrap.programs import Installed
from fairkeeper.bootstrap.settings import read_settings
from fairkeeper.cli.root import run
from fairkeeper.database.session import Database
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.actions.permit_tool import end_permit
from fairkeeper.governance.queries.replay import replay
from tests.actions.governance.world import Agent, World, call, make_world, person_of

FORBIDS_LARGE = (
    '@id("no-large") @reason("Too large.") forbid (principal, action in Action::"call", resource) when {'
    ' context.numbers.hasTag("amount") && context.numbers.getTag("amount") > 100 };'
)
AMOUNTS = (5, 50, 500, 0)


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """Contoso, whose clerk has asked for four payments: three were allowed, one did not fit the schema."""
    return make_world(sqlite_database)


@pytest.fixture
def clerk(world: World) -> Agent:
    clerk = world.agent(world.customer("contoso"), world.tool("pay"))
    found = world.decide(*(call(clerk, arguments={"amount": amount, "to": "x"}) for amount in AMOUNTS))
    assert [each.verdict.allowed for each in found] == [True, True, True, False]
    return clerk


def test_by_what_was_recorded_every_decision_comes_out_as_it_was(world: World, clerk: Agent) -> None:
    world.run(end_permit, permit_id=clerk.permit_id)
    report = world.run(replay)
    assert (report.replayed, report.identical, report.differences) == (4, 4, [])


def test_a_record_that_was_changed_is_a_difference(world: World, clerk: Agent) -> None:
    (entry,) = world.rows(EntryRow, EntryRow.kind == "governance.call_refused/1")
    payload = json.loads(entry.payload)
    payload["answer"] |= {"allowed": True, "reason": "permitted"}
    with world.database.write() as session:
        changed = update(EntryRow).where(EntryRow.entry_id == entry.entry_id)
        session.execute(changed.values(payload=json.dumps(payload)))
    report = world.run(replay, agent_id=clerk.id)
    (found,) = report.differences
    assert (found.was_reason, found.is_reason) == ("permitted", "arguments_refused")
    assert [(each.code, each.subject) for each in report.findings] == [("governance.replay_differs", found.decision_id)]


def test_by_a_file_of_policies_the_differences_say_what_it_would_do(world: World, clerk: Agent) -> None:
    file = TextFile(name="next.cedar", text=FORBIDS_LARGE)
    report = world.run(replay, policies=file, customer_id=clerk.customer_id)
    assert (report.identical, report.now_refused, report.now_allowed) == (3, 1, 0)
    assert [(each.was_reason, each.is_reason) for each in report.differences] == [("permitted", "forbidden")]
    assert report.findings == []


def test_by_what_is_registered_now_an_ended_permit_refuses(world: World, clerk: Agent) -> None:
    world.run(end_permit, permit_id=clerk.permit_id)
    report = world.run(replay, by_present=True)
    assert (report.now_refused, report.now_allowed) == (3, 0)
    with pytest.raises(Exception, match="None of your roles"):
        world.run(replay, person_of(str(clerk.customer_id)))


def test_the_command_replays_what_is_in_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "next.cedar").write_text(FORBIDS_LARGE)
    monkeypatch.setenv("FAIRKEEPER_DATA_DIR", str(tmp_path))
    with closing(open_installation(read_settings())) as installation:
        world = make_world(installation.database)
        clerk = world.agent(world.customer("contoso"), world.tool("pay"))
        world.decide(*(call(clerk, arguments={"amount": amount, "to": "x"}) for amount in AMOUNTS))
    for options, refused in (((), 0), (("--policies", str(tmp_path / "next.cedar")), 1)):
        assert run(Installed(), ("governance", "replay", *options, "--json")) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["replayed"], report["now_refused"]) == (4, refused)
        assert report["findings"] == []
    with closing(open_installation(read_settings())) as installation, installation.database.write() as session:
        changed = session.scalars(select(EntryRow).where(EntryRow.kind == "governance.call_refused/1")).one()
        payload = json.loads(changed.payload or "")
        payload["answer"]["reason"] = "permitted"
        changed.payload = json.dumps(payload)
    assert run(Installed(), ("governance", "replay", "--json")) == 1
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 1
