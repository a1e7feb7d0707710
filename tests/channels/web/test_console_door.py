"""The door to the console: a server is ready before its pages are there, and whoever comes first waits for them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from starlette.testclient import TestClient

from fairkeeper.bootstrap.application import create_app
from fairkeeper.web import door as module
from fairkeeper.web.app import Console
from fairkeeper.web.door import ConsoleDoor
from tests.channels.stage import Stage


def test_a_server_starts_without_its_pages() -> None:
    program = (
        "import sys, fairkeeper.bootstrap.application;"
        "sys.exit(bool({'jinja2', 'fairkeeper.web.app', 'fairkeeper.web.parts'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_first_page_is_answered_and_an_address_says_what_it_takes(sqlite_stage: Stage) -> None:
    app = create_app(sqlite_stage.installation)
    door = app.router.default
    assert isinstance(door, ConsoleDoor)
    assert door.routes == ()
    client = TestClient(app)
    page = client.get("/sign-in", headers={"accept": "text/html"})
    assert (page.status_code, "Sign in" in page.text) == (200, True)
    assert door.routes != ()
    refused = client.put("/settings/tokens")
    assert (refused.status_code, refused.json()["error"]["code"]) == (405, "api.method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD, POST"
    missing = client.get("/no/such/page", headers={"accept": "text/html"})
    assert (missing.status_code, "web.no_such_page" in missing.text) == (404, True)
    assert client.get("/no/such/page").json()["error"]["code"] == "api.no_such_address"


def test_pages_are_made_soon_though_nobody_asks_and_once(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sqlite_stage.app.router.default
    assert isinstance(whole, ConsoleDoor)
    made: list[Console] = []
    done = threading.Event()

    def make() -> Console:
        made.append(whole.open())
        done.set()
        return made[0]

    monkeypatch.setattr(module, "SOON_SECONDS", 0)
    door = ConsoleDoor(make)

    async def live() -> None:
        async with door.opening():
            assert await asyncio.to_thread(done.wait, 30)

    asyncio.run(live())
    assert door.open() is made[0]
    assert len(made) == 1
