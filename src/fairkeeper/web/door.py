"""The door to the console: its pages are imported and their routes made after the server is ready, or for a first page.

Webhooks and decisions cannot wait for pages, and most of what pages are made of (a template engine, some hundred
modules) is theirs alone. Whoever opens a page before all is there waits for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fairkeeper.web.app import Console

_log = structlog.get_logger(__name__)

LANDING_PATH: Final = "/marketplace/landing"
"""Where buyers come to; Partner Center is told it."""
SOON_SECONDS: Final = 0.5
"""After the start; then the pages are made without anybody asking."""
_FOR_PROGRAMS: Final = ("/api/", "/log/", "/mcp", "/marketplace/webhook", "/openapi.json", "/healthz", "/readyz")

Handle = Callable[[Request, Exception], Any]


class ConsoleDoor:
    """Answers as the console does, for every address that nothing else of the application is at.

    Args:
        make: Imports and makes the console; called once, in a thread.
    """

    def __init__(self, make: Callable[[], Console]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._console: Console | None = None

    def add_to(self, app: FastAPI) -> None:
        """Stand behind an application's routes, and have its words for what is not there, where a browser asks."""
        app.router.default = self
        app.add_exception_handler(HTTPException, self._for_people_too(app.exception_handlers[HTTPException]))

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The pages' routes; none before they are made."""
        return () if self._console is None else self._console.router.routes

    def open(self) -> Console:
        """Return the console, made now if it is not there yet."""
        with self._lock:
            if self._console is None:
                self._console = self._make()
            return self._console

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[None]:
        """Make the pages soon, while the block lasts; the application's lifespan holds it."""
        soon = asyncio.get_running_loop().call_later(SOON_SECONDS, self._start)
        try:
            yield
        finally:
            soon.cancel()

    def _start(self) -> None:
        threading.Thread(target=self._open_ahead, name="pages", daemon=True).start()

    def _open_ahead(self) -> None:
        try:
            self.open()
        except Exception as error:  # noqa: BLE001 - the boundary of a thread: whoever asks for a page meets it again
            _log.error("console.pages_failed", error=f"{type(error).__name__}: {error}"[:300])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        console = self._console
        if console is None:
            console = await run_in_threadpool(self.open)
        await console.router(scope, receive, send)

    def _for_people_too(self, for_programs: Handle) -> Handle:
        """Return the handler that answers a browser with a page, and a program as before."""

        async def handle(request: Request, error: Exception) -> Response:
            status = error.status_code if isinstance(error, HTTPException) else 500
            wants_page = "text/html" in request.headers.get("accept", "") and status in {404, 405}
            if not wants_page or request.url.path.startswith(_FOR_PROGRAMS):
                response: Response = for_programs(request, error)
                return response
            return await run_in_threadpool(lambda: self.open().missing(request, status))

        return handle
