"""Pushes cards to the CRM: by a seller's own click, or unasked under a standing approval with a daily limit.

A command has the push decided under Governance, records the wish and enqueues the task, all in one transaction; the
task calls the CRM under a key of ours; a second command records the answer, and Governance the decision's outcome. A
click on one card is its own approval. What the agent pushes unasked needs a person's standing approval, and never more
than its limit in a day. Exporting personal data is never: a push holds fields of the card alone, which speak of
companies.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.action.principal import PrincipalKind
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.governance.approvals.standing import LONGEST
from fairkeeper.governance.approvals.tables import StandingApprovalRow
from fairkeeper.opportunities.actions.agent import Ruling, policies_now, rule, rule_by_click
from fairkeeper.opportunities.actions.cards import open_card
from fairkeeper.opportunities.actions.evidence_kinds import (
    APPROVAL_GIVEN,
    APPROVAL_REVOKED,
    PUSH_ASKED,
    PUSH_RECORDED,
    PUSHES_PLANNED,
)
from fairkeeper.opportunities.agent import AGENT_ID, USE_ID, AgentTool
from fairkeeper.opportunities.crm.fields import CRMRecord, external_key, fields_of, offer
from fairkeeper.opportunities.errors import AccountNotMatchedError, CRMNotConfiguredError, PushRefusedError
from fairkeeper.opportunities.ports import RoomSettings
from fairkeeper.opportunities.tables import AccountRow, CardRow, PushRow
from fairkeeper.values.ids import EntryId, new_id

LARGEST_DAILY_LIMIT: Final = 500
_LONGEST_DAYS: Final = LONGEST.days
_PUSH: Final = "opportunities.push"


class PushCard(OperationInput):
    """Which card, and as what."""

    card_id: str = Field(max_length=40, description="The card.")
    record: CRMRecord = Field(CRMRecord.OPPORTUNITY, description="As what it is pushed.")
    dry_run: bool = Field(False, description="Only say what would be sent.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPush:
    """What is sent, or would be."""

    external_key: str
    target: str
    record: str
    account: str
    crm_account: str
    fields: dict[str, str]
    state: str
    decision_id: str | None = None


@command(
    "opportunities.push_card",
    groups=("opportunities.change",),
    evidence=(PUSH_ASKED,),
    http="POST /opportunities/cards/{card_id}/push",
    cli="opportunities push-card CARD_ID",
)
def push_card(context: CommandContext, request: PushCard) -> Outcome[PlannedPush]:
    """Push one card to the CRM: the person who asks approves it by asking; a program or an assistant does not.

    Nothing is sent here; background work sends it, once however often it is tried. Raises
    `opportunities.account_not_matched` while it is not certain which account of the CRM it is, and
    `opportunities.push_refused` where Governance refuses the agent; that decision stays recorded.
    """
    row = open_card(context.session, request.card_id)
    planned = _planned(context, row, request.record)
    if request.dry_run:
        return Outcome(result=_told(planned, row, "dry_run"), entry=None)
    is_click = _is_person(context) and not context.is_agents
    arguments = _arguments(context, row, planned, is_unasked=not is_click)
    if is_click:
        ruling = rule_by_click(context, arguments, task_id=row.id)
    elif left_today(context, planned.target) > 0:
        ruling = rule(context, AgentTool.PUSH, arguments, task_id=row.id)
    else:
        raise PushRefusedError("Nobody clicked, and nothing is left of a standing approval today.")
    if not ruling.is_allowed:
        return Outcome(result=_told(planned, row, "refused"), entry=None, refusal=_refused(ruling))
    push = _wish(context, row, planned, ruling, is_unasked=not is_click)
    entry = EvidenceDraft(
        kind=PUSH_ASKED.name,
        subject_type="card",
        subject_id=row.id,
        cause=EntryId(ruling.entry_id),
        payload={
            "account": row.tenant_name,
            "tenant_id": row.tenant_id,
            "lens": row.lens,
            "decision": ruling.decision_id,
            "approval": ruling.approval_id,
            "target": planned.target,
            "record": request.record.value,
            "external_key": planned.external_key,
            "approved_by": "the person's own click on this card" if is_click else "a standing approval",
            "fields": dict(planned.fields),
        },
    )
    return Outcome(result=_told(planned, row, push.state, ruling), entry=entry)


class PlanPushes(OperationInput):
    """How many at most."""

    limit: int = Field(50, ge=1, le=LARGEST_DAILY_LIMIT, description="How many cards at most.")
    record: CRMRecord = Field(CRMRecord.TASK, description="As what they are pushed.")
    dry_run: bool = Field(False, description="Only say what would be sent.")


@command(
    "opportunities.plan_pushes",
    groups=("opportunities.change",),
    evidence=(PUSHES_PLANNED,),
    http="POST /opportunities/pushes",
    cli="opportunities push",
)
def plan_pushes(context: CommandContext, request: PlanPushes) -> Outcome[tuple[PlannedPush, ...]]:
    """Push the first open cards that no CRM has yet, under a standing approval and within what it leaves today.

    A dry run says what would be sent, and needs no approval. Accounts that are not matched for certain are left out.
    """
    target = _target(context)
    left = request.limit if request.dry_run else min(request.limit, left_today(context, target))
    if left <= 0:
        raise PushRefusedError("There is no standing approval, or nothing is left of its limit today.")
    pushed = select(PushRow.card_id).where(PushRow.record == request.record.value)
    rows = context.session.scalars(
        select(CardRow)
        .join(AccountRow, AccountRow.tenant_id == CardRow.tenant_id)
        .where(
            CardRow.state.in_(("open", "accepted")),
            CardRow.closed_at.is_(None),
            AccountRow.match_state == "matched",
            AccountRow.crm_account.is_not(None),
            CardRow.id.not_in(pushed),
        )
        .order_by(CardRow.rank, CardRow.lens, CardRow.id)
        .limit(left)
    ).all()
    results: list[PlannedPush] = []
    refusal = None
    for row in rows:
        planned = _planned(context, row, request.record)
        if request.dry_run:
            results.append(_told(planned, row, "dry_run"))
            continue
        arguments = _arguments(context, row, planned, is_unasked=True)
        ruling = rule(context, AgentTool.PUSH, arguments, task_id=row.id)
        if not ruling.is_allowed:
            refusal = _refused(ruling)
            break
        push = _wish(context, row, planned, ruling, is_unasked=True)
        results.append(_told(planned, row, push.state, ruling))
    if request.dry_run or not results:
        return Outcome(result=tuple(results), entry=None, refusal=refusal)
    entry = EvidenceDraft(
        kind=PUSHES_PLANNED.name,
        subject_type="pushes",
        subject_id=target,
        payload={
            "count": len(results),
            "keys": [each.external_key for each in results],
            "decisions": [each.decision_id for each in results],
        },
    )
    return Outcome(result=tuple(results), entry=entry)


class RecordPush(OperationInput):
    """What the CRM answered."""

    external_key: str = Field(max_length=200, description="The record's key.")
    state: str = Field(max_length=12, description="sent, unchanged, parked or closed_there.")
    remote_id: str = Field("", max_length=80, description="The CRM's own id.")
    sent: dict[str, str] = Field(default_factory=dict, description="Our fields as the CRM holds them.")
    kept: tuple[str, ...] = Field((), max_length=50, description="Our fields that a person changed there.")
    error: str = Field("", max_length=2000, description="The CRM's words, for a refusal.")


@internal_command("opportunities.record_push", evidence=(PUSH_RECORDED,))
def record_push(context: CommandContext, request: RecordPush) -> Outcome[str]:
    """Record what the CRM answered to a push."""
    row = context.session.get(PushRow, request.external_key, with_for_update=True)
    if row is None:
        return Outcome(result="gone", entry=None)
    row.state, row.attempts = request.state, row.attempts + 1
    row.remote_id = request.remote_id or row.remote_id
    row.sent, row.kept_fields = {**row.sent, **request.sent}, sorted({*row.kept_fields, *request.kept})
    row.last_error, row.sent_at = request.error, context.now
    card = context.session.get(CardRow, row.card_id)
    entry = EvidenceDraft(
        kind=PUSH_RECORDED.name,
        subject_type="card",
        subject_id=row.card_id,
        payload={
            "target": row.target,
            "state": row.state.replace("_", " "),
            "external_key": row.external_key,
            "remote_id": row.remote_id,
            "kept_fields": list(row.kept_fields),
            "account": card.tenant_name if card else "",
            "error": request.error[:300],
        },
    )
    return Outcome(result=row.state, entry=entry)


class GiveStandingApproval(OperationInput):
    """How much, and how long."""

    daily_limit: int = Field(ge=1, le=LARGEST_DAILY_LIMIT, description="How many cards a day.")
    days: int = Field(90, ge=1, le=_LONGEST_DAYS, description="For how many days.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingApproval:
    """A standing approval."""

    id: str
    target: str
    daily_limit: int
    until: datetime


@command(
    "opportunities.give_standing_approval",
    groups=("opportunities.change",),
    evidence=(APPROVAL_GIVEN,),
    http="POST /opportunities/approvals",
    cli="opportunities give-standing-approval",
)
def give_standing_approval(context: CommandContext, request: GiveStandingApproval) -> Outcome[StandingApproval]:
    """Let the agent push cards unasked, up to a number a day, until a day. Only a person of the publisher's may.

    It is a standing approval under Governance, shown there too; when the policies change it no longer holds. Raises
    `opportunities.push_refused` for a program.
    """
    if not _is_person(context) or context.is_agents:
        raise PushRefusedError("A standing approval is a person's, and no program's.")
    target = _target(context)
    row = StandingApprovalRow(
        standing_id=new_id("sta"),
        customer_id=None,
        agent_id=AGENT_ID,
        tool_id=AgentTool.PUSH.value,
        tool_name=_PUSH,
        use_id=USE_ID,
        bundle_digest=policies_now(context),
        where=_where(target),
        daily_limit=request.daily_limit,
        used_on=None,
        used=0,
        reason="Cards of matched accounts may be pushed without a click, within this limit.",
        granted_at=context.now,
        granted_by=context.principal.id[:40],
        ends_at=context.now + timedelta(days=request.days),
    )
    for earlier in _in_force(context, target):
        earlier.revoked_at, earlier.revoked_by = context.now, context.principal.id[:40]
    context.session.add(row)
    entry = EvidenceDraft(
        kind=APPROVAL_GIVEN.name,
        subject_type="standing_approval",
        subject_id=row.standing_id,
        payload={
            "daily_limit": row.daily_limit,
            "target": target,
            "until": row.ends_at.isoformat(),
            "policies": row.bundle_digest,
        },
    )
    result = StandingApproval(id=row.standing_id, target=target, daily_limit=row.daily_limit, until=row.ends_at)
    return Outcome(result=result, entry=entry)


class RevokeStandingApproval(OperationInput):
    """Nothing to say: all of them."""


@command(
    "opportunities.revoke_standing_approval",
    groups=("opportunities.change",),
    evidence=(APPROVAL_REVOKED,),
    http="POST /opportunities/approvals/revoke",
    cli="opportunities revoke-standing-approval",
)
def revoke_standing_approval(context: CommandContext, request: RevokeStandingApproval) -> Outcome[int]:
    """Take back every standing approval; nothing is pushed unasked from now on."""
    del request
    rows = _in_force(context, None)
    for row in rows:
        row.revoked_at, row.revoked_by = context.now, context.principal.id[:40]
    if not rows:
        return Outcome(result=0, entry=None)
    entry = EvidenceDraft(
        kind=APPROVAL_REVOKED.name,
        subject_type="standing_approval",
        subject_id=rows[0].standing_id,
        payload={"count": len(rows)},
    )
    return Outcome(result=len(rows), entry=entry)


def _is_person(context: CommandContext) -> bool:
    return context.principal.kind is PrincipalKind.STAFF or context.principal.id.startswith("local:")


def left_today(context: CommandContext, target: str) -> int:
    """Return how many cards may still be pushed unasked today; what was given under other policies is no approval."""
    today, policies = context.now.date().isoformat(), policies_now(context)
    return sum(
        max(0, row.daily_limit - (row.used if row.used_on == today else 0))
        for row in _in_force(context, target)
        if row.bundle_digest == policies
    )


def _in_force(context: CommandContext, target: str | None) -> list[StandingApprovalRow]:
    statement = select(StandingApprovalRow).where(
        StandingApprovalRow.agent_id == AGENT_ID,
        StandingApprovalRow.tool_id == AgentTool.PUSH.value,
        StandingApprovalRow.revoked_at.is_(None),
        StandingApprovalRow.ends_at > context.now,
    )
    if target is not None:
        statement = statement.where(StandingApprovalRow.where == _where(target))
    # The decisions count its uses beside the ORM, so what an earlier read kept is not believed.
    ordered = statement.order_by(StandingApprovalRow.standing_id).with_for_update()
    return list(context.session.scalars(ordered, execution_options={"populate_existing": True}))


def _where(target: str) -> str:
    """Return which calls a standing approval covers: of this CRM, and those that nobody asked for."""
    return json.dumps({"is_unasked": True, "target": target}, sort_keys=True)


def _refused(ruling: Ruling) -> PushRefusedError:
    return PushRefusedError(
        f"The push was refused and nothing is sent. {ruling.why}",
        remedy=f"Open the decision {ruling.decision_id} under Governance.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    external_key: str
    target: str
    record: CRMRecord
    crm_account: str
    fields: dict[str, str]


def _planned(context: CommandContext, row: CardRow, record: CRMRecord) -> _Planned:
    account = context.session.get(AccountRow, row.tenant_id)
    if account is None or account.match_state != "matched" or not account.crm_account:
        state = "ambiguous" if account is not None and account.match_state == "ambiguous" else "unknown"
        raise AccountNotMatchedError(f"Which account of the CRM {row.tenant_name} is, is {state}.")
    if account.is_held_out:
        raise PushRefusedError(f"Nobody is to contact {row.tenant_name}, so that the ranking's effect can be seen.")
    origin = context.ports.of(LogKeys).origin
    return _Planned(
        external_key=external_key(origin, row.tenant_id, row.lens, row.cycle, record)[:200],
        target=_target(context),
        record=record,
        crm_account=account.crm_account,
        fields=fields_of(row.card, row.tenant_name, _as_of(row)),
    )


def _as_of(row: CardRow) -> str:
    return str(row.card.get("as_of") or row.opened_as_of.isoformat())


def _arguments(context: CommandContext, row: CardRow, planned: _Planned, *, is_unasked: bool) -> dict[str, Any]:
    """Return the arguments of the agent's call: what is pushed where, with the digest of every field."""
    fields = json.dumps(planned.fields, sort_keys=True, ensure_ascii=True)
    return {
        "card": row.id,
        "account": row.tenant_name[:400],
        "crm_account": planned.crm_account,
        "lens": row.lens,
        "record": planned.record.value,
        "target": planned.target,
        "external_key": planned.external_key,
        "title": planned.fields["title"][:400],
        "fields_sha256": hashlib.sha256(fields.encode()).hexdigest(),
        "asked_by": context.principal.id,
        "is_unasked": is_unasked,
    }


