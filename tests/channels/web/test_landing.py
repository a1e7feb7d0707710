"""The landing page in all its branches: who sees what, who may activate, and where the token goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from fairkeeper.sandbox.directory import Person
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor, person

LANDING = "/marketplace/landing"
CORA, CARL, FREYA = person("Cora Contoso"), person("Carl Contoso"), person("Freya Fabrikam")
NORA, PETRA, OLIVIA = person("Nora Northwind"), person("Petra Personal"), person("Olivia Owner")


def buy(stage: Stage, who: Person = NORA, **order: Any) -> str:
    wanted = {"plan_id": "team", "quantity": 7, "auto_activation": False, "purchaser": who.email, **order}
    return str(stage.control("/purchases", **wanted)["subscription_id"])


def link_of(stage: Stage, subscription_id: str) -> str:
    """Return the address to which Microsoft sends whoever configures or manages the account."""
    return str(stage.control(f"/subscriptions/{subscription_id}/manage")["landing_url"])


@pytest.fixture
def visitor(sqlite_stage: Stage) -> Iterator[Visitor]:
    with Visitor(sqlite_stage) as opened:
        yield opened


def arrive(visitor: Visitor, subscription_id: str, who: Person) -> str:
    """Come by Microsoft's link, sign in, and read the page."""
    visitor.get(link_of(visitor.stage, subscription_id))
    visitor.get(visitor.choose(who))
    visitor.follow()
    return visitor.text


def test_a_buyer_signs_in_activates_and_watches_it_become_ready(visitor: Visitor, sqlite_stage: Stage) -> None:
    bought = buy(sqlite_stage)
    shown = arrive(visitor, bought, NORA)
    assert "Nothing is billed before you activate" in shown
    assert "Seats 7" in shown
    visitor.press("/activate")
    assert "Activation is asked for" in visitor.arrived()
    assert visitor.last.headers["refresh"] == "2"
    sqlite_stage.work()
    visitor.get(str(visitor.last.request.url))
    assert "ready to use" in visitor.text
    assert "refresh" not in visitor.last.headers
    assert visitor.get("/").status_code == 200
    assert "Northwind" in visitor.text


