"""Refusals of approvals; a decision's own reasons (stale, consumed, of another call) are in `policy.decision`."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError


class ApprovalNotFoundError(NotFoundError):
    """Nothing of this id waits for this principal."""

    code = "governance.approval_not_found"


class ApprovalSettledError(ConflictError):
    """It was answered, cancelled or has expired, so that another answer changes nothing."""

    code = "governance.approval_settled"
    remedy = "Nothing has to be done; the agent asks again if it still wants to act."


class ApprovalNotYoursError(DeniedError):
    """Somebody else has to answer: the customer's people, the publisher's, or another person than who is acted for."""

    code = "governance.approval_not_yours"
    remedy = "Leave it to somebody who may answer it."


class ApprovalUnreadError(InvalidError):
    """The answer does not show that the question was read."""

    code = "governance.approval_unread"
    remedy = "Read the question, then type the tool's name, or say why in at least ten characters."


class StandingRefusedError(InvalidError):
    """A standing approval cannot be given like this."""

    code = "governance.standing_refused"
    remedy = "Choose a tool that the agent is permitted and that can be undone, and an end within 90 days."
