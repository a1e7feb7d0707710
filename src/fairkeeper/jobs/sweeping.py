"""What is thrown away once an hour, because nobody can use it any more.

Ended browser sessions, sign-ins that nobody finished, and remembered answers of commands. Nothing here is evidence,
and nothing that anybody could still ask for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete

from fairkeeper.access.attempts import forget_expired_attempts
from fairkeeper.access.authentication import forget_expired_sessions
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, Schedule, Work
from fairkeeper.values.clock import Clock

REMEMBERED: Final = timedelta(days=30)
"""How long a command that is sent again under its idempotency key answers as the first time."""


class Sweeping:
    """The handlers of what is thrown away.

    Args:
        database: Where it is.
        clock: What has expired.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def work(self) -> Work:
        """Return the handlers and schedules."""
        return Work(
            handlers=(
                Handler(name="access.sweep", run=self.sweep_sign_ins),
                Handler(name="action.sweep", run=self.sweep_answers),
            ),
            schedules=(
                Schedule(name="access.sweep", every=timedelta(hours=1)),
                Schedule(name="action.sweep", every=timedelta(hours=1)),
            ),
        )

    def sweep_sign_ins(self, _task: Task) -> None:
        """Forget ended sessions and unfinished sign-ins."""
        with self._database.write() as session:
            forget_expired_sessions(session, self._clock)
            forget_expired_attempts(session, self._clock)

    def sweep_answers(self, _task: Task) -> None:
        """Forget answers that were remembered long enough."""
        with self._database.write() as session:
            session.execute(delete(IdempotencyRow).where(IdempotencyRow.at <= self._clock.now() - REMEMBERED))
