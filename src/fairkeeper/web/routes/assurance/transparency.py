"""What people need to know about an agent they rely on, in the words of whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.transparency.showing import OpenEvaluation, OpenTool, Transparency, show_transparency
from fairkeeper.governance.actions.contain import contain
from fairkeeper.web.format import count
from fairkeeper.web.pages.assurance import Block, Cell, ReportPage
from fairkeeper.web.parts import Fact, Finding, Level, Link
from fairkeeper.web.routes.assurance.words import word
from fairkeeper.web.routes.governance.agents import TRAIL, held_word, limit_words
from fairkeeper.web.routes.governance.words import ROOM, effect_words
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get


def show_one(visit: Visit) -> Response:
    """Show what is to be known about an agent."""
    told: Transparency = visit.run(show_transparency, agent_id=visit.named("agent_id")[:40])
    here = f"/agents/{told.agent_id}"
    begins = "It may start by itself." if told.acts_alone else "It acts only for a person who asked for it."
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=told.title, href=here)),
        name=f"About {told.title}",
        state=held_word(told.held),
        sentence=f"Version {told.version} in {told.environment}. Acts for: {told.acts_for.rstrip('.')}. {begins}",
        needs=_needs(told),
        blocks=(
            _uses(told),
            _reliance(told),
            _lanes(told),
            _data(told),
            _evaluation(told),
            _incidents(told),
            _people(told),
            _stop(told, may=visit.allows(contain)),
        ),
    )
    return visit.show(page)


def _needs(told: Transparency) -> tuple[Finding, ...]:
    found = []
    unsettled = sum(each.state != "closed" for each in told.incidents)
    if unsettled:
        found.append(
            Finding(
                level=Level.WARNING,
                what=f"{count(unsettled, 'incident')} of this agent not closed",
                remedy="Ask whoever is accountable before you rely on it.",
            )
        )
    if not told.uses:
        found.append(
            Finding(
                level=Level.WARNING,
                what="No intended use is approved now, so it does nothing",
                remedy="Ask its owner what it is for.",
            )
        )
    return tuple(found)


def _uses(told: Transparency) -> Block:
    rows: list[Sequence[Cell]] = [
        (
            use.title,
            use.business_context,
            "; ".join(use.not_for) or "nothing is named; ask its owner",
            use.value_measure,
        )
        for use in told.uses
    ]
    return Block(
        id="uses",
        heading="What it is for, and what not",
        heads=("Intended use", "Where", "Not for", "Judged by"),
        rows=rows,
        empty="Nothing: no intended use is approved.",
    )


def _reliance(told: Transparency) -> Block:
    lines = ["It is an AI agent. What it says can be wrong and sound sure; look at the source before you act on it."]
    known = [(use.title, error) for use in told.uses for error in use.known_errors]
    lines += [f"Known to go wrong in “{title}”: {error.rstrip('.')}." for title, error in known]
    if not known:
        lines.append("No kind of error is recorded; that says that nobody wrote one down, not that there is none.")
    if told.alone:
        lines.append("What it does without asking was looked at by nobody before it happened.")
    lines += [
        f"About {each.data_class}: {each.quality_note.rstrip('.')}." for each in told.data if each.quality_note.strip()
    ]
    lines.append("Do not rely on it for anything outside its intended uses.")
    return Block(id="reliance", heading="How to read what it gives you", lines=lines)


def _lanes(told: Transparency) -> Block:
    rows = [_tool(each, "It does this without asking") for each in told.alone]
    rows += [_tool(each, "Only after a person approved the call") for each in told.asks]
    return Block(
        id="lanes",
        heading="What it may do",
        note="Everything that is not listed is refused.",
        heads=("What", "How", "Why it may", "Reviewed"),
        rows=rows,
        lines=tuple(f"At most {limit_words(each)}, for this {each.scope}." for each in told.limits),
        empty="Nothing: every call is refused.",
    )


def _tool(tool: OpenTool, how: str) -> Sequence[Cell]:
    checked = f"{tool.checked_percent} % of calls" if tool.checked_percent else "no"
    return (f"{tool.title} ({effect_words(tool.effect)})", how, f"For “{tool.for_use}”", checked)


def _data(told: Transparency) -> Block:
    return Block(
        id="data",
        heading="Which data it handles",
        note="What it did is in your record. When your company's data is erased, contents go and digests stay.",
        heads=("Data", "It may", "Allowed by", "For", "Until"),
        rows=tuple(
            (
                each.data_class,
                " and ".join(verb for verb, may in (("read it", each.may_read), ("change it", each.may_write)) if may),
                each.owner,
                each.for_use,
                each.ends_at,
            )
            for each in told.data
        ),
        empty="No data is granted to it.",
    )


def _evaluation(told: Transparency) -> Block:
    return Block(
        id="evaluation",
        heading="How it was evaluated",
        heads=("Evaluation", "For", "Last run", "State", "For this version"),
        rows=tuple(_run(each) for each in told.evaluations),
        empty="It was never evaluated here, so nothing is known about how well it does.",
    )


def _run(each: OpenEvaluation) -> Sequence[Cell]:
    state = word("open" if each.ran_at is None else "passed" if each.has_passed else "failed")
    return (each.suite, each.use, each.ran_at or "never", state, each.why_not or "it holds for this version")


def _incidents(told: Transparency) -> Block:
    return Block(
        id="incidents",
        heading="Incidents",
        heads=("What kind", "State", "Severity", "Opened", "Closed"),
        rows=tuple(
            (
                each.category.replace("_", " ").capitalize(),
                word(each.state),
                word(each.severity),
                each.opened_at,
                each.closed_at or "not yet",
            )
            for each in told.incidents
        ),
        empty="None is known.",
    )


def _people(told: Transparency) -> Block:
    return Block(
        id="people",
        heading="Who answers for it",
        facts=(
            Fact(label="Accountable", value=told.accountable),
            Fact(label="Owner", value=told.owner),
            Fact(label="The publisher answers for", value=told.publisher_duties),
            Fact(label="The customer answers for", value=told.customer_duties),
        ),
    )


def _stop(told: Transparency, *, may: bool) -> Block:
    now = "It is not stopped." if told.held == "active" else f"It is {told.held} now."
    lines = [
        now,
        "Paused, its next call is refused, and every one after it until it is let go; other agents go on.",
    ]
    facts: tuple[Fact, ...] = ()
    if may and told.held != "revoked":
        facts = (Fact(label="Pause", value=Link(label="Pause it", href=f"/agents/{told.agent_id}/pause")),)
    else:
        lines.append("An administrator of your company, or the publisher, can pause it at any time.")
    return Block(id="stop", heading="How to stop it", lines=lines, facts=facts)


WAYS: Final[tuple[Way, ...]] = (get("/agents/{agent_id}/transparency", show_one, Audience.PERSON),)
