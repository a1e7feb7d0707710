"""Saving a suite, running it by real decisions, and saying which releases may go out.

A run decides each scenario as the hot path would, in the run's own transaction; every decision is in the evidence. The
agent of a test environment is run before it is promoted; a live one by schedule, and a failed criterion there opens an
incident and withdraws the intended use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    TextFile,
    command,
    query,
)
from fairkeeper.assurance.errors import ReleaseRefusedError, SuiteNotFoundError
from fairkeeper.assurance.evaluation.suites import (
    Expected,
    Measured,
    Result,
    Scenario,
    Suite,
    as_plain,
    measured,
    read_suite,
)
from fairkeeper.assurance.evidence_kinds import EVALUATED, SUITE_SAVED
from fairkeeper.assurance.tables import SuiteRow, SuiteRunRow
from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.deciding.within import decide_within
from fairkeeper.governance.store import load_agent, load_use, load_use_of
from fairkeeper.governance.tables import AgentRow, DecisionRow, IntendedUseRow
from fairkeeper.policy.decision.facts import Call, Caller, Lane, Person, Verdict
from fairkeeper.policy.decision.labels import NO_LABELS, Labels
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.values.ids import new_id

FOLLOW = "assurance.follow_failed_run"


class SaveSuite(OperationInput):
    """For which intended use, and the suite."""

    use_id: str = Field(max_length=40, description="The intended use's id.")
    file: TextFile = Field(description="The suite, as YAML or JSON.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteSaved:
    """The suite as it is kept."""

    suite_id: str
    name: str
    scenarios: int


@command(
    "assurance.save_suite",
    groups=("assurance.change",),
    evidence=(SUITE_SAVED,),
    http="POST /uses/{use_id}/suites",
    cli="assurance save-suite USE_ID FILE",
)
def save_suite(context: CommandContext, request: SaveSuite) -> Outcome[SuiteSaved]:
    """Save a suite of an intended use; one of the same name is replaced, and has to be run again.

    Raises `assurance.suite_unreadable`.
    """
    suite = read_suite(request.file.text)
    use = load_use(context.session, request.use_id)
    row = context.session.scalars(
        select(SuiteRow)
        .where(SuiteRow.agent_id == use.agent_id, SuiteRow.use_title == use.title, SuiteRow.name == suite.name)
        .with_for_update()
    ).first()
    if row is None:
        row = SuiteRow(
            suite_id=new_id("sui"),
            customer_id=use.customer_id,
            agent_id=use.agent_id,
            use_title=use.title,
            name=suite.name,
        )
        context.session.add(row)
    row.use_id, row.content = use.use_id, suite.model_dump(mode="json")
    row.saved_at, row.saved_by = context.now, context.principal.id
    context.session.flush()
    entry = EvidenceDraft(
        kind=SUITE_SAVED.name,
        subject_type="suite",
        subject_id=row.suite_id,
        customer_id=row.customer_id,
        payload={"name": suite.name, "scenarios": len(suite.scenarios), "use": use.title, "agent": row.agent_id},
    )
    return Outcome(result=SuiteSaved(suite_id=row.suite_id, name=row.name, scenarios=len(suite.scenarios)), entry=entry)


class RunSuite(OperationInput):
    """Which suite, for which agent."""

    suite_id: str = Field(max_length=40, description="The suite's id.")
    agent_id: str = Field(
        "", max_length=40, description="The agent in the environment to run it in; empty: where it was saved."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run found."""

    run_id: str
    suite_id: str
    suite: str
    agent_id: str
    version: str
    environment: str
    ran_at: datetime
    has_passed: bool
    measures: list[Measured]
    results: list[Result]


