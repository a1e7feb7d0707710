"""Several at once: each thing is there once, and nobody waits in a circle."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.marketplace.follow_notice import follow_notice
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.actions.marketplace.receive_webhook import receive_webhook
from fairkeeper.customers.actions.operate import pause_use, resume_use
from fairkeeper.customers.actions.provision import report_provisioning
from fairkeeper.customers.actions.retire import issue_stopped_receipt
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.actions.ring_clock import plant
from fairkeeper.customers.actions.set_change_rule import set_change_rule
from fairkeeper.customers.store import count_readings
from fairkeeper.customers.tables import CustomerRow, NoticeRow, SubscriptionRow
from fairkeeper.errors import ConflictError
from fairkeeper.values.ids import SubscriptionId
from tests.actions.customers.world import PRODUCT, World, person_of, refused, staff

TENANT = "c0000007-0000-4000-8000-000000000001"


def at_once(*acts: Callable[[], Any], forgiving: tuple[type[Exception], ...] = ()) -> list[Any]:
    """Let threads begin at the same moment; returns what each returned, and raises what none should."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)
    errors: list[Exception] = []

    def run(number: int, act: Callable[[], Any]) -> None:
        start.wait(10)
        try:
            results[number] = act()
        except forgiving:
            pass
        except Exception as error:  # noqa: BLE001 - told below, in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits"
    if errors:
        raise errors[0]
    return results


def reading(number: int, *, tenant: str = TENANT, **fields: object) -> str:
    return json.dumps(
        {
            "id": f"10000000-0000-4000-8000-{number:012d}",
            "saasSubscriptionStatus": "Subscribed",
            "planId": "team",
            "quantity": 5,
            "beneficiary": {"tenantId": tenant, "objectId": TENANT, "emailId": "lena@litware.example"},
            **fields,
        }
    )


def follow(world: World, raws: Sequence[str]) -> None:
    source = ReadingSource.RECONCILIATION
    at_once(*[lambda raw=raw: world.run(follow_reading, subscription=raw, source=source) for raw in raws])


def test_a_subscription_that_is_read_by_many_at_once_is_recorded_once(world: World) -> None:
    follow(world, [reading(1)] * 6)

    assert (world.count(SubscriptionRow), world.count(CustomerRow)) == (1, 1)
    assert world.kinds() == ["subscription_recorded"]
    assert len(world.jobs("10000000-0000-4000-8000-000000000001")) == 1


def test_a_statement_that_was_overtaken_on_its_way_is_refused_and_changes_nothing(world: World) -> None:
    subscription_id = world.buy_active()
    with world.database.read() as session:
        asked_after = count_readings(session, subscription_id)
    old = json.dumps(world.there(subscription_id).raw)
    world.customer_does(subscription_id, "suspend")
    world.work()

    with world.no_entry(), refused("customers.reading_overtaken"):
        world.run(follow_reading, subscription=old, source=ReadingSource.SECOND_LOOK, asked_after=asked_after)
    with refused("customers.reading_overtaken"):
        world.run(
            follow_notice,
            notice_id=world.notices()[-1].id,
            operation=None,
            subscription=old,
            asked_after=asked_after,
        )

    assert world.subscription(subscription_id).status == "Suspended"
    assert world.systems.wishes == ["provision", "suspend"]


def test_who_is_overtaken_while_asking_asks_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription_id = world.buy_active()
    ask, there = world.fulfillment.get_subscription, world.there(subscription_id).raw
    overtaken_by = [{"quantity": 11}, {"quantity": 12}]

    def ask_slowly(wanted: SubscriptionId) -> Any:
        answer = ask(wanted)
        if overtaken_by:  # another server asks later, and is quicker to write
            raw = {**there, **overtaken_by.pop()}
            world.run(follow_reading, subscription=json.dumps(raw), source=ReadingSource.RECONCILIATION)
        return answer

    monkeypatch.setattr(world.fulfillment, "get_subscription", ask_slowly)
    world.customer_does(subscription_id, "renew")
    world.work()

    assert not overtaken_by
    assert world.subscription(subscription_id).quantity == 10
    assert {notice.state for notice in world.notices()} == {"done"}


def test_a_customer_that_buys_many_at_once_is_one_customer(world: World) -> None:
    follow(world, [reading(number) for number in range(6)])

    assert (world.count(SubscriptionRow), world.count(CustomerRow)) == (6, 1)


