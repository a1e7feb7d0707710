"""The pretend storefront as a person's browser without JavaScript uses it: links, forms, redirects."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID
from tests.contracts.sandbox_stage import ADA, CARL, CORA, NORA, Stage, sandbox


@pytest.fixture
def stage() -> Iterator[Stage]:
    with sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    """One sandbox for tests that look only at what they bought themselves and move neither clock nor faults."""
    with sandbox() as running:
        yield running


def page(stage: Stage, path: str, status: int = 200) -> str:
    answer = stage.client.get(path)
    assert answer.status_code == status, answer.text
    assert "Sandbox: a pretend Microsoft Marketplace" in answer.text
    assert "<script" not in answer.text
    return html.unescape(answer.text)


def send(stage: Stage, path: str, **form: str) -> Any:
    return stage.client.post(path, data=form)


def bought_in_storefront(stage: Stage, plan_id: str = "team", **form: str) -> str:
    answer = send(stage, f"/buy/{plan_id}", **{"purchaser": CORA, **form})
    assert answer.status_code == 303, answer.text
    return str(urlsplit(answer.headers["location"]).path.rpartition("/")[2])


def test_the_front_page_sells_every_plan_of_the_publisher_and_no_other(shared: Stage) -> None:
    text = page(shared, "/")
    assert set(re.findall(r'href="/buy/([a-z-]+)"', text)) == {
        "team",
        "team-plus",
        "team-annual",
        "starter",
        "trial",
        "business",
        "enterprise",
    }


def test_every_link_of_the_storefront_leads_somewhere(stage: Stage) -> None:
    stage.buy_active()
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = page(stage, path)
        waiting += [link.partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', text)]
    assert len(seen) > 15


def test_a_person_buys_and_is_sent_to_the_landing_page(stage: Stage) -> None:
    answer = send(stage, "/buy/team", purchaser=CORA, quantity="7", name="Ours")
    text = page(stage, answer.headers["location"])
    assert "One step is left" in text
    assert "Configure account now" in text
    bought = urlsplit(answer.headers["location"]).path
    landing = send(stage, f"{bought}/configure")
    assert landing.status_code == 303
    token = parse_qs(urlsplit(landing.headers["location"]).query)["token"][0]
    resolved = stage.api("POST", "/resolve", headers={"x-ms-marketplace-token": token}).json()
    assert (resolved["quantity"], resolved["subscriptionName"]) == (7, "Ours")


def test_buying_for_another_company_shows_both(stage: Stage) -> None:
    bought = bought_in_storefront(stage, quantity="7", beneficiary=NORA)
    text = page(stage, f"/subscriptions/{bought}")
    assert "cora.contoso@contoso.example, Contoso" in text
    assert "nora.northwind@northwind.example, Northwind" in text
    found = stage.api("GET", f"/{bought}").json()
    assert found["name"] == "Fairmile Assistant for Northwind"


@pytest.mark.parametrize(("choice", "status"), [("yes", "Subscribed"), ("no", "PendingFulfillmentStart")])
def test_activation_can_be_chosen_against_the_plan(shared: Stage, choice: str, status: str) -> None:
    plan_id = "business" if choice == "yes" else "starter"
    assert shared.status(bought_in_storefront(shared, plan_id, auto_activation=choice)) == status


def test_a_refused_purchase_says_why_and_keeps_what_was_typed(stage: Stage) -> None:
    answer = send(stage, "/buy/team", purchaser=CARL, quantity="501", name='<b>"Ours"')
    assert answer.status_code == 422
    text = html.unescape(answer.text)
    assert "Plan 'team' takes 1 to 500 seats, got 501." in text
    assert f'value="{CARL}" selected' in text
    assert 'value="501"' in text
    assert "<b>" not in answer.text
    assert stage.control("GET", "/subscriptions")["total"] == 0


@pytest.mark.parametrize("quantity", ["", "seven", "1.5", "-3"])
def test_a_number_of_seats_that_is_none_is_refused(shared: Stage, quantity: str) -> None:
    assert send(shared, "/buy/team", purchaser=CORA, quantity=quantity).status_code == 422


def test_the_customer_manages_the_subscription(stage: Stage) -> None:
    bought = stage.buy_active()
    path = f"/subscriptions/{bought}"
    assert "Change plan" in page(stage, path)
    assert send(stage, f"{path}/change-quantity", quantity="12").status_code == 303
    text = page(stage, path)
    assert "ChangeQuantity waits for Fairmile Software to answer" in text
    assert "Change plan" not in text
    refused = send(stage, f"{path}/change-plan", plan_id="team-plus")
    assert (refused.status_code, "is locked" in refused.text) == (409, True)
    send(stage, f"{path}/auto-renew", is_on="no")
    assert stage.api("GET", f"/{bought}").json()["autoRenew"] is False
    send(stage, f"{path}/cancel")
    assert stage.status(bought) == "Unsubscribed"
    assert "Manage account" not in page(stage, path)


def test_the_user_of_a_resellers_purchase_may_only_read(stage: Stage) -> None:
    bought = stage.buy_active(purchaser=ADA, beneficiary=CORA, reseller=True)
    found = stage.api("GET", f"/{bought}").json()
    user, reseller = found["beneficiary"]["tenantId"], found["purchaser"]["tenantId"]
    assert "Adatum bought this for you" in page(stage, f"/subscriptions/{bought}?as={user}")
    assert send(stage, f"/subscriptions/{bought}/cancel", **{"as": user}).status_code == 422
    assert "Change plan" in page(stage, f"/subscriptions/{bought}?as={reseller}")
    assert send(stage, f"/subscriptions/{bought}/cancel", **{"as": reseller}).status_code == 303


def test_a_company_sees_its_own_subscriptions_and_what_it_bought_for_others(stage: Stage) -> None:
    stage.buy(beneficiary=NORA, name="For Northwind")
    stage.buy(name="For Contoso")
    tenants = {each["name"]: each["id"] for each in stage.control("GET", "/catalog")["tenants"]}
    assert "For Northwind" in page(stage, f"/companies/{tenants['Northwind']}")
    assert "For Contoso" not in page(stage, f"/companies/{tenants['Northwind']}")
    assert "For Northwind" in page(stage, f"/companies/{tenants['Contoso']}")
    assert "bought nothing yet" in page(stage, f"/companies/{tenants['Litware']}")


@pytest.mark.parametrize(
    "path", ["/nothing", "/buy/gold", "/subscriptions/x", "/companies/x", f"/companies/{PUBLISHER_TENANT_ID}"]
)
def test_a_page_that_is_not_there_says_so(shared: Stage, path: str) -> None:
    text = page(shared, path, 422 if path == "/buy/gold" else 404)
    assert "To the storefront" in text


def test_the_operator_lets_things_happen(stage: Stage) -> None:
    bought = stage.buy_active()
    path = f"/operator/subscriptions/{bought}"
    assert "Payment fails" in page(stage, "/operator")
    send(stage, f"{path}/suspend")
    assert stage.status(bought) == "Suspended"
    assert "Payment arrives" in page(stage, "/operator")
    send(stage, f"{path}/reinstate")
    assert len(stage.api("GET", f"/{bought}/operations").json()["operations"]) == 1
    send(stage, f"{path}/expire")
    assert stage.status(bought) == "Unsubscribed"
    assert send(stage, f"{path}/suspend").status_code == 409
    assert send(stage, f"{path}/dance").status_code == 404


def test_the_operator_moves_the_clock_and_sets_faults_and_addresses(stage: Stage) -> None:
    assert send(stage, "/operator/clock", days="2", hours="1.5").status_code == 303
    assert "2 days and 1 hour ahead of real time" in page(stage, "/operator")
    send(
        stage, "/operator/faults", lose_next="2", fail_status="429", forgery="unsigned", **{"quirk.loose-values": "yes"}
    )
    faults = stage.control("GET", "/faults")
    assert (faults["lose_next"], faults["fail_status"], faults["quirks"]) == (2, 429, ["loose-values"])
    send(stage, "/operator/publisher", landing_url="https://elsewhere.example/landing", webhook_url="")
    assert stage.control("GET", "/publisher") == {
        "landing_url": "https://elsewhere.example/landing",
        "webhook_url": None,
    }


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/operator/clock", {"days": "soon"}),
        ("/operator/clock", {"days": "-1"}),
        ("/operator/clock", {"days": "nan"}),
        ("/operator/clock", {"days": "1e300"}),
        ("/operator/faults", {"lose_next": "-1"}),
        ("/operator/faults", {"fail_status": "200"}),
        ("/operator/faults", {"quirk.nothing": "yes"}),
        ("/operator/publisher", {"landing_url": "javascript:alert(1)"}),
    ],
)
def test_the_operator_is_told_what_was_wrong(shared: Stage, path: str, form: dict[str, str]) -> None:
    before = shared.control("GET", "/faults"), shared.control("GET", "/clock"), shared.control("GET", "/publisher")
    assert send(shared, path, **form).status_code == 422
    assert before == (
        shared.control("GET", "/faults"),
        shared.control("GET", "/clock"),
        shared.control("GET", "/publisher"),
    )


def test_pages_may_not_run_scripts_or_be_framed(shared: Stage) -> None:
    policy = shared.client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
