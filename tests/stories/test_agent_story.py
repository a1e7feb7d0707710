"""An agent comes into a tenant in a real browser: named, let in, made, approved, disabled, and taken away at the end.

Microsoft's pages for an agent lead back to nobody, so that at each step our own pages are what tells the people.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.stories.test_consent_story import at_microsoft, let_hours_pass, press
from tests.stories.test_customer_path import DESK, PHONE, Come, Somebody, buy, come, running, sign_in_owner

__all__ = ["come", "running"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def approve(person: Somebody, address: str, way: str) -> None:
    """Go from the connect page to Microsoft's, approve there, come back by oneself and let it be looked."""
    page = person.page
    person.open(address)
    page.get_by_role("link", name=way).first.click()
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    page.get_by_role("button", name="Cora Contoso").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    person.open(address)
    press(person, "I have approved it; look now")


def test_an_agent_from_its_sponsor_to_the_end(come: Come) -> None:
    cora, owner = come(**PHONE), come(**DESK)
    sign_in_owner(owner)
    buy(cora, "Team Annual", "Cora Contoso")
    cora.page.get_by_role("button", name="Configure account now").click()
    cora.choose_account("Cora Contoso")
    cora.page.get_by_role("button", name="Activate", exact=True).click()
    owner.until("/customers/contoso", "is active; Microsoft bills it")

    # It is asked for; somebody of the tenant says who answers for it.
    cora.open("/permissions")
    press(cora, "Ask for what is needed")
    press(cora, "Make an address for the administrator")
    shown = cora.page.get_by_label("address of the connect page").first.inner_text()
    (address,) = re.findall(rf"{re.escape(cora.demo.url)}(/connect/[\w-]+)", shown)
    cora.open(address)
    expect(cora.page.locator("main")).to_contain_text("Name who answers for it")
    cora.look()
    cora.open("/permissions")
    cora.page.get_by_role("link", name="Name who answers for it").click()
    cora.look()
    people = cora.context.request.get(f"{cora.demo.sandbox_url}/entra/control/people").json()["people"]
    (sponsor,) = [each["object_id"] for each in people if each["name"] == "Cora Contoso"]
    cora.page.get_by_label("Object id of the sponsor").fill(sponsor)
    press(cora, "Save")
    expect(cora.page.locator("main")).to_contain_text("who answers for its agent identity")
    cora.until("/permissions", "Awaiting blueprint")

    # The administrator lets the blueprint in, which makes the identity; then approves what that may do.
    approve(cora, address, "Let its blueprint in")
    cora.until(address, "Open\nAn administrator approves it for this agent identity")
    cora.look()
    owner.until("/customers/contoso/consent", "It is in the tenant")
    approve(cora, address, "Approve what it may do")
    cora.until(address, "a token has proved it")
    owner.until("/customers/contoso/consent", "Verified")
    owner.look()

    # It is disabled in the tenant: a suspicion, which Today tells of, and which mends.
    at_microsoft(cora, "Disable Fairmile sorter for Contoso (agent identity)")
    owner.open("/customers/contoso/consent")
    press(owner, "Look now")
    owner.until("/customers/contoso/consent", "Suspected lost")
    owner.open("/")
    expect(owner.page.locator("main")).to_contain_text("may have been taken back")
    at_microsoft(cora, "Enable Fairmile sorter for Contoso (agent identity)")
    owner.open("/customers/contoso/consent")
    press(owner, "Look now")
    owner.until("/customers/contoso/consent", "Verified")

    # The publisher ends the link: the identity goes, and what is left is named with a script.
    ended = owner.context.request.post(
        f"{owner.demo.url}/api/v1/consent/customers/contoso/unlink",
        headers={**owner.demo.headers, "idempotency-key": "the-end"},
        data={"reason": "The customer asked for it."},
    )
    assert ended.ok, ended.text()
    owner.until("/customers/contoso/consent", "What only the customer can remove")
    let_hours_pass(cora, 1)
    sign_in_owner(owner)  # an hour without a visit ends a session
    owner.until("/customers/contoso/consent", "It is gone from the tenant")
