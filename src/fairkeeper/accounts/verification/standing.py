"""Where a verification stands after everything that happened: a fold over its events, in the order of their days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from fairkeeper.accounts.verification.events import DECISIONS, QUESTIONS, RESTARTED_BY, Event, EventKind, Step


class StepState(StrEnum):
    """How a step stands."""

    NOT_STARTED = "not_started"
    PENDING = "pending"
    CHALLENGED = "challenged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStanding:
    """How a step stands, since when, and the event that put it there."""

    step: Step
    state: StepState = StepState.NOT_STARTED
    since_on: date | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something asked of Microsoft that no person has answered."""

    event_id: str
    kind: EventKind
    asked_on: date
    step: Step | None
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A support ticket: its number, when it was opened and, if it was, closed."""

    number: str
    opened_on: date
    closed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationStanding:
    """Where a verification stands.

    Args:
        steps: Every step that anything happened to, in the order of `Step`.
        questions: What was asked and not answered by a person, oldest first.
        closing_on: Day of the closing notice, None if there is none that still holds.
        closed_on: Day on which the relationship ended.
        appeals: How often documents were sent again after a refusal.
        automatic_answers: How many answers said nothing a person had written, since the last decision.
    """

    steps: Sequence[StepStanding] = ()
    questions: Sequence[Question] = ()
    tickets: Sequence[Ticket] = ()
    closing_on: date | None = None
    closed_on: date | None = None
    appeals: int = 0
    automatic_answers: int = 0
    submitted: Mapping[Step, date] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The overall state in Partner Center's words, with Revoked, Closing and Closed for what it has no word for."""
        states = {each.state for each in self.steps}
        if self.closed_on is not None:
            return "Closed"
        if self.closing_on is not None:
            return "Closing"
        for state in (StepState.REVOKED, StepState.REJECTED, StepState.CHALLENGED, StepState.PENDING):
            if state in states:
                return state.value.capitalize()
        return "Accepted" if StepState.ACCEPTED in states else "Not started"

    def step(self, step: Step) -> StepStanding:
        """Return how a step stands."""
        return next((each for each in self.steps if each.step is step), StepStanding(step=step))


_AFTER = {
    EventKind.SUBMITTED: StepState.PENDING,
    EventKind.CHALLENGED: StepState.CHALLENGED,
    EventKind.ACCEPTED: StepState.ACCEPTED,
    EventKind.REJECTED: StepState.REJECTED,
    EventKind.REVOKED: StepState.REVOKED,
}
_REFUSED = frozenset({StepState.REJECTED, StepState.REVOKED})


def stand(events: Iterable[Event]) -> VerificationStanding:
    """Return where a verification stands after its events.

    Example:
        >>> from datetime import date
        >>> told = [
        ...     Event(
        ...         event_id="1", number=1, kind=EventKind.ACCEPTED, happened_on=date(2026, 4, 14), step=Step.BUSINESS
        ...     ),
        ...     Event(
        ...         event_id="2", number=2, kind=EventKind.REVOKED, happened_on=date(2026, 7, 30), step=Step.BUSINESS
        ...     ),
        ... ]
        >>> stand(told).state
        'Revoked'
    """
    folding = _Folding()
    for event in sorted(events, key=lambda event: (event.happened_on, event.number)):
        folding.take(event)
    return folding.standing()


@dataclass(slots=True)
class _Folding:
    """Takes one event after the other."""

    steps: dict[Step, StepStanding] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    submitted: dict[Step, date] = field(default_factory=dict)
    refused: set[Step] = field(default_factory=set)
    closing_on: date | None = None
    closed_on: date | None = None
    appeals: int = 0
    automatic_answers: int = 0

    def take(self, event: Event) -> None:
        if event.ticket:
            self._ticket(event)
        if event.kind is EventKind.CHANGED and event.change is not None:
            for step in RESTARTED_BY[event.change]:
                self._set(step, StepState.PENDING, event)
        elif event.kind in _AFTER and event.step is not None:
            self._step(event, event.step)
        elif event.kind in QUESTIONS:
            asked = Question(
                event_id=event.event_id,
                kind=event.kind,
                asked_on=event.happened_on,
                step=event.step,
                ticket=event.ticket,
            )
            self.questions.append(asked)
        elif event.kind is EventKind.ANSWERED:
            self._answered(event)
        elif event.kind is EventKind.ANSWERED_AUTOMATICALLY:
            self.automatic_answers += 1
        elif event.kind is EventKind.CLOSING_NOTICE:
            self.closing_on = event.happened_on
        elif event.kind is EventKind.CLOSED:
            self.closed_on = event.happened_on

    def standing(self) -> VerificationStanding:
        return VerificationStanding(
            steps=tuple(self.steps[step] for step in Step if step in self.steps),
            questions=tuple(self.questions),
            tickets=tuple(self.tickets.values()),
            closing_on=self.closing_on,
            closed_on=self.closed_on,
            appeals=self.appeals,
            automatic_answers=self.automatic_answers,
            submitted=dict(self.submitted),
        )

    def _step(self, event: Event, step: Step) -> None:
        if event.kind is EventKind.SUBMITTED:
            self.appeals += step in self.refused
            self.submitted[step] = event.happened_on
            # What was revoked stays revoked, and its clock runs, until Microsoft decides anew.
            if self.steps.get(step, StepStanding(step=step)).state in _REFUSED:
                return
        if event.kind in DECISIONS:
            self.submitted.pop(step, None)
            self.automatic_answers = 0
            self.questions = [each for each in self.questions if each.step not in {step, None}]
        if event.kind in {EventKind.REJECTED, EventKind.REVOKED}:
            self.refused.add(step)
        if event.kind is EventKind.ACCEPTED:
            self.refused.discard(step)
            if not self.refused:
                self.closing_on = self.closed_on = None
        self._set(step, _AFTER[event.kind], event)

    def _set(self, step: Step, state: StepState, event: Event) -> None:
        self.steps[step] = StepStanding(step=step, state=state, since_on=event.happened_on, event_id=event.event_id)

    def _answered(self, event: Event) -> None:
        """Take away what a person has answered: the questions of the same ticket, or of the same step."""
        self.questions = [
            each
            for each in self.questions
            if not (each.ticket == event.ticket if event.ticket else event.step in {None, each.step})
        ]

    def _ticket(self, event: Event) -> None:
        known = self.tickets.get(event.ticket) or Ticket(number=event.ticket, opened_on=event.happened_on)
        if event.kind is EventKind.TICKET_CLOSED:
            known = replace(known, closed_on=event.happened_on)
        self.tickets[event.ticket] = known
