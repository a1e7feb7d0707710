"""What is proved about policies holds for random policies and random calls, as Cedar itself decides them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairkeeper.policy.analysis.conditions import TooManyWaysError
from fairkeeper.policy.analysis.linting import Author, lint
from fairkeeper.policy.analysis.proving import covering, matching
from fairkeeper.policy.analysis.reading import Policy, read_policies
from fairkeeper.policy.analysis.vocabulary import read_vocabulary
from fairkeeper.policy.bundles.bundle import agents_schema, linked, slice_for
from fairkeeper.policy.bundles.difference import Reach, compare
from fairkeeper.policy.bundles.questions import Question, Tried, TriedLane, ask
from fairkeeper.policy.engine import validate
from fairkeeper.values.findings import Level

VOCABULARY = read_vocabulary(agents_schema())
RANK = {
    TriedLane.NEVER: 0,
    TriedLane.FAILED: 0,
    TriedLane.NOT_PERMITTED: 0,
    TriedLane.APPROVAL: 1,
    TriedLane.AUTOMATIC: 2,
}

AMOUNT = "context has amount && context.amount"
NUMBERS = st.integers(0, 4)
FACTS = st.one_of(
    st.builds(lambda op, n: f"({AMOUNT} {op} {n})", st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS),
    st.builds(lambda op, n: f"(context.depth {op} {n})", st.sampled_from(["<", ">", "==", "!="]), NUMBERS),
    st.builds(lambda op, e: f'(resource.effect {op} "{e}")', st.sampled_from(["==", "!="]), st.sampled_from("abc")),
    st.builds(lambda e: f'(["a", "b"].contains(resource.{e}))', st.sampled_from(["effect", "severity"])),
    st.builds(lambda p: f'(resource.name like "{p}")', st.sampled_from(["a*", "*b", "ab", "*"])),
    st.builds(lambda m: f'(resource.reads.contains("{m}"))', st.sampled_from("ab")),
    st.builds(lambda op: f'(resource.reads.{op}(["a", "b"]))', st.sampled_from(["containsAny", "containsAll"])),
    st.just("(resource.reads.isEmpty())"),
    st.just("(context.labels.trusted)"),
    st.just("(context.labels.trusted == false)"),
    st.just("(context has person && context.person in principal.customer)"),
    st.just("(context has person)"),
    st.just("(principal.environment == resource.environment)"),
    st.just('(principal in Customer::"contoso")'),
    st.just('(principal.customer == Customer::"contoso")'),
    st.just('(context.texts.hasTag("to") && context.texts.getTag("to") == "a")'),
    st.just('(context.use == IntendedUse::"u")'),
    st.just("(if context has amount then context.amount > 1 else context.depth > 1)"),
)
CONDITIONS = st.recursive(
    FACTS,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a} && {b})", inner, inner),
        st.builds(lambda a, b: f"({a} || {b})", inner, inner),
        st.builds(lambda a: f"!({a})", inner),
    ),
    max_leaves=5,
)
PRINCIPALS = st.sampled_from(
    ["principal", 'principal == Agent::"agent"', 'principal == Agent::"b"', 'principal in Customer::"contoso"']
)
ACTIONS = st.sampled_from(
    ['action in Action::"call"', 'action == Action::"call"', 'action == Action::"call_unattended"']
)
RESOURCES = st.sampled_from(["resource", 'resource == Tool::"tool"', 'resource == Tool::"b"'])


@st.composite
def policy_texts(draw: st.DrawFn, effects: tuple[str, ...] = ("permit", "forbid"), most: int = 4) -> str:
    parts = []
    for number in range(draw(st.integers(1, most))):
        head = f"({draw(PRINCIPALS)}, {draw(ACTIONS)}, {draw(RESOURCES)})"
        kind = draw(st.sampled_from(["when", "unless"]))
        parts.append(f'@id("p{number}") {draw(st.sampled_from(effects))} {head} {kind} {{ {draw(CONDITIONS)} }};')
    return "\n".join(parts)


def context() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"depth": NUMBERS, "labels": st.fixed_dictionaries({"trusted": st.booleans()}), "use": st.sampled_from("uv")},
        optional={
            "amount": NUMBERS,
            "person": st.sampled_from(["p", {"id": "p", "customer": "fabrikam"}]),
            "texts": st.fixed_dictionaries({}, optional={"to": st.sampled_from("ab")}),
        },
    )


QUESTIONS = st.builds(
    Question,
    agent=st.fixed_dictionaries(
        {"id": st.sampled_from(["agent", "b"]), "customer": st.sampled_from(["contoso", "fabrikam"])},
        optional={"environment": st.sampled_from(["test", "live"])},
    ),
    tool=st.fixed_dictionaries(
        {
            "id": st.sampled_from(["tool", "b"]),
            "effect": st.sampled_from("abc"),
            "severity": st.sampled_from("ac"),
            "name": st.sampled_from(["a", "ab", "b"]),
            "reads": st.lists(st.sampled_from("abc"), unique=True, max_size=2),
        }
    ),
    context=context(),
)


def sound(text: str) -> tuple[Policy, ...]:
    assume(not validate(text, agents_schema()))
    return read_policies(text)


def alone(policy: Policy, text: str) -> str:
    """Return one policy's own text, as a permit, so that asking shows whether it matches."""
    (own,) = (each.text for each in linked(text) if each.id == policy.id)
    return own.replace(" forbid (", " permit (")


def applies(policy: Policy, text: str, question: Question) -> bool:
    tried = ask(alone(policy, text), question)
    return tried.lane in (TriedLane.AUTOMATIC, TriedLane.APPROVAL)


