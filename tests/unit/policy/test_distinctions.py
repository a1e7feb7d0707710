"""What policies tell apart of numbers: a class of them has one answer, and Cedar itself is the judge of that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.distinctions import Distinctions
from fairkeeper.policy.decision.facts import Moment
from fairkeeper.policy.decision.order import decide
from fairkeeper.policy.document import policy_document
from tests.unit.policy.facts import NOON, agent, basis, call, policies, tool

ON_CALL = "forbid (principal, action, resource)"
AMOUNT = 'context.numbers.getTag("amount")'
HAS_AMOUNT = 'context.numbers.hasTag("amount")'


def told(condition: str) -> Distinctions:
    return Distinctions(policy_document(f"{ON_CALL} when {{ {condition} }};"))


def test_numbers_between_two_constants_are_alike() -> None:
    found = told(f"{HAS_AMOUNT} && ({AMOUNT} > 10 || 3 == {AMOUNT})")
    classes = [found.of("numbers:amount", value) for value in (1, 2, 3, 4, 10, 11, 99)]
    assert [classes.index(each) for each in classes] == [0, 0, 2, 3, 3, 5, 5]
    assert found.of("numbers:amount", None) is None


@pytest.mark.parametrize(
    "condition",
    [
        f"{AMOUNT} + 1 > 10",
        f"{AMOUNT} > 10 && {AMOUNT} * 2 > 5",
        f"{AMOUNT} > context.depth",
        f"[1, 2].contains({AMOUNT})",
        "context.numbers.getTag(context.task) > 5",
        'Numbers::"arguments".getTag("amount") > 5',
        "context == context",
        f'{{"amount": {AMOUNT}}} == {{"amount": 5}}',
        f"(if {AMOUNT} == {AMOUNT} then 1 else 2) == 1",
    ],
)
def test_a_number_that_is_used_in_another_way_counts_as_itself(condition: str) -> None:
    found = told(condition)
    assert found.of("numbers:amount", 50) != found.of("numbers:amount", 51)


def test_what_is_used_of_a_dimension_is_told_apart_like_an_argument() -> None:
    usage = 'context.usage.getTag("pages")'
    found = told(f"{usage} >= 80")
    assert found.of("usage:pages", 79) != found.of("usage:pages", 80) == found.of("usage:pages", 99)
    for condition in (f"{usage} * 2 > 9", 'Usage::"arguments".getTag("pages") > 5', "context.usage == context.usage"):
        assert told(condition).of("usage:pages", 50) != told(condition).of("usage:pages", 51)


def test_what_nobody_looks_at_is_alike() -> None:
    found = told("context.at.minute < 540")
    assert found.of("at.seconds", 1) == found.of("at.seconds", 2)
    assert found.of("at.minute", 539) != found.of("at.minute", 540)


def test_a_whole_record_brings_its_members() -> None:
    found = told("context.at == context.at && context.depth > 1")
    assert found.of("at.seconds", 1) != found.of("at.seconds", 2)
    assert found.of("depth", 2) == found.of("depth", 3)


def test_a_number_that_cedar_cannot_hold_is_like_no_other() -> None:
    found = told("context has amount && context.amount > 4")
    assert found.of("amount", 5) == found.of("amount", 2**63 - 1) != found.of("amount", 2**63)


COMPARISONS = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(-5, 60), st.booleans())


@given(rules=st.lists(COMPARISONS, min_size=1, max_size=3), amounts=st.lists(st.integers(1, 60), max_size=8))
def test_remembered_answers_are_those_of_a_slice_that_remembers_nothing(
    rules: list[tuple[str, int, bool]], amounts: list[int]
) -> None:
    conditions = [f"{constant} {sign} {AMOUNT}" if turned else f"{AMOUNT} {sign} {constant}"
                  for sign, constant, turned in rules]  # fmt: skip
    known = basis(policies=policies(f"{ON_CALL} when {{ {HAS_AMOUNT} && {' && '.join(conditions)} }};"))
    remembers = Compiled(known)
    for amount in amounts:
        asked = call(arguments={"to": "Fabrikam", "amount": amount, "currency": "USD"})
        assert decide(asked, remembers, Moment(at=NOON)) == decide(asked, Compiled(known), Moment(at=NOON))


def test_policies_that_tell_the_same_apart_are_equal() -> None:
    condition = f"{AMOUNT} > 10 && context.depth < 3"
    for_one = Distinctions(
        policy_document(f'forbid (principal == Agent::"a", action, resource) when {{ {condition} }};')
    )
    assert for_one == told(condition)
    assert hash(for_one) == hash(told(condition))
    assert for_one != told(f"{AMOUNT} > 11 && context.depth < 3")
    assert for_one != told(f"{AMOUNT} + 1 > 10 && context.depth < 3")


def test_agents_of_one_tool_share_its_schema_and_a_changed_schema_is_another() -> None:
    arguments = {"type": "object", "properties": {"amount": {"type": "integer", "maximum": 10}}}
    widened = {"type": "object", "properties": {"amount": {"type": "integer", "maximum": 20}}}
    one, other, later = (
        Compiled(basis(agent=agent(id=name), tool=tool(arguments=declared)))
        for name, declared in (("agt_1", arguments), ("agt_2", dict(arguments)), ("agt_1", widened))
    )
    assert one.schema is other.schema
    assert one.schema.problems({"amount": 15}) == ("amount is above 10",)
    assert later.schema.problems({"amount": 15}) == ()
