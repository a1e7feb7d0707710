"""Runs every rule over a deal, or over as much of one as a faulty file leaves readable.

Rules come in three sorts: those that read the offer's own fields, those that read one plan, and those that compare
plans. The last are left out where a plan could not be read, since its absence would make them wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from fairkeeper.deals.checks import (
    adjustments,
    dates,
    eligibility,
    installments,
    local_prices,
    naming,
    parties,
    plan_ids,
    terms,
    totals,
)
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import Deal, Plan
from fairkeeper.deals.files.reading import Reading
from fairkeeper.values.findings import Finding, Findings

DealRule = Callable[[Deal, Basis], Iterator[Finding]]
PlanRule = Callable[[Deal, Plan, str, Basis], Iterator[Finding]]

OFFER_RULES: Final[tuple[DealRule, ...]] = (
    naming.check_name,
    naming.check_contacts,
    naming.check_documents,
    parties.check_beneficiary,
    parties.check_billing_account,
    parties.check_countries,
    parties.check_partner,
    dates.check_acceptance,
    dates.check_start_and_end,
    dates.check_upgrade,
    local_prices.check_currency,
    eligibility.check_eligibility,
    eligibility.check_attestation,
)
"""Rules of the offer's own fields."""

PLAN_RULES: Final[tuple[PlanRule, ...]] = (
    plan_ids.check_ids,
    plan_ids.check_plan_name,
    plan_ids.check_new_plan,
    plan_ids.check_discount,
    terms.check_duration,
    terms.check_term_against_offer,
    terms.check_price_model,
    terms.check_billing,
    terms.check_trial,
    terms.check_meters,
    installments.check_count,
    installments.check_order,
    installments.check_dates,
    installments.check_amounts,
    totals.check_total,
    totals.check_local_totals,
    local_prices.check_customer_currency,
    local_prices.check_local_prices,
    local_prices.check_local_amounts,
    adjustments.check_adjustment,
    adjustments.check_customer_total,
    naming.check_note,
)
"""Rules of one plan."""

COMPARING_RULES: Final[tuple[DealRule, ...]] = (
    plan_ids.check_plan_count,
    plan_ids.check_taken,
    totals.check_ceiling,
    terms.check_renewal,
)
"""Rules of all plans together."""


def check_deal(deal: Deal, basis: Basis) -> Findings:
    """Return everything that is wrong with a deal, as a person reads it."""
    found = [*_offer_and_plans(deal, basis, range(len(deal.plans)))]
    found += [finding for rule in COMPARING_RULES for finding in rule(deal, basis)]
    return Findings.of(found).sorted()


def check_reading(reading: Reading, basis: Basis, *, file: str | None = None) -> Findings:
    """Return the faults of a file and of the deal in it, each with its line."""
    if reading.deal is None:
        return reading.findings.sorted()
    if reading.is_whole:
        found = check_deal(reading.deal, basis)
    else:
        found = Findings.of(_offer_and_plans(reading.deal, basis, reading.plan_numbers))
    located = Findings.of(replace(finding, file=file, row=reading.line_of(finding.path)) for finding in found)
    return (reading.findings + located).sorted()


def _offer_and_plans(deal: Deal, basis: Basis, numbers: Sequence[int]) -> Iterator[Finding]:
    for rule in OFFER_RULES:
        yield from rule(deal, basis)
    for number, plan in zip(numbers, deal.plans, strict=True):
        for plan_rule in PLAN_RULES:
            yield from plan_rule(deal, plan, f"plans/{number}", basis)
