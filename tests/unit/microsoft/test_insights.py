"""The insights API against answers as its documents and their gaps allow: pages, refusals, odd shapes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from fairkeeper.microsoft.insights import PATHS, InsightsAPI
from fairkeeper.opportunities.errors import InsightsRefusedError, InsightsUnreachableError
from fairkeeper.opportunities.insights.importing import Prepared, prepare
from fairkeeper.sandbox.insights.api import InsightsDouble
from fairkeeper.sandbox.insights.market import MarketPlan, make_market

BASE = "https://m365partner.example/abss"


def api_over(handle: Callable[[httpx.Request], httpx.Response]) -> InsightsAPI:
    client = httpx.Client(transport=httpx.MockTransport(handle))
    return InsightsAPI(base_url=BASE, version="1.5", token=lambda: "token", client=client)


@pytest.fixture(scope="module")
def double() -> InsightsDouble:
    return InsightsDouble(make_market(MarketPlan(tenants=250, months=3, seed=5)), page_rows=100)


def over(double: InsightsDouble) -> InsightsAPI:
    def handle(request: httpx.Request) -> httpx.Response:
        status, body = double.answer(str(request.url), dict(request.headers))
        return httpx.Response(status, json=body)

    return api_over(handle)


def test_a_tab_comes_in_pages_and_is_imported_like_a_file(double: InsightsDouble) -> None:
    content = over(double).fetch("copilot")
    found = prepare("copilot-api", content, taken_on=date(2026, 1, 28), today=date(2026, 1, 28))
    assert isinstance(found, Prepared)
    assert (found.tab, found.rows) == ("copilot", double.rows)
    assert found.known_values["paid_seats"] == found.rows


def test_the_retired_version_and_a_missing_token_are_refused(double: InsightsDouble) -> None:
    old = over(double)
    with pytest.raises(InsightsRefusedError, match="410"):
        InsightsAPI(base_url=BASE, version="1.3", token=lambda: "token", client=old.client).fetch("copilot")
    with pytest.raises(InsightsRefusedError, match="401"):
        InsightsAPI(base_url=BASE, version="1.5", token=lambda: "", client=old.client).fetch("copilot")


@pytest.mark.parametrize("body", [{"message": "hello"}, "text", [1, 2], {"value": ["x"]}])
def test_what_are_no_rows_is_refused(body: Any) -> None:
    with pytest.raises(InsightsRefusedError):
        api_over(lambda _: httpx.Response(200, json=body)).fetch("copilot")


def test_a_next_page_on_another_host_never_gets_the_token() -> None:
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={"value": [{"tenantId": "x"}], "nextLink": "https://elsewhere.example/more"})

    with pytest.raises(InsightsRefusedError, match="another host"):
        api_over(handle).fetch("copilot")
    assert asked == ["m365partner.example"]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_work_later_is_unavailable(status: int) -> None:
    with pytest.raises(InsightsUnreachableError):
        api_over(lambda _: httpx.Response(status)).fetch("copilot")


def test_every_tab_has_its_path_in_version_1_5() -> None:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(200, json={"value": []})

    for tab in PATHS:
        api_over(handle).fetch(tab)
    assert seen[0] == "/abss/v1.5/api/opportunities/copilot"
    assert seen[1].endswith("/secureproductivity?category=E3Opportunities")
