"""The server's ASGI application: the API, the log, the webhook, the console's pages and their files.

Separate from the installation, which knows no channel, and from the server, which knows no route.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

import fairkeeper
from fairkeeper.access.authentication import authenticate_bearer
from fairkeeper.action.principal import Principal
from fairkeeper.api.errors import install_error_handlers
from fairkeeper.api.limits import RequestLimits
from fairkeeper.api.routes import derive_routes
from fairkeeper.bootstrap.installation import Installation


def create_app(installation: Installation) -> FastAPI:
    """Return the application of an installation; its lifespan starts and ends the background work."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        installation.start_background()
        try:
            yield
        finally:
            installation.close()

    def authenticate(request: Request) -> Principal:
        return authenticate_bearer(installation.database, installation.clock, request.headers.get("authorization"))

    app = FastAPI(title="Fairkeeper", version=fairkeeper.__version__, lifespan=lifespan)
    install_error_handlers(app)
    app.include_router(derive_routes(installation.registry, installation.runner, authenticate))

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        """Say that the server is up."""
        return JSONResponse({"status": "ok"})

    app.add_middleware(RequestLimits)
    return app