@command(
    "assurance.run_suite",
    groups=("assurance.change",),
    evidence=(EVALUATED,),
    http="POST /suites/{suite_id}/run",
    cli="assurance run-suite SUITE_ID",
)
def run_suite(context: CommandContext, request: RunSuite) -> Outcome[RunReport]:
    """Run a suite: each scenario is decided as it stands now, and each decision is in the evidence.

    For a live agent a failed criterion withdraws the intended use and opens an incident.
    """
    row = load_suite(context.session, request.suite_id)
    agent = load_agent(context.session, request.agent_id or row.agent_id)
    suite = Suite.model_validate(row.content)
    use = _use_of(context.session, row, agent)
    results = [_decided(context, agent, use, scenario) for scenario in suite.scenarios]
    measures = measured(suite, results)
    has_passed = all(each.is_met for each in measures)
    run = SuiteRunRow(
        run_id=new_id("run"),
        customer_id=row.customer_id,
        suite_id=row.suite_id,
        agent_id=agent.agent_id,
        version=agent.version,
        environment=agent.environment,
        has_passed=has_passed,
        results=[asdict(each) for each in results],
        measures=as_plain(measures),
        scenarios=len(results),
        bundle_digest=_bundle_of(context.session, results),
        ran_at=context.now,
        ran_by=context.principal.id,
    )
    context.session.add(run)
    context.session.flush()
    if not has_passed and agent.environment == "live":
        context.enqueue(FOLLOW, run.run_id, {"run_id": run.run_id}, customer_id=row.customer_id)
    entry = EvidenceDraft(
        kind=EVALUATED.name,
        subject_type="agent",
        subject_id=agent.agent_id,
        customer_id=row.customer_id,
        payload={
            "suite": row.name,
            "run": run.run_id,
            "version": agent.version,
            "environment": agent.environment,
            "verdict": "passed" if has_passed else "a criterion failed",
            "failed": ", ".join(each.measure for each in measures if not each.is_met),
        },
    )
    return Outcome(result=report_of(run, row.name), entry=entry)


def _use_of(session: Session, row: SuiteRow, agent: AgentRow) -> IntendedUseRow:
    if agent.agent_id == row.agent_id:
        return load_use_of(session, agent, row.use_id)
    found = session.scalars(
        select(IntendedUseRow)
        .where(IntendedUseRow.agent_id == agent.agent_id, IntendedUseRow.title == row.use_title)
        .order_by(IntendedUseRow.created_at.desc())
    ).first()
    if found is None or agent.customer_id != row.customer_id:
        raise SuiteNotFoundError(
            f"The agent {agent.name} has no intended use {row.use_title!r} in {agent.environment}."
        )
    return found


def _decided(context: CommandContext, agent: AgentRow, use: IntendedUseRow, scenario: Scenario) -> Result:
    labels = NO_LABELS
    if scenario.is_untrusted or scenario.sensitivity:
        labels = Labels(
            sources=frozenset({"evaluation"}),
            customers=frozenset({agent.customer_id} if agent.customer_id else ()),
            sensitivity=scenario.sensitivity,
            is_trusted=not scenario.is_untrusted,
        )
    call = Call(
        agent_id=agent.agent_id,
        tool_id=scenario.tool,
        arguments=scenario.arguments,
        caller=Caller(id=context.principal.id, customer_id=None, may_report=True),
        use_id=use.use_id,
        person=None if scenario.person is None else Person(id=scenario.person, issuer="evaluation"),
        labels=labels,
        request_id=context.request_id,
    )
    decided = decide_within(context.session, call, context.ports.of(Questions), now=context.now)
    found = outcome_of(decided.verdict)
    return Result(
        scenario=scenario.name,
        kind=scenario.kind.value,
        expected=scenario.expect.value,
        found=found.value,
        reason=decided.verdict.reason.value,
        decision_id=decided.decision_id,
        is_as_expected=found is scenario.expect,
    )


def outcome_of(verdict: Verdict) -> Expected:
    """Return how a decision came out, in the words of suites."""
    if verdict.allowed:
        return Expected.ALLOWED
    if verdict.lane is Lane.NEVER and verdict.reason in {Reason.FORBIDDEN, Reason.RESPONSE_BLOCKS}:
        return Expected.NEVER
    return Expected.WAITS if verdict.reason is Reason.APPROVAL_NEEDED else Expected.REFUSED


def _bundle_of(session: Session, results: Sequence[Result]) -> str:
    ids = [each.decision_id for each in results if each.decision_id]
    row = session.get(DecisionRow, ids[-1]) if ids else None
    return "0" * 64 if row is None else row.bundle_digest


def load_suite(session: Session, suite_id: str) -> SuiteRow:
    """Return a suite, or raise `SuiteNotFoundError`."""
    row = session.scalars(select(SuiteRow).where(SuiteRow.suite_id == suite_id)).first()
    if row is None:
        raise SuiteNotFoundError(f"There is no suite {suite_id!r} here.")
    return row


