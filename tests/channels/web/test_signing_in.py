"""Signing in, out, and becoming the first owner, over the pages a person uses."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import delete

from fairkeeper.access.actions.tokens import create_token
from fairkeeper.access.tables import PersonRow, WebSessionRow
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.sandbox.directory import Person
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor, person

OLIVIA, CORA, NORA = person("Olivia Owner"), person("Cora Contoso"), person("Nora Northwind")
PETRA = person("Petra Personal")


def test_nobody_is_sent_to_sign_in_and_comes_back_to_what_was_asked_for(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        answer = visitor.get("/customers?status=Subscribed")
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "/sign-in?return_to=/customers%3Fstatus%3DSubscribed",
        )
        visitor.follow()
        link = next(a for a in visitor.page.all("a") if a.attributes["href"].startswith("/sign-in/start"))
        visitor.get(link.attributes["href"])
        answer = visitor.get(visitor.choose(OLIVIA))
        assert answer.headers["location"] == "/customers?status=Subscribed"
        assert visitor.follow().status_code == 200
        assert "Contoso" in visitor.text


def test_the_session_cookie_is_closed_to_scripts_and_to_other_sites(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        visitor.sign_in(OLIVIA, as_customer=False)
        cookie = next(h for h in visitor.last.headers.get_list("set-cookie") if h.startswith(f"{SESSION}="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_what_microsoft_is_asked_for_needs_no_administrator_and_is_bound_by_pkce(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        asked = parse_qs(urlsplit(visitor.get("/sign-in/start?as=customer").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert asked["redirect_uri"] == [f"{sqlite_stage.url}/sign-in/callback"]
    assert asked["prompt"] == ["select_account"]


def test_staff_sign_in_at_the_publishers_tenant_and_customers_anywhere(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        assert f"/{OLIVIA.tenant_id}/" in visitor.get("/sign-in/start").headers["location"]
        assert "/common/" in visitor.get("/sign-in/start?as=customer").headers["location"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/sign-out",
        "%0d%0aLocation:x",
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(sqlite_stage: Stage, elsewhere: str) -> None:
    with Visitor(sqlite_stage) as visitor:
        answer = visitor.sign_in(OLIVIA, as_customer=False, return_to=quote(elsewhere))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_session_id_that_was_there_before_is_not_taken_over(sqlite_stage: Stage) -> None:
    """Whoever planted a cookie learns nothing of the session that begins."""
    planted = "A" * 43
    with Visitor(sqlite_stage) as visitor:
        visitor.client.cookies.set(SESSION, planted, domain="127.0.0.1")
        visitor.sign_in(OLIVIA, as_customer=False)
        assert visitor.session not in (None, planted)
    with Visitor(sqlite_stage) as attacker:
        attacker.client.cookies.set(SESSION, planted, domain="127.0.0.1")
        assert attacker.get("/").headers["location"] == "/sign-in"


def test_signing_in_again_ends_the_session_before(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor, Visitor(sqlite_stage) as thief:
        visitor.sign_in(OLIVIA, as_customer=False)
        thief.client.cookies.set(SESSION, str(visitor.session), domain="127.0.0.1")
        assert thief.get("/").status_code == 200
        visitor.sign_in(OLIVIA, as_customer=False)
        assert thief.get("/").status_code == 303
        assert visitor.get("/").status_code == 200


def test_signing_out_ends_the_session_on_the_server(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        visitor.sign_in(OLIVIA, as_customer=False)
        value = str(visitor.session)
        visitor.get("/")
        assert visitor.press("/sign-out").headers["location"] == "/sign-in"
        visitor.client.cookies.set(SESSION, value, domain="127.0.0.1")
        assert visitor.get("/").status_code == 303


@pytest.mark.parametrize(
    ("who", "as_customer", "status", "code"),
    [
        (NORA, True, 403, "access.tenant_unknown"),
        (PETRA, True, 403, "access.tenant_unknown"),
        (person("Percy Partner"), True, 303, ""),
    ],
)
def test_a_proved_account_without_business_here_is_told_why(
    sqlite_stage: Stage, who: Person, as_customer: bool, status: int, code: str
) -> None:
    with Visitor(sqlite_stage) as visitor:
        answer = visitor.sign_in(who, as_customer=as_customer)
        assert answer.status_code == status
        if code:
            assert code in visitor.text
            assert "Microsoft Marketplace" in visitor.text
            assert visitor.session is None


def test_whoever_declines_on_microsofts_page_is_told_and_can_begin_again(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        state = parse_qs(urlsplit(visitor.get("/sign-in/start?as=customer").headers["location"]).query)["state"][0]
        answer = visitor.get(f"/sign-in/callback?error=access_denied&state={state}")
        assert answer.status_code == 403
        assert "microsoft.sign_in_declined" in visitor.text
        assert any(a.attributes["href"].startswith("/sign-in/start") for a in visitor.page.all("a"))


def test_an_answer_that_comes_too_late_is_refused(sqlite_stage: Stage) -> None:

    with Visitor(sqlite_stage) as visitor:
        visitor.get("/sign-in/start?as=customer")
        back = visitor.choose(CORA)
        before = sqlite_stage.clock.offset
        try:
            sqlite_stage.clock.move(timedelta(minutes=10))
            answer = visitor.get(back)
        finally:
            sqlite_stage.clock.set_offset(before)
        assert answer.status_code == 401
        assert "access.sign_in_expired" in visitor.text


def test_the_first_owner_comes_in_by_a_one_time_token_and_only_one_does(sqlite_stage: Stage) -> None:
    with sqlite_stage.installation.database.write() as session:
        session.execute(delete(WebSessionRow).where(WebSessionRow.customer_id.is_(None)))
        session.execute(delete(PersonRow).where(PersonRow.customer_id.is_(None)))
    made = sqlite_stage.run(create_token, local_principal(), name="first", roles=["owner"], first_owner=True)
    with Visitor(sqlite_stage) as visitor:
        visitor.get("/first-owner")
        visitor.press("/first-owner", token=made.secret)
        assert visitor.last.status_code == 200
        assert made.secret not in visitor.last.text
        link = next(a for a in visitor.page.all("a") if sqlite_stage.sandbox.url in a.attributes["href"])
        visitor.get(link.attributes["href"])
        chosen = visitor.client.post(link.attributes["href"], data={"object_id": OLIVIA.object_id})
        visitor.get(chosen.headers["location"])
        assert visitor.last.headers["location"] == "/"
        assert "Olivia Owner" in visitor.arrived()
    with Visitor(sqlite_stage) as second:
        second.get("/first-owner")
        second.press("/first-owner", token=made.secret)
        link = next(a for a in second.page.all("a") if sqlite_stage.sandbox.url in a.attributes["href"])
        chosen = second.client.post(link.attributes["href"], data={"object_id": person("Sam Security").object_id})
        answer = second.get(chosen.headers["location"])
        assert (answer.status_code, "access.first_owner_token_used" in second.text) == (403, True)


@pytest.mark.parametrize("token", ["", "fk_short", "x" * 46])
def test_what_is_no_one_time_token_is_said_before_anybody_signs_in(sqlite_stage: Stage, token: str) -> None:
    with Visitor(sqlite_stage) as visitor:
        visitor.get("/first-owner")
        answer = visitor.press("/first-owner", token=token)
        assert answer.status_code == 422
        assert "one-time token" in visitor.text
        assert not token or token not in answer.text


def test_a_state_is_guessed_in_vain_and_nothing_of_it_is_shown(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        answer = visitor.get("/sign-in/callback?code=stolen-code&state=<script>guess</script>")
        assert answer.status_code == 401
        assert "access.sign_in_unknown" in visitor.text
        assert re.search(r"guess|stolen-code", answer.text) is None
