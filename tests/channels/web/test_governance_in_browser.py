"""Governance walked in a real browser: a question answered on the phone, an agent watched and paused at the desk.

One story on the stage's real server, since each step needs what the one before it left: the customer's administrator
reads and approves on a phone, the call runs once, the owner sees decisions appear as they are made, pauses the agent,
and the customer narrows its own agents by a template.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.customers.path.lifecycle import OperationState
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.governance.actions.decide import CallDecided, decide
from fairkeeper.governance.actions.decide_use import approve_use, propose_use
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.publish_description import publish_description
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.governance.actions.register_tool import register_tool
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor

pytestmark = pytest.mark.browser

OWNER = Principal(id="per_test", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string", "maxLength": 100}, "amount": {"type": "integer", "minimum": 1}},
    "required": ["to", "amount"],
}


def page_of(browser: Browser, visitor: Visitor, *, width: int, height: int) -> tuple[Page, list[str]]:
    """Open a window in which a visitor is signed in; return it with what the browser complains about."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_cookies(
        [
            {"name": each.name, "value": each.value or "", "url": visitor.stage.url}
            for each in visitor.client.cookies.jar
        ]
    )
    page, complaints = context.new_page(), []
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text) if said.type in {"error", "warning"} and "422" not in said.text else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def look(page: Page) -> None:
    """Judge the page that is open: axe finds nothing, and nothing has to be pushed sideways."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, page.url


class Assistant:
    """An agent of Contoso that transfers money once a person approved."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.tool = stage.run(
            register_tool,
            OWNER,
            name="transfer",
            environment="live",
            title="Transfer money",
            effect="irreversible",
            severity="medium",
            reversibility="irreversible",
            business_impact="low",
            arguments=SCHEMA,
            separates_duties=False,
        ).tool_id
        self.id = stage.run(
            register_agent,
            OWNER,
            customer_id=stage.contoso.customer_id,
            name="payer",
            environment="live",
            version="1.0",
            title="Payment assistant",
            owner="Contoso Finance",
            accountable="Cora Contoso",
            acts_for="The finance team.",
            publisher_duties="Runs it.",
            customer_duties="Says what it may do.",
        ).agent_id
        self.use = stage.run(
            propose_use,
            OWNER,
            agent_id=self.id,
            title="Pay invoices",
            owner="Contoso Finance",
            business_context="Invoices that were checked.",
            value_measure="Days until an invoice is paid.",
            not_for=["Wages"],
        ).use_id
        stage.run(approve_use, OWNER, use_id=self.use)
        stage.run(permit_tool, OWNER, agent_id=self.id, tool_id=self.tool, use_id=self.use, lane="approval")
        self.reminder = stage.run(
            register_tool,
            OWNER,
            name="remind",
            environment="live",
            title="Send a reminder",
            effect="write",
            severity="low",
            reversibility="reversible",
            business_impact="low",
            arguments=SCHEMA,
        ).tool_id
        stage.run(permit_tool, OWNER, agent_id=self.id, tool_id=self.reminder, use_id=self.use, lane="approval")

    def remind(self, to: str, amount: int) -> str:
        """Ask to remind somebody of what is owed; return the reason of the answer."""
        decided: CallDecided = self._stage.run(
            decide, agent_id=self.id, tool=self.reminder, use_id=self.use, arguments={"to": to, "amount": amount}
        )
        return decided.reason

    def transfer(self, **fields: Any) -> CallDecided:
        """Ask for a transfer."""
        arguments = {"to": "DE00 FABRIKAM", "amount": 1200}
        decided: CallDecided = self._stage.run(
            decide,
            agent_id=self.id,
            tool=self.tool,
            use_id=self.use,
            task_id="invoice-7",
            arguments=arguments,
            **fields,
        )
        return decided


def test_governance_is_walked_in_a_browser(
    sqlite_stage: Stage, owner: Visitor, customer: Visitor, chromium: Browser
) -> None:
    with sqlite_stage.installation.database.write() as session:  # its use is paused in this world
        row = session.get_one(SubscriptionRow, sqlite_stage.contoso.subscription_id)
        row.operation = OperationState.ENABLED
    assistant = Assistant(sqlite_stage)
    asked = assistant.transfer()
    assert (asked.allowed, asked.reason) == (False, "approval_needed")
    phone, phone_complaints = page_of(chromium, customer, width=360, height=740)
    desk, desk_complaints = page_of(chromium, owner, width=1280, height=900)

    _answer_on_the_phone(phone, sqlite_stage)
    used = assistant.transfer(approval_id=asked.approval_id)
    assert (used.allowed, used.reason) == (True, "approved")
    assert assistant.transfer(approval_id=asked.approval_id).reason == "approval_consumed"

    _watch_and_pause_at_the_desk(desk, sqlite_stage, assistant)
    _read_a_decision(desk)
    _ask_less_often(phone, sqlite_stage, assistant)
    _narrow_by_a_template(phone, sqlite_stage)
    _read_before_buying(chromium, sqlite_stage)
    assert (phone_complaints, desk_complaints) == ([], [])
    phone.context.close()
    desk.context.close()


