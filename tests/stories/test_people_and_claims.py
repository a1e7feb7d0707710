"""Who comes in and how, in a real browser: an invited colleague, a buyer's colleague, a guest who claims."""

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
    come,
    running,
    sign_in_owner,
)

__all__ = ["come", "running"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def go_to_landing(person: Somebody, subscription_id: str, button: str, name: str) -> None:
    """Go from the storefront to the publisher's page, and sign in there."""
    person.page.goto(f"{person.demo.sandbox_url}/subscriptions/{subscription_id}")
    person.page.get_by_role("button", name=button).click()
    person.choose_account(name)


def funnel(owner: Somebody) -> dict[str, int]:
    """Return what the page of the funnel counts at each step."""
    owner.open("/onboarding")
    rows = owner.page.locator("table:has(caption:text-is('How far they come')) tbody tr")
    return {
        row.locator("td, th").nth(0).inner_text(): int(row.locator("td").nth(-2).inner_text()) for row in rows.all()
    }


def test_the_owner_invites_and_buyers_others_go_through_claims(come: Come) -> None:
    owner, ines, cora, carl, gus, nora = (come(**DESK) for _ in range(6))
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
    assert funnel(owner) == {
        "Opened the page from Microsoft": 2,
        "Signed in": 2,
        "Let in: it is theirs": 1,
        "Activated": 1,
    }
    expect(owner.page.locator("#stops")).to_contain_text("waits for staff")
    owner.look()

    # Staff is told, and confirms it in the console; the guest is let in.
    owner.open("/")
    expect(owner.page.locator("main")).to_contain_text("says that this subscription is theirs to set up")
    owner.open(f"/subscriptions/{bought}")
    owner.page.get_by_role("link", name="Confirm a claim").click()
    owner.look()
    owner.page.get_by_role("radio", name="Gus Guest").check()
    owner.page.get_by_role("button", name="Confirm the claim").click()
    expect(owner.page.get_by_role("status").first).to_contain_text("Recorded")
    expect(owner.page.get_by_role("link", name="Confirm a claim")).to_have_count(0)
    gus.page.reload()
    expect(gus.page.locator("main")).to_contain_text("ready to use")

    # A reseller buys for another company: a claim of its own, recorded, and then it may activate.
    resold = buy(nora, "Team Plus", "Nora Northwind", beneficiary="Lena Litware")
    go_to_landing(nora, resold, "Configure account now", "Nora Northwind")
    expect(nora.page.locator("main")).to_contain_text("You bought this for another company")
    nora.look()
    nora.page.get_by_role("button", name="I set it up for the company I bought it for").click()
    nora.page.get_by_role("button", name="Activate", exact=True).click()
    expect(nora.page.locator("main")).to_contain_text("ready to use", timeout=PATIENCE_SECONDS * 1000)
    owner.open(f"/evidence?subject_type=subscription&subject_id={resold}")
    expect(owner.page.locator("#entries")).to_contain_text("claimed")

    # The funnel counts them: two activated, two came to manage what is active.
    assert set(funnel(owner).values()) == {2}
    expect(owner.page.locator("main")).to_contain_text("2 came to manage one")
    expect(owner.page.locator("main")).to_contain_text("Nobody has stopped")
    owner.look()
