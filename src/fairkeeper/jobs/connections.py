"""Connections as background work: a look at all of them, and once a day whether a credential of ours ends soon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, Schedule, Work
from fairkeeper.overview.connections.announcing import AnnounceExpiry, announce_expiry
from fairkeeper.overview.connections.looking import LOOK_TASK, RecordLooks, SeenLook, record_looks
from fairkeeper.overview.guide.steps import STEPS

_NAME = "overview.announce_expiry"
_LOOKS_OF = {step.key: frozenset(step.looks) for step in STEPS}

LookAtAll = Callable[[frozenset[str]], Sequence[SeenLook]]
"""Looks by harmless reads: at these things, or at everything if none is named."""


class ConnectionsWork:
    """The handlers of what ends, and of a look at everything.

    Args:
        runner: Runs the operations.
        credentials: Each credential's name and last day, where that is known.
        look: Looks at every connection.
        is_daily: Whether that is done once a day; otherwise only when somebody asks, as in a rehearsal.
    """

    def __init__(
        self, runner: Runner, credentials: Sequence[tuple[str, date]], look: LookAtAll, *, is_daily: bool
    ) -> None:
        self._runner = runner
        self._credentials = tuple(credentials)
        self._look = look
        self._is_daily = is_daily

    def work(self) -> Work:
        """Return the handlers, and the schedule of each where it has one."""
        daily = timedelta(days=1)
        schedules = [Schedule(name=_NAME, every=daily)] if self._credentials else []
        if self._is_daily:
            schedules.append(Schedule(name=LOOK_TASK, every=daily))
        handlers = (Handler(name=_NAME, run=self.announce), Handler(name=LOOK_TASK, run=self.look_at_all))
        return Work(handlers=handlers, schedules=tuple(schedules))

    def look_at_all(self, task: Task) -> None:
        """Look at everything, or at what proves a step of the guide, and keep what was seen."""
        names = _LOOKS_OF.get(str(task.payload.get("step", "")), frozenset())
        request = RecordLooks(looks=list(self._look(names)), is_part=bool(names))
        self._runner.run(record_looks, request, Call(principal=system("look_at_connections")))

    def announce(self, _task: Task) -> None:
        """Say of each credential that ends soon."""
        for name, expires_on in self._credentials:
            request = AnnounceExpiry(credential=name, expires_on=expires_on)
            self._runner.run(announce_expiry, request, Call(principal=system("announce_expiry")))
