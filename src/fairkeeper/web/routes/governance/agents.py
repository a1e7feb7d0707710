"""The agents' list, one agent with its controls, and its stream of decisions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from fairkeeper.errors import FairkeeperError
from fairkeeper.governance.actions.contain import contain, lift_containment
from fairkeeper.governance.actions.publish_description import description_path
from fairkeeper.governance.approvals.queries import ApprovalLine, list_approvals
from fairkeeper.governance.errors import ContainmentNotFoundError
from fairkeeper.governance.queries.agents import list_agents, show_agent
from fairkeeper.governance.queries.decisions import list_decisions
from fairkeeper.governance.views import (
    AgentDetail,
    AgentLine,
    ContainmentLine,
    DecisionLine,
    DecisionPage,
    LimitLine,
    PermitLine,
    UseLine,
)
from fairkeeper.overview.names import name_things
from fairkeeper.policy.decision.profiles import PROFILES
from fairkeeper.web.format import StateWord, Tone, count
from fairkeeper.web.forms import Field, FieldKind, Option, Question
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages import governance as pages
from fairkeeper.web.parts import Empty, Fact, Finding, Identifier, Level, Link
from fairkeeper.web.rendering import part
from fairkeeper.web.routes.governance.words import (
    ROOM,
    approval_row,
    decision_row,
    effect_words,
    lane_word,
    tabs,
    use_word,
)
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

TRAIL: Final = (Link(label="Agents", href="/agents"),)
SHOWN: Final = 20
_HEADS: Final = (
    *("agent", "name", "title", "customer", "environment", "version", "held", "owner", "accountable"),
    *("allowed", "asked", "refused"),
)
STREAM_SECONDS: Final = 1.0
STREAM_TURNS: Final = 600
"""After ten minutes a stream ends and the browser asks anew, so that a connection never outlives its session long."""


# -------------------- the list


def show_agents(visit: Visit) -> Response:
    """Show the agents with how each is held and what was decided today."""
    lines: list[AgentLine] = visit.run(list_agents)
    names = _names(visit, lines)
    page = pages.AgentsPage(
        frame=frame(visit, ROOM),
        sentence=_sentence(lines),
        tabs=tabs(visit, "Agents"),
        agents=Listing(
            id="agents",
            caption="Agents",
            columns=(
                Column(label="Agent"),
                Column(label="Whose"),
                Column(label="Environment"),
                Column(label="State"),
                Column(label="Accountable"),
                Column(label="Allowed today", is_number=True),
                Column(label="Asked", is_number=True),
                Column(label="Refused", is_number=True),
            ),
            rows=tuple(_row(line, names) for line in lines),
            empty=Empty(
                title="No agents yet",
                text="An agent is registered with its owner, the person accountable for it and what it is for. "
                "Then it may do what is permitted to it, and nothing else.",
            ),
            address=visit.address,
            exports=export_links(visit.address),
        ),
    )
    return visit.show(page)


def sheet_of_agents(visit: Visit) -> Sheet:
    """Return the agents as a sheet."""
    lines: list[AgentLine] = visit.run(list_agents)
    return Sheet(name="agents", heads=_HEADS, rows=tuple(_cells(line) for line in lines))


def _cells(line: AgentLine) -> tuple[Cell, ...]:
    return (
        line.agent_id,
        line.name,
        line.title,
        line.customer_id or "",
        line.environment,
        line.version,
        line.held,
        line.owner,
        line.accountable,
        line.allowed,
        line.waiting,
        line.refused,
    )


def _names(visit: Visit, lines: list[AgentLine]) -> dict[str, str]:
    ids = tuple(sorted({line.customer_id for line in lines if line.customer_id is not None}))
    if not ids or not visit.is_staff:
        return {}
    found = visit.run(name_things, ids=ids[:100]).customers
    return {each: found[each].name for each in found}


def _sentence(lines: list[AgentLine]) -> str:
    held = sum(line.held != "active" for line in lines)
    return f"{count(len(lines), 'agent')}, {held or 'none'} of them held." if lines else "Nothing may act yet."


def _row(line: AgentLine, names: dict[str, str]) -> pages.AgentRow:
    whose = "The publisher" if line.customer_id is None else names.get(line.customer_id, "Your company")
    return pages.AgentRow(
        agent=Link(label=line.title, href=f"/agents/{line.agent_id}"),
        whose=whose,
        environment=line.environment,
        state=held_word(line.held),
        accountable=line.accountable,
        allowed=line.allowed,
        waiting=line.waiting,
        refused=line.refused,
    )


def held_word(held: str) -> StateWord:
    """Return how an agent is held as a state."""
    tones = {"active": Tone.GOOD, "constrained": Tone.CARE, "paused": Tone.CARE, "revoked": Tone.BAD}
    return StateWord(word=held.capitalize(), tone=tones.get(held, Tone.CARE))


# -------------------- one agent


def show_one(visit: Visit) -> Response:
    """Show an agent: what it is for, what it may do, what it does now, what waits, how it is stopped."""
    agent: AgentDetail = visit.run(show_agent, agent_id=visit.named("agent_id")[:40])
    line = agent.line
    found: DecisionPage = visit.run(list_decisions, agent_id=line.agent_id, limit=SHOWN)
    waiting: list[ApprovalLine] = visit.run(list_approvals, agent_id=line.agent_id)
    uses = {use.use_id: use for use in agent.uses}
    page = pages.AgentPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name=line.title,
        state=held_word(line.held),
        sentence=f"Acts for: {agent.acts_for.rstrip('.')}. Accountable: {line.accountable}.",
        needs=_needs(agent),
        uses=tuple(_use(use) for use in agent.uses),
        tools=tuple(_tool(permit, uses, agent.limits) for permit in agent.permits),
        decisions=tuple(decision_row(each) for each in found.decisions),
        live_href=f"/agents/{line.agent_id}/live",
        more_href=f"/decisions?agent={line.agent_id}",
        limits=tuple(_limit(each) for each in agent.limits),
        approvals=tuple(approval_row(each) for each in waiting),
        holds=tuple(_hold(visit, agent, each) for each in agent.containments if each.is_held),
        facts=_facts(agent),
        duties=(
            Fact(label="The publisher", value=agent.publisher_duties),
            Fact(label="The customer", value=agent.customer_duties),
        ),
        threats=tuple(Fact(label=item, value=note) for item, note in sorted(agent.threat_notes.items())),
        questions=_questions(visit, agent),
    )
    return visit.show(page)


def _needs(agent: AgentDetail) -> tuple[Finding, ...]:
    if any(use.state == "approved" for use in agent.uses):
        return ()
    return (
        Finding(
            level=Level.WARNING,
            what="No intended use is approved, so every call is refused",
            remedy="Propose what it is for and what not, with a measure of its value, and have it approved.",
        ),
    )


def _use(use: UseLine) -> pages.UseCard:
    return pages.UseCard(
        title=use.title,
        state=use_word(use.state),
        context=use.business_context,
        measure=use.value_measure,
        owner=use.owner,
        not_for=tuple(use.not_for),
        known_errors=tuple(use.known_errors),
    )


def _tool(permit: PermitLine, uses: dict[str, UseLine], limits: list[LimitLine]) -> pages.ToolRow:
    own = [each for each in limits if each.scope == "tool" and each.subject_id == permit.tool_id]
    return pages.ToolRow(
        tool=permit.tool_title,
        effect=effect_words(permit.tool_effect),
        lane=lane_word(permit.lane),
        use=uses[permit.use_id].title if permit.use_id in uses else permit.use_id,
        limit="; ".join(limit_words(each) for each in own) or "none of its own",
        review=f"{permit.review_percent} % of calls" if permit.review_percent else "none",
    )


def limit_words(limit: LimitLine) -> str:
    """Return a limit in words.

    Example:
        >>> limit_words(
        ...     LimitLine(
        ...         limit_id="l",
        ...         customer_id=None,
        ...         scope="agent",
        ...         subject_id="a",
        ...         agent_id=None,
        ...         meter="calls",
        ...         currency=None,
        ...         span="day",
        ...         maximum=100,
        ...         used=3,
        ...     )
        ... )
        '100 calls a day'
    """
    if limit.meter == "units":
        what = "asks a person" if limit.asks else "stops"
        return f"{limit.maximum / 1000:,.10g} of {limit.dimension} in the term’s month or year, then {what}"
    unit = "calls" if limit.meter == "calls" else f"{limit.currency} (smallest unit)"
    span = "in all" if limit.span == "total" else f"{'an' if limit.span == 'hour' else 'a'} {limit.span}"
    return f"{limit.maximum:,} {unit} {span}"


def _limit(limit: LimitLine) -> pages.LimitRow:
    scale = 1000 if limit.meter == "units" else 1
    return pages.LimitRow(
        what=f"{limit_words(limit)}, for this {limit.scope}", used=limit.used // scale, maximum=limit.maximum // scale
    )


def _facts(agent: AgentDetail) -> tuple[Fact, ...]:
    line = agent.line
    return (
        Fact(label="Agent", value=Identifier(text=line.agent_id, names="agent id")),
        Fact(label="Version", value=line.version, note=line.environment),
        Fact(label="Owner", value=line.owner),
        Fact(label="Accountable", value=line.accountable),
        Fact(label="May act alone", value="yes" if agent.acts_alone else "no, only for a person"),
        Fact(label="Registered", value=agent.created_at),
        Fact(
            label="For whoever relies on it",
            value=Link(label="What to know", href=f"/agents/{line.agent_id}/transparency"),
        ),
        *_description(agent),
    )


def _description(agent: AgentDetail) -> tuple[Fact, ...]:
    """Return whether anybody may read about it; of the publisher's own live agents alone."""
    line = agent.line
    if line.customer_id is not None or line.environment != "live":
        return ()
    if agent.described_at is None:
        command = f"fairkeeper governance publish-description {line.agent_id}"
        return (Fact(label="Described for buyers", value="not yet", note=command),)
    link = Link(label="The public description", href=description_path(line.name))
    return (Fact(label="Described for buyers", value=link, note="without signing in"),)


