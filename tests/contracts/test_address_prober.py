"""What a readiness probe says of addresses that behave badly, over real HTTP on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fairkeeper.outbound.probing import AddressProber


class Behaviour(BaseHTTPRequestHandler):
    """Answers by the path that is asked for."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/needs-token":
            return self._say(200 if query else 404)
        if path == "/form":
            return self._say(200, "Tell us your name first")
        if path == "/link":
            return self._say(
                200, '<a href="https://login.microsoftonline.com/common/oauth2/v2.0/authorize">Sign in</a>'
            )
        if path == "/loop":
            return self._say(303, location="/loop?again=yes")
        if path == "/broken-with-token":
            return self._say(500 if query else 200)
        return self._say(404)

    def do_POST(self) -> None:
        self._say({"/takes-all": 200, "/refuses": 401, "/gone": 404}.get(self.path, 500))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _say(self, status: int, text: str = "", location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Behaviour)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/missing", "answers 404 to a visitor without a token."),
        ("/needs-token", "answers 404 to a visitor without a token."),
        ("/form", "does not lead to the sign-in of Microsoft Entra."),
        ("/loop", "redirects more than 4 times."),
        ("/broken-with-token", "answers 500 to a visitor with a token."),
    ],
)
def test_a_landing_page_that_a_review_would_refuse_is_told(url: str, path: str, told: str) -> None:
    found = AddressProber("https://login.microsoftonline.com").probe_landing(f"{url}{path}")
    assert (found.is_fine, found.told) == (False, told)


def test_a_page_with_a_way_to_the_sign_in_is_fine(url: str) -> None:
    found = AddressProber("https://login.microsoftonline.com").probe_landing(f"{url}/link")
    assert (found.is_fine, found.status) == (True, 200)


@pytest.mark.parametrize(
    ("path", "is_fine", "told"),
    [
        ("/refuses", True, "refuses a call without a token, as it must."),
        ("/takes-all", False, "takes a call without a token (200)."),
        ("/gone", False, "answers 404, where 401 or 403 is expected."),
    ],
)
def test_a_webhook_has_to_refuse_what_nobody_proved(url: str, path: str, is_fine: bool, told: str) -> None:
    found = AddressProber("https://login.microsoftonline.com").probe_webhook(f"{url}{path}")
    assert (found.is_fine, found.told) == (is_fine, told)


@pytest.mark.parametrize("address", ["http://app.fairmile.example/landing", "https://10.0.0.7/landing", "ftp://x"])
def test_addresses_that_must_not_be_called_are_not(address: str) -> None:
    prober = AddressProber("https://login.microsoftonline.com", lookup=lambda _host, _port: ["10.0.0.7"])
    assert not prober.probe_landing(address).is_fine
    assert prober.probe_webhook(address).status is None


def test_a_server_that_is_down_is_told() -> None:
    found = AddressProber("https://login.microsoftonline.com").probe_landing("http://127.0.0.1:9/landing")
    assert (found.is_fine, found.told) == (False, "did not answer (ConnectError).")
