"""A question to policies as a person writes it: an agent, a tool and circumstances, with what is left out filled in.

Used by the tests that stand beside policies, by the search for an example of a difference, and by nobody who decides
about real calls: those come from registered facts alone. What is filled in is the most ordinary call there is: a live
agent of the customer `contoso` reads, with trusted content, on a Monday at noon.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from fairkeeper.errors import InvalidError
from fairkeeper.policy.bundles.bundle import agents_schema
from fairkeeper.policy.engine import Entity, EntityUid, PolicyEngine, PolicyRequest, Reason

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AT: Final = re.compile(r"([A-Za-z]{3})[a-z]* ([01]?[0-9]|2[0-3]):([0-5][0-9])")

AGENT: Final[Mapping[str, Any]] = {
    "id": "agent",
    "customer": "contoso",
    "environment": "live",
    "name": "agent",
    "version": "1",
}
TOOL: Final[Mapping[str, Any]] = {
    "id": "tool",
    "environment": "live",
    "name": "tool",
    "effect": "read",
    "reads": [],
    "writes": [],
    "severity": "low",
    "reversibility": "reversible",
    "business_impact": "low",
}
CONTEXT: Final[Mapping[str, Any]] = {
    "use": "use",
    "texts": {},
    "numbers": {},
    "usage": {},
    "labels": {},
    "at": "Monday 12:00",
    "depth": 0,
}
LABELS: Final[Mapping[str, Any]] = {"sources": [], "sensitivity": 0, "trusted": True}
_A_MONDAY: Final = 1_795_392_000
"""Midnight of 23 November 2026, UTC, in seconds since 1970; the week that questions lie in."""
_OPTIONAL: Final = frozenset({"person", "task", "amount", "currency"})


class QuestionRefusedError(InvalidError):
    """A question to policies cannot be understood."""

    code = "policy.question_refused"
    remedy = "Name attributes as the schema does; what is left out is filled in."


class TriedLane(StrEnum):
    """What policies answer when they are tried."""

    AUTOMATIC = "automatic"
    APPROVAL = "approval"
    NOT_PERMITTED = "not permitted"
    NEVER = "never"
    FAILED = "failed"
    """They could not be evaluated, which is a denial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this agent call this tool in these circumstances; what is left out is filled in."""

    agent: Mapping[str, Any] = field(default_factory=dict)
    tool: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What policies answer.

    Attributes:
        policies: Ids of those that made the answer.
    """

    lane: TriedLane
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@lru_cache(maxsize=32)
def engine_of(text: str) -> PolicyEngine:
    """Return policies ready to be asked.

    Raises:
        PolicyRefusedError: They cannot be used.
    """
    return PolicyEngine(text, agents_schema())


def ask(text: str, question: Question) -> Tried:
    """Return the lane that policies make for a question, and the policies that made it.

    Raises:
        PolicyRefusedError: The policies cannot be used.
        QuestionRefusedError: The question names what the schema does not.

    Example:
        >>> ask('@id("no") forbid (principal, action, resource);', Question())
        Tried(lane=<TriedLane.NEVER: 'never'>, policies=('no',), errors=())
    """
    engine = engine_of(text)
    unattended = engine.decide(request_of(question, "call_unattended"))
    if unattended.allowed or unattended.errors:
        lane = TriedLane.AUTOMATIC if unattended.allowed else TriedLane.FAILED
        return Tried(lane=lane, policies=unattended.policies, errors=unattended.errors)
    call = engine.decide(request_of(question, "call"))
    if call.errors:
        return Tried(lane=TriedLane.FAILED, policies=call.policies, errors=call.errors)
    if call.allowed:
        return Tried(lane=TriedLane.APPROVAL, policies=tuple(sorted({*call.policies, *unattended.policies})))
    if call.reason is Reason.FORBIDDEN:
        return Tried(lane=TriedLane.NEVER, policies=call.policies)
    return Tried(lane=TriedLane.NOT_PERMITTED)


