"""The plans of a deal: how many, their ids, and which fields their kind of pricing needs.

Source: Microsoft Learn, "Private offers submission API", schema 2023-07-15 (one to ten pricing rows; `plan`,
`basePlan` and `newPlanDetails` by pricing type; discount of 0.01 to 100 percent), and Partner Center's rules for ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fairkeeper.deals.checks.declaring import Basis, declare
from fairkeeper.deals.deal import Deal, Plan, PricingKind
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.findings import Finding

MOST_PLANS: Final = 10
LONGEST_PLAN_NAME: Final = 200
_ID: Final = re.compile(r"[a-z0-9_-]{1,50}")
_LEAST_DISCOUNT: Final = Percentage.parse("0.01")
_MOST_DISCOUNT: Final = Percentage.parse("100")
_MAKES_A_PLAN: Final = frozenset({PricingKind.CUSTOMISED_PLAN, PricingKind.PROFESSIONAL_SERVICE})

TOO_MANY_PLANS: Final = declare(
    "too_many_plans",
    title="A private offer holds at most ten plans",
    remedy="Split the plans over two private offers.",
    resource="learn-private-offers",
    example="eleven plans",
)
NO_PLANS: Final = declare(
    "no_plans",
    title="A private offer holds at least one plan",
    remedy="Add a plan.",
    resource="learn-private-offers-api",
    example="plans: []",
)
ID_INVALID: Final = declare(
    "id_invalid",
    title="An offer or plan id has 1 to 50 lower-case letters, digits, hyphens and underscores",
    remedy="Choose an id of these characters; it cannot be changed later.",
    resource="learn-plan-saas-offer",
    example="new_plan: Contoso Enterprise",
)
PLAN_NAME_INVALID: Final = declare(
    "plan_name_invalid",
    title="A plan's name has 1 to 200 characters",
    remedy="Shorten it.",
    resource="learn-plan-saas-offer",
    example="new_plan_name: a text of 201 characters",
)
PLAN_ID_TAKEN: Final = declare(
    "plan_id_taken",
    title="A customised plan has an id of its own",
    remedy="Choose an id that no plan of the offer has or had, best with the customer's name in it.",
    resource="learn-private-offers-api",
    example="new_plan: enterprise, where plan: enterprise exists",
)
NEW_PLAN_MISSING: Final = declare(
    "new_plan_missing",
    title="A customised plan gets an id",
    remedy="Add `new_plan`; with an id of its own a subscription can be matched to this deal for certain.",
    resource="learn-private-offers-api",
    example="pricing: customised_plan without new_plan",
)
NEW_PLAN_UNEXPECTED: Final = declare(
    "new_plan_unexpected",
    title="A discount or a reservation makes no plan with an id of yours",
    remedy="Remove `new_plan`.",
    resource="learn-private-offers-api",
    example="pricing: vm_reservation with new_plan",
)
PLAN_REPEATED: Final = declare(
    "plan_repeated",
    title="A plan is discounted or reserved once in an offer",
    remedy="Join the two rows.",
    resource="learn-private-offers",
    example="the same offer and plan twice",
)
DISCOUNT_MISSING: Final = declare(
    "discount_missing",
    title="A discount on an existing plan says how much",
    remedy="Add `discount_percent`, or `billing` with an absolute price.",
    resource="learn-private-offers",
    example="pricing: existing_plan_discount without discount_percent",
)
DISCOUNT_UNEXPECTED: Final = declare(
    "discount_unexpected",
    title="A percentage off and an absolute price exclude each other",
    remedy="Remove `discount_percent`, or the absolute price.",
    resource="learn-private-offers",
    example="pricing: customised_plan with discount_percent",
)
DISCOUNT_OUT_OF_RANGE: Final = declare(
    "discount_out_of_range",
    title="A discount is between 0.01 and 100 percent",
    remedy="Correct the percentage.",
    resource="learn-private-offers-api",
    example='discount_percent: "0.005"',
)


def check_plan_count(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the same two
    """Find no plans at all, or too many."""
    if not deal.plans:
        yield NO_PLANS.found("The offer has no plan.", path="plans")
    elif len(deal.plans) > MOST_PLANS:
        yield TOO_MANY_PLANS.found(f"The offer has {len(deal.plans)} plans; ten are allowed.", path="plans")


def check_ids(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - all take four
    """Find ids that Partner Center does not take."""
    for name, value in (("offer", plan.offer), ("plan", plan.plan), ("new_plan", plan.new_plan)):
        if value is not None and not _ID.fullmatch(value):
            yield ID_INVALID.found(f"{value[:60]!r} is not a valid id.", path=f"{path}/{name}")


def check_plan_name(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find a name that is too long, or of spaces alone."""
    if plan.new_plan_name is not None and not 1 <= len(plan.new_plan_name.strip()) <= LONGEST_PLAN_NAME:
        message = f"The name has {len(plan.new_plan_name.strip())} characters."
        yield PLAN_NAME_INVALID.found(message, path=f"{path}/new_plan_name")


def check_new_plan(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find a new plan where none is made, and none where one is."""
    if deal.pricing in _MAKES_A_PLAN:
        if not plan.new_plan:
            yield NEW_PLAN_MISSING.found("The customised plan has no id.", path=path)
    elif plan.new_plan:
        yield NEW_PLAN_UNEXPECTED.found(f"Pricing {deal.pricing} makes no new plan.", path=f"{path}/new_plan")


def check_taken(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find new plan ids that exist already, and plans that stand twice."""
    taken = {*deal.existing_plan_ids, *basis.plan_ids_in_use, *(plan.plan for plan in deal.plans)}
    seen: set[tuple[str, str]] = set()
    for number, plan in enumerate(deal.plans):
        if plan.new_plan:
            if plan.new_plan in taken:
                yield PLAN_ID_TAKEN.found(f"{plan.new_plan!r} is taken.", path=f"plans/{number}/new_plan")
            taken.add(plan.new_plan)
        elif deal.pricing not in _MAKES_A_PLAN:
            if (plan.offer, plan.plan) in seen:
                yield PLAN_REPEATED.found(f"{plan.offer}/{plan.plan} stands twice.", path=f"plans/{number}/plan")
            seen.add((plan.offer, plan.plan))


def check_discount(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find a discount that is missing, out of range, or beside an absolute price."""
    where = f"{path}/discount_percent"
    if plan.discount is None:
        if deal.pricing is PricingKind.EXISTING_PLAN_DISCOUNT and plan.billing is None and not plan.schedule:
            yield DISCOUNT_MISSING.found("The plan has no discount.", path=path)
        return
    if deal.pricing is not PricingKind.EXISTING_PLAN_DISCOUNT or plan.billing is not None:
        yield DISCOUNT_UNEXPECTED.found("The plan has a discount and a price of its own.", path=where)
    elif not _LEAST_DISCOUNT <= plan.discount <= _MOST_DISCOUNT:
        yield DISCOUNT_OUT_OF_RANGE.found(f"{plan.discount} % is not between 0.01 and 100.", path=where)
