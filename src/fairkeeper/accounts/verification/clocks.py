"""What is due in a verification: documents that run out, closing notices, refusals, and questions without an answer.

Source: Microsoft Learn, "Verification responses": usually 3 to 5 business days, then ask support; the account is
suspended when it stays rejected for more than 30 days; the confirmation mail is sent again after one business day.
That a closing notice leaves 30 days is what one such notice said, and that documents may be asked to be younger than 12
months stands on no page: both are settings of a programme, and the second warns and refuses nothing. Business days are
Monday to Friday; holidays are not known here.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from fairkeeper.accounts.verification.events import STEPS_IN_WORDS, Document, EventKind, Step
from fairkeeper.accounts.verification.standing import StepState, VerificationStanding

CLOSING_DAYS: Final = 30
SUSPENDED_AFTER_DAYS: Final = 30
DECIDED_WITHIN: Final = 5
ANSWERED_WITHIN: Final = 3
MAIL_WITHIN: Final = 1


class Clock(StrEnum):
    """Which clock runs."""

    DOCUMENT_EXPIRES = "document_expires"
    CLOSING = "closing"
    SUSPENSION = "suspension"
    FOLLOW_UP = "follow_up"


WARNED_AHEAD: Final[dict[Clock, tuple[int, ...]]] = {
    Clock.DOCUMENT_EXPIRES: (60, 30, 14, 7, 1, 0),
    Clock.CLOSING: (30, 21, 14, 7, 3, 1, 0),
    Clock.SUSPENSION: (30, 14, 7, 3, 1, 0),
    Clock.FOLLOW_UP: (0,),
}
"""How many days before its day a clock is told of, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing that is due.

    Args:
        key: Tells it from every other of the programme.
        what: What has to be done.
        otherwise: What happens if nobody does it.
    """

    clock: Clock
    key: str
    due_on: date
    what: str
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWarning:
    """A warning that falls on a day: the clock, and how many days ahead it is given."""

    due: Due
    days_ahead: int

    @property
    def key(self) -> str:
        """Tells it from every other warning of the programme."""
        return f"{self.due.key}:{self.days_ahead}"


def add_business_days(day: date, number: int) -> date:
    """Return the day so many business days later, Monday to Friday.

    Example:
        >>> add_business_days(date(2026, 7, 30), 3)  # a Thursday
        datetime.date(2026, 8, 4)
    """
    while number > 0:
        day += timedelta(days=1)
        number -= day.weekday() < 5
    return day


def valid_until(issued_on: date, months: int) -> date:
    """Return the last day on which a document of so many months is taken.

    Example:
        >>> valid_until(date(2025, 2, 28), 12), valid_until(date(2024, 2, 29), 12)
        (datetime.date(2026, 2, 28), datetime.date(2025, 2, 28))
    """
    month = issued_on.month - 1 + months
    year, month = issued_on.year + month // 12, month % 12 + 1
    return date(year, month, min(issued_on.day, calendar.monthrange(year, month)[1]))


def dues_of(standing: VerificationStanding, documents: Iterable[Document], closing_days: int) -> Sequence[Due]:
    """Return everything that is due, nearest first."""
    found = [*_documents(documents), *_decisions(standing, closing_days), *_follow_ups(standing)]
    return tuple(sorted(found, key=lambda due: (due.due_on, due.key)))


def warnings_on(day: date, dues: Iterable[Due]) -> Iterator[DueWarning]:
    """Go through the warnings that hold on a day: of each clock the latest whose day has come.

    Whoever was not here for a while is so told once, and not of every day that was missed.
    """
    for due in dues:
        reached = [ahead for ahead in WARNED_AHEAD[due.clock] if due.due_on - timedelta(days=ahead) <= day]
        if reached:
            yield DueWarning(due=due, days_ahead=min(reached))


def _documents(documents: Iterable[Document]) -> Iterator[Due]:
    for document in documents:
        if document.valid_until is not None:
            yield Due(
                clock=Clock.DOCUMENT_EXPIRES,
                key=f"document:{document.document_id}",
                due_on=document.valid_until,
                what=f"Have a newer {document.title} ready",
                otherwise=f"It was issued on {document.issued_on} and may be refused as outdated from the next day on.",
            )


def _decisions(standing: VerificationStanding, closing_days: int) -> Iterator[Due]:
    if standing.closed_on is not None:
        return
    if standing.closing_on is not None:
        yield Due(
            clock=Clock.CLOSING,
            key=f"closing:{standing.closing_on}",
            due_on=standing.closing_on + timedelta(days=closing_days),
            what="Appeal with the package, by every open ticket and by the account's contact at Microsoft",
            otherwise="The relationship with Microsoft ends; offers are no longer sold.",
        )
    for each in standing.steps:
        if each.state in {StepState.REJECTED, StepState.REVOKED} and each.since_on is not None:
            yield Due(
                clock=Clock.SUSPENSION,
                key=f"suspension:{each.step.value}:{each.since_on}",
                due_on=each.since_on + timedelta(days=SUSPENDED_AFTER_DAYS),
                what=f"Have {STEPS_IN_WORDS[each.step]} accepted again",
                otherwise=f"An account that stays {each.state.value} for more than 30 days is suspended.",
            )


def _follow_ups(standing: VerificationStanding) -> Iterator[Due]:
    if standing.closed_on is not None:
        return
    for step, submitted_on in standing.submitted.items():
        is_mail = step is Step.EMAIL_OWNERSHIP
        yield Due(
            clock=Clock.FOLLOW_UP,
            key=f"decision:{step.value}:{submitted_on}",
            due_on=add_business_days(submitted_on, MAIL_WITHIN if is_mail else DECIDED_WITHIN),
            what="Have the confirmation mail sent again" if is_mail else f"Ask what became of {STEPS_IN_WORDS[step]}",
            otherwise="Nothing says that anybody works on it; it usually takes 3 to 5 business days.",
        )
    for question in standing.questions:
        asked = "the reason" if question.kind is EventKind.ASKED_REASON else "speed"
        yield Due(
            clock=Clock.FOLLOW_UP,
            key=f"question:{question.event_id}",
            due_on=add_business_days(question.asked_on, ANSWERED_WITHIN),
            what=f"Ask for {asked} again, in a new ticket if the old one stays silent",
            otherwise=f"What was asked on {question.asked_on} stays unanswered; automatic answers do not count.",
        )
