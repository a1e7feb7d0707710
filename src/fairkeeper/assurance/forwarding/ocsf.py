"""Evidence as OCSF 1.8 events, and the part of the OCSF schema that they have to keep to.

A call of an agent is API Activity (6003) with the Security Control profile; what changes an agent, a tool, a permit or
a hold is Entity Management (3004); a signal or an incident is a Detection Finding (2004); everything else is a Base
Event (0). The agent, its lane and the place in the log stand under `unmapped`, since 1.8 has no attributes for them.

`SCHEMA` is written from the published definitions for the classes and attributes used here, with their required
attributes, their numbers and their "at least one of"; an attribute that it does not name is refused.

Source: OCSF schema 1.8.0 (base event, API Activity, Entity Management, Detection Finding; objects actor, api, metadata,
managed entity, finding info; profile Security Control), read 2026-11-28. The choice of classes is this project's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from fairkeeper import __version__
from fairkeeper.assurance.forwarding.happening import CALLS, OUTCOME, VENDOR, Happening

VERSION: Final = "1.8.0"
BASE, FINDING, ENTITY, CALL = 0, 2004, 3004, 6003
_CATEGORY: Final = {BASE: 0, FINDING: 2, ENTITY: 3, CALL: 6}
OTHER: Final = 99
_CREATE, _UPDATE, _DELETE, _CLOSE = 1, 3, 4, 3
_SUSPEND, _RESUME, _DISABLE = 12, 13, 9
_ALLOWED, _DENIED, _OBSERVED = 1, 2, 3
_DISPOSITIONS: Final = {
    "allowed": (_ALLOWED, 1),
    "waits": (_DENIED, 14),
    "refused": (_DENIED, 2),
    "never": (_DENIED, 26),
}
_SEVERITIES: Final = {"low": 2, "medium": 3, "high": 4, "critical": 5}
_ENTITIES: Final = frozenset({"governance", "consent", "access"})
_CREATES: Final = ("registered", "granted", "proposed", "set", "delegated", "created", "published", "invited", "saved")
_DELETES: Final = ("ended", "revoked", "withdrawn", "hidden", "removed", "taken_back")
_HELD: Final = {"paused": _SUSPEND, "constrained": _UPDATE, "revoked": _DISABLE}


def event_of(told: Happening) -> dict[str, Any]:
    """Return an entry as an OCSF event."""
    if told.kind in CALLS or told.kind == OUTCOME:
        return _call(told)
    if told.kind.startswith(("assurance.signal_raised", "assurance.incident_")):
        return _finding(told)
    if told.kind.partition(".")[0] in _ENTITIES:
        return _entity(told)
    return _base(told, BASE, OTHER, activity_name=told.operation)


def _base(told: Happening, class_uid: int, activity_id: int, *, severity: int = 1, **more: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "version": VERSION,
        "uid": told.entry_id,
        "event_code": told.kind,
        "sequence": told.leaf_index,
        "product": {"name": VENDOR, "vendor_name": VENDOR, "version": __version__},
    }
    if told.customer_id:
        metadata["tenant_uid"] = told.customer_id
    if told.request:
        metadata["correlation_uid"] = told.request
    if "action_id" in more:
        metadata["profiles"] = ["security_control"]
    unmapped = {
        "evidence_index": told.leaf_index,
        "payload_commitment": told.commitment,
        "cause": told.cause or "",
        "subject_type": told.subject_type,
        "subject_uid": told.subject_id,
        **more.pop("unmapped", {}),
    }
    return {
        "category_uid": _CATEGORY[class_uid],
        "class_uid": class_uid,
        "activity_id": activity_id,
        "type_uid": class_uid * 100 + activity_id,
        "severity_id": severity,
        "time": int(told.at.timestamp() * 1000),
        "metadata": metadata,
        "unmapped": unmapped,
        **more,
    }


def _actor(told: Happening) -> dict[str, Any]:
    if told.actor_kind != "agent":
        user_type = 3 if told.actor_kind == "system" else 1
        return {"user": {"uid": told.actor_id, "type_id": user_type}}
    actor: dict[str, Any] = {"app_uid": told.actor_id, "app_name": told.text("agent") or told.actor_id}
    if told.person:
        actor["user"] = {"uid": told.person, "type_id": 1}
    return actor


def _call(told: Happening) -> dict[str, Any]:
    is_outcome = told.kind == OUTCOME
    answer = "" if is_outcome else CALLS[told.kind]
    action, disposition = (_OBSERVED, 17) if is_outcome else _DISPOSITIONS[answer]
    agent = {"uid": told.subject_id, "name": told.text("agent"), "version": told.text("agent_version")}
    more: dict[str, Any] = {
        "activity_name": "Report the outcome" if is_outcome else "Call a tool",
        "actor": _actor(told),
        "api": {"operation": told.text("tool") or told.operation, "service": {"name": VENDOR}},
        "src_endpoint": {"name": told.text("agent") or told.actor_id, "uid": told.subject_id},
        "action_id": action,
        "disposition_id": disposition,
        "message": told.text("reason", "outcome"),
        "unmapped": {
            "ai_agent": {name: value for name, value in agent.items() if value},
            "decision": told.text("decision"),
            "lane": str(told.answer.get("lane") or ""),
            "reason": str(told.answer.get("reason") or ""),
            "task": told.session,
        },
    }
    policies = told.answer.get("policies") or ()
    if not is_outcome and policies:
        decision = "allowed" if answer == "allowed" else "denied"
        more["authorizations"] = [{"decision": decision, "policy": {"uid": str(each)}} for each in policies]
    return _base(told, CALL, OTHER, severity=3 if answer == "never" else 1, **more)


def _entity(told: Happening) -> dict[str, Any]:
    verb = told.kind.partition(".")[2]
    if verb == "contained":
        activity = _HELD.get(told.text("state"), _UPDATE)
    elif verb == "containment_lifted":
        activity = _RESUME
    elif verb.endswith(_DELETES):
        activity = _DELETE
    else:
        activity = _CREATE if verb.endswith(_CREATES) else _UPDATE
    entity = {"uid": told.subject_id, "type": told.subject_type}
    name = told.text("name", "title", "agent", "tool")
    more: dict[str, Any] = {
        "entity": entity | ({"name": name} if name else {}),
        "actor": _actor(told),
        "activity_name": told.operation,
    }
    comment = told.text("reason", "why")
    if comment:
        more["comment"] = comment
    return _base(told, ENTITY, activity, severity=3 if verb == "contained" else 1, **more)


def _finding(told: Happening) -> dict[str, Any]:
    is_signal = told.kind.startswith("assurance.signal_")
    is_end = told.kind == "assurance.incident_closed"
    activity = _CREATE if told.kind.endswith(("_raised", "_opened")) else _CLOSE if is_end else 2
    severity = 3 if is_signal else _SEVERITIES.get(told.text("severity"), 1)
    info = {
        "uid": told.text("signal") or told.subject_id,
        "title": told.text("kind", "title") or told.kind,
        "desc": told.text("what", "summary", "step", "cause"),
        "created_time": int(told.at.timestamp() * 1000),
    }
    return _base(
        told,
        FINDING,
        activity,
        severity=severity,
        finding_info={name: value for name, value in info.items() if value != ""},
        is_alert=activity == _CREATE and told.text("mode") != "shadow",
        resources=[{"uid": told.subject_id, "type": told.subject_type}],
        message=told.text("what", "title"),
    )


# -------------------- the schema


def _object(required: tuple[str, ...] = (), any_of: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    if any_of:
        schema["anyOf"] = [{"required": [name]} for name in any_of]
    return schema


_TEXT: Final = {"type": "string"}
_UID: Final = {"type": "string", "minLength": 1}
_NUMBER: Final = {"type": "integer"}
_MOMENT: Final = {"type": "integer", "minimum": 0}


def _one_of(*values: int | str) -> dict[str, Any]:
    return {"enum": list(values)}


_USER: Final = _object(any_of=("uid", "name"), uid=_UID, name=_TEXT, type_id=_one_of(0, 1, 2, 3, 4, 99))
_ACTOR: Final = _object(any_of=("user", "app_name", "app_uid"), user=_USER, app_name=_UID, app_uid=_UID)
_METADATA: Final = _object(
    ("version", "product"),
    version=_one_of(VERSION),
    uid=_UID,
    event_code=_UID,
    sequence=_NUMBER,
    tenant_uid=_UID,
    correlation_uid=_UID,
    profiles={"type": "array", "items": _one_of("security_control")},
    product=_object((), ("name", "uid"), name=_UID, uid=_UID, vendor_name=_UID, version=_TEXT),
)
_COMMON: Final[Mapping[str, Any]] = {
    "category_uid": _NUMBER,
    "class_uid": _NUMBER,
    "type_uid": _NUMBER,
    "activity_name": _UID,
    "severity_id": _one_of(0, 1, 2, 3, 4, 5, 6, 99),
    "time": _MOMENT,
    "metadata": _METADATA,
    "message": _TEXT,
    "unmapped": {"type": "object"},
}
_ALWAYS: Final = ("category_uid", "class_uid", "activity_id", "type_uid", "severity_id", "time", "metadata")


def _class(uid: int, activities: tuple[int, ...], required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    schema = _object((*_ALWAYS, *required), **_COMMON, **more, activity_id=_one_of(*activities))
    schema["properties"]["class_uid"] = _one_of(uid)
    schema["properties"]["category_uid"] = _one_of(_CATEGORY[uid])
    schema["properties"]["type_uid"] = _one_of(*(uid * 100 + each for each in activities))
    return schema


SCHEMA: Final[Mapping[int, dict[str, Any]]] = {
    BASE: _class(BASE, (0, OTHER)),
    CALL: _class(
        CALL,
        (0, 1, 2, 3, 4, OTHER),
        ("actor", "api", "src_endpoint"),
        actor=_ACTOR,
        api=_object(("operation",), operation=_UID, service=_object((), ("name", "uid"), name=_UID, uid=_UID)),
        src_endpoint=_object((), ("name", "uid"), name=_UID, uid=_UID),
        action_id=_one_of(0, 1, 2, 3, 4),
        disposition_id=_one_of(*range(28), OTHER),
        authorizations={
            "type": "array",
            "items": _object((), ("decision", "policy"), decision=_TEXT, policy=_object((), ("uid", "name"), uid=_UID)),
        },
    ),
    ENTITY: _class(
        ENTITY,
        (*range(14), OTHER),
        ("entity",),
        entity=_object((), ("name", "uid"), name=_UID, uid=_UID, type=_TEXT, version=_TEXT),
        actor=_ACTOR,
        comment=_TEXT,
    ),
    FINDING: _class(
        FINDING,
        (0, 1, 2, 3, OTHER),
        ("finding_info",),
        finding_info=_object(("uid",), uid=_UID, title=_TEXT, desc=_TEXT, created_time=_MOMENT),
        is_alert={"type": "boolean"},
        resources={"type": "array", "items": _object((), ("name", "uid"), uid=_UID, name=_TEXT, type=_TEXT)},
    ),
}


@cache
def _validator(class_uid: int) -> Any:
    from jsonschema import Draft202012Validator  # its import takes long, and few programs need it

    return Draft202012Validator(SCHEMA[class_uid])


def problems_of(event: Mapping[str, Any]) -> list[str]:
    """Return what an event breaks of the schema; nothing for one that keeps to it."""
    class_uid = event.get("class_uid", -1)
    if class_uid not in SCHEMA:
        return [f"class_uid: {event.get('class_uid')} is no class that is exported"]
    found = [
        f"{'.'.join(map(str, each.absolute_path)) or 'event'}: {each.message}"
        for each in _validator(class_uid).iter_errors(event)
    ]
    if not found and event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append("type_uid: is not class_uid * 100 + activity_id")
    return sorted(found)
