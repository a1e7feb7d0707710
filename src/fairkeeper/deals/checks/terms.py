"""How long a plan's contract is, and how it is billed: durations, frequencies, price models, kinds of pricing.

Source: Microsoft Learn, "Flexible billing schedule" (durations, flat rate, which kinds of offers), "Plan a SaaS offer"
(terms and payment options), "ISV to customer private offers" (absolute prices and trials, auto-renew).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fairkeeper.deals.assumptions import BILLING_PAIRS, LONGEST_FIVE_YEARS, MINIMUM_ONE_YEAR
from fairkeeper.deals.checks.declaring import Basis, assumed, declare
from fairkeeper.deals.deal import (
    Deal,
    DealKind,
    Frequency,
    Plan,
    PriceModel,
    PricingKind,
)
from fairkeeper.deals.schedules.charging import contract_of
from fairkeeper.values.findings import Finding, Level

_FLEXIBLE: Final = frozenset(
    {PricingKind.CUSTOMISED_PLAN, PricingKind.VM_RESERVATION, PricingKind.PROFESSIONAL_SERVICE}
)

DURATION_TOO_SHORT: Final = declare(
    "duration_too_short",
    title="A contract with a flexible schedule lasts a year or more",
    remedy="Choose a term of twelve months or more, or bill it regularly.",
    resource="learn-flexible-billing",
    example="term_months: 6, with a schedule",
)
DURATION_TOO_LONG: Final = declare(
    "duration_too_long",
    title="A contract lasts at most five years",
    remedy="Choose a term of at most sixty months.",
    resource="blog-flexible-billing",
    example="term_months: 72",
)
DURATION_NOT_OFFERED: Final = declare(
    "duration_not_offered",
    title="The public plan lists the contract's duration",
    remedy="Choose one of the plan's durations, or publish the duration first.",
    resource="learn-flexible-billing",
    example="term_months: 24, base: {terms_months: [12, 36]}",
)
TERM_MISSING: Final = declare(
    "term_missing",
    title="A plan with a price of its own has a term",
    remedy="Add `term_months`.",
    resource="learn-flexible-billing",
    example="a customised plan without term_months",
)
TERM_MISMATCH: Final = declare(
    "term_mismatch",
    title="The term and the offer end in the same month",
    remedy="Correct term_months, billing_starts or ends, so that contract and offer tell one story.",
    resource="learn-private-offers",
    example="billing_starts: 2024-12-01, term_months: 36, ends: 2026-11-30",
    level=Level.WARNING,
)
PRICE_MODEL_NOT_SUPPORTED: Final = declare(
    "price_model_not_supported",
    title="A flexible schedule needs a flat-rate plan",
    remedy="Base it on a flat-rate plan, or bill the plan regularly.",
    resource="learn-flexible-billing",
    example="price_model: per_user, with a schedule",
)
PRICE_MODEL_DIFFERS: Final = declare(
    "price_model_differs",
    title="The price model is that of the public plan",
    remedy="Base it on a plan of the wanted model: an offer has one model for all its plans.",
    resource="learn-plan-saas-offer",
    example="price_model: flat_rate, base: {price_model: per_user}",
)
SCHEDULE_ON_DISCOUNT: Final = declare(
    "schedule_on_discount",
    title="A discount on an existing plan has no schedule of its own",
    remedy="Use pricing: customised_plan, or remove the schedule.",
    resource="learn-flexible-billing",
    example="pricing: existing_plan_discount, with a schedule",
)
SCHEDULE_FOR_CSP: Final = declare(
    "schedule_for_csp",
    title="Flexible schedules are for offers to a customer and multiparty offers",
    remedy="Offer it to the customer directly, or bill the plan regularly.",
    resource="learn-flexible-billing",
    example="kind: csp, with a schedule",
)
BILLING_MISSING: Final = declare(
    "billing_missing",
    title="A plan with a price of its own says when it is charged",
    remedy="Add a `schedule`, or `billing` with frequency and amount.",
    resource="learn-flexible-billing",
    example="a customised plan with neither schedule nor billing",
)
TWO_BILLINGS: Final = declare(
    "two_billings",
    title="A plan has a schedule or regular billing, not both",
    remedy="Remove one of the two.",
    resource="learn-flexible-billing",
    example="a plan with schedule and billing",
)
BILLING_NOT_OFFERED: Final = declare(
    "billing_not_offered",
    title="The billing frequency exists for the term",
    remedy="Bill a month once, a year once or monthly, longer terms once, monthly or yearly; or use a schedule.",
    resource="learn-plan-saas-offer",
    example="term_months: 12, billing: {frequency: yearly}",
)
TRIAL_WITH_ABSOLUTE_PRICE: Final = declare(
    "trial_with_absolute_price",
    title="A plan with a free trial gets no absolute price",
    remedy="Base it on a plan without trial, or give a percentage off.",
    resource="learn-private-offers",
    example="base: {has_trial: true}, pricing: customised_plan",
)
AUTO_RENEW_NOT_SUPPORTED: Final = declare(
    "auto_renew_not_supported",
    title="Only SaaS subscriptions renew by themselves",
    remedy="Remove auto_renew, and put the end into the renewals calendar.",
    resource="learn-private-offers",
    example="pricing: vm_reservation, auto_renew: true",
)
RENEWS_AT_PUBLIC_PRICE: Final = declare(
    "renews_at_public_price",
    title="A renewal takes the public price and billing",
    remedy="Agree on the next private offer before the end, or leave auto_renew off.",
    resource="learn-flexible-billing",
    example="auto_renew: true, with a schedule",
    level=Level.INFO,
)
METERS_OUTSIDE_SCHEDULE: Final = declare(
    "meters_outside_schedule",
    title="Metered usage is billed monthly, outside the schedule",
    remedy="Tell the customer, and leave usage out of the agreed total.",
    resource="learn-flexible-billing",
    example="base: {has_meters: true}, with a schedule",
    level=Level.INFO,
)


def check_duration(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:
    """Find a term that is missing, too short, too long or not offered."""
    where, months = f"{path}/term_months", plan.term_months
    if months is None:
        if deal.pricing is not PricingKind.EXISTING_PLAN_DISCOUNT:
            yield TERM_MISSING.found("The plan has no term.", path=path)
        return
    is_year_needed = basis.assumptions.holds(MINIMUM_ONE_YEAR)
    if months < 1 or (plan.schedule and months < (12 if is_year_needed else 2)):
        message = f"A term of {months} months is too short."
        yield assumed(DURATION_TOO_SHORT, MINIMUM_ONE_YEAR, message, path=where)
    elif months > 60 and basis.assumptions.holds(LONGEST_FIVE_YEARS):
        yield assumed(DURATION_TOO_LONG, LONGEST_FIVE_YEARS, f"A term of {months} months is too long.", path=where)
    elif plan.base.terms_months and months not in plan.base.terms_months:
        offered = ", ".join(map(str, plan.base.terms_months))
        yield DURATION_NOT_OFFERED.found(f"The plan lists {offered} months, not {months}.", path=where)


def check_term_against_offer(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001
    """Find a contract that does not end in the offer's last month; acceptance decides where the start is open."""
    contract = contract_of(deal, plan)
    if contract is None or deal.billing_starts is None or deal.ends <= deal.billing_starts:
        return
    last_on = contract.last_on
    if (last_on.year, last_on.month) != (deal.ends.year, deal.ends.month):
        message = f"{plan.term_months} months from {contract.start_on} end on {last_on}, the offer on {deal.ends}."
        yield TERM_MISMATCH.found(message, path=f"{path}/term_months")


