"""The two lifecycles: trust in a tenant, and what it has granted, each as a table of transitions.

They are apart because they end apart: a customer may withdraw a permission and stay, and a tenant that is no longer
trusted leaves grants behind that only its administrator can remove. The same tables serve every offer type and are
drawn in the documentation.

Source: Microsoft Learn, "Overview of permissions and consent", "Grant tenant-wide admin consent to an application"
(a consent may replace an earlier one), "Microsoft Entra authentication and authorization error codes" (what a refused
token tells); that one refusal proves no revocation is our own caution.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from fairkeeper.consent.errors import MoveRefusedError

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class LinkState(StrEnum):
    """Where trust in a tenant stands."""

    PENDING = "pending"
    """Bought; nobody of the tenant has proved themselves yet."""
    IDENTIFIED = "identified"
    """Somebody of the tenant signed in, and Microsoft Entra vouched for it."""
    LINKED = "linked"
    """The purchase is active and the tenant is the one it was bought for, or a claim was confirmed."""
    SUSPENDED = "suspended"
    """Microsoft suspended the purchase; nothing is asked for, nothing is taken back."""
    BROKEN = "broken"
    """The tenant has deleted or disabled our sign-in application, or is gone itself; seen twice."""
    UNLINKING = "unlinking"
    """Ended here; what only the customer can remove is being looked for until it is gone."""
    UNLINKED = "unlinked"
    """Ended. A customer who returns gets a new link."""


class LinkEvent(StrEnum):
    """What moves a link."""

    IDENTIFY = "identify"
    LINK = "link"
    SUSPEND = "suspend"
    RESUME = "resume"
    BREAK = "break"
    MEND = "mend"
    UNLINK = "unlink"
    CLEAR = "clear"


class GrantState(StrEnum):
    """Where one permission set of one tenant for one app registration stands."""

    NOT_NEEDED = "not_needed"
    REQUESTED = "requested"
    PENDING_ADMIN = "pending_admin"
    GRANTED_UNVERIFIED = "granted_unverified"
    VERIFIED = "verified"
    PARTIAL = "partial"
    DRIFTED = "drifted"
    SUSPECTED_LOST = "suspected_lost"
    REVOKED = "revoked"
    DECLINED = "declined"


class GrantEvent(StrEnum):
    """What moves a grant."""

    REQUEST = "request"
    """It is asked for; also again, after a decline or for a new version of the plan."""
    HAND_OVER = "hand_over"
    """Somebody who may not approve it passes it to an administrator, or Microsoft says that one is needed."""
    CLAIM = "claim"
    """Microsoft's unsigned answer says it is granted."""
    PROVE_ALL = "prove_all"
    """A token carries everything that is wanted, and nothing else."""
    PROVE_SOME = "prove_some"
    """A token carries a part of what was asked for and never had more."""
    PROVE_CHANGED = "prove_changed"
    """A token carries less than was verified before, or more than is wanted."""
    DISPROVE = "disprove"
    """No token can be had although the answer said so; it is as if nobody had answered."""
    DECLINE = "decline"
    MISS = "miss"
    """One probe failed with a code that can mean a revocation."""
    CONFIRM_LOSS = "confirm_loss"
    """Another probe, long enough after, failed alike."""
    WITHDRAW = "withdraw"
    """The customer or the publisher ends it here."""
    DROP = "drop"
    """The plan no longer needs it."""


_LIVE_LINKS: Final = (LinkState.PENDING, LinkState.IDENTIFIED, LinkState.LINKED, LinkState.SUSPENDED, LinkState.BROKEN)

LINK: Final[Mapping[tuple[LinkState, LinkEvent], LinkState]] = MappingProxyType(
    {
        (LinkState.PENDING, LinkEvent.IDENTIFY): LinkState.IDENTIFIED,
        (LinkState.IDENTIFIED, LinkEvent.LINK): LinkState.LINKED,
        (LinkState.LINKED, LinkEvent.SUSPEND): LinkState.SUSPENDED,
        (LinkState.SUSPENDED, LinkEvent.RESUME): LinkState.LINKED,
        (LinkState.LINKED, LinkEvent.BREAK): LinkState.BROKEN,
        (LinkState.SUSPENDED, LinkEvent.BREAK): LinkState.BROKEN,
        (LinkState.BROKEN, LinkEvent.MEND): LinkState.LINKED,
        **{(state, LinkEvent.UNLINK): LinkState.UNLINKING for state in _LIVE_LINKS},
        (LinkState.UNLINKING, LinkEvent.CLEAR): LinkState.UNLINKED,
    }
)
"""Trust. It never goes back from `unlinking`: a customer who returns gets another link."""

_ASKED: Final = (GrantState.REQUESTED, GrantState.PENDING_ADMIN, GrantState.GRANTED_UNVERIFIED)
_HELD: Final = (GrantState.VERIFIED, GrantState.PARTIAL, GrantState.DRIFTED)

