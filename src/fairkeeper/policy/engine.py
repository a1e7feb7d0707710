"""Decide one request by a set of Cedar policies, and never by accident.

Cedar denies by default and a satisfied `forbid` wins. But Cedar skips a policy whose evaluation fails, so a `forbid`
that fails would let a call through; and a request that does not fit the schema gets no decision at all. Here both are
denials with a reason of their own, and so is any failure of the engine itself: there is one way to be allowed.

An engine is immutable: it holds parsed policies, schema and standing entities. Slices of policies, versioned bundles
and lanes are other engines, or other questions to one; this module knows nothing of them. It is separate from who may
do what (`fairkeeper.access`) and from what agents may do, which both use it.

Source: Cedar documentation, Authorization (skip on error) and Schema; behaviour of cedarpy 4.12.2, measured 2026-11-22:
entities parsed with a schema carry the action hierarchy, those parsed without one lose it, and forbids on an action
group then no longer match. Hence entities are always parsed with the schema.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, cast

import cedarpy

from fairkeeper.policy.document import policy_document
from fairkeeper.policy.errors import PolicyProblem, PolicyRefusedError
from fairkeeper.policy.limits import problems_of_shape

_MAX_ERROR_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class EntityUid:
    """Name of an entity: its type and its id within the type.

    Example:
        >>> str(EntityUid("Action", "customers.read"))
        'Action::"customers.read"'
    """

    type: str
    id: str

    def __str__(self) -> str:
        """Write it as Cedar does."""
        return f"{self.type}::{json.dumps(self.id)}"


Value = str | int | bool | EntityUid | Sequence["Value"] | Mapping[str, "Value"]
"""What an attribute or a member of the context may be; Cedar has no floats and no null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An entity with what policies may ask about it.

    Args:
        uid: Its name.
        attributes: Its attributes, as the schema declares them.
        parents: What it is directly in.
        tags: Values by names that the schema does not know.
    """

    uid: EntityUid
    attributes: Mapping[str, Value]
    parents: tuple[EntityUid, ...] = ()
    tags: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """May this principal do this action on this resource, in this context?

    Args:
        principal: Who.
        action: What.
        resource: On what.
        context: Facts of this request alone.
        entities: What is known about principal and resource; added to the engine's standing entities.
    """

    principal: EntityUid
    action: EntityUid
    resource: EntityUid
    context: Mapping[str, Value]
    entities: tuple[Entity, ...] = ()


class Reason(StrEnum):
    """Why a decision came out as it did."""

    PERMITTED = "permitted"
    """A permit applies and no forbid does."""
    NOT_PERMITTED = "not_permitted"
    """No permit applies."""
    FORBIDDEN = "forbidden"
    """A forbid applies, whatever is permitted."""
    POLICY_ERROR = "policy_error"
    """A policy could not be evaluated; since it may have been a forbid, the answer is no."""
    NO_DECISION = "no_decision"
    """The request or its entities do not fit the schema."""
    ENGINE_FAILED = "engine_failed"
    """The engine failed in a way nobody foresaw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to one request.

    Args:
        allowed: The only thing to act on.
        reason: Why.
        policies: The `@id`s of the policies that determined it, sorted; empty where none applied.
        errors: What could not be evaluated, for operators; never shown to whoever asked.
    """

    allowed: bool
    reason: Reason
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Refuse to be read as a truth value, so that nobody mistakes "there is a decision" for "allowed"."""
        message = "ask decision.allowed"
        raise TypeError(message)


