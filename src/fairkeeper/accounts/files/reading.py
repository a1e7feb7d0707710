"""Reads a structure from its file, every fault with its line.

A file with a fault of its own is not judged by the rules: a person or publisher that could not be read would be missed
by every rule that counts, and the findings would be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from fairkeeper.accounts.files.kinds import FILE_UNREADABLE, MISSING_KEY, TEXT_FAULTS, UNKNOWN_KEY, WRONG_VALUE
from fairkeeper.accounts.structure.model import Structure
from fairkeeper.action.document import Document, Place, read_document
from fairkeeper.values.findings import Finding, Findings

ROOT_KEY: Final = "account_structure"
_KINDS: Final = {"missing": MISSING_KEY, "extra_forbidden": UNKNOWN_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read.

    Args:
        structure: None where the file has a fault.
        findings: The faults.
        lines: The line of each path, counted from 1; empty for JSON.
    """

    structure: Structure | None
    findings: Findings
    lines: Mapping[str, int]

    def line_of(self, path: str | None) -> int | None:
        """Return the line of a path, or of the nearest part around it; without a path there is none."""
        while path:
            if (line := self.lines.get(path)) is not None:
                return line
            path = path.rpartition("/")[0]
        return None if path is None else self.lines.get("")

    def located(self, findings: Findings, file: str | None) -> Findings:
        """Return findings with the file and the line of each."""
        return Findings.of(
            replace(finding, file=file, row=finding.row or self.line_of(finding.path)) for finding in findings
        )


def read_structure(text: str, *, file: str | None = None) -> Reading:
    """Read a structure from a YAML or JSON text.

    Example:
        >>> reading = read_structure("account_structure: {country: GB}")
        >>> reading.structure is None, [finding.code for finding in reading.findings]
        (True, ['accounts.missing_key'])
    """
    document = read_document(text, TEXT_FAULTS)
    found = list(document.findings)
    structure = None if found else _structure(document, found)
    lines = {_path(place): line for place, line in document.lines.items() if place[:1] == (ROOT_KEY,)}
    reading = Reading(structure=structure, findings=Findings.of(found), lines=lines)
    return replace(reading, findings=reading.located(reading.findings, file))


def _structure(document: Document, found: list[Finding]) -> Structure | None:
    root: Any = document.value
    if not isinstance(root, dict) or ROOT_KEY not in root:
        found.append(FILE_UNREADABLE.found(f"The file is no mapping with the key {ROOT_KEY}."))
        return None
    found += [UNKNOWN_KEY.found(f"The key {key!r} is not known.", path=key) for key in root if key != ROOT_KEY]
    try:
        structure = Structure.model_validate(root[ROOT_KEY])
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=True, include_input=False):
            found.append(_fault(fault))
        return None
    return None if found else structure


def _fault(fault: Mapping[str, Any]) -> Finding:
    kind = _KINDS.get(fault["type"], WRONG_VALUE)
    # `markets` takes a list or a word, and pydantic names which of the two it tried.
    steps = [str(step) for step in fault["loc"] if step not in {"list[str]", "str"} and "[" not in str(step)]
    where = "/".join(steps)
    key = steps[-1] if steps else ROOT_KEY
    message = {
        "missing": f"The key {key!r} is missing.",
        "extra_forbidden": f"The key {key!r} is not known here.",
    }.get(fault["type"], f"{key}: {fault['msg'][:1].lower()}{fault['msg'][1:].rstrip('.')}.")
    return kind.found(message, path=where or None)


def _path(place: Place) -> str:
    return "/".join(str(step) for step in place[1:])
