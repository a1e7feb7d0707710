"""What is unusual now, how each kind is heard, and whether a version may be released."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.errors import SignalNotFoundError
from fairkeeper.assurance.evaluation.running import GateLine, ReleaseStanding, run_suite, show_release
from fairkeeper.assurance.monitoring.hearing import (
    SignalLine,
    SignalRuleLine,
    list_signal_rules,
    list_signals,
    set_signal_rule,
    settle_signal,
)
from fairkeeper.errors import NotFoundError
from fairkeeper.governance.actions.promote_agent import promote_agent
from fairkeeper.governance.queries.agents import show_agent
from fairkeeper.governance.views import AgentDetail
from fairkeeper.web.format import count
from fairkeeper.web.forms import Field, FieldKind, Option
from fairkeeper.web.pages.assurance import Block, ReportPage
from fairkeeper.web.parts import Fact, Finding, Level, Link
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, names, pages_of, tabs, whose, word
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_SHOWN: Final = 50


# -------------------- signals


def show_signals(visit: Visit) -> Response:
    """Show signals that nobody has judged first, then the others."""
    lines: list[SignalLine] = visit.run(list_signals, limit=_SHOWN)
    found = names(visit, {line.customer_id for line in lines})
    waiting = [line for line in lines if line.verdict is None and line.mode == "active"]
    others = [line for line in lines if line not in waiting]
    page = ReportPage(
        frame=frame(visit, ROOM),
        name="Assurance",
        sentence=f"{count(len(waiting), 'signal')} to look at." if waiting else "Nothing unusual waits for a look.",
        tabs=tabs(visit, "Signals"),
        blocks=(
            *(_signal(visit, number, line, whose(found, line.customer_id)) for number, line in enumerate(waiting, 1)),
            Block(
                id="judged",
                heading="Judged before, or only written down",
                heads=("When", "Kind", "Whose", "Verdict", "What"),
                rows=tuple(
                    (
                        line.at,
                        line.kind.replace("_", " "),
                        whose(found, line.customer_id),
                        word(line.verdict or line.mode),
                        line.sentence,
                    )
                    for line in others
                ),
                exports=export_links(visit.address),
                empty="Every hour of each live agent is compared with its own past and with its peers'.",
            ),
        ),
    )
    return visit.show(page)


def sheet_of_signals(visit: Visit) -> Sheet:
    """Return every signal, judged or not, as a sheet."""
    heads = ("at", "id", "kind", "agent", "customer", "mode", "verdict", "incident", "what")
    return Sheet(name="signals", heads=heads, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    for lines in pages_of(visit, list_signals):
        found = names(visit, {line.customer_id for line in lines})
        for line in lines:
            told = (line.agent_id, whose(found, line.customer_id), line.mode, line.verdict, line.incident_id)
            yield (line.at, line.signal_id, line.kind, *told, line.sentence)


def _signal(visit: Visit, number: int, line: SignalLine, customer: str) -> Block:
    facts = line.facts
    told = [
        Fact(label="Agent", value=Link(label="Look at the agent", href=f"/agents/{line.agent_id}"), note=customer),
        Fact(label="Hour", value=line.at),
        Fact(label="Compared with", value=str(facts.get("baseline", ""))),
        Fact(label="Tools", value=", ".join(facts.get("tools", ())) or "none"),
        Fact(label="Data", value=", ".join(facts.get("data", ())) or "none"),
        Fact(label="For whom", value=", ".join(facts.get("persons", ())) or "nobody named"),
        Fact(label="What followed by itself", value="nothing" if line.response == "none" else line.response),
    ]
    if line.incident_id:
        told.append(
            Fact(label="Incident", value=Link(label="Open the incident", href=f"/incidents/{line.incident_id}"))
        )
    return Block(
        id=line.signal_id,
        heading=f"{number}. {line.kind.replace('_', ' ').capitalize()}",
        lines=(line.sentence,),
        facts=tuple(told),
        questions=(_settling(line.signal_id).question,) if visit.allows(settle_signal) else (),
    )


def _settling(signal_id: str) -> Asking:
    verdicts = (Option(value="real", label="It was real"), Option(value="false", label="It was a false alarm"))
    words = Words(
        opener="Judge it",
        title="What was it?",
        points=("The verdict is recorded, and counts for how well monitoring does.",),
        fields=(
            Field(name="verdict", label="Verdict", kind=FieldKind.RADIO, options=verdicts),
            reason_field(name="why"),
        ),
    )
    return Asking(
        operation=settle_signal,
        question=question_at(f"/signals/{signal_id}/settle", words, back="/assurance"),
        back="/assurance",
        room=ROOM,
        fixed={"signal_id": signal_id},
        trail=TRAIL,
    )


def ask_to_settle(visit: Visit) -> Response:
    """Ask what a signal was."""
    signal_id = visit.named("signal_id")[:40]
    if not visit.run(list_signals, signal_id=signal_id):
        raise SignalNotFoundError(f"There is no signal {signal_id!r} here.")
    return ask(visit, _settling(signal_id))


def settle(visit: Visit) -> Response:
    """Record what a signal was."""
    return answer_question(visit, _settling(visit.named("signal_id")[:40]))


# -------------------- rules


def show_rules(visit: Visit) -> Response:
    """Show how each kind of signal is heard."""
    lines: list[SignalRuleLine] = visit.run(list_signal_rules)
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name="Rules of monitoring",
        sentence="A kind in shadow is only written down; nothing follows from it.",
        tabs=tabs(visit, "Rules"),
        blocks=(
            Block(
                id="rules",
                heading="Kinds of signal",
                heads=("Kind", "Heard", "What follows by itself", "Incident", "Says"),
                rows=tuple(
                    (
                        Link(label=line.kind.replace("_", " "), href=f"/assurance/rules/{line.kind}"),
                        word(line.mode),
                        "nothing" if line.response == "none" else f"the agent is {line.response}",
                        "opened" if line.opens_incident else "not opened",
                        line.says,
                    )
                    for line in lines
                ),
            ),
        ),
    )
    return visit.show(page)


def _ruling(visit: Visit) -> Asking:
    kind = visit.named("kind")[:20]
    options = {
        "mode": (("active", "Heard"), ("shadow", "Only written down"), ("off", "Not looked for")),
        "response": (("none", "Nothing"), ("paused", "The agent is paused")),
        "opens_incident": (("false", "No"), ("true", "Yes")),
    }
    labels = {"mode": "How it is heard", "response": "What follows by itself", "opens_incident": "Open an incident"}
    fields = tuple(
        Field(
            name=name,
            label=labels[name],
            kind=FieldKind.SELECT,
            options=tuple(Option(value=value, label=label) for value, label in choices),
        )
        for name, choices in options.items()
    )
    words = Words(
        opener="Change",
        title=f"How shall “{kind.replace('_', ' ')}” be heard?",
        points=("It holds from the next hour on, for every agent.",),
        submit="Set the rule",
        fields=fields,
    )
    return Asking(
        operation=set_signal_rule,
        question=question_at(f"/assurance/rules/{kind}", words, back="/assurance/rules"),
        back="/assurance/rules",
        room=ROOM,
        fixed={"kind": kind},
        trail=TRAIL,
    )


def ask_for_rule(visit: Visit) -> Response:
    """Ask how a kind shall be heard."""
    lines: list[SignalRuleLine] = visit.run(list_signal_rules)
    if visit.named("kind") not in {line.kind for line in lines}:
        raise NotFoundError("There is no such kind of signal.", code="web.no_such_page")
    return ask(visit, _ruling(visit))


def set_rule(visit: Visit) -> Response:
    """Set how a kind is heard."""
    return answer_question(visit, _ruling(visit))


# -------------------- releases


def show_standing(visit: Visit) -> Response:
    """Show whether an agent's version may be released: suites, criteria with intervals, and what stands against it."""
    agent: AgentDetail = visit.run(show_agent, agent_id=visit.named("agent_id")[:40])
    standing: ReleaseStanding = visit.run(show_release, agent_id=agent.line.agent_id)
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=agent.line.title, href=f"/agents/{agent.line.agent_id}")),
        name=f"Release of {agent.line.title}",
        state=word("passed" if standing.may_release and standing.suites else "failed" if standing.reasons else "open"),
        sentence=_standing_words(standing),
        needs=tuple(
            Finding(level=Level.ERROR, what=reason, remedy="Mend it, run the suite again, and promote it then.")
            for reason in standing.reasons
        ),
        questions=(_promoting(agent).question,)
        if visit.allows(promote_agent) and standing.environment != "live"
        else (),
        blocks=tuple(_suite(visit, standing, line) for line in standing.suites)
        or (
            Block(
                id="none", heading="Suites", empty="No suite is saved for its intended uses, so nothing is measured."
            ),
        ),
    )
    return visit.show(page)


