"""The room of metering as background work: count what is over, send what is ready, compare with Microsoft every day.

A report is marked as begun before it is sent and its answer is written afterwards, each in a transaction of its own; so
whatever dies in between, it is known that the report may have arrived, and it is sent again rather than folded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update

from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.outside import ObservedOnlyError, OutsideWrites
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.metering.actions.answering import (
    GiveUp,
    OneAnswer,
    RecordAnswers,
    give_up_hours,
    record_answers,
)
from fairkeeper.metering.actions.comparing import RecordComparison, StatedDay, record_comparison
from fairkeeper.metering.actions.counting import CountHours, count_hours
from fairkeeper.metering.actions.entering import (
    MeterActions,
    OneFixedUsage,
    enter_fixed_usage,
    meter_actions,
    open_calls,
)
from fairkeeper.metering.actions.limiting import FollowLimits, follow_limits
from fairkeeper.metering.actions.recording import MOST_EVENTS
from fairkeeper.metering.errors import MeteringUnavailableError
from fairkeeper.metering.ports import EventAnswer, Metering, Report
from fairkeeper.metering.rules.hours import HOUR, expires_at, newest_closed
from fairkeeper.metering.rules.statuses import OPEN, EventStatus, ReportState
from fairkeeper.metering.store import load_rules, resource_for
from fairkeeper.metering.tables import FixedUsageRow, MeteredResourceRow, UsageCountRow, UsageEventRow, UsageLimitRow

_BATCH: Final = 25
_PATIENT: Final = RetryRule(first_seconds=5, factor=2, ceiling_seconds=300, attempts=10)
_LOOK_BACK: Final = timedelta(hours=24)
_COMPARED_DAYS: Final = 4
_CALLS_SINCE: Final = timedelta(days=3)
"""How long ago a governed call may have ended that is not metered yet."""


class MeteringWork:
    """The handlers.

    Args:
        runner: Runs the operations.
        metering: Microsoft.
        outside: What may be changed outside.
    """

    def __init__(self, runner: Runner, metering: Metering, outside: OutsideWrites) -> None:
        self._runner = runner
        self._metering = metering
        self._outside = outside

    def work(self) -> Work:
        """Return the handlers and schedules of this room."""
        return Work(
            handlers=(
                Handler(name="metering.count", run=self.count, retry=_PATIENT),
                Handler(name="metering.send", run=self.send, retry=_PATIENT),
                Handler(name="metering.compare", run=self.compare, retry=_PATIENT),
            ),
            schedules=(
                *self.schedules_here(),
                Schedule(name="metering.send", every=timedelta(minutes=1)),
                Schedule(name="metering.compare", every=timedelta(days=1)),
            ),
        )

    def schedules_here(self) -> tuple[Schedule, ...]:
        """Return what is done by the clock without asking Microsoft."""
        return (Schedule(name="metering.count", every=timedelta(minutes=1)),)

    def count(self, _task: Task) -> None:
        """Take in what comes by itself, decide about what is overdue, then count every hour that is over."""
        self._enter()
        for resource_id in self._overdue():
            self._run(give_up_hours, GiveUp(resource_id=resource_id))
        for resource_id in self._waiting():
            while self._run(count_hours, CountHours(resource_id=resource_id)):
                pass
        with self._runner.database.read() as session:
            limited = session.scalars(
                select(UsageLimitRow.resource_id).where(UsageLimitRow.ended_at.is_(None)).distinct()
            ).all()
        for resource_id in limited:
            self._run(follow_limits, FollowLimits(resource_id=resource_id))

    def compare(self, _task: Task) -> None:
        """Read what Microsoft has of the last days, and compare each resource with ours."""
        today = self._runner.clock.now().date()
        since = today - timedelta(days=_COMPARED_DAYS)
        stated = self._metering.list_usage(since, today)
        by_resource: dict[str, list[StatedDay]] = defaultdict(list)
        for each in stated:
            by_resource[each.resource].append(
                StatedDay(
                    dimension=each.dimension,
                    plan_id=each.plan_id,
                    day_on=each.day,
                    status=each.status,
                    submitted_milli=each.submitted_milli,
                    processed_milli=each.processed_milli,
                )
            )
        with self._runner.database.read() as session:
            known = session.scalars(select(MeteredResourceRow)).all()
        for row in known:
            days = by_resource.get((row.resource_uri or row.resource_id).lower(), [])
            request = RecordComparison(
                resource_id=row.resource_id, since_on=since, until_on=today, days=tuple(days[:5000])
            )
            self._run(record_comparison, request)

    def _enter(self) -> None:
        now = self._runner.clock.now()
        with self._runner.database.read() as session:
            due = session.scalars(
                select(FixedUsageRow.schedule_id).where(FixedUsageRow.ended_at.is_(None), FixedUsageRow.next_at <= now)
            ).all()
            calls = session.execute(open_calls(now - _CALLS_SINCE)).all()
            placed: dict[str, list[str]] = defaultdict(list)
            for customer_id, dimension, decision_id in calls:
                resource_id = resource_for(session, customer_id, dimension)
                if resource_id is not None:
                    placed[resource_id].append(decision_id)
        for schedule_id in due:
            self._run(enter_fixed_usage, OneFixedUsage(schedule_id=schedule_id))
        for resource_id, decisions in placed.items():
            for start in range(0, len(decisions), MOST_EVENTS):
                part = tuple(decisions[start : start + MOST_EVENTS])
                self._run(meter_actions, MeterActions(resource_id=resource_id, decisions=part))

    def send(self, _task: Task) -> None:
        """Send what is ready, the oldest first, in batches of 25, until nothing is left or the service is away."""
        tried: set[str] = set()
        while batch := self._next_batch(tried):
            tried |= {row.count_id for row, _ in batch}
            allowed = [each for each in batch if self._is_allowed(each[0])]
            if allowed:
                self._send_batch(allowed)

    def _next_batch(self, tried: set[str]) -> list[tuple[UsageCountRow, MeteredResourceRow]]:
        now = self._runner.clock.now()
        with self._runner.database.read() as session:
            rules = load_rules(session)
            rows = session.execute(
                select(UsageCountRow, MeteredResourceRow)
                .join(MeteredResourceRow, MeteredResourceRow.resource_id == UsageCountRow.resource_id)
                .where(
                    UsageCountRow.state.in_(OPEN),
                    UsageCountRow.next_try_at <= now,
                    UsageCountRow.hour_at > now - _LOOK_BACK,
                )
                .order_by(UsageCountRow.hour_at, UsageCountRow.count_id)
                .limit(_BATCH + len(tried))
            ).all()
        fresh = [(row, resource) for row, resource in rows if row.count_id not in tried]
        return [each for each in fresh if now < expires_at(each[0].hour_at, rules.hours)][:_BATCH]

    def _is_allowed(self, row: UsageCountRow) -> bool:
        try:
            self._outside.allow("reported usage", subscription_id=row.resource_id, key=f"usage:{row.count_id}")
        except ObservedOnlyError:
            return False
        return True

    def _send_batch(self, batch: Sequence[tuple[UsageCountRow, MeteredResourceRow]]) -> None:
        ids = [row.count_id for row, _ in batch]
        self._begin(ids)
        reports = [_report(row, resource) for row, resource in batch]
        try:
            answers = list(self._metering.send(reports))
        except MeteringUnavailableError as error:
            if not error.detail.get("outcome_unknown"):
                self._not_sent(ids)
            raise
        for position, answer in enumerate(answers):
            if answer.answer.status == EventStatus.DUPLICATE and answer.answer.accepted_milli is None:
                answers[position] = self._metering.send_one(reports[position])
        by_resource: dict[str, list[OneAnswer]] = defaultdict(list)
        for (row, _), answer in zip(batch, answers, strict=True):
            by_resource[row.resource_id].append(_recorded(row, answer))
        for resource_id, recorded in by_resource.items():
            self._run(record_answers, RecordAnswers(resource_id=resource_id, answers=tuple(recorded)))

    def _begin(self, ids: list[str]) -> None:
        """Mark reports as begun; an attempt whose answer was never written down makes them unknown."""
        with self._runner.database.write() as session:
            session.execute(
                update(UsageCountRow)
                .where(UsageCountRow.count_id.in_(ids), UsageCountRow.in_flight.is_(True))
                .values(is_unknown=True)
            )
            session.execute(
                update(UsageCountRow)
                .where(UsageCountRow.count_id.in_(ids))
                .values(in_flight=True, attempts=UsageCountRow.attempts + 1)
            )

    def _not_sent(self, ids: list[str]) -> None:
        with self._runner.database.write() as session:
            session.execute(update(UsageCountRow).where(UsageCountRow.count_id.in_(ids)).values(in_flight=False))

    def _overdue(self) -> Sequence[str]:
        """Return the resources of which something may have to be given up."""
        now = self._runner.clock.now()
        with self._runner.database.read() as session:
            rules = load_rules(session)
            soon = now - _LOOK_BACK + rules.hours.margin
            return session.scalars(
                select(UsageCountRow.resource_id)
                .where(
                    (UsageCountRow.state.in_(OPEN) & (UsageCountRow.hour_at <= soon))
                    | ((UsageCountRow.state == ReportState.HELD) & (UsageCountRow.decide_at <= now))
                )
                .distinct()
            ).all()

    def _waiting(self) -> Sequence[str]:
        """Return the resources with usage of hours that are over, or with folded hours that nothing carries yet."""
        now = self._runner.clock.now()
        with self._runner.database.read() as session:
            before = newest_closed(now, load_rules(session).hours) + HOUR
            events = session.scalars(
                select(UsageEventRow.resource_id)
                .where(UsageEventRow.count_id.is_(None), UsageEventRow.used_at < before)
                .distinct()
            ).all()
            folded = session.scalars(
                select(UsageCountRow.resource_id)
                .where(UsageCountRow.state == ReportState.FOLDED, UsageCountRow.carried_by.is_(None))
                .distinct()
            ).all()
        return sorted({*events, *folded})

    def _run(self, operation: Operation, request: OperationInput) -> Any:
        return self._runner.run(operation, request, Call(principal=system("metering")))


def _report(row: UsageCountRow, resource: MeteredResourceRow) -> Report:
    return Report(
        resource_id=None if resource.resource_uri else resource.resource_id,
        resource_uri=resource.resource_uri,
        dimension=row.dimension,
        plan_id=row.plan_id,
        hour=row.hour_at,
        quantity_milli=row.quantity_milli,
    )


def _recorded(row: UsageCountRow, answer: EventAnswer) -> OneAnswer:
    return OneAnswer(
        count_id=row.count_id,
        status=answer.answer.status[:200] or EventStatus.ERROR,
        accepted_milli=answer.answer.accepted_milli,
        usage_event_id=answer.usage_event_id,
        message=answer.message[:500],
    )
