"""In the middle of a call the gateway is killed, or the server, or the line to Fairkeeper is cut."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, get_default_environment, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import ListRootsResult

from bench.gateway_world import configuration
from fairkeeper.agent.journal import Journal
from tests.channels.gateway.conftest import Street, command, go
from tests.channels.gateway.test_gateway import counted, said, until_called, until_recorded


async def until_hung(street: Street, before: int) -> tuple[int, int]:
    """Return the ids of the hanging server's parent, which is the gateway or this process, and of the server."""
    await until_called(street, "hung", before)
    parent, server = street.count.with_suffix(".pids").read_text(encoding="utf-8").split()
    return int(parent), int(server)


@asynccontextmanager
async def by_stdio(street: Street, path: Path) -> AsyncIterator[Client]:
    """Connect a client that starts its gateway itself, in place of the server."""
    words = ["-m", "fairkeeper", "gateway", "--config", str(path), "--agent", "clerk", "--server", "strange"]
    environment = get_default_environment() | {"FAIRKEEPER_TOKEN": street.contoso.token}
    started = StdioServerParameters(command=sys.executable, args=words, env=environment)
    async with Client(stdio_client(started), mode="legacy", cache=None) as client:
        yield client


def test_a_gateway_on_stdio_that_is_killed_is_told_and_the_call_stands_without_an_outcome(
    street: Street, tmp_path: Path
) -> None:
    line = f"command = {json.dumps(command(street.count))}"
    path = configuration(street.world, tmp_path, {"clerk": street.contoso}, {"strange": line})
    before = counted(street).count("hung")

    async def killed() -> str:
        async with by_stdio(street, path) as client:
            call = asyncio.create_task(client.call_tool("hang", {}))
            gateway, _ = await until_hung(street, before)
            assert gateway != os.getpid()
            os.kill(gateway, signal.SIGKILL)
            with pytest.raises(MCPError) as failed:
                await asyncio.wait_for(call, 20)
            return str(failed.value)

    async def again() -> str:
        async with by_stdio(street, path) as client:
            answer = said(await client.call_tool("echo", {"text": "again"}))
            await until_recorded(street, "strange/echo", "ok")
            return answer

    assert "Connection closed" in go(killed())
    assert street.records()[0] == ("strange/hang", 1, "permitted", None)
    assert go(again()) == "again"
    assert counted(street).count("hung") == before + 1


def test_a_server_that_is_killed_is_told_recorded_and_not_called_again(street: Street) -> None:
    before = counted(street).count("hung")

    async def story() -> tuple[str, str]:
        async with street.client() as client:
            call = asyncio.create_task(client.call_tool("hang", {}))
            _, server = await until_hung(street, before)
            os.kill(server, signal.SIGKILL)
            with pytest.raises(MCPError) as failed:
                await asyncio.wait_for(call, 20)
            await until_recorded(street, "strange/hang", "error")
            return str(failed.value), said(await client.call_tool("echo", {"text": "again"}))

    sentence, after = go(story())
    assert "ended before it answered" in sentence
    assert after == "again"
    assert counted(street).count("hung") == before + 1


QUIET_SECONDS = 1.0
"""After which nothing that was told is still on its way; outcomes are gathered for a quarter of it."""


class Line:
    """A line to Fairkeeper that can be cut at once, or as soon as an answer comes back on it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 0)
        self._ends: list[asyncio.StreamWriter] = []
        self._carrying: set[asyncio.Task[Any]] = set()
        self._is_cut = False
        self._carried_at = time.monotonic()
        self.is_cut_by_the_next_answer = False
        self.url = ""

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[Line]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self.cut()
            server.close()
            await asyncio.gather(*self._carrying)

    def cut(self) -> None:
        self._is_cut = True
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def until_quiet(self) -> None:
        for _ in range(400):
            if time.monotonic() - self._carried_at >= QUIET_SECONDS:
                return
            await asyncio.sleep(0.05)

    def mend(self) -> None:
        self._is_cut = self.is_cut_by_the_next_answer = False

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        answers, asks = await asyncio.open_connection(self._host, self._port)
        self._ends += [writer, asks]
        for carry in (self._carry(reader, asks), self._carry(answers, writer, is_answer=True)):
            task = asyncio.get_running_loop().create_task(carry)
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        try:
            while data := await reader.read(65_536):
                self._carried_at = time.monotonic()
                if is_answer and self.is_cut_by_the_next_answer:
                    self.cut()
                    return
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return


def test_a_line_that_is_cut_before_the_answer_lets_nothing_be_called(street: Street) -> None:
    before = counted(street).count("echo")

    async def story() -> tuple[Any, Any, str]:
        async with Line(street.world.url).laid() as line, street.client(url=line.url) as client:
            await client.call_tool("echo", {"text": "first"})
            await until_recorded(street, "strange/echo", "ok")
            await line.until_quiet()  # or the answer to the outcome would be the next one
            line.is_cut_by_the_next_answer = True
            lost = await client.call_tool("echo", {"text": "lost"})
            cut = await client.call_tool("echo", {"text": "cut"})
            kept = street.records()[0]
            line.mend()
            after = said(await client.call_tool("echo", {"text": "after"}))
            await until_recorded(street, "strange/echo", "ok")
            assert kept == ("strange/echo", 1, "permitted", None)
            return lost, cut, after

    lost, cut, after = go(story())
    for refused in (lost, cut):
        assert refused.is_error
        assert "so the answer is no; nothing was called" in said(refused)
    assert after == "after"
    assert counted(street).count("echo") == before + 2


def test_a_line_that_is_cut_during_the_call_is_told_of_its_outcome_once_it_is_mended(
    street: Street, tmp_path: Path
) -> None:
    before = counted(street).count("ask")
    journal = Journal(tmp_path / "outcomes.sqlite")

    async def story() -> str:
        async with Line(street.world.url).laid() as line:

            async def roots(_: Any) -> ListRootsResult:
                line.cut()
                return ListRootsResult(roots=[])

            hears = {"list_roots_callback": roots}
            async with street.client(url=line.url, journal=journal, hears=hears) as client:
                answer = said(await client.call_tool("ask", {"text": "roots/list"}))
                assert street.records()[0] == ("strange/ask", 1, "permitted", None)
                assert len(journal.kept(street.contoso.agent_id)) == 1
                line.mend()
                await until_recorded(street, "strange/ask", "ok")
                return answer

    try:
        assert "roots" in go(story())
        assert journal.kept(street.contoso.agent_id) == []
    finally:
        journal.close()
    assert counted(street).count("ask") == before + 1
