"""What follows from a webhook. Source: Microsoft Learn, Implementing a webhook on the SaaS service.

`Here` is the room in miniature: it applies effects to a mirror as the commands do, so that sequences of notices can be
played against a Microsoft whose state moves on its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.following.changes import ChangeRule
from fairkeeper.customers.following.mirror import Mirror, Use, differences, follow, mirror_of
from fairkeeper.customers.following.webhooks import (
    AnswerOperation,
    Effect,
    FindDeal,
    Hold,
    InviteToConsent,
    Nothing,
    OperationAnswer,
    ReadBack,
    Situation,
    UpdateMirror,
    follow_present_state,
    work_out,
)
from fairkeeper.customers.marketplace.operation import Action
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, Term
from fairkeeper.customers.path.lifecycle import (
    CommercialStatus,
    ProvisioningEvent,
    ProvisioningState,
    advance_provisioning,
)
from tests.unit.customers.builders import (
    NOON,
    OPERATION,
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    a_notice,
    a_standing,
    a_subscription,
    an_operation,
    statuses,
    subscriptions,
)

READY = ProvisioningState.READY


@dataclass
class Here:
    """The mirror, the answers given and what happened to use."""

    mirror: Mirror | None = None
    uses: list[Use] = field(default_factory=list)
    answers: list[OperationAnswer] = field(default_factory=list)

    def apply(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, UpdateMirror):
                provisioning = self.mirror.provisioning if self.mirror else ProvisioningState.NONE
                for use in effect.following.uses:
                    self.uses.append(use)
                    if use is Use.START:
                        provisioning = advance_provisioning(provisioning, ProvisioningEvent.START)
                    if use is Use.DRAIN:
                        provisioning = advance_provisioning(provisioning, ProvisioningEvent.DRAIN)
                self.mirror = mirror_of(effect.following.snapshot, provisioning)
            if isinstance(effect, AnswerOperation):
                self.answers.append(effect.answer)

    def situation(self, rule: ChangeRule | None = None, *, was_answered: bool = False) -> Situation:
        standing = a_standing() if self.mirror else None
        return Situation(
            mirror=self.mirror,
            standing=standing,
            rule=rule or ChangeRule(),
            received_at=NOON,
            was_answered=was_answered,
        )


def known(snapshot: SubscriptionSnapshot | None = None, provisioning: ProvisioningState = READY) -> Here:
    return Here(mirror=mirror_of(snapshot or a_subscription(), provisioning))


def kinds(effects: tuple[Effect, ...]) -> list[type[Effect]]:
    return [type(effect) for effect in effects]


def uses_of(effects: tuple[Effect, ...]) -> tuple[Use, ...]:
    return next((effect.following.uses for effect in effects if isinstance(effect, UpdateMirror)), ())


def told(action: Action, status: str = "Succeeded") -> ReadBack:
    """An operation that only tells, and the subscription beside it as still Subscribed."""
    return ReadBack(operation=an_operation(action=action, status=status), subscription=a_subscription())


# ------------------------------------------------------------------------------------------------- only telling


def test_subscribe_without_any_landing_visit_creates_provisions_and_asks_for_consent() -> None:
    notice = a_notice(action="Subscribe", status="Succeeded")
    effects = work_out(notice, Here().situation(), told(Action.SUBSCRIBE))

    assert kinds(effects) == [UpdateMirror, FindDeal, InviteToConsent]
    assert uses_of(effects) == (Use.START,)


def test_customer_who_was_on_the_landing_page_is_not_invited_again() -> None:
    pending = a_subscription(CommercialStatus.PENDING_FULFILLMENT_START)
    here = Here(mirror=replace(mirror_of(pending), was_visited=True))
    effects = work_out(a_notice(action="Subscribe", status="Succeeded"), here.situation(), told(Action.SUBSCRIBE))

    assert kinds(effects) == [UpdateMirror]
    assert uses_of(effects) == (Use.START,)


def test_activation_that_raced_with_auto_activation_provisions_once() -> None:
    here = Here(mirror=mirror_of(a_subscription(CommercialStatus.PENDING_FULFILLMENT_START)))
    here.apply(follow_present_state(here.mirror, a_subscription()))
    here.apply(work_out(a_notice(action="Subscribe", status="Succeeded"), here.situation(), told(Action.SUBSCRIBE)))

    assert here.uses == [Use.START]


def test_suspend_stops_use_and_reinstate_resumes_it() -> None:
    here, suspended = known(), a_subscription(CommercialStatus.SUSPENDED)
    suspend = ReadBack(operation=an_operation(action="Suspend", status="Succeeded"), subscription=suspended)
    here.apply(work_out(a_notice(action="Suspend", status="Succeeded"), here.situation(), suspend))
    asked = ReadBack(operation=an_operation(action="Reinstate"), subscription=suspended)
    here.apply(work_out(a_notice(action="Reinstate"), here.situation(), asked))
    here.apply(follow_present_state(here.mirror, a_subscription()))

    assert here.uses == [Use.STOP, Use.RESUME]
    assert here.answers == [OperationAnswer.SUCCESS]


def test_late_suspend_of_a_reinstated_subscription_does_nothing() -> None:
    effects = work_out(a_notice(action="Suspend", status="Succeeded"), known().situation(), told(Action.SUSPEND))

    assert kinds(effects) == [Nothing]


def test_renew_reads_the_new_term_and_touches_no_use() -> None:
    renewed = a_subscription(term=Term(unit_text="P1Y"))
    here = known()
    read_back = ReadBack(operation=an_operation(action="Renew", status="Succeeded"), subscription=renewed)
    effects = work_out(a_notice(action="Renew", status="Succeeded"), here.situation(), read_back)
    here.apply(effects)

    assert (kinds(effects), uses_of(effects)) == ([UpdateMirror], ())
    assert here.mirror is not None
    assert here.mirror.term.unit_text == "P1Y"


def test_unsubscribe_drains() -> None:
    ended = a_subscription(CommercialStatus.UNSUBSCRIBED)
    read_back = ReadBack(operation=an_operation(action="Unsubscribe", status="Succeeded"), subscription=ended)
    notice = a_notice(action="Unsubscribe", status="Succeeded")

    assert uses_of(work_out(notice, known().situation(), read_back)) == (Use.DRAIN,)
    pending = known(a_subscription(CommercialStatus.PENDING_FULFILLMENT_START), ProvisioningState.NONE)
    assert uses_of(work_out(notice, pending.situation(), read_back)) == (Use.DRAIN,)


def test_unsubscribe_of_a_subscription_never_seen_is_recorded_and_stops_nothing() -> None:
    ended = a_subscription(CommercialStatus.UNSUBSCRIBED)
    read_back = ReadBack(operation=an_operation(action="Unsubscribe", status="Succeeded"), subscription=ended)
    effects = work_out(a_notice(action="Unsubscribe", status="Succeeded"), Here().situation(), read_back)

    assert (kinds(effects), uses_of(effects)) == ([UpdateMirror], ())


def test_notify_only_event_is_followed_even_if_its_operation_cannot_be_read() -> None:
    read_back = ReadBack(operation=None, subscription=a_subscription(CommercialStatus.UNSUBSCRIBED))
    effects = work_out(a_notice(action="Unsubscribe", status="Succeeded"), known().situation(), read_back)

    assert uses_of(effects) == (Use.DRAIN,)


# ------------------------------------------------------------------------------------------------- waiting for us


def change(rule: ChangeRule | None = None, **operation: object) -> tuple[Effect, ...]:
    read_back = ReadBack(operation=an_operation(**operation), subscription=a_subscription())
    return work_out(a_notice(**operation), known().situation(rule), read_back)


def test_plan_change_is_accepted_within_ten_seconds_of_its_arrival() -> None:
    (answer,) = change()

    assert isinstance(answer, AnswerOperation)
    assert (answer.answer, answer.operation_id, answer.subscription_id) == ("Success", OPERATION, SUBSCRIPTION)
    assert answer.answer_by_at == NOON + timedelta(seconds=10)


def test_plan_change_the_rule_does_not_allow_is_refused_with_its_reason() -> None:
    (answer,) = change(ChangeRule(allowed_moves=frozenset()))

    assert isinstance(answer, AnswerOperation)
    assert (answer.answer, answer.reason.code) == ("Failure", "customers.plan_move_refused")


def test_seats_are_judged_by_what_the_operation_says_and_not_the_notice() -> None:
    read_back = ReadBack(operation=an_operation(action="ChangeQuantity", quantity=50), subscription=a_subscription())
    notice = a_notice(action="ChangeQuantity", quantity=6)
    (answer,) = work_out(notice, known().situation(ChangeRule(maximum_seats=10)), read_back)

    assert isinstance(answer, AnswerOperation)
    assert answer.reason.code == "customers.too_many_seats"


def test_revert_notice_is_accepted_whatever_the_rule() -> None:
    (answer,) = change(ChangeRule(allowed_moves=frozenset()), planId="team")

    assert isinstance(answer, AnswerOperation)
    assert (answer.answer, answer.reason.code) == ("Success", "customers.change_is_revert")


def test_own_change_is_accepted_by_our_record_and_never_by_the_notices_word() -> None:
    rule = ChangeRule(allowed_moves=frozenset())
    read_back = ReadBack(operation=an_operation(), subscription=a_subscription())
    ours = replace(known().situation(rule), is_own_operation=True)
    claimed_ours = replace(a_notice(), source_text="Partner")

    for situation, answered in ((ours, OperationAnswer.SUCCESS), (known().situation(rule), OperationAnswer.FAILURE)):
        (answer,) = work_out(claimed_ours, situation, read_back)
        assert isinstance(answer, AnswerOperation)
        assert answer.answer is answered


def test_repeated_delivery_is_not_answered_twice() -> None:
    read_back = ReadBack(operation=an_operation(), subscription=a_subscription())

    assert kinds(work_out(a_notice(), known().situation(was_answered=True), read_back)) == [Nothing]


def test_change_that_silence_accepted_is_followed_from_the_state_alone() -> None:
    moved = ReadBack(operation=an_operation(status="Succeeded"), subscription=a_subscription(plan_id="enterprise"))
    effects = work_out(a_notice(), known().situation(), moved)

    assert (kinds(effects), uses_of(effects)) == ([UpdateMirror], (Use.CHANGE,))


def test_reinstate_waits_without_limit() -> None:
    asked = ReadBack(
        operation=an_operation(action="Reinstate"), subscription=a_subscription(CommercialStatus.SUSPENDED)
    )
    here = known(a_subscription(CommercialStatus.SUSPENDED))
    (answer,) = work_out(a_notice(action="Reinstate"), here.situation(), asked)

    assert isinstance(answer, AnswerOperation)
    assert answer.answer_by_at is None


# -------------------------------------------------------------------------------------------------- held or refused


@pytest.mark.parametrize(
    ("notice", "read_back", "code"),
    [
        (a_notice(action="Transfer"), told(Action.SUSPEND), "customers.action_unknown"),
        (
            a_notice(),
            ReadBack(operation=an_operation(action="Transfer"), subscription=a_subscription()),
            "customers.action_unknown",
        ),
        (
            a_notice(),
            ReadBack(operation=an_operation(status="Thinking"), subscription=a_subscription()),
            "customers.status_unknown",
        ),
        (a_notice(), ReadBack(operation=None, subscription=a_subscription()), "customers.notice_disagrees"),
        (
            a_notice(),
            ReadBack(operation=an_operation(subscriptionId=OTHER_SUBSCRIPTION), subscription=a_subscription()),
            "customers.notice_disagrees",
        ),
        (
            a_notice(),
            ReadBack(operation=an_operation(id=OTHER_SUBSCRIPTION), subscription=a_subscription()),
            "customers.notice_disagrees",
        ),
        (
            a_notice(action="Unsubscribe", status="Succeeded"),
            ReadBack(operation=None, subscription=None),
            "customers.notice_disagrees",
        ),
    ],
)
def test_what_nobody_here_can_judge_is_held_and_not_acted_on(notice: object, read_back: ReadBack, code: str) -> None:
    effects = work_out(notice, known().situation(), read_back)  # type: ignore[arg-type]

    (hold,) = effects
    assert isinstance(hold, Hold)
    assert hold.finding.code == code


def test_unknown_action_still_follows_what_microsoft_states() -> None:
    read_back = ReadBack(
        operation=an_operation(action="Transfer"), subscription=a_subscription(CommercialStatus.SUSPENDED)
    )
    effects = work_out(a_notice(action="Transfer"), known().situation(), read_back)

    assert kinds(effects) == [UpdateMirror, Hold]
    assert uses_of(effects) == (Use.STOP,)


def test_unknown_status_stops_use_until_it_is_known_again() -> None:
    here = known()
    here.apply(follow_present_state(here.mirror, a_subscription(None)))
    here.apply(follow_present_state(here.mirror, a_subscription()))

    assert here.uses == [Use.STOP, Use.RESUME]


def test_undocumented_move_is_followed_and_reported() -> None:
    ended = known(a_subscription(CommercialStatus.UNSUBSCRIBED), ProvisioningState.STOPPED)
    following = follow(ended.mirror, a_subscription())

    assert [finding.code for finding in following.findings] == ["customers.status_jumped"]
    assert following.uses == ()


# ------------------------------------------------------------------------------------------------------ properties


@given(states=st.lists(subscriptions, min_size=1, max_size=6), starts_known=st.booleans())
def test_applying_and_asking_again_gives_nothing(states: list[SubscriptionSnapshot], *, starts_known: bool) -> None:
    here = known() if starts_known else Here()
    for state in states:
        here.apply(follow_present_state(here.mirror, state))
        used = list(here.uses)

        assert here.mirror is not None
        assert differences(here.mirror, state) == ()
        assert kinds(follow_present_state(here.mirror, state)) == [Nothing]
        assert here.uses == used


@given(st.permutations(["Subscribe", "Suspend", "Renew", "Unsubscribe", "Reinstate"]), statuses, st.data())
def test_arrival_order_never_matters_only_the_present_state(
    actions: list[str], present: CommercialStatus | None, data: st.DataObject
) -> None:
    """However old notices are ordered, repeated or lost, the end is that of reading the state once."""
    arriving = data.draw(st.lists(st.sampled_from(actions), min_size=1, max_size=8))
    state = a_subscription(present)
    noticed, read_once = known(), known()
    for action in arriving:
        read_back = ReadBack(operation=an_operation(action=action, status="Succeeded"), subscription=state)
        noticed.apply(work_out(a_notice(action=action, status="Succeeded"), noticed.situation(), read_back))
    read_once.apply(follow_present_state(read_once.mirror, state))

    assert (noticed.mirror, noticed.uses) == (read_once.mirror, read_once.uses)


@given(st.lists(subscriptions, min_size=1, max_size=8))
def test_ended_subscription_is_drained_once_and_never_started_again(states: list[SubscriptionSnapshot]) -> None:
    here = known()
    for state in [*states, a_subscription(CommercialStatus.UNSUBSCRIBED)]:
        here.apply(follow_present_state(here.mirror, state))

    assert here.uses.count(Use.DRAIN) == 1
    assert Use.START not in here.uses
