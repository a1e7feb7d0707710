"""What the server takes for HTTP: whole requests with a head of bounded length, on a real socket."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from fairkeeper.bootstrap.server import MOST_HEAD_BYTES, Stop, bind, run_app

Address = tuple[str, int]


async def told(request: Request) -> JSONResponse:
    body = await request.body()
    return JSONResponse({"bytes": len(body), "headers": sorted(request.headers)})


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    bound, stop, ready = bind("127.0.0.1", 0), Stop(), threading.Event()
    app = Starlette(routes=[Route("/", told, methods=["POST"])])
    thread = threading.Thread(target=run_app, args=(app, bound), kwargs={"stop": stop, "ready": ready.set})
    thread.start()
    assert ready.wait(30)
    yield bound.getsockname()
    stop.now()
    thread.join(30)


def answer(address: Address, sent: bytes) -> bytes:
    """Return everything that the server says until it ends the connection."""
    with socket.create_connection(address, timeout=30) as line:
        line.sendall(sent)
        found = b""
        while piece := line.recv(65_536):
            found += piece
        return found


def documents(said: bytes) -> list[dict[str, object]]:
    return [json.loads(part[: part.index(b"}") + 1]) for part in said.split(b"\r\n\r\n") if part.startswith(b"{")]


def test_a_head_without_end_is_refused_before_it_fills_the_memory(address: Address) -> None:
    line = b"x-filler: " + 1000 * b"y" + b"\r\n"
    head = b"POST / HTTP/1.1\r\nhost: here\r\n" + 100 * MOST_HEAD_BYTES // len(line) * line
    with socket.create_connection(address, timeout=30) as connection, pytest.raises(ConnectionError):
        connection.sendall(head)


def test_a_long_head_whose_end_has_not_come_is_refused_with_words(address: Address) -> None:
    with socket.create_connection(address, timeout=30) as line:
        line.sendall(b"POST / HTTP/1.1\r\nx-filler: " + (MOST_HEAD_BYTES + 1000) * b"y")
        said = line.recv(65_536)
    assert said.startswith(b"HTTP/1.1 400 ")
    error = json.loads(said.partition(b"\r\n\r\n")[2])["error"]
    assert (error["code"], "too long" in error["message"]) == ("api.not_http", True)


def test_a_body_may_be_longer_than_a_head_and_the_next_request_is_read(address: Address) -> None:
    body = bytes(3 * MOST_HEAD_BYTES)
    first = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: %d\r\n\r\n" % len(body)
    last = b"POST / HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
    assert [each["bytes"] for each in documents(answer(address, first + body + last))] == [len(body), 2]


def test_trailers_are_no_headers(address: Address) -> None:
    head = b"POST / HTTP/1.1\r\nhost: here\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    (told_back,) = documents(answer(address, head + b"2\r\nok\r\n0\r\nauthorization: Bearer t\r\n\r\n"))
    assert told_back == {"bytes": 2, "headers": ["connection", "host", "transfer-encoding"]}


def test_two_lengths_are_no_request(address: Address) -> None:
    head = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n"
    assert answer(address, head + b"0\r\n\r\n").startswith(b"HTTP/1.1 400 ")
