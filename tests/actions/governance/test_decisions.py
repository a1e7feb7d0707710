"""Decisions on a real database: what takes effect when, whose things they touch, and that the record is ordinary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed
from sqlalchemy import update

from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.principal import system
from fairkeeper.bootstrap.wiring.governance import AgentsToStop, DecisionsToErase
from fairkeeper.database.session import Database
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.actions.contain import contain, lift_containment
from fairkeeper.governance.actions.decide import decide
from fairkeeper.governance.actions.decide_use import withdraw_use
from fairkeeper.governance.actions.delegate import delegate, end_delegation
from fairkeeper.governance.actions.grant_data import revoke_data
from fairkeeper.governance.actions.permit_tool import end_permit, permit_tool
from fairkeeper.governance.actions.promote_agent import promote_agent
from fairkeeper.governance.actions.record_outcome import endorse_task, record_outcome
from fairkeeper.governance.actions.register_tool import approve_manifest, report_manifest
from fairkeeper.governance.actions.review_call import review_call
from fairkeeper.governance.actions.set_limit import end_limit, set_limit
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.queries.decisions import list_decisions, list_reviews, show_decision, show_task
from fairkeeper.governance.tables import DecisionBasisRow, DecisionRow, DelegationRow, LimitUsageRow
from fairkeeper.policy.decision.facts import Caller, Person, Resource
from fairkeeper.policy.decision.labels import Labels
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.decision.record import replayed
from fairkeeper.proof.record import Record, verify_record
from fairkeeper.values.ids import CustomerId
from tests.actions.governance.world import (
    PAY_SCHEMA,
    PRODUCT,
    READ_SCHEMA,
    SECURITY,
    Agent,
    World,
    call,
    make_world,
    person_of,
    program_of,
)


@pytest.fixture
def world(database: Database) -> World:
    """Contoso with an agent that pays by itself."""
    return make_world(database)


@pytest.fixture
def contoso(world: World) -> str:
    return world.customer("contoso")


@pytest.fixture
def clerk(world: World, contoso: str) -> Agent:
    return world.agent(contoso, world.tool("pay"))


def reasons(decided: Sequence[Any]) -> list[str]:
    return [each.verdict.reason.value for each in decided]


# --- the record


def test_a_decision_is_an_ordinary_entry_with_everything_it_rests_on(world: World, contoso: str, clerk: Agent) -> None:
    decided = world.one(call(clerk, task_id="invoice-7", instance="a1", request_id="req_1"))
    assert (decided.verdict.allowed, decided.verdict.reason) == (True, Reason.PERMITTED)
    world.integrator.run_until_current()
    entry = world.entry(decided)
    assert entry.leaf_index is not None
    assert (entry.kind, entry.actor_id, entry.customer_id) == ("governance.call_allowed/1", clerk.id, contoso)
    record = Record(
        header=entry.header.encode(),
        header_salt=entry.header_salt,
        payload=(entry.payload or "").encode(),
        payload_salt=entry.payload_salt,
    )
    header = verify_record(record)
    assert (header.operation, header.actor.kind, header.request) == ("governance.decide", "agent", "req_1")
    payload = json.loads(entry.payload or "")
    (basis,) = world.rows(DecisionBasisRow)
    assert payload["basis"] == basis.digest
    assert payload["inputs"]["arguments"] == {"amount": 5, "currency": "USD", "to": "Fabrikam"}
    assert payload["answer"]["policies"] == [f"permit:{clerk.permit_id}"]
    assert payload["answer"]["use"] == clerk.use_id
    named = {"bundle", "epochs", "manifest", "request_digest", "took_us", "agent_version", "environment", "tool"}
    assert named <= payload.keys()
    assert replayed(payload, basis.content, world.clock.now()) == payload["answer"]


def test_the_hot_path_and_a_command_decide_and_record_alike(world: World, clerk: Agent) -> None:
    hot = world.one(call(clerk))
    slow = world.run(decide, SYSTEM, agent_id=clerk.id, tool=clerk.tool_id, arguments=call(clerk).arguments)
    assert slow.allowed
    one, other = (json.loads(row.payload) for row in world.rows(EntryRow)[-2:])
    assert one["answer"] == other["answer"]
    assert one["basis"] == other["basis"]
    assert hot.verdict.reason.value == slow.reason


SYSTEM = system("test")


def test_queries_show_what_was_decided(world: World, contoso: str, clerk: Agent) -> None:
    allowed, refused = world.decide(call(clerk), call(clerk, arguments={"force": True}))
    page = world.run(list_decisions, person_of(contoso), agent_id=clerk.id)
    assert [line.decision_id for line in page.decisions] == sorted(
        [allowed.decision_id or "", refused.decision_id or ""], reverse=True
    )
    detail = world.run(show_decision, person_of(contoso), decision_id=refused.decision_id)
    assert (detail.line.reason, detail.line.allowed) == ("arguments_refused", False)
    assert "force is not declared" in detail.line.detail
    assert detail.record is not None


# --- what takes effect at the next decision


def test_withdrawing_a_use_and_ending_a_permit_refuse_the_next_call(world: World, clerk: Agent) -> None:
    assert world.one(call(clerk)).verdict.allowed
    world.run(end_permit, permit_id=clerk.permit_id)
    assert world.one(call(clerk, use_id=clerk.use_id)).verdict.reason is Reason.NOT_PERMITTED
    world.run(withdraw_use, SECURITY, use_id=clerk.use_id, reason="Errors above the measure.")
    assert world.one(call(clerk, use_id=clerk.use_id)).verdict.reason is Reason.USE_WITHDRAWN


def test_withdrawing_a_use_takes_effect_in_a_point_that_runs(world: World, clerk: Agent) -> None:
    """The same point, whose compiled basis is warm: there is no time in which a cache is believed."""

    async def story() -> list[str]:
        point = DecisionPoint(world.database.address, world.clock, world.questions)
        before = await point.decide(call(clerk))
        world.run(withdraw_use, SECURITY, use_id=clerk.use_id, reason="Errors above the measure.")
        after = await point.decide(call(clerk))
        point.close()
        return reasons([before, after])

    assert world.loop(story()) == ["permitted", "use_withdrawn"]


def test_data_is_granted_by_its_owner_and_taken_back_at_once(world: World, contoso: str) -> None:
    tool_id = world.tool("ledger", effect="read", reads=["invoices"], writes=["payments"])
    clerk = world.agent(contoso, tool_id)
    assert world.one(call(clerk)).verdict.reason is Reason.DATA_NOT_GRANTED
    world.grant(clerk, "invoices", may_write=False)
    payments = world.grant(clerk, "payments", may_read=False)
    assert world.one(call(clerk)).verdict.allowed
    world.run(revoke_data, person_of(contoso), grant_id=payments, reason="No longer wanted.")
    assert world.one(call(clerk)).verdict.reason is Reason.GRANT_ENDED
    world.clock.move(timedelta(days=2))
    assert world.one(call(clerk)).verdict.reason is Reason.GRANT_ENDED


def test_a_third_partys_data_tightens_the_response(world: World, contoso: str) -> None:
    clerk = world.agent(contoso, world.tool("ledger", reads=["invoices"]))
    world.grant(clerk, "invoices", owner_kind="third_party", owner="Adatum")
    found = world.one(call(clerk)).verdict
    assert (found.allowed, found.is_reviewed) == (True, True)
    clerk = world.agent(contoso, clerk.tool_id, name="other")
    world.grant(clerk, "invoices", owner_kind="third_party", owner="Adatum", sensitivity=2)
    assert world.one(call(clerk)).verdict.reason is Reason.APPROVAL_NEEDED


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        ({"status": "Suspended"}, "customers.suspended"),
        ({"operation": "paused"}, "customers.paused"),
        ({"provisioning": "stopped"}, "customers.stopped"),
    ],
)
def test_a_customer_that_may_not_act_has_no_agent_that_does(
    sqlite_database: Database, marks: dict[str, str], code: str
) -> None:
    world = make_world(sqlite_database)
    contoso = world.customer("contoso")
    clerk = world.agent(contoso, world.tool("pay"))
    assert world.one(call(clerk)).verdict.allowed
    world.set_subscription(contoso, **marks)
    found = world.one(call(clerk)).verdict
    assert (found.reason, found.detail) == (Reason.CUSTOMER_MAY_NOT_ACT, code)


def test_a_changed_description_stops_the_tool_until_it_is_approved(world: World, clerk: Agent) -> None:
    wider = {**PAY_SCHEMA, "properties": {**PAY_SCHEMA["properties"], "urgent": {"type": "boolean"}}}  # type: ignore[dict-item]
    standing = world.run(report_manifest, PRODUCT, tool_id=clerk.tool_id, arguments=wider)
    assert not standing.is_approved
    assert world.one(call(clerk)).verdict.reason is Reason.MANIFEST_CHANGED
    world.run(approve_manifest, SECURITY, tool_id=clerk.tool_id, manifest_digest=standing.manifest_digest)
    assert world.one(call(clerk, arguments={"amount": 1, "to": "x", "urgent": True})).verdict.allowed


def test_promotion_makes_another_agent_and_environments_do_not_touch(world: World, contoso: str) -> None:
    live, test = world.tool("pay"), world.tool("pay", environment="test")
    clerk = world.agent(contoso, test, environment="test")
    assert world.one(call(clerk)).verdict.allowed
    assert world.one(call(clerk, tool_id=live)).verdict.reason is Reason.WRONG_ENVIRONMENT
    assert world.one(call(clerk, environment="live")).verdict.reason is Reason.WRONG_ENVIRONMENT
    promoted = world.run(promote_agent, agent_id=clerk.id)
    assert (promoted.environment, promoted.permits, promoted.missing_tools) == ("live", 1, [])
    assert world.one(call(replace(clerk, id=promoted.agent_id, tool_id=live))).verdict.allowed
    assert world.one(call(replace(clerk, id=promoted.agent_id))).verdict.reason is Reason.WRONG_ENVIRONMENT
    assert world.one(call(clerk)).verdict.allowed


def test_a_revoked_token_is_refused_in_the_transaction_of_the_decision(world: World, clerk: Agent) -> None:
    assert world.one(call(clerk)).verdict.allowed
    with world.database.write() as session:
        session.execute(update(ApiTokenRow).values(revoked_at=world.clock.now()))
    assert world.one(call(clerk)).verdict.reason is Reason.CALLER_REVOKED


def test_a_token_that_is_nobodys_is_refused_and_believed_in_nothing(world: World, contoso: str, clerk: Agent) -> None:
    """One that was deleted, or that a program made up: whose it says it is stands in no customer's log."""
    forged = Caller(id="tok_of_nobody", customer_id=contoso, may_report=True)
    found, honest = world.decide(call(clerk, caller=forged), call(clerk))
    assert reasons([found, honest]) == ["caller_unknown", "permitted"]
    assert world.entry(found).customer_id is None


