"""Purchases and the deals they came from: recorded when something is bought, confirmed by a person where unsure."""

from __future__ import annotations

from datetime import date

from pydantic import Field
from sqlalchemy import delete

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.deals.actions.reminders import close_reminders, raise_reminder
from fairkeeper.deals.book.charges import expected_charges, plan_bought
from fairkeeper.deals.book.evidence_kinds import BOUGHT, MATCH_HELD, MATCH_REFUSED
from fairkeeper.deals.book.finding_kinds import MATCH_UNCERTAIN
from fairkeeper.deals.book.lifecycle import DealState, Step, step
from fairkeeper.deals.book.store import deal_of, load_deal, marks_of, matchable
from fairkeeper.deals.book.tables import DealChargeRow, DealPurchaseRow, DealRow
from fairkeeper.deals.book.views import PurchaseLine, purchase_line
from fairkeeper.deals.errors import DealStateError, PurchaseUnknownError
from fairkeeper.deals.matching import BoughtSubscription, match_deal
from fairkeeper.values.ids import CustomerId, SubscriptionId


class MatchPurchase(OperationInput):
    """A subscription as it was bought."""

    customer_id: CustomerId = Field(max_length=40, description="Whose it is.")
    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription.")
    offer_id: str = Field(max_length=120, description="Its offer.")
    plan_id: str = Field(max_length=120, description="Its plan.")
    purchaser_tenant_id: str = Field("", max_length=64, description="Tenant of whoever bought it.")
    bought_on: date = Field(description="When.")
    source_offer_ids: tuple[str, ...] = Field((), max_length=50, description="Private offers that the purchase names.")


@internal_command("deals.match_purchase", evidence=(BOUGHT, MATCH_HELD))
def match_purchase(context: CommandContext, request: MatchPurchase) -> Outcome[PurchaseLine | None]:
    """Find the deal behind a subscription and move it on; where it is only likely, put it before a person.

    A subscription that is matched already, or that a person has said to have come from none, stays as it is.
    """
    known = context.session.get(DealPurchaseRow, request.subscription_id, with_for_update=True)
    if known is not None and (not known.needs_person or known.confirmed_by is not None):
        return Outcome(result=purchase_line(known), entry=None)
    bought = BoughtSubscription(
        offer_id=request.offer_id,
        plan_id=request.plan_id,
        purchaser_tenant_id=request.purchaser_tenant_id,
        bought_on=request.bought_on,
        source_offer_ids=request.source_offer_ids,
    )
    found = match_deal(bought, [marks_of(row) for row in matchable(context.session)])
    if found is None:
        return Outcome(result=None, entry=None)
    is_news = known is None or list(found.deal_ids) != known.candidates or known.needs_person != found.needs_person
    row = known or DealPurchaseRow(subscription_id=request.subscription_id, customer_id=request.customer_id)
    row.offer_id, row.plan_id, row.bought_on = request.offer_id, request.plan_id, request.bought_on
    row.candidates, row.matched_by, row.reason = list(found.deal_ids), found.matched_by.value, found.reason
    row.needs_person, row.matched_at, row.confirmed_by = found.needs_person, context.now, None
    row.deal_id = None if found.needs_person else found.deal_ids[0]
    context.session.add(row)
    context.session.flush()
    if not is_news:
        return Outcome(result=purchase_line(row), entry=None)
    if found.needs_person:
        for deal_id in found.deal_ids:
            deal = load_deal(context.session, deal_id)
            message = f"A purchase of {row.plan_id} looks like {deal.name!r}. {found.reason}"
            raise_reminder(context, deal_id, MATCH_UNCERTAIN.found(message), key=request.subscription_id)
        return Outcome(result=purchase_line(row), entry=_entry(MATCH_HELD.name, row, deals=list(found.deal_ids)))
    deal = load_deal(context.session, found.deal_ids[0], for_change=True)
    _take_over(context, deal, row)
    entry = _entry(BOUGHT.name, row, name=deal.name, deal_id=deal.deal_id)
    return Outcome(result=purchase_line(row), entry=entry)


