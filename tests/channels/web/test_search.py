"""Search and the palette over a whole installation: every kind of id leads to its page, and nobody finds another's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

import fairkeeper
from fairkeeper.database.base import CustomerOwned
from fairkeeper.messages.tables import MessageRow
from fairkeeper.overview.searching.kinds import KINDS, WITHOUT_PAGE
from fairkeeper.overview.searching.matching import guid_bounds, our_id
from fairkeeper.web.app import WAYS
from fairkeeper.web.routes.start.places import DEEDS, PLACES
from fairkeeper.web.serving.ways import Audience
from tests.channels.stage import Stage, Tenant
from tests.channels.web.markup import read
from tests.channels.web.test_two_tenants_pages import Browser

FILES = (".csv", ".xlsx", ".svg", ".yaml", ".zip", "/file", "/live")
NO_PLACES = {
    "/palette": "it is the list of places itself",
    "/custody/take-over": "asks about subscriptions that were ticked before",
    "/custody/hand-back": "asks about subscriptions that were ticked before",
}
NO_DEEDS = {
    "/deal-purchases/{subscription_id}": "leads from a deal's page, once for each purchase",
    "/deal-reminders/{reminder_id}/close": "stands beside what is due",
    "/reminders/{reminder_id}/close": "stands beside what is due",
    "/tasks/{task_id}/retry": "is the page of the task",
    "/webhooks/{notice_id}/retry": "stands on the webhook's page",
    "/consent/questions/{question_id}": "stands beside what needs a person",
    "/signals/{signal_id}/settle": "stands beside the signal",
    "/assurance/rules/{kind}": "stands beside its rule",
    "/assurance/posture/{risk}": "stands on the page of all risks",
    "/assurance/destinations/{destination_id}/end": "stands beside the destination",
    "/approvals/standing/{standing_id}/revoke": "stands beside the standing approval",
    "/approvals/{approval_id}/standing": "stands on the approval's page",
    "/policies/templates/{template}": "stands on the page that writes policies",
    "/policies/{number}/activate": "stands on the bundle's page",
    "/policies/{number}/try": "stands on the bundle's page",
    "/policies/{number}/stop-trying": "stands on the bundle's page",
    "/evidence/{entry_id}/erase": "stands on the entry's page",
    "/accounts/verification/{programme}/documents/add": "stands on the verification's page",
    "/accounts/verification/{programme}/documents/{document_id}/remove": "stands beside the document",
    "/accounts/readiness/{offer_id}/probe": "stands on the offer's page",
    "/agents/{agent_id}/lift/{containment_id}": "stands beside the containment",
    "/agents/{agent_id}/release/promote": "stands on the release's page",
    "/agents/{agent_id}/release/run/{suite_id}": "stands beside the suite",
    "/incidents/{incident_id}/notices/{notice_id}": "stands on the incident's page",
    "/usage/hours/{count_id}/release": "stands on the hour's page",
    "/usage/hours/{count_id}/refuse": "stands on the hour's page",
    "/payouts/months/{month}/journal": "stands beside the month",
    "/payouts/months/{month}/close": "stands beside the month",
    "/payouts/payments/{payment_id}/workpaper": "stands beside the payment",
    "/payouts/files/{sha256}/withdraw": "stands beside the file",
    "/settings/invitations/{invitation_id}/withdraw": "stands beside the invitation",
    "/settings/keys/witnesses/{name}/remove": "stands beside the witness",
    "/settings/messages/wordings/{code}": "stands beside the message",
    "/settings/landing/level": "is a part of the look's page",
    "/opportunities/charts/{name}": "is a picture",
    "/guide/{step}": "is a step of the guide",
}


@pytest.fixture
def owner(sqlite_stage: Stage) -> Browser:
    return Browser(stage=sqlite_stage, cookie=sqlite_stage.owner_cookie)


def hits_of(answer: httpx.Response) -> dict[str, str]:
    """Return where what was found leads, by what it says."""
    assert answer.status_code == 200, answer.text
    found = [item.all("a")[0] for part in read(answer.text).all("ol", **{"class": "hits"}) for item in part.all("li")]
    return {link.attributes["href"]: link.text for link in found}


def search(stage: Stage, text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = stage.call("GET", "/api/v1/search", stage.owner_token, params={"text": text}).json()
    return found


def test_every_beginning_of_an_id_is_one_that_the_search_knows() -> None:
    source = Path(fairkeeper.__file__).parent
    made = {
        prefix
        for path in source.rglob("*.py")
        for prefix in re.findall(
            r'(?:new_id\("|f")([a-z]{3})(?:"\)|_\{(?:new_ulid|self\.ulid))', path.read_text("utf-8")
        )
    }
    assert {"cus", "dec", "ent", "agt"} <= made
    known = {kind.prefix for kind in KINDS}
    assert made - known - WITHOUT_PAGE.keys() == set()
    assert known & WITHOUT_PAGE.keys() == set()


def test_every_kind_of_id_leads_to_a_page_that_opens(sqlite_stage: Stage, owner: Browser, failures: list[Any]) -> None:
    tried = []
    for kind in KINDS:
        statement = select(kind.row).where(kind.key.like(f"{kind.prefix}_%") if kind.prefix else kind.key.is_not(None))
        with sqlite_stage.installation.database.read() as session:
            row = session.scalars(statement.order_by(kind.key).limit(1)).first()
        if row is None or not (kind.prefix or kind.guids) or kind.row is MessageRow:
            continue
        key = str(getattr(row, kind.key.key))
        is_shaped = our_id(key) is not None or guid_bounds(key) is not None  # not all that tests wrote is
        listed = search(sqlite_stage, key.upper() if is_shaped else key)
        pages = [hit["page"] for hit in listed if hit["kind"] == kind.name and hit["id"] == key]
        assert len(pages) == 1, (kind.name, key, listed)
        answer = owner.get(pages[0])
        assert answer.status_code in {200, 303}, (kind.name, pages[0], answer.status_code)
        if is_shaped:
            assert key in {hit["id"] for hit in search(sqlite_stage, key[:-2])}, (kind.name, key)
        tried.append(kind.name)
    assert len(tried) > 30, tried
    assert failures == []


@pytest.mark.parametrize("text", ["contoso", "CONTOSO", "cöntoso"])
def test_a_name_is_found_without_case_and_accents(sqlite_stage: Stage, owner: Browser, text: str) -> None:
    assert f"/customers/{sqlite_stage.contoso.slug}" in hits_of(owner.get(f"/search?q={text}"))


def test_an_amount_is_found_with_and_without_currency_and_separators(sqlite_stage: Stage, owner: Browser) -> None:
    deals = sqlite_stage.call("GET", "/api/v1/deals", sqlite_stage.owner_token).json()["deals"]
    deal = deals[0]
    plain = f"{float(deal['total']):,.2f}"
    for text in (deal["total"], plain, f"{plain} {deal['currency']}", f"{deal['currency']} {deal['total']}"):
        answer = sqlite_stage.call("GET", "/api/v1/search", sqlite_stage.owner_token, params={"text": text})
        assert deal["slug"] in {hit["page"].rpartition("/")[2] for hit in answer.json()}, text
    other = "EUR" if deal["currency"] != "EUR" else "USD"
    answer = sqlite_stage.call("GET", "/api/v1/search", sqlite_stage.owner_token, params={"text": f"{plain} {other}"})
    assert answer.json() == []


@pytest.mark.parametrize("role", ["customer_admin", "customer_user"])
def test_a_customers_people_find_their_own_and_nothing_else(sqlite_stage: Stage, role: str) -> None:
    stage = sqlite_stage
    ours, theirs = stage.contoso, stage.fabrikam
    browser = Browser(stage=stage, cookie=ours.cookies[role])
    assert "/" in hits_of(browser.get(f"/search?q={ours.name}"))
    assert f"/subscriptions/{ours.subscription_id}" in hits_of(browser.get(f"/search?q={ours.subscription_id[:12]}"))
    for text in (theirs.name, theirs.slug, theirs.subscription_id, theirs.tenant_id, theirs.customer_id):
        assert hits_of(browser.get(f"/search?q={text}")) == {}, text
    for kind in KINDS:
        if not issubclass(kind.row, CustomerOwned) or not kind.prefix:
            continue
        with stage.installation.database.read() as session:
            row = session.scalars(select(kind.row).where(kind.row.customer_id == theirs.customer_id).limit(1)).first()
        if row is not None:
            assert hits_of(browser.get(f"/search?q={getattr(row, kind.key.key)}")) == {}, kind.name


def test_every_page_of_the_console_is_in_the_palette() -> None:
    places = {place.href for place in PLACES}
    missing = [
        way.path
        for way in WAYS
        if way.method == "GET"
        and way.audience is not Audience.ANYBODY
        and "{" not in way.path
        and not way.path.endswith(FILES)
        and way.path not in places | NO_PLACES.keys() | NO_DEEDS.keys()
    ]
    assert missing == []
    known = {way.path for way in WAYS if way.method == "GET"}
    assert places <= known, "a place that leads nowhere"


def test_every_action_on_a_thing_is_in_the_palette() -> None:
    deeds = {deed.path.rpartition("/")[2] for deed in DEEDS}
    missing = [
        way.path
        for way in WAYS
        if way.method == "GET"
        and way.audience is not Audience.ANYBODY
        and "{" in way.path
        and not way.path.endswith((*FILES, "}"))
        and way.path.rpartition("/")[2] not in deeds
        and way.path not in NO_DEEDS
    ]
    assert missing == []


def _palette(stage: Stage, cookie: str, text: str = "") -> dict[str, str]:
    return hits_of(Browser(stage=stage, cookie=cookie).get(f"/palette?q={text}"))


def test_the_palette_offers_exactly_what_opens(sqlite_stage: Stage, failures: list[Any]) -> None:
    stage = sqlite_stage
    who: list[tuple[str, Tenant | None]] = [(stage.owner_cookie, None)]
    who += [(cookie, stage.contoso) for role, cookie in stage.contoso.cookies.items() if role != "service"]
    for cookie, tenant in who:
        offered = _palette(stage, cookie)
        assert len(offered) > (60 if tenant is None else 5)
        browser = Browser(stage=stage, cookie=cookie)
        for href in offered:
            status = browser.get(href).status_code
            # Nothing may have been handed over yet; that somebody may not is what it must never answer.
            assert status in {200, 303, 404, 409}, (href, status, tenant)
            assert status != 404 or tenant is None, (href, tenant)
    assert failures == []


def test_the_palette_does_something_with_what_it_finds(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    found = _palette(stage, stage.owner_cookie, f"revoke {stage.contoso.name}")
    assert found[f"/customers/{stage.contoso.slug}/revoke"].startswith("Revoke ")
    found = _palette(stage, stage.owner_cookie, f"paus {stage.contoso.subscription_id}")
    assert f"/subscriptions/{stage.contoso.subscription_id}/pause" in found
    found = _palette(stage, stage.contoso.cookies["customer_user"], f"pause {stage.contoso.subscription_id}")
    assert not any(href.endswith("/pause") for href in found), "a user stops nothing"


def test_the_palette_finds_pages_by_their_words(sqlite_stage: Stage) -> None:
    found = _palette(sqlite_stage, sqlite_stage.owner_cookie, "witness")
    assert next(iter(found)) == "/settings/keys"
    assert _palette(sqlite_stage, sqlite_stage.owner_cookie, "qqqq") == {}
