"""Signals as people meet them: listed, judged, and the rules by which kinds are heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    query,
)
from fairkeeper.assurance.errors import IncidentStateError, SignalNotFoundError
from fairkeeper.assurance.evidence_kinds import RULE_SET, SIGNAL_SETTLED
from fairkeeper.assurance.monitoring.acts import WORDS, Kind
from fairkeeper.assurance.monitoring.following import SignalRule, rules_of
from fairkeeper.assurance.tables import SignalRow, SignalRuleRow
from fairkeeper.policy.decision.profiles import PROFILES
from fairkeeper.values.ids import CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    """A signal."""

    signal_id: str
    agent_id: str
    customer_id: str | None
    kind: str
    at: datetime
    mode: str
    rings: bool
    sentence: str
    facts: dict[str, Any]
    response: str
    incident_id: str | None
    verdict: str | None


class ListSignals(OperationInput):
    """Which signals."""

    agent_id: str = Field("", max_length=40, description="Only of this agent.")
    customer_id: CustomerId | None = Field(None, description="Only of this customer.")
    only_open: bool = Field(False, description="Only those that nobody has judged yet.")
    signal_id: str = Field("", max_length=40, description="Only this one.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to leave out before them.")


@query("assurance.list_signals", groups=("assurance.read",), http="GET /signals", cli="assurance signals")
def list_signals(context: QueryContext, request: ListSignals) -> list[SignalLine]:
    """List signals, the newest first: what, why it is unusual, against which baseline, with whom and what."""
    statement = select(SignalRow)
    if request.agent_id:
        statement = statement.where(SignalRow.agent_id == request.agent_id)
    if request.customer_id is not None:
        statement = statement.where(SignalRow.customer_id == request.customer_id)
    if request.only_open:
        statement = statement.where(SignalRow.verdict.is_(None))
    if request.signal_id:
        statement = statement.where(SignalRow.signal_id == request.signal_id)
    statement = statement.order_by(SignalRow.at.desc(), SignalRow.signal_id)
    rows = context.session.scalars(statement.offset(request.offset).limit(request.limit))
    return [
        SignalLine(
            signal_id=row.signal_id,
            agent_id=row.agent_id,
            customer_id=row.customer_id,
            kind=row.kind,
            at=row.at,
            mode=row.mode,
            rings=row.rings,
            sentence=row.sentence,
            facts=row.facts,
            response=row.response,
            incident_id=row.incident_id,
            verdict=row.verdict,
        )
        for row in rows
    ]


class SettleSignal(OperationInput):
    """Which signal, and what it was."""

    signal_id: str = Field(max_length=40, description="The signal's id.")
    verdict: Literal["real", "false"] = Field(description="real, or false.")
    why: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSettled:
    """The verdict."""

    signal_id: str
    verdict: str


@command(
    "assurance.settle_signal",
    groups=("assurance.change",),
    evidence=(SIGNAL_SETTLED,),
    http="POST /signals/{signal_id}/settle",
    cli="assurance settle-signal SIGNAL_ID VERDICT",
)
def settle_signal(context: CommandContext, request: SettleSignal) -> Outcome[SignalSettled]:
    """Say whether a signal was real; raises `assurance.incident_state` where somebody said so before."""
    row = context.session.scalars(
        select(SignalRow).where(SignalRow.signal_id == request.signal_id).with_for_update()
    ).first()
    if row is None:
        raise SignalNotFoundError(f"There is no signal {request.signal_id!r} here.")
    if row.verdict is not None:
        raise IncidentStateError(f"The signal was judged before: {row.verdict}.")
    row.verdict, row.verdict_why = request.verdict, request.why
    row.settled_at, row.settled_by = context.now, context.principal.id
    entry = EvidenceDraft(
        kind=SIGNAL_SETTLED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        payload={"signal": row.signal_id, "kind": row.kind, "verdict": request.verdict, "why": request.why},
    )
    return Outcome(result=SignalSettled(signal_id=row.signal_id, verdict=request.verdict), entry=entry)


class SetSignalRule(OperationInput):
    """Which kind, and how it is heard."""

    kind: Kind = Field(description="The kind of signal.")
    mode: Literal["active", "shadow", "off"] = Field(description="active, shadow (only written down) or off.")
    response: Literal["none", "constrained", "paused"] = Field("none", description="What follows by itself.")
    profile: str | None = Field(None, max_length=40, description="Of a constraint: the profile that is left.")
    opens_incident: bool = Field(False, description="Whether an incident is opened by itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRuleLine:
    """How a kind is heard."""

    kind: str
    says: str
    mode: str
    response: str
    profile: str | None
    opens_incident: bool


@command(
    "assurance.set_signal_rule",
    groups=("assurance.change",),
    evidence=(RULE_SET,),
    http="POST /signal-rules/{kind}",
    cli="assurance set-signal-rule KIND MODE",
)
def set_signal_rule(context: CommandContext, request: SetSignalRule) -> Outcome[SignalRuleLine]:
    """Set how a kind of signal is heard, and whether it holds the agent or opens an incident by itself.

    Raises `assurance.incident_state` for a constraint without a profile.
    """
    if (request.response == "constrained") != (request.profile in PROFILES):
        raise IncidentStateError(
            "A constraint, and only one, names a profile.", remedy=f"Name one of {', '.join(sorted(PROFILES))}."
        )
    row = context.session.get(SignalRuleRow, request.kind.value, with_for_update=True)
    if row is None:
        row = SignalRuleRow(kind=request.kind.value)
        context.session.add(row)
    row.mode, row.response, row.profile = request.mode, request.response, request.profile
    row.opens_incident, row.changed_at, row.changed_by = request.opens_incident, context.now, context.principal.id
    context.session.flush()
    payload = request.model_dump(mode="json")
    entry = EvidenceDraft(
        kind=RULE_SET.name, subject_type="signal_rule", subject_id=request.kind.value, payload=payload
    )
    return Outcome(result=_line(request.kind, rules_of(context.session)[request.kind.value]), entry=entry)


class ListSignalRules(OperationInput):
    """Nothing to say."""


@query("assurance.list_signal_rules", groups=("assurance.inspect",), http="GET /signal-rules", cli="assurance rules")
def list_signal_rules(context: QueryContext, _request: ListSignalRules) -> list[SignalRuleLine]:
    """List how each kind of signal is heard."""
    rules = rules_of(context.session)
    return [_line(kind, rules.get(kind.value, SignalRule())) for kind in Kind]


def _line(kind: Kind, rule: SignalRule) -> SignalRuleLine:
    return SignalRuleLine(
        kind=kind.value,
        says=WORDS[kind],
        mode=rule.mode,
        response=rule.response,
        profile=rule.profile,
        opens_incident=rule.opens_incident,
    )
