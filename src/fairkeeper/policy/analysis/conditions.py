"""Turn a policy into the ways in which it can match: each way a set of simple facts that must all hold.

A policy in Cedar's JSON form becomes, for one kind of request (`Environment`), a disjunction of conjunctions of
literals. Only what must be true for the policy to evaluate to true enters a way; what is not understood stays an atom
about which nothing is known. So a proof that every way contradicts itself is a proof that the policy never matches,
while the converse is not claimed.

Source: Cedar documentation, JSON policy format, read 2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairkeeper.policy.analysis.vocabulary import Attribute, Environment, Vocabulary
from fairkeeper.policy.engine import EntityUid

MOST_WAYS: Final = 2_000
"""Ways that are followed; beyond, nothing is proved."""

Constant = str | int | bool | EntityUid
Expression = Mapping[str, Any]


class TooManyWaysError(Exception):
    """A condition branches too often to be followed; whoever asks then proves nothing."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A simple fact about a request.

    Attributes:
        kind: `eq`, `lt` (below a number), `eq_term`, `lt_term`, `true`, `has`, `in`, `in_term`, `is`, `like`,
            `member` (a set has an element) or `empty`.
        term: What it is about, as Cedar writes it (`context.amount`).
        other: The constant, pattern, name or other term.
    """

    kind: str
    term: str
    other: Any = None


@dataclass(frozen=True, slots=True)
class Literal:
    """An atom that holds, or one that does not; with the optional attributes that reading it supposes."""

    atom: Atom
    holds: bool = True
    reads: frozenset[Atom] = frozenset()


Way = frozenset[Literal]
Ways = tuple[Way, ...]

ALWAYS: Final[Ways] = (frozenset(),)
NEVER: Final[Ways] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What an expression is read in: what there is, and the kind of request."""

    vocabulary: Vocabulary
    environment: Environment


def ways_of(policy: Expression, setting: Setting, *, matches: bool = True) -> Ways:
    """Return the ways in which a policy matches, or evaluates and does not match.

    Raises:
        TooManyWaysError: It branches too often.
    """
    parts = [
        _scope(policy["principal"], "principal", setting, matches=matches),
        _action(policy["action"], setting, matches=matches),
        _scope(policy["resource"], "resource", setting, matches=matches),
    ]
    for condition in policy["conditions"]:
        wanted = (condition["kind"] == "when") == matches
        parts.append(ways(condition["body"], setting, holds=wanted))
    return both(*parts) if matches else either(*parts)


def both(*parts: Ways) -> Ways:
    """Return the ways in which all hold.

    Raises:
        TooManyWaysError: There are too many.
    """
    found: Ways = ALWAYS
    for part in sorted(parts, key=len):
        if len(found) * len(part) > MOST_WAYS:
            raise TooManyWaysError
        found = tuple(dict.fromkeys(way | other for way in found for other in part if not _clash(way, other)))
    return found


def either(*parts: Ways) -> Ways:
    """Return the ways in which one holds."""
    found = tuple(dict.fromkeys(way for part in parts for way in part))
    return ALWAYS if frozenset() in found else found


def _clash(way: Way, other: Way) -> bool:
    return any(Literal(each.atom, not each.holds, each.reads) in other for each in way)


def ways(expression: Expression, setting: Setting, *, holds: bool) -> Ways:
    """Return the ways in which a condition evaluates to true, or to false."""
    ((operator, operand),) = expression.items()
    if operator == "Value" and isinstance(operand, bool):
        return ALWAYS if operand == holds else NEVER
    if operator == "!":
        return ways(operand["arg"], setting, holds=not holds)
    if operator in ("&&", "||"):
        parts = [ways(operand[side], setting, holds=holds) for side in ("left", "right")]
        return both(*parts) if (operator == "&&") == holds else either(*parts)
    if operator == "if-then-else":
        yes = both(ways(operand["if"], setting, holds=True), ways(operand["then"], setting, holds=holds))
        no = both(ways(operand["if"], setting, holds=False), ways(operand["else"], setting, holds=holds))
        return either(yes, no)
    return _literals(operator, operand, setting, holds=holds)


