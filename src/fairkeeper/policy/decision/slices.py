"""The policies of one agent and one tool, parsed once: which lane does this call fall into.

Two questions in Cedar make the lane: `call_unattended` first, `call` where that is not permitted. As everywhere, an
error while evaluating is a denial, because what failed may have been a forbid.

Separate from `fairkeeper.policy.engine`, which validates what it is given: these policies were validated when they were
saved, and validating fifty of them again takes a tenth of a second (measured 2026-11-22). The schema is passed with
every request all the same, since without it a request that does not fit is no error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import cedarpy
import msgspec

from fairkeeper.policy.decision.distinctions import Distinctions
from fairkeeper.policy.decision.facts import PUBLISHER, Basis, Lane, PermitFacts
from fairkeeper.policy.decision.labels import Labels
from fairkeeper.policy.decision.looking import looks_at_entities
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.document import policy_document
from fairkeeper.policy.engine import EntityUid

PERMIT_PREFIX: Final = "permit:"
"""What the id of the policy made from a permit begins with."""
_ARGUMENTS_ID: Final = "arguments"
_MOST_ERROR: Final = 300
_MOST_REMEMBERED: Final = 64
"""Answers that one slice remembers, of questions up to `_LONGEST_REMEMBERED` characters."""
_LONGEST_REMEMBERED: Final = 2_000
_encode = msgspec.json.encode


@lru_cache(maxsize=1)
def agents_schema_text() -> str:
    """Return the schema that policies for agents are written against."""
    return files("fairkeeper.policy").joinpath("agents.cedarschema").read_text(encoding="utf-8")


_CIRCUMSTANCES: Final = re.compile(r"type Circumstances = \{\n(.*?)\n\};", re.DOTALL)
_MEMBER: Final = re.compile(r"^  (\w+)\??: [^,\n]+", re.MULTILINE)
_MENTION: Final = re.compile(r"\bcontext\s*(?:\.\s*|has\s+)(\w+)")
_ARGUMENTS_BY_NAME: Final = re.compile(r"\b(?:Texts|Numbers|Usage)\b")
_TAG: Final = re.compile(r"\b(?:has|get)Tag\b")
_NAMED_TAG: Final = re.compile(r'\b(?:has|get)Tag\s*\(\s*"([^"\\]*)"\s*\)')


@lru_cache(maxsize=1)
def _members() -> dict[str, str]:
    """Return the declarations of what a context holds, by name."""
    block = _CIRCUMSTANCES.search(agents_schema_text())
    assert block is not None  # noqa: S101 - the schema is ours, and a test reads it
    return {found.group(1): found.group() for found in _MEMBER.finditer(block.group(1))}


def mentioned(policies: str) -> frozenset[str]:
    """Return the members of the context that policies can speak of; all of them where that is not plain to see.

    Example:
        >>> sorted(mentioned("forbid (principal, action, resource) when { context has task && context.depth > 1 };"))
        ['depth', 'task']
    """
    names = _MENTION.findall(policies)
    if len(names) != len(re.findall(r"\bcontext\b", policies)) or _ARGUMENTS_BY_NAME.search(policies):
        return frozenset(_members())
    return frozenset(names) & frozenset(_members())


def tags_mentioned(policies: str) -> frozenset[str] | None:
    """Return the arguments that policies can speak of; None, which is any, where that is not plain to see.

    Example:
        >>> tags_mentioned('forbid (principal, action, resource) when { context.numbers.hasTag("amount") };')
        frozenset({'amount'})
        >>> tags_mentioned("forbid (principal, action, resource) when { context.texts.hasTag(context.task) };")
    """
    names = _NAMED_TAG.findall(policies)
    return frozenset(names) if len(names) == len(_TAG.findall(policies)) else None


@lru_cache(maxsize=512)
def _schema(names: frozenset[str]) -> cedarpy.Schema:
    """Return the schema with those members of the context alone that somebody speaks of.

    Cedar checks each request against the schema, and half of a decision's time goes into members that no policy of the
    slice looks at (109 µs with all of them, 35 with one; measured 2026-11-27). What nobody
    speaks of cannot change an answer, and the policies were validated against the whole schema when they were saved.
    """
    kept = ",\n".join(text for name, text in _members().items() if name in names)
    return cedarpy.Schema.from_str(
        _CIRCUMSTANCES.sub(lambda _: f"type Circumstances = {{\n{kept}\n}};", agents_schema_text())
    )


@lru_cache(maxsize=512)
def _no_entities(names: frozenset[str]) -> cedarpy.Entities:
    """Return the entities that come with the schema, the actions, and none beside; one for all who need no others."""
    return cedarpy.Entities.from_json_str("[]", _schema(names))


class PolicyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the policies say.

    Attributes:
        lane: Where the call falls; NEVER also for what could not be evaluated.
        reason: FORBIDDEN, NOT_PERMITTED, PERMITTED, or why there is no answer.
        policies: Ids of those that determined it.
        errors: What could not be evaluated, for operators.
    """

    lane: Lane
    reason: Reason
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What of a call policies may speak of, beside agent and tool."""

    use_id: str
    texts: dict[str, str]
    numbers: dict[str, int]
    labels: Labels
    at: datetime
    depth: int
    person: str | None
    task: str | None
    amount: int | None
    currency: str | None
    usage: Mapping[str, int]


class PolicySlice:
    """The policies of one basis; build it once and ask it with `lane`.

    An answer is remembered with everything of the call that the policies of the slice can tell apart: where that is the
    same, Cedar's answer is. What could not be evaluated is asked again.

    Raises:
        ValueError: A policy cannot be read, has no `@id`, or is a customer's and permits.
    """

    __slots__ = (
        "_answers",
        "_by_use",
        "_entities",
        "_names",
        "_own",
        "_parts",
        "_principal",
        "_resource",
        "_schema",
        "_tags",
        "_text",
    )

    def __init__(self, basis: Basis) -> None:
        for policy in basis.policies:
            if policy.is_customers:
                _refuse_permits(policy.id, policy.text)
        permits: dict[str, list[str]] = {permit.use_id: [] for permit in basis.permits}
        for permit in basis.permits:
            if permit.lane in _PERMIT_SCOPES:
                permits[permit.use_id].append(_permit_policy(basis, permit))
        own = "\n".join(policy.text for policy in basis.policies)
        text = "\n".join((own, *(policy for each in permits.values() for policy in each)))
        read = policy_document(text)
        self._names, self._tags = mentioned(text), tags_mentioned(text)
        self._answers: dict[tuple[Any, ...], PolicyAnswer] = {}
        self._parts = _parts_of(self._names, self._tags, Distinctions(read))
        self._schema = _schema(self._names)
        # A set for each use, because naming the use in the context costs a fifth of what Cedar takes.
        self._own = cedarpy.PolicySet.from_str(own)
        self._by_use = {use: cedarpy.PolicySet.from_str("\n".join((own, *each))) for use, each in permits.items()}
        self._entities = (
            cedarpy.Entities.from_json_str(_entities(basis), self._schema)
            if looks_at_entities(read)
            else _no_entities(self._names)
        )
        self._principal = {"type": "Agent", "id": basis.agent.id}
        self._resource = {"type": "Tool", "id": basis.tool.id}
        self._text = text

    def mentions(self, name: str) -> bool:
        """Say whether any policy names this argument."""
        return json.dumps(name) in self._text

    def lane(self, asked: Asked) -> PolicyAnswer:
        """Return the lane; whatever goes wrong is a denial."""
        try:
            question = (asked.use_id, *[part(asked) for part in self._parts])
            answer = self._answers.get(question)
            if answer is None:
                answer = self._lane(asked.use_id, _context(asked, self._names), self._arguments(asked))
                if answer.reason not in _UNDECIDED:
                    self._remember(question, answer)
            return answer
        except ValueError as problem:
            return _undecided(Reason.NO_DECISION, problem)
        except Exception as problem:  # noqa: BLE001 - the boundary to a foreign engine: what fails here is a no
            return _undecided(Reason.ENGINE_FAILED, repr(problem))

    def _lane(self, use_id: str, context: str, arguments: str) -> PolicyAnswer:
        policies = self._by_use.get(use_id, self._own)
        entities = self._entities.with_added_json_str(arguments) if arguments else self._entities
        unattended = self._ask("call_unattended", context, entities, policies)
        if unattended.reason is Reason.PERMITTED:
            return PolicyAnswer(lane=Lane.AUTOMATIC, reason=Reason.PERMITTED, policies=unattended.policies)
        if unattended.reason in _UNDECIDED:
            return unattended
        attended = self._ask("call", context, entities, policies)
        if attended.reason is not Reason.PERMITTED:
            return attended
        # What kept it from running by itself stands beside what permits it.
        determining = tuple(sorted({*attended.policies, *unattended.policies}))
        return PolicyAnswer(lane=Lane.APPROVAL, reason=Reason.PERMITTED, policies=determining)

    def _remember(self, question: tuple[Any, ...], answer: PolicyAnswer) -> None:
        if len(repr(question)) > _LONGEST_REMEMBERED:
            return
        if len(self._answers) >= _MOST_REMEMBERED:
            self._answers.clear()
        self._answers[question] = answer

    def _ask(self, action: str, context: str, entities: cedarpy.Entities, policies: cedarpy.PolicySet) -> PolicyAnswer:
        document = {
            "principal": self._principal,
            "action": {"type": "Action", "id": action},
            "resource": self._resource,
            "context": context,
        }
        answer = cedarpy.is_authorized(document, policies, entities, self._schema)
        diagnostics = answer.diagnostics
        ids = diagnostics.id_annotations_by_reason
        determining = tuple(sorted(ids.get(reason) or reason for reason in diagnostics.reasons))
        errors = tuple(str(error)[:_MOST_ERROR] for error in diagnostics.errors)
        if answer.decision is cedarpy.Decision.NoDecision:
            return PolicyAnswer(lane=Lane.NEVER, reason=Reason.NO_DECISION, errors=errors)
        if errors:
            return PolicyAnswer(lane=Lane.NEVER, reason=Reason.POLICY_ERROR, policies=determining, errors=errors)
        if answer.decision is cedarpy.Decision.Allow:
            return PolicyAnswer(lane=Lane.AUTOMATIC, reason=Reason.PERMITTED, policies=determining)
        if determining:
            return PolicyAnswer(lane=Lane.NEVER, reason=Reason.FORBIDDEN, policies=determining)
        return PolicyAnswer(lane=Lane.NOT_PERMITTED, reason=Reason.NOT_PERMITTED)

    def _arguments(self, asked: Asked) -> str:
        """Return the entities of the arguments that a policy speaks of; parsing them costs a third of a decision.

        They are not checked against the schema: texts are texts and numbers whole numbers below 2^53 by their making.
        """
        added: list[dict[str, Any]] = []
        for member, kind, tags in (
            ("texts", "Texts", asked.texts),
            ("numbers", "Numbers", asked.numbers),
            ("usage", "Usage", asked.usage),
        ):
            if member in self._names and tags:
                kept = tags if self._tags is None else {name: tags[name] for name in tags if name in self._tags}
                if kept:
                    added.append(_tagged(kind, kept))
        return _encode(added).decode() if added else ""


_UNDECIDED: Final = frozenset({Reason.POLICY_ERROR, Reason.NO_DECISION, Reason.ENGINE_FAILED})
_PERMIT_SCOPES: Final = {Lane.AUTOMATIC: 'action in Action::"call"', Lane.APPROVAL: 'action == Action::"call"'}


def _undecided(reason: Reason, problem: object) -> PolicyAnswer:
    return PolicyAnswer(lane=Lane.NEVER, reason=reason, errors=(str(problem)[:_MOST_ERROR],))


def permit_policy_id(permit_id: str) -> str:
    """Return the id of the policy that a permit becomes."""
    return f"{PERMIT_PREFIX}{permit_id}"


def _permit_policy(basis: Basis, permit: PermitFacts) -> str:
    agent, tool = EntityUid("Agent", basis.agent.id), EntityUid("Tool", basis.tool.id)
    until = f"\nwhen {{ context.at.seconds < {int(permit.ends_at.timestamp())} }}" if permit.ends_at else ""
    return (
        f"@id({json.dumps(permit_policy_id(permit.id))})\n"
        f"permit (principal == {agent}, {_PERMIT_SCOPES[permit.lane]}, resource == {tool}){until};"
    )


def _refuse_permits(policy_id: str, text: str) -> None:
    """Refuse a customer's policy that permits; it could only have got here around the check when it was saved."""
    document = policy_document(text)
    if document.get("templates") or any(each["effect"] != "forbid" for each in document["staticPolicies"].values()):
        message = f"the customer's policy {policy_id} does more than forbid"
        raise ValueError(message)


