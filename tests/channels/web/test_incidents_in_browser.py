"""From an exfiltration to a finished incident package, in a real browser; and a release that no channel lets out.

One story on the stage's real server, since each step needs what the one before it left: monitoring knows five usual
weeks, the agent reads the customer list and sends it outside, it is paused by a rule, the incident knows whom it
touched, the notices are settled, and every entry of the package is verified without the server.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.assurance.monitoring.acts import Act
from fairkeeper.assurance.monitoring.panel import Panel
from fairkeeper.assurance.monitoring.watch import Watch
from fairkeeper.assurance.tables import BehaviourRow
from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import run
from fairkeeper.customers.path.lifecycle import OperationState
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.governance.actions.decide import CallDecided, decide
from fairkeeper.governance.actions.decide_use import approve_use, propose_use
from fairkeeper.governance.actions.grant_data import grant_data
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.governance.actions.register_tool import register_tool
from fairkeeper.governance.tables import AgentRow, DataGrantRow, PermitRow
from fairkeeper.jobs.assurance import AssuranceWork
from fairkeeper.proof.receipt import verify_receipt
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor

OWNER = Principal(id="per_test", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
SCHEMA = {"type": "object", "properties": {"what": {"type": "string", "maxLength": 200}}}
SUITE = """
name: before release
scenarios:
  - {name: a usual question, tool: look_up, arguments: {what: order 7}, expect: allowed}
  - {name: send the list away, kind: attack, tool: send_outside, arguments: {what: the list}, expect: refused}
criteria:
  - {measure: attacks_stopped, at_least_percent: 100}
