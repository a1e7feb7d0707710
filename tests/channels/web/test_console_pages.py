"""The pages over real HTTP: who may open which, what every answer carries, what a page says when something is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
import python_calamine

from fairkeeper.proof.note import SignatureType, SignerKey
from fairkeeper.web.app import WAYS
from fairkeeper.web.assets import CONTENT_SECURITY_POLICY, assets
from fairkeeper.web.serving.ways import Audience
from tests.channels.parameters import FILLINGS
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor, person
from tests.channels.web.markup import read

EXAMPLES = Path(__file__).parents[3] / "examples" / "accounts"


def state_account(stage: Stage) -> str:
    """State the publisher's structure and track a verification; return its document's id."""
    text = (EXAMPLES / "small-company.yaml").read_text("utf-8")
    stage.call("PUT", "/api/v1/accounts/structure", stage.owner_token, json={"file": {"text": text}})
    stage.call("POST", "/api/v1/verification", stage.owner_token, json={"name": "Commercial Marketplace"})
    document = {"title": "WHOIS", "proves": "domain_ownership", "issued_on": "2026-01-01", "reference": "the archive"}
    path = "/api/v1/verification/commercial-marketplace/documents"
    added: str = stage.call("POST", path, stage.owner_token, json=document).json()["document_id"]
    return added


OF_AGENTS = ("agent_id", "containment_id", "standing_id", "approval_id", "decision_id")
OF_OTHERS = ("destination_id", "signal_id", "suite_id", "risk", "code", "control", "drill_id", "hold_id", "weakness_id")
OF_USAGE = ("resource_id", "count_id", "proof_id")
_OF_REPORTS = ("/payouts/findings/", "/payouts/files/{", "/payouts/payments/{", "/payouts/months/{")
"""Pages of what stands in reports, of which this stage has none; the payouts' own story opens them."""

_OWN_ANSWERS = ("/permissions/agents/", "/permissions/elevations/")

_OF_CHOSEN = ("/custody/take-over", "/custody/hand-back")
"""Questions about what was ticked in a list; about nothing there is no question."""


def addresses(stage: Stage) -> list[str]:
    """Return every page a person can open, with Contoso's ids in it."""
    stage.place_entries()
    entry = stage.call("GET", "/api/v1/evidence/entries?limit=1", stage.owner_token).json()["entries"][0]["entry_id"]
    receipt = stage.call("GET", "/api/v1/receipts", stage.owner_token).json()[0]["entry_id"]
    token = stage.call("GET", "/api/v1/access/tokens", stage.owner_token).json()[0]["id"]
    someone = stage.call("GET", "/api/v1/access/people", stage.owner_token).json()[0]["id"]
    key = SignerKey.generate("watch.example", SignatureType.COSIGNATURE).verifier.text
    stage.call("POST", "/api/v1/evidence/witnesses", stage.owner_token, json={"witness_key": key})
    reminder = stage.call("GET", "/api/v1/reminders", stage.owner_token).json()[0]["reminder_id"]
    document_id = state_account(stage)
    text = '@id("m") @reason("No.") forbid (principal, action == Action::"call_unattended", resource);'
    bundle = {"text": text, "note": "For every customer."}
    saved = stage.call("POST", "/api/v1/policy-bundles", stage.owner_token, json=bundle).json()["number"]
    guest = {"name": "Somebody", "roles": ["support"]}
    invited = stage.call("POST", "/api/v1/access/invitations", stage.owner_token, json=guest).json()["invitation"][
        "invitation_id"
    ]
    known = {
        "programme": "commercial-marketplace",
        "document_id": document_id,
        "offer_id": "fairmile-assistant",
        "deal": "deal-of-contoso",
        "customer": stage.contoso.slug,
        "subscription_id": stage.contoso.subscription_id,
        "notice_id": "1",
        "person_id": someone,
        "token_id": token,
        "reminder_id": str(reminder),
        "task_id": "1",
        "question_id": "1",
        "name": "watch.example",
        "template": "never-across-tenants",
        "number": str(saved),
        "invitation_id": invited,
        "step": "messages",
        "registration": "sorter",
        "grant_id": str(FILLINGS["consent.end_elevation:grant_id"].own(stage, stage.contoso)),
        "kind": "first_tool",
        "data_class": "payloads",
        "incident_id": str(FILLINGS["assurance.show_incident:incident_id"].own(stage, stage.contoso)),
        **{name: str(FILLINGS[name].own(stage, stage.contoso)) for name in (*OF_AGENTS, *OF_OTHERS, *OF_USAGE)},
    }
    draft = str(FILLINGS["assurance.settle_notice:notice_id"].own(stage, stage.contoso))
    found = []
    for way in WAYS:
        if (
            way.method != "GET"
            or way.audience is Audience.ANYBODY
            or "{token}" in way.path
            or any(name in way.path for name in _OF_REPORTS)
        ):
            continue
        if way.path.startswith(("/opportunities/cards/", "/opportunities/charts/")):
            continue  # they need an imported snapshot: tests/channels/web/test_opportunities_pages.py
        which = receipt if way.path.startswith("/receipts") else entry
        own = {**known, "notice_id": draft} if way.path.startswith("/incidents/") else known
        chosen = f"?subscription_id={stage.contoso.subscription_id}" if way.path in _OF_CHOSEN else ""
        found.append(re.sub(r"\{(\w+)\}", lambda m: own.get(m[1], which), way.path) + chosen)  # noqa: B023 - used at once
    return found