def test_the_token_is_in_no_address_page_log_or_header_after_the_first_request(
    visitor: Visitor, sqlite_stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    link = link_of(sqlite_stage, buy(sqlite_stage))
    token = link.partition("token=")[2]
    visitor.get(link)
    seen = [str(visitor.last.headers), visitor.last.text]
    assert visitor.last.headers["referrer-policy"] == "no-referrer"
    visitor.get(visitor.choose(NORA))
    seen += [str(visitor.last.headers), visitor.last.text]
    visitor.follow()
    seen += [str(visitor.last.headers), visitor.last.text, str(visitor.last.request.url)]
    assert visitor.last.headers["referrer-policy"] == "no-referrer"
    text = "".join(seen) + "".join(capsys.readouterr())
    assert token not in text
    assert quote(token) not in text
    with sqlite_stage.installation.database.engine.connect() as connection:
        dump = "".join(str(row) for row in connection.exec_driver_sql("SELECT * FROM sign_in_attempt"))
    assert token not in dump


def test_a_token_that_microsoft_refuses_is_not_repeated_on_the_page(visitor: Visitor, sqlite_stage: Stage) -> None:
    visitor.get(f"{LANDING}?token=madeup%2Btoken")
    visitor.get(visitor.choose(NORA))
    assert visitor.last.status_code == 400
    assert "Open this page from Microsoft again" in visitor.text
    assert "madeup" not in visitor.last.text
    assert visitor.session is None


@pytest.mark.parametrize("address", [LANDING, f"{LANDING}?token=", f"{LANDING}?other=1"])
def test_without_a_token_the_page_says_how_to_open_it_and_is_up(visitor: Visitor, address: str) -> None:
    assert visitor.get(address).status_code == 200
    assert "without the key that Microsoft sends along" in visitor.text


def test_a_token_too_long_to_be_microsofts_is_refused_before_anybody_signs_in(visitor: Visitor) -> None:
    assert visitor.get(f"{LANDING}?token={'x' * 9000}").status_code == 400


def test_a_personal_account_buys_and_activates(visitor: Visitor, sqlite_stage: Stage) -> None:
    arrive(visitor, buy(sqlite_stage, PETRA), PETRA)
    visitor.press("/activate")
    sqlite_stage.work()
    assert "ready to use" in visitor.arrived()
    assert visitor.get("/").status_code == 200


def test_a_customers_person_who_is_signed_in_needs_no_second_sign_in(visitor: Visitor, sqlite_stage: Stage) -> None:
    visitor.sign_in(CORA)
    answer = visitor.get(link_of(sqlite_stage, sqlite_stage.contoso.subscription_id))
    assert answer.headers["location"] == f"{LANDING}/{sqlite_stage.contoso.subscription_id}"
    assert "It is active" in visitor.arrived()


def test_staff_who_open_the_link_sign_in_as_the_buyer_they_are(visitor: Visitor, sqlite_stage: Stage) -> None:
    visitor.sign_in(OLIVIA, as_customer=False)
    answer = visitor.get(link_of(sqlite_stage, sqlite_stage.contoso.subscription_id))
    assert answer.headers["location"].startswith(sqlite_stage.sandbox.url)


def test_a_suspended_buyer_reads_why_and_until_when(visitor: Visitor, sqlite_stage: Stage) -> None:
    subscription_id = buy(sqlite_stage, CORA, auto_activation=True)  # its own: the stage's are everybody's
    sqlite_stage.work()
    sqlite_stage.control(f"/subscriptions/{subscription_id}/suspend")
    sqlite_stage.work()
    shown = arrive(visitor, subscription_id, CORA)
    assert "is suspended" in shown
    assert "22 Dec 2026" in shown.replace("\N{NO-BREAK SPACE}", " ")


def test_who_ended_it_reads_what_is_kept(visitor: Visitor, sqlite_stage: Stage) -> None:
    shown = arrive(visitor, sqlite_stage.contoso.ended_id, CORA)
    assert "has ended" in shown
    assert "/receipts" in {a.attributes["href"] for a in visitor.page.all("a")}


def test_a_colleague_says_so_and_is_let_in(visitor: Visitor, sqlite_stage: Stage) -> None:
    bought = buy(sqlite_stage)
    nils = person("Nils Northwind")
    shown = arrive(visitor, bought, nils)
    assert "A colleague bought this" in shown
    assert visitor.session is None
    assert bought not in visitor.page.text.replace(f"{LANDING}/{bought}", "")
    visitor.press("/claim")
    assert "Nothing is billed before you activate" in visitor.arrived()
    assert visitor.session is not None


def test_a_stranger_waits_for_staff_who_confirm_on_the_subscriptions_page(
    visitor: Visitor, sqlite_stage: Stage
) -> None:
    bought = buy(sqlite_stage)
    shown = arrive(visitor, bought, PETRA)
    assert "not the one it was bought with" in shown
    visitor.press("/claim")
    assert "has not answered yet" in visitor.arrived()
    visitor.get(f"{LANDING}/{bought}")
    with Visitor(sqlite_stage) as staff:
        staff.sign_in(OLIVIA, as_customer=False)
        staff.get(f"/subscriptions/{bought}/confirm-claim")
        staff.press("/confirm-claim", account=f"{PETRA.tenant_id} {PETRA.object_id}")
        assert "The claim of the subscription was confirmed" in staff.arrived()
    visitor.get(f"{LANDING}/{bought}")
    assert "Nothing is billed before you activate" in visitor.text
    visitor.press("/activate")
    sqlite_stage.work()
    assert "ready to use" in visitor.arrived()


def test_a_purchaser_of_another_company_activates_for_it_without_becoming_its_person(
    visitor: Visitor, sqlite_stage: Stage
) -> None:
    bought = buy(sqlite_stage, PETRA, beneficiary=NORA.email)
    arrive(visitor, bought, PETRA)
    assert visitor.session is None
    visitor.press("/claim")
    visitor.follow()
    visitor.press("/activate")
    sqlite_stage.work()
    assert "ready to use" in visitor.arrived()
    assert visitor.get("/").headers["location"] == "/sign-in"


def test_somebody_elses_subscription_does_not_exist_without_a_token_for_it(
    visitor: Visitor, sqlite_stage: Stage
) -> None:
    visitor.sign_in(CORA)
    for subscription_id in (sqlite_stage.fabrikam.subscription_id, "0" * 8 + "-0000-4000-8000-" + "0" * 12):
        assert visitor.get(f"{LANDING}/{subscription_id}").status_code == 404
    visitor.get(f"{LANDING}/{sqlite_stage.contoso.waiting_id}")
    sheet = visitor.sheet("/activate")
    sheet.action = f"{LANDING}/{sqlite_stage.fabrikam.waiting_id}/activate"
    assert visitor.send(sheet).status_code == 404


def test_the_page_of_a_token_is_good_for_half_an_hour_and_in_this_browser_alone(
    visitor: Visitor, sqlite_stage: Stage
) -> None:

    bought = buy(sqlite_stage)
    arrive(visitor, bought, person("Nils Northwind"))
    with Visitor(sqlite_stage) as other:
        assert other.get(f"{LANDING}/{bought}").headers["location"].startswith("/sign-in?as=customer")
    before = sqlite_stage.clock.offset
    try:
        sqlite_stage.clock.move(timedelta(minutes=30))
        assert visitor.get(f"{LANDING}/{bought}").status_code == 303
    finally:
        sqlite_stage.clock.set_offset(before)


@pytest.mark.parametrize("value", ["", "x", "gAAAAAB" + "A" * 120, "{}"])
def test_a_visitors_cookie_that_was_not_sealed_here_is_nothing(
    visitor: Visitor, sqlite_stage: Stage, value: str
) -> None:
    visitor.client.cookies.set("fairkeeper_visitor", value, domain="127.0.0.1")
    assert visitor.get(f"{LANDING}/{sqlite_stage.contoso.waiting_id}").status_code == 303


def test_pressing_activate_twice_asks_once(visitor: Visitor, sqlite_stage: Stage) -> None:
    bought = buy(sqlite_stage)
    arrive(visitor, bought, NORA)
    sheet = visitor.sheet("/activate")
    assert [visitor.send(sheet).status_code for _ in range(2)] == [303, 303]
    kinds = sqlite_stage.call(
        "GET",
        f"/api/v1/evidence/entries?subject_id={bought}&kind=customers.activation_asked/1",
        sqlite_stage.owner_token,
    ).json()["entries"]
    assert len(kinds) == 1


def test_while_microsoft_cannot_be_asked_the_buyer_is_told_so(visitor: Visitor, sqlite_stage: Stage) -> None:
    visitor.get(link_of(sqlite_stage, buy(sqlite_stage)))
    back = visitor.choose(NORA)
    sqlite_stage.http.put(f"{sqlite_stage.sandbox.url}/sandbox/faults", json={"fail_percent": 100, "fail_status": 503})
    try:
        answer = visitor.get(back)
    finally:
        sqlite_stage.http.put(f"{sqlite_stage.sandbox.url}/sandbox/faults", json={})
    assert answer.status_code in {502, 503}
    assert re.search(r"microsoft\.[a-z_]+", visitor.text)