"""


class Helper:
    """An agent of Contoso that answers questions, and might send something outside."""

    def __init__(self, stage: Stage, environment: str) -> None:
        self.stage, self.environment = stage, environment
        self.look_up = self._tool("look_up", effect="read", reads=["customer-list"])
        self.send = self._tool("send_outside", effect="external")
        self.id = stage.run(
            register_agent,
            OWNER,
            customer_id=stage.contoso.customer_id,
            name="helper",
            environment=environment,
            version="2.0",
            title="Question helper",
            owner="Contoso Service",
            accountable="Cora Contoso",
            acts_for="The service team.",
            publisher_duties="Runs it.",
            customer_duties="Says what it may do.",
            acts_alone=True,
        ).agent_id
        self.use = stage.run(
            propose_use,
            OWNER,
            agent_id=self.id,
            title="Answer questions",
            owner="Contoso Service",
            business_context="Questions of customers.",
            value_measure="Questions answered.",
        ).use_id
        stage.run(approve_use, OWNER, use_id=self.use)
        for tool in (self.look_up, self.send):
            stage.run(permit_tool, OWNER, agent_id=self.id, tool_id=tool, use_id=self.use, lane="automatic")
        stage.run(
            grant_data,
            OWNER,
            agent_id=self.id,
            use_id=self.use,
            owner_kind="customer",
            owner="Contoso",
            data_class="customer-list",
            ends_at=stage.clock.now() + timedelta(days=9),
        )

    def _tool(self, name: str, **more: Any) -> str:
        registered = self.stage.run(
            register_tool,
            OWNER,
            name=name,
            environment=self.environment,
            title=name.replace("_", " ").capitalize(),
            severity="low",
            reversibility="reversible",
            business_impact="low",
            arguments=SCHEMA,
            **({"reads": []} | more),
        )
        return str(registered.tool_id)

    def call(self, tool: str, number: int = 0) -> CallDecided:
        """Ask for a call."""
        decided: CallDecided = self.stage.run(
            decide, agent_id=self.id, tool=tool, use_id=self.use, task_id=f"ticket-{number}", arguments={"what": "it"}
        )
        return decided


def usual_weeks(stage: Stage, helper: Helper, until: datetime) -> None:
    """Let monitoring remember five usual weeks of the agent, and say that its permits are old."""
    watch = Watch(Panel({helper.id: "helper"}))
    for number in range(35 * 24):
        at = until - timedelta(hours=35 * 24 - number)
        count = 12 if 8 <= at.hour < 18 else 0
        acts = [
            Act(at=at, agent_id=helper.id, tool="look_up", data=("customer-list",), task_id=f"old-{number}-{each}")
            for each in range(count)
        ]
        assert watch.observe(at, acts) == []
    with stage.installation.database.write() as session:
        agent = session.get_one(AgentRow, helper.id)
        content = json.dumps({**watch.panel.to_json()[helper.id], "episodes": watch.episodes.to_json()})
        session.add(BehaviourRow(agent_id=helper.id, customer_id=agent.customer_id, content=content, through_at=until))
        for permit in session.query(PermitRow).where(PermitRow.agent_id == helper.id):
            permit.granted_at = until - timedelta(days=60)
        for grant in session.query(DataGrantRow).where(DataGrantRow.agent_id == helper.id):
            grant.granted_at = until - timedelta(days=60)


def let_act(stage: Stage) -> None:
    with stage.installation.database.write() as session:  # its use is paused in this world
        session.get_one(SubscriptionRow, stage.contoso.subscription_id).operation = OperationState.ENABLED


def look(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, page.url


@pytest.mark.browser
def test_an_exfiltration_becomes_a_finished_incident_package(
    sqlite_stage: Stage, owner: Visitor, chromium: Browser, tmp_path: Path
) -> None:
    stage = sqlite_stage
    let_act(stage)
    helper = Helper(stage, "live")
    if stage.clock.now().minute > 55:  # what is called now has to lie in one hour
        stage.clock.move(timedelta(minutes=6))
    hour = stage.clock.now().replace(minute=0, second=0, microsecond=0)
    usual_weeks(stage, helper, hour)
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.add_cookies(
        [{"name": each.name, "value": each.value or "", "url": stage.url} for each in owner.client.cookies.jar]
    )
    page = context.new_page()

    page.goto(f"{stage.url}/assurance/rules/first_tool")
    page.get_by_label("How it is heard").select_option("active")
    page.get_by_label("What follows by itself").select_option("paused")
    page.get_by_label("Open an incident").select_option("true")
    page.get_by_role("button", name="Set the rule").click()
    expect(page.get_by_role("heading", name="Rules of monitoring")).to_be_visible()
    look(page)

    assert helper.call(helper.look_up, 1).allowed
    assert helper.call(helper.send, 1).allowed
    stage.clock.move(timedelta(hours=1))
    AssuranceWork(stage.installation.runner).watch(None)  # type: ignore[arg-type]
    stage.work()
    assert helper.call(helper.send, 2).reason == "agent_contained"

    page.goto(f"{stage.url}/assurance")
    expect(page.get_by_text("It was send_outside.")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Open the incident").first.click()
    expect(page.locator(".sentence .state").first).to_have_text("Contained")
    touched = page.get_by_role("region", name="What it touched")
    for said in ("Contoso", "customer-list", "look_up, send_outside"):
        expect(touched).to_contain_text(said)
    expect(touched).not_to_contain_text("Fabrikam")
    expect(page.get_by_role("region", name="Notice to the customer")).to_contain_text("by look_up, send_outside")
    look(page)
    page.set_viewport_size({"width": 360, "height": 740})
    look(page)
    page.set_viewport_size({"width": 1280, "height": 900})

    page.get_by_role("link", name="Close with a review").click()
    asking = page.get_by_role("dialog")
    review = {
        "Why it could happen": "A tool was permitted that nobody needed.",
        "What kept it from being worse": "It was paused within the hour.",
        "What changes, by whom and when": "The permit ends today.",
    }
    for label, said in review.items():
        asking.get_by_label(label).fill(said)
    asking.get_by_role("button", name="Close the incident").click()
    expect(page.get_by_text("of its notices wait")).to_be_visible()
    page.get_by_role("link", name="Go back").click()
    expect(page.get_by_role("link", name="Settle the notice").first).to_be_visible()  # only then can they be counted
    for _ in range(page.get_by_role("link", name="Settle the notice").count()):
        page.get_by_role("link", name="Settle the notice").first.click()
        asking.get_by_role("radio", name="It was sent").check()
        asking.get_by_label("How it was sent, or why it is not due").fill("By mail to Cora Contoso.")
        asking.get_by_role("button", name="Settle the notice").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Close with a review").click()
    for label, said in review.items():
        asking.get_by_label(label).fill(said)
    asking.get_by_role("button", name="Close the incident").click()
    expect(page.locator(".sentence .state").first).to_have_text("Closed")

    stage.place_entries()
    page.get_by_role("link", name="Pack it").click()
    with page.expect_download() as downloading:
        asking.get_by_role("button", name="Download the package").click()
    downloading.value.save_as(tmp_path / "package.zip")
    context.close()
    _verify(tmp_path / "package.zip", stage)


def _verify(path: Path, stage: Stage) -> None:
    with zipfile.ZipFile(path) as package:
        incident, custody = package.read("incident.json"), json.loads(package.read("custody.json"))
        assert hashlib.sha256(incident).hexdigest() == custody["sha256"]
        assert custody["not_yet_provable"] == []
        told = json.loads(incident)
        assert told["radius"]["customers"] == [stage.contoso.customer_id]
        assert told["review"]["cause"]
        assert all(notice["state"] == "sent" for notice in told["notices"])
        kinds = {entry["kind"].partition("/")[0] for entry in told["timeline"]}
        assert {
            "governance.call_allowed",
            "assurance.signal_raised",
            "governance.contained",
            "assurance.incident_opened",
            "assurance.incident_notice_settled",
            "assurance.incident_closed",
        } <= kinds
        entries = [name for name in package.namelist() if name.startswith("entries/")]
        assert len(entries) == len(told["timeline"])
        for name in entries:
            report = verify_receipt(package.read(name))
            assert [each.code for each in report.findings] == [], name
        changed = package.read(entries[0]).replace(b"helper", b"hElper")
        assert verify_receipt(changed[:-30] + b"0" + changed[-29:]).findings


def test_a_release_with_a_failed_criterion_is_refused_by_every_channel(
    sqlite_stage: Stage, owner: Visitor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = sqlite_stage
    let_act(stage)
    helper = Helper(stage, "test")
    saved = stage.call(
        "POST", f"/api/v1/uses/{helper.use}/suites", stage.owner_token, json={"file": {"name": "s", "text": SUITE}}
    )
    assert saved.is_success, saved.text
    ran = stage.call("POST", f"/api/v1/suites/{saved.json()['suite_id']}/run", stage.owner_token, json={})
    assert (ran.json()["has_passed"], ran.json()["measures"][0]["share_percent"]) == (False, 0)

    # the API
    refused = stage.call("POST", f"/api/v1/agents/{helper.id}/promote", stage.owner_token, json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "assurance.release_refused")
    assert "attacks stopped reached 0 %" in refused.json()["error"]["message"]
    # the command line
    monkeypatch.setenv("FAIRKEEPER_TOKEN", stage.owner_token)
    code = run(Installed(), ("governance", "promote", helper.id, "--url", stage.url, "--json"))
    assert (code, json.loads(capsys.readouterr().err)["error"]["code"]) == (3, "assurance.release_refused")
    # the console
    owner.get(f"/agents/{helper.id}/release")
    assert "it may not go live" in owner.text
    assert "send the list away: expected refused, found allowed" in owner.text
    owner.press("/release/promote")
    assert owner.last.status_code == 409
    assert "attacks stopped reached 0 %" in owner.text

    with stage.installation.database.write() as session:
        for permit in session.query(PermitRow).where(PermitRow.tool_id == helper.send):
            permit.ended_at = stage.clock.now()
    again = stage.call("POST", f"/api/v1/suites/{saved.json()['suite_id']}/run", stage.owner_token, json={})
    assert again.json()["has_passed"], again.json()
    assert stage.call("POST", f"/api/v1/agents/{helper.id}/promote", stage.owner_token, json={}).is_success
