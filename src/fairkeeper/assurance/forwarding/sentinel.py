"""Calls of agents as rows for Microsoft Sentinel, the table they go into, and the parsers that make AgentEvent of them.

`ASimAgentEventLogs` takes nothing through the Logs Ingestion API, so rows go into a table of their own, and two KQL
functions tell them as ASIM AgentEvent 1.0.0: one with filters, one without.

Assumptions: the agent that calls stands as the target agent (what a person asked to act), as the published parser for
another product has it; `EventType` is `ExecuteTool`.

Source: the empty AgentEvent schema (version 1.0.0, August 2026) and the parser parameters in Microsoft's public
Azure-Sentinel repository, read 2026-11-28; Microsoft Learn, "Logs Ingestion API", read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.assurance.forwarding.happening import CALLS, OUTCOME, VENDOR, Happening
from fairkeeper.assurance.forwarding.kql import Parser
from fairkeeper.values.clock import format_instant

TABLE: Final = "FairkeeperAgentEvents_CL"
STREAM: Final = f"Custom-{TABLE}"
SCHEMA_VERSION: Final = "1.0.0"
COLUMNS: Final[Mapping[str, str]] = {
    "TimeGenerated": "datetime",
    "EventUid": "string",
    "EventOriginalUid": "string",
    "EventSchema": "string",
    "EventSchemaVersion": "string",
    "EventStartTime": "datetime",
    "EventEndTime": "datetime",
    "EventCount": "int",
    "EventVendor": "string",
    "EventProduct": "string",
    "EventType": "string",
    "EventOriginalType": "string",
    "EventSessionId": "string",
    "EventRequestId": "string",
    "EventOriginalResultDetails": "string",
    "EventErrorDetails": "string",
    "ToolName": "string",
    "ToolId": "string",
    "TargetAgentId": "string",
    "TargetAgentName": "string",
    "ActorUserId": "string",
    "ActorUsername": "string",
    "ActorUserScopeId": "string",
    "AdditionalFields": "dynamic",
}
"""The columns of the table, which are AgentEvent's own; the parsers add `Type`, a name that no table may define."""
_PARAMETERS: Final = (
    ("starttime", "datetime", "datetime(null)"),
    ("endtime", "datetime", "datetime(null)"),
    ("agentid_has_any", "dynamic", "dynamic([])"),
    ("agentname_has_any", "dynamic", "dynamic([])"),
    ("username_has_any", "dynamic", "dynamic([])"),
    ("disabled", "bool", "false"),
    ("pack", "bool", "false"),
)
_FILTERS: Final = (
    ("agentid_has_any", "TargetAgentId"),
    ("agentname_has_any", "TargetAgentName"),
    ("username_has_any", "ActorUsername"),
)


def row_of(told: Happening) -> dict[str, Any] | None:
    """Return a call or its outcome as a row; None for what is no event of an agent."""
    if told.kind not in CALLS and told.kind != OUTCOME:
        return None
    at = format_instant(told.at)
    is_outcome = told.kind == OUTCOME
    return {
        "TimeGenerated": at,
        "EventUid": told.entry_id,
        "EventOriginalUid": told.text("decision"),
        "EventSchema": "AgentEvent",
        "EventSchemaVersion": SCHEMA_VERSION,
        "EventStartTime": at,
        "EventEndTime": at,
        "EventCount": 1,
        "EventVendor": VENDOR,
        "EventProduct": VENDOR,
        "EventType": "ExecuteTool",
        "EventOriginalType": told.kind,
        "EventSessionId": told.session,
        "EventRequestId": told.request or "",
        "EventOriginalResultDetails": told.text("outcome") if is_outcome else CALLS[told.kind],
        "EventErrorDetails": told.text("error") if is_outcome else "",
        "ToolName": told.text("tool"),
        "ToolId": told.text("tool_id"),
        "TargetAgentId": told.subject_id,
        "TargetAgentName": told.text("agent"),
        "ActorUserId": told.person,
        "ActorUsername": told.person,
        "ActorUserScopeId": told.customer_id or "",
        "AdditionalFields": {
            "evidence_index": told.leaf_index,
            "payload_commitment": told.commitment,
            "lane": str(told.answer.get("lane") or ""),
            "reason": str(told.answer.get("reason") or ""),
            "policies": [str(each) for each in told.answer.get("policies") or ()],
        },
    }


_PARSER: Final = Parser(
    schema="AgentEvent",
    table=TABLE,
    parameters=_PARAMETERS,
    plain=frozenset({"disabled", "pack"}),
    filters=_FILTERS,
    id_column="EventUid",
    extends=("AdditionalFields = iff(pack, AdditionalFields, dynamic({}))", f"Type = '{TABLE}'"),
    columns=tuple(COLUMNS),
)


def parser_of(*, has_filters: bool) -> tuple[str, str]:
    """Return a parser's name and its KQL: with filters (`vim…`) or without (`ASim…`)."""
    return _PARSER.spelled(has_filters=has_filters)
