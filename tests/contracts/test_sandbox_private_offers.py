"""A private offer after its submission: acceptance, purchase, its charges, expiry, the channel partner's step.

PO: Private offers for customers and its FAQ. MPO: Multiparty private offers for ISVs and for selling partners; Create a
multiparty private offer for a customer; Manage existing private offers via API. FLEX: Flexible billing schedule. SUB: SaaS
fulfillment Subscription APIs v2. ASSUMED: a labelled assumption of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.ingestion_stage import (
    BUSINESS,
    DESK,
    EIGHTY_MILLION,
    ENTERPRISE,
    LITWARE,
    OFFER,
    SEEDED,
    Ingestion,
    billing_account,
    discount,
    flexible,
    ingestion_sandbox,
    made_plan,
    offer,
    partner_of,
    price,
)
from tests.contracts.sandbox_stage import CARL, CORA, NORA


@pytest.fixture
def api() -> Iterator[Ingestion]:
    with ingestion_sandbox() as running:
        yield running


def guid(document: dict[str, Any]) -> str:
    return str(document["id"]).partition("/")[2]


def accept(api: Ingestion, private_offer_id: str, person: str = CORA) -> dict[str, Any]:
    found: dict[str, Any] = api.stage.control("POST", f"/private-offers/{private_offer_id}/accept", {"person": person})
    return found


def refused(api: Ingestion, path: str, body: dict[str, Any]) -> tuple[int, str]:
    answer = api.stage.client.post(f"/sandbox{path}", json=body)
    told = answer.json()
    assert told["message"]
    assert told["remedy"]
    return answer.status_code, told["code"]


def flexible_deal(api: Ingestion, **changes: Any) -> str:
    """Make the worked deal of eighty millions for Contoso."""
    sent = offer(billing_account(api), made_plan(), offerPricingType="saasNewCustomizedPlans", **changes)
    return guid(api.made(price(EIGHTY_MILLION), sent))


def buy(api: Ingestion, private_offer_id: str, plan_id: str, **changes: Any) -> str:
    return api.stage.buy(plan_id, **{"purchaser": CARL, "private_offer_id": private_offer_id, **changes})


# --------------------------------------------------------------------------------------------------------- accepting


def test_accepting_bills_nothing_and_makes_the_price_available(api: Ingestion) -> None:
    """PO: accepting starts no billing; afterwards somebody buys."""
    private_offer_id = flexible_deal(api)
    assert refused(api, "/purchases", {"plan_id": "contoso-enterprise-3y", "purchaser": CARL}) == (
        422,
        "sandbox.plan_unavailable",
    )
    accepted = accept(api, private_offer_id)
    assert (accepted["status"], accepted["accepted_by"]) == ("Accepted", CORA)
    assert api.stage.control("GET", "/subscriptions")["total"] == 0
    read = api.read(f"private-offer/{private_offer_id}")
    assert (read["state"], read["subState"]) == ("live", "accepted")


@pytest.mark.parametrize("person", [CARL, NORA])
def test_only_those_of_the_billing_account_accept(api: Ingestion, person: str) -> None:
    """PO: an owner or contributor of the billing account, or an administrator of the enrolment."""
    told = refused(api, f"/private-offers/{flexible_deal(api)}/accept", {"person": person})
    assert told == (403, "sandbox.private_offer_not_for_acceptor")


def test_an_offer_is_accepted_once(api: Ingestion) -> None:
    private_offer_id = flexible_deal(api)
    accept(api, private_offer_id)
    told = refused(api, f"/private-offers/{private_offer_id}/accept", {"person": CORA})
    assert told == (409, "sandbox.private_offer_not_acceptable")


def test_drafts_and_withdrawn_offers_are_not_accepted(api: Ingestion) -> None:
    draft = api.made(offer(billing_account(api), state="draft"))
    assert refused(api, f"/private-offers/{guid(draft)}/accept", {"person": CORA})[0] == 409
    live = api.made(offer(billing_account(api)))
    api.made({**live, "state": "withdrawn"})
    assert refused(api, f"/private-offers/{guid(live)}/accept", {"person": CORA})[0] == 409


def test_an_offer_expires_after_the_last_day_to_accept(api: Ingestion) -> None:
    """PO: acceptBy is the expiry. ASSUMED: that day included, and the API has no word for what is over."""
    private_offer_id = flexible_deal(api)
    api.stage.move(days=23)
    assert api.stage.control("GET", f"/private-offers/{private_offer_id}")["status"] == "Pending acceptance"
    api.stage.move(days=1)
    assert api.stage.control("GET", f"/private-offers/{private_offer_id}")["status"] == "Expired"
    assert refused(api, f"/private-offers/{private_offer_id}/accept", {"person": CORA})[0] == 409
    assert api.read(f"private-offer/{private_offer_id}")["subState"] == "pendingAcceptance"


def test_nobody_knows_an_offer_that_does_not_exist(api: Ingestion) -> None:
    path = "/private-offers/99999999-0000-4000-8000-000000000009/accept"
    assert refused(api, path, {"person": CORA}) == (404, "sandbox.private_offer_unknown")


# ----------------------------------------------------------------------------------------------------------- buying


def test_a_customised_plan_is_bought_with_its_dated_charges(api: Ingestion) -> None:
    """FLEX: the first charge at purchase, the others on their days; SUB: termUnit is the contract's length."""
    private_offer_id = flexible_deal(api)
    accept(api, private_offer_id)
    bought = buy(api, private_offer_id, "contoso-enterprise-3y", auto_activation=True)
    subscription = api.stage.control("GET", f"/subscriptions/{bought}")
    assert (subscription["planId"], subscription["offerId"]) == ("contoso-enterprise-3y", "fairmile-desk")
    assert (subscription["term"]["termUnit"], subscription["privateOfferId"]) == ("P3Y", private_offer_id)
    assert [(each["on"], each["amount"], each["note"]) for each in subscription["charges"]] == [
        ("2026-11-22", "2000000", "Setup fee"),
        ("2027-01-01", "5000000", "Year 1 installment 2"),
        ("2027-07-15", "3000000", "Year 1 installment 3"),
        ("2028-01-01", "10000000", "Year 2 installment 1"),
        ("2028-07-15", "10000000", "Year 2 installment 2"),
        ("2029-01-01", "20000000", "Year 3 installment 1"),
        ("2029-07-15", "30000000", "Year 3 installment 2"),
    ]


