"""The engine allows in one way only; everything else is a denial with its own reason."""

from __future__ import annotations

import itertools
import json
from typing import Any

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import ErrorKind
from fairkeeper.policy.engine import Decision, Entity, EntityUid, PolicyEngine, PolicyRequest, Reason, Value, validate
from fairkeeper.policy.errors import PolicyRefusedError

SCHEMA = """
entity Team;
entity Person in [Team] = { region: String, limit?: Long };
entity Ledger = { owner: Person };
action "write";
action "write_large" in ["write"];
action "pay" in ["write_large"] appliesTo { principal: Person, resource: Ledger, context: { amount: Long, note?: String } };
action "look" appliesTo { principal: Person, resource: Ledger, context: { amount: Long, note?: String } };
"""
FINANCE = EntityUid("Team", "finance")
ADA = EntityUid("Person", "ada")
BOOKS = EntityUid("Ledger", "books")
PERMIT = '@id("finance-writes") permit (principal in Team::"finance", action in Action::"write", resource);\n'
FORBID = (
    '@id("never-abroad") forbid (principal, action in Action::"write", resource) when { principal.region == "X" };\n'
)
# Passes validation and fails while it is evaluated: the sum leaves 64 bits.
FAILING_FORBID = (
    '@id("never-overflowing") forbid (principal, action, resource) when { context.amount + 9223372036854775807 < 0 };\n'
)


def request(
    action: str = "pay",
    *,
    context: dict[str, Any] | None = None,
    attributes: dict[str, Value] | None = None,
    parents: tuple[EntityUid, ...] = (FINANCE,),
) -> PolicyRequest:
    return PolicyRequest(
        principal=ADA,
        action=EntityUid("Action", action),
        resource=BOOKS,
        context={"amount": 5} if context is None else context,
        entities=(
            Entity(uid=ADA, attributes={"region": "EU"} if attributes is None else attributes, parents=parents),
            Entity(uid=BOOKS, attributes={"owner": ADA}),
        ),
    )


def test_permit_allows_and_is_named() -> None:
    assert PolicyEngine(PERMIT + FORBID, SCHEMA).decide(request()) == Decision(
        allowed=True, reason=Reason.PERMITTED, policies=("finance-writes",)
    )


def test_forbid_on_an_action_group_wins_over_a_permit() -> None:
    decision = PolicyEngine(PERMIT + FORBID, SCHEMA).decide(request(attributes={"region": "X"}))
    assert decision == Decision(allowed=False, reason=Reason.FORBIDDEN, policies=("never-abroad",))


def test_empty_policy_set_denies() -> None:
    decision = PolicyEngine("", SCHEMA).decide(request())
    assert decision == Decision(allowed=False, reason=Reason.NOT_PERMITTED)


def test_principal_outside_the_team_and_action_outside_the_group_are_not_permitted() -> None:
    engine = PolicyEngine(PERMIT, SCHEMA)
    assert engine.decide(request(parents=())).reason is Reason.NOT_PERMITTED
    assert engine.decide(request("look")).reason is Reason.NOT_PERMITTED


def test_forbid_that_fails_denies_although_cedar_says_allow() -> None:
    decision = PolicyEngine(PERMIT + FAILING_FORBID, SCHEMA).decide(request())
    assert not decision.allowed
    assert decision.reason is Reason.POLICY_ERROR
    assert "never-overflowing" in decision.errors[0]


def test_permit_that_fails_denies_too() -> None:
    failing = '@id("p") permit (principal, action, resource) when { context.amount + 9223372036854775807 > 0 };'
    assert PolicyEngine(PERMIT + failing, SCHEMA).decide(request()).reason is Reason.POLICY_ERROR


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"amount": "5"},
        {"amount": 5, "more": 1},
        {"amount": 2**63},
        {"amount": 5.0},
        {"amount": None},
        {"amount": [5]},
        {"amount": {"__entity": {"type": "Person", "id": "ada"}}},
        {"__extn": {"fn": "decimal", "arg": "1.0"}},
        {"amount": 5, "note": b"bytes"},
    ],
    ids=str,
)
def test_context_that_does_not_fit_the_schema_gets_a_denial(context: dict[str, Any]) -> None:
    decision = PolicyEngine(PERMIT, SCHEMA).decide(request(context=context))
    assert (decision.allowed, decision.reason) == (False, Reason.NO_DECISION)
    assert decision.errors


@pytest.mark.parametrize(
    "attributes", [{}, {"region": 5}, {"region": "EU", "more": True}, {"region": "EU", "limit": "1"}]
)
def test_missing_or_wrong_attribute_denies(attributes: dict[str, Value]) -> None:
    decision = PolicyEngine(PERMIT, SCHEMA).decide(request(attributes=attributes))
    assert (decision.allowed, decision.reason) == (False, Reason.NO_DECISION)


