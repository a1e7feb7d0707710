"""Makes two transactions meet just before they write, so that a missing lock shows every time and not once a month.

With the lock in place only one of them gets there; it waits a moment for the other and goes on alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

R = TypeVar("R")


@contextmanager
def meeting_before_writing(row_class: type[Any], *, seconds: float = 1.0) -> Iterator[None]:
    """Let each of two sessions that is about to write such a row wait for the other, at most so long."""
    barrier = threading.Barrier(2)
    met: set[int] = set()

    def meet(session: Session, _context: UOWTransaction, _instances: object) -> None:
        rows = (*session.new, *session.dirty, *session.deleted)
        if id(session) in met or not any(isinstance(row, row_class) for row in rows):
            return
        met.add(id(session))
        try:
            barrier.wait(seconds)
        except threading.BrokenBarrierError:
            return

    event.listen(Session, "before_flush", meet)
    try:
        yield
    finally:
        event.remove(Session, "before_flush", meet)


def at_once(calls: Sequence[Callable[[], R]]) -> list[R]:
    """Run calls at the same time and return what they returned, in their order."""
    together = threading.Barrier(len(calls), timeout=30)
    results: dict[int, R] = {}
    failures: list[BaseException] = []

    def run(number: int, call: Callable[[], R]) -> None:
        together.wait()
        try:
            results[number] = call()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [results[number] for number in range(len(calls))]
