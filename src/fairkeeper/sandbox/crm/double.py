"""What the three doubles share: a request, an answer, faults, throttling, and a person's edits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Asked:
        """Read a request off the wire."""
        parts = urlsplit(url)
        return cls(
            method=method,
            path=unquote(parts.path),
            query={name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
            headers={name.lower(): value for name, value in headers.items()},
            body=json.loads(content) if content else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as it goes over the wire."""
        return b"" if self.body is None else json.dumps(self.body).encode()


class Fault(StrEnum):
    """What goes wrong with a request."""

    NONE = "none"
    THROTTLED = "throttled"
    BEFORE = "before"
    """The server fails before it has written anything."""
    AFTER = "after"
    """The server has written, and the answer is lost."""


@dataclass(slots=True, kw_only=True)
class Record:
    """One record of any kind."""

    kind: str
    id: str
    values: dict[str, Any]


class CRMDouble:
    """A CRM in memory; each double adds its own addresses and rules.

    Args:
        faults: Says what goes wrong with the next request; nothing if left out.
    """

    throttling_seconds = 1

    def __init__(self, faults: Callable[[], Fault] | None = None) -> None:
        self.records: list[Record] = []
        self.faults = faults or (lambda: Fault.NONE)
        self.requests: list[Asked] = []
        self.accounts: Any = set[str]()

    def handle(self, asked: Asked) -> Answered | None:
        """Answer a request; None where the answer is lost on its way."""
        self.requests.append(asked)
        if "authorization" not in asked.headers:
            return Answered(status=401, body={"message": "no token"})
        fault = self.faults()
        if fault is Fault.THROTTLED:
            return self.throttled()
        if fault is Fault.BEFORE:
            return Answered(status=503, body={"message": "try again"})
        answer = self.answer(asked)
        return None if fault is Fault.AFTER else answer

    def answer(self, asked: Asked) -> Answered:
        """Answer a request that arrived well; by each double."""
        raise NotImplementedError

    def throttled(self) -> Answered:
        """Answer that it is too much; by each double."""
        return Answered(status=429, headers={"Retry-After": str(self.throttling_seconds)})

    def of_kind(self, kind: str) -> list[Record]:
        """Return the records of a kind, the oldest first."""
        return [each for each in self.records if each.kind == kind]

    def edit(self, record: Record, **values: Any) -> None:
        """Change a record as a person at the CRM does."""
        record.values.update(values)

    def _find(self, kind: str, check: Callable[[Record], bool]) -> Iterator[Record]:
        return (each for each in self.records if each.kind == kind and check(each))
