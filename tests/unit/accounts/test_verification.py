"""The verification's pure rules: business days, dates of documents, what each event changes, which clocks run."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.accounts.verification.clocks import (
    WARNED_AHEAD,
    Clock,
    Due,
    add_business_days,
    dues_of,
    valid_until,
    warnings_on,
)
from fairkeeper.accounts.verification.events import RESTARTED_BY, Change, Event, EventKind, Step
from fairkeeper.accounts.verification.incident import consequences_of, to_dos_of
from fairkeeper.accounts.verification.standing import VerificationStanding, stand

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1))
REVOKED_ON = date(2026, 7, 30)


def happened(*told: tuple[EventKind, date, dict[str, Any]]) -> VerificationStanding:
    events = [
        Event(event_id=str(number), number=number, kind=kind, happened_on=day, **{"step": Step.BUSINESS, **more})
        for number, (kind, day, more) in enumerate(told)
    ]
    return stand(events)


def clocks(standing: VerificationStanding) -> dict[Clock, date]:
    return {due.clock: due.due_on for due in dues_of(standing, (), 30)}


@given(DAYS, st.integers(1, 60))
def test_business_days_are_counted_one_by_one(day: date, number: int) -> None:
    end = add_business_days(day, number)
    between = [day + timedelta(days=ahead) for ahead in range(1, (end - day).days + 1)]
    assert sum(each.weekday() < 5 for each in between) == number
    assert end.weekday() < 5


@given(DAYS, st.integers(0, 120))
def test_a_document_is_taken_for_whole_months(issued_on: date, months: int) -> None:
    end = valid_until(issued_on, months)
    assert (end.year - issued_on.year) * 12 + end.month - issued_on.month == months
    assert end.day <= issued_on.day


@given(DAYS, st.sampled_from(list(Clock)), st.integers(-5, 70))
def test_a_clock_gives_one_warning_at_most_on_a_day(due_on: date, clock: Clock, before: int) -> None:
    due = Due(clock=clock, key="one", due_on=due_on, what="Do it", otherwise="It ends")
    found = list(warnings_on(due_on - timedelta(days=before), [due]))
    reached = sorted(ahead for ahead in WARNED_AHEAD[clock] if ahead >= before)
    assert [each.days_ahead for each in found] == reached[:1]


def test_what_is_sent_again_does_not_stop_the_clock_of_a_revocation() -> None:
    standing = happened(
        (EventKind.REVOKED, REVOKED_ON, {}),
        (EventKind.SUBMITTED, date(2026, 8, 8), {}),
    )
    assert (standing.state, standing.appeals) == ("Revoked", 1)
    assert clocks(standing) == {Clock.SUSPENSION: date(2026, 8, 29), Clock.FOLLOW_UP: date(2026, 8, 14)}


def test_being_accepted_ends_every_clock() -> None:
    standing = happened(
        (EventKind.REVOKED, REVOKED_ON, {}),
        (EventKind.ASKED_REASON, REVOKED_ON, {}),
        (EventKind.CLOSING_NOTICE, date(2026, 8, 20), {"step": None}),
        (EventKind.ACCEPTED, date(2026, 8, 25), {}),
    )
    assert (standing.state, clocks(standing)) == ("Accepted", {})


@pytest.mark.parametrize(
    ("answer", "is_open"),
    [(EventKind.ANSWERED, False), (EventKind.ANSWERED_AUTOMATICALLY, True)],
)
def test_only_a_person_answers_a_question(answer: EventKind, is_open: bool) -> None:
    standing = happened(
        (EventKind.ASKED_REASON, REVOKED_ON, {"ticket": "1"}),
        (answer, date(2026, 8, 1), {"ticket": "1"}),
    )
    assert bool(standing.questions) is is_open


def test_an_answer_in_one_ticket_leaves_the_question_in_another() -> None:
    standing = happened(
        (EventKind.ASKED_REASON, REVOKED_ON, {"ticket": "1"}),
        (EventKind.ASKED_SPEED, REVOKED_ON, {"ticket": "2"}),
        (EventKind.ANSWERED, date(2026, 8, 1), {"ticket": "2"}),
    )
    assert [each.ticket for each in standing.questions] == ["1"]


@pytest.mark.parametrize("change", list(Change))
def test_a_change_puts_its_steps_back_to_pending(change: Change) -> None:
    accepted = [(EventKind.ACCEPTED, date(2026, 1, 1), {"step": step}) for step in Step]
    standing = happened(*accepted, (EventKind.CHANGED, date(2026, 2, 1), {"step": None, "change": change}))
    assert {each.step for each in standing.steps if each.state == "pending"} == set(RESTARTED_BY[change])


def test_the_order_of_days_decides_and_not_the_order_of_recording() -> None:
    standing = happened(
        (EventKind.ACCEPTED, date(2026, 8, 25), {}),
        (EventKind.REVOKED, REVOKED_ON, {}),
    )
    assert standing.state == "Accepted"


@pytest.mark.parametrize("step", list(Step))
def test_a_loss_says_what_to_send_to_whom_by_when(step: Step) -> None:
    to_dos = to_dos_of(step, REVOKED_ON)
    assert [each.by_on for each in to_dos] == sorted(each.by_on for each in to_dos)
    assert all(each.what and each.to_whom for each in to_dos)
    has_sales = [
        any("stay on sale" in c.what for c in consequences_of(step, has_live_offers=sells)) for sells in (True, False)
    ]
    assert has_sales == [True, False]