# -------------------- how it is stopped

_HELD_WORDS: Final = {
    "pause": ("paused", "Pause", "Its next call is refused, and so is every one until it is let go."),
    "constrain": ("constrained", "Constrain", "Only what the chosen profile leaves is still decided."),
    "revoke": ("revoked", "Revoke", "Its next call is refused, for good."),
}


def _questions(visit: Visit, agent: AgentDetail) -> tuple[Question, ...]:
    if not visit.allows(contain) or agent.line.held == "revoked":
        return ()
    return tuple(_contain_asking(agent, how).question for how in _HELD_WORDS)


def _contain_asking(agent: AgentDetail, how: str) -> Asking:
    held, opener, effect = _HELD_WORDS[how]
    here = f"/agents/{agent.line.agent_id}"
    profile = Field(
        name="profile",
        label="What is left",
        kind=FieldKind.SELECT,
        options=tuple(Option(value=each, label=each.replace("_", " ").replace("-", " ")) for each in sorted(PROFILES)),
    )
    words = Words(
        opener=opener,
        title=f"{opener} {agent.line.title}?",
        points=(effect, "It takes effect with the next decision; other agents are not touched."),
        fields=(*((profile,) if how == "constrain" else ()), reason_field()),
        cannot_undo="a revoked agent has to be registered anew." if how == "revoke" else "",
        typed_word=agent.line.name if how == "revoke" else "",
        is_dangerous=how != "constrain",
    )
    return Asking(
        operation=contain,
        question=question_at(f"{here}/{how}", words, back=here),
        back=here,
        room=ROOM,
        fixed={"scope": "agent", "subject_id": agent.line.agent_id, "state": held},
        trail=(*TRAIL, Link(label=agent.line.title, href=here)),
    )


