"""A session over HTTP outlives the token that began it, for the same caller and for nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError
from sqlalchemy import text

from bench.gateway_world import configuration
from fairkeeper.access.credentials import digest
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.agent.client import FairkeeperClient
from fairkeeper.gateway.running import _listen, open_gateway
from fairkeeper.gateway.serving import HTTPGateway
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.ids import CustomerId, TokenId
from tests.channels.gateway.conftest import Street, command, go
from tests.channels.gateway.test_gateway import said

NEWER = "fk_" + 43 * "n"


@pytest.fixture(scope="module")
def newer(street: Street) -> str:
    """Return a second token of Contoso's; its id differs from the first one's."""
    now = SystemClock().now()
    with street.world.database.write() as session:
        session.add(
            ApiTokenRow(
                id=TokenId("tok_newer"), digest=digest(NEWER), name="newer", roles=["service"],
                customer_id=CustomerId(street.contoso.customer_id), created_by="per_owner", created_at=now,
                signs_in_once=False, last_used_at=now,
            )
        )  # fmt: skip
    return NEWER


@asynccontextmanager
async def served(street: Street, folder: Path) -> AsyncIterator[str]:
    """Serve a gateway over HTTP in this process."""
    line = f"command = {json.dumps(command(street.count))}"
    agents = {"clerk": street.contoso, "porter": street.fabrikam}
    path = configuration(street.world, folder, agents, {"strange": line})
    bound = _listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(HTTPGateway(open_gateway(path)).app(), log_config=None, http="h11"))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/clerk/strange/mcp"
    finally:
        server.should_exit = True
        await serving
        bound.close()


def bearer(http: Any, token: str) -> None:
    http.headers["authorization"] = f"Bearer {token}"


def last_caller(street: Street) -> str:
    with street.world.database.read() as session:
        payload = session.scalars(
            text("SELECT payload FROM evidence_entry WHERE kind LIKE '%call_allowed%' ORDER BY id DESC LIMIT 1")
        ).one()
    return str(json.loads(payload)["inputs"]["caller"]["id"])


async def told(street: Street, folder: Path, *tokens: str) -> list[str]:
    """Call once with each token in one session; return what came, and the callers that are recorded."""
    found = []
    async with served(street, folder) as address:
        http = create_mcp_http_client()
        bearer(http, tokens[0])
        async with http, Client(streamable_http_client(address, http_client=http), mode="legacy", cache=None) as client:
            for token in tokens:
                bearer(http, token)
                try:
                    answer = said(await client.call_tool("echo", {"text": "hello"}))
                except MCPError as error:
                    answer = str(error)
                found.append(f"{answer} by {last_caller(street)}" if answer == "hello" else answer)
            bearer(http, tokens[0])
    return found


def test_a_newer_token_of_the_same_caller_goes_on_with_the_session(
    street: Street, newer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def same(client: FairkeeperClient) -> str:
        return "entra:same" if client.token in {street.contoso.token, newer} else "entra:other"

    # Two tokens of one application, as Microsoft Entra gives them; here two of ours, so that the record tells them apart.
    monkeypatch.setattr(FairkeeperClient, "speaks", same)
    first = street.contoso.token
    found = go(told(street, tmp_path, first, newer, newer, first, street.fabrikam.token, first))
    assert found[:4] == ["hello by tok_contoso", "hello by tok_newer", "hello by tok_newer", "hello by tok_contoso"]
    assert "hello" not in found[4]
    assert found[5] == "hello by tok_contoso"


def test_a_token_of_another_caller_does_not(street: Street, newer: str, tmp_path: Path) -> None:
    first = street.contoso.token
    found = go(told(street, tmp_path, first, newer, street.fabrikam.token, "fk_" + 43 * "x", first))
    assert [each.startswith("hello") for each in found] == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("token", "code"), [("fk_" + 43 * "x", "access.token_unknown"), ("not a token", "access.credentials_malformed")]
)
def test_whoever_is_refused_is_told_why(street: Street, tmp_path: Path, token: str, code: str) -> None:
    async def story() -> httpx.Response:
        async with served(street, tmp_path) as address, httpx.AsyncClient() as http:
            bearer(http, token)
            return await http.post(address, json={})

    answer = go(story())
    assert (answer.status_code, answer.json()["code"]) == (401, code)
