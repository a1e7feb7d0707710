"""The protocol's words as the gateway reads them: which requests are decided, which lists are cut, which go free.

Source: Model Context Protocol 2025-11-25, read 2026-11-28. It does nothing by itself; `session` acts on it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mcp_types import ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse
from pydantic_core import from_json

from fairkeeper.agent.client import Answer
from fairkeeper.agent.manifests import COMPLETE, ELICIT, PROMPT_GET, RESOURCE_READ, RESOURCE_SUBSCRIBE, SAMPLE
from fairkeeper.policy.decision.arguments import NotExactError, digest_of, exact
from fairkeeper.policy.decision.labels import Labels

INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
REFUSED: Final = -32001
SERVER_GONE: Final = -32002
URL_ELICITATION: Final = -32042
"""Of protocol 2025-11-25: a person has to do something at an address first."""
OWN: Final = "fairkeeper-"
"""What the ids of the gateway's own requests begin with."""
PERSON_SAID: Final = "fairkeeper/person"
"""Member of a call's `_meta` in which a client that the publisher wrote hands on what the person said."""

GOVERNED: Final = {
    "resources/read": RESOURCE_READ,
    "resources/subscribe": RESOURCE_SUBSCRIBE,
    "prompts/get": PROMPT_GET,
    "completion/complete": COMPLETE,
}
LISTS: Final = {
    "tools/list": ("tools", None),
    "resources/list": ("resources", RESOURCE_READ),
    "resources/templates/list": ("resourceTemplates", RESOURCE_READ),
    "prompts/list": ("prompts", PROMPT_GET),
}
FREE: Final = frozenset({"initialize", "ping", "logging/setLevel", "resources/unsubscribe"})
ASKED_BY_SERVER: Final = {"sampling/createMessage": SAMPLE, "elicitation/create": ELICIT}
FREE_BY_SERVER: Final = frozenset({"ping", "roots/list"})


class ServerGoneError(Exception):
    """The MCP server cannot be reached; nothing was sent to it."""


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A request that was handed on and not answered yet; `asked` are the arguments that it was decided with."""

    method: str
    name: str = ""
    answer: Answer | None = None
    asked: Mapping[str, Any] | None = None
    began: float = field(default_factory=time.monotonic)
    timer: asyncio.TimerHandle | None = None
    progress: Any = None

    @property
    def took(self) -> float:
        """How long it has waited until now, in seconds."""
        return time.monotonic() - self.began


def refusal(message: JSONRPCRequest, sentence: str, answer: Answer | None) -> JSONRPCResponse | JSONRPCError:
    """Return a no: to a call as a result that a model can read, to all else as an error."""
    told = {"allowed": False, "sentence": sentence}
    if answer is not None:
        told |= {"reason": answer.reason, "decision_id": answer.decision_id, "approval_id": answer.approval_id}
    if message.method == "tools/call":
        result = {"content": [{"type": "text", "text": sentence}], "isError": True, "_meta": {"fairkeeper": told}}
        return JSONRPCResponse(jsonrpc="2.0", id=message.id, result=result)
    return JSONRPCError(jsonrpc="2.0", id=message.id, error=ErrorData(code=REFUSED, message=sentence, data=told))


def elicitation(message: JSONRPCRequest, sentence: str, address: str, approval_id: str) -> JSONRPCError:
    """Return that a person has to do something at an address first, in the protocol's way."""
    waits = {"mode": "url", "url": address, "elicitationId": approval_id, "message": sentence}
    error = ErrorData(code=URL_ELICITATION, message=sentence, data={"elicitations": [waits]})
    return JSONRPCError(jsonrpc="2.0", id=message.id, error=error)


def key_of(name: str, arguments: Any) -> str:
    """Return what names one exact call."""
    try:
        return f"{name} {digest_of(exact(dict(arguments)))}"
    except NotExactError:
        return name


def named(labels: Labels, source: str) -> Labels:
    """Return labels that come from a source."""
    return Labels(sources=frozenset({source[:120]}), sensitivity=labels.sensitivity, is_trusted=labels.is_trusted)


def plain(result: dict[str, Any]) -> Any:
    """Return what a result says, as far as provenance looks at it: structured content, else its texts.

    A single text that is a JSON document counts as the document, because many servers have no other way to say it.
    """
    if "structuredContent" in result:
        return result["structuredContent"]
    texts = _texts(result)
    if len(texts) == 1 and texts[0].lstrip()[:1] in ("{", "["):
        try:
            return from_json(texts[0])  # refuses what nests deeper than whoever looks through it can go
        except ValueError:
            return texts
    return texts


def _texts(result: dict[str, Any]) -> list[str]:
    return [
        each.get("text") or each.get("resource", {}).get("text", "")
        for member in ("content", "contents", "messages")
        for item in result.get(member, [])
        if isinstance(each := item.get("content", item) if isinstance(item, dict) else {}, dict)
    ]


def pseudo_arguments(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments under which a request that calls no tool is decided."""
    if method == "prompts/get":
        return {"name": str(params.get("name", ""))}
    if method == "completion/complete":
        reference = params.get("ref") or {}
        return {"of": str(reference.get("name") or reference.get("uri") or "")}
    return {"uri": str(params.get("uri", ""))}


def server_arguments(tool: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments under which a server's question to the client is decided."""
    return {"messages": len(params.get("messages", []))} if tool == SAMPLE else {"message": str(params.get("message"))}


def without_ours(message: JSONRPCRequest) -> JSONRPCRequest:
    """Return a request without what was meant for the gateway alone."""
    meta = (message.params or {}).get("_meta")
    if not isinstance(meta, dict) or PERSON_SAID not in meta:
        return message
    kept = {name: value for name, value in meta.items() if name != PERSON_SAID}
    params = {name: value for name, value in (message.params or {}).items() if name != "_meta"}
    return message.model_copy(update={"params": params | ({"_meta": kept} if kept else {})})
