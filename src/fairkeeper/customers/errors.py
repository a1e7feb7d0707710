"""Refusals of the room `customers`.

The second half are the answers a `Fulfillment` port may give instead of a result. They stand here, and not in the
connector, because the rules of this room tell them apart; the connector raises them with its own codes.
"""

from __future__ import annotations

from typing import Self

from fairkeeper.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    UpstreamError,
)


class TransitionRefusedError(ConflictError):
    """A machine has no such transition from its present state."""

    code = "customers.transition_refused"


class AdoptionFileError(InvalidError):
    """The file is no export of the SaaS Accelerator's subscriptions."""

    code = "customers.adoption_file"
    remedy = "Export the table Subscriptions as CSV with the names of its columns in the first line, as the guide says."


class LandingLookRefusedError(InvalidError):
    """What was said of the landing page cannot hold."""

    code = "customers.landing_look_refused"
    remedy = "Correct the part that is named; nothing was changed."


class LandingAnswersRefusedError(InvalidError):
    """An answer on the landing page is missing or wrong."""

    code = "customers.landing_answers_refused"
    remedy = "Answer the field that is named, and send the page again."


class RetentionTooShortError(InvalidError):
    """The publisher's retention is shorter than Microsoft's minimum."""

    code = "customers.retention_too_short"
    remedy = "Keep a customer's data for at least 7 days after Unsubscribe."


class ChangeRuleRefusedError(InvalidError):
    """The publisher's rule for plan and seat changes contradicts itself."""

    code = "customers.change_rule_refused"
    remedy = "Give a minimum of seats that is at least 1 and not above the maximum."


class NoticeNotFoundError(NotFoundError):
    """There is no such webhook for this principal, or its contents were erased."""

    code = "customers.notice_not_found"

    @classmethod
    def of(cls, notice_id: int) -> Self:
        """Return the refusal for one notice."""
        return cls(f"There is no webhook {notice_id} here, or its contents were erased.")


class NoticeNotHeldError(ConflictError):
    """The webhook is being worked on or was worked on."""

    code = "customers.notice_not_held"
    remedy = "Nothing has to be done: what is open is worked on by itself, what is done is done."


class ErasureBegunError(ConflictError):
    """The publisher's systems were asked to erase this customer's data."""

    code = "customers.erasure_begun"
    remedy = "Wait until the data is erased; a customer who returns buys again."


class WishOutdatedError(ConflictError):
    """A wish to the publisher's systems is done, was followed by another, or is not wanted any more."""

    code = "customers.wish_outdated"
    remedy = "Read the subscription's present state; repeat the newest wish that failed, if any."


# ------------------------------------------------------------------ answers of the fulfillment port other than success


class LandingTokenRefusedError(InvalidError):
    """Microsoft does not accept the landing token: expired, malformed or of another publisher."""

    code = "customers.landing_token_refused"
    remedy = (
        "Open the subscription again in the Azure portal or the Microsoft 365 admin center and choose "
        "Configure account or Manage account; each visit carries a new token that lasts 24 hours."
    )


class SubscriptionUnknownError(NotFoundError):
    """Microsoft knows no such subscription of this publisher."""

    code = "customers.subscription_unknown_to_microsoft"
    remedy = "Check the id; nothing is deleted here because of this answer alone."


class OperationUnknownError(NotFoundError):
    """Microsoft knows no such operation on this subscription."""

    code = "customers.operation_unknown_to_microsoft"
    remedy = "Do not act on what the notice said; read the subscription's present state instead."


class RequestRefusedError(InvalidError):
    """Microsoft answered 400: the request does not fit the subscription's present state."""

    code = "customers.request_refused_by_microsoft"
    remedy = "Read the subscription's present state; the wish may already be fulfilled."


class SubscriptionLockedError(ConflictError):
    """Another operation on the subscription is still pending."""

    code = "customers.subscription_locked"
    remedy = "Wait for the pending operation to finish, then try again."


class OperationSupersededError(ConflictError):
    """A newer update was fulfilled before this operation was answered."""

    code = "customers.operation_superseded"
    remedy = "Read the subscription's present state; this operation needs no answer any more."


class AccessRefusedError(DeniedError):
    """Microsoft refuses our own application, not the customer."""

    code = "customers.access_refused_by_microsoft"
    remedy = (
        "Compare tenant id and application id with the offer's Technical configuration in Partner Center; "
        "they must be exactly those. Otherwise the subscription belongs to another publisher."
    )


class FulfillmentUnavailableError(UnavailableError):
    """Microsoft cannot answer now; `detail["outcome_unknown"]` says that the request may have been carried out."""

    code = "customers.fulfillment_unavailable"
    remedy = "The work is kept and tried again; read the present state before repeating a change by hand."


class ReadingOvertakenError(UnavailableError):
    """Somebody else wrote a later statement of Microsoft's while this one was on its way."""

    code = "customers.reading_overtaken"
    remedy = "Nothing has to be done: the subscription is read again."


class FulfillmentFaultError(UpstreamError):
    """Microsoft answered with a fault of its own, or with something that cannot be read."""

    code = "customers.fulfillment_fault"
    remedy = "Keep the request id shown with this error; Microsoft's support asks for it."
