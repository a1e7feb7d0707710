"""Approvals on a real database: for exactly one call, once, until their end, by somebody who may.

The cases of the approval that is stale, of another call, used twice, and pending over a restart each deny with their
own reason. Source of the list: the acceptance list of ADR-0030 (action-bound approvals) of a public toolkit, and the
counter-examples that were found in it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from fairkeeper.access.tables import PersonRow
from fairkeeper.action.principal import Principal, system
from fairkeeper.bootstrap.wiring.governance import Rooms, make_questions
from fairkeeper.database.session import Database, Scope
from fairkeeper.database.tasks import TaskRow
from fairkeeper.errors import DeniedError, NotFoundError
from fairkeeper.governance.actions.delegate import delegate
from fairkeeper.governance.actions.permit_tool import end_permit
from fairkeeper.governance.approvals.answering import answer_approval, cancel_approval
from fairkeeper.governance.approvals.asking import TELL, DurableApprovals
from fairkeeper.governance.approvals.errors import (
    ApprovalNotFoundError,
    ApprovalNotYoursError,
    ApprovalSettledError,
    ApprovalUnreadError,
    StandingRefusedError,
)
from fairkeeper.governance.approvals.queries import list_approvals, list_standing, show_approval
from fairkeeper.governance.approvals.rules import FAST_COUNT, MOST_OPEN
from fairkeeper.governance.approvals.standing import grant_standing, revoke_standing
from fairkeeper.governance.approvals.tables import ApprovalRow
from fairkeeper.governance.approvals.telling import tell_approval
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.deciding.tickets import Decided
from fairkeeper.governance.policies.bundles import activate_policies, save_policies
from fairkeeper.governance.policies.in_force import BundlesInForce
from fairkeeper.policy.decision.facts import Person, Resource
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.values.ids import CustomerId
from tests.actions.governance.world import SECURITY, Agent, World, call, make_world, person_of, program_of

ASK_TWO = """@id("two-people") @reason("Two look at it.") @approvers("2") @approval_hours("2")
forbid (principal, action == Action::"call_unattended", resource);"""


@pytest.fixture
def world(database: Database) -> World:
    """Everything as it runs."""
    return make_world(database, make_questions(Rooms(approvals=DurableApprovals(), policies=BundlesInForce())))


@pytest.fixture
def contoso(world: World) -> str:
    return world.customer("contoso")


@pytest.fixture
def clerk(world: World, contoso: str) -> Agent:
    """An agent that pays once a person approved."""
    return world.agent(contoso, world.tool("pay"), lane="approval")


def approver(contoso: str, name: str = "ada") -> Principal:
    return replace(person_of(contoso, "customer_approver"), id=f"per_{name}")


def asked(world: World, clerk: Agent, **changes: Any) -> tuple[str, Decided]:
    """Let the agent ask; return the question's id."""
    decided = world.one(call(clerk, **changes))
    assert (decided.verdict.reason, decided.verdict.allowed) == (Reason.APPROVAL_NEEDED, False)
    assert decided.approval_id is not None
    return decided.approval_id, decided


def approve(world: World, approval_id: str, by: Principal, **fields: Any) -> Any:
    return world.run(answer_approval, by, approval_id=approval_id, verdict="approve", **fields)


def for_person(world: World, agent: Agent, contoso: str, person_id: str) -> dict[str, Any]:
    """Return what a call says that is made for a person who delegated its task."""
    delegation = world.run(
        delegate,
        program_of(contoso),
        agent_id=agent.id,
        task_id="t1",
        person_id=person_id,
        ends_at=world.clock.now() + timedelta(hours=1),
    )
    return {"person": Person(id=person_id), "task_id": "t1", "delegation_id": delegation.delegation_id}


def reason(decided: Decided) -> Reason:
    return decided.verdict.reason


# --- one call, once


