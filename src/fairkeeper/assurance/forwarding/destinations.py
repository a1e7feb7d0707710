"""Destinations of events: added and ended by staff, each with a secret of its own and the place that it has taken."""

from __future__ import annotations

import base64
import secrets as randomness
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    ShownOnce,
    command,
    query,
)
from fairkeeper.assurance.errors import DestinationNotFoundError
from fairkeeper.assurance.evidence_kinds import DESTINATION_ADDED, DESTINATION_ENDED
from fairkeeper.assurance.forwarding.exporting import EventFormat
from fairkeeper.assurance.tables import EventDestinationRow
from fairkeeper.customers.store import load_customer
from fairkeeper.database.secrets import Secret, SecretStore
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.ids import CustomerId, new_id


def secret_name(destination_id: str) -> str:
    """Return the name under which a destination's secret is sealed."""
    return f"assurance.destination.{destination_id}"


class AddDestination(OperationInput):
    """Where, in which format, and whose events."""

    name: str = Field(min_length=1, max_length=80, description="What people call it.")
    address: str = Field(
        max_length=500, pattern=r"^https?://\S+$", description="The receiver's address: https, or this machine."
    )
    customer_id: CustomerId | None = Field(None, description="This customer's events alone; all of them if empty.")
    event_format: EventFormat = Field(EventFormat.OCSF, description="ocsf, or sentinel (calls of agents alone).")
    from_beginning: bool = Field(False, description="Whether what is in the log already is delivered too.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationAdded:
    """The destination, and the secret that signs what it gets (`whsec_…`); shown once."""

    destination_id: str
    name: str
    secret: ShownOnce


@command(
    "assurance.add_destination",
    groups=("assurance.change",),
    evidence=(DESTINATION_ADDED,),
    http="POST /event-destinations",
    cli="assurance add-destination NAME ADDRESS",
)
def add_destination(context: CommandContext, request: AddDestination) -> Outcome[DestinationAdded]:
    """Deliver events to a receiver from now on, signed by a secret that the answer shows once."""
    if request.customer_id is not None:
        load_customer(context.session, request.customer_id)
    newest = None if request.from_beginning else context.session.scalar(select(func.max(EntryRow.leaf_index)))
    row = EventDestinationRow(
        destination_id=new_id("dst"),
        customer_id=request.customer_id,
        name=request.name,
        event_format=request.event_format.value,
        address=request.address,
        after=-1 if newest is None else newest,
        created_at=context.now,
        created_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    secret = f"whsec_{base64.b64encode(randomness.token_bytes(32)).decode()}"
    store = context.ports.of(SecretStore)
    store.put(context.session, secret_name(row.destination_id), Secret(secret.encode()), now=context.now)
    result = DestinationAdded(destination_id=row.destination_id, name=row.name, secret=secret)
    return Outcome(result=result, entry=_entry(DESTINATION_ADDED.name, row))


def _entry(kind: str, row: EventDestinationRow, **more: str) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="event_destination",
        subject_id=row.destination_id,
        customer_id=row.customer_id,
        payload={"name": row.name, "event_format": row.event_format, "address": row.address, **more},
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
    event_format: str
    address: str
    taken_at: datetime | None
    behind: int
    failing_since: datetime | None
    last_error: str | None
    ended_at: datetime | None


@command(
    "assurance.end_destination",
    groups=("assurance.change",),
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
    context.ports.of(SecretStore).delete(context.session, secret_name(row.destination_id))
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
        event_format=row.event_format,
        address=row.address,
        taken_at=row.taken_at,
        behind=max(0, newest - row.after),
        failing_since=row.failing_since,
        last_error=row.last_error,
        ended_at=row.ended_at,
    )
