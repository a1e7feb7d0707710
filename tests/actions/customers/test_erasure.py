"""What is left when the retention has ended: nothing that names a person, on any table."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select

from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import Circumstances, EvidenceDraft
from fairkeeper.action.principal import system
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.assurance.keeping.holding import lift_hold, place_hold
from fairkeeper.customers.actions.land import claim_subscription
from fairkeeper.customers.actions.marketplace.change_subscription import cancel_subscription
from fairkeeper.customers.actions.operate import pause_use
from fairkeeper.customers.actions.provision import report_provisioning, retry_provisioning
from fairkeeper.customers.actions.rename_customer import rename_customer
from fairkeeper.customers.actions.retire import end_retention, issue_erased_receipt, issue_stopped_receipt
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.customers.ports import ProvisioningAnswer
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.database.base import Base
from fairkeeper.evidence.append import append_many
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.ids import CustomerId, PersonId
from tests.actions.customers.world import CARL, CORA, NOON, PETRA, PRODUCT, World, person_of, refused, staff

CARLS = {"tenant_id": "c0000001-0000-4000-8000-000000000001", "object_id": "0b010002-0000-4000-8000-000000000001"}


def everything(world: World, *, but: set[str] | None = None) -> str:
    """Return all that the database holds, as text."""
    words: list[str] = []
    with world.database.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in (but or set()):
                continue
            for row in session.execute(select(table)):
                words += [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row]
    return "\n".join(words).lower()


def names(words: str, person: str) -> bool:
    """Return whether words name a person: at the beginning of a word, and not by chance amid a secret's letters."""
    return re.search(rf"(?<![a-z0-9+/]){person}(?![a-z0-9+/])", words) is not None


def live_a_life(world: World, purchaser: str = CORA) -> str:
    """Let a customer leave traces everywhere: claims, reasons, messages, reminders, people, repeated requests."""
    subscription_id = world.buy(purchaser=purchaser, name="Secret Project of Cora")
    visit = world.land(subscription_id)
    world.systems.reports_later = True
    world.control(f"/subscriptions/{subscription_id}/manage")
    world.fulfillment.activate(subscription_id, "team", 10)
    world.move(hours=1)
    world.run(claim_subscription, subscription_id=subscription_id, **CARLS)
    world.run(report_provisioning, PRODUCT, request_id=world.jobs(subscription_id)[0].request_id, result="succeeded",
              message="Account of Cora Contoso is up.")  # fmt: skip
    bought = world.subscription(subscription_id)
    with world.database.write() as session:
        session.add(
            PersonRow(
                id=PersonId("per_1"),
                kind="customer",
                tenant_id=bought.beneficiary_tenant_id,
                object_id=bought.beneficiary_object_id,
                customer_id=CustomerId(visit.customer_id),
                name="Cora Contoso",
                email=CORA,
                roles=["customer_admin"],
                state="active",
                created_at=NOON,
            )
        )
    admin = person_of(visit.customer_id)
    world.run(pause_use, admin, key="k1", subscription_id=subscription_id, reason="Cora is on holiday.")
    world.systems.reports_later = False
    world.systems.answers = [ProvisioningAnswer(is_done=False, message="Cora's job still runs.")]
    world.run(cancel_subscription, staff(), subscription_id=subscription_id, reason="Cora asked for it.")
    world.work()
    world.move(seconds=10)
    (reminder,) = world.reminders(code="customers.provisioning_failed")
    world.run(close_reminder, staff(), reminder_id=reminder.id, why="Cora stopped it.")
    world.run(report_provisioning, PRODUCT, request_id=world.jobs(subscription_id)[-1].request_id, result="failed")
    return subscription_id


def test_nothing_that_names_a_person_is_left(world: World) -> None:
    subscription_id = live_a_life(world)
    assert names(everything(world), "cora")
    world.run(retry_provisioning, staff(), request_id=world.jobs(subscription_id)[-1].request_id)
    world.work()
    world.move(days=31)

    row = world.subscription(subscription_id)
    assert row.provisioning == "erased"
    left = everything(world)
    assert not names(left, "cora")
    assert not names(left, "carl")
    assert CORA not in left
    assert CARL not in left
    assert CARLS["object_id"] not in left
    assert (row.beneficiary_object_id, row.purchaser_object_id, row.name) == (None, None, "")
    assert world.rows(IdempotencyRow, IdempotencyRow.customer_id == row.customer_id) == []
    assert row.beneficiary_tenant_id is not None, "a tenant names a company"


def test_what_comes_after_the_erasure_leaves_nobodys_name_either(world: World) -> None:
    subscription_id = world.buy_active(name="Secret Project of Cora")
    world.run(revoke_customer, staff("security"), customer="contoso")
    world.work()
    world.move(days=31)
    assert world.subscription(subscription_id).provisioning == "erased"
    assert world.subscription(subscription_id).status == "Subscribed"

    world.customer_does(subscription_id, "cancel")
    world.work()
    world.move(hours=2)

    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning, row.name) == ("Unsubscribed", "erased", "")
    assert not names(everything(world), "cora")
    assert [notice.state for notice in world.notices()] == ["done"] * len(world.notices())
    assert world.systems.wishes == ["provision", "drain", "erase"]


def test_one_subscription_of_two_takes_only_its_own_with_it(world: World) -> None:
    first, second = world.buy_active(), world.buy_active("business")
    customer_id = world.subscription(first).customer_id
    world.customer_does(first, "cancel")
    world.work()
    world.move(days=31)

    assert world.subscription(first).provisioning == "erased"
    assert world.subscription(second).beneficiary_email == CORA
    kept = world.rows(EntryRow, EntryRow.customer_id == customer_id, EntryRow.payload.is_not(None))
    assert {entry.subject_id for entry in kept} >= {second}
    gone = world.rows(EntryRow, EntryRow.customer_id == customer_id, EntryRow.payload.is_(None))
    assert {entry.subject_id for entry in gone} == {first}

    world.customer_does(second, "cancel")
    world.work()
    world.move(days=31)

    assert world.subscription(second).provisioning == "erased"
    assert not names(everything(world), "cora")


