"""What the ingestion connector sends, repeats and refuses; Microsoft is a function here that answers as scripted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import EntraUnavailableError
from fairkeeper.microsoft.ingestion import IngestionClient
from fairkeeper.microsoft.ingestion_answers import checked_guid
from fairkeeper.microsoft.ingestion_errors import (
    IngestionAccessRefusedError,
    IngestionBusyError,
    IngestionFaultError,
    IngestionRefusedError,
    IngestionUnavailableError,
    IngestionUnknownError,
    JobAskedTooSoonError,
)
from fairkeeper.microsoft.marketplace_transport import Patience
from fairkeeper.values.clock import FixedClock, MovableClock

BASE = "https://graph.example/rp/product-ingestion"
JOB = "c32dd7e8-8619-462d-a96b-0ac1974bace5"
GUID = "10000000-0000-4000-8000-000000000001"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE = Patience(attempts=3, total_seconds=5, first_wait_seconds=0.0001, longest_wait_seconds=1)
TOKEN = "an-access-token"

Answer = httpx.Response | Exception


class Tokens:
    """A token source that counts; the first calls may fail."""

    def __init__(self, *failures: Exception) -> None:
        self.forgotten = 0
        self.failures = list(failures)

    def token(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return TOKEN

    def forget(self) -> None:
        self.forgotten += 1


class Microsoft:
    """Answers in the order of its script, the last answer for ever, and remembers what it was asked."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def client_of(
    handler: Callable[[httpx.Request], httpx.Response],
    *,
    tokens: Tokens | None = None,
    clock: MovableClock | None = None,
) -> IngestionClient:
    http = httpx.Client(transport=httpx.MockTransport(handler), verify=False)  # noqa: S501 - nothing leaves
    clock = clock or MovableClock(FixedClock(NOON))
    return IngestionClient(BASE, tokens or Tokens(), http, patience=PATIENCE, clock=clock)


def answer(document: object, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, json=document, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


# ------------------------------------------------------------------------------------------------------- what is sent


def test_a_submission_carries_envelope_version_and_token() -> None:
    microsoft = Microsoft(answer({"jobId": JOB}, 202))
    assert client_of(microsoft).submit([{"name": "x"}]) == JOB
    (request,) = microsoft.asked
    assert str(request.url) == f"{BASE}/configure?%24version=2022-07-01"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(request.content) == {
        "$schema": "https://schema.mp.microsoft.com/schema/configure/2022-07-01",
        "resources": [{"name": "x"}],
    }


def test_decimals_are_written_digit_by_digit() -> None:
    microsoft = Microsoft(answer({"jobId": JOB}))
    client_of(microsoft).submit([{"amount": Decimal("100000000.10"), "p": Decimal("10.52631579"), "n": 3}])
    assert b'"amount":100000000.10,"p":10.52631579,"n":3' in microsoft.asked[0].content


@given(amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=8))
def test_every_decimal_comes_back_exactly(amount: Decimal) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            echo.kept = json.loads(request.content, parse_float=str, parse_int=str)["resources"][0]["amount"]  # type: ignore[attr-defined]
            return httpx.Response(200, json={"jobId": JOB})
        return httpx.Response(200, content=f'{{"amount": {echo.kept}}}'.encode())  # type: ignore[attr-defined]

    client = client_of(echo)
    client.submit([{"amount": amount}])
    read = client.read_private_offer(GUID)["amount"]
    assert type(read) in {int, Decimal}
    assert read == amount


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda client: client.job_status(JOB), f"/configure/{JOB}/status?%24version=2022-07-01"),
        (
            lambda client: client.read_private_offer(f"private-offer/{GUID}"),
            f"/private-offer/{GUID}?%24version=2023-07-15",
        ),
        (
            lambda client: client.read_public_price(GUID, "plan/1/2"),
            f"/price-and-availability-private-offer-plan/{GUID}?plan=plan%2F1%2F2&%24version=2023-07-15",
        ),
    ],
)
def test_calls_go_where_the_pages_say(call: Callable[[IngestionClient], Any], path: str) -> None:
    microsoft = Microsoft(answer({}))
    call(client_of(microsoft))
    assert str(microsoft.asked[0].url) == BASE + path


