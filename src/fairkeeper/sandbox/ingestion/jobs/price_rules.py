"""What a price is refused for: terms its base plan does not list, schedules that break the rules of flexible billing.

Separate from the other rules, because these are about the price resources alone. Pure.
Source: Flexible billing schedule (flat rate only, at most seventy installments, own dates, listed durations, not with a
discount on existing plans; the ceiling as Microsoft's announcements have it); Plans and pricing (a plan with a trial
gets no absolute price; the same term and model as the base plan); read 2026-11-22.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from fairkeeper.sandbox.ingestion.accounts import BillingAccount
from fairkeeper.sandbox.ingestion.jobs.rules import CONFLICT, JobError
from fairkeeper.sandbox.ingestion.pricing import absolute_price
from fairkeeper.sandbox.ingestion.products import ListedPlan
from fairkeeper.sandbox.ingestion.requests.price_shapes import (
    DatedChargeShape,
    FlexibleScheduleShape,
    PriceItemShape,
    PriceShape,
)
from fairkeeper.sandbox.ingestion.requests.shapes import OfferShape
from fairkeeper.sandbox.marketplace.terms import add_duration

MOST_CHARGES: Final = 70
CEILING_USD: Final = Decimal(100_000_000)

_Messages = Iterator[str]


def price_errors(
    price: PriceShape, base: ListedPlan, offer: OfferShape, account: BillingAccount | None, today: date
) -> Iterator[JobError]:
    """Find what is wrong with the price of one line.

    Args:
        price: The price resource.
        base: The public plan behind the line.
        offer: The private offer that goes live.
        account: The customer's, where there is one; its market has to have a price.
        today: For an offer that starts when it is accepted.
    """
    named = price.resource_name or price.id or ""
    for message in _messages(price, base, offer, today):
        yield JobError(code=CONFLICT, message=message, resource=named)
    if account is not None and absolute_price(price, base, account) is None:
        message = f"There is no price for the market {account.country} of the billing account"
        yield JobError(code=CONFLICT, message=message, resource=named)


def _messages(price: PriceShape, base: ListedPlan, offer: OfferShape, today: date) -> _Messages:
    if base.has_trial:
        yield f"Plan {base.external_id} has a free trial and takes no absolute price"
    recurrent = price.pricing.recurrent_price if price.pricing else None
    if recurrent is None:
        return
    mode = "perUser" if base.is_per_user else "flatRate"
    if recurrent.recurrent_price_mode != mode:
        yield f"Plan {base.external_id} is priced {mode}, not {recurrent.recurrent_price_mode}"
    for item in recurrent.prices:
        yield from _item_messages(item, base)
        for schedule in item.schedules:
            if mode != "flatRate":
                yield "A flexible schedule needs a flat-rate plan"
            if offer.pricing_type == "editExistingOfferPricingOnly":
                yield "A flexible schedule needs a customised plan"
            yield from _schedule_messages(schedule, _contract(item, offer, today))
        if item.flexible_schedule is not None and _sum(item.flexible_schedule) > CEILING_USD:
            yield f"The schedule comes to {_sum(item.flexible_schedule)} USD, above {CEILING_USD}"


def _item_messages(item: PriceItemShape, base: ListedPlan) -> _Messages:
    months = item.term.months if item.term else None
    listed = base.term(months) if months is not None else None
    if listed is None:
        yield f"Plan {base.external_id} does not list a term of {months} months"
    elif item.schedules and listed.months <= 1:
        yield "A flexible schedule needs a contract of more than one month"


def _contract(item: PriceItemShape, offer: OfferShape, today: date) -> tuple[date, date]:
    """Return the first and the last day of the contract; of one that starts when accepted, the longest it can be."""
    starts_on = offer.start or today
    begins_at_latest = offer.start or offer.accept_by or today
    months = (item.term.months if item.term else None) or 1
    return starts_on, add_duration(begins_at_latest, f"P{months}M")


def _schedule_messages(schedule: FlexibleScheduleShape, contract: tuple[date, date]) -> _Messages:
    charges = schedule.charges
    if len(charges) > MOST_CHARGES:
        yield f"A schedule has at most {MOST_CHARGES} charges, not {len(charges)}"
    dates = [charge.charge_date for charge in charges if isinstance(charge, DatedChargeShape)]
    if any(later <= earlier for earlier, later in itertools.pairwise(dates)):
        yield "The dates of a schedule do not increase"
    starts_on, ends_on = contract
    for each in dates:
        if not starts_on <= each <= ends_on:
            yield f"The charge of {each} lies outside the contract ({starts_on} to {ends_on})"
    if schedule.price is not None and schedule.price != _sum(schedule):
        yield f"The charges come to {_sum(schedule)}, not to the stated {schedule.price}"


def _sum(schedule: FlexibleScheduleShape) -> Decimal:
    return sum((charge.amount or Decimal() for charge in schedule.charges), Decimal())
