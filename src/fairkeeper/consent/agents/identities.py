"""An agent identity's life in a customer's tenant, and when it is worth asking again; rules alone.

The publisher owns a blueprint, an application for several tenants that holds every credential. An administrator's
consent brings its principal into the tenant; with its own token the blueprint then makes one agent identity there, for
which somebody of the customer answers as sponsor. What the agent may do is granted to that identity.

Source: Microsoft Entra Agent ID, "Create agent identities", "Administrative relationships" (a sponsor is needed),
"Grant application permissions to an autonomous agent" (no notice tells of a consent in another tenant: ask again).
Assumption: an identity is asked for again after a minute at first and after six hours at most, for thirty days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

_SOONEST: Final = timedelta(minutes=1)
_LATEST: Final = timedelta(hours=6)
_GIVES_UP: Final = timedelta(days=30)


class IdentityState(StrEnum):
    """Where one agent identity stands."""

    AWAITING = "awaiting_blueprint"
    """A sponsor is named; the blueprint's principal is not in the tenant yet, so that nothing can be made."""
    CREATING = "creating"
    """Microsoft was asked to make it; the answer is not recorded yet."""
    UNCLEAR = "unclear"
    """The answer was lost, so that somebody has to look whether it was made."""
    REFUSED = "refused"
    """Microsoft refused, and says why."""
    PRESENT = "present"
    """It is there. What it may do is the grant's business."""
    REMOVED = "removed"
    """It was taken away, here or by the customer."""


ANSWER_WITHIN: Final = timedelta(minutes=5)
"""How long an answer may take; after that it is taken to be lost."""
MAKEABLE: Final = frozenset({IdentityState.AWAITING, IdentityState.CREATING})
"""The states in which background work goes on making it."""


def next_try_at(began_at: datetime, now: datetime) -> datetime | None:
    """Return when to ask again for what an administrator has to do first: half of the time waited so far; or never.

    Example:
        >>> noon = datetime(2026, 11, 28, 12)
        >>> next_try_at(noon, noon) - noon, next_try_at(noon, noon + timedelta(hours=2)) - noon
        (datetime.timedelta(seconds=60), datetime.timedelta(seconds=10800))
        >>> next_try_at(noon, noon + timedelta(days=31)) is None
        True
    """
    waited = now - began_at
    if waited >= _GIVES_UP:
        return None
    return now + min(max(waited / 2, _SOONEST), _LATEST)