def test_the_bought_plan_names_its_private_offer(api: Ingestion) -> None:
    """SUB, List available plans: with planId, sourceOffers[].externalId."""
    private_offer_id = flexible_deal(api)
    accept(api, private_offer_id)
    bought = buy(api, private_offer_id, "contoso-enterprise-3y")
    plans = api.stage.api("GET", f"/{bought}/listAvailablePlans", params={"planId": "contoso-enterprise-3y"}).json()
    (plan,) = plans["plans"]
    assert plan["sourceOffers"] == [{"externalId": private_offer_id}]
    assert (plan["isPrivate"], plan["displayName"]) == (True, "Enterprise for Contoso")
    assert plan["planComponents"]["recurrentBillingTerms"][0]["price"] == 80_000_000
    assert [
        each["dimensionId"] for each in plan["planComponents"]["recurrentBillingTerms"][0]["meteredQuantityIncluded"]
    ]


def test_a_plan_made_for_one_deal_is_nobody_elses(api: Ingestion) -> None:
    """PO: a customised plan is for the customer of the offer; it is in no listing and in no change of plan."""
    private_offer_id = flexible_deal(api)
    accept(api, private_offer_id)
    assert "contoso-enterprise-3y" not in api.stage.client.get("/").text
    other = api.stage.buy_active("business")
    listed = api.stage.api("GET", f"/{other}/listAvailablePlans").json()["plans"]
    assert "contoso-enterprise-3y" not in {each["planId"] for each in listed}
    body = {"plan_id": "contoso-enterprise-3y", "purchaser": NORA, "private_offer_id": private_offer_id}
    assert refused(api, "/purchases", body) == (422, "sandbox.private_offer_not_for_buyer")
    body = {"plan_id": "contoso-enterprise-3y", "purchaser": CORA}
    assert refused(api, "/purchases", body) == (422, "sandbox.plan_unavailable")
    body = {"plan_id": "starter", "purchaser": CORA, "private_offer_id": private_offer_id}
    assert refused(api, "/purchases", body) == (422, "sandbox.private_offer_not_for_buyer")


