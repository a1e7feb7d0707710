"""What became of what was sent: Microsoft's answers, hours whose time is over, and the publisher's rule for held ones.

The remote call is made in the background, outside every transaction; here its answer is written down. An hour that may
have arrived is never folded: first it has to be known that it did not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.metering.evidence_kinds import HOURS_GIVEN_UP, USAGE_ANSWERED
from fairkeeper.metering.finding_kinds import CONFLICT, DOUBTFUL, FAULTY, HELD
from fairkeeper.metering.rules.holding import Unattended
from fairkeeper.metering.rules.hours import WINDOW, expires_at
from fairkeeper.metering.rules.quantity import show_units
from fairkeeper.metering.rules.statuses import OPEN, Answer, ReportState, state_after
from fairkeeper.metering.store import Rules, load_resource, load_rules
from fairkeeper.metering.tables import MeteredResourceRow, UsageCountRow
from fairkeeper.metering.telling import FINANCE, close_for, raise_for, settle_held
from fairkeeper.values.ids import CustomerId

_AGAIN_AFTER: Final = timedelta(minutes=30)
"""When a report that Microsoft did not take is tried again."""
_AT_ONCE: Final = 500


class OneAnswer(OperationInput):
    """Microsoft's answer to one report."""

    count_id: str = Field(max_length=40, description="The counted hour.")
    status: str = Field(max_length=200, description="Microsoft's word.")
    accepted_milli: int | None = Field(None, description="Of a duplicate: the quantity that counts.")
    usage_event_id: str | None = Field(None, max_length=80, description="Microsoft's id of the accepted event.")
    message: str = Field("", max_length=500, description="What it says of an error.")


class RecordAnswers(OperationInput):
    """Microsoft's answers to reports of one resource."""

    resource_id: str = Field(max_length=64, description="The resource.")
    answers: tuple[OneAnswer, ...] = Field(min_length=1, max_length=500, description="One for each report.")


@internal_command("metering.record_answers", evidence=(USAGE_ANSWERED,))
def record_answers(context: CommandContext, request: RecordAnswers) -> Outcome[int]:
    """Write down what Microsoft answered to reports of one resource."""
    resource = load_resource(context.session, request.resource_id, now=context.now)
    lines: list[Canonical] = []
    seen: Counter[str] = Counter()
    draft = _draft(USAGE_ANSWERED.name, resource, {})
    rows = _answered(context, resource, request)
    for each in request.answers:
        row = rows.get(each.count_id)
        if row is None or row.state not in OPEN:
            continue
        _answer(context, resource, row, each)
        row.answer_entry_id = draft.entry_id
        seen[each.status] += 1
        lines.append(
            {
                "id": row.count_id,
                "status": each.status,
                "state": row.state,
                "quantity": row.quantity_milli,
                "accepted": each.accepted_milli,
                "event": each.usage_event_id,
                "message": each.message,
            }
        )
    if not lines:
        return Outcome(result=0, entry=None)
    _taken_again(context, resource, rows.values())
    summary = ", ".join(f"{number} {status}" for status, number in sorted(seen.items()))
    payload: dict[str, Canonical] = {
        "resource": resource.resource_id,
        "count": len(lines),
        "summary": summary,
        "answers": lines,
    }
    return Outcome(result=len(lines), entry=_with(draft, payload))


def _answered(
    context: CommandContext, resource: MeteredResourceRow, request: RecordAnswers
) -> dict[str, UsageCountRow]:
    rows = context.session.scalars(
        select(UsageCountRow)
        .where(
            UsageCountRow.count_id.in_([each.count_id for each in request.answers]),
            UsageCountRow.resource_id == resource.resource_id,
        )
        .order_by(UsageCountRow.number)
        .with_for_update()
    )
    return {row.count_id: row for row in rows}


def _taken_again(context: CommandContext, resource: MeteredResourceRow, rows: Iterable[UsageCountRow]) -> None:
    """Close what was told of a dimension that Microsoft takes again."""
    now_in: dict[str, set[str]] = {}
    for row in rows:
        now_in.setdefault(row.dimension, set()).add(row.state)
    again = {
        name for name, states in now_in.items() if ReportState.ACCEPTED in states and ReportState.FAULTY not in states
    }
    close_for(context, resource, FAULTY.code, keys=again, why="Microsoft takes it again.")


