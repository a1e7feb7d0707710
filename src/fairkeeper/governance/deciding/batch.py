"""One batch of calls decided and recorded in one transaction.

Everything that can change is read in that transaction: epochs, standing, credentials, delegations, what reached the
task, limits, approvals. What is registered is kept compiled for as long as no epoch moved. Calls of one batch are
decided one after the other, so a limit or an approval that one took is gone for the next.

A call that fails while it is decided is a denial of its own and leaves its neighbours alone.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from msgspec.structs import replace as changed

from fairkeeper.governance.deciding.basis import Named, find, load
from fairkeeper.governance.deciding.callers import CREDENTIAL_PREFIX, callers_now
from fairkeeper.governance.deciding.recording import record
from fairkeeper.governance.deciding.tickets import Decided, Known, Questions, Ticket
from fairkeeper.governance.ports import ApprovalQuestion, NeededApproval, Policies
from fairkeeper.governance.transaction import Transaction, from_database, marks
from fairkeeper.policy.decision.arguments import canonical
from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.facts import (
    PUBLISHER,
    ApprovalFacts,
    ApprovalState,
    Call,
    Caller,
    DelegationFacts,
    Moment,
    Person,
    Verdict,
)
from fairkeeper.policy.decision.labels import NO_LABELS, Labels, labels_from_json
from fairkeeper.policy.decision.measuring import result_fields, unit_limits, usage_of
from fairkeeper.policy.decision.order import Considered, consider, settle
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.decision.record import omitted, recorded_arguments
from fairkeeper.policy.decision.windows import window_key

_log = structlog.get_logger(__name__)

MOST_KNOWN: Final = 20_000
"""Pairs of agent and tool that are kept compiled."""
LONGEST_CHAIN: Final = 12
"""Delegations that are followed; a chain beyond is not found."""

_NOBODY: Final = Caller(id="", customer_id=None, may_report=False)
_Key = tuple[str, str]
_EPOCHS: Final = "SELECT scope, epoch FROM governance_epoch WHERE scope IN ({marks})"
_TASKS: Final = "SELECT scope, task_id, labels FROM agent_task WHERE task_id IN ({marks})"
_LINKS: Final = (
    "SELECT delegation_id, parent_id, customer_id, task_id, to_agent_id, person_id, person_issuer, tools, ends_at,"
    " revoked_at FROM delegation WHERE delegation_id IN ({marks})"
)
_USAGE: Final = (
    "SELECT limit_id, window_key, used FROM limit_usage WHERE limit_id IN ({limits}) AND window_key IN ({windows})"
)
_MAKE_USAGE: Final = (
    "INSERT INTO limit_usage (limit_id, window_key, used, customer_id) VALUES (?, ?, 0, ?)"
    " ON CONFLICT (limit_id, window_key) DO NOTHING"
)
_KEEP_USAGE: Final = (
    "INSERT INTO limit_usage (limit_id, window_key, used, customer_id) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (limit_id, window_key) DO UPDATE SET used = excluded.used"
)


class Registered:
    """What is registered, compiled, by agent and tool; believed only while the epochs say so."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, Known] = OrderedDict()
        self.kept_bases: set[str] = set()
        """Digests whose text is in the database already."""

    def get(self, key: _Key) -> Known | None:
        """Return what was known at the last look."""
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
        return known

    def keep(self, key: _Key, known: Known) -> None:
        """Keep what is known now."""
        self._known[key] = known
        self._known.move_to_end(key)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        if len(self.kept_bases) > 10 * MOST_KNOWN:
            self.kept_bases.clear()


def decide_batch(
    transaction: Transaction, tickets: Sequence[Ticket], questions: Questions, registered: Registered, *, now: datetime
) -> None:
    """Decide calls and write down every answer in the caller's transaction; `decided` holds once it has committed."""
    _refresh_callers(transaction, tickets, questions, now)
    _know(transaction, [ticket for ticket in tickets if ticket.verdict is None], questions, registered)
    alive = [ticket for ticket in tickets if ticket.verdict is None]
    _consider(transaction, alive, questions, now)
    _settle(transaction, alive, questions, now)
    record(transaction, tickets, registered.kept_bases, now=now)
    for ticket in tickets:
        assert ticket.verdict is not None  # noqa: S101 - every step before leaves none without an answer
        ticket.decided = Decided(
            decision_id=ticket.decision_id,
            entry_id=ticket.entry_id,
            verdict=ticket.verdict,
            at=now,
            approval_id=ticket.approval_id,
            measures=_measures(ticket),
        )