def test_a_plan_made_for_a_deal_activates_by_itself(api: Ingestion) -> None:
    """ASSUMED: as new plans do."""
    private_offer_id = flexible_deal(api)
    accept(api, private_offer_id)
    assert api.stage.status(buy(api, private_offer_id, "contoso-enterprise-3y")) == "Subscribed"


def test_a_flexible_deal_keeps_its_plan_and_binds_after_72_hours(api: Ingestion) -> None:
    """FLEX: no plan change after the purchase; cancelled within 72 hours only."""
    private_offer_id = flexible_deal(api)
    accept(api, private_offer_id)
    early = buy(api, private_offer_id, "contoso-enterprise-3y")
    assert refused(api, f"/subscriptions/{early}/change-plan", {"plan_id": "starter"}) == (
        422,
        "sandbox.plan_unavailable",
    )
    late = buy(api, private_offer_id, "contoso-enterprise-3y")
    api.stage.control("POST", f"/subscriptions/{early}/cancel")
    api.stage.move(hours=73)
    assert refused(api, f"/subscriptions/{late}/cancel", {}) == (409, "sandbox.payments_due")


def test_a_renewal_is_at_the_public_price_and_without_a_schedule(api: Ingestion) -> None:
    """FLEX: a renewal follows the public price and its schedule."""
    private_offer_id = flexible_deal(api)
    accept(api, private_offer_id)
    bought = buy(api, private_offer_id, "contoso-enterprise-3y")
    api.stage.control("POST", f"/subscriptions/{bought}/renew")
    renewed = api.stage.control("GET", f"/subscriptions/{bought}")
    assert (renewed["term"]["termUnit"], renewed["charges"]) == ("P1Y", [])


def test_a_private_price_begins_on_its_start_date(api: Ingestion) -> None:
    """PO: accept early if you like, but buy after the start date."""
    fixed = api.made(offer(billing_account(api), variableStartDate=False, start="2026-12-01", end="2026-12-31"))
    accept(api, guid(fixed))
    body = {"plan_id": "business", "purchaser": CARL, "private_offer_id": guid(fixed)}
    assert refused(api, "/purchases", body) == (422, "sandbox.private_offer_not_running")
    api.stage.move(days=9)
    assert buy(api, guid(fixed), "business")
    api.stage.move(days=31)
    assert refused(api, "/purchases", body) == (422, "sandbox.private_offer_not_running")
    assert api.stage.control("GET", f"/private-offers/{guid(fixed)}")["status"] == "Ended"


def test_a_discount_is_taken_off_the_public_price(api: Ingestion) -> None:
    """PO: percentage of the public price; the line without a plan holds for every plan of the product."""
    whole = {"product": DESK, "discountType": "percentage", "discountPercentage": 12.5}
    made = api.made(offer(billing_account(api), whole))
    accept(api, guid(made))
    lines = api.stage.control("GET", f"/private-offers/{guid(made)}")["lines"]
    assert {each["plan_id"]: each["amount"] for each in lines} == {
        "starter": "86.63",
        "trial": "86.63",
        "business": "699.13",
        "enterprise": "21000.00",
    }
    bought = api.stage.control("GET", f"/subscriptions/{buy(api, guid(made), 'business')}")
    assert (bought["planId"], bought["term"]["termUnit"], bought["charges"]) == ("business", "P1M", [])


def test_ten_plans_are_sold_with_a_price_each(api: Ingestion) -> None:
    """FLEX: up to ten plans, each with its own schedule."""
    rows = [made_plan(f"price-{n}", f"contoso-{n}") for n in range(10)]
    prices = [price(flexible((None, n, ""), ("2027-03-01", 10, "")), f"price-{n}") for n in range(10)]
    made = api.made(*prices, offer(billing_account(api), *rows, offerPricingType="saasNewCustomizedPlans"))
    accept(api, guid(made))
    lines = api.stage.control("GET", f"/private-offers/{guid(made)}")["lines"]
    assert [each["amount"] for each in lines] == [str(10 + n) for n in range(10)]
    assert (
        api.stage.control("GET", f"/subscriptions/{buy(api, guid(made), 'contoso-7')}")["charges"][0]["amount"] == "7"
    )


