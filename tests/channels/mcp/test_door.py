"""The MCP server begins with its first client, once, and ends with the application."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Runner, Wiring
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.mcp.door import MCP_PATH, MCPDoor
from fairkeeper.mcp.server import MCPChannel
from fairkeeper.values.clock import SystemClock

OWNER = Principal(id="tok_1", kind=PrincipalKind.SERVICE, roles=frozenset({"owner"}))
HEADERS = {"accept": "application/json, text/event-stream"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


def application(door: MCPDoor) -> Starlette:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with door.running():
            yield

    return Starlette(routes=[Route(MCP_PATH, endpoint=door)], lifespan=lifespan)


def channel(folder: Path) -> MCPChannel:
    database = Database(DatabaseAddress(url=f"sqlite:///{folder / 'x.db'}"))
    wiring = Wiring(authorise=lambda *_: None, record=append)
    return MCPChannel(Runner(Registry([]), database, SystemClock(), wiring), lambda _request: OWNER, frozenset())


def test_the_server_is_made_for_the_first_client_and_once(tmp_path: Path) -> None:
    made: list[MCPChannel] = []

    def make() -> MCPChannel:
        made.append(channel(tmp_path))
        return made[-1]

    with TestClient(application(MCPDoor(make))) as client:
        assert made == []
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: client.post(MCP_PATH, json=LIST, headers=HEADERS), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["result"]["tools"] for answer in answers] == [[]] * 4
    assert len(made) == 1


def test_an_application_without_mcp_clients_ends_cleanly(tmp_path: Path) -> None:
    with TestClient(application(MCPDoor(lambda: channel(tmp_path)))):
        pass


def test_a_server_that_cannot_begin_fails_the_call_and_is_tried_again(tmp_path: Path) -> None:
    attempts: list[int] = []

    def make() -> MCPChannel:
        attempts.append(1)
        if len(attempts) == 1:
            raise ImportError("no such library")
        return channel(tmp_path)

    with TestClient(application(MCPDoor(make))) as client:
        with pytest.raises(ImportError):
            client.post(MCP_PATH, json=LIST, headers=HEADERS)
        assert client.post(MCP_PATH, json=LIST, headers=HEADERS).status_code == 200


def test_the_application_does_not_import_the_library() -> None:
    program = "import sys, fairkeeper.bootstrap.application; sys.exit('mcp' in sys.modules or 'alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