class Torn(dict[str, object]):
    """Arguments that cannot be looked at."""

    def items(self) -> Any:
        """Fail."""
        raise RuntimeError("torn")


def test_a_call_that_fails_while_it_is_decided_is_a_recorded_no_of_its_own(world: World, clerk: Agent) -> None:
    before, torn, after = world.decide(call(clerk), call(clerk, arguments=Torn()), call(clerk))
    assert reasons([before, torn, after]) == ["permitted", "failed", "permitted"]
    payload = json.loads(world.entry(torn).payload or "")
    assert payload["inputs"]["arguments"] == {"$omitted": "they cannot be read: RuntimeError"}
    assert payload["answer"]["errors"] == ["RuntimeError"]


# --- containment


def test_each_scope_of_a_hold_stops_what_it_names_and_nothing_else(world: World, contoso: str, clerk: Agent) -> None:
    other = world.agent(contoso, world.tool("mail"), name="other")
    fabrikam = world.agent(world.customer("fabrikam"), clerk.tool_id)

    def hold(scope: str, subject_id: str) -> list[str]:
        held = world.run(contain, SECURITY, scope=scope, subject_id=subject_id, state="paused", reason="Odd calls.")
        found = reasons(world.decide(call(clerk), call(other), call(fabrikam)))
        world.run(lift_containment, SECURITY, containment_id=held.containment_id, reason="Looked at.")
        return found

    assert hold("agent", clerk.id) == ["agent_contained", "permitted", "permitted"]
    assert hold("tool", clerk.tool_id) == ["tool_contained", "permitted", "tool_contained"]
    assert hold("customer", contoso) == ["customer_contained", "customer_contained", "permitted"]
    assert hold("everything", "everything") == ["everything_contained"] * 3
    assert reasons(world.decide(call(clerk), call(other), call(fabrikam))) == ["permitted"] * 3


