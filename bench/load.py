"""Callers for a benchmark: threads with one keep-alive connection each, that send prepared requests in turn.

Raw sockets, because the callers share two processors with the server and must cost little beside it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Sequence

_OK = b"HTTP/1.1 200 "


def request_bytes(path: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """Return a POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def send_all(port: int, requests: Sequence[bytes], *, callers: int) -> float:
    """Send every request once, over as many connections as there are callers; return how many seconds it took.

    Raises:
        RuntimeError: Any was answered otherwise than 200.
    """
    shares = [requests[number::callers] for number in range(callers)]
    connections = [_connect(port) for _ in range(callers)]
    wrong: list[str] = []
    threads = [
        threading.Thread(target=_send_share, args=(connection, share, wrong), daemon=True)
        for connection, share in zip(connections, shares, strict=True)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    took = time.perf_counter() - began
    for connection in connections:
        connection.close()
    if wrong or any(thread.is_alive() for thread in threads):
        raise RuntimeError(f"{len(wrong)} requests were not taken: {wrong[:1]}")
    return took


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _send_share(connection: socket.socket, share: Sequence[bytes], wrong: list[str]) -> None:
    try:
        for request in share:
            connection.sendall(request)
            answer = _read_answer(connection)
            if not answer.startswith(_OK):
                wrong.append(answer.decode("latin-1"))
    except OSError as error:
        wrong.append(f"{type(error).__name__}: {error}")


def _read_answer(connection: socket.socket) -> bytes:
    """Read one answer with a declared length, head and body."""
    read = b""
    while (end := read.find(b"\r\n\r\n")) < 0:
        read += _receive(connection)
    head = read[:end].lower()
    start = head.index(b"content-length: ") + 16
    length = int(head[start:].split(b"\r\n", 1)[0])
    while len(read) < end + 4 + length:
        read += _receive(connection)
    return read


def _receive(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the server closed the connection")
    return part
