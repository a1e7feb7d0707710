"""Operations as MCP tools, with the official client over real HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from fairkeeper.action.principal import Principal
from fairkeeper.customers.operations import OPERATIONS as CUSTOMERS
from fairkeeper.database.session import Database
from fairkeeper.errors import UnauthenticatedError
from fairkeeper.evidence import actions, queries
from fairkeeper.mcp.door import MCP_PATH
from fairkeeper.mcp.server import MCPChannel
from fairkeeper.mcp.tools import WriteSwitch, WriteSwitchError, is_offered, parse_switches, tool_name
from tests.actions.evidence.world import Log, draft
from tests.actions.house import customer_person, staff

PEOPLE: dict[str, Principal] = {
    "owner": staff("owner"),
    "auditor": staff("auditor", id="per_auditor"),
    "contoso": customer_person("cus_contoso", "customer_admin"),
}
OPERATIONS = (*actions.OPERATIONS, *queries.OPERATIONS)


def authenticate(request: Request) -> Principal:
    name = request.headers.get("authorization", "").removeprefix("Bearer ")
    if name not in PEOPLE:
        msg = "Nobody knows that token."
        raise UnauthenticatedError(msg)
    return PEOPLE[name]


@pytest.fixture
def log(sqlite_database: Database) -> Log:
    log = Log(sqlite_database)
    log.tell(*(draft(n, ["cus_contoso", "cus_fabrikam"][n % 2]) for n in range(4)))
    log.integrator.run_until_current()
    return log


@pytest.fixture
def url(log: Log) -> Iterator[str]:
    switches = frozenset({WriteSwitch("evidence.rotate_log_key", "owner")})
    channel = MCPChannel(log.house.runner, authenticate, switches)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        async with channel.running():
            yield

    app = Starlette(routes=[Route(MCP_PATH, endpoint=channel)], lifespan=lifespan)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{MCP_PATH}"
        server.should_exit = True
        thread.join(10)


def ask(url: str, who: str, act: Any) -> Any:
    """Run `act(session)` in a client's session of somebody."""

    async def run() -> Any:
        headers = {"Authorization": f"Bearer {who}"}
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            streamable_http_client(url, http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            return await act(session)

    return anyio.run(run)


def test_reads_are_tools_and_writes_are_not(url: str) -> None:
    tools = {tool.name: tool for tool in ask(url, "auditor", lambda s: s.list_tools()).tools}
    assert set(tools) == {tool_name(operation) for operation in queries.OPERATIONS}
    listing = tools["evidence_list_entries"]
    assert listing.annotations is not None
    assert listing.annotations.read_only_hint is True
    assert "customer_id" in listing.input_schema["properties"]


def test_a_write_is_a_tool_where_it_was_switched_on_for_a_role_of_the_person(url: str, log: Log) -> None:
    names = {tool.name for tool in ask(url, "owner", lambda s: s.list_tools()).tools}
    assert "evidence_rotate_log_key" in names
    assert "evidence_erase_payload" not in names
    result = ask(url, "owner", lambda s: s.call_tool("evidence_rotate_log_key", {}))
    assert not result.is_error
    assert log.house.kinds().count("evidence.log_key_rotated/1") == 1


@pytest.mark.parametrize("tool", ["evidence_rotate_log_key", "evidence_erase_payload", "no_such_tool"])
def test_a_write_that_is_not_switched_on_does_not_exist(url: str, log: Log, tool: str) -> None:
    result = ask(url, "auditor", lambda s: s.call_tool(tool, {}))
    assert result.is_error
    assert result.structured_content["error"]["code"] == "mcp.unknown_tool"
    assert log.house.kinds().count("evidence.log_key_rotated/1") == 0


def test_a_customer_reads_its_own_entries_alone(url: str) -> None:
    result = ask(url, "contoso", lambda s: s.call_tool("evidence_list_entries", {}))
    entries = result.structured_content["entries"]
    assert {entry["customer_id"] for entry in entries} == {"cus_contoso"}
    other = ask(url, "contoso", lambda s: s.call_tool("evidence_list_entries", {"customer_id": "cus_fabrikam"}))
    assert other.is_error
    assert other.structured_content["error"]["kind"] == "not_found"


def test_wrong_arguments_are_told_field_by_field(url: str) -> None:
    result = ask(url, "owner", lambda s: s.call_tool("evidence_list_entries", {"limit": 0, "nonsense": 1}))
    assert result.is_error
    assert result.structured_content["error"]["code"] == "mcp.arguments_invalid"
    assert "limit" in result.structured_content["error"]["message"]
    assert "nonsense" in result.structured_content["error"]["message"]


def test_nobody_is_told_nothing(url: str) -> None:
    result = ask(url, "stranger", lambda s: s.call_tool("evidence_list_entries", {}))
    assert result.is_error
    assert result.structured_content["error"]["kind"] == "denied"


def test_switches_are_read_strictly() -> None:
    parsed = parse_switches(" evidence.rotate_log_key:owner, evidence.add_witness:security ", OPERATIONS)
    assert parsed == {WriteSwitch("evidence.rotate_log_key", "owner"), WriteSwitch("evidence.add_witness", "security")}
    for wrong in ("evidence.rotate_log_key", "evidence.show_log:owner", "no.such:owner", "evidence.add_witness:"):
        with pytest.raises(WriteSwitchError):
            parse_switches(wrong, OPERATIONS)


def test_internal_operations_are_never_tools() -> None:
    internal = [operation for operation in CUSTOMERS if operation.is_internal]
    assert internal
    for operation in internal:
        assert not is_offered(operation, PEOPLE["owner"], frozenset({WriteSwitch(operation.name, "owner")}))
