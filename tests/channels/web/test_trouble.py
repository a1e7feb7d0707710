"""What a page says when something breaks: an id and what to do, nothing of the inside, and never a blank answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.testclient import TestClient

from fairkeeper.bootstrap.console import console_parts
from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.errors import BugError, ConflictError, FairkeeperError, UpstreamError
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, get, route_of
from tests.channels.stage import Stage
from tests.channels.web.markup import read


def page_of(stage: Stage, error: Exception) -> Any:
    """Return the answer of a page whose handler fails so."""

    def fail(_visit: Visit) -> Response:
        raise error

    parts = console_parts(stage.installation)
    app = Starlette(routes=[route_of(get("/fails", fail, Audience.ANYBODY), parts)])
    return TestClient(app).get("/fails")


def test_a_mistake_of_ours_shows_an_id_and_nothing_of_the_inside(sqlite_stage: Stage, failures: list[Any]) -> None:
    answer = page_of(sqlite_stage, RuntimeError("the secret inside"))
    page = read(answer.text)
    assert answer.status_code == 500
    assert "Fairkeeper made a mistake" in page.text
    assert "Id for support" in page.text
    assert "secret inside" not in answer.text
    assert "RuntimeError" not in answer.text
    assert [event["error"] for event in failures if event["event"] == "console.failed"] == ["RuntimeError"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConflictError("It has been paused.", code="customers.transition_refused"), 409),
        (UpstreamError("Microsoft answered with a fault.", code="customers.fulfillment_fault"), 502),
        (BugError("A supposition did not hold.", code="web.supposition"), 500),
    ],
)
def test_an_error_keeps_its_status_code_and_remedy(sqlite_stage: Stage, error: FairkeeperError, status: int) -> None:
    answer = page_of(sqlite_stage, error)
    assert answer.status_code == status
    assert error.code in answer.text
    assert (error.message in answer.text) == (status != 500)


def test_without_its_database_the_console_says_so_and_when_to_come_back(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def unavailable(*_: Any) -> Iterator[Any]:
        raise DatabaseUnavailableError("The database could not do this now: it is locked")
        yield

    monkeypatch.setattr(sqlite_stage.installation.database, "read", unavailable)
    parts = console_parts(sqlite_stage.installation)
    app = Starlette(routes=[route_of(get("/any", lambda visit: visit.go("/"), Audience.PERSON), parts)])
    answer = TestClient(app, cookies={"fairkeeper_session": "A" * 43}).get("/any")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Not available at this moment" in answer.text