def _measures(ticket: Ticket) -> tuple[str, ...]:
    """Return which fields of the result are billed; most tools have no meter."""
    if ticket.verdict is None or not ticket.verdict.allowed or ticket.known is None:
        return ()
    return result_fields(ticket.known.basis.tool) if ticket.known.basis.tool.meters else ()


def _refresh_callers(transaction: Transaction, tickets: Sequence[Ticket], questions: Questions, now: datetime) -> None:
    callers = callers_now(transaction, [ticket.call.caller for ticket in tickets], questions, now=now)
    for ticket in tickets:
        caller = callers.get(ticket.call.caller.id, _NOBODY)
        if caller is None:
            ticket.verdict = _denied(Reason.CALLER_REVOKED)
        elif caller is _NOBODY:
            # Whose it says it is, it has not proved; so the record is the publisher's.
            ticket.call = changed(ticket.call, caller=replace(_NOBODY, id=ticket.call.caller.id))
            ticket.verdict = _denied(Reason.CALLER_UNKNOWN)
        elif caller != ticket.call.caller and caller.id.startswith(CREDENTIAL_PREFIX):
            ticket.call = changed(ticket.call, caller=caller)


def _denied(reason: Reason, detail: str = "") -> Verdict:
    return Verdict(allowed=False, reason=reason, detail=detail[:300])


# --- what is registered


def _know(transaction: Transaction, tickets: Sequence[Ticket], questions: Questions, registered: Registered) -> None:
    """Give each ticket what is registered about its agent and tool, as of this transaction."""
    keys = {(ticket.call.agent_id, ticket.call.tool_id) for ticket in tickets}
    current = {key: registered.get(key) for key in keys}
    found: dict[_Key, Named | None] = {key: find(transaction, *key) for key, known in current.items() if known is None}
    customers: dict[_Key, str] = {}
    for key, known in current.items():
        agent = known.basis.agent if known else (named.agent if (named := found[key]) else None)
        customers[key] = (agent.customer_id if agent else None) or PUBLISHER
    epochs = _epochs(transaction, {PUBLISHER, *customers.values()})
    for key, known in current.items():
        at = (epochs.get(PUBLISHER, 0), epochs.get(customers[key], 0))
        if known is None or known.epochs != at:
            named = found[key] = found.get(key) or find(transaction, *key)
            if named is not None and named.tool is not None:
                current[key] = learned = _learned(transaction, named, at, questions.policies, known)
                registered.keep(key, learned)
    for ticket in tickets:
        key = (ticket.call.agent_id, ticket.call.tool_id)
        if key in found and (named := found[key]) is None:
            ticket.verdict = _denied(Reason.AGENT_UNKNOWN)
        elif key in found and named is not None and named.tool is None:
            ticket.verdict = _denied(Reason.TOOL_UNKNOWN)
        else:
            _give(ticket, current[key])


def _give(ticket: Ticket, known: Known | None) -> None:
    assert known is not None  # noqa: S101 - it was learned above
    caller = ticket.call.caller
    if caller.customer_id is not None and caller.customer_id != known.basis.agent.customer_id:
        # Answered before the basis is named anywhere, so that nothing of it reaches another customer's record.
        ticket.verdict = _denied(Reason.AGENT_UNKNOWN)
        return
    ticket.known = known
    if known.compiled is None:
        ticket.verdict = changed(_denied(Reason.ENGINE_FAILED), errors=(known.problem,))