def report_of(run: SuiteRunRow, suite: str) -> RunReport:
    """Return a run as it is told."""
    return RunReport(
        run_id=run.run_id,
        suite_id=run.suite_id,
        suite=suite,
        agent_id=run.agent_id,
        version=run.version,
        environment=run.environment,
        ran_at=run.ran_at,
        has_passed=run.has_passed,
        measures=[Measured(**each) for each in run.measures],
        results=[Result(**each) for each in run.results],
    )


# --- the gate


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """One suite of an agent, and whether a release may rest on its last run.

    Attributes:
        why_not: Empty where it may.
    """

    suite_id: str
    suite: str
    use: str
    why_not: str
    last: RunReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStanding:
    """Whether an agent may be released as it stands."""

    agent_id: str
    version: str
    environment: str
    may_release: bool
    reasons: list[str]
    suites: list[GateLine]


class ShowRelease(OperationInput):
    """Which agent."""

    agent_id: str = Field(max_length=40, description="The agent's id.")


@query(
    "assurance.show_release",
    groups=("assurance.read",),
    http="GET /agents/{agent_id}/release",
    cli="assurance release AGENT_ID",
)
def show_release(context: QueryContext, request: ShowRelease) -> ReleaseStanding:
    """Show whether an agent's version may be released: every suite, its last run, each criterion with its interval."""
    agent = load_agent(context.session, request.agent_id)
    lines = [gate_line(context.session, row, agent, now=context.now) for row in suites_of(context.session, agent)]
    reasons = [f"{line.suite}: {line.why_not}" for line in lines if line.why_not]
    return ReleaseStanding(
        agent_id=agent.agent_id,
        version=agent.version,
        environment=agent.environment,
        may_release=not reasons,
        reasons=reasons,
        suites=lines,
    )


def suites_of(session: Session, agent: AgentRow) -> list[SuiteRow]:
    """Return the suites of an agent, those included that were saved for it in the environment before."""
    ids = [each for each in (agent.agent_id, agent.promoted_from) if each]
    statement = select(SuiteRow).where(
        SuiteRow.agent_id.in_(ids), SuiteRow.customer_id.is_not_distinct_from(agent.customer_id)
    )
    return list(session.scalars(statement.order_by(SuiteRow.use_title, SuiteRow.name)))


def gate_line(session: Session, row: SuiteRow, agent: AgentRow, *, now: datetime) -> GateLine:
    """Return a suite's standing for an agent's present version."""
    last = session.scalars(
        select(SuiteRunRow)
        .where(SuiteRunRow.suite_id == row.suite_id, SuiteRunRow.agent_id == agent.agent_id)
        .order_by(SuiteRunRow.ran_at.desc(), SuiteRunRow.run_id.desc())
        .limit(1)
    ).first()
    report = None if last is None else report_of(last, row.name)
    return GateLine(
        suite_id=row.suite_id, suite=row.name, use=row.use_title, why_not=_why_not(row, agent, last, now), last=report
    )


def _why_not(row: SuiteRow, agent: AgentRow, last: SuiteRunRow | None, now: datetime) -> str:
    days = Suite.model_validate(row.content).run_again.days
    if last is None:
        return "it was never run for this agent."
    if last.version != agent.version:
        return f"it was run for version {last.version}, not for {agent.version}."
    if last.ran_at < row.saved_at:
        return "it was changed after its last run."
    if last.ran_at < now - timedelta(days=days):
        return f"its last run is older than {days} days."
    failed = [Measured(**each) for each in last.measures if not each["is_met"]]
    if not failed:
        return ""
    return (
        "; ".join(
            f"{each.measure.replace('_', ' ')} reached {each.share_percent:g} % "
            f"({each.low_percent:g} to {each.high_percent:g}), {each.at_least_percent:g} % are asked for"
            for each in failed
        )
        + "."
    )


class MeasuredReleases:
    """`ReleaseGate` by the suites' last runs; an agent without suites is let through, and its page says so."""

    def refuse_unready(self, session: Session, agent: Any, *, now: datetime) -> None:
        """Refuse to promote an agent to live whose criteria are not met.

        Raises:
            ReleaseRefusedError: `assurance.release_refused`, with every reason.
        """
        reasons = [
            f"{row.name}: {why}"
            for row in suites_of(session, agent)
            if (why := gate_line(session, row, agent, now=now).why_not)
        ]
        if reasons:
            raise ReleaseRefusedError(f"{agent.name} {agent.version} is not released. {' '.join(reasons)}")