def test_a_market_has_a_price_of_its_own(api: Ingestion) -> None:
    """THIRD and ASSUMED: a schedule beside each currency. PO: the currency is that of the billing country."""
    pounds = {
        "initialCharge": {"price": 0},
        "billingSchedule": [{"chargeDate": "2027-03-01", "price": 1_000.55, "note": "Year 1"}],
        "price": 1_000.55,
    }
    yen = {"initialCharge": {"price": 0}, "billingSchedule": [{"chargeDate": "2027-03-01", "price": 200_000}]}
    item = {
        "contractDuration": {"type": "year", "value": 1},
        "prices": [
            {"currency": "GBP", "markets": ["GB"], "flexibleSchedule": pounds},
            {"currency": "JPY", "markets": ["JP"], "flexibleSchedule": yen},
        ],
    }
    priced = price(item, plan=BUSINESS, priceInputOption="perMarket")
    row = made_plan(new_id="local-1y", base=BUSINESS)
    kind = {"offerPricingType": "saasNewCustomizedPlans"}
    made = api.made(priced, offer(billing_account(api, "Northwind"), row, **kind))
    (line,) = api.stage.control("GET", f"/private-offers/{guid(made)}")["lines"]
    assert (line["currency"], line["amount"], line["charges"][1]["note"]) == ("GBP", "1000.55", "Year 1")
    (told,) = api.failed(priced, offer(billing_account(api), made_plan(new_id="local-2", base=BUSINESS), **kind))
    assert told == "Conflict: There is no price for the market US of the billing account"


def test_what_was_accepted_is_sold_after_a_restart(tmp_path: Path) -> None:
    with ingestion_sandbox(tmp_path) as api:
        private_offer_id = flexible_deal(api)
        accept(api, private_offer_id)
        bought = buy(api, private_offer_id, "contoso-enterprise-3y")
    with ingestion_sandbox(tmp_path) as api:
        kept = api.stage.control("GET", f"/subscriptions/{bought}")
        assert [each["amount"] for each in kept["charges"]][-1] == "30000000"
        again = buy(api, private_offer_id, "contoso-enterprise-3y")
        assert api.stage.control("GET", f"/subscriptions/{again}")["term"]["termUnit"] == "P3Y"


def test_the_first_customers_offer_is_bought_by_either_of_its_people(api: Ingestion) -> None:
    assert api.stage.status(buy(api, SEEDED, "enterprise", purchaser=CORA)) == "PendingFulfillmentStart"
    assert buy(api, SEEDED, "enterprise")


# ------------------------------------------------------------------------------------------------------- multiparty


def shared_offer(api: Ingestion, *rows: dict[str, Any], prices: tuple[dict[str, Any], ...] = (), **changes: Any) -> Any:
    """Make a multiparty offer of the publisher for Contoso with Litware as its channel partner."""
    wanted = offer(
        billing_account(api),
        *rows,
        privateOfferType="multipartyPromotionOriginator",
        partners=[{"id": LITWARE, "partnerName": "Litware", "location": "United States"}],
        notes="For Litware",
        **changes,
    )
    return api.made(*prices, wanted)


def completed(read: dict[str, Any], *markups: float, **changes: Any) -> dict[str, Any]:
    """Return what a channel partner sends: what was read, with a percentage on each line."""
    rows = [{**row, "markupPercentage": markup} for row, markup in zip(read["originatorPricing"], markups, strict=True)]
    added = {"state": "live", "preparedBy": "sales@litware.example", "originatorPricing": rows}
    return {**read, **added, **changes}


