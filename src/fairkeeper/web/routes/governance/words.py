"""How governance reads on pages: lanes, reasons, arguments, who and for whom; the tabs of the room."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.governance.approvals.queries import ApprovalLine, list_approvals
from fairkeeper.governance.policies.bundle_queries import list_policies
from fairkeeper.governance.queries.agents import list_agents
from fairkeeper.governance.queries.decisions import list_decisions
from fairkeeper.governance.views import DecisionLine
from fairkeeper.web.format import StateWord, Tone
from fairkeeper.web.pages.governance import ApprovalRow, DecisionRow
from fairkeeper.web.parts import Link, Tab
from fairkeeper.web.serving.visit import Visit

ROOM: Final = "Agents"
APPROVALS_TRAIL: Final = (Link(label="Approvals", href="/approvals"),)

_LANES: Final[Mapping[str, StateWord]] = {
    "automatic": StateWord(word="Automatic", tone=Tone.GOOD),
    "approval": StateWord(word="Approval", tone=Tone.BUSY),
    "not_permitted": StateWord(word="Not permitted", tone=Tone.QUIET),
    "never": StateWord(word="Never", tone=Tone.BAD),
}
_STATES: Final[Mapping[str, StateWord]] = {
    "pending": StateWord(word="Waiting", tone=Tone.BUSY),
    "approved": StateWord(word="Approved", tone=Tone.GOOD),
    "consumed": StateWord(word="Used", tone=Tone.QUIET),
    "denied": StateWord(word="Refused", tone=Tone.BAD),
    "cancelled": StateWord(word="Taken back", tone=Tone.QUIET),
    "expired": StateWord(word="Expired", tone=Tone.QUIET),
}
_EFFECTS: Final[Mapping[str, str]] = {
    "read": "reads",
    "write": "changes something",
    "external": "sends something outside",
    "irreversible": "cannot be undone",
}


def lane_word(lane: str | None) -> StateWord:
    """Return a lane as a state.

    Example:
        >>> lane_word("not permitted").word
        'Not permitted'
    """
    return _LANES.get((lane or "").replace(" ", "_"), StateWord(word="Not decided", tone=Tone.CARE))


def approval_word(state: str) -> StateWord:
    """Return where a question stands as a state."""
    return _STATES.get(state, StateWord(word=state, tone=Tone.CARE))


def use_word(use: str) -> StateWord:
    """Return how an intended use stands."""
    tones = {"approved": Tone.GOOD, "proposed": Tone.BUSY, "withdrawn": Tone.QUIET}
    return StateWord(word=use.capitalize(), tone=tones.get(use, Tone.CARE))


def effect_words(effect: str) -> str:
    """Return what a tool does at worst, in words."""
    return _EFFECTS.get(effect, effect)


def decision_word(line: DecisionLine) -> StateWord:
    """Return how a call came out as a state."""
    if line.allowed:
        return StateWord(word="Allowed", tone=Tone.GOOD)
    if line.reason in ("approval_needed", "approval_pending"):
        return StateWord(word="Asked", tone=Tone.BUSY)
    if line.lane == "never":
        return StateWord(word="Never", tone=Tone.BAD)
    return StateWord(word="Refused", tone=Tone.CARE)


def decision_row(line: DecisionLine) -> DecisionRow:
    """Return a decision as it stands in lists."""
    detail = f" {line.detail}" if line.detail else ""
    return DecisionRow(
        id=line.decision_id,
        at=line.at,
        agent=Link(label=line.agent_name, href=f"/agents/{line.agent_id}"),
        tool=line.tool_name,
        state=decision_word(line),
        why=f"{line.sentence}{detail}",
        href=f"/decisions/{line.decision_id}",
        outcome="" if line.outcome is None else f"Then: {line.outcome}.",
    )


def approval_row(line: ApprovalLine) -> ApprovalRow:
    """Return a question as it stands in lists."""
    again = f"Asked again {line.repeats} times." if line.repeats else ""
    where = "" if line.environment == "live" else f"In {line.environment}."
    return ApprovalRow(
        href=f"/approvals/{line.approval_id}",
        what=line.tool_title,
        agent=line.agent_title,
        asked_at=line.asked_at,
        ends_at=line.ends_at,
        state=approval_word(line.state),
        note=" ".join(part for part in (where, again) if part),
        is_irreversible=line.is_irreversible,
    )


def value_words(value: Any) -> str:
    """Return an argument as a person reads it: a text as it is, everything else as JSON.

    Example:
        >>> value_words("Hello"), value_words(["a", 1])
        ('Hello', '["a", 1]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def tabs(visit: Visit, here: str) -> tuple[Tab, ...]:
    """Return the room's tabs for whoever asks, with how much waits."""
    offered = (
        ("Agents", "/agents", list_agents),
        ("Approvals", "/approvals", list_approvals),
        ("Decisions", "/decisions", list_decisions),
        ("Policies", "/policies", list_policies),
    )
    found = []
    for label, href, operation in offered:
        if visit.allows(operation):
            count = len(visit.run(list_approvals)) if operation is list_approvals else None
            found.append(Tab(label=label, href=href, is_here=label == here, count=count or None))
    return tuple(found)
