"""A small house for tests of actions: a database, a clock that stands still until moved, and the real runner.

Roles are decided by the real policies and entries are written by the real log; only the ports are the test's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from fairkeeper.access.authorise import make_authorise, nobody_is_suspended
from fairkeeper.action.operation import Operation, Ports
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Call, Runner, Wiring
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.clock import FixedClock, MovableClock
from fairkeeper.values.ids import CustomerId

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class House:
    """Runs operations as a channel would.

    Args:
        database: An empty one.
        operations: What can be run.
        ports: The test's answers, by Protocol.
    """

    def __init__(
        self, database: Database, operations: Iterable[Operation], ports: Mapping[type, object] | None = None
    ) -> None:
        self.database = database
        self.clock = MovableClock(FixedClock(NOW))
        wiring = Wiring(
            authorise=make_authorise(nobody_is_suspended), record=append, ports=Ports(by_protocol=dict(ports or {}))
        )
        self.runner = Runner(Registry(operations), database, self.clock, wiring)

    def run(self, operation: Operation, by: Principal, *, key: str | None = None, **fields: Any) -> Any:
        """Run an operation with these input fields and return its result."""
        request = operation.input.model_validate(fields)
        return self.runner.run(operation, request, Call(principal=by, idempotency_key=key, request_id="req_test"))

    def entries(self) -> list[EntryRow]:
        """Return the evidence entries so far, in order."""
        with self.database.read() as session:
            return list(session.scalars(select(EntryRow).order_by(EntryRow.id)))

    def kinds(self) -> list[str]:
        """Return the kinds of the evidence entries so far, in order."""
        return [entry.kind for entry in self.entries()]


def staff(*roles: str, id: str = "per_staff") -> Principal:  # noqa: A002 - the principal's own word
    """Return one of the publisher's people."""
    return Principal(id=id, kind=PrincipalKind.STAFF, roles=frozenset(roles), display="Ines Vale")


def customer_person(customer_id: str, *roles: str, id: str = "per_customer") -> Principal:  # noqa: A002 - as above
    """Return one of a customer's people."""
    return Principal(
        id=id, kind=PrincipalKind.CUSTOMER, roles=frozenset(roles), customer_id=CustomerId(customer_id), display="Ada"
    )