def test_every_page_opens_for_an_owner_and_carries_what_every_page_carries(owner: Visitor, sqlite_stage: Stage) -> None:
    for address in addresses(sqlite_stage):
        answer = owner.get(address)
        while answer.is_redirect:
            answer = owner.get(answer.headers["location"])
        # A message of nobody here, a hold that is not the agent's, and a weakness that no scan has found.
        nothing = address == "/revoke" or address.startswith("/messages/ent_") or "/lift/" in address
        # What a customer's administrator is asked about its own permissions is not the publisher's to answer.
        nothing = nothing or "/weaknesses/wkn_0" in address or address.startswith(_OWN_ANSWERS)
        assert answer.status_code == (404 if nothing else 200), (address, answer.text[-600:])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        if answer.headers["content-type"].startswith("text/html"):
            assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert answer.headers["referrer-policy"] == "same-origin"
            page = read(answer.text)
            assert len(page.all("h1")) == 1, address
            assert page.all("main"), address


def test_nothing_but_the_ways_in_opens_without_a_session(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as nobody:
        for address in addresses(sqlite_stage):
            answer = nobody.get(address)
            assert answer.status_code == 303, address
            assert answer.headers["location"].startswith("/sign-in"), address


def test_no_page_asks_another_host_for_anything(owner: Visitor, sqlite_stage: Stage) -> None:
    for address in ("/", "/evidence", f"/subscriptions/{sqlite_stage.contoso.subscription_id}"):
        owner.get(address)
        fetched = [
            e.attributes.get("src") or e.attributes.get("href", "")
            for e in owner.page.walk()
            if e.tag in {"script", "link", "img"}
        ]
        assert fetched
        assert all(each.startswith("/static/") for each in fetched), fetched
        assert not [
            e for e in owner.page.walk() if "style" in e.attributes or any(a.startswith("on") for a in e.attributes)
        ]


@pytest.mark.parametrize("name", sorted(assets()))
def test_a_file_may_be_kept_for_ever_under_its_digest_and_is_asked_for_again_otherwise(
    sqlite_stage: Stage, name: str
) -> None:
    found = assets()[name]
    with Visitor(sqlite_stage) as nobody:
        exact = nobody.get(f"/static/{name}?v={found.digest}")
        assert (exact.content, exact.headers["cache-control"]) == (found.content, "public, max-age=31536000, immutable")
        assert exact.headers["content-type"] == found.media_type
        assert nobody.get(f"/static/{name}?v=older").headers["cache-control"] == "no-cache"
        assert nobody.get("/static/../app.py").status_code == 404


def test_a_role_opens_only_its_rooms(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as finance:
        finance.sign_in(person("Fiona Finance"), as_customer=False)
        finance.get("/")
        rail = finance.page.all("nav", id="rail")[0]
        assert [a.attributes["href"] for a in rail.all("a")] == [
            "/",
            "/deals",
            "/customers",
            "/usage",
            "/payouts",
            "/accounts",
            "/evidence",
            "/palette",
        ]
        answer = finance.get("/webhooks")
        assert (answer.status_code, "access.not_permitted" in finance.text) == (403, True)
        assert "Ask an owner" in finance.text
        finance.get(f"/subscriptions/{sqlite_stage.contoso.subscription_id}")
        assert "Pause use" not in finance.text
        answer = finance.get(f"/subscriptions/{sqlite_stage.contoso.subscription_id}/pause")
        answer = finance.press("/pause", reason="Not mine to decide")
        assert answer.status_code == 403


def test_an_auditor_reads_everything_and_is_offered_nothing(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as auditor:
        auditor.sign_in(person("Audrey Auditor"), as_customer=False)
        for address in ("/", "/customers/contoso", "/webhooks", "/evidence", "/settings/people", "/settings/tokens"):
            assert auditor.get(address).status_code == 200, address
            posts = [f.attributes["action"] for f in auditor.page.all("form", method="post")]
            assert set(posts) <= {"/look", "/sign-out"}, address


def test_a_customers_own_page_speaks_of_nobody_else(customer: Visitor, sqlite_stage: Stage) -> None:
    customer.get("/")
    assert "Your path with" in customer.text
    for address in (
        "/",
        "/evidence",
        "/receipts",
        "/settings/people",
        f"/subscriptions/{sqlite_stage.contoso.subscription_id}",
    ):
        answer = customer.get(address)
        assert answer.status_code == 200, address
        assert "Fabrikam" not in answer.text
        assert sqlite_stage.fabrikam.customer_id not in answer.text


def test_what_is_not_there_is_told_to_people_in_a_page_and_to_programs_in_json(
    owner: Visitor, sqlite_stage: Stage
) -> None:
    answer = owner.get("/no/such/page")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert re.search(r"req_[0-9A-Z]{26}", owner.text)
    answer = sqlite_stage.call("GET", "/no/such/page")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "api.no_such_address")
    answer = owner.get("/api/v1/no-such-thing")
    assert answer.json()["error"]["kind"] == "not_found"
    answer = owner.client.request("DELETE", f"{sqlite_stage.url}/customers")
    assert (answer.status_code, "is not taken" in answer.text) == (405, True)


@pytest.mark.parametrize(
    "address",
    [
        "/customers?sort=unheard-of",
        "/customers?provisioning=lost",
        "/customers?step=fly",
        "/customers?plan=%00",
        "/evidence?before=soon",
        "/webhooks?before=-",
        "/search?q=contoso%00",
        "/customers?page=99999999999999999999",
    ],
)
def test_an_address_that_cannot_be_read_is_a_400_with_a_code(owner: Visitor, address: str) -> None:
    answer = owner.get(address)
    assert answer.status_code == 400
    assert "web.address_unreadable" in owner.text


@pytest.mark.parametrize(
    "address",
    [
        "/webhooks/x",
        "/webhooks/99999999999999999999",
        "/tasks/-1/retry",
        "/evidence/ent_x",
        "/receipts/ent_x",
        "/exports/exp_x",
        "/subscriptions/x",
        "/customers/%00",
        "/settings/people/per_x/remove",
    ],
)
def test_an_id_of_nothing_is_not_found(owner: Visitor, address: str) -> None:
    assert owner.get(address).status_code in {404, 400}, owner.last.text[-500:]


def test_filters_and_order_stand_in_the_address(owner: Visitor) -> None:
    def names() -> list[str]:
        return [cell.text for cell in owner.page.all("td", data_label="Customer")]

    owner.get("/customers?sort=name")
    assert names() == ["Contoso", "Fabrikam"]
    owner.get("/customers?sort=-name")
    assert names() == ["Fabrikam", "Contoso"]
    owner.get("/customers?text=contoso&status=Subscribed")
    assert names() == ["Contoso"]
    owner.get("/customers?step=buy")
    assert names() == []
    assert "Nothing matches these filters" in owner.text
    assert "Show all" in owner.text


def test_the_exported_list_is_what_the_address_shows_and_no_formula(owner: Visitor, sqlite_stage: Stage) -> None:
    owner.get(f"/customers/{sqlite_stage.contoso.slug}/rename")
    owner.press("/rename", name="=HYPERLINK(1)")
    answer = owner.get("/customers.csv?sort=name")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["customer"] for row in rows] == ["'=HYPERLINK(1)", "Fabrikam"]
    assert rows[0]["id"] == sqlite_stage.contoso.customer_id


def test_every_list_exports_what_it_shows_as_csv_and_as_a_spreadsheet(owner: Visitor, sqlite_stage: Stage) -> None:
    lists = 0
    for address in addresses(sqlite_stage):
        answer = owner.get(address)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for listing in [each for each in owner.page.all("div", class_="listing") if each.all("tr", data_row="")]:
            owner.get(address)
            shown = len(listing.all("tr", data_row=""))
            links = [a.attributes["href"] for p in listing.all("p", class_="exports") for a in p.all("a")]
            assert [link.partition("?")[0].rpartition(".")[2] for link in links][:2] == ["csv", "xlsx"], address
            rows = list(csv.reader(io.StringIO(owner.get(links[0]).content.decode("utf-8-sig"))))
            cells = python_calamine.load_workbook(io.BytesIO(owner.get(links[1]).content)).get_sheet_by_index(0)
            assert len(rows) - 1 >= shown, address
            assert len(cells.to_python()) == len(rows), address
            lists += 1
    assert lists >= 6


def test_an_export_keeps_the_filter_of_its_list_and_goes_past_its_first_page(owner: Visitor) -> None:
    owner.get("/webhooks?state=held")
    (link,) = [a.attributes["href"] for a in owner.page.all("a") if a.attributes["href"].startswith("/webhooks.csv")]
    rows = list(csv.DictReader(io.StringIO(owner.get(link).content.decode("utf-8-sig"))))
    assert {row["state"] for row in rows} == {"Held"}
    owner.get("/evidence")
    shown = len(owner.page.all("li", class_="entry"))
    rows = list(csv.DictReader(io.StringIO(owner.get("/evidence.csv").content.decode("utf-8-sig"))))
    assert len(rows) > shown


def test_a_webhook_that_nobody_understood_is_shown_held_with_its_body(owner: Visitor) -> None:
    owner.get("/webhooks?state=held")
    assert "Sublimate" in owner.text
    link = next(a for a in owner.page.all("td", data_label="Action")[0].all("a"))
    owner.get(link.attributes["href"])
    assert '"action": "Sublimate"' in owner.text
    assert "Work on it again" in owner.text


def test_an_entry_is_checked_by_the_verifier_that_everybody_has(owner: Visitor, sqlite_stage: Stage) -> None:
    sqlite_stage.place_entries()
    entry = sqlite_stage.call("GET", "/api/v1/evidence/entries?limit=1", sqlite_stage.owner_token).json()["entries"][0]
    owner.get(f"/evidence/{entry['entry_id']}")
    checks = owner.page.all("ul", class_="checks")[0].text
    assert checks.count("Passed") == 3
    assert "Not witnessed" in checks
    file = owner.get(f"/evidence/{entry['entry_id']}/file")
    assert json.loads(file.text)["record"]["leaf_index"] == entry["leaf_index"]
    assert entry["entry_id"] in file.headers["content-disposition"]


def test_a_receipt_says_what_stopped_and_what_remains(customer: Visitor, sqlite_stage: Stage) -> None:
    customer.get("/receipts")
    customer.get(customer.page.all("td", data_label="Receipt")[0].all("a")[0].attributes["href"])
    assert "What stopped" in customer.text
    assert "What remains with you" in customer.text
    assert "Checked just now Verified" in customer.text
    assert sqlite_stage.contoso.ended_id in customer.last.text


def test_an_export_is_asked_for_awaited_and_fetched(customer: Visitor, sqlite_stage: Stage) -> None:
    customer.get("/exports/ask")
    customer.press("/exports/ask")
    customer.follow()
    assert customer.last.headers["refresh"] == "1"
    sqlite_stage.place_entries()
    customer.get(str(customer.last.request.url))
    assert "refresh" not in customer.last.headers
    link = next(a.attributes["href"] for a in customer.page.all("a") if a.attributes["href"].endswith("/file"))
    lines = customer.get(link).text.splitlines()
    assert json.loads(lines[0])["customer"] == sqlite_stage.contoso.customer_id


def test_a_customers_person_activates_from_home_what_still_waits(customer: Visitor, sqlite_stage: Stage) -> None:
    customer.get("/")
    address = f"/subscriptions/{sqlite_stage.contoso.waiting_id}/activate"
    assert address in {a.attributes["href"] for a in customer.page.all("a")}
    customer.get(address)
    customer.press("/activate")
    assert "Recorded: Activation of team was asked for" in customer.arrived()
    sqlite_stage.work()
    customer.get("/")
    assert address not in {a.attributes["href"] for a in customer.page.all("a")}


def test_a_search_leads_to_the_thing(owner: Visitor, sqlite_stage: Stage) -> None:
    owner.get("/search?q=contoso")
    found = {a.attributes["href"] for a in owner.page.all("ol", class_="hits")[0].all("a")}
    assert "/customers/contoso" in found
    owner.get(f"/search?q={sqlite_stage.contoso.subscription_id}")
    assert f"/subscriptions/{sqlite_stage.contoso.subscription_id}" in owner.last.text


def test_the_look_is_kept_in_a_cookie_and_comes_back_here(owner: Visitor) -> None:
    owner.get("/customers")
    sheet = owner.sheet("/look")
    answer = owner.send(sheet, theme="dark")
    assert answer.headers["location"] == "/customers"
    assert 'data-theme="dark"' in owner.follow().text
    assert owner.send(sheet, theme="dark", back="https://evil.example").headers["location"] == "/"
