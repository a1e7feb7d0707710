"""Another customer's id is an id that does not exist, over every page and every form of the console.

The pages come from the application's own routes, the forms and their fields from the pages themselves.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.routing import Route as StarletteRoute

import fairkeeper.web
from fairkeeper.access.credentials import form_token
from fairkeeper.api.authzen import EVALUATION_PATH, EVALUATIONS_PATH, METADATA_PATH
from fairkeeper.api.outcomes import OUTCOMES_PATH
from fairkeeper.web.app import WAYS
from fairkeeper.web.door import ConsoleDoor
from fairkeeper.web.routes.opportunities.importing import UPLOAD_PATH as INSIGHTS_PATH
from fairkeeper.web.routes.payouts.handing_over import UPLOAD_PATH
from fairkeeper.web.serving.ways import Audience, Way
from tests.channels.ids import ids_of, twin_of
from tests.channels.parameters import FILLINGS, Filling, fixed
from tests.channels.stage import MCP_PATH, Stage, Tenant
from tests.channels.test_two_tenants import Silence, without_ids, without_new_ids
from tests.channels.web.markup import Element, read

AUTHZEN_PATHS = (EVALUATION_PATH, EVALUATIONS_PATH, METADATA_PATH, OUTCOMES_PATH)
FOR_EVERYBODY = {
    "/static/{name}",
    "/sign-in",
    "/sign-in/start",
    "/sign-in/callback",
    "/first-owner",
    "/look",
    "/sign-out",
}
"""Pages that show nothing of anybody, and the ways in and out; the token matrix knocks at those."""
QUERY_FILLINGS: Mapping[str, Filling] = {
    **FILLINGS,
    "q": FILLINGS["text"],
    "id": FILLINGS["overview.trace:id"],
    "page": fixed("1"),
    "operation": fixed("", "operation"),
    "recorded": fixed("", "entry"),
    "subscription": fixed("", "subscription"),
    "person": fixed("", "person"),
    "agent": fixed("", "agent"),
    "allowed": fixed("yes"),
    "show": fixed("unread"),
    "before": fixed(""),
    "grant": fixed("", "consent_grant"),
    **{name: fixed("", "customer") for name in ("admin_consent", "error", "feature", "tenant", "way", "said", "made")},
}
"""What the query of a page may name, besides what operations take."""
PATH_FILLINGS: Mapping[tuple[str, str], Filling] = {
    ("/guide/", "step"): fixed("messages"),
    ("/assurance/rules/", "kind"): FILLINGS["assurance.set_signal_rule:kind"],
    ("/assurance/data/keep/", "data_class"): FILLINGS["assurance.set_retention:data_class"],
    ("/incidents/", "incident_id"): FILLINGS["assurance.show_incident:incident_id"],
    ("/incidents/", "notice_id"): FILLINGS["assurance.settle_notice:notice_id"],
}
"""What paths that begin so name by a word that means something else, or nothing, in other places."""
_READ_FROM_ADDRESS = re.compile(r'visit\.query\("([a-z_]+)"\)')
_DRAWN_ANEW = re.compile(r"\b(web|key)_[\w-]{20,}|\b[a-z]{3}_\w{4}…\w{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A signed-in browser."""

    stage: Stage
    cookie: str

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self._send("GET", path, **options)

    def post(self, path: str, form: Mapping[str, Any]) -> httpx.Response:
        return self._send("POST", path, data={"csrf_token": form_token(self.cookie), **form})

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"cookie": f"fairkeeper_session={self.cookie}", "accept": "text/html"}
        return self.stage.http.request(method, f"{self.stage.url}{path}", headers=headers, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentForm:
    """A form as a page holds it, with what stands in its fields."""

    path: str
    fields: Mapping[str, str]


def forms_on(page: Element) -> Iterator[SentForm]:
    for form in page.all("form"):
        if form.attributes.get("method", "get").lower() != "post":
            continue
        fields = {
            field.attributes["name"]: field.attributes.get("value", "")
            for tag in ("input", "select", "textarea")
            for field in form.all(tag)
            if "name" in field.attributes
        }
        yield SentForm(path=form.attributes["action"], fields=fields)


def told(answer: httpx.Response, sent: Any) -> tuple[int, str, str]:
    """Return status, where the browser is sent and what is shown, without what differs by nature."""
    words = re.sub(r"<svg.*?</svg>", "", _DRAWN_ANEW.sub("NEW", answer.text), flags=re.DOTALL)
    if isinstance(sent, int):  # a page is full of numbers; what was sent comes back in an address or a message
        before = "[=/ ]" if answer.is_client_error else "[=/]"
        pattern = re.compile(rf"(?<={before}){sent}(?![0-9a-z])")
        return (
            answer.status_code,
            pattern.sub("SENT", answer.headers.get("location", "")),
            without_new_ids(pattern.sub("SENT", words)),
        )
    return answer.status_code, without_ids(answer.headers.get("location", ""), sent), without_ids(words, sent)


@cache
def crawl(stage: Stage, cookie: str) -> dict[str, httpx.Response]:
    """Follow links from the front page on, as a person could; return the answers by path and query.

    Of pages that differ only in an id or in what stands in their query, two are opened.
    """
    browser, found = Browser(stage=stage, cookie=cookie), dict[str, httpx.Response]()
    waiting, opened = ["/"], Counter[str]()
    while waiting:
        path = waiting.pop(0).partition("#")[0]
        shape = shape_of(path)
        if path in found or opened[shape] == 2:
            continue
        opened[shape] += 1
        answer = found[path] = browser.get(path)
        if answer.headers.get("content-type", "").startswith("text/html") and answer.is_success:
            links = [link.attributes.get("href", "") for link in read(answer.text).all("a")]
            waiting += [link for link in links if link.startswith("/") and not link.startswith(("/static", "/sign-in"))]
        elif "location" in answer.headers:
            waiting.append(answer.headers["location"])
    return found


def shape_of(address: str) -> str:
    """Return what an address has in common with those of its kind.

    Example:
        >>> shape_of("/evidence/ent_01M81GAHK34DFX3186CFCKCS4E?kind=a&limit=2")
        '/evidence/ID?kind&limit'
    """
    path, _, query = address.partition("?")
    names = sorted(pair.partition("=")[0] for pair in query.split("&") if pair)
    plain = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[a-z]{3}_[0-9A-Za-z]{8,}|(?<=/)[0-9]+", "ID", path)
    return f"{plain}?{'&'.join(names)}" if names else plain


def pages_of(stage: Stage) -> list[Way]:
    """Return every page and form of the console, and fail when a route of the application is neither."""
    described, door = set(stage.app.openapi()["paths"]), stage.app.router.default
    assert isinstance(door, ConsoleDoor)
    routes = {
        (method, route.path)
        for route in (*stage.app.routes, *door.open().router.routes)
        if isinstance(route, StarletteRoute)
        and route.path not in {*described, MCP_PATH, "/openapi.json", *AUTHZEN_PATHS}
        for method in (route.methods or {"GET"}) - {"HEAD"}
    }
    assert routes == {(way.method, way.path) for way in WAYS} | {("POST", UPLOAD_PATH), ("POST", INSIGHTS_PATH)}, (
        "a route that is no page and no operation"
    )
    return [way for way in WAYS if way.path not in FOR_EVERYBODY]


def fields_of(way: Way) -> list[str]:
    return re.findall(r"{([a-z_]+)}", way.path)


def filled(way: Way, values: Mapping[str, Any]) -> str:
    return re.sub(r"{([a-z_]+)}", lambda found: str(values[found[1]]), way.path)


def own_path(stage: Stage, tenant: Tenant, way: Way) -> str:
    values = {name: filling_of(way, name).own(stage, tenant) for name in fields_of(way)}
    assert "" not in values.values(), f"{way.path}: without {values} it is the address of nothing"
    return filled(way, values)


def filling_of(way: Way, name: str) -> Filling:
    named = (
        filling for (start, field), filling in PATH_FILLINGS.items() if way.path.startswith(start) and field == name
    )
    found = next(named, None) or FILLINGS.get(name)
    assert found is not None, f"{way.path}: say in tests/channels/parameters.py how {name!r} is filled"
    return found


@cache
def _named_by_pages() -> frozenset[str]:
    """Return every word that stands in quotes in the console's own files, the names of all its fields among them."""
    folder = Path(fairkeeper.web.__file__).parent
    texts = [path.read_text("utf-8") for end in ("*.py", "*.html") for path in folder.rglob(end)]
    return frozenset(word for text in texts for word in re.findall(r'"([a-z_]+)"', text))


def own_form(stage: Stage, tenant: Tenant) -> dict[str, Any]:
    """Return something for every field that any form could have."""
    return dict(_own_form(stage, tenant))


@cache
def _own_form(stage: Stage, tenant: Tenant) -> dict[str, Any]:
    """Return it, made once: there are hundreds of fields, and thousands of forms are sent."""
    names = [name for name in FILLINGS if name in _named_by_pages()]  # a form of more fields than any page has is none
    texts = {name: FILLINGS[name].own(stage, tenant) for name in names}
    plain = {name: str(value) for name, value in texts.items() if isinstance(value, str | int)}
    return {**plain, "typed_word": tenant.slug}


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage=stage, cookie=stage.contoso.cookies["customer_admin"])


