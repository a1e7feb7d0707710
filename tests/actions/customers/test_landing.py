"""The landing page: who sees what, who may claim, whose subscription it is."""

from __future__ import annotations

import json

import pytest

from fairkeeper.customers.actions.land import claim_subscription, confirm_claim, record_visit
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.queries import list_customers, list_reminders
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.database.session import Database
from tests.actions.customers.world import CARL, CORA, FREYA, PABLO, PERCY, PETRA, World, person_of, refused, staff

STRANGER = {"tenant_id": "c0000002-0000-4000-8000-000000000001", "object_id": "0b020001-0000-4000-8000-000000000002"}


def account(world: World, email: str) -> dict[str, str]:
    people = {person.email: person for person in world.controls.directory.people}
    return {"tenant_id": people[email].tenant_id, "object_id": people[email].object_id}


def test_a_visit_is_recorded_and_the_purchase_becomes_known(world: World) -> None:
    subscription_id = world.buy(quantity=7)

    visit = world.land(subscription_id)

    row, customer = world.subscription(subscription_id), world.customer_of(subscription_id)
    assert (row.status, row.quantity, row.was_visited) == ("PendingFulfillmentStart", 7, True)
    assert (customer.name, customer.slug) == ("Contoso", "contoso")
    assert visit.customer_id == customer.customer_id
    assert world.kinds() == ["subscription_recorded", "landing_visited"]
    with world.one_entry("landing_visited") as told:
        world.land(subscription_id)
    assert told == {
        "who": "The beneficiary",
        "branch": "new",
        "relation": "beneficiary",
        "plan": "team",
        "subject": f"subscription:{subscription_id}",
    }


def test_who_bought_for_another_company_says_so_and_the_beneficiary_owns(world: World) -> None:
    subscription_id = world.buy(purchaser=PERCY, beneficiary=FREYA, reseller=True)
    percy = account(world, PERCY)

    visit = world.land(subscription_id, **percy)
    assert (visit.view.relation, visit.view.can_activate) == ("reseller", False)
    with world.one_entry("subscription_claimed"):
        assert world.run(claim_subscription, subscription_id=subscription_id, **percy).is_confirmed
    visit = world.land(subscription_id, **percy)

    assert (visit.view.relation, visit.view.can_activate) == ("claimed", True)
    row, customer = world.subscription(subscription_id), world.customer_of(subscription_id)
    assert customer.name == "Fabrikam"
    assert (row.purchaser_email, row.beneficiary_email) == (PERCY, FREYA)
    assert row.allowed_operations == ["Read"]


def test_a_colleague_lets_himself_in_by_an_explicit_step(world: World) -> None:
    subscription_id = world.buy()
    carl = account(world, CARL)
    visit = world.land(subscription_id, **carl)
    assert (visit.view.branch, visit.view.claim) == ("not_yours", "by_person")
    assert not world.subscription(subscription_id).was_visited or visit.view.relation == "colleague"

    with world.one_entry("subscription_claimed"):
        claimed = world.run(claim_subscription, subscription_id=subscription_id, **carl)
    with world.no_entry():
        again = world.run(claim_subscription, subscription_id=subscription_id, **carl)

    assert claimed.is_confirmed
    assert again == claimed
    assert world.land(subscription_id, **carl).view.branch == "new"


def test_a_strangers_claim_waits_for_staff(world: World) -> None:
    subscription_id = world.buy()
    freya = account(world, FREYA)
    assert world.land(subscription_id, **freya).view.claim == "by_staff"
    assert not world.subscription(subscription_id).was_visited

    claimed = world.run(claim_subscription, subscription_id=subscription_id, **freya)
    assert not claimed.is_confirmed
    assert world.land(subscription_id, **freya).view.branch == "not_yours"
    (waiting,) = world.reminders()
    assert (waiting.code, waiting.owner_role) == ("customers.claim_waits", "support")

    with world.one_entry("claim_confirmed") as told:
        world.run(confirm_claim, staff("support"), subscription_id=subscription_id, **freya)
    assert told["object_id"] == freya["object_id"]
    with world.no_entry():
        world.run(confirm_claim, staff("support"), subscription_id=subscription_id, **freya)
    assert world.land(subscription_id, **freya).view.branch == "new"
    assert world.run(list_reminders, staff()) == ()


def test_whoever_bought_needs_no_claim(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)

    with refused("customers.claim_not_needed"), world.no_entry():
        world.run(claim_subscription, subscription_id=subscription_id, **account(world, CORA))


