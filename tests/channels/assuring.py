"""Lets a customer of the stage have something in every table of assurance, by real operations where there are some."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_

from fairkeeper.assurance.evaluation.running import run_suite, save_suite
from fairkeeper.assurance.forwarding.destinations import add_destination
from fairkeeper.assurance.incidents.acting import open_incident
from fairkeeper.assurance.incidents.drilling import start_drill
from fairkeeper.assurance.keeping.holding import lift_hold, place_hold
from fairkeeper.assurance.keeping.rules import set_retention
from fairkeeper.assurance.monitoring.following import raise_signal
from fairkeeper.assurance.tables import BehaviourRow
from fairkeeper.database.tasks import TaskRow
from fairkeeper.values.ids import CustomerId

if TYPE_CHECKING:
    from fairkeeper.action.principal import Principal
    from tests.channels.stage import Stage

SUITE = """
name: {name}
scenarios:
  - {{name: a letter of {name}, tool: write, arguments: {{to: {name}}}, expect: allowed}}
criteria:
  - {{measure: as_expected, at_least_percent: 0}}
"""


def assure(stage: Stage, owner: Principal, name: str, **of: str) -> None:
    """Give a customer's agent a memory, a signal, an incident with its notice, a suite and a run."""
    customer, agent, use = of["customer"], of["agent"], of["use"]
    with stage.installation.database.write() as session:
        session.add(
            BehaviourRow(
                agent_id=agent,
                customer_id=CustomerId(customer),
                content=json.dumps({"persons": {f"one@{name}": 1}}),
                through_at=stage.clock.now(),
            )
        )
    told: dict[str, Any] = {
        "agent_id": agent,
        "kind": "first_tool",
        "at": stage.clock.now().isoformat(),
        "rings": True,
        "what": f"send of {name}",
        "observed": "1",
        "expected": "0",
        "chance": "1e-05",
        "baseline": "its own past",
        "tools": [f"send of {name}"],
        "data": [],
        "persons": [f"one@{name}"],
        "decisions": [],
    }
    stage.run(raise_signal, told=json.dumps(told))
    stage.run(
        open_incident,
        owner,
        title=f"A look at {name}",
        category="other",
        severity="low",
        summary=f"Something happened at {name}.",
        agent_id=agent,
    )
    stage.run(start_drill, owner, category="other", agent_id=agent, include_live=True)
    receiver = f"http://127.0.0.1:9/{name}"
    stage.run(add_destination, owner, name=f"Receiver of {name}", address=receiver, customer_id=customer)
    stage.run(set_retention, owner, customer_id=customer, data_class="payloads", days=365)
    held = stage.run(place_hold, owner, customer_id=customer, reason=f"A matter of {name}.")
    stage.run(lift_hold, owner, hold_id=held.hold_id, reason=f"{name} has settled it.")
    suite = stage.run(save_suite, owner, use_id=use, file={"name": "s", "text": SUITE.format(name=name)})
    stage.run(run_suite, owner, suite_id=suite.suite_id)
    with stage.installation.database.write() as session:
        held_up = TaskRow.name.in_(("customers.end_retention", "customers.erase_held"))
        session.execute(delete(TaskRow).where(or_(TaskRow.name.like("assurance.%"), held_up)))
