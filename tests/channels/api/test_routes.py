"""Routes derived from the registry: where input comes from, what an answer is, what the description says."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from fairkeeper.action.operation import EvidenceDraft
from fairkeeper.action.principal import ANONYMOUS
from fairkeeper.action.runner import Runner
from fairkeeper.api.routes import add_routes
from fairkeeper.bootstrap.rooms import all_operations
from tests.channels.api.shelf import OPERATIONS, TOKEN, client_of, shelf_api


def test_a_command_takes_its_input_from_path_and_body(client: TestClient) -> None:
    answer = client.post("/api/v1/shelves/top/books", json={"title": "  Emma ", "pages": 300}, headers=TOKEN)
    assert answer.status_code == 200
    assert answer.json() == {"shelf": "top", "title": "Emma", "pages": 300, "secret": "once upon a time"}


def test_a_query_takes_its_input_from_path_and_query(client: TestClient) -> None:
    answer = client.get("/api/v1/books?words=a%20b&tags=x&tags=y&limit=3", headers=TOKEN)
    assert answer.json() == [{"shelf": "x,y", "title": "a b", "pages": 3, "secret": None}]
    answer = client.get("/api/v1/shelves/top/books/War%20and%20Peace", headers=TOKEN)
    assert answer.json()["title"] == "War and Peace"


def test_a_command_without_input_needs_no_body(client: TestClient) -> None:
    assert client.post("/api/v1/shelf/tidy", headers=TOKEN).json() == 7
    assert client.post("/api/v1/shelf/tidy", json={}, headers=TOKEN).json() == 7


def test_a_command_may_take_all_from_the_path(client: TestClient) -> None:
    answer = client.delete("/api/v1/books/slowly", headers=TOKEN)
    assert (answer.status_code, answer.json()) == (200, None)


def test_a_check_asks_for_no_sign_in(client: TestClient) -> None:
    assert client.post("/api/v1/shelf/weigh", json={"shelf": "a", "title": "b", "pages": 2}).json() == 10


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/shelves/top/books"), ("GET", "/books?limit=0"), ("DELETE", "/books/x"), ("POST", "/shelf/tidy")],
)
def test_everything_else_asks_who_it_is_before_it_judges_the_input(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, f"/api/v1{path}", json={"unknown": 1} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "access.credentials_missing")


def test_an_operation_without_input_refuses_what_it_does_not_know(client: TestClient) -> None:
    assert client.post("/api/v1/shelf/tidy", json={"force": True}, headers=TOKEN).status_code == 422
    assert client.delete("/api/v1/books/slowly?force=true", headers=TOKEN).status_code == 422


def test_the_description_finds_every_field_of_every_query() -> None:
    """FastAPI remembers the fields of so many models of queries, and describes what it has forgotten by an error."""
    app = FastAPI()
    add_routes(app, all_operations(), cast("Runner", None), lambda _request: ANONYMOUS)
    models = {
        inspect.signature(route.endpoint).parameters["rest"].annotation.__origin__
        for route in app.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or set())
    }
    assert 20 < len(models) < 110


def test_internal_operations_have_no_route(client: TestClient) -> None:
    assert client.post("/api/v1/shelf/restack", headers=TOKEN).status_code == 404


def test_a_repeated_key_answers_as_the_first_time_without_secrets(tmp_path: Path) -> None:
    recorded: list[EvidenceDraft] = []
    client = client_of(shelf_api(tmp_path, recorded=recorded))
    headers = TOKEN | {"Idempotency-Key": "k-1"}
    first = client.post("/api/v1/shelves/top/books", json={"title": "Emma"}, headers=headers)
    again = client.post("/api/v1/shelves/top/books", json={"title": "Emma"}, headers=headers)
    assert first.json() == again.json() | {"secret": "once upon a time"}
    assert again.json()["secret"] is None
    assert len(recorded) == 1
    other = client.post("/api/v1/shelves/low/books", json={"title": "Emma"}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "action.idempotency_mismatch")


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 201])
def test_a_malformed_key_is_refused(client: TestClient, key: str) -> None:
    headers = {**TOKEN, "Idempotency-Key": key.encode()}  # bytes, since the client refuses some of these as text
    answer = client.post("/api/v1/shelves/top/books", json={"title": "Emma"}, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("/shelves/top/books", {}, "title"),
        ("/shelves/top/books", {"title": ""}, "title"),
        ("/shelves/top/books", {"title": "x", "pages": 0}, "pages"),
        ("/shelves/top/books", {"title": "x", "pages": "many"}, "pages"),
        ("/shelves/top/books", {"title": "x", "unknown": 1}, "unknown"),
        ("/shelves/top/books", {"title": "x", "tags": "not a list"}, "tags"),
        ("/shelves/top/books", [1], "input"),
        ("/shelves/" + "x" * 21 + "/books", {"title": "x"}, "shelf"),
        ("/shelves/%00/books", {"title": "x"}, "input"),
        ("/shelves/top/books", {"title": "a\x00b"}, "input"),
        ("/shelves/top/books", {"title": "x", "pages": 2**70}, "input"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, path: str, body: Any, names: str) -> None:
    answer = client.post(f"/api/v1{path}", json=body, headers=TOKEN)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["kind"]) == ("api.input_invalid", "invalid")
    assert names in error["detail"]["fields"]


def test_a_rule_of_the_model_is_an_answer_too(client: TestClient) -> None:
    answer = client.get("/api/v1/shelves/top/books/forbidden", headers=TOKEN)
    assert answer.status_code == 422
    assert "this book is not shown" in answer.json()["error"]["message"]


def test_unknown_query_parameters_are_refused(client: TestClient) -> None:
    answer = client.get("/api/v1/books?wrods=x", headers=TOKEN)
    assert (answer.status_code, answer.json()["error"]["detail"]["fields"]) == (422, "wrods")


# --- the description ---


@pytest.fixture
def description(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_every_public_operation_is_described_and_no_internal_one(description: dict[str, Any]) -> None:
    described = {route["operationId"] for path in description["paths"].values() for route in path.values()}
    public = {operation.name for operation in OPERATIONS if not operation.is_internal}
    assert {name for name in described if name.startswith("shelf.")} == public


def test_a_route_says_what_it_takes_gives_and_may_answer(description: dict[str, Any]) -> None:
    route = description["paths"]["/api/v1/shelves/{shelf}/books"]["post"]
    assert route["summary"] == "Put a book on a shelf."
    assert "The second paragraph." in route["description"]
    assert [parameter["name"] for parameter in route["parameters"]] == ["shelf", "Idempotency-Key"]
    assert route["security"] == [{"HTTPBearer": []}]
    assert set(route["responses"]) == {"200", "400", "401", "403", "404", "409", "413", "414", "422", "500", "503"}
    body = route["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields = description["components"]["schemas"][body]
    assert set(fields["properties"]) == {"title", "pages", "tags"}
    assert fields["properties"]["title"]["description"] == "As on its spine."
    assert fields["additionalProperties"] is False


def test_a_check_is_described_as_open(description: dict[str, Any]) -> None:
    assert "security" not in description["paths"]["/api/v1/shelf/weigh"]["post"]


def test_every_answer_that_is_no_success_is_described_by_the_one_body(description: dict[str, Any]) -> None:
    for path, routes in description["paths"].items():
        for route in routes.values():
            for status, response in route["responses"].items():
                if int(status) >= 400 and path != "/readyz":
                    schema = response["content"]["application/json"]["schema"]["$ref"]
                    assert schema == "#/components/schemas/ErrorBody", (path, status)
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_every_name_in_the_description_leads_somewhere(description: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(description)))
    assert "ErrorBody" in named
    assert named <= set(description["components"]["schemas"])


def test_there_are_no_pages_whose_scripts_come_from_elsewhere(client: TestClient) -> None:
    assert [client.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]


def test_a_slash_too_much_is_no_redirect(client: TestClient) -> None:
    assert client.get("/api/v1/books/", headers=TOKEN).status_code in {404, 405}