def test_a_customer_holds_its_own_and_cannot_lift_the_publishers(world: World, contoso: str, clerk: Agent) -> None:
    own = world.run(
        contain, person_of(contoso), scope="agent", subject_id=clerk.id, state="constrained", profile="reads_only",
        reason="While we look.",
    )  # fmt: skip
    assert world.one(call(clerk)).verdict.reason is Reason.OUTSIDE_PROFILE
    world.run(lift_containment, person_of(contoso), containment_id=own.containment_id, reason="Fine.")
    theirs = world.run(contain, SECURITY, scope="agent", subject_id=clerk.id, state="paused", reason="Odd calls.")
    with pytest.raises(Exception, match="publisher holds it"):
        world.run(lift_containment, person_of(contoso), containment_id=theirs.containment_id, reason="Please.")
    with pytest.raises(Exception, match="cannot hold everything"):
        world.run(contain, person_of(contoso), scope="everything", state="paused", reason="All of it.")


# --- limits


def test_64_callers_and_a_limit_of_1000_let_exactly_1000_through(world: World, contoso: str, clerk: Agent) -> None:
    world.run(
        set_limit, person_of(contoso), scope="agent", subject_id=clerk.id, meter="calls", window="day", maximum=1000
    )

    async def story() -> list[str]:
        import asyncio

        points = [DecisionPoint(world.database.address, world.clock, world.questions) for _ in range(2)]

        async def caller(number: int) -> list[str]:
            return [(await points[number % 2].decide(call(clerk))).verdict.reason.value for _ in range(17)]

        found = await asyncio.gather(*(caller(number) for number in range(64)))
        for point in points:
            point.close()
        return [reason for each in found for reason in each]

    found = world.loop(story())
    assert (found.count("permitted"), found.count("limit_reached")) == (1000, 88)
    (usage,) = world.rows(LimitUsageRow)
    assert usage.used == 1000
    assert len(world.rows(DecisionRow)) == 1088


