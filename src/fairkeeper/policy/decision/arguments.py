"""The arguments of a call: their exact spelling, and whether they fit what the tool declares.

Exact, because a digest that an approval is bound to must mean one thing: NaN, infinities, integers beyond 2^53 and keys
outside ASCII are refused, and a fraction is spelled as the shortest decimal that reads back as itself.

The schema is a closed subset of JSON Schema: what it does not name is refused, as an argument and as a keyword. So no
rule is off because its keyword is unknown here, and an argument nobody declared cannot slip past a policy.

Source: JSON Schema Validation 2020-12, sections 6.1 to 6.5, for the meaning of the keywords.
"""

from __future__ import annotations

import hashlib
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

LARGEST_INTEGER: Final = 2**53 - 1
MOST_DEPTH: Final = 16
MOST_BYTES: Final = 65_536
"""Of arguments in their exact spelling; larger ones are refused, and recorded by their digest alone."""
DECIMAL_KEY: Final = "$decimal"
"""Marks a fraction in the exact spelling; no argument may be named so."""

canonical = msgspec.json.Encoder(order="sorted").encode
"""Returns the canonical bytes of a value that is exact."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,79}")


class NotExactError(ValueError):
    """Arguments hold something that has no exact spelling; the message says where and what."""


class SchemaRefusedError(ValueError):
    """A schema uses what is not understood here; the message says where and what."""


def exact(value: Any, place: str = "arguments", depth: int = 0) -> Any:
    """Return a value with fractions spelled as decimals.

    Raises:
        NotExactError: It has no exact spelling.

    Example:
        >>> exact({"price": 12.5, "count": 3})
        {'price': {'$decimal': '12.5'}, 'count': 3}
    """
    if isinstance(value, str):
        return value if value.isascii() else _exact_text(value, place)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise NotExactError(f"{place} is an integer beyond {LARGEST_INTEGER}")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotExactError(f"{place} is no finite number")
        return {DECIMAL_KEY: repr(value)}
    if depth >= MOST_DEPTH:
        raise NotExactError(f"{place} nests deeper than {MOST_DEPTH}")
    if isinstance(value, Mapping):
        return {
            _exact_key(key, place): member
            if type(member) is str and member.isascii()  # most are; their place is not worth spelling
            else exact(member, f"{place}.{key}", depth + 1)
            for key, member in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [exact(member, f"{place}[{number}]", depth + 1) for number, member in enumerate(value)]
    raise NotExactError(f"{place} is a {type(value).__name__}, which JSON has no word for")


def _exact_text(value: str, place: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotExactError(f"{place} holds half a character") from None
    return value


def _exact_key(key: object, place: str) -> str:
    if not isinstance(key, str) or not key.isascii() or key == DECIMAL_KEY:
        raise NotExactError(f"{place} has a name that is not plain ASCII: {str(key)[:40]!r}")
    return key


def size_of(exact_value: Any) -> int:
    """Return how many canonical bytes a value has that is exact."""
    return len(canonical(exact_value))


def digest_of(exact_value: Any) -> str:
    """Return SHA-256 of the canonical bytes of a value that is exact.

    Example:
        >>> digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
        True
    """
    return hashlib.sha256(canonical(exact_value)).hexdigest()


Problem = str
_Check = Callable[[Any, str, list[Problem]], None]
"""Looks at a value at a place and appends what is wrong with it."""


class ArgumentSchema:
    """A compiled schema; ask it with `problems`.

    Raises:
        SchemaRefusedError: It uses a keyword that is not understood, or is no object at its root.

    Example:
        >>> schema = ArgumentSchema(
        ...     {"type": "object", "properties": {"amount": {"type": "integer", "minimum": 1}}, "required": ["amount"]}
        ... )
        >>> schema.problems({"amount": 0})
        ('amount is below 1',)
        >>> schema.problems({"amount": 5, "force": True})
        ('force is not declared',)
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        if schema.get("type") != "object":
            raise SchemaRefusedError("the schema of arguments has the type object")
        self._check = _compile(schema, "", 0)

    def problems(self, arguments: Any) -> tuple[Problem, ...]:
        """Return what is wrong with arguments; empty means that they fit."""
        found: list[Problem] = []
        self._check(arguments, "", found)
        return tuple(found)


