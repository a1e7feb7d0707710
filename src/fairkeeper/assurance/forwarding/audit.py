"""What changed as rows for Microsoft Sentinel: permits, policies, holds, people, rules; and the parsers for AuditEvent.

Calls of agents are AgentEvent, see `sentinel`; everything else that somebody did is an audit event. The rows go into a
table of their own, whose columns are AuditEvent's, and two KQL functions tell them as ASIM AuditEvent 0.1.

Assumption: what an agent may do (policies, permits, limits, holds) is of the object type `Policy Rule`, what people and
programs are is `Directory Service Object`, everything else is `Configuration Atom`.

Source: the empty AuditEvent schema (version 0.1) and the parameters of a published parser in Microsoft's public
Azure-Sentinel repository, read 2026-11-28; Microsoft Learn, "ASIM Audit Events normalization schema reference".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairkeeper import __version__
from fairkeeper.assurance.forwarding.happening import CALLS, OUTCOME, VENDOR, Happening
from fairkeeper.assurance.forwarding.kql import Parser
from fairkeeper.values.clock import format_instant

TABLE: Final = "FairkeeperAuditEvents_CL"
STREAM: Final = f"Custom-{TABLE}"
SCHEMA_VERSION: Final = "0.1"
COLUMNS: Final[Mapping[str, str]] = {
    "TimeGenerated": "datetime",
    "EventOriginalUid": "string",
    "EventSchema": "string",
    "EventSchemaVersion": "string",
    "EventStartTime": "datetime",
    "EventEndTime": "datetime",
    "EventCount": "int",
    "EventVendor": "string",
    "EventProduct": "string",
    "EventProductVersion": "string",
    "EventType": "string",
    "EventOriginalType": "string",
    "EventResult": "string",
    "EventSeverity": "string",
    "EventMessage": "string",
    "Operation": "string",
    "Object": "string",
    "ObjectId": "string",
    "ObjectType": "string",
    "OldValue": "string",
    "NewValue": "string",
    "ValueType": "string",
    "ActorUserId": "string",
    "ActorUsername": "string",
    "ActorUserType": "string",
    "ActorScopeId": "string",
    "TargetAppName": "string",
    "TargetAppType": "string",
    "Dvc": "string",
    "AdditionalFields": "dynamic",
}
"""The columns of the table, which are AuditEvent's own; the parsers add aliases and `Type`."""
_ALIASES: Final = {"User": "ActorUsername", "Application": "TargetAppName", "Value": "NewValue"}
_PARAMETERS: Final = (
    ("starttime", "datetime", "datetime(null)"),
    ("endtime", "datetime", "datetime(null)"),
    ("srcipaddr_has_any_prefix", "dynamic", "dynamic([])"),
    ("actorusername_has_any", "dynamic", "dynamic([])"),
    ("operation_has_any", "dynamic", "dynamic([])"),
    ("eventtype_in", "dynamic", "dynamic([])"),
    ("eventresult", "string", "'*'"),
    ("object_has_any", "dynamic", "dynamic([])"),
    ("newvalue_has_any", "dynamic", "dynamic([])"),
    ("disabled", "bool", "false"),
)
_FILTERS: Final = (
    ("actorusername_has_any", "ActorUsername"),
    ("operation_has_any", "Operation"),
    ("object_has_any", "Object"),
    ("newvalue_has_any", "NewValue"),
)
_TYPES: Final = (
    ("contained", "Disable"),
    ("containment_lifted", "Enable"),
    ("registered", "Create"),
    ("created", "Create"),
    ("granted", "Create"),
    ("proposed", "Create"),
    ("delegated", "Create"),
    ("added", "Create"),
    ("invited", "Create"),
    ("opened", "Create"),
    ("placed", "Create"),
    ("ended", "Delete"),
    ("revoked", "Delete"),
    ("withdrawn", "Delete"),
    ("removed", "Delete"),
    ("erased", "Delete"),
    ("lifted", "Delete"),
)
"""How a kind of entry ends, and what AuditEvent calls that; everything else is `Set`."""
_RULES: Final = frozenset({"agent", "tool", "permit", "policy_bundle", "limit", "data_grant", "containment", "use"})
_PEOPLE: Final = frozenset({"person", "token", "invitation", "delegation"})
_ACTORS: Final = {"staff": "Admin", "system": "System", "service": "Application", "agent": "Application"}
_OLD: Final = ("before", "old", "was")
_NEW: Final = ("days", "lane", "state", "mode", "maximum", "verdict", "environment", "fields", "value")