def _asked(visit: Visit) -> Asking:
    agent: AgentDetail = visit.run(show_agent, agent_id=visit.named("agent_id")[:40])
    how = visit.path.rpartition("/")[2]
    return _contain_asking(agent, how)


def ask_to_hold(visit: Visit) -> Response:
    """Ask before an agent is held."""
    return ask(visit, _asked(visit))


def hold(visit: Visit) -> Response:
    """Hold an agent."""
    return answer_question(visit, _asked(visit))


def _hold(visit: Visit, agent: AgentDetail, line: ContainmentLine) -> pages.HoldRow:
    may_lift = (
        visit.allows(lift_containment)
        and line.state != "revoked"
        and (visit.is_staff or not line.is_publishers)
        and line.scope == "agent"
    )
    drill = "A drill. " if line.is_drill else ""
    by = "the publisher" if line.is_publishers else "the customer"
    return pages.HoldRow(
        what=f"{drill}This {line.scope}, by {by}" + (f", leaving {line.profile}" if line.profile else ""),
        state=held_word(line.state),
        reason=line.reason,
        since_at=line.began_at,
        until_at=line.until_at,
        lift=_lift_asking(agent, line.containment_id).question if may_lift else None,
    )


def _lift_asking(agent: AgentDetail, containment_id: str) -> Asking:
    here = f"/agents/{agent.line.agent_id}"
    words = Words(
        opener="Let go",
        title=f"Let {agent.line.title} go?",
        points=("Its next call is decided as before it was held.",),
        fields=(reason_field(),),
    )
    return Asking(
        operation=lift_containment,
        question=question_at(f"{here}/lift/{containment_id}", words, back=here),
        back=here,
        room=ROOM,
        fixed={"containment_id": containment_id},
        trail=(*TRAIL, Link(label=agent.line.title, href=here)),
    )


