"""Trust and consent in a real browser: a plain user activates, an administrator says no, then yes, and takes it back.

At each step the customer's page and Today say so, and nothing but a token ever makes a grant count.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.stories.test_customer_path import (
    DESK,
    PHONE,
    Come,
    Somebody,
    buy,
    come,
    running,
    sign_in_owner,
)

__all__ = ["come", "running"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def press(person: Somebody, name: str) -> None:
    person.page.get_by_role("button", name=name, exact=True).first.click()


def decide(person: Somebody, answer: str) -> None:
    """Choose the administrator's account on Microsoft's page, and answer what it asks."""
    page = person.page
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    page.get_by_role("button", name="Cora Contoso").click()
    expect(page.get_by_role("heading", name="Permissions requested")).to_be_visible()
    expect(page.get_by_role("list", name="Permissions")).to_contain_text("Mail.Read")
    page.get_by_role("button", name=answer).click()
    page.wait_for_url(f"{person.demo.url}/connect/**")
    assert "state" not in page.url
    assert "tenant" not in page.url


def at_microsoft(person: Somebody, button: str) -> None:
    """Press a button of Contoso's in the pretend admin center."""
    page: Page = person.context.new_page()
    page.goto(f"{person.demo.sandbox_url}/entra/admin-center")
    with page.expect_navigation():
        page.get_by_role("button", name=button).first.click()
    page.close()


def let_hours_pass(person: Somebody, hours: int) -> None:
    page = person.context.new_page()
    page.goto(f"{person.demo.sandbox_url}/operator")
    page.locator("input[name=hours]").fill(str(hours))
    with page.expect_navigation():
        page.locator("form", has=page.locator("input[name=hours]")).get_by_role("button").click()
    page.close()


def said_everywhere(owner: Somebody, state: str, today: str) -> None:
    """Expect the consent page to show a state, and the customer's page and Today to say what that means."""
    owner.until("/customers/contoso/consent", state)
    owner.look()
    owner.until("/customers/contoso", today)
    owner.open("/")
    expect(owner.page.locator("main")).to_contain_text(today)


def test_consent_from_a_plain_users_activation_to_a_confirmed_loss(come: Come) -> None:
    carl, cora, owner = come(**PHONE), come(**DESK), come(**DESK)
    sign_in_owner(owner)

    # A plain user activates; no administrator is needed, and no permission is asked for.
    buy(carl, "Business", "Carl Contoso")
    carl.page.get_by_role("button", name="Configure account now").click()
    carl.choose_account("Carl Contoso")
    carl.page.get_by_role("button", name="Activate", exact=True).click()
    owner.until("/customers/contoso", "is active; Microsoft bills it")
    said_everywhere(owner, "Linked", "has not been asked for")

    # What the product needs is asked for afterwards, by whoever activated, and passed to the administrator.
    carl.open("/permissions")
    carl.look()
    press(carl, "Ask for what is needed")
    press(carl, "Make an address for the administrator")
    shown = carl.page.get_by_label("address of the connect page").first.inner_text()
    (address,) = re.findall(rf"{re.escape(carl.demo.url)}(/connect/[\w-]+)", shown)
    carl.look()
    carl.open(address)
    carl.look()
    press(carl, "I have sent it to my administrator")
    expect(carl.page.locator("main")).to_contain_text("waits for your administrator")
    owner.until("/customers/contoso/consent", "Pending admin")

    # The administrator reads it without signing in, and says no on Microsoft's page.
    cora.open(address)
    expect(cora.page.locator("main")).to_contain_text("The desk reads new messages and their attachments at night too")
    cora.look()
    cora.page.get_by_role("link", name="Approve as administrator").first.click()
    decide(cora, "Cancel")
    expect(cora.page.locator("main")).to_contain_text("Your no was recorded")
    said_everywhere(owner, "Declined", "declined “Read what customers write to you”")

    # Asked again, granted, and proved by a token.
    owner.open("/customers/contoso/consent")
    press(owner, "Ask for what is needed")
    cora.open(address)
    cora.page.get_by_role("link", name="Approve as administrator").first.click()
    decide(cora, "Accept")
    expect(cora.page.locator("main")).to_contain_text("Microsoft’s page said yes")
    cora.until(address, "a token has proved it")
    owner.until("/customers/contoso/consent", "Verified")
    owner.until("/customers/contoso", "It may act now")

    # One permission is taken away: drift, told by name.
    at_microsoft(owner, "Revoke Mail.Send")
    owner.open("/customers/contoso/consent")
    press(owner, "Look now")
    said_everywhere(owner, "Drifted", "no longer granted: Mail.Send")

    # The application is deleted: suspected at first, confirmed when a later look finds the same.
    at_microsoft(owner, "Delete Fairmile desk")
    owner.open("/customers/contoso/consent")
    press(owner, "Look now")
    said_everywhere(owner, "Suspected lost", "may have been taken back")
    let_hours_pass(owner, 5)
    sign_in_owner(owner)  # the hours ended her session too
    said_everywhere(owner, "Revoked", "was taken back")
    owner.open("/consent")
    owner.look()
    expect(owner.page.locator("#tenants")).to_contain_text("Revoked")
    cora.until(address, "It was taken back")