class ConfirmPurchase(OperationInput):
    """Which subscription, and the deal that it came from."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription.")
    deal: str = Field("", max_length=80, description="The deal it came from, by id or readable address; none if empty.")
    customer_id: CustomerId | None = Field(None, max_length=40, description="Whose it is, if that is known.")


@command(
    "deals.confirm_purchase",
    groups=("deals.change",),
    evidence=(BOUGHT, MATCH_REFUSED),
    http="POST /deal-purchases/{subscription_id}/confirm",
    cli="deals confirm-purchase SUBSCRIPTION_ID",
)
def confirm_purchase(context: CommandContext, request: ConfirmPurchase) -> Outcome[PurchaseLine]:
    """Say which deal a purchase came from, or that it came from none; the deal moves on and its charges are expected.

    Raises:
        PurchaseUnknownError: Nothing was matched to this subscription.
        DealStateError: The deal is none that can have been bought.
    """
    row = context.session.get(DealPurchaseRow, request.subscription_id, with_for_update=True)
    if row is None or (request.customer_id is not None and row.customer_id != request.customer_id):
        message = f"No purchase {request.subscription_id[:64]!r} waits for a deal."
        raise PurchaseUnknownError(message)
    candidates = list(row.candidates)
    context.session.execute(delete(DealChargeRow).where(DealChargeRow.subscription_id == row.subscription_id))
    row.needs_person, row.confirmed_by, row.matched_at = False, context.principal.id, context.now
    for deal_id in candidates:
        close_reminders(context, deal_id, (MATCH_UNCERTAIN.code,), why="A person has said where it came from.")
    if not request.deal:
        row.deal_id, row.reason = None, "A person said that it came from no deal."
        return Outcome(result=purchase_line(row), entry=_entry(MATCH_REFUSED.name, row))
    deal = load_deal(context.session, request.deal, for_change=True)
    if deal.state != DealState.BOUGHT.value and step(DealState(deal.state), Step.BOUGHT) is None:
        message = f"{deal.name!r} is {deal.state.replace('_', ' ')} and cannot have been bought."
        raise DealStateError(message)
    row.deal_id, row.reason = deal.deal_id, "A person said so."
    _take_over(context, deal, row)
    return Outcome(result=purchase_line(row), entry=_entry(BOUGHT.name, row, name=deal.name, deal_id=deal.deal_id))


def _take_over(context: CommandContext, deal: DealRow, row: DealPurchaseRow) -> None:
    """Move a deal on to bought, and write down what its customer will be charged."""
    following = step(DealState(deal.state), Step.BOUGHT)
    if following is not None:
        deal.state, deal.state_since_at, deal.closed_why = following.value, context.now, None
        deal.accepted_at = deal.accepted_at or context.now
    content = deal_of(deal)
    plan = plan_bought(content, row.offer_id, row.plan_id)
    if plan is None:
        return
    context.session.execute(delete(DealChargeRow).where(DealChargeRow.subscription_id == row.subscription_id))
    context.session.add_all(
        DealChargeRow(
            customer_id=row.customer_id,
            subscription_id=row.subscription_id,
            deal_id=deal.deal_id,
            deal_name=deal.name,
            plan=(plan.new_plan or plan.plan)[:120],
            number=charge.number,
            charged_on=charge.on,
            amount_minor=charge.amount.minor,
            currency=charge.amount.currency.code,
            note=charge.note,
        )
        for charge in expected_charges(content, plan, row.bought_on)
    )


def _entry(kind: str, row: DealPurchaseRow, **payload: Canonical) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"plan": row.plan_id, "reason": row.reason, "matched_by": row.matched_by, **payload},
    )


OPERATIONS = (match_purchase, confirm_purchase)
