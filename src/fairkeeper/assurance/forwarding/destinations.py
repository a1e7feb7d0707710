"""Destinations of events: added and ended by staff, each with a secret of its own and the place that it has taken."""

from __future__ import annotations

import base64
import secrets as randomness
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import Field
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    ShownOnce,
    command,
    internal_command,
    query,
)
from fairkeeper.assurance.errors import DestinationNotFoundError
from fairkeeper.assurance.evidence_kinds import DESTINATION_ADDED, DESTINATION_ENDED
from fairkeeper.assurance.forwarding.exporting import SAYS, EventFormat
from fairkeeper.assurance.forwarding.kinds import SETTINGS, DestinationKind, Wanted, checked, settings_for
from fairkeeper.assurance.tables import EventDestinationRow
from fairkeeper.customers.store import load_customer
from fairkeeper.database.secrets import Secret, SecretStore
from fairkeeper.database.tasks import TaskRow
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.ids import CustomerId, new_id

KEEP_SECRET: Final = "assurance.keep_secret"  # noqa: S105 - a name, not a secret


def secret_name(destination_id: str) -> str:
    """Return the name under which a destination's secret is sealed."""
    return f"assurance.destination.{destination_id}"


class AddDestination(OperationInput):
    """Where, how, in which format, and whose events."""

    name: str = Field(min_length=1, max_length=80, description="What people call it.")
    address: str = Field(
        min_length=1,
        max_length=500,
        description="An https address; of syslog tls://host:port; of a file its name without a path.",
    )
    kind: DestinationKind = Field(
        DestinationKind.WEBHOOK, description="webhook, file (staff alone), syslog, sentinel or otlp."
    )
    customer_id: CustomerId | None = Field(
        None, description="This customer's events alone; all of them if staff leave it out."
    )
    event_format: EventFormat = Field(EventFormat.OCSF, description=SAYS)
    from_beginning: bool = Field(False, description="Whether what is in the log already is delivered too.")
    rule_id: str = Field("", max_length=80, description="Of sentinel: the immutable id of the data collection rule.")
    stream: str = Field("", max_length=100, description="Of sentinel: the stream, `Custom-FairkeeperAgentEvents_CL`.")
    tenant_id: str = Field("", max_length=40, description="Of sentinel: the tenant of the application.")
    client_id: str = Field("", max_length=40, description="Of sentinel: the application's id.")
    authority: str = Field("", max_length=200, description="Of sentinel: where tokens come from, if not as usual.")
    audience: str = Field("", max_length=200, description="Of sentinel: whom tokens are for, in another cloud.")
    secret: str = Field(
        "", max_length=500, description="Of sentinel the application's secret; of otlp the value of Authorization."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationAdded:
    """The destination, and the secret that signs what it gets (`whsec_…`) where it is a webhook; shown once."""

    destination_id: str
    name: str
    secret: ShownOnce


@command(
    "assurance.add_destination",
    groups=("assurance.change", "assurance.administer"),
    evidence=(DESTINATION_ADDED,),
    http="POST /event-destinations",
    cli="assurance add-destination NAME ADDRESS",
)
def add_destination(context: CommandContext, request: AddDestination) -> Outcome[DestinationAdded]:
    """Deliver events to a receiver from now on, signed by a secret that the answer shows once."""
    customer_id = context.principal.customer_id or request.customer_id
    if customer_id is not None:
        load_customer(context.session, customer_id)
    given = {name: getattr(request, name) for name in SETTINGS}
    settings = settings_for(request.kind, given)
    checked(
        Wanted(
            kind=request.kind,
            address=request.address,
            event_format=request.event_format,
            settings=settings,
            secret=request.secret,
            is_staff=context.principal.customer_id is None,
            customer_id=customer_id,
        )
    )
    newest = None if request.from_beginning else context.session.scalar(select(func.max(EntryRow.leaf_index)))
    row = EventDestinationRow(
        destination_id=new_id("dst"),
        customer_id=customer_id,
        name=request.name,
        event_format=request.event_format.value,
        kind=request.kind.value,
        settings=settings,
        address=request.address,
        after=-1 if newest is None else newest,
        created_at=context.now,
        created_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    made = None
    if request.kind is DestinationKind.WEBHOOK:
        made = f"whsec_{base64.b64encode(randomness.token_bytes(32)).decode()}"
    kept = made or request.secret
    if kept:
        _keep(context, row, Secret(kept.encode()))
    result = DestinationAdded(destination_id=row.destination_id, name=row.name, secret=made)
    return Outcome(result=result, entry=_entry(DESTINATION_ADDED.name, row))


def _keep(context: CommandContext, row: EventDestinationRow, secret: Secret) -> None:
    """Keep a secret; a customer's session reaches none, so its own waits sealed until background work keeps it."""
    store = context.ports.of(SecretStore)
    if context.principal.customer_id is None:
        store.put(context.session, secret_name(row.destination_id), secret, now=context.now)
        return
    payload = {"destination_id": row.destination_id, "sealed": store.seal(secret).decode()}
    context.enqueue(KEEP_SECRET, row.destination_id, payload, customer_id=row.customer_id)


def _forget(context: CommandContext, row: EventDestinationRow) -> None:
    if context.principal.customer_id is None:
        context.ports.of(SecretStore).delete(context.session, secret_name(row.destination_id))
        return
    payload = {"destination_id": row.destination_id, "sealed": ""}
    context.enqueue(KEEP_SECRET, f"{row.destination_id}:ended", payload, customer_id=row.customer_id)


class KeepSecret(OperationInput):
    """Whose, and what."""

    destination_id: str = Field(max_length=40, description="The destination's id.")
    sealed: str = Field(max_length=2_000, description="The sealed secret; empty: forget it.")


@internal_command(KEEP_SECRET, evidence=())
def keep_secret(context: CommandContext, request: KeepSecret) -> Outcome[bool]:
    """Keep the secret of a customer's destination, or forget it where that has ended; return whether one is kept."""
    session, store, name = context.session, context.ports.of(SecretStore), secret_name(request.destination_id)
    row = session.get(EventDestinationRow, request.destination_id)
    is_kept = row is not None and row.ended_at is None and bool(request.sealed)
    if is_kept:
        store.put(session, name, store.open(request.sealed.encode()), now=context.now, replace=True)
    else:
        store.delete(session, name)
    tasks = TaskRow.name == KEEP_SECRET, TaskRow.key == request.destination_id
    session.execute(
        update(TaskRow).where(*tasks).values(payload={"destination_id": request.destination_id, "sealed": ""})
    )
    return Outcome(result=is_kept, entry=None)


def _entry(kind: str, row: EventDestinationRow, **more: str) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="event_destination",
        subject_id=row.destination_id,
        customer_id=row.customer_id,
        payload={
            "name": row.name,
            "kind": row.kind,
            "event_format": row.event_format,
            "address": row.address,
            "settings": dict(row.settings),
            **more,
        },
    )


class EndDestination(OperationInput):
    """Which, and why."""

    destination_id: str = Field(max_length=40, description="The destination's id.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationLine:
    """A destination and how it goes.

    Attributes:
        behind: How many entries of the log it has not taken; of a customer's, entries of others count too.
    """

    destination_id: str
    customer_id: str | None
    name: str
    kind: str
    event_format: str
    address: str
    taken_at: datetime | None
    behind: int
    failing_since: datetime | None
    last_error: str | None
    ended_at: datetime | None


@command(
    "assurance.end_destination",
    groups=("assurance.change", "assurance.administer"),
    evidence=(DESTINATION_ENDED,),
    http="POST /event-destinations/{destination_id}/end",
    cli="assurance end-destination DESTINATION_ID",
)
def end_destination(context: CommandContext, request: EndDestination) -> Outcome[DestinationLine]:
    """Deliver nothing more to a receiver; its secret is forgotten."""
    row = context.session.scalars(
        select(EventDestinationRow)
        .where(EventDestinationRow.destination_id == request.destination_id, EventDestinationRow.ended_at.is_(None))
        .with_for_update()
    ).first()
    if row is None:
        raise DestinationNotFoundError(f"Nothing is delivered to a destination {request.destination_id!r} here.")
    row.ended_at = context.now
    context.session.flush()
    _forget(context, row)
    line = _line(row, _newest(context.session))
    return Outcome(result=line, entry=_entry(DESTINATION_ENDED.name, row, reason=request.reason))


class ListDestinations(OperationInput):
    """Nothing to say."""


@query(
    "assurance.list_destinations",
    groups=("assurance.read",),
    http="GET /event-destinations",
    cli="assurance destinations",
)
def list_destinations(context: QueryContext, _request: ListDestinations) -> list[DestinationLine]:
    """List where events are delivered, how far each receiver is behind, and since when one fails."""
    rows = context.session.scalars(
        select(EventDestinationRow).order_by(EventDestinationRow.name, EventDestinationRow.destination_id).limit(500)
    ).all()
    newest = _newest(context.session)
    return [_line(row, newest) for row in rows]


def _newest(session: Session) -> int:
    newest = session.scalar(select(func.max(EntryRow.leaf_index)))
    return -1 if newest is None else newest


def _line(row: EventDestinationRow, newest: int) -> DestinationLine:
    return DestinationLine(
        destination_id=row.destination_id,
        customer_id=row.customer_id,
        name=row.name,
        kind=row.kind,
        event_format=row.event_format,
        address=row.address,
        taken_at=row.taken_at,
        behind=max(0, newest - row.after),
        failing_since=row.failing_since,
        last_error=row.last_error,
        ended_at=row.ended_at,
    )
