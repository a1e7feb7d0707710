"""Calls of agents as OpenTelemetry spans in the words of the GenAI conventions, as OTLP's JSON spells them.

One span for each decision and one for each outcome, of the operation `execute_tool`. Spans of one task make one trace.
An id is derived from the entry's, so a span that comes again is the same span. Arguments and results are in none of
them.

Source: OpenTelemetry, "Semantic conventions for generative AI tool execution" (Development), and the OTLP
specification, "JSON Protobuf Encoding" (ids in hexadecimal, 64-bit integers as texts, enums as numbers), read
2026-11-28.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairkeeper import __version__
from fairkeeper.assurance.forwarding.happening import CALLS, OUTCOME, VENDOR, Happening

_INTERNAL: Final = 1
_OK, _ERROR = 1, 2
_OWN: Final = "fairkeeper"


def span_of(told: Happening) -> dict[str, Any] | None:
    """Return a call or its outcome as a span; None for what is no event of an agent."""
    if told.kind not in CALLS and told.kind != OUTCOME:
        return None
    is_outcome = told.kind == OUTCOME
    took = int(told.told.get("took_milliseconds") or 0) if is_outcome else 0
    ends = int(told.at.timestamp() * 1_000_000) * 1000
    tool = told.text("tool") or told.operation
    decision = told.text("decision")
    found: dict[str, Any] = {
        "traceId": _derived(told.session or decision or told.entry_id, 32),
        "spanId": _derived(told.entry_id, 16),
        "name": f"execute_tool {tool}",
        "kind": _INTERNAL,
        "startTimeUnixNano": str(ends - took * 1_000_000),
        "endTimeUnixNano": str(ends),
        "attributes": _attributes(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": tool,
                "gen_ai.tool.call.id": decision,
                "gen_ai.agent.id": told.subject_id,
                "gen_ai.agent.name": told.text("agent"),
                "gen_ai.agent.version": told.text("agent_version"),
                "gen_ai.conversation.id": told.session,
                f"{_OWN}.event": told.kind,
                f"{_OWN}.decision": CALLS.get(told.kind, ""),
                f"{_OWN}.outcome": told.text("outcome") if is_outcome else "",
                f"{_OWN}.lane": str(told.answer.get("lane") or ""),
                f"{_OWN}.reason": str(told.answer.get("reason") or ""),
                f"{_OWN}.policies": [str(each) for each in told.answer.get("policies") or ()],
                f"{_OWN}.customer": told.customer_id or "",
                f"{_OWN}.entry": told.entry_id,
                f"{_OWN}.evidence_index": told.leaf_index,
            }
        ),
        "status": {"code": _ERROR if is_outcome and told.text("outcome") == "error" else _OK},
    }
    if is_outcome and told.cause:
        found["parentSpanId"] = _derived(told.cause, 16)
    return found


def request_of(spans: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return spans as the body of one request to a collector."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": _OWN, "service.version": __version__})},
                "scopeSpans": [{"scope": {"name": VENDOR, "version": __version__}, "spans": list(spans)}],
            }
        ]
    }


def _derived(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return attributes as OTLP spells them; empty ones are left out."""
    return [{"key": name, "value": _value(value)} for name, value in values.items() if value not in ("", [])]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(each) for each in value]}}
    return {"stringValue": str(value)}