def _wish(context: CommandContext, row: CardRow, planned: _Planned, ruling: Ruling, *, is_unasked: bool) -> PushRow:
    push = context.session.get(PushRow, planned.external_key, with_for_update=True)
    if push is None:
        push = PushRow(
            external_key=planned.external_key,
            target=planned.target,
            record=planned.record.value,
            card_id=row.id,
            sent={},
            offered={},
            remote_id=None,
            kept_fields=[],
            is_unasked=is_unasked,
            asked_by=context.principal.id,
            asked_at=context.now,
            wanted={},
            state="wanted",
            sent_at=None,
        )
        context.session.add(push)
    push.offered = offer(push.offered, planned.fields)
    push.wanted = {"fields": planned.fields, "crm_account": planned.crm_account}
    push.state, push.decision_id = "wanted", ruling.decision_id
    context.enqueue(
        "opportunities.push", f"{push.external_key}:{new_id('psh')}"[:200], {"external_key": push.external_key}
    )
    return push


def _target(context: CommandContext) -> str:
    crm = context.ports.of(RoomSettings).crm
    if not crm:
        raise CRMNotConfiguredError("No CRM is named in the settings.")
    return crm


def _told(planned: _Planned, row: CardRow, state: str, ruling: Ruling | None = None) -> PlannedPush:
    return PlannedPush(
        external_key=planned.external_key,
        target=planned.target,
        record=planned.record.value,
        account=row.tenant_name,
        crm_account=planned.crm_account,
        fields=dict(planned.fields),
        state=state,
        decision_id=None if ruling is None else ruling.decision_id,
    )


def wanted_of(row: PushRow) -> tuple[dict[str, str], str]:
    """Return a wish's fields and the CRM's account."""
    wanted: dict[str, Any] = row.wanted
    return dict(wanted["fields"]), str(wanted["crm_account"])


OPERATIONS = (push_card, plan_pushes, record_push, give_standing_approval, revoke_standing_approval)
