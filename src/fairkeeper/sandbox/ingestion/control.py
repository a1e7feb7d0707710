"""Private offers in the control API: what a rehearsal or a test does in the customer's and the channel partner's place.

Separate from the API, which is Microsoft's; here the offers are seen whole, with the dashboard's words.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from fairkeeper.errors import ConflictError
from fairkeeper.sandbox.directory import Directory
from fairkeeper.sandbox.ingestion.accounts import BillingAccount
from fairkeeper.sandbox.ingestion.desk import PrivateOfferDesk
from fairkeeper.sandbox.ingestion.identifiers import private_offer_id
from fairkeeper.sandbox.ingestion.lifecycle import dashboard_status, shown_state
from fairkeeper.sandbox.ingestion.records import Record
from fairkeeper.sandbox.ingestion.requests.shapes import CONFIGURE_SCHEMA, OFFER_SCHEMA, OfferType
from fairkeeper.sandbox.ingestion.selling import Line
from fairkeeper.sandbox.marketplace.buyers import find_person
from fairkeeper.sandbox.marketplace.terms import Charge
from fairkeeper.values.clock import format_instant


class PartnerStepRefusedError(ConflictError):
    """The channel partner's step is refused."""

    code = "sandbox.partner_step_refused"
    remedy = "Read the message; it is what the job of the channel partner would have told."


class AcceptanceInput(BaseModel):
    """Who accepts, by mail address or object id."""

    model_config = ConfigDict(extra="forbid")

    person: StrictStr = Field(max_length=200)


class PartnerInput(BaseModel):
    """What the channel partner adds: one percentage for every line."""

    model_config = ConfigDict(extra="forbid")

    markup_percentage: Decimal = Field(gt=0, le=100, description="Up to eight decimals.")
    prepared_by: StrictStr = Field(default="sales@litware.example", max_length=200)
    notes: StrictStr = Field(default="", max_length=60)


def private_offer_routes(desk: PrivateOfferDesk, directory: Directory) -> APIRouter:
    """Return the routes below `/sandbox`."""
    router = APIRouter()

    @router.get("/private-offers")
    def list_private_offers() -> dict[str, Any]:
        """List all private offers with the words of Partner Center's dashboard, newest first."""
        found = desk.records()
        return {"total": len(found), "private_offers": [summary(desk, each) for each in found[::-1]]}

    @router.get("/private-offers/{private_offer}")
    def read_private_offer(private_offer: str) -> dict[str, Any]:
        """Show a private offer as its customer gets it: plans, prices, charges, who accepted."""
        record = desk.find(private_offer)
        return {**summary(desk, record), "lines": [_line_json(each) for each in desk.lines(record)]}

    @router.post("/private-offers/{private_offer}/accept")
    def accept(private_offer: str, wanted: AcceptanceInput) -> dict[str, Any]:
        """Accept for the customer; afterwards its plans can be bought with `private_offer_id`."""
        accepted = desk.accept(private_offer, find_person(directory, wanted.person))
        return summary(desk, accepted)

    @router.post("/private-offers/{private_offer}/partner")
    def complete(private_offer: str, wanted: PartnerInput) -> dict[str, Any]:
        """Add the channel partner's percentage to every line of a multiparty offer and send it to the customer."""
        complete_as_partner(desk, private_offer, wanted)
        return summary(desk, desk.find(private_offer))

    @router.get("/billing-accounts")
    def list_billing_accounts() -> dict[str, Any]:
        """List the customers' billing accounts, and who may accept and buy."""
        return {"billing_accounts": [_billing_json(each, directory) for each in desk.accounts.billing]}

    return router


def complete_as_partner(desk: PrivateOfferDesk, private_offer: str, wanted: PartnerInput) -> None:
    """Do the channel partner's step, as at Partner Center.

    Raises:
        PrivateOfferUnknownError: There is no such private offer.
        SchemaError, PartnerStepRefusedError: It is refused.
    """
    record = desk.find(private_offer)
    partner = next((each for each in desk.accounts.sellers if each.id == record.partner_account_id), None)
    if partner is None:
        raise PartnerStepRefusedError(f"{record.offer.name!r} has no channel partner.")
    added = {"markupPercentage": float(wanted.markup_percentage), **({"notes": wanted.notes} if wanted.notes else {})}
    rows = [
        {name: row[name] for name in ("product", "plan", "basePlan") if name in row} | added
        for row in record.document["pricing"]
    ]
    offer = {
        "$schema": OFFER_SCHEMA,
        "id": private_offer_id(record.id),
        "name": record.offer.name,
        "privateOfferType": OfferType.CHANNEL_PARTNER.value,
        "state": "live",
        "preparedBy": wanted.prepared_by,
        "originatorPricing": rows,
    }
    outcome = desk.act_as(partner, {"$schema": CONFIGURE_SCHEMA, "resources": [offer]})
    if outcome.errors:
        raise PartnerStepRefusedError("; ".join(each.message for each in outcome.errors))


def summary(desk: PrivateOfferDesk, record: Record) -> dict[str, Any]:
    """Return a private offer in short, for the control API."""
    state, sub_state = shown_state(record.standing, to_partner=False)
    offer, today = record.offer, desk.clock.now().date()
    starts_on = record.starts_on()
    return {
        "id": record.id,
        "durable_id": private_offer_id(record.id),
        "name": offer.name,
        "kind": record.kind.value,
        "state": state.value,
        "sub_state": sub_state,
        "status": dashboard_status(record.standing, accept_by=offer.accept_by, end=offer.end, on=today),
        "billing_account": record.beneficiary_id,
        "accept_by": offer.accept_by.isoformat() if offer.accept_by else None,
        "start": starts_on.isoformat() if starts_on else None,
        "end": offer.end.isoformat() if offer.end else None,
        "partner": record.partner_account_id,
        "accepted_by": record.accepted_by,
        "accepted_at": format_instant(record.accepted_at) if record.accepted_at else None,
    }


def charge_json(charge: Charge) -> dict[str, Any]:
    """Return one charge of a schedule; amounts are exact texts."""
    return {
        "on": charge.on.isoformat() if charge.on else None,
        "amount": f"{charge.amount:f}",
        "currency": charge.currency,
        "note": charge.note,
    }


def _line_json(line: Line) -> dict[str, Any]:
    price = line.price
    return {
        "offer_id": line.product.external_id,
        "plan_id": line.plan_id,
        "base_plan_id": line.base.external_id,
        "name": line.name,
        "sold_here": line.is_sold_here,
        "markup_percentage": f"{line.markup:f}" if line.markup is not None else None,
        "term_unit": price.unit if price else None,
        "payment_unit": price.payment_unit if price else None,
        "amount": f"{price.amount:f}" if price else None,
        "currency": price.currency if price else None,
        "charges": [charge_json(each) for each in price.charges] if price else [],
    }


def _billing_json(account: BillingAccount, directory: Directory) -> dict[str, Any]:
    people = {each.object_id: each.email for each in directory.people}
    return {
        "id": account.id,
        "tenant_id": account.tenant_id,
        "company": account.company,
        "agreement": account.agreement,
        "country": account.country,
        "currency": account.currency,
        "acceptors": sorted(people[each] for each in account.acceptors),
        "buyers": sorted(people[each] for each in account.buyers),
    }
