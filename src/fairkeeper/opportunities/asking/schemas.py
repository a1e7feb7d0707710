"""What Microsoft says of the three documents of a declarative agent's app package, as JSON Schema in our own words.

A transcription, no copy: each rule was taken from Microsoft's pages and its published schemas, and where page and
schema differ, the stricter of the two stands here. Read 2026-11-28:

- App manifest 1.23: `https://developer.microsoft.com/json-schemas/teams/v1.23/MicrosoftTeams.schema.json`; of its
  members only those that the package has.
- Declarative agent 1.8: Microsoft Learn, "Declarative agent schema 1.8 for Microsoft 365 Copilot" (dated 2026-09-30),
  and `https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.8/schema.json`.
- Plugin 2.4: Microsoft Learn, "Plugin manifest schema 2.4 for Microsoft 365 Copilot" (dated 2026-03-06), and
  `https://developer.microsoft.com/json-schemas/copilot/plugin/v2.4/schema.json`.

Where they differ: the page asks an MCP runtime for `mcp_tool_description` and forbids a hyphen in names, the plugin's
schema does neither; the page knows `DataExport`, the schema does not; the page requires an agent's `instructions`, the
schema does not; lengths of a plugin's texts are on the page alone, which says that more may be ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NO_BRACKETS: Final = r"^(?!\[\[)[\s\S]*(?<!\]\])$"
"""Texts in double brackets are keys of a translation, of which the package has none."""
_ANY_TEXT: Final = r"\S"


def _text(most: int | None = None, *patterns: str, **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"type": "string", "minLength": 1, **more}
    if most is not None:
        document["maxLength"] = most
    if patterns:
        document["allOf"] = [{"pattern": each} for each in patterns]
    return document


def _object(required: tuple[str, ...], properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": dict(properties),
    }


_WEB: Final = _text(2048, r"^[Hh][Tt][Tt][Pp][Ss]://[^\s]+$")
_FILE: Final = _text(2048, r"^[A-Za-z0-9_./-]+$")
_GUID: Final = _text(36, r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")

APP_MANIFEST: Final = _object(
    (
        *("$schema", "manifestVersion", "version", "id", "developer", "name", "description", "icons", "accentColor"),
        "copilotAgents",
    ),
    {
        "$schema": {"const": "https://developer.microsoft.com/json-schemas/teams/v1.23/MicrosoftTeams.schema.json"},
        "manifestVersion": {"const": "1.23"},
        "version": _text(256, r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"),
        "id": _GUID,
        "developer": _object(
            ("name", "websiteUrl", "privacyUrl", "termsOfUseUrl"),
            {
                "name": _text(32, _ANY_TEXT),
                "mpnId": _text(10),
                **dict.fromkeys(("websiteUrl", "privacyUrl", "termsOfUseUrl"), _WEB),
            },
        ),
        "name": _object(("short",), {"short": _text(30, _ANY_TEXT), "full": _text(100)}),
        "description": _object(("short", "full"), {"short": _text(80), "full": _text(4000)}),
        "icons": _object(("outline", "color"), dict.fromkeys(("outline", "color", "color32x32"), _FILE)),
        "accentColor": _text(7, r"^#[0-9a-fA-F]{6}$"),
        "copilotAgents": _object(
            ("declarativeAgents",),
            {
                "declarativeAgents": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": _object(("id", "file"), {"id": _text(), "file": _FILE}),
                }
            },
        ),
        "validDomains": {"type": "array", "maxItems": 16, "items": _text(2048)},
    },
)
"""`manifest.json`."""

DECLARATIVE_AGENT: Final = _object(
    ("version", "name", "description", "instructions"),
    {
        "$schema": {"const": "https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.8/schema.json"},
        "version": {"const": "v1.8"},
        "id": _text(None, _NO_BRACKETS),
        "name": _text(100, _ANY_TEXT, _NO_BRACKETS),
        "description": _text(1000, _ANY_TEXT, _NO_BRACKETS),
        "instructions": _text(8000, _ANY_TEXT, _NO_BRACKETS),
        "conversation_starters": {
            "type": "array",
            "minItems": 1,
            "maxItems": 12,
            "items": _object(
                ("text",), {"text": _text(4000, _ANY_TEXT, _NO_BRACKETS), "title": _text(4000, _ANY_TEXT, _NO_BRACKETS)}
            ),
        },
        "actions": {
            "type": "array",
            "minItems": 1,
            "maxItems": 10,
            "uniqueItems": True,
            "items": _object(("id", "file"), {"id": _text(4000, _NO_BRACKETS), "file": _FILE}),
        },
    },
)
"""`declarativeAgent.json`; of its optional members those that the package has."""

_FUNCTION: Final = _object(
    ("name", "description"),
    {
        "name": _text(64, r"^[A-Za-z0-9_]+$"),
        "description": _text(1024, _ANY_TEXT),
        "capabilities": _object(
            (),
            {
                "confirmation": _object(
                    (),
                    {
                        "type": {"enum": ["None", "AdaptiveCard"]},
                        "title": _text(4000),
                        "body": _text(4000),
                        "isNonConsequential": {"type": "boolean"},
                    },
                ),
                "security_info": _object(
                    ("data_handling",),
                    {
                        "data_handling": {
                            "type": "array",
                            "minItems": 1,
                            "uniqueItems": True,
                            "items": {
                                "enum": ["GetPublicData", "GetPrivateData", "DataTransform", "ResourceStateUpdate"]
                            },
                        }
                    },
                ),
            },
        ),
    },
)
_TOOL: Final = {
    "type": "object",
    "required": ["name", "description", "inputSchema"],
    "properties": {
        "name": _text(64, r"^[A-Za-z0-9_]+$"),
        "description": _text(1024, _ANY_TEXT),
        "inputSchema": {"type": "object", "required": ["type"], "properties": {"type": {"const": "object"}}},
    },
}
_AUTH: Final = {
    **_object(
        ("type",),
        {"type": {"enum": ["None", "OAuthPluginVault", "ApiKeyPluginVault"]}, "reference_id": _text(4000)},
    ),
    "if": {"properties": {"type": {"enum": ["OAuthPluginVault", "ApiKeyPluginVault"]}}},
    "then": {"required": ["reference_id"]},
}
PLUGIN: Final = _object(
    ("schema_version", "name_for_human", "namespace", "description_for_human", "functions", "runtimes"),
    {
        "$schema": {"const": "https://developer.microsoft.com/json-schemas/copilot/plugin/v2.4/schema.json"},
        "schema_version": {"const": "v2.4"},
        "name_for_human": _text(20, _ANY_TEXT),
        "namespace": _text(4000, r"^[A-Za-z0-9]+$"),
        "description_for_human": _text(100),
        "description_for_model": _text(2048),
        "functions": {"type": "array", "minItems": 1, "items": _FUNCTION},
        "runtimes": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                ("type", "auth", "spec"),
                {
                    # The other two kinds of runtime are not ours.
                    "type": {"const": "RemoteMCPServer"},
                    "auth": _AUTH,
                    "run_for_functions": {"type": "array", "minItems": 1, "items": _text(4000)},
                    "spec": _object(
                        ("url", "mcp_tool_description"),
                        {
                            "url": _WEB,
                            "mcp_tool_description": _object(
                                ("tools",), {"tools": {"type": "array", "minItems": 1, "items": _TOOL}}
                            ),
                        },
                    ),
                },
            ),
        },
    },
)
"""`ai-plugin.json`, for a plugin over an MCP server."""

SCHEMA_OF: Final[Mapping[str, Mapping[str, Any]]] = {
    "manifest.json": APP_MANIFEST,
    "declarativeAgent.json": DECLARATIVE_AGENT,
    "ai-plugin.json": PLUGIN,
}
