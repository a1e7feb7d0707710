"""Data governance as background work: what is older than its retention goes once a day, what was asked for at once.

In pieces, each in a transaction of its own; a hold that is placed meanwhile stops it at the next piece.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.assurance.keeping.classes import DataClass
from fairkeeper.assurance.keeping.erasing import erase_piece
from fairkeeper.assurance.keeping.holding import is_held
from fairkeeper.assurance.keeping.proving import ERASE, ProveErasure, erasing_of, prove_erasure
from fairkeeper.assurance.keeping.rules import defaults_of, kept_of
from fairkeeper.database.tasks import Task
from fairkeeper.evidence.errors import UnderLegalHoldError
from fairkeeper.governance.tables import AgentRow
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.values.clock import parse_instant
from fairkeeper.values.ids import CustomerId

KEEP: Final = "assurance.keep"
_PATIENT: Final = RetryRule(first_seconds=60, factor=2, ceiling_seconds=86_400, attempts=400)
"""Something asked for that a hold stops waits for its end, for about a year."""


class KeepingWork:
    """The handlers.

    Args:
        runner: Runs the operations.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def work(self) -> Work:
        """Return the handlers and the schedule."""
        return Work(
            handlers=(
                Handler(name=KEEP, run=self.keep),
                Handler(name=ERASE, run=self.erase, retry=_PATIENT),
            ),
            schedules=(Schedule(name=KEEP, every=timedelta(days=1)),),
        )

    def erase(self, task: Task) -> None:
        """Erase what was asked for, and sign it; raises while a hold stands, so that it is tried again."""
        asked = task.payload
        if not asked:
            return  # proved before, and only not marked as done
        request = ProveErasure(
            erasure_id=task.key,
            customer_id=task.customer_id,
            data_classes=asked["classes"],
            before_at=parse_instant(asked["before_at"]),
            erased_at=parse_instant(asked["at"]),
            commitment=asked["commitment"],
            wish=asked["wish"],
        )
        if not self._erase(request, asked["person"]):
            raise UnderLegalHoldError("The data is under a legal hold.")

    def keep(self, task: Task) -> None:
        """Erase what is older than its retention, customer by customer."""
        with self._runner.database.read() as session:
            owners = sorted({each or "" for each in session.scalars(select(AgentRow.customer_id).distinct())})
        for owner in owners:
            for request in self._due(CustomerId(owner) if owner else None, task.due_at):
                self._erase(request, None)

    def _due(self, customer_id: CustomerId | None, slot_at: datetime) -> list[ProveErasure]:
        """Return what a customer's retention asks for, those classes together that are kept equally long."""
        by_days: dict[int, list[DataClass]] = defaultdict(list)
        with self._runner.database.read() as session:
            for each in kept_of(session, customer_id, defaults_of(session)):
                if each.days is not None:
                    by_days[each.days].append(DataClass(each.data_class))
        return [
            ProveErasure(
                # The slot names it, so that one that was interrupted goes on and is proved once.
                erasure_id=f"ret_{slot_at:%Y%m%d%H%M}_{days}_{(customer_id or 'publisher')[-16:]}"[:40],
                customer_id=customer_id,
                data_classes=classes,
                before_at=slot_at - timedelta(days=days),
                erased_at=slot_at + timedelta(microseconds=days),
            )
            for days, classes in sorted(by_days.items())
        ]

    def _erase(self, request: ProveErasure, person: str | None) -> bool:
        """Erase it piece by piece and sign; False where a hold stopped it."""
        what, has_more = erasing_of(request, person), True
        while has_more:
            with self._runner.database.write() as session:
                if is_held(session, what.customer_id):
                    return False
                has_more = erase_piece(session, what)
        self._runner.database.settle_erasure()
        self._run(request)
        return True

    def _run(self, request: ProveErasure) -> Any:
        return self._runner.run(prove_erasure, request, Call(principal=system("assurance")))
