"""The metering service's answers to one event, and what follows from each.

Source: Microsoft Learn, "Marketplace metered billing APIs": statuses of a batch and reconciliation statuses.
Assumption: an event answered with Error or an unknown word was not accepted and may be sent again, which is safe
because the first one for an hour counts (`test_every_answer_has_its_consequence`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EventStatus(StrEnum):
    """What Microsoft says of one event."""

    ACCEPTED = "Accepted"
    EXPIRED = "Expired"
    DUPLICATE = "Duplicate"
    ERROR = "Error"
    RESOURCE_NOT_FOUND = "ResourceNotFound"
    RESOURCE_NOT_AUTHORIZED = "ResourceNotAuthorized"
    RESOURCE_NOT_ACTIVE = "ResourceNotActive"
    INVALID_DIMENSION = "InvalidDimension"
    INVALID_QUANTITY = "InvalidQuantity"
    BAD_ARGUMENT = "BadArgument"


class ReportState(StrEnum):
    """Where one reported hour stands."""

    NOTHING = "nothing"
    """All of it is included: nothing is sent."""
    ELSEWHERE = "elsewhere"
    """Another system reported it, before Fairkeeper took over."""
    HELD = "held"
    """It waits for a person."""
    READY = "ready"
    ACCEPTED = "accepted"
    CONFLICT = "conflict"
    """Microsoft has another quantity for the hour than ours: an incident."""
    FAULTY = "faulty"
    """Microsoft does not take it as it is; it is tried again until it expires, and a person is told."""
    REFUSED = "refused"
    """A person, or the publisher's rule, decided not to report it."""
    FOLDED = "folded"
    """It could not be sent in time and goes into a later hour."""
    DOUBTFUL = "doubtful"
    """It may have been accepted, and its time is over: the daily comparison decides."""
    LOST = "lost"
    """It could not be sent in time and no later hour may carry it, because the subscription has ended."""


OPEN = (ReportState.READY, ReportState.FAULTY)
"""States in which it is sent."""
DONE = frozenset(ReportState) - {*OPEN, ReportState.HELD, ReportState.DOUBTFUL}
"""States in which nothing happens any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Microsoft said of one event.

    Attributes:
        accepted_milli: Of a duplicate: the quantity that counts, if Microsoft named it.
    """

    status: str
    accepted_milli: int | None = None


def state_after(answer: Answer, *, quantity_milli: int, was_in_flight: bool) -> ReportState:
    """Return where a report stands after an answer.

    Args:
        quantity_milli: What was sent.
        was_in_flight: Whether an earlier attempt may have arrived without its answer being known.

    Example:
        >>> state_after(Answer(status="Duplicate", accepted_milli=5000), quantity_milli=5000, was_in_flight=False)
        <ReportState.ACCEPTED: 'accepted'>
        >>> state_after(Answer(status="Duplicate", accepted_milli=4000), quantity_milli=5000, was_in_flight=True)
        <ReportState.CONFLICT: 'conflict'>
        >>> state_after(Answer(status="Expired"), quantity_milli=5000, was_in_flight=False)
        <ReportState.FOLDED: 'folded'>
    """
    if answer.status == EventStatus.ACCEPTED:
        return ReportState.ACCEPTED
    if answer.status == EventStatus.DUPLICATE:
        if answer.accepted_milli is None:
            return ReportState.DOUBTFUL
        return ReportState.ACCEPTED if answer.accepted_milli == quantity_milli else ReportState.CONFLICT
    if answer.status == EventStatus.EXPIRED:
        return ReportState.DOUBTFUL if was_in_flight else ReportState.FOLDED
    return ReportState.FAULTY
