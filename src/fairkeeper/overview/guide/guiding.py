"""The guide as it stands for whoever asks: each step with its answer in words, and where they were; and putting off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import Field
from sqlalchemy import func, select

from fairkeeper.access.people import PersonKind, PersonState
from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    internal_command,
    query,
)
from fairkeeper.customers.tables import ReconciliationRow, SubscriptionRow
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.errors import ConflictError, NotFoundError
from fairkeeper.overview.connections.catalogue import Look
from fairkeeper.overview.connections.looking import LOOK_TASK, LookFinding, findings_of
from fairkeeper.overview.connections.tables import LookRow
from fairkeeper.overview.guide.steps import (
    FINISHED,
    STEPS,
    Step,
    StepState,
    is_connected,
    next_step,
    step_state,
    told_of,
)
from fairkeeper.overview.guide.tables import GuidePlaceRow, GuideSkipRow
from fairkeeper.values.ids import PersonId

STEP_SKIPPED: Final = EvidenceKind(
    name="overview.guide_step_skipped/1", sentence="The guide's step {step} was put off."
)
STEP_TAKEN_UP: Final = EvidenceKind(
    name="overview.guide_step_taken_up/1", sentence="The guide's step {step} is to be done after all."
)
_BY_KEY: Final = {step.key: step for step in STEPS}


class ShowGuide(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLine:
    """A step of the guide, and how it stands.

    Attributes:
        does: What to do, a sentence a point.
        settings: The settings that take what was made there.
        state: `works`, `to_mend`, `not_set`, `unchecked` or `skipped`.
        told: What the last look has shown, in words.
        findings: What has to be mended.
    """

    key: str
    title: str
    where: str
    does: tuple[str, ...]
    settings: tuple[str, ...]
    resource: str
    can_skip: bool
    state: str
    told: tuple[str, ...]
    findings: tuple[LookFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The guide.

    Attributes:
        place: The step where whoever asks was last; empty before the first.
        next: The step to go on with from there; empty once all is finished.
        finished: How many steps work, or were put off.
        is_connected: Whether the marketplace has answered.
        looked_at: When the last look was.
        is_under_way: Whether a look was asked for and has not ended.
    """

    steps: tuple[GuideLine, ...]
    place: str
    next: str
    finished: int
    is_connected: bool
    looked_at: datetime | None
    is_under_way: bool


@query("overview.show_guide", groups=("settings.read",), http="GET /guide", cli="guide show")
def show_guide(context: QueryContext, _request: ShowGuide) -> Guide:
    """Show the steps that connect a real publisher: what to do where, how each stands by the last look, what next."""
    session = context.session
    rows = {row.name: row for row in session.scalars(select(LookRow))}
    looks = {name: Look(is_set=row.is_set, problems=len(row.findings)) for name, row in rows.items()}
    looks |= _looks_here(context)
    skipped = frozenset(session.scalars(select(GuideSkipRow.step)))
    place = session.get(GuidePlaceRow, PersonId(context.principal.id))
    lines = tuple(_line(step, looks, rows, skipped) for step in STEPS)
    states = [(line.key, StepState(line.state)) for line in lines]
    waiting = select(func.count()).where(TaskRow.name == LOOK_TASK, TaskRow.state == TaskState.OPEN)
    return Guide(
        steps=lines,
        place="" if place is None else place.step,
        next=next_step(states, "" if place is None else place.step),
        finished=sum(state in FINISHED for _, state in states),
        is_connected=is_connected(looks) or looks["subscriptions read"].is_set,
        looked_at=max((row.looked_at for row in rows.values()), default=None),
        is_under_way=bool(session.scalar(waiting)),
    )


def _line(step: Step, looks: dict[str, Look], rows: dict[str, LookRow], skipped: frozenset[str]) -> GuideLine:
    return GuideLine(
        key=step.key,
        title=step.title,
        where=step.where.value,
        does=step.does,
        settings=step.settings,
        resource=step.resource,
        can_skip=step.can_skip,
        state=step_state(step, looks, skipped).value,
        told=told_of(step, looks),
        findings=findings_of(step.looks, rows),
    )