def _learned(
    transaction: Transaction, named: Named, at: tuple[int, int], policies: Policies, before: Known | None
) -> Known:
    basis = load(transaction, named, policies)
    if before is not None and before.basis.digest == basis.digest:
        return replace(before, epochs=at)
    try:
        return Known(basis=basis, epochs=at, compiled=Compiled(basis))
    except ValueError as error:
        problem = str(error)[:300]
        _log.error("governance.basis_unreadable", agent=basis.agent.id, tool=basis.tool.id, problem=problem)
        return Known(basis=basis, epochs=at, compiled=None, problem=problem)


def _epochs(transaction: Transaction, scopes: set[str]) -> dict[str, int]:
    wanted = sorted(scopes)
    return dict(transaction.rows(_EPOCHS.format(marks=marks(len(wanted))), wanted))


# --- what is only true now


def _consider(transaction: Transaction, tickets: Sequence[Ticket], questions: Questions, now: datetime) -> None:
    """Consider every ticket at its moment."""
    customers = sorted({customer for ticket in tickets if (customer := _customer(ticket)) is not None})
    standing = questions.standing.reasons(transaction, customers) if customers else {}
    labels = _task_labels(transaction, tickets)
    chains = _chains(transaction, tickets)
    used = _used_units(transaction, tickets, now)
    for ticket in tickets:
        customer = _customer(ticket)
        moment = ticket.moment = Moment(
            at=now,
            # A customer that nobody knows may not act, either.
            standing=() if customer is None else standing.get(customer, ("customer_unknown",)),
            chain=chains.get((customer, ticket.call.delegation_id or ""), ()),
            task_labels=labels.get((customer or PUBLISHER, ticket.call.task_id or ""), NO_LABELS),
            usage=usage_of(ticket.known.basis, used) if used is not None and ticket.known else {},
        )
        ticket.usage = moment.usage
        ticket.considered = _considered(ticket, moment)


def _used_units(transaction: Transaction, tickets: Sequence[Ticket], now: datetime) -> dict[str, int] | None:
    """Return what is used of customers' own limits on billing dimensions; None where no call of the batch has any."""
    limits = {limit.id: limit for ticket in tickets if ticket.known for limit in unit_limits(ticket.known.basis)}
    if not limits:
        return None
    windows = sorted({window_key(limit.window, now) for limit in limits.values()})
    sql = _USAGE.format(limits=marks(len(limits)), windows=marks(len(windows)))
    return {limit: int(count) for limit, _, count in transaction.rows(sql, (*sorted(limits), *windows))}


def _customer(ticket: Ticket) -> str | None:
    return ticket.known.basis.agent.customer_id if ticket.known else None


def _considered(ticket: Ticket, moment: Moment) -> Considered:
    try:
        return consider(ticket.call, _compiled(ticket), moment)
    except Exception as error:  # noqa: BLE001 - one call that cannot be decided is a no, and leaves the others alone
        _log.error(
            "governance.call_failed", decision=ticket.decision_id, error=f"{type(error).__name__}: {error}"[:300]
        )
        verdict = changed(_denied(Reason.FAILED), errors=(type(error).__name__,))
        return Considered(verdict=verdict, arguments=_recordable(ticket.call))


def _recordable(call: Call) -> bytes:
    """Return the arguments as they are recorded, even where looking at them is what failed."""
    try:
        return canonical(recorded_arguments(call.arguments))
    except Exception as error:  # noqa: BLE001 - the record must not fail for the same reason as the decision
        return canonical(omitted(f"they cannot be read: {type(error).__name__}"))


def _compiled(ticket: Ticket) -> Compiled:
    assert ticket.known is not None  # noqa: S101 - tickets without have an answer already
    assert ticket.known.compiled is not None  # noqa: S101 - as above
    return ticket.known.compiled


def _task_labels(transaction: Transaction, tickets: Sequence[Ticket]) -> dict[tuple[str, str], Labels]:
    ids = sorted({ticket.call.task_id for ticket in tickets if ticket.call.task_id is not None})
    if not ids:
        return {}
    rows = transaction.rows(_TASKS.format(marks=marks(len(ids))), ids)
    return {(scope, task_id): labels_from_json(json.loads(text)) for scope, task_id, text in rows}


