"""From trust to a verified grant and its loss: every state of both lifecycles is reached by what people and tokens do."""

from __future__ import annotations

from fairkeeper.consent.actions.ask import ask_customer, hand_over, share_page
from fairkeeper.consent.actions.probe import check_now
from fairkeeper.consent.lifecycle import GrantState, LinkState
from fairkeeper.consent.queries import list_needs, show_funnel
from fairkeeper.customers.queries import show_customer as show_path
from fairkeeper.sandbox.directory import DESK_APP_ID
from tests.actions.consent.world import PLAN, World, staff


def consent_step(world: World, slug: str) -> str:
    return str(world.run(show_path, staff("auditor"), customer=slug).subscriptions[0].line.consent)


def needs(world: World) -> list[str]:
    own = world.customer_ids
    return [need.kind.value.partition(".")[2] for need in world.run(list_needs, staff()) if need.customer_id in own]


def test_the_whole_life_of_a_grant(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")

    # A plain user activated: trust, and no permission.
    assert world.link(contoso).state == LinkState.LINKED
    assert world.kinds() == ["link_opened", "link_identified", "link_linked"]
    assert consent_step(world, contoso) == "none"
    assert needs(world) == ["not_asked"]

    # Asked, handed to the administrator, denied.
    page = world.ask(contoso)
    assert world.state(contoso) == GrantState.REQUESTED
    world.run(hand_over, staff(), customer=contoso)
    assert world.state(contoso) == GrantState.PENDING_ADMIN
    assert consent_step(world, contoso) == "requested"
    started = world.begin(page, contoso)
    assert world.take(world.decide(started, "Cora Contoso", "decline")).outcome == "declined"
    assert world.state(contoso) == GrantState.DECLINED
    assert needs(world) == ["declined"]

    # Asked again, granted, claimed, proved by a token.
    page = world.ask(contoso)
    assert world.state(contoso) == GrantState.REQUESTED
    assert world.grant_row(contoso).asked_again == 1
    started = world.begin(page, contoso)
    assert world.take(world.decide(started, "Cora Contoso", "accept")).outcome == "claimed"
    assert world.state(contoso) == GrantState.GRANTED_UNVERIFIED
    assert consent_step(world, contoso) == "requested"
    world.work()
    assert world.state(contoso) == GrantState.VERIFIED
    assert consent_step(world, contoso) == "granted"
    assert needs(world) == []

    # One permission is taken away: drift, with the four columns telling which.
    world.control("/revocations", client_id=DESK_APP_ID, tenant_id=world.tenant("Contoso"), names=["Mail.Send"])
    world.move(hours=25)
    assert world.state(contoso) == GrantState.DRIFTED
    (grant,) = [each for each in world.shown(contoso).grants if each.registration == "desk"]
    assert [(line.name, line.difference.value) for line in grant.lines] == [
        ("Mail.Send", "missing"),
        ("Mail.Read", "as_asked"),
    ]
    assert consent_step(world, contoso) == "stale"
    assert needs(world) == ["drifted"]

    # The enterprise application is deleted: suspected at first, lost after four hours and a second look.
    world.control("/service-principals", client_id=DESK_APP_ID, tenant_id=world.tenant("Contoso"), is_deleted=True)
    world.run(check_now, staff(), customer=contoso)
    world.work()
    assert world.state(contoso) == GrantState.SUSPECTED_LOST
    assert needs(world) == ["suspected_lost"]
    world.run(check_now, staff(), customer=contoso)
    world.move(minutes=30)
    assert world.state(contoso) == GrantState.SUSPECTED_LOST
    world.move(hours=4)
    assert world.state(contoso) == GrantState.REVOKED
    assert consent_step(world, contoso) == "revoked"
    assert needs(world) == ["lost"]
    assert world.kinds()[-4:] == ["proved", "drifted", "suspected", "lost"]

    # To ask again is a new grant.
    before = world.grant_row(contoso).grant_id
    world.run(ask_customer, staff(), customer=contoso)
    assert world.grant_row(contoso).grant_id != before
    assert world.state(contoso) == GrantState.REQUESTED
    funnel = world.run(show_funnel, staff())
    assert funnel.links >= funnel.linked >= 1
    assert funnel.asked >= 1


def test_a_suspicion_that_was_wrong_is_taken_back(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    world.grant(contoso, "Cora Contoso")
    tenant = world.tenant("Contoso")
    world.control("/service-principals", client_id=DESK_APP_ID, tenant_id=tenant, is_enabled=False)
    world.move(hours=25)
    assert world.state(contoso) == GrantState.SUSPECTED_LOST
    world.control("/service-principals", client_id=DESK_APP_ID, tenant_id=tenant, is_enabled=True)
    world.move(hours=5)
    assert world.state(contoso) == GrantState.VERIFIED


def test_our_own_expired_secret_blames_nobody(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    world.grant(contoso, "Cora Contoso")
    tenant_id = world.tenant("Contoso")
    world.control("/faults", code=7000222, endpoint="token", count=1, client_id=DESK_APP_ID, tenant_id=tenant_id)
    world.move(hours=25)
    assert world.state(contoso) == GrantState.VERIFIED
    assert needs(world) == ["own_fault"]
    assert world.kinds()[-1] == "own_fault"
    world.move(hours=25)
    assert needs(world) == []


def test_a_claim_that_no_token_proves_is_as_if_nobody_had_answered(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    started = world.begin(world.ask(contoso), contoso)
    forged = {"admin_consent": "True", "tenant": world.tenant("Contoso"), "state": started.state}
    assert world.take(forged).outcome == "claimed"
    assert world.state(contoso) == GrantState.GRANTED_UNVERIFIED
    world.work()
    assert world.state(contoso) == GrantState.REQUESTED
    assert world.kinds()[-1] == "disproved"


def test_a_part_that_is_granted_is_told_apart(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    world.ask(contoso)
    world.control("/consents", client_id=DESK_APP_ID, tenant_id=world.tenant("Contoso"), application=["Mail.Read"])
    world.run(check_now, staff(), customer=contoso)
    world.work()
    assert world.state(contoso) == GrantState.PARTIAL
    # What a company's own automation grants beforehand is found without any page.
    world.control(
        "/consents", client_id=DESK_APP_ID, tenant_id=world.tenant("Contoso"), application=["Mail.Read", "Mail.Send"]
    )
    world.run(check_now, staff(), customer=contoso)
    world.work()
    assert world.state(contoso) == GrantState.VERIFIED


def test_more_than_was_asked_for_is_drift_too(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    world.grant(contoso, "Cora Contoso")
    world.control(
        "/consents",
        client_id=DESK_APP_ID,
        tenant_id=world.tenant("Contoso"),
        application=["Mail.Read", "Mail.Send", "Directory.Read.All"],
    )
    world.move(hours=25)
    assert world.state(contoso) == GrantState.DRIFTED
    # All that the features need is there, so that work goes on.
    assert consent_step(world, contoso) == "granted"


def test_a_new_version_asks_only_for_what_is_new_and_the_old_one_works_meanwhile(world: World) -> None:
    old = world.apply()
    contoso = world.buy("Carl Contoso")
    world.grant(contoso, "Cora Contoso")
    newer = PLAN.replace("application: [Mail.Read, Mail.Send]", "application: [Mail.Read, Mail.Send, Calendars.Read]")
    added = """\
    - key: offer-times
      title: Offer times that are free
      registration: desk
      acts: alone
      consent: admin
      offers: [fairmile-desk]
      plans: [business]
      permissions:
        - {name: Calendars.Read, kind: application, reason: An answer can name times at which you are free.}
      without: Answers name no times.
    - key: save-answers
"""
    new = world.apply(newer.replace("    - key: save-answers\n", added, 1))
    assert sorted(grant.state.value for grant in world.shown(contoso).grants) == ["requested", "verified"]
    assert world.shown(contoso).unasked == ("Offer times that are free",)
    world.run(ask_customer, staff(), customer=contoso)
    states = {(grant.registration, grant.plan_version): grant.state.value for grant in world.shown(contoso).grants}
    assert states["desk", old] == "verified"
    assert states["desk", new] == "requested"


def test_a_plan_that_needs_a_feature_no_longer_drops_the_request(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    world.ask(contoso)
    without = PLAN
    start, end = without.index("    - key: save-answers"), without.index("    - key: sort-documents")
    world.apply(without[:start] + without[end:])
    states = {grant.registration: grant.state.value for grant in world.shown(contoso).grants}
    assert states == {"desk": "requested", "at-your-side": "not_needed"}


def test_trust_is_suspended_and_resumed_with_the_purchase(world: World) -> None:
    world.apply()
    contoso = world.buy("Carl Contoso")
    (subscription,) = world.run(show_path, staff("auditor"), customer=contoso).subscriptions
    from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading

    for status, state in (("Suspended", LinkState.SUSPENDED), ("Subscribed", LinkState.LINKED)):
        found = world.installation.fulfillment.get_subscription(subscription.line.subscription_id).value
        assert found is not None
        import json

        raw = json.dumps({**dict(found.raw), "saasSubscriptionStatus": status})
        world.run(follow_reading, subscription=raw, source=ReadingSource.SECOND_LOOK)
        world.work()
        assert world.link(contoso).state == state


def test_pages_are_made_by_whoever_activates_and_say_when_they_end(world: World) -> None:
    import pytest

    from fairkeeper.errors import DeniedError
    from tests.actions.consent.world import person_of

    world.apply()
    contoso = world.buy("Carl Contoso")
    customer_id = world.shown(contoso).customer_id
    carl = person_of(customer_id, "customer_user")
    world.run(ask_customer, carl, customer=customer_id)
    made = world.run(share_page, carl, customer=customer_id)
    assert (made.until - world.clock.now()).days == 60
    world.run(hand_over, carl, customer=customer_id)
    assert world.state(contoso) == GrantState.PENDING_ADMIN
    with pytest.raises(DeniedError):
        world.run(check_now, carl, customer=customer_id)
    with pytest.raises(DeniedError):
        world.run(ask_customer, staff("finance"), customer=contoso)