def validate(policies: str, schema: str) -> tuple[PolicyProblem, ...]:
    """Return everything that is wrong with policies against a schema; empty means they can be used.

    Each policy needs an `@id` of its own, because decisions name policies by it.

    Example:
        >>> validate("permit (principal, action, resource);", 'entity Person; action "read";')[0].message
        'Policy 1 has no @id.'
    """
    shape = [*problems_of_shape(policies), *problems_of_shape(schema)]
    if shape:
        return tuple(PolicyProblem(policy_id=None, message=message) for message in shape)
    try:
        handle = cedarpy.Schema.from_str(schema)
    except ValueError as problem:
        return (PolicyProblem(policy_id=None, message=f"The schema cannot be read: {problem}."),)
    try:
        _, _, problems = _read(policies)
    except ValueError as problem:
        return (PolicyProblem(policy_id=None, message=f"The policies cannot be read: {problem}."),)
    result = cedarpy.validate_policies(policies, handle)
    ids = cast("dict[str, str]", result.id_annotations_by_policy_id)
    found = [
        PolicyProblem(policy_id=ids.get(error.policy_id), message=error.error.removeprefix(_prefix(error.policy_id)))
        for error in result.errors
    ]
    if not result.validation_passed and not found:
        found = [PolicyProblem(policy_id=None, message="Cedar refuses the policies without saying why.")]
    # Cedar lists its errors in the order of a hash table, another one each time.
    found.sort(key=lambda problem: (problem.policy_id or "", problem.message))
    return (*problems, *found)


class PolicyEngine:
    """Parsed policies, schema and standing entities; ask it with `decide`.

    Args:
        policies: Cedar policies, each with an `@id`.
        schema: Cedar schema, in Cedar's own syntax.
        entities: What is known beforehand (groups, roles, tools); actions come from the schema.

    Raises:
        PolicyRefusedError: With everything that is wrong.

    Example:
        >>> engine = PolicyEngine(
        ...     '@id("all-read") permit (principal, action == Action::"read", resource);',
        ...     'entity Person; action "read" appliesTo { principal: Person, resource: Person };',
        ... )
        >>> ada = EntityUid("Person", "ada")
        >>> engine.decide(PolicyRequest(principal=ada, action=EntityUid("Action", "read"), resource=ada, context={}))
        Decision(allowed=True, reason=<Reason.PERMITTED: 'permitted'>, policies=('all-read',), errors=())
    """

    def __init__(self, policies: str, schema: str, entities: Iterable[Entity] = ()) -> None:
        problems = validate(policies, schema)
        if problems:
            raise PolicyRefusedError(problems)
        self._load(policies, schema, tuple(entities))

    def _load(self, policies: str, schema: str, entities: tuple[Entity, ...]) -> None:
        self._texts = (policies, schema)
        self._standing = entities
        self._policies, self.policy_ids, _ = _read(policies)
        try:
            self._schema = cedarpy.Schema.from_str(schema)
            self._entities = cedarpy.Entities.from_json_str(_entities_json(entities), self._schema)
        except ValueError as problem:
            refusal = PolicyProblem(policy_id=None, message=f"Schema and entities do not fit together: {problem}.")
            raise PolicyRefusedError((refusal,)) from problem
        self.digest = hashlib.sha256(f"{len(policies)}\n{policies}{schema}".encode()).hexdigest()
        """SHA-256 of policies and schema, by which a record says what decided."""

    def with_declarations(self, declarations: str) -> PolicyEngine:
        """Return an engine whose schema knows more: actions in groups that are there, types, nothing else changed.

        The policies are not validated again, which takes a tenth of a second for fifty of them: what was declared
        stays declared, and should one not fit an added action, then its evaluation fails and that is a denial.

        Raises:
            PolicyRefusedError: The declarations cannot be read, or declare something twice.
        """
        policies, schema = self._texts
        extended = f"{schema}\n{declarations}"
        shape = problems_of_shape(extended)
        if shape:
            raise PolicyRefusedError(tuple(PolicyProblem(policy_id=None, message=message) for message in shape))
        engine = object.__new__(PolicyEngine)
        engine._load(policies, extended, self._standing)
        return engine

    def decide(self, request: PolicyRequest) -> Decision:
        """Return the decision; whatever goes wrong is a denial, never an exception and never a permit."""
        try:
            answer = self._ask(request)
            return _decision(answer.decision, answer.diagnostics.reasons, answer.diagnostics.errors)
        except ValueError as problem:
            return Decision(allowed=False, reason=Reason.NO_DECISION, errors=(_short(problem),))
        except Exception as problem:  # noqa: BLE001 - the boundary to a foreign engine: what fails here is a no
            return Decision(allowed=False, reason=Reason.ENGINE_FAILED, errors=(_short(repr(problem)),))

    def _ask(self, request: PolicyRequest) -> cedarpy.AuthzResult:
        entities = self._entities_for(request)
        document = {
            "principal": {"type": request.principal.type, "id": request.principal.id},
            "action": {"type": request.action.type, "id": request.action.id},
            "resource": {"type": request.resource.type, "id": request.resource.id},
            "context": _to_cedar(request.context),
        }
        return cedarpy.is_authorized(document, self._policies, entities, self._schema)

    def _entities_for(self, request: PolicyRequest) -> cedarpy.Entities:
        """Return standing and the request's entities, the latter checked against the schema.

        Checked alone, and merged only where there is something to merge with: checking the merged set would look at
        every standing entity again (230 microseconds instead of 60 for 54 actions, measured 2026-11-22).
        """
        if not request.entities:
            return self._entities
        added = _entities_json(request.entities)
        checked = cedarpy.Entities.from_json_str(added, self._schema)
        return self._entities.with_added_json_str(added) if self._standing else checked


