"""The room of opportunities as background work: rank what was imported, push what is wanted, drop what is old.

A push calls the CRM under a key of ours and records the answer; a handler that is repeated finds what the first
attempt did, because the same key is the same record there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import select

from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.database.tasks import Task
from fairkeeper.governance.actions.record_outcome import RecordOutcome as RecordDecisionsOutcome
from fairkeeper.governance.actions.record_outcome import record_outcome as record_decisions_outcome
from fairkeeper.governance.errors import StateRefusedError
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.opportunities.actions.agent import is_held
from fairkeeper.opportunities.actions.alerting import TellAlerts, tell_alerts
from fairkeeper.opportunities.actions.cards import CardOutcome, RecordOutcome, record_outcome
from fairkeeper.opportunities.actions.desk import Desk, NamedFile
from fairkeeper.opportunities.actions.pushes import (
    LARGEST_DAILY_LIMIT,
    PlanPushes,
    RecordPush,
    plan_pushes,
    record_push,
    wanted_of,
)
from fairkeeper.opportunities.agent import AgentTool
from fairkeeper.opportunities.crm.fields import CRMRecord
from fairkeeper.opportunities.crm.sending import Wish, bring
from fairkeeper.opportunities.errors import CRMNotConfiguredError, CRMRefusedError, NoSnapshotError, PushRefusedError
from fairkeeper.opportunities.ports import CRM
from fairkeeper.opportunities.tables import CardRow, PushRow

_PUSHING = RetryRule(first_seconds=2, factor=2, ceiling_seconds=900, attempts=40)
"""For a CRM that is down or throttles: most of a day, then the push is open to be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One connection to the insights API: its name, its tabs, and what reads a tab as a CSV text."""

    connection: str
    tabs: tuple[str, ...]
    fetch: Callable[[str], bytes]


class OpportunitiesWork:
    """The handlers.

    Args:
        runner: Runs the operations.
        desk: Ranks and drops.
        crm: The CRM, if one is configured.
    """

    def __init__(self, runner: Runner, desk: Desk, crm: CRM | None) -> None:
        self._runner, self._desk, self._crm = runner, desk, crm
        self._feeds: tuple[Feed, ...] = ()

    def work(self, fetching: Sequence[Feed] = ()) -> Work:
        """Return the handlers and schedules of this room."""
        self._feeds = tuple(fetching)
        return Work(
            handlers=(
                Handler(name="opportunities.fetch", run=self.fetch, retry=_PUSHING),
                Handler(name="opportunities.rank", run=self.rank),
                Handler(name="opportunities.push", run=self.push, retry=_PUSHING),
                Handler(name="opportunities.push_unasked", run=self.push_unasked),
                Handler(name="opportunities.read_back", run=self.read_back, retry=_PUSHING),
                Handler(name="opportunities.agent", run=self.register),
                Handler(name="opportunities.sweep", run=self.sweep),
                Handler(name="opportunities.tell_urgent", run=self.tell_urgent),
                Handler(name="opportunities.tell_digest", run=self.tell_digest),
            ),
            schedules=(
                *((Schedule(name="opportunities.fetch", every=timedelta(days=1)),) if self._feeds else ()),
                Schedule(name="opportunities.sweep", every=timedelta(days=1)),
                Schedule(name="opportunities.agent", every=timedelta(days=1)),
                Schedule(name="opportunities.push_unasked", every=timedelta(days=1)),
                Schedule(name="opportunities.read_back", every=timedelta(days=1)),
                Schedule(name="opportunities.tell_urgent", every=timedelta(hours=1)),
                Schedule(name="opportunities.tell_digest", every=timedelta(days=7)),
            ),
        )

    def rank(self, task: Task) -> None:
        """Rank a connection, unless nothing that decides it changed; and tell at once what is urgent in it."""
        try:
            self._desk.rank(str(task.payload["connection"]))
        except NoSnapshotError:
            return  # only other tabs were imported so far
        self.tell_urgent(task)

    def fetch(self, _task: Task) -> None:
        """Read every connection's tabs, and import them as files of today are; what came twice changes nothing."""
        today = self._runner.clock.now().date()
        for feed in self._feeds:
            for tab in feed.tabs:
                file = NamedFile(name=f"{feed.connection}-{tab}-{today.isoformat()}", content=feed.fetch(tab))
                self._desk.import_file(file, _call(), taken_on=today, connection=feed.connection)

    def register(self, _task: Task) -> None:
        """Register the room's agent under Governance, for an installation that had cards before it was one."""
        self._desk.register_agent()

    def push_unasked(self, _task: Task) -> None:
        """Push the first open cards that no CRM has yet, as far as a person's standing approval goes; else nothing."""
        if self._crm is None:
            return
        with contextlib.suppress(PushRefusedError, CRMNotConfiguredError):
            self._runner.run(plan_pushes, PlanPushes(limit=LARGEST_DAILY_LIMIT), _call())

    def read_back(self, _task: Task) -> None:
        """Look at the CRM what became of the records of open cards; one that is gone there does not come back.

        Raises:
            CRMThrottledError, CRMUnreachableError: Not now; what was read stays, and the rest is read again.
        """
        crm = self._crm
        if crm is None:
            return
        statement = (
            select(PushRow)
            .join(CardRow, CardRow.id == PushRow.card_id)
            .where(
                PushRow.target == crm.name,
                PushRow.state.in_(("sent", "unchanged")),
                PushRow.record == CRMRecord.OPPORTUNITY.value,
                CardRow.closed_at.is_(None),
            )
            .order_by(PushRow.external_key)
        )
        with self._runner.database.read() as session:
            rows = session.scalars(statement).all()
        for row in rows:
            there = crm.find(row.record, row.external_key)
            if there is not None and not there.is_closed:
                continue
            answer = RecordPush(
                external_key=row.external_key,
                state="closed_there",
                remote_id=there.remote_id if there else row.remote_id or "",
                error=there.outcome if there else "",
            )
            self._read_outcome(row, answer)
            self._runner.run(record_push, answer, _call())

    def sweep(self, _task: Task) -> None:
        """Drop daily snapshots that are old, and what nobody needs."""
        self._desk.drop_old()

    def tell_urgent(self, _task: Task) -> None:
        """Hand urgent falls of paid use to the messages, each once."""
        self._runner.run(tell_alerts, TellAlerts(is_urgent=True), _call())

    def tell_digest(self, _task: Task) -> None:
        """Hand the week's changes to the messages."""
        self._runner.run(tell_alerts, TellAlerts(is_urgent=False), _call())

    def push(self, task: Task) -> None:
        """Bring one record at the CRM to what is wanted, leaving to people what is theirs."""
        key = str(task.payload["external_key"])
        with self._runner.database.read() as session:
            row = session.get(PushRow, key)
            is_stopped = is_held(session, AgentTool.PUSH, self._runner.clock.now())
        if row is None or row.state != "wanted":
            return
        if is_stopped:  # somebody held the agent after it was let through
            self._end(row, "not_executed")
            self._record(key, state="parked", error="The agent is held under Governance, so nothing was sent.")
            return
        if self._crm is None or self._crm.name != row.target:
            self._end(row, "not_executed")
            self._record(key, state="parked", error=f"{row.target} is not configured any more.")
            return
        try:
            answer = self._send(self._crm, row)
        except CRMRefusedError as error:
            self._end(row, "error", error.message)
            self._record(key, state="parked", error=error.message)
            return
        self._end(row, "not_executed" if answer.state == "closed_there" else "ok")
        self._runner.run(record_push, answer, _call())
        self._read_outcome(row, answer)

    def _end(self, row: PushRow, outcome: Literal["ok", "error", "not_executed"], error: str = "") -> None:
        """Record under Governance what became of the decision; an attempt before this one may have done so."""
        if row.decision_id is None:
            return
        request = RecordDecisionsOutcome(decision_id=row.decision_id, outcome=outcome, error=error[:500])
        with contextlib.suppress(StateRefusedError):
            self._runner.run(record_decisions_outcome, request, _call())

    def _send(self, crm: CRM, row: PushRow) -> RecordPush:
        fields, account = wanted_of(row)
        wish = Wish(
            record=row.record,
            external_key=row.external_key,
            fields=fields,
            account=account,
            offered=row.offered,
            kept=tuple(row.kept_fields),
            remote_id=row.remote_id,
        )
        done = bring(crm, wish)
        return RecordPush(
            external_key=row.external_key,
            state=done.state,
            remote_id=done.remote_id,
            sent=dict(done.sent),
            kept=done.kept,
            error=done.outcome,
        )

    def _read_outcome(self, row: PushRow, answer: RecordPush) -> None:
        """Take over from the CRM that people won or lost."""
        if answer.state != "closed_there" or answer.error not in ("won", "lost"):
            return
        with self._runner.database.read() as session:
            card = session.get(CardRow, row.card_id)
        if card is not None and card.closed_at is None:
            request = RecordOutcome(card_id=card.id, outcome=CardOutcome(answer.error), source="crm")
            self._runner.run(record_outcome, request, _call())

    def _record(self, key: str, *, state: str, error: str) -> None:
        self._runner.run(record_push, RecordPush(external_key=key, state=state, error=error[:2000]), _call())


def _call() -> Call:
    return Call(principal=system("opportunities"))
