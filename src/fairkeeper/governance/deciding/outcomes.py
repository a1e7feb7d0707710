"""Writes down what became of allowed calls, on the hot path's transaction: many at once, beside the decisions.

The same rules as the command `governance.record_outcome` (a test holds the two together), without the ORM: whoever
calls tools tells an outcome for each call, and by the command that took ten times as long as the decision itself and
held the write lock meanwhile (measured 2026-11-28).
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec

from fairkeeper.errors import BugError
from fairkeeper.governance.deciding.callers import callers_now
from fairkeeper.governance.deciding.recording import INSERT_ENTRY, entry_row
from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.evidence_kinds import OUTCOME_RECORDED
from fairkeeper.governance.transaction import Transaction, marks
from fairkeeper.policy.decision.facts import PUBLISHER, Basis, Caller, MeterSource
from fairkeeper.policy.decision.labels import NO_LABELS, Labels, join, labels_from_json, labels_to_json
from fairkeeper.policy.decision.measuring import measured
from fairkeeper.policy.decision.record import call_of, read_basis
from fairkeeper.proof.canonical import canonical_bytes
from fairkeeper.proof.record import SALT_BYTES, Actor, Header, Subject
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_ulid

OPERATION: Final = "governance.record_outcome"
MOST_TOLD: Final = 50
"""Outcomes in one request."""
_MOST_BASES: Final = 10_000

_DECISIONS: Final = (
    "SELECT decision_id, customer_id, agent_id, tool_name, task_id, allowed, outcome, basis_digest, entry_id,"
    " reservations FROM decision WHERE decision_id IN ({marks}) ORDER BY decision_id"
)
_BASES: Final = "SELECT digest, content FROM decision_basis WHERE digest IN ({marks})"
_TASKS: Final = "SELECT scope, task_id, labels FROM agent_task WHERE task_id IN ({marks}) ORDER BY scope, task_id"
_PAYLOADS: Final = "SELECT entry_id, payload FROM evidence_entry WHERE entry_id IN ({marks})"
_INSERT_MEASURED: Final = (
    "INSERT INTO measured_call (decision_id, position, customer_id, dimension, milli, is_customers, ended_at, entry_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SET_OUTCOME: Final = "UPDATE decision SET outcome = ?, outcome_at = ?, outcome_entry_id = ? WHERE decision_id = ?"
_GIVE_BACK: Final = (
    "UPDATE limit_usage SET used = CASE WHEN used > ? THEN used - ? ELSE 0 END WHERE limit_id = ? AND window_key = ?"
)
_JOIN_TASK: Final = (
    "INSERT INTO agent_task (scope, task_id, customer_id, labels, version, changed_at) VALUES (?, ?, ?, ?, 1, ?)"
    " ON CONFLICT (scope, task_id) DO UPDATE SET labels = excluded.labels, version = agent_task.version + 1,"
    " changed_at = excluded.changed_at"
)

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Error = Annotated[str, msgspec.Meta(max_length=500)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
_Sources = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=1000)], ...], msgspec.Meta(max_length=50)]
_Sensitivity = Annotated[int, msgspec.Meta(ge=0, le=3)]
_Measured = Annotated[dict[str, Decimal], msgspec.Meta(max_length=20)]


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one call, as whoever made it tells; the members of `governance.record_outcome`."""

    decision_id: _Id
    outcome: Literal["ok", "error", "not_executed"]
    result_digest: _Digest | None = None
    error: _Error = ""
    took_milliseconds: _Milliseconds = 0
    sources: _Sources = ()
    sensitivity: _Sensitivity = 0
    is_trusted: bool = True
    measured: _Measured = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What one caller tells at once."""

    came: tuple[Came, ...]
    caller: Caller
    request_id: str | None = None


class Taken(StrEnum):
    """What was done with an outcome; all but `RECORDED` are for good, and no reason to tell it again."""

    RECORDED = "recorded"
    """It is recorded, now or before."""
    NOT_FOUND = "not_found"
    """There is no such decision for this caller."""
    REFUSED = "refused"
    """The call was not allowed, or it ended in another way before."""


@dataclass(slots=True)
class _Row:
    """One decision, with what is read of it."""

    decision_id: str
    customer_id: str | None
    agent_id: str
    tool_name: str
    task_id: str | None
    allowed: bool
    outcome: str | None
    basis_digest: str
    entry_id: str
    reservations: str | None


class _Said(NamedTuple):
    """Who told an outcome, and in which entry it will stand."""

    entry_id: str
    caller: Caller
    request_id: str | None


class _Known(NamedTuple):
    """What is known of a call that ended: what its result carries, and what it counts for billing dimensions."""

    labels: Labels
    counted: list[tuple[str, int | None]]


class Bases:
    """What was registered when calls were decided, by its digest; a basis never changes."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Basis] = OrderedDict()

    def of(self, transaction: Transaction, digests: set[str]) -> Mapping[str, Basis]:
        """Return each basis that is kept."""
        missing = sorted(digests - self._known.keys())
        if missing:
            for digest, content in transaction.rows(_BASES.format(marks=marks(len(missing))), missing):
                self._known[digest] = read_basis(content)
        found = {digest: self._known[digest] for digest in digests if digest in self._known}
        while len(self._known) > _MOST_BASES:
            self._known.popitem(last=False)
        return found


