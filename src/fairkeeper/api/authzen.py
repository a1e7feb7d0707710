"""The OpenID AuthZEN Authorization API 1.0: one evaluation, several, and where to find both.

An enforcement point asks whether a subject may do an action on a resource; here that is an agent calling a tool. A
denial is 200 with `decision: false`; statuses of 400 and above are about the request alone. Members that are not known
are ignored, those that are known and malformed are refused, and a member that stands twice in one object is refused
too, because an enforcement point may have read the other one.

The search endpoints are not offered, and the metadata says so by leaving them out.

Source: OpenID AuthZEN Authorization API 1.0, sections 5 to 7, 9 and 10, read 2026-11-27. The mapping of MCP tool calls
follows the draft of the COAZ-MCP binding: subject `identity`, action `tools/call`, resource `tool`, `context.agent`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fairkeeper.api.errors import request_id_of, status_of
from fairkeeper.api.outcomes import OUTCOMES_PATH, Take, tell_outcomes
from fairkeeper.errors import FairkeeperError, UnauthenticatedError
from fairkeeper.governance.deciding.tickets import Decided
from fairkeeper.policy.decision.facts import Call, Caller, Person, Resource
from fairkeeper.policy.decision.labels import NO_LABELS, Labels
from fairkeeper.policy.decision.reasons import SENTENCES, Reason

EVALUATION_PATH: Final = "/access/v1/evaluation"
EVALUATIONS_PATH: Final = "/access/v1/evaluations"
METADATA_PATH: Final = "/.well-known/authzen-configuration"
MOST_EVALUATIONS: Final = 100
_REQUEST_ID: Final = "X-Request-ID"
_SEMANTICS: Final = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")
_NOBODY: Final = frozenset({Reason.CALLER_REVOKED, Reason.CALLER_UNKNOWN})
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_ENTITIES: Final = ("subject", "action", "resource")

AuthenticateCaller = Callable[[Request], Awaitable[Caller]]
"""Returns who asks, or raises a refusal of their credentials."""
Decide = Callable[[Call], Awaitable[Decided]]


class _MalformedError(ValueError):
    """The request, or one evaluation of it, is malformed; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthZENParts:
    """What the routes are made of.

    Attributes:
        address: The decision point's identifier: the installation's address without a path.
        authenticate: Tells who asks.
        decide: Decides and records.
        take: Records what became of calls; without, that is not offered here.
    """

    address: str
    authenticate: AuthenticateCaller
    decide: Decide
    take: Take | None = None


def authzen_routes(parts: AuthZENParts) -> list[Route]:
    """Return the routes; plain ones, because nothing between a call and its answer may take long."""
    metadata = json.dumps(
        {
            "policy_decision_point": parts.address,
            "access_evaluation_endpoint": parts.address + EVALUATION_PATH,
            "access_evaluations_endpoint": parts.address + EVALUATIONS_PATH,
        }
    ).encode()

    async def evaluation(request: Request) -> Response:
        return await _answered(request, parts, _evaluate)

    async def evaluations(request: Request) -> Response:
        return await _answered(request, parts, _evaluate_all)

    async def outcomes(request: Request) -> Response:
        return await _answered(request, parts, _tell)

    async def configuration(request: Request) -> Response:
        return _json(request, metadata)

    beside = [] if parts.take is None else [Route(OUTCOMES_PATH, outcomes, methods=["POST"], include_in_schema=False)]
    return [
        Route(EVALUATION_PATH, evaluation, methods=["POST"], include_in_schema=False),
        Route(EVALUATIONS_PATH, evaluations, methods=["POST"], include_in_schema=False),
        Route(METADATA_PATH, configuration, methods=["GET"], include_in_schema=False),
        *beside,
    ]


async def _answered(
    request: Request,
    parts: AuthZENParts,
    answer: Callable[[dict[str, Any], Caller, Request, AuthZENParts], Awaitable[dict[str, Any]]],
) -> Response:
    """Answer, or say in one sentence what is wrong with the request (section 10.1.1)."""
    try:
        caller = await parts.authenticate(request)
        if not caller.may_report:
            return _refusal(request, 403, SENTENCES[Reason.CALLER_MAY_NOT_ASK])
        document = _document(request, await request.body())
        found = await answer(document, caller, request, parts)
    except _MalformedError as problem:
        return _refusal(request, 400, str(problem))
    except UnauthenticatedError as error:
        return _refusal(request, 401, f"{error.message} {error.remedy}")
    except FairkeeperError as error:
        return _refusal(request, status_of(error), f"{error.message} {error.remedy}")
    return _json(request, msgspec.json.encode(found))


def _json(request: Request, body: bytes) -> Response:
    return Response(body, media_type="application/json", headers=_request_id(request))


def _refusal(request: Request, status: int, message: str) -> Response:
    headers = _request_id(request)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return PlainTextResponse(message, status_code=status, headers=headers)


