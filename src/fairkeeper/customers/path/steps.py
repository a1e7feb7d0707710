"""The customer's path as a picture: buy, activate, consent, provision, operate, revoke.

Derived from the same standing as `may_act`, so that the picture and the answer cannot disagree. Two steps may be under
way at once: with auto-activation a customer is provisioned while the consent link is still in somebody's inbox.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState, ProvisioningState
from fairkeeper.customers.path.standing import Answer, Standing, may_act


class Step(StrEnum):
    """The six steps, in order."""

    BUY = "buy"
    ACTIVATE = "activate"
    CONSENT = "consent"
    PROVISION = "provision"
    OPERATE = "operate"
    REVOKE = "revoke"


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"
    BROKEN = "broken"
    SKIPPED = "skipped"
    """The path ended before this step was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One step of the picture.

    Args:
        reason: One sentence that says why it stands so.
        at: When it came to stand so, if known.
    """

    step: Step
    state: StepState
    reason: str
    at: datetime | None = None


def path(standing: Standing) -> tuple[PathStep, ...]:
    """Draw the six steps, in order, from one standing.

    Example:
        >>> from fairkeeper.customers.path.lifecycle import OperationState
        >>> from fairkeeper.customers.path.standing import Mark
        >>> steps = path(
        ...     Standing(
        ...         commercial=Mark(state=CommercialStatus.SUBSCRIBED),
        ...         consent=Mark(state=ConsentState.REQUESTED),
        ...         provisioning=Mark(state=ProvisioningState.RUNNING),
        ...         operation=Mark(state=OperationState.ENABLED),
        ...     )
        ... )
        >>> [step.state.value for step in steps]
        ['done', 'done', 'now', 'now', 'next', 'next']
    """
    answer = may_act(standing)
    drawn = []
    for step, draw in _DRAW:
        state, reason, at = draw(standing, answer)
        drawn.append(PathStep(step=step, state=state, reason=reason, at=at))
    return tuple(drawn)


_Drawn = tuple[StepState, str, datetime | None]
_ENDED: Final = frozenset({ProvisioningState.DRAINING, ProvisioningState.STOPPED, ProvisioningState.ERASED})
_WAITING: Final = frozenset({CommercialStatus.NOT_STARTED, CommercialStatus.PENDING_FULFILLMENT_START})


_STANDSTILL: Final = frozenset({CommercialStatus.SUSPENDED, None})
"""Statuses that stop use however far the customer had come."""


def _is_set_up(standing: Standing) -> bool:
    return standing.provisioning.state is ProvisioningState.READY and standing.commercial.state not in _WAITING


def _is_ended(standing: Standing) -> bool:
    return standing.commercial.state is CommercialStatus.UNSUBSCRIBED or standing.provisioning.state in _ENDED


def _buy(standing: Standing, _: Answer) -> _Drawn:
    return StepState.DONE, "Bought on Microsoft Marketplace.", standing.milestones.bought_at


def _activate(standing: Standing, answer: Answer) -> _Drawn:
    status, activated_at = standing.commercial.state, standing.milestones.activated_at
    if status in _WAITING:
        return StepState.NOW, answer.reasons[0].sentence, standing.commercial.since_at
    if status in {CommercialStatus.SUBSCRIBED, CommercialStatus.SUSPENDED} or activated_at is not None:
        return StepState.DONE, "Activated; Microsoft bills it.", activated_at
    if status is CommercialStatus.UNSUBSCRIBED:
        return StepState.SKIPPED, "Ended before anybody activated it.", standing.commercial.since_at
    return StepState.BROKEN, answer.reasons[0].sentence, standing.commercial.since_at


def _consent(standing: Standing, answer: Answer) -> _Drawn:
    state, consented_at = standing.consent.state, standing.milestones.consented_at
    if state is ConsentState.NOT_NEEDED:
        return StepState.DONE, "No permission in the customer's tenant is asked for.", None
    if state is ConsentState.GRANTED:
        return StepState.DONE, "Consent is granted and confirmed.", consented_at or standing.consent.since_at
    if _is_ended(standing):
        if consented_at is not None:
            return StepState.DONE, "Consent had been granted.", consented_at
        return StepState.SKIPPED, "Ended before consent was granted.", None
    sentence = _sentence(answer, "customers.consent_")
    if state in {ConsentState.STALE, ConsentState.REVOKED}:
        return StepState.BROKEN, sentence, standing.consent.since_at
    if standing.commercial.state in _WAITING:
        return StepState.NEXT, "Asked for after activation.", None
    return StepState.NOW, sentence, standing.consent.since_at


def _provision(standing: Standing, answer: Answer) -> _Drawn:
    state, ready_at = standing.provisioning.state, standing.milestones.ready_at
    if state is ProvisioningState.READY:
        return StepState.DONE, "The publisher's systems are ready.", ready_at or standing.provisioning.since_at
    if _is_ended(standing):
        if ready_at is not None:
            return StepState.DONE, "The publisher's systems had been ready.", ready_at
        return StepState.SKIPPED, "Ended before the publisher's systems were ready.", None
    if state is ProvisioningState.FAILED:
        return StepState.BROKEN, _sentence(answer, "customers.provisioning_failed"), standing.provisioning.since_at
    if state is ProvisioningState.RUNNING:
        return StepState.NOW, _sentence(answer, "customers.provisioning"), standing.provisioning.since_at
    if standing.commercial.state is CommercialStatus.SUBSCRIBED:
        return StepState.NOW, _sentence(answer, "customers.not_provisioned"), standing.provisioning.since_at
    return StepState.NEXT, "Begins with activation.", None


def _operate(standing: Standing, answer: Answer) -> _Drawn:
    ready_at = standing.milestones.ready_at
    if answer.allowed:
        return StepState.NOW, "In use: it may act now.", ready_at or standing.provisioning.since_at
    if _is_ended(standing):
        if ready_at is not None:
            return StepState.DONE, "Was in use.", ready_at
        return StepState.SKIPPED, "Ended before it was used.", None
    if standing.commercial.state in _STANDSTILL or _is_set_up(standing):
        if answer.reasons[0].code in {"customers.consent_missing", "customers.consent_awaited"}:
            return StepState.NEXT, "Begins once consent is granted.", None
        return StepState.BROKEN, answer.reasons[0].sentence, _since(standing, answer.reasons[0].code)
    return StepState.NEXT, "Begins once everything before it is done.", None


def _revoke(standing: Standing, _: Answer) -> _Drawn:
    state, since_at = standing.provisioning.state, standing.provisioning.since_at
    if state is ProvisioningState.ERASED:
        return StepState.DONE, "Stopped and erased; both receipts are signed.", standing.milestones.erased_at
    if state is ProvisioningState.STOPPED:
        return (
            StepState.NOW,
            "Stopped; data is kept until the retention ends.",
            standing.milestones.stopped_at or since_at,
        )
    if state is ProvisioningState.DRAINING:
        return StepState.NOW, "Use has been stopped and running work is being finished.", since_at
    if standing.commercial.state is CommercialStatus.UNSUBSCRIBED:
        return StepState.NOW, "The subscription has ended; stopping begins.", standing.commercial.since_at
    return StepState.NEXT, "Begins when the customer leaves or a person decides it.", None


def _sentence(answer: Answer, code_prefix: str) -> str:
    """Return the sentence of the answer's reason of that code."""
    return next(reason.sentence for reason in answer.reasons if reason.code.startswith(code_prefix))


def _since(standing: Standing, code: str) -> datetime | None:
    """Return since when the machine behind a reason stands as it does."""
    if code in {"customers.paused", "customers.blocked"}:
        return standing.operation.since_at
    if code.startswith("customers.consent_"):
        return standing.consent.since_at
    return standing.commercial.since_at


_DRAW: Final[tuple[tuple[Step, Callable[[Standing, Answer], _Drawn]], ...]] = (
    (Step.BUY, _buy),
    (Step.ACTIVATE, _activate),
    (Step.CONSENT, _consent),
    (Step.PROVISION, _provision),
    (Step.OPERATE, _operate),
    (Step.REVOKE, _revoke),
)
