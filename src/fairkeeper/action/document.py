"""A YAML or JSON text as plain values, with the line of every part and nothing guessed.

Separate from the rooms' formats, because it decides only what a text says: keys stay as written (`on` is a key, not
"yes"), a number that could lose digits stays a text, a key given twice is a finding and not the last one wins, and
anchors, tags and deep nests are refused since no file here needs them and a hostile one might. What its two faults are
called is the room's business, which hands in its kinds of findings.

Source: YAML 1.2.2, chapter 10.3 (core schema); RFC 8259 (JSON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from fairkeeper.values.findings import Finding, FindingKind

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 12
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_NUMBER: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is not a short whole one, as it was written."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a text says.

    Args:
        value: Mappings, lists, texts, whole numbers, booleans, None and `Number`; None if nothing could be read.
        lines: The line of each place, counted from 1; empty for JSON.
        findings: What is wrong with the text itself.
    """

    value: Any
    lines: dict[Place, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFaults:
    """What a room calls the faults of a text.

    Args:
        unreadable: The text is no YAML or JSON that is read here.
        duplicate_key: A key stands twice.
    """

    unreadable: FindingKind
    duplicate_key: FindingKind


class _UnreadableError(Exception):
    """Ends the reading of a text that is no document; never leaves this module."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def read_document(text: str, faults: TextFaults) -> Document:
    r"""Read a text as YAML, or as JSON where it begins with a brace.

    Example:
        >>> from fairkeeper.deals.files.kinds import TEXT_FAULTS
        >>> document = read_document("plans:\n  - on: 2027-01-31\n    amount: 1.50\n", TEXT_FAULTS)
        >>> document.value, document.lines["plans", 0, "amount"]
        ({'plans': [{'on': '2027-01-31', 'amount': Number(text='1.50')}]}, 3)
    """
    builder = _Builder(faults)
    try:
        value = builder.read_json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else builder.read_yaml(text)
    except _UnreadableError as error:
        found = faults.unreadable.found(error.message, row=error.line)
        return Document(value=None, lines={}, findings=(found,))
    return Document(value=value, lines=builder.lines, findings=tuple(builder.findings))


@dataclass(slots=True)
class _Builder:
    """Collects values and lines from one text."""

    faults: TextFaults
    lines: dict[Place, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def read_json(self, text: str) -> Any:
        try:
            return json.loads(
                text.lstrip("\ufeff"),
                object_pairs_hook=self._pairs,
                parse_int=_scalar,
                parse_float=Number,
                parse_constant=Number,
            )
        except json.JSONDecodeError as error:
            message = f"The JSON cannot be read: {error.msg}."
            raise _UnreadableError(message, error.lineno) from None
        except RecursionError:
            raise _UnreadableError("The JSON is nested too deeply.", None) from None

    def _pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key, value in pairs:
            if key in read:
                self.findings.append(
                    self.faults.duplicate_key.found(f"The key {key!r} stands twice in one object.", path=key)
                )
            else:
                read[key] = value
        return read

    def read_yaml(self, text: str) -> Any:
        try:
            events = yaml.parse(text, Loader=_LOADER)
            next(events)  # the stream
            if isinstance(next(events), yaml.StreamEndEvent):
                raise _UnreadableError("The file is empty.", None)
            value = self._node(next(events), events, ())
            next(events)  # the end of the document
            after = next(events)
            if not isinstance(after, yaml.StreamEndEvent):
                raise _UnreadableError("The file holds a second document.", after.start_mark.line + 1)
            return value
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = f"The YAML cannot be read: {error.problem or error.context}."
            raise _UnreadableError(message, mark.line + 1 if mark else None) from None
        except (yaml.YAMLError, UnicodeError) as error:
            message = f"The YAML cannot be read: {str(error).splitlines()[0][:120]}."
            raise _UnreadableError(message, None) from None

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], place: Place) -> Any:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _UnreadableError("Anchors and aliases (& and *) are not read; repeat the lines.", line)
        if getattr(event, "tag", None):
            message = f"The tag {event.tag!r} is not read."
            raise _UnreadableError(message, line)
        if len(place) > _DEEPEST:
            raise _UnreadableError("The file is nested too deeply.", line)
        self.lines.setdefault(place, line)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, place)
        return _scalar(event.value) if event.implicit[0] and not event.style else event.value

    def _mapping(self, events: Iterator[yaml.Event], place: Place) -> dict[str, Any]:
        read: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise _UnreadableError("A key is a word.", line)
            key = event.value
            is_new = key not in read
            if is_new:
                self.lines[*place, key] = line
            else:
                path = "/".join(map(str, (*place, key)))
                self.findings.append(
                    self.faults.duplicate_key.found(f"The key {key!r} stands twice.", row=line, path=path)
                )
            value = self._node(next(events), events, (*place, key))
            if is_new:
                read[key] = value
        return read

    def _sequence(self, events: Iterator[yaml.Event], place: Place) -> list[Any]:
        read: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            read.append(self._node(event, events, (*place, len(read))))
        return read


def _scalar(text: str) -> Any:
    """Return what an unquoted word means in the core schema; a date stays a text."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return Number(text) if _NUMBER.fullmatch(text) else text
