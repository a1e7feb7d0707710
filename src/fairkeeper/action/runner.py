"""The runner: one function through which every channel runs every operation.

Authorise, open the right session, run the room's function, record its entry, commit; and only then is there an answer
to send. The runner receives `authorise` and `record` from bootstrap and imports neither, so that it stands below the
rooms that implement them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    OperationKind,
    Outcome,
    Ports,
    QueryContext,
)
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.registry import Registry
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.session import STAFF, Database, Scope
from fairkeeper.errors import BugError, ConflictError, NotFoundError
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import CustomerId

Authorise = Callable[[Principal, Operation, CustomerId | None], None]
"""Raises `DeniedError` when the principal may not run the operation on that customer's things."""


class Record(Protocol):
    """Writes one evidence entry in the caller's transaction."""

    def __call__(
        self,
        session: Session,
        draft: EvidenceDraft,
        *,
        operation: str,
        principal: Principal,
        at: datetime,
        request_id: str | None,
    ) -> None:
        """Record it."""
        ...


class Runner:
    """Runs operations.

    Args:
        registry: What can be run.
        database: Where.
        clock: When.
        authorise: Who may.
        record: What is remembered.
        ports: Answers of higher rooms to questions of lower ones.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        database: Database,
        clock: Clock,
        authorise: Authorise,
        record: Record,
        ports: Ports | None = None,
    ) -> None:
        self.registry = registry
        self.database = database
        self.clock = clock
        self._authorise = authorise
        self._record = record
        self._ports = ports or Ports()

    def run(
        self,
        operation: Operation,
        request: OperationInput,
        *,
        principal: Principal,
        idempotency_key: str | None = None,
        request_id: str | None = None,
    ) -> Any:
        """Run an operation for a principal and return its result, after the commit.

        Args:
            operation: One of the registry's.
            request: Its validated input.
            principal: Who asks, proved by the channel.
            idempotency_key: Commands only: the same key, principal and request answer as the first time.
            request_id: Correlation id, kept in the evidence header.

        Raises:
            DeniedError: The principal may not.
            NotFoundError: The thing does not exist, or is another customer's.
            ConflictError: `action.idempotency_mismatch` for a key used with another request.
        """
        if operation.kind is OperationKind.CHECK:
            return operation.function(request)
        customer_id = self._customer_of(principal, request)
        self._authorise(principal, operation, customer_id)
        scope = Scope(principal.customer_id) if principal.customer_id else STAFF
        if operation.kind is OperationKind.QUERY:
            with self.database.read(scope) as session:
                context = QueryContext(session=session, now=self.clock.now(), principal=principal, ports=self._ports)
                return operation.function(context, request)
        try:
            with self.database.write(scope) as session:
                return self._run_command(
                    session, operation, request, principal=principal, key=idempotency_key, request_id=request_id
                )
        except IntegrityError:
            if idempotency_key is None:
                raise
            # The same key at the same time: the other transaction committed first, and its answer is the answer.
            with self.database.write(scope) as session:
                return self._run_command(
                    session, operation, request, principal=principal, key=idempotency_key, request_id=request_id
                )

    def run_within(
        self, session: Session, operation: Operation, request: OperationInput, *, principal: Principal
    ) -> Any:
        """Run a command inside a transaction that somebody else opened (a task that finishes with it).

        The caller has authorised it: this is for Fairkeeper's own background work.
        """
        if operation.kind is not OperationKind.COMMAND or principal.kind is not PrincipalKind.SYSTEM:
            msg = "only the system runs commands within a transaction"
            raise BugError(msg)
        return self._run_command(session, operation, request, principal=principal, key=None, request_id=None)

    @staticmethod
    def _customer_of(principal: Principal, request: OperationInput) -> CustomerId | None:
        """Return whose thing is asked for; another customer's thing does not exist for a bound principal."""
        asked: CustomerId | None = getattr(request, "customer_id", None)
        if principal.customer_id is None:
            return asked
        if asked is not None and asked != principal.customer_id:
            msg = f"There is no customer {asked!r} here."
            raise NotFoundError(msg, code="customers.customer_not_found")
        return principal.customer_id

    def _run_command(
        self,
        session: Session,
        operation: Operation,
        request: OperationInput,
        *,
        principal: Principal,
        key: str | None,
        request_id: str | None,
    ) -> Any:
        now = self.clock.now()
        digest = ""
        if key is not None:
            digest = hashlib.sha256(f"{operation.name}\n{request.model_dump_json()}".encode()).hexdigest()
            remembered = session.get(IdempotencyRow, (principal.id, key))
            if remembered is not None:
                return _replay(operation, remembered, digest)
        context = CommandContext(
            session=session, now=now, principal=principal, request_id=request_id, ports=self._ports
        )
        outcome: Outcome[Any] = operation.function(context, request)
        if outcome.entry is not None:
            _check_declared(operation, outcome.entry)
            self._record(
                session, outcome.entry, operation=operation.name, principal=principal, at=now, request_id=request_id
            )
        if key is not None:
            session.add(
                IdempotencyRow(
                    principal_id=principal.id,
                    key=key,
                    operation=operation.name,
                    request_digest=digest,
                    result=_adapter(operation).dump_json(outcome.result).decode(),
                    at=now,
                    customer_id=principal.customer_id,
                )
            )
        session.flush()
        return outcome.result


def _replay(operation: Operation, remembered: IdempotencyRow, digest: str) -> Any:
    if remembered.request_digest != digest:
        msg = f"The idempotency key {remembered.key!r} was used for another request ({remembered.operation})."
        raise ConflictError(msg, code="action.idempotency_mismatch", remedy="Use a new key for a new request.")
    return _adapter(operation).validate_json(remembered.result)


def _check_declared(operation: Operation, entry: EvidenceDraft) -> None:
    if entry.kind not in {kind.name for kind in operation.evidence}:
        msg = f"{operation.name} recorded {entry.kind}, which it does not declare"
        raise BugError(msg)


def _adapter(operation: Operation) -> TypeAdapter[Any]:
    return _adapter_of(operation.result)


@lru_cache(maxsize=512)
def _adapter_of(result: Any) -> TypeAdapter[Any]:
    return TypeAdapter(result)