def _literals(operator: str, operand: Any, setting: Setting, *, holds: bool) -> Ways:
    reads = _reads({operator: operand}, setting)
    if operator in ("==", "!="):
        return _equal(operand, setting, reads, holds=holds == (operator == "=="))
    if operator == "is":
        return _is(operand, setting, reads, holds=holds)
    if operator == "in":
        return _in(operand, reads, holds=holds)
    if operator in ("contains", "containsAny", "containsAll"):
        return _contains(operator, operand, reads, holds=holds)
    turned = False
    if operator in ("<", "<=", ">", ">="):
        atom, turned = _below(operator, operand)
    else:
        atom = _atom(operator, operand, setting)
    if isinstance(atom, bool):
        return ALWAYS if (atom != turned) == holds else NEVER
    return _one(atom, reads, holds=holds != turned)


def _atom(operator: str, operand: Any, setting: Setting) -> Atom | bool:
    """Return an expression that is one fact; what is not understood is a fact about which nothing is known."""
    if operator == "has":
        return _has(operand, setting)
    if operator == "hasTag":
        return _tag(operand)
    if operator == "like":
        return Atom("like", text_of(operand["left"]), _pattern(operand["pattern"]))
    if operator == "isEmpty":
        return Atom("empty", text_of(operand["arg"]))
    return Atom("true", text_of({operator: operand}))


def _equal(operand: Any, setting: Setting, reads: frozenset[Atom], *, holds: bool) -> Ways:
    left, right = constant(operand["left"]), constant(operand["right"])
    if left is not None and right is not None:
        return ALWAYS if (_key(left) == _key(right)) == holds else NEVER
    if left is None and right is None:
        terms = sorted((text_of(operand["left"]), text_of(operand["right"])))
        if terms[0] == terms[1]:
            return ((frozenset({Literal(Atom("eq_term", *terms), True, reads)})),) if holds else NEVER
        return (frozenset({Literal(Atom("eq_term", *terms), holds, reads)}),)
    value = right if left is None else left
    side = operand["left"] if left is None else operand["right"]
    if isinstance(value, bool):
        return ways(side, setting, holds=value == holds)
    return (frozenset({Literal(Atom("eq", text_of(side), value), holds, reads)}),)


def _below(operator: str, operand: Any) -> tuple[Atom | bool, bool]:
    """Return a comparison as `term < number` or `term < term`, and whether it is the opposite of that."""
    left, right = operand["left"], operand["right"]
    turned = operator in (">=", "<=")
    if operator in (">", "<="):  # a > b is b < a; a <= b is not b < a
        left, right = right, left
    low, high = constant(left), constant(right)
    if isinstance(low, int) and isinstance(high, int):
        return low < high, turned
    if isinstance(high, int):
        return Atom("lt", text_of(left), high), turned
    if isinstance(low, int):  # low < t is not t < low + 1
        return Atom("lt", text_of(right), low + 1), not turned
    return Atom("lt_term", text_of(left), text_of(right)), turned


def _has(operand: Any, setting: Setting) -> Atom | bool:
    kind = type_of(operand["left"], setting)
    if kind is not None and kind.type in ("Record", *setting.vocabulary.entities):
        members = _members(kind, setting)
        if operand["attr"] not in members:
            return False
        if not members[operand["attr"]].optional:
            return True
    return Atom("has", text_of(operand["left"]), operand["attr"])


def _tag(operand: Any) -> Atom:
    return Atom("has", text_of(operand["left"]), f"tag {text_of(operand['right'])}")


def _is(operand: Any, setting: Setting, reads: frozenset[Atom], *, holds: bool) -> Ways:
    kind = type_of(operand["left"], setting)
    term = text_of(operand["left"])
    if kind is not None and kind.type in setting.vocabulary.entities:
        typed = ALWAYS if (kind.type == operand["entity_type"]) == holds else NEVER
    else:
        typed = (frozenset({Literal(Atom("is", term, operand["entity_type"]), holds, reads)}),)
    if "in" not in operand:
        return typed
    inside = _in({"left": operand["left"], "right": operand["in"]}, reads, holds=holds)
    return both(typed, inside) if holds else either(typed, inside)


