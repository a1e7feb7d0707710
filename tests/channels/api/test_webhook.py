"""The webhook: who is believed, what is kept, and which answer makes Microsoft call again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from fairkeeper.api.webhook import WebhookDoor, make_webhook_door
from fairkeeper.customers.actions.marketplace.receive_webhook import receive_webhook
from fairkeeper.customers.tables import NoticeRow
from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow
from fairkeeper.token.validator import EntraTokenValidator
from tests.actions.house import House
from tests.channels.api.shelf import client_of, shelf_api
from tests.unit.token.issuer import CONTOSO, Published, b64, sign, validator, webhook, webhook_claims

PATH = "/marketplace/webhook"
OPERATION = "20000000-0000-4000-8000-000000000001"
NOTICE = {
    "id": OPERATION,
    "activityId": OPERATION,
    "subscriptionId": "10000000-0000-4000-8000-000000000001",
    "offerId": "concierge",
    "publisherId": "fairmile",
    "planId": "gold",
    "quantity": 12,
    "action": "ChangeQuantity",
    "status": "InProgress",
    "timeStamp": "2026-11-22T09:00:00Z",
    "operationRequestSource": "Azure",
}


@pytest.fixture(scope="module")
def proves() -> EntraTokenValidator:
    """The real validator, over documents like Microsoft's."""
    return validator()


@pytest.fixture
def house(database: Database) -> House:
    return House(database, [receive_webhook])


@pytest.fixture
def client(house: House, proves: EntraTokenValidator, tmp_path: Path) -> TestClient:
    return client_of(shelf_api(tmp_path, webhook=make_webhook_door(house.runner, proves, webhook())))


def _bearer(claims: dict[str, Any] | None = None, **signed: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign(webhook_claims() if claims is None else claims, **signed)}"}


def _notices(house: House) -> list[NoticeRow]:
    with house.database.read() as session:
        return list(session.scalars(select(NoticeRow).order_by(NoticeRow.id)))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_notice_is_durable_before_the_answer(client: TestClient, house: House, version: str) -> None:
    answer = client.post(PATH, json=NOTICE, headers=_bearer(webhook_claims(version)))
    assert (answer.status_code, answer.json()) == (200, {"operation_id": OPERATION})
    (row,) = _notices(house)
    assert json.loads(row.body or b"") == NOTICE
    with house.database.read() as session:
        assert session.scalars(select(TaskRow.name)).all() == ["customers.follow_notice"]
    (entry,) = house.entries()
    assert (entry.kind, entry.actor_id) == ("customers.webhook_received/1", "system:webhook")
    assert answer.headers["x-request-id"] in entry.header


def test_a_repeated_notice_is_answered_alike_and_kept_once(client: TestClient, house: House) -> None:
    answers = [client.post(PATH, json=NOTICE, headers=_bearer()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [row.deliveries for row in _notices(house)] == [3]
    assert len(house.entries()) == 1


@pytest.mark.parametrize("action", ["Transfer", "", None, 7, {"x": 1}])
def test_an_unknown_action_is_kept_and_never_dropped(client: TestClient, house: House, action: Any) -> None:
    answer = client.post(PATH, json=NOTICE | {"action": action}, headers=_bearer())
    assert answer.status_code == 200
    assert json.loads(_notices(house)[0].body or b"")["action"] == action


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"7", b"\xff\xfe\x00", b"{}", b'{"id": "7"}', b'{"id": null}', b"[" * 100_000],
)  # fmt: skip
def test_a_body_that_is_no_notice_is_refused_with_its_reason(client: TestClient, house: House, body: bytes) -> None:
    answer = client.post(PATH, content=body, headers=_bearer())
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "customers.webhook_unreadable")
    assert error["remedy"]
    assert _notices(house) == []


ATTACKS: dict[str, tuple[dict[str, str], str]] = {
    "no header": ({}, "api.webhook_token_missing"),
    "another scheme": ({"Authorization": "Basic dXNlcjpwYXNz"}, "api.webhook_token_missing"),
    "no token": ({"Authorization": "Bearer "}, "api.webhook_token_missing"),
    "nonsense": ({"Authorization": "Bearer nonsense"}, "token.malformed"),
    "an API token of ours": ({"Authorization": "Bearer fk_" + "a" * 43}, "token.malformed"),
    "no signature": (
        {"Authorization": f"Bearer {b64({'typ': 'JWT', 'alg': 'none'})}.{b64(webhook_claims())}."},
        "token.algorithm_refused",
    ),
    "a stranger's key": (_bearer(key="stranger"), "token.key_unknown"),
    "another audience": (_bearer(webhook_claims(aud=CONTOSO)), "token.audience_mismatch"),
    "another caller": (_bearer(webhook_claims(azp=CONTOSO)), "token.caller_mismatch"),
    "another tenant": (
        _bearer(webhook_claims(tid=CONTOSO, iss=f"https://login.microsoftonline.com/{CONTOSO}/v2.0")),
        "token.tenant_unexpected",
    ),
    "expired": (_bearer(webhook_claims(exp=1)), "token.expired"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_wrong_token_is_refused_for_its_own_reason(client: TestClient, house: House, attack: str) -> None:
    headers, code = ATTACKS[attack]
    answer = client.post(PATH, json=NOTICE, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert "www-authenticate" in answer.headers
    assert _notices(house) == []


def test_a_body_is_not_judged_for_somebody_who_is_not_believed(client: TestClient) -> None:
    assert client.post(PATH, content=b"{").status_code == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_any_other_method_is_refused(client: TestClient, method: str) -> None:
    answer = client.request(method, PATH, headers=_bearer())
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# --- what makes Microsoft call again ---


def test_keys_that_cannot_be_read_now_put_the_call_off(tmp_path: Path, house: House) -> None:
    published = Published()
    published.fault = lambda request: httpx.Response(503)
    door = make_webhook_door(house.runner, validator(published), webhook())
    answer = client_of(shelf_api(tmp_path, webhook=door)).post(PATH, json=NOTICE, headers=_bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "token.keys_unavailable")
    assert answer.headers["retry-after"]


def test_a_database_that_is_gone_puts_the_call_off(tmp_path: Path) -> None:
    def keep(body: bytes, request_id: str) -> str:
        raise DatabaseUnavailableError("The database could not do this now.")

    client = client_of(shelf_api(tmp_path, webhook=WebhookDoor(prove=lambda token: None, keep=keep)))
    assert client.post(PATH, json=NOTICE, headers=_bearer()).status_code == 503


def test_without_configuration_every_call_is_put_off(tmp_path: Path, house: House, proves: EntraTokenValidator) -> None:
    client = client_of(shelf_api(tmp_path, webhook=make_webhook_door(house.runner, proves, None)))
    answer = client.post(PATH, json=NOTICE, headers=_bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "api.webhook_not_configured")


# --- nothing makes a 500 ---

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\x00", "\ud800", OPERATION]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(changes=st.dictionaries(st.sampled_from([*NOTICE, "subscription", "Id", "purchaseToken"]), VALUES, max_size=4))
def test_no_notice_whatever_makes_a_500(client: TestClient, changes: dict[str, Any]) -> None:
    body = json.dumps(NOTICE | changes).encode()
    answer = client.post(PATH, content=body, headers=_bearer())
    assert answer.status_code in {200, 400}, answer.text
