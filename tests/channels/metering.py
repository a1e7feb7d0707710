"""Lets a customer of the stage have metered usage, so that it has a row in every table of metering: real operations.

What is reported to Microsoft is not part of it: one hour is counted and waits, as it would if the service were away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete

from fairkeeper.action.principal import system
from fairkeeper.database.tasks import TaskRow
from fairkeeper.metering.actions.comparing import record_comparison
from fairkeeper.metering.actions.counting import count_hours
from fairkeeper.metering.actions.entering import set_fixed_usage
from fairkeeper.metering.actions.limiting import FOLLOW, set_usage_limit
from fairkeeper.metering.actions.proving import prove_usage
from fairkeeper.metering.actions.recording import record_usage
from fairkeeper.metering.actions.setting import set_dimension
from fairkeeper.metering.store import load_resource
from fairkeeper.metering.tables import MeteredTermRow
from tests.channels.governing import OWNER

if TYPE_CHECKING:
    from tests.channels.stage import Stage

DIMENSION = "documents"


def meter(stage: Stage, name: str, subscription_id: str) -> None:
    """Give a customer usage of yesterday that is counted, fixed usage to come, a limit of its own, a compared day."""
    now = stage.clock.now()
    with stage.installation.database.write() as session:
        row = load_resource(session, subscription_id, now=now)
        offer_id, plan_id = row.offer_id, f"plan-of-{name.lower()}"
        term = MeteredTermRow(
            resource_id=row.resource_id,
            customer_id=row.customer_id,
            since_at=now - timedelta(days=20),
            plan_id=plan_id,
            anchor_on=(now - timedelta(days=20)).date(),
            months=1,
        )
        session.add(term)
    known = {"offer_id": offer_id, "title": "Documents", "unit": "document", "dimension": DIMENSION}
    for plan in (plan_id, "team", "team-plus"):
        stage.run(set_dimension, OWNER, plan_id=plan, included_monthly="1000", **known)
    event = {"event_id": f"event-of-{name.lower()}", "dimension": DIMENSION, "quantity": "2"}
    used_at = (now - timedelta(hours=20)).isoformat()
    stage.run(record_usage, OWNER, resource_id=subscription_id, events=[{**event, "used_at": used_at}])
    stage.run(count_hours, system("metering"), resource_id=subscription_id)
    fixed = {"resource_id": subscription_id, "dimension": DIMENSION, "quantity": "1"}
    stage.run(set_fixed_usage, OWNER, first_at=(now + timedelta(days=30)).isoformat(), **fixed)
    stage.run(set_usage_limit, OWNER, resource_id=subscription_id, dimension=DIMENSION, quantity="5000")
    yesterday = (now - timedelta(days=1)).date().isoformat()
    day = {"dimension": DIMENSION, "plan_id": plan_id, "day_on": yesterday, "status": "Accepted"}
    stated = [{**day, "submitted_milli": 0, "processed_milli": 0}]
    days = {"since_on": yesterday, "until_on": yesterday, "days": stated}
    stage.run(record_comparison, system("metering"), resource_id=subscription_id, **days)
    from_on, to_on = (now - timedelta(days=5)).date().isoformat(), now.date().isoformat()
    stage.run(prove_usage, OWNER, resource_id=subscription_id, from_on=from_on, to_on=to_on)
    with stage.installation.database.write() as session:  # nobody is told
        session.execute(delete(TaskRow).where(TaskRow.name.in_(("messages.take_up", FOLLOW))))
    stage.place_entries()
