"""Every operation of this room, for the registry."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.governance.actions.contain import contain, lift_containment
from fairkeeper.governance.actions.decide import decide
from fairkeeper.governance.actions.decide_use import approve_use, propose_use, withdraw_use
from fairkeeper.governance.actions.delegate import delegate, end_delegation
from fairkeeper.governance.actions.grant_data import grant_data, revoke_data
from fairkeeper.governance.actions.permit_tool import end_permit, permit_tool
from fairkeeper.governance.actions.promote_agent import promote_agent
from fairkeeper.governance.actions.publish_description import publish_description
from fairkeeper.governance.actions.record_outcome import endorse_task, record_outcome
from fairkeeper.governance.actions.register_agent import change_agent, register_agent
from fairkeeper.governance.actions.register_tool import approve_manifest, register_tool, report_manifest
from fairkeeper.governance.actions.review_call import review_call
from fairkeeper.governance.actions.set_limit import end_limit, set_limit
from fairkeeper.governance.queries.agents import list_agents, list_tools, show_agent, show_tool
from fairkeeper.governance.queries.decisions import (
    list_containments,
    list_decisions,
    list_limits,
    list_reviews,
    show_decision,
    show_effect,
    show_task,
)
from fairkeeper.governance.queries.descriptions import list_descriptions
from fairkeeper.governance.queries.replay import replay

OPERATIONS: Final[tuple[Operation, ...]] = (
    register_agent,
    change_agent,
    promote_agent,
    publish_description,
    propose_use,
    approve_use,
    withdraw_use,
    register_tool,
    report_manifest,
    approve_manifest,
    permit_tool,
    end_permit,
    grant_data,
    revoke_data,
    delegate,
    end_delegation,
    set_limit,
    end_limit,
    contain,
    lift_containment,
    decide,
    record_outcome,
    endorse_task,
    review_call,
    list_agents,
    show_agent,
    list_tools,
    show_tool,
    list_decisions,
    show_decision,
    list_reviews,
    list_limits,
    list_containments,
    show_effect,
    show_task,
    replay,
    list_descriptions,
)
