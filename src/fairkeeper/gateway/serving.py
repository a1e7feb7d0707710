"""Serves clients: one on stdin and stdout, or many over streamable HTTP, each in a session of its own.

Over HTTP the caller proves who it is with its own token, and Fairkeeper itself says whether that token may speak for
the agent: in every decision, so that a token that was revoked is refused with the next call.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import JSONRPCMessage
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fairkeeper.agent.client import FairkeeperClient
from fairkeeper.agent.errors import CallRefusedError, DecisionUnavailableError
from fairkeeper.agent.journal import Journal
from fairkeeper.gateway.asking import Asker, ServerAsker
from fairkeeper.gateway.configuration import AgentPart, Configuration, ServerPart
from fairkeeper.gateway.pipes import serve_pipes
from fairkeeper.gateway.session import Session
from fairkeeper.gateway.upstream import Upstream
from fairkeeper.gateway.vault import Vault

_log = logging.getLogger(__name__)
APPROVALS: Final = "/agents/approvals/"
MOST_SESSIONS: Final = 1_000
IDLE_SECONDS: Final = 1_800.0
_SHORTEST_SECRET: Final = 8
"""A shorter credential would be found in what has nothing to do with it."""
GATHER_SECONDS: Final = 0.25
"""How long outcomes wait for others; they are in the journal by then, and a session states its labels itself."""


@dataclass(slots=True, kw_only=True)
class Gateway:
    """What all sessions of one process share."""

    configuration: Configuration
    vault: Vault | None
    journal: Journal | None = None
    instance: str = field(default_factory=lambda: f"gw-{uuid.uuid4().hex[:12]}")

    def client(self, agent: AgentPart, token: str) -> FairkeeperClient:
        """Return a client that asks for one agent with one token."""
        return FairkeeperClient(
            url=self.configuration.url,
            token=token,
            agent_id=agent.agent_id,
            patience_seconds=self.configuration.patience_seconds,
            journal=self.journal,
            gathers_seconds=GATHER_SECONDS,
            instance=self.instance,
        )


def open_journal(folder: Path) -> Journal:
    """Open the journal of outcomes in a folder."""
    return Journal(folder / "outcomes.sqlite")


async def relay(  # noqa: PLR0913 - one session's parts, by name
    read: Any, write: Any, *, server: ServerPart, agent: AgentPart, asker: Asker, vault: Vault | None,
    canaries: tuple[str, ...] = (), console: str = "",
) -> None:  # fmt: skip
    """Serve one client from its streams until it leaves."""
    canaries += _secrets(server, vault)
    upstream = Upstream(server, vault, canaries)

    async def to_client(message: JSONRPCMessage, related: str | int | None) -> None:
        metadata = None if related is None else ServerMessageMetadata(related_request_id=related)
        try:
            await write.send(SessionMessage(message, metadata))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # the client has left; the session ends in a moment

    session = Session(
        server=server, agent=agent, asker=asker, to_client=to_client, to_server=upstream.send,
        session_id=f"ses_{uuid.uuid4().hex}", canaries=canaries, console=console,
    )  # fmt: skip
    upstream.serve(session)
    try:
        async for item in read:
            if not isinstance(item, Exception):
                await session.from_client(item.message)
    except anyio.ClosedResourceError:
        return  # the client ended its session
    finally:
        session.client_gone()
        with anyio.CancelScope(shield=True):
            await upstream.close()


def _secrets(server: ServerPart, vault: Vault | None) -> tuple[str, ...]:
    """Return the server's own credentials, which may stand in nothing that it says; with and without a scheme."""
    opened = [] if vault is None else [vault.open(name) for name in server.credentials.values()]
    parts = {part for value in opened for part in (value, value.rpartition(" ")[2])}
    return tuple(sorted(part for part in parts if len(part) >= _SHORTEST_SECRET))


async def serve_stdio(gateway: Gateway, *, server: ServerPart, agent: AgentPart, token: str) -> None:
    """Serve the one client on stdin and stdout."""
    client = gateway.client(agent, token)
    await client.tell_kept()
    try:
        async with serve_pipes() as (read, write):
            await relay(
                read, write, server=server, agent=agent, asker=ServerAsker(client), vault=gateway.vault,
                canaries=gateway.configuration.canaries, console=gateway.configuration.url + APPROVALS,
            )  # fmt: skip
    finally:
        await client.close()


