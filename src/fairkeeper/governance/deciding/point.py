"""The decision point: takes calls as they come, decides all that wait in one commit, and answers each.

Nothing is answered with yes before its record is durable. On SQLite the commit runs on the event loop, once a loop
turn, and asks again in a moment where somebody else writes; on PostgreSQL it runs in one thread beside the loop, and
what comes meanwhile waits for the next. A thread for each caller reached 1,600 to 2,500 a second with 64 callers on
SQLite (two shared cores, 2026-11-22); what this reaches, `make bench ONLY=governance` says.

What became of calls is told here too, and written down between the decisions, in commits of its own.

Whatever goes wrong is a no: a database that cannot record (`not_recorded`), one that could lose what it recorded, a
wait that took too long (`timed_out`). Such an answer has no record, because there was none to be had.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import structlog

from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.errors import FairkeeperError
from fairkeeper.governance.deciding.batch import Registered, decide_batch
from fairkeeper.governance.deciding.connection import BusyError, HotConnection, connect
from fairkeeper.governance.deciding.outcomes import Bases, Outcomes, Taken, take_outcomes
from fairkeeper.governance.deciding.tickets import Decided, Questions, Ticket
from fairkeeper.policy.decision.facts import Call, Verdict
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.values.clock import Clock

_log = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 256
"""Calls in one commit; below 50 ms of the write lock."""
MOST_TELLING: Final = 4
"""Tellings in one commit, of at most `outcomes.MOST_TOLD` outcomes each."""
PATIENCE_SECONDS: Final = 5.0
"""How long a call may wait for its record."""
_RETRY_SECONDS: Final = 0.001


@dataclass(slots=True)
class _Waiting:
    call: Call
    until: float
    future: asyncio.Future[Decided]


@dataclass(slots=True)
class _Telling:
    told: Outcomes
    future: asyncio.Future[tuple[Taken, ...] | None]


class DecisionPoint:
    """Decides for one process; used from one event loop.

    Args:
        address: The database; it gets connections of its own.
        clock: The instant of each decision.
        questions: Whom it asks inside its transaction.
        patience_seconds: How long a call may wait.
    """

    def __init__(
        self,
        address: DatabaseAddress,
        clock: Clock,
        questions: Questions,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._connection: HotConnection = connect(address)
        self._clock = clock
        self._questions = questions
        self._patience_seconds = patience_seconds
        self._registered = Registered()
        self._bases = Bases()
        self._queue: list[_Waiting] = []
        self._telling: list[_Telling] = []
        self._was_decided = False
        self._is_scheduled = False
        self._executor: ThreadPoolExecutor | None = None
        self.after_commit: Callable[[], None] = lambda: None

    def close(self) -> None:
        """Let the database go; calls that still wait are refused."""
        waiting, self._queue = self._queue, []
        self._answer_no(waiting, Reason.NOT_RECORDED)
        telling, self._telling = self._telling, []
        self._fail(telling, _gone())
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None
        self._connection.close()

    async def decide(self, call: Call) -> Decided:
        """Return the answer to a call, recorded; never an exception of our own making, and never an unrecorded yes."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(call, time.monotonic() + self._patience_seconds, loop.create_future())
        self._queue.append(waiting)
        self._schedule(loop)
        return await waiting.future

    async def take(self, told: Outcomes) -> tuple[Taken, ...] | None:
        """Return what was done with each outcome, recorded; None where the caller may not tell any more.

        Raises:
            DatabaseUnavailableError: They cannot be recorded now; tell them again.
        """
        loop = asyncio.get_running_loop()
        telling = _Telling(told, loop.create_future())
        self._telling.append(telling)
        self._schedule(loop)
        return await telling.future

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._flush, loop)

    # --- one flush

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Decide what waits, or write down outcomes: by turns, where both wait."""
        self._refuse_late()
        if self._telling and (self._was_decided or not self._queue):
            self._was_decided = False
            self._flush_telling(loop)
            return
        self._was_decided = True
        batch, self._queue = self._queue[:MOST_AT_ONCE], self._queue[MOST_AT_ONCE:]
        if not batch:
            self._is_scheduled = False
            return
        if self._connection.is_sqlite:
            try:
                self._answer(batch, self._decide(batch))
            except BusyError:
                self._queue = batch + self._queue
                loop.call_later(_RETRY_SECONDS, self._flush, loop)
                return
            self._again(loop)
            return
        running = loop.run_in_executor(self._thread(), self._decide, batch)
        running.add_done_callback(lambda done: self._after_thread(loop, batch, done))

    def _flush_telling(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._telling = self._telling[:MOST_TELLING], self._telling[MOST_TELLING:]
        if self._connection.is_sqlite:
            try:
                self._write_down(batch)
            except BusyError:
                self._telling = batch + self._telling
                loop.call_later(_RETRY_SECONDS, self._flush, loop)
                return
            self._again(loop)
            return
        running = loop.run_in_executor(self._thread(), self._take, [telling.told for telling in batch])

        def done(future: asyncio.Future[list[tuple[Taken, ...] | None]]) -> None:
            error = None if future.cancelled() else future.exception()
            if future.cancelled() or error is not None:
                _log.error("governance.outcomes_failed", error=repr(error)[:300])
                self._fail(batch, _gone())
            else:
                self._answer_told(batch, future.result())
            self._again(loop)

        running.add_done_callback(done)

    def _write_down(self, batch: Sequence[_Telling]) -> None:
        """Write outcomes down; if that fails, those of each telling alone.

        Raises:
            BusyError: Somebody else writes now.
        """
        try:
            self._answer_told(batch, self._take([telling.told for telling in batch]))
        except BusyError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of the batch: one bad row never fails its neighbours
            _log.error("governance.outcomes_failed", error=f"{type(error).__name__}: {error}"[:300])
            if len(batch) == 1:
                self._fail(batch, _gone())
            else:
                for telling in batch:
                    self._write_down([telling])

    def _take(self, told: Sequence[Outcomes]) -> list[tuple[Taken, ...] | None]:
        """Write outcomes down in one transaction; when it returns, they are durable."""
        with self._connection.transaction() as transaction:
            return take_outcomes(transaction, told, self._questions, self._bases, now=self._clock.now())

    @staticmethod
    def _answer_told(batch: Sequence[_Telling], taken: Sequence[tuple[Taken, ...] | None]) -> None:
        for telling, answer in zip(batch, taken, strict=True):
            if not telling.future.done():
                telling.future.set_result(answer)

    @staticmethod
    def _fail(batch: Sequence[_Telling], error: Exception) -> None:
        for telling in batch:
            if not telling.future.done():
                telling.future.set_exception(error)

    def _thread(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decisions")
        return self._executor

    def _after_thread(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[_Waiting],
        done: asyncio.Future[list[Decided]],
    ) -> None:
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            _log.error("governance.flush_failed", error=repr(error)[:300])
            self._answer_no(batch, Reason.NOT_RECORDED)
        else:
            self._answer(batch, done.result())
        self._again(loop)

    def _again(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._queue or self._telling:
            loop.call_soon(self._flush, loop)
        else:
            self._is_scheduled = False

    def _decide(self, batch: Sequence[_Waiting]) -> list[Decided]:
        """Decide a batch; if it fails for another reason than the database, each call alone.

        Raises:
            BusyError: Somebody else writes now.
        """
        calls = [waiting.call for waiting in batch]
        try:
            return self._commit(calls)
        except BusyError:
            raise
        except FairkeeperError as error:
            _log.error("governance.not_recorded", calls=len(calls), error=error.message[:300])
            return [self._no(Reason.NOT_RECORDED) for _ in calls]
        except Exception as error:  # noqa: BLE001 - the boundary of the batch: one bad row never fails its neighbours
            _log.error("governance.batch_failed", calls=len(calls), error=f"{type(error).__name__}: {error}"[:300])
            return [self._decide_alone(call) for call in calls]

    def _decide_alone(self, call: Call) -> Decided:
        try:
            return self._commit([call])[0]
        except Exception as error:  # noqa: BLE001 - what cannot be recorded is a no
            _log.error("governance.not_recorded", calls=1, error=f"{type(error).__name__}: {error}"[:300])
            return self._no(Reason.NOT_RECORDED)

    def _commit(self, calls: Sequence[Call]) -> list[Decided]:
        """Decide calls in one transaction; when it returns, their records are durable."""
        tickets = [Ticket(call) for call in calls]
        with self._connection.transaction() as transaction:
            decide_batch(transaction, tickets, self._questions, self._registered, now=self._clock.now())
        self._registered.kept_bases.update(ticket.known.basis.digest for ticket in tickets if ticket.known is not None)
        self._show_shadow(tickets)
        return [ticket.decided for ticket in tickets if ticket.decided is not None]

    def _show_shadow(self, tickets: Sequence[Ticket]) -> None:
        shadow = self._questions.shadow
        if shadow is None:
            return
        for ticket in tickets:
            if ticket.known is not None and ticket.decided is not None:
                decided = ticket.decided
                try:
                    shadow.compare(
                        ticket.call,
                        ticket.known.basis,
                        decided.verdict,
                        at=decided.at,
                        decision_id=ticket.decision_id,
                        usage=ticket.usage,
                    )
                except Exception as error:  # noqa: BLE001 - what is only tried must not touch what is decided
                    _log.warning("governance.shadow_failed", error=f"{type(error).__name__}: {error}"[:300])

    # --- answers

    def _answer(self, batch: Sequence[_Waiting], decided: Sequence[Decided]) -> None:
        for waiting, answer in zip(batch, decided, strict=True):
            if not waiting.future.done():
                waiting.future.set_result(answer)
        self.after_commit()

    def _answer_no(self, batch: Sequence[_Waiting], reason: Reason) -> None:
        for waiting in batch:
            if not waiting.future.done():
                waiting.future.set_result(self._no(reason))

    def _refuse_late(self) -> None:
        now = time.monotonic()
        late = [waiting for waiting in self._queue if waiting.until <= now]
        if late:
            self._queue = [waiting for waiting in self._queue if waiting.until > now]
            self._answer_no(late, Reason.TIMED_OUT)

    def _no(self, reason: Reason) -> Decided:
        verdict = Verdict(allowed=False, reason=reason)
        return Decided(decision_id=None, entry_id=None, verdict=verdict, at=self._clock.now())


def _gone() -> DatabaseUnavailableError:
    return DatabaseUnavailableError("The outcomes cannot be recorded now.")
