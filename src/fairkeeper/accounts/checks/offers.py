"""Offers and plans: ids, lengths, limits, markets, the publisher's own convention, what Create would fix for good.

Source: Microsoft Learn, "Create a SaaS offer", "Create plans for a SaaS offer", "Plan a SaaS offer" (limits);
"Metered billing for SaaS" (30 dimensions); free trials of 30 to 120 days. Some limits stand on pages of other offer
types; each is in `docs/reference/findings.md` with its page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fairkeeper.accounts.checks.declaring import Basis, declare
from fairkeeper.accounts.structure.model import ALL_MARKETS, MOST_MARKETS, Life, Offer, Plan, Structure
from fairkeeper.accounts.structure.naming import follows
from fairkeeper.accounts.structure.permanence import becomes_permanent
from fairkeeper.values.findings import Finding, Level

MOST_PLANS: Final = 100
MOST_PRIVATE_PLANS: Final = 45
MOST_DIMENSIONS: Final = 30
_NEAR_PERCENT: Final = 90
_TRIAL_DAYS: Final = range(30, 121)
_ID: Final = re.compile(r"[a-z0-9_-]{1,50}")
_MARKET: Final = re.compile(r"[A-Z]{2}")
_OFFER_TEXTS: Final = (("name", 200), ("summary", 100), ("description", 5_000))
_PLAN_TEXTS: Final = (("name", 200), ("summary", 100), ("description", 3_000))

OFFER_ID_INVALID: Final = declare(
    "offer_id_invalid",
    title="Offer and plan ids are at most 50 lower-case letters, digits, hyphens and underscores",
    remedy="Choose another before it is created; it cannot be changed afterwards.",
    resource="learn-plan-saas-offer",
    example="id: Contract Assistant",
)
OFFER_ID_TWICE: Final = declare(
    "offer_id_twice",
    title="An offer id is unique in the account, a plan id in its offer",
    remedy="Give one of the two another id, or remove the entry that stands twice.",
    resource="learn-plan-saas-offer",
    example="two plans with the id team",
)
NAMING_NOT_FOLLOWED: Final = declare(
    "naming_not_followed",
    title="Ids follow the publisher's own convention",
    remedy="Take the id that fairkeeper accounts naming proposes, while it is only planned; what exists keeps its id.",
    resource="blog-account-structure",
    example="plan: {tier}-{period}, and a plan with the id teamplan",
    level=Level.WARNING,
)
TEXT_TOO_LONG: Final = declare(
    "text_too_long",
    title="Names, summaries and descriptions keep to the listing's lengths",
    remedy="Shorten it: name 200, summary 100, an offer's description 5,000, a plan's 3,000 characters.",
    resource="learn-plan-saas-offer",
    example="a summary of 101 characters",
)
TOO_MANY_PLANS: Final = declare(
    "too_many_plans",
    title="An offer has at most 100 plans, 45 of them private, and 30 dimensions",
    remedy="Begin another offer, or retire plans that nobody buys; for one customer use a private offer.",
    resource="learn-plan-saas-offer",
    example="46 private plans",
)
NEAR_LIMITS: Final = declare(
    "near_limits",
    title="An offer is not near its limits",
    remedy="Plan the next offer now, before a plan is needed that no longer fits.",
    resource="learn-plan-saas-offer",
    example="92 plans in one offer",
    level=Level.WARNING,
)
NO_PLAN: Final = declare(
    "no_plan",
    title="An offer that is sold has a plan",
    remedy="Add a plan; an offer without one cannot be bought.",
    resource="learn-plan-saas-offer",
    example="a live offer with plans: []",
)
PLAN_WITHOUT_MARKET: Final = declare(
    "plan_without_market",
    title="A plan is sold in one market at least",
    remedy="Choose the plan's markets in Pricing and availability; without any, nobody sees it.",
    resource="learn-plan-saas-offer",
    example="a live plan with markets: []",
)
MARKET_UNKNOWN: Final = declare(
    "market_unknown",
    title="A market is a two-letter code, and there are at most 141",
    remedy="Write the codes of ISO 3166, such as DE and US, or the word all.",
    resource="learn-availability-currencies",
    example="markets: [Germany]",
)
TRIAL_LENGTH: Final = declare(
    "trial_length",
    title="A free trial lasts 30 to 120 days",
    remedy="Choose a length between them.",
    resource="learn-plan-saas-offer",
    example="trial_days: 14",
)
BECOMES_PERMANENT: Final = declare(
    "becomes_permanent",
    title="What Create fixes for good was looked at",
    remedy="Say the ids aloud to somebody else before Create is pressed.",
    resource="blog-account-structure",
    example="a planned offer",
    level=Level.INFO,
)


def check_offers(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the two
    """Find offers whose id, texts or number of plans do not fit."""
    seen: set[str] = set()
    for path, _, offer in structure.offers():
        if not _ID.fullmatch(offer.id):
            yield OFFER_ID_INVALID.found(f"{offer.id[:60]!r} is no offer id.", path=f"{path}/id")
        elif not follows(offer.id, structure.naming.offer, structure.naming):
            message = f"The offer id {offer.id} does not follow {structure.naming.offer}."
            yield NAMING_NOT_FOLLOWED.found(message, path=f"{path}/id", subject=offer.id)
        if offer.id in seen:
            yield OFFER_ID_TWICE.found(f"The offer id {offer.id} stands twice in the account.", path=f"{path}/id")
        seen.add(offer.id)
        yield from _texts(offer, path, _OFFER_TEXTS, f"the offer {offer.id}")
        yield from _limits(offer, path)
        if offer.life is Life.LIVE and not any(plan.life is Life.LIVE for plan in offer.plans):
            yield NO_PLAN.found(f"The offer {offer.id} has no plan that can be bought.", path=path, subject=offer.id)


def check_plans(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find plans whose id, texts, markets or trial do not fit."""
    seen: set[tuple[str, str]] = set()
    for path, offer, plan in structure.plans():
        named = f"the plan {plan.id} of {offer.id}"
        if not _ID.fullmatch(plan.id):
            yield OFFER_ID_INVALID.found(f"{plan.id[:60]!r} is no plan id.", path=f"{path}/id", subject=offer.id)
        elif not follows(plan.id, structure.naming.plan, structure.naming):
            message = f"The plan id {plan.id} of {offer.id} does not follow {structure.naming.plan}."
            yield NAMING_NOT_FOLLOWED.found(message, path=f"{path}/id", subject=plan.id)
        if (offer.id, plan.id) in seen:
            yield OFFER_ID_TWICE.found(f"The plan id {plan.id} stands twice in {offer.id}.", path=f"{path}/id")
        seen.add((offer.id, plan.id))
        yield from _texts(plan, path, _PLAN_TEXTS, named)
        yield from _markets(plan, path, named)
        if plan.trial_days is not None and plan.trial_days not in _TRIAL_DAYS:
            message = f"The trial of {named} lasts {plan.trial_days} days."
            yield TRIAL_LENGTH.found(message, path=f"{path}/trial_days", subject=plan.id)