def _answer_on_the_phone(page: Page, stage: Stage) -> None:
    page.goto(f"{stage.url}/approvals")
    look(page)
    page.get_by_role("link", name="Transfer money").first.click()
    expect(page.get_by_text("DE00 FABRIKAM")).to_be_visible()
    expect(page.get_by_text("This cannot be undone")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Approve this call").click()
    expect(page.get_by_role("alert")).to_contain_text("type transfer")
    look(page)
    page.get_by_label("Type “transfer” to approve").fill("transfer")
    page.get_by_role("button", name="Approve this call").click()
    expect(page.locator(".sentence .state")).to_have_text("Approved")
    expect(page.get_by_role("button", name="Approve this call")).to_have_count(0)


def _watch_and_pause_at_the_desk(page: Page, stage: Stage, assistant: Assistant) -> None:
    page.goto(f"{stage.url}/agents")
    look(page)
    page.get_by_role("link", name="Payment assistant").click()
    expect(page.get_by_role("heading", name="What it is for")).to_be_visible()
    look(page)
    rows = page.locator("#live-decisions > li")
    expect(rows).to_have_count(3)
    assistant.transfer()
    expect(rows).to_have_count(4, timeout=15_000)
    expect(rows.first).to_contain_text("A person has to approve exactly this call.")
    page.get_by_role("link", name="Pause").click()
    asking = page.get_by_role("dialog")
    asking.get_by_label("Reason").fill("It paid somebody unknown.")
    asking.get_by_role("button", name="Pause").click()
    expect(page.locator(".sentence .state").first).to_have_text("Paused")
    assert assistant.transfer().reason == "agent_contained"
    expect(page.locator("#live-decisions > li").first).to_contain_text("The agent is held.", timeout=15_000)
    page.get_by_role("link", name="Let go").click()
    asking.get_by_label("Reason").fill("It was an exercise.")
    asking.get_by_role("button", name="Let go").click()
    expect(page.locator(".sentence .state").first).to_have_text("Active")


def _read_a_decision(page: Page) -> None:
    page.locator("#live-decisions > li a").last.click()
    for heading in ("Who started it, and for whom", "Which policies, and why", "What happened then"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    look(page)
    page.get_by_role("link", name=re.compile("apr_")).click()
    expect(page.locator(".sentence .state")).to_have_text("Used")


def _ask_less_often(page: Page, stage: Stage, assistant: Assistant) -> None:
    """By the keyboard to either answer, which presses nothing; then a standing approval, used and taken back."""
    assert assistant.remind("Fabrikam", 5) == "approval_needed"
    for key, way in (("r", "refuse"), ("a", "approve")):
        page.goto(f"{stage.url}/approvals")
        page.get_by_role("link", name="Send a reminder").focus()
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"#{way}$"))
        expect(page.locator(f"#form-{way}").get_by_label("Why")).to_be_focused()
    expect(page.locator(".sentence .state")).to_have_text("Waiting")
    page.get_by_role("link", name="Ask less often").click()
    asking = page.get_by_role("dialog")
    asking.get_by_label("amount: 5").uncheck()
    asking.get_by_label("Reason").fill("Whatever Fabrikam owes.")
    look(page)
    asking.get_by_role("button", name="Stop asking for these").click()
    standing = page.get_by_role("list", name="Standing approvals").locator("li", has_text="Where to is Fabrikam.")
    expect(standing).to_contain_text("remind, 10 a day")
    assert (assistant.remind("Fabrikam", 90), assistant.remind("Contoso", 5)) == ("approved", "approval_needed")
    page.reload()
    expect(standing).to_contain_text("1 of 10 today")
    standing.get_by_role("link", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(standing).to_have_count(0)
    assert assistant.remind("Fabrikam", 90) == "approval_needed"


def _read_before_buying(browser: Browser, stage: Stage) -> None:
    """Without signing in: what an agent of the publisher is for, and who answers for what."""
    described = {"name": "desk", "environment": "live", "version": "1.4", "title": "Support desk", "owner": "Support"}
    duties = {"publisher_duties": "Runs it, and stops it.", "customer_duties": "Reads answers before acting on them."}
    agent = stage.run(
        register_agent, OWNER, **described, **duties, accountable="Sam Security", acts_for="The support team."
    )
    stage.run(publish_description, OWNER, agent_id=agent.agent_id)
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{stage.url}/about/agents")
    look(page)
    page.get_by_role("link", name="Support desk").click()
    expect(page.get_by_text("Reads answers before acting on them.")).to_be_visible()
    expect(page.get_by_text("No tool is permitted to it now.")).to_be_visible()
    look(page)
    assert page.goto(f"{stage.url}/about/agents/payer").status == 404  # type: ignore[union-attr]
    context.close()


def _narrow_by_a_template(page: Page, stage: Stage) -> None:
    page.goto(f"{stage.url}/policies")
    look(page)
    page.get_by_role("link", name="Always ask").click()
    page.get_by_label("Name of the policy").fill("contoso-asks")
    page.get_by_role("button", name="Show the policies").click()
    expect(page.get_by_text("Asks a person first, for agents of customer")).to_be_visible()
    look(page)
    page.get_by_label("What changed and why").fill("We look at everything.")
    page.get_by_role("button", name="Save as the next bundle").click()
    expect(page.get_by_role("heading", name="Policies number 3")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Put in force").click()
    page.get_by_role("dialog").get_by_role("button", name="Put in force").click()
    stage.work()
    page.reload()
    expect(page.locator(".sentence .state").first).to_have_text("In force")
