"""Comparing the mirror with Microsoft's list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.following.mirror import Field, mirror_of
from fairkeeper.customers.following.reconciliation import DifferenceKind, Repair, compare
from fairkeeper.customers.following.webhooks import UpdateMirror, follow_present_state
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, Term
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.values.findings import Level
from fairkeeper.values.ids import SubscriptionId
from tests.unit.customers.builders import OTHER_SUBSCRIPTION, a_subscription, statuses, subscriptions

SUBSCRIBED = a_subscription()


def test_silent_purchase_is_missing_here_and_taken_over() -> None:
    bought = a_subscription(CommercialStatus.PENDING_FULFILLMENT_START)
    (found,) = compare([], [bought], is_complete=True)

    assert (found.kind, found.repair, found.finding.subject) == (
        DifferenceKind.MISSING_HERE,
        Repair.READ_AND_FOLLOW,
        bought.id,
    )


def test_what_is_not_listed_is_read_by_its_id_before_anybody_is_asked() -> None:
    (found,) = compare([mirror_of(SUBSCRIBED)], [], is_complete=True)

    assert (found.kind, found.repair) == (DifferenceKind.MISSING_THERE, Repair.READ_AND_ASK)
    assert found.finding.level is Level.ERROR


def test_what_ended_and_is_no_longer_listed_is_only_worth_knowing() -> None:
    (found,) = compare([mirror_of(a_subscription(CommercialStatus.UNSUBSCRIBED))], [], is_complete=True)

    assert (found.repair, found.finding.level) == (Repair.NONE, Level.INFO)


def test_list_that_broke_off_says_nothing_is_missing_there() -> None:
    assert compare([mirror_of(SUBSCRIBED)], [], is_complete=False) == ()


def test_lost_suspend_is_a_status_that_differs() -> None:
    (found,) = compare([mirror_of(SUBSCRIBED)], [a_subscription(CommercialStatus.SUSPENDED)], is_complete=True)

    assert (found.kind, found.repair) == (DifferenceKind.STATUS_DIFFERS, Repair.READ_AND_FOLLOW)
    assert found.finding.message == "Status: Subscribed here, Suspended there."


@pytest.mark.parametrize(
    ("listed", "fields"),
    [
        (a_subscription(plan_id="enterprise"), [Field.PLAN]),
        (a_subscription(quantity=None), [Field.SEATS]),
        (a_subscription(term=Term(unit_text="P1Y")), [Field.TERM]),
        (a_subscription(auto_renew=False, quantity=6), [Field.SEATS, Field.AUTO_RENEW]),
    ],
)
def test_content_that_differs_is_named_field_by_field(listed: SubscriptionSnapshot, fields: list[Field]) -> None:
    (found,) = compare([mirror_of(SUBSCRIBED)], [listed], is_complete=True)

    assert found.kind is DifferenceKind.CONTENT_DIFFERS
    assert [item.field for item in found.fields] == fields


def test_held_status_stays_before_a_persons_eyes() -> None:
    held = a_subscription(None)
    (found,) = compare([mirror_of(held)], [held], is_complete=True)

    assert (found.kind, found.repair) == (DifferenceKind.STATUS_HELD, Repair.ASK)


def test_subscription_listed_twice_counts_as_listed_last() -> None:
    moved = a_subscription(CommercialStatus.SUSPENDED)

    assert compare([mirror_of(moved)], [SUBSCRIBED, moved], is_complete=True) == ()


@given(states=st.lists(subscriptions, max_size=4), is_complete=st.booleans())
def test_mirror_of_what_is_listed_has_no_differences_but_held_ones(
    states: list[SubscriptionSnapshot], *, is_complete: bool
) -> None:
    listed = [replace(state, id=SubscriptionId(f"s{index}")) for index, state in enumerate(states)]
    found = compare([mirror_of(state) for state in listed], listed, is_complete=is_complete)

    assert {item.subscription_id for item in found} == {state.id for state in listed if state.status is None}


@given(subscriptions, subscriptions, st.sampled_from(ProvisioningState))
def test_following_repairs_every_difference(
    known: SubscriptionSnapshot, listed: SubscriptionSnapshot, provisioning: ProvisioningState
) -> None:
    mirror = mirror_of(known, provisioning)
    for effect in follow_present_state(mirror, listed):
        if isinstance(effect, UpdateMirror):
            mirror = mirror_of(effect.following.snapshot, provisioning)

    assert [item.kind for item in compare([mirror], [listed], is_complete=True)] in (
        [],
        [DifferenceKind.STATUS_HELD],
    )


@given(statuses)
def test_differences_come_in_the_order_of_their_ids(status: CommercialStatus | None) -> None:
    other = a_subscription(status, id=OTHER_SUBSCRIPTION)
    found = compare([mirror_of(other)], [SUBSCRIBED], is_complete=True)

    assert [item.subscription_id for item in found] == sorted(item.subscription_id for item in found)
    assert len(found) == 2
