"""Every failure answers with the one body: its status, its reason, what to do, and nothing of the inside."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairkeeper.api.errors import STATUSES, body_of, error_of_validation, status_of
from fairkeeper.errors import BugError, ErrorKind, InvalidError, NotFoundError
from tests.channels.api.shelf import TOKEN


def test_every_kind_has_a_status() -> None:
    assert set(STATUSES) == set(ErrorKind)


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("not_found", 404, "shelf.not_found"),
        ("conflict", 409, "shelf.conflict"),
        ("denied", 403, "shelf.denied"),
        ("unauthenticated", 401, "shelf.unauthenticated"),
        ("unavailable", 503, "shelf.unavailable"),
        ("upstream", 502, "shelf.upstream"),
        ("bug", 500, "fairkeeper.bug"),
        ("anything else", 500, "fairkeeper.bug"),
    ],
)
def test_each_failure_has_its_status_and_code(client: TestClient, how: str, status: int, code: str) -> None:
    answer = client.get("/api/v1/shelf/fail", params={"how": how}, headers=TOKEN)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert set(error) == {"code", "kind", "message", "remedy", "resource", "detail", "request_id"}
    assert error["remedy"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert error["detail"] == ({} if status == 500 else {"how": how})


def test_who_has_to_sign_in_is_told_how_and_who_has_to_wait_how_long(client: TestClient) -> None:
    answer = client.get("/api/v1/shelf/fail", params={"how": "unauthenticated"}, headers=TOKEN)
    assert answer.headers["www-authenticate"] == 'Bearer realm="fairkeeper"'
    answer = client.get("/api/v1/shelf/fail", params={"how": "unavailable"}, headers=TOKEN)
    assert answer.headers["retry-after"] == "5"


def test_a_crash_shows_an_id_and_nothing_of_the_inside(client: TestClient) -> None:
    answer = client.get("/api/v1/shelf/fail", params={"how": "crash"}, headers=TOKEN)
    assert answer.status_code == 500
    for inside in ("hunter2", "RuntimeError", "Traceback", ".py"):
        assert inside not in answer.text


def test_an_address_that_is_none(client: TestClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "api.no_such_address")


def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    answer = client.put("/api/v1/books", headers=TOKEN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "api.method_not_allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"{'a': 1}", b"[1,", b"nul", b"\x00"])
def test_a_body_that_is_no_json(client: TestClient, body: bytes) -> None:
    headers = TOKEN | {"Content-Type": "application/json"}
    answer = client.post("/api/v1/shelves/top/books", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "api.body_not_json")


def test_a_deeply_nested_body_is_refused(client: TestClient) -> None:
    body = b'{"title":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    headers = TOKEN | {"Content-Type": "application/json"}
    answer = client.post("/api/v1/shelves/top/books", content=body, headers=headers)
    assert answer.status_code in {400, 422}


def test_values_that_were_sent_are_not_repeated() -> None:
    problem = {"loc": ("body", "title"), "msg": "String should have at most 5 characters", "input": "hunter2"}
    assert "hunter2" not in str(body_of(error_of_validation([problem]), "r"))


def test_a_long_list_of_problems_is_cut() -> None:
    problems = [{"loc": ("body", f"f{number}"), "msg": "is wrong"} for number in range(500)]
    message = error_of_validation(problems).message
    assert message.endswith("and 480 more.")
    assert len(message) < 2000


def test_a_bugs_message_stays_inside() -> None:
    assert "CustomerOfTenant" not in str(body_of(BugError("No implementation of CustomerOfTenant was passed."), "r"))


def test_the_resource_behind_a_rule_comes_with_its_address() -> None:
    error = InvalidError("Too late.", resource="learn-flexible-billing")
    shown = body_of(error, "r")["error"]["resource"]
    assert (shown["key"], shown["address"][:26]) == ("learn-flexible-billing", "https://learn.microsoft.co")
    assert body_of(InvalidError("x", resource="no such"), "r")["error"]["resource"] is None
    assert status_of(NotFoundError("x")) == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=st.binary(max_size=200) | JSON | st.fixed_dictionaries({"title": JSON, "pages": JSON, "tags": JSON}))
def test_no_body_whatever_makes_a_500(client: TestClient, body: Any) -> None:
    headers = TOKEN | {"Content-Type": "application/json"}
    if isinstance(body, bytes):
        answer = client.post("/api/v1/shelves/top/books", content=body, headers=headers)
    else:
        import json

        answer = client.post("/api/v1/shelves/top/books", content=json.dumps(body).encode(), headers=headers)
    assert answer.status_code in {200, 400, 422}
    if answer.status_code != 200:
        assert answer.json()["error"]["remedy"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(query=st.dictionaries(st.sampled_from(["words", "tags", "is_long", "limit", "x"]), st.text(max_size=20)))
def test_no_query_whatever_makes_a_500(client: TestClient, query: dict[str, str]) -> None:
    answer = client.get("/api/v1/books", params=query, headers=TOKEN)
    assert answer.status_code in {200, 422}


def test_lone_surrogates_are_refused_and_no_crash(client: TestClient) -> None:
    headers = TOKEN | {"Content-Type": "application/json"}
    answer = client.post("/api/v1/shelves/top/books", content=rb'{"title": "\ud800"}', headers=headers)
    assert answer.status_code in {400, 422}
