"""Events for security systems: each is valid whatever an entry tells, nothing of arguments leaves, parsers fit columns."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairkeeper.assurance.forwarding.audit import COLUMNS as AUDIT_COLUMNS
from fairkeeper.assurance.forwarding.audit import audit_parser_of, audit_row_of
from fairkeeper.assurance.forwarding.happening import CALLS, OUTCOME, Happening, happening
from fairkeeper.assurance.forwarding.ocsf import event_of, problems_of
from fairkeeper.assurance.forwarding.sentinel import COLUMNS, TABLE, parser_of, row_of
from fairkeeper.assurance.forwarding.spans import span_of
from fairkeeper.bootstrap.rooms import make_registry

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
KINDS = sorted({kind.name for operation in make_registry() for kind in operation.evidence})
AGENT_EVENT = frozenset(
    [
        "TimeGenerated",
        "Type",
        "EventUid",
        "EventOriginalUid",
        "EventSchema",
        "EventSchemaVersion",
        "EventStartTime",
        "EventEndTime",
        "EventCount",
        "EventVendor",
        "EventProduct",
        "ToolName",
        "SrcAgentId",
        "SrcAgentName",
        "SrcAgentOriginalType",
        "SrcAgentDescription",
        "SrcAgentBlueprintId",
        "SrcIpAddr",
        "SrcFQDN",
        "SrcPortNumber",
        "TargetAgentId",
        "TargetAgentName",
        "TargetAgentUsername",
        "TargetAgentUserId",
        "TargetAgentOriginalType",
        "TargetAgentDescription",
        "TargetAgentBlueprintId",
        "PlatformTargetAgentId",
        "PlatformTargetAgentName",
        "ActorUserId",
        "ActorUserIdType",
        "ActorUserScope",
        "ActorUserScopeId",
        "ActorUsername",
        "ActorUsernameType",
        "ActorUserAdditionalIds",
        "ActingAppName",
        "ActingAppId",
        "ActingAppType",
        "EventSessionId",
        "EventSessionName",
        "EventType",
        "EventOriginalType",
        "EventRequestId",
        "EventResponseId",
        "EventOriginalRequestDetails",
        "EventOriginalResultDetails",
        "EventErrorDetails",
        "EventOriginalErrorType",
        "EventFinishReasons",
        "EventOutputType",
        "ToolId",
        "ToolDescription",
        "ToolOriginalType",
        "ModelProviderName",
        "ModelName",
        "InputTokensUsed",
        "OutputTokensUsed",
        "AdditionalEntities",
        "AdditionalFields",
    ]
)
"""The documented columns of AgentEvent 1.0.0 that a parser may give (the empty schema, read 2026-11-28)."""
RESERVED = frozenset({"Type", "TenantId", "Title", "id", "_ResourceId", "UniqueId"})


def entry(kind: str, payload: dict[str, Any] | None, *, actor: str = "agent", subject: str = "agent") -> Happening:
    header = {
        "kind": kind,
        "operation": "governance.decide",
        "actor": {"id": "agt_1", "kind": actor},
        "subject": {"type": subject, "id": "agt_1"},
        "customer": "cus_1",
        "cause": None,
        "request": None,
        "payload_commitment": "ab",
    }
    return happening("ent_1", AT, json.dumps(header), None if payload is None else json.dumps(payload), 7)


def call(**more: Any) -> dict[str, Any]:
    return {
        "agent": "helper",
        "tool": "send",
        "decision": "dec_1",
        "reason": "No.",
        "answer": {"lane": "never", "reason": "forbidden", "policies": ["no-sending"]},
        "inputs": {"arguments": {"to": "SECRET"}, "person": {"id": "cora@contoso.example", "issuer": "x"}},
        **more,
    }


@pytest.mark.parametrize("actor", ["agent", "staff", "system"])
def test_every_kind_of_entry_is_a_valid_event_with_or_without_its_payload(actor: str) -> None:
    assert len(KINDS) > 100
    for kind in KINDS:
        for payload in (None, call(), {"state": "paused", "why": "x", "severity": "high", "what": "y"}):
            event = event_of(entry(kind, payload, actor=actor))
            assert problems_of(event) == [], kind
            assert event["metadata"]["uid"] == "ent_1"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
_NAMES = st.sampled_from(("agent", "tool", "answer", "inputs", "reason", "state", "severity", "signal", "what", "task"))


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(KINDS), payload=st.dictionaries(_NAMES, _JSON, max_size=6))
def test_whatever_a_payload_holds_the_event_is_valid(kind: str, payload: dict[str, Any]) -> None:
    told = entry(kind, payload)
    assert problems_of(event_of(told)) == []
    row = row_of(told)
    assert row is None or set(row) == set(COLUMNS)


def test_a_broken_event_is_told_apart() -> None:
    good = event_of(entry("governance.call_refused/1", call()))
    for path, value in (("severity_id", 7), ("time", "now"), ("class_uid", 1), ("actor", {}), ("surplus", 1)):
        assert problems_of(copy.deepcopy(good) | {path: value}), path
    for name in ("metadata", "api", "src_endpoint", "activity_id"):
        assert problems_of({key: value for key, value in good.items() if key != name}), name
    assert problems_of(good | {"type_uid": 600301})


@pytest.mark.parametrize(
    ("kind", "action", "disposition"),
    [("call_allowed", 1, 1), ("call_waits", 2, 14), ("call_refused", 2, 2), ("never_attempted", 2, 26)],
)
def test_a_decision_says_who_for_whom_what_and_how_it_came_out(kind: str, action: int, disposition: int) -> None:
    event = event_of(entry(f"governance.{kind}/1", call()))
    assert (event["type_uid"], event["action_id"], event["disposition_id"]) == (600399, action, disposition)
    assert event["actor"] == {
        "app_uid": "agt_1",
        "app_name": "helper",
        "user": {"uid": "cora@contoso.example", "type_id": 1},
    }
    assert event["api"]["operation"] == "send"
    assert event["authorizations"][0]["policy"] == {"uid": "no-sending"}


def test_no_argument_leaves() -> None:
    for kind in CALLS:
        told = entry(f"{kind}/1", call())
        assert "SECRET" not in json.dumps([event_of(told), row_of(told)])


@pytest.mark.parametrize(("state", "activity"), [("paused", 12), ("constrained", 3), ("revoked", 9)])
def test_a_hold_is_a_suspension_of_what_is_held(state: str, activity: int) -> None:
    assert event_of(entry("governance.contained/1", {"state": state}))["type_uid"] == 300400 + activity


def test_the_tables_columns_are_agent_events_own_and_none_is_reserved() -> None:
    assert set(COLUMNS) <= AGENT_EVENT
    assert not set(COLUMNS) & RESERVED
    assert all(len(name) <= 45 for name in COLUMNS)
    row = row_of(entry("governance.call_refused/1", call()))
    assert row is not None
    kinds = {"string": str, "int": int, "dynamic": dict, "datetime": str}
    assert {name for name, value in row.items() if not isinstance(value, kinds[COLUMNS[name]])} == set()


@pytest.mark.parametrize("has_filters", [True, False])
def test_a_parser_gives_documented_columns_from_the_tables_own(has_filters: bool) -> None:
    name, text = parser_of(has_filters=has_filters)
    assert name == ("vimAgentEventFairkeeper" if has_filters else "ASimAgentEventFairkeeper")
    given_columns = re.findall(r"\w+", text.partition("| project\n")[2].partition("}")[0])
    assert set(given_columns) == {*COLUMNS, "Type"} <= AGENT_EVENT
    assert TABLE in text
    assert text.count("(") == text.count(")")
    declared = re.findall(r"^    (\w+): \w+ = ", text, re.MULTILINE)
    assert set(declared) == (
        {"starttime", "endtime", "agentid_has_any", "agentname_has_any", "username_has_any", "disabled", "pack"}
        if has_filters
        else {"disabled", "pack"}
    )


AUDIT_EVENT = frozenset(
    [
        "ActorUserType",
        "ActorUsernameType",
        "ActorUserIdType",
        "EventResult",
        "EventType",
        "EventSchema",
        "ValueType",
        "EventSeverity",
        "EventVendor",
        "EventProduct",
        "SrcDvcIdType",
        "TargetDvcIdType",
        "SrcDomainType",
        "TargetDomainType",
        "SrcDeviceType",
        "TargetDeviceType",
        "ObjectType",
        "OriginalObjectType",
        "TargetAppType",
        "TargetOriginalAppType",
        "ActingAppType",
        "ActingOriginalAppType",
        "ThreatConfidence",
        "SrcGeoCountry",
        "TargetGeoCountry",
        "EventSubType",
        "EventResultDetails",
        "SrcHostname",
        "TargetHostname",
        "SrcIpAddr",
        "TargetIpAddr",
        "SrcGeoRegion",
        "SrcGeoCity",
        "TargetGeoRegion",
        "TargetGeoCity",
        "ThreatRiskLevel",
        "EventSchemaVersion",
        "EventReportUrl",
        "User",
        "ActorUsername",
        "Application",
        "Process",
        "Operation",
        "Object",
        "ObjectId",
        "OldValue",
        "NewValue",
        "Value",
        "TimeGenerated",
        "_ResourceId",
        "Type",
        "AdditionalFields",
        "EventMessage",
        "EventCount",
        "EventStartTime",
        "EventEndTime",
        "EventOriginalUid",
        "EventOriginalType",
        "EventOriginalSubType",
        "EventOriginalResultDetails",
        "EventOriginalSeverity",
        "EventProductVersion",
        "EventOwner",
        "Rule",
        "RuleName",
        "RuleNumber",
        "ThreatId",
        "ThreatName",
        "ThreatCategory",
        "ActorUserId",
        "ActorScopeId",
        "ActorScope",
        "ActorOriginalUserType",
        "ActorSessionId",
        "TargetAppId",
        "TargetAppName",
        "TargetUrl",
        "ActingAppId",
        "ActingAppName",
        "HttpUserAgent",
        "Src",
        "SrcPortNumber",
        "SrcDomain",
        "SrcFQDN",
        "Dst",
        "TargetDomain",
        "TargetFQDN",
        "Dvc",
        "DvcId",
        "DvcIpAddr",
        "DvcHostname",
        "DvcAction",
        "DvcOriginalAction",
        "DvcScope",
    ]
)
"""Documented columns of AuditEvent 0.1 (the empty schema, read 2026-11-28), without those on threats and places."""


def test_what_somebody_did_becomes_a_row_of_audit_event_and_a_call_of_an_agent_does_not() -> None:
    for kind in KINDS:
        told = entry(kind, {"reason": "Why", "lane": "automatic", "before": "approval", "tool": "pay"}, actor="staff")
        row = audit_row_of(told)
        is_call = told.kind in CALLS or told.kind == OUTCOME
        assert (row is None) == is_call, kind
        assert (row is None) == (row_of(told) is not None), "one of the two tells it"
        if row is not None:
            assert set(row) == set(AUDIT_COLUMNS)
    held = audit_row_of(entry("governance.contained/1", {"state": "paused"}, actor="staff"))
    assert held is not None
    assert (held["EventType"], held["ObjectType"], held["NewValue"]) == ("Disable", "Policy Rule", "paused")
    assert held["ActorUserType"] == "Admin"


@pytest.mark.parametrize("has_filters", [True, False])
def test_the_parsers_of_audit_event_give_documented_columns_alone(has_filters: bool) -> None:
    name, text = audit_parser_of(has_filters=has_filters)
    assert name == ("vimAuditEventFairkeeper" if has_filters else "ASimAuditEventFairkeeper")
    projected = {line.strip().rstrip(",") for line in text.split("| project\n")[1].split("\n};")[0].splitlines()}
    assert projected <= AUDIT_EVENT
    assert set(AUDIT_COLUMNS) <= projected
    assert {"User", "Application", "Value", "Type"} <= projected
    assert not set(AUDIT_COLUMNS) & RESERVED
    assert all(len(each) <= 45 for each in AUDIT_COLUMNS)
    declared = re.findall(r"^    (\w+): \w+ = ", text, re.MULTILINE)
    wanted = ["starttime", "endtime", "srcipaddr_has_any_prefix", "actorusername_has_any", "operation_has_any",
              "eventtype_in", "eventresult", "object_has_any", "newvalue_has_any", "disabled"]  # fmt: skip
    assert declared == (wanted if has_filters else ["disabled"])
    assert "by EventOriginalUid" in text


def test_a_span_names_tool_agent_and_decision_in_the_words_of_the_conventions() -> None:
    told = entry(
        "governance.call_allowed/1",
        {"tool": "pay", "agent": "clerk", "decision": "dec_1", "answer": {"lane": "automatic", "policies": ["p1"]},
         "inputs": {"task_id": "t1", "arguments": {"to": "Samira Sand"}}},
    )  # fmt: skip
    span = span_of(told)
    assert span is not None
    assert span["name"] == "execute_tool pay"
    assert re.fullmatch(r"[0-9a-f]{32}", span["traceId"])
    assert re.fullmatch(r"[0-9a-f]{16}", span["spanId"])
    found = {each["key"]: each["value"] for each in span["attributes"]}
    assert found["gen_ai.operation.name"] == {"stringValue": "execute_tool"}
    assert found["gen_ai.tool.name"] == {"stringValue": "pay"}
    assert found["gen_ai.tool.call.id"] == {"stringValue": "dec_1"}
    assert found["gen_ai.agent.id"] == {"stringValue": "agt_1"}
    assert found["gen_ai.conversation.id"] == {"stringValue": "t1"}
    assert found["fairkeeper.policies"] == {"arrayValue": {"values": [{"stringValue": "p1"}]}}
    assert "Samira" not in json.dumps(span)
    assert span_of(told) == span, "what is sent again is the same span"
    assert span_of(entry("governance.contained/1", {})) is None
