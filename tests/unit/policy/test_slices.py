"""What a slice of policies remembers, and what of a call reaches it: no less than its policies can speak of."""

from __future__ import annotations

from typing import Any

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.facts import Moment
from fairkeeper.policy.decision.labels import Labels
from fairkeeper.policy.decision.order import decide
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.decision.slices import _MAKERS, Asked, PolicySlice, mentioned, tags_mentioned
from tests.unit.policy.facts import NOON, USE, basis, call, policies

FORBIDS_LARGE = (
    'forbid (principal, action, resource) when { context.numbers.hasTag("amount") &&'
    ' context.numbers.getTag("amount") > 100 };'
)
FORBIDS_NAMED_BY_TASK = (
    "forbid (principal, action, resource) when { context has task && context.texts.hasTag(context.task) &&"
    ' context.texts.getTag(context.task) == "Fabrikam" };'
)
FORBIDS_AROUND_THE_CONTEXT = (
    'forbid (principal, action, resource) when { Texts::"arguments".hasTag("to") &&'
    ' Texts::"arguments".getTag("to") == "Fabrikam" };'
)


@given(amounts=st.lists(st.integers(min_value=1, max_value=200), min_size=1, max_size=100))
def test_a_remembered_answer_is_the_one_that_would_be_given(amounts: list[int]) -> None:
    compiled = COMPILED
    for amount in amounts:
        asked = call(arguments={"to": "Fabrikam", "amount": amount, "currency": "USD"})
        found = decide(asked, compiled, Moment(at=NOON)).reason
        assert found is (Reason.FORBIDDEN if amount > 100 else Reason.PERMITTED)


COMPILED = Compiled(basis(policies=policies(FORBIDS_LARGE)))


def test_cedar_is_asked_once_about_what_no_policy_can_tell_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    genuine = cedarpy.is_authorized

    def counted(*given: Any) -> cedarpy.AuthzResult:
        nonlocal asked
        asked += given[0]["action"]["id"] == "call_unattended"
        return genuine(*given)

    compiled = Compiled(basis(policies=policies(FORBIDS_LARGE)))
    monkeypatch.setattr("fairkeeper.policy.decision.slices.cedarpy.is_authorized", counted)
    for to, amount in (("Fabrikam", 5), ("Contoso", 5), ("Contoso", 6), ("Fabrikam", 100), ("Fabrikam", 101)):
        decide(call(arguments={"to": to, "amount": amount, "currency": "USD"}), compiled, Moment(at=NOON))
    assert asked == 2


def test_what_could_not_be_evaluated_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = Compiled(basis())
    with monkeypatch.context() as broken:
        broken.setattr("fairkeeper.policy.decision.slices.cedarpy.is_authorized", _fails)
        assert decide(call(), compiled, Moment(at=NOON)).reason is Reason.ENGINE_FAILED
    assert decide(call(), compiled, Moment(at=NOON)).allowed


def _fails(*_: Any) -> None:
    raise RuntimeError("no engine")


def test_a_slice_forgets_before_it_grows() -> None:
    compiled = Compiled(basis(policies=policies(FORBIDS_LARGE)))
    for amount in range(1, 300):
        decide(call(arguments={"to": "x", "amount": amount, "currency": "USD"}), compiled, Moment(at=NOON))
    assert len(compiled.policies._answers) <= 64  # noqa: SLF001 - nothing else shows it


@pytest.mark.parametrize("text", [FORBIDS_NAMED_BY_TASK, FORBIDS_AROUND_THE_CONTEXT])
def test_an_argument_reaches_policies_by_whatever_way_they_name_it(text: str) -> None:
    verdict = decide(call(task_id="to"), Compiled(basis(policies=policies(text))), Moment(at=NOON))
    assert verdict.reason is Reason.FORBIDDEN


def test_a_tag_that_is_computed_brings_all_of_them() -> None:
    assert tags_mentioned(FORBIDS_NAMED_BY_TASK) is None
    assert tags_mentioned(FORBIDS_LARGE) == frozenset({"amount"})
    assert tags_mentioned(r'x when { context.texts.hasTag("a\"b") };') is None


def test_arguments_that_are_named_around_the_context_bring_all_members() -> None:
    assert {"texts", "numbers"} <= mentioned(FORBIDS_AROUND_THE_CONTEXT)


def asked(**changes: Any) -> Asked:
    known: dict[str, Any] = {
        "use_id": USE.id, "texts": {"t": "x"}, "numbers": {"n": 1}, "usage": {"u": 1}, "labels": Labels(), "at": NOON,
        "depth": 0, "person": "per_1", "task": "t1", "amount": 1, "currency": "USD",
    }  # fmt: skip
    return Asked(**(known | changes))


OTHERWISE: dict[str, tuple[str, Asked]] = {
    "use": ("context.use == context.use", asked(use_id="use_other")),
    "texts": ('context.texts.hasTag("t") && context.texts.getTag("t") == "x"', asked(texts={"t": "y"})),
    "numbers": ('context.numbers.hasTag("n") && context.numbers.getTag("n") < 2', asked(numbers={"n": 2})),
    "usage": ('context.usage.hasTag("u") && context.usage.getTag("u") < 80', asked(usage={"u": 80})),
    "labels": ("context.labels.trusted", asked(labels=Labels(is_trusted=False))),
    "at": ("context.at.minute < 1439", asked(at=NOON.replace(hour=23, minute=59))),
    "depth": ("context.depth < 1", asked(depth=1)),
    "person": ("context has person", asked(person=None)),
    "task": ('context has task && context.task == "t1"', asked(task="t2")),
    "amount": ("context has amount && context.amount < 2", asked(amount=2)),
    "currency": ('context has currency && context.currency == "USD"', asked(currency="EUR")),
}
"""Of every member of the context: a condition that holds, and a call in which it does not, or that is another's."""


@pytest.mark.parametrize("name", sorted(_MAKERS))
def test_every_member_of_the_context_tells_calls_apart(name: str) -> None:
    condition, other = OTHERWISE[name]
    known = basis(policies=policies(f"forbid (principal, action, resource) when {{ {condition} }};"))
    remembers = PolicySlice(known)
    answers = [remembers.lane(each) for each in (asked(), other, asked())]
    assert answers == [PolicySlice(known).lane(each) for each in (asked(), other, asked())]
    assert answers[0].reason is Reason.FORBIDDEN
    if name != "use":
        assert answers[1].reason is Reason.PERMITTED
