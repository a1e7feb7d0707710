"""What a person does about work that was given up: look at its error, mend the cause, try again."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    command,
)
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.errors import ConflictError, NotFoundError

TASK_REOPENED = EvidenceKind(name="overview.task_reopened/1", sentence="Given-up work ({name}) is tried again.")


class RetryTask(OperationInput):
    """Which work."""

    task_id: int = Field(ge=1, description="The work's number, as Today shows it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReopened:
    """It will be tried now."""

    task_id: int
    name: str


@command(
    "overview.retry_task",
    groups=("overview.change",),
    evidence=(TASK_REOPENED,),
    http="POST /tasks/{task_id}/retry",
    cli="tasks retry TASK_ID",
)
def retry_task(context: CommandContext, request: RetryTask) -> Outcome[TaskReopened]:
    """Try background work again that was given up after its last attempt.

    Raises `overview.task_not_found`, and `overview.task_not_failed` for work that was not given up.
    """
    row = context.session.get(TaskRow, request.task_id, with_for_update=True)
    if row is None:
        msg = f"There is no work {request.task_id} here."
        raise NotFoundError(msg, code="overview.task_not_found")
    if row.state != TaskState.FAILED:
        msg = f"The work {row.id} is {row.state}, not given up."
        raise ConflictError(msg, code="overview.task_not_failed", remedy="Wait for it; it is tried again by itself.")
    row.state, row.due_at, row.leased_until, row.finished_at = TaskState.OPEN.value, context.now, None, None
    entry = EvidenceDraft(
        kind=TASK_REOPENED.name,
        subject_type="task",
        subject_id=str(row.id),
        customer_id=row.customer_id,
        payload={"name": row.name, "attempts": row.attempts},
    )
    return Outcome(result=TaskReopened(task_id=row.id, name=row.name), entry=entry)


OPERATIONS: tuple[Operation, ...] = (retry_task,)
