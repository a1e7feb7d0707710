"""Whatever is sent, wherever it is sent: a clear refusal with a code and a remedy, never a crash, and nothing is lost.

The routes come from the application's own description. Everything is sent over real HTTP, some of it over a bare
socket, because a polite client refuses to send it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairkeeper.api.limits import MAX_ADDRESS_BYTES, MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_HEADERS
from fairkeeper.api.log import COSIGNATURES_PATH, MAX_COSIGNATURE_BYTES
from fairkeeper.api.webhook import MAX_WEBHOOK_BYTES, WEBHOOK_PATH
from tests.channels.forge import Forge
from tests.channels.routes import Route, own_values, routes_of
from tests.channels.stage import Stage

JSON = {"content-type": "application/json"}
DEEP = 20_000

BAD_BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "cut": b'{"reason": "a',
    "two documents": b"{}{}",
    "a trailing comma": b'{"reason": "a",}',
    "single quotes": b"{'reason': 'a'}",
    "a comment": b'{/* */"reason": "a"}',
    "not a number": b'{"reason": NaN}',
    "infinite": b'{"quantity": Infinity}',
    "null": b"null",
    "true": b"true",
    "a number": b"17",
    "a text": b'"reason"',
    "a list": b"[]",
    "a list of objects": b'[{"reason": "a reason"}]',
    "an unknown field": b'{"nobody_knows_this_field": 1}',
    "numbers for everything": b'{"reason": 1, "name": 1, "roles": 1, "result": 1, "customer_id": 1}',
    "lists for everything": b'{"reason": [], "name": [], "quantity": [], "customer_id": [], "result": []}',
    "objects for everything": b'{"reason": {}, "name": {}, "quantity": {}, "customer_id": {}, "result": {}}',
    "NUL": b'{"reason": "a\\u0000b", "name": "a\\u0000b", "message": "a\\u0000b"}',
    "NUL as a key": b'{"\\u0000": 1}',
    "raw NUL": b'{"reason": "a\x00b"}',
    "a lone surrogate": b'{"reason": "a\\ud800b", "name": "a\\ud800b", "message": "a\\udfffb"}',
    "no UTF-8": b'{"reason": "\xff\xfe"}',
    "a huge integer": b'{"quantity": 1' + b"0" * 400 + b', "expires_in_days": 1' + b"0" * 400 + b"}",
    "an endless integer": b'{"quantity": ' + b"9" * 5_000 + b"}",
    "a huge float": b'{"quantity": 1e400, "expires_in_days": 1e400}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep without an end": b"[" * DEEP,
    "a field of a megabyte": b'{"reason": "' + b"x" * 900_000 + b'"}',
    "many fields": json.dumps({f"field_{number}": number for number in range(20_000)}).encode(),
}
NOT_JSON = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
BAD_TEXTS = {
    "NUL": "%00",
    "no UTF-8": "%FF%FE",
    "a surrogate": "%ED%A0%80",
    "a quote": "%27%20OR%201=1--",
    "a path": "..%2F..%2Fetc",
    "a template": "%7B%7B7*7%7D%7D",
    "a line break": "a%0D%0Ab",
    "right to left": "%E2%80%AE",
    "long": "x" * 5_000,
    "a huge integer": "9" * 400,
    "negative": "-1",
    "a float": "1e400",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")


@pytest.fixture
def stage(sqlite_stage: Stage) -> Stage:
    """On one database: what is refused here never reaches it."""
    return sqlite_stage


def assert_refused(answer: httpx.Response, told: str) -> None:
    """Expect a clear refusal in the API's own words."""
    assert 400 <= answer.status_code < 500, f"{told}: {answer.status_code} {answer.text[:300]}"
    error = answer.json()["error"]
    assert error["code"] and error["remedy"] and error["message"], told  # noqa: PT018 - one statement about one body
    assert error["request_id"] == answer.headers["x-request-id"], told
    assert len(answer.content) < 20_000, f"{told}: an answer of {len(answer.content)} bytes"


def body_routes(stage: Stage) -> Iterator[tuple[Route, str]]:
    """Return every route that takes a body, with an address of the owner's to send it to."""
    for route in routes_of(stage.app):
        if route.method in {"POST", "PUT", "PATCH"}:
            yield route, route.request(own_values(stage, stage.contoso, route))["path"]


def token_for(stage: Stage, route: Route) -> str:
    """Return what opens the route, so that it is the body that is judged."""
    forge = Forge(stage=stage)
    return forge.sign(forge.webhook_claims()) if route.path == WEBHOOK_PATH else stage.owner_token


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_everywhere(stage: Stage, failures: list[Any], name: str) -> None:
    """Or, where every field may be left out, an empty one is taken for none."""
    for route, path in body_routes(stage):
        told = f"{route.name}: {name}"
        content = BAD_BODIES[name]
        answer = stage.call(route.method, path, token_for(stage, route), content=content, headers=JSON)
        is_none_needed = not content.strip() and answer.is_success
        if not is_none_needed:
            assert_refused(answer, told)
        assert failures == [], told
        if is_none_needed:
            stage.rows.restore()
    assert [str(change) for change in stage.rows.changes()] == []


