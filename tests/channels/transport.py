"""Sends the requests of the matrices, by the thousand.

httpx speaks HTTP with a parser written in Python, which takes longer over an answer than the server over most of them;
the standard library's takes a fifth of that. Everything else of httpx stays, redirects and cookies among it.
"""

from __future__ import annotations

import http.client
import select
import threading
from typing import Final

import httpx

_LARGE: Final = 16_384
"""Bytes of a body whose refusal may come before it was sent."""


class PlainTransport(httpx.BaseTransport):
    """Keeps one connection to each server for each thread; what is sent in pieces or is large goes by httpx's own way."""

    def __init__(self) -> None:
        self._otherwise = httpx.HTTPTransport()
        self._own = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; a connection that the server has closed meanwhile is opened anew."""
        if int(request.headers.get("content-length", "0")) > _LARGE or "transfer-encoding" in request.headers:
            return self._otherwise.handle_request(request)
        connection = self._connection(request.url)
        try:
            connection.putrequest(
                request.method, request.url.raw_path.decode("ascii"), skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers.raw:
                connection.putheader(name, value)
            connection.endheaders(request.read() or None)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise httpx.ReadError(str(error), request=request) from error
        return httpx.Response(answer.status, headers=answer.getheaders(), content=content, request=request)

    def _connection(self, url: httpx.URL) -> http.client.HTTPConnection:
        kept = self._own.__dict__
        place = f"{url.host}:{url.port or 80}"
        found: http.client.HTTPConnection | None = kept.get(place)
        if found is None:
            found = kept[place] = http.client.HTTPConnection(url.host, url.port or 80, timeout=30)
            self._all.append(found)
        elif found.sock is not None and select.select([found.sock], [], [], 0)[0]:
            found.close()  # there is something to read before anything was asked: the end
        return found

    def close(self) -> None:
        """End every connection."""
        self._otherwise.close()
        for connection in self._all:
            connection.close()
