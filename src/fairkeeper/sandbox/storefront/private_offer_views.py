"""What the pages of private offers show: to the customer who accepts and buys, and to the channel partner in between.

Separate from `views`, because an offer is read at the desk and not in the market.
Source: Private offers for customers and its FAQ (accept first, then buy under the same billing account, then configure;
often different people); Multiparty private offers for selling partners (the adjustment); read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from fairkeeper.sandbox.control import Controls
from fairkeeper.sandbox.directory import Person
from fairkeeper.sandbox.ingestion.accounts import BillingAccount, SellerAccount
from fairkeeper.sandbox.ingestion.errors import PrivateOfferUnknownError
from fairkeeper.sandbox.ingestion.lifecycle import Standing, dashboard_status
from fairkeeper.sandbox.ingestion.records import Record
from fairkeeper.sandbox.ingestion.requests.shapes import OfferShape
from fairkeeper.sandbox.ingestion.selling import Line
from fairkeeper.sandbox.marketplace.subscriptions import Subscription

SHADES = {
    "Pending acceptance": "waiting",
    "Pending partner action": "waiting",
    "Accepted": "good",
    "Live": "good",
    "Expired": "bad",
    "Ended": "gone",
    "Withdrawn": "gone",
    "Draft": "gone",
}
"""How a status of the dashboard is coloured."""
_SHOWN_TO_CUSTOMER = frozenset({Standing.WITH_CUSTOMER, Standing.ACCEPTED, Standing.WITHDRAWN})
_WITH_PARTNER = frozenset({Standing.WITH_PARTNER, Standing.PARTNER_WITHDREW})


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateOfferRow:
    """One private offer in a company's list.

    Args:
        path: Where it is accepted, bought or completed.
    """

    name: str
    path: str
    status: str
    accept_by: date | None
    end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateOfferPage:
    """A private offer as its customer sees it.

    Args:
        seller: Who sells it: the channel partner of a multiparty offer, else the publisher.
        days_left: Until the last day to accept, that day included; negative afterwards.
        can_buy_from: First day on which its plans can be bought, if that is still to come.
        bought: Subscriptions that came of it.
    """

    id: str
    offer: OfferShape
    publisher: str
    seller: str
    customer: BillingAccount
    status: str
    lines: tuple[Line, ...]
    people: tuple[Person, ...]
    acceptors: tuple[Person, ...]
    buyers: tuple[Person, ...]
    days_left: int
    can_accept: bool
    can_buy: bool
    can_buy_from: date | None
    accepted_by: str | None
    bought: tuple[Subscription, ...]
    typed: dict[str, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPage:
    """A multiparty offer as its channel partner completes it."""

    id: str
    offer: OfferShape
    publisher: str
    partner: SellerAccount
    customer: BillingAccount | None
    status: str
    lines: tuple[Line, ...]
    can_complete: bool
    typed: dict[str, str] = field(default_factory=dict)
    error: str | None = None


def private_offer_page(
    controls: Controls, private_offer_id: str, typed: dict[str, str] | None = None, error: str | None = None
) -> PrivateOfferPage:
    """Gather a private offer's page.

    Raises:
        PrivateOfferUnknownError: There is none, or it has not been sent to its customer.
    """
    desk, today = controls.private_offers, controls.clock.now().date()
    record = desk.find(private_offer_id)
    customer = desk.customer_of(record)
    if customer is None or record.standing not in _SHOWN_TO_CUSTOMER:
        raise PrivateOfferUnknownError(f"Private offer {record.id!r} has not been sent to a customer.")
    offer, starts_on = record.offer, record.starts_on()
    people = [each for each in controls.directory.people if each.tenant_id == customer.tenant_id]
    status = _status(record, today)
    has_begun = starts_on is None or starts_on <= today
    return PrivateOfferPage(
        id=record.id,
        offer=offer,
        publisher=_name(controls, record.account_id),
        seller=_name(controls, record.partner_account_id or record.account_id),
        customer=customer,
        status=status,
        lines=desk.lines(record),
        people=tuple(people),
        acceptors=tuple(each for each in people if each.object_id in customer.acceptors),
        buyers=tuple(each for each in people if each.object_id in customer.buyers),
        days_left=(offer.accept_by - today).days if offer.accept_by else 0,
        can_accept=status == "Pending acceptance",
        can_buy=status == "Accepted" and has_begun,
        can_buy_from=None if has_begun else starts_on,
        accepted_by=record.accepted_by,
        bought=tuple(each for each in controls.market.subscriptions() if each.private_offer_id == record.id),
        typed=typed or {},
        error=error,
    )


def partner_page(
    controls: Controls, private_offer_id: str, typed: dict[str, str] | None = None, error: str | None = None
) -> PartnerPage:
    """Gather the channel partner's page.

    Raises:
        PrivateOfferUnknownError: There is no such multiparty offer, or it has not been submitted to the partner.
    """
    desk = controls.private_offers
    record = desk.find(private_offer_id)
    partner = next((each for each in desk.accounts.sellers if each.id == record.partner_account_id), None)
    if partner is None or record.standing in {Standing.DRAFT, Standing.WITHDRAWN}:
        raise PrivateOfferUnknownError(f"Private offer {record.id!r} has not been shared with a channel partner.")
    return PartnerPage(
        id=record.id,
        offer=record.offer,
        publisher=_name(controls, record.account_id),
        partner=partner,
        customer=desk.customer_of(record),
        status=_status(record, controls.clock.now().date()),
        lines=desk.lines(record),
        can_complete=record.standing in _WITH_PARTNER,
        typed=typed or {},
        error=error,
    )


def private_offer_rows(controls: Controls, tenant_id: str) -> tuple[PrivateOfferRow, ...]:
    """Gather the private offers that a company can accept, buy or complete, newest first."""
    desk, today = controls.private_offers, controls.clock.now().date()
    rows = []
    for record in desk.records()[::-1]:
        customer = desk.customer_of(record)
        partner = next((each for each in desk.accounts.sellers if each.id == record.partner_account_id), None)
        path = None
        if customer is not None and customer.tenant_id == tenant_id and record.standing in _SHOWN_TO_CUSTOMER:
            path = f"/private-offers/{record.id}"
        elif partner is not None and partner.tenant_id == tenant_id and record.standing in _WITH_PARTNER:
            path = f"/partner/private-offers/{record.id}"
        if path is not None:
            offer = record.offer
            status = _status(record, today)
            rows.append(
                PrivateOfferRow(name=offer.name, path=path, status=status, accept_by=offer.accept_by, end=offer.end)
            )
    return tuple(rows)


def _status(record: Record, today: date) -> str:
    offer = record.offer
    return dashboard_status(record.standing, accept_by=offer.accept_by, end=offer.end, on=today)


def _name(controls: Controls, account_id: str) -> str:
    sellers = controls.private_offers.accounts.sellers
    return next((each.name for each in sellers if each.id == account_id), account_id)
