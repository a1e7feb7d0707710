"""The four machines a customer stands in, as tables of transitions.

Commercial is Microsoft's and only mirrored; consent is answered by the room of that name; provisioning is the
publisher's own code; operation is what people and limits here decide. They are separate because each has another
owner, and one of them changing never invents a state of another.

Source: Microsoft Learn, "Managing the SaaS subscription life cycle" (the four statuses); the commercial marketplace
OpenAPI adds NotStarted. The other three machines are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from fairkeeper.customers.errors import TransitionRefusedError

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class CommercialStatus(StrEnum):
    """Microsoft's statuses of a SaaS subscription, in Microsoft's spelling."""

    NOT_STARTED = "NotStarted"
    PENDING_FULFILLMENT_START = "PendingFulfillmentStart"
    SUBSCRIBED = "Subscribed"
    SUSPENDED = "Suspended"
    UNSUBSCRIBED = "Unsubscribed"


class ConsentState(StrEnum):
    """What the beneficiary's tenant has granted, as far as this room must know."""

    NOT_NEEDED = "not_needed"
    NONE = "none"
    REQUESTED = "requested"
    GRANTED = "granted"
    STALE = "stale"
    REVOKED = "revoked"


class ProvisioningState(StrEnum):
    """How far the publisher's own systems are."""

    NONE = "none"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    DRAINING = "draining"
    STOPPED = "stopped"
    ERASED = "erased"


class OperationState(StrEnum):
    """What people and limits here have decided."""

    ENABLED = "enabled"
    PAUSED = "paused"
    BLOCKED = "blocked"


class ConsentEvent(StrEnum):
    """What moves consent."""

    REQUEST = "request"
    GRANT = "grant"
    AGE = "age"
    REVOKE = "revoke"


class ProvisioningEvent(StrEnum):
    """What moves provisioning."""

    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    DRAIN = "drain"
    DRAINED = "drained"
    ERASE = "erase"


class OperationEvent(StrEnum):
    """What moves operation."""

    PAUSE = "pause"
    RESUME = "resume"
    BLOCK = "block"
    UNBLOCK = "unblock"


COMMERCIAL_MOVES: Final = frozenset(
    {
        (CommercialStatus.NOT_STARTED, CommercialStatus.PENDING_FULFILLMENT_START),
        (CommercialStatus.NOT_STARTED, CommercialStatus.SUBSCRIBED),
        (CommercialStatus.NOT_STARTED, CommercialStatus.UNSUBSCRIBED),
        (CommercialStatus.PENDING_FULFILLMENT_START, CommercialStatus.SUBSCRIBED),
        (CommercialStatus.PENDING_FULFILLMENT_START, CommercialStatus.UNSUBSCRIBED),
        (CommercialStatus.SUBSCRIBED, CommercialStatus.SUSPENDED),
        (CommercialStatus.SUBSCRIBED, CommercialStatus.UNSUBSCRIBED),
        (CommercialStatus.SUSPENDED, CommercialStatus.SUBSCRIBED),
        (CommercialStatus.SUSPENDED, CommercialStatus.UNSUBSCRIBED),
    }
)
"""The moves Microsoft documents. The mirror follows any other too (it never argues with Microsoft) but says so."""

CONSENT: Final[Mapping[tuple[ConsentState, ConsentEvent], ConsentState]] = MappingProxyType(
    {
        (ConsentState.NONE, ConsentEvent.REQUEST): ConsentState.REQUESTED,
        (ConsentState.NONE, ConsentEvent.GRANT): ConsentState.GRANTED,
        (ConsentState.REQUESTED, ConsentEvent.GRANT): ConsentState.GRANTED,
        (ConsentState.REQUESTED, ConsentEvent.REVOKE): ConsentState.REVOKED,
        (ConsentState.GRANTED, ConsentEvent.AGE): ConsentState.STALE,
        (ConsentState.GRANTED, ConsentEvent.REVOKE): ConsentState.REVOKED,
        (ConsentState.STALE, ConsentEvent.REQUEST): ConsentState.REQUESTED,
        (ConsentState.STALE, ConsentEvent.GRANT): ConsentState.GRANTED,
        (ConsentState.STALE, ConsentEvent.REVOKE): ConsentState.REVOKED,
        # Asking again after a revocation is a new request; an old grant never comes back by itself.
        (ConsentState.REVOKED, ConsentEvent.REQUEST): ConsentState.REQUESTED,
    }
)