def test_a_customer_narrows_a_tool_of_the_publisher_for_its_own_agents_alone(
    world: World, contoso: str, clerk: Agent
) -> None:
    """Neither more calls than the publisher lets through, nor one call less for anybody else."""
    fabrikam = world.agent(world.customer("fabrikam"), clerk.tool_id)
    limit = {"scope": "tool", "subject_id": clerk.tool_id, "meter": "calls", "window": "day"}
    world.run(set_limit, **limit, agent_id=clerk.id, maximum=3)
    own = world.run(set_limit, person_of(contoso), **limit, maximum=2)
    found = world.decide(*[call(clerk)] * 3, *[call(fabrikam)] * 4)
    assert reasons(found) == ["permitted"] * 2 + ["limit_reached"] + ["permitted"] * 4
    world.run(end_limit, person_of(contoso), limit_id=own.limit_id)
    world.run(set_limit, person_of(contoso), **limit, maximum=100)
    assert reasons(world.decide(*[call(clerk)] * 2)) == ["permitted", "limit_reached"]
    held = {"scope": "tool", "subject_id": clerk.tool_id, "state": "paused", "reason": "A look at it."}
    world.run(contain, person_of(contoso), **held)
    assert reasons(world.decide(call(clerk), call(fabrikam))) == ["tool_contained", "permitted"]
    other = world.tool("mail")
    for operation, fields in ((contain, held), (set_limit, limit | {"maximum": 1})):
        with pytest.raises(Exception, match="There is no tool"):
            world.run(operation, person_of(contoso), **fields | {"subject_id": other})


