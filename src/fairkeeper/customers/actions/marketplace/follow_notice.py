"""Works on a notice once its operation and subscription were read back from Microsoft."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.customers.actions.effects import apply_effects, reading_entry
from fairkeeper.customers.actions.marketplace.receive_webhook import NoticeState, read_body
from fairkeeper.customers.actions.set_change_rule import load_change_rule
from fairkeeper.customers.evidence_kinds import NOTICE_SETTLED, SUBSCRIPTION_KINDS
from fairkeeper.customers.following.webhooks import ReadBack, Situation, work_out
from fairkeeper.customers.marketplace.operation import OperationSnapshot, read_operation
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, read_subscription
from fairkeeper.customers.ports import ConsentStanding
from fairkeeper.customers.store import mirror_of_row, standing_of_row
from fairkeeper.customers.tables import NoticeRow, OperationRow, SubscriptionRow
from fairkeeper.errors import NotFoundError

LARGEST_JSON = 1_000_000


class FollowNotice(OperationInput):
    """A notice and what Microsoft returned for its ids."""

    notice_id: int = Field(description="The kept notice.")
    operation: str | None = Field(
        max_length=LARGEST_JSON, description="Microsoft's operation, JSON; none: unknown there."
    )
    subscription: str | None = Field(
        max_length=LARGEST_JSON, description="Microsoft's subscription, JSON; none: unknown there."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFollowed:
    """What became of a notice."""

    state: str
    outcome: str


@internal_command("customers.follow_notice", evidence=(*SUBSCRIPTION_KINDS, NOTICE_SETTLED))
def follow_notice(context: CommandContext, request: FollowNotice) -> Outcome[NoticeFollowed]:
    """Do what follows from a notice, by what Microsoft states now; again changes nothing.

    What nobody here can judge is held and put before a person; the notice is never dropped.
    """
    session = context.session
    notice_row = session.get(NoticeRow, request.notice_id, with_for_update=True)
    if notice_row is None or notice_row.body is None:
        msg = f"The notice {request.notice_id} is not kept any more."
        raise NotFoundError(msg, code="customers.notice_not_found")
    notice = read_body(notice_row.body)
    read_back = ReadBack(operation=_operation(request.operation), subscription=snapshot_of(request.subscription))
    subscription_id = notice.operation.subscription_id or (read_back.subscription and read_back.subscription.id)
    row = None if subscription_id is None else session.get(SubscriptionRow, subscription_id, with_for_update=True)
    known = session.get(OperationRow, notice.operation.id)
    situation = Situation(
        mirror=None if row is None else mirror_of_row(row),
        standing=None if row is None else standing_of_row(row, context.ports.of(ConsentStanding)),
        rule=load_change_rule(session),
        received_at=notice_row.received_at,
        is_own_operation=known is not None and known.is_ours,
        was_answered=known is not None and known.answer is not None,
    )
    applied = apply_effects(context, row, work_out(notice, situation, read_back))
    _name_operation(context, notice.operation)
    notice_row.state = (NoticeState.HELD if applied.held else NoticeState.DONE).value
    notice_row.outcome = "; ".join(applied.notes)[:2000]
    notice_row.settled_at = context.now
    if applied.row is not None:
        notice_row.customer_id = applied.row.customer_id
        notice_row.subscription_id = applied.row.subscription_id
    entry = reading_entry(applied, source="webhook", operation_id=notice.operation.id) or _settled(
        notice_row, notice.operation
    )
    return Outcome(result=NoticeFollowed(state=notice_row.state, outcome=notice_row.outcome), entry=entry)


def _settled(row: NoticeRow, operation: OperationSnapshot) -> EvidenceDraft:
    return EvidenceDraft(
        kind=NOTICE_SETTLED.name,
        subject_type="operation",
        subject_id=operation.id,
        customer_id=row.customer_id,
        payload={
            "operation_id": operation.id,
            "subscription_id": row.subscription_id,
            "action": operation.action_text or "nothing",
            "state": row.state,
            "outcome": row.outcome,
        },
    )


def _name_operation(context: CommandContext, operation: OperationSnapshot) -> None:
    """Keep what an operation does beside our answer to it."""
    row = context.session.get(OperationRow, operation.id)
    if row is not None and not row.action_text:
        row.action_text = operation.action_text[:200]


def snapshot_of(text: str | None) -> SubscriptionSnapshot | None:
    """Read Microsoft's subscription from its JSON; None where there is none or it names no id."""
    raw = _object(text)
    return None if raw is None else read_subscription(raw).value


def _operation(text: str | None) -> OperationSnapshot | None:
    raw = _object(text)
    return None if raw is None else read_operation(raw).value


def _object(text: str | None) -> dict[str, Any] | None:
    raw = None if text is None else json.loads(text)
    return raw if isinstance(raw, dict) else None
