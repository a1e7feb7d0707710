"""A customer's standing on the hot path is what the rooms of customers and consent say themselves."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import update

from fairkeeper.bootstrap.wiring.consent import StandingOfGrants
from fairkeeper.bootstrap.wiring.standing import RecordedStanding
from fairkeeper.consent.asking.wanted import Wanted, WantedFeature, WantedRegistration
from fairkeeper.consent.lifecycle import GrantState, LinkState
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.customers.path.lifecycle import CommercialStatus, OperationState, ProvisioningState
from fairkeeper.customers.path.standing import Mark, Standing, may_act
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.database.session import Database
from fairkeeper.governance.deciding.within import SessionTransaction
from fairkeeper.policy.decision.reasons import Reason
from tests.actions.governance.world import NOON, World, call, make_world

WANTED = Wanted(
    plan_version=1,
    publisher="Fairmile",
    registrations=(
        WantedRegistration(
            key="desk",
            name="Desk",
            app_id="app-1",
            tier=next(iter(Tier)),
            is_publisher_verified=True,
            delegated=("Mail.Read",),
            application=(),
        ),
    ),
    features=(
        WantedFeature(
            key="inbox",
            title="Read the inbox",
            registration="desk",
            acts="for a person",
            needs_admin=True,
            is_required=True,
            without="Nothing is read.",
            offers=(),
            plans=(),
            permissions=(),
        ),
    ),
)


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def both(world: World, customer_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the hot path's reasons, and the rooms' own."""
    with world.database.read() as session:
        hot = RecordedStanding().reasons(SessionTransaction(session), [customer_id])[customer_id]
        (row,) = session.query(SubscriptionRow).filter(SubscriptionRow.customer_id == customer_id)
        consent = StandingOfGrants().standings_of(session, [row.subscription_id])[row.subscription_id]
        standing = Standing(
            commercial=Mark(state=CommercialStatus(row.status) if row.status in set(CommercialStatus) else None),
            consent=consent,
            provisioning=Mark(state=ProvisioningState(row.provisioning)),
            operation=Mark(state=OperationState(row.operation)),
        )
        return hot, tuple(reason.code for reason in may_act(standing).reasons)


def test_every_state_of_a_subscription_has_the_same_reasons(sqlite_database: Database) -> None:
    world = make_world(sqlite_database)
    contoso = world.customer("contoso")
    for status, provisioning, operation in product(
        [*CommercialStatus, "SomethingNew"], ProvisioningState, OperationState
    ):
        world.set_subscription(contoso, status=status, provisioning=provisioning.value, operation=operation.value)
        hot, own = both(world, contoso)
        assert hot == own


def test_a_customer_without_a_subscription_may_not_act(world: World) -> None:
    with world.database.read() as session:
        found = RecordedStanding().reasons(SessionTransaction(session), ["cus_nobody"])
    assert found == {"cus_nobody": ("customers.no_subscription",)}


def test_every_state_of_trust_and_of_a_grant_has_the_same_reasons(sqlite_database: Database) -> None:
    world = make_world(sqlite_database)
    contoso = world.customer("contoso")
    link(world, contoso)
    allowed = set()
    for link_state, grant_state in product(LinkState, GrantState):
        with world.database.write() as session:
            session.execute(update(LinkRow).values(state=link_state.value))
            session.execute(update(GrantRow).values(state=grant_state.value))
        hot, own = both(world, contoso)
        assert hot == own
        allowed.add(not hot)
    assert allowed == {True, False}


def test_consent_that_is_taken_back_stops_the_agent_at_the_next_decision(world: World) -> None:
    contoso = world.customer("contoso")
    clerk = world.agent(contoso, world.tool("pay"))
    link(world, contoso)

    async def story() -> list[tuple[Reason, str]]:
        from fairkeeper.governance.deciding.point import DecisionPoint

        point = DecisionPoint(world.database.address, world.clock, world.questions)
        found = [(await point.decide(call(clerk))).verdict]
        with world.database.write() as session:
            session.execute(update(GrantRow).values(state=GrantState.REVOKED.value))
        found.append((await point.decide(call(clerk))).verdict)
        point.close()
        return [(verdict.reason, verdict.detail) for verdict in found]

    assert world.loop(story()) == [
        (Reason.PERMITTED, ""),
        (Reason.CUSTOMER_MAY_NOT_ACT, "customers.consent_revoked"),
    ]


def link(world: World, customer_id: str) -> None:
    """Let a tenant be trusted and have granted what is asked for."""
    with world.database.write() as session:
        session.add(
            LinkRow(
                link_id="lnk_1",
                customer_id=customer_id,
                number=1,
                tenant_id="tenant",
                state=LinkState.LINKED.value,
                since_at=NOON,
                wanted=WANTED.to_json(),
                remaining=[],
                created_at=NOON,
            )
        )
        session.flush()
        session.add(
            GrantRow(
                grant_id="grt_1",
                customer_id=customer_id,
                link_id="lnk_1",
                registration="desk",
                app_id="app-1",
                tier=next(iter(Tier)).value,
                plan_version=1,
                features=["inbox"],
                delegated=["Mail.Read"],
                application=[],
                carried=["Mail.Read"],
                state=GrantState.VERIFIED.value,
                since_at=NOON,
                asked_at=NOON,
            )
        )
