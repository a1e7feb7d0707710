"""Read a Cedar schema for what the analysis asks of it: actions with their groups, types with their attributes.

Cedar's own validator decides whether policies fit a schema; it neither lists what there is nor says which attribute is
optional. This reads the part of Cedar's schema syntax that Fairkeeper's schemas are written in: entities, enumerated
entities, common types and actions, without namespaces. Cedar itself has parsed the text before it comes here.

Source: Cedar documentation, Human readable schema format: grammar, read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from fairkeeper.policy.errors import PolicyProblem, PolicyRefusedError

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|\s+|[A-Za-z_][\w]*(?:::[A-Za-z_]\w*)*|[^\s\w]')
_STOP: Final = frozenset({";", ",", "}", "]", ">", ""})


@dataclass(frozen=True, slots=True)
class Attribute:
    """The type of a value: its name, whether it may be absent, members of a record, elements of a set."""

    type: str
    optional: bool = False
    members: Mapping[str, Attribute] = field(default_factory=dict)
    element: Attribute | None = None


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type of entity: its attributes, what it can be in, and its ids where they are enumerated."""

    attributes: Mapping[str, Attribute]
    parents: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionType:
    """An action: the groups it is directly in, who may do it on what, and the shape of its context."""

    groups: tuple[str, ...]
    principals: tuple[str, ...]
    resources: tuple[str, ...]
    context: Attribute


@dataclass(frozen=True, slots=True)
class Environment:
    """One kind of request: an action by a type of principal on a type of resource."""

    principal: str
    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What policies may speak of."""

    entities: Mapping[str, EntityType]
    actions: Mapping[str, ActionType]

    @property
    def environments(self) -> tuple[Environment, ...]:
        """Every kind of request that can be made."""
        return tuple(
            Environment(principal, name, resource)
            for name, action in self.actions.items()
            for principal in action.principals
            for resource in action.resources
        )

    def groups_of(self, action: str) -> frozenset[str]:
        """Return the action and every group that it is in, directly or not."""
        found, ahead = {action}, [action]
        while ahead:
            known = self.actions.get(ahead.pop())
            new = [group for group in (known.groups if known else ()) if group not in found]
            found.update(new)
            ahead += new
        return frozenset(found)

    def can_be_in(self, kind: str, ancestor: str) -> bool:
        """Say whether an entity of a type can be in one of another, or is of that type."""
        seen, ahead = {kind}, [kind]
        while ahead:
            for parent in self.entities[ahead.pop()].parents:
                if parent not in seen:
                    seen.add(parent)
                    ahead.append(parent)
        return ancestor in seen


@lru_cache(maxsize=16)
def read_vocabulary(schema: str) -> Vocabulary:
    """Return what a schema declares.

    Raises:
        PolicyRefusedError: It uses something that is not read here.

    Example:
        >>> words = read_vocabulary(
        ...     'entity Agent = { kind: String, note?: String }; action "call" appliesTo '
        ...     "{ principal: Agent, resource: Agent, context: { amount: Long } };"
        ... )
        >>> words.actions["call"].context.members["amount"].type
        'Long'
        >>> words.entities["Agent"].attributes["note"].optional
        True
    """
    reader = _Reader(schema)
    reader.read()
    resolved = _Resolver(reader.types, frozenset(reader.entities))
    return Vocabulary(
        entities={
            name: replace(each, attributes=resolved.members(each.attributes)) for name, each in reader.entities.items()
        },
        actions={
            name: replace(each, context=resolved.attribute(each.context)) for name, each in reader.actions.items()
        },
    )


class _Resolver:
    """Replaces names of common types by what they stand for."""

    def __init__(self, types: Mapping[str, Attribute], entities: frozenset[str]) -> None:
        self._types, self._entities = types, entities

    def members(self, members: Mapping[str, Attribute]) -> dict[str, Attribute]:
        return {name: self.attribute(member) for name, member in members.items()}

    def attribute(self, attribute: Attribute) -> Attribute:
        named = self._types.get(attribute.type)
        if named is not None and attribute.type not in self._entities:
            return replace(self.attribute(named), optional=attribute.optional)
        element = None if attribute.element is None else self.attribute(attribute.element)
        return replace(attribute, members=self.members(attribute.members), element=element)


class _Reader:
    """Reads declarations one after the other; Cedar has said before that they are well formed."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self.entities: dict[str, EntityType] = {}
        self.actions: dict[str, ActionType] = {}
        self.types: dict[str, Attribute] = {}

    def read(self) -> None:
        while self._here:
            self._annotations()
            word = self._take()
            if word == "entity":
                self._entity()
            elif word == "action":
                self._action()
            elif word == "type":
                name = self._take()
                self._expect("=")
                self.types[name] = self._type()
                self._expect(";")
            else:
                raise _refused(f"{word!r} is not read here")

    def _entity(self) -> None:
        names = self._names()
        parents: tuple[str, ...] = ()
        ids: tuple[str, ...] = ()
        attributes: Mapping[str, Attribute] = {}
        if self._skip("in"):
            parents = self._list()
        if self._skip("enum"):
            ids = self._list()
        if self._skip("=") or self._here == "{":
            attributes = self._type().members
        if self._skip("tags"):
            self._type()
        self._expect(";")
        for name in names:
            self.entities[name] = EntityType(attributes, parents, ids)

    def _action(self) -> None:
        names = self._names()
        groups: tuple[str, ...] = ()
        applies: dict[str, tuple[str, ...]] = {}
        context = Attribute("Record")
        if self._skip("in"):
            groups = self._list()
        if self._skip("appliesTo"):
            self._expect("{")
            while not self._skip("}"):
                self._annotations()
                name = self._take()
                self._expect(":")
                if name == "context":
                    context = self._type()
                else:
                    applies[name] = self._list()
                self._skip(",")
        self._expect(";")
        for name in names:
            self.actions[name] = ActionType(groups, applies.get("principal", ()), applies.get("resource", ()), context)

    def _type(self) -> Attribute:
        if self._skip("{"):
            members: dict[str, Attribute] = {}
            while not self._skip("}"):
                self._annotations()
                name = self._take()
                optional = self._skip("?")
                self._expect(":")
                members[name] = replace(self._type(), optional=optional)
                self._skip(",")
            return Attribute("Record", members=members)
        name = self._take()
        if name == "Set":
            self._expect("<")
            element = self._type()
            self._expect(">")
            return Attribute("Set", element=element)
        return Attribute(name)

    def _names(self) -> list[str]:
        names = [self._take()]
        while self._skip(","):
            names.append(self._take())
        return names

    def _list(self) -> tuple[str, ...]:
        if not self._skip("["):
            return (self._take(),)
        names = []
        while not self._skip("]"):
            names.append(self._take())
            self._skip(",")
        return tuple(names)

    def _annotations(self) -> None:
        while self._skip("@"):
            self._take()
            if self._skip("("):
                self._take()
                self._expect(")")

    @property
    def _here(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._here
        if token in _STOP:
            raise _refused(f"a name is missing before {token!r}")
        self._at += 1
        return token[1:-1] if token.startswith('"') else token

    def _skip(self, token: str) -> bool:
        if self._here != token:
            return False
        self._at += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._skip(token):
            raise _refused(f"{token!r} is expected before {self._here!r}")


def _tokens(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        token = found.group()
        if not token.isspace() and not token.startswith("//"):
            yield token


def _refused(message: str) -> PolicyRefusedError:
    return PolicyRefusedError((PolicyProblem(policy_id=None, message=f"The schema cannot be listed: {message}."),))