def _lifting(visit: Visit) -> Asking:
    agent: AgentDetail = visit.run(show_agent, agent_id=visit.named("agent_id")[:40])
    named = visit.named("containment_id")[:40]
    if named not in {each.containment_id for each in agent.containments}:
        raise ContainmentNotFoundError(f"Nothing of this agent is held under {named!r}.")
    return _lift_asking(agent, named)


def ask_to_lift(visit: Visit) -> Response:
    """Ask before an agent is let go."""
    return ask(visit, _lifting(visit))


def lift(visit: Visit) -> Response:
    """Let an agent go."""
    return answer_question(visit, _lifting(visit))


# -------------------- as it happens


def stream(visit: Visit) -> Response:
    """Answer with server-sent events: each decision of an agent as the row that it is in the list."""
    agent: AgentDetail = visit.run(show_agent, agent_id=visit.named("agent_id")[:40])
    if "text/event-stream" not in visit.request.headers.get("accept", ""):
        return visit.go(f"/agents/{agent.line.agent_id}")
    return StreamingResponse(
        decisions_of(visit, agent.line.agent_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def decisions_of(
    visit: Visit, agent_id: str, *, turns: int = STREAM_TURNS, seconds: float = STREAM_SECONDS
) -> AsyncIterator[str]:
    """Yield events for the newest decisions and each that follows; whoever loses the role hears no more.

    The first turn tells what the page shows already and the browser leaves out, so that nothing is missed that was
    decided before the stream was open. Rows are remembered by their ids and not read from the last one on, since one
    that commits late may have an earlier id.
    """
    seen: set[str] = set()
    yield "retry: 3000\n\n"
    for _ in range(turns):
        if await visit.request.is_disconnected():
            return
        try:
            lines = await run_in_threadpool(_newest, visit, agent_id)
        except FairkeeperError:
            return
        new = [line for line in lines if line.decision_id not in seen]
        seen.update(line.decision_id for line in new)
        for line in reversed(new):
            row = part("parts/governance.html", "decision", decision_row(line), visit.now)
            yield f"event: decision\ndata: {' '.join(str(row).split())}\n\n"
        if not new:
            yield ": still here\n\n"
        await asyncio.sleep(seconds)


def _newest(visit: Visit, agent_id: str) -> list[DecisionLine]:
    visit.open()
    found: DecisionPage = visit.run(list_decisions, agent_id=agent_id, limit=SHOWN)
    return list(found.decisions)


WAYS: Final[tuple[Way, ...]] = (
    get("/agents", show_agents, Audience.PERSON),
    *export_ways("/agents", sheet_of_agents, Audience.PERSON),
    get("/agents/{agent_id}", show_one, Audience.PERSON),
    get("/agents/{agent_id}/live", stream, Audience.PERSON),
    *(
        way
        for how in _HELD_WORDS
        for way in (get(f"/agents/{{agent_id}}/{how}", ask_to_hold), post(f"/agents/{{agent_id}}/{how}", hold))
    ),
    get("/agents/{agent_id}/lift/{containment_id}", ask_to_lift),
    post("/agents/{agent_id}/lift/{containment_id}", lift),
)
