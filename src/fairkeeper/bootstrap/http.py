"""What the server takes for HTTP/1.1: uvicorn's protocol over llhttp (httptools), with a limit for heads.

The parser in Python that uvicorn has otherwise takes as long as a third of a decision. It has a limit of its own for a
request's head, and llhttp has none: whoever sends a head without end would fill the memory before anything of ours sees
the request. Trailers go the same way and mean nothing here.
"""

from __future__ import annotations

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES: Final = 64 * 1024
"""Of a request line and its headers; `RequestLimits` refuses half of it with words."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_in_head = True
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that is too long ends the connection."""
        if self._is_in_head:
            self._head_bytes += len(data)
            # What came in one piece is looked at: it may be a whole request with its body.
            if self._head_bytes - len(data) > MOST_HEAD_BYTES:
                self.send_400_response("The head of the request is too long.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, and leave trailers out."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Count anew for the next head."""
        self._is_in_head, self._head_bytes = False, 0
        super().on_headers_complete()
