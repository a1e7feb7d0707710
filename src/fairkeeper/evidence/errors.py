"""Refusals of the log."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, InvalidError, NotFoundError


class EntryNotFoundError(NotFoundError):
    """There is no such entry for this principal."""

    code = "evidence.entry_not_found"


class AlreadyErasedError(ConflictError):
    """The payload is gone already."""

    code = "evidence.already_erased"
    remedy = "Nothing is left to do: the entry's header and place stay, its payload is gone."


class ReceiptKeptError(ConflictError):
    """The payload of a receipt is kept, for the customer's sake."""

    code = "evidence.receipt_kept"
    remedy = "Receipts hold no personal data; they stay so that they can be verified."


class UnderLegalHoldError(ConflictError):
    """The data is held: nothing of it is erased, by nobody."""

    code = "evidence.under_legal_hold"
    remedy = "Lift the hold first, or erase when it was lifted; what waits for its end is erased then by itself."


class WholeLogRefusedError(InvalidError):
    """The whole log was asked for in one customer's name."""

    code = "evidence.whole_log_refused"
    remedy = "Ask for the customer's own log, or as staff for the whole one without naming a customer."


class CosignatureRefusedError(InvalidError):
    """A cosignature that is not by a known witness over a checkpoint of this log."""

    code = "evidence.cosignature_refused"
    remedy = "Add the witness's key under Settings, and cosign the checkpoint as /log/checkpoint serves it."
