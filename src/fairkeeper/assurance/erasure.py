"""What is taken out of this room when a customer's data is erased: what is remembered of its people, and words on them.

Incidents stay as facts (kind, severity, instants), since whoever was affected may still ask; their words go.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fairkeeper.assurance.forwarding.destinations import secret_name
from fairkeeper.assurance.incidents.drill_tables import DrillRow
from fairkeeper.assurance.keeping.tables import LegalHoldRow
from fairkeeper.assurance.tables import (
    BehaviourRow,
    EventDestinationRow,
    IncidentNoticeRow,
    IncidentRow,
    SignalRow,
    SuiteRunRow,
)
from fairkeeper.database.secrets import SecretRow
from fairkeeper.values.ids import CustomerId

ERASED = "erased"


def erase_assurance(session: Session, customer_id: CustomerId, *, now: datetime) -> int:
    """Erase it in the caller's transaction; return of how many things."""
    behaviours = len(
        session.scalars(select(BehaviourRow.agent_id).where(BehaviourRow.customer_id == customer_id)).all()
    )
    session.execute(delete(BehaviourRow).where(BehaviourRow.customer_id == customer_id))
    signals = session.scalars(select(SignalRow).where(SignalRow.customer_id == customer_id).with_for_update()).all()
    for signal in signals:
        signal.facts, signal.sentence = {}, ERASED
        signal.verdict_why = signal.verdict_why and ERASED
    incidents = session.scalars(
        select(IncidentRow).where(IncidentRow.customer_id == customer_id).with_for_update()
    ).all()
    for incident in incidents:
        incident.title, incident.summary, incident.review = ERASED, ERASED, None
        incident.steps = [{**step, "text": ERASED} for step in incident.steps]
    for drill in session.scalars(select(DrillRow).where(DrillRow.customer_id == customer_id).with_for_update()):
        drill.learned = drill.learned and ERASED
        drill.steps = [{**step, "step": ERASED} for step in drill.steps]
    notices = session.scalars(
        select(IncidentNoticeRow).where(IncidentNoticeRow.customer_id == customer_id).with_for_update()
    ).all()
    for notice in notices:
        notice.text = ERASED
    runs = session.scalars(select(SuiteRunRow).where(SuiteRunRow.customer_id == customer_id).with_for_update()).all()
    for run in runs:
        run.results = [{**each, "scenario": ERASED} for each in run.results]
    session.execute(update(LegalHoldRow).where(LegalHoldRow.customer_id == customer_id).values(reason=ERASED))
    lifted = LegalHoldRow.customer_id == customer_id, LegalHoldRow.lifted_why.is_not(None)
    session.execute(update(LegalHoldRow).where(*lifted).values(lifted_why=ERASED))
    destinations = session.scalars(
        select(EventDestinationRow).where(EventDestinationRow.customer_id == customer_id).with_for_update()
    ).all()
    for destination in destinations:
        destination.name, destination.address, destination.last_error = ERASED, ERASED, None
        destination.ended_at = destination.ended_at or now
        session.execute(delete(SecretRow).where(SecretRow.name == secret_name(destination.destination_id)))
    session.flush()
    return behaviours + len(signals) + len(incidents) + len(notices) + len(runs) + len(destinations)
