"""Revocation: within one second nothing of that tenant is served or started, others go on, and the receipt verifies."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from fairkeeper.consent.actions.ask import ask_customer
from fairkeeper.consent.actions.probe import check_now
from fairkeeper.consent.actions.tokens import take_token
from fairkeeper.consent.actions.unlink import unlink
from fairkeeper.consent.lifecycle import GrantState, LinkState
from fairkeeper.consent.tables import ConnectRow, TenantTokenRow
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.queries import list_receipts
from fairkeeper.database.session import Scope
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.errors import FairkeeperError
from fairkeeper.proof.receipt import verify_receipt
from fairkeeper.sandbox.directory import AT_YOUR_SIDE_APP_ID, DESK_APP_ID, LANDING_APP_ID
from tests.actions.consent.world import PRODUCT, World, staff


def served(world: World, slug: str) -> bool:
    """Say whether a token of a tenant can be had now."""
    try:
        return world.run(take_token, PRODUCT, customer=slug, registration="desk").token is not None
    except FairkeeperError:
        return False


@pytest.fixture
def both(world: World) -> tuple[str, str]:
    """Contoso and Fabrikam, both with a verified grant and a token."""
    world.apply()
    contoso, fabrikam = world.buy("Carl Contoso"), world.buy("Felix Fabrikam")
    world.grant(contoso, "Cora Contoso")
    world.grant(fabrikam, "Freya Fabrikam")
    assert served(world, contoso)
    assert served(world, fabrikam)
    return contoso, fabrikam


def test_within_a_second_no_token_is_served_and_no_job_starts_and_others_go_on(
    world: World, both: tuple[str, str]
) -> None:
    contoso, fabrikam = both
    for slug in both:
        world.run(check_now, staff(), customer=slug)
    ended, answers = threading.Event(), {contoso: [], fabrikam: []}  # type: ignore[var-annotated]

    def ask_on() -> None:
        while not ended.is_set():
            for slug in both:
                began = time.monotonic()
                answers[slug].append((began, served(world, slug)))

    asking = threading.Thread(target=ask_on)
    asking.start()
    while not all(answers.values()):
        time.sleep(0.001)  # or there is nothing yet that could end
    before = time.monotonic()
    world.run(revoke_customer, staff(), customer=contoso, reason="The customer asked for it.")
    revoked = time.monotonic()
    while time.monotonic() - revoked < 1:
        ended.wait(0.05)
    ended.set()
    asking.join()

    # What was asked after the commit got nothing; the commit itself took less than the second.
    assert revoked - before < 1
    assert [at for at, is_served in answers[contoso] if at > revoked and is_served] == []
    assert any(at < revoked and is_served for at, is_served in answers[contoso])
    assert all(is_served for _, is_served in answers[fabrikam])
    assert len([at for at, _ in answers[fabrikam] if at > revoked]) > 1

    # Its waiting work is cancelled, and the other's is still there to be done.
    left = world.own(TaskRow, TaskRow.name == "consent.probe", TaskRow.state == TaskState.OPEN)
    (customer_id,) = {row.customer_id for row in left}
    assert customer_id == world.shown(fabrikam).customer_id
    world.work()
    assert world.state(fabrikam) == GrantState.VERIFIED
    assert {row.customer_id for row in world.own(TenantTokenRow)} == {customer_id}


def test_a_probe_that_was_on_its_way_keeps_no_token(world: World, both: tuple[str, str]) -> None:
    from fairkeeper.consent.actions.probe import record_probe

    contoso, _ = both
    grant_id = world.grant_row(contoso).grant_id
    world.run(revoke_customer, staff(), customer=contoso, reason="The customer asked for it.")
    late = world.run(
        record_probe,
        grant_id=grant_id,
        has_token=True,
        carried=["Mail.Read", "Mail.Send"],
        sealed="a token",
        expires_at=world.clock.now().replace(year=2027),
    )
    assert (late.state, late.has_changed) == (GrantState.REVOKED, False)
    assert grant_id not in {row.grant_id for row in world.own(TenantTokenRow)}


def test_the_receipt_names_what_stopped_and_what_only_the_customer_can_remove_and_verifies(
    world: World, both: tuple[str, str]
) -> None:
    contoso, _ = both
    world.run(revoke_customer, staff(), customer=contoso, reason="The customer asked for it.")
    world.work()
    (line,) = world.run(list_receipts, staff("auditor"), customer=contoso)
    world.installation.integrator.run_until_current()
    exporter = world.installation.exporter
    report = verify_receipt(exporter.write_receipt(exporter.find_entry(line.entry_id, Scope(None))))
    assert report.ok, report.findings
    assert report.statement is not None
    statement: Any = report.statement
    stopped = {thing["kind"] for thing in statement["stopped"]}
    assert {"grant", "tenant_link", "tenant_tokens", "tenant_work"} <= stopped
    remaining = {(thing["kind"], thing["app_id"]) for thing in statement["remaining"]}
    assert {
        ("enterprise_application", DESK_APP_ID),
        ("application_grant", DESK_APP_ID),
        ("enterprise_application", LANDING_APP_ID),
    } <= remaining
    assert all(thing["steps"] for thing in statement["remaining"])


def test_what_remains_is_looked_for_until_it_is_gone(world: World, both: tuple[str, str]) -> None:
    contoso, _ = both
    world.run(unlink, staff(), customer=contoso, reason="The customer left.")
    assert world.link(contoso).state == LinkState.UNLINKING
    world.move(hours=1)
    assert world.link(contoso).state == LinkState.UNLINKING
    for app_id in (DESK_APP_ID, AT_YOUR_SIDE_APP_ID, LANDING_APP_ID):
        world.control("/service-principals", client_id=app_id, tenant_id=world.tenant("Contoso"), is_deleted=True)
    world.move(hours=7)
    assert world.link(contoso).state == LinkState.UNLINKED
    assert all(thing["gone_at"] for thing in world.link(contoso).remaining)
    assert world.kinds()[-2:] == ["link_ending", "link_ended"]


def test_an_unlinked_customer_who_buys_again_gets_a_new_link_and_no_old_grant(
    world: World, both: tuple[str, str]
) -> None:
    contoso, _ = both
    old = world.link(contoso)
    world.run(unlink, staff(), customer=contoso, reason="The customer left.")
    world.buy("Carl Contoso")
    new = world.link(contoso)
    assert (new.number, new.link_id != old.link_id) == (2, True)
    assert world.shown(contoso).grants == ()
    world.run(ask_customer, staff(), customer=contoso)
    assert world.state(contoso) == GrantState.REQUESTED


def test_addresses_of_the_page_lead_nowhere_after_it(world: World, both: tuple[str, str]) -> None:
    from fairkeeper.consent.queries import show_page

    contoso, _ = both
    page = world.page(contoso)
    world.run(show_page, page=page)
    world.run(unlink, staff(), customer=contoso, reason="The customer left.")
    with pytest.raises(FairkeeperError, match="no such page"):
        world.run(show_page, page=page)
    assert all(row.revoked_at for row in world.own(ConnectRow) if row.customer_id == world.shown(contoso).customer_id)