def test_money_is_limited_to_the_cent_and_given_back_when_nothing_was_carried_out(
    world: World, contoso: str, clerk: Agent
) -> None:
    world.run(
        set_limit, person_of(contoso), scope="customer", subject_id=contoso, meter="amount", window="month",
        maximum=10_00, currency="USD",
    )  # fmt: skip
    first = world.one(call(clerk, arguments={"amount": 999, "currency": "USD", "to": "x"}))
    assert first.verdict.allowed
    arguments = {"amount": 2, "currency": "USD", "to": "x"}
    assert world.one(call(clerk, arguments=arguments)).verdict.reason is Reason.LIMIT_REACHED
    assert world.one(call(clerk, arguments=arguments | {"currency": "EUR"})).verdict.reason is Reason.AMOUNT_UNKNOWN
    world.run(record_outcome, program_of(contoso), decision_id=first.decision_id, outcome="not_executed")
    assert world.one(call(clerk, arguments=arguments)).verdict.allowed


# --- labels, outcomes, review


def test_labels_join_into_the_task_and_only_a_person_takes_them_down(world: World, contoso: str) -> None:
    read = world.tool("mailbox", effect="read", arguments=READ_SCHEMA, amount_argument=None, currency_argument=None)
    clerk = world.agent(contoso, read)
    pay = world.tool("pay", needs_trusted=True)
    permit = {"agent_id": clerk.id, "tool_id": pay, "use_id": clerk.use_id, "lane": "automatic"}
    world.run(permit_tool, **permit)
    paying = call(replace(clerk, tool_id=pay), task_id="t1")
    assert world.one(paying).verdict.allowed
    reading = world.one(call(clerk, task_id="t1", arguments={"query": "invoices"}))
    world.run(record_outcome, program_of(contoso), decision_id=reading.decision_id, outcome="ok", is_trusted=True)
    found = world.one(paying).verdict
    assert (found.reason, found.detail) == (Reason.FLOW_UNTRUSTED, "mailbox")
    assert world.one(changed(paying, task_id="t2")).verdict.allowed
    shown = world.run(show_task, person_of(contoso), task_id="t1")
    assert shown.labels == {"sources": ["mailbox"], "customers": [contoso], "sensitivity": 1, "trusted": False}
    endorsement = {"task_id": "t1", "sensitivity": 1, "is_trusted": True, "reason": "I read the mail."}
    with pytest.raises(Exception, match="may run"):
        world.run(endorse_task, program_of(contoso), **endorsement)
    with world.one_entry("task_endorsed") as entry:
        world.run(endorse_task, person_of(contoso, "customer_approver"), **endorsement)
    assert (entry["before"]["trusted"], entry["after"]["trusted"]) == (False, True)
    assert world.one(paying).verdict.allowed


def test_a_call_that_is_recorded_for_review_runs_and_waits_for_a_verdict(world: World, contoso: str) -> None:
    clerk = world.agent(contoso, world.tool("pay", severity="medium", business_impact="medium"))
    decided = world.one(call(clerk))
    assert (decided.verdict.allowed, decided.verdict.is_reviewed) == (True, True)
    (line,) = world.run(list_reviews, person_of(contoso))
    assert (line.decision_id, line.is_late) == (decided.decision_id, False)
    world.clock.move(timedelta(days=4))
    with world.one_entry("call_reviewed"):
        result = world.run(
            review_call, person_of(contoso, "customer_approver"), decision_id=decided.decision_id, verdict="wrong"
        )
    assert result.was_late
    assert world.run(list_reviews, person_of(contoso)) == []


# --- delegation


def test_a_delegation_holds_for_its_task_its_tools_and_its_time(world: World, contoso: str, clerk: Agent) -> None:
    program = program_of(contoso)
    given = {"agent_id": clerk.id, "task_id": "t1", "ends_at": world.clock.now() + timedelta(hours=1)}
    first = world.run(delegate, program, person_id="ada", person_issuer="entra", tools=["pay"], **given)
    ada = Person(id="ada", issuer="entra")
    asking = call(clerk, person=ada, delegation_id=first.delegation_id, task_id="t1")
    assert world.one(asking).verdict.allowed
    assert world.one(changed(asking, task_id="t2")).verdict.reason is Reason.DELEGATION_OF_ANOTHER_TASK
    with pytest.raises(Exception, match="more tools or more time"):
        world.run(delegate, program, parent_id=first.delegation_id, tools=["pay", "mail"], **given)
    second = world.run(delegate, program, parent_id=first.delegation_id, tools=["pay"], **given)
    further = changed(asking, delegation_id=second.delegation_id)
    assert world.one(further).verdict.allowed
    world.run(end_delegation, program, delegation_id=first.delegation_id)
    assert world.one(further).verdict.reason is Reason.DELEGATION_ENDED


