"""Writes down decisions: an ordinary evidence entry each, a row for lists, and each basis once.

The entry is the record; integrator, export and verifier know no difference between it and a person's action. Its
header names the agent as the actor, by our id; the person for whom stands in the payload, which can be erased.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from fairkeeper.governance.deciding.tickets import Ticket
from fairkeeper.governance.evidence_kinds import CALL_ALLOWED, CALL_REFUSED, CALL_WAITS, NEVER_ATTEMPTED
from fairkeeper.governance.transaction import Transaction
from fairkeeper.policy.decision.arguments import canonical, digest_of
from fairkeeper.policy.decision.facts import Lane, Moment, Verdict
from fairkeeper.policy.decision.reasons import SENTENCES, Reason
from fairkeeper.policy.decision.record import basis_content, recorded_inputs, recorded_verdict
from fairkeeper.proof.canonical import canonical_bytes_of_plain
from fairkeeper.proof.record import SALT_BYTES, Actor, Header, Subject, seal_record
from fairkeeper.values.clock import format_instant

OPERATION: Final = "governance.decide"
REVIEW_WITHIN: Final = timedelta(days=3)
"""How long a call that is recorded for review may wait for a person."""
_NO_DIGEST: Final = "0" * 64

INSERT_ENTRY: Final = (
    "INSERT INTO evidence_entry (entry_id, at, kind, operation, actor_id, subject_type, subject_id, customer_id,"
    " header, header_salt, payload, payload_salt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_DECISION: Final = (
    "INSERT INTO decision (decision_id, customer_id, at, agent_id, tool_id, tool_name, use_id, task_id, person_id,"
    " allowed, lane, reason, detail, binding_digest, basis_digest, bundle_digest, entry_id, reservations)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_BASIS: Final = (
    "INSERT INTO decision_basis (digest, content, first_at, customer_id) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (digest) DO NOTHING"
)
_INSERT_REVIEW: Final = (
    "INSERT INTO decision_review (decision_id, agent_id, queued_at, due_at, customer_id) VALUES (?, ?, ?, ?, ?)"
)


def record(
    transaction: Transaction,
    tickets: Sequence[Ticket],
    kept_bases: frozenset[str] | set[str],
    *,
    now: datetime,
) -> None:
    """Write down every answer in the caller's transaction.

    Args:
        transaction: The one in which they were decided.
        tickets: With their verdicts; without a moment, where a call was refused before anything was looked up.
        kept_bases: Digests whose text is in the database already.
        now: The instant of all of them.
    """
    at, spelled_at = transaction.instant(now), format_instant(now)
    salts = os.urandom(2 * SALT_BYTES * len(tickets))  # at once: each request to the system is a microsecond
    transaction.run_many(
        INSERT_ENTRY,
        [
            _entry(ticket, now, at, spelled_at, salts[start : start + 2 * SALT_BYTES])
            for ticket, start in zip(tickets, range(0, len(salts), 2 * SALT_BYTES), strict=True)
        ],
    )
    transaction.run_many(_INSERT_DECISION, [_decision(ticket, at) for ticket in tickets])
    bases = {
        ticket.known.basis.digest: ticket.known.basis
        for ticket in tickets
        if ticket.known is not None and ticket.known.basis.digest not in kept_bases
    }
    if bases:
        transaction.run_many(
            _INSERT_BASIS,
            [(digest, basis_content(basis), at, basis.agent.customer_id) for digest, basis in sorted(bases.items())],
        )
    due_at = transaction.instant(now + REVIEW_WITHIN)
    reviews = [
        (ticket.decision_id, ticket.call.agent_id, at, due_at, customer_of(ticket))
        for ticket in tickets
        if answered(ticket).allowed and answered(ticket).is_reviewed
    ]
    if reviews:
        transaction.run_many(_INSERT_REVIEW, reviews)


def customer_of(ticket: Ticket) -> str | None:
    """Return whose log it belongs to: the agent's; of an agent that is not there, whoever asked."""
    if ticket.known is not None:
        return ticket.known.basis.agent.customer_id
    return ticket.call.caller.customer_id


