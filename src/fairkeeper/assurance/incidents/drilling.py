"""Drills: a runbook practised on an agent, with the time of each step measured and kept, and marked as a drill.

What Fairkeeper does by itself (the incident, the drafted notices, the hold, the look whether it is in force) is done
in the background and timed; a person then takes the runbook's steps and ends the drill, which lets the agent go. A hold
of a drill ends by itself within an hour, whoever forgets it. A live agent is touched only where it is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    internal_command,
    query,
)
from fairkeeper.assurance.errors import DrillNotFoundError, DrillRefusedError
from fairkeeper.assurance.evidence_kinds import DRILL_ENDED, DRILL_STARTED, DRILL_STEP
from fairkeeper.assurance.incidents.drill_tables import DrillRow
from fairkeeper.assurance.incidents.runbooks import RUNBOOKS, Category
from fairkeeper.governance.store import load_agent
from fairkeeper.values.clock import format_instant, parse_instant
from fairkeeper.values.ids import new_id

DRILL: Final = "assurance.drill"
UNDO: Final = "assurance.undo_drill"
LONGEST_HOLD: Final = timedelta(hours=1)
_LIVE: Final = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step.

    Attributes:
        after_ms: Milliseconds since the step before, the first since the start.
    """

    step: str
    by: str
    at: datetime
    after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillLine:
    """A drill.

    Attributes:
        next_step: The first step of the runbook that nobody has taken; empty when all are.
        took_ms: From the start to the end, or to the last step.
    """

    drill_id: str
    runbook: str
    agent_id: str | None
    customer_id: str | None
    incident_id: str | None
    state: str
    is_on_live: bool
    started_at: datetime
    ended_at: datetime | None
    took_ms: int
    steps: list[StepLine]
    next_step: str
    learned: str | None


class StartDrill(OperationInput):
    """Which runbook, on what."""

    category: Category = Field(description="Which runbook is practised.")
    agent_id: str | None = Field(None, max_length=40, description="The agent that is paused; nothing is if left out.")
    include_live: bool = Field(False, description="Whether a live agent is meant; it is really paused meanwhile.")


@command(
    "assurance.start_drill",
    groups=("assurance.change",),
    evidence=(DRILL_STARTED,),
    http="POST /drills",
    cli="assurance start-drill CATEGORY",
)
def start_drill(context: CommandContext, request: StartDrill) -> Outcome[DrillLine]:
    """Start a drill: an incident is opened as a drill, notices are drafted, the agent is paused for an hour at most.

    Raises `assurance.drill_refused` for a live agent that was not said to be meant.
    """
    agent = None if request.agent_id is None else load_agent(context.session, request.agent_id)
    is_live = agent is not None and agent.environment == _LIVE
    if is_live and not request.include_live:
        raise DrillRefusedError("The agent is live: people would find it paused.")
    row = DrillRow(
        drill_id=new_id("drl"),
        customer_id=None if agent is None else agent.customer_id,
        category=request.category.value,
        agent_id=request.agent_id,
        state="running",
        is_on_live=is_live,
        started_at=context.now,
        started_by=context.principal.id,
        steps=[],
    )
    context.session.add(row)
    context.session.flush()
    context.enqueue(DRILL, row.drill_id, {"drill_id": row.drill_id})
    entry = _entry(row, DRILL_STARTED.name, runbook=row.category.replace("_", " "), live=is_live)
    return Outcome(result=line_of(row), entry=entry)


class RecordDrillStep(OperationInput):
    """What Fairkeeper did by itself."""

    drill_id: str = Field(max_length=40)
    step: str = Field(max_length=300)
    incident_id: str | None = Field(None, max_length=40)
    containment_id: str | None = Field(None, max_length=40)
    has_failed: bool = False


@internal_command("assurance.record_drill_step", evidence=(DRILL_STEP,))
def record_drill_step(context: CommandContext, request: RecordDrillStep) -> Outcome[DrillLine]:
    """Write down a step with its time; one that is written down already changes nothing."""
    row = _load(context.session, request.drill_id, for_change=True)
    row.incident_id = request.incident_id or row.incident_id
    row.containment_id = request.containment_id or row.containment_id
    if request.has_failed:
        row.state = "failed"
    if any(each["step"] == request.step for each in row.steps):
        return Outcome(result=line_of(row), entry=None)
    return _step(context, row, request.step)


class TakeDrillStep(OperationInput):
    """Which drill, and what was done."""

    drill_id: str = Field(max_length=40, description="The drill's id.")
    step: str = Field("", max_length=300, description="What was done; the runbook's next step if left out.")


