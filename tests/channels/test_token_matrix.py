"""Every forged, borrowed or misdirected token is refused at each of the three doors, for its own reason.

The doors are the webhook, the way back from Microsoft's sign-in page, and the API, each over real HTTP. A refusal is
never 200 and never 500, says which case it is, and nothing is written.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from fairkeeper.customers.tables import ClaimRow
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, LANDING_APP_ID, PUBLISHER_TENANT_ID, Person
from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.signing import SigningRing
from tests.channels.forge import ATTACKS, NOT_LINKED, STRANGERS_APP, Attack, Claims, Forge, changed, headed
from tests.channels.stage import Stage, somebody

OLIVIA = somebody(lambda person: person.name == "Olivia Owner")
CORA = somebody(lambda person: person.name == "Cora Contoso")
NORA = somebody(lambda person: person.name == "Nora Northwind")
Answer = tuple[int, str]
"""The status, and the code of the refusal; empty where there is none."""


# --- the three doors


def knock_at_webhook(stage: Stage, forge: Forge, attack: Attack, version: str = "1.0") -> Answer:
    notice = {"id": str(uuid.uuid4()), "action": "Suspend", "subscriptionId": stage.contoso.subscription_id}
    token = attack(forge, forge.webhook_claims(version))
    answer = stage.call("POST", "/marketplace/webhook", token, json=notice)
    return answer.status_code, _code_of(answer)


def knock_at_api(stage: Stage, forge: Forge, attack: Attack, person: Person = OLIVIA) -> Answer:
    answer = stage.call("GET", "/api/v1/access/me", attack(forge, forge.user_claims(person)))
    return answer.status_code, _code_of(answer)


def knock_at_sign_in(
    stage: Stage, forge: Forge, attack: Attack, person: Person = CORA, *, who: str = "customer"
) -> Answer:
    with browser() as client, answering(forge, attack):
        answer = client.get(begin_sign_in(stage, client, person, who=who))
    return answer.status_code, _code_of(answer)


def _code_of(answer: httpx.Response) -> str:
    if answer.headers.get("content-type", "").startswith("application/json"):
        return str(answer.json().get("error", {}).get("code", ""))
    found = re.search(r"\(([a-z]+\.[a-z_]+)\)", answer.text)
    return found[1] if found else ""


@contextmanager
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(verify=False, follow_redirects=False, timeout=30) as client:  # noqa: S501 - loopback, no TLS
        yield client


def begin_sign_in(stage: Stage, client: httpx.Client, person: Person, *, who: str = "customer") -> str:
    """Go to Microsoft's page, choose an account there, and return the address that leads back."""
    started = client.get(f"{stage.url}/sign-in/start", params={"as": who})
    assert started.status_code == 303, started.text
    chosen = client.post(started.headers["location"], data={"object_id": person.object_id})
    assert chosen.is_redirect, chosen.text
    return str(chosen.headers["location"])


@contextmanager
def answering(forge: Forge, attack: Attack) -> Iterator[None]:
    """Let the pretend Entra answer the next sign-ins with the attacker's ID token instead of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            TokenMint, "id_token", lambda _mint, grant, person: attack(forge, forge.id_claims(person, grant.nonce))
        )
        yield


DOORS: dict[str, Callable[[Stage, Forge, Attack], Answer]] = {
    "webhook": knock_at_webhook,
    "sign-in": knock_at_sign_in,
    "api": knock_at_api,
}


ELSEWHERE = {("api", "not three parts"): (401, "access.token_unknown")}
"""The API takes tokens of ours too; what does not even look like one of Microsoft's is judged as one of ours."""


@pytest.fixture
def forge(sqlite_stage: Stage) -> Forge:
    return Forge(stage=sqlite_stage)


@pytest.mark.parametrize("door", DOORS)
def test_each_door_opens_for_what_the_forge_leaves_unchanged(sqlite_stage: Stage, forge: Forge, door: str) -> None:
    """Without this every refusal below could have any other reason."""
    status, code = DOORS[door](sqlite_stage, forge, changed())
    assert (status, code) == (303 if door == "sign-in" else 200, "")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_for_its_own_reason(
    sqlite_stage: Stage, forge: Forge, failures: list[Any], door: str, name: str
) -> None:
    attack, code = ATTACKS[name]
    assert DOORS[door](sqlite_stage, forge, attack) == ELSEWHERE.get((door, name), (401, f"token.{code}"))
    assert [str(change) for change in sqlite_stage.rows.changes()] == []
    assert failures == []


