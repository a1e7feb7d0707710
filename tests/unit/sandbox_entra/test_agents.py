"""Agent identities at the pretend Entra: made by their blueprint, consented to, exchanged for, disabled and deleted.

Sources: Microsoft Entra Agent ID, "Create agent identities", "Agent autonomous app OAuth flow", "Grant application
permissions to an autonomous agent", "Delete and restore agent identity objects", "Microsoft agent identity platform
error codes".
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.sandbox.directory import DESK_APP_ID, SORTER_APP_ID, WORK_APP_SECRET
from fairkeeper.sandbox.entra import PretendEntra
from tests.unit.sandbox_entra.desk import BASE, Desk, code_of

BLANK = "https://entra.microsoft.com/TokenAuthorize"
GRAPH = "https://graph.microsoft.com/.default"
EXCHANGE = "api://AzureADTokenExchange/.default"
JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Agents:
    """Contoso, where the sorter's blueprint may be."""

    def __init__(self, *, has_blueprint: bool = True) -> None:
        self.desk = Desk.open()
        self.tenant_id = self.desk.tenant_id("Contoso")
        self.cora = self.desk.person("Cora")
        if has_blueprint:
            self.desk.directory.add_service_principal(SORTER_APP_ID, self.tenant_id)

    def token(self, **form: str) -> Any:
        return self.desk.token(self.tenant_id, grant_type="client_credentials", **form)

    def of_blueprint(self, scope: str = GRAPH, *, app_id: str = SORTER_APP_ID, **more: str) -> Any:
        return self.token(client_id=app_id, client_secret=WORK_APP_SECRET, scope=scope, **more)

    def create(self, **changes: Any) -> Any:
        body = {
            "displayName": "Sorter for Contoso",
            "agentIdentityBlueprintId": SORTER_APP_ID,
            "sponsors@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{self.cora.object_id}"],
            **changes,
        }
        return self.graph("POST", "/servicePrincipals/microsoft.graph.agentIdentity", json=body)

    def graph(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        bearer = token or self.of_blueprint().json()["access_token"]
        headers = {"authorization": f"Bearer {bearer}"}
        return self.desk.http.request(method, f"/entra/graph/v1.0{path}", headers=headers, **more)

    def vouched(self, identity_id: str) -> Any:
        return self.of_blueprint(EXCHANGE, fmi_path=identity_id)

    def exchange(self, identity_id: str, assertion: str | None = None) -> Any:
        given = self.vouched(identity_id).json()["access_token"] if assertion is None else assertion
        return self.token(client_id=identity_id, scope=GRAPH, client_assertion_type=JWT, client_assertion=given)

    def consent(self, client_id: str, decision: str = "accept", **parameters: str) -> Any:
        asked = {"client_id": client_id, "redirect_uri": BLANK, "state": "s", **parameters}
        form = {**asked, "object_id": self.cora.object_id, decision: "1"}
        return self.desk.http.post(f"/entra/{self.tenant_id}/v2.0/adminconsent", data=form)


def claims_of(answer: Any) -> dict[str, Any]:
    part = answer.json()["access_token"].split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_token_of_an_agent_identity_is_exchanged_and_says_whose_child_it_is() -> None:
    agents = Agents()
    made = agents.create()
    assert made.status_code == 201, made.text
    identity_id = made.json()["id"]
    assert claims_of(agents.exchange(identity_id)).get("roles") is None
    answer = agents.consent(identity_id, role="Sites.Selected")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{BLANK}?admin_consent=True")
    claims = claims_of(agents.exchange(identity_id))
    assert claims["roles"] == ["Sites.Selected"]
    assert (claims["appid"], claims["oid"], claims["xms_par_app_azp"]) == (identity_id, identity_id, SORTER_APP_ID)
    assert claims["xms_act_fct"] == claims["xms_sub_fct"] == "11"


def test_consent_brings_a_blueprint_into_a_tenant_and_grants_nothing_by_that() -> None:
    agents = Agents(has_blueprint=False)
    assert code_of(agents.of_blueprint()) == 700016
    assert agents.consent(SORTER_APP_ID, scope="openid").status_code == 302
    assert claims_of(agents.of_blueprint())["roles"] == ["AgentIdentity.CreateAsManager"]


def test_neither_a_blueprint_nor_an_identity_answers_anywhere_but_to_the_blank_page() -> None:
    agents = Agents()
    identity_id = agents.create().json()["id"]
    for client_id in (SORTER_APP_ID, identity_id):
        answer = agents.consent(client_id, scope="openid", redirect_uri="http://127.0.0.1:8700/connect/return")
        assert "AADSTS50011" in answer.text


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"agentIdentityBlueprintId": DESK_APP_ID}, 403, "Error_AgentIdentitySelfCreateRequired"),
        ({"sponsors@odata.bind": []}, 400, "Request_BadRequest"),
        ({"sponsors@odata.bind": ["https://graph.microsoft.com/v1.0/users/nobody"]}, 400, "Request_BadRequest"),
        ({"displayName": ""}, 400, "Request_BadRequest"),
    ],
)
def test_an_identity_is_not_made_for_another_nor_without_a_sponsor(
    changes: dict[str, Any], status: int, code: str
) -> None:
    assert refused(Agents().create(**changes)) == (status, code)