def test_a_multiparty_offer_goes_to_the_partner_and_then_to_the_customer(api: Ingestion) -> None:
    """MPO: the originator submits for the partner's eyes; the partner completes it for the customer's."""
    made = shared_offer(api, discount(20))
    assert (made["state"], made["subState"], "acceptanceLinks" in made) == ("live", "pendingPartnerAction", False)
    assert refused(api, f"/private-offers/{guid(made)}/accept", {"person": CORA})[0] == 409
    partner = partner_of(api)
    read = partner.read(made["id"])
    assert (read["privateOfferType"], read["state"]) == ("multipartyPromotionChannelPartner", "draft")
    assert [row["plan"] for row in read["originatorPricing"]] == [BUSINESS]
    assert not {"pricing", "notes", "preparedBy", "upgradedFrom"} & read.keys()
    assert read["notificationContacts"] == []
    sent = partner.made(completed(read, 10.52631579, notificationContacts=["sales@litware.example"]))
    assert (sent["state"], sent["subState"]) == ("live", "pendingAcceptance")
    assert sent["acceptanceLinks"][0]["link"].endswith(guid(made))
    assert sent["originatorPricing"][0]["markupPercentage"] == 10.52631579
    mine = api.read(made["id"])
    assert (mine["subState"], "markupPercentage" in mine["pricing"][0]) == ("pendingAcceptance", False)
    assert mine["notificationContacts"] == ["percy.partner@fairmile.example"]
    assert "acceptanceLinks" not in mine  # the seller presents the offer to the customer
    accept(api, guid(made))
    assert {api.read(made["id"])["subState"], partner.read(made["id"])["subState"]} == {"accepted"}


def test_the_adjustment_holds_for_every_charge(api: Ingestion) -> None:
    """MPO: customer price = partner price × (1 + p). FLEX: proportionally on every line. ASSUMED: rounded each."""
    deal = flexible((None, 95, "Start"), ("2027-03-01", 1_000, ""), ("2027-06-01", 0.05, ""), years=1)
    made = shared_offer(api, made_plan(), prices=(price(deal),), offerPricingType="saasNewCustomizedPlans")
    partner = partner_of(api)
    partner.made(completed(partner.read(made["id"]), 10.52631579))
    accept(api, guid(made))
    bought = api.stage.control("GET", f"/subscriptions/{buy(api, guid(made), 'contoso-enterprise-3y')}")
    assert [each["amount"] for each in bought["charges"]] == ["105.00", "1105.26", "0.06"]


def test_the_partner_may_not_change_the_originators_part(api: Ingestion) -> None:
    """MPO: all but the markup is read-only; no markup above a discount in percent."""
    made = shared_offer(api, discount(5))
    partner = partner_of(api)
    read = partner.read(made["id"])
    other = completed(read, 1)
    other["originatorPricing"][0]["plan"] = ENTERPRISE
    assert partner.failed(other) == ["Conflict: The lines of originatorPricing are not those of the private offer"]
    assert partner.failed(completed(read, 5.1)) == ["Conflict: The adjustment 5.1 % exceeds the discount of 5 %"]
    renamed = partner.made(completed(read, 5, name="Another name", end="2035-12-31"))
    assert (renamed["name"], renamed["end"]) == (made["name"], made["end"])


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"preparedBy": None}, "Contoso three years: preparedBy"),
        ({"originatorPricing": None}, "Contoso three years: originatorPricing"),
        ({"pricing": []}, "Contoso three years: pricing"),
        ({"id": None}, "Contoso three years: id"),
    ],
)
def test_the_partners_part_is_complete(api: Ingestion, changes: dict[str, Any], target: str) -> None:
    """MPO: preparedBy and markupPercentage are the partner's; the lines stand in originatorPricing."""
    made = shared_offer(api, discount(20))
    partner = partner_of(api)
    answer = partner.post({**completed(partner.read(made["id"]), 1), **changes})
    assert answer.status_code == 400
    assert target in [each["target"] for each in answer.json()["error"]["details"]]


def test_the_partner_withdraws_before_the_originator_does(api: Ingestion) -> None:
    """MPO, Manage: once the customer can accept, the partner withdraws first; the originator may then edit."""
    made = shared_offer(api, discount(20))
    partner = partner_of(api)
    partner.made(completed(partner.read(made["id"]), 1))
    withdrawal = {"$schema": OFFER, "id": made["id"], "name": made["name"], "state": "withdrawn"}
    by_originator = withdrawal | {"privateOfferType": "multipartyPromotionOriginator"}
    by_partner = withdrawal | {"privateOfferType": "multipartyPromotionChannelPartner"}
    assert api.failed(by_originator) == ["Conflict: The channel partner has to withdraw the private offer first"]
    assert partner.made(by_partner)["state"] == "withdrawn"
    assert api.read(made["id"])["subState"] == "pendingPartnerAction"
    assert api.made(by_originator)["state"] == "withdrawn"
    assert partner.call("GET", made["id"]).status_code == 404


