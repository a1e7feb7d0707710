"""The server's ASGI application: the API, the log, the webhook, MCP, the console's pages and their files.

Separate from the installation, which knows no channel, and from the server, which knows no route.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.routing import Route

from fairkeeper.access.authentication import AgentAccess, authenticate_bearer
from fairkeeper.action.principal import Principal
from fairkeeper.api.app import APIParts, create_api
from fairkeeper.api.authzen import AuthZENParts, authzen_routes
from fairkeeper.api.deployments import make_doors
from fairkeeper.api.files import files_router
from fairkeeper.api.floods import FloodRules, read_networks
from fairkeeper.api.health import Probe, alive_probe, checkpoint_probe, database_probe, schema_probe
from fairkeeper.api.log import KeepCosignature
from fairkeeper.api.routes import Authenticate
from fairkeeper.api.uploads import UPLOAD_PATH, uploads_router
from fairkeeper.api.webhook import WebhookDoor, make_webhook_door
from fairkeeper.bootstrap.database.migrations import check_schema
from fairkeeper.bootstrap.installation import Installation
from fairkeeper.bootstrap.settings import Settings, notice_secrets
from fairkeeper.bootstrap.wiring.governance import ApplicationsNamed, RememberedCallers, Rooms, make_questions
from fairkeeper.bootstrap.wiring.handing_on import hand_on_observed
from fairkeeper.evidence.actions import keep_cosignature
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.policies.shadow import ShadowComparison
from fairkeeper.mcp.door import MCP_PATH, MCPDoor
from fairkeeper.outbound.forwarding import OldSystem
from fairkeeper.token.expectations import WebhookTokenExpectation
from fairkeeper.values.ids import TenantId
from fairkeeper.web.door import ConsoleDoor

PERMISSIONS_PATH = "/api/v1/consent/permissions/import"
"""Microsoft's permissions.json has three megabytes."""
CONSOLE_UPLOAD_PATH = "/payouts/upload"
INSIGHTS_UPLOAD_PATH = "/opportunities/upload"
"""Which takes 128 MB of files in one form."""

if TYPE_CHECKING:
    from fairkeeper.mcp.server import MCPChannel
    from fairkeeper.mcp.tools import WriteSwitch
    from fairkeeper.web.app import Console


def create_app(installation: Installation, *, only_rooms: frozenset[str] = frozenset()) -> FastAPI:
    """Return the application of an installation; its lifespan starts and ends the background work.

    Args:
        installation: What is served.
        only_rooms: The rooms that the console's rail shows; all if none is named.
    """
    settings = installation.settings

    agents = _agent_access(settings)

    def authenticate(request: Request) -> Principal:
        return authenticate_bearer(
            installation.database,
            installation.clock,
            request.headers.get("authorization"),
            access_tokens=installation.access_tokens,
            agents=agents,
        )

    mcp, console = _mcp_door(installation, authenticate), _console_door(installation, only_rooms)
    shadow = ShadowComparison(installation.database, installation.clock)
    questions = make_questions(Rooms(shadow=shadow))
    point = DecisionPoint(installation.database.address, installation.clock, questions)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        installation.start_background()
        shadow.start()
        try:
            async with mcp.running(), console.opening():
                yield
        finally:
            point.close()
            shadow.stop()
            installation.close()

    decisions = AuthZENParts(
        address=settings.address,
        authenticate=RememberedCallers(authenticate, installation.clock),
        decide=point.decide,
        take=point.take,
    )
    app = create_api(
        APIParts(
            runner=installation.runner,
            authenticate=authenticate,
            webhook=_webhook_door(installation),
            deployments=make_doors(
                installation.runner,
                installation.validator,
                app_id=settings.sign_in_app_id or settings.fulfillment_app_id,
                secrets=notice_secrets(settings.application_notice_secrets),
            ),
            log_files=installation.log_reader,
            keep_cosignature=_cosignature_keeper(installation),
            probes=_probes(installation),
            lifespan=lifespan,
            is_https=settings.address.startswith("https://"),
            max_body_bytes_by_path={
                **dict.fromkeys(
                    (UPLOAD_PATH, CONSOLE_UPLOAD_PATH), installation.library.limits.packed_bytes + 1024 * 1024
                ),
                PERMISSIONS_PATH: 7 * 1024 * 1024,
                INSIGHTS_UPLOAD_PATH: 129 * 1024 * 1024,
            },
            floods=FloodRules(
                ways_in_per_minute=settings.ways_in_per_minute,
                failures_per_minute=settings.failures_per_minute,
                trusted_proxies=read_networks(settings.trusted_proxies),
            ),
            ahead=authzen_routes(decisions),
        )
    )
    app.include_router(files_router(installation.exporter, authenticate, installation.authorise))
    app.include_router(uploads_router(installation.runner, installation.library, authenticate, installation.authorise))
    # A route and no mount, which would answer at `/mcp/` alone; clients call the address as it is written.
    app.router.routes.append(Route(MCP_PATH, endpoint=mcp, include_in_schema=False))
    console.add_to(app)
    return app


