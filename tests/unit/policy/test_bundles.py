"""Bundles, their words, their differences, and the questions that tests of policies ask."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairkeeper.policy.analysis.reading import read_policies
from fairkeeper.policy.analysis.vocabulary import read_vocabulary
from fairkeeper.policy.analysis.wording import explain
from fairkeeper.policy.bundles.bundle import Bundle, agents_schema, digest_in_force, linked
from fairkeeper.policy.bundles.difference import Change, Reach, compare
from fairkeeper.policy.bundles.questions import Question, QuestionRefusedError, TriedLane, ask
from fairkeeper.policy.engine import validate
from fairkeeper.policy.errors import PolicyRefusedError

READ = '@id("read") permit (principal, action in Action::"call", resource) when { resource.effect == "read" };'


def test_the_schema_is_one_that_cedar_takes_and_that_is_listed() -> None:
    assert validate(READ, agents_schema()) == ()
    vocabulary = read_vocabulary(agents_schema())
    assert set(vocabulary.actions) == {"call", "call_unattended"}
    assert vocabulary.groups_of("call_unattended") == {"call", "call_unattended"}
    assert vocabulary.actions["call"].context.members["amount"].optional
    assert vocabulary.actions["call"].context.members["labels"].members["trusted"].type == "Bool"


@settings(max_examples=50)
@given(st.text(max_size=8), st.text(max_size=8), st.integers(1, 3), st.integers(1, 3))
def test_another_bundle_has_another_digest(one: str, other: str, number: int, later: int) -> None:
    first = Bundle(owner="publisher", number=number, text=one)
    second = Bundle(owner="publisher", number=later, text=other)
    assert (first.digest == second.digest) is ((one, number) == (other, later))
    assert digest_in_force([first]) != digest_in_force([first, second])


def test_policies_are_cut_apart_where_they_end() -> None:
    text = (
        '// one; "two\n@id("a;b") forbid (principal, action, resource)\nwhen { resource.name == "x;\\"}" }; // end;\n'
        '@id("c") forbid (principal == Agent::"me", action, resource == Tool::"it");'
    )
    first, second = linked(text)
    assert first.text.endswith('when { resource.name == "x;\\"}" };')
    assert (second.agent_id, second.tool_id, second.customer_id) == ("me", "it", None)
    assert [each.id for each in read_policies(second.text)] == ["c"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('permit (principal, action == Action::"call", resource)', "Runs once a person approved."),
        ('forbid (principal, action == Action::"call_unattended", resource)', "Asks a person first."),
        (
            'forbid (principal == Agent::"a", action, resource == Tool::"t") when { !context.labels.trusted }',
            "Never, whoever approves, for agent a, with tool t, if something that reached the call cannot be trusted.",
        ),
        (
            (
                'permit (principal in Customer::"c", action in Action::"call", resource) unless '
                "{ context.at.minute < 480 || context.at.weekday > 5 }"
            ),
            (
                "Runs by itself, for agents of customer c, except if either the time of day (UTC) is below 08:00 or the "
                "weekday is above Friday."
            ),
        ),
        (
            'forbid (principal, action, resource) when { !(context has amount) && !["a"].contains(resource.effect) }',
            'Never, whoever approves, if the amount is not given and the tool\'s effect is none of "a".',
        ),
        (
            (
                "forbid (principal, action, resource) when { (context.depth > 1 || context.labels.trusted) && "
                'resource.reads.contains("mail") }'
            ),
            (
                "Never, whoever approves, if (either the number of agents in between is above 1 or all that reached the "
                'call can be trusted) and the data that the tool reads contain "mail".'
            ),
        ),
    ],
)
def test_policies_are_said_in_words(body: str, words: str) -> None:
    (policy,) = read_policies(f'@id("x") {body};')
    assert explain(policy) == words


def test_a_difference_is_shown_by_a_call_that_was_tried() -> None:
    wider = READ.replace('"read" }', '"read" || resource.effect == "write" }')
    difference = compare(READ, wider)
    assert (difference.widens, difference.narrows) == (Reach.WIDER, Reach.NARROWER_OR_SAME)
    assert [change.change for change in difference.changes] == [Change.CHANGED]
    example = difference.examples[0]
    assert (example.before.lane, example.after.lane) == (TriedLane.NOT_PERMITTED, TriedLane.AUTOMATIC)
    assert example.question.tool == {"effect": "write"}


def test_a_policy_that_only_moved_or_was_annotated_has_not_changed() -> None:
    other = '@id("b") forbid (principal, action, resource) when { context.depth > 3 };'
    difference = compare(f"{READ}\n{other}", f'{other}\n@reason("new")\n{READ}')
    assert difference.changes == ()
    assert difference.widens is difference.narrows is Reach.NARROWER_OR_SAME


def test_a_policy_that_fails_denies() -> None:
    guard = '@id("f") forbid (principal, action, resource) when { context.depth + 9223372036854775807 > 0 };'
    tried = ask(f"{READ}\n{guard}", Question(context={"depth": 1}))
    assert tried.lane is TriedLane.FAILED
    assert "overflow" in tried.errors[0]


@pytest.mark.parametrize(
    "question",
    [
        Question(agent={"colour": "blue"}),
        Question(context={"at": "noon"}),
        Question(context={"labels": {"secret": True}}),
        Question(context={"texts": "to"}),
    ],
)
def test_a_question_that_says_something_else_is_refused(question: Question) -> None:
    with pytest.raises(QuestionRefusedError):
        ask(READ, question)


@pytest.mark.parametrize("value", [1.5, None, "12"])
def test_a_value_of_another_type_is_no_permit(value: object) -> None:
    assert ask(READ, Question(context={"amount": value})).lane is TriedLane.FAILED


def test_a_schema_with_something_that_is_not_listed_is_refused() -> None:
    with pytest.raises(PolicyRefusedError):
        read_vocabulary("namespace Other { entity A; }")
