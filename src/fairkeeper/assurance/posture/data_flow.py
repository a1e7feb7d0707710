"""Where a customer's data is, for how long, where it goes, which staff may read its payloads, and who took some out.

Who may is asked of the policies themselves, for each person. Who did is what the evidence holds: files and documents
that were handed out, approvals that were answered, erasures. Looking at a page is not recorded, and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import ColumnElement, Engine, or_, select

from fairkeeper.access.people import PersonState
from fairkeeper.access.roles import may
from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.assurance.forwarding.kinds import DestinationKind
from fairkeeper.assurance.keeping.rules import Defaults, kept_of
from fairkeeper.assurance.tables import EventDestinationRow
from fairkeeper.customers.store import load_customer
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.ids import CustomerId

_DATABASES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
DAYS: Final = 90
MOST_ENTRIES: Final = 500
READS: Final = (
    ("evidence.show_entry", "evidence.read", "payloads in the log"),
    ("governance.show_decision", "governance.read", "arguments of agents' calls"),
    ("evidence.request_export", "evidence.export", "files of the log"),
    ("evidence.erase_payload", "evidence.erase", "erasing them"),
)
"""An operation that shows or takes payloads, the group that policies permit it by, and what it reaches in words."""
_TAKEN: Final = (
    "evidence.export",
    "assurance.subject_exported",
    "assurance.incident_packaged",
    "assurance.erasure_wished",
    "governance.approval_given",
    "governance.approval_refused",
    "evidence.payload_erased",
)
"""The beginnings of kinds of entry by which payloads were handed out, read for an answer, or erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAt:
    """A class of data: where it is and for how many days; None is until the customer's own retention ends."""

    what: str
    where: str
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoesTo:
    """A receiver: what goes there, since when and until when."""

    name: str
    address: str
    what: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MayRead:
    """One of the publisher's people, and what the policies let them reach of this customer."""

    person_id: str
    name: str
    roles: list[str]
    reaches: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DidTake:
    """An entry by which somebody took payloads out, answered over them, or erased them."""

    entry_id: str
    at: datetime
    actor_id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFlow:
    """The data of one customer, or of the publisher's own agents."""

    kept: list[KeptAt]
    goes_to: list[GoesTo]
    may_read: list[MayRead]
    did_take: list[DidTake]


class ShowDataFlow(OperationInput):
    """Whose."""

    customer_id: CustomerId | None = Field(None, description="The customer's id; left out: the publisher's own agents.")


@query(
    "assurance.show_data_flow",
    groups=("assurance.inspect",),
    http="GET /posture/data-flow",
    cli="posture data-flow",
    mcp=False,
)
def show_data_flow(context: QueryContext, request: ShowDataFlow) -> DataFlow:
    """Show where a customer's data is and goes, which staff may read its payloads, and who took some in 90 days."""
    session, customer_id = context.session, request.customer_id
    if customer_id is not None:
        load_customer(session, customer_id)
    where = _database(context)
    people = list(
        session.scalars(
            select(PersonRow)
            .where(PersonRow.customer_id.is_(None), PersonRow.state == PersonState.ACTIVE.value)
            .order_by(PersonRow.name, PersonRow.id)
        )
    )
    names = {str(row.id): row.name or "" for row in people}
    destinations = session.scalars(
        select(EventDestinationRow)
        .where(
            (EventDestinationRow.customer_id.is_not_distinct_from(customer_id))
            | EventDestinationRow.customer_id.is_(None)
        )
        .order_by(EventDestinationRow.created_at)
    ).all()
    entries = session.scalars(
        select(EntryRow)
        .where(
            EntryRow.customer_id.is_not_distinct_from(customer_id),
            EntryRow.at >= context.now - timedelta(days=DAYS),
        )
        .where(_is_taken())
        .order_by(EntryRow.id.desc())
        .limit(MOST_ENTRIES)
    ).all()
    return DataFlow(
        kept=[
            KeptAt(what=each.what, where=where, days=each.days)
            for each in kept_of(session, customer_id, context.ports.of(Defaults).read())
        ],
        goes_to=[
            GoesTo(
                name=row.name,
                address=row.address
                if row.kind != DestinationKind.FILE.value
                else f"a file on the server: {row.address}",
                what=f"events as {row.event_format}, without arguments and results",
                since=row.created_at,
                until=row.ended_at,
            )
            for row in destinations
        ],
        may_read=[found for row in people if (found := _may_read(row, customer_id)) is not None],
        did_take=[
            DidTake(
                entry_id=row.entry_id,
                at=row.at,
                actor_id=row.actor_id,
                name=names.get(row.actor_id, ""),
                kind=row.kind.partition("/")[0],
            )
            for row in entries
        ],
    )


def _is_taken() -> ColumnElement[bool]:
    return or_(*(EntryRow.kind.startswith(each) for each in _TAKEN))


def _database(context: QueryContext) -> str:
    engine: Engine = context.session.get_bind().engine
    host = engine.url.host
    name = _DATABASES.get(engine.dialect.name, engine.dialect.name)
    return f"{name} on {host}" if host else f"{name} on the server's own disk"


def _may_read(row: PersonRow, customer_id: CustomerId | None) -> MayRead | None:
    principal = Principal(id=row.id, kind=PrincipalKind.STAFF, roles=frozenset(row.roles))
    reaches = [words for operation, group, words in READS if may(principal, operation, (group,), customer_id).allowed]
    if not reaches:
        return None
    return MayRead(person_id=row.id, name=row.name or "", roles=sorted(row.roles), reaches=reaches)
