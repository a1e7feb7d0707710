"""Reads a deal from its file: every fault with its line, and as much of the deal as the faults leave.

A fault in one plan leaves the others readable, so that their rules are checked in the same run. A text is read once;
nothing is fetched and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError

from fairkeeper.action.document import Document, Place, read_document
from fairkeeper.deals.deal import Deal
from fairkeeper.deals.files.conversion import Conversion, deal_of
from fairkeeper.deals.files.kinds import (
    AMOUNT_NOT_TEXT,
    AMOUNT_UNREADABLE,
    DATE_UNREADABLE,
    FILE_UNREADABLE,
    MISSING_KEY,
    PERCENTAGE_UNREADABLE,
    TEXT_FAULTS,
    UNKNOWN_KEY,
    UNKNOWN_WORD,
    WRONG_TYPE,
)
from fairkeeper.deals.files.shapes import DealShape, PlanShape
from fairkeeper.values.findings import Finding, FindingKind, Findings

ROOT_KEY: Final = "private_offer"
_KINDS: Final[Mapping[str, FindingKind]] = {
    "missing": MISSING_KEY,
    "extra_forbidden": UNKNOWN_KEY,
    "enum": UNKNOWN_WORD,
    "literal_error": UNKNOWN_WORD,
    "date": DATE_UNREADABLE,
    "amount": AMOUNT_UNREADABLE,
    "amount_not_text": AMOUNT_NOT_TEXT,
    "percentage": PERCENTAGE_UNREADABLE,
}
"""Which finding a refusal of pydantic's becomes; any other is a value of the wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read.

    Args:
        deal: The deal with every plan that could be read; None where its own fields could not.
        plan_numbers: Where each plan of the deal stands in the file, counted from 0.
        is_whole: Whether nothing was left out.
        findings: The faults of the file.
        lines: The line of each path, counted from 1; empty for JSON.
    """

    deal: Deal | None
    plan_numbers: tuple[int, ...]
    is_whole: bool
    findings: Findings
    lines: Mapping[str, int]

    def line_of(self, path: str | None) -> int | None:
        """Return the line of a path, or of the nearest part around it; without a path there is none."""
        while path:
            if (line := self.lines.get(path)) is not None:
                return line
            path = path.rpartition("/")[0]
        return None if path is None else self.lines.get("")


def read_deal(text: str, *, file: str | None = None) -> Reading:
    """Read a deal from a YAML or JSON text.

    Example:
        >>> reading = read_deal("private_offer: {kind: customer}")
        >>> reading.deal is None, {finding.code for finding in reading.findings}
        (True, {'deals.missing_key'})
    """
    document = read_document(text, TEXT_FAULTS)
    reader = _Reader(document=document)
    deal, numbers, is_whole = reader.read()
    lines = {_path(place): line for place, line in document.lines.items() if place[:1] == (ROOT_KEY,)}
    reading = Reading(
        deal=deal, plan_numbers=numbers, is_whole=is_whole, findings=Findings.of(reader.found), lines=lines
    )
    return _with_lines(reading, file)


def _with_lines(reading: Reading, file: str | None) -> Reading:
    located = [
        replace(finding, file=file, row=finding.row or reading.line_of(finding.path)) for finding in reading.findings
    ]
    return replace(reading, findings=Findings.of(located))


def _path(place: Place) -> str:
    """Write a place as findings name it, without the root that every place has."""
    return "/".join(str(step) for step in (place[1:] if place[:1] == (ROOT_KEY,) else place))


@dataclass(slots=True)
class _Reader:
    """Turns one document into a deal and collects what is wrong with it."""

    document: Document
    conversion: Conversion = field(default_factory=Conversion)

    @property
    def found(self) -> list[Finding]:
        return self.conversion.found

    def read(self) -> tuple[Deal | None, tuple[int, ...], bool]:
        self.found.extend(self.document.findings)
        root = self.document.value
        if any(finding.code == FILE_UNREADABLE.code for finding in self.found):
            return None, (), False
        is_certain = not self.found  # which of two equal keys was meant is not known, so no rule is asked
        if not isinstance(root, dict):
            self.found.append(WRONG_TYPE.found("The file is not a mapping with the key private_offer."))
            return None, (), False
        for key in root:
            if key != ROOT_KEY:
                self.found.append(UNKNOWN_KEY.found(f"The key {key!r} is not known.", path=key))
        if ROOT_KEY not in root:
            self.found.append(MISSING_KEY.found("The key private_offer is missing."))
            return None, (), False
        shape = self._shape(DealShape, root[ROOT_KEY], "")
        raw_plans = shape.plans if shape else _list_at(root[ROOT_KEY], "plans")
        plans = [self._shape(PlanShape, raw, f"plans/{number}") for number, raw in enumerate(raw_plans)]
        if shape is None or not is_certain:
            return None, (), False
        currency = self.conversion.currency(shape.currency, "currency")
        rates = self.conversion.rates(shape)
        if currency is None or rates is None:
            return None, (), False
        read = [
            (number, plan)
            for number, plan_shape in enumerate(plans)
            if plan_shape and (plan := self.conversion.plan(plan_shape, currency, f"plans/{number}"))
        ]
        deal = deal_of(shape, currency, rates, tuple(plan for _, plan in read))
        return deal, tuple(number for number, _ in read), not self.found

    def _shape(self, model: type[Any], value: Any, path: str) -> Any:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=True, include_input=False):
                self._report(fault, path)
            return None

    def _report(self, fault: Mapping[str, Any], path: str) -> None:
        kind = _KINDS.get(fault["type"], WRONG_TYPE)
        where = "/".join([*([path] if path else []), *map(str, fault["loc"])])
        key = where.rpartition("/")[2]
        message = {
            "missing": f"The key {key!r} is missing.",
            "extra_forbidden": f"The key {key!r} is not known here.",
        }.get(fault["type"], f"{key}: {_lower(fault['msg'])}.")
        self.found.append(kind.found(message, path=where or None))


def _list_at(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