def take_outcomes(
    transaction: Transaction, told: Sequence[Outcomes], questions: Questions, bases: Bases, *, now: datetime
) -> list[tuple[Taken, ...] | None]:
    """Write down what came of calls in the caller's transaction; None for a caller who may not tell any more."""
    callers = callers_now(transaction, [each.caller for each in told], questions, now=now)
    rows = _rows(transaction, {came.decision_id for each in told for came in each.came})
    known = bases.of(transaction, {row.basis_digest for row in rows.values()})
    book = _Book(transaction, now, rows, known, _arguments(transaction, rows, known))
    answers: list[tuple[Taken, ...] | None] = []
    for each in told:
        caller = callers.get(each.caller.id)
        if caller is None or not caller.may_report:
            answers.append(None)
            continue
        answers.append(tuple(book.take(came, caller, each.request_id) for came in each.came))
    book.write()
    return answers


def _rows(transaction: Transaction, ids: set[str]) -> dict[str, _Row]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    sql = _DECISIONS.format(marks=marks(len(wanted))) + ("" if transaction.is_sqlite else " FOR UPDATE")
    return {row[0]: _Row(*row) for row in transaction.rows(sql, wanted)}


def _arguments(
    transaction: Transaction, rows: Mapping[str, _Row], bases: Mapping[str, Basis]
) -> dict[str, Mapping[str, Any] | None]:
    """Return the arguments of calls, by their entries, where a meter looks at them; None where they were not kept."""
    wanted = {
        row.entry_id: bases[row.basis_digest]
        for row in rows.values()
        if row.basis_digest in bases
        and any(meter.of is MeterSource.ARGUMENT for meter in bases[row.basis_digest].tool.meters)
    }
    if not wanted:
        return {}
    found: dict[str, Mapping[str, Any] | None] = dict.fromkeys(wanted)
    for entry_id, payload in transaction.rows(_PAYLOADS.format(marks=marks(len(wanted))), sorted(wanted)):
        call = None if payload is None else call_of(json.loads(payload)["inputs"], wanted[entry_id])
        found[entry_id] = None if call is None else call.arguments
    return found