@pytest.mark.parametrize("content_type", NOT_JSON)
def test_another_kind_of_body_is_refused_everywhere(stage: Stage, failures: list[Any], content_type: str) -> None:
    for route, path in body_routes(stage):
        if route.path in {WEBHOOK_PATH, COSIGNATURES_PATH} or not route.places:
            continue  # Microsoft's webhook is judged by what it says; the others take no JSON
        headers = {"content-type": content_type} if content_type else {}
        answer = stage.call(route.method, path, stage.owner_token, content=b"reason=a+reason", headers=headers)
        assert_refused(answer, f"{route.name}: {content_type!r}")
    assert failures == []
    assert stage.rows.changes() == []


def test_a_name_given_twice_is_no_crash(stage: Stage, failures: list[Any]) -> None:
    for route, path in body_routes(stage):
        content = b'{"reason": "one", "reason": "another", "name": 1, "name": 2, "id": "a", "id": 1}'
        answer = stage.call(route.method, path, token_for(stage, route), content=content, headers=JSON)
        assert_refused(answer, route.name)
    assert failures == []


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_a_bad_address_or_query_is_refused_or_finds_nothing(stage: Stage, failures: list[Any], name: str) -> None:
    sent = BAD_TEXTS[name]
    for route in routes_of(stage.app):
        own = own_values(stage, stage.contoso, route)
        for field, place in route.places.items():
            if place not in {"path", "query"}:
                continue
            request = route.request({**own, field: "FILLED"} if place == "path" else own)
            path = request["path"].replace("FILLED", sent)
            query = "&".join(f"{key}={value}" for key, value in request.get("params", {}).items() if key != field)
            address = f"{path}?{query}" + (f"&{field}={sent}" if place == "query" else "")
            body = {"json": request["json"]} if "json" in request else {}
            answer = stage.call(route.method, address, stage.owner_token, **body)
            told = f"{route.name} {field}={sent[:40]}"
            if answer.is_success:
                assert place == "query" or route.method == "PUT", told  # what is put is named by whoever puts it
            else:
                assert_refused(answer, told)
            assert failures == [], told
    stage.rows.restore()


@pytest.mark.parametrize(
    "extra", ["nobody_knows_this=1", "limit=1&limit=2&limit=3", "=", "&&&", "%", "a" * 3000, "[]=1&a[b]=c"]
)
def test_what_a_query_may_not_hold_is_refused_or_left_out(stage: Stage, failures: list[Any], extra: str) -> None:
    for route in routes_of(stage.app):
        if route.method == "GET" and route.path != "/readyz":  # which tells the truth: nothing works beside the test
            path = route.request(own_values(stage, stage.contoso, route))["path"]
            answer = stage.call("GET", f"{path}?{extra}", stage.owner_token)
            if not answer.is_success:
                assert_refused(answer, f"{route.name}?{extra}")
    assert failures == []


def test_a_wrong_method_is_refused_everywhere(stage: Stage, failures: list[Any]) -> None:
    taken: dict[str, set[str]] = {}
    for route in routes_of(stage.app):
        path = route.request(own_values(stage, stage.contoso, route))["path"]
        taken.setdefault(path, set()).add(route.method)
    for path, methods in taken.items():
        for method in sorted(set(METHODS) - methods):
            answer = stage.call(method, path, stage.owner_token)
            told = f"{method} {path}"
            if method == "HEAD":
                assert answer.status_code in {200, 405}, told
                continue
            if answer.is_success:
                continue  # another route has the same words: /access/people is added to and listed
            assert_refused(answer, told)
            if answer.status_code == 405:
                assert set(answer.headers["allow"].replace(" ", "").split(",")) >= methods, told
    stage.rows.restore()
    assert failures == []


