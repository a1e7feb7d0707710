"""Monitoring in service: reads an hour of decisions, judges it, writes down signals, and remembers.

One hour at a time and in order, each once: what is remembered of every agent says up to when it was judged. An agent is
compared with the live agents that bear its name (one product, many customers).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Final

from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.assurance.evidence_kinds import SIGNAL_RAISED
from fairkeeper.assurance.monitoring.acts import WORDS, Act, Kind
from fairkeeper.assurance.monitoring.panel import HOURS, Panel
from fairkeeper.assurance.monitoring.watch import Episodes, Raised, Watch
from fairkeeper.assurance.tables import BehaviourRow, SignalRow, SignalRuleRow
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.tables import AgentRow, DataGrantRow, DecisionBasisRow, DecisionRow, PermitRow
from fairkeeper.policy.decision.labels import NO_LABELS, Labels, join, labels_from_json
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.decision.record import read_basis
from fairkeeper.values.clock import parse_instant
from fairkeeper.values.ids import CustomerId, new_id

RESPOND: Final = "assurance.respond"
HOUR: Final = timedelta(hours=1)
_NEWS: Final = timedelta(days=14)
_SENSITIVE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRule:
    """How a kind is heard."""

    mode: str = "active"
    response: str = "none"
    profile: str | None = None
    opens_incident: bool = False


def rules_of(session: Session) -> Mapping[str, SignalRule]:
    """Return what was set for kinds; the others are active and only told."""
    return {
        row.kind: SignalRule(
            mode=row.mode, response=row.response, profile=row.profile, opens_incident=row.opens_incident
        )
        for row in session.scalars(select(SignalRuleRow))
    }


class JudgeHour(OperationInput):
    """Which hour."""

    began_at: AwareDatetime = Field(description="Its beginning.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HourJudged:
    """What came of it."""

    agents: int
    acts: int
    signals: int


@internal_command("assurance.judge_hour", evidence=())
def judge_hour(context: CommandContext, request: JudgeHour) -> Outcome[HourJudged]:
    """Judge one hour of every live agent; what is raised becomes background work, each with an entry of its own."""
    session = context.session
    agents = list(session.scalars(select(AgentRow).where(AgentRow.environment == "live").order_by(AgentRow.agent_id)))
    kept = {row.agent_id: row for row in session.scalars(select(BehaviourRow).with_for_update())}
    judged = [each for each in agents if _is_due(kept.get(each.agent_id), request.began_at)]
    roster = {each.agent_id: each.name for each in judged}
    acts = acts_of(session, request.began_at, request.began_at + HOUR, set(roster))
    stored = {agent: content for agent in roster if agent in kept and (content := _read(kept[agent].content))}
    watch = Watch(Panel.from_json(roster, stored), episodes=_episodes(stored))
    raised = watch.observe(request.began_at, acts, _announced(session, request.began_at))
    rules = rules_of(session)
    for each in raised:
        rule = rules.get(each.kind.value, SignalRule())
        if rule.mode != "off":
            context.enqueue(
                "assurance.raise_signal",
                f"{each.agent_id}:{each.kind.value}:{each.at.isoformat()}",
                {"told": json.dumps(told(each))},
            )
    _remember(session, watch, judged, kept, request.began_at + HOUR)
    result = HourJudged(agents=len(judged), acts=len(acts), signals=len(raised))
    return Outcome(result=result, entry=None)


def _read(content: str) -> dict[str, Any]:
    """Return what is remembered; nothing where an older version wrote it, so that the agent begins anew."""
    found: dict[str, Any] = json.loads(content)
    return found if len(found.get("vectors", {}).get("day_calls", ())) == HOURS else {}


def _is_due(row: BehaviourRow | None, began_at: datetime) -> bool:
    return row is None or row.through_at <= began_at


def acts_of(session: Session, since: datetime, until: datetime, agents: set[str]) -> list[Act]:
    """Return the decisions of a span as acts, with what their records say."""
    rows = session.execute(
        select(DecisionRow, EntryRow.payload)
        .join(EntryRow, EntryRow.entry_id == DecisionRow.entry_id)
        .where(DecisionRow.at >= since, DecisionRow.at < until)
        .order_by(DecisionRow.decision_id)
    ).all()
    bases: dict[str, Any] = {}
    acts = []
    for row, payload in rows:
        if row.agent_id in agents:
            acts.append(_act(session, row, payload, bases))
    return acts


def _act(session: Session, row: DecisionRow, payload: str | None, bases: dict[str, Any]) -> Act:
    if row.basis_digest not in bases:
        kept = session.get(DecisionBasisRow, row.basis_digest)
        bases[row.basis_digest] = None if kept is None else read_basis(kept.content).tool
    tool = bases[row.basis_digest]
    inputs = json.loads(payload or "{}").get("inputs") or {}
    labels = _labels(inputs)
    return Act(
        at=row.at,
        agent_id=row.agent_id,
        tool=row.tool_name,
        data=() if tool is None else (*tool.reads, *tool.writes),
        is_denied=not row.allowed and row.reason != Reason.APPROVAL_NEEDED.value,
        is_waiting=row.reason == Reason.APPROVAL_NEEDED.value,
        is_failed=row.outcome == "error",
        is_untrusted=not labels.is_trusted,
        is_sensitive=labels.sensitivity >= _SENSITIVE,
        person_id=row.person_id,
        task_id=row.task_id,
        amount_minor=_amount(row.reservations),
        decision_id=row.decision_id,
    )


def _labels(inputs: Mapping[str, Any]) -> Labels:
    """Return the labels that reached a call: the caller's and the task's, whichever says worse."""
    stated = [labels_from_json(inputs[name]) for name in ("call_labels", "task_labels") if name in inputs]
    return reduce(join, stated, NO_LABELS)


def _amount(reservations: str | None) -> int | None:
    """Return what a call took from limits on money; counts of calls take 1 and say nothing."""
    taken = [int(each[2]) for each in json.loads(reservations or "[]")]
    return max((each for each in taken if each > 1), default=None)


def _announced(session: Session, at: datetime) -> set[tuple[str, str]]:
    since = at - _NEWS
    tools = session.execute(select(PermitRow.agent_id, PermitRow.tool_name).where(PermitRow.granted_at >= since)).all()
    data = session.execute(
        select(DataGrantRow.agent_id, DataGrantRow.data_class).where(DataGrantRow.granted_at >= since)
    ).all()
    return {(agent, name) for agent, name in (*tools, *data)}


def _episodes(stored: Mapping[str, Any]) -> Episodes:
    open_ones: list[Any] = []
    last_at: dict[str, str] = {}
    for agent, kept in stored.items():
        episodes = kept.get("episodes", {})
        open_ones += episodes.get("open", [])
        if agent in episodes.get("last_at", {}):
            last_at[agent] = episodes["last_at"][agent]
    return Episodes.from_json({"open": open_ones, "last_at": last_at})


def _remember(
    session: Session,
    watch: Watch,
    judged: Sequence[AgentRow],
    kept: Mapping[str, BehaviourRow],
    through_at: datetime,
) -> None:
    panel, episodes = watch.panel.to_json(), watch.episodes.to_json()
    for agent in judged:
        mine = {
            "open": [each for each in episodes["open"] if each[0] == agent.agent_id],
            "last_at": {key: at for key, at in episodes["last_at"].items() if key == agent.agent_id},
        }
        content = json.dumps({**panel[agent.agent_id], "episodes": mine})
        row = kept.get(agent.agent_id)
        if row is None:
            row = BehaviourRow(
                agent_id=agent.agent_id, customer_id=agent.customer_id, content=content, through_at=through_at
            )
            session.add(row)
        row.content, row.through_at = content, through_at
    session.flush()


def told(raised: Raised) -> dict[str, Any]:
    """Return a signal as plain JSON: what, why it is unusual, against which baseline, with whom and what."""
    acts = raised.acts
    return {
        "agent_id": raised.agent_id,
        "kind": raised.kind.value,
        "at": raised.at.isoformat(),
        "rings": raised.is_new_episode,
        "what": raised.what,
        "observed": f"{raised.observed:.4g}",
        "expected": f"{raised.expected:.3g}",
        "chance": f"{raised.chance:.1e}",
        "baseline": baseline_words(raised),
        "tools": sorted({act.tool for act in acts}),
        "data": sorted({name for act in acts for name in act.data}),
        "persons": sorted({act.person_id for act in acts if act.person_id})[:20],
        "decisions": [act.decision_id for act in acts if act.decision_id],
    }


def baseline_words(raised: Raised) -> str:
    """Say what a signal was judged against."""
    own = f"{raised.own_days} days and {raised.own_calls:,} calls of its own"
    return f"{own}, and {raised.peers} other agents named {raised.group}" if raised.peers else own


class RaiseSignal(OperationInput):
    """What was found."""

    told: str = Field(max_length=20_000, description="The signal, as JSON.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRaised:
    """The signal."""

    signal_id: str
    response: str


@internal_command("assurance.raise_signal", evidence=(SIGNAL_RAISED,))
def raise_signal(context: CommandContext, request: RaiseSignal) -> Outcome[SignalRaised]:
    """Write down a signal with its evidence entry; what has to follow becomes background work."""
    facts = json.loads(request.told)
    session, at = context.session, parse_instant_of(facts["at"])
    found = session.scalars(
        select(SignalRow).where(
            SignalRow.agent_id == facts["agent_id"], SignalRow.kind == facts["kind"], SignalRow.at == at
        )
    ).first()
    if found is not None:
        return Outcome(result=SignalRaised(signal_id=found.signal_id, response=found.response), entry=None)
    agent = session.get_one(AgentRow, facts["agent_id"])
    rule = rules_of(session).get(facts["kind"], SignalRule())
    is_active = rule.mode == "active"
    row = SignalRow(
        signal_id=new_id("sig"),
        customer_id=agent.customer_id,
        agent_id=agent.agent_id,
        kind=facts["kind"],
        at=at,
        mode=rule.mode,
        rings=bool(facts["rings"]),
        sentence=sentence_of(facts),
        facts={name: value for name, value in facts.items() if name not in {"agent_id", "kind", "at", "rings"}},
        response=rule.response if is_active else "none",
    )
    session.add(row)
    session.flush()
    if is_active and (rule.response != "none" or rule.opens_incident):
        context.enqueue(RESPOND, row.signal_id, {"signal_id": row.signal_id}, customer_id=agent.customer_id)
    entry = EvidenceDraft(
        kind=SIGNAL_RAISED.name,
        subject_type="agent",
        subject_id=agent.agent_id,
        customer_id=CustomerId(agent.customer_id) if agent.customer_id else None,
        payload={
            "agent": agent.title,
            "signal": row.signal_id,
            "kind": row.kind,
            "what": row.sentence,
            "baseline": facts["baseline"],
            "chance": facts["chance"],
            "mode": row.mode,
            "decisions": facts["decisions"][:20],
        },
    )
    return Outcome(result=SignalRaised(signal_id=row.signal_id, response=row.response), entry=entry)


def parse_instant_of(text: str) -> datetime:
    """Return an instant that Python or Fairkeeper wrote."""
    return parse_instant(text) if text.endswith("Z") else datetime.fromisoformat(text)


def sentence_of(facts: Mapping[str, Any]) -> str:
    """Say what happened and why it is unusual.

    Example:
        >>> sentence_of({"kind": "first_tool", "what": "export", "observed": "1", "expected": "0", "chance": "1e-05"})
        'A tool was used that neither this agent nor any of its peers had used before. It was export.'
    """
    kind = Kind(facts["kind"])
    if facts["what"]:
        return f"{WORDS[kind]} It was {facts['what']}."
    return (
        f"{WORDS[kind]} {facts['observed']} where {facts['expected']} were to be expected; "
        f"by chance that comes once in {_odds(facts['chance'])}."
    )


def _odds(chance: str) -> str:
    odds = 1 / max(float(chance), 1e-15)
    return f"{odds:.0e}".replace("e+", " × 10^") if odds > 1e7 else f"{round(odds):,}"