@pytest.fixture
def silence(stage: Stage) -> Silence:
    return Silence(stage, stage.fabrikam)


def _attack(
    stage: Stage, browser: Browser, method: str, path: str, form: Mapping[str, Any] | None = None
) -> httpx.Response:
    answer = browser.get(path) if method == "GET" else browser.post(path, form or own_form(stage, stage.contoso))
    changes = stage.rows.changes() if method == "POST" and answer.status_code < 400 else []
    owners = {owner for change in changes for owner in change.owners}
    assert owners <= {stage.contoso.customer_id}, f"{method} {path} changed rows of {owners}"
    if changes:
        stage.rows.restore(changes)
    return answer


def test_an_id_of_another_customer_in_an_address_is_an_id_of_nobody(
    stage: Stage, browser: Browser, silence: Silence, failures: list[Any]
) -> None:
    tried = 0
    for way in pages_of(stage):
        rest = {name: filling_of(way, name).own(stage, stage.contoso) for name in fields_of(way)}
        for name in fields_of(way):
            for kind in filling_of(way, name).kinds:
                value = ids_of(stage, stage.fabrikam, kind)[0]
                twin = twin_of(value)
                nobody = told(_attack(stage, browser, way.method, filled(way, {**rest, name: twin})), twin)
                sent = filled(way, {**rest, name: value})
                answer = _attack(stage, browser, way.method, sent)
                assert told(answer, value) == nobody, f"{way.method} {way.path}: {value}"
                assert answer.status_code in {403, 404}, f"{way.method} {way.path}: {answer.status_code}"
                silence.check(answer, sent=sent)
                tried += 1
    assert stage.rows.changes() == []
    assert failures == []
    assert tried > 40


