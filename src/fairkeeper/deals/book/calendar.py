"""What a deal asks of people and by when: acceptance, purchase, charges, the end and its renewal; pure.

Whether something is due is derived anew from the present facts each time, so that a reminder planned a year ago for
what has been done since says nothing.

Source: Microsoft Learn, "ISV to customer private offers" (accept, then buy under the same billing account, then
configure within 30 days), "Agency fee discount for renewals" (attested only while the new offer is made).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fairkeeper.deals.book.charges import ExpectedCharge
from fairkeeper.deals.book.finding_kinds import (
    ACCEPTANCE_NEAR,
    CHARGE_NEAR,
    MATCH_UNCERTAIN,
    PARTNER_WAITING,
    PURCHASE_MISSING,
    RENEWAL_NEAR,
)
from fairkeeper.deals.book.lifecycle import DealState, Step
from fairkeeper.values.findings import Finding

ACCEPTANCE_DAYS: Final = 7
PARTNER_DAYS: Final = 7
PURCHASE_DAYS: Final = 3
CHARGE_DAYS: Final = 7
RENEWAL_DAYS: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class DealFacts:
    """What the calendar looks at.

    Args:
        state_since: The day the deal came to its state.
        starts_on: First day of the contract, from which it can be bought.
        charges: Of everything that was bought, by the plan's name.
        is_match_uncertain: Whether a purchase waits for a person to say whether it came from this deal.
        has_renewal_answer: Whether somebody has said how it goes on after the end.
        has_flexible_schedule: Whether a plan has a schedule of its own, which a renewal by itself does not repeat.
    """

    name: str
    customer: str
    state: DealState
    state_since: date
    accept_by: date
    starts_on: date
    ends_on: date
    total: str
    auto_renew: bool = False
    has_flexible_schedule: bool = False
    charges: Sequence[tuple[str, ExpectedCharge]] = ()
    is_match_uncertain: bool = False
    has_renewal_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that a person has to look at.

    Args:
        key: Tells needs of one kind and deal apart.
        due_on: The day it is about.
        asked_on: From when on somebody is asked.
    """

    finding: Finding
    key: str
    due_on: date
    asked_on: date
    owner_role: str = "deal_desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What time alone does to a deal, with the reason in words."""

    step: Step
    reason: str


def passing(facts: DealFacts, today: date) -> Passing | None:
    """Return what time has done to a deal by today.

    Example:
        >>> day = date(2026, 12, 16)
        >>> facts = DealFacts(
        ...     name="D",
        ...     customer="Contoso",
        ...     state=DealState.OFFERED,
        ...     state_since=day,
        ...     total="1.00 USD",
        ...     accept_by=date(2026, 12, 15),
        ...     starts_on=day,
        ...     ends_on=date(2027, 12, 31),
        ... )
        >>> passing(facts, day).reason
        'Contoso did not accept it by 2026-12-15.'
    """
    if facts.state is DealState.OFFERED and today > facts.accept_by:
        reason = f"{facts.customer or 'Nobody'} did not accept it by {facts.accept_by}."
        return Passing(step=Step.EXPIRED, reason=reason.replace("Nobody did not accept", "Nobody accepted"))
    if facts.state is DealState.WITH_PARTNER and today > facts.accept_by:
        reason = f"The channel partner did not send it to the customer by {facts.accept_by}."
        return Passing(step=Step.EXPIRED, reason=reason)
    if facts.state is DealState.ACCEPTED and today > facts.ends_on:
        return Passing(step=Step.ENDED, reason=f"It was accepted and never bought; it ended on {facts.ends_on}.")
    if facts.state is DealState.BOUGHT and today > facts.ends_on:
        return Passing(step=Step.ENDED, reason=f"The contract ended on {facts.ends_on}.")
    return None


def needs(facts: DealFacts) -> tuple[Need, ...]:
    """Return everything a deal will ask for as things stand, in the order of its days."""
    return tuple(sorted(_needs(facts), key=lambda need: (need.asked_on, need.due_on, need.key)))


def needs_now(facts: DealFacts, today: date) -> tuple[Need, ...]:
    """Return what asks for a person today."""
    return tuple(need for need in needs(facts) if need.asked_on <= today and not _is_over(need, today))


def _is_over(need: Need, today: date) -> bool:
    """A charge is told ahead and then happens by itself; everything else stays until it is done."""
    return need.finding.code == CHARGE_NEAR.code and today > need.due_on


def _needs(facts: DealFacts) -> Iterator[Need]:
    if facts.is_match_uncertain:
        message = f"A purchase looks like {facts.name!r}, and nothing says so for certain."
        yield Need(
            finding=MATCH_UNCERTAIN.found(message),
            key="match",
            due_on=facts.state_since,
            asked_on=facts.state_since,
        )
    if facts.state is DealState.WITH_PARTNER:
        asked = min(facts.state_since + timedelta(days=PARTNER_DAYS), facts.accept_by)
        message = f"{facts.name!r} waits for the channel partner since {facts.state_since}."
        yield Need(finding=PARTNER_WAITING.found(message), key="partner", due_on=facts.accept_by, asked_on=asked)
    elif facts.state is DealState.OFFERED:
        asked = facts.accept_by - timedelta(days=ACCEPTANCE_DAYS)
        message = f"{facts.customer or 'The customer'} has until {facts.accept_by} to accept {facts.name!r}."
        yield Need(finding=ACCEPTANCE_NEAR.found(message), key="acceptance", due_on=facts.accept_by, asked_on=asked)
    elif facts.state is DealState.ACCEPTED:
        due = max(facts.state_since, facts.starts_on) + timedelta(days=PURCHASE_DAYS)
        message = f"{facts.customer or 'The customer'} has accepted {facts.name!r} and not bought it."
        yield Need(finding=PURCHASE_MISSING.found(message), key="purchase", due_on=due, asked_on=due)
    elif facts.state is DealState.BOUGHT:
        yield from _running(facts)


def _running(facts: DealFacts) -> Iterator[Need]:
    for plan, charge in facts.charges:
        message = f"{facts.customer or 'The customer'} is charged {charge.amount} for {plan} on {charge.on}."
        yield Need(
            finding=CHARGE_NEAR.found(message),
            key=f"charge:{plan}:{charge.number}"[:120],
            due_on=charge.on,
            asked_on=charge.on - timedelta(days=CHARGE_DAYS),
            owner_role="finance",
        )
    if facts.has_renewal_answer:
        return
    goes_on = "It ends then."
    if facts.auto_renew:
        goes_on = "It renews by itself then, at the public price" + (
            " and without the schedule." if facts.has_flexible_schedule else "."
        )
    message = f"{facts.name!r}, worth {facts.total}, ends on {facts.ends_on}. {goes_on}"
    yield Need(
        finding=RENEWAL_NEAR.found(message),
        key="renewal",
        due_on=facts.ends_on,
        asked_on=facts.ends_on - timedelta(days=RENEWAL_DAYS),
    )
