"""Holds what servers kept against what was seen from outside: nothing lost, nothing twice, everything proved."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from fairkeeper.customers.tables import JobRow, NoticeRow, OperationRow, ReconciliationRow, SubscriptionRow
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.evidence.tables import EntryRow, HeadRow
from fairkeeper.proof.verification import verify_export
from fairkeeper.sandbox.marketplace.operations import ANSWERABLE, Action, Operation, OperationStatus
from fairkeeper.sandbox.marketplace.subscriptions import Status
from tests.stories.rehearsal import Rehearsal, wait_until


def check_everything(rehearsal: Rehearsal, *, webhooks: int) -> None:
    """Check a settled rehearsal.

    Args:
        rehearsal: With at least one server that lives.
        webhooks: How many Microsoft sent.
    """
    operations = _operations(rehearsal)
    assert len(operations) == webhooks
    assert not rehearsal.systems.complaints
    _check_notices(rehearsal, {each.id for each in operations})
    _check_answers(rehearsal, operations)
    _check_wishes(rehearsal)
    _check_tasks(rehearsal)
    _check_entries(rehearsal)
    _check_mirrors(rehearsal)
    rehearsal.wait_until_settled()
    _check_log(rehearsal)


def _operations(rehearsal: Rehearsal) -> list[Operation]:
    market = rehearsal.sandbox.controls.market
    return [each for bought in rehearsal.crowd.subscription_ids for each in market.operations_of(bought)]


def _entries(rehearsal: Rehearsal, *names: str) -> list[EntryRow]:
    kinds = [f"customers.{name}/1" for name in names]
    with rehearsal.database.read() as session:
        return list(session.scalars(select(EntryRow).where(EntryRow.kind.in_(kinds))))


def _payload(entry: EntryRow) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry.payload or "{}")
    return found


def _assert_each_once(found: Iterable[str], expected: Iterable[str]) -> None:
    counts = Counter(found)
    assert {key: count for key, count in counts.items() if count != 1} == {}, str(counts.most_common(5))
    assert set(counts) == set(expected), str(set(counts) ^ set(expected))


def _check_notices(rehearsal: Rehearsal, sent: set[str]) -> None:
    """Every notice was acknowledged in the end, is kept once and was followed; its arrival has one entry.

    A reinstatement whose notice was still on its way may have been found by a comparison besides: that is kept too.
    """
    assert set(rehearsal.door.acknowledged) == sent
    with rehearsal.database.read() as session:
        notices = list(session.scalars(select(NoticeRow)))
    assert {each.state for each in notices} == {"done"}
    delivered = {_digest(each.body): each.operation_id for each in rehearsal.sandbox.controls.courier.deliveries()}
    arrived = [each for each in notices if each.digest in delivered]
    _assert_each_once((each.operation_id for each in arrived), sent)
    found = [each for each in notices if each.digest not in delivered]
    assert {each.action_text for each in found} <= {Action.REINSTATE.value}, str(found)
    assert len({each.operation_id for each in found}) == len(found)
    counted = {str(each.operation_id): each.deliveries for each in arrived}
    lost = {key: count for key, count in rehearsal.door.acknowledged.items() if counted[key] < count}
    assert lost == {}
    received = [_payload(each)["body_sha256"] for each in _entries(rehearsal, "webhook_received")]
    _assert_each_once(received, (each.digest for each in notices))


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _check_answers(rehearsal: Rehearsal, operations: Sequence[Operation]) -> None:
    """Whatever awaited an answer got one, once, or Microsoft took ten seconds of silence for it."""
    assert {each.status for each in operations} == {OperationStatus.SUCCEEDED}
    answered = Counter(each.subject_id for each in _entries(rehearsal, "operation_answered"))
    awaited = {each.id: each for each in operations if each.action in ANSWERABLE}
    assert {key: count for key, count in answered.items() if count != 1} == {}
    assert set(answered) <= set(awaited)
    silent = [each for key, each in awaited.items() if key not in answered]
    assert [each for each in silent if not _was_taken_for_yes(each)] == []
    with rehearsal.database.read() as session:
        rows = list(session.scalars(select(OperationRow).where(OperationRow.answered_at.is_not(None))))
    assert {each.operation_id for each in rows} == set(answered)


def _was_taken_for_yes(operation: Operation) -> bool:
    due, settled = operation.answer_due_at, operation.settled_at
    return due is not None and settled is not None and settled >= due


def _check_wishes(rehearsal: Rehearsal) -> None:
    """Each wish exists once, the publisher has it, and its report was taken once."""
    with rehearsal.database.read() as session:
        jobs = list(session.scalars(select(JobRow)))
    _assert_each_once((each.request_id for each in jobs), rehearsal.systems.wishes)
    assert {each.state for each in jobs} == {"succeeded"}
    answered = [str(_payload(each)["request_id"]) for each in _entries(rehearsal, "provisioning_answered")]
    _assert_each_once(answered, rehearsal.systems.wishes)
    # A report that overtakes the record of the hand-over, because a server died between, leaves that record out.
    accepted = [str(_payload(each)["request_id"]) for each in _entries(rehearsal, "provisioning_accepted")]
    assert len(accepted) == len(set(accepted))
    wanted = Counter((each.subscription_id, each.wish) for each in jobs)
    assert {key: count for key, count in wanted.items() if count != 1} == {}
    provisioned = {each.subscription_id for each in jobs if each.wish == "provision"}
    assert provisioned <= set(rehearsal.crowd.subscription_ids)
    missing = set(rehearsal.crowd.subscription_ids) - provisioned - _never_seen_active(rehearsal)
    stories = {each: rehearsal.crowd.story_of(each) for each in missing}
    assert not stories, json.dumps(stories, indent=1)


def _never_seen_active(rehearsal: Rehearsal) -> set[str]:
    """Return what was suspended or over when a server first came to read it, and still is: it is rightly not set up."""
    inactive = {Status.SUSPENDED, Status.UNSUBSCRIBED}
    first_read = {each.subject_id: _payload(each)["status"] for each in _entries(rehearsal, "subscription_recorded")}
    market = rehearsal.sandbox.controls.market
    return {each.id for each in market.subscriptions() if each.status in inactive and first_read[each.id] in inactive}


def _check_tasks(rehearsal: Rehearsal) -> None:
    with rehearsal.database.read() as session:
        tasks = list(session.scalars(select(TaskRow)))
    _assert_each_once((f"{each.name} {each.key}" for each in tasks), {f"{each.name} {each.key}" for each in tasks})
    assert [each for each in tasks if each.state == TaskState.FAILED] == []


def _check_entries(rehearsal: Rehearsal) -> None:
    """What happens once in a subscription's life has one entry."""
    names = ("recorded", "suspended", "reinstated", "unsubscribed")
    entries = _entries(rehearsal, *(f"subscription_{name}" for name in names), "seats_changed", "stopped_receipt")
    counts = Counter((each.kind, each.subject_id) for each in entries)
    assert {key: count for key, count in counts.items() if count != 1} == {}
    recorded = {subject for kind, subject in counts if kind == "customers.subscription_recorded/1"}
    assert recorded == set(rehearsal.crowd.subscription_ids)


