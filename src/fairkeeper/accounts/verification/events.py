"""What can happen in a verification, and to which of its steps.

Source: Microsoft Learn, "Verification responses" (email, identity, employment with the domain, business, questionnaire;
Passed, Challenged, Rejected; overall Pending, Accepted or Authorized, Rejected), "Verify your account information".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """A step of the verification and what it proves."""

    EMAIL_OWNERSHIP = "email_ownership"
    IDENTITY = "identity"
    EMPLOYMENT = "employment"
    DOMAIN_OWNERSHIP = "domain_ownership"
    BUSINESS = "business"
    DUE_DILIGENCE = "due_diligence"


class EventKind(StrEnum):
    """What happened; Microsoft's decisions, and what the publisher did."""

    SUBMITTED = "submitted"
    CHALLENGED = "challenged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"
    ASKED_REASON = "asked_reason"
    ASKED_SPEED = "asked_speed"
    ANSWERED = "answered"
    """By a person, with something in it."""
    ANSWERED_AUTOMATICALLY = "answered_automatically"
    TICKET_OPENED = "ticket_opened"
    TICKET_CLOSED = "ticket_closed"
    CLOSING_NOTICE = "closing_notice"
    """Microsoft ends the process and names no later step."""
    CLOSED = "closed"
    CHANGED = "changed"
    """The legal name, address, contact or domain was changed, which starts steps again."""
    HINT = "hint"
    """What the partner profile API says; never the truth by itself."""
    NOTE = "note"


class Change(StrEnum):
    """What of the account was or shall be changed."""

    LEGAL_NAME = "legal_name"
    ADDRESS = "address"
    CONTACT = "contact"
    DOMAIN = "domain"


RESTARTED_BY: Final[dict[Change, tuple[Step, ...]]] = {
    Change.LEGAL_NAME: (Step.BUSINESS, Step.EMPLOYMENT),
    Change.ADDRESS: (Step.BUSINESS,),
    Change.CONTACT: (Step.EMAIL_OWNERSHIP, Step.IDENTITY, Step.EMPLOYMENT),
    Change.DOMAIN: (Step.EMAIL_OWNERSHIP, Step.DOMAIN_OWNERSHIP),
}
"""Which steps a change starts again.

Assumption: documents say that the changed part is verified again and not which steps that is; a step that is not
listed here may be asked for too.
"""

DECISIONS: Final = frozenset({EventKind.CHALLENGED, EventKind.ACCEPTED, EventKind.REJECTED, EventKind.REVOKED})
QUESTIONS: Final = frozenset({EventKind.ASKED_REASON, EventKind.ASKED_SPEED})
STEPS_IN_WORDS: Final[dict[Step, str]] = {
    Step.EMAIL_OWNERSHIP: "e-mail ownership",
    Step.IDENTITY: "identity",
    Step.EMPLOYMENT: "employment",
    Step.DOMAIN_OWNERSHIP: "domain ownership",
    Step.BUSINESS: "business",
    Step.DUE_DILIGENCE: "additional due diligence",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    Args:
        number: Order of recording; breaks ties of one day.
        step: Which step; None for the programme as a whole.
        ticket: Number of the support ticket it belongs to.
        documents: Ids of the documents that went with it.
        change: What was changed, for `CHANGED`.
        note: What was said, in the words of whoever said it.
    """

    event_id: str
    number: int
    kind: EventKind
    happened_on: date
    step: Step | None = None
    ticket: str = ""
    documents: Sequence[str] = ()
    change: Change | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of a verification.

    Args:
        proves: The step it is for.
        issued_on: Its date of issue.
        valid_until: The last day on which it is taken, where that is known or a rule of so many months is asked for.
        scope: Whom and what it shows: the entity, the contact, the domain as written in the account.
        sha256: Checksum of its file; empty where it is only referenced and was never seen here.
        reference: Where it is kept, if not here.
    """

    document_id: str
    title: str
    proves: Step
    issued_on: date
    valid_until: date | None
    scope: str
    sha256: str
    reference: str
    is_kept: bool
    file_name: str = ""
