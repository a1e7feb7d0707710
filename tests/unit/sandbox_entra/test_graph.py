"""Graph's `/me`. Sources: Microsoft Graph, "Get a user" and "Microsoft Graph error responses and resource types"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, LANDING_APP_ID, PUBLISHER_TENANT_ID
from tests.unit.sandbox_entra.desk import Desk


def me(desk: Desk, token: str, select: str = "") -> Any:
    path = "/entra/graph/v1.0/me" + (f"?$select={select}" if select else "")
    return desk.http.get(path, headers={"authorization": f"Bearer {token}"})


def graph_token(desk: Desk, first_name: str, scope: str = "openid User.Read") -> str:
    token = desk.redeem(desk.sign_in(first_name, scope=scope)["code"]).json()["access_token"]
    assert isinstance(token, str)
    return token


# Default properties.
@pytest.mark.parametrize("scope", ["openid User.Read", "https://graph.microsoft.com/User.Read"])
def test_me_is_the_person_who_signed_in(scope: str) -> None:
    desk = Desk.open()
    document = me(desk, graph_token(desk, "Cora", scope)).json()
    cora = desk.person("Cora")
    assert (document["id"], document["displayName"], document["mail"]) == (cora.object_id, cora.name, cora.email)
    assert (document["givenName"], document["surname"]) == ("Cora", "Contoso")
    assert "companyName" not in document


# $select returns what is not among the defaults.
@pytest.mark.parametrize(("first_name", "company"), [("Cora", "Contoso"), ("Petra", None)])
def test_company_is_given_when_selected(first_name: str, company: str | None) -> None:
    desk = Desk.open()
    document = me(desk, graph_token(desk, first_name), "companyName,displayName").json()
    assert document["companyName"] == company
    assert document.keys() == {"@odata.context", "companyName", "displayName"}


def test_unknown_property_is_a_bad_request() -> None:
    desk = Desk.open()
    assert me(desk, graph_token(desk, "Cora"), "shoeSize").status_code == 400


@pytest.mark.parametrize("token", ["", "no-token"])
def test_call_without_a_good_token_is_401(token: str) -> None:
    response = me(Desk.open(), token)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_token_for_another_api_is_401() -> None:
    desk = Desk.open()
    token = desk.entra.issue_app_token(
        tenant_id=PUBLISHER_TENANT_ID, audience=FULFILLMENT_APP_ID, client_id=FULFILLMENT_APP_ID
    )
    assert me(desk, token).status_code == 401


def test_expired_token_is_401() -> None:
    desk = Desk.open()
    token = graph_token(desk, "Cora")
    desk.clock.move(timedelta(hours=2))
    assert me(desk, token).status_code == 401


def test_application_token_has_no_me() -> None:
    desk = Desk.open()
    token = desk.entra.issue_app_token(
        tenant_id=PUBLISHER_TENANT_ID, audience="https://graph.microsoft.com", client_id=FULFILLMENT_APP_ID
    )
    assert me(desk, token).status_code == 400


def test_token_without_user_read_is_403() -> None:
    desk = Desk.open()
    cora = desk.person("Cora")
    desk.entra.consents.grant_for_person(LANDING_APP_ID, cora.tenant_id, cora.object_id, ["Mail.Read"])
    assert me(desk, graph_token(desk, "Cora", "openid Mail.Read")).status_code == 403
