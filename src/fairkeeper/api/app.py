"""Assembles the API; bootstrap hands in what it needs and adds the console's pages.

No redirects for a slash too much (a redirected POST loses its body in some clients), and no interactive documentation,
whose scripts would come from somebody else's server: `/openapi.json` is the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

import fairkeeper
from fairkeeper.action.runner import Runner
from fairkeeper.api.ahead import Ahead
from fairkeeper.api.deployments import PATH_LIMITS, DeploymentDoors, deployments_router
from fairkeeper.api.errors import install_error_handlers
from fairkeeper.api.floods import FloodGate, FloodRules
from fairkeeper.api.health import Probe, health_router
from fairkeeper.api.limits import RequestLimits
from fairkeeper.api.log import COSIGNATURES_PATH, MAX_COSIGNATURE_BYTES, KeepCosignature, LogFiles, log_router
from fairkeeper.api.routes import Authenticate, add_routes, describe_results
from fairkeeper.api.webhook import MAX_WEBHOOK_BYTES, WEBHOOK_PATH, WebhookDoor, webhook_router

DESCRIPTION = (
    "The back office of a software company that sells AI apps and agents on Microsoft Marketplace. Every operation "
    "of the console and the command line is here as well. Send `Authorization: Bearer` and an API token. A command "
    "sent again with the same `Idempotency-Key` answers as the first time and changes nothing."
)

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class APIParts:
    """What the API is made of.

    Attributes:
        runner: Runs operations; its registry says which there are.
        authenticate: Tells who asks.
        webhook: Where Microsoft's notices go.
        log_files: What the log publishes.
        keep_cosignature: Keeps what a witness sends.
        probes: What `/readyz` asks.
        deployments: Where Azure's notices go, and where instances call home; by default both are put off.
        lifespan: Starts and ends the background work.
        is_https: Whether people come by https.
        max_body_bytes_by_path: Limits of paths that others add (uploads).
        floods: How often one address may knock; without it nobody counts.
        ahead: Routes that are answered before all others are looked at.
    """

    runner: Runner
    authenticate: Authenticate
    webhook: WebhookDoor
    log_files: LogFiles
    keep_cosignature: KeepCosignature
    probes: Sequence[Probe]
    deployments: DeploymentDoors | None = None
    lifespan: Lifespan | None = None
    is_https: bool = False
    max_body_bytes_by_path: Mapping[str, int] | None = None
    floods: FloodRules | None = None
    ahead: Sequence[Route] = ()


def create_api(parts: APIParts) -> FastAPI:
    """Return the application with every route of the API, its errors, its limits and its description."""
    app = FastAPI(
        title="Fairkeeper",
        version=fairkeeper.__version__,
        description=DESCRIPTION,
        lifespan=parts.lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    install_error_handlers(app)
    app.include_router(health_router(parts.probes))
    app.include_router(log_router(parts.log_files, parts.keep_cosignature))
    app.include_router(webhook_router(parts.webhook))
    app.include_router(deployments_router(parts.deployments or DeploymentDoors(runner=parts.runner)))
    add_routes(app, parts.runner.registry, parts.runner, parts.authenticate)
    app.router.routes.extend(parts.ahead)  # for the methods that they do not take
    app.add_middleware(Ahead, routes=parts.ahead)
    if parts.floods is not None:
        app.add_middleware(FloodGate, rules=parts.floods)
    # Added last, and so the outermost.
    app.add_middleware(
        RequestLimits,
        is_https=parts.is_https,
        max_body_bytes_by_path={
            WEBHOOK_PATH: MAX_WEBHOOK_BYTES,
            **PATH_LIMITS,
            COSIGNATURES_PATH: MAX_COSIGNATURE_BYTES,
            **(parts.max_body_bytes_by_path or {}),
        },
    )
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the description, without the validation answer that FastAPI adds and we never send."""
    if app.openapi_schema is None:
        describe_results(app)
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        for route in (route for path in schema["paths"].values() for route in path.values()):
            if "HTTPValidationError" in str(route["responses"].get("422")):
                del route["responses"]["422"]
        for name in ("HTTPValidationError", "ValidationError"):
            schema.get("components", {}).get("schemas", {}).pop(name, None)
        app.openapi_schema = schema
    return app.openapi_schema