class _Book:
    """What is to be written for a batch of outcomes; one sees what the one before it did."""

    def __init__(
        self,
        transaction: Transaction,
        now: datetime,
        rows: Mapping[str, _Row],
        bases: Mapping[str, Basis],
        arguments: Mapping[str, Mapping[str, Any] | None],
    ) -> None:
        self._transaction, self._rows, self._bases, self._arguments = transaction, rows, bases, arguments
        self._at, self._spelled_at = transaction.instant(now), format_instant(now)
        self._entries: list[tuple[Any, ...]] = []
        self._outcomes: list[tuple[Any, ...]] = []
        self._measured: list[tuple[Any, ...]] = []
        self._given_back: list[tuple[Any, ...]] = []
        self._joined: dict[tuple[str, str], tuple[str | None, Labels]] = {}

    def take(self, came: Came, caller: Caller, request_id: str | None) -> Taken:
        """Note one outcome, unless it is known already or cannot be."""
        row = self._rows.get(came.decision_id)
        if row is None or (caller.customer_id is not None and caller.customer_id != row.customer_id):
            return Taken.NOT_FOUND
        if not row.allowed or (row.outcome is not None and row.outcome != came.outcome):
            return Taken.REFUSED
        if row.outcome is not None:
            return Taken.RECORDED
        basis = self._bases.get(row.basis_digest)
        if basis is None:
            raise BugError(f"The basis of the decision {row.decision_id} is not kept.")
        labels = _result_labels(basis, row, came)
        counted = self._counted(basis, row, came)
        entry_id = f"ent_{new_ulid()}"
        self._entries.append(self._entry(row, came, _Known(labels, counted), _Said(entry_id, caller, request_id)))
        self._measured += [
            (row.decision_id, position, row.customer_id, dimension, milli, caller.customer_id is not None, self._at,
             entry_id)
            for position, (dimension, milli) in enumerate(counted) if milli != 0
        ]  # fmt: skip
        self._outcomes.append((came.outcome, self._at, entry_id, row.decision_id))
        row.outcome = came.outcome
        if came.outcome == "not_executed":
            # A limit that several customers share is not a customer's program to give back to.
            self._given_back += [
                (limit_id, window, int(taken), caller.customer_id)
                for limit_id, window, taken in json.loads(row.reservations or "[]")
            ]
        elif row.task_id is not None:
            key = (row.customer_id or PUBLISHER, row.task_id)
            before = self._joined.get(key, (None, NO_LABELS))[1]
            self._joined[key] = row.customer_id, join(before, labels)
        return Taken.RECORDED

    def write(self) -> None:
        """Write everything down."""
        if not self._entries:
            return
        self._transaction.run_many(INSERT_ENTRY, self._entries)
        self._transaction.run_many(_SET_OUTCOME, self._outcomes)
        if self._measured:
            self._transaction.run_many(_INSERT_MEASURED, self._measured)
        for limit_id, window, taken, customer_id in sorted(self._given_back, key=lambda each: each[:2]):
            values = (taken, taken, limit_id, window)
            if customer_id is None:
                self._transaction.run(_GIVE_BACK, values)
            else:
                self._transaction.run(f"{_GIVE_BACK} AND customer_id = ?", (*values, customer_id))
        self._join_tasks()

    def _join_tasks(self) -> None:
        if not self._joined:
            return
        ids = sorted({task_id for _, task_id in self._joined})
        sql = _TASKS.format(marks=marks(len(ids))) + ("" if self._transaction.is_sqlite else " FOR UPDATE")
        before = {(scope, task_id): text for scope, task_id, text in self._transaction.rows(sql, ids)}
        rows = []
        for (scope, task_id), (customer_id, labels) in sorted(self._joined.items()):
            text = before.get((scope, task_id))
            whole = labels if text is None else join(labels_from_json(json.loads(text)), labels)
            rows.append((scope, task_id, customer_id, json.dumps(labels_to_json(whole)), self._at))
        self._transaction.run_many(_JOIN_TASK, rows)

    def _counted(self, basis: Basis, row: _Row, came: Came) -> list[tuple[str, int | None]]:
        """Return what the call counts for billing dimensions: of a customer's call that was carried out alone."""
        if came.outcome != "ok" or row.customer_id is None or not basis.tool.meters:
            return []
        return measured(basis.tool.meters, self._arguments.get(row.entry_id), came.measured)

    def _entry(self, row: _Row, came: Came, known: _Known, said: _Said) -> tuple[Any, ...]:
        header = Header(
            id=said.entry_id,
            at=self._spelled_at,
            kind=OUTCOME_RECORDED.name,
            customer=row.customer_id,
            actor=Actor(id=said.caller.id, kind=said.caller.kind),
            on_behalf_of=None,
            operation=OPERATION,
            subject=Subject(type="agent", id=row.agent_id),
            cause=row.entry_id,
            request=said.request_id,
        )
        payload: dict[str, Any] = {
            "decision": row.decision_id,
            "tool": row.tool_name,
            "outcome": came.outcome,
            "result_digest": came.result_digest,
            "error": came.error,
            "took_milliseconds": came.took_milliseconds,
            "labels": labels_to_json(known.labels),
            "task": row.task_id,
        }
        if known.counted:
            payload["metered"] = [[dimension, milli] for dimension, milli in known.counted]
            payload["by_customer"] = said.caller.customer_id is not None
        return entry_row(header, canonical_bytes(payload), self._at, os.urandom(2 * SALT_BYTES))


def _result_labels(basis: Basis, row: _Row, came: Came) -> Labels:
    if came.outcome == "not_executed":
        return NO_LABELS
    stated = Labels(
        sources=frozenset(came.sources),
        customers=frozenset({row.customer_id or PUBLISHER}),
        sensitivity=came.sensitivity,
        is_trusted=came.is_trusted,
    )
    return join(basis.tool.result_labels, stated)