def _looks_here(context: QueryContext) -> dict[str, Look]:
    """Look at what this database itself can tell."""
    session = context.session
    people = session.scalars(
        select(PersonRow).where(PersonRow.kind == PersonKind.STAFF.value, PersonRow.state == PersonState.ACTIVE.value)
    )
    owners = sum("owner" in row.roles for row in people)
    subscriptions = session.scalars(select(SubscriptionRow.subscription_id).limit(1)).first()
    compared = session.scalars(select(ReconciliationRow.id).limit(1)).first()
    return {
        "second owner": Look(is_set=owners > 1, problems=0),
        "subscriptions read": Look(is_set=subscriptions is not None or compared is not None, problems=0),
    }


class OneStep(OperationInput):
    """Which step."""

    step: str = Field(max_length=40, description="The step's key, as `guide show` lists it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMarked:
    """How the step is marked now."""

    step: str
    is_skipped: bool


def _known(key: str) -> Step:
    step = _BY_KEY.get(key)
    if step is None:
        message = f"The guide has no step {key!r}."
        raise NotFoundError(message, code="overview.no_guide_step", remedy=f"One of {', '.join(_BY_KEY)}.")
    return step


@command(
    "overview.skip_guide_step",
    groups=("overview.change",),
    evidence=(STEP_SKIPPED,),
    http="POST /guide/{step}/skip",
    cli="guide skip STEP",
)
def skip_guide_step(context: CommandContext, request: OneStep) -> Outcome[StepMarked]:
    """Put a step of the guide off, where one can go without it for now.

    Raises:
        NotFoundError: `overview.no_guide_step`.
        ConflictError: `overview.guide_step_needed` for a step that everything else hangs on.
    """
    step = _known(request.step)
    if not step.can_skip:
        message = f"“{step.title}” cannot be put off: what comes after it needs it."
        raise ConflictError(message, code="overview.guide_step_needed", remedy="Do it, and let it be checked.")
    result = StepMarked(step=step.key, is_skipped=True)
    if context.session.get(GuideSkipRow, step.key) is not None:
        return Outcome(result=result, entry=None)
    context.session.add(GuideSkipRow(step=step.key, skipped_at=context.now, skipped_by=context.principal.id))
    return Outcome(result=result, entry=_entry(STEP_SKIPPED, step))


@command(
    "overview.take_up_guide_step",
    groups=("overview.change",),
    evidence=(STEP_TAKEN_UP,),
    http="POST /guide/{step}/take-up",
    cli="guide take-up STEP",
)
def take_up_guide_step(context: CommandContext, request: OneStep) -> Outcome[StepMarked]:
    """Take a step of the guide up again that was put off. Raises `overview.no_guide_step`."""
    step = _known(request.step)
    row = context.session.get(GuideSkipRow, step.key)
    result = StepMarked(step=step.key, is_skipped=False)
    if row is None:
        return Outcome(result=result, entry=None)
    context.session.delete(row)
    return Outcome(result=result, entry=_entry(STEP_TAKEN_UP, step))


def _entry(kind: EvidenceKind, step: Step) -> EvidenceDraft:
    return EvidenceDraft(kind=kind.name, subject_type="guide", subject_id=step.key, payload={"step": step.key})


class KeepPlace(OperationInput):
    """Who looks at which step."""

    person_id: PersonId = Field(max_length=40, description="Whose place it is.")
    step: str = Field(max_length=40, description="The step's key.")


@internal_command("overview.keep_guide_place", evidence=())
def keep_guide_place(context: CommandContext, request: KeepPlace) -> Outcome[bool]:
    """Remember where somebody is in the guide. Raises `overview.no_guide_step`."""
    step = _known(request.step)
    row = context.session.get(GuidePlaceRow, request.person_id)
    if row is None:
        context.session.add(GuidePlaceRow(person_id=request.person_id, step=step.key, at=context.now))
    else:
        row.step, row.at = step.key, context.now
    return Outcome(result=True, entry=None)


OPERATIONS: tuple[Operation, ...] = (show_guide, skip_guide_step, take_up_guide_step, keep_guide_place)