@dataclass(slots=True, kw_only=True)
class _Open:
    transport: StreamableHTTPServerTransport
    caller: bytes
    path: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A caller whom Fairkeeper knows.

    Attributes:
        identity: As whom; the same for every token of one caller.
    """

    client: FairkeeperClient
    identity: str


class HTTPGateway:
    """Serves `/AGENT/SERVER/mcp` for every agent and server of the configuration."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._sessions: dict[str, _Open] = {}
        self._clients: dict[tuple[str, bytes], _Known] = {}
        self._group: anyio.abc.TaskGroup | None = None
        self._secret = os.urandom(32)

    def app(self) -> Starlette:
        """Return the application."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with anyio.create_task_group() as self._group:
                yield
                self._group.cancel_scope.cancel()
            for known in self._clients.values():
                await known.client.close()

        endpoint = _Endpoint(self)
        return Starlette(routes=[Route("/{agent}/{server}/mcp", endpoint)], lifespan=lifespan)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        configuration = self._gateway.configuration
        agent = configuration.agents.get(request.path_params["agent"])
        server = configuration.servers.get(request.path_params["server"])
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            await _no(401, "Send the agent's token.")(scope, receive, send)
            return
        if agent is None or server is None or server.name not in agent.servers:
            await _no(404, "There is no such agent or server here.")(scope, receive, send)
            return
        caller = hmac.new(self._secret, token.strip().encode(), hashlib.sha256).digest()
        named = request.headers.get("mcp-session-id")
        if named is not None:
            found = self._sessions.get(named)
            if (
                found is None
                or found.path != (agent.name, server.name)
                or (found.caller != caller and not await self._renewed(found, agent, caller, token.strip()))
            ):
                await _no(404, "Session not found.")(scope, receive, send)
            else:
                await found.transport.handle_request(scope, receive, send)
            return
        try:
            client = (await self._known(agent, caller, token.strip())).client
        except CallRefusedError as refused:
            await _no(401, refused.message, str(refused.detail.get("reason", "")))(scope, receive, send)
            return
        except DecisionUnavailableError as error:
            await _no(503, error.message)(scope, receive, send)
            return
        if len(self._sessions) >= MOST_SESSIONS:
            await _no(503, "Too many sessions are open.")(scope, receive, send)
        else:
            await self._begin(scope, receive, send, parts=(agent, server, client, caller))

    async def _known(self, agent: AgentPart, caller: bytes, token: str) -> _Known:
        """Return the client of a caller whom Fairkeeper knows.

        Raises:
            CallRefusedError: Fairkeeper knows it not, or not as this agent.
            DecisionUnavailableError: It does not say.
        """
        known = self._clients.get((agent.name, caller))
        if known is None:
            client = self._gateway.client(agent, token)
            try:
                known = _Known(client=client, identity=await client.speaks())
            except (CallRefusedError, DecisionUnavailableError):
                await client.close()
                raise
            self._clients[agent.name, caller] = known
            self._group_of().start_soon(client.tell_kept)
        return known

    async def _renewed(self, found: _Open, agent: AgentPart, caller: bytes, token: str) -> bool:
        """Let a session go on with a newer token of the caller who began it; the older one is forgotten.

        Tokens of Microsoft Entra hold for an hour or so, and a session may be longer.
        """
        before = self._clients.get((agent.name, found.caller))
        if before is None:
            return False
        try:
            known = await self._known(agent, caller, token)
        except (CallRefusedError, DecisionUnavailableError):
            return False
        if known.identity != before.identity:
            return False
        if before is not known:
            # The sessions' own client stays, with what it has not told yet; the one that asked who this is may go.
            before.client.renew(token)
            self._clients.pop((agent.name, found.caller), None)
            self._clients[agent.name, caller] = before
            self._group_of().start_soon(known.client.close)
        earlier = found.caller
        for each in self._sessions.values():
            if each.caller == earlier and each.path[0] == agent.name:
                each.caller = caller
        return True

    def _group_of(self) -> anyio.abc.TaskGroup:
        assert self._group is not None  # noqa: S101 - the lifespan holds it
        return self._group

    async def _begin(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        parts: tuple[AgentPart, ServerPart, FairkeeperClient, bytes],
    ) -> None:
        agent, server, client, caller = parts
        session_id = uuid.uuid4().hex
        transport = StreamableHTTPServerTransport(mcp_session_id=session_id, idle_timeout=IDLE_SECONDS)
        self._sessions[session_id] = _Open(transport=transport, caller=caller, path=(agent.name, server.name))

        async def run(*, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
            try:
                async with transport.connect() as (read, write):
                    task_status.started()
                    with transport.idle_scope or anyio.CancelScope():
                        await relay(
                            read, write, server=server, agent=agent, asker=ServerAsker(client),
                            vault=self._gateway.vault, canaries=self._gateway.configuration.canaries,
                            console=self._gateway.configuration.url + APPROVALS,
                        )  # fmt: skip
            except Exception:  # noqa: BLE001 - the boundary of one session: it must not end the others
                _log.exception("A session of %s with %s ended", agent.name, server.name)
            finally:
                self._sessions.pop(session_id, None)
                with anyio.CancelScope(shield=True):
                    await transport.terminate()

        await self._group_of().start(run)
        await transport.handle_request(scope, receive, send)


class _Endpoint:
    """An ASGI application as the route's endpoint; a class, so that Starlette hands it the raw request."""

    def __init__(self, gateway: HTTPGateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._gateway.handle(scope, receive, send)


def _no(status: int, sentence: str, code: str = "") -> JSONResponse:
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    told = {"error": sentence} | ({"code": code} if code else {})
    return JSONResponse(told, status_code=status, headers=headers)


def run_stdio(gateway: Gateway, *, server: ServerPart, agent: AgentPart, token: str) -> None:
    """Serve stdin and stdout until the client leaves."""
    asyncio.run(serve_stdio(gateway, server=server, agent=agent, token=token))
