"""Bundles of policies on a real database: saved if sound, signed, in force with the next decision, taken back, tried."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from fairkeeper.action.principal import system
from fairkeeper.bootstrap.wiring.governance import Rooms, make_questions
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow
from fairkeeper.errors import DeniedError
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.policies.bundle_queries import list_policies, show_policies
from fairkeeper.governance.policies.bundles import (
    PUT_IN_FORCE,
    activate_policies,
    put_in_force,
    save_policies,
    try_policies,
)
from fairkeeper.governance.policies.errors import BundleNotFoundError, BundleRefusedError, BundleStateError
from fairkeeper.governance.policies.in_force import UNVERIFIED, BundlesInForce
from fairkeeper.governance.policies.shadow import ShadowComparison
from fairkeeper.governance.policies.tables import PolicyBundleRow
from fairkeeper.policy.decision.facts import Lane
from fairkeeper.policy.decision.reasons import Reason
from tests.actions.governance.world import SECURITY, Agent, World, call, make_world, person_of

SMALL = '@id("small") @reason("Small ones only.") forbid (principal, action in Action::"call", resource) when { context has amount && context.amount > 100 };'
ASK = '@id("ask") @reason("We look.") forbid (principal in Customer::"cus_contoso", action == Action::"call_unattended", resource);'
TESTS = "tests: [{name: a large one, tool: {effect: write}, context: {amount: 500}, expect: never, by: [small]}]"


@pytest.fixture
def shadow(database: Database) -> ShadowComparison:
    world = make_world(database)
    return ShadowComparison(database, world.clock)


@pytest.fixture
def world(database: Database, shadow: ShadowComparison) -> World:
    return make_world(database, make_questions(Rooms(policies=BundlesInForce(), shadow=shadow)))


@pytest.fixture
def contoso(world: World) -> str:
    return world.customer("contoso")


@pytest.fixture
def clerk(world: World, contoso: str) -> Agent:
    return world.agent(contoso, world.tool("pay"))


def paying(world: World, agent: Agent, amount: int) -> Reason:
    return world.one(call(agent, arguments={"amount": amount, "currency": "USD", "to": "Fabrikam"})).verdict.reason


def save(world: World, text: str, by: Any = SECURITY, **fields: Any) -> int:
    return int(world.run(save_policies, by, text=text, note="A change.", **fields).number)


def test_a_bundle_takes_effect_with_the_next_decision_and_is_taken_back(world: World, clerk: Agent) -> None:
    assert paying(world, clerk, 500) is Reason.PERMITTED
    with world.one_entry("policies_saved") as entry:
        first = save(world, SMALL, files=[{"name": "t.yaml", "text": TESTS}])
    assert (first, entry["number"]) == (1, 1)
    assert paying(world, clerk, 500) is Reason.PERMITTED
    with world.one_entry("policies_in_force"):
        world.run(activate_policies, SECURITY, number=first)
    decided = world.one(call(clerk, arguments={"amount": 500, "to": "Fabrikam"}))
    assert (decided.verdict.reason, decided.verdict.policies) == (Reason.FORBIDDEN, ("small",))
    second = save(world, SMALL.replace("100", "1000"))
    world.run(activate_policies, SECURITY, number=second)
    assert paying(world, clerk, 500) is Reason.PERMITTED
    world.run(activate_policies, SECURITY, number=first)
    assert paying(world, clerk, 500) is Reason.FORBIDDEN
    overview = world.run(list_policies, SECURITY)
    assert [(line.number, line.state) for line in overview.bundles] == [(2, "kept"), (1, "in force")]
    with pytest.raises(BundleStateError):
        world.run(activate_policies, SECURITY, number=first)
    with pytest.raises(BundleNotFoundError):
        world.run(activate_policies, SECURITY, number=9)


def test_a_point_that_runs_needs_no_restart(world: World, clerk: Agent) -> None:
    async def story() -> list[Reason]:
        point = DecisionPoint(world.database.address, world.clock, world.questions)
        asking = call(clerk, arguments={"amount": 500, "to": "Fabrikam"})
        try:
            before = await point.decide(asking)
            number = save(world, SMALL)
            world.run(activate_policies, SECURITY, number=number)
            after = await point.decide(asking)
        finally:
            point.close()
        return [before.verdict.reason, after.verdict.reason]

    assert world.loop(story()) == [Reason.PERMITTED, Reason.FORBIDDEN]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("permit everything;", "policies"),
        (SMALL.replace("> 100", "> 100 && context.amount < 50"), "never matches"),
        (SMALL.replace("context has amount && ", ""), "may be absent"),
        (SMALL.replace('action in Action::"call"', 'action == Action::"call"'), "still runs unattended"),
    ],
)
def test_policies_with_an_error_are_not_saved(world: World, text: str, told: str) -> None:
    with pytest.raises(BundleRefusedError, match=told):
        save(world, text)
    assert world.rows(PolicyBundleRow) == []


def test_policies_whose_test_fails_are_not_saved(world: World) -> None:
    with pytest.raises(BundleRefusedError, match="Expected never"):
        save(world, SMALL.replace("100", "1000"), files=[{"name": "t.yaml", "text": TESTS}])


def test_a_bundle_that_was_changed_in_the_table_stops_everything(world: World, clerk: Agent) -> None:
    number = save(world, SMALL)
    world.run(activate_policies, SECURITY, number=number)
    with world.database.write() as session:
        session.execute(update(PolicyBundleRow).values(text=SMALL.replace("100", "1000000")))
    decided = world.one(call(clerk))
    assert (decided.verdict.allowed, decided.verdict.policies) == (False, (UNVERIFIED,))


def test_a_bundle_that_nobody_signed_stops_everything(world: World, clerk: Agent) -> None:
    number = save(world, SMALL)
    world.run(activate_policies, SECURITY, number=number)
    with world.database.write() as session:
        (row,) = session.query(PolicyBundleRow).all()
        row.signature = (row.signature or "").replace(row.digest[:8], "00000000")
    assert world.one(call(clerk)).verdict.policies == (UNVERIFIED,)


# --- customers


def test_a_customer_narrows_its_own_agents_alone(world: World, contoso: str, clerk: Agent) -> None:
    other = world.agent(world.customer("fabrikam"), clerk.tool_id)
    admin = person_of(contoso)
    number = save(world, ASK, admin)
    wanted = world.run(activate_policies, admin, number=number)
    assert not wanted.is_in_force
    (task,) = world.rows(TaskRow, TaskRow.name == PUT_IN_FORCE)
    assert world.run(put_in_force, system("jobs"), **task.payload) is True
    assert world.run(put_in_force, system("jobs"), **task.payload) is False
    decided = world.one(call(clerk))
    assert (decided.verdict.lane, decided.verdict.reason) == (Lane.APPROVAL, Reason.APPROVAL_NEEDED)
    assert paying(world, other, 5) is Reason.PERMITTED
    assert world.run(list_policies, person_of("cus_fabrikam")).bundles == []
    assert world.run(list_policies, SECURITY).bundles == []


@pytest.mark.parametrize(
    "text",
    [
        '@id("more") permit (principal in Customer::"cus_contoso", action in Action::"call", resource);',
        '@id("all") @reason("No.") forbid (principal, action, resource);',
        '@id("theirs") @reason("No.") forbid (principal in Customer::"cus_fabrikam", action, resource);',
    ],
)
def test_a_customers_policies_only_narrow_and_only_its_own(world: World, contoso: str, text: str) -> None:
    with pytest.raises(BundleRefusedError):
        save(world, text, person_of(contoso))


def test_who_may_not_administer_saves_nothing(world: World, contoso: str) -> None:
    with pytest.raises(DeniedError):
        save(world, ASK, person_of(contoso, "customer_user"))


# --- trying


def test_trying_shows_what_would_differ_and_changes_nothing(
    world: World, clerk: Agent, shadow: ShadowComparison
) -> None:
    number = save(world, SMALL)
    with world.one_entry("policies_tried"):
        world.run(try_policies, SECURITY, number=number)
    shadow.compare_waiting()
    for amount in (5, 500, 900):
        assert paying(world, clerk, amount) is Reason.PERMITTED
    assert shadow.compare_waiting() == 3
    detail = world.run(show_policies, SECURITY, number=number)
    (seen,) = detail.seen
    assert (seen.active, seen.shadow, seen.times, seen.policies) == ("automatic", "never", 2, ["small"])
    assert detail.line.state == "tried"
    assert paying(world, clerk, 901) is Reason.PERMITTED
    shadow.compare_waiting()
    assert world.run(show_policies, SECURITY, number=number).seen[0].times == 3
    with world.one_entry("policies_not_tried"):
        world.run(try_policies, SECURITY, number=0)
    shadow.compare_waiting()
    assert paying(world, clerk, 902) is Reason.PERMITTED
    assert shadow.compare_waiting() == 0


def test_a_bundle_is_shown_with_its_words_its_tests_and_what_it_changes(world: World) -> None:
    first = save(world, SMALL, files=[{"name": "t.yaml", "text": TESTS}])
    world.run(activate_policies, SECURITY, number=first)
    second = save(world, SMALL.replace("100", "1000"))
    detail = world.run(show_policies, SECURITY, number=second)
    assert detail.policies[0].words == "Never, whoever approves, if the amount is given and the amount is above 1000."
    assert detail.against is not None
    assert (detail.against.widens, detail.against.narrows) == ("allows nothing more", "allows nothing more")
    assert detail.tests is None
    shown = world.run(show_policies, SECURITY, number=first)
    assert shown.tests is not None
    assert (shown.tests.passed, shown.tests.failed) == (1, 0)
