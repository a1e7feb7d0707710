"""May this customer's app or agent act now, and if not, why.

The one derived answer over the four machines. It is a pure function of the standing, so that a webhook, a lost
consent, a pause and a reconciliation all lead to the same recomputation, and every place that asks gets the same
reasons. All reasons are given, not the first alone: a person who removes one wants to know of the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState, OperationState, ProvisioningState

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Generic[S_co]):
    """Where one machine stands.

    Args:
        state: Its state.
        since_at: When it came there, if known.
        note: Why, in words for a person; for an unknown commercial status, Microsoft's text.
    """

    state: S_co
    since_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """When each step of the path was first reached; None while it was not, or is not known."""

    bought_at: datetime | None = None
    activated_at: datetime | None = None
    consented_at: datetime | None = None
    ready_at: datetime | None = None
    stopped_at: datetime | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The four machines of one subscription, and the milestones behind it.

    Args:
        commercial: Microsoft's status; None is one that Fairkeeper does not know and therefore holds.
    """

    commercial: Mark[CommercialStatus | None]
    consent: Mark[ConsentState]
    provisioning: Mark[ProvisioningState]
    operation: Mark[OperationState]
    milestones: Milestones = field(default_factory=Milestones)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something is so, and what a person can do about it.

    Args:
        code: Stable name, `customers.…`.
        sentence: What is so.
        remedy: What to do now.
    """

    code: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether acting is allowed now; the reasons are empty exactly when it is."""

    allowed: bool
    reasons: tuple[Reason, ...]


def _reason(code: str, sentence: str, remedy: str) -> Reason:
    return Reason(code=f"customers.{code}", sentence=sentence, remedy=remedy)


_COMMERCIAL: Final[Mapping[CommercialStatus | None, Reason]] = MappingProxyType(
    {
        None: _reason(
            "status_unknown",
            "Microsoft reports a status that Fairkeeper does not know; use is held until a person has looked.",
            "Compare the status with Microsoft's documentation and update Fairkeeper; nothing is lost meanwhile.",
        ),
        CommercialStatus.NOT_STARTED: _reason(
            "not_started",
            "The purchase is recorded at Microsoft but has not begun.",
            "Wait for the buyer to choose Configure account in the Azure portal.",
        ),
        CommercialStatus.PENDING_FULFILLMENT_START: _reason(
            "not_activated",
            "The subscription was bought and not yet activated.",
            "Ask the buyer to choose Configure account, or activate it here; 30 days after purchase it is cancelled.",
        ),
        CommercialStatus.SUSPENDED: _reason(
            "suspended",
            "Microsoft suspended the subscription, as a rule because a payment failed.",
            "The customer settles the payment with Microsoft within 30 days; the data is kept meanwhile.",
        ),
        CommercialStatus.UNSUBSCRIBED: _reason(
            "unsubscribed",
            "The subscription has ended; this is final.",
            "A customer who returns buys again and gets a new subscription.",
        ),
    }
)

_CONSENT: Final[Mapping[ConsentState, Reason]] = MappingProxyType(
    {
        ConsentState.NONE: _reason(
            "consent_missing",
            "The customer's tenant has not been asked for the permissions that are needed.",
            "Send the customer's administrator the consent link.",
        ),
        ConsentState.REQUESTED: _reason(
            "consent_awaited",
            "The customer's tenant was asked and has not answered.",
            "Remind the customer's administrator, or send the link again.",
        ),
        ConsentState.STALE: _reason(
            "consent_stale",
            "The consent could not be confirmed lately or no longer covers what is needed.",
            "Check the consent again; if it was changed, ask the customer's administrator once more.",
        ),
        ConsentState.REVOKED: _reason(
            "consent_revoked",
            "The customer's tenant has taken its consent back.",
            "Respect it. If the customer wants to go on, ask anew.",
        ),
    }
)

_PROVISIONING: Final[Mapping[ProvisioningState, Reason]] = MappingProxyType(
    {
        ProvisioningState.NONE: _reason(
            "not_provisioned",
            "Nothing has been set up for this customer yet.",
            "Start provisioning, or wait for activation to start it.",
        ),
        ProvisioningState.RUNNING: _reason(
            "provisioning",
            "The publisher's systems are being set up.",
            "Wait for their answer; it is asked for again by itself.",
        ),
        ProvisioningState.FAILED: _reason(
            "provisioning_failed",
            "Setting up the publisher's systems failed.",
            "Read the failure, correct it and start provisioning again.",
        ),
        ProvisioningState.DRAINING: _reason(
            "draining",
            "Use has been stopped and running work is being finished.",
            "Wait for the publisher's systems to report that they have stopped.",
        ),
        ProvisioningState.STOPPED: _reason(
            "stopped",
            "Use has been stopped; the receipt says what stopped and what remains.",
            "While the subscription is active and data is kept, provisioning can be started again.",
        ),
        ProvisioningState.ERASED: _reason(
            "erased",
            "The customer's data has been erased; this is final.",
            "A customer who returns buys again and gets a new subscription.",
        ),
    }
)

_OPERATION: Final[Mapping[OperationState, Reason]] = MappingProxyType(
    {
        OperationState.PAUSED: _reason(
            "paused",
            "A person has paused this customer's use.",
            "Somebody who may resume it decides when.",
        ),
        OperationState.BLOCKED: _reason(
            "blocked",
            "Use is blocked by a limit, a policy or a person.",
            "Remove the cause, lift the block, and then resume.",
        ),
    }
)


def may_act(standing: Standing) -> Answer:
    """Say whether this customer's app or agent may act now: Subscribed, consented, ready and enabled, all four.

    Example:
        >>> standing = Standing(
        ...     commercial=Mark(state=CommercialStatus.SUSPENDED),
        ...     consent=Mark(state=ConsentState.GRANTED),
        ...     provisioning=Mark(state=ProvisioningState.READY),
        ...     operation=Mark(state=OperationState.PAUSED),
        ... )
        >>> [reason.code for reason in may_act(standing).reasons]
        ['customers.suspended', 'customers.paused']
    """
    # A state without an entry allows; every other state must have one, which a test proves for all of them.
    found = (
        _noted(_COMMERCIAL.get(standing.commercial.state), standing.commercial.note),
        _noted(_CONSENT.get(standing.consent.state), standing.consent.note),
        _noted(_PROVISIONING.get(standing.provisioning.state), standing.provisioning.note),
        _noted(_OPERATION.get(standing.operation.state), standing.operation.note),
    )
    reasons = tuple(reason for reason in found if reason is not None)
    return Answer(allowed=not reasons, reasons=reasons)


def _noted(reason: Reason | None, note: str | None) -> Reason | None:
    """Add what was written down about the present state to its general sentence."""
    if reason is None or not note:
        return reason
    return Reason(code=reason.code, sentence=f"{reason.sentence} ({note})", remedy=reason.remedy)
