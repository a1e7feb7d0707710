"""Governance as background work: whoever may answer an agent's question hears of it, wanted policies take effect."""

from __future__ import annotations

from collections.abc import Callable

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.database.tasks import Task
from fairkeeper.governance.approvals.asking import TELL
from fairkeeper.governance.approvals.telling import tell_approval
from fairkeeper.governance.policies.bundles import PUT_IN_FORCE, put_in_force
from fairkeeper.jobs.handler import Handler, Work


class GovernanceWork:
    """The handlers of this room.

    Args:
        runner: Runs the operations.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def work(self) -> Work:
        """Return the handlers."""
        return Work(
            handlers=(
                Handler(name=TELL, run=self._by(tell_approval)),
                Handler(name=PUT_IN_FORCE, run=self._by(put_in_force)),
            )
        )

    def _by(self, operation: Operation) -> Callable[[Task], None]:
        def run(task: Task) -> None:
            request = operation.input.model_validate(task.payload)
            self._runner.run(operation, request, Call(principal=system(operation.name.rpartition(".")[2])))

        return run
