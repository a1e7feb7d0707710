"""Who comes in and how, in a real browser: an invited colleague, a buyer's colleague, a guest who claims."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.stories.test_customer_path import (
    DESK,
    Come,
    Somebody,
    activate,
    buy,
    chromium,
    come,
    running,
    sign_in_owner,
)

__all__ = ["chromium", "come", "running"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def go_to_landing(person: Somebody, subscription_id: str, button: str, name: str) -> None:
    """Go from the storefront to the publisher's page, and sign in there."""
    person.page.goto(f"{person.demo.sandbox_url}/subscriptions/{subscription_id}")
    person.page.get_by_role("button", name=button).click()
    person.choose_account(name)


def test_the_owner_invites_and_buyers_others_go_through_claims(come: Come) -> None:
    owner, ines, cora, carl, gus = (come(**DESK) for _ in range(5))
    sign_in_owner(owner)

    # The owner invites a colleague, who signs in with a role.
    owner.open("/settings/people")
    form = owner.page.locator("#form-invite-person")
    form.get_by_label("Name").fill("Ines Invited")
    form.get_by_label("Platform").check()
    form.get_by_role("button", name="Make an invitation").click()
    link = owner.page.locator("code", has_text="/invitation?token=").inner_text()
    owner.look()
    ines.page.goto(link)
    ines.look()
    ines.page.get_by_role("link", name="Sign in with Microsoft").click()
    ines.choose_account("Ines Invited")
    expect(ines.page.get_by_role("heading", name="Today")).to_be_visible()
    ines.open("/settings/people")
    expect(ines.page.locator("#people")).to_contain_text("Platform")

    # A buyer activates; a colleague sees that it is active, and whom to ask.
    bought = buy(cora, "Team", "Cora Contoso")
    activate(cora, "Cora Contoso")
    go_to_landing(carl, bought, "Manage account", "Carl Contoso")
    expect(carl.page.get_by_role("heading", name="Already active")).to_be_visible()
    expect(carl.page.locator("main")).to_contain_text("Ask Cora Contoso")
    carl.look()

    # A guest of the buyer's tenant goes through a claim that staff confirms.
    go_to_landing(gus, bought, "Manage account", "Gus Guest")
    expect(gus.page.locator("main")).to_contain_text("This account is not the one")
    gus.look()
    gus.page.get_by_role("button", name="Ask the publisher to check").click()
    expect(gus.page.locator("main")).to_contain_text("has not answered yet")