@pytest.mark.parametrize(
    "path",
    [
        *("/api", "/api/v1", "/api/v1/", "/api/v2/today", "/api/v1/nothing", "/api/v1/customers/", "/API/V1/today"),
        *("/log", "/log/", "/log/tile", "/log/tile/0/0", "/log/tile/-1/000", "/log/tile/0/x999/000", "/log/../healthz"),
        *(
            "/marketplace",
            "/marketplace/webhook/",
            "/mcp/",
            "/.env",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/%00",
            "//evil.example",
        ),
        *("/openapi.yaml", "/docs", "/redoc", "/admin", "/" + "a" * 3000),
    ],
)
def test_an_unknown_address_is_not_found(stage: Stage, failures: list[Any], path: str) -> None:
    url = urlsplit(stage.url)
    for method in ("GET", "POST"):
        raw = _raw(
            stage, f"{method} {path} HTTP/1.1\r\nhost: {url.netloc}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        assert raw.status_code in {404, 405}, f"{method} {path}: {raw.status_code}"
        assert raw.json()["error"]["remedy"]
    assert failures == []


@pytest.mark.parametrize(
    ("path", "largest"),
    [
        ("/api/v1/customers/contoso/rename", MAX_BODY_BYTES),
        (WEBHOOK_PATH, MAX_WEBHOOK_BYTES),
        (COSIGNATURES_PATH, MAX_COSIGNATURE_BYTES),
        ("/mcp", MAX_BODY_BYTES),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_limit_is_refused(
    stage: Stage, failures: list[Any], path: str, largest: int, is_chunked: bool
) -> None:
    content = b"x" * (largest + 1)
    pieces = (content[at : at + 65_536] for at in range(0, len(content), 65_536))
    answer = stage.call("POST", path, stage.owner_token, content=pieces if is_chunked else content, headers=JSON)
    assert answer.status_code == 413, answer.text[:300]
    assert answer.json()["error"]["code"] == "api.body_too_large"
    assert stage.rows.changes() == []
    assert failures == []


# --- what a polite client does not send


def _raw(stage: Stage, head: str, body: bytes = b"") -> httpx.Response:
    """Send bytes as they are and read the answer until the server closes."""
    url = urlsplit(stage.url)
    assert url.hostname is not None
    with socket.create_connection((url.hostname, url.port or 80), timeout=20) as connection:
        received = b""
        with contextlib.suppress(OSError):  # the server may have answered and closed before everything was sent
            connection.sendall(head.encode("latin-1") + body)
        while part := connection.recv(65_536):
            received += part
    assert received, "the server said nothing"
    first, _, rest = received.partition(b"\r\n")
    lines, _, content = rest.partition(b"\r\n\r\n")
    headers = [tuple(line.split(b": ", 1)) for line in lines.split(b"\r\n")]
    plain = [(name, value) for name, value in headers if name.lower() not in {b"transfer-encoding", b"content-length"}]
    return httpx.Response(int(first.split()[1]), headers=plain, content=content)


@pytest.mark.parametrize("path", ["/api/v1/customers/contoso/rename", WEBHOOK_PATH, COSIGNATURES_PATH, "/mcp"])
def test_a_client_that_leaves_amid_its_body_is_no_failure_of_ours(stage: Stage, failures: list[Any], path: str) -> None:
    url = urlsplit(stage.url)
    assert url.hostname is not None
    head = [f"POST {path} HTTP/1.1", f"host: {url.netloc}", f"authorization: Bearer {stage.owner_token}"]
    head += ["content-type: application/json", "content-length: 9"]
    with socket.create_connection((url.hostname, url.port or 80), timeout=20) as connection:
        connection.sendall("\r\n".join([*head, "", "{"]).encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
    assert stage.call("GET", "/healthz").status_code == 200
    assert failures == []
    assert stage.rows.changes() == []


def _request(stage: Stage, path: str, *headers: str) -> str:
    lines = [f"GET {path} HTTP/1.1", f"host: {urlsplit(stage.url).netloc}", "connection: close", *headers]
    return "\r\n".join(lines) + "\r\n\r\n"


@pytest.mark.parametrize("path", ["/api/v1/today", "/healthz", "/marketplace/landing", "/log/checkpoint"])
@pytest.mark.parametrize("kind", ["many headers", "long headers", "long query", "long path"])
def test_a_flood_of_headers_or_words_is_refused(stage: Stage, failures: list[Any], path: str, kind: str) -> None:
    flood = {
        "many headers": (path, [f"x-{number}: 1" for number in range(MAX_HEADERS + 1)], 431, "api.headers_too_large"),
        "long headers": (path, [f"cookie: {'c' * MAX_HEADER_BYTES}"], 431, "api.headers_too_large"),
        "long query": (f"{path}?text={'x' * MAX_ADDRESS_BYTES}", [], 414, "api.address_too_long"),
        "long path": (f"{path}/{'x' * MAX_ADDRESS_BYTES}", [], 414, "api.address_too_long"),
    }
    address, headers, status, code = flood[kind]
    answer = _raw(stage, _request(stage, address, *headers))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert failures == []


@pytest.mark.parametrize(
    "head",
    [
        "nonsense\r\n\r\n",
        "GET / HTTX/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nno colon here\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ten\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_server_goes_on(stage: Stage, failures: list[Any], head: str) -> None:
    answer = _raw(stage, head)
    assert 400 <= answer.status_code < 502
    assert stage.call("GET", "/healthz").status_code == 200
    assert failures == []


def test_a_header_without_an_end_is_cut_and_the_server_goes_on(stage: Stage, failures: list[Any]) -> None:
    with contextlib.suppress(ConnectionResetError):  # the connection may be gone before the refusal is read
        answer = _raw(stage, "GET / HTTP/1.1\r\nhost: a\r\nx: " + "h" * 200_000)
        assert answer.status_code == 400
    assert stage.call("GET", "/healthz").status_code == 200
    assert failures == []


def test_a_client_that_leaves_in_the_middle_changes_nothing(stage: Stage, failures: list[Any]) -> None:
    url = urlsplit(stage.url)
    assert url.hostname is not None
    head = f"POST /api/v1/customers/contoso/rename HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {stage.owner_token}\r\n"
    for rest in ("", "content-type: application/json\r\ncontent-length: 200\r\n\r\n", "content-length: 20\r\n\r\n{"):
        with socket.create_connection((url.hostname, url.port or 80), timeout=20) as connection:
            connection.sendall((head + rest).encode())
    assert stage.call("GET", "/healthz").status_code == 200
    assert stage.rows.changes() == []
    assert failures == []


# --- the webhook loses nothing


@pytest.mark.parametrize(
    "action", ["Sublimate", "suspend ", "", "Ünsubscribe", "🦊", "x" * 500, 7, None, ["Suspend"], {"a": 1}]
)
def test_an_unknown_action_is_kept_and_shown(stage: Stage, failures: list[Any], action: Any) -> None:
    notice = {"id": str(uuid.uuid4()), "action": action, "subscriptionId": stage.contoso.subscription_id}
    forge = Forge(stage=stage)
    answer = stage.call("POST", WEBHOOK_PATH, forge.sign(forge.webhook_claims()), json=notice)
    assert answer.status_code == 200, answer.text
    listed = stage.call("GET", "/api/v1/webhooks", stage.owner_token).json()
    (kept,) = [line for line in listed if line["operation_id"] == notice["id"]]
    shown = stage.call("GET", f"/api/v1/webhooks/{kept['notice_id']}", stage.owner_token).json()
    assert json.loads(shown["body"]) == notice
    cookies = {"cookie": f"fairkeeper_session={stage.owner_cookie}"}
    page = stage.call("GET", f"/webhooks/{kept['notice_id']}", headers=cookies)
    assert page.status_code == 200
    assert notice["id"] in page.text
    stage.work()
    settled = stage.call("GET", f"/api/v1/webhooks/{kept['notice_id']}", stage.owner_token).json()
    assert settled["state"] in {"held", "done"}
    assert settled["outcome"]
    assert failures == []


# --- whatever else


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=12), children, max_size=4),
    max_leaves=8,
)
_FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@_FEW
@given(data=st.data())
def test_no_json_whatever_makes_a_crash(stage: Stage, failures: list[Any], data: st.DataObject) -> None:
    """Any value in any field of any command, and any field beside them."""
    route, path = data.draw(st.sampled_from(list(body_routes(stage))), label="route")
    names = [name for name, place in route.places.items() if place == "body"] + ["id", "nobody"]
    body = data.draw(st.dictionaries(st.sampled_from(names), _ANYTHING, max_size=5) | _ANYTHING, label="body")
    content = json.dumps(body).encode()
    answer = stage.call(route.method, path, token_for(stage, route), content=content, headers=JSON)
    if answer.is_success:
        stage.rows.restore()
    else:
        assert_refused(answer, f"{route.name}: {body!r}")
    assert failures == []


@_FEW
@given(content=st.binary(max_size=200))
def test_no_bytes_whatever_make_the_webhook_crash(stage: Stage, failures: list[Any], content: bytes) -> None:
    forge = Forge(stage=stage)
    answer = stage.call("POST", WEBHOOK_PATH, forge.sign(forge.webhook_claims()), content=content)
    assert_refused(answer, repr(content))
    assert failures == []


@_FEW
@given(
    header=st.text(
        st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), min_size=1, max_size=80
    )
)
def test_no_header_whatever_makes_a_crash(stage: Stage, failures: list[Any], header: str) -> None:
    sent = [
        (b"authorization", f"Bearer {header}".encode("latin-1")),
        (b"cookie", f"fairkeeper_session={header}".encode("latin-1")),
    ]
    answer = stage.http.get(f"{stage.url}/api/v1/access/me", headers=sent)
    assert answer.status_code == 401
    page = stage.http.get(f"{stage.url}/", headers=[*sent, (b"accept", b"text/html")])
    assert page.status_code in {303, 401, 403}
    assert failures == []