def _request_id(request: Request) -> dict[str, str]:
    """Return the identifier that came, as it came, whatever it is (section 10.1.3)."""
    sent = request.headers.get(_REQUEST_ID)
    return {} if sent is None else {_REQUEST_ID: sent[:1000]}


def _document(request: Request, body: bytes) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise _MalformedError("The Content-Type is application/json.")
    try:
        document = _decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise _MalformedError(f"The body is no JSON document: {str(error)[:200]}.") from error
    if not isinstance(document, dict):
        raise _MalformedError("The body is no JSON object.")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode


# --- evaluations


async def _evaluate(document: dict[str, Any], caller: Caller, request: Request, parts: AuthZENParts) -> dict[str, Any]:
    call = call_of(document, caller, request_id_of(request))
    return await _decided(call, parts)


async def _decided(call: Call, parts: AuthZENParts) -> dict[str, Any]:
    """Decide; a caller whose credentials no longer hold has no answer to any evaluation.

    Raises:
        UnauthenticatedError: They were revoked or have expired since they were looked up.
    """
    decided = await parts.decide(call)
    if decided.verdict.reason in _NOBODY:
        raise UnauthenticatedError(SENTENCES[decided.verdict.reason])
    return decision_of(decided)


async def _evaluate_all(
    document: dict[str, Any], caller: Caller, request: Request, parts: AuthZENParts
) -> dict[str, Any]:
    """Evaluate several (section 7); without any, the one that the document itself is."""
    items = document.get("evaluations", [])
    if not isinstance(items, list):
        raise _MalformedError("evaluations is no array.")
    semantic = _semantic(document)
    if not items:
        return await _evaluate(document, caller, request, parts)
    if len(items) > MOST_EVALUATIONS:
        raise _MalformedError(f"There are {len(items)} evaluations, above {MOST_EVALUATIONS}.")
    defaults: dict[str, Any] = {name: document[name] for name in (*_ENTITIES, "context") if name in document}

    async def one(item: Any) -> dict[str, Any]:
        try:
            if not isinstance(item, dict):
                raise _MalformedError("An evaluation is no JSON object.")
            call = call_of(defaults | item, caller, request_id_of(request))
        except _MalformedError as problem:
            return {"decision": False, "context": {"error": {"status": 400, "message": str(problem)}}}
        return await _decided(call, parts)

    if semantic == "execute_all":
        return {"evaluations": list(await asyncio.gather(*(one(item) for item in items)))}
    return {"evaluations": await _until(items, one, stop_at=semantic == "permit_on_first_permit")}


async def _until(
    items: Sequence[Any], one: Callable[[Any], Awaitable[dict[str, Any]]], *, stop_at: bool
) -> list[dict[str, Any]]:
    answers = []
    for item in items:
        answers.append(await one(item))
        if answers[-1]["decision"] is stop_at:
            break
    return answers


async def _tell(document: dict[str, Any], caller: Caller, request: Request, parts: AuthZENParts) -> dict[str, Any]:
    """Record what became of calls; see `fairkeeper.api.outcomes`.

    Raises:
        UnauthenticatedError: The caller's credentials were revoked or have expired.
    """
    assert parts.take is not None  # noqa: S101 - the route is only there with it
    try:
        answer = await tell_outcomes(document, caller, request_id_of(request), parts.take)
    except ValueError as error:
        raise _MalformedError(str(error)) from error
    if answer is None:
        raise UnauthenticatedError(SENTENCES[Reason.CALLER_REVOKED])
    return answer


def _semantic(document: Mapping[str, Any]) -> str:
    options = document.get("options", {})
    if not isinstance(options, dict):
        raise _MalformedError("options is no JSON object.")
    semantic = options.get("evaluations_semantic", _SEMANTICS[0])
    if semantic not in _SEMANTICS:
        raise _MalformedError(f"options.evaluations_semantic is one of {', '.join(_SEMANTICS)}.")
    return str(semantic)


# --- from the wire to a call


def call_of(document: Mapping[str, Any], caller: Caller, request_id: str) -> Call:
    """Return the call that an evaluation asks about.

    Raises:
        ValueError: A member is missing or malformed; the message says which.
    """
    subject = _entity(document, "subject", "type", "id")
    action = _entity(document, "action", "name")
    resource = _entity(document, "resource", "type", "id")
    context = document.get("context", {})
    if not isinstance(context, dict):
        raise _MalformedError("context is no JSON object.")
    agent_id, person = _who(subject, context)
    is_tool = resource["type"] == "tool"
    return Call(
        agent_id=agent_id,
        tool_id=resource["id"] if is_tool else f"{resource['type']}/{resource['id']}"[:120],
        arguments=_arguments(action, context),
        caller=caller,
        action=action["name"],
        person=person,
        customer_id=_text(context, "customer", 40),
        environment=_text(context, "environment", 8),
        manifest_digest=_text(context, "manifest", 64),
        use_id=_text(context, "use", 40),
        delegation_id=_text(context, "delegation", 40),
        task_id=_text(context, "task", 80),
        session_id=_text(context, "session", 80),
        approval_id=_text(context, "approval", 40),
        instance=_text(context, "instance", 80),
        resources=tuple(_resource(each) for each in _list(context, "resources")),
        labels=_labels(context),
        inputs=tuple(_plain(each, "context.inputs", 40) for each in _list(context, "inputs")),
        request_id=request_id,
    )