_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, (list, tuple)),
}
_INERT: Final = frozenset({"title", "description", "examples", "default", "$schema", "format"})
"""Keywords that say nothing about validity; `format` asserts nothing by itself in JSON Schema either."""
_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"minLength", "maxLength", "pattern"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "boolean": frozenset(),
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
}


def _compile(schema: Any, place: str, depth: int) -> _Check:
    where = place or "the schema"
    if not isinstance(schema, Mapping) or depth > MOST_DEPTH:
        raise SchemaRefusedError(f"{where} is no schema, or nests deeper than {MOST_DEPTH}")
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise SchemaRefusedError(f"{where} has no type of {', '.join(_TYPES)}")
    unknown = set(schema) - _INERT - _KEYWORDS[kind] - {"type", "enum", "const"}
    if unknown:
        raise SchemaRefusedError(f"{where} uses {', '.join(sorted(unknown))}, which is not understood here")
    checks = [*_choices(schema), *_details(kind, schema, place, depth)]
    is_kind = _TYPES[kind]

    def check(value: Any, at: str, found: list[Problem]) -> None:
        if not is_kind(value):
            found.append(f"{at or 'arguments'} is not of the type {kind}")
            return
        for each in checks:
            each(value, at, found)

    return check


def _choices(schema: Mapping[str, Any]) -> Iterator[_Check]:
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if choices is None:
        return
    if not isinstance(choices, list) or not choices:
        raise SchemaRefusedError("enum is a list that is not empty")

    def check(value: Any, at: str, found: list[Problem]) -> None:
        # By type too: in Python True equals 1.
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            found.append(f"{at or 'arguments'} is none of the allowed values")

    yield check


def _details(kind: str, schema: Mapping[str, Any], place: str, depth: int) -> Iterator[_Check]:
    if kind == "object":
        yield _object(schema, place, depth)
    elif kind == "array":
        yield from _array(schema, place, depth)
    elif kind == "string":
        yield from _sizes(schema, "minLength", "maxLength", "characters")
        if "pattern" in schema:
            yield _pattern(schema["pattern"], place)
    else:
        yield from _bounds(schema)


def _object(schema: Mapping[str, Any], place: str, depth: int) -> _Check:
    if schema.get("additionalProperties", False) is not False:
        raise SchemaRefusedError(f"{place or 'the schema'} allows additional properties; name every argument instead")
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        raise SchemaRefusedError(f"{place or 'the schema'} has malformed properties")
    wrong = [name for name in properties if not isinstance(name, str) or not _NAME.fullmatch(name)]
    wrong += [name for name in required if name not in properties]
    if wrong:
        raise SchemaRefusedError(f"{place or 'the schema'} has names that cannot be used: {wrong[:3]}")
    compiled = {name: _compile(member, _below(place, name), depth + 1) for name, member in properties.items()}

    def check(value: Any, at: str, found: list[Problem]) -> None:
        found.extend(f"{_below(at, name)} is missing" for name in required if name not in value)
        for name, member in value.items():
            known = compiled.get(name)
            if known is None:
                found.append(f"{_below(at, str(name))[:80]} is not declared")
            else:
                known(member, f"{at}.{name}" if at else name, found)

    return check


def _array(schema: Mapping[str, Any], place: str, depth: int) -> Iterator[_Check]:
    if "items" not in schema:
        raise SchemaRefusedError(f"{place or 'the schema'} is a list and does not say of what (items)")
    item = _compile(schema["items"], f"{place}[]", depth + 1)
    yield from _sizes(schema, "minItems", "maxItems", "items")

    def check(value: Any, at: str, found: list[Problem]) -> None:
        for number, member in enumerate(value):
            item(member, f"{at}[{number}]", found)

    yield check


