"""Commands against a server: what is sent, what comes back, and what each failure becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fairkeeper.action.operation import Operation
from fairkeeper.cli.outcome import RemoteError, exit_code_of
from fairkeeper.cli.remote import RemoteExecutor, ServerUnreachableError
from fairkeeper.errors import FairkeeperError, InvalidError, UpstreamError
from fairkeeper.evidence.actions import add_witness, erase_payload
from fairkeeper.evidence.queries import list_entries, show_entry
from fairkeeper.payouts.actions.withdraw_file import withdraw_file

ERROR = {"error": {"code": "x.y", "kind": "conflict", "message": "No.", "remedy": "Wait.", "request_id": "req_1"}}


class Server:
    """Stands for a server: answers, and keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def executor(self, token: str | None = "fk_1") -> RemoteExecutor:
        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return RemoteExecutor(
            "https://fairkeeper.example/", token, transport=httpx.MockTransport(handle), sleep=lambda _: None
        )

    @property
    def request(self) -> httpx.Request:
        (request,) = self.requests
        return request


def ran(operation: Operation, given: dict[str, Any], key: str | None = None) -> httpx.Request:
    server = Server(httpx.Response(200, json={"ok": 1}))
    assert server.executor().run(operation, given, key=key) == {"ok": 1}
    return server.request


def test_a_read_asks_by_path_and_query() -> None:
    request = ran(list_entries, {"limit": "5", "kind": "a/1"})
    assert (request.method, request.url.path) == ("GET", "/api/v1/evidence/entries")
    assert dict(request.url.params) == {"limit": "5", "kind": "a/1"}
    assert request.headers["authorization"] == "Bearer fk_1"


def test_a_field_of_the_path_may_have_a_digit_in_its_name() -> None:
    request = ran(withdraw_file, {"sha256": "a" * 64, "reason": "No."})
    assert request.url.path == f"/api/v1/payouts/files/{'a' * 64}/withdraw"
    assert json.loads(request.content) == {"reason": "No."}


def test_a_field_of_the_path_is_escaped() -> None:
    request = ran(show_entry, {"entry_id": "../people?x=1"})
    assert request.url.raw_path == b"/api/v1/evidence/entries/..%2Fpeople%3Fx%3D1"


def test_a_change_sends_json_and_its_key() -> None:
    request = ran(erase_payload, {"entry_id": "ent_1", "reason": "asked"}, key="k-1")
    assert (request.method, request.url.path) == ("POST", "/api/v1/evidence/entries/ent_1/erase")
    assert json.loads(request.content) == {"reason": "asked"}
    assert request.headers["idempotency-key"] == "k-1"


def test_without_a_token_none_is_sent() -> None:
    server = Server(httpx.Response(200, json=[]))
    server.executor(None).run(add_witness, {"key": "x"})
    assert "authorization" not in server.request.headers


def failure(answer: httpx.Response | Exception) -> FairkeeperError:
    with pytest.raises(FairkeeperError) as raised:
        Server(answer).executor().run(list_entries, {})
    return raised.value


def test_a_servers_error_is_told_as_it_came() -> None:
    error = failure(httpx.Response(409, json=ERROR))
    assert isinstance(error, RemoteError)
    assert (error.message, error.remedy, error.body["request_id"]) == ("No.", "Wait.", "req_1")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("invalid", 2),
        ("not_found", 3),
        ("conflict", 3),
        ("denied", 3),
        ("unavailable", 4),
        ("upstream", 4),
        ("bug", 70),
    ],
)
def test_a_servers_error_ends_as_the_same_error_here(kind: str, code: int) -> None:
    assert exit_code_of(failure(httpx.Response(400, json={"error": ERROR["error"] | {"kind": kind}}))) == code


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(404, json={"detail": "Not Found"}),
        httpx.Response(200, text="<html>hello</html>"),
        httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
        httpx.Response(500, json=[1]),
    ],
)
def test_an_answer_that_is_not_ours_is_somebody_elses_fault(answer: httpx.Response) -> None:
    error = failure(answer)
    assert isinstance(error, UpstreamError)
    assert error.code == "cli.answer_unreadable"


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ReadTimeout("slow")])
def test_a_server_that_does_not_answer_is_unavailable(error: Exception) -> None:
    assert isinstance(failure(error), ServerUnreachableError)


@pytest.mark.parametrize("url", ["", "fairkeeper.example", "ftp://fairkeeper.example"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidError):
        RemoteExecutor(url, None)


def not_placed() -> httpx.Response:
    body = {"code": "evidence.not_integrated", "kind": "unavailable", "message": "It waits.", "remedy": "Try again."}
    return httpx.Response(503, json={"error": body})


def exported(*answers: httpx.Response) -> tuple[Server, Callable[[], bytes]]:
    server = Server(httpx.Response(200, json={"token": "exp_1", "customer_id": None, "entries": 1}), *answers)
    return server, lambda: b"".join(server.executor().export("cus_1"))


def test_an_export_is_asked_for_awaited_and_fetched() -> None:
    server, fetch = exported(not_placed(), not_placed(), httpx.Response(200, content=b"a\nb\n"))
    assert fetch() == b"a\nb\n"
    assert json.loads(server.requests[0].content) == {"customer_id": "cus_1"}
    assert {request.url.path for request in server.requests[1:]} == {"/api/v1/evidence/exports/exp_1"}


def test_an_export_that_is_refused_is_not_awaited() -> None:
    server, fetch = exported(httpx.Response(404, json={"error": ERROR["error"] | {"kind": "not_found"}}))
    with pytest.raises(RemoteError):
        fetch()
    assert len(server.requests) == 2


def test_a_receipt_is_fetched_by_its_entry() -> None:
    server = Server(httpx.Response(200, content=b"{}\n"))
    assert server.executor().receipt("ent_1") == b"{}\n"
    assert server.request.url.path == "/api/v1/evidence/entries/ent_1/receipt"
