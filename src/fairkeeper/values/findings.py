"""Findings: facts about data or configuration that need a person, as values and not as exceptions.

A finding says where (file, row, column, path in a document, or the thing it is about), what, what to do, and which
official resource explains the rule. One bad row so never hides the other thousand. Every kind of finding is declared
once with its level, remedy, resource and an example, in `finding_kinds`; the reference documentation is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from fairkeeper.values.errors import FindingKindRefusedError
from fairkeeper.values.resources import resource

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
"""What a finding turns into for a program: canonical JSON, hence no floats."""

_CODE: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


class Level(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """It will fail, be refused or be wrong; commands end with exit code 1."""
    WARNING = "warning"
    """It may go wrong, or soon will."""
    INFO = "info"
    """Worth knowing; nothing has to be done."""


_RANKS: Final = {Level.ERROR: 0, Level.WARNING: 1, Level.INFO: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact that needs a person. Make it with `FindingKind.found`.

    Args:
        code: The kind's stable name, `room.what`.
        level: How much it matters.
        message: What was found, with the values, one sentence.
        remedy: What to do about it.
        resource: Key of the official resource that explains the rule.
        file: Name of the file it was found in, as the person gave it.
        row: Row of that file as a spreadsheet counts: the header is row 1.
        column: Name of the column.
        path: Place in a document (`plans/0/schedule/3`).
        subject: Id or name of the thing it is about.
        detail: Values for a program.
    """

    code: str
    level: Level
    message: str
    remedy: str
    resource: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    path: str | None = None
    subject: str | None = None
    detail: tuple[tuple[str, str | int | bool], ...] = ()

    @property
    def place(self) -> str:
        """Where it was found, in words; empty if it has no place.

        Example:
            >>> kind = FindingKind(
            ...     code="values.example",
            ...     level=Level.INFO,
            ...     title="Example",
            ...     remedy="None.",
            ...     resource="saas-accelerator",
            ...     example="-",
            ... )
            >>> kind.found("Seen.", file="prices.csv", row=7, column="price").place
            'prices.csv, row 7, column price'
        """
        named = ((None, self.file), ("row", self.row), ("column", self.column), ("at", self.path), ("on", self.subject))
        return ", ".join(f"{name} {value}" if name else str(value) for name, value in named if value is not None)

    def to_json(self) -> dict[str, Json]:
        """Return it for a program: its fields, those that are not set left out, the resource with its address."""
        explained = resource(self.resource)
        document: dict[str, Json] = {
            "code": self.code,
            "level": self.level.value,
            "message": self.message,
            "remedy": self.remedy,
            "resource": {"key": explained.key, "title": explained.title, "address": explained.address},
        }
        for name in ("file", "row", "column", "path", "subject"):
            if (value := getattr(self, name)) is not None:
                document[name] = value
        if self.detail:
            document["detail"] = dict(self.detail)
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    """What all findings of one code have in common; declare it with `finding_kinds.declare`.

    Args:
        code: Stable name, `room.what`, in lower case.
        level: How much it matters, unless a finding says otherwise.
        title: The rule that does not hold, as a heading.
        remedy: What to do, as an instruction.
        resource: Key of the official resource that explains the rule.
        example: Data that gives this finding, for the documentation.
    """

    code: str
    level: Level
    title: str
    remedy: str
    resource: str
    example: str

    def found(  # noqa: PLR0913 - a finding has many places; a caller names the few it knows
        self,
        message: str,
        *,
        level: Level | None = None,
        remedy: str | None = None,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        path: str | None = None,
        subject: str | None = None,
        detail: Mapping[str, str | int | bool] | None = None,
    ) -> Finding:
        """Return a finding of this kind, with the places that are known."""
        return Finding(
            code=self.code,
            level=level or self.level,
            message=message,
            remedy=remedy or self.remedy,
            resource=self.resource,
            file=file,
            row=row,
            column=column,
            path=path,
            subject=subject,
            detail=tuple(sorted((detail or {}).items())),
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """An immutable collection of findings; adding gives a new one.

    For many rows collect a list first and make `Findings.of(list)` once.
    """

    items: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Finding]) -> Self:
        """Collect findings in the order they come."""
        return cls(tuple(items))

    def add(self, finding: Finding) -> Self:
        """Return these and one more."""
        return type(self)((*self.items, finding))

    def __add__(self, other: Findings) -> Self:
        """Return these and the others after them."""
        return type(self)(self.items + other.items)

    def __iter__(self) -> Iterator[Finding]:
        """Go through them in their order."""
        return iter(self.items)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.items)

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self.items)

    @property
    def has_errors(self) -> bool:
        """Say whether one of them is of level error."""
        return any(finding.level is Level.ERROR for finding in self.items)

    def count(self, level: Level) -> int:
        """Return how many are of a level."""
        return sum(finding.level is level for finding in self.items)

    def of_level(self, level: Level) -> Self:
        """Return those of one level, in their order."""
        return type(self)(tuple(finding for finding in self.items if finding.level is level))

    def sorted(self) -> Self:
        """Return them as a person reads: errors first, then by file, row, column, path, subject and code."""
        return type(self)(tuple(sorted(self.items, key=_reading_order)))

    def to_json(self) -> dict[str, Json]:
        """Return them for a program, with a count for each level."""
        return {
            "findings": [finding.to_json() for finding in self.items],
            "counts": {level.value: self.count(level) for level in Level},
        }


def _reading_order(finding: Finding) -> tuple[int, str, int, str, str, str, str, str]:
    return (
        _RANKS[finding.level],
        finding.file or "",
        finding.row or 0,
        finding.column or "",
        finding.path or "",
        finding.subject or "",
        finding.code,
        finding.message,
    )


@dataclass(frozen=True, slots=True)
class FindingKindRegistry:
    """Every declared kind of finding, once."""

    _kinds: dict[str, FindingKind] = field(default_factory=dict)

    def declare(self, kind: FindingKind) -> FindingKind:
        """Enter a kind and return it, so that a module writes `UNSORTED = finding_kinds.declare(FindingKind(…))`.

        Raises:
            FindingKindRefusedError: The code is taken or misspelt, or a text is empty.
            ResourceUnknownError: The resource is not in the list of official resources.
        """
        if not _CODE.fullmatch(kind.code):
            message = f"{kind.code!r} is not a code of the form room.what."
            raise FindingKindRefusedError(message)
        if kind.code in self._kinds:
            message = f"The finding {kind.code} is declared twice."
            raise FindingKindRefusedError(message)
        for name in ("title", "remedy", "example"):
            if not getattr(kind, name).strip():
                message = f"The finding {kind.code} has no {name}."
                raise FindingKindRefusedError(message)
        resource(kind.resource)
        self._kinds[kind.code] = kind
        return kind

    def __getitem__(self, code: str) -> FindingKind:
        """Return the kind of a code.

        Raises:
            FindingKindRefusedError: No such kind is declared.
        """
        try:
            return self._kinds[code]
        except KeyError:
            message = f"No finding {code!r} is declared."
            raise FindingKindRefusedError(message) from None

    def __contains__(self, code: object) -> bool:
        """Say whether a code is declared."""
        return code in self._kinds

    def __iter__(self) -> Iterator[FindingKind]:
        """Go through the kinds by code."""
        return iter([self._kinds[code] for code in sorted(self._kinds)])

    def __len__(self) -> int:
        """Return how many are declared."""
        return len(self._kinds)


finding_kinds: Final = FindingKindRegistry()
"""All kinds of findings of this program; a room's rule modules declare theirs when they are imported."""