MISDIRECTED: dict[str, tuple[str, Callable[[Stage, Forge], Answer], tuple[int, str]]] = {
    "webhook from another tenant": (
        "webhook",
        lambda stage, forge: knock_at_webhook(
            stage, forge, lambda f, claims: f.sign({**claims, **f.frame(NOT_LINKED, "1.0")})
        ),
        (401, "token.tenant_unexpected"),
    ),
    "webhook by another application": (
        "webhook",
        lambda stage, forge: knock_at_webhook(stage, forge, changed(appid=STRANGERS_APP)),
        (401, "token.caller_mismatch"),
    ),
    "webhook with a person's access token": (
        "webhook",
        lambda stage, forge: knock_at_webhook(stage, forge, changed(scp="user_impersonation")),
        (401, "token.wrong_kind"),
    ),
    "webhook with an ID token": (
        "webhook",
        lambda stage, forge: knock_at_webhook(
            stage, forge, lambda f, _claims: f.sign(f.id_claims(OLIVIA, "a-nonce", aud=FULFILLMENT_APP_ID))
        ),
        (401, "token.wrong_kind"),
    ),
    "webhook with an API token of ours": (
        "webhook",
        lambda stage, forge: knock_at_webhook(stage, forge, lambda _f, _claims: stage.owner_token),
        (401, "token.malformed"),
    ),
    "API with an ID token": (
        "api",
        lambda stage, forge: knock_at_api(stage, forge, lambda f, _claims: f.sign(f.id_claims(OLIVIA, "a-nonce"))),
        (401, "token.wrong_kind"),
    ),
    "API with the token of an application that no agent names": (
        "api",
        lambda stage, forge: knock_at_api(stage, forge, lambda f, _claims: f.sign(f.app_claims())),
        (401, "access.application_unknown"),
    ),
    "API with an application's token that does not say so": (
        "api",
        lambda stage, forge: knock_at_api(stage, forge, lambda f, _claims: f.sign(f.app_claims(idtyp="device"))),
        (401, "token.wrong_kind"),
    ),
    "API with the token of an agent's user account": (
        "api",
        lambda stage, forge: knock_at_api(
            stage, forge, lambda f, _claims: f.sign(f.app_claims(idtyp="other", xms_sub_fct="13"))
        ),
        (401, "token.wrong_kind"),
    ),
    "API with the Marketplace's token": (
        "api",
        lambda stage, forge: knock_at_api(stage, forge, lambda f, _claims: f.sign(f.webhook_claims("2.0"))),
        (401, "token.audience_mismatch"),
    ),
    "API without the scope": (
        "api",
        lambda stage, forge: knock_at_api(stage, forge, changed(scp="User.Read openid")),
        (403, "token.permission_missing"),
    ),
    "API of a tenant that is not linked": (
        "api",
        lambda stage, forge: knock_at_api(stage, forge, changed(), person=NORA),
        (401, "access.person_unknown"),
    ),
    "API by the owner's e-mail address": (
        "api",
        lambda stage, forge: knock_at_api(
            stage, forge, changed(email=OLIVIA.email, preferred_username=OLIVIA.email, upn=OLIVIA.email), person=NORA
        ),
        (401, "access.person_unknown"),
    ),
    "API by a guest of a customer": (
        "api",
        lambda stage, forge: knock_at_api(stage, forge, changed(oid=NORA.object_id, acct=1), person=CORA),
        (401, "access.person_unknown"),
    ),
    "sign-in with an access token": (
        "sign-in",
        lambda stage, forge: knock_at_sign_in(
            stage, forge, lambda f, claims: f.sign({**f.user_claims(CORA), "nonce": claims["nonce"]})
        ),
        (401, "token.wrong_kind"),
    ),
    "sign-in of a tenant that is not linked": (
        "sign-in",
        lambda stage, forge: knock_at_sign_in(stage, forge, changed(), person=NORA),
        (403, "access.tenant_unknown"),
    ),
    "sign-in by a customer's e-mail address": (
        "sign-in",
        lambda stage, forge: knock_at_sign_in(
            stage, forge, changed(email=CORA.email, preferred_username=CORA.email, upn=CORA.email), person=NORA
        ),
        (403, "access.tenant_unknown"),
    ),
    "sign-in of staff from another tenant": (
        "sign-in",
        lambda stage, forge: knock_at_sign_in(
            stage,
            forge,
            lambda f, claims: f.sign({**f.id_claims(CORA, claims["nonce"]), "email": OLIVIA.email}),
            person=OLIVIA,
            who="staff",
        ),
        (401, "token.tenant_unexpected"),
    ),
    "sign-in of the publisher's people who were not added": (
        "sign-in",
        lambda stage, forge: knock_at_sign_in(
            stage,
            forge,
            changed(oid="0b000099-0000-4000-8000-000000000000", email=OLIVIA.email),
            person=OLIVIA,
            who="staff",
        ),
        (403, "access.person_unknown"),
    ),
    "sign-in of a guest, by acct": (
        "sign-in",
        lambda stage, forge: knock_at_sign_in(stage, forge, changed(oid=NORA.object_id, acct=1)),
        (403, "access.guest"),
    ),
    "sign-in of a guest, by idp": (
        "sign-in",
        lambda stage, forge: knock_at_sign_in(
            stage, forge, changed(oid=NORA.object_id, idp=f"https://sts.windows.net/{NORA.tenant_id}/")
        ),
        (403, "access.guest"),
    ),
}