def test_claims_are_confirmed_by_staff_alone_and_only_where_there_is_one(world: World) -> None:
    subscription_id = world.buy()
    visit = world.land(subscription_id)
    carl = account(world, CARL)

    with refused("customers.claim_not_found"):
        world.run(confirm_claim, staff("support"), subscription_id=subscription_id, **carl)
    with refused("access.not_permitted"):
        world.run(confirm_claim, person_of(visit.customer_id), subscription_id=subscription_id, **carl)
    with refused("access.not_permitted"):
        world.run(confirm_claim, staff("auditor"), subscription_id=subscription_id, **carl)
    with refused("access.not_permitted"):
        world.run(claim_subscription, staff("owner"), subscription_id=subscription_id, **carl)


def test_two_people_with_personal_accounts_are_two_customers(world: World) -> None:
    petras, pablos = world.buy(purchaser=PETRA), world.buy(purchaser=PABLO)
    world.land(petras)
    world.land(pablos)

    assert world.count(CustomerRow) == 2
    assert world.customer_of(petras).customer_id != world.customer_of(pablos).customer_id
    assert world.land(petras, **account(world, PABLO)).view.relation == "stranger"


def reading(subscription_id: str, **fields: object) -> str:
    return json.dumps({"id": subscription_id, "saasSubscriptionStatus": "Subscribed", "planId": "team", **fields})


PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
FIRST, SECOND = "10000000-0000-4000-8000-000000000001", "10000000-0000-4000-8000-000000000002"


@pytest.mark.parametrize("parties", [{}, {"beneficiary": {"tenantId": PERSONAL}, "purchaser": {"tenantId": PERSONAL}}])
def test_nobody_shares_a_customer_because_microsoft_does_not_say_who_it_is(
    world: World, parties: dict[str, object]
) -> None:
    for subscription_id in (FIRST, SECOND):
        raw = reading(subscription_id, **parties)
        world.run(follow_reading, subscription=raw, source=ReadingSource.RECONCILIATION)

    assert world.count(CustomerRow) == 2
    assert [reminder.subject_id for reminder in world.reminders(code="customers.beneficiary_unknown")] == [
        FIRST,
        SECOND,
    ]


def test_a_customer_gets_its_tenant_when_microsoft_states_it(world: World) -> None:
    world.run(follow_reading, subscription=reading(FIRST), source=ReadingSource.RECONCILIATION)
    customer_id = world.subscription(FIRST).customer_id
    tenant = "c0000007-0000-4000-8000-000000000001"

    stated = reading(FIRST, planId="team-plus", beneficiary={"tenantId": tenant, "emailId": "lena@litware.example"})
    world.run(follow_reading, subscription=stated, source=ReadingSource.RECONCILIATION)

    customer = world.customer_of(FIRST)
    assert (customer.customer_id, customer.tenant_id, customer.name) == (customer_id, tenant, "Litware")
    assert world.reminders() == []


def test_a_tenant_that_is_a_customer_already_stays_that_customer(world: World) -> None:
    tenant = "c0000007-0000-4000-8000-000000000001"
    known = reading(FIRST, beneficiary={"tenantId": tenant})
    world.run(follow_reading, subscription=known, source=ReadingSource.RECONCILIATION)
    world.run(follow_reading, subscription=reading(SECOND), source=ReadingSource.RECONCILIATION)

    late = reading(SECOND, planId="team-plus", beneficiary={"tenantId": tenant})
    world.run(follow_reading, subscription=late, source=ReadingSource.RECONCILIATION)

    assert world.subscription(FIRST).customer_id != world.subscription(SECOND).customer_id
    assert [reminder.subject_id for reminder in world.reminders()] == [SECOND]


def test_companies_of_one_name_have_addresses_of_their_own(world: World) -> None:
    for number, subscription_id in enumerate((FIRST, SECOND), start=1):
        party = {"tenantId": f"c000000{number}-0000-4000-8000-00000000000a", "emailId": "ada@adatum.example"}
        raw = reading(subscription_id, beneficiary=party)
        world.run(follow_reading, subscription=raw, source=ReadingSource.RECONCILIATION)

    customers = world.run(list_customers, staff(), text="adatum").customers
    assert {customer.slug for customer in customers} == {"adatum", "adatum-2"}


def test_a_visit_to_a_purchase_that_was_not_followed_is_refused(world: World) -> None:
    with refused("customers.subscription_not_found"), world.no_entry():
        world.run(record_visit, subscription=reading(FIRST), **STRANGER)
    with refused("customers.reading_unreadable"):
        world.run(record_visit, subscription="{}", **STRANGER)


def test_people_of_a_customer_cannot_see_another_one(world: World, database: Database) -> None:
    mine, other = world.buy_active(), world.buy_active(purchaser=FREYA)
    me = person_of(world.subscription(mine).customer_id)

    page = world.run(list_customers, me)

    assert [customer.name for customer in page.customers] == ["Contoso"]
    assert page.total == 1
    assert world.run(list_customers, me, text=other).total == 0
