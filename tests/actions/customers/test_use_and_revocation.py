"""What people decide: pausing, blocking and resuming use, and ending it with a receipt."""

from __future__ import annotations

import json

import pytest

from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.operation import Operation
from fairkeeper.customers.actions.operate import block_use, pause_use, resume_use, unblock_use
from fairkeeper.customers.actions.rename_customer import rename_customer
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.queries import ask_may_act, list_receipts, show_customer
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.ids import CustomerId, TokenId
from tests.actions.customers.world import FREYA, NOON, World, person_of, refused, staff


def reasons(world: World, subscription_id: str) -> list[str]:
    answer = world.run(ask_may_act, staff(), subscription_id=subscription_id)
    return [reason.code for reason in answer.reasons]


def give_token(world: World, customer_id: CustomerId, name: str = "Ada's laptop") -> str:
    token_id = TokenId(f"tok_{name.encode().hex()[:20]}")
    with world.database.write() as session:
        session.add(
            ApiTokenRow(
                id=token_id,
                name=name,
                digest=name.encode(),
                customer_id=customer_id,
                roles=["customer_user"],
                created_by="per_1",
                created_at=NOON,
            )
        )
    return token_id


def test_use_is_paused_and_resumed(world: World) -> None:
    subscription_id = world.buy_active()
    admin = person_of(world.subscription(subscription_id).customer_id)

    with world.one_entry("use_paused") as told:
        world.run(pause_use, admin, subscription_id=subscription_id, reason="Holidays.")
    assert (told["reason"], told["operation"]) == ("Holidays.", "paused")
    assert reasons(world, subscription_id) == ["customers.paused"]
    with refused("customers.transition_refused"), world.no_entry():
        world.run(pause_use, admin, subscription_id=subscription_id, reason="Again.")
    with world.one_entry("use_resumed"):
        world.run(resume_use, admin, subscription_id=subscription_id, reason="Back.")

    assert reasons(world, subscription_id) == []
    assert world.systems.wishes == ["provision"], "use is decided here; the publisher's systems are not asked"


def test_a_block_is_not_lifted_by_the_customer_and_lifting_it_does_not_resume(world: World) -> None:
    subscription_id = world.buy_active()
    admin = person_of(world.subscription(subscription_id).customer_id)
    with world.one_entry("use_blocked"):
        world.run(block_use, staff("security"), subscription_id=subscription_id, reason="Abuse.")

    for operation in (unblock_use, block_use):
        with refused("access.not_permitted"), world.no_entry():
            world.run(operation, admin, subscription_id=subscription_id, reason="Please.")
    with refused("customers.transition_refused"), world.no_entry():
        world.run(resume_use, admin, subscription_id=subscription_id, reason="Please.")
    with world.one_entry("use_unblocked"):
        world.run(unblock_use, staff("security"), subscription_id=subscription_id, reason="Cleared.")

    assert reasons(world, subscription_id) == ["customers.paused"]


def test_the_same_decision_repeated_under_its_key_is_one_decision(world: World) -> None:
    subscription_id = world.buy_active()
    decide = {"subscription_id": subscription_id, "reason": "Holidays."}

    with world.one_entry("use_paused"):
        first = world.run(pause_use, staff("security"), key="k1", **decide)
        again = world.run(pause_use, staff("security"), key="k1", **decide)

    assert again == first
    with refused("action.idempotency_mismatch"):
        world.run(pause_use, staff("security"), key="k1", subscription_id=subscription_id, reason="Another.")


@pytest.mark.parametrize("operation", [pause_use, resume_use, block_use, unblock_use], ids=lambda each: each.name)
def test_another_customers_subscription_does_not_exist(world: World, operation: Operation) -> None:
    mine, other = world.buy_active(), world.buy_active(purchaser=FREYA)
    admin = person_of(world.subscription(mine).customer_id)
    bound_staff = person_of(world.subscription(mine).customer_id, "customer_user")

    code = "access.not_permitted" if operation in (block_use, unblock_use) else "customers.subscription_not_found"
    with refused(code), world.no_entry():
        world.run(operation, admin, subscription_id=other, reason="Not mine.")
    with refused("access.not_permitted"), world.no_entry():
        world.run(operation, bound_staff, subscription_id=mine, reason="May not.")
    with refused("customers.subscription_not_found"), world.no_entry():
        world.run(operation, staff("owner"), subscription_id=mine.replace("-4", "-5"), reason="None such.")


def test_a_customer_with_several_subscriptions_is_revoked_at_once(world: World) -> None:
    first, second, other = world.buy_active(), world.buy_active("business"), world.buy_active(purchaser=FREYA)
    customer_id = CustomerId(world.subscription(first).customer_id)
    token_id = give_token(world, customer_id)

    with world.one_entry("customer_revoked") as told:
        revoked = world.run(revoke_customer, staff("security"), customer=customer_id, reason="Contract ended.")
    assert sorted(revoked.stopping) == sorted([first, second])
    assert (told["reason"], told["stopped"]) == ("Contract ended.", [f"api_token {token_id}"])
    assert "customers.draining" in reasons(world, first)
    world.work()

    (entry,) = world.entries("customer_revoked")
    for subscription_id in (first, second):
        row = world.subscription(subscription_id)
        assert (row.provisioning, row.stop_cause, row.stop_entry_id) == ("stopped", "decided", entry.entry_id)
        assert row.status == "Subscribed", "Microsoft's status is Microsoft's"
    assert len(world.run(list_receipts, staff(), customer=customer_id)) == 2
    assert world.rows(ApiTokenRow)[0].revoked_at == NOON
    assert world.subscription(other).provisioning == "ready"


