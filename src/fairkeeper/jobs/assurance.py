"""Assurance as background work: each hour is judged, signals are raised and answered, failed evaluations followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.assurance.evaluation.running import FOLLOW
from fairkeeper.assurance.forwarding.destinations import KEEP_SECRET, keep_secret
from fairkeeper.assurance.forwarding.following import FOLLOW_RECEIVER, follow_receiver
from fairkeeper.assurance.incidents.acting import is_held, open_incident_by_fact, take_step
from fairkeeper.assurance.incidents.runbooks import Category
from fairkeeper.assurance.monitoring.acts import Kind
from fairkeeper.assurance.monitoring.following import HOUR, RESPOND, SignalRule, judge_hour, raise_signal, rules_of
from fairkeeper.assurance.tables import BehaviourRow, SignalRow, SuiteRow, SuiteRunRow
from fairkeeper.database.tasks import Task
from fairkeeper.governance.actions.contain import contain
from fairkeeper.governance.actions.decide_use import withdraw_use
from fairkeeper.governance.tables import DecisionRow, IntendedUseRow
from fairkeeper.jobs.drilling import DrillingWork
from fairkeeper.jobs.handler import Handler, Schedule, Work

_MOST_HOURS = 24 * 7
"""So many hours are made up for after a standstill, in one piece of work."""
_CATEGORIES = {
    Kind.FIRST_DATA: Category.DATA_EXPOSURE,
    Kind.SENSITIVE: Category.DATA_EXPOSURE,
    Kind.SEQUENCE: Category.DATA_EXPOSURE,
    Kind.INSTRUCTIONS: Category.PROMPT_ABUSE,
    Kind.PERSONS: Category.DELEGATED_ACCESS,
}


class AssuranceWork:
    """The handlers of this room.

    Args:
        runner: Runs the operations.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def work(self) -> Work:
        """Return the handlers and schedules."""
        return Work(
            handlers=(
                Handler(name="assurance.watch", run=self.watch),
                Handler(name="assurance.raise_signal", run=self._by(raise_signal)),
                Handler(name=RESPOND, run=self.respond),
                Handler(name=FOLLOW, run=self.follow_failed_run),
                Handler(name=KEEP_SECRET, run=self._by(keep_secret)),
                Handler(name=FOLLOW_RECEIVER, run=self._by(follow_receiver)),
                *DrillingWork(self._runner).work().handlers,
            ),
            schedules=(Schedule(name="assurance.watch", every=timedelta(hours=1)),),
        )

    def _by(self, operation: Operation) -> Callable[[Task], None]:
        def run(task: Task) -> None:
            self._run(operation, **task.payload)

        return run

    def _run(self, operation: Operation, **fields: Any) -> Any:
        request = operation.input.model_validate(fields)
        return self._runner.run(operation, request, Call(principal=system("assurance")))

    def watch(self, _task: Task) -> None:
        """Judge every whole hour that was not judged yet, in order."""
        with self._runner.database.read() as session:
            through = session.scalar(select(func.min(BehaviourRow.through_at)))
            first = session.scalar(select(func.min(DecisionRow.at)))
        ends_at = self._runner.clock.now().replace(minute=0, second=0, microsecond=0)
        begins_at = through or first
        if begins_at is None:
            return
        hour = max(begins_at.replace(minute=0, second=0, microsecond=0), ends_at - _MOST_HOURS * HOUR)
        while hour + HOUR <= ends_at:
            self._run(judge_hour, began_at=hour)
            hour += HOUR

    def respond(self, task: Task) -> None:
        """Hold the agent and open the incident, as the rule of the signal's kind says; each once."""
        with self._runner.database.read() as session:
            signal = session.get(SignalRow, str(task.payload["signal_id"]))
            if signal is None:
                return
            rule = rules_of(session).get(signal.kind, SignalRule())
            held = is_held(session, signal.agent_id)
        if signal.response != "none" and not held:
            self._run(
                contain,
                scope="agent",
                subject_id=signal.agent_id,
                state=signal.response,
                profile=rule.profile if signal.response == "constrained" else None,
                reason=f"By the signal {signal.signal_id}: {signal.sentence}"[:500],
            )
        if rule.opens_incident:
            self._open_for(signal)

    def _open_for(self, signal: SignalRow) -> None:
        opened = self._run(
            open_incident_by_fact,
            title=f"Unusual behaviour: {signal.kind.replace('_', ' ')}",
            category=_CATEGORIES.get(Kind(signal.kind), Category.UNINTENDED_ACTION),
            severity="high",
            summary=signal.sentence,
            agent_id=signal.agent_id,
            began_at=signal.at,
            source="signal",
            source_id=signal.signal_id,
        )
        with self._runner.database.write() as session:
            row = session.get_one(SignalRow, signal.signal_id)
            is_new, row.incident_id = row.incident_id is None, opened.incident_id
        if is_new and signal.response != "none":
            self._run(
                take_step,
                incident_id=opened.incident_id,
                step=f"The agent was {signal.response} by the rule for {signal.kind.replace('_', ' ')}.",
                is_contained=signal.response == "paused",
            )

    def follow_failed_run(self, task: Task) -> None:
        """Withdraw a live agent's intended use whose criterion failed, and open an incident that drafts the notices."""
        with self._runner.database.read() as session:
            run = session.get_one(SuiteRunRow, str(task.payload["run_id"]))
            suite = session.get_one(SuiteRow, run.suite_id)
            use = session.scalars(
                select(IntendedUseRow).where(
                    IntendedUseRow.agent_id == run.agent_id,
                    IntendedUseRow.title == suite.use_title,
                    IntendedUseRow.withdrawn_at.is_(None),
                )
            ).first()
        failed = ", ".join(each["measure"].replace("_", " ") for each in run.measures if not each["is_met"])
        why = f"The evidence no longer supports it: {suite.name} failed on {failed} (run {run.run_id})."
        if use is not None:
            self._run(withdraw_use, use_id=use.use_id, reason=why[:500])
        self._run(
            open_incident_by_fact,
            title=f"Evaluation failed: {suite.name}",
            category=Category.EVALUATION_FAILED,
            severity="high",
            summary=f"{why} The intended use {suite.use_title!r} was withdrawn.",
            agent_id=run.agent_id,
            began_at=run.ran_at,
            source="evaluation",
            source_id=run.run_id,
        )