def _console_door(installation: Installation, only_rooms: frozenset[str]) -> ConsoleDoor:
    def make() -> Console:
        from fairkeeper.bootstrap.console import console_parts
        from fairkeeper.web.app import Console

        return Console(console_parts(installation, only_rooms=only_rooms))

    return ConsoleDoor(make)


def _agent_access(settings: Settings) -> AgentAccess:
    """Return what lets an agent in by its own token of Microsoft Entra."""
    own = settings.entra_tenant_id
    return AgentAccess(applications=ApplicationsNamed(), publisher_tenant=TenantId(own.lower()) if own else None)


def _mcp_door(installation: Installation, authenticate: Authenticate) -> MCPDoor:
    """Return the way in for MCP clients; a write that is switched on wrongly is refused now, not at the first call."""
    writes = installation.settings.mcp_writes
    if writes:
        _mcp_switches(writes, installation)

    def make() -> MCPChannel:
        from fairkeeper.mcp.server import MCPChannel

        return MCPChannel(installation.runner, authenticate, _mcp_switches(writes, installation))

    return MCPDoor(make)


def _mcp_switches(writes: str, installation: Installation) -> frozenset[WriteSwitch]:
    from fairkeeper.mcp.tools import parse_switches

    return parse_switches(writes, installation.registry)


def _webhook_door(installation: Installation) -> WebhookDoor:
    settings = installation.settings
    hand_on = None
    if settings.webhook_forward_url is not None:
        hand_on = hand_on_observed(installation.database, OldSystem(url=settings.webhook_forward_url))
    return make_webhook_door(installation.runner, installation.validator, webhook_expectation(settings), hand_on)


def webhook_expectation(settings: Settings) -> WebhookTokenExpectation | None:
    """Return whose webhooks are believed; None while tenant and application are not configured."""
    if settings.entra_tenant_id is None or settings.fulfillment_app_id is None:
        return None
    return WebhookTokenExpectation(
        audience=settings.fulfillment_app_id.lower(),
        tenant_id=TenantId(settings.entra_tenant_id.lower()),
        caller_app_id=settings.marketplace_app_id,
    )


def _cosignature_keeper(installation: Installation) -> KeepCosignature:
    def keep(note: bytes) -> str:
        with installation.database.write() as session:
            return keep_cosignature(session, note, installation.log_reader)

    return keep


def _probes(installation: Installation) -> list[Probe]:
    return [
        database_probe(installation.database),
        schema_probe(lambda: check_schema(installation.database)),
        alive_probe("worker", lambda: installation.worker.is_alive),
        alive_probe("integrator", lambda: installation.integrator.is_alive),
        checkpoint_probe(installation.database, installation.clock),
    ]