PROVISIONING: Final[Mapping[tuple[ProvisioningState, ProvisioningEvent], ProvisioningState]] = MappingProxyType(
    {
        (ProvisioningState.NONE, ProvisioningEvent.START): ProvisioningState.RUNNING,
        # Nothing was set up, so there is nothing to drain.
        (ProvisioningState.NONE, ProvisioningEvent.DRAIN): ProvisioningState.STOPPED,
        (ProvisioningState.RUNNING, ProvisioningEvent.SUCCEED): ProvisioningState.READY,
        (ProvisioningState.RUNNING, ProvisioningEvent.FAIL): ProvisioningState.FAILED,
        (ProvisioningState.RUNNING, ProvisioningEvent.DRAIN): ProvisioningState.DRAINING,
        (ProvisioningState.READY, ProvisioningEvent.DRAIN): ProvisioningState.DRAINING,
        (ProvisioningState.FAILED, ProvisioningEvent.START): ProvisioningState.RUNNING,
        (ProvisioningState.FAILED, ProvisioningEvent.DRAIN): ProvisioningState.DRAINING,
        (ProvisioningState.DRAINING, ProvisioningEvent.DRAINED): ProvisioningState.STOPPED,
        # A person who stopped a customer that is still Subscribed may start it again until its data is erased.
        (ProvisioningState.STOPPED, ProvisioningEvent.START): ProvisioningState.RUNNING,
        (ProvisioningState.STOPPED, ProvisioningEvent.ERASE): ProvisioningState.ERASED,
    }
)

OPERATION: Final[Mapping[tuple[OperationState, OperationEvent], OperationState]] = MappingProxyType(
    {
        (OperationState.ENABLED, OperationEvent.PAUSE): OperationState.PAUSED,
        (OperationState.ENABLED, OperationEvent.BLOCK): OperationState.BLOCKED,
        (OperationState.PAUSED, OperationEvent.RESUME): OperationState.ENABLED,
        (OperationState.PAUSED, OperationEvent.BLOCK): OperationState.BLOCKED,
        # Lifting a block does not resume by itself: a pause that stood before it would be forgotten otherwise.
        (OperationState.BLOCKED, OperationEvent.UNBLOCK): OperationState.PAUSED,
    }
)


def advance_consent(state: ConsentState, event: ConsentEvent) -> ConsentState:
    """Return the next consent state.

    Raises:
        TransitionRefusedError: The machine has no such transition.

    Example:
        >>> advance_consent(ConsentState.REQUESTED, ConsentEvent.GRANT).value
        'granted'
    """
    return _advance(CONSENT, state, event)


def advance_provisioning(state: ProvisioningState, event: ProvisioningEvent) -> ProvisioningState:
    """Return the next provisioning state.

    Raises:
        TransitionRefusedError: The machine has no such transition (an answer that came after the stop, for instance).

    Example:
        >>> advance_provisioning(ProvisioningState.FAILED, ProvisioningEvent.START).value
        'running'
    """
    return _advance(PROVISIONING, state, event)


def advance_operation(state: OperationState, event: OperationEvent) -> OperationState:
    """Return the next operation state.

    Raises:
        TransitionRefusedError: The machine has no such transition.

    Example:
        >>> advance_operation(OperationState.BLOCKED, OperationEvent.UNBLOCK).value
        'paused'
    """
    return _advance(OPERATION, state, event)


def _advance(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """Look a transition up, or refuse it with the events that the present state does allow."""
    try:
        return table[state, event]
    except KeyError:
        allowed = sorted(str(possible) for begins, possible in table if begins == state)
        raise TransitionRefusedError(
            f"{type(state).__name__} {state} has no transition {event}.",
            remedy=f"From here it can only {' or '.join(allowed)}." if allowed else "This state is final.",
            detail={"state": str(state), "event": str(event)},
        ) from None
