"""Every reason a decision can have, each brought about by the smallest change of a call that is permitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import cedarpy
import pytest
from msgspec.structs import replace as changed

from fairkeeper.policy.decision.arguments import digest_of, exact
from fairkeeper.policy.decision.compiled import Compiled, binding_digest
from fairkeeper.policy.decision.facts import (
    ApprovalState,
    Basis,
    Call,
    Caller,
    ContainmentFacts,
    ContainmentState,
    DelegationFacts,
    Environment,
    Lane,
    LimitFacts,
    Meter,
    Moment,
    Person,
    PolicyText,
    Resource,
    Scope,
    Verdict,
    Window,
)
from fairkeeper.policy.decision.labels import Labels
from fairkeeper.policy.decision.profiles import PROFILES
from fairkeeper.policy.decision.reasons import SENTENCES, Reason
from fairkeeper.policy.decision.response import BusinessImpact, Reversibility, Severity
from fairkeeper.policy.decision.slices import _MAKERS, mentioned
from tests.unit.policy.facts import (
    CUSTOMER,
    GRANT,
    NOON,
    OTHER,
    PERMIT,
    USE,
    agent,
    approval,
    basis,
    call,
    policies,
    tool,
    verdict,
)

ASKS = replace(PERMIT, lane=Lane.APPROVAL)
ADA = Person(id="ada", issuer="https://login.contoso.example")
LINK = DelegationFacts(
    id="dlg_1", task_id="t", to_agent_id="agt_1", tools=None, ends_at=NOON + timedelta(hours=1), person=ADA
)
ON_CALL = 'forbid (principal, action in Action::"call", resource)'


def held(scope: Scope, state: ContainmentState = ContainmentState.PAUSED, profile: str | None = None) -> Verdict:
    containment = ContainmentFacts(id="con_1", scope=scope, state=state, profile=profile)
    return verdict(basis(containments=(containment,)))


def limited(maximum: int, used: int, **changes: object) -> Verdict:
    limit = LimitFacts(id="lim_1", scope=Scope.AGENT, meter=Meter.CALLS, window=Window.DAY, maximum=maximum)
    known = basis(limits=(replace(limit, **changes),))  # type: ignore[arg-type]
    return verdict(known, moment=Moment(at=NOON, used={"lim_1": used}))


def delegated(link: DelegationFacts = LINK, *more: DelegationFacts, **changes: object) -> Verdict:
    chain = (link, *more)
    asked = call(person=ADA, delegation_id=chain[-1].id, task_id="t")
    return verdict(asked=changed(asked, **changes), moment=Moment(at=NOON, chain=chain))


def approved(**changes: object) -> Verdict:
    found = approval(**changes)
    return verdict(basis(permits=(ASKS,)), call(approval_id="apr_1"), Moment(at=NOON, approval=found))


APPLICATION = "entra:11111111-aaaa-4aaa-8aaa-111111111111/22222222-bbbb-4bbb-8bbb-222222222222"


@pytest.mark.parametrize(
    ("callers", "asking", "reason"),
    [
        ((), "tok_1", Reason.PERMITTED),
        (("tok_1",), "tok_1", Reason.PERMITTED),
        (("tok_2",), "tok_1", Reason.CALLER_IS_NOT_THE_AGENT),
        ((), APPLICATION, Reason.CALLER_IS_NOT_THE_AGENT),
        (("tok_1",), APPLICATION, Reason.CALLER_IS_NOT_THE_AGENT),
        (("tok_1", APPLICATION), APPLICATION, Reason.PERMITTED),
        ((APPLICATION,), APPLICATION[:-1] + "3", Reason.CALLER_IS_NOT_THE_AGENT),
    ],
)
def test_an_application_speaks_for_the_agents_that_name_it_alone(
    callers: tuple[str, ...], asking: str, reason: Reason
) -> None:
    asked = call(caller=Caller(id=asking, customer_id=CUSTOMER, may_report=True))
    assert verdict(basis(agent=agent(callers=callers)), asked=asked).reason is reason


CASES: dict[Reason, Callable[[], Verdict]] = {
    Reason.PERMITTED: verdict,
    Reason.CALLER_MAY_NOT_ASK: lambda: verdict(
        asked=call(caller=Caller(id="t", customer_id=CUSTOMER, may_report=False))
    ),
    Reason.CALLER_IS_NOT_THE_AGENT: lambda: verdict(basis(agent=agent(callers=("tok_other",)))),
    Reason.AGENT_UNKNOWN: lambda: verdict(asked=call(caller=Caller(id="t", customer_id=OTHER, may_report=True))),
    Reason.TOOL_UNKNOWN: lambda: verdict(basis(tool=tool(customer_id=OTHER))),
    Reason.ACTION_UNKNOWN: lambda: verdict(asked=call(action="delete")),
    Reason.ANOTHER_CUSTOMER: lambda: verdict(asked=call(customer_id=OTHER)),
    Reason.RESOURCE_OF_ANOTHER_CUSTOMER: lambda: verdict(
        asked=call(resources=(Resource(type="invoice", id="7", customer_id=OTHER),))
    ),
    Reason.LABELS_OF_ANOTHER_CUSTOMER: lambda: verdict(asked=call(labels=Labels(customers=frozenset({OTHER})))),
    Reason.WRONG_ENVIRONMENT: lambda: verdict(basis(tool=tool(environment=Environment.TEST))),
    Reason.CUSTOMER_MAY_NOT_ACT: lambda: verdict(moment=Moment(at=NOON, standing=("customers.suspended",))),
    Reason.EVERYTHING_CONTAINED: lambda: held(Scope.EVERYTHING),
    Reason.CUSTOMER_CONTAINED: lambda: held(Scope.CUSTOMER),
    Reason.AGENT_CONTAINED: lambda: held(Scope.AGENT, ContainmentState.REVOKED),
    Reason.TOOL_CONTAINED: lambda: held(Scope.TOOL),
    Reason.OUTSIDE_PROFILE: lambda: held(Scope.AGENT, ContainmentState.CONSTRAINED, "reads_only"),
    Reason.DELEGATION_MISSING: lambda: verdict(asked=call(person=ADA)),
    Reason.DELEGATION_UNKNOWN: lambda: verdict(asked=call(delegation_id="dlg_other", task_id="t")),
    Reason.DELEGATION_ENDED: lambda: delegated(replace(LINK, ends_at=NOON)),
    Reason.DELEGATION_OF_ANOTHER_TASK: lambda: delegated(task_id="u"),
    Reason.DELEGATION_TOO_DEEP: lambda: delegated(*(replace(LINK, id=f"dlg_{n}") for n in range(5))),
    Reason.DELEGATION_EXCEEDED: lambda: delegated(replace(LINK, tools=("read",))),
    Reason.USE_UNKNOWN: lambda: verdict(asked=call(use_id="use_other")),
    Reason.USE_NOT_APPROVED: lambda: verdict(basis(uses=(replace(USE, is_approved=False),))),
    Reason.USE_WITHDRAWN: lambda: verdict(basis(uses=(replace(USE, withdrawn_at=NOON),))),
    Reason.MANIFEST_CHANGED: lambda: verdict(asked=call(manifest_digest="c" * 64)),
    Reason.ARGUMENTS_NOT_EXACT: lambda: verdict(asked=call(arguments={"to": "x", "rate": float("nan")})),
    Reason.ARGUMENTS_REFUSED: lambda: verdict(asked=call(arguments={"to": "x", "force": True})),
    Reason.DATA_NOT_GRANTED: lambda: verdict(basis(grants=())),
    Reason.GRANT_ENDED: lambda: verdict(basis(grants=(replace(GRANT, revoked_at=NOON),))),
    Reason.FORBIDDEN: lambda: verdict(basis(policies=policies(f"{ON_CALL};"))),
    Reason.POLICY_ERROR: lambda: verdict(
        basis(policies=policies(f'{ON_CALL} when {{ context.numbers.getTag("absent") > 1 }};'))
    ),
    Reason.NO_DECISION: lambda: verdict(
        basis(policies=policies(f"{ON_CALL} when {{ context.labels.sensitivity > 3 }};")),
        call(labels=Labels(sensitivity=2**63)),
    ),
    Reason.RESPONSE_BLOCKS: lambda: verdict(
        basis(
            tool=tool(
                severity=Severity.HIGH,
                reversibility=Reversibility.IRREVERSIBLE,
                business_impact=BusinessImpact.HIGH,
            )
        )
    ),
    Reason.FLOW_UNTRUSTED: lambda: verdict(
        basis(tool=tool(needs_trusted=True)), call(labels=Labels(sources=frozenset({"mail"}), is_trusted=False))
    ),
    Reason.FLOW_TOO_SENSITIVE: lambda: verdict(
        basis(tool=tool(most_sensitive=1)), moment=Moment(at=NOON, task_labels=Labels(sensitivity=2))
    ),
    Reason.NOT_PERMITTED: lambda: verdict(basis(permits=()), call(use_id="use_1")),
    Reason.PERMIT_ENDED: lambda: verdict(basis(permits=(replace(PERMIT, ends_at=NOON),))),
    Reason.AMOUNT_UNKNOWN: lambda: limited(10, 0, meter=Meter.AMOUNT, currency="EUR"),
    Reason.LIMIT_REACHED: lambda: limited(10, 10),
    Reason.APPROVAL_NEEDED: lambda: verdict(basis(permits=(ASKS,))),
    Reason.APPROVAL_UNKNOWN: lambda: verdict(basis(permits=(ASKS,)), call(approval_id="apr_none")),
    Reason.APPROVAL_PENDING: lambda: approved(state=ApprovalState.PENDING),
    Reason.APPROVAL_DENIED: lambda: approved(state=ApprovalState.DENIED),
    Reason.APPROVAL_OF_ANOTHER_CALL: lambda: approved(binding_digest="d" * 64),
    Reason.APPROVAL_STALE: lambda: approved(bundle_digest="d" * 64),
    Reason.APPROVAL_ENDED: lambda: approved(ends_at=NOON),
    Reason.APPROVAL_CONSUMED: lambda: approved(state=ApprovalState.CONSUMED),
    Reason.APPROVED: approved,
}
BY_THE_SHELL = {
    Reason.CALLER_UNKNOWN,
    Reason.CALLER_REVOKED,
    Reason.ENGINE_FAILED,
    Reason.TIMED_OUT,
    Reason.NOT_RECORDED,
    Reason.FAILED,
}
"""Reasons of what decides and records, not of the order; tests/actions/governance brings them about."""


@pytest.mark.parametrize("reason", CASES)
def test_each_reason_is_told_apart(reason: Reason) -> None:
    found = CASES[reason]()
    assert found.reason is reason
    assert found.allowed == (reason in {Reason.PERMITTED, Reason.APPROVED})
    assert found.allowed or not found.reservations


def test_there_is_no_reason_that_nothing_leads_to() -> None:
    assert set(CASES) | BY_THE_SHELL == set(Reason)
    assert set(SENTENCES) == set(Reason)


def test_what_stands_earlier_in_the_order_is_the_reason() -> None:
    """Everything is wrong at once; taking the first thing away uncovers the next."""
    contained = ContainmentFacts(id="con_1", scope=Scope.AGENT, state=ContainmentState.PAUSED)
    limit = LimitFacts(id="lim_1", scope=Scope.AGENT, meter=Meter.CALLS, window=Window.DAY, maximum=0)
    forbid = policies(f"{ON_CALL};")
    untrusted = Labels(is_trusted=False)
    known = basis(
        tool=tool(needs_trusted=True), containments=(contained,), policies=forbid, limits=(limit,), permits=(ASKS,)
    )
    asked = call(
        caller=Caller(id="t", customer_id=CUSTOMER, may_report=False),
        customer_id=OTHER,
        arguments={"force": 1},
        labels=untrusted,
    )
    steps: list[tuple[Reason, Callable[[Basis, Call], tuple[Basis, Call]]]] = [
        (Reason.CALLER_MAY_NOT_ASK, lambda b, c: (b, changed(c, caller=call().caller))),
        (Reason.ANOTHER_CUSTOMER, lambda b, c: (b, changed(c, customer_id=None))),
        (Reason.AGENT_CONTAINED, lambda b, c: (replace(b, containments=()), c)),
        (Reason.ARGUMENTS_REFUSED, lambda b, c: (b, changed(c, arguments=call().arguments))),
        (Reason.FORBIDDEN, lambda b, c: (replace(b, policies=()), c)),
        (Reason.FLOW_UNTRUSTED, lambda b, c: (b, changed(c, labels=Labels()))),
        (Reason.LIMIT_REACHED, lambda b, c: (replace(b, limits=()), c)),
        (Reason.APPROVAL_NEEDED, lambda b, c: (b, c)),
    ]
    for reason, mend in steps:
        assert verdict(known, asked).reason is reason
        known, asked = mend(known, asked)


# --- never, and not permitted


def test_a_forbid_is_never_even_with_an_approval() -> None:
    known = basis(permits=(ASKS,), policies=policies(f"{ON_CALL};"))
    found = verdict(known, call(approval_id="apr_1"), Moment(at=NOON, approval=approval()))
    assert (found.lane, found.reason, found.policies) == (Lane.NEVER, Reason.FORBIDDEN, ("p0",))


def test_no_permit_is_not_permitted_and_may_be_asked_for() -> None:
    found = verdict(basis(permits=()), call(use_id="use_1"))
    assert (found.lane, found.reason) == (Lane.NOT_PERMITTED, Reason.NOT_PERMITTED)


def test_a_forbid_on_the_unattended_alone_asks_for_a_person() -> None:
    text = 'forbid (principal, action == Action::"call_unattended", resource) when { context has amount && context.amount > 4 };'
    found = verdict(basis(policies=policies(text)))
    assert (found.lane, found.reason) == (Lane.APPROVAL, Reason.APPROVAL_NEEDED)
    assert "p0" in found.policies


def test_a_customer_can_narrow_and_not_widen() -> None:
    assert verdict(basis(policies=policies(f"{ON_CALL};", by_customer=True))).reason is Reason.FORBIDDEN
    with pytest.raises(ValueError, match="does more than forbid"):
        Compiled(basis(policies=policies("permit (principal, action, resource);", by_customer=True)))


# --- semantics that others get wrong: absent fields, quoting, precedence, an empty set


def compared(text: str, **arguments: object) -> Reason:
    known = basis(policies=policies(f"{ON_CALL} when {{ {text} }};"))
    return verdict(known, call(arguments={"to": "x", **arguments})).reason


@pytest.mark.parametrize(
    ("text", "arguments", "is_forbidden"),
    [
        (
            'context.texts.hasTag("note") && context.texts.getTag("note") == "rock and roll"',
            {"note": "rock and roll"},
            True,
        ),
        ('context.texts.hasTag("note") && context.texts.getTag("note") == ""', {"note": ""}, True),
        ('context.texts.hasTag("note") && context.texts.getTag("note") == "a\\"b"', {"note": 'a"b'}, True),
        ('(principal.name == "x" || principal.name == "clerk") && resource.name == "pay"', {}, True),
        ('principal.name == "clerk" || principal.name == "x" && resource.name == "no"', {}, True),
        ('(principal.name == "clerk" || principal.name == "x") && resource.name == "no"', {}, False),
        ('!(principal.name == "other")', {}, True),
        ('context.numbers.hasTag("amount") && context.numbers.getTag("amount") == 5', {"amount": 5}, True),
        ('context.numbers.hasTag("amount") && context.numbers.getTag("amount") > -5', {"amount": 0}, True),
        ('context.numbers.hasTag("amount") && context.numbers.getTag("amount") > 1000 * 2', {"amount": 2001}, True),
        ('context.numbers.hasTag("amount") && context.numbers.getTag("amount") > 1000 * 2', {"amount": 1500}, False),
        ('context.numbers.hasTag("amount") && context.numbers.getTag("amount") < 100', {}, False),
        ('!context.numbers.hasTag("amount")', {}, True),
        ('!["Fabrikam", "x"].contains(context.texts.getTag("to"))', {}, False),
    ],
)
def test_conditions_mean_what_they_say(text: str, arguments: dict[str, object], is_forbidden: bool) -> None:
    assert compared(text, **arguments) is (Reason.FORBIDDEN if is_forbidden else Reason.PERMITTED)


def test_a_rule_that_needs_an_absent_argument_is_a_denial_and_not_off() -> None:
    assert compared('context.numbers.getTag("amount") > 100') is Reason.POLICY_ERROR


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 2**53, 1e400])
def test_numbers_without_an_exact_spelling_are_a_denial(value: float) -> None:
    assert verdict(asked=call(arguments={"to": "x", "rate": value})).reason is Reason.ARGUMENTS_NOT_EXACT


def test_a_fraction_that_a_policy_compares_is_a_denial() -> None:
    text = 'context.numbers.hasTag("rate") && context.numbers.getTag("rate") > 1'
    assert compared(text, rate=1.5) is Reason.ARGUMENTS_NOT_EXACT
    assert verdict(asked=call(arguments={"to": "x", "rate": 1.5})).allowed


def test_no_policies_and_no_permits_permit_nothing() -> None:
    assert not verdict(basis(permits=(), policies=()), call(use_id="use_1")).allowed


def test_an_evaluator_that_throws_is_a_denial(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = Compiled(basis())

    def broken(*_arguments: object) -> object:
        raise RuntimeError("out of order")

    monkeypatch.setattr(cedarpy, "is_authorized", broken)
    from fairkeeper.policy.decision.order import decide

    found = decide(call(), compiled, Moment(at=NOON))
    assert (found.allowed, found.reason) == (False, Reason.ENGINE_FAILED)
    assert "out of order" in found.errors[0]


# --- approvals


def test_swapped_arguments_are_another_call() -> None:
    asked = call(approval_id="apr_1", arguments={"to": "Mallory", "amount": 5, "currency": "USD"})
    found = verdict(basis(permits=(ASKS,)), asked, Moment(at=NOON, approval=approval()))
    assert found.reason is Reason.APPROVAL_OF_ANOTHER_CALL


@pytest.mark.parametrize(
    "changes",
    [
        {"arguments": {"to": "Fabrikam", "amount": 5.0, "currency": "USD"}},
        {"resources": (Resource(type="invoice", id="8"),)},
        {"task_id": "other"},
    ],
    ids=["a number of another type", "another resource", "another task"],
)
def test_nothing_about_the_call_can_change_after_the_approval(changes: dict[str, object]) -> None:
    asked = changed(call(approval_id="apr_1"), **changes)
    found = verdict(basis(permits=(ASKS,)), asked, Moment(at=NOON, approval=approval()))
    assert found.reason in {Reason.APPROVAL_OF_ANOTHER_CALL, Reason.ARGUMENTS_REFUSED}
    assert not found.allowed


# --- constraints


@pytest.mark.parametrize("name", PROFILES)
def test_a_constraint_never_lets_more_through(name: str) -> None:
    found = held(Scope.AGENT, ContainmentState.CONSTRAINED, name)
    assert found.reason in {Reason.PERMITTED, Reason.OUTSIDE_PROFILE, Reason.APPROVAL_NEEDED}


def test_an_unknown_profile_leaves_nothing() -> None:
    assert held(Scope.AGENT, ContainmentState.CONSTRAINED, "whatever").reason is Reason.OUTSIDE_PROFILE


def test_a_hold_ends_at_its_instant() -> None:
    containment = ContainmentFacts(
        id="con_1", scope=Scope.AGENT, state=ContainmentState.PAUSED, until_at=NOON + timedelta(seconds=1)
    )
    known = basis(containments=(containment,))
    assert verdict(known).reason is Reason.AGENT_CONTAINED
    assert verdict(known, moment=Moment(at=NOON + timedelta(seconds=1))).allowed


# --- delegation


def test_a_delegation_lets_the_agent_act_for_the_person() -> None:
    assert delegated().allowed


def test_a_chain_is_as_narrow_as_its_narrowest_link() -> None:
    wide = replace(LINK, tools=("pay", "read"))
    narrow = DelegationFacts(id="dlg_2", task_id="t", to_agent_id="agt_1", tools=("read",), ends_at=LINK.ends_at)
    assert delegated(wide).allowed
    assert delegated(wide, narrow).reason is Reason.DELEGATION_EXCEEDED
    assert (
        delegated(replace(wide, tools=("read",)), replace(narrow, tools=("pay",))).reason is Reason.DELEGATION_EXCEEDED
    )


def test_an_agent_that_acts_for_people_alone_needs_a_delegation() -> None:
    assert verdict(basis(agent=agent(acts_alone=False))).reason is Reason.DELEGATION_MISSING


def test_another_person_cannot_use_the_delegation() -> None:
    assert delegated(person=Person(id="eve", issuer=ADA.issuer)).reason is Reason.DELEGATION_OF_ANOTHER_TASK


# --- the answer is complete


def test_policies_can_speak_of_everything_in_the_schema() -> None:
    text = (
        "permit (principal, action, resource) when { context.at.weekday == 7 && context.at.minute == 720"
        ' && context.labels.trusted && context.depth == 0 && context has amount && context.currency == "USD" };'
    )
    assert verdict(basis(permits=(), policies=policies(text)), call(use_id="use_1")).allowed


def test_a_policy_names_itself_in_the_answer() -> None:
    assert verdict().policies == ("permit:pmt_1",)


def test_a_policy_is_known_by_its_id() -> None:
    known = basis(policies=(PolicyText(id="never-7", text=f'@id("never-7") {ON_CALL};'),))
    assert verdict(known).policies == ("never-7",)


@pytest.mark.parametrize(
    "condition",
    [
        "context.at.weekday == 7 && context.depth == 0",
        "context has amount && context.amount > 4",
        'context has currency && context.currency == "EUR"',
        'context.texts.hasTag("to") && context.texts.getTag("to") like "Fab*"',
        "context.labels.sensitivity > 0 || !context.labels.trusted",
        "context has person || context has task",
        'context["depth"] == 0',
        "context == context",
    ],
)
def test_what_no_policy_speaks_of_changes_nothing_by_being_left_out(
    condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = basis(policies=policies(f"{ON_CALL} when {{ {condition} }};"))
    short = verdict(known)
    monkeypatch.setattr("fairkeeper.policy.decision.slices.mentioned", lambda _: frozenset(_MAKERS))
    assert verdict(known) == short
    assert short.reason in {Reason.FORBIDDEN, Reason.PERMITTED}


def test_every_member_of_the_context_can_be_made() -> None:
    assert mentioned("context") == frozenset(_MAKERS)


@pytest.mark.parametrize("changes", [{}, {"task_id": "t"}, {"resources": (Resource(type="invoice", id="7"),)}])
def test_what_was_spelled_before_binds_to_the_same_action(changes: dict[str, object]) -> None:
    asked, found = call(**changes), verdict(asked=call(**changes))
    expected = binding_digest(asked, basis(), str(found.use_id), digest_of(exact(asked.arguments)))
    assert found.binding_digest == expected