def test_deleted_identities_count_among_those_a_blueprint_may_make() -> None:
    agents = Agents()
    for _ in range(250):
        made = agents.desk.entra.agents.create(
            blueprint_id=SORTER_APP_ID, tenant_id=agents.tenant_id, name="x", sponsors=("y",)
        )
        agents.desk.entra.agents.set_deleted(made.id, is_deleted=True)
    assert refused(agents.create()) == (403, "AgentIdentity_LimitExceeded")


def test_an_assertion_counts_for_its_identity_alone_and_for_a_while() -> None:
    agents = Agents()
    one, other = (agents.create().json()["id"] for _ in range(2))
    vouched = agents.vouched(one).json()["access_token"]
    assert agents.exchange(one, vouched).status_code == 200
    assert code_of(agents.exchange(other, vouched)) == 700027
    assert code_of(agents.exchange(one, "no.token.atall")) == 700027
    assert code_of(agents.token(client_id=one, scope=GRAPH, client_secret=WORK_APP_SECRET)) == 7000218
    assert code_of(agents.of_blueprint(EXCHANGE, fmi_path=one, app_id=DESK_APP_ID)) == 700016
    agents.desk.clock.move(timedelta(hours=2))
    assert code_of(agents.exchange(one, vouched)) == 700024


def test_disabled_and_deleted_stop_and_come_back() -> None:
    agents = Agents()
    identity_id, directory = agents.create().json()["id"], agents.desk.directory
    control = agents.desk.http.post
    named = {"id": identity_id, "tenant_id": agents.tenant_id}
    control("/entra/control/agent-identities", json={**named, "is_enabled": False})
    assert code_of(agents.exchange(identity_id)) == 7000112
    control("/entra/control/agent-identities", json={**named, "is_deleted": True})
    assert code_of(agents.exchange(identity_id)) == 700016
    control("/entra/control/agent-identities", json=named)
    assert agents.exchange(identity_id).status_code == 200
    # Without its blueprint's principal nothing is given, before and after the clean-up; restoring the principal later
    # does not bring the identity back.
    vouched = agents.vouched(identity_id).json()["access_token"]
    directory.remove_service_principal(SORTER_APP_ID, agents.tenant_id)
    assert code_of(agents.exchange(identity_id, vouched)) == 700016
    assert code_of(agents.vouched(identity_id)) == 700016
    assert control("/entra/control/agent-cascade", json={}).json() == {"removed": 1}
    directory.add_service_principal(SORTER_APP_ID, agents.tenant_id)
    assert code_of(agents.exchange(identity_id)) == 700016


def test_a_blueprint_removes_its_own_identities_and_no_other_applications() -> None:
    agents = Agents()
    identity_id = agents.create().json()["id"]
    own = next(
        each.object_id
        for each in agents.desk.directory.service_principals
        if (each.client_id, each.tenant_id) == (SORTER_APP_ID, agents.tenant_id)
    )
    assert refused(agents.graph("DELETE", f"/servicePrincipals/{own}")) == (403, "Authorization_RequestDenied")
    assert agents.graph("DELETE", f"/servicePrincipals/{identity_id}").status_code == 204
    assert code_of(agents.exchange(identity_id)) == 700016


def test_what_identities_inherit_shows_in_the_token_alone() -> None:
    agents = Agents()
    directory, consents = agents.desk.directory, agents.desk.entra.consents
    app = directory.app(SORTER_APP_ID)
    assert app is not None
    directory.add_app(replace(app, inheritable=("Mail.Read",)))
    identity_id = agents.create().json()["id"]
    consents.grant_for_all(SORTER_APP_ID, agents.tenant_id, delegated=[], application=["Mail.Read", "Mail.Send"])
    assert claims_of(agents.exchange(identity_id))["roles"] == ["Mail.Read"]
    assert consents.given(identity_id, agents.tenant_id).application == frozenset()


def test_identities_survive_a_restart() -> None:
    agents = Agents()
    identity_id = agents.create().json()["id"]
    again = PretendEntra(agents.desk.directory, agents.desk.clock, BASE, agents.desk.entra.export_state())
    found = again.agents.find(identity_id, agents.tenant_id)
    assert found is not None
    assert found.blueprint_id == SORTER_APP_ID