def audit_row_of(told: Happening) -> dict[str, Any] | None:
    """Return what somebody did as a row; None for a call of an agent."""
    if told.kind in CALLS or told.kind == OUTCOME:
        return None
    at, new = format_instant(told.at), told.text(*_NEW)
    return {
        "TimeGenerated": at,
        "EventOriginalUid": told.entry_id,
        "EventSchema": "AuditEvent",
        "EventSchemaVersion": SCHEMA_VERSION,
        "EventStartTime": at,
        "EventEndTime": at,
        "EventCount": 1,
        "EventVendor": VENDOR,
        "EventProduct": VENDOR,
        "EventProductVersion": __version__,
        "EventType": event_type(told.kind),
        "EventOriginalType": told.kind,
        "EventResult": "Success",
        "EventSeverity": "Medium" if told.kind.endswith(".contained") else "Informational",
        "EventMessage": told.text("reason", "why", "what"),
        "Operation": told.operation,
        "Object": told.text("name", "title", "agent", "tool", "kind") or told.subject_id,
        "ObjectId": told.subject_id,
        "ObjectType": object_type(told.subject_type),
        "OldValue": told.text(*_OLD),
        "NewValue": new,
        "ValueType": "Other" if new else "",
        "ActorUserId": told.actor_id,
        "ActorUsername": told.actor_id,
        "ActorUserType": _ACTORS.get(told.actor_kind, "Regular"),
        "ActorScopeId": told.customer_id or "",
        "TargetAppName": VENDOR,
        "TargetAppType": "SaaS application",
        "Dvc": VENDOR,
        "AdditionalFields": {
            "evidence_index": told.leaf_index,
            "payload_commitment": told.commitment,
            "subject_type": told.subject_type,
        },
    }


def event_type(kind: str) -> str:
    """Return what AuditEvent calls what a kind of entry tells.

    Example:
        >>> event_type("governance.contained"), event_type("governance.permit_ended")
        ('Disable', 'Delete')
    """
    return next((name for end, name in _TYPES if kind.endswith(end)), "Set")


def object_type(subject_type: str) -> str:
    """Return of which type AuditEvent says a thing is."""
    if subject_type in _RULES:
        return "Policy Rule"
    return "Directory Service Object" if subject_type in _PEOPLE else "Configuration Atom"


_PARSER: Final = Parser(
    schema="AuditEvent",
    table=TABLE,
    parameters=_PARAMETERS,
    plain=frozenset({"disabled"}),
    filters=_FILTERS,
    wheres=(
        # What is done here has no source address: whoever asks for one finds nothing.
        "array_length(srcipaddr_has_any_prefix) == 0",
        "array_length(eventtype_in) == 0 or EventType in (eventtype_in)",
        "eventresult == '*' or EventResult =~ eventresult",
    ),
    id_column="EventOriginalUid",
    extends=(", ".join((*(f"{alias} = {column}" for alias, column in _ALIASES.items()), f"Type = '{TABLE}'")),),
    columns=(*COLUMNS, *_ALIASES),
)


def audit_parser_of(*, has_filters: bool) -> tuple[str, str]:
    """Return a parser's name and its KQL: with filters (`vim…`) or without (`ASim…`)."""
    return _PARSER.spelled(has_filters=has_filters)
