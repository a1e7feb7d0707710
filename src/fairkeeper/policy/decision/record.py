"""Decisions as they are recorded and read back: the basis under its digest, call and moment in each record.

`replayed` computes a recorded decision again from nothing else than these, so what is written here is all that an
answer rests on; a field left out would show as a difference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from fairkeeper.policy.decision.arguments import (
    DECIMAL_KEY,
    MOST_BYTES,
    NotExactError,
    digest_of,
    exact,
    size_of,
)
from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.facts import (
    ApprovalFacts,
    ApprovalState,
    Basis,
    Call,
    Caller,
    DelegationFacts,
    Moment,
    Person,
    Resource,
    Verdict,
)
from fairkeeper.policy.decision.labels import NO_LABELS, Labels, labels_from_json, labels_to_json
from fairkeeper.policy.decision.order import decide
from fairkeeper.values.clock import format_instant, parse_instant

_encode = msgspec.json.Encoder(order="sorted").encode


# --- the basis


def basis_content(basis: Basis) -> str:
    """Return the canonical text of a basis, without its digest."""
    return _encode(_plain(dataclasses.replace(basis, digest=""))).decode()


def with_digest(basis: Basis) -> Basis:
    """Return a basis that names its own digest."""
    return dataclasses.replace(basis, digest=digest_of(_plain(dataclasses.replace(basis, digest=""))))


def read_basis(content: str) -> Basis:
    """Return a basis from its canonical text.

    Raises:
        ValueError: The text is none.
    """
    document = msgspec.json.decode(content)
    try:
        return with_digest(_basis_of(document))
    except (KeyError, TypeError, msgspec.MsgspecError) as error:
        raise ValueError(f"no basis: {error}") from error


def _plain(value: Any) -> Any:
    """Return dataclasses and instants as plain values; enums are strings and integers already."""
    if isinstance(value, Labels):
        return labels_to_json(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: _plain(getattr(value, each.name))
            for each in dataclasses.fields(value)
            if "later" not in each.metadata or getattr(value, each.name) != each.default
        }
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, float):
        return {DECIMAL_KEY: repr(value)}
    return value


def _basis_of(document: dict[str, Any]) -> Basis:
    document = dict(document)
    document["tool"] = {
        **document["tool"],
        "result_labels": _msgspec_labels(document["tool"]["result_labels"]),
        "arguments": _inexact(document["tool"]["arguments"]),
    }
    return msgspec.convert(document, Basis)


def _msgspec_labels(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sources": document["sources"],
        "customers": document["customers"],
        "sensitivity": document["sensitivity"],
        "is_trusted": document["trusted"],
    }


# --- call and moment


def recorded_inputs(call: Call, moment: Moment, spelled: bytes | None = None) -> dict[str, Any]:
    """Return call and moment as a decision's record holds them.

    Args:
        call, moment: What was asked, and when.
        spelled: The exact arguments in canonical bytes, where somebody has spelled them already; they stand as such.
    """
    inputs: dict[str, Any] = {
        "arguments": recorded_arguments(call.arguments) if spelled is None else msgspec.Raw(spelled),
        "caller": {"customer": call.caller.customer_id, "id": call.caller.id, "may_report": call.caller.may_report},
        "standing": list(moment.standing),
        "used": dict(moment.used),
    }
    for name in _STATED:
        value = getattr(call, name)
        if value is not None:
            inputs[name] = value
    if call.action != "call":
        inputs["action"] = call.action
    if call.person is not None:
        inputs["person"] = {"id": call.person.id, "issuer": call.person.issuer}
    if call.resources:
        inputs["resources"] = [_resource(each) for each in call.resources]
    if call.labels != NO_LABELS:
        inputs["call_labels"] = labels_to_json(call.labels)
    if moment.task_labels != NO_LABELS:
        inputs["task_labels"] = labels_to_json(moment.task_labels)
    if call.inputs:
        inputs["inputs"] = list(call.inputs)
    if moment.chain:
        inputs["chain"] = [_plain(link) for link in moment.chain]
    if moment.approval is not None:
        inputs["approval"] = _plain(moment.approval)
    if moment.usage:
        inputs["usage"] = dict(moment.usage)
    return inputs


_STATED: Final = (
    "customer_id",
    "environment",
    "use_id",
    "manifest_digest",
    "delegation_id",
    "task_id",
    "session_id",
    "approval_id",
    "instance",
)


def recorded_arguments(arguments: Mapping[str, Any]) -> Any:
    """Return arguments as they are recorded: exact, or why not."""
    try:
        spelled = exact(arguments)
    except NotExactError as problem:
        return omitted(str(problem))
    size = size_of(spelled)
    if size > MOST_BYTES:
        return omitted(f"{size} bytes, digest {digest_of(spelled)}")
    return spelled


def omitted(why: str) -> dict[str, str]:
    """Return what stands in a record instead of arguments that were not kept."""
    return {_OMITTED: why[:200]}


_OMITTED: Final = "$omitted"


def call_of(inputs: Mapping[str, Any], basis: Basis) -> Call | None:
    """Return the recorded call, or None where its arguments were not kept."""
    if _OMITTED in inputs["arguments"]:
        return None
    caller, person = inputs["caller"], inputs.get("person")
    return Call(
        agent_id=basis.agent.id,
        tool_id=basis.tool.id,
        arguments=_inexact(inputs["arguments"]),
        caller=Caller(id=caller["id"], customer_id=caller["customer"], may_report=caller["may_report"]),
        person=None if person is None else Person(id=person["id"], issuer=person["issuer"]),
        resources=tuple(
            Resource(type=each["type"], id=each["id"], customer_id=each["customer"], data_class=each["data_class"])
            for each in inputs.get("resources", ())
        ),
        labels=_labels(inputs.get("call_labels")),
        inputs=tuple(inputs.get("inputs", ())),
        action=inputs.get("action", "call"),
        **{name: inputs.get(name) for name in _STATED},
    )


def moment_of(inputs: Mapping[str, Any], at: datetime) -> Moment:
    """Return the recorded moment."""
    approval = inputs.get("approval")
    return Moment(
        at=at,
        standing=tuple(inputs["standing"]),
        chain=tuple(msgspec.convert(link, DelegationFacts) for link in inputs.get("chain", ())),
        task_labels=_labels(inputs.get("task_labels")),
        approval=None if approval is None else _approval(approval),
        used=dict(inputs["used"]),
        usage=dict(inputs.get("usage", {})),
    )


def _approval(document: Mapping[str, Any]) -> ApprovalFacts:
    return ApprovalFacts(
        id=document["id"],
        state=ApprovalState(document["state"]),
        binding_digest=document["binding_digest"],
        bundle_digest=document["bundle_digest"],
        ends_at=parse_instant(document["ends_at"]),
        approvers=tuple(document["approvers"]),
        is_standing=document["is_standing"],
    )


def _labels(document: Mapping[str, Any] | None) -> Labels:
    return NO_LABELS if document is None else labels_from_json(document)


def _resource(resource: Resource) -> dict[str, Any]:
    return {
        "customer": resource.customer_id,
        "data_class": resource.data_class,
        "id": resource.id,
        "type": resource.type,
    }


def _inexact(value: Any) -> Any:
    """Return exact arguments as they were given."""
    if isinstance(value, Mapping):
        if DECIMAL_KEY in value:
            return float(value[DECIMAL_KEY])
        return {key: _inexact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_inexact(member) for member in value]
    return value


# --- the answer


def recorded_verdict(verdict: Verdict) -> dict[str, Any]:
    """Return the answer as a decision's record holds it."""
    return {
        "allowed": verdict.allowed,
        "approval_used": verdict.approval_id,
        "binding": verdict.binding_digest,
        "detail": verdict.detail,
        "errors": list(verdict.errors),
        "labels": labels_to_json(verdict.labels),
        "lane": None if verdict.lane is None else verdict.lane.value,
        "limits": [
            {
                "after": each.after,
                "before": each.before,
                "limit": each.limit_id,
                "taken": each.taken,
                "window": each.window,
            }
            for each in verdict.reservations
        ],
        "policies": list(verdict.policies),
        "reason": verdict.reason.value,
        "response": None if verdict.response is None else verdict.response.name.lower(),
        "reviewed": verdict.is_reviewed,
        "use": verdict.use_id,
    }


ANSWER_FIELDS: Final = (
    "allowed",
    "approval_used",
    "binding",
    "detail",
    "errors",
    "labels",
    "lane",
    "limits",
    "policies",
    "reason",
    "response",
    "reviewed",
    "use",
)
"""What a replay compares."""


@lru_cache(maxsize=256)
def _compiled(content: str) -> Compiled:
    return Compiled(read_basis(content))


def replayed(payload: Mapping[str, Any], basis: str, at: datetime) -> dict[str, Any] | None:
    """Return a recorded decision computed again, as it would be recorded; None where its arguments were not kept.

    Args:
        payload: The payload of its evidence entry.
        basis: The text of the basis to decide by: the recorded one, or another to see what it would have said.
        at: The instant of the decision.

    Raises:
        ValueError: The basis is none, or its policies cannot be read.
    """
    compiled = _compiled(basis)
    call = call_of(payload["inputs"], compiled.basis)
    if call is None:
        return None
    return recorded_verdict(decide(call, compiled, moment_of(payload["inputs"], at)))
