"""Writes the generated pages of the reference as Markdown, one function a page.

Generated anew at every build and never committed, so that they cannot drift from the code.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache
from itertools import groupby
from pathlib import Path

from docs_build import inventory, programs
from docs_build.codes import error_codes
from docs_build.markdown import code, table
from docs_build.quotes import RUNNABLE, blocks, quoted
from docs_build.sandbox import sandbox_page
from fairkeeper.action.operation import Operation, OperationKind
from fairkeeper.api.errors import STATUSES
from fairkeeper.cli.outcome import EXIT_CODES, ExitCode
from fairkeeper.cli.root import ROOMS
from fairkeeper.deals.assumptions import ASSUMPTIONS
from fairkeeper.errors import ErrorKind
from fairkeeper.values.resources import RESOURCES


def operations_page() -> str:
    """Write every operation with its ways in: HTTP, command line, MCP; then those that only Fairkeeper itself runs."""
    intro = (
        "Everything Fairkeeper can do. Each operation below is one HTTP route under `/api/v1` and one command; reads "
        "are MCP tools too. A command that changes something leaves one entry in the evidence; where nothing changed "
        "there is none. The groups are what [role policies](../explanation/isolation.md) speak of."
    )
    found = inventory.operations()
    parts = ["# Operations", intro]
    offered = [operation for operation in found if not operation.is_internal]
    for room, operations in groupby(offered, key=lambda operation: operation.room):
        parts.append(f"## {room}")
        parts += [_operation(operation) for operation in operations]
    inside = [operation for operation in found if operation.is_internal]
    rows = [[code(each.name), each.summary, ", ".join(code(kind.name) for kind in each.evidence)] for each in inside]
    told = "No role may run these and no channel offers them; background work, the webhook and the sign-in do."
    return "\n\n".join([*parts, "## Inside", told, table(["operation", "does", "evidence"], rows)])


def _operation(operation: Operation) -> str:
    facts = [
        ("kind", operation.kind.value),
        ("HTTP", code(f"{operation.method} /api/v1{operation.path}")),
        ("command", code(f"fairkeeper {operation.cli}")),
        ("MCP tool", _tool(operation)),
        ("who may", _who(operation)),
        ("groups", ", ".join(map(code, operation.groups))),
        ("evidence", ", ".join(code(kind.name) for kind in operation.evidence)),
    ]
    inputs = [
        [
            code(name),
            inventory.kind_of(field.annotation),
            "yes" if field.is_required() else "no",
            field.description or "",
        ]
        for name, field in operation.input.model_fields.items()
    ]
    parts = [
        f"### {operation.name}",
        _prose(operation.documentation),
        table(["", ""], [row for row in facts if row[1]]),
    ]
    if inputs:
        parts.append(table(["input", "type", "required", "meaning"], inputs))
    return "\n\n".join(parts)


def _who(operation: Operation) -> str:
    if operation.kind is OperationKind.CHECK:
        return "anybody; it only computes, without database and sign-in"
    roles = inventory.roles_that_may(operation)
    return "everybody who is signed in" if len(roles) == len(inventory.ROLES) else ", ".join(map(code, roles))


def _prose(documentation: str) -> str:
    r"""Write a docstring as Markdown: what it raises becomes a list.

    Example:
        >>> print(_prose("Do it.\n\nRaises:\n    GoneError: It is gone,\n        for good."))
        Do it.
        <BLANKLINE>
        - `GoneError`: It is gone, for good.
    """
    prose, _, raised = documentation.partition("Raises:\n")
    if not raised:
        return documentation
    items: list[str] = []
    for line in raised.splitlines():
        if line.startswith("     "):
            items[-1] += f" {line.strip()}"
        elif line.strip():
            name, _, told = line.strip().partition(": ")
            items.append(f"- {code(name)}: {told}")
    return prose + "\n".join(items)


def _tool(operation: Operation) -> str:
    if operation.kind is OperationKind.COMMAND:
        return "only where FAIRKEEPER_MCP_WRITES names it"
    return code(operation.name.replace(".", "_")) if operation.mcp else "no"


def evidence_kinds_page() -> str:
    """Write every kind of evidence entry and which operations record it."""
    recorded_by: dict[str, tuple[str, list[str]]] = {}
    for operation in inventory.operations():
        for kind in operation.evidence:
            recorded_by.setdefault(kind.name, (kind.sentence, []))[1].append(operation.name)
    rows = [[code(name), sentence, ", ".join(map(code, by))] for name, (sentence, by) in sorted(recorded_by.items())]
    intro = (
        "What can stand in the log. The number after the slash is the version of the entry's payload; words in braces "
        "are fields of the payload. What an entry proves is told in [evidence](../explanation/evidence.md)."
    )
    return f"# Evidence kinds\n\n{intro}\n\n{table(['kind', 'sentence', 'recorded by'], rows)}"


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
    """Write every error code with its kind, what happened and its remedy."""
    intro = (
        "A refused or impossible request carries one of these codes, with a sentence, a remedy and, where a rule is "
        "behind it, the official page. `…` stands for a value. Codes without a kind are what a verifier finds in a "
        "file. Which HTTP status and exit code go with a kind is told in [exit codes](exit-codes.md)."
    )
    parts = ["# Errors", intro]
    for room, codes in groupby(error_codes(), key=lambda each: each.code.partition(".")[0]):
        rows = [[code(each.code), each.kind, each.meaning, each.remedy] for each in codes]
        parts += [f"## {room}", table(["code", "kind", "what happened", "what to do"], rows)]
    return "\n\n".join(parts)


def exit_codes_page() -> str:
    """Write the exit codes, and which HTTP status and exit code go with each kind of error."""
    told = _told_members(ExitCode)
    codes = [[str(each.value), told.get(each.name, "It did what was asked.")] for each in ExitCode]
    codes.append(["130", "It was interrupted by Ctrl+C."])
    kinds = _told_members(ErrorKind)
    rows = [
        [code(kind.value), str(STATUSES[kind]), str(EXIT_CODES[kind].value), kinds.get(kind.name, "")]
        for kind in ErrorKind
    ]
    return "\n\n".join(
        (
            "# Exit codes and HTTP statuses",
            (
                "Every command ends with one of these. With `--json` an error is one line of JSON on stderr, in the "
                "form that the HTTP API answers."
            ),
            table(["exit code", "meaning"], codes),
            "## By kind of error",
            (
                "Nobody signed in is 401, a body that is too large 413, and input that does not fit an operation 422, "
                "whatever the kind. 503 carries `Retry-After`."
            ),
            table(["kind", "HTTP status", "exit code", "meaning"], rows),
        )
    )


def _told_members(enumeration: type) -> dict[str, str]:
    """Return what the source says below each member of an enumeration."""
    (declared,) = ast.parse(inspect.getsource(enumeration)).body
    assert isinstance(declared, ast.ClassDef)  # noqa: S101 - the source of a class
    told = {}
    for member, text in zip(declared.body, declared.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            told[ast.unparse(member.targets[0])] = str(text.value.value)
    return told


def commands_page() -> str:
    """Write every command with its options."""
    intro = (
        "Commands run on the database of the [settings](settings.md), as whoever sits at the machine; or on a server, "
        "where `--url` or `FAIRKEEPER_URL` names one, with the token of `--token` or `FAIRKEEPER_TOKEN`. Every command "
        "takes `--json` and ends with an [exit code](exit-codes.md). Commands made from operations are described "
        "there: see [operations](operations.md)."
    )
    parts = ["# Commands", intro]
    for room, commands in groupby(programs.commands(), key=lambda each: each.words[0]):
        told = ROOMS.get(room)
        parts += [f"## fairkeeper {room}", *([f"{told}."] if told else [])]
        for each in commands:
            rows = [
                [", ".join(map(code, (*option.opts, *option.secondary_opts))), option.help or ""]
                for option in each.options
            ]
            parts += [code(each.line), _help_of(each), table(["option", "meaning"], rows)]
    return "\n\n".join(parts)


def _help_of(each: programs.Command) -> str:
    return (each.command.help or "").replace("\b\n", "").replace("\n\n", " ").replace("\n", " ")


def make_page() -> str:
    """Write the targets of the Makefile."""
    found = programs.targets()
    parts = {target.name: [other.name for other in found if target.name in other.needs] for target in found}
    rows = [
        [code(f"make {target.name}"), target.meaning or f"a part of {', '.join(map(code, parts[target.name]))}"]
        for target in found
    ]
    intro = "What is run from a checkout. Continuous integration runs `make test` and nothing else."
    return f"# Make\n\n{intro}\n\n{table(['target', 'does'], rows)}"


def settings_page() -> str:
    """Write every environment variable."""
    rows = [
        [code(setting.name), setting.kind, code(setting.default), setting.meaning] for setting in inventory.settings()
    ]
    own = {setting.name for setting in inventory.settings()}
    others = [[code(name), told] for name, told in programs.command_variables().items() if name not in own]
    intro = (
        "The server is configured by environment variables. A secret given in one never appears in a page, a log, an "
        "export or an error."
    )
    return "\n\n".join(
        (
            "# Settings",
            intro,
            table(["variable", "type", "default", "meaning"], rows),
            "## Read by the command line alone",
            table(["variable", "meaning"], others),
            "## Read by the gateway alone",
            table(["variable", "meaning"], [[code(name), told] for name, told in programs.GATEWAY_VARIABLES.items()]),
        )
    )


def deal_assumptions_page() -> str:
    """Write what the rules of deals suppose where documents are silent, each switched off by its key."""
    intro = (
        "Where Microsoft's documents leave something open, the rules of deals read it in one way. A finding that rests "
        "on such a reading names its key; `fairkeeper deals check --without KEY` switches it off."
    )
    rows = [[code(each.key), each.label, each.otherwise, each.source] for each in ASSUMPTIONS]
    return f"# Assumptions about deals\n\n{intro}\n\n{table(['key', 'assumed', 'otherwise', 'source'], rows)}"


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


def quoted_commands_page() -> str:
    """Write every command of the pages with how it is held to the truth."""
    intro = (
        "Every command that stands in a block of these pages. *run*: a test runs it on a new data folder, in the order "
        "of its page, and it has to end with 0. *on a server*: it needs a customer, a server, a file of yours or "
        "Microsoft; a test runs it against a whole server with the sandbox, with an id or a file in the place of those "
        "that the page names. What is served, waits or needs Microsoft's answer is run by a test of its own."
    )
    docs = Path(__file__).parent.parent / "docs"
    rows = []
    for path in sorted(docs.rglob("*.md")):
        page = path.relative_to(docs).as_posix()
        for block in blocks({page: path.read_text("utf-8")}):
            how = "run" if RUNNABLE in block.info else "on a server"
            alone = {page: f"```sh\n{block.text}```\n"} if block.info[:1] == ("sh",) else {}
            found = quoted(alone, "fairkeeper")
            rows += [[f"[{path.stem}](../{page})", how, code(f"fairkeeper {' '.join(each.words)}")] for each in found]
    return "\n\n".join(["# Commands in these pages", intro, table(["page", "how", "command"], rows)])


GENERATED: dict[str, Callable[[], str]] = {
    "reference/operations.md": operations_page,
    "reference/evidence-kinds.md": evidence_kinds_page,
    "reference/findings.md": findings_page,
    "reference/deal-assumptions.md": deal_assumptions_page,
    "reference/errors.md": errors_page,
    "reference/exit-codes.md": exit_codes_page,
    "reference/commands.md": commands_page,
    "reference/settings.md": settings_page,
    "reference/sandbox.md": sandbox_page,
    "reference/make.md": make_page,
    "reference/quoted-commands.md": quoted_commands_page,
    "reference/resources.md": resources_page,
}
"""The generated pages by the address they have under docs/."""


@cache
def generate() -> dict[str, str]:
    """Return the text of every generated page; made once a run, since tests ask often."""
    return {path: write() for path, write in GENERATED.items()}
