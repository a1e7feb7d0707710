"""The double of Dynamics 365 behind HTTP, for a sandbox in which cards can be pushed somewhere."""

from __future__ import annotations

import threading
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fairkeeper.sandbox.crm.double import Asked
from fairkeeper.sandbox.crm.dynamics import DynamicsDouble

_METHODS: Final = ["GET", "PATCH"]


class _Everything(Container[str]):
    """Knows every account, since the sandbox's publisher makes its list up."""

    def __contains__(self, item: object) -> bool:
        return isinstance(item, str)


@dataclass(slots=True)
class CRMDoor:
    """Hands requests to the double, one after the other.

    Attributes:
        double: What is there; in memory, and gone with the sandbox.
    """

    double: DynamicsDouble = field(default_factory=DynamicsDouble)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        body = await request.body()
        path = request.url.path.removeprefix(str(request.scope.get("root_path", "")))
        address = f"{path}?{request.url.query}" if request.url.query else path
        with self._lock:
            answered = self.double.handle(Asked.of(request.method, address, dict(request.headers), body))
        if answered is None:
            return Response(status_code=504)
        return Response(answered.content, status_code=answered.status, headers=dict(answered.headers))


def crm_app(door: CRMDoor | None = None) -> Starlette:
    """Return the app; without a door of one's own, one that knows every account."""
    if door is None:
        door = CRMDoor()
        door.double.accounts = _Everything()
    return Starlette(routes=[Route("/{path:path}", door.answer, methods=_METHODS)])
