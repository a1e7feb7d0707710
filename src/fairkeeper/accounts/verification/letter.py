"""A draft of the letter that asks for a verification to be looked at again, made of what is on record.

A draft: a person reads it, adds what a person knows, and sends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fairkeeper.accounts.verification.events import STEPS_IN_WORDS, Document, Event, EventKind
from fairkeeper.accounts.verification.standing import StepState, VerificationStanding

IN_WORDS: Final[dict[EventKind, str]] = {
    EventKind.SUBMITTED: "we sent documents",
    EventKind.CHALLENGED: "you asked for more",
    EventKind.ACCEPTED: "you accepted it",
    EventKind.REJECTED: "you rejected it",
    EventKind.REVOKED: "you revoked it",
    EventKind.ASKED_REASON: "we asked for the reason",
    EventKind.ASKED_SPEED: "we asked for it to be treated soon",
    EventKind.ANSWERED: "you answered",
    EventKind.ANSWERED_AUTOMATICALLY: "an automatic answer came",
    EventKind.TICKET_OPENED: "we opened a ticket",
    EventKind.TICKET_CLOSED: "the ticket was closed",
    EventKind.CLOSING_NOTICE: "you gave notice that the process is closed",
    EventKind.CLOSED: "the relationship ended",
    EventKind.CHANGED: "we changed the account's information",
    EventKind.HINT: "the partner profile API showed a status",
    EventKind.NOTE: "note",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes: the company and its ids, as far as they are known."""

    company: str
    ids: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is on record of a programme."""

    programme: str
    standing: VerificationStanding
    events: Sequence[Event]
    documents: Sequence[Document]
    closing_days: int


def draft_letter(sender: Sender, case: Case, *, today: date) -> str:
    """Return the draft as plain text."""
    standing, documents = case.standing, case.documents
    lost = [each for each in standing.steps if each.state in {StepState.REJECTED, StepState.REVOKED}]
    subject = ", ".join(STEPS_IN_WORDS[each.step] for each in lost) or "the verification"
    lines = [
        f"{sender.company}, {today}",
        "",
        f"Subject: {case.programme}: please look again at {subject}",
        "",
        "To the verification team",
        "",
    ]
    lines += [f"{name}: {value}" for name, value in sender.ids]
    if standing.tickets:
        lines.append(f"Support tickets: {', '.join(ticket.number for ticket in standing.tickets)}")
    lines += ["", *_ask(standing, lost_words=subject, closing_days=case.closing_days), "", "What happened:"]
    lines += [_line(event) for event in sorted(case.events, key=lambda event: (event.happened_on, event.number))]
    lines += ["", "Documents that come with this letter:"]
    lines += [
        f"- {each.title}, issued {each.issued_on}{_until(each)}. {each.scope}{_sum(each)}" for each in documents
    ] or ["- none"]
    lines += ["", "Please name a person we may speak to.", "", sender.company, ""]
    return "\n".join(lines)


def _ask(standing: VerificationStanding, *, lost_words: str, closing_days: int) -> list[str]:
    reasons = sum(question.kind is EventKind.ASKED_REASON for question in standing.questions)
    lines = [f"We ask you to verify {lost_words} again, by a person, and to tell us the reason for the decision."]
    if reasons:
        times = "once" if reasons == 1 else f"{reasons} times"
        came = f"{standing.automatic_answers} automatic answers came"
        lines.append(f"We have asked for the reason {times} without an answer; {came}.")
    if standing.closing_on is not None:
        ends_on = standing.closing_on + timedelta(days=closing_days)
        lines.append(f"Your notice of {standing.closing_on} leaves until {ends_on}; we ask you to stop that period.")
    return lines


def _line(event: Event) -> str:
    of = f" ({STEPS_IN_WORDS[event.step]})" if event.step else ""
    ticket = f", ticket {event.ticket}" if event.ticket else ""
    note = f": {event.note}" if event.note else ""
    return f"- {event.happened_on}: {IN_WORDS[event.kind]}{of}{ticket}{note}"


def _until(document: Document) -> str:
    return f", valid until {document.valid_until}" if document.valid_until else ""


def _sum(document: Document) -> str:
    return f" SHA-256 {document.sha256}." if document.sha256 else f" Kept at {document.reference}."