def _decision(answer: cedarpy.Decision, determining: Iterable[str], failed: Iterable[str]) -> Decision:
    policies, errors = tuple(sorted(determining)), tuple(_short(error) for error in failed)
    if answer is cedarpy.Decision.NoDecision:
        return Decision(allowed=False, reason=Reason.NO_DECISION, errors=errors)
    if errors:
        return Decision(allowed=False, reason=Reason.POLICY_ERROR, policies=policies, errors=errors)
    if answer is cedarpy.Decision.Allow:
        return Decision(allowed=True, reason=Reason.PERMITTED, policies=policies)
    reason = Reason.FORBIDDEN if policies else Reason.NOT_PERMITTED
    return Decision(allowed=False, reason=reason, policies=policies)


@lru_cache(maxsize=64)
def _read(policies: str) -> tuple[cedarpy.PolicySet, tuple[str, ...], tuple[PolicyProblem, ...]]:
    """Parse policies under their `@id`s (the parser's own ids are positions) and say which lack one or share one."""
    document = policy_document(policies)
    problems: list[PolicyProblem] = []
    ids: list[str] = []
    for group in ("staticPolicies", "templates"):
        named: dict[str, Any] = {}
        for position, policy in sorted(document.get(group, {}).items(), key=_by_position):
            policy_id = policy.get("annotations", {}).get("id")
            if not policy_id:
                message = f"Policy {_by_position((position, None))[1] + 1} has no @id."
                problems.append(PolicyProblem(policy_id=None, message=message))
            elif policy_id in ids:
                problems.append(PolicyProblem(policy_id=policy_id, message="Two policies have this @id."))
            ids.append(policy_id or position)
            named[policy_id or position] = policy
        document[group] = named
    return cedarpy.PolicySet.from_json_str(json.dumps(document)), tuple(sorted(ids)), tuple(problems)


def _prefix(position: str) -> str:
    return f"for policy `{position}`, "


def _by_position(item: tuple[str, Any]) -> tuple[str, int]:
    """Order the parser's ids `policy0`, `policy1`, … as they stand in the text."""
    digits = item[0].removeprefix("policy")
    return ("", int(digits)) if digits.isdigit() else (item[0], 0)


def _entities_json(entities: tuple[Entity, ...]) -> str:
    return json.dumps(
        [
            {
                "uid": {"type": entity.uid.type, "id": entity.uid.id},
                "attrs": _to_cedar(entity.attributes),
                "parents": [{"type": parent.type, "id": parent.id} for parent in entity.parents],
                # A name is a name here, whatever it begins with: only members of a value can smuggle in an entity.
                "tags": {name: _to_cedar(value) for name, value in entity.tags.items()},
            }
            for entity in entities
        ]
    )


def _to_cedar(value: Value) -> Any:
    """Return a value as Cedar's JSON. A member `__entity` or `__extn` would smuggle in an entity, so it is refused."""
    if isinstance(value, EntityUid):
        return {"__entity": {"type": value.type, "id": value.id}}
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Mapping):
        reserved = [name for name in value if name.startswith("__")]
        if reserved:
            message = f"members must not begin with two underscores: {reserved}"
            raise ValueError(message)
        return {name: _to_cedar(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_cedar(member) for member in value]
    message = f"Cedar has no value of type {type(value).__name__}"
    raise ValueError(message)


def _short(problem: object) -> str:
    return str(problem)[:_MAX_ERROR_LENGTH]
