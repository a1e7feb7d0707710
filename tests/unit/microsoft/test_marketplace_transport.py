"""What the transport repeats, refuses and never tells; Microsoft is a function here that answers as a test scripts it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.errors import (
    AccessRefusedError,
    FulfillmentFaultError,
    FulfillmentUnavailableError,
    RequestRefusedError,
)
from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import AddressRefusedError, EntraUnavailableError
from fairkeeper.microsoft.fulfillment import FulfillmentClient
from fairkeeper.microsoft.marketplace_transport import Patience, check_address, message_of, retry_after_seconds
from fairkeeper.values.clock import FixedClock
from fairkeeper.values.ids import SubscriptionId

BASE = "https://marketplace.example/api"
SUBSCRIPTION = SubscriptionId("10000000-0000-4000-8000-000000000001")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FOUND = {"id": SUBSCRIPTION, "saasSubscriptionStatus": "Subscribed"}
PATIENCE = Patience(attempts=3, total_seconds=5, first_wait_seconds=0.0001, longest_wait_seconds=1)
TOKEN = "an-access-token"

Answer = httpx.Response | Exception
Handler = Callable[[httpx.Request], httpx.Response]


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


def client_of(handler: Handler, *, tokens: Tokens | None = None, patience: Patience = PATIENCE) -> FulfillmentClient:
    http = httpx.Client(transport=httpx.MockTransport(handler), verify=False)  # noqa: S501 - nothing leaves
    return FulfillmentClient(BASE, tokens or Tokens(), http, patience=patience, clock=FixedClock(NOON))


def answer(status: int = 200, document: object = FOUND, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, json=document, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


# ------------------------------------------------------------------------------------------------------- what is sent


def test_every_request_names_its_version_and_two_ids_and_repetitions_share_the_second() -> None:
    microsoft = Microsoft(answer(503, {}), answer())
    client_of(microsoft).get_subscription(SUBSCRIPTION)
    first, second = microsoft.asked

    assert str(first.url) == f"{BASE}/saas/subscriptions/{SUBSCRIPTION}?api-version=2018-08-31"
    assert first.headers["authorization"] == f"Bearer {TOKEN}"
    assert first.headers["x-ms-correlationid"] == second.headers["x-ms-correlationid"]
    assert first.headers["x-ms-requestid"] != second.headers["x-ms-requestid"]


def test_activation_sends_seats_only_where_there_are_some() -> None:
    microsoft = Microsoft(httpx.Response(200))
    client = client_of(microsoft)
    client.activate(SUBSCRIPTION, "team", 5)
    client.activate(SUBSCRIPTION, "business")

    assert [json.loads(request.content) for request in microsoft.asked] == [
        {"planId": "team", "quantity": 5},
        {"planId": "business"},
    ]


def test_link_to_another_host_is_never_followed_with_our_token() -> None:
    pages = Microsoft(
        answer(200, {"subscriptions": [FOUND], "@nextLink": "https://elsewhere.example/?continuationToken=a%3D%3D"}),
        answer(200, {"subscriptions": [], "@nextLink": ""}),
    )
    listed = client_of(pages).list_subscriptions()

    assert listed.is_complete
    assert {request.url.host for request in pages.asked} == {"marketplace.example"}
    assert pages.asked[1].url.params["continuationToken"] == "a=="


def test_pages_that_run_in_a_circle_end_as_incomplete() -> None:
    pages = Microsoft(answer(200, {"subscriptions": [FOUND], "@nextLink": f"{BASE}?continuationToken=again"}))
    listed = client_of(pages).list_subscriptions()

    assert not listed.is_complete
    assert len(pages.asked) == 2


def test_entries_that_cannot_be_read_hide_no_others() -> None:
    page = {"subscriptions": [None, {"id": 7}, FOUND, "x"]}
    listed = client_of(Microsoft(answer(200, page))).list_subscriptions()

    assert [snapshot.id for snapshot in listed.subscriptions] == [SUBSCRIPTION]
    assert [finding.code for finding in listed.findings].count("customers.id_missing") == 3


# ------------------------------------------------------------------------------------------------- what is repeated


@pytest.mark.parametrize("failure", [answer(429, {}), answer(503, {}), httpx.ConnectError("refused")])
def test_what_was_certainly_not_carried_out_is_repeated(failure: Answer) -> None:
    microsoft = Microsoft(failure, failure, httpx.Response(200))
    client_of(microsoft).activate(SUBSCRIPTION, "team")

    assert len(microsoft.asked) == 3


@pytest.mark.parametrize(
    "failure", [answer(502, {}), answer(504, {}), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("gone")]
)
def test_change_whose_outcome_is_unknown_is_not_repeated(failure: Answer) -> None:
    microsoft = Microsoft(failure)
    with pytest.raises(FulfillmentUnavailableError) as unavailable:
        client_of(microsoft).activate(SUBSCRIPTION, "team")

    assert len(microsoft.asked) == 1
    assert unavailable.value.detail["outcome_unknown"] is True


@pytest.mark.parametrize("failure", [answer(502, {}), httpx.ReadTimeout("slow"), httpx.ReadError("gone")])
def test_reading_is_repeated_whatever_happened_to_it(failure: Answer) -> None:
    microsoft = Microsoft(failure, answer())

    assert client_of(microsoft).get_subscription(SUBSCRIPTION).value is not None
    assert len(microsoft.asked) == 2


def test_repetitions_end() -> None:
    microsoft = Microsoft(answer(503, {}))
    with pytest.raises(FulfillmentUnavailableError):
        client_of(microsoft).get_subscription(SUBSCRIPTION)

    assert len(microsoft.asked) == PATIENCE.attempts


def test_retry_after_beyond_our_patience_is_told_and_not_waited_for() -> None:
    microsoft = Microsoft(answer(429, {}, retry_after="Sun, 22 Nov 2026 12:10:00 GMT"))
    with pytest.raises(FulfillmentUnavailableError) as unavailable:
        client_of(microsoft).get_subscription(SUBSCRIPTION)

    assert len(microsoft.asked) == 1
    assert unavailable.value.detail["retry_after_seconds"] == 600


@pytest.mark.parametrize("status", [400, 404, 409, 500])
def test_refusals_and_faults_are_not_repeated(status: int) -> None:
    microsoft = Microsoft(answer(status, {"message": "no"}))
    with pytest.raises(Exception, match="no"):
        client_of(microsoft).get_subscription(SUBSCRIPTION)

    assert len(microsoft.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_refused_token_is_renewed_once(status: int) -> None:
    tokens, microsoft = Tokens(), Microsoft(answer(status, {}), answer())

    assert client_of(microsoft, tokens=tokens).get_subscription(SUBSCRIPTION).value is not None
    assert tokens.forgotten == 1
    with pytest.raises(AccessRefusedError):
        client_of(Microsoft(answer(status, {}))).get_subscription(SUBSCRIPTION)


def test_token_that_could_not_be_had_at_once_is_asked_for_again() -> None:
    tokens = Tokens(EntraUnavailableError("down"))

    assert client_of(Microsoft(answer()), tokens=tokens).get_subscription(SUBSCRIPTION).value is not None


# ------------------------------------------------------------------------------------------------- what is unreadable


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000])
def test_answer_that_is_no_object_is_microsofts_fault(body: bytes) -> None:
    with pytest.raises(FulfillmentFaultError) as fault:
        client_of(Microsoft(httpx.Response(200, content=body))).get_subscription(SUBSCRIPTION)

    assert fault.value.code == "microsoft.answer_unreadable"


def test_change_that_was_carried_out_needs_no_readable_body() -> None:
    client_of(Microsoft(httpx.Response(200, content=b"OK"))).activate(SUBSCRIPTION, "team")


def test_empty_subscription_and_one_about_another_are_not_taken() -> None:
    other = {**FOUND, "id": "10000000-0000-4000-8000-000000000002"}
    for document in ({}, other):
        with pytest.raises(FulfillmentFaultError):
            client_of(Microsoft(answer(200, document))).get_subscription(SUBSCRIPTION)


def test_answer_without_end_is_cut_off() -> None:
    def endless(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b" " * 8_000_001)

    with pytest.raises(FulfillmentUnavailableError):
        client_of(endless).get_subscription(SUBSCRIPTION)


def test_redirect_is_not_followed() -> None:
    microsoft = Microsoft(httpx.Response(302, headers={"location": "https://elsewhere.example/"}))
    with pytest.raises(FulfillmentFaultError):
        client_of(microsoft).get_subscription(SUBSCRIPTION)

    assert len(microsoft.asked) == 1


@given(st.integers(400, 499), st.binary(max_size=50))
def test_any_refusal_becomes_an_error_with_a_code_of_ours(status: int, body: bytes) -> None:
    patience = Patience(attempts=1)
    client = client_of(Microsoft(httpx.Response(status, content=body)), patience=patience)
    with pytest.raises(FairkeeperError) as refused:
        client.change_plan(SUBSCRIPTION, "team")

    assert refused.value.code.startswith("microsoft.")


# ------------------------------------------------------------------------------------------------------ what is told


def test_error_says_what_microsoft_said_and_the_ids_its_support_asks_for() -> None:
    microsoft = Microsoft(answer(400, {"error": {"code": "BadArgument", "message": "planId is not available"}}))
    with pytest.raises(RequestRefusedError, match="planId is not available") as refused:
        client_of(microsoft).change_plan(SUBSCRIPTION, "team")

    assert refused.value.detail["request_id"] == microsoft.asked[0].headers["x-ms-requestid"]
    assert refused.value.detail["correlation_id"] == microsoft.asked[0].headers["x-ms-correlationid"]


def test_logs_name_calls_and_ids_and_neither_tokens_nor_bodies() -> None:
    microsoft = Microsoft(httpx.ReadError("gone"), answer(403, {"message": "no"}), answer())
    with structlog.testing.capture_logs() as logs:
        client_of(microsoft).resolve("a-landing-token")

    shown = repr(logs)
    assert [entry["call"] for entry in logs if "call" in entry] == ["resolve"] * 3
    assert all(entry["request_id"] and entry["correlation_id"] for entry in logs if "call" in entry)
    assert TOKEN not in shown
    assert "a-landing-token" not in shown
    assert "Subscribed" not in shown


# -------------------------------------------------------------------------------------------------------- small things


@pytest.mark.parametrize(
    "url",
    [
        "http://marketplace.example/api",
        "ftp://127.0.0.1/api",
        "https://user:secret@marketplace.example/api",
        "https://marketplace.example/api?sig=secret",
        "https:///api",
        "marketplace.example",
    ],
)
def test_token_is_not_sent_to_an_unsafe_address(url: str) -> None:
    with pytest.raises(AddressRefusedError) as refused:
        check_address(url)

    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("0", 0), (" 7 ", 7), ("soon", None), ("-1", None), ("Sun, 22 Nov 2026 11:00:00 GMT", 0)],
)
def test_retry_after_is_read_leniently(text: str | None, seconds: int | None) -> None:
    assert retry_after_seconds(text, NOON) == seconds


@given(st.text())
def test_no_retry_after_makes_reading_raise(text: str) -> None:
    seconds = retry_after_seconds(text, NOON)

    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"message": "a"}, "a"),
        ({"Message": "a"}, "a"),
        ({"error": {"message": "a"}}, "a"),
        ({"error": "a"}, "a"),
        ("a", "a"),
        ({}, "no message"),
        ([1], "no message"),
        ({"message": {"a": 1}}, "no message"),
    ],
)
def test_message_is_found_in_every_form_of_error_body(document: Any, said: str) -> None:
    assert message_of(document) == said