def test_principal_that_is_not_described_is_denied() -> None:
    plain = '@id("all") permit (principal, action, resource);\n' + FORBID
    asked = PolicyRequest(principal=ADA, action=EntityUid("Action", "pay"), resource=BOOKS, context={"amount": 1})
    decision = PolicyEngine(plain, SCHEMA).decide(asked)
    assert (decision.allowed, decision.reason) == (False, Reason.POLICY_ERROR)


@pytest.mark.parametrize("action", ["write", "unknown", "", 'pay"'])
def test_action_that_is_only_a_group_or_unknown_is_denied(action: str) -> None:
    everything = '@id("all") permit (principal, action, resource);'
    assert PolicyEngine(everything, SCHEMA).decide(request(action)).reason is Reason.NO_DECISION


def test_principal_of_an_undeclared_type_is_denied() -> None:
    asked = PolicyRequest(
        principal=EntityUid("Robot", "r"), action=EntityUid("Action", "pay"), resource=BOOKS, context={"amount": 1}
    )
    decision = PolicyEngine('@id("all") permit (principal, action, resource);', SCHEMA).decide(asked)
    assert (decision.allowed, decision.reason) == (False, Reason.NO_DECISION)


def test_failure_of_the_engine_itself_denies() -> None:
    broken: Any = PolicyRequest(principal=ADA, action=EntityUid("Action", "pay"), resource=BOOKS, context={"amount": 1})
    object.__setattr__(broken, "principal", None)
    decision = PolicyEngine(PERMIT, SCHEMA).decide(broken)
    assert (decision.allowed, decision.reason) == (False, Reason.ENGINE_FAILED)


def test_context_nested_too_deeply_denies() -> None:
    deep: Any = 5
    for _ in range(5_000):
        deep = {"a": deep}
    assert not PolicyEngine(PERMIT, SCHEMA).decide(request(context={"amount": deep})).allowed


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["amount", "note", "__entity", "more"]), json_values, max_size=3))
def test_any_context_at_all_is_answered_and_only_a_fitting_one_is_allowed(context: dict[str, Any]) -> None:
    decision = _PERMITTING.decide(request(context=context))
    amount, note = context.get("amount"), context.get("note", "")
    fits = (
        type(amount) is int
        and -(2**63) <= amount < 2**63
        and isinstance(note, str)
        and set(context) <= {"amount", "note"}
    )
    assert decision.allowed is fits


_PERMITTING = PolicyEngine(PERMIT, SCHEMA)


@given(st.permutations([PERMIT, FORBID, FAILING_FORBID]), st.sampled_from(["EU", "X"]), st.integers(0, 3))
def test_order_of_policies_never_changes_the_answer(parts: list[str], region: str, count: int) -> None:
    taken = parts[:count]
    decision = PolicyEngine("".join(taken), SCHEMA).decide(request(attributes={"region": region}))
    permitted = PERMIT in taken and FAILING_FORBID not in taken and not (FORBID in taken and region == "X")
    assert decision.allowed is permitted
    assert (decision.reason is Reason.POLICY_ERROR) is (FAILING_FORBID in taken)


def test_decision_cannot_be_mistaken_for_its_answer() -> None:
    with pytest.raises(TypeError, match=r"decision\.allowed"):
        bool(Decision(allowed=False, reason=Reason.FORBIDDEN))


def test_standing_entities_are_known_to_every_request() -> None:
    ada = Entity(uid=ADA, attributes={"region": "EU"}, parents=(FINANCE,))
    engine = PolicyEngine(PERMIT, SCHEMA, [ada])
    asked = PolicyRequest(
        principal=ADA,
        action=EntityUid("Action", "pay"),
        resource=BOOKS,
        context={"amount": 1},
        entities=(Entity(uid=BOOKS, attributes={"owner": ADA}),),
    )
    assert engine.decide(asked).allowed


def test_entity_that_contradicts_a_standing_one_denies() -> None:
    standing = Entity(uid=ADA, attributes={"region": "X"}, parents=())
    assert PolicyEngine(PERMIT + FORBID, SCHEMA, [standing]).decide(request()).reason is Reason.NO_DECISION


def test_standing_entities_that_do_not_fit_are_refused() -> None:
    with pytest.raises(PolicyRefusedError, match="entities"):
        PolicyEngine(PERMIT, SCHEMA, [Entity(uid=ADA, attributes={})])


def test_declarations_add_an_action_to_the_groups_it_names() -> None:
    engine = PolicyEngine(PERMIT + FORBID, SCHEMA)
    declared = (
        'action "refund" in ["write"] appliesTo '
        "{ principal: Person, resource: Ledger, context: { amount: Long, note?: String } };"
    )
    extended = engine.with_declarations(declared)
    assert engine.decide(request("refund")).reason is Reason.NO_DECISION
    assert extended.decide(request("refund")).policies == ("finance-writes",)
    assert extended.decide(request("refund", attributes={"region": "X"})).reason is Reason.FORBIDDEN
    assert extended.decide(request("pay")).allowed
    assert extended.digest != engine.digest