def _sizes(schema: Mapping[str, Any], least: str, most: str, unit: str) -> Iterator[_Check]:
    low, high = schema.get(least), schema.get(most)
    for bound in (low, high):
        if bound is not None and not (_TYPES["integer"](bound) and bound >= 0):
            raise SchemaRefusedError(f"{least} and {most} are whole numbers")

    def check(value: Any, at: str, found: list[Problem]) -> None:
        if low is not None and len(value) < low:
            found.append(f"{at} has fewer than {low} {unit}")
        if high is not None and len(value) > high:
            found.append(f"{at} has more than {high} {unit}")

    if low is not None or high is not None:
        yield check


def _pattern(pattern: Any, place: str) -> _Check:
    # Bounded, because a pattern that backtracks could hold up every other decision.
    if not isinstance(pattern, str) or len(pattern) > 200 or re.search(r"[+*}]\)?[+*{]|\\[1-9]|\(\?[=!<]", pattern):
        raise SchemaRefusedError(f"{place} has a pattern that is long, nests repetition, looks around or refers back")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SchemaRefusedError(f"{place} has a pattern that cannot be read: {error}") from error

    def check(value: Any, at: str, found: list[Problem]) -> None:
        if compiled.search(value[:4000]) is None or len(value) > 4000:
            found.append(f"{at} does not match its pattern")

    return check


_BOUNDS: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str]]] = {
    "minimum": (operator.lt, "below"),
    "maximum": (operator.gt, "above"),
    "exclusiveMinimum": (operator.le, "not above"),
    "exclusiveMaximum": (operator.ge, "not below"),
}


def _bounds(schema: Mapping[str, Any]) -> Iterator[_Check]:
    rules: list[tuple[Callable[[Any, Any], bool], Any, str]] = []
    for keyword, (fails, words) in _BOUNDS.items():
        if keyword in schema:
            if not _TYPES["number"](schema[keyword]):
                raise SchemaRefusedError(f"{keyword} is a number")
            rules.append((fails, schema[keyword], words))

    def check(value: Any, at: str, found: list[Problem]) -> None:
        for fails, bound, words in rules:
            if fails(value, bound):
                found.append(f"{at} is {words} {bound}")

    if rules:
        yield check


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def flatten(arguments: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, int], frozenset[str]]:
    """Return texts, whole numbers and the names of fractions, as policies see them; lists also have `name.count`.

    Example:
        >>> flatten({"to": ["a@b.example"], "amount": 5, "rate": 0.5})
        ({'to[0]': 'a@b.example'}, {'to.count': 1, 'amount': 5}, frozenset({'rate'}))
    """
    texts: dict[str, str] = {}
    numbers: dict[str, int] = {}
    fractions: set[str] = set()
    _flatten(arguments.items(), "", texts, numbers, fractions)
    return texts, numbers, frozenset(fractions)


def _flatten(
    members: Iterable[tuple[str, Any]], place: str, texts: dict[str, str], numbers: dict[str, int], fractions: set[str]
) -> None:
    for key, value in members:
        name = f"{place}{key}"
        if isinstance(value, str):
            texts[name] = value
        elif isinstance(value, bool):
            texts[name] = "true" if value else "false"
        elif isinstance(value, int):
            numbers[name] = value
        elif isinstance(value, float):
            fractions.add(name)
        elif isinstance(value, Mapping):
            _flatten(value.items(), f"{name}.", texts, numbers, fractions)
        elif isinstance(value, (list, tuple)):
            numbers[f"{name}.count"] = len(value)
            _flatten(((f"[{number}]", member) for number, member in enumerate(value)), name, texts, numbers, fractions)
