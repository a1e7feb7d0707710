"""Decisions, and one of them: who, for whom, on what data, what was decided, by which policies, why, what then."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.evidence.queries import show_entry
from fairkeeper.evidence.views import EntryProof
from fairkeeper.governance.queries.decisions import list_decisions, show_decision
from fairkeeper.governance.views import DecisionDetail
from fairkeeper.governance.views import DecisionPage as Found
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import governance as pages
from fairkeeper.web.parts import Empty, Fact, Identifier, Link, Proof
from fairkeeper.web.routes.governance.words import ROOM, decision_row, decision_word, lane_word, tabs
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import proof_of
from fairkeeper.web.serving.tracing import trace_way
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

PAGE_ROWS: Final = 50
EXPORT_ROWS: Final = 500
MOST_EXPORTED: Final = 20_000
TRAIL: Final = (Link(label="Decisions", href="/decisions"),)
_HEADS: Final = ("decision", "at", "agent", "tool", "allowed", "lane", "reason", "detail", "outcome", "entry")
_OUTCOMES: Final = (Choice(value="yes", label="Allowed"), Choice(value="no", label="Asked or refused"))


def show_decisions(visit: Visit) -> Response:
    """Show decisions, the newest first, filtered by the address."""
    found = _found(visit, before=visit.query("before"), limit=PAGE_ROWS)
    more = found.more_before
    page = pages.DecisionsPage(
        frame=frame(visit, ROOM),
        sentence="Every call that an agent asked for, with its answer and the reason.",
        tabs=tabs(visit, "Decisions"),
        decisions=Listing(
            id="decisions",
            caption="Decisions",
            columns=(Column(label="Decision"),),
            rows=tuple(decision_row(line) for line in found.decisions),
            empty=Empty(title="Nothing has been decided yet", text="Each call of an agent appears here by itself."),
            address=visit.address,
            filters=(
                Filter(name="allowed", label="Answer", choices=_OUTCOMES),
                Filter(name="agent", label="Agent id", placeholder="agt_…"),
            ),
            exports=export_links(visit.address),
            paging=Paging(
                shown=f"{len(found.decisions)} shown",
                next_href=str(visit.address.having(before=more)) if more else "",
            ),
        ),
    )
    return visit.show(page)


def sheet_of_decisions(visit: Visit) -> Sheet:
    """Return the decisions that the address shows as a sheet, the newest 20,000."""
    return Sheet(name="decisions", heads=_HEADS, rows=_cells(visit))


def _cells(visit: Visit) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    before: str | None = visit.query("before")
    while before is not None and len(rows) < MOST_EXPORTED:
        found = _found(visit, before=before, limit=EXPORT_ROWS)
        rows += [
            (
                line.decision_id,
                line.at,
                line.agent_id,
                line.tool_name,
                "yes" if line.allowed else "no",
                line.lane or "",
                line.reason,
                line.detail,
                line.outcome or "",
                line.entry_id,
            )
            for line in found.decisions
        ]
        before = found.more_before
    return rows


def _found(visit: Visit, *, before: str, limit: int) -> Found:
    asked: dict[str, Any] = {"agent_id": visit.query("agent"), "before": before, "limit": limit}
    if visit.query("allowed") in ("yes", "no"):
        asked["allowed"] = visit.query("allowed") == "yes"
    found: Found = visit.read(list_decisions, **asked)
    return found


def show_one(visit: Visit) -> Response:
    """Show everything about one decision."""
    found: DecisionDetail = visit.run(show_decision, decision_id=visit.named("decision_id")[:40])
    line, record = found.line, found.record or {}
    answer, inputs = record.get("answer", {}), record.get("inputs", {})
    page = pages.DecisionPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=line.agent_name, href=f"/agents/{line.agent_id}")),
        name=f"{line.agent_name}: {line.tool_name}",
        state=decision_word(line),
        sentence=f"{line.sentence}{f' {line.detail}' if line.detail else ''}",
        who=_who(found, inputs),
        what=_what(found, record),
        arguments=json.dumps(inputs.get("arguments"), indent=2, ensure_ascii=False) if inputs else "",
        data=_data(inputs, answer),
        policies=_policies(found, answer),
        then=_then(found),
        proof=_proof(visit, found),
        actions=(trace_way(line.decision_id),),
        record=(
            Fact(label="Entry", value=Identifier(text=line.entry_id, names="entry id")),
            Fact(
                label="Action",
                value=Identifier(text=found.binding_digest, names="digest of the action"),
                note="what an approval is bound to",
            ),
            Fact(label="Policies", value=Identifier(text=found.bundle_digest, names="digest of the policies in force")),
            Fact(label="Facts", value=Identifier(text=found.basis_digest, names="digest of what was registered")),
        ),
    )
    return visit.show(page)


def _who(found: DecisionDetail, inputs: dict[str, Any]) -> tuple[Fact, ...]:
    line, caller = found.line, inputs.get("caller", {})
    whom = found.person_id or ("a person through a delegation" if inputs.get("chain") else "nobody: it acts by itself")
    return (
        Fact(label="Agent", value=Link(label=line.agent_name, href=f"/agents/{line.agent_id}")),
        Fact(label="Asked by", value=Identifier(text=str(caller.get("id", "unknown")), names="id of the program")),
        Fact(label="For", value=whom),
        Fact(label="Task", value=found.task_id, note="labels of what it has read follow the task"),
        Fact(label="Delegations", value=len(inputs.get("chain", ()))),
    )


def _what(found: DecisionDetail, record: dict[str, Any]) -> tuple[Fact, ...]:
    use = found.use
    return (
        Fact(label="Tool", value=found.line.tool_name, note=str(record.get("environment", ""))),
        Fact(label="Serves", value=None if use is None else use.title),
        Fact(label="When", value=found.line.at),
        Fact(label="Touches", value=_things(record.get("inputs", {}).get("resources", ()))),
    )


def _things(resources: Any) -> str | None:
    return ", ".join(f"{each.get('type')} {each.get('id')}" for each in resources) or None


def _data(inputs: dict[str, Any], answer: dict[str, Any]) -> tuple[Fact, ...]:
    labels = answer.get("labels", {})
    trusted = labels.get("trusted", True)
    return (
        Fact(label="Sources", value=", ".join(labels.get("sources", ())) or "none named"),
        Fact(label="Trusted", value="all of it" if trusted else "no: something in it cannot be trusted"),
        Fact(label="Sensitivity", value=_SENSITIVITY.get(labels.get("sensitivity", 0), "unknown")),
        Fact(label="Of customers", value=", ".join(labels.get("customers", ())) or "the agent's own"),
        Fact(label="Follows", value=", ".join(inputs.get("inputs", ())) or None),
    )


_SENSITIVITY: Final = {0: "public", 1: "internal", 2: "confidential", 3: "restricted"}


def _policies(found: DecisionDetail, answer: dict[str, Any]) -> tuple[Fact, ...]:
    line = found.line
    lane = lane_word(line.lane)
    response = str(answer.get("response") or "").replace("_", " ")
    return (
        Fact(label="Lane", value=lane, note="a forbid that nothing lifts" if line.lane == "never" else ""),
        Fact(label="Policies", value=", ".join(answer.get("policies", ())) or "none applied"),
        *(
            Fact(label="Because", value=found.reasons[each], note=f"as {each} says")
            for each in answer.get("policies", ())
            if each in found.reasons
        ),
        Fact(label="Risk asks for", value=response or None, note="from severity, reversibility and impact"),
        Fact(label="Reason", value=line.reason.replace("_", " ")),
        Fact(label="Limits taken", value=_limits(answer.get("limits", ()))),
        Fact(label="Failed", value="; ".join(answer.get("errors", ())) or None),
    )


def _limits(limits: Any) -> str | None:
    return "; ".join(f"{each['limit']}: {each['before']} to {each['after']}" for each in limits) or None


def _then(found: DecisionDetail) -> tuple[Fact, ...]:
    record = found.record or {}
    answer = record.get("answer", {})
    asked, used = record.get("approval_asked"), answer.get("approval_used")
    facts = [
        Fact(
            label="Outcome",
            value=found.line.outcome or ("not reported yet" if found.line.allowed else "it was not carried out"),
        ),
        Fact(label="Reported", value=found.outcome_at),
    ]
    if asked:
        facts.append(Fact(label="Approval asked", value=Link(label=str(asked), href=f"/approvals/{asked}")))
    if used and str(used).startswith("apr_"):
        facts.append(Fact(label="Approved by", value=Link(label=str(used), href=f"/approvals/{used}")))
    elif used:
        facts.append(Fact(label="Approved by", value=f"a standing approval, {used}"))
    if found.review is not None:
        facts.append(Fact(label="Review", value=found.review.verdict or "waits for a person"))
    return tuple(facts)


def _proof(visit: Visit, found: DecisionDetail) -> Proof | None:
    """Return the badge that leads to the proof, for those who may read evidence."""
    if not visit.allows(show_entry):
        return None
    entry: EntryProof = visit.run(show_entry, entry_id=found.line.entry_id)
    return proof_of(entry.entry)


WAYS: Final[tuple[Way, ...]] = (
    get("/decisions", show_decisions, Audience.PERSON),
    *export_ways("/decisions", sheet_of_decisions, Audience.PERSON),
    get("/decisions/{decision_id}", show_one, Audience.PERSON),
)
