"""The settings in use: people, tokens shown once, the change rule, keys and witnesses, values to copy."""

from __future__ import annotations

from fairkeeper.proof.note import SignatureType, SignerKey
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor, person


def test_a_token_is_shown_once_works_and_is_revoked(owner: Visitor, sqlite_stage: Stage) -> None:
    owner.get("/settings/tokens")
    sheet = owner.sheet("/settings/tokens")
    owner.send(sheet, name="nightly script", roles="auditor", expires_in_days="7")
    assert owner.last.status_code == 200
    secret = next(code.text for code in owner.page.all("code") if code.text.startswith("fk_"))
    me = sqlite_stage.call("GET", "/api/v1/access/me", secret).json()
    assert me["roles"] == ["auditor"]
    again = owner.send(sheet, name="nightly script", roles="auditor", expires_in_days="7")
    assert (again.status_code, secret in again.text) == (409, False)
    assert secret not in owner.get("/settings/tokens").text
    owner.get(f"/settings/tokens/{me['id']}/revoke")
    owner.press("/revoke")
    assert owner.last.status_code == 303
    assert sqlite_stage.call("GET", "/api/v1/access/me", secret).status_code == 401


def test_a_token_without_a_role_or_name_is_refused_at_its_fields(owner: Visitor) -> None:
    owner.get("/settings/tokens")
    answer = owner.press("/settings/tokens", name="", expires_in_days="0")
    assert answer.status_code == 422
    assert {
        "name: Fill this in." in owner.text.lower() or "Fill this in." in owner.text,
        "At least 1." in owner.text,
    } == {True}


def test_a_person_is_added_changed_and_removed(owner: Visitor) -> None:
    owner.get("/settings/people")
    new = {"name": "Uwe Umber", "object_id": "0b990099-0000-4000-8000-000000000099", "roles": "support"}
    owner.press("/settings/people", **new)
    assert "Uwe Umber may sign in, with the roles support" in owner.arrived()
    address = next(a.attributes["href"] for a in owner.page.all("a") if a.text == "Change roles of Uwe Umber")
    owner.get(address)
    owner.press("/roles", roles="support platform")
    assert "platform, support" in owner.arrived()
    owner.get(address.replace("/roles", "/remove"))
    owner.press("/remove")
    owner.follow()
    assert "Change roles of Uwe Umber" not in owner.text


def test_the_last_owner_stays_and_the_page_says_why(owner: Visitor) -> None:
    owner.get("/settings/people")
    address = next(a.attributes["href"] for a in owner.page.all("a") if a.text == "Change roles of Olivia Owner")
    owner.get(address)
    sheet = owner.sheet("/roles")
    answer = owner.send(sheet, roles="auditor")
    assert answer.status_code == 409
    assert "Make somebody else an owner first" in owner.text


def test_a_customers_administrator_manages_its_own_people(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as admin:
        admin.sign_in(person("Cora Contoso"))
        admin.get("/settings/people")
        assert {row.text for row in admin.page.all("td", data_label="Roles")} == {"Customer admin", "Customer user"}
        carl = person("Carl Contoso")
        address = next(a.attributes["href"] for a in admin.page.all("a") if a.text == f"Change roles of {carl.name}")
        admin.get(address)
        admin.press("/roles", roles="customer_admin")
        assert admin.last.status_code == 303


def test_the_change_rule_is_set_and_read_back(owner: Visitor, sqlite_stage: Stage) -> None:
    owner.get("/settings/change-rule")
    owner.press(
        "/settings/change-rule", moves="team team-plus\nteam-plus team", maximum_seats="500", refuse_while_blocked="on"
    )
    assert "More than 500" in owner.arrived()
    rule = sqlite_stage.call("GET", "/api/v1/change-rule", sqlite_stage.owner_token).json()
    assert rule["maximum_seats"] == 500
    assert rule["allowed_moves"] == [
        {"from_plan": "team", "to_plan": "team-plus"},
        {"from_plan": "team-plus", "to_plan": "team"},
    ]
    answer = owner.press("/settings/change-rule", moves="team", maximum_seats="many")
    assert (answer.status_code, "Line 1 needs two plan ids" in owner.text) == (422, True)
    owner.get("/settings/change-rule")
    answer = owner.press("/settings/change-rule", minimum_seats="9", maximum_seats="3")
    assert answer.status_code == 422
    assert 'value="9"' in answer.text


def test_a_witness_is_added_and_removed_and_the_key_rotates(owner: Visitor) -> None:
    key = SignerKey.generate("watch.example", SignatureType.COSIGNATURE).verifier.text
    owner.get("/settings/keys")
    owner.press("/settings/keys", witness_key=key)
    assert "watch.example" in owner.arrived()
    owner.get("/settings/keys/witnesses/watch.example/remove")
    owner.press("/remove")
    assert "Nobody outside this server watches the log yet" in owner.arrived()
    owner.get("/settings/keys")
    answer = owner.press("/settings/keys", witness_key="no key at all")
    assert (answer.status_code, "no key at all" in answer.text) == (422, True)
    owner.get("/settings/keys/rotate")
    owner.press("/rotate")
    assert "2 keys of the log" in owner.arrived()


def test_the_values_for_partner_center_are_those_of_this_server(owner: Visitor, sqlite_stage: Stage) -> None:
    owner.get("/settings/partner-center")
    for value in (
        f"{sqlite_stage.url}/marketplace/landing",
        f"{sqlite_stage.url}/marketplace/webhook",
        str(sqlite_stage.installation.settings.entra_tenant_id),
        str(sqlite_stage.installation.settings.fulfillment_app_id),
    ):
        assert value in owner.last.text
    assert "secret" not in owner.last.text.lower()


def test_a_reminder_is_closed_with_what_was_done(owner: Visitor, sqlite_stage: Stage) -> None:
    reminder = sqlite_stage.call("GET", "/api/v1/reminders", sqlite_stage.owner_token).json()[0]["reminder_id"]
    owner.get(f"/reminders/{reminder}/close")
    owner.press("/close", why="Asked Microsoft about it")
    assert "Dealt with: Asked Microsoft about it" in owner.arrived()
    left = sqlite_stage.call("GET", "/api/v1/reminders", sqlite_stage.owner_token).json()
    assert reminder not in {each["reminder_id"] for each in left}