@settings(deadline=None, max_examples=40)
@given(policy_texts(most=1), st.lists(QUESTIONS, min_size=5, max_size=5))
def test_what_never_matches_is_never_matched(text: str, questions: list[Question]) -> None:
    (policy,) = sound(text)
    if not matching(policy, VOCABULARY):
        assert not any(applies(policy, text, question) for question in questions)


@settings(deadline=None, max_examples=40)
@given(policy_texts(), st.lists(QUESTIONS, min_size=5, max_size=5))
def test_what_is_covered_is_covered_for_every_call(text: str, questions: list[Question]) -> None:
    policies = sound(text)
    first, others = policies[0], policies[1:]
    by = _covering(first, others)
    for question in questions:
        if by and applies(first, text, question):
            forbids = [each for each in by if not each.is_permit]
            kept = [each for each in by if each.is_permit]
            assert any(applies(each, text, question) for each in (*forbids, *kept))


def _covering(policy: Policy, others: tuple[Policy, ...]) -> tuple[Policy, ...]:
    try:
        return covering(policy, [each for each in others if _same_actions(each, policy)], VOCABULARY)
    except TooManyWaysError:
        return ()


def _same_actions(one: Policy, other: Policy) -> bool:
    """Compare policies of one action alone: asking tells lanes apart, not actions."""
    return bool(one.body["action"] == other.body["action"])


@settings(deadline=None, max_examples=25)
@given(policy_texts(most=3), policy_texts(most=3), st.lists(QUESTIONS, min_size=5, max_size=5))
def test_what_is_proved_to_narrow_allows_no_call_more(old: str, new: str, questions: list[Question]) -> None:
    sound(old)
    sound(new)
    difference = compare(old, new)
    for question in questions:
        before, after = ask(old, question), ask(new, question)
        if TriedLane.FAILED in (before.lane, after.lane):
            continue
        if difference.widens is Reach.NARROWER_OR_SAME:
            assert RANK[after.lane] <= RANK[before.lane]
        if difference.narrows is Reach.NARROWER_OR_SAME:
            assert RANK[after.lane] >= RANK[before.lane]
    for example in difference.examples:
        assert RANK[example.before.lane] != RANK[example.after.lane]


@settings(deadline=None, max_examples=20)
@given(policy_texts(most=2), policy_texts(effects=("forbid",), most=2), st.lists(QUESTIONS, min_size=5, max_size=5))
def test_a_customers_policies_only_narrow_and_only_its_own_agents(
    frame: str, narrowing: str, questions: list[Question]
) -> None:
    own = "\n".join(
        each.text.replace("forbid (principal,", 'forbid (principal in Customer::"contoso",')
        for each in linked(narrowing)
    ).replace('@id("p', '@id("own-p')
    sound(frame)
    sound(own)
    refused = [each for each in lint(own, agents_schema(), Author(customer="contoso")) if each.level is Level.ERROR]
    assume(not any(each.code == "policy.customer_elsewhere" for each in refused))
    for question in questions:
        before, after = ask(frame, question), ask(f"{frame}\n{own}", question)
        assert RANK[after.lane] <= RANK[before.lane]
        if question.agent["customer"] != "contoso":
            assert after == before


@settings(deadline=None, max_examples=40)
@given(policy_texts(), st.lists(QUESTIONS, min_size=3, max_size=3))
def test_a_slice_decides_as_the_whole_does(text: str, questions: list[Question]) -> None:
    sound(text)
    for question in questions:
        agent, tool = question.agent, question.tool
        sliced = slice_for(linked(text), agent_id=agent["id"], tool_id=tool["id"], customer_id=agent["customer"])
        part = "\n".join(each.text for each in sliced)
        whole = ask(text, question)
        assert whole.lane is TriedLane.FAILED or _asked(part, question) == whole


def _asked(text: str, question: Question) -> Tried:
    return ask(text, question) if text else Tried(lane=TriedLane.NOT_PERMITTED)


@pytest.mark.parametrize(
    ("condition", "is_possible"),
    [
        ("context.depth > 3 && context.depth < 5", True),
        ("context.depth > 3 && context.depth < 4", False),
        ("context.depth >= 3 && context.depth <= 3 && context.depth != 3", False),
        ('resource.effect == "read" && resource.effect == "write"', False),
        ('resource.name like "send_*" && resource.name like "read_*"', False),
        ('resource.name like "a*" && resource.name like "*b"', True),
        ('resource.name == "send" && !(resource.name like "s*")', False),
        ("context.labels.trusted && !context.labels.trusted", False),
        ("context.labels.trusted == true && context.labels.trusted == false", False),
        ('["a"].contains(resource.effect) && resource.effect != "a"', False),
        ('resource.reads.contains("mail") && resource.reads.isEmpty()', False),
        ("context has amount && !(context has amount)", False),
        ("context.depth < context.labels.sensitivity && context.labels.sensitivity < context.depth", False),
        ("context.depth > 2 * 1000 && context.depth < 2001", False),
        ("principal is Tool", False),
        ('principal == Agent::"a" && principal == Agent::"b"', False),
        ("1 == 2", False),
        ("true || context.depth > 1", True),
    ],
)
def test_contradictions_are_found_where_they_are(condition: str, is_possible: bool) -> None:
    text = f'@id("a") permit (principal, action in Action::"call", resource) when {{ {condition} }};'
    (policy,) = read_policies(text)
    assert bool(matching(policy, VOCABULARY)) is is_possible