@pytest.mark.parametrize("name", MISDIRECTED)
def test_a_genuine_token_is_no_use_where_it_does_not_belong(
    sqlite_stage: Stage, forge: Forge, failures: list[Any], name: str
) -> None:
    _, knock, expected = MISDIRECTED[name]
    assert knock(sqlite_stage, forge) == expected
    assert [str(change) for change in sqlite_stage.rows.changes()] == []
    assert failures == []


@pytest.mark.parametrize(
    "name", ["alg none", "key of personal accounts for another tenant", "issuer of the other version"]
)
def test_a_version_2_token_at_the_webhook_is_held_to_the_same(sqlite_stage: Stage, forge: Forge, name: str) -> None:
    attack, code = ATTACKS[name]
    assert knock_at_webhook(sqlite_stage, forge, changed(), "2.0") == (200, "")
    assert knock_at_webhook(sqlite_stage, forge, attack, "2.0") == (401, f"token.{code}")


@pytest.mark.parametrize("door", DOORS)
def test_a_storm_of_unknown_keys_costs_one_fetch(
    sqlite_stage: Stage, forge: Forge, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    fetched: list[int] = []
    genuine = SigningRing.documents

    def documents(ring: SigningRing, version: int, base_url: str) -> list[dict[str, Any]]:
        fetched.append(version)
        return genuine(ring, version, base_url)

    monkeypatch.setattr(SigningRing, "documents", documents)
    for number in range(12):
        assert DOORS[door](sqlite_stage, forge, headed(kid=f"storm-{number}")) == (401, "token.key_unknown")
    assert len(fetched) <= 1


def test_an_id_token_is_good_for_the_sign_in_it_was_made_for_alone(sqlite_stage: Stage, forge: Forge) -> None:
    replayed: list[str] = []

    def keep(f: Forge, claims: Claims) -> str:
        replayed.append(f.sign(claims))
        return replayed[-1]

    assert knock_at_sign_in(sqlite_stage, forge, keep)[0] == 303
    sqlite_stage.rows.restore()
    answer = knock_at_sign_in(sqlite_stage, forge, lambda _f, _claims: replayed[0])
    assert answer == (403, "microsoft.sign_in_answer_refused")
    assert sqlite_stage.rows.changes() == []


def test_an_answer_of_microsofts_is_worth_nothing_in_another_browser_or_again(sqlite_stage: Stage) -> None:
    with browser() as first, browser() as other:
        back = begin_sign_in(sqlite_stage, first, CORA)
        stolen = other.get(back)
        assert (stolen.status_code, _code_of(stolen)) == (401, "access.sign_in_other_browser")
        assert "fairkeeper_session" not in other.cookies
        assert first.get(back).status_code == 303
        sessions = [change for change in sqlite_stage.rows.changes() if change.table == "web_session"]
        again = first.get(back)
        assert (again.status_code, _code_of(again)) == (401, "access.sign_in_unknown")
        assert len(sessions) == 1
        forged = other.get(re.sub(r"state=[^&]+", "state=guessed", back))
        assert (forged.status_code, _code_of(forged)) == (401, "access.sign_in_unknown")


def test_the_address_of_a_customers_person_does_not_make_one_of_somebody_else(
    sqlite_stage: Stage, forge: Forge
) -> None:
    """Fabrikam's Freya with Cora's address is Freya, and sees Fabrikam."""
    freya = somebody(lambda person: person.name == "Freya Fabrikam")
    with browser() as client, answering(forge, changed(email=CORA.email, preferred_username=CORA.email)):
        answer = client.get(begin_sign_in(sqlite_stage, client, freya))
        assert answer.status_code == 303
        home = client.get(f"{sqlite_stage.url}/")
    assert sqlite_stage.fabrikam.subscription_id in home.text
    assert sqlite_stage.contoso.subscription_id not in home.text


def test_a_guest_who_was_added_by_name_signs_in(sqlite_stage: Stage, forge: Forge) -> None:
    body = {"tenant_id": CORA.tenant_id, "object_id": NORA.object_id, "name": "A guest", "roles": ["customer_user"]}
    added = sqlite_stage.call("POST", "/api/v1/access/people", sqlite_stage.contoso.tokens["customer_admin"], json=body)
    assert added.status_code == 200, added.text
    assert knock_at_sign_in(sqlite_stage, forge, changed(oid=NORA.object_id, acct=1))[0] == 303


def test_a_guest_does_not_claim_a_subscription_as_a_colleague(sqlite_stage: Stage, forge: Forge) -> None:
    """Who is a guest at Contoso comes by a genuine link to Contoso's subscription, and waits for the publisher's staff."""
    link = sqlite_stage.control(f"/subscriptions/{sqlite_stage.contoso.subscription_id}/manage")["landing_url"]
    with browser() as client, answering(forge, changed(oid=NORA.object_id, acct=1)):
        chosen = client.post(client.get(link).headers["location"], data={"object_id": CORA.object_id})
        page = client.get(f"{sqlite_stage.url}{client.get(chosen.headers['location']).headers['location']}")
        form = re.search(r'action="([^"]+/claim)".*?name="csrf_token" value="([^"]+)"', page.text, re.DOTALL)
        assert form is not None, page.text
        answer = client.post(f"{sqlite_stage.url}{form[1]}", data={"csrf_token": form[2]})
        waiting = client.get(f"{sqlite_stage.url}{answer.headers['location']}")
    assert answer.status_code == 303
    assert "form" not in waiting.text or "/claim" not in waiting.text, "it waits for the publisher's staff"
    tables = {change.table for change in sqlite_stage.rows.changes()}
    assert not tables & {"person", "web_session"}
    with sqlite_stage.installation.database.read() as session:
        (claim,) = session.scalars(select(ClaimRow).where(ClaimRow.object_id == NORA.object_id)).all()
    assert (claim.is_confirmed, claim.confirmed_by) == (False, None)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "access.credentials_missing"),
        ("", "access.credentials_missing"),
        ("Bearer", "access.credentials_malformed"),
        ("Basic b3duZXI6b3duZXI=", "access.credentials_malformed"),
        ("Bearer two tokens", "access.credentials_malformed"),
        ("Bearer fk_" + "a" * 43, "access.token_unknown"),
        ("Bearer fk_", "access.token_unknown"),
        ("Bearer \xff\xfe", "access.token_unknown"),
        ("Bearer " + "a" * 7000, "access.token_unknown"),
    ],
)
def test_what_is_no_token_at_all_is_refused(sqlite_stage: Stage, header: str | None, code: str) -> None:
    headers = {} if header is None else {b"authorization": header.encode("latin-1")}
    answer = sqlite_stage.http.get(f"{sqlite_stage.url}/api/v1/access/me", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_application_that_signs_people_in_is_the_one_that_the_forge_uses(sqlite_stage: Stage) -> None:
    settings = sqlite_stage.installation.settings
    assert (settings.sign_in_app_id, settings.entra_tenant_id) == (LANDING_APP_ID, PUBLISHER_TENANT_ID)
    assert json.dumps(settings.api_scope) == '"access_as_user"'
