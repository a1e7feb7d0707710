"""The outermost layer: size, request ids, headers, the log line, and what a crash looks like from outside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from fairkeeper.api.limits import MAX_BODY_BYTES, RequestLimits
from tests.channels.api.shelf import TOKEN, client_of, shelf_api

HOUSE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def test_a_body_that_says_it_is_too_large_is_refused_unread(client: TestClient) -> None:
    answer = client.post("/api/v1/shelves/top/books", content=b"x" * (MAX_BODY_BYTES + 1), headers=TOKEN)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "api.body_too_large")
    assert error["detail"] == {"max_body_bytes": MAX_BODY_BYTES}
    assert error["remedy"]
    assert answer.headers["x-request-id"] == error["request_id"]


def test_a_body_of_the_largest_size_is_taken(client: TestClient) -> None:
    title = b'{"title": "' + b"x" * (MAX_BODY_BYTES - 13) + b'"}'
    assert len(title) == MAX_BODY_BYTES
    headers = TOKEN | {"Content-Type": "application/json"}
    answer = client.post("/api/v1/shelves/top/books", content=title, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "api.input_invalid")


def test_a_body_that_says_nothing_of_its_size_is_counted(client: TestClient) -> None:
    def chunks() -> Iterable[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    headers = TOKEN | {"Content-Type": "application/json"}
    answer = client.post("/api/v1/shelves/top/books", content=chunks(), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "api.body_too_large")


def test_an_address_may_have_a_limit_of_its_own(client: TestClient) -> None:
    headers = {"Authorization": "Bearer x"}
    answer = client.post("/marketplace/webhook", content=b"x" * (256 * 1024 + 1), headers=headers)
    assert answer.status_code == 413


# --- ids, headers, log ---


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/nothing", "/openapi.json", "/api/v1/shelf/fail?how=crash"])
def test_every_answer_has_an_id_and_safe_headers(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=TOKEN)
    assert re.fullmatch(r"req_[0-9A-Z]{26}", answer.headers["x-request-id"])
    for name, value in HOUSE_HEADERS.items():
        assert answer.headers[name] == value


def test_https_is_to_be_stayed_with(tmp_path: Any) -> None:
    answer = client_of(shelf_api(tmp_path, is_https=True)).get("/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_plain_http_promises_no_https(client: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/healthz").headers


def test_a_callers_id_is_kept_if_it_is_a_plain_word(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "trace-7.a:b_c"}).headers["x-request-id"] == "trace-7.a:b_c"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "<script>", "a\tb", "é"])
def test_any_other_id_is_replaced(client: TestClient, sent: str) -> None:
    answer = client.get("/healthz", headers={b"X-Request-Id": sent.encode("latin-1")})
    assert answer.headers["x-request-id"].startswith("req_")


def test_the_log_line_has_no_query_no_header_and_no_body(client: TestClient) -> None:
    with structlog.testing.capture_logs() as logs:
        client.get("/api/v1/books?words=hunter2", headers=TOKEN | {"X-Request-Id": "r-1"})
    (line,) = [log for log in logs if log["event"] == "http.request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/books", 200)
    assert line["milliseconds"] >= 0
    assert "hunter2" not in str(logs)
    assert "reader" not in str(logs)


def test_a_crash_is_logged_with_its_trace_under_the_answers_id(client: TestClient) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = client.get("/api/v1/shelf/fail?how=crash", headers=TOKEN)
    (line,) = [log for log in logs if log["event"] == "http.failed"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["error"], "RuntimeError" in line["trace"]) == ("RuntimeError", True)


# --- plain ASGI ---


def _serve(app: Any, *messages: Message) -> list[Message]:
    sent: list[Message] = []
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
    asyncio.run(RequestLimits(app, max_body_bytes=10)(scope, receive, send))
    return sent


def _chunk(size: int, *, more: bool) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def test_an_application_that_swallows_the_cut_still_answers_413() -> None:
    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "http.request":
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all read"})

    sent = _serve(app, _chunk(6, more=True), _chunk(6, more=False))
    assert (sent[0]["status"], b"all read" in sent[1]["body"]) == (413, False)


def test_ten_bytes_are_not_more_than_ten() -> None:
    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        received = (await receive())["body"] + (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": received})

    sent = _serve(app, _chunk(6, more=True), _chunk(4, more=False))
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"x" * 10)


def test_an_answer_that_has_begun_is_cut_and_not_replaced() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        _serve(app)


def test_a_page_brings_its_own_policy_and_caching() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"max-age=9")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    found = dict(_serve(app)[0]["headers"])
    assert b"content-security-policy" not in found
    assert (found[b"cache-control"], found[b"x-content-type-options"]) == (b"max-age=9", b"nosniff")


def test_a_stream_is_not_held_back() -> None:
    order: list[str] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(3):
            order.append(f"made {number}")
            await send({"type": "http.response.body", "body": b"x", "more_body": number < 2})

    sent = _serve(app)
    assert len(sent) == 4


def test_other_kinds_of_connection_pass_through() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    asyncio.run(RequestLimits(app)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