def _entity(document: Mapping[str, Any], name: str, *required: str) -> dict[str, Any]:
    entity = document.get(name)
    if not isinstance(entity, dict):
        raise _MalformedError(f"{name} is missing or no JSON object.")
    for member in required:
        _plain(entity.get(member), f"{name}.{member}", 200)
    if not isinstance(entity.get("properties", {}), dict):
        raise _MalformedError(f"{name}.properties is no JSON object.")
    return entity


def _who(subject: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, Person | None]:
    """Return the agent, and the person for whom it acts: the subject, where an actor stands beside it."""
    properties = subject.get("properties", {})
    if subject["type"] == "agent":
        return subject["id"][:40], None
    actor = properties.get("act")
    if actor is not None:
        if not isinstance(actor, dict):
            raise _MalformedError("subject.properties.act is no JSON object.")
        agent_id = _plain(actor.get("sub"), "subject.properties.act.sub", 40)
    else:
        agent_id = _text(context, "agent", 40) or ""
    issuer = properties.get("iss", "")
    return agent_id or "none", Person(id=subject["id"], issuer=_plain(issuer, "subject.properties.iss", 300, least=0))


def _arguments(action: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    stated = [place["arguments"] for place in (action.get("properties", {}), context) if "arguments" in place]
    if len(stated) > 1 or any(not isinstance(each, dict) for each in stated):
        raise _MalformedError("The arguments are one JSON object, in action.properties or in context.")
    return stated[0] if stated else {}


def _resource(value: Any) -> Resource:
    if not isinstance(value, dict):
        raise _MalformedError("context.resources holds no JSON object.")
    return Resource(
        type=_plain(value.get("type"), "context.resources.type", 80),
        id=_plain(value.get("id"), "context.resources.id", 200),
        customer_id=_text(value, "customer", 40),
        data_class=_text(value, "data_class", 80),
    )


def _labels(context: Mapping[str, Any]) -> Labels:
    value = context.get("labels")
    if value is None:
        return NO_LABELS
    if not isinstance(value, dict):
        raise _MalformedError("context.labels is no JSON object.")
    sensitivity, trusted = value.get("sensitivity", 0), value.get("trusted", True)
    if not isinstance(sensitivity, int) or isinstance(sensitivity, bool) or not 0 <= sensitivity <= 3:
        raise _MalformedError("context.labels.sensitivity is 0, 1, 2 or 3.")
    if not isinstance(trusted, bool):
        raise _MalformedError("context.labels.trusted is true or false.")
    return Labels(
        sources=frozenset(_plain(each, "context.labels.sources", 120) for each in _list(value, "sources")),
        customers=frozenset(_plain(each, "context.labels.customers", 40) for each in _list(value, "customers")),
        sensitivity=sensitivity,
        is_trusted=trusted,
    )


def _list(place: Mapping[str, Any], name: str) -> list[Any]:
    value = place.get(name, [])
    if not isinstance(value, list) or len(value) > 100:
        raise _MalformedError(f"{name} is no array of at most 100.")
    return value


def _text(place: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = place.get(name)
    return None if value is None else _plain(value, name, longest)


def _plain(value: Any, place: str, longest: int, *, least: int = 1) -> str:
    """Return a text that can be recorded anywhere."""
    if not isinstance(value, str) or not least <= len(value) <= longest:
        raise _MalformedError(f"{place} is no text of {least} to {longest} characters.")
    if "\x00" in value or not (value.isascii() or _HALF_CHARACTER.search(value) is None):
        raise _MalformedError(f"{place} holds a character that is none.")
    return value


# --- from an answer to the wire


def decision_of(decided: Decided) -> dict[str, Any]:
    """Return an answer as AuthZEN writes it; what only operators may know is in the record."""
    verdict = decided.verdict
    context: dict[str, Any] = {
        "reason": verdict.reason.value,
        "reason_user": {"en": SENTENCES[verdict.reason]},
    }
    if decided.decision_id is not None:
        context["decision_id"] = decided.decision_id
        context["evidence_id"] = decided.entry_id
    if verdict.lane is not None:
        context["lane"] = verdict.lane.value
    if verdict.detail:
        context["detail"] = verdict.detail
    if verdict.policies:
        context["policies"] = list(verdict.policies)
    if verdict.is_reviewed:
        context["recorded_for_review"] = True
    if decided.approval_id is not None:
        context["approval_id"] = decided.approval_id
    if decided.measures:
        context["measures"] = list(decided.measures)
    return {"decision": verdict.allowed, "context": context}
