"""Several agents and several servers behind one process: each pair for itself, and what breaks disturbs no other."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

from bench.gateway_world import Agent, configuration
from fairkeeper.agent.manifests import pins_of
from fairkeeper.gateway import upstream
from fairkeeper.gateway.running import PortTakenError, serve_http
from tests.channels.gateway.conftest import Street, command, go
from tests.channels.gateway.test_gateway import counted, said
from tests.channels.gateway.test_gateway_killed import gateway

HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
}  # fmt: skip


@asynccontextmanager
async def client(address: str, agent: Agent) -> AsyncIterator[Client]:
    """Connect a client; whoever brings connections of its own to the library has to close them."""
    async with (
        create_mcp_http_client(headers={"authorization": f"Bearer {agent.token}"}) as http,
        Client(streamable_http_client(address, http_client=http), mode="legacy", cache=None) as connected,
    ):
        yield connected


def status(address: str, token: str) -> int:
    headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
    return httpx.post(address, json=HELLO, headers=headers, timeout=30).status_code


def test_a_server_that_keeps_ending_is_not_started_for_now_and_the_client_is_told_so(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "WITHIN_SECONDS", 3600.0)
    before = counted(street).count("crash")

    async def story() -> None:
        async with street.client() as client, street.client(street.fabrikam) as other:
            for _ in range(upstream.MOST_STARTS):
                with pytest.raises(MCPError, match="ended before it answered"):
                    await client.call_tool("crash", {})
            with pytest.raises(MCPError, match="not started again for now; nothing was sent"):
                await client.call_tool("crash", {})
            assert said(await other.call_tool("echo", {"text": "undisturbed"})) == "undisturbed"

    go(story())
    assert counted(street).count("crash") == before + upstream.MOST_STARTS


def test_two_agents_and_two_servers_share_a_process_and_nothing_else(street: Street, tmp_path: Path) -> None:
    listed = {
        "name": "echo",
        "description": "Says something.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
    }
    street.world.register(street.contoso, pins_of([listed], "other"), customer_id=street.contoso.customer_id)
    line = f"command = {json.dumps(command(street.count))}"
    agents = {"clerk": street.contoso, "porter": street.fabrikam}
    path = configuration(street.world, tmp_path, agents, {"strange": line, "other": line})
    path.write_text(path.read_text("utf-8") + 'servers = ["strange"]\n', encoding="utf-8")  # of the porter, the last

    async def story(base: str) -> None:
        at = f"{base}/clerk/strange/mcp"
        async with (
            client(at, street.contoso) as breaking,
            client(f"{base}/clerk/other/mcp", street.contoso) as other,
            client(f"{base}/porter/strange/mcp", street.fabrikam) as porter,
        ):
            assert {each.name for each in (await other.list_tools()).tools} == {"echo"}
            with pytest.raises(MCPError, match="ended before it answered"):
                await breaking.call_tool("crash", {})
            assert said(await other.call_tool("echo", {"text": "other"})) == "other"
            assert said(await porter.call_tool("echo", {"text": "porter"})) == "porter"

    with gateway(path) as (url, _):
        base = url.removesuffix("/clerk/strange/mcp")
        go(story(base))
        assert status(f"{base}/clerk/strange/mcp", street.contoso.token) == 200
        assert status(f"{base}/clerk/strange/mcp", street.fabrikam.token) == 401
        assert status(f"{base}/clerk/strange/mcp", "fk_" + 43 * "x") == 401
        assert status(f"{base}/porter/other/mcp", street.fabrikam.token) == 404


@pytest.mark.parametrize("port", [None, 70_000])
def test_a_port_that_cannot_be_had_is_refused_with_what_to_do(street: Street, tmp_path: Path, port: int | None) -> None:
    line = f"command = {json.dumps(command(street.count))}"
    path = configuration(street.world, tmp_path, {"clerk": street.contoso}, {"strange": line})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1] if port is None else port
        with pytest.raises(PortTakenError, match=f"{wanted} of 127.0.0.1|range") as refused:
            serve_http(path, host="127.0.0.1", port=wanted, say=lambda _: None, as_json=True)
    assert refused.value.code == "gateway.port_taken"
    assert "--port" in refused.value.remedy