def test_an_id_of_another_customer_in_a_query_is_an_id_of_nobody(
    stage: Stage, browser: Browser, silence: Silence, failures: list[Any]
) -> None:
    tried = 0
    for way in pages_of(stage):
        if way.method != "GET" or way.audience is Audience.STAFF:
            continue
        path = own_path(stage, stage.contoso, way)
        for name in _query_names(way):
            for kind in QUERY_FILLINGS[name].kinds[:1]:
                value = ids_of(stage, stage.fabrikam, kind)[0]
                nobody = told(browser.get(path, params={name: twin_of(value)}), twin_of(value))
                answer = browser.get(path, params={name: value})
                assert told(answer, value) == nobody, f"{way.path}?{name}={value}"
                silence.check(answer, sent=value)
                tried += 1
    counted = {change.table: change.owners for change in stage.rows.changes()}
    assert counted in ({}, {"landing_step": {None}}), "a page that is looked at counts visits, and changes nothing else"
    assert failures == []
    assert tried > 10


def _query_names(way: Way) -> list[str]:
    """Return what the module of a page reads from addresses, by name; every name must be known how to fill."""
    module = inspect.getmodule(way.handler)
    source = inspect.getsource(module) if module else ""
    read_there = set(_READ_FROM_ADDRESS.findall(source))
    is_list = not fields_of(way) and "visit.query(name)" in source
    named = {name for name in QUERY_FILLINGS if is_list and f'"{name}"' in source}
    unknown = read_there - set(QUERY_FILLINGS) - {"token", "as", "return_to", "asked", "v", "state", "kind"}
    assert not unknown, f"{way.path} reads {unknown} from its address: say in QUERY_FILLINGS what ids to put there"
    return sorted((read_there | named) & set(QUERY_FILLINGS))


