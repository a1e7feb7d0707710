"""The transport msal is given, and the numbers of Microsoft Entra's errors."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fairkeeper.microsoft.authority_transport import PUBLIC_AUTHORITY, AuthorityTransport
from fairkeeper.microsoft.entra_codes import error_numbers
from fairkeeper.microsoft.errors import EntraRefusedError, EntraUnavailableError

REHEARSAL = "http://127.0.0.1:8701/entra"


def transport_of(
    answer: httpx.Response | Exception, asked: list[str], authority: str = REHEARSAL
) -> AuthorityTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    http = httpx.Client(transport=httpx.MockTransport(handle), verify=False)  # noqa: S501 - nothing leaves
    return AuthorityTransport(authority, http)


def test_requests_go_to_the_configured_authority_and_metadata_come_back_as_the_public_one() -> None:
    asked: list[str] = []
    metadata = {
        "token_endpoint": f"{REHEARSAL}/common/oauth2/v2.0/token",
        "issuer": f"{REHEARSAL}/{{tenantid}}/v2.0",
        "other": ["http://127.0.0.1:8701/entrance", 7],
    }
    response = transport_of(httpx.Response(200, json=metadata), asked).get(f"{PUBLIC_AUTHORITY}/common/x")

    assert asked == [f"{REHEARSAL}/common/x"]
    assert json.loads(response.text) == {
        "token_endpoint": f"{PUBLIC_AUTHORITY}/common/oauth2/v2.0/token",
        "issuer": f"{PUBLIC_AUTHORITY}/{{tenantid}}/v2.0",
        "other": ["http://127.0.0.1:8701/entrance", 7],
    }


def test_public_authority_is_left_as_it_is() -> None:
    asked: list[str] = []
    body = b'{"issuer":  "x"}'
    response = transport_of(httpx.Response(200, content=body), asked, PUBLIC_AUTHORITY).get(f"{PUBLIC_AUTHORITY}/t/x")

    assert asked == [f"{PUBLIC_AUTHORITY}/t/x"]
    assert response.text == body.decode()


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/token",
        "https://login.microsoftonline.com.elsewhere.example/token",
        "http://login.microsoftonline.com/token",
        REHEARSAL,
    ],
)
def test_secret_is_never_sent_to_another_host_than_the_configured_one(url: str) -> None:
    asked: list[str] = []
    with pytest.raises(EntraRefusedError) as refused:
        transport_of(httpx.Response(200), asked).post(url, data={"client_secret": "s"})

    assert asked == []
    assert refused.value.code == "microsoft.authority_leads_away"


@pytest.mark.parametrize("answer", [httpx.Response(429), httpx.Response(503), httpx.ReadTimeout("slow")])
def test_trouble_is_unavailable(answer: httpx.Response | Exception) -> None:
    with pytest.raises(EntraUnavailableError):
        transport_of(answer, []).get(f"{PUBLIC_AUTHORITY}/common/x")


def test_refusal_is_left_to_msal_to_read() -> None:
    response = transport_of(httpx.Response(400, json={"error": "invalid_client"}), []).post(f"{PUBLIC_AUTHORITY}/t")

    assert (response.status_code, json.loads(response.text)) == (400, {"error": "invalid_client"})


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ({"error_codes": [65001, "x"]}, {65001}),
        ({"error_description": "AADSTS50011: … AADSTS700016"}, {50011, 700016}),
        ({"error_codes": 65001, "error_description": None}, set()),
        ({}, set()),
    ],
)
def test_numbers_are_taken_from_the_list_and_from_the_text(answer: dict[str, Any], numbers: set[int]) -> None:
    assert error_numbers(answer) == numbers
