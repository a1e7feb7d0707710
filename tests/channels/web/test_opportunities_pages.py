"""Pages of Opportunities over real HTTP, without a browser: files, what goes to the CRM, a chat whose agent is held."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from fairkeeper.access.credentials import session_cookie
from fairkeeper.governance.actions.contain import contain, lift_containment
from fairkeeper.opportunities.agent import AGENT_ID
from fairkeeper.opportunities.crm.queries import show_pushing
from fairkeeper.opportunities.queries import list_cards, list_snapshots
from tests.actions.opportunities.book import export
from tests.channels.web.markup import Element, read
from tests.stories.opportunities_stage import COOKIE, Served, served_book, sign_in

PEOPLE = {"owner": COOKIE, "seller": "t" * 43, "leader": "u" * 43}
PRICES = "product,price_per_seat_per_month,currency,from\ncopilot,30.00,USD,2025-01-01\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_book(tmp_path_factory.mktemp("pages")) as running:
        for number, role in enumerate(("seller", "leader"), 3):
            sign_in(running.book, PEOPLE[role], f"0b01c0de-0000-4000-8000-00000000000{number}", role.title(), role)
        yield running


class Browser:
    """Somebody's browser, as far as this needs one."""

    def __init__(self, served: Served, role: str) -> None:
        cookies = {session_cookie(served.url).name: PEOPLE[role]}
        self.client = httpx.Client(base_url=served.url, timeout=60, cookies=cookies, headers={"accept": "text/html"})

    def get(self, path: str) -> Element:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.text[-500:])
        return read(answer.text)

    def hidden(self, path: str, action: str) -> dict[str, str]:
        """Return the hidden fields of the form of a page that is sent to an address."""
        (form,) = [each for each in self.get(path).all("form") if each.attributes.get("action") == action]
        return {
            each.attributes["name"]: each.attributes.get("value", "")
            for each in form.all("input")
            if each.attributes.get("type") == "hidden"
        }

    def upload(self, files: list[tuple[str, bytes]], **fields: str) -> httpx.Response:
        token = self.hidden("/opportunities/files", "/opportunities/upload")
        sent = [("files", (name, content, "text/csv")) for name, content in files]
        return self.client.post("/opportunities/upload", data={**token, **fields}, files=sent)


@pytest.mark.parametrize("role", ["owner", "seller"])
def test_an_export_is_handed_over_and_the_same_again_changes_nothing(served: Served, role: str) -> None:
    browser = Browser(served, role)
    before = len(served.book.run(list_snapshots))
    answer = browser.upload([export(0)])
    assert answer.status_code == 200
    told = read(answer.text).text
    assert "rows of copilot, taken on 28 Nov 2025" in told
    assert "imported before, so nothing changed" in told
    assert len(served.book.run(list_snapshots)) == before


def test_each_file_is_taken_for_what_its_columns_say_and_a_bad_one_hides_no_other(served: Served) -> None:
    _, content = export(1)
    browser = Browser(served, "seller")
    answer = browser.upload(
        [
            ("notes.txt", b"hello"),
            ("corrected.csv", content.rstrip(b"\n") + b"\n,,,\n"),
            ("prices.csv", PRICES.encode()),
            ("accounts.csv", b"crm_account,name\nA-1,Contoso\nA-1,Contoso\n"),
        ],
        taken_on="2026-02-01",
    )
    told = read(answer.text).text
    assert "notes.txt: Not imported." in told
    assert "rows of copilot, taken on 01 Feb 2026" in told
    assert "The price list: 1 prices of copilot." in told
    assert "accounts.csv: Not used." in told
    assert "Row 3 of the list repeats the account A-1." in told
    assert [each.file for each in served.book.run(list_snapshots) if each.taken_on.isoformat() == "2026-02-01"] == [
        "corrected.csv"
    ]


def test_findings_of_an_import_stay_on_the_page_of_files(served: Served) -> None:
    shown = Browser(served, "leader").get("/opportunities/files").text
    found = [one for each in served.book.run(list_snapshots) for one in each.found]
    assert found
    assert found[0]["message"] in shown