# --- two customers


def test_nothing_of_another_customer_can_be_named(world: World, contoso: str, clerk: Agent) -> None:
    fabrikam = world.customer("fabrikam")
    own_tool = world.tool("secret", customer_id=fabrikam)
    theirs = world.agent(fabrikam, own_tool)
    given = {"agent_id": theirs.id, "task_id": "t1", "ends_at": world.clock.now() + timedelta(hours=1)}
    delegation = world.run(delegate, program_of(fabrikam), person_id="eve", **given)
    program = program_of(contoso)
    found = world.decide(
        call(theirs, program),
        call(replace(clerk, tool_id=own_tool)),
        call(clerk, customer_id=fabrikam),
        call(clerk, use_id=theirs.use_id),
        call(clerk, delegation_id=delegation.delegation_id, task_id="t1"),
        call(clerk, resources=(Resource(type="invoice", id="1", customer_id=fabrikam),)),
        call(clerk, labels=Labels(customers=frozenset({fabrikam}))),
        call(clerk, program_of(fabrikam)),
    )
    assert reasons(found) == [
        "agent_unknown",
        "tool_unknown",
        "another_customer",
        "use_unknown",
        "delegation_unknown",
        "resource_of_another_customer",
        "labels_of_another_customer",
        "agent_unknown",
    ]
    # Whoever asks for another customer's agent leaves the trace in its own log, which names nothing of the other's.
    assert [world.entry(each).customer_id for each in found] == [contoso] * 7 + [fabrikam]
    assert own_tool not in (world.entry(found[0]).payload or "").replace(f'"tool":"{own_tool}"', "")
    for operation, fields in (
        (show_decision, {"decision_id": found[0].decision_id}),
        (withdraw_use, {"use_id": clerk.use_id, "reason": "Because."}),
        (end_permit, {"permit_id": clerk.permit_id}),
        (contain, {"scope": "agent", "subject_id": clerk.id, "state": "paused", "reason": "Because."}),
    ):
        with pytest.raises(Exception, match="There is no"):
            world.run(operation, person_of(fabrikam), **fields)


# --- leaving


def test_a_customer_that_leaves_has_its_agents_revoked_and_its_people_forgotten(
    world: World, contoso: str, clerk: Agent
) -> None:
    fabrikam = world.agent(world.customer("fabrikam"), clerk.tool_id)
    given = {"agent_id": clerk.id, "task_id": "t1", "ends_at": world.clock.now() + timedelta(hours=1)}
    delegation = world.run(delegate, program_of(contoso), person_id="ada", **given)
    asking = call(clerk, person=Person(id="ada"), delegation_id=delegation.delegation_id, task_id="t1")
    assert world.one(asking).verdict.allowed
    with world.database.write() as session:
        stopped = AgentsToStop().stop(session, CustomerId(contoso), now=world.clock.now())
        again = AgentsToStop().stop(session, CustomerId(contoso), now=world.clock.now())
    assert [(each.kind, each.name) for each in stopped] == [("agent", clerk.id)]
    assert stopped == again
    assert reasons(world.decide(asking, call(fabrikam))) == ["agent_contained", "permitted"]
    with world.database.write() as session:
        erased = DecisionsToErase(_NothingElse()).erase(session, CustomerId(contoso), now=world.clock.now())
    assert (erased[0].count or 0) > 0
    assert [row.person_id for row in world.rows(DecisionRow)] == [None] * 3
    assert [row.person_id for row in world.rows(DelegationRow)] == [None]


class _NothingElse:
    """`DataToErase` of a world in which there is nothing else to erase."""

    def erase(self, session: object, customer_id: str, *, now: object) -> tuple[()]:
        return ()
