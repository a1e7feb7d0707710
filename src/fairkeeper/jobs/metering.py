"""The room of metering as background work: count what is over, send what is ready, compare with Microsoft every day.

A report is marked as begun before it is sent and its answer is written afterwards, each in a transaction of its own; so
whatever dies in between, it is known that the report may have arrived, and it is sent again rather than folded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, tuple_, update

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
from fairkeeper.metering.actions.counting import AT_ONCE, CountHours, count_hours
from fairkeeper.metering.actions.entering import (
    MeterActions,
    OneFixedUsage,
    TellUnplaced,
    enter_fixed_usage,
    meter_actions,
    open_calls,
    tell_unplaced,
)
from fairkeeper.metering.actions.limiting import FOLLOW, FollowLimits, follow_limits
from fairkeeper.metering.errors import MeteringRefusedError, MeteringUnavailableError
from fairkeeper.metering.ports import EventAnswer, Metering, Report
from fairkeeper.metering.rules.hours import HOUR, WINDOW, newest_closed
from fairkeeper.metering.rules.statuses import OPEN, EventStatus, ReportState
from fairkeeper.metering.store import load_rules, resource_for
from fairkeeper.metering.tables import FixedUsageRow, MeteredResourceRow, UsageCountRow, UsageEventRow, UsageLimitRow
from fairkeeper.values.ids import CustomerId

_BATCH: Final = 25
_TOGETHER: Final = 200
"""How many are begun, and their answers written down, together: a transaction for each batch took most of the time."""
_PAGE: Final = 600
"""How many that are ready are read at once."""
Ready = tuple[UsageCountRow, MeteredResourceRow]
Place = tuple[datetime, str, str, int]
_PATIENT: Final = RetryRule(first_seconds=5, factor=2, ceiling_seconds=300, attempts=10)
_COMPARED_DAYS: Final = 4


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
                Handler(name=FOLLOW, run=self.follow, retry=_PATIENT),
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
            while self._run(count_hours, CountHours(resource_id=resource_id)) >= AT_ONCE:
                pass
        with self._runner.database.read() as session:
            limited = session.scalars(
                select(UsageLimitRow.resource_id).where(UsageLimitRow.ended_at.is_(None)).distinct()
            ).all()
        for resource_id in limited:
            self._run(follow_limits, FollowLimits(resource_id=resource_id))

    def follow(self, task: Task) -> None:
        """Fill the counters of the limits of one resource."""
        self._run(follow_limits, FollowLimits(resource_id=str(task.payload["resource_id"])))

    def compare(self, _task: Task) -> None:
        """Read what Microsoft has of the last days, and compare each resource with ours."""
        today = self._runner.clock.now().date()
        since = self._compared_since(today)
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

    def _compared_since(self, today: date) -> date:
        """Return the first day to compare: some days back, or the day of the oldest hour that is in doubt."""
        usual = today - timedelta(days=_COMPARED_DAYS)
        with self._runner.database.read() as session:
            doubtful = select(UsageCountRow.hour_at).where(UsageCountRow.state == ReportState.DOUBTFUL)
            oldest = session.scalars(doubtful.order_by(UsageCountRow.hour_at).limit(1)).first()
        return usual if oldest is None else min(usual, oldest.date())

    def _enter(self) -> None:
        now = self._runner.clock.now()
        with self._runner.database.read() as session:
            due = session.scalars(
                select(FixedUsageRow.schedule_id).where(FixedUsageRow.ended_at.is_(None), FixedUsageRow.next_at <= now)
            ).all()
            calls = [
                (customer_id, dimension, resource_for(session, customer_id, dimension))
                for customer_id, dimension in session.execute(open_calls())
            ]
        for schedule_id in due:
            self._run(enter_fixed_usage, OneFixedUsage(schedule_id=schedule_id))
        for customer_id, dimension, resource_id in calls:
            if resource_id is None:
                self._run(tell_unplaced, TellUnplaced(customer_id=customer_id, dimension=dimension))
                continue
            request = MeterActions(resource_id=resource_id, dimension=dimension)
            while self._has_calls(customer_id, dimension):
                self._run(meter_actions, request)

    def _has_calls(self, customer_id: CustomerId, dimension: str) -> bool:
        with self._runner.database.read() as session:
            return (customer_id, dimension) in {(row[0], row[1]) for row in session.execute(open_calls())}

    def send(self, _task: Task) -> None:
        """Send what is ready, the oldest first, in batches of 25, until nothing is left or the service is away."""
        after: Place | None = None
        while page := self._page(after):
            after = _place(page[-1][0])
            allowed = self._allowed(page)
            for start in range(0, len(allowed), _TOGETHER):
                self._send_some(allowed[start : start + _TOGETHER])

    def _page(self, after: Place | None) -> Sequence[Ready]:
        """Return the next that are ready after a place in their order; what was tried in this run lies before it."""
        now = self._runner.clock.now()
        ready = (
            select(UsageCountRow, MeteredResourceRow)
            .join(MeteredResourceRow, MeteredResourceRow.resource_id == UsageCountRow.resource_id)
            .where(
                UsageCountRow.state.in_(OPEN), UsageCountRow.next_try_at <= now, UsageCountRow.hour_at > now - WINDOW
            )
            .order_by(UsageCountRow.hour_at, UsageCountRow.resource_id, UsageCountRow.dimension, UsageCountRow.number)
            .limit(_PAGE)
        )
        if after is not None:
            order = (UsageCountRow.hour_at, UsageCountRow.resource_id, UsageCountRow.dimension, UsageCountRow.number)
            ready = ready.where(UsageCountRow.hour_at >= after[0], tuple_(*order) > after)
        with self._runner.database.read() as session:
            return [(row, resource) for row, resource in session.execute(ready)]

    def _allowed(self, page: Sequence[Ready]) -> list[Ready]:
        """Return what may be sent; of a resource that may not be, each hour is noted."""
        known: dict[str, bool] = {}
        found = []
        for row, resource in page:
            if not known.get(row.resource_id, False):
                known[row.resource_id] = self._is_allowed(row)
            if known[row.resource_id]:
                found.append((row, resource))
        return found

    def _is_allowed(self, row: UsageCountRow) -> bool:
        try:
            self._outside.allow("reported usage", subscription_id=row.resource_id, key=f"usage:{row.count_id}")
        except ObservedOnlyError:
            return False
        return True

    def _send_some(self, ready: Sequence[Ready]) -> None:
        """Mark some as begun, send them in batches, and write down what was answered, also if the service goes away."""
        begun = self._begin([row.count_id for row, _ in ready])
        left = [each for each in ready if each[0].count_id in begun]
        answered: dict[str, list[OneAnswer]] = defaultdict(list)
        try:
            while left:
                batch, left = left[:_BATCH], left[_BATCH:]
                for (row, _), answer in zip(batch, self._answers(batch, left), strict=True):
                    if answer is not None:
                        answered[row.resource_id].append(_recorded(row, answer))
        finally:
            for resource_id, answers in answered.items():
                self._run(record_answers, RecordAnswers(resource_id=resource_id, answers=tuple(answers)))

    def _answers(self, batch: Sequence[Ready], after: Sequence[Ready]) -> Sequence[EventAnswer | None]:
        """Send one batch; what was surely not taken, because the service is away or refuses, is no longer begun.

        None stands for an answer that is not known yet: it is asked for again in the next run.
        """
        reports = [_report(row, resource) for row, resource in batch]
        try:
            answers = self._metering.send(reports)
        except (MeteringUnavailableError, MeteringRefusedError) as error:
            unsent = after if error.detail.get("outcome_unknown") else (*batch, *after)
            self._not_sent([row.count_id for row, _ in unsent])
            raise
        return [self._whole(report, answer) for report, answer in zip(reports, answers, strict=True)]

    def _whole(self, report: Report, answer: EventAnswer) -> EventAnswer | None:
        """Return an answer with the quantity that was accepted before, which a batch need not name."""
        if answer.answer.status != EventStatus.DUPLICATE or answer.answer.accepted_milli is not None:
            return answer
        try:
            return self._metering.send_one(report)
        except (MeteringUnavailableError, MeteringRefusedError):
            return None

    def _begin(self, ids: list[str]) -> frozenset[str]:
        """Mark reports as begun, and return which still can be sent; what was decided about meanwhile is left alone.

        An attempt whose answer was never written down makes a report unknown.
        """
        now = self._runner.clock.now()
        with self._runner.database.write() as session:
            margin = load_rules(session).hours.margin
            rows = session.scalars(
                select(UsageCountRow)
                .where(
                    UsageCountRow.count_id.in_(ids),
                    UsageCountRow.state.in_(OPEN),
                    UsageCountRow.hour_at > now - WINDOW + margin,
                )
                .order_by(UsageCountRow.count_id)
                .with_for_update()
            ).all()
            for row in rows:
                row.is_unknown = row.is_unknown or row.in_flight
                row.in_flight, row.attempts = True, row.attempts + 1
            return frozenset(row.count_id for row in rows)

    def _not_sent(self, ids: list[str]) -> None:
        with self._runner.database.write() as session:
            session.execute(update(UsageCountRow).where(UsageCountRow.count_id.in_(ids)).values(in_flight=False))

    def _overdue(self) -> Sequence[str]:
        """Return the resources of which something may have to be given up."""
        now = self._runner.clock.now()
        with self._runner.database.read() as session:
            rules = load_rules(session)
            soon = now - WINDOW + rules.hours.margin
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


def _place(row: UsageCountRow) -> Place:
    return row.hour_at, row.resource_id, row.dimension, row.number


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
