"""Descriptions of tools: pinned by a digest, kept to the arguments that can be checked, and shown only if permitted.

The digest is the same that the register of tools keeps (`governance.register_tool`): of the description and of the
schema that arguments are held to. So a gateway can tell drift before it shows a tool to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairkeeper.policy.decision.arguments import (
    MOST_DEPTH,
    ArgumentSchema,
    NotExactError,
    SchemaRefusedError,
    digest_of,
    exact,
)

_UNDERSTOOD: Final = {
    "string": {"minLength", "maxLength", "pattern"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set(),
    "object": {"properties", "required"},
    "array": {"items", "minItems", "maxItems"},
}
RESOURCE_READ: Final = "resources.read"
RESOURCE_SUBSCRIBE: Final = "resources.subscribe"
PROMPT_GET: Final = "prompts.get"
COMPLETE: Final = "completion.complete"
SAMPLE: Final = "sampling.create"
ELICIT: Final = "elicitation.create"
PSEUDO_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    RESOURCE_READ: {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]},
    RESOURCE_SUBSCRIBE: {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]},
    PROMPT_GET: {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    COMPLETE: {"type": "object", "properties": {"of": {"type": "string"}}, "required": ["of"]},
    SAMPLE: {"type": "object", "properties": {"messages": {"type": "integer"}}},
    ELICIT: {"type": "object", "properties": {"message": {"type": "string"}}},
}
"""What of the protocol beside calls of tools is governed like one, under these names, and the arguments it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A tool as its server describes it now."""

    name: str
    digest: str
    arguments: dict[str, Any]
    manifest: dict[str, Any]


def closed(schema: Any, depth: int = 0) -> dict[str, Any]:
    """Return the closest schema that arguments can be held to; what it does not name is refused.

    Keywords that are not understood are left out, a choice becomes its first that is not null, and what has no type is
    a text. So a call can be refused that the server would take, and whoever registers the tool sees the schema.

    Example:
        >>> closed({"type": "object", "properties": {"path": {"anyOf": [{"type": "string"}, {"type": "null"}]}}})
        {'type': 'object', 'properties': {'path': {'type': 'string'}}}
    """
    if not isinstance(schema, Mapping) or depth > MOST_DEPTH - 2:
        return {"type": "string"}
    for choice in ("anyOf", "oneOf"):
        options = [each for each in schema.get(choice, []) if isinstance(each, Mapping) and each.get("type") != "null"]
        if options and "type" not in schema:
            return closed(options[0], depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "string")
    if kind not in _UNDERSTOOD:
        kind = "object" if "properties" in schema else "string"
    made: dict[str, Any] = {"type": kind}
    made |= {name: schema[name] for name in _UNDERSTOOD[kind] - {"properties", "items", "required"} if name in schema}
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        made["enum"] = [each for each in schema["enum"] if each is not None]
    if kind == "object":
        made["properties"] = {
            name: closed(member, depth + 1) for name, member in sorted(schema.get("properties", {}).items())
        }
        made |= {"required": sorted(schema["required"])} if schema.get("required") else {}
    if kind == "array":
        made["items"] = closed(schema.get("items"), depth + 1)
    return _usable(made)


def _usable(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out a detail that cannot be enforced, such as a pattern that could hold up every other decision."""
    try:
        ArgumentSchema({"type": "object", "properties": {"value": schema}})
    except SchemaRefusedError:
        return {name: schema[name] for name in ("type", "properties", "items", "required") if name in schema}
    return schema


def pin_of(tool: Mapping[str, Any], server: str) -> Pin:
    """Return a tool's pin, from how its server lists it.

    Raises:
        NotExactError: The description has no exact spelling.
    """
    arguments = closed(tool.get("inputSchema") or {"type": "object"})
    manifest = {name: value for name, value in tool.items() if name not in {"_meta", "icons"}}
    digest = digest_of({"arguments": exact(arguments), "manifest": exact(manifest)})
    return Pin(name=f"{server}/{tool['name']}", digest=digest, arguments=arguments, manifest=manifest)


def pins_of(tools: Iterable[Mapping[str, Any]], server: str) -> dict[str, Pin]:
    """Return pins by the names that servers use; a tool whose description cannot be pinned is left out."""
    found = {}
    for tool in tools:
        try:
            found[str(tool["name"])] = pin_of(tool, server)
        except (NotExactError, KeyError):
            continue
    return found


def shown(
    tools: Iterable[dict[str, Any]], pins: Mapping[str, Pin], registered: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """Return the tools that an agent may see: permitted to it, and described as approved.

    Args:
        tools: As the server lists them.
        pins: Their pins, by the server's names.
        registered: Digests that were approved, by registered name, of what the agent is permitted; None where a digest
            cannot be seen and the decision alone compares it.
    """
    return [
        tool
        for tool in tools
        if (pin := pins.get(str(tool.get("name")))) is not None and registered.get(pin.name, "") in {None, pin.digest}
    ]


def arguments_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as they are decided about: what is null was not given."""
    return {name: value for name, value in arguments.items() if value is not None}
