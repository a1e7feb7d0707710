"""Which part of a deal Partner Center holds: what is compared with an answer of the ingestion API.

Separate from the payload, because a deal that was read back equals this part of what was sent, and not the whole.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from fairkeeper.deals.deal import (
    BasePlan,
    Billing,
    Customer,
    Deal,
    DealKind,
    Eligibility,
    Frequency,
    Plan,
    PriceModel,
    RenewalAttestation,
    Side,
)
from fairkeeper.deals.prices.pricing import adjustment_of
from fairkeeper.deals.schedules.charging import billing_dates, total_of

_ANY_DAY: Final = date(2027, 1, 1)


def submitted_part(deal: Deal, side: Side = Side.ORIGINATOR) -> Deal:
    """Return what of a deal a payload holds: without our own notes, and with what follows from others worked out.

    Evidence of the attestation, eligibility, agreement, rates and facts about base plans stay with us.
    """
    attestation = deal.renewal_attestation
    customer, replaces = deal.customer, deal.replaces
    return replace(
        deal,
        customer=customer and Customer(name=customer.name, billing_account=customer.billing_account),
        replaces=replaces and replace(replaces, ends=None),
        renewal_attestation=RenewalAttestation(qualifies=attestation.qualifies) if attestation else None,
        terms=tuple(
            replace(document, name=document.name if deal.kind is DealKind.MULTIPARTY else "")
            for document in deal.terms
            if document.added_by is side
        ),
        eligibility=Eligibility(),
        auto_renew=False,
        usd_rates=(),
        existing_plan_ids=(),
        plans=tuple(_submitted_plan(deal, plan, side) for plan in deal.plans),
    )


def _submitted_plan(deal: Deal, plan: Plan, side: Side) -> Plan:
    is_partner = side is Side.CHANNEL_PARTNER
    adjustment = adjustment_of(deal, plan) if is_partner else None
    stripped = replace(
        plan,
        base=BasePlan(),
        billing=_told_billing(plan),
        new_plan_name=plan.new_plan and (plan.new_plan_name or plan.new_plan),
        new_plan_description=plan.new_plan and described(plan),
        adjustment=adjustment if adjustment and adjustment.units else None,
        customer_total=None,
        note=plan.note if is_partner else "",
        agreed_total=total_of(plan, deal.currency, deal.starts_on) if plan.schedule else None,
        local_prices=tuple(replace(price, agreed_total=None) for price in plan.local_prices),
    )
    if is_partner:
        return replace(
            stripped, schedule=(), billing=None, local_prices=(), agreed_total=None, term_months=None, discount=None,
            price_model=PriceModel.FLAT_RATE, new_plan=None, new_plan_name=None, new_plan_description=None,
        )  # fmt: skip
    return stripped if has_price(plan) else replace(stripped, term_months=None)


def _told_billing(plan: Plan) -> Billing | None:
    """Return regular billing as a payload tells it: yearly payments in a term of one year are a single one."""
    if plan.billing is None or plan.schedule:
        return None
    is_single = len(billing_dates(plan.billing.frequency, plan.term_months or 0, _ANY_DAY)) == 1
    return replace(plan.billing, frequency=Frequency.ONCE) if is_single else plan.billing


def described(plan: Plan) -> str:
    """Return what the customer reads of a customised plan; Microsoft wants a text before it goes live.

    Example:
        >>> described(Plan(offer="agent", plan="enterprise", new_plan="contoso", new_plan_name="For Contoso"))
        'For Contoso'
    """
    return plan.new_plan_description or plan.new_plan_name or plan.new_plan or plan.plan


def has_price(plan: Plan) -> bool:
    """Say whether a plan has a price of its own, and not only a percentage off a public one."""
    return bool(plan.schedule) or plan.billing is not None
