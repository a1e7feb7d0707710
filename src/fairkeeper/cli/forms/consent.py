"""How answers of the room of consent read on a terminal: findings in full, file by file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.cli.asking import Form
from fairkeeper.cli.forms.findings import count, finding_text


def checked_text(result: Any, *, width: int) -> str:
    """Say what a check of consent plans found."""
    parts = []
    for file in result["files"]:
        found = [each for each in result["findings"] if (each["file"] or "") == file["file"]]
        parts.append("\n".join([_heading(file), *(finding_text(each, width) for each in found)]))
    errors, warnings = (sum(file[name] for file in result["files"]) for name in ("errors", "warnings"))
    dated = f"permissions as of {result['catalogue_dated_on']}, consent policy as of {result['policy_dated_on']}"
    parts.append(f"{count(errors, 'error')}, {count(warnings, 'warning')}; {dated}.")
    return "\n\n".join(parts)


FORMS: Final[Mapping[str, Form]] = {"consent.check_plan": checked_text}
"""Forms by operation."""


def _heading(file: Mapping[str, Any]) -> str:
    facts = []
    if file["version"] is not None:
        facts += [f"version {file['version']}", count(file["features"], "feature")]
        facts.append(count(file["permissions"], "permission"))
    facts.append("no errors" if not file["errors"] else count(file["errors"], "error"))
    return f"{file['file'] or 'plan'}: {', '.join(facts)}"
