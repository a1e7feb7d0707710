"""Why the pretend ingestion API, or the customer's page, refuses; each door has its own table from kind to status."""

from __future__ import annotations

from collections.abc import Sequence

from fairkeeper.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from fairkeeper.sandbox.ingestion.requests.shapes import ShapeFault


class TokenError(UnauthenticatedError):
    """The bearer token is missing, not genuine, expired or for another API."""

    code = "sandbox.token_refused"
    remedy = "Get an app token for https://graph.microsoft.com of the application associated with Partner Center."


class NotAssociatedError(DeniedError):
    """The application is not associated with an account at Partner Center."""

    code = "sandbox.not_associated"
    remedy = "Use the application that is associated with the account at Partner Center."


class SchemaError(InvalidError):
    """The request is not what its schema describes."""

    code = "sandbox.schema_violated"
    remedy = "Correct the named properties as the schema describes them."

    def __init__(self, faults: Sequence[ShapeFault]) -> None:
        told = "; ".join(f"{fault.target}: {fault.message}" for fault in faults[:10])
        super().__init__(f"The request does not follow its schema: {told}")
        self.faults = tuple(faults)


class ResourceError(NotFoundError):
    """No resource of this account has this id."""

    code = "sandbox.resource_unknown"
    remedy = "Take the id from a list or from the job that made the resource."


class PolledTooOftenError(UnavailableError):
    """The status of a job was asked for twice within a minute."""

    code = "sandbox.polled_too_often"
    remedy = "Ask once a minute, as Retry-After says."

    def __init__(self, message: str, *, wait_seconds: int) -> None:
        super().__init__(message, detail={"retry_after_seconds": wait_seconds})
        self.wait_seconds = wait_seconds


class PrivateOfferUnknownError(NotFoundError):
    """No private offer has this id."""

    code = "sandbox.private_offer_unknown"
    remedy = "Take the link from acceptanceLinks, or an id from GET /sandbox/private-offers."


class AcceptanceError(ConflictError):
    """The private offer cannot be accepted now."""

    code = "sandbox.private_offer_not_acceptable"
    remedy = "Ask the publisher for a private offer that is open for acceptance."


class AcceptorError(DeniedError):
    """The person may not accept private offers for the billing account."""

    code = "sandbox.private_offer_not_for_acceptor"
    remedy = "Let an owner or contributor of the billing account, or an administrator of the enrolment, accept."