def test_customers_of_one_name_at_once_have_addresses_of_their_own(world: World) -> None:
    follow(world, [reading(number, tenant=TENANT.replace("7", str(number))) for number in range(5)])

    assert {row.slug for row in world.rows(CustomerRow)} == {"litware", *(f"litware-{n}" for n in range(2, 6))}


def test_a_notice_that_comes_many_times_at_once_is_one_notice(world: World) -> None:
    subscription_id = world.buy_active()
    body = {"id": "20000000-0000-4000-8000-000000000001", "subscriptionId": subscription_id, "action": "Renew"}
    encoded = base64.b64encode(json.dumps(body).encode())

    results = at_once(*[lambda: world.run(receive_webhook, body=encoded)] * 6)

    assert sum(result.is_new for result in results) == 1
    kept = world.rows(NoticeRow)[-1]
    assert kept.deliveries == 6
    assert len(world.entries("webhook_received")) == 2


def test_activation_asked_for_by_two_people_at_once_is_asked_for_once(world: World) -> None:
    subscription_id = world.buy()
    visit = world.land(subscription_id)
    me = person_of(visit.customer_id)

    at_once(
        lambda: world.run(activate_subscription, me, subscription_id=subscription_id),
        lambda: world.run(activate_subscription, staff(), subscription_id=subscription_id),
        lambda: world.run(activate_subscription, me, subscription_id=subscription_id),
    )

    assert len(world.entries("activation_asked")) == 1


def test_the_first_rule_set_twice_at_once_is_one_rule(world: World) -> None:
    at_once(*[lambda: world.run(set_change_rule, staff(), maximum_seats=7)] * 4)

    assert len(world.entries("change_rule_set")) == 1


def test_whoever_acts_on_one_customer_at_once_waits_for_the_other(world: World) -> None:
    world.systems.reports_later = True
    first, second = world.buy_active(), world.buy_active("business")
    customer_id = world.subscription(first).customer_id
    me = person_of(customer_id)
    jobs = {job.subscription_id: job for each in (first, second) for job in world.jobs(each)}
    suspended = {each: json.dumps({**world.there(each).raw, "saasSubscriptionStatus": "Suspended"}) for each in jobs}
    notices = [
        {"id": f"20000000-0000-4000-8000-00000000000{number}", "subscriptionId": each, "action": "Suspend"}
        for number, each in enumerate((first, second))
    ]
    for notice in notices:
        world.send_webhook(**notice)

    at_once(
        lambda: world.run(revoke_customer, me, customer=customer_id),
        lambda: world.run(revoke_customer, staff("security"), customer=customer_id),
        lambda: world.run(follow_reading, subscription=suspended[second], source=ReadingSource.RECONCILIATION),
        lambda: world.run(follow_reading, subscription=suspended[first], source=ReadingSource.RECONCILIATION),
        lambda: world.run(report_provisioning, PRODUCT, request_id=jobs[first].request_id, result="succeeded"),
        lambda: world.run(report_provisioning, PRODUCT, request_id=jobs[second].request_id, result="failed"),
        lambda: world.run(pause_use, staff("security"), subscription_id=second, reason="At once."),
        lambda: world.run(plant, subscription_id=first),
        lambda: world.run(issue_stopped_receipt, subscription_id=second),
        lambda: world.do_only("customers.follow_notice"),
    )

    assert {world.subscription(each).provisioning for each in (first, second)} == {"draining"}
    assert len(world.entries("customer_revoked")) == 1


def test_a_pause_and_a_resumption_at_once_end_in_one_of_the_two(world: World) -> None:
    subscription_id = world.buy_active()
    decide = {"subscription_id": subscription_id, "reason": "At once."}
    at_once(
        *[lambda: world.run(pause_use, staff("security"), **decide)] * 3,
        *[lambda: world.run(resume_use, staff("security"), **decide)] * 3,
        forgiving=(ConflictError,),
    )

    told = [kind for kind in world.kinds() if kind.startswith("use_")]
    state = "paused" if len(told) % 2 else "enabled"
    assert told == ["use_paused", "use_resumed"] * (len(told) // 2) + ["use_paused"] * (len(told) % 2)
    assert world.subscription(subscription_id).operation == state