def _standing_words(standing: ReleaseStanding) -> str:
    version = f"Version {standing.version} in {standing.environment}"
    if not standing.suites:
        return f"{version}: no criteria are set, so nothing is known."
    return f"{version}: every criterion is met." if standing.may_release else f"{version}: it may not go live."


def _suite(visit: Visit, standing: ReleaseStanding, line: GateLine) -> Block:
    rows = [
        (
            each.measure.replace("_", " "),
            word("passed" if each.is_met else "failed"),
            f"{each.right} of {each.of}, {each.share_percent:g} %",
            f"{each.low_percent:g} to {each.high_percent:g} %",
            f"{each.at_least_percent:g} % of the {each.on.replace('_', ' ')}",
        )
        for each in (line.last.measures if line.last else ())
    ]
    missed = [each for each in (line.last.results if line.last else ()) if not each.is_as_expected]
    return Block(
        id=line.suite_id,
        heading=f"{line.suite}, for “{line.use}”",
        note=f"Last run on {line.last.ran_at:%d %b %Y %H:%M} UTC." if line.last else "Never run for this agent.",
        lines=tuple(
            f"{each.scenario}: expected {each.expected}, found {each.found} ({each.reason})." for each in missed
        ),
        heads=("Criterion", "State", "Reached", "95 % interval", "Asked for"),
        rows=tuple(rows),
        empty="No result yet.",
        questions=(_running(standing.agent_id, line.suite_id).question,) if visit.allows(run_suite) else (),
    )


