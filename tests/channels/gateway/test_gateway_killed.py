"""The gateway itself, as a process of its own, is killed in the middle of a call."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

from bench.gateway_world import configuration
from fairkeeper.agent.client import Came, FairkeeperClient, Question
from fairkeeper.gateway.running import folder_of
from fairkeeper.gateway.serving import open_journal
from tests.channels.gateway.conftest import Street, command, go
from tests.channels.gateway.test_gateway import counted, said, until_called, until_recorded


@contextmanager
def gateway(path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    words = [sys.executable, "-m", "fairkeeper", "gateway", "--config", str(path), "--port", "0", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"] + "/clerk/strange/mcp", process
    finally:
        process.kill()
        process.communicate(timeout=20)


async def killed(street: Street, url: str, process: subprocess.Popen[str]) -> str:
    """Kill the gateway once the server has been called; return what the client is told."""
    before = counted(street).count("hang")
    http = create_mcp_http_client(headers={"authorization": f"Bearer {street.contoso.token}"})
    async with http, Client(streamable_http_client(url, http_client=http), mode="legacy", cache=None) as client:
        call = asyncio.create_task(client.call_tool("hang", {}))
        await until_called(street, "hang", before)
        process.kill()
        with pytest.raises(MCPError) as failed:
            await asyncio.wait_for(call, 20)
        return str(failed.value)


async def again(street: Street, url: str) -> str:
    http = create_mcp_http_client(headers={"authorization": f"Bearer {street.contoso.token}"})
    async with http, Client(streamable_http_client(url, http_client=http), mode="legacy", cache=None) as client:
        answer = said(await client.call_tool("echo", {"text": "again"}))
        await until_recorded(street, "strange/fail", "error")
        return answer


def test_a_killed_gateway_is_told_nothing_is_called_twice_and_what_it_had_not_told_yet_is_told(
    street: Street, tmp_path: Path
) -> None:
    line = f"command = {json.dumps(command(street.count))}"
    path = configuration(street.world, tmp_path, {"clerk": street.contoso}, {"strange": line})
    before = counted(street).count("hang")
    with gateway(path) as (url, process):
        told = go(killed(street, url, process))
    assert "without a response" in told
    newest = street.records()[0]
    assert newest == ("strange/hang", 1, "permitted", None)
    assert counted(street).count("hang") == before + 1

    # An outcome that the killed one had on disk and not told yet, by the time the server could be asked no more.
    go(not_told(street, path))
    with gateway(path) as (url, _):
        # A client that leaves ends its own session and no other.
        assert [go(again(street, url)) for _ in range(2)] == ["again", "again"]
    assert counted(street).count("hang") == before + 1


async def not_told(street: Street, path: Path) -> None:
    agent = street.contoso
    client = FairkeeperClient(url=street.world.url, token=agent.token, agent_id=agent.agent_id, patience_seconds=10)
    answer = await client.decide(Question(tool="strange/fail", arguments={}, use=agent.use_id))
    await client.close()
    assert answer.decision_id is not None, answer
    came = Came(decision_id=answer.decision_id, outcome="error", error="It failed.")
    journal = open_journal(folder_of(path))
    journal.keep(came.decision_id, agent.agent_id, came.document())
    journal.close()