def check_permanence(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Tell what creating the planned parts would fix for good."""
    for each in becomes_permanent(structure):
        message = f"The {each.what} {each.value} would be permanent if it were created now. {each.why}"
        yield BECOMES_PERMANENT.found(message, path=each.path, subject=each.value)


def _limits(offer: Offer, path: str) -> Iterator[Finding]:
    counted = (
        (len(offer.plans), MOST_PLANS, "plans"),
        (sum(plan.is_private for plan in offer.plans), MOST_PRIVATE_PLANS, "private plans"),
        (offer.dimensions, MOST_DIMENSIONS, "dimensions"),
    )
    over = [f"{number} {word} (at most {most})" for number, most, word in counted if number > most]
    near = [
        f"{number} of {most} {word}" for number, most, word in counted if most >= number >= most * _NEAR_PERCENT / 100
    ]
    if over:
        message = f"The offer {offer.id} has {', '.join(over)}."
        yield TOO_MANY_PLANS.found(message, path=f"{path}/plans", subject=offer.id)
    if near:
        yield NEAR_LIMITS.found(f"The offer {offer.id} has {', '.join(near)}.", path=f"{path}/plans", subject=offer.id)


def _texts(of: Offer | Plan, path: str, lengths: tuple[tuple[str, int], ...], named: str) -> Iterator[Finding]:
    for key, most in lengths:
        length = len(getattr(of, key))
        if length > most:
            message = f"The {key} of {named} has {length:,} characters, above {most:,}."
            yield TEXT_TOO_LONG.found(message, path=f"{path}/{key}", subject=of.id)


def _markets(plan: Plan, path: str, named: str) -> Iterator[Finding]:
    if plan.markets == ALL_MARKETS:
        return
    if isinstance(plan.markets, str):
        message = f"The markets of {named} are {plan.markets[:40]!r}, neither a list nor {ALL_MARKETS}."
        yield MARKET_UNKNOWN.found(message, path=f"{path}/markets", subject=plan.id)
        return
    if not plan.markets and plan.life is not Life.RETIRED:
        message = f"No market is chosen for {named}."
        yield PLAN_WITHOUT_MARKET.found(message, path=f"{path}/markets", subject=plan.id)
    unknown = [market for market in plan.markets if not _MARKET.fullmatch(market)]
    if unknown or len(set(plan.markets)) > MOST_MARKETS:
        told = f"has {', '.join(map(repr, unknown[:5]))}" if unknown else f"names {len(set(plan.markets))} markets"
        message = f"The list of markets of {named} {told}."
        yield MARKET_UNKNOWN.found(message, path=f"{path}/markets", subject=plan.id)
