"""The runner: one function through which every channel runs every operation.

Authorise, open the right session, run the room's function, record its entry, commit; and only then is there an answer
to send. The runner receives `authorise` and `record` from bootstrap and imports neither, so that it stands below the
rooms that implement them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    REMEMBERING,
    Circumstances,
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    OperationKind,
    Outcome,
    Ports,
    QueryContext,
)
from fairkeeper.action.principal import Principal
from fairkeeper.action.registry import Registry
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.session import STAFF, Database, Scope
from fairkeeper.errors import BugError, ConflictError, DeniedError, NotFoundError
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import CustomerId

Authorise = Callable[[Principal, Operation, CustomerId | None], None]
"""Raises `DeniedError` when the principal may not run the operation on that customer's things."""


Record = Callable[[Session, EvidenceDraft, Circumstances], object]
"""Writes one evidence entry in the caller's transaction."""

Finish = Callable[[bool], None]
"""Told whether what was let through could be done."""

Mediate = Callable[["Operation", "OperationInput", "Call"], Finish]
"""Decides whether an agent of ours may run a query, before it is run; raises `DeniedError`. People need no leave."""


def nothing_is_mediated(_operation: Operation, _request: OperationInput, _call: Call) -> Finish:
    """Let everything through; for installations without an agent of ours, and for tests."""
    return lambda _is_done: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the runner is given by bootstrap.

    Attributes:
        authorise: Who may.
        record: What is remembered.
        ports: Answers of higher rooms to questions of lower ones.
        after_commit: Called after each committed command (to wake the workers).
        mediate: Asked before each query; what an agent of ours reads is decided and recorded there.
    """

    authorise: Authorise
    record: Record
    ports: Ports = field(default_factory=Ports)
    after_commit: Callable[[], None] = lambda: None
    mediate: Mediate = nothing_is_mediated


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One snapshot of the database, from which a principal's queries read.

    Attributes:
        principal: Whose; nobody else's query reads from it.
        session: The snapshot.
    """

    principal: Principal
    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to run an operation.

    Attributes:
        principal: Who asks, proved by the channel.
        idempotency_key: Commands only: the same key, principal and request answer as the first time.
        request_id: Correlation id, kept in the evidence header.
        is_agents: Whether an assistant runs it for the principal, and no page or command of a person's.
        moment: Queries only: what they read from, so that several agree; a snapshot of their own if None.
    """

    principal: Principal
    idempotency_key: str | None = None
    request_id: str | None = None
    is_agents: bool = False
    moment: Moment | None = None


class Runner:
    """Runs operations.

    Args:
        registry: What can be run.
        database: Where.
        clock: When.
        wiring: What bootstrap passes in.
    """

    def __init__(self, registry: Registry, database: Database, clock: Clock, wiring: Wiring) -> None:
        self.registry = registry
        self.database = database
        self.clock = clock
        self._wiring = wiring

    def run(self, operation: Operation, request: OperationInput, call: Call) -> Any:
        """Run an operation for a principal and return its result, after the commit.

        Raises:
            DeniedError: The principal may not.
            NotFoundError: The thing does not exist, or is another customer's.
            ConflictError: `action.idempotency_mismatch` for a key used with another request.
        """
        if operation.kind is OperationKind.CHECK:
            return operation.function(request)
        principal = call.principal
        self._wiring.authorise(principal, operation, self._customer_of(principal, request))
        if operation.kind is OperationKind.QUERY:
            return self._read(operation, request, call)
        if call.moment is not None:
            msg = f"{operation.name} is a command, and its caller reads of one moment; what it does would not be seen"
            raise BugError(msg)
        scope = scope_of(principal)
        try:
            with self.database.write(scope) as session:
                outcome = self._run_within(session, operation, request, call)
        except IntegrityError:
            # Another transaction inserted the same thing first and has committed: what it wrote is now read, so that
            # a notice that came twice at once is one notice, and a repeated request gets the first one's answer.
            with self.database.write(scope) as session:
                outcome = self._run_within(session, operation, request, call)
        self._wiring.after_commit()
        if outcome.refusal is not None:
            raise outcome.refusal
        return outcome.result

    @contextmanager
    def moment(self, principal: Principal) -> Iterator[Moment]:
        """Hold one snapshot for several queries of a principal, so that what they answer is of the same moment.

        No command runs for it meanwhile: the queries after it would not see what it did.
        """
        with self.database.read(scope_of(principal)) as session:
            yield Moment(principal=principal, session=session)

    def _read(self, operation: Operation, request: OperationInput, call: Call) -> Any:
        finish = self._wiring.mediate(operation, request, call)
        try:
            if call.moment is None:
                with self.moment(call.principal) as moment:
                    result = self._read_at(moment, operation, request)
            elif call.moment.principal == call.principal:
                result = self._read_at(call.moment, operation, request)
            else:
                msg = f"{operation.name} was to be read from another principal's snapshot"
                raise BugError(msg)
        except BaseException:
            finish(False)
            raise
        finish(True)
        return result

    def _read_at(self, moment: Moment, operation: Operation, request: OperationInput) -> Any:
        context = QueryContext(
            session=moment.session, now=self.clock.now(), principal=moment.principal, ports=self._wiring.ports
        )
        return operation.function(context, request)

    def allows(self, operation: Operation, principal: Principal) -> bool:
        """Say whether a principal may run an operation on what it may see; for pages that offer only what works."""
        try:
            self._wiring.authorise(principal, operation, principal.customer_id)
        except (DeniedError, NotFoundError):
            return False
        return True

    def run_within(self, session: Session, operation: Operation, request: OperationInput, call: Call) -> Any:
        """Run a command in a transaction that is open already, such as background work's that commits with its task.

        The caller has authorised it and commits. A refusal is raised, so that nothing of it stays.
        """
        outcome = self._run_within(session, operation, request, call)
        if outcome.refusal is not None:
            raise outcome.refusal
        return outcome.result

    def _run_within(self, session: Session, operation: Operation, request: OperationInput, call: Call) -> Outcome[Any]:
        now = self.clock.now()
        remembered = self._remembered(session, operation, request, call)
        if remembered is not None:
            return Outcome(result=_adapter(operation.result).validate_json(remembered.result), entry=None)
        context = CommandContext(
            session=session,
            now=now,
            principal=call.principal,
            request_id=call.request_id,
            ports=self._wiring.ports,
            is_agents=call.is_agents,
        )
        outcome: Outcome[Any] = operation.function(context, request)
        if outcome.entry is not None:
            _check_declared(operation, outcome.entry)
            circumstances = Circumstances(
                operation=operation.name, principal=call.principal, at=now, request_id=call.request_id
            )
            self._wiring.record(session, outcome.entry, circumstances)
        if call.idempotency_key is not None and outcome.refusal is None:
            session.add(
                IdempotencyRow(
                    principal_id=call.principal.id,
                    key=call.idempotency_key,
                    operation=operation.name,
                    request_digest=_digest(operation, request),
                    result=_adapter(operation.result).dump_json(outcome.result, context=REMEMBERING).decode(),
                    at=now,
                    customer_id=call.principal.customer_id,
                )
            )
        session.flush()
        return outcome

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

    @staticmethod
    def _remembered(
        session: Session, operation: Operation, request: OperationInput, call: Call
    ) -> IdempotencyRow | None:
        if call.idempotency_key is None:
            return None
        row = session.get(IdempotencyRow, (call.principal.id, call.idempotency_key))
        if row is not None and row.request_digest != _digest(operation, request):
            msg = f"The idempotency key {row.key!r} was used for another request ({row.operation})."
            raise ConflictError(msg, code="action.idempotency_mismatch", remedy="Use a new key for a new request.")
        return row


def scope_of(principal: Principal) -> Scope:
    """Return whose rows a principal's session may touch: its customer's, or all for the publisher's own."""
    return Scope(principal.customer_id) if principal.customer_id else STAFF


def _digest(operation: Operation, request: OperationInput) -> str:
    return hashlib.sha256(f"{operation.name}\n{request.model_dump_json()}".encode()).hexdigest()


def _check_declared(operation: Operation, entry: EvidenceDraft) -> None:
    if entry.kind not in {kind.name for kind in operation.evidence}:
        msg = f"{operation.name} recorded {entry.kind}, which it does not declare"
        raise BugError(msg)


@lru_cache(maxsize=512)
def _adapter(result: Any) -> TypeAdapter[Any]:
    return TypeAdapter(result)