def _answer(context: CommandContext, resource: MeteredResourceRow, row: UsageCountRow, each: OneAnswer) -> None:
    answer = Answer(status=each.status, accepted_milli=each.accepted_milli)
    state = state_after(answer, quantity_milli=row.quantity_milli, was_in_flight=row.is_unknown)
    row.state, row.status_text, row.answered_at = state.value, each.status, context.now
    row.usage_event_id = each.usage_event_id or row.usage_event_id
    row.in_flight = False
    when = f"{row.hour_at:%d %b %Y %H:%M} UTC, {row.dimension}"
    if state is ReportState.FAULTY:
        row.next_try_at = context.now + _AGAIN_AFTER
        found = FAULTY.found(f"{when}: {each.status}. {each.message}".strip(), subject=row.count_id)
        raise_for(context, resource, found, key=row.dimension)
        return
    if state is ReportState.CONFLICT:
        theirs = "?" if each.accepted_milli is None else show_units(each.accepted_milli)
        message = f"{when}: ours is {show_units(row.quantity_milli)}, Microsoft accepted {theirs} before."
        raise_for(
            context, resource, CONFLICT.found(message, subject=row.count_id), key=row.count_id, owner_role=FINANCE
        )
    elif state is ReportState.DOUBTFUL:
        _doubt(context, resource, row)


class GiveUp(OperationInput):
    """Of which resource."""

    resource_id: str = Field(max_length=64, description="The resource.")


@internal_command("metering.give_up_hours", evidence=(HOURS_GIVEN_UP,))
def give_up_hours(context: CommandContext, request: GiveUp) -> Outcome[int]:
    """Apply the publisher's rule to held hours that nobody decided about, and fold what can be sent no more."""
    resource = load_resource(context.session, request.resource_id, now=context.now)
    rules = load_rules(context.session)
    lines: list[Canonical] = []
    seen: Counter[str] = Counter()
    draft = _draft(HOURS_GIVEN_UP.name, resource, {})
    for row in _overdue(context, resource, rules):
        before = row.state
        if before == ReportState.HELD:
            if row.decide_at is None or context.now < row.decide_at:
                continue
            sends = rules.holding.unattended is Unattended.SEND
            row.state = (ReportState.READY if sends else ReportState.REFUSED).value
            row.next_try_at = context.now
            why = f"Nobody decided in time; the publisher's rule: {rules.holding.unattended.value}."
            close_for(context, resource, HELD.code, keys={row.count_id}, why=why)
            settle_held(context, row, why=why)
        may_have_arrived = row.in_flight or row.is_unknown
        if row.state in OPEN and context.now >= expires_at(row.hour_at, rules.hours):
            row.state = (ReportState.DOUBTFUL if may_have_arrived else ReportState.FOLDED).value
            if may_have_arrived:
                _doubt(context, resource, row)
        if row.state == before:
            continue
        row.answer_entry_id = draft.entry_id
        seen[row.state] += 1
        lines.append({"id": row.count_id, "state": row.state, "was": before, "quantity": row.quantity_milli})
    if not lines:
        return Outcome(result=0, entry=None)
    summary = ", ".join(f"{number} {state}" for state, number in sorted(seen.items()))
    payload: dict[str, Canonical] = {
        "resource": resource.resource_id,
        "count": len(lines),
        "summary": summary,
        "hours": lines,
        "rule": rules.holding.unattended.value,
    }
    return Outcome(result=len(lines), entry=_with(draft, payload))


def _overdue(context: CommandContext, resource: MeteredResourceRow, rules: Rules) -> list[UsageCountRow]:
    expired = UsageCountRow.hour_at <= context.now - WINDOW + rules.hours.margin
    return list(
        context.session.scalars(
            select(UsageCountRow)
            .where(
                UsageCountRow.resource_id == resource.resource_id,
                (UsageCountRow.state.in_(OPEN) & expired)
                | ((UsageCountRow.state == ReportState.HELD) & (expired | (UsageCountRow.decide_at <= context.now))),
            )
            .order_by(UsageCountRow.number)
            .limit(_AT_ONCE)
            .with_for_update()
        )
    )


def _doubt(context: CommandContext, resource: MeteredResourceRow, row: UsageCountRow) -> None:
    message = f"{row.hour_at:%d %b %Y %H:%M} UTC, {row.dimension}: {show_units(row.quantity_milli)} units."
    raise_for(context, resource, DOUBTFUL.found(message, subject=row.count_id), key=row.count_id, owner_role=FINANCE)


def _draft(kind: str, resource: MeteredResourceRow, payload: dict[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="metered_resource",
        subject_id=resource.resource_id,
        customer_id=CustomerId(resource.customer_id),
        payload=payload,
    )


def _with(draft: EvidenceDraft, payload: dict[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=draft.kind,
        subject_type=draft.subject_type,
        subject_id=draft.subject_id,
        customer_id=draft.customer_id,
        payload=payload,
        entry_id=draft.entry_id,
    )
