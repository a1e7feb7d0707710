"""Say a policy in plain words: which lane it makes, for whom, for what, and under which conditions.

Words come from the policy itself and from a table of what the schema for agents can speak of; a term that is not in
the table is said as Cedar writes it. Nothing is summarised: every condition is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fairkeeper.policy.analysis.conditions import Atom, Expression, Literal, constant, text_of
from fairkeeper.policy.analysis.reading import Policy
from fairkeeper.policy.engine import EntityUid

TERMS: Final[Mapping[str, str]] = {
    "principal": "the agent",
    "principal.customer": "the agent's customer",
    "principal.environment": "the agent's environment",
    "principal.name": "the agent's name",
    "principal.version": "the agent's version",
    "resource": "the tool",
    "resource.environment": "the tool's environment",
    "resource.name": "the tool's name",
    "resource.effect": "the tool's effect",
    "resource.reads": "the data that the tool reads",
    "resource.writes": "the data that the tool writes",
    "resource.severity": "the tool's severity",
    "resource.reversibility": "the tool's reversibility",
    "resource.business_impact": "the tool's business impact",
    "context.use": "the intended use",
    "context.labels.sources": "the sources of what reached the call",
    "context.labels.sensitivity": "the sensitivity of what reached the call",
    "context.labels.trusted": "all that reached the call can be trusted",
    "context.at.weekday": "the weekday",
    "context.at.minute": "the time of day (UTC)",
    "context.at.seconds": "the instant (seconds since 1970)",
    "context.depth": "the number of agents in between",
    "context.person": "the person for whom it acts",
    "context.task": "the task",
    "context.amount": "the amount",
    "context.currency": "the currency",
}
"""What terms of `agents.cedarschema` are called."""

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_COMPARED: Final = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "belongs to",
    "contains": "contain",
    "containsAny": "contain one of",
    "containsAll": "contain all of",
}
_OPPOSITES: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def explain(policy: Policy) -> str:
    """Return a policy in words.

    Example:
        >>> from fairkeeper.policy.analysis.reading import read_policies
        >>> text = '@id("a") forbid (principal, action, resource) when { context.amount > 100 };'
        >>> explain(read_policies(text)[0])
        'Never, whoever approves, if the amount is above 100.'
    """
    conditions = policy.body["conditions"]
    when = [condition_words(each["body"]) for each in conditions if each["kind"] == "when"]
    unless = [condition_words(each["body"]) for each in conditions if each["kind"] == "unless"]
    said = [_lane(policy), *_heads(policy.body)]
    if when:
        said.append(f"if {', and '.join(when)}")
    if unless:
        said.append(f"except if {', or if '.join(unless)}")
    return ", ".join(said) + "."


def _lane(policy: Policy) -> str:
    scope = policy.body["action"]
    named = {each["id"] for each in scope.get("entities", [scope["entity"]] if "entity" in scope else [])}
    covers_both = scope["op"] == "All" or (scope["op"] == "in" and "call" in named) or named >= _BOTH
    if policy.is_permit:
        return "Runs by itself" if covers_both or named == {"call_unattended"} else "Runs once a person approved"
    if covers_both:
        return "Never, whoever approves"
    return "Asks a person first" if named == {"call_unattended"} else "Refused only where it would not run by itself"


_BOTH: Final = {"call", "call_unattended"}


def _heads(body: Expression) -> list[str]:
    """Say whom and what the head of a policy names."""
    said = []
    for name, words in (("principal", "agent"), ("resource", "tool")):
        scope = body[name]
        entity = scope.get("in", scope).get("entity")
        if entity is None:
            continue
        of = "agents of customer" if entity["type"] == "Customer" else words
        said.append(f"{'for' if name == 'principal' else 'with'} {of} {entity['id']}")
    return said


def condition_words(expression: Expression, *, holds: bool = True) -> str:
    """Return a condition, or its opposite, in words."""
    ((operator, operand),) = expression.items()
    if operator == "!":
        return condition_words(operand["arg"], holds=not holds)
    if operator in ("&&", "||"):
        joined = "and" if (operator == "&&") == holds else "or"
        parts = [condition_words(operand[side], holds=holds) for side in ("left", "right")]
        if joined == "or":
            return f"{_either(parts[0])} or {_unled(parts[1])}"
        return " and ".join(f"({part})" if part.startswith("either ") else part for part in parts)
    if operator == "if-then-else":
        if holds and operand["else"] == {"Value": True}:
            return f"({condition_words(operand['then'])} where {condition_words(operand['if'])})"
        then, other = (condition_words(operand[side], holds=holds) for side in ("then", "else"))
        return f"({then} where {condition_words(operand['if'])}, and otherwise {other})"
    return _simple(operator, operand, holds=holds)


def _either(words: str) -> str:
    return words if words.startswith("either ") else f"either {words}"


def _unled(words: str) -> str:
    return words.removeprefix("either ")


def _simple(operator: str, operand: Any, *, holds: bool) -> str:
    if operator == "Value":
        return "always" if operand == holds else "in no case"
    if operator in ("has", "hasTag"):
        return f"{_attribute(operand)} is {'given' if holds else 'not given'}"
    if operator == "like":
        pattern = "".join("*" if part == "Wildcard" else part["Literal"] for part in operand["pattern"])
        return f'{term_words(operand["left"])} {"reads" if holds else "does not read"} like "{pattern}"'
    if operator == "is":
        return f"{term_words(operand['left'])} {'is' if holds else 'is not'} of type {operand['entity_type']}"
    if operator == "isEmpty":
        return f"there {'is nothing' if holds else 'is something'} in {term_words(operand['arg'])}"
    if operator in _COMPARED:
        return _compared(operator, operand, holds=holds)
    return condition_of_text(text_of({operator: operand}), holds=holds)


def _compared(operator: str, operand: Any, *, holds: bool) -> str:
    left, right = operand["left"], operand["right"]
    if operator == "contains" and "Set" in left:
        return f"{term_words(right)} {'is one of' if holds else 'is none of'} {_listed(left['Set'], right)}"
    value = constant(right)
    if isinstance(value, bool) and operator in ("==", "!="):
        return condition_words(left, holds=(value == (operator == "==")) == holds)
    if not holds and operator in _OPPOSITES:
        operator, holds = _OPPOSITES[operator], True
    verb = _COMPARED[operator]
    if not holds:
        verb = "does not belong to" if operator == "in" else f"do not {verb}"
    return f"{term_words(left)} {verb} {value_words(right, left)}"


def _attribute(operand: Any) -> str:
    if "attr" in operand:
        return term_words({".": operand})
    return term_words({"getTag": operand})


def term_words(expression: Expression) -> str:
    """Return what a term is called."""
    ((operator, operand),) = expression.items()
    if operator == "getTag":
        return f"the argument {text_of(operand['right'])}"
    text = text_of(expression)
    if text in TERMS:
        return TERMS[text]
    return text


def value_words(expression: Expression, beside: Expression) -> str:
    """Return a value in words that fit what it is compared with: a weekday, a time of day, a name."""
    if "Set" in expression:
        return _listed(expression["Set"], beside)
    value = constant(expression)
    if value is None:
        return term_words(expression)
    return constant_words(value, text_of(beside))


def constant_words(value: object, term: str) -> str:
    """Return a constant in words that fit the term it is compared with.

    Example:
        >>> constant_words(1020, "context.at.minute")
        '17:00'
    """
    if isinstance(value, EntityUid):
        return value.id if term in TERMS else f"{value.type} {value.id}"
    if isinstance(value, int) and not isinstance(value, bool):
        if term == "context.at.minute" and 0 <= value <= 24 * 60:
            return f"{value // 60:02}:{value % 60:02}"
        if term == "context.at.weekday" and 1 <= value <= len(_DAYS):
            return _DAYS[value - 1]
        return str(value)
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _listed(values: list[Expression], beside: Expression) -> str:
    return ", ".join(value_words(each, beside) for each in values)


def literal_words(literal: Literal) -> str:
    """Return a fact, or its opposite, in words.

    Example:
        >>> literal_words(Literal(Atom("lt", "context.amount", 101), False))
        'the amount is above 100'
    """
    atom, holds = literal.atom, literal.holds
    term = TERMS.get(atom.term, atom.term)
    if atom.kind == "lt":
        return f"{term} {_bound(atom, holds=holds)}"
    if atom.kind == "has":
        told = TERMS.get(f"{atom.term}.{atom.other}", f"{atom.term}.{atom.other}")
        if str(atom.other).startswith("tag "):
            told = f"the argument {atom.other.removeprefix('tag ')}"
        return f"{told} is {'given' if holds else 'not given'}"
    if atom.kind == "true":
        return condition_of_text(atom.term, holds=holds)
    value = constant_words(atom.other, atom.term)
    return f"{term} {_VERBS[atom.kind][0 if holds else 1]} {_other(atom, value)}".strip()


def _bound(atom: Atom, *, holds: bool) -> str:
    """Say a bound by the rounder of the two numbers that it lies between."""
    upper, lower = (constant_words(each, atom.term) for each in (atom.other, atom.other - 1))
    if atom.other % 10 == 0:
        return f"is below {upper}" if holds else f"is at least {upper}"
    return f"is at most {lower}" if holds else f"is above {lower}"


def way_words(way: Iterable[Literal]) -> str:
    r"""Return what has to hold together, without what goes without saying.

    Example:
        >>> way_words(
        ...     [Literal(Atom("eq", "resource.effect", "read")), Literal(Atom("eq", "resource.effect", "x"), False)]
        ... )
        'the tool\'s effect is "read"'
    """
    literals = list(way)
    fixed = {each.atom.term for each in literals if each.holds and each.atom.kind == "eq"}
    read = {atom for each in literals for atom in each.reads if each.atom.kind != "has"}
    told = [
        literal_words(each)
        for each in literals
        if not (each.atom.kind == "has" and each.holds and each.atom in read)
        and not (each.atom.term in fixed and not (each.holds and each.atom.kind == "eq"))
    ]
    return ", and ".join(sorted(told)) or "always"


def _other(atom: Atom, value: str) -> str:
    if atom.kind in ("eq_term", "lt_term", "in_term"):
        return TERMS.get(atom.other, atom.other)
    if atom.kind == "like":
        return '"' + "".join("*" if part is None else part for part in atom.other) + '"'
    return "" if atom.kind == "empty" else value


def condition_of_text(term: str, *, holds: bool) -> str:
    """Return a term that is a condition by itself in words."""
    words = TERMS.get(term, term)
    if term == "context.labels.trusted" and not holds:
        return "something that reached the call cannot be trusted"
    return words if holds else f"not: {words}"


_VERBS: Final = {
    "eq": ("is", "is not"),
    "eq_term": ("is", "is not"),
    "lt_term": ("is below", "is at least"),
    "in": ("belongs to", "does not belong to"),
    "in_term": ("belongs to", "does not belong to"),
    "is": ("is of type", "is not of type"),
    "like": ("reads like", "does not read like"),
    "member": ("contain", "do not contain"),
    "empty": ("are empty", "are not empty"),
}