def _in(operand: Any, reads: frozenset[Atom], *, holds: bool) -> Ways:
    term = text_of(operand["left"])
    many = operand["right"].get("Set")
    each: list[Ways] = []
    for one in [operand["right"]] if many is None else many:
        value = constant(one)
        atom = Atom("in_term", term, text_of(one)) if value is None else Atom("in", term, value)
        each.append((frozenset({Literal(atom, holds, reads)}),))
    return either(*each) if holds else both(*each)


def _contains(operator: str, operand: Any, reads: frozenset[Atom], *, holds: bool) -> Ways:
    left, right = operand["left"], operand["right"]
    values = _constants(left)
    if operator == "contains" and values is not None:  # a constant set has a term
        value = constant(right)
        if value is not None:
            return ALWAYS if (_key(value) in {_key(one) for one in values}) == holds else NEVER
        each = [_one(Atom("eq", text_of(right), one), reads, holds=holds) for one in values]
        return either(*each) if holds else both(*each)
    wanted = [constant(right)] if operator == "contains" else _constants(right)
    if wanted is None or any(one is None for one in wanted):
        return _one(Atom("true", text_of({operator: operand})), reads, holds=holds)
    each = [_one(Atom("member", text_of(left), one), reads, holds=holds) for one in wanted]
    if operator == "containsAny":
        return either(*each) if holds else both(*each)
    return both(*each) if holds else either(*each)


def _one(atom: Atom, reads: frozenset[Atom], *, holds: bool) -> Ways:
    return (frozenset({Literal(atom, holds, reads)}),)


def _scope(scope: Expression, name: str, setting: Setting, *, matches: bool) -> Ways:
    """Read what the head of a policy says of principal or resource."""
    kind = setting.environment.principal if name == "principal" else setting.environment.resource
    if scope["op"] == "All":
        return ALWAYS if matches else NEVER
    if "slot" in scope:  # a template that is not linked: nothing is known
        return _one(Atom("true", f"{name} {scope['op']} {scope['slot']}"), frozenset(), holds=matches)
    if scope["op"] == "is" and scope["entity_type"] != kind:
        return NEVER if matches else ALWAYS
    inside = scope.get("in", scope if scope["op"] in ("==", "in") else None)
    if inside is None:
        return ALWAYS if matches else NEVER
    uid = EntityUid(inside["entity"]["type"], inside["entity"]["id"])
    known = uid.type == kind if scope["op"] == "==" else setting.vocabulary.can_be_in(kind, uid.type)
    if not known:
        return NEVER if matches else ALWAYS
    return _one(Atom("eq" if scope["op"] == "==" else "in", name, uid), frozenset(), holds=matches)


def _action(scope: Expression, setting: Setting, *, matches: bool) -> Ways:
    if scope["op"] == "All":
        fits = True
    else:
        named = scope.get("entities", [scope["entity"]] if "entity" in scope else [])
        ids = {each["id"] for each in named}
        asked = setting.environment.action
        fits = asked in ids if scope["op"] == "==" else bool(ids & setting.vocabulary.groups_of(asked))
    return ALWAYS if fits == matches else NEVER


def type_of(expression: Expression, setting: Setting) -> Attribute | None:
    """Return the type of a variable or a path; None where it is something else."""
    ((operator, operand),) = expression.items()
    if operator == "Var":
        environment = setting.environment
        if operand == "context":
            return setting.vocabulary.actions[environment.action].context
        return Attribute({"principal": environment.principal, "resource": environment.resource}.get(operand, "Action"))
    if operator == ".":
        base = type_of(operand["left"], setting)
        return None if base is None else _members(base, setting).get(operand["attr"])
    return None


def _members(kind: Attribute, setting: Setting) -> Mapping[str, Attribute]:
    entity = setting.vocabulary.entities.get(kind.type)
    return kind.members if entity is None else entity.attributes