def answered(ticket: Ticket) -> Verdict:
    """Return the verdict of a ticket that has one."""
    assert ticket.verdict is not None  # noqa: S101 - whoever records has decided
    return ticket.verdict


def _kind(verdict: Verdict) -> str:
    if verdict.allowed:
        return CALL_ALLOWED.name
    if verdict.lane is Lane.NEVER and verdict.reason in {Reason.FORBIDDEN, Reason.RESPONSE_BLOCKS}:
        return NEVER_ATTEMPTED.name
    return CALL_WAITS.name if verdict.reason is Reason.APPROVAL_NEEDED else CALL_REFUSED.name


def _entry(ticket: Ticket, now: datetime, at: Any, spelled_at: str, salts: bytes) -> tuple[Any, ...]:
    call = ticket.call
    header = Header(
        id=ticket.entry_id,
        at=spelled_at,
        kind=_kind(answered(ticket)),
        customer=customer_of(ticket),
        actor=Actor(id=call.agent_id, kind="agent"),
        on_behalf_of=None,
        operation=OPERATION,
        subject=Subject(type="agent", id=call.agent_id),
        cause=None,
        request=call.request_id,
    )
    return entry_row(header, _payload(ticket, ticket.moment or Moment(at=now)), at, salts)


def entry_row(header: Header, payload: bytes, at: Any, salts: bytes) -> tuple[Any, ...]:
    """Return the row of an entry, as `INSERT_ENTRY` takes it.

    Args:
        header, payload: The entry; the payload in its canonical bytes.
        at: Its instant, as the database takes it.
        salts: Random bytes for header and payload.
    """
    kept = seal_record(header, payload, header_salt=salts[:SALT_BYTES], payload_salt=salts[SALT_BYTES:])
    return (
        header.id,
        at,
        header.kind,
        header.operation,
        header.actor.id,
        header.subject.type,
        header.subject.id,
        header.customer,
        kept.header.decode(),
        kept.header_salt,
        payload.decode(),
        kept.payload_salt,
    )


def _payload(ticket: Ticket, moment: Moment) -> bytes:
    """Return everything a decision rests on and what it was, in canonical bytes; replay reads exactly this."""
    call, verdict = ticket.call, answered(ticket)
    spelled = ticket.considered.arguments if ticket.considered else None
    inputs = msgspec.Raw(canonical(recorded_inputs(call, moment, spelled)))
    payload: dict[str, Any] = {
        "answer": recorded_verdict(verdict),
        "approval_asked": ticket.approval_id,
        "decision": ticket.decision_id,
        "inputs": inputs,
        "request_digest": digest_of({"agent": call.agent_id, "inputs": inputs, "tool": call.tool_id}),
        "took_us": int((time.perf_counter() - ticket.began) * 1_000_000),
        "reason": SENTENCES[verdict.reason],
        "v": 1,
    }
    if ticket.known is None:
        payload |= {"agent": call.agent_id, "tool": call.tool_id, "basis": None, "bundle": None}
    else:
        payload |= ticket.known.told
    return canonical_bytes_of_plain(payload)


def _decision(ticket: Ticket, at: Any) -> tuple[Any, ...]:
    call, verdict, basis = ticket.call, answered(ticket), ticket.known.basis if ticket.known else None
    taken = [[each.limit_id, each.window, each.taken] for each in verdict.reservations]
    return (
        ticket.decision_id,
        customer_of(ticket),
        at,
        call.agent_id,
        basis.tool.id if basis else call.tool_id[:40],
        basis.tool.name if basis else call.tool_id[:120],
        verdict.use_id,
        call.task_id,
        None if call.person is None else call.person.id,
        verdict.allowed,
        None if verdict.lane is None else verdict.lane.value,
        verdict.reason.value,
        verdict.detail,
        verdict.binding_digest,
        basis.digest if basis else _NO_DIGEST,
        basis.bundle_digest if basis else _NO_DIGEST,
        ticket.entry_id,
        msgspec.json.encode(taken).decode() if taken else None,
    )