def test_the_originator_withdraws_what_the_partner_has_not_published(api: Ingestion) -> None:
    """MPO, Manage: the ISV can withdraw while the partner has not made it available."""
    made = shared_offer(api, discount(20))
    gone = api.made({**made, "state": "withdrawn"})
    assert gone["state"] == "withdrawn"


def test_only_the_partner_that_was_named_sees_and_completes_it(api: Ingestion) -> None:
    """MPO: one partner an offer; only the originator deletes."""
    made = api.made(offer(billing_account(api)))
    partner = partner_of(api)
    foreign = {"$schema": OFFER, "id": made["id"], "name": "x", "privateOfferType": "multipartyPromotionChannelPartner"}
    assert partner.failed({**foreign, "state": "withdrawn"}) == [f"NotFound: There is no private offer '{made['id']}'"]
    shared = shared_offer(api, discount(20))
    deletion = {**foreign, "id": shared["id"], "state": "deleted"}
    assert partner.failed(deletion) == ["Conflict: A private offer that is with-partner cannot be set to deleted"]


def test_two_multiparty_offers_for_one_customer_plan_and_time_are_refused(api: Ingestion) -> None:
    """MPO: overlapping offers are blocked at submission."""
    shared_offer(api, discount(20))
    kind = {
        "privateOfferType": "multipartyPromotionOriginator",
        "partners": [{"id": LITWARE}],
        "name": "The same once more",
    }
    (told,) = api.failed(offer(billing_account(api), discount(30), **kind))
    assert told == "Conflict: 'Contoso three years' sells the same plan to this customer meanwhile"
    api.made(offer(billing_account(api), discount(30, ENTERPRISE), **kind))
    api.made(offer(billing_account(api, "Northwind"), discount(30), **kind))
    later = {"variableStartDate": False, "start": "2030-01-01", "end": "2030-12-31", "acceptBy": "2029-12-31"}
    api.made(offer(billing_account(api), discount(30), **{**kind, **later}))


def test_a_rehearsal_completes_a_multiparty_offer_in_one_call(api: Ingestion) -> None:
    made = shared_offer(api, discount(20))
    path = f"/private-offers/{guid(made)}/partner"
    assert refused(api, path, {"markup_percentage": "20.5"}) == (409, "sandbox.partner_step_refused")
    done = api.stage.control("POST", path, {"markup_percentage": "10.52631579"})
    assert (done["status"], done["partner"]) == ("Pending acceptance", "litware")
    (line,) = api.stage.control("GET", f"/private-offers/{guid(made)}")["lines"]
    assert (line["markup_percentage"], line["amount"]) == ("10.52631579", "706.48")
    assert refused(api, path, {"markup_percentage": "1"})[1] == "sandbox.partner_step_refused"


def test_offers_are_listed_newest_first_with_the_dashboards_words(api: Ingestion) -> None:
    flexible_deal(api)
    listed = api.stage.control("GET", "/private-offers")
    assert listed["total"] == 2
    assert [(each["name"], each["status"]) for each in listed["private_offers"]] == [
        ("Contoso three years", "Pending acceptance"),
        ("Three years of Enterprise", "Accepted"),
    ]


def test_billing_accounts_have_ids_of_both_agreements(api: Ingestion) -> None:
    """PO: two GUIDs and a date for a customer agreement, the number of an enrolment."""
    listed = api.stage.control("GET", "/billing-accounts")["billing_accounts"]
    ids = {each["company"]: each["id"] for each in listed}
    assert len(set(ids.values())) == 6
    assert ids["Contoso"].endswith("_2019-05-31")
    assert ids["Fabrikam"].isdigit()
    contoso = next(each for each in listed if each["company"] == "Contoso")
    assert (contoso["acceptors"], contoso["buyers"]) == ([CORA], [CARL, CORA])