@command(
    "assurance.take_drill_step",
    groups=("assurance.change",),
    evidence=(DRILL_STEP,),
    http="POST /drills/{drill_id}/steps",
    cli="assurance take-drill-step DRILL_ID",
)
def take_drill_step(context: CommandContext, request: TakeDrillStep) -> Outcome[DrillLine]:
    """Say that a step of the runbook was practised; the time since the one before is kept.

    Raises `assurance.drill_not_found`, and `assurance.drill_refused` where it is over or nothing is left to do.
    """
    row = _running(context.session, request.drill_id)
    step = request.step or line_of(row).next_step
    if not step:
        raise DrillRefusedError("Every step of the runbook was taken.", remedy="End the drill.")
    return _step(context, row, step)


class EndDrill(OperationInput):
    """Which drill, and what was learned."""

    drill_id: str = Field(max_length=40, description="The drill's id.")
    learned: str = Field(min_length=3, max_length=2000, description="What was learned, and what changes.")


@command(
    "assurance.end_drill",
    groups=("assurance.change",),
    evidence=(DRILL_ENDED,),
    http="POST /drills/{drill_id}/end",
    cli="assurance end-drill DRILL_ID",
)
def end_drill(context: CommandContext, request: EndDrill) -> Outcome[DrillLine]:
    """End a drill: the agent is let go, its notices are not due, its incident is closed; the times stay."""
    row = _running(context.session, request.drill_id)
    row.state = "ended" if row.state == "running" else row.state
    row.ended_at, row.learned = context.now, request.learned
    context.session.flush()
    context.enqueue(UNDO, row.drill_id, {"drill_id": row.drill_id})
    line = line_of(row)
    entry = _entry(row, DRILL_ENDED.name, runbook=line.runbook, seconds=_seconds(line.took_ms), learned=request.learned)
    return Outcome(result=line, entry=entry)


class ListDrills(OperationInput):
    """How many, or which one."""

    drill_id: str = Field("", max_length=40, description="Only this one.")
    limit: int = Field(50, ge=1, le=200, description="How many at most.")


@query("assurance.list_drills", groups=("assurance.read",), http="GET /drills", cli="assurance drills")
def list_drills(context: QueryContext, request: ListDrills) -> list[DrillLine]:
    """List drills, the newest first, with each step and its measured time.

    Raises `assurance.drill_not_found` for one that is asked for and is not there.
    """
    if request.drill_id:
        return [line_of(_load(context.session, request.drill_id))]
    rows = context.session.scalars(
        select(DrillRow).order_by(DrillRow.started_at.desc(), DrillRow.drill_id).limit(request.limit)
    ).all()
    return [line_of(row) for row in rows]


def line_of(row: DrillRow) -> DrillLine:
    """Return a drill as a line."""
    steps = [
        StepLine(step=each["step"], by=each["by"], at=parse_instant(each["at"]), after_ms=each["after_ms"])
        for each in row.steps
    ]
    taken = {each.step for each in steps}
    until = row.ended_at or (steps[-1].at if steps else row.started_at)
    return DrillLine(
        drill_id=row.drill_id,
        runbook=row.category.replace("_", " "),
        agent_id=row.agent_id,
        customer_id=row.customer_id,
        incident_id=row.incident_id,
        state=row.state,
        is_on_live=row.is_on_live,
        started_at=row.started_at,
        ended_at=row.ended_at,
        took_ms=_milliseconds(until - row.started_at),
        steps=steps,
        next_step=next((each for each in RUNBOOKS[Category(row.category)] if each not in taken), ""),
        learned=row.learned,
    )


def _step(context: CommandContext, row: DrillRow, step: str) -> Outcome[DrillLine]:
    before = parse_instant(row.steps[-1]["at"]) if row.steps else row.started_at
    after_ms = max(_milliseconds(context.now - before), 0)
    told: dict[str, Any] = {
        "step": step,
        "by": context.principal.id,
        "at": format_instant(context.now),
        "after_ms": after_ms,
    }
    row.steps = [*row.steps, told]
    context.session.flush()
    return Outcome(result=line_of(row), entry=_entry(row, DRILL_STEP.name, step=step, seconds=_seconds(after_ms)))


def _milliseconds(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f}"


def _load(session: Session, drill_id: str, *, for_change: bool = False) -> DrillRow:
    statement = select(DrillRow).where(DrillRow.drill_id == drill_id)
    row = session.scalars(statement.with_for_update() if for_change else statement).first()
    if row is None:
        raise DrillNotFoundError(f"There is no drill {drill_id!r} here.")
    return row


def _running(session: Session, drill_id: str) -> DrillRow:
    row = _load(session, drill_id, for_change=True)
    if row.ended_at is not None:
        raise DrillRefusedError("The drill is over.", remedy="Start another one.")
    return row


def _entry(row: DrillRow, kind: str, **payload: Any) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="drill",
        subject_id=row.drill_id,
        customer_id=row.customer_id,
        payload={"drill": True, "agent": row.agent_id, **payload},
    )