def test_an_approved_call_runs_once(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, decided = asked(world, clerk)
    assert reason(world.one(call(clerk, approval_id=approval_id))) is Reason.APPROVAL_PENDING
    with world.one_entry("approval_given") as entry:
        approve(world, approval_id, approver(contoso))
    assert (entry["decision"], entry["tool"]) == (decided.decision_id, "pay")
    allowed = world.one(call(clerk, approval_id=approval_id))
    assert (reason(allowed), allowed.verdict.allowed) == (Reason.APPROVED, True)
    assert world.payload(allowed)["answer"]["approval_used"] == approval_id
    again = world.one(call(clerk, approval_id=approval_id))
    assert (reason(again), again.verdict.allowed) == (Reason.APPROVAL_CONSUMED, False)
    (row,) = world.rows(ApprovalRow)
    assert (row.state, row.consumed_by) == ("consumed", allowed.decision_id)


def test_double_consumption_in_one_moment_lets_one_call_through(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    approve(world, approval_id, approver(contoso))
    decided = world.decide(*(call(clerk, approval_id=approval_id) for _ in range(16)))
    assert sorted(reason(each) for each in decided) == [Reason.APPROVAL_CONSUMED] * 15 + [Reason.APPROVED]


def test_double_consumption_in_two_processes_lets_one_call_through(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    approve(world, approval_id, approver(contoso))

    async def two() -> list[Decided]:
        points = [DecisionPoint(world.database.address, world.clock, world.questions) for _ in range(2)]
        try:
            calls = [point.decide(call(clerk, approval_id=approval_id)) for point in points for _ in range(4)]
            return list(await asyncio.gather(*calls))
        finally:
            for point in points:
                point.close()

    assert [reason(each) for each in world.loop(two())].count(Reason.APPROVED) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"arguments": {"amount": 500, "currency": "USD", "to": "Fabrikam"}},
        {"arguments": {"amount": 5, "currency": "USD", "to": "Mallory"}},
        {"arguments": {"amount": 5, "to": "Fabrikam"}},
        {"resources": (Resource(type="invoice", id="8"),)},
        {"task_id": "another"},
    ],
)
def test_swapped_arguments_are_another_call(world: World, contoso: str, clerk: Agent, changes: dict[str, Any]) -> None:
    approval_id, _ = asked(world, clerk)
    approve(world, approval_id, approver(contoso))
    swapped = world.one(call(clerk, approval_id=approval_id, **changes))
    assert (reason(swapped), swapped.verdict.allowed) == (Reason.APPROVAL_OF_ANOTHER_CALL, False)
    assert reason(world.one(call(clerk, approval_id=approval_id))) is Reason.APPROVED