def test_policy_that_does_not_fit_an_added_action_denies() -> None:
    capped = '@id("capped") forbid (principal, action in Action::"write", resource) when { context.amount > 9 };'
    bare = 'action "close" in ["write"] appliesTo { principal: Person, resource: Ledger, context: {} };'
    engine = PolicyEngine(PERMIT + capped, SCHEMA).with_declarations(bare)
    decision = engine.decide(request("close", context={}))
    assert (decision.allowed, decision.reason) == (False, Reason.POLICY_ERROR)


@pytest.mark.parametrize(
    "text", ['action "pay";', "entity ;", 'action "more" in ["nowhere"];', "type T = " + "Set<" * 99]
)
def test_declarations_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(PolicyRefusedError):
        PolicyEngine(PERMIT, SCHEMA).with_declarations(text)


def test_digest_names_policies_and_schema() -> None:
    texts = ["", PERMIT, FORBID, PERMIT + FORBID]
    digests = [PolicyEngine(text, schema).digest for text in texts for schema in (SCHEMA, SCHEMA + "entity More;")]
    assert len(set(digests)) == 8
    assert PolicyEngine(PERMIT, SCHEMA).digest == PolicyEngine(PERMIT, SCHEMA).digest


def test_policies_are_named_by_their_ids() -> None:
    assert PolicyEngine(PERMIT + FORBID, SCHEMA).policy_ids == ("finance-writes", "never-abroad")


def test_useful_policies_have_no_problems() -> None:
    assert validate(PERMIT + FORBID + FAILING_FORBID, SCHEMA) == ()


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ("permit (principal, action, resource);", "Policy 1 has no @id."),
        (PERMIT + "permit (principal, action, resource);", "Policy 2 has no @id."),
        (PERMIT + PERMIT, "Two policies have this @id."),
        ("permit (", "The policies cannot be read"),
        ('@id("a") permit (principal, action == Action::"steal", resource);', "unrecognized action"),
        ('@id("a") permit (principal is Robot, action, resource);', "unrecognized entity type"),
        ('@id("a") permit (principal, action, resource) when { context.amuont > 5 };', "amuont"),
        ('@id("a") permit (principal, action, resource) when { context.amount == "5" };', ""),
        ('@id("a") permit (principal, action, resource) when { context.note == "5" };', "note"),
        ('@id("a") permit (principal, action, resource) when { "x" in ["x"] };', ""),
    ],
)
def test_problem_is_found_when_policies_are_saved(policies: str, message: str) -> None:
    problems = validate(policies, SCHEMA)
    assert problems
    assert message in " ".join(str(problem) for problem in problems)
    with pytest.raises(PolicyRefusedError) as caught:
        PolicyEngine(policies, SCHEMA)
    assert caught.value.kind is ErrorKind.INVALID
    assert caught.value.problems == problems


def test_problem_names_its_policy() -> None:
    problems = validate(PERMIT + '@id("wrong") permit (principal, action, resource) when { context.nope };', SCHEMA)
    assert {problem.policy_id for problem in problems} == {"wrong"}


def test_schema_that_cannot_be_read_is_a_problem() -> None:
    assert "schema" in validate(PERMIT, "entity ;")[0].message


def test_cedar_itself_would_have_let_the_failing_forbid_through() -> None:
    """The trap this engine exists for; when Cedar closes it, the module's docstring changes."""
    asked = request()
    person = {
        "uid": {"type": "Person", "id": "ada"},
        "attrs": {"region": "EU"},
        "parents": [{"type": "Team", "id": "finance"}],
    }
    document = {
        "principal": str(asked.principal),
        "action": str(asked.action),
        "resource": str(asked.resource),
        "context": {"amount": 5},
    }
    entities = cedarpy.Entities.from_json_str("[]", cedarpy.Schema.from_str(SCHEMA)).with_added_json_str(
        json.dumps([person])
    )
    assert cedarpy.is_authorized(document, PERMIT + FAILING_FORBID, entities, SCHEMA).allowed


def test_every_reason_but_one_is_a_denial() -> None:
    engine = PolicyEngine(PERMIT + FORBID + FAILING_FORBID, SCHEMA)
    for region, parents, context in itertools.product(
        ["EU", "X"], [(), (FINANCE,)], [{}, {"amount": 1}, {"amount": -1}]
    ):
        decision = engine.decide(request(context=context, attributes={"region": region}, parents=parents))
        assert decision.allowed is (decision.reason is Reason.PERMITTED)
