"""Which operations are tools, for whom, and how each is described. Pure.

Reads and checks are tools for everybody who may run them. A write is one only where a publisher switched it on by
name and role; the role's policies still decide each call. The error table says every kind of refusal in MCP's way: a
tool result marked as an error, which a model can read, never a protocol fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_types import CallToolResult, TextContent, Tool, ToolAnnotations
from pydantic import TypeAdapter

from fairkeeper.action.operation import Operation, OperationKind
from fairkeeper.action.principal import Principal
from fairkeeper.errors import FairkeeperError, InvalidError


class WriteSwitchError(InvalidError):
    """A switched-on write is written wrongly."""

    code = "mcp.write_switch"
    remedy = "Write `operation:role` pairs separated by commas, such as customers.pause_use:security."


@dataclass(frozen=True, slots=True)
class WriteSwitch:
    """One write that is a tool for principals with one role."""

    operation: str
    role: str


def parse_switches(text: str, operations: Iterable[Operation]) -> frozenset[WriteSwitch]:
    """Read which writes are switched on.

    Raises:
        WriteSwitchError: A pair is malformed, or names no command that a channel may offer.

    Example:
        >>> parse_switches("", [])
        frozenset()
    """
    commands = {o.name for o in operations if o.kind is OperationKind.COMMAND and not o.is_internal}
    switches = set()
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, separator, role = pair.partition(":")
        if not separator or not role or name not in commands:
            msg = f"{pair!r} switches on no command for a role."
            raise WriteSwitchError(msg)
        switches.add(WriteSwitch(name, role))
    return frozenset(switches)


def is_offered(operation: Operation, principal: Principal, switches: frozenset[WriteSwitch]) -> bool:
    """Return whether an operation is a tool for this principal; whether it may be run is decided at each call."""
    if operation.is_internal:
        return False
    if operation.kind is not OperationKind.COMMAND:
        return operation.mcp
    return any(WriteSwitch(operation.name, role) in switches for role in principal.roles)


def tool_name(operation: Operation) -> str:
    """Return an operation's name as a tool: clients take letters, digits and underscores.

    Example:
        >>> from types import SimpleNamespace
        >>> tool_name(SimpleNamespace(name="customers.show_customer"))
        'customers_show_customer'
    """
    return operation.name.replace(".", "_")


def tool_of(operation: Operation) -> Tool:
    """Describe an operation as a tool, from its docstring and its input model."""
    is_read = operation.kind is not OperationKind.COMMAND
    return Tool(
        name=tool_name(operation),
        title=operation.summary.rstrip("."),
        description=operation.documentation,
        input_schema=operation.input.model_json_schema(),
        annotations=ToolAnnotations(
            read_only_hint=is_read, destructive_hint=not is_read, idempotent_hint=is_read, open_world_hint=False
        ),
    )


def result_of(operation: Operation, result: Any) -> CallToolResult:
    """Say a result: as text for a model, and as structured content for a program."""
    adapter: TypeAdapter[Any] = TypeAdapter(operation.result)
    document = adapter.dump_python(result, mode="json")
    structured: Mapping[str, Any] = document if isinstance(document, dict) else {"result": document}
    return CallToolResult(
        content=[TextContent(type="text", text=adapter.dump_json(result).decode())],
        structured_content=dict(structured),
    )


def error_of(error: FairkeeperError) -> CallToolResult:
    """Say a refusal: what happened, what to do, and the code a program compares."""
    document = {
        "error": {
            "code": error.code,
            "kind": error.kind.value,
            "message": error.message,
            "remedy": error.remedy,
        }
    }
    return CallToolResult(
        content=[TextContent(type="text", text=f"{error.message} {error.remedy} ({error.code})")],
        structured_content=document,
        is_error=True,
    )
