"""“Allow it for myself”: what the page says beforehand, over HTTP and through Microsoft's page, and where it leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from fairkeeper.consent.actions.ask import ask_customer, share_page
from fairkeeper.consent.tables import StartRow
from tests.actions.consent.deployed import served
from tests.actions.consent.world import PLAN, Stage, World, staff

WIDER = PLAN.replace(
    "    - key: sort-documents\n",
    """\
    - key: find-answers
      title: Find what you answered before
      registration: at-your-side
      acts: with_person
      consent: admin
      offers: [fairmile-desk]
      plans: [business]
      is_required: false
      permissions:
        - {name: Mail.Read, kind: delegated, reason: A search looks through your own mailbox.}
      without: You look for it yourself.
    - key: sort-documents
""",
    1,
)


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    with served(stage) as address:
        yield address


@dataclass
class Reader:
    """Somebody who reads the connect page in a browser of their own."""

    world: World
    url: str
    slug: str
    path: str
    browser: httpx.Client

    def read(self) -> str:
        return self.browser.get(f"{self.url}{self.path}").text

    def start(self, registration: str) -> httpx.Response:
        grant = self.world.grant_row(self.slug, registration)
        return self.browser.get(f"{self.url}{self.path}/start", params={"grant": grant.grant_id, "way": "user"})

    def at_microsoft(self, started: httpx.Response, name: str, decision: str) -> str:
        """Choose an account on Microsoft's page, decide, and come back; return where the browser ends."""
        address = started.headers["location"]
        asked = dict(parse_qsl(urlsplit(address).query))
        posted = {**asked, "object_id": self.world.person(name).object_id, decision: "1"}
        answer = self.world.http.post(address.partition("?")[0], data=posted, follow_redirects=False)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["location"])
        ended = self.browser.get(f"{self.url}{back.path}?{back.query}")
        self.world.work()
        return str(ended.headers["location"])


@pytest.fixture
def reader(world: World, url: str) -> Iterator[Reader]:
    world.apply(WIDER)
    slug = world.buy("Carl Contoso")
    world.run(ask_customer, staff(), customer=slug)
    made = world.run(share_page, staff(), customer=slug)
    with httpx.Client(timeout=30, follow_redirects=False) as browser:
        yield Reader(world=world, url=url, slug=slug, path=str(made.path), browser=browser)


def test_the_page_says_beforehand_what_is_whose(reader: Reader) -> None:
    page = reader.read()
    assert "You may allow “Save an answer as a file of yours” for yourself. The rest waits" in page
    assert "Mail.Read: users cannot allow it under Microsoft&#39;s default policy as of" in page
    assert "it works without anybody of you, so that it is an administrator&#39;s to allow" in page
    # One way for oneself, for the application that has something to allow.
    assert page.count("Allow it for myself") == 1
    assert "I have sent it to my administrator" in page


def test_a_person_allows_what_is_theirs_and_the_answer_proves_it(reader: Reader) -> None:
    started = reader.start("at-your-side")
    asked = dict(parse_qsl(urlsplit(started.headers["location"]).query))
    assert "Files.ReadWrite" in asked["scope"]
    assert "Mail.Read" not in asked["scope"]
    assert reader.at_microsoft(started, "Carl Contoso", "accept").endswith("?said=allowed")
    assert reader.world.state(reader.slug, "at-your-side") == "partial"
    assert reader.world.grant_row(reader.slug, "at-your-side").carried == ["Files.ReadWrite"]
    assert reader.world.state(reader.slug) == "requested"


def test_what_is_not_theirs_goes_to_the_administrator_and_to_no_page_of_microsofts(reader: Reader) -> None:
    started = reader.start("desk")
    assert started.headers["location"] == f"{reader.path}?said=waits_for_admin"
    assert reader.world.state(reader.slug) == "pending_admin"
    assert reader.world.own(StartRow) == []
    assert "It waits for your administrator, which is quite normal." in reader.read()


def test_a_tenant_that_is_stricter_than_the_default_is_waited_for_too(reader: Reader) -> None:
    reader.world.control("/consent-policies", tenant_id=reader.world.tenant("Contoso"), policy="none")
    started = reader.start("at-your-side")
    assert reader.at_microsoft(started, "Carl Contoso", "request_approval").endswith("?said=waits_for_admin")
    assert reader.world.state(reader.slug, "at-your-side") == "pending_admin"


def test_a_no_on_microsofts_page_is_a_decline(reader: Reader) -> None:
    started = reader.start("at-your-side")
    assert reader.at_microsoft(started, "Carl Contoso", "decline").endswith("?said=declined")
    assert reader.world.state(reader.slug, "at-your-side") == "declined"
