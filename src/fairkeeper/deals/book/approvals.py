"""Which parts of a deal a second person has to approve, by the publisher's own rules; pure.

An approval is for one reason and one content: whatever changes the content takes it away. Microsoft knows nothing of
this; it is what a company agrees on with itself before a customer can accept what cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from fairkeeper.deals.deal import Deal, Plan
from fairkeeper.deals.prices.percentage import UNITS_PER_ONE, Percentage
from fairkeeper.deals.schedules.charging import total_of


class Reason(StrEnum):
    """Why somebody has to approve."""

    DISCOUNT = "discount"
    """More is taken off than the deal desk may give alone."""
    TERMS = "terms"
    """A document of terms is none of the standard ones."""
    LONG_TERM = "long_term"
    VALUE = "value"
    """The deal is worth more than the deal desk may sign alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRules:
    """When a deal has to be approved; without a limit nothing asks for it.

    Args:
        discount_above: Percent off the public price that needs no approval.
        standard_terms: File names of the standard documents; empty means that any document is one.
        term_above_months: Longest term that needs no approval.
        usd_above: Worth in USD that needs no approval; a deal in another currency without a rate needs one.
        may_approve_own: Whether whoever changed a deal last may approve it.
    """

    discount_above: Percentage | None = None
    standard_terms: tuple[str, ...] = ()
    term_above_months: int | None = None
    usd_above: int | None = None
    may_approve_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One approval that a deal needs, and why in words."""

    reason: Reason
    sentence: str


def approvals_needed(deal: Deal, rules: ApprovalRules) -> tuple[Needed, ...]:
    """Return the approvals that a deal needs, one for each reason."""
    found: dict[Reason, list[str]] = {}
    for reason, sentence in _needed(deal, rules):
        found.setdefault(reason, []).append(sentence)
    return tuple(Needed(reason=reason, sentence=" ".join(sentences)) for reason, sentences in found.items())


def missing(needed: Iterable[Needed], given: Iterable[Reason]) -> tuple[Needed, ...]:
    """Return the approvals that nobody has given yet."""
    have = frozenset(given)
    return tuple(each for each in needed if each.reason not in have)


def discount_of(deal: Deal, plan: Plan) -> Percentage | None:
    """Return how much a plan takes off the public price; None where nothing is, or the public price is not known."""
    if plan.discount is not None:
        return plan.discount
    listed = plan.base.list_total
    if listed is None or listed.minor <= 0:
        return None
    off = listed.minor - total_of(plan, deal.currency, deal.starts_on).minor
    return Percentage(int(Fraction(off * UNITS_PER_ONE, listed.minor))) if off > 0 else None


def _needed(deal: Deal, rules: ApprovalRules) -> Iterator[tuple[Reason, str]]:
    for plan in deal.plans:
        discount = discount_of(deal, plan)
        if rules.discount_above is not None and discount is not None and discount > rules.discount_above:
            shown = f"{float(str(discount)):.2f}".rstrip("0").rstrip(".")
            yield Reason.DISCOUNT, f"{plan.new_plan or plan.plan} is {shown} % off; {rules.discount_above} % is free."
    if rules.standard_terms:
        others = [each.file for each in deal.terms if each.file not in rules.standard_terms]
        if others:
            yield Reason.TERMS, f"Not a standard document: {', '.join(others)}."
    longest = max((plan.term_months or 0 for plan in deal.plans), default=0)
    if rules.term_above_months is not None and longest > rules.term_above_months:
        yield Reason.LONG_TERM, f"The term is {longest} months; {rules.term_above_months} are free."
    if rules.usd_above is not None:
        yield from _worth(deal, rules.usd_above)


def _worth(deal: Deal, limit: int) -> Iterator[tuple[Reason, str]]:
    rate = deal.usd_rate(deal.currency)
    totals = [total_of(plan, deal.currency, deal.starts_on) for plan in deal.plans]
    if not any(totals):
        return
    if rate is None:
        yield Reason.VALUE, f"What the deal is worth in USD is not known: no rate from {deal.currency}."
        return
    worth = sum((total.to_decimal() for total in totals), start=totals[0].to_decimal() * 0) * rate
    if worth > limit:
        yield Reason.VALUE, f"The deal is worth {worth:,.2f} USD; {limit:,} USD are free."