def _chains(
    transaction: Transaction, tickets: Sequence[Ticket]
) -> dict[tuple[str | None, str], tuple[DelegationFacts, ...]]:
    """Return the chains of the named delegations, the person's link first; a link of another customer breaks it."""
    wanted = {(_customer(ticket), ticket.call.delegation_id) for ticket in tickets if ticket.call.delegation_id}
    links: dict[str, tuple[str | None, str | None, DelegationFacts]] = {}
    asked = {delegation_id for _, delegation_id in wanted}
    for _ in range(LONGEST_CHAIN):
        if not asked:
            break
        ids = sorted(asked)
        rows = transaction.rows(_LINKS.format(marks=marks(len(ids))), ids)
        links |= {row[0]: (row[1], row[2], _link(row)) for row in rows}
        asked = {row[1] for row in rows if row[1] is not None and row[1] not in links}
    return {(customer, delegation_id): _chain(links, customer, delegation_id) for customer, delegation_id in wanted}


def _chain(
    links: dict[str, tuple[str | None, str | None, DelegationFacts]], customer: str | None, delegation_id: str
) -> tuple[DelegationFacts, ...]:
    chain: list[DelegationFacts] = []
    at: str | None = delegation_id
    while at is not None:
        found = links.get(at)
        if found is None or found[1] != customer or len(chain) >= LONGEST_CHAIN:
            return ()
        chain.append(found[2])
        at = found[0]
    return tuple(reversed(chain))


def _link(row: tuple[object, ...]) -> DelegationFacts:
    tools = json.loads(row[7]) if isinstance(row[7], str) else row[7]
    ends_at = from_database(row[8])
    assert ends_at is not None  # noqa: S101 - the column is not null
    return DelegationFacts(
        id=str(row[0]),
        task_id=str(row[3]),
        to_agent_id=str(row[4]),
        person=None if row[5] is None else Person(id=str(row[5]), issuer=str(row[6] or "")),
        tools=None if tools is None else tuple(tools),  # type: ignore[arg-type]
        ends_at=ends_at,
        revoked_at=from_database(row[9]),
    )


# --- limits and approvals


def _settle(transaction: Transaction, tickets: Sequence[Ticket], questions: Questions, now: datetime) -> None:
    usage = _Usage(transaction, tickets, now)
    approvals = _approvals(transaction, tickets, questions, now)
    spent: set[str] = set()
    needed: list[tuple[Ticket, ApprovalQuestion]] = []
    for ticket in tickets:
        question, approval = approvals.get(ticket.decision_id, (None, None))
        if approval is not None and approval.id in spent:
            approval = replace(approval, state=ApprovalState.CONSUMED)
        moment = _moment(ticket)
        if approval is not None or _open(ticket).takes:
            moment = ticket.moment = Moment(
                at=moment.at,
                standing=moment.standing,
                chain=moment.chain,
                task_labels=moment.task_labels,
                approval=approval,
                used=usage.of(ticket),
                usage=moment.usage,
            )
        verdict = settle(ticket.call, _compiled(ticket), _open(ticket), moment)
        if verdict.allowed and approval is not None and verdict.approval_id is not None:
            verdict = _consume(transaction, ticket, verdict, questions, now)
            if not approval.is_standing:
                spent.add(approval.id)
        usage.take(verdict)
        ticket.verdict = verdict
        if verdict.reason is Reason.APPROVAL_NEEDED and question is not None:
            needed.append((ticket, question))
    _ask(transaction, needed, questions, now)
    usage.keep()


def _moment(ticket: Ticket) -> Moment:
    assert ticket.moment is not None  # noqa: S101 - `_consider` leaves none without
    return ticket.moment


def _open(ticket: Ticket) -> Considered:
    assert ticket.considered is not None  # noqa: S101 - `_consider` leaves none without
    return ticket.considered


