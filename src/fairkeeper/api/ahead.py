"""Answers some routes ahead of all others: behind the limits and the flood gate, before anything else is looked at.

A decision stands before every call of an agent's tool. The layers that an ordinary request goes through (exception
handlers, stacks of dependencies, a search through hundreds of routes) have nothing to do for it, and took longer than
to read the question.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class Ahead:
    """Wraps an ASGI application.

    Args:
        app: Answers everything else, and these paths where they are asked by another method.
        routes: Plain ones, without parameters in their paths; each answers by itself whatever may be wrong.
    """

    def __init__(self, app: ASGIApp, *, routes: Sequence[Route]) -> None:
        self._app = app
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint for route in routes for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)