GRANT: Final[Mapping[tuple[GrantState, GrantEvent], GrantState]] = MappingProxyType(
    {
        (GrantState.NOT_NEEDED, GrantEvent.REQUEST): GrantState.REQUESTED,
        (GrantState.DECLINED, GrantEvent.REQUEST): GrantState.REQUESTED,
        (GrantState.REQUESTED, GrantEvent.HAND_OVER): GrantState.PENDING_ADMIN,
        (GrantState.REQUESTED, GrantEvent.CLAIM): GrantState.GRANTED_UNVERIFIED,
        (GrantState.PENDING_ADMIN, GrantEvent.CLAIM): GrantState.GRANTED_UNVERIFIED,
        **{(state, GrantEvent.PROVE_ALL): GrantState.VERIFIED for state in _ASKED},
        **{(state, GrantEvent.PROVE_SOME): GrantState.PARTIAL for state in _ASKED},
        **{(state, GrantEvent.PROVE_CHANGED): GrantState.DRIFTED for state in _ASKED},
        (GrantState.GRANTED_UNVERIFIED, GrantEvent.DISPROVE): GrantState.REQUESTED,
        (GrantState.REQUESTED, GrantEvent.DECLINE): GrantState.DECLINED,
        (GrantState.PENDING_ADMIN, GrantEvent.DECLINE): GrantState.DECLINED,
        # A new version of the plan, or the administrator is asked to repair it.
        (GrantState.PARTIAL, GrantEvent.CLAIM): GrantState.GRANTED_UNVERIFIED,
        (GrantState.DRIFTED, GrantEvent.CLAIM): GrantState.GRANTED_UNVERIFIED,
        (GrantState.SUSPECTED_LOST, GrantEvent.CLAIM): GrantState.GRANTED_UNVERIFIED,
        (GrantState.PARTIAL, GrantEvent.PROVE_ALL): GrantState.VERIFIED,
        (GrantState.DRIFTED, GrantEvent.PROVE_ALL): GrantState.VERIFIED,
        (GrantState.VERIFIED, GrantEvent.PROVE_CHANGED): GrantState.DRIFTED,
        (GrantState.PARTIAL, GrantEvent.PROVE_CHANGED): GrantState.DRIFTED,
        **{(state, GrantEvent.MISS): GrantState.SUSPECTED_LOST for state in _HELD},
        (GrantState.SUSPECTED_LOST, GrantEvent.PROVE_ALL): GrantState.VERIFIED,
        (GrantState.SUSPECTED_LOST, GrantEvent.PROVE_SOME): GrantState.PARTIAL,
        (GrantState.SUSPECTED_LOST, GrantEvent.PROVE_CHANGED): GrantState.DRIFTED,
        (GrantState.SUSPECTED_LOST, GrantEvent.CONFIRM_LOSS): GrantState.REVOKED,
        **{
            (state, GrantEvent.WITHDRAW): GrantState.REVOKED
            for state in (*_ASKED, *_HELD, GrantState.SUSPECTED_LOST, GrantState.DECLINED)
        },
        **{(state, GrantEvent.DROP): GrantState.NOT_NEEDED for state in (GrantState.REQUESTED, GrantState.DECLINED)},
    }
)
"""Authorization. Only `verified` unlocks work; nothing leads out of `revoked`, so that asking again is a new grant."""

UNLOCKS: Final = frozenset({GrantState.VERIFIED})
"""The states in which a token of the grant is served."""
PROBED_LINKS: Final = frozenset({LinkState.LINKED, LinkState.SUSPENDED, LinkState.BROKEN})
"""The states of a link in which our sign-in application has to be present in the tenant, and is looked for."""
ENDED_LINKS: Final = frozenset({LinkState.UNLINKING, LinkState.UNLINKED})
"""The states of a link through which nothing is asked for, served or probed (but for whether it is gone)."""
ASKED: Final = frozenset(_ASKED)
"""The states in which an answer is waited for, or has to be proved."""
HELD: Final = frozenset({*_HELD, GrantState.SUSPECTED_LOST})
"""The states in which something was once proved to be granted, and has not been proved to have ended."""


def move_link(state: LinkState, event: LinkEvent) -> LinkState:
    """Return the next state of a link.

    Raises:
        MoveRefusedError: It has no such move.

    Example:
        >>> move_link(LinkState.PENDING, LinkEvent.IDENTIFY).value
        'identified'
    """
    return _moved(LINK, state, event)


def move_grant(state: GrantState, event: GrantEvent) -> GrantState:
    """Return the next state of a grant.

    Raises:
        MoveRefusedError: It has no such move.

    Example:
        >>> move_grant(GrantState.SUSPECTED_LOST, GrantEvent.CONFIRM_LOSS).value
        'revoked'
    """
    return _moved(GRANT, state, event)


def can_move_grant(state: GrantState, event: GrantEvent) -> bool:
    """Say whether a grant has such a move."""
    return (state, event) in GRANT


def _moved(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    try:
        return table[state, event]
    except KeyError:
        possible = sorted(str(each) for begins, each in table if begins == state)
        raise MoveRefusedError(
            f"{type(state).__name__} {state} has no move {event}.",
            remedy=f"From here it can only {' or '.join(possible)}." if possible else "This state is final.",
            detail={"state": str(state), "event": str(event)},
        ) from None