def _check_mirrors(rehearsal: Rehearsal) -> None:
    """After a reconciliation every subscription here is as it is there."""
    with rehearsal.database.read() as session:
        before = {each.id for each in session.scalars(select(ReconciliationRow))}
    headers = {"authorization": f"Bearer {rehearsal.token}", "content-type": "application/json"}
    status, told = rehearsal.door.forward("/api/v1/customers/reconcile", headers, b"{}")
    assert status == 200, told

    def newest() -> ReconciliationRow | None:
        with rehearsal.database.read() as session:
            row = session.scalars(select(ReconciliationRow).order_by(ReconciliationRow.id.desc())).first()
        return None if row is None or row.id in before else row

    wait_until(lambda: newest() is not None, seconds=30, what="reconciled")
    row = newest()
    assert row is not None
    assert (row.is_complete, row.differences) == (True, 0)
    with rehearsal.database.read() as session:
        here = {
            each.subscription_id: (each.status, each.plan_id, each.quantity)
            for each in session.scalars(select(SubscriptionRow))
        }
    there = {
        each.id: (each.status.value, each.plan_id, each.quantity)
        for each in rehearsal.sandbox.controls.market.subscriptions()
    }
    assert here == there


def _check_log(rehearsal: Rehearsal) -> None:
    """The log has every entry in its place, verifies, and holds what was acknowledged."""
    with rehearsal.database.read() as session:
        rows = list(session.scalars(select(EntryRow).order_by(EntryRow.leaf_index)))
        (head,) = session.scalars(select(HeadRow))
    assert [each.leaf_index for each in rows] == list(range(head.size))
    installation = rehearsal.open_installation()
    try:
        lines = list(installation.exporter.write_log())
    finally:
        installation.close()
    report = verify_export(lines)
    assert report.findings == ()
    assert report.entries == len(rows)
    told = (json.loads(line)["payload"] for line in lines[2:])
    proved = {each["operation_id"] for each in told if each and "body_sha256" in each}
    assert proved == set(rehearsal.door.acknowledged)