def _entities(basis: Basis) -> str:
    agent, tool = basis.agent, basis.tool
    customer = agent.customer_id or PUBLISHER
    return json.dumps(
        [
            {
                "uid": {"type": "Agent", "id": agent.id},
                "attrs": {
                    "customer": _entity("Customer", customer),
                    "environment": _entity("Environment", agent.environment),
                    "name": agent.name,
                    "version": agent.version,
                },
                "parents": [{"type": "Customer", "id": customer}],
            },
            {
                "uid": {"type": "Tool", "id": tool.id},
                "attrs": {
                    "environment": _entity("Environment", tool.environment),
                    "name": tool.name,
                    "effect": tool.effect.value,
                    "reads": list(tool.reads),
                    "writes": list(tool.writes),
                    "severity": tool.severity.value,
                    "reversibility": tool.reversibility.value,
                    "business_impact": tool.business_impact.value,
                },
                "parents": [],
            },
            *(
                {
                    "uid": {"type": "IntendedUse", "id": use.id},
                    "attrs": {},
                    "parents": [{"type": "Agent", "id": agent.id}],
                }
                for use in basis.uses
            ),
        ]
    )


def _entity(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": str(name)}}


def _tagged(kind: str, tags: Mapping[str, Any]) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": _ARGUMENTS_ID}, "attrs": {}, "parents": [], "tags": dict(tags)}


_TEXTS: Final = _entity("Texts", _ARGUMENTS_ID)
_NUMBERS: Final = _entity("Numbers", _ARGUMENTS_ID)
_USAGE: Final = _entity("Usage", _ARGUMENTS_ID)


def _context(asked: Asked, names: frozenset[str]) -> str:
    """Return the context as JSON, with the members that somebody speaks of."""
    return _encode({name: value for name in names if (value := _MAKERS[name](asked)) is not None}).decode()


def _labels(asked: Asked) -> dict[str, Any]:
    labels = asked.labels
    return {"sources": list(labels.sources), "sensitivity": labels.sensitivity, "trusted": labels.is_trusted}


def _moment(asked: Asked) -> dict[str, int]:
    at = asked.at
    return {"weekday": at.isoweekday(), "minute": at.hour * 60 + at.minute, "seconds": int(at.timestamp())}


_MAKERS: Final[Mapping[str, Callable[[Asked], Any]]] = {
    "use": lambda asked: _entity("IntendedUse", asked.use_id),
    "texts": lambda _: _TEXTS,
    "numbers": lambda _: _NUMBERS,
    "labels": _labels,
    "at": _moment,
    "depth": lambda asked: asked.depth,
    "person": lambda asked: None if asked.person is None else _entity("Person", asked.person),
    "task": lambda asked: asked.task,
    "amount": lambda asked: asked.amount,
    "currency": lambda asked: asked.currency,
    "usage": lambda _: _USAGE,
}
"""How each member of the context is made; None leaves an optional one out."""


_Part = Callable[[Asked], Any]
"""Returns a part of a call: the same for two calls that no policy tells apart by it."""


@lru_cache(maxsize=1_024)
def _parts_of(names: frozenset[str], tags: frozenset[str] | None, told: Distinctions) -> tuple[_Part, ...]:
    """Return the parts that policies tell apart; the same for all agents whose policies differ in their agent alone."""
    return tuple(_parts(names, tags, told))


def _parts(names: frozenset[str], tags: frozenset[str] | None, told: Distinctions) -> Iterator[_Part]:
    """Yield the parts of a call that policies tell apart, by the members of the context that they speak of.

    Every member is here, as it is among the makers: one that was forgotten would be remembered as if it never changed.
    """
    for name in sorted(names):
        if name in _TAGGED:
            yield from _tagged_parts(name, tags, told)
        else:
            yield _part(name, told)


def _part(name: str, told: Distinctions) -> _Part:
    match name:
        case "labels":
            return lambda asked: (
                asked.labels.sources,
                told.of("labels.sensitivity", asked.labels.sensitivity),
                asked.labels.is_trusted,
            )
        case "at":
            return lambda asked: tuple([told.of(f"at.{part}", value) for part, value in _moment(asked).items()])
        case "depth" | "amount":
            return lambda asked: told.of(name, getattr(asked, name))
        case "use":
            return lambda asked: asked.use_id
        case _:
            return lambda asked: getattr(asked, name)


_TAGGED: Final = frozenset({"texts", "numbers", "usage"})


def _tagged_parts(name: str, tags: frozenset[str] | None, told: Distinctions) -> Iterator[_Part]:
    if tags is None:
        yield lambda asked: tuple(sorted(getattr(asked, name).items()))
    for tag in sorted(tags or ()):
        yield _tagged_part(name, tag, told)


def _tagged_part(name: str, tag: str, told: Distinctions) -> _Part:
    if name == "texts":
        return lambda asked: asked.texts.get(tag)
    path = f"{name}:{tag}"
    return lambda asked: told.of(path, getattr(asked, name).get(tag))
