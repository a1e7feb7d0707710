"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.consent import queries
from fairkeeper.consent.actions import (
    apply_plan,
    ask,
    check_plan,
    connect,
    follow_customer,
    person,
    probe,
    probe_link,
    start,
    tokens,
    unlink,
)
from fairkeeper.consent.agents import asking, placing
from fairkeeper.consent.catalogue import keeping
from fairkeeper.consent.deployments import calling, elevating, receiving, recording, showing

OPERATIONS: tuple[Operation, ...] = (
    *check_plan.OPERATIONS,
    *apply_plan.OPERATIONS,
    *follow_customer.OPERATIONS,
    *ask.OPERATIONS,
    *connect.OPERATIONS,
    *start.OPERATIONS,
    *person.OPERATIONS,
    *probe.OPERATIONS,
    *probe_link.OPERATIONS,
    *tokens.OPERATIONS,
    *unlink.OPERATIONS,
    *keeping.OPERATIONS,
    *receiving.OPERATIONS,
    *recording.OPERATIONS,
    *elevating.OPERATIONS,
    *calling.OPERATIONS,
    *showing.OPERATIONS,
    *placing.OPERATIONS,
    *asking.OPERATIONS,
    *queries.OPERATIONS,
)