def request_of(question: Question, action: str) -> PolicyRequest:
    """Return a question as a request that Cedar takes.

    Raises:
        QuestionRefusedError: It names what the schema does not.
    """
    agent = _filled(question.agent, AGENT, "agent")
    tool = _filled(question.tool, TOOL, "tool")
    context = _filled(question.context, CONTEXT, "context", _OPTIONAL)
    principal, resource = EntityUid("Agent", str(agent["id"])), EntityUid("Tool", str(tool["id"]))
    customer = EntityUid("Customer", str(agent["customer"]))
    agent_attributes = {
        "customer": customer,
        "environment": EntityUid("Environment", str(agent["environment"])),
        "name": agent["name"],
        "version": str(agent["version"]),
    }
    tool_attributes = {name: value for name, value in tool.items() if name not in ("id", "environment")}
    tool_attributes["environment"] = EntityUid("Environment", str(tool["environment"]))
    circumstances, entities = _circumstances(context, principal, customer)
    return PolicyRequest(
        principal=principal,
        action=EntityUid("Action", action),
        resource=resource,
        context=circumstances,
        entities=(
            Entity(uid=principal, attributes=agent_attributes, parents=(customer,)),
            Entity(uid=resource, attributes=tool_attributes),
            *entities,
        ),
    )


def _circumstances(
    context: Mapping[str, Any], agent: EntityUid, customer: EntityUid
) -> tuple[dict[str, Any], tuple[Entity, ...]]:
    use = EntityUid("IntendedUse", str(context["use"]))
    texts, numbers, usage = (EntityUid(kind, "asked") for kind in ("Texts", "Numbers", "Usage"))
    found: dict[str, Any] = {
        **{name: context[name] for name in ("task", "amount", "currency") if name in context},
        "use": use,
        "texts": texts,
        "numbers": numbers,
        "usage": usage,
        "labels": _filled(context["labels"], LABELS, "labels"),
        "at": _at(context["at"]),
        "depth": context["depth"],
    }
    entities = [
        Entity(uid=use, attributes={}, parents=(agent,)),
        Entity(uid=texts, attributes={}, tags=_mapping(context["texts"], "texts")),
        Entity(uid=numbers, attributes={}, tags=_mapping(context["numbers"], "numbers")),
        Entity(uid=usage, attributes={}, tags=_mapping(context["usage"], "usage")),
    ]
    if "person" in context:
        given = context["person"]
        person = given if isinstance(given, Mapping) else {"id": given}
        uid = EntityUid("Person", str(person.get("id", "person")))
        found["person"] = uid
        of = person.get("customer", customer.id)
        parents = () if of is None else (EntityUid("Customer", str(of)),)
        entities.append(Entity(uid=uid, attributes={}, parents=parents))
    return found, tuple(entities)


def _filled(
    given: Any, defaults: Mapping[str, Any], where: str, optional: frozenset[str] = frozenset()
) -> dict[str, Any]:
    unknown = sorted(set(_mapping(given, where)) - set(defaults) - optional)
    if unknown:
        raise QuestionRefusedError(f"{where} has no {', '.join(unknown)}; it has {', '.join(sorted(defaults))}.")
    return {**defaults, **given}


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise QuestionRefusedError(f"{where} is not a list of names with their values.")
    return given


def _at(given: Any) -> dict[str, int]:
    """Read `Monday 09:30`, or a weekday and a minute of the day."""
    if isinstance(given, Mapping) and set(given) <= {"weekday", "minute", "seconds"}:
        return _moment(**given)
    found = _AT.fullmatch(str(given))
    if found is None or found[1].lower() not in _DAYS:
        raise QuestionRefusedError(f"at: {given!r} is not a time such as Monday 09:30.")
    return _moment(_DAYS.index(found[1].lower()) + 1, int(found[2]) * 60 + int(found[3]))


def _moment(weekday: int = 1, minute: int = 720, seconds: int | None = None) -> dict[str, int]:
    """Return a moment as the schema has it; the instant follows from weekday and minute where it is left out."""
    try:
        instant = _A_MONDAY + (weekday - 1) * 86_400 + minute * 60 if seconds is None else seconds
    except TypeError as problem:
        raise QuestionRefusedError("at: weekday and minute are whole numbers.") from problem
    return {"weekday": weekday, "minute": minute, "seconds": instant}
