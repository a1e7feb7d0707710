"""What the overview answers: frozen rows for channels to render."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fairkeeper.evidence.views import EntryView
from fairkeeper.overview.agenda.needs import Need


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
        needs: What needs this person, in the order in which it is worth doing.
        failed_tasks: Background work that was given up, for those who can try it again.
        steps: Where the customers stand.
        recent: The newest entries.
    """

    needs: tuple[Need, ...]
    failed_tasks: tuple[FailedTask, ...]
    steps: tuple[StepCount, ...]
    recent: tuple[EntryView, ...]
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that a search found.

    Attributes:
        kind: What it is (`customer`, `subscription`, `deal`, `decision`, `entry`, …).
        id: Its id.
        label: Its name.
        line: What tells it from others.
        page: The address of its page in the console.
    """

    kind: str
    id: str
    label: str
    line: str
    page: str
