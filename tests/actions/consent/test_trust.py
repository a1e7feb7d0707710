"""Trust in a tenant: it breaks when our sign-in application is gone, mends when it is back, and every state is reached."""

from __future__ import annotations

import json

import pytest

from fairkeeper.consent.actions.ask import ask_customer, hand_over
from fairkeeper.consent.actions.probe import check_now
from fairkeeper.consent.actions.tokens import take_token
from fairkeeper.consent.actions.unlink import unlink
from fairkeeper.consent.evidence_kinds import KIND_OF_LINK
from fairkeeper.consent.lifecycle import GrantState, LinkState
from fairkeeper.consent.queries import list_needs
from fairkeeper.consent.views import ConsentNeed
from fairkeeper.customers.actions.land import record_visit
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.queries import show_customer as show_path
from fairkeeper.errors import FairkeeperError
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.sandbox.directory import AT_YOUR_SIDE_APP_ID, DESK_APP_ID, LANDING_APP_ID
from tests.actions.consent.world import PLAN, PRODUCT, World, staff


def needs(world: World) -> list[ConsentNeed]:
    own = world.customer_ids
    return [need for need in world.run(list_needs, staff()) if need.customer_id in own]


def sign_in_app(world: World, **change: bool) -> None:
    world.control("/service-principals", client_id=LANDING_APP_ID, tenant_id=world.tenant("Contoso"), **change)


def reading(world: World, slug: str, status: str) -> str:
    (subscription,) = world.run(show_path, staff("auditor"), customer=slug).subscriptions
    found = world.installation.fulfillment.get_subscription(subscription.line.subscription_id).value
    assert found is not None
    return json.dumps({**dict(found.raw), "saasSubscriptionStatus": status})


def break_trust(world: World) -> None:
    """Let the tenant delete our sign-in application, and look twice, far enough apart."""
    sign_in_app(world, is_deleted=True)
    world.move(hours=25)
    world.move(hours=5)


