"""What the overview answers: frozen rows for channels to render."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fairkeeper.accounts.views import DueView, IncidentView
from fairkeeper.customers.views import DeadlineView, ReminderLine
from fairkeeper.evidence.views import EntryView


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How many customers stand at a step of the path, and how many of them are stuck there."""

    step: str
    customers: int
    broken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    """Background work that was given up, for a person to look at."""

    task_id: int
    name: str
    key: str
    attempts: int
    last_error: str
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What needs this person, and where the customers stand.

    Attributes:
        deadlines: Reminders that were raised and not closed, with a date, nearest first.
        findings: What needs a person and has no date.
        coming: The deadlines of the next days, whether a reminder was raised or not.
        steps: Where the customers stand.
        recent: The newest entries.
        account_dues: What is due in the account's verification and was warned of.
        lost_verifications: Incidents of lost verifications that are open.
    """

    deadlines: tuple[ReminderLine, ...]
    findings: tuple[ReminderLine, ...]
    failed_tasks: tuple[FailedTask, ...]
    coming: tuple[DeadlineView, ...]
    steps: tuple[StepCount, ...]
    recent: tuple[EntryView, ...]
    customers: int
    account_dues: tuple[DueView, ...] = ()
    lost_verifications: tuple[IncidentView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that a search found.

    Attributes:
        kind: `customer`, `subscription`, `operation`, `entry`, `person`.
        id: Its id, or a customer's readable address.
        label: Its name.
        line: What tells it from others.
    """

    kind: str
    id: str
    label: str
    line: str
