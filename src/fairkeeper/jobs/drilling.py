"""Drills as background work: what Fairkeeper does by itself in an incident, once and timed, and then undone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.assurance.incidents.acting import close_incident, is_held, open_incident_by_fact, settle_notice
from fairkeeper.assurance.incidents.drill_tables import DrillRow
from fairkeeper.assurance.incidents.drilling import DRILL, LONGEST_HOLD, UNDO, record_drill_step
from fairkeeper.assurance.tables import IncidentNoticeRow, IncidentRow
from fairkeeper.database.tasks import Task
from fairkeeper.governance.actions.contain import contain, lift_containment
from fairkeeper.governance.tables import ContainmentRow
from fairkeeper.jobs.handler import Handler, Work


class DrillingWork:
    """The handlers of drills.

    Args:
        runner: Runs the operations.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def work(self) -> Work:
        """Return the handlers."""
        return Work(handlers=(Handler(name=DRILL, run=self.drill), Handler(name=UNDO, run=self.undo)))

    def _run(self, operation: Operation, **fields: Any) -> Any:
        return self._runner.run(operation, operation.input.model_validate(fields), Call(principal=system("assurance")))

    def drill(self, task: Task) -> None:
        """Open the incident, hold the agent, look whether it is held; each step is written down with its time."""
        row = self._row(task)
        if row is None or row.ended_at is not None:
            return
        opened = self._run(
            open_incident_by_fact,
            title=f"Drill: {row.category.replace('_', ' ')}",
            category=row.category,
            severity="low",
            summary="A drill: the runbook is practised, and nothing has happened.",
            agent_id=row.agent_id,
            is_drill=True,
            source="drill",
            source_id=row.drill_id,
        )
        self._step(row, "The incident was opened as a drill, and its notices drafted.", incident_id=opened.incident_id)
        if row.agent_id is None:
            return
        if row.containment_id is None:
            held = self._run(
                contain,
                scope="agent",
                subject_id=row.agent_id,
                state="paused",
                reason=f"A drill ({row.drill_id}): nothing has happened; it ends within an hour.",
                until_at=self._runner.clock.now() + LONGEST_HOLD,
                is_drill=True,
            )
            self._step(row, "The agent was paused.", containment_id=held.containment_id)
        with self._runner.database.read() as session:
            is_paused = is_held(session, row.agent_id)
        if is_paused:
            self._step(row, "The hold was found to be in force.")
        else:
            self._step(row, "The hold was not found to be in force.", has_failed=True)

    def undo(self, task: Task) -> None:
        """Let the agent go, settle the drafted notices, close the incident."""
        row = self._row(task)
        if row is None:
            return
        with self._runner.database.read() as session:
            hold = session.get(ContainmentRow, row.containment_id) if row.containment_id else None
            incident = session.get(IncidentRow, row.incident_id) if row.incident_id else None
            drafts = session.scalars(
                select(IncidentNoticeRow.notice_id).where(
                    IncidentNoticeRow.incident_id == row.incident_id, IncidentNoticeRow.state == "draft"
                )
            ).all()
        if hold is not None and hold.lifted_at is None:
            self._run(lift_containment, containment_id=hold.containment_id, reason=f"The drill {row.drill_id} is over.")
        if incident is None or incident.state == "closed":
            return
        for notice_id in drafts:
            self._run(
                settle_notice,
                incident_id=incident.incident_id,
                notice_id=notice_id,
                state="not_due",
                why="It was a drill.",
            )
        self._run(
            close_incident,
            incident_id=incident.incident_id,
            cause="It was a drill.",
            limited_by="Nothing had happened.",
            changes=row.learned or "Nothing was written down.",
        )

    def _row(self, task: Task) -> DrillRow | None:
        with self._runner.database.read() as session:
            return session.get(DrillRow, str(task.payload["drill_id"]))

    def _step(self, row: DrillRow, step: str, **fields: Any) -> None:
        self._run(record_drill_step, drill_id=row.drill_id, step=step, **fields)
