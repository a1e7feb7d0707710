"""Where a customer's data goes, which staff the policies let read its payloads, and who took some out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fairkeeper.access.tables import PersonRow
from fairkeeper.assurance.keeping.proving import erase_data
from fairkeeper.assurance.keeping.rules import set_retention
from fairkeeper.assurance.posture.data_flow import DAYS, show_data_flow
from fairkeeper.assurance.tables import EventDestinationRow
from fairkeeper.database.session import Database
from fairkeeper.errors import DeniedError, NotFoundError
from fairkeeper.values.ids import CustomerId, PersonId, TenantId
from tests.actions.governance.world import OWNER, World, make_world, person_of


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def staff(world: World, name: str, role: str) -> None:
    with world.database.write() as session:
        session.add(
            PersonRow(
                id=PersonId(f"per_{name}"),
                kind="staff",
                tenant_id=TenantId("0b019999-0000-4000-8000-00000000000a"),
                object_id=f"object-{name}",
                name=name,
                roles=[role],
                state="active",
                created_at=world.clock.now(),
            )
        )


def receiver(world: World, name: str, customer_id: str | None) -> None:
    with world.database.write() as session:
        session.add(
            EventDestinationRow(
                destination_id=f"dst_{name.split(maxsplit=1)[0]}",
                customer_id=None if customer_id is None else CustomerId(customer_id),
                name=name,
                event_format="ocsf",
                kind="webhook",
                settings={},
                address="https://siem.example/events",
                after=0,
                created_at=world.clock.now(),
                created_by=OWNER.id,
            )
        )


def test_it_names_who_may_by_the_policies_and_who_did_by_the_evidence(world: World) -> None:
    contoso, fabrikam = world.customer("contoso"), world.customer("fabrikam")
    staff(world, "sam", "security")
    staff(world, "dana", "deal_desk")
    world.run(set_retention, OWNER, customer_id=contoso, data_class="payloads", days=30)
    for customer, name in ((contoso, "Contoso SIEM"), (fabrikam, "Fabrikam SIEM"), (None, "Ours")):
        receiver(world, name, customer)
    world.run(erase_data, OWNER, customer_id=contoso, reason="The customer asked for it.")
    world.run(erase_data, OWNER, customer_id=fabrikam, reason="Another customer asked for it.")

    flow = world.run(show_data_flow, customer_id=contoso)
    assert {each.days for each in flow.kept} == {None, 30}
    assert [each.name for each in flow.goes_to] == ["Contoso SIEM", "Ours"]
    assert [each.name for each in flow.may_read] == ["sam"]
    assert "arguments of agents' calls" in flow.may_read[0].reaches
    assert [(each.actor_id, each.kind) for each in flow.did_take] == [(OWNER.id, "assurance.erasure_wished")]
    world.clock.move(timedelta(days=DAYS + 1))
    assert world.run(show_data_flow, customer_id=contoso).did_take == []


def test_a_customer_is_not_told_of_staff_and_a_strange_customer_is_not_found(world: World) -> None:
    contoso = world.customer("contoso")
    with pytest.raises(DeniedError):
        world.run(show_data_flow, person_of(contoso), customer_id=contoso)
    with pytest.raises(NotFoundError):
        world.run(show_data_flow, customer_id=CustomerId("cus_nobody"))
