"""Which deal a subscription came from: certain by the private offer's id or the deal's own plan, else only likely.

Separate and pure, because the room of customers asks it for every new subscription. Neither the subscription nor the
webhook names the private offer; only the list of available plans does.

Source: Microsoft Learn, "SaaS fulfillment Subscription APIs v2", list available plans (`sourceOffers`), and
"Multiparty private offers FAQ" (ids of private offers).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

SUBSCRIBE_WITHIN_DAYS: Final = 30
"""How long after accepting a customer may subscribe."""


class MatchedBy(StrEnum):
    """What a match rests on, from certain to likely."""

    SOURCE_OFFER = "source_offer"
    CUSTOMISED_PLAN = "customised_plan"
    LIKENESS = "likeness"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtSubscription:
    """What is known of a purchase.

    Args:
        source_offer_ids: `sourceOffers[].externalId` of the plan that was bought.
    """

    offer_id: str
    plan_id: str
    purchaser_tenant_id: str
    bought_on: date
    source_offer_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DealMarks:
    """By what a deal is known again.

    Args:
        deal_id: Our id of it.
        private_offer_id: Microsoft's, once it was submitted; with or without `private-offer/`.
        plans: Offer id and plan id of what is bought: the customised plan where there is one.
        customised_plans: Offer id and plan id of the plans that only this deal has.
        tenant_id: The customer's tenant, where it is known.
        open_from: First day on which it could be bought.
        accept_by: Last day on which it could be accepted.
    """

    deal_id: str
    plans: frozenset[tuple[str, str]]
    open_from: date
    accept_by: date
    private_offer_id: str | None = None
    customised_plans: frozenset[tuple[str, str]] = frozenset()
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealMatch:
    """The answer.

    Args:
        deal_ids: The deal, or several where likeness cannot tell them apart.
        needs_person: Whether somebody has to confirm it.
        reason: In words.
    """

    deal_ids: tuple[str, ...]
    matched_by: MatchedBy
    needs_person: bool
    reason: str


def match_deal(bought: BoughtSubscription, deals: Iterable[DealMarks]) -> DealMatch | None:
    """Return the deal behind a subscription, None where none fits.

    The private offer's id decides. A customised plan's id decides where no offer id is known here; where both are known
    and name different deals, a person decides. Tenant, offer and days together are only likely.
    """
    known = [*deals]
    by_offer = _by_source_offer(bought, known)
    by_plan = [deal for deal in known if (bought.offer_id, bought.plan_id) in deal.customised_plans]
    if by_offer:
        others = [deal for deal in by_plan if deal not in by_offer]
        if others or len(by_offer) > 1:
            reason = "The private offer's id and the plan name different deals."
            return _match([*by_offer, *others], MatchedBy.SOURCE_OFFER, reason, needs_person=True)
        reason = f"The purchase names the private offer {by_offer[0].private_offer_id}."
        return _match(by_offer, MatchedBy.SOURCE_OFFER, reason, needs_person=False)
    if by_plan:
        is_contradicted = bool(bought.source_offer_ids) and any(deal.private_offer_id for deal in by_plan)
        reason = f"Only this deal has the plan {bought.plan_id}."
        if is_contradicted:
            reason = f"The plan {bought.plan_id} is this deal's, but the purchase names another private offer."
        needs_person = is_contradicted or len(by_plan) > 1
        return _match(by_plan, MatchedBy.CUSTOMISED_PLAN, reason, needs_person=needs_person)
    return _by_likeness(bought, known)


def _by_source_offer(bought: BoughtSubscription, deals: Sequence[DealMarks]) -> list[DealMarks]:
    named = {_bare(offer_id) for offer_id in bought.source_offer_ids}
    return [deal for deal in deals if deal.private_offer_id and _bare(deal.private_offer_id) in named]


def _by_likeness(bought: BoughtSubscription, deals: Sequence[DealMarks]) -> DealMatch | None:
    tenant_id = bought.purchaser_tenant_id.lower()
    likely = [
        deal
        for deal in deals
        if deal.tenant_id is not None
        and deal.tenant_id.lower() == tenant_id
        and any(offer_id == bought.offer_id for offer_id, _ in deal.plans)
        and deal.open_from <= bought.bought_on <= deal.accept_by + timedelta(days=SUBSCRIBE_WITHIN_DAYS)
        and not (bought.source_offer_ids and deal.private_offer_id)
    ]
    if not likely:
        return None
    reason = f"The tenant, the offer {bought.offer_id} and the day {bought.bought_on} fit."
    return _match(likely, MatchedBy.LIKENESS, reason, needs_person=True)


def _match(deals: Sequence[DealMarks], by: MatchedBy, reason: str, *, needs_person: bool) -> DealMatch:
    ids = tuple(deal.deal_id for deal in deals)
    return DealMatch(deal_ids=ids, matched_by=by, needs_person=needs_person, reason=reason)


def _bare(offer_id: str) -> str:
    return offer_id.strip().lower().removeprefix("private-offer/")
