"""Middleware for Microsoft Agent Framework: its tools are governed, its chats are recorded and redacted.

The framework is looked up when the middleware is made, so that this package needs none of it
(`pip install 'fairkeeper[agent-framework]'`). A refusal is a result that the model reads; where Fairkeeper cannot be
asked the run ends (`MiddlewareFailure`), because an ordinary exception would let the loop go on.
Source: agent-framework-core 1.23, `FunctionMiddleware`, `ChatMiddleware`, read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

from fairkeeper.agent.client import FairkeeperClient
from fairkeeper.agent.content import Seen, Treatment, treat_text
from fairkeeper.agent.errors import CallRefusedError, DecisionUnavailableError
from fairkeeper.agent.tools import CURRENT, Tool, governed_call

Next = Callable[[], Awaitable[None]]


def function_middleware(client: FairkeeperClient, tools: Mapping[str, Tool]) -> Any:
    """Return middleware that governs every tool of an agent; one that is not named here is asked about by its name."""
    framework = import_module("agent_framework")

    async def govern(context: Any, call_next: Next) -> None:
        name = str(context.function.name)
        tool = tools.get(name) or Tool(name=name)

        async def call() -> Any:
            await call_next()
            return _texts(context.result)

        try:
            treated = await governed_call(client, tool, _plain(context.arguments), call)
        except DecisionUnavailableError as error:
            raise framework.MiddlewareFailure(error.message) from error
        except CallRefusedError as error:
            context.result = f"{error.message} {error.remedy}"
            return
        context.result = treated if isinstance(treated, str) else "\n".join(str(each) for each in treated)

    return framework.function_middleware(govern)


def chat_middleware(
    client: FairkeeperClient, tool: Tool, treatment: Treatment, tell: Callable[[Seen], None] | None = None
) -> Any:
    """Return middleware that asks before each chat and redacts what goes to the model and what comes back.

    What was redacted and attempted stands in the outcome's record, the texts themselves do not.

    Args:
        tool: The chat as it is registered, such as `chat`; its one argument is how many messages there are.
        tell: Takes what was seen, too.
    """
    framework = import_module("agent_framework")

    async def govern(context: Any, call_next: Next) -> None:
        seen = Seen()
        for message in context.messages:
            _redact(message, treatment, seen)
            if str(getattr(message, "role", "")) == "user" and (task := CURRENT.get()) is not None:
                task.heard(str(getattr(message, "text", "")))

        async def call() -> str:
            await call_next()
            for message in getattr(context.result, "messages", []):
                _redact(message, treatment, seen)
            return str(getattr(context.result, "text", ""))

        try:
            asked = {"messages": len(context.messages)}
            await governed_call(client, tool, asked, call, seen=seen, is_source=False)
        except (CallRefusedError, DecisionUnavailableError) as error:
            raise framework.MiddlewareFailure(error.message) from error
        if tell is not None:
            tell(seen)

    return framework.chat_middleware(govern)


def _redact(message: Any, treatment: Treatment, seen: Seen) -> None:
    for content in getattr(message, "contents", []):
        text = getattr(content, "text", None)
        if isinstance(text, str):
            content.text = treat_text(text, treatment, seen)


def _plain(arguments: Any) -> dict[str, Any]:
    found = arguments.model_dump(mode="json") if hasattr(arguments, "model_dump") else dict(arguments or {})
    return {name: value for name, value in found.items() if value is not None}


def _texts(result: Any) -> Any:
    """Return a tool's result as texts: the framework hands over a list of contents."""
    if isinstance(result, list):
        return [str(getattr(each, "text", None) or getattr(each, "result", None) or "") for each in result]
    return result if isinstance(result, str) else str(result)