def _consume(
    transaction: Transaction, ticket: Ticket, verdict: Verdict, questions: Questions, now: datetime
) -> Verdict:
    assert verdict.approval_id is not None  # noqa: S101 - asked by the caller
    if questions.approvals.consume(transaction, verdict.approval_id, ticket.decision_id, now=now):
        return verdict
    return changed(
        verdict,
        allowed=False,
        reason=Reason.APPROVAL_CONSUMED,
        detail=verdict.approval_id,
        reservations=(),
        approval_id=None,
        is_reviewed=False,
    )


def _ask(
    transaction: Transaction,
    needed: Sequence[tuple[Ticket, ApprovalQuestion]],
    questions: Questions,
    now: datetime,
) -> None:
    if not needed:
        return
    asked = [
        NeededApproval(
            decision_id=ticket.decision_id,
            entry_id=ticket.entry_id,
            question=question,
            verdict=verdict,
            at=now,
        )
        for ticket, question in needed
        if (verdict := ticket.verdict) is not None
    ]
    ids = questions.approvals.ask(transaction, asked)
    for ticket, _ in needed:
        ticket.approval_id = ids.get(ticket.decision_id)


class _Usage:
    """What is used of every limit that matters to a batch; on PostgreSQL its rows are ours until the commit."""

    def __init__(self, transaction: Transaction, tickets: Sequence[Ticket], now: datetime) -> None:
        self._transaction = transaction
        self._keys: dict[str, tuple[str, str]] = {}
        self._owners: dict[tuple[str, str], str | None] = {}
        for ticket in tickets:
            for limit, _ in _open(ticket).takes:
                if limit.id not in self._keys:
                    key = self._keys[limit.id] = limit.id, window_key(limit.window, now)
                    self._owners[key] = None if limit.is_shared else _customer(ticket)
        self._used = self._read()
        self._before = dict(self._used)

    def of(self, ticket: Ticket) -> dict[str, int]:
        """Return what is used now of the limits that a ticket takes from."""
        return {limit.id: self._used.get(self._keys[limit.id], 0) for limit, _ in _open(ticket).takes}

    def take(self, verdict: Verdict) -> None:
        """Take what an allowed call reserved; the next of the batch sees it."""
        for taken in verdict.reservations:
            self._used[taken.limit_id, taken.window] = taken.after

    def keep(self) -> None:
        """Write down what was taken."""
        changed = [key for key, count in sorted(self._used.items()) if self._before.get(key, 0) != count]
        if changed:
            self._transaction.run_many(_KEEP_USAGE, [(*key, self._used[key], self._owners[key]) for key in changed])

    def _read(self) -> dict[tuple[str, str], int]:
        keys = sorted(self._owners)
        if not keys:
            return {}
        limits, windows = sorted({limit for limit, _ in keys}), sorted({window for _, window in keys})
        sql = _USAGE.format(limits=marks(len(limits)), windows=marks(len(windows)))
        if not self._transaction.is_sqlite:
            # In one order, so that two processes never wait for each other.
            self._transaction.run_many(_MAKE_USAGE, [(*key, self._owners[key]) for key in keys])
            sql += " ORDER BY limit_id, window_key FOR UPDATE"
        rows = self._transaction.rows(sql, (*limits, *windows))
        return {(limit, window): int(count) for limit, window, count in rows if (limit, window) in self._owners}


_Approvals = dict[str, tuple[ApprovalQuestion, ApprovalFacts | None]]


def _approvals(transaction: Transaction, tickets: Sequence[Ticket], questions: Questions, now: datetime) -> _Approvals:
    asking = [ticket for ticket in tickets if _open(ticket).may_ask]
    if not asking:
        return {}
    asked = [_question(ticket) for ticket in asking]
    found = questions.approvals.find(transaction, asked, now=now)
    return {ticket.decision_id: pair for ticket, pair in zip(asking, zip(asked, found, strict=True), strict=True)}


def _question(ticket: Ticket) -> ApprovalQuestion:
    basis = _compiled(ticket).basis
    return ApprovalQuestion(
        approval_id=ticket.call.approval_id,
        customer_id=basis.agent.customer_id,
        binding_digest=_open(ticket).verdict.binding_digest,
        call=ticket.call,
        basis=basis,
    )
