"""The state of the connections: what the last look has shown, and a look now, by request or once a day.

The look itself calls others, so that it is background work; asking for it is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, select

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
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.overview.connections.catalogue import CONNECTIONS, Look, state_of
from fairkeeper.overview.connections.tables import LookRow
from fairkeeper.values.ids import new_id

LOOK_TASK: Final = "overview.look_at_connections"
LOOK_ASKED: Final = EvidenceKind(name="overview.look_asked/1", sentence="A look at the connections was asked for.")


class AskForLook(OperationInput):
    """At what."""

    step: str = Field("", max_length=40, description="Only at what proves this step of the guide; everything if empty.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAsked:
    """It begins in a moment."""

    asked_at: datetime


@command(
    "overview.check_connections",
    groups=("overview.change",),
    evidence=(LOOK_ASKED,),
    http="POST /connections/check",
    cli="connections check",
)
def check_connections(context: CommandContext, request: AskForLook) -> Outcome[LookAsked]:
    """Look at every connection now, by harmless reads, in the background; `connections` shows what was found.

    With a step of the guide only what proves that step is looked at; `guide show` shows what was found.
    """
    context.enqueue(LOOK_TASK, new_id("tsk"), {"step": request.step})
    entry = EvidenceDraft(
        kind=LOOK_ASKED.name,
        subject_type="connections",
        subject_id="connections",
        payload={"step": request.step} if request.step else {},
    )
    return Outcome(result=LookAsked(asked_at=context.now), entry=entry)


class SeenLook(BaseModel):
    """What one look has shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(max_length=40)
    is_set: bool
    findings: list[dict[str, Any]] = Field(default_factory=list, max_length=100)


class RecordLooks(OperationInput):
    """What a look has shown."""

    is_part: bool = Field(default=False, description="Whether only these were looked at, and others stay as they were.")
    looks: list[SeenLook] = Field(max_length=60, description="Each look.")


@internal_command("overview.record_looks", evidence=())
def record_looks(context: CommandContext, request: RecordLooks) -> Outcome[int]:
    """Keep what a look has shown, in place of what the one before has."""
    old = delete(LookRow)
    names = [look.name for look in request.looks]
    context.session.execute(old.where(LookRow.name.in_(names)) if request.is_part else old)
    for look in request.looks:
        context.session.add(LookRow(name=look.name, looked_at=context.now, is_set=look.is_set, findings=look.findings))
    return Outcome(result=len(request.looks), entry=None)


class ListConnections(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFinding:
    """What has to be mended."""

    code: str
    level: str
    message: str
    remedy: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLine:
    """One connection, and how it stands."""

    name: str
    purpose: str
    settings: str
    note: str
    state: str
    findings: tuple[LookFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Every connection.

    Attributes:
        looked_at: When the last look was; None before the first.
        is_under_way: Whether a look was asked for and has not ended.
    """

    looked_at: datetime | None
    is_under_way: bool
    connections: tuple[ConnectionLine, ...]


@query("overview.list_connections", groups=("settings.read",), http="GET /connections", cli="connections list")
def list_connections(context: QueryContext, _request: ListConnections) -> Connections:
    """List every connection with its state by the last look, and what has to be mended."""
    rows = {row.name: row for row in context.session.scalars(select(LookRow))}
    looks = {name: Look(is_set=row.is_set, problems=len(row.findings)) for name, row in rows.items()}
    waiting = select(func.count()).where(TaskRow.name == LOOK_TASK, TaskRow.state == TaskState.OPEN)
    return Connections(
        looked_at=max((row.looked_at for row in rows.values()), default=None),
        is_under_way=bool(context.session.scalar(waiting)),
        connections=tuple(
            ConnectionLine(
                name=each.name,
                purpose=each.purpose,
                settings=each.settings,
                note=each.note,
                state=state_of(each.looks, looks).value,
                findings=findings_of(each.looks, rows),
            )
            for each in CONNECTIONS
        ),
    )


def findings_of(names: tuple[str, ...], rows: dict[str, LookRow]) -> tuple[LookFinding, ...]:
    """Return what has to be mended by some looks."""
    return tuple(
        LookFinding(
            code=str(each.get("code", "")),
            level=str(each.get("level", "")),
            message=str(each.get("message", "")),
            remedy=str(each.get("remedy", "")),
            resource=str((each.get("resource") or {}).get("key", "")),
        )
        for name in names
        if name in rows
        for each in rows[name].findings
    )


OPERATIONS: tuple[Operation, ...] = (check_connections, record_looks, list_connections)
