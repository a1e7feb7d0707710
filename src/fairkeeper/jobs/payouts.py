"""The room of payouts as background work: files that were handed over are read, and then everything is compared."""

from __future__ import annotations

from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, RetryRule, Work
from fairkeeper.payouts.actions.receive_file import EVALUATE, READ_FILE
from fairkeeper.payouts.importing import Importer

_RETRY = RetryRule(first_seconds=2, factor=3, ceiling_seconds=600, attempts=8)


class PayoutsWork:
    """The handlers.

    Args:
        importer: Reads and compares.
    """

    def __init__(self, importer: Importer) -> None:
        self._importer = importer

    def work(self) -> Work:
        """Return the handlers of this room."""
        return Work(
            handlers=(
                Handler(name=READ_FILE, run=self.read_file, retry=_RETRY),
                Handler(name=EVALUATE, run=self.evaluate, retry=_RETRY),
            )
        )

    def read_file(self, task: Task) -> None:
        """Read one file; one that was read is left alone."""
        self._importer.read(str(task.payload["sha256"]))

    def evaluate(self, _task: Task) -> None:
        """Compare everything, unless files still wait: the last of them asks again."""
        if not self._importer.is_waiting():
            self._importer.evaluate()