def test_a_job_may_answer_with_an_envelope_or_with_the_offer_alone() -> None:
    """The page of 2022 shows the first, the page of 2023 the second."""
    offer = {"id": f"private-offer/{GUID}", "privateOfferType": "customerPromotion"}
    assert client_of(Microsoft(answer({"resources": [offer, "x"]}))).read_job(JOB) == (offer,)
    assert client_of(Microsoft(answer(offer))).read_job(JOB) == (offer,)


# ------------------------------------------------------------------------------------------------------------- lists


def test_a_link_to_another_host_is_never_followed_with_our_token() -> None:
    pages = Microsoft(
        answer({"value": [{"id": "1"}], "@nextLink": "https://elsewhere.example/x?$version=1&$skipToken=a%3D"}),
        answer({"value": [{"id": "2"}, 7]}),
    )
    listed = client_of(pages).list_private_offers()
    assert (listed.documents, listed.is_complete) == (({"id": "1"}, {"id": "2"}), True)
    assert {request.url.host for request in pages.asked} == {"graph.example"}
    assert dict(pages.asked[1].url.params) == {"$skipToken": "a=", "$version": "2023-07-15"}


def test_a_list_keeps_its_own_query_on_every_page() -> None:
    pages = Microsoft(answer({"value": [], "@nextLink": f"{BASE}/plan?page=2"}), answer({"value": []}))
    client_of(pages).list_plans(GUID)
    assert pages.asked[1].url.params["product"] == f"product/{GUID}"


def test_pages_that_run_in_a_circle_end_as_incomplete() -> None:
    listed = client_of(Microsoft(answer({"value": [{}], "@nextLink": "?page=2"}))).list_products()
    assert (len(listed.documents), listed.is_complete) == (2, False)


@pytest.mark.parametrize("document", [{}, {"value": {}}, {"value": None}])
def test_an_answer_without_a_list_is_microsofts_fault(document: object) -> None:
    with pytest.raises(IngestionFaultError):
        client_of(Microsoft(answer(document))).list_products()


# ------------------------------------------------------------------------------------------------------ once a minute


def test_a_job_is_asked_about_once_a_minute_whatever_the_answer() -> None:
    clock = MovableClock(FixedClock(NOON))
    microsoft = Microsoft(answer({"jobStatus": "running"}))
    client = client_of(microsoft, clock=clock)
    client.job_status(JOB)
    clock.move(timedelta(seconds=59))
    with pytest.raises(JobAskedTooSoonError) as refused:
        client.job_status(JOB)
    assert refused.value.detail["retry_after_seconds"] == 2
    client.job_status(GUID)
    clock.move(timedelta(seconds=1))
    client.job_status(JOB)
    assert len(microsoft.asked) == 3


def test_waiting_asks_once_a_minute_until_the_job_is_completed() -> None:
    clock = MovableClock(FixedClock(NOON))
    microsoft = Microsoft(
        answer({"jobStatus": "notStarted"}),
        answer({}, 429, retry_after="7"),
        answer({"jobStatus": "running"}),
        answer({"jobStatus": "Completed", "jobResult": "failed"}),
    )
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.move(timedelta(seconds=seconds))

    done = client_of(microsoft, clock=clock).wait_for_job(JOB, sleep=sleep)
    assert done == {"jobStatus": "Completed", "jobResult": "failed"}
    assert waited[:2] == [60, 7]
    assert len(microsoft.asked) == 4
    assert sum(waited) >= 180


# ---------------------------------------------------------------------------------------------------------- patience


@pytest.mark.parametrize("failure", [answer({}, 429), answer({}, 503), httpx.ConnectError("no")])
def test_what_was_certainly_not_carried_out_is_repeated(failure: Answer) -> None:
    microsoft = Microsoft(failure, answer({"jobId": JOB}))
    assert client_of(microsoft).submit([{}]) == JOB
    assert len(microsoft.asked) == 2