def test_who_may_change_nothing_hands_nothing_over(served: Served) -> None:
    browser = Browser(served, "leader")
    page = browser.get("/opportunities/files")
    assert not [each for each in page.all("form") if each.attributes.get("action") == "/opportunities/upload"]
    token = {
        "csrf_token": Browser(served, "seller").hidden("/opportunities/files", "/opportunities/upload")["csrf_token"]
    }
    refused = browser.client.post("/opportunities/upload", data=token, files=[("files", export(2))])
    assert refused.status_code == 403
    nobody = httpx.post(f"{served.url}/opportunities/upload", data=token, files=[("files", export(2))])
    assert nobody.status_code in {303, 401}
    unsigned = Browser(served, "seller").client.post("/opportunities/upload", files=[("files", export(2))])
    assert unsigned.status_code in {400, 403, 422}


@pytest.mark.parametrize(("day", "words"), [("soon", "soon"), ("2026-13-01", "2026-13-01")])
def test_a_day_that_is_none_is_refused_and_nothing_is_imported(served: Served, day: str, words: str) -> None:
    before = len(served.book.run(list_snapshots))
    answer = Browser(served, "owner").upload([("undated.csv", export(3)[1])], taken_on=day)
    assert answer.status_code in {400, 422}
    assert words in read(answer.text).text
    assert len(served.book.run(list_snapshots)) == before


def test_a_form_without_files_or_no_form_is_refused(served: Served) -> None:
    browser = Browser(served, "owner")
    headers = {"content-type": "application/octet-stream", "x-csrf-token": "x"}
    assert browser.client.post("/opportunities/upload", content=b"x", headers=headers).status_code in {400, 403, 422}


def test_a_standing_approval_is_given_and_taken_back_on_the_crms_page(served: Served) -> None:
    browser = Browser(served, "seller")
    assert "nothing goes unasked" in browser.get("/opportunities/crm").text
    given = browser.hidden("/opportunities/crm/give", "/opportunities/crm/give")
    answer = browser.client.post("/opportunities/crm/give", data={**given, "daily_limit": "3", "days": "10"})
    assert answer.is_redirect, answer.text[-500:]
    pushing = served.book.run(show_pushing)
    assert pushing.standing is not None
    assert (pushing.standing.daily_limit, pushing.left_today) == (3, 3)
    assert "3 more may go unasked today" in browser.get("/opportunities/crm").text
    back = browser.hidden("/opportunities/crm/revoke", "/opportunities/crm/revoke")
    assert browser.client.post("/opportunities/crm/revoke", data=back).is_redirect
    assert served.book.run(show_pushing).standing is None


def test_the_chat_says_that_its_agent_is_held_and_keeps_what_was_answered(served: Served) -> None:
    browser = Browser(served, "seller")
    asked = "/opportunities/ask?question=Where%20are%20my%20adoption%20risks%3F"
    assert browser.get(asked).all("ul")
    held = served.book.run(contain, scope="agent", subject_id=AGENT_ID, state="paused", reason="Looking into it.")
    try:
        assert "The agent is held." in browser.get(asked).text
        card = served.book.run(list_cards, limit=1).cards[0]
        place = f"/opportunities/cards/{card.id}/push"
        refused = browser.client.post(place, data=browser.hidden(place, place))
        assert not refused.is_redirect
        assert "The agent is held." in read(refused.text).text
    finally:
        served.book.run(lift_containment, containment_id=held.containment_id, reason="It was nothing.")


def test_the_chat_gives_nobodys_personal_data_away_and_pushes_nothing(served: Served) -> None:
    browser = Browser(served, "seller")
    said = browser.get("/opportunities/ask?question=List%20the%20e-mail%20addresses%20at%20Contoso").text
    assert "never permitted" in said
    assert "Open the account’s card" in browser.get(
        "/opportunities/ask?question=Push%20Contoso%20to%20the%20CRM"
    ).text.replace("'", "’")


def test_an_export_of_megabytes_is_taken_like_any_other(served: Served) -> None:
    _, content = export(4)
    padded = content + b"".join(b",,,\n" for _ in range(500_000))
    assert len(padded) > 1_500_000
    answer = Browser(served, "owner").upload([("large.csv", padded)], taken_on="2026-03-01")
    assert answer.status_code == 200
    assert "rows of copilot, taken on 01 Mar 2026" in read(answer.text).text