def test_a_deleted_sign_in_application_is_a_suspicion_and_then_breaks_trust(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    world.grant(contoso, "Cora Contoso")
    sign_in_app(world, is_deleted=True)
    world.run(check_now, staff(), customer=contoso)
    world.work()
    assert world.link(contoso).state == LinkState.LINKED
    assert [need.kind.value for need in needs(world)] == ["consent.link_suspected"]
    world.move(minutes=30)
    assert world.link(contoso).state == LinkState.LINKED
    world.move(hours=5)
    assert world.link(contoso).state == LinkState.BROKEN
    assert world.kinds()[-2:] == ["link_suspected", "link_broken"]
    (need,) = needs(world)
    assert (need.kind.value, need.level) == ("consent.link_broken", "error")
    assert "not present in the tenant" in need.message
    # What was granted is untouched, and not worked with.
    assert world.state(contoso) == GrantState.VERIFIED
    with pytest.raises(FairkeeperError, match="the link is broken"):
        world.run(take_token, PRODUCT, customer=contoso, registration="desk")
    (subscription,) = world.run(show_path, staff("auditor"), customer=contoso).subscriptions
    assert subscription.line.consent == "stale"


def test_a_disabled_one_breaks_trust_too_and_enabling_it_mends_it(world: World) -> None:
    contoso = world.buy("Carl Contoso")
    sign_in_app(world, is_enabled=False)
    world.move(hours=25)
    world.move(hours=5)
    assert world.link(contoso).state == LinkState.BROKEN
    assert world.link(contoso).note == "the application is disabled in the tenant"
    sign_in_app(world, is_enabled=True)
    world.move(hours=25)
    assert world.link(contoso).state == LinkState.LINKED
    assert world.kinds()[-2:] == ["link_broken", "link_linked"]


def test_somebody_who_signs_in_mends_it_at_once(world: World) -> None:
    contoso = world.buy("Carl Contoso")
    break_trust(world)
    assert world.link(contoso).state == LinkState.BROKEN
    sign_in_app(world)
    carl = world.person("Carl Contoso")
    subscription = reading(world, contoso, "Subscribed")
    world.run(record_visit, subscription=subscription, tenant_id=carl.tenant_id, object_id=carl.object_id)
    world.work()
    assert world.link(contoso).state == LinkState.LINKED


def test_what_was_missed_once_and_is_there_again_breaks_nothing(world: World) -> None:
    contoso = world.buy("Carl Contoso")
    sign_in_app(world, is_deleted=True)
    world.run(check_now, staff(), customer=contoso)
    world.work()
    sign_in_app(world)
    world.move(hours=5)
    assert world.link(contoso).state == LinkState.LINKED
    assert world.kinds()[-2:] == ["link_suspected", "link_found"]
    assert world.link(contoso).missed_at is None


def test_our_own_expired_credential_breaks_nobodys_trust(world: World) -> None:
    contoso = world.buy("Carl Contoso")
    tenant_id = world.tenant("Contoso")
    world.control("/faults", code=7000222, endpoint="token", count=5, client_id=LANDING_APP_ID, tenant_id=tenant_id)
    world.move(hours=25)
    world.move(hours=25)
    assert world.link(contoso).state == LinkState.LINKED
    assert "consent.own_fault" in {need.kind.value for need in needs(world)}
    assert world.kinds().count("link_own_fault") == 1
    world.http.delete(f"{world.sandbox.url}/entra/control/faults")
    world.move(hours=25)
    assert world.link(contoso).own_fault is None


def test_every_state_of_a_link_is_reached_by_what_people_and_microsoft_do(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    for status, state in (("Suspended", LinkState.SUSPENDED), ("Subscribed", LinkState.LINKED)):
        world.run(follow_reading, subscription=reading(world, contoso, status), source=ReadingSource.SECOND_LOOK)
        world.work()
        assert world.link(contoso).state == state
    break_trust(world)
    assert world.link(contoso).state == LinkState.BROKEN
    world.run(unlink, staff(), customer=contoso, reason="They are gone.")
    assert world.link(contoso).state == LinkState.UNLINKING
    for app_id in (DESK_APP_ID, AT_YOUR_SIDE_APP_ID, LANDING_APP_ID):
        world.control("/service-principals", client_id=app_id, tenant_id=world.tenant("Contoso"), is_deleted=True)
    world.move(hours=7)
    assert world.link(contoso).state == LinkState.UNLINKED
    recorded = {row.kind for row in world.own(EntryRow)}
    assert {kind.name for kind in KIND_OF_LINK.values()} <= recorded
    assert set(KIND_OF_LINK) == set(LinkState)


def test_every_state_of_a_grant_is_reached_by_what_people_and_tokens_do(world: World) -> None:
    world.apply()
    contoso, tenant_id = world.buy("Carl Contoso"), world.tenant("Contoso")
    reached: list[str] = []

    def note(registration: str = "desk") -> None:
        reached.append(world.state(contoso, registration))

    def look() -> None:
        world.run(check_now, staff(), customer=contoso)
        world.work()
        note()

    page = world.ask(contoso)
    note()
    world.run(hand_over, staff(), customer=contoso)
    note()
    world.take(world.decide(world.begin(page, contoso), "Cora Contoso", "decline"))
    note()
    world.run(ask_customer, staff(), customer=contoso)
    # Microsoft's page grants both; before the token is asked for, the company's own automation takes one back.
    world.take(world.decide(world.begin(page, contoso), "Cora Contoso", "accept"))
    note()
    world.control("/revocations", client_id=DESK_APP_ID, tenant_id=tenant_id, names=["Mail.Send"])
    world.work()
    note()
    world.control("/consents", client_id=DESK_APP_ID, tenant_id=tenant_id, application=["Mail.Read", "Mail.Send"])
    look()
    world.control("/revocations", client_id=DESK_APP_ID, tenant_id=tenant_id, names=["Mail.Send"])
    look()
    world.control("/service-principals", client_id=DESK_APP_ID, tenant_id=tenant_id, is_deleted=True)
    look()
    world.move(hours=5)
    note()
    start, end = PLAN.index("    - key: save-answers"), PLAN.index("    - key: sort-documents")
    world.apply(PLAN[:start] + PLAN[end:])
    note("at-your-side")
    assert reached == [
        "requested",
        "pending_admin",
        "declined",
        "granted_unverified",
        "partial",
        "verified",
        "drifted",
        "suspected_lost",
        "revoked",
        "not_needed",
    ]
    assert set(reached) == {state.value for state in GrantState}
