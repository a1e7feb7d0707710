"""Ways to change a file of evidence, for tests that show each of them is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fairkeeper.proof.canonical import canonical_bytes

Place = tuple[str | int, ...]


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place of a JSON document, itself and the containers included."""
    yield here
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*here, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*here, index))


def value_at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def put(line: bytes, place: Place, value: Any) -> bytes:
    """Return a line with one value replaced, canonical as before."""
    document = json.loads(line)
    if not place:
        return canonical_bytes(value) + b"\n"
    value_at(document, place[:-1])[place[-1]] = value
    return canonical_bytes(document) + b"\n"


def drop(line: bytes, place: Place) -> bytes:
    """Return a line with one field or item removed."""
    document = json.loads(line)
    del value_at(document, place[:-1])[place[-1]]
    return canonical_bytes(document) + b"\n"


def other_values(value: Any) -> list[Any]:
    """Values like this one, but not it: what somebody who wants to deceive would write."""
    others: list[Any] = [None, "", 0, 1, True, False, [], {}, "x"]
    if isinstance(value, bool):
        others.append(not value)
    elif isinstance(value, int):
        others += [value + 1, value - 1, value * 2 + 1, -value, str(value)]
    elif isinstance(value, str) and value:
        first, last = value[0], value[-1]
        others += [value + " ", value[:-1], value[1:], value.upper(), value.lower(), value * 2]
        others += [chr(ord(first) ^ 1) + value[1:], value[:-1] + chr(ord(last) ^ 1), first + value[2:]]
    elif isinstance(value, list):
        others += [value[:-1], value[1:], value[::-1], value + value, [*value, "x"], [*value, value[-1:]]]
    elif isinstance(value, dict):
        others += [{**value, "more": 1}, {**value, "": None}, dict.fromkeys(value)]
    return [other for other in others if type(other) is not type(value) or other != value]


def changed_lines(line: bytes) -> Iterator[tuple[Place, bytes]]:
    """Every change of one field of a line, and the removal of each."""
    document = json.loads(line)
    for place in places(document):
        for other in other_values(value_at(document, place)):
            yield place, put(line, place, other)
        if place:
            yield place, drop(line, place)


def split_lines(data: bytes) -> list[bytes]:
    """Split a file as a reader would: at each newline, which stays with its line."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + ([rest] if (rest := data.split(b"\n")[-1]) else [])
