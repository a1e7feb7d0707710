"""Refusals of the product ingestion API, by whose turn it is: ours, the publisher's, or Microsoft's.

A failed job is none of these: it is an answer, with its errors in it, which the room of deals reads.
"""

from __future__ import annotations

from fairkeeper.errors import DeniedError, InvalidError, NotFoundError, UnavailableError, UpstreamError


class IngestionRefusedError(InvalidError):
    """Microsoft refuses the request itself; its schema was not followed."""

    code = "microsoft.ingestion_refused"
    remedy = "Compare the payload with Microsoft's schema of the configured version; the message names the places."


class IngestionAccessRefusedError(DeniedError):
    """Our application may not use the product ingestion API."""

    code = "microsoft.ingestion_access_refused"
    remedy = "Associate the application with the account in Partner Center, in the role of a developer or manager."


class IngestionUnknownError(NotFoundError):
    """Microsoft knows no such job, private offer, product, plan or price in this account."""

    code = "microsoft.ingestion_unknown"
    remedy = "Check the id; another publisher's resources are not shown."


class IngestionUnavailableError(UnavailableError):
    """No answer could be had now; `detail["outcome_unknown"]` says whether the request may have been carried out."""

    code = "microsoft.ingestion_unavailable"
    remedy = "Try again later; before a request is repeated whose outcome is unknown, look for what came of it."


class IngestionBusyError(IngestionUnavailableError):
    """Microsoft asks to wait; `detail["retry_after_seconds"]` says how long, if it does."""

    code = "microsoft.ingestion_busy"
    remedy = "Try again after the stated time."


class JobAskedTooSoonError(IngestionUnavailableError):
    """A job's status may be asked for once a minute, and the minute is not over."""

    code = "microsoft.ingestion_job_asked_too_soon"
    remedy = "Ask again after the stated time."


class JobUnfinishedError(IngestionUnavailableError):
    """A job was still running when we stopped waiting; it goes on without us."""

    code = "microsoft.ingestion_job_unfinished"
    remedy = "Ask for the job's status later; do not submit again."


class IngestionFaultError(UpstreamError):
    """Microsoft's fault, or an answer that cannot be read."""

    code = "microsoft.ingestion_fault"
    remedy = "Try again later; give Microsoft's support the request id if it lasts."
