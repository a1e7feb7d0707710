"""Refusals of this room: what cannot be built, changed or priced as it was asked."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError


class DealsError(InvalidError):
    """Root of this room's refusals."""

    code = "deals.refused"


class PatternRefusedError(DealsError):
    """A schedule cannot be built from this total and pattern."""

    code = "deals.pattern_refused"
    remedy = "Choose a pattern that fits into the term and a setup fee within the total."


class EditRefusedError(DealsError):
    """A change to a schedule cannot be made."""

    code = "deals.edit_refused"
    remedy = "Change another line, or let the total move."


class NotPricedError(DealsError):
    """A deal has no price that could be worked out."""

    code = "deals.not_priced"
    remedy = "Give the plan a schedule or regular billing."


class NoChannelPartnerError(DealsError):
    """A channel partner's part was asked of an offer that has none."""

    code = "deals.no_channel_partner"
    remedy = "Ask for the publisher's part, or make it a multiparty offer."


class PayloadRefusedError(DealsError):
    """A payload cannot be made of a deal, or not be read back."""

    code = "deals.payload_refused"
    remedy = "Give the durable ids of the products and plans, and a payload of the configured schema."


class DealUnknownError(NotFoundError):
    """There is no such deal."""

    code = "deals.deal_not_found"
    remedy = "Take the deal's address or id from the list of deals."


class DealStateError(ConflictError):
    """A deal is not in a state in which this can be done."""

    code = "deals.state_refused"
    remedy = "Look at the deal's state; its page offers what can be done now."


class DealChangedError(ConflictError):
    """Somebody else changed the deal meanwhile."""

    code = "deals.changed_meanwhile"
    remedy = "Open the deal again, look at what changed, and make your change anew."


class DealUnreadableError(DealsError):
    """A text cannot be kept as a deal, because it cannot be read as one."""

    code = "deals.unreadable"
    remedy = "Correct what the message names; `fairkeeper deals check` shows each fault with its line."


class DealFaultyError(DealsError):
    """A deal with faults cannot be submitted."""

    code = "deals.faulty"
    remedy = "Correct the faults of level error; the deal's page shows each with its line."


class SubmissionUnavailableError(UnavailableError):
    """Microsoft's product ingestion API is not configured."""

    code = "deals.submission_unavailable"
    remedy = "Set what is missing; or enter the deal by its printed sheet, and record by hand how far it is."


class ApprovalMissingError(ConflictError):
    """A deal needs an approval that nobody has given for its present content."""

    code = "deals.approval_missing"
    remedy = "Ask somebody who may approve deals; a change of the deal takes earlier approvals away."


class OwnApprovalError(DeniedError):
    """Whoever changed a deal last may not approve it."""

    code = "deals.own_approval"
    remedy = "Ask a second person, or allow it in the rules for approvals."


class ReminderUnknownError(NotFoundError):
    """There is no such reminder."""

    code = "deals.reminder_not_found"
    remedy = "Take the number from the list of what needs somebody."


class PurchaseUnknownError(NotFoundError):
    """No purchase of this subscription is known to the room of deals."""

    code = "deals.purchase_not_found"
    remedy = "Take the subscription from the deal's page; a purchase appears there once it has been matched."


class TableUnreadableError(DealsError):
    """A file is no table that can be read."""

    code = "deals.table_unreadable"
    remedy = "Save it as xlsx or CSV with one heading row, without a password."


class ImportUnknownError(NotFoundError):
    """There is no such import."""

    code = "deals.import_not_found"
    remedy = "Take the id from the answer of the import."