@pytest.mark.parametrize("failure", [answer({}, 502), answer({}, 504), httpx.ReadTimeout("no"), httpx.ReadError("no")])
def test_a_submission_whose_outcome_is_unknown_is_not_repeated(failure: Answer) -> None:
    microsoft = Microsoft(failure)
    with pytest.raises(IngestionUnavailableError) as unavailable:
        client_of(microsoft).submit([{}])
    assert unavailable.value.detail["outcome_unknown"] is True
    assert len(microsoft.asked) == 1


def test_a_reading_is_repeated_whatever_happened_to_it() -> None:
    microsoft = Microsoft(httpx.ReadTimeout("no"), answer({}, 502), answer({"id": "1"}))
    assert client_of(microsoft).read_private_offer(GUID) == {"id": "1"}


def test_retry_after_beyond_our_patience_is_told_and_not_waited_for() -> None:
    microsoft = Microsoft(answer({}, 429, retry_after="Sun, 22 Nov 2026 12:02:00 GMT"))
    with pytest.raises(IngestionBusyError) as busy:
        client_of(microsoft).list_products()
    assert busy.value.detail["retry_after_seconds"] == 120
    assert len(microsoft.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_renewed_once(status: int) -> None:
    tokens = Tokens()
    assert client_of(Microsoft(answer({}, status), answer({"id": "1"})), tokens=tokens).read_private_offer(GUID)
    assert tokens.forgotten == 1
    with pytest.raises(IngestionAccessRefusedError):
        client_of(Microsoft(answer({}, status))).read_private_offer(GUID)


def test_a_token_that_could_not_be_had_at_once_is_asked_for_again() -> None:
    tokens = Tokens(EntraUnavailableError("later"))
    assert client_of(Microsoft(answer({"jobId": JOB})), tokens=tokens).submit([{}]) == JOB


# ------------------------------------------------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, IngestionRefusedError),
        (404, IngestionUnknownError),
        (409, IngestionRefusedError),
        (418, IngestionFaultError),
        (500, IngestionFaultError),
    ],
)
def test_refusals_are_translated_once_and_not_repeated(status: int, kind: type[FairkeeperError]) -> None:
    error = {"error": {"code": "c", "message": "told", "details": [{"target": "name", "message": "bad"}, 7]}}
    microsoft = Microsoft(answer(error, status))
    with pytest.raises(kind) as refused:
        client_of(microsoft).read_private_offer(GUID)
    assert "told" in refused.value.message
    assert refused.value.detail["status"] == status
    assert len(microsoft.asked) == 1


@pytest.mark.parametrize("body", [b"[]", b"7", b"<html>", b'{"a": 1', b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_object_is_microsofts_fault(body: bytes) -> None:
    with pytest.raises(IngestionFaultError):
        client_of(Microsoft(httpx.Response(200, content=body))).read_private_offer(GUID)
    with pytest.raises(IngestionRefusedError):
        client_of(Microsoft(httpx.Response(400, content=body))).read_private_offer(GUID)


@pytest.mark.parametrize("document", [{}, {"jobId": None}, {"jobId": "../x"}])
def test_a_submission_without_a_job_may_have_been_carried_out(document: object) -> None:
    with pytest.raises(IngestionFaultError) as fault:
        client_of(Microsoft(answer(document))).submit([{}])
    assert fault.value.detail["outcome_unknown"] is True


@given(text=st.text(max_size=80))
def test_only_ids_get_into_a_path(text: str) -> None:
    try:
        found = checked_guid(text, "job")
    except IngestionUnknownError:
        return
    assert len(found) == 36
    assert set(found) <= set("0123456789abcdef-")


def test_neither_token_nor_body_is_logged_or_told() -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(FairkeeperError) as refused:
        client_of(Microsoft(answer({}, 400))).submit([{"name": "a-secret-deal"}])
    told = f"{logs} {refused.value!r} {refused.value.detail}"
    assert logs
    assert TOKEN not in told
    assert "a-secret-deal" not in told