def test_an_id_of_another_customer_in_a_form_is_an_id_of_nobody(
    stage: Stage, browser: Browser, silence: Silence, failures: list[Any]
) -> None:
    tried: set[tuple[str, str]] = set()
    pages = crawl(stage, browser.cookie)
    looked_at = {(change.table, owner) for change in stage.rows.changes() for owner in change.owners}
    of_own = {("message_copy", stage.contoso.customer_id), ("landing_step", None)}
    assert looked_at <= of_own, "who opens a message has read it; looking changes nothing else"
    stage.rows.restore()
    for path, page in pages.items():
        if not page.headers.get("content-type", "").startswith("text/html"):
            continue
        for form in forms_on(read(page.text)):
            shape = shape_of(form.path)
            for name in set(form.fields) - {"csrf_token", "idempotency_key"}:
                if (shape, name) in tried or shape in {"/sign-out", "/look"}:
                    continue
                tried.add((shape, name))
                filling = FILLINGS.get(name) or fixed("", "customer", "subscription")
                own = {**own_form(stage, stage.contoso), **{k: v for k, v in form.fields.items() if v}}
                own.pop("idempotency_key", None)
                for kind in filling.kinds[:2] or ("customer",):
                    value = ids_of(stage, stage.fabrikam, kind)[0]
                    nobody = told(
                        _attack(stage, browser, "POST", form.path, {**own, name: twin_of(value)}), twin_of(value)
                    )
                    answer = _attack(stage, browser, "POST", form.path, {**own, name: value})
                    assert told(answer, value) == nobody, f"{path}: {form.path} {name}={value}"
                    silence.check(answer, sent=value)
    assert stage.rows.changes() == []
    assert failures == []
    assert len(tried) > 5


@pytest.mark.parametrize("role", ["customer_admin", "customer_user"])
def test_everything_a_customer_is_offered_can_be_opened(
    stage: Stage, silence: Silence, failures: list[Any], role: str
) -> None:
    """Pages offer only what works; and nothing of another customer's is on any of them."""
    answers = crawl(stage, stage.contoso.cookies[role])
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code not in {200, 303}} == {}
    for answer in answers.values():
        silence.check(answer)
    assert failures == []
    assert len(answers) >= (15 if role == "customer_admin" else 4)


def test_everything_the_owner_is_offered_can_be_opened(stage: Stage, failures: list[Any]) -> None:
    answers = crawl(stage, stage.owner_cookie)
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code not in {200, 303}} == {}
    assert failures == []
    assert {urlsplit(path).path for path in answers} >= {
        "/customers/contoso",
        "/customers/fabrikam",
        "/settings/people",
    }


def test_staffs_pages_do_not_exist_for_a_customer(stage: Stage, browser: Browser, silence: Silence) -> None:
    for way in pages_of(stage):
        if way.audience is Audience.STAFF:
            answer = _attack(stage, browser, way.method, own_path(stage, stage.contoso, way))
            assert answer.status_code == 404, f"{way.method} {way.path}: {answer.status_code}"
            silence.check(answer)


def test_who_is_not_signed_in_sees_nothing_of_anybody(stage: Stage, failures: list[Any]) -> None:
    nobody = Browser(stage=stage, cookie="")
    for tenant in (stage.contoso, stage.fabrikam):
        silence = Silence(stage, tenant)
        for way in pages_of(stage):
            path = own_path(stage, tenant, way)
            answer = nobody.get(path) if way.method == "GET" else nobody.post(path, own_form(stage, tenant))
            assert answer.status_code in {200, 303, 401, 403, 404}, f"{way.method} {way.path}: {answer.status_code}"
            if answer.status_code != 303:
                silence.check(answer, sent=[path, json.dumps(own_form(stage, tenant))])
    assert stage.rows.changes() == []
    assert failures == []
