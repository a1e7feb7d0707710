"""How far a deal has come, and what leads from where to where: a table, and nothing else decides it.

Microsoft's API has two words for a private offer (`state`, `subState`); its dashboard has others. Ours go further: they
begin with the draft and end with the contract, because a deal desk loses money before and after Microsoft's part.

Source: Microsoft Learn, "Private offers submission API" (states and sub-states), "ISV to customer private offers"
(accepting starts no billing: the customer still has to buy), read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from fairkeeper.deals.errors import DealStateError


class DealState(StrEnum):
    """How far a deal has come."""

    DRAFT = "draft"
    SUBMITTING = "submitting"
    """Handed to Microsoft, whose job has not ended yet."""
    WITH_PARTNER = "with_partner"
    """Live for the channel partner, who has to add its part."""
    OFFERED = "offered"
    """Waits for the customer to accept it."""
    ACCEPTED = "accepted"
    """Accepted and not bought yet."""
    BOUGHT = "bought"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """Nobody accepted it in time."""
    LOST = "lost"


class Step(StrEnum):
    """What happened to a deal."""

    SUBMITTED = "submitted"
    REFUSED = "refused"
    """Microsoft's job failed."""
    DRAFTED = "drafted"
    """Microsoft keeps it as a draft, for a person to publish in Partner Center."""
    SHARED = "shared"
    """It waits for the channel partner."""
    OFFERED = "offered"
    ACCEPTED = "accepted"
    BOUGHT = "bought"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    LOST = "lost"
    REOPENED = "reopened"


_D = DealState
TRANSITIONS: Final[Mapping[tuple[DealState, Step], DealState]] = {
    (_D.DRAFT, Step.SUBMITTED): _D.SUBMITTING,
    (_D.SUBMITTING, Step.REFUSED): _D.DRAFT,
    (_D.SUBMITTING, Step.DRAFTED): _D.DRAFT,
    **{(state, Step.SHARED): _D.WITH_PARTNER for state in (_D.DRAFT, _D.SUBMITTING, _D.OFFERED)},
    **{(state, Step.OFFERED): _D.OFFERED for state in (_D.DRAFT, _D.SUBMITTING, _D.WITH_PARTNER)},
    **{
        (state, Step.ACCEPTED): _D.ACCEPTED
        for state in (_D.DRAFT, _D.SUBMITTING, _D.WITH_PARTNER, _D.OFFERED, _D.EXPIRED)
    },
    **{(state, Step.BOUGHT): _D.BOUGHT for state in (_D.OFFERED, _D.ACCEPTED, _D.EXPIRED)},
    **{(state, Step.ENDED): _D.ENDED for state in (_D.ACCEPTED, _D.BOUGHT)},
    **{(state, Step.WITHDRAWN): _D.WITHDRAWN for state in (_D.SUBMITTING, _D.WITH_PARTNER, _D.OFFERED, _D.EXPIRED)},
    **{(state, Step.EXPIRED): _D.EXPIRED for state in (_D.WITH_PARTNER, _D.OFFERED)},
    **{(state, Step.LOST): _D.LOST for state in (_D.DRAFT, _D.WITHDRAWN, _D.EXPIRED)},
    **{(state, Step.REOPENED): _D.DRAFT for state in (_D.WITHDRAWN, _D.LOST)},
}
"""Where each step leads from where; nothing else is possible.

A deal that is offered is lost by withdrawing it first, so that no customer accepts what we hold for lost. An expired
one may turn out to be accepted after all: Microsoft's word counts, whenever it is read.
"""

OPEN: Final = frozenset({_D.DRAFT, _D.SUBMITTING, _D.WITH_PARTNER, _D.OFFERED, _D.ACCEPTED, _D.BOUGHT})
"""States in which something is still to come."""
AT_MICROSOFT: Final = frozenset({_D.WITH_PARTNER, _D.OFFERED, _D.ACCEPTED, _D.EXPIRED})
"""States in which Microsoft's word may change what we hold."""
GONE: Final = frozenset({_D.WITHDRAWN, _D.EXPIRED, _D.LOST})
"""States of a deal that did not come about."""


def step(state: DealState, happened: Step) -> DealState | None:
    """Return where a step leads; None where it is not possible from here.

    Example:
        >>> step(DealState.OFFERED, Step.EXPIRED).value
        'expired'
        >>> step(DealState.BOUGHT, Step.WITHDRAWN) is None
        True
    """
    return TRANSITIONS.get((state, happened))


def step_or_refuse(state: DealState, happened: Step, name: str) -> DealState:
    """Return where a step leads.

    Raises:
        DealStateError: It is not possible from here.
    """
    following = step(state, happened)
    if following is None:
        message = f"{name!r} is {state.value.replace('_', ' ')}, so it cannot be {happened.value}."
        raise DealStateError(message)
    return following


def step_told(state: str, sub_state: str | None, *, is_for_customer: bool = True) -> Step | None:
    """Return the step that Microsoft's two words tell of; None for words nobody knows.

    Args:
        state: `state` of the private offer.
        sub_state: `subState`, which only a live one has.
        is_for_customer: False for a CSP offer, which nobody accepts: live is as far as it goes.

    Example:
        >>> step_told("live", "pendingAcceptance").value, step_told("deleted", None) is None
        ('offered', True)
    """
    if state != "live":
        return {"withdrawn": Step.WITHDRAWN, "draft": Step.DRAFTED}.get(state)
    by_word = {"pendingAcceptance": Step.OFFERED, "accepted": Step.ACCEPTED, "pendingPartnerAction": Step.SHARED}
    return by_word.get(sub_state or "") or (None if is_for_customer else Step.OFFERED)
