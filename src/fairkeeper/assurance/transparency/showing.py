"""What a customer's people read about one agent: its uses and limits, lanes in words, data, people, how it is stopped.

No prompts, arguments, digests or policies, and nothing of what was done for whom: who reads the agent may read this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.assurance.evaluation.running import gate_line, suites_of
from fairkeeper.assurance.tables import IncidentRow
from fairkeeper.assurance.transparency.questions import MAXIMUM, Reader, questions_for
from fairkeeper.governance.queries.agents import ShowAgent, show_agent
from fairkeeper.governance.store import load_agent
from fairkeeper.governance.views import AgentDetail, GrantLine, LimitLine, PermitLine, UseLine

_MOST_INCIDENTS = 20
_ALONE = "automatic"
_ASKS = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTool:
    """A tool, and why it may be used."""

    title: str
    effect: str
    for_use: str
    checked_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenData:
    """A class of data, who allowed it, for what and until when."""

    data_class: str
    owner: str
    may_read: bool
    may_write: bool
    for_use: str
    ends_at: datetime
    quality_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEvaluation:
    """The last run of a suite for this agent.

    Attributes:
        why_not: Why it does not stand for the present version; empty where it does.
    """

    suite: str
    use: str
    ran_at: datetime | None
    has_passed: bool
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident, without its words."""

    category: str
    severity: str
    state: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transparency:
    """What is to be known about an agent by whoever relies on it."""

    agent_id: str
    title: str
    version: str
    environment: str
    held: str
    acts_for: str
    acts_alone: bool
    owner: str
    accountable: str
    publisher_duties: str
    customer_duties: str
    uses: list[UseLine]
    alone: list[OpenTool]
    asks: list[OpenTool]
    data: list[OpenData]
    limits: list[LimitLine]
    evaluations: list[OpenEvaluation]
    incidents: list[OpenIncident]


class ShowTransparency(OperationInput):
    """Which agent."""

    agent_id: str = Field(max_length=40, description="The agent's id.")


@query(
    "assurance.show_transparency",
    groups=("governance.read",),
    http="GET /agents/{agent_id}/transparency",
    cli="assurance transparency AGENT_ID",
)
def show_transparency(context: QueryContext, request: ShowTransparency) -> Transparency:
    """Show what people need to know about an agent: uses and limits, lanes, data, who answers for it, how it stops."""
    agent: AgentDetail = show_agent.function(context, ShowAgent(agent_id=request.agent_id))
    line = agent.line
    approved = {use.use_id: use for use in agent.uses if use.state == "approved"}
    permits = [each for each in agent.permits if each.ends_at is None or context.now < each.ends_at]
    return Transparency(
        agent_id=line.agent_id,
        title=line.title,
        version=line.version,
        environment=line.environment,
        held=line.held,
        acts_for=agent.acts_for,
        acts_alone=agent.acts_alone,
        owner=line.owner,
        accountable=line.accountable,
        publisher_duties=agent.publisher_duties,
        customer_duties=agent.customer_duties,
        uses=list(approved.values()),
        alone=[_tool(each, approved) for each in permits if each.lane == _ALONE and each.use_id in approved],
        asks=[_tool(each, approved) for each in permits if each.lane == _ASKS and each.use_id in approved],
        data=[_data(each, approved) for each in agent.grants if each.state == "granted" and each.use_id in approved],
        limits=agent.limits,
        evaluations=_evaluations(context, request.agent_id),
        incidents=_incidents(context, request.agent_id),
    )


def _tool(permit: PermitLine, uses: dict[str, UseLine]) -> OpenTool:
    return OpenTool(
        title=permit.tool_title,
        effect=permit.tool_effect,
        for_use=uses[permit.use_id].title,
        checked_percent=permit.review_percent,
    )


def _data(grant: GrantLine, uses: dict[str, UseLine]) -> OpenData:
    return OpenData(
        data_class=grant.data_class,
        owner=grant.owner,
        may_read=grant.may_read,
        may_write=grant.may_write,
        for_use=uses[grant.use_id].title,
        ends_at=grant.ends_at,
        quality_note=grant.quality_note,
    )


def _evaluations(context: QueryContext, agent_id: str) -> list[OpenEvaluation]:
    agent = load_agent(context.session, agent_id)
    lines = [gate_line(context.session, row, agent, now=context.now) for row in suites_of(context.session, agent)]
    return [
        OpenEvaluation(
            suite=each.suite,
            use=each.use,
            ran_at=each.last.ran_at if each.last else None,
            has_passed=bool(each.last and each.last.has_passed),
            why_not=each.why_not,
        )
        for each in lines
    ]


def _incidents(context: QueryContext, agent_id: str) -> list[OpenIncident]:
    statement = select(IncidentRow).where(IncidentRow.agent_id == agent_id, IncidentRow.is_drill.is_(False))
    rows = context.session.scalars(statement.order_by(IncidentRow.opened_at.desc()).limit(_MOST_INCIDENTS)).all()
    return [
        OpenIncident(
            category=row.category,
            severity=row.severity,
            state=row.state,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """A question of the scoring sheet."""

    question_id: str
    question: str
    section: str
    is_essential: bool
    most_points: int


class ListReaderQuestions(OperationInput):
    """For whom."""

    reader: Reader = Field(Reader.CUSTOMER, description="customer (the transparency page) or approver (an approval).")


@query(
    "assurance.list_reader_questions",
    groups=("governance.read",),
    http="GET /reader-questions",
    cli="assurance reader-questions",
)
def list_reader_questions(_context: QueryContext, request: ListReaderQuestions) -> list[SheetLine]:
    """List the questions that a page has to answer for its readers, as a sheet to score them on."""
    return [
        SheetLine(
            question_id=each.id,
            question=each.text,
            section=each.where,
            is_essential=each.essential,
            most_points=MAXIMUM,
        )
        for each in questions_for(request.reader)
    ]