def test_a_subscription_that_had_ended_before_holds_nobody_back(world: World) -> None:
    old = world.buy(auto_activation=True)
    world.faults()
    world.is_deaf = True
    world.customer_does(old, "cancel")
    world.work()
    world.is_deaf = False
    world.move(minutes=10)
    assert world.subscription(old).provisioning == "none"
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "cancel")
    world.work()

    world.move(days=31)

    assert world.customer_of(old).customer_id == world.customer_of(subscription_id).customer_id
    assert not names(everything(world), "cora")


def test_a_personal_account_is_forgotten_and_comes_back_as_somebody_new(world: World) -> None:
    first = world.buy_active(purchaser=PETRA)
    account = world.customer_of(first)
    world.run(rename_customer, staff(), customer=account.slug, name="Petra Personal")
    world.customer_does(first, "cancel")
    world.work()
    world.move(days=31)

    assert not names(everything(world), "petra")
    assert account.object_id not in everything(world, but={"webhook_notice"})

    again = world.buy_active(purchaser=PETRA)
    assert world.customer_of(again).customer_id != account.customer_id
    assert world.count(CustomerRow) == 2


def test_the_steps_of_the_end_are_taken_once_and_in_order(world: World) -> None:
    subscription_id = world.buy_active()
    for operation in (issue_stopped_receipt, end_retention):
        with world.no_entry():
            assert world.run(operation, subscription_id=subscription_id).receipt is None
    with refused("customers.not_stopped"), world.no_entry():
        world.run(issue_erased_receipt, subscription_id=subscription_id)
    world.customer_does(subscription_id, "cancel")
    world.work()
    with world.no_entry():
        again = world.run(issue_stopped_receipt, subscription_id=subscription_id)
        world.run(end_retention, subscription_id=subscription_id)
    assert again.receipt == world.subscription(subscription_id).stopped_receipt

    world.systems.reports_later = True
    world.move(days=30)
    with world.no_entry():
        world.run(end_retention, subscription_id=subscription_id)
    assert world.systems.wishes.count("erase") == 1
    erase = world.jobs(subscription_id)[-1]
    world.run(report_provisioning, PRODUCT, request_id=erase.request_id, result="succeeded")
    world.work()
    with world.no_entry():
        done = world.run(issue_erased_receipt, subscription_id=subscription_id)
    assert done.receipt == world.subscription(subscription_id).erased_receipt is not None
    for operation in (issue_stopped_receipt, end_retention, issue_erased_receipt):
        with refused("access.not_permitted"):
            world.run(operation, staff("owner"), subscription_id=subscription_id)


def test_a_late_report_about_erased_data_is_not_quoted(world: World) -> None:
    world.systems.reports_later = True
    subscription_id = world.buy_active()
    (job,) = world.jobs(subscription_id)
    world.systems.reports_later = False
    world.customer_does(subscription_id, "cancel")
    world.work()
    world.move(days=31)

    with world.one_entry("provisioning_answered") as told:
        world.run(report_provisioning, PRODUCT, request_id=job.request_id, result="failed", message="Cora was not in.")

    assert told["message"] == ""
    assert not names(everything(world), "cora")


def test_more_entries_than_fit_at_once_are_erased_too(world: World) -> None:
    subscription_id = world.buy_active()
    customer_id = world.subscription(subscription_id).customer_id
    drafts = [
        EvidenceDraft(
            kind="customers.use_paused/1",
            subject_type="subscription",
            subject_id=subscription_id,
            customer_id=customer_id,
            payload={"reason": f"Cora {number}"},
        )
        for number in range(700)
    ]
    acted = Circumstances(operation="customers.pause_use", principal=system("test"), at=NOON)
    with world.database.write() as session:
        append_many(session, drafts, acted)
    world.customer_does(subscription_id, "cancel")
    world.work()
    world.move(days=31)

    assert not names(everything(world), "cora")
    left: list[Any] = world.rows(SubscriptionRow)
    assert left[0].provisioning == "erased"


def test_a_legal_hold_keeps_everything_until_it_is_lifted(world: World) -> None:
    subscription_id = world.buy_active(name="Secret Project of Cora")
    customer_id = world.subscription(subscription_id).customer_id
    world.customer_does(subscription_id, "cancel")
    world.work()
    before = world.run(place_hold, staff("security"), customer_id=customer_id, reason="A matter in court.")
    world.move(days=31)
    assert world.subscription(subscription_id).provisioning == "stopped"
    assert world.systems.wishes.count("erase") == 0
    world.run(lift_hold, staff("security"), hold_id=before.hold_id, reason="Settled.")
    # Placed again while the publisher's systems erase theirs: what is here stays all the same.
    world.systems.reports_later = True
    world.work()
    again = world.run(place_hold, staff("security"), customer_id=customer_id, reason="A second matter.")
    erase = world.jobs(subscription_id)[-1]
    world.run(report_provisioning, PRODUCT, request_id=erase.request_id, result="succeeded")
    world.work()
    assert world.subscription(subscription_id).provisioning == "stopped"
    assert names(everything(world), "cora")
    world.run(lift_hold, staff("security"), hold_id=again.hold_id, reason="Settled too.")
    world.work()
    assert world.subscription(subscription_id).provisioning == "erased"
    assert not names(everything(world), "cora")
