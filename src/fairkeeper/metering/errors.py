"""Refusals of the room `metering`, and what its connector may answer instead of a result."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError


class ResourceUnknownError(NotFoundError):
    """Nothing of that id is metered here."""

    code = "metering.resource_not_found"
    remedy = "Name a subscription that was bought, or register the managed application first."


class CountUnknownError(NotFoundError):
    """There is no such counted hour."""

    code = "metering.count_not_found"


class ScheduleUnknownError(NotFoundError):
    """There is no such fixed usage."""

    code = "metering.schedule_not_found"


class ProofUnknownError(NotFoundError):
    """There is no such proof."""

    code = "metering.proof_not_found"


class EventRefusedError(InvalidError):
    """An event cannot be taken."""

    code = "metering.event_refused"
    remedy = "Correct the event and send it again; nothing of this request was recorded."


class EventDiffersError(ConflictError):
    """An event of this id was recorded with other contents."""

    code = "metering.event_differs"
    remedy = "An event never changes. Give what is new an id of its own; repeat what is not new as it was."


class FileRefusedError(InvalidError):
    """A file of usage cannot be read."""

    code = "metering.file_refused"
    remedy = "Give it the columns event_id, dimension, quantity and used_at, with at most 1,000 rows."


class NotHeldError(ConflictError):
    """The hour does not wait for a person."""

    code = "metering.not_held"
    remedy = "Look at where it stands now; only a held hour is decided about."


class RuleRefusedError(InvalidError):
    """The rules do not fit together."""

    code = "metering.rule_refused"


class WindowRefusedError(InvalidError):
    """The time is no stretch that a proof can be made of."""

    code = "metering.window_refused"
    remedy = "Name two dates of at most 400 days, the first before the second."


class TermUnknownError(ConflictError):
    """The subscription's plan or term is not known yet."""

    code = "metering.term_unknown"
    remedy = "Activate the subscription, or read it from Microsoft again; its usage is counted from its term's start."


class MeteringUnavailableError(UnavailableError):
    """The metering service did not answer; `detail["outcome_unknown"]` says whether the events may have arrived."""

    code = "metering.service_unavailable"
    remedy = "Nothing has to be done: usage waits and is sent when the service answers again."


class MeteringRefusedError(DeniedError):
    """The metering service refuses our application or the whole request."""

    code = "metering.service_refused"
    remedy = "Compare the application's tenant and id with the offer's technical configuration."