def test_an_approval_of_another_agent_or_customer_is_not_there(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    approve(world, approval_id, approver(contoso))
    other = world.agent(world.customer("fabrikam"), clerk.tool_id, lane="approval")
    twin = world.agent(contoso, clerk.tool_id, name="twin", lane="approval")
    assert reason(world.one(call(other, approval_id=approval_id))) is Reason.APPROVAL_UNKNOWN
    assert reason(world.one(call(twin, approval_id=approval_id))) is Reason.APPROVAL_OF_ANOTHER_CALL
    assert reason(world.one(call(clerk, approval_id="apr_none"))) is Reason.APPROVAL_UNKNOWN


def test_a_stale_approval_is_refused_after_the_policies_changed(world: World, contoso: str, clerk: Agent) -> None:
    approved, _ = asked(world, clerk)
    waiting, _ = asked(world, clerk, task_id="other")
    approve(world, approved, approver(contoso))
    policies = (
        '@id("depth") @reason("Not through others.") forbid (principal, action, resource) when { context.depth > 1 };'
    )
    number = world.run(save_policies, SECURITY, text=policies, note="Nobody in between.").number
    world.run(activate_policies, SECURITY, number=number)
    stale = world.one(call(clerk, approval_id=approved))
    assert (reason(stale), stale.verdict.allowed) == (Reason.APPROVAL_STALE, False)
    assert world.run(show_approval, approver(contoso), approval_id=waiting).line.state == "cancelled"
    with pytest.raises(ApprovalSettledError):
        approve(world, waiting, approver(contoso))


def test_an_approval_expires_and_so_does_the_question(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    unanswered, _ = asked(world, clerk, task_id="other")
    approve(world, approval_id, approver(contoso))
    world.clock.move(timedelta(hours=24))
    assert reason(world.one(call(clerk, approval_id=approval_id))) is Reason.APPROVAL_ENDED
    with pytest.raises(ApprovalSettledError):
        approve(world, unanswered, approver(contoso))
    assert world.run(list_approvals, approver(contoso)) == []


def test_a_refused_or_cancelled_approval_denies(world: World, contoso: str, clerk: Agent) -> None:
    refused, _ = asked(world, clerk)
    with pytest.raises(ApprovalUnreadError):
        world.run(answer_approval, approver(contoso), approval_id=refused, verdict="refuse")
    with world.one_entry("approval_refused"):
        world.run(answer_approval, approver(contoso), approval_id=refused, verdict="refuse", reason="Not this one.")
    assert reason(world.one(call(clerk, approval_id=refused))) is Reason.APPROVAL_DENIED
    taken, _ = asked(world, clerk, task_id="other")
    approve(world, taken, approver(contoso))
    with world.one_entry("approval_cancelled"):
        world.run(cancel_approval, approver(contoso), approval_id=taken, reason="Changed my mind.")
    assert reason(world.one(call(clerk, task_id="other", approval_id=taken))) is Reason.APPROVAL_DENIED


def test_what_waits_survives_a_restart(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    reopened = Database(world.database.address)  # another process: nothing of this one's memory
    try:
        again = make_world(reopened, make_questions(Rooms(approvals=DurableApprovals(), policies=BundlesInForce())))
        assert reason(again.one(call(clerk, approval_id=approval_id))) is Reason.APPROVAL_PENDING
        approve(again, approval_id, approver(contoso))
        assert reason(again.one(call(clerk, approval_id=approval_id))) is Reason.APPROVED
    finally:
        reopened.dispose()
    assert reason(world.one(call(clerk, approval_id=approval_id))) is Reason.APPROVAL_CONSUMED


def test_a_hold_or_a_withdrawn_permit_stops_an_approved_call(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    approve(world, approval_id, approver(contoso))
    world.run(end_permit, permit_id=clerk.permit_id)
    assert not world.one(call(clerk, approval_id=approval_id)).verdict.allowed


# --- who answers, and how


def test_only_a_person_of_the_right_side_answers(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    with pytest.raises(ApprovalNotYoursError):
        approve(world, approval_id, SECURITY)
    with pytest.raises(DeniedError):
        approve(world, approval_id, replace(approver(contoso), roles=frozenset({"customer_user"})))
    with pytest.raises(NotFoundError):
        approve(world, approval_id, approver(world.customer("fabrikam"), "eve"))
    with pytest.raises(NotFoundError):
        world.run(show_approval, approver("cus_fabrikam", "eve"), approval_id=approval_id)
    world.product_token()
    own = world.agent(None, clerk.tool_id, name="house", lane="approval")
    publishers, _ = asked(world, own)
    with pytest.raises(NotFoundError):
        approve(world, publishers, approver(contoso))
    approve(world, publishers, SECURITY)


@pytest.mark.parametrize("named", ["per_ada", "ADA@contoso.example", "object-ada"])
def test_whoever_is_acted_for_cannot_approve_where_duties_are_separated(world: World, contoso: str, named: str) -> None:
    separated = world.agent(contoso, world.tool("transfer", separates_duties=True), lane="approval")
    with world.database.write() as session:
        for name in ("ada", "bob"):
            session.add(
                PersonRow(
                    id=f"per_{name}",
                    kind="customer",
                    tenant_id="tenant-contoso",
                    object_id=f"object-{name}",
                    name=name.title(),
                    email=f"{name}@contoso.example",
                    roles=["customer_approver"],
                    state="active",
                    customer_id=contoso,
                    created_at=world.clock.now(),
                )
            )
    approval_id, _ = asked(world, separated, **for_person(world, separated, contoso, named))
    with pytest.raises(ApprovalNotYoursError):
        approve(world, approval_id, approver(contoso))
    assert approve(world, approval_id, approver(contoso, "bob")).state == "approved"


def test_ones_own_action_is_approved_by_ones_own_click_where_duties_are_not_separated(
    world: World, contoso: str, clerk: Agent
) -> None:
    approval_id, _ = asked(world, clerk, **for_person(world, clerk, contoso, "per_ada"))
    assert approve(world, approval_id, approver(contoso)).state == "approved"


def test_two_people_where_a_policy_says_so(world: World, contoso: str, clerk: Agent) -> None:
    number = world.run(save_policies, SECURITY, text=ASK_TWO, note="Two people look.").number
    world.run(activate_policies, SECURITY, number=number)
    automatic = world.agent(contoso, clerk.tool_id, name="auto")
    approval_id, _ = asked(world, automatic)
    detail = world.run(show_approval, approver(contoso), approval_id=approval_id)
    assert detail.approvers_needed == 2
    assert "two-people" in detail.policies
    assert detail.line.ends_at == world.clock.now() + timedelta(hours=2)
    assert approve(world, approval_id, approver(contoso)).missing == 1
    assert reason(world.one(call(automatic, approval_id=approval_id))) is Reason.APPROVAL_PENDING
    with pytest.raises(ApprovalNotYoursError):
        approve(world, approval_id, approver(contoso))
    assert approve(world, approval_id, approver(contoso, "bob")).state == "approved"
    assert reason(world.one(call(automatic, approval_id=approval_id))) is Reason.APPROVED


def test_what_cannot_be_undone_needs_the_word(world: World, contoso: str) -> None:
    tool = world.tool("erase-all", effect="irreversible", reversibility="costly", separates_duties=False)
    eraser = world.agent(contoso, tool, lane="approval")
    approval_id, _ = asked(world, eraser)
    for typed in ("", "pay"):
        with pytest.raises(ApprovalUnreadError):
            approve(world, approval_id, approver(contoso), typed_word=typed)
    with pytest.raises(ApprovalUnreadError):
        approve(world, approval_id, approver(contoso), typed_word="erase-all", binding_digest="0" * 64)
    assert approve(world, approval_id, approver(contoso), typed_word="erase-all").state == "approved"


# --- fatigue


def test_the_same_call_asked_again_joins_the_question_that_waits(world: World, contoso: str, clerk: Agent) -> None:
    first, _ = asked(world, clerk)
    second, _ = asked(world, clerk)
    assert first == second
    (line,) = world.run(list_approvals, approver(contoso))
    assert line.repeats == 1


def test_an_agent_that_asks_too_much_is_not_asked_for_any_more(world: World, contoso: str, clerk: Agent) -> None:
    decided = world.decide(*(call(clerk, task_id=f"t{number}") for number in range(MOST_OPEN + 3)))
    assert sum(each.approval_id is not None for each in decided) == MOST_OPEN
    assert not any(each.verdict.allowed for each in decided)


def test_approving_without_pause_needs_a_reason(world: World, contoso: str, clerk: Agent) -> None:
    questions = [asked(world, clerk, task_id=f"t{number}")[0] for number in range(FAST_COUNT + 2)]
    for approval_id in questions[:FAST_COUNT]:
        approve(world, approval_id, approver(contoso))
    with pytest.raises(ApprovalUnreadError):
        approve(world, questions[FAST_COUNT], approver(contoso))
    approve(world, questions[FAST_COUNT], approver(contoso), reason="All of them are on my list.")
    world.clock.move(timedelta(minutes=11))
    approve(world, questions[FAST_COUNT + 1], approver(contoso))


# --- standing approvals


def test_a_standing_approval_has_a_daily_limit_and_an_end(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    ends_at = world.clock.now() + timedelta(days=10)
    with world.one_entry("standing_granted"):
        standing = world.run(
            grant_standing,
            approver(contoso),
            approval_id=approval_id,
            same=["to"],
            daily_limit=3,
            ends_at=ends_at,
            reason="Fabrikam is paid every day.",
        )
    decided = world.decide(*(call(clerk, arguments={"amount": n, "to": "Fabrikam"}) for n in range(1, 6)))
    assert sorted(reason(each) for each in decided) == [Reason.APPROVAL_NEEDED] * 2 + [Reason.APPROVED] * 3
    assert reason(world.one(call(clerk, arguments={"amount": 1, "to": "Mallory"}))) is Reason.APPROVAL_NEEDED
    (view,) = world.run(list_standing, approver(contoso))
    assert (view.used_today, view.daily_limit) == (3, 3)
    world.clock.move(timedelta(days=1))
    assert reason(world.one(call(clerk))) is Reason.APPROVED
    with world.one_entry("standing_revoked"):
        world.run(revoke_standing, approver(contoso), standing_id=standing.standing_id)
    assert reason(world.one(call(clerk))) is Reason.APPROVAL_NEEDED


def test_a_standing_approval_is_stale_once_policies_change(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    ends_at = world.clock.now() + timedelta(days=10)
    fields = {"approval_id": approval_id, "daily_limit": 3, "reason": "Fabrikam is paid every day."}
    with pytest.raises(StandingRefusedError):
        world.run(grant_standing, approver(contoso), ends_at=world.clock.now() + timedelta(days=91), **fields)
    world.run(grant_standing, approver(contoso), ends_at=ends_at, **fields)
    assert reason(world.one(call(clerk))) is Reason.APPROVED
    number = world.run(save_policies, SECURITY, text=ASK_TWO, note="Two people look.").number
    world.run(activate_policies, SECURITY, number=number)
    assert reason(world.one(call(clerk))) is Reason.APPROVAL_NEEDED


# --- telling


def test_whoever_may_answer_is_told_once_with_a_link_alone(world: World, contoso: str, clerk: Agent) -> None:
    approval_id, _ = asked(world, clerk)
    asked(world, clerk)
    with world.database.read() as session:
        (task,) = session.scalars(select(TaskRow).where(TaskRow.name == TELL))
        assert (task.key, task.payload, task.customer_id) == (approval_id, {"approval_id": approval_id}, contoso)
    assert world.run(tell_approval, system("jobs"), approval_id=approval_id) is True
    assert world.run(tell_approval, system("jobs"), approval_id=approval_id) is False
    with world.database.read() as session:
        (wish,) = session.scalars(select(TaskRow).where(TaskRow.name == "messages.take_up"))
    assert (wish.payload["to"], wish.payload["href"]) == ("customer_approver", f"/approvals/{approval_id}")
    assert "Fabrikam" not in json.dumps(wish.payload)


def test_many_questions_are_told_of_in_one_message_an_hour(world: World, clerk: Agent) -> None:
    fabrikam = world.agent(world.customer("fabrikam"), clerk.tool_id, lane="approval")

    def told(agent: Agent, *amounts: int) -> list[bool]:
        calls = [call(agent, arguments={"amount": amount, "to": "x"}) for amount in amounts]
        ids = sorted(
            str(each.approval_id) for each in world.decide(*calls)
        )  # asked at one instant, they wait by their ids
        return [world.run(tell_approval, system("jobs"), approval_id=each) for each in ids]

    assert told(clerk, 1, 2, 3, 4, 5, 6) == [True] * 4 + [False] * 2
    assert told(fabrikam, 1) == [True]
    world.clock.move(timedelta(hours=1))
    assert told(clerk, 7, 8) == [True, False]
    with world.database.read() as session:
        wishes = session.scalars(select(TaskRow).where(TaskRow.name == "messages.take_up").order_by(TaskRow.id)).all()
    assert [wish.payload["href"] for wish in wishes].count("/approvals") == 2
    assert wishes[-1].payload["values"]["count"] == "8"


def test_a_customers_session_sees_its_own_alone(world: World, contoso: str, clerk: Agent) -> None:
    asked(world, clerk)
    fabrikam = world.customer("fabrikam")
    with world.database.read(Scope(CustomerId(fabrikam))) as session:
        assert list(session.scalars(select(ApprovalRow))) == []
    with pytest.raises(ApprovalNotFoundError):
        world.run(cancel_approval, approver(fabrikam, "eve"), approval_id="apr_x", reason="Mine?")


def test_arguments_that_were_changed_in_the_table_do_not_change_what_was_approved(
    world: World, contoso: str, clerk: Agent
) -> None:
    approval_id, _ = asked(world, clerk)
    with world.database.write() as session:
        session.execute(update(ApprovalRow).values(arguments='{"amount": 500, "currency": "USD", "to": "Mallory"}'))
    approve(world, approval_id, approver(contoso))
    changed = {"amount": 500, "currency": "USD", "to": "Mallory"}
    assert reason(world.one(call(clerk, approval_id=approval_id, arguments=changed))) is Reason.APPROVAL_OF_ANOTHER_CALL
