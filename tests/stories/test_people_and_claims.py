"""Who comes in and how, in a real browser: an invited colleague, a buyer's colleague, a guest, a partner, the funnel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.stories.test_customer_path import (
    DESK,
    PATIENCE_SECONDS,
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


def buy_for(person: Somebody, plan: str, buyer: str, beneficiary: str) -> None:
    """Buy as a reseller for somebody of another company."""
    page = person.page
    page.goto(person.demo.sandbox_url)
    page.get_by_role("link", name=f"Buy {plan}", exact=True).click()
    for field, name in (("#purchaser", buyer), ("#beneficiary", beneficiary)):
        page.select_option(field, value=page.locator(f"{field} option", has_text=name).first.get_attribute("value"))
    page.get_by_role("checkbox", name="The purchaser is a reseller").check()
    page.get_by_role("radio", name="Waits for the publisher").check()
    page.get_by_role("button", name="Place the pretend order").click()
    expect(page.get_by_role("heading", name="One step is left")).to_be_visible()


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
    owner.until(f"/subscriptions/{bought}", "says that this subscription is theirs to set up")
    owner.page.get_by_role("link", name="Confirm a claim").first.click()
    dialog = owner.page.get_by_role("dialog")
    dialog.get_by_role("radio").first.check()
    dialog.get_by_role("button", name="Confirm the claim").click()
    gus.page.reload()
    expect(gus.page.locator("main")).to_contain_text("active", timeout=PATIENCE_SECONDS * 1000)

    # A partner who bought for a customer says so explicitly, and then sets it up.
    percy = come(**DESK)
    buy_for(percy, "Team Plus", "Percy Partner", "Freya Fabrikam")
    percy.page.get_by_role("button", name="Configure account now").click()
    percy.choose_account("Percy Partner")
    expect(percy.page.locator("main")).to_contain_text("You bought this for another company")
    percy.look()
    percy.page.get_by_role("button", name="I set it up for the company I bought it for").click()
    percy.page.get_by_role("button", name="Activate", exact=True).click()
    expect(percy.page.locator("main")).to_contain_text("ready to use", timeout=PATIENCE_SECONDS * 1000)

    # The funnel counts them.
    owner.open("/onboarding")
    expect(owner.page.locator("main")).to_contain_text("browsers came with a new purchase")
    expect(owner.page.locator("main")).to_contain_text("Let in: it is theirs")
    owner.look()
