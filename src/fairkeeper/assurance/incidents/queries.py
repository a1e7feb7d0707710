"""Reading incidents, and what a result reached."""

from __future__ import annotations

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.assurance.incidents.acting import load_incident, radius_of
from fairkeeper.assurance.incidents.reach import Edge, reached_by
from fairkeeper.assurance.incidents.showing import IncidentDetail, IncidentLine, detail_of, line_of
from fairkeeper.assurance.tables import IncidentNoticeRow, IncidentRow
from fairkeeper.governance.store import load_decision
from fairkeeper.values.ids import CustomerId


class ListIncidents(OperationInput):
    """Which incidents."""

    customer_id: CustomerId | None = Field(None, description="Only of this customer.")
    only_open: bool = Field(False, description="Only those that are not closed.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to leave out before them.")


@query("assurance.list_incidents", groups=("assurance.read",), http="GET /incidents", cli="assurance incidents")
def list_incidents(context: QueryContext, request: ListIncidents) -> list[IncidentLine]:
    """List incidents, the newest first."""
    statement = select(IncidentRow)
    if request.customer_id is not None:
        statement = statement.where(IncidentRow.customer_id == request.customer_id)
    if request.only_open:
        statement = statement.where(IncidentRow.state != "closed")
    statement = statement.order_by(IncidentRow.opened_at.desc(), IncidentRow.incident_id)
    rows = context.session.scalars(statement.offset(request.offset).limit(request.limit)).all()
    ids = [row.incident_id for row in rows]
    notices = context.session.scalars(select(IncidentNoticeRow).where(IncidentNoticeRow.incident_id.in_(ids))).all()
    return [line_of(row, [each for each in notices if each.incident_id == row.incident_id]) for row in rows]


class ShowIncident(OperationInput):
    """Which incident."""

    incident_id: str = Field(max_length=40, description="The incident's id.")


@query(
    "assurance.show_incident",
    groups=("assurance.read",),
    http="GET /incidents/{incident_id}",
    cli="assurance incident INCIDENT_ID",
)
def show_incident(context: QueryContext, request: ShowIncident) -> IncidentDetail:
    """Show an incident: what it touched, the runbook, the steps, the notices with their deadlines, the timeline."""
    row = load_incident(context.session, request.incident_id)
    return detail_of(context.session, row, now=context.now, radius=radius_of(context.session, row))


class ShowReach(OperationInput):
    """From which decision's result."""

    decision_id: str = Field(max_length=40, description="The decision's id.")


@query(
    "assurance.show_reach",
    groups=("assurance.read",),
    http="GET /decisions/{decision_id}/reach",
    cli="assurance reach DECISION_ID",
)
def show_reach(context: QueryContext, request: ShowReach) -> list[Edge]:
    """Show every later decision that the result of one call reached by its labels."""
    return reached_by(context.session, load_decision(context.session, request.decision_id), ended_at=context.now)
