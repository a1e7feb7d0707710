"""The same decision inside somebody else's transaction: for Fairkeeper's own agents, and for commands that check one.

One call at a time, at the pace of an ordinary command; the answer is durable when that transaction commits, so whoever
uses it lets nothing through before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from fairkeeper.governance.deciding.batch import Registered, decide_batch
from fairkeeper.governance.deciding.tickets import Decided, Questions, Ticket
from fairkeeper.governance.transaction import spelled, to_database
from fairkeeper.policy.decision.facts import Call


class SessionTransaction:
    """A staff session's transaction, in the words of the hot path."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self.is_sqlite = self._connection.dialect.name == "sqlite"

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all rows."""
        found = self._connection.exec_driver_sql(spelled(sql, is_sqlite=self.is_sqlite), tuple(values)).all()
        return [tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row) for row in found]

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        return self._connection.exec_driver_sql(spelled(sql, is_sqlite=self.is_sqlite), tuple(values)).rowcount

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each set of values."""
        for each in values:
            self.run(sql, each)

    def instant(self, at: datetime | None) -> Any:
        """Return an instant as this database takes it."""
        return to_database(at, is_sqlite=self.is_sqlite)


def decide_within(session: Session, call: Call, questions: Questions, *, now: datetime) -> Decided:
    """Decide one call in the caller's transaction and return the answer, which holds once that has committed."""
    ticket = Ticket(call)
    session.flush()
    decide_batch(SessionTransaction(session), [ticket], questions, Registered(), now=now)
    assert ticket.decided is not None  # noqa: S101 - `decide_batch` answers every ticket
    return ticket.decided
