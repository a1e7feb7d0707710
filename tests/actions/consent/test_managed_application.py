"""A managed application from its notice to its deletion: whose it is, which access it gives, and what a notice cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fairkeeper.action.outside import ObservedOnlyError
from fairkeeper.bootstrap.wiring.observing import GuardedResourceManager
from fairkeeper.consent.actions.unlink import unlink
from fairkeeper.consent.deployments.elevating import elevate, end_elevation
from fairkeeper.consent.deployments.showing import list_application_notices, list_deployments
from fairkeeper.consent.errors import ElevationRefusedError
from fairkeeper.consent.lifecycle import LinkState
from fairkeeper.consent.ports import ElevationWish
from fairkeeper.consent.queries import list_needs
from fairkeeper.consent.tables import GrantRow
from fairkeeper.errors import DeniedError
from tests.actions.consent.deployed import CONTRIBUTOR, ON_CALL, READER, VAULT_PLAN, Azure, served
from tests.actions.consent.world import NOON, Stage, World, person_of, staff


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    with served(stage) as address:
        yield address


@pytest.fixture
def azure(world: World, url: str) -> Azure:
    world.apply(VAULT_PLAN)
    return Azure(world=world, url=url)


def ask(azure: Azure, vault: str, hours: int = 4) -> str:
    asked = azure.world.run(
        elevate,
        staff(),
        deployment_id=azure.shown(vault).deployment_id,
        access="repair-vault",
        hours=hours,
        reason="The index is broken.",
    )
    azure.world.work()
    return str(asked.grant_id)


def elevation(azure: Azure, grant_id: str) -> GrantRow:
    (row,) = azure.world.rows(GrantRow, GrantRow.grant_id == grant_id)
    found: GrantRow = row
    return found


def test_the_whole_life_of_a_managed_application(azure: Azure) -> None:
    world = azure.world

    # Heard of while it is deployed; Azure names subscription and tenant, and so a customer that nobody knew.
    vault = azure.deploy("Contoso", provisioning="Accepted", authorizations=[])
    assert azure.notify(vault, "PUT", "Accepted") == 200
    assert azure.shown(vault).state == "heard"
    assert world.customer_ids == []
    world.work()
    assert azure.shown(vault).state == "deploying"
    contoso = azure.customer(vault)
    assert world.link(contoso).state == LinkState.IDENTIFIED
    assert azure.grants(contoso) == {}

    # It runs: trust, and the standing role that came with the deployment, as Azure shows it.
    azure.deploy("Contoso")
    assert azure.notify(vault) == 200
    world.work()
    link = world.link(contoso)
    assert (link.state, link.proved_by, link.tenant_id) == ("linked", "resource", world.tenant("Contoso"))
    assert azure.grants(contoso) == {"watch-vault": "verified"}
    (watching,) = world.shown(contoso).grants
    assert (watching.name, watching.can_be_proved_by) == ("Watch that the vault runs", "reading")
    assert [(line.name, line.difference.value) for line in watching.lines] == [("Reader", "as_asked")]
    assert world.kinds() == [
        "deployment_read",
        "link_opened",
        "link_identified",
        "notice_kept",
        "deployment_read",
        "link_linked",
        "access_opened",
        "proved",
    ]

    # Days pass: nobody has ever signed in, which is no reason to doubt.
    world.move(hours=60)
    assert world.link(contoso).state == LinkState.LINKED
    assert azure.grants(contoso) == {"watch-vault": "verified"}
    assert [need for need in world.run(list_needs, staff()) if need.customer_id == contoso] == []

    # A repair is asked for, waits, is approved, holds for four hours and no longer.
    repair = ask(azure, vault)
    assert elevation(azure, repair).state == "pending_admin"
    with pytest.raises(ElevationRefusedError):
        ask(azure, vault)
    azure.control("/decisions", id=vault, state="Approved")
    world.move(minutes=11)
    row = elevation(azure, repair)
    assert (row.state, row.carried, row.until_at is not None) == ("verified", ["Contributor"], True)
    world.move(hours=4)
    row = elevation(azure, repair)
    assert (row.state, row.note, row.carried) == ("revoked", "its time is over", [])

    # Another one is denied.
    denied = ask(azure, vault)
    azure.control("/decisions", id=vault, state="Denied")
    world.move(minutes=11)
    assert elevation(azure, denied).state == "declined"

    # The customer deletes it; the notice and the reading agree, so that all of it ends at once.
    azure.control("/removals", id=vault)
    assert azure.notify(vault, "DELETE", "Deleted") == 200
    world.work()
    assert azure.shown(vault).state == "ended"
    assert set(azure.grants(contoso).values()) == {"revoked"}
    assert world.link(contoso).state == LinkState.UNLINKING
    world.move(minutes=10)
    assert world.link(contoso).state == LinkState.UNLINKED

    # Deployed anew under its old name it is a new link, and no old grant comes back.
    azure.deploy("Contoso")
    azure.notify(vault, "PATCH")
    world.work()
    assert (world.link(contoso).number, world.link(contoso).state) == (2, "linked")
    assert azure.grants(contoso) == {"watch-vault": "verified"}


def test_a_notice_alone_ends_and_opens_nothing(azure: Azure) -> None:
    vault = azure.deploy("Contoso")
    azure.notify(vault)
    azure.world.work()
    contoso = azure.customer(vault)
    # It says that it is deleted, and Azure shows it running.
    assert azure.notify(vault, "DELETE", "Deleted") == 200
    # It says that another one runs, and Azure does not know it.
    assert azure.notify(azure.id_of("Contoso", "phantom")) == 200
    azure.world.work()
    assert azure.shown(vault).state == "running"
    assert azure.grants(contoso) == {"watch-vault": "verified"}
    phantom = azure.shown(azure.id_of("Contoso", "phantom"))
    assert (phantom.state, phantom.customer_id, phantom.note) == ("heard", None, "Azure does not know it")


def test_what_is_not_this_publishers_is_kept_and_linked_to_nobody(azure: Azure) -> None:
    theirs = azure.deploy("Contoso", "theirs", publisher_tenant_id=azure.world.tenant("Fabrikam"))
    unplanned = azure.deploy("Contoso", "unplanned", product="fairmile-desk-cluster")
    for each in (theirs, unplanned):
        azure.notify(each)
    azure.world.work()
    assert [(azure.shown(each).state, azure.shown(each).note) for each in (theirs, unplanned)] == [
        ("foreign", "it is another publisher's"),
        ("foreign", "the consent plan has no managed application fairmile-desk-cluster"),
    ]
    assert azure.world.customer_ids == []


def test_a_subscription_that_changes_hands_takes_nothing_along(azure: Azure) -> None:
    vault = azure.deploy("Contoso")
    azure.notify(vault)
    azure.world.work()
    contoso = azure.customer(vault)
    azure.deploy("Contoso", tenant_id=azure.world.tenant("Fabrikam"))
    azure.world.move(hours=25)
    shown = azure.shown(vault)
    assert (shown.state, shown.customer_id) == ("foreign", contoso)
    assert shown.tenant_id == azure.world.tenant("Contoso")
    assert azure.grants(contoso) == {"watch-vault": "revoked"}
    assert len(azure.world.customer_ids) == 1


def test_one_absent_answer_proves_no_deletion(azure: Azure) -> None:
    vault = azure.deploy("Contoso")
    azure.notify(vault)
    azure.world.work()
    contoso = azure.customer(vault)
    azure.control("/removals", id=vault)
    azure.world.move(hours=25)
    assert (azure.shown(vault).state, azure.grants(contoso)) == ("missed", {"watch-vault": "suspected_lost"})
    azure.deploy("Contoso")
    azure.world.move(hours=5)
    assert (azure.shown(vault).state, azure.grants(contoso)) == ("running", {"watch-vault": "verified"})
    azure.control("/removals", id=vault)
    azure.world.move(hours=25)
    azure.world.move(hours=5)
    assert (azure.shown(vault).state, azure.grants(contoso)) == ("ended", {"watch-vault": "revoked"})


def test_roles_that_are_taken_or_added_are_seen_by_the_daily_look(azure: Azure) -> None:
    vault = azure.deploy("Contoso")
    azure.notify(vault)
    azure.world.work()
    contoso = azure.customer(vault)
    azure.deploy("Contoso", authorizations=[[ON_CALL, READER], [ON_CALL, CONTRIBUTOR]])
    azure.world.move(hours=25)
    assert azure.grants(contoso) == {"watch-vault": "drifted"}
    azure.deploy("Contoso", authorizations=[[ON_CALL, READER]], is_managed=False)
    azure.world.move(hours=25)
    assert azure.grants(contoso) == {"watch-vault": "suspected_lost"}
    azure.world.move(hours=25)
    assert azure.grants(contoso) == {"watch-vault": "revoked"}


def test_the_publisher_unlinks_and_looks_whether_roles_are_left(azure: Azure) -> None:
    world, vault = azure.world, azure.deploy("Contoso")
    azure.notify(vault)
    world.work()
    contoso = azure.customer(vault)
    world.run(unlink, staff(), customer=contoso, reason="They asked for it.")
    assert azure.grants(contoso) == {"watch-vault": "revoked"}
    world.move(minutes=10)
    left = {each.name: each.gone_at is None for each in world.shown(contoso).remaining}
    assert left["roles on the managed resource group of vault"] is True
    azure.control("/removals", id=vault, is_only_closed=True)
    world.move(hours=7)
    assert world.link(contoso).state == LinkState.UNLINKED
    # What comes later of the same application is a look, and no new trust.
    azure.notify(vault, "PATCH")
    world.work()
    assert world.link(contoso).state == LinkState.UNLINKED


@pytest.mark.parametrize("secret", ["", "x", "a-secret-that-nobody-guesse", "a-secret-that-nobody-guesses ", "ä" * 30])
def test_without_the_secret_nothing_is_kept(azure: Azure, secret: str) -> None:
    before = len(azure.notices())
    answer = azure.told(b'{"eventType": "PUT"}', secret=secret)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "api.notice_secret_refused")
    assert len(azure.notices()) == before


def test_both_secrets_are_taken_while_one_replaces_the_other(azure: Azure) -> None:
    assert azure.told(b"{}", secret="x" * 24).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"[]",
        b"null",
        b'"\\ud800"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"applicationId": 1}',
        b'{"applicationId": "/subscriptions/1"}',
        b'{"applicationId": null, "eventType": {"a": 1}, "provisioningState": "Deleted\\u0000"}',
        json.dumps({"applicationId": "/subscriptions/" + "a" * 50_000}).encode(),
        json.dumps(
            {
                "applicationId": "/subscriptions/5a000000-0000-4000-8000-000000000001/resourceGroups/.."
                "/providers/Microsoft.Solutions/applications/x"
            }
        ).encode(),
    ],
    ids=range(12),
)
def test_what_nobody_can_read_is_kept_and_shown(azure: Azure, body: bytes) -> None:
    answer = azure.told(body)
    assert (answer.status_code, answer.json()) == (200, {"deployment_id": None})
    again = azure.told(body)
    assert again.status_code == 200
    newest = azure.notices()[0]
    assert newest.deployment_id is None
    assert newest.trouble
    assert newest.deliveries >= 2
    azure.world.work()


def test_a_body_beyond_its_limit_is_refused(azure: Azure) -> None:
    before = len(azure.notices())
    assert azure.told(b"x" * (64 * 1024 + 1)).status_code == 413
    assert len(azure.notices()) == before


def test_a_replayed_notice_is_counted_and_does_nothing_else(azure: Azure) -> None:
    vault = azure.deploy("Contoso")
    body = json.dumps({"eventType": "DELETE", "applicationId": vault, "provisioningState": "Deleted"}).encode()
    first = azure.told(body)
    azure.world.work()
    kinds = azure.world.kinds()
    for _ in range(5):
        assert azure.told(body).json() == first.json()
    assert azure.world.work() == 0
    assert azure.world.kinds() == kinds
    assert azure.notices()[0].deliveries == 6


def test_letters_case_makes_no_second_deployment(azure: Azure) -> None:
    vault = azure.deploy("Contoso")
    azure.notify(vault)
    azure.notify(vault.upper().replace("SUBSCRIPTIONS", "Subscriptions"), "PATCH")
    azure.world.work()
    assert len([each for each in azure.deployments() if each.resource_id.lower() == vault.lower()]) == 1


def test_elevation_is_refused_early_where_it_cannot_be_had(azure: Azure) -> None:
    vault = azure.deploy("Contoso", has_jit=False)
    azure.notify(vault)
    azure.world.work()
    deployment_id = azure.shown(vault).deployment_id
    wanted: dict[str, Any] = {"deployment_id": deployment_id, "hours": 4, "reason": "The index is broken."}
    with pytest.raises(ElevationRefusedError, match="has not allowed"):
        azure.world.run(elevate, staff(), access="repair-vault", **wanted)
    with pytest.raises(ElevationRefusedError, match="names no just-in-time access"):
        azure.world.run(elevate, staff(), access="watch-vault", **wanted)
    azure.deploy("Contoso")
    azure.notify(vault, "PATCH")
    azure.world.work()
    with pytest.raises(ElevationRefusedError, match="9 hours are more than the 8"):
        azure.world.run(elevate, staff(), access="repair-vault", **{**wanted, "hours": 9})
    with pytest.raises(DeniedError):
        azure.world.run(elevate, staff("finance"), access="repair-vault", **wanted)


@pytest.mark.parametrize("by", ["staff", "customer"])
def test_an_elevation_is_ended_early_by_either_side_and_azure_is_told(azure: Azure, by: str) -> None:
    world = azure.world
    vault = azure.deploy("Contoso")
    azure.notify(vault)
    world.work()
    customer_id, repair = azure.customer(vault), ask(azure, vault)
    azure.control("/decisions", id=vault, state="Approved")
    world.move(minutes=11)
    assert elevation(azure, repair).state == "verified"
    with pytest.raises(DeniedError):
        world.run(end_elevation, person_of(customer_id), grant_id=repair, reason="It is repaired.")
    somebody = staff() if by == "staff" else person_of(customer_id, "customer_admin")
    for _ in range(2):
        world.run(end_elevation, somebody, grant_id=repair, reason="It is repaired.")
    row = elevation(azure, repair)
    assert (row.state, row.note, row.carried, row.until_at) == ("revoked", "It is repaired.", [], None)
    world.work()
    assert azure.control("/decisions", id=vault, state="Denied") == {"decided": 0}
    world.move(minutes=30)
    assert elevation(azure, repair).state == "revoked"
    assert world.kinds().count("elevation_given_back") == 1
    # It can be asked for again, and what is standing cannot be ended in this way.
    assert ask(azure, vault) != repair
    (standing,) = [each for each in world.shown(customer_id).grants if each.registration == "watch-vault"]
    with pytest.raises(ElevationRefusedError):
        world.run(end_elevation, staff(), grant_id=standing.grant_id, reason="No.")


def test_deployments_are_listed_by_kind_and_notices_by_place(azure: Azure) -> None:
    world = azure.world
    vault = azure.deploy("Contoso")
    azure.notify(vault)
    azure.told(b"not json")
    world.work()
    kinds = {
        kind: {each.resource_id for each in world.run(list_deployments, staff(), offer_type=kind, limit=500)}
        for kind in ("managed_application", "container")
    }
    assert vault in kinds["managed_application"]
    assert vault not in kinds["container"]
    newest = world.run(list_application_notices, staff(), limit=2)
    older = world.run(list_application_notices, staff(), limit=500, before=newest[0].notice_id)
    assert newest[0].notice_id not in {each.notice_id for each in older}
    assert newest[1].notice_id == older[0].notice_id


def test_an_installation_that_observes_asks_nobody() -> None:
    class Outside:
        is_observing = True

        def allow(self, what: str, *, subscription_id: str | None = None, key: str = "") -> None:
            raise ObservedOnlyError(what)

    guarded = GuardedResourceManager(None, Outside())  # type: ignore[arg-type]
    wish = ElevationWish(name="gra-1", principal_id=ON_CALL, roles=("Contributor",), hours=1, starts_at=NOON)
    with pytest.raises(ObservedOnlyError):
        guarded.ask_elevation("/x", wish)
