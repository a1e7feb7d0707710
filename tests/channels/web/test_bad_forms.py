"""Whatever a browser, or what pretends to be one, sends to a page or a form: a page that says so, never a crash."""

from __future__ import annotations

from typing import Any

import pytest

from fairkeeper.access.credentials import form_token
from tests.channels.stage import Stage
from tests.channels.web.test_two_tenants_pages import Browser, filled, own_form, own_path, pages_of

FORM = "application/x-www-form-urlencoded"
LARGE = 2 * 1024 * 1024


@pytest.fixture
def stage(sqlite_stage: Stage) -> Stage:
    """On one database: what is refused here never reaches it."""
    return sqlite_stage


@pytest.fixture
def owner(stage: Stage) -> Browser:
    return Browser(stage=stage, cookie=stage.owner_cookie)


def send(stage: Stage, path: str, content: bytes, content_type: str) -> Any:
    headers = {
        "cookie": f"fairkeeper_session={stage.owner_cookie}",
        "accept": "text/html",
        "content-type": content_type,
    }
    return stage.http.post(f"{stage.url}{path}", content=content, headers=headers)


def bad_forms(stage: Stage) -> dict[str, tuple[bytes, str]]:
    """Return what is sent, each with a good token where it could have one: only the rest is wrong."""
    good = f"csrf_token={form_token(stage.owner_cookie)}&".encode()
    return {
        "nothing": (b"", FORM),
        "no token": (b"reason=a+reason", FORM),
        "a wrong token": (b"csrf_token=guessed&reason=a+reason", FORM),
        "JSON": (b'{"csrf_token": "x"}', "application/json"),
        "plain text": (good, "text/plain"),
        "many parts": (b"--x\r\n", "multipart/form-data; boundary=x"),
        "no UTF-8": (good + b"reason=\xff\xfe", FORM),
        "no UTF-8, encoded": (good + b"reason=%FF%FE", FORM),
        "NUL": (good + b"reason=a%00b&name=a%00b&plan_id=a%00b&quantity=%00&typed_word=%00", FORM),
        "a surrogate": (good + b"reason=%ED%A0%80&name=%ED%A0%80", FORM),
        "words for numbers": (good + b"quantity=many&minimum_seats=few&expires_in_days=soon&reason=a+reason", FORM),
        "huge numbers": (good + b"quantity=" + b"9" * 5_000 + b"&minimum_seats=" + b"9" * 400 + b"&reason=abc", FORM),
        "long texts": (good + b"reason=" + b"x" * 30_000 + b"&name=" + b"x" * 30_000, FORM),
        "many fields": (good + b"&".join(b"f%d=1" % number for number in range(3_000)), FORM),
        "a field twice": (good + b"reason=one&reason=another&name=a&name=b", FORM),
        "too large": (good + b"reason=" + b"x" * LARGE, FORM),
    }


def test_no_form_whatever_makes_a_crash(stage: Stage, failures: list[Any]) -> None:
    ways = [(way, own_path(stage, stage.contoso, way)) for way in pages_of(stage) if way.method == "POST"]
    for told, (content, content_type) in bad_forms(stage).items():
        for way, path in ways if len(content) < LARGE else ways[:3]:
            answer = send(stage, path, content, content_type)
            words = f"{way.path}: {told}: {answer.status_code}"
            # One shows a text and keeps nothing; the other reads no field and sends a file.
            shows = {200} if way.path in {"/deals/preview", "/incidents/{incident_id}/package"} else set()
            assert answer.status_code in {303, 400, 403, 404, 409, 413, 422, *shows}, words
            if answer.status_code in {200, 303}:
                stage.rows.restore()
            assert failures == [], words
    assert [str(change) for change in stage.rows.changes()] == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_form_of_another_site_changes_nothing(stage: Stage, owner: Browser, site: str) -> None:
    form = {"csrf_token": form_token(owner.cookie), **own_form(stage, stage.contoso)}
    for way in pages_of(stage):
        if way.method == "POST":
            headers = {"cookie": f"fairkeeper_session={owner.cookie}", "sec-fetch-site": site}
            answer = stage.http.post(f"{stage.url}{own_path(stage, stage.contoso, way)}", data=form, headers=headers)
            assert answer.status_code == 403, way.path
    assert stage.rows.changes() == []


@pytest.mark.parametrize(
    "text", ["%00", "%FF%FE", "%ED%A0%80", "..%2F..%2Fetc", "x" * 3_000, "-1", "9" * 400, "%E2%80%AE"]
)
def test_no_address_whatever_makes_a_crash(stage: Stage, owner: Browser, failures: list[Any], text: str) -> None:
    for way in pages_of(stage):
        if way.method == "GET" and "{" in way.path:
            answer = owner.get(filled(way, dict.fromkeys(_fields(way.path), text)))
            assert answer.status_code in {303, 400, 403, 404, 422}, f"{way.path}: {answer.status_code}"
            assert failures == [], way.path


def _fields(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


@pytest.mark.parametrize(
    "query",
    [
        *("page=%00", "page=-1", "page=" + "9" * 400, "before=many", "before=" + "9" * 400, "limit=0", "text=%FF%FE"),
        *("sort=nothing", "status=nothing", "step=nothing", "kind=%00", "subject_id=%00", "customer=%00", "q=%00"),
        *("recorded=%00", "as=nobody", "return_to=//evil.example", "state=%00&code=%00", "token=%00", "theme=%00"),
    ],
)
def test_no_query_whatever_makes_a_crash(stage: Stage, owner: Browser, failures: list[Any], query: str) -> None:
    for way in pages_of(stage):
        if way.method == "GET" and "{" not in way.path:
            answer = owner.get(f"{way.path}?{query}")
            refused = {403} if way.path == "/invitation" else set()  # it is no invitation's address
            told = f"{way.path}?{query[:30]}: {answer.status_code}"
            assert answer.status_code in {200, 303, 400, 404, 422, *refused}, told
            assert "evil.example" not in answer.headers.get("location", "")
            assert failures == [], f"{way.path}?{query[:30]}"
    stage.rows.restore()