def test_revoking_again_changes_nothing(world: World) -> None:
    subscription_id = world.buy_active()
    customer_id = world.subscription(subscription_id).customer_id
    world.run(revoke_customer, staff("security"), customer=customer_id)

    with world.no_entry():
        again = world.run(revoke_customer, staff("security"), customer="contoso")
    world.work()
    with world.no_entry():
        world.run(revoke_customer, staff("security"), customer="contoso")
        world.work()

    assert again.stopping == ()
    assert len(world.run(list_receipts, staff())) == 1


def test_a_customers_administrator_revokes_its_own_company_even_while_suspended(world: World) -> None:
    mine, other = world.buy_active(), world.buy_active(purchaser=FREYA)
    admin = person_of(world.subscription(mine).customer_id)
    world.customer_does(mine, "suspend")
    world.work()

    with refused("customers.customer_not_found"), world.no_entry():
        world.run(revoke_customer, admin, customer="fabrikam")
    with refused("access.not_permitted"), world.no_entry():
        world.run(revoke_customer, person_of(world.subscription(mine).customer_id, "customer_user"), customer="contoso")
    with refused("access.suspended"), world.no_entry():
        world.run(pause_use, admin, subscription_id=mine, reason="Suspended.")
    with world.one_entry("customer_revoked"):
        world.run(revoke_customer, admin, customer="contoso")
    world.work()

    assert world.subscription(mine).provisioning == "stopped"
    assert [line.subscription_id for line in world.run(list_receipts, admin)] == [mine]
    assert world.subscription(other).provisioning == "ready"


def test_the_end_at_microsoft_after_a_revocation_starts_no_second_end(world: World) -> None:
    subscription_id = world.buy_active()
    world.run(revoke_customer, staff("security"), customer="contoso")
    world.work()
    world.move(days=3)
    world.customer_does(subscription_id, "cancel")
    world.work()

    row = world.subscription(subscription_id)
    assert (row.stop_cause, row.retention_started_at) == ("decided", NOON)
    assert len(world.entries("stopped_receipt")) == 1
    assert world.systems.wishes == ["provision", "drain"]


def test_a_receipt_names_no_people_and_claims_no_systems_that_were_never_set_up(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    customer_id = CustomerId(world.subscription(subscription_id).customer_id)
    token_id = give_token(world, customer_id)
    world.run(revoke_customer, staff("security"), customer=customer_id)
    world.work()

    (receipt,) = world.entries("stopped_receipt")
    statement = json.loads(receipt.payload or "")
    assert [(thing["kind"], thing["name"]) for thing in statement["stopped"]] == [
        ("use", "use of team"),
        ("api_token", token_id),
    ]
    assert "Ada's laptop" not in (receipt.payload or "")
    assert "@" not in (receipt.payload or "")


def test_the_tokens_of_a_customer_live_while_another_subscription_is_in_use(world: World) -> None:
    first, second = world.buy_active(), world.buy_active("business")
    give_token(world, CustomerId(world.subscription(first).customer_id))

    world.customer_does(first, "cancel")
    world.work()
    assert world.subscription(first).stopped_receipt is not None
    assert world.rows(ApiTokenRow)[0].revoked_at is None

    world.customer_does(second, "cancel")
    world.work()
    assert world.rows(ApiTokenRow)[0].revoked_at == NOON


def test_a_customer_is_called_by_the_name_people_know(world: World) -> None:
    world.buy_active()

    with world.one_entry("customer_renamed") as told:
        world.run(rename_customer, staff("support"), customer="contoso", name="Contoso Ltd")
    with world.no_entry():
        world.run(rename_customer, staff("support"), customer="contoso", name="Contoso Ltd")

    assert told["name"] == "Contoso Ltd"
    assert world.run(show_customer, staff(), customer="contoso").name == "Contoso Ltd"
    with refused("customers.customer_not_found"):
        world.run(rename_customer, staff(), customer="nobody", name="X")
    with refused("access.not_permitted"):
        world.run(rename_customer, staff("seller"), customer="contoso", name="X")


def test_every_entry_of_a_customer_belongs_to_its_log(world: World) -> None:
    subscription_id = world.buy_active()
    customer_id = world.subscription(subscription_id).customer_id
    world.run(revoke_customer, staff("security"), customer=customer_id)
    world.work()

    # The notice that made the customer known came before there was a customer.
    assert [entry.kind for entry in world.rows(EntryRow, EntryRow.customer_id.is_(None))] == [
        "customers.webhook_received/1"
    ]