def check_price_model(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - all four
    """Find a schedule on what cannot have one: seats, a discount, a CSP margin."""
    if plan.base.price_model is not None and plan.base.price_model is not plan.price_model:
        message = f"The public plan is {plan.base.price_model}, this one {plan.price_model}."
        yield PRICE_MODEL_DIFFERS.found(message, path=f"{path}/price_model")
    if not plan.schedule:
        return
    if plan.price_model is not PriceModel.FLAT_RATE:
        message = f"A plan with the price model {plan.price_model} has a schedule."
        yield PRICE_MODEL_NOT_SUPPORTED.found(message, path=f"{path}/price_model")
    if deal.kind is DealKind.CSP:
        yield SCHEDULE_FOR_CSP.found("A CSP offer has a schedule.", path=f"{path}/schedule")
    elif deal.pricing not in _FLEXIBLE:
        yield SCHEDULE_ON_DISCOUNT.found("A discount on an existing plan has a schedule.", path=f"{path}/schedule")


def check_billing(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:
    """Find a plan that is billed in no way, in two, or at a frequency its term does not have."""
    if plan.schedule and plan.billing is not None:
        yield TWO_BILLINGS.found("The plan has a schedule and regular billing.", path=f"{path}/billing")
    elif deal.pricing is not PricingKind.EXISTING_PLAN_DISCOUNT and not plan.schedule and plan.billing is None:
        yield BILLING_MISSING.found("The plan has neither a schedule nor regular billing.", path=path)
    elif plan.billing is None or not plan.term_months or not basis.assumptions.holds(BILLING_PAIRS):
        return
    elif plan.billing.frequency not in _frequencies(plan.term_months):
        message = f"{plan.term_months} months are not billed {plan.billing.frequency}."
        yield assumed(BILLING_NOT_OFFERED, BILLING_PAIRS, message, path=f"{path}/billing/frequency")


def check_trial(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find an absolute price on a plan with a trial."""
    if plan.base.has_trial and deal.pricing is not PricingKind.EXISTING_PLAN_DISCOUNT:
        yield TRIAL_WITH_ABSOLUTE_PRICE.found("The public plan has a free trial.", path=f"{path}/base/has_trial")


def check_meters(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Say that metered usage comes on top of a schedule."""
    if plan.base.has_meters and plan.schedule:
        yield METERS_OUTSIDE_SCHEDULE.found("The plan has metered dimensions.", path=f"{path}/base/has_meters")


def check_renewal(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the same two
    """Find an automatic renewal that does not exist, or that will surprise."""
    if not deal.auto_renew:
        return
    if deal.pricing in {PricingKind.VM_RESERVATION, PricingKind.PROFESSIONAL_SERVICE}:
        yield AUTO_RENEW_NOT_SUPPORTED.found(f"{deal.pricing} does not renew by itself.", path="auto_renew")
    elif any(plan.schedule for plan in deal.plans):
        message = f"After {deal.ends} the customer pays the public price on the public plan's billing."
        yield RENEWS_AT_PUBLIC_PRICE.found(message, path="auto_renew")


def _frequencies(months: int) -> frozenset[Frequency]:
    if months < 12:
        return frozenset({Frequency.ONCE, Frequency.MONTHLY}) if months > 1 else frozenset({Frequency.ONCE})
    if months < 24:
        return frozenset({Frequency.ONCE, Frequency.MONTHLY})
    return frozenset(Frequency)