def _running(agent_id: str, suite_id: str) -> Asking:
    here = f"/agents/{agent_id}/release"
    words = Words(
        opener="Run it now",
        title="Run the suite?",
        points=("Each scenario is decided as it stands now; nothing is called, and every decision is recorded.",),
    )
    return Asking(
        operation=run_suite,
        question=question_at(f"{here}/run/{suite_id}", words, back=here),
        back=here,
        room=ROOM,
        fixed={"suite_id": suite_id, "agent_id": agent_id},
        trail=TRAIL,
    )


def _promoting(agent: AgentDetail) -> Asking:
    here = f"/agents/{agent.line.agent_id}/release"
    words = Words(
        opener="Promote",
        title=f"Promote {agent.line.title} {agent.line.version}?",
        points=(
            "It is registered in the next environment with its uses and permits.",
            "Before it goes live, every criterion of its suites has to be met.",
        ),
    )
    return Asking(
        operation=promote_agent,
        question=question_at(f"{here}/promote", words, back=here),
        back=here,
        room=ROOM,
        fixed={"agent_id": agent.line.agent_id},
        trail=TRAIL,
    )


def _asked_to_run(visit: Visit) -> Asking:
    return _running(visit.named("agent_id")[:40], visit.named("suite_id")[:40])


def _asked_to_promote(visit: Visit) -> Asking:
    return _promoting(visit.run(show_agent, agent_id=visit.named("agent_id")[:40]))


def ask_to_run(visit: Visit) -> Response:
    """Ask before a suite is run."""
    asking = _asked_to_run(visit)
    standing: ReleaseStanding = visit.run(show_release, agent_id=visit.named("agent_id")[:40])
    if visit.named("suite_id") not in {line.suite_id for line in standing.suites}:
        raise NotFoundError("There is no such suite for this agent.", code="web.no_such_page")
    return ask(visit, asking)


def run(visit: Visit) -> Response:
    """Run a suite."""
    return answer_question(visit, _asked_to_run(visit))


def ask_to_promote(visit: Visit) -> Response:
    """Ask before an agent is promoted."""
    return ask(visit, _asked_to_promote(visit))


def promote(visit: Visit) -> Response:
    """Promote an agent, or say why it may not be."""
    return answer_question(visit, _asked_to_promote(visit))


WAYS: Final[tuple[Way, ...]] = (
    get("/assurance", show_signals, Audience.PERSON),
    *export_ways("/assurance", sheet_of_signals),
    get("/signals/{signal_id}/settle", ask_to_settle, Audience.STAFF),
    post("/signals/{signal_id}/settle", settle, Audience.STAFF),
    get("/assurance/rules", show_rules, Audience.STAFF),
    get("/assurance/rules/{kind}", ask_for_rule, Audience.STAFF),
    post("/assurance/rules/{kind}", set_rule, Audience.STAFF),
    get("/agents/{agent_id}/release", show_standing, Audience.PERSON),
    get("/agents/{agent_id}/release/promote", ask_to_promote, Audience.STAFF),
    post("/agents/{agent_id}/release/promote", promote, Audience.STAFF),
    get("/agents/{agent_id}/release/run/{suite_id}", ask_to_run, Audience.STAFF),
    post("/agents/{agent_id}/release/run/{suite_id}", run, Audience.STAFF),
)
