"""Playing Microsoft's part, and what survives a restart."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from fairkeeper.sandbox.directory import LANDING_APP_ID, LANDING_APP_SECRET, default_directory
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.sandbox.entra.signing import KeyRole, SigningRing
from tests.unit.sandbox_entra.desk import BASE, Desk, code_of, made_state


def post(desk: Desk, path: str, document: Any) -> Any:
    return desk.http.post(f"/entra/control/{path}", json=document)


def test_people_and_applications_are_listed_without_secrets() -> None:
    http = Desk.open().http
    assert len(http.get("/entra/control/people").json()["people"]) == 22
    response = http.get("/entra/control")
    assert {app["client_id"] for app in response.json()["apps"]} >= {LANDING_APP_ID}
    assert LANDING_APP_SECRET not in response.text


def test_keys_are_rotated() -> None:
    desk = Desk.open()
    assert len(post(desk, "rotate-keys", {}).json()["published"]) == 4
    assert len(post(desk, "rotate-keys", {"is_dropping_old": True}).json()["published"]) == 2


def test_errors_are_switched_on_and_off() -> None:
    desk = Desk.open()
    fault = {"code": 65001, "count": 3, "tenant_id": desk.tenant_id("Contoso")}
    assert post(desk, "faults", fault).json()["remaining"] == 3
    code = desk.sign_in("Cora")["code"]
    assert code_of(desk.redeem(code)) == 65001
    assert desk.http.get("/entra/control").json()["faults"][0]["remaining"] == 2
    assert desk.http.delete("/entra/control/faults").json()["faults"] == []
    assert desk.redeem(code).status_code == 200


def test_metadata_go_down_and_come_back() -> None:
    desk = Desk.open()
    path = "/entra/common/v2.0/.well-known/openid-configuration"
    assert post(desk, "metadata", {"is_down": True}).json()["is_metadata_down"]
    assert desk.http.get(path).status_code == 503
    post(desk, "metadata", {"is_down": False})
    assert desk.http.get(path).status_code == 200


def test_answers_become_slow() -> None:
    desk = Desk.open()
    post(desk, "slow", {"seconds": 0.2})
    began = time.monotonic()
    desk.http.get("/entra/common/discovery/keys")
    assert time.monotonic() - began >= 0.2


def test_address_for_answers_is_registered() -> None:
    desk = Desk.open()
    uri = "https://office.example/auth/callback"
    assert desk.http.get(desk.authorize_path(redirect_uri=uri)).status_code == 400
    assert uri in post(desk, f"apps/{LANDING_APP_ID}/redirect-uris", {"uri": uri}).json()["redirect_uris"]
    assert desk.http.get(desk.authorize_path(redirect_uri=uri)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {}),
        ("faults", {"code": 0}),
        ("faults", {"code": 65001, "count": 0}),
        ("faults", {"code": 65001, "unknown": 1}),
        ("faults", {"code": 65001, "endpoint": "graph"}),
        ("slow", {"seconds": 61}),
        ("slow", {"seconds": -1}),
        ("metadata", []),
        ("apps/none/redirect-uris", {"uri": "https://a.example/"}),
        (f"apps/{LANDING_APP_ID}/redirect-uris", {"uri": "javascript:alert(1)"}),
    ],
)
def test_wrong_wish_is_refused_with_code_and_remedy(path: str, body: object) -> None:
    response = post(Desk.open(), path, body)
    assert response.status_code == 422
    assert response.json()["code"].startswith("sandbox.")
    assert response.json()["message"]
    assert response.json()["remedy"]


# A form of another site's page can send these three kinds without asking first, and no other.
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_another_sites_form_changes_nothing(kind: str) -> None:
    desk = Desk.open()
    response = desk.http.post("/entra/control/metadata", content=b'{"is_down": true}', headers={"content-type": kind})
    assert (response.status_code, desk.entra.faults.is_metadata_down) == (422, False)


def test_too_large_a_wish_is_refused() -> None:
    headers = {"content-type": "application/json"}
    response = Desk.open().http.post("/entra/control/faults", content=b" " * 20_000, headers=headers)
    assert response.json()["code"] == "sandbox.body_too_large"


def test_state_survives_as_json() -> None:
    desk = Desk.open()
    desk.sign_in("Cora")
    state = json.loads(json.dumps(desk.entra.export_state()))
    again = PretendEntra(default_directory(), desk.clock, BASE, state)
    assert again.ring.documents(2, BASE) == desk.entra.ring.documents(2, BASE)
    assert again.directory.service_principal(LANDING_APP_ID, desk.tenant_id("Contoso")) is not None


def test_keeper_of_the_state_is_told_of_new_keys_and_new_tenants() -> None:
    told: list[int] = []
    desk = Desk.open()
    directory = default_directory()
    entra = PretendEntra(directory, desk.clock, BASE, made_state(), on_change=lambda: told.append(len(told)))
    entra.ring.documents(2, BASE)
    assert told == []
    entra.ring.rotate()
    assert told == [0]


def test_keys_are_made_once_by_many_threads() -> None:
    told: list[str] = []
    ring = SigningRing(on_change=lambda: told.append("changed"))
    tokens: list[str] = []
    threads = [
        threading.Thread(target=lambda: tokens.append(ring.sign({}, role=KeyRole.WORK, version=2))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ring.documents(2, BASE)) == 2
    assert len(tokens) == 6
    assert told == ["changed"]
    assert all(ring.verify(token) == {} for token in tokens)
