"""Writes the generated pages of the reference as Markdown, one function a page.

Generated anew at every build and never committed, so that they cannot drift from the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence

from docs_build import inventory
from fairkeeper.values.resources import RESOURCES


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Write a Markdown table.

    Example:
        >>> print(table(["a", "b"], [["1", "x | y"]]))
        | a | b |
        | --- | --- |
        | 1 | x \| y |
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def operations_page() -> str:
    """Write every operation with its ways in: HTTP, command line, MCP."""
    intro = (
        "Everything Fairkeeper can do. Each operation is one HTTP route under `/api/v1` and one command; reads are "
        "MCP tools too unless they say otherwise. A command leaves one entry in the evidence."
    )
    parts = ["# Operations", intro]
    for operation in inventory.operations():
        facts = [
            ("kind", operation.kind.value),
            ("HTTP", _code(operation.http)),
            ("command", _code(f"fairkeeper {operation.cli}")),
            ("MCP tool", "yes" if operation.mcp else "no"),
            ("evidence", ", ".join(_code(kind.name) for kind in operation.evidence)),
        ]
        inputs = [
            [_code(name), "yes" if field.is_required() else "no", field.description or ""]
            for name, field in operation.input.model_fields.items()
        ]
        parts += [f"## {operation.name}", operation.documentation, table(["", ""], [row for row in facts if row[1]])]
        if inputs:
            parts.append(table(["input", "required", "meaning"], inputs))
    return "\n\n".join(parts)


def evidence_kinds_page() -> str:
    """Write every kind of evidence entry and which operation records it."""
    rows = [
        [_code(kind.name), kind.sentence, _code(operation.name)]
        for operation in inventory.operations()
        for kind in operation.evidence
    ]
    intro = "What can stand in the log. The number after the slash is the version of the entry's payload."
    return f"# Evidence kinds\n\n{intro}\n\n{table(['kind', 'sentence', 'recorded by'], sorted(rows))}"


def findings_page() -> str:
    """Write every kind of finding: the rule, what to do, an example, who explains it."""
    intro = (
        "Facts about data or configuration that need a person. A finding of level error ends a command with exit "
        "code 1."
    )
    parts = ["# Findings", intro]
    for kind in inventory.finding_kinds_declared():
        resource = RESOURCES[kind.resource]
        explained = f"[{resource.title}]({resource.address})" if resource.address else resource.title
        parts += [
            f"## {kind.code}",
            f"**{kind.title}** ({kind.level.value})",
            f"What to do: {kind.remedy}",
            f"Explained by: {explained}",
            f"```text\n{kind.example}\n```",
        ]
    return "\n\n".join(parts)


def errors_page() -> str:
    """Write every error code with its kind and remedy."""
    rows = [
        [_code(error.code), error.kind.value, (inspect.getdoc(error) or "").partition("\n")[0], error.remedy]
        for error in inventory.errors()
    ]
    intro = "Refused or impossible requests carry one of these codes, or a code named in the operation's own text."
    return f"# Errors\n\n{intro}\n\n{table(['code', 'kind', 'meaning', 'what to do'], rows)}"


def settings_page() -> str:
    """Write every environment variable."""
    rows = [
        [_code(setting.name), _code(setting.kind), _code(setting.default), setting.meaning]
        for setting in inventory.settings()
    ]
    intro = "Fairkeeper is configured by environment variables."
    return f"# Settings\n\n{intro}\n\n{table(['variable', 'type', 'default', 'meaning'], rows)}"


def resources_page() -> str:
    """Write the official resources that findings and pages point to."""
    rows = [
        [
            f"[{resource.title}]({resource.address})" if resource.address else resource.title,
            resource.explains,
            resource.find_by,
            resource.dated_on.isoformat(),
        ]
        for resource in inventory.resources()
    ]
    intro = "Where Microsoft explains the rules that Fairkeeper checks. None of them is fetched while it runs."
    heads = ["resource", "explains", "if it has moved", "compared on"]
    return f"# Official resources\n\n{intro}\n\n{table(heads, rows)}"


GENERATED: dict[str, Callable[[], str]] = {
    "reference/operations.md": operations_page,
    "reference/evidence-kinds.md": evidence_kinds_page,
    "reference/findings.md": findings_page,
    "reference/errors.md": errors_page,
    "reference/settings.md": settings_page,
    "reference/resources.md": resources_page,
}
"""The generated pages by the address they have under docs/."""