def _reads(expression: Any, setting: Setting) -> frozenset[Atom]:
    """Return the optional attributes that must be there for an expression to have a value at all."""
    if isinstance(expression, list):
        return frozenset(atom for each in expression for atom in _reads(each, setting))
    if not isinstance(expression, Mapping):
        return frozenset()
    found: set[Atom] = set()
    for operator, operand in expression.items():
        if operator in ("&&", "||", "if-then-else"):  # may not be reached
            continue
        if operator == "." and isinstance(operand, Mapping):
            base = type_of(operand["left"], setting)
            member = None if base is None else _members(base, setting).get(operand["attr"])
            if member is not None and member.optional:
                found.add(Atom("has", text_of(operand["left"]), operand["attr"]))
        if operator == "getTag":
            found.add(_tag(operand))
        found |= _reads(operand, setting)
    return frozenset(found)


def constant(expression: Expression) -> Constant | None:
    """Return the value of a constant expression; sums and products of numbers are computed."""
    ((operator, operand),) = expression.items()
    if operator == "Value":
        if isinstance(operand, Mapping):
            uid = operand.get("__entity")
            return None if uid is None else EntityUid(uid["type"], uid["id"])
        return operand if isinstance(operand, str | int) else None
    if operator == "neg":
        value = constant(operand["arg"])
        return -value if isinstance(value, int) else None
    if operator in ("+", "-", "*"):
        left, right = constant(operand["left"]), constant(operand["right"])
        if isinstance(left, int) and isinstance(right, int):
            return {"+": left + right, "-": left - right, "*": left * right}[operator]
    return None


def _constants(expression: Expression) -> list[Constant] | None:
    many = expression.get("Set")
    if many is None:
        return None
    values = [constant(each) for each in many]
    return None if any(each is None for each in values) else [each for each in values if each is not None]


def _key(value: Constant) -> tuple[str, object]:
    """Tell true from 1, which Python does not."""
    return (type(value).__name__, value)


def _pattern(pattern: Iterable[Any]) -> tuple[str | None, ...]:
    """Return a pattern as texts and None for each wildcard."""
    return tuple(None if part == "Wildcard" else part["Literal"] for part in pattern)


_METHODS: Final = {"contains", "containsAny", "containsAll", "getTag", "hasTag"}


def text_of(expression: Any) -> str:
    """Write an expression as Cedar does; equal texts mean equal expressions.

    Example:
        >>> text_of({".": {"left": {"Var": "context"}, "attr": "amount"}})
        'context.amount'
    """
    if not isinstance(expression, Mapping) or len(expression) != 1:
        return json.dumps(expression, sort_keys=True)
    ((operator, operand),) = expression.items()
    value = constant(expression)
    if value is not None:
        return str(value) if isinstance(value, EntityUid) else json.dumps(value)
    if isinstance(operand, list):  # a set, or a function of an extension: its object first
        listed = ", ".join(text_of(each) for each in operand)
        return f"[{listed}]" if operator == "Set" else f"{operator}({listed})"
    if isinstance(operand, Mapping) and set(operand) == {"left", "right"}:
        sides = [text_of(operand[side]) for side in ("left", "right")]
        return f"{sides[0]}.{operator}({sides[1]})" if operator in _METHODS else f"({sides[0]} {operator} {sides[1]})"
    form = _FORMS.get(operator)
    return json.dumps(expression, sort_keys=True) if form is None else form(operand)


_FORMS: Final[Mapping[str, Callable[[Any], str]]] = {
    "Var": str,
    ".": lambda operand: f"{text_of(operand['left'])}.{operand['attr']}",
    "has": lambda operand: f"({text_of(operand['left'])} has {operand['attr']})",
    "is": lambda operand: f"({text_of(operand['left'])} is {operand['entity_type']})",
    "!": lambda operand: f"!({text_of(operand['arg'])})",
    "isEmpty": lambda operand: f"{text_of(operand['arg'])}.isEmpty()",
}
"""How expressions of one part are written."""
