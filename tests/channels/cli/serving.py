"""A log in memory, served on loopback as a server publishes it; and it can be told to lie."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fairkeeper.errors import InvalidError
from fairkeeper.proof.note import Note, VerifierKey
from fairkeeper.proof.tiles import TileAddress, parse_path
from tests.unit.proof.sample_log import SampleLog


@dataclass
class ServedLog:
    """What is served now; replace `log` to roll back or to fork."""

    log: SampleLog
    witnesses: list[str] = field(default_factory=list)
    cosigned: list[bytes] = field(default_factory=list)
    is_down: bool = False
    url: str = ""
    on_post: Callable[[], None] = lambda: None

    def answer(self, path: str) -> bytes | None:
        if path == "/log/checkpoint":
            return self.log.checkpoint()
        if path == "/log/keys":
            return json.dumps({"statements": self.log.chain}).encode()
        try:
            address = parse_path(path)
        except InvalidError:
            return None
        if not isinstance(address, TileAddress) or (address.level, address.index) not in self.log.tiles:
            return None
        return self.log.read(address.level, address.index, address.width)

    def take(self, note: bytes) -> bool:
        known = [VerifierKey.parse(text) for text in self.witnesses]
        if not any(line.is_by(key) for line in Note.parse(note).signatures for key in known):
            return False
        self.cosigned.append(note)
        return True


@contextmanager
def served(log: SampleLog) -> Iterator[ServedLog]:
    """Serve a log while the block lasts."""
    shown = ServedLog(log=log)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = None if shown.is_down else shown.answer(self.path)
            self.reply(503 if shown.is_down else 200 if content is not None else 404, content or b"")

        def do_POST(self) -> None:
            note = self.rfile.read(int(self.headers["content-length"]))
            shown.on_post()
            if shown.take(note):
                self.reply(200, b'{"witness":"w"}')
            else:
                self.reply(400, b'{"error":{"code":"evidence.cosignature_refused","message":"No witness known here."}}')

        def reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    shown.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shown
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
