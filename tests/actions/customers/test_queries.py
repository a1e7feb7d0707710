"""What the room tells: found by what people know, for those who may see it, at a cost that does not grow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairkeeper.action.operation import Operation
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.ports import ProvisioningAnswer
from fairkeeper.customers.queries import (
    ask_may_act,
    list_customers,
    list_deadlines,
    list_notices,
    list_receipts,
    list_reminders,
    show_customer,
    show_subscription,
)
from tests.actions.customers.world import FREYA, PETRA, PRODUCT, World, person_of, refused, staff
from tests.statements import plan_of, statements

NOBODY = "10000000-0000-4000-8000-00000000dead"


def found(world: World, **wanted: Any) -> set[str]:
    return {customer.name for customer in world.run(list_customers, staff(), **wanted).customers}


def test_customers_are_found_by_what_people_know_of_them(world: World) -> None:
    contoso = world.buy_active()
    world.buy_active("business", purchaser=FREYA)
    waiting = world.buy(purchaser=PETRA)
    world.land(waiting)

    assert found(world) == {"Contoso", "Fabrikam", "Outlook"}
    assert found(world, text="CONT") == found(world, text=contoso[:13]) == {"Contoso"}
    assert found(world, text="c0000002-") == {"Fabrikam"}
    assert found(world, text="%") == found(world, text="_") == set(), "no wildcards for whoever types them"
    assert found(world, status="PendingFulfillmentStart") == {"Outlook"}
    assert found(world, provisioning="ready") == {"Contoso", "Fabrikam"}
    assert found(world, plan="business") == {"Fabrikam"}
    assert found(world, plan="business", status="Suspended") == set()


def test_a_list_is_read_page_by_page(world: World) -> None:
    for buyer in (FREYA, PETRA):
        world.buy_active(purchaser=buyer)
        world.move(seconds=1)
    world.buy_active()

    first = world.run(list_customers, staff(), limit=2)
    second = world.run(list_customers, staff(), limit=2, offset=2)

    assert [line.name for line in (*first.customers, *second.customers)] == ["Contoso", "Outlook", "Fabrikam"]
    assert (first.total, second.total) == (3, 3)


def test_a_customer_is_told_by_its_liveliest_subscription(world: World) -> None:
    ended, live = world.buy_active(), world.buy_active("business")
    world.customer_does(ended, "cancel")
    world.work()

    (line,) = world.run(list_customers, staff()).customers

    assert line.main is not None
    assert (line.main.subscription_id, line.subscriptions) == (live, 2)
    assert [each.line.subscription_id for each in world.run(show_customer, staff(), customer="contoso").subscriptions] == [
        live,
        ended,
    ]  # fmt: skip


@pytest.mark.parametrize("operation", [show_subscription, ask_may_act], ids=lambda each: each.name)
def test_another_customers_subscription_is_not_found(world: World, operation: Operation) -> None:
    mine, other = world.buy_active(), world.buy_active(purchaser=FREYA)
    me = person_of(world.subscription(mine).customer_id, "customer_user")

    assert world.run(operation, me, subscription_id=mine)
    assert world.run(operation, me, subscription_id=mine.upper()), "a GUID in any spelling"
    for hidden in (other, NOBODY):
        with refused("customers.subscription_not_found"):
            world.run(operation, me, subscription_id=hidden)
    with refused("customers.customer_not_found"):
        world.run(show_customer, me, customer="fabrikam")


def test_lists_show_a_customers_people_their_own_alone(world: World) -> None:
    mine, other = world.buy_active(), world.buy_active(purchaser=FREYA)
    me = person_of(world.subscription(mine).customer_id)
    for subscription_id in (mine, other):
        world.customer_does(subscription_id, "cancel")
    world.work()
    world.move(days=24)

    assert {line.subscription_id for line in world.run(list_receipts, me)} == {mine}
    assert {line.subscription_id for line in world.run(list_deadlines, me)} == {mine}
    assert {line.subject_id for line in world.run(list_reminders, me)} == {mine}
    assert len(world.run(list_receipts, staff())) == 2
    with refused("customers.customer_not_found"):
        world.run(list_receipts, me, customer="fabrikam")
    with refused("customers.customer_not_found"):
        world.run(list_reminders, me, customer="fabrikam")


def test_what_the_publishers_systems_write_is_for_the_publisher(world: World) -> None:
    world.systems.answers = [ProvisioningAnswer(is_done=False, message="Node 7 in rack B is full.")]
    subscription_id = world.buy_active()
    me = person_of(world.subscription(subscription_id).customer_id)

    told = [
        repr(world.run(operation, me, **asked))
        for operation, asked in (
            (show_subscription, {"subscription_id": subscription_id}),
            (ask_may_act, {"subscription_id": subscription_id}),
            (show_customer, {"customer": "contoso"}),
            (list_customers, {}),
            (list_reminders, {}),
        )
    ]

    assert not any("rack B" in text for text in told)
    assert "provisioning_failed" in told[1], "that it failed, and what can be done, is the customer's to know"
    assert "rack B" in repr(world.run(show_subscription, staff(), subscription_id=subscription_id))


def test_the_publishers_product_asks_and_a_stranger_does_not(world: World) -> None:
    subscription_id = world.buy_active()

    assert world.run(ask_may_act, PRODUCT, subscription_id=subscription_id).allowed
    with refused("access.not_permitted"):
        world.run(list_notices, PRODUCT)


def test_notices_are_listed_newest_first_and_page_by_page(world: World) -> None:
    subscription_id = world.buy_active()
    for verb in ("suspend", "reinstate", "cancel"):
        world.customer_does(subscription_id, verb)
        world.work()

    first = world.run(list_notices, staff(), limit=3)
    second = world.run(list_notices, staff(), limit=3, before=first[-1].notice_id)

    assert [line.action for line in (*first, *second)] == ["Unsubscribe", "Reinstate", "Suspend", "Subscribe"]
    assert all(line.body is None for line in first)


@pytest.mark.parametrize("operation", [list_customers, list_deadlines, list_reminders], ids=lambda each: each.name)
def test_the_number_of_questions_to_the_database_does_not_grow(world: World, operation: Operation) -> None:
    def take_over(numbers: range) -> None:
        for number in numbers:
            tenant = f"c0000000-0000-4000-8000-{number:012d}"
            raw = {
                "id": f"10000000-0000-4000-8000-{number:012d}",
                "saasSubscriptionStatus": "Dormant" if number % 2 else "PendingFulfillmentStart",
                "beneficiary": {"tenantId": tenant, "emailId": f"ada@company{number}.example"},
            }
            world.run(follow_reading, subscription=json.dumps(raw), source=ReadingSource.RECONCILIATION)

    take_over(range(3))
    with statements(world.database) as few:
        world.run(operation, staff())
    take_over(range(3, 25))
    with statements(world.database) as many:
        world.run(operation, staff())

    assert len(many) == len(few) <= 5


def test_receipts_are_found_by_their_own_index_among_all_entries(world: World) -> None:
    with statements(world.database) as asked:
        world.run(list_receipts, staff())
    (found,) = [(statement, values) for statement, values in asked if "_receipt/1" in statement]

    assert "ix_evidence_entry_receipt" in plan_of(world.database, *found)
