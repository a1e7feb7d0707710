"""Kept connections: an answer is understood whole or not at all, and what is not is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from fairkeeper.agent.client import FairkeeperClient, Question
from fairkeeper.agent.connections import Connections, NoAnswerError, may_ask_directly
from tests.channels.gateway.loops import LOOPS

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Story = Callable[[Connections, list[bytes]], Coroutine[Any, Any, Any]]


def served(
    answers: list[bytes],
    story: Story,
    *,
    ends: bool = False,
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> Any:
    """Run a story against a server that gives these answers, one for each request, in pieces of one byte."""

    async def run() -> Any:
        heard: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(b"connected")
            while answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                heard.append(head + await reader.readexactly(length))
                for byte in answers.pop(0):
                    writer.write(bytes([byte]))
                    await writer.drain()
                if ends:
                    break
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connections = Connections(f"http://127.0.0.1:{port}/ask", {"authorization": "Bearer t"})
        try:
            async with asyncio.timeout(10):
                return await story(connections, heard)
        finally:
            connections.close()
            server.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(run())


async def one(connections: Connections, heard: list[bytes]) -> tuple[int, bytes]:
    del heard
    return await connections.post(b"{}")


@LOOPS
def test_questions_share_a_connection_and_carry_their_headers(loop: Any) -> None:
    async def story(connections: Connections, heard: list[bytes]) -> list[bytes]:
        assert [await connections.post(body) for body in (b"1", b"22")] == [(200, b"ok"), (200, b"ok")]
        return heard

    connected, first, second = served([OK, OK], story, loop=loop)
    assert connected == b"connected"
    assert first.startswith(b"POST /ask HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nauthorization: Bearer t\r\n" in first
    assert (first[-5:], second[-6:]) == (b"\r\n\r\n1", b"\r\n\r\n22")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad", (400, b"bad")),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", (200, b"abc")),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n", (200, b"a")),
        (b"HTTP/1.1 204 None\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (200, b"ok")),
    ],
)
def test_an_answer_is_read_whole(answer: bytes, expected: tuple[int, bytes]) -> None:
    assert served([answer], one) == expected


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/2 200\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
        b"",
    ],
)
def test_what_is_not_understood_or_ends_before_its_time_is_no_answer(answer: bytes) -> None:
    with pytest.raises(NoAnswerError):
        served([answer], one, ends=True)


def test_a_connection_that_the_server_ended_is_not_used_again() -> None:
    async def story(connections: Connections, heard: list[bytes]) -> int:
        for _ in range(2):
            assert (await connections.post(b"{}"))[0] == 200
            await asyncio.sleep(0.05)
        return heard.count(b"connected")

    assert served([OK, OK], story, ends=True) == 2


def test_a_connection_on_which_more_came_than_was_asked_for_is_not_used_again() -> None:
    async def story(connections: Connections, heard: list[bytes]) -> int:
        for _ in range(2):
            assert (await connections.post(b"{}"))[0] == 200
            await asyncio.sleep(0.05)
        return heard.count(b"connected")

    assert served([OK + OK, OK], story) == 2


def test_a_question_that_was_given_up_takes_its_connection_with_it() -> None:
    async def story(connections: Connections, heard: list[bytes]) -> list[bytes]:
        asking = asyncio.ensure_future(connections.post(b"{}"))
        for _ in range(500):
            if len(heard) == 2:
                break
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert (await connections.post(b"{}")) == (200, b"ok")
        return heard

    assert served([b"", OK], story).count(b"connected") == 2


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://127.0.0.1/", {"authorization": "x\r\nhost: y"}),
        ("http://127.0.0.1/", {"authorization": "x\x00"}),
        ("http://127.0.0.1/", {"authorization: y\r\nhost": "x"}),
        ("http://127.0.0.1/", {"authorization ": "x"}),
        ("http://127.0.0.1/a b", {}),
        ("http://127.0.0.1/ü", {}),
    ],
)
def test_a_header_cannot_bring_another(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Connections(url, headers)


def test_nobody_who_answers_is_a_no() -> None:
    async def ask() -> Any:
        client = FairkeeperClient(url="http://127.0.0.1:9", token="t", agent_id="agt_1", patience_seconds=2)
        try:
            return await client.decide(Question(tool="pay", arguments={}))
        finally:
            await client.close()

    answer = asyncio.run(ask())
    assert (answer.allowed, answer.reason) == (False, "unreachable")


def test_a_proxy_is_left_to_the_general_client(monkeypatch: pytest.MonkeyPatch) -> None:
    assert may_ask_directly("https://fairkeeper.contoso.example/x")
    monkeypatch.setenv("https_proxy", "http://proxy.contoso.example:3128")
    assert not may_ask_directly("https://fairkeeper.contoso.example/x")
    monkeypatch.setenv("no_proxy", "contoso.example")
    assert may_ask_directly("https://fairkeeper.contoso.example/x")
