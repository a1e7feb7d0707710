"""Connections as background work: once a day, whether a credential of ours ends soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, Schedule, Work
from fairkeeper.overview.connections.announcing import AnnounceExpiry, announce_expiry

_NAME = "overview.announce_expiry"


class ConnectionsWork:
    """The handler of what ends.

    Args:
        runner: Runs the operation.
        credentials: Each credential's name and last day, where that is known.
    """

    def __init__(self, runner: Runner, credentials: Sequence[tuple[str, date]]) -> None:
        self._runner = runner
        self._credentials = tuple(credentials)

    def work(self) -> Work:
        """Return the handler, and its schedule where anything is known to end."""
        handlers = (Handler(name=_NAME, run=self.announce),)
        if not self._credentials:
            return Work(handlers=handlers)
        return Work(handlers=handlers, schedules=(Schedule(name=_NAME, every=timedelta(days=1)),))

    def announce(self, _task: Task) -> None:
        """Say of each credential that ends soon."""
        for name, expires_on in self._credentials:
            request = AnnounceExpiry(credential=name, expires_on=expires_on)
            self._runner.run(announce_expiry, request, Call(principal=system("announce_expiry")))
