"""A person at a browser, as far as these tests need one: cookies, links, forms; over the stage's real HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

from fairkeeper.sandbox.directory import Person
from tests.channels.stage import Stage, somebody
from tests.channels.web.markup import Element, read

SESSION = "fairkeeper_session"


def person(name: str) -> Person:
    """Return somebody of the sandbox by name."""
    return somebody(lambda each: each.name == name)


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A form of a page, ready to be filled in."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Visitor:
    """A browser of its own; it sends what a browser sends and follows nothing by itself.

    Args:
        stage: Where it goes.
        headers: What it sends with every request.
    """

    def __init__(self, stage: Stage, headers: Mapping[str, str] | None = None) -> None:
        self.stage = stage
        self.client = httpx.Client(
            timeout=30, follow_redirects=False, headers={"accept": "text/html", **(headers or {})}
        )
        self.last = httpx.Response(200)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    @property
    def session(self) -> str | None:
        """The value of the session cookie."""
        return self.client.cookies.get(SESSION, domain="127.0.0.1")

    @property
    def page(self) -> Element:
        """The page that was answered last."""
        return read(self.last.text)

    @property
    def text(self) -> str:
        """What a person reads of it."""
        return self.page.text

    def get(self, path: str) -> httpx.Response:
        """Open an address; a path is one of the stage's."""
        self.last = self.client.get(urljoin(self.stage.url, path))
        return self.last

    def follow(self) -> httpx.Response:
        """Follow redirections to the end."""
        for _ in range(10):
            if not self.last.is_redirect:
                return self.last
            self.get(urljoin(str(self.last.request.url), self.last.headers["location"]))
        raise AssertionError("redirected in a circle")

    def arrived(self) -> str:
        """Follow redirections to the end and return what a person reads there."""
        self.follow()
        return self.text

    def sheet(self, action: str) -> Sheet:
        """Return the form of the last page that is sent to an address ending so."""
        for form in self.page.all("form", method="post"):
            if form.attributes.get("action", "").endswith(action):
                found = Sheet(action=form.attributes["action"])
                for each in form.walk():
                    _read_field(each, found)
                return found
        raise AssertionError(f"no form goes to {action}: {[f.attributes.get('action') for f in self.page.all('form')]}")

    def send(self, sheet: Sheet, **typed: str) -> httpx.Response:
        """Send a form with what was typed, as the page's own browser would."""
        fields = {**sheet.fields, **typed}
        headers = {"origin": self.stage.url, "sec-fetch-site": "same-origin"}
        self.last = self.client.post(urljoin(self.stage.url, sheet.action), data=fields, headers=headers)
        return self.last

    def press(self, action: str, **typed: str) -> httpx.Response:
        """Send a form of the last page."""
        return self.send(self.sheet(action), **typed)

    def choose(self, who: Person) -> str:
        """Choose an account on Microsoft's page, to which the last answer leads; return the address that leads back."""
        assert self.last.is_redirect, self.last.text
        chosen = self.client.post(self.last.headers["location"], data={"object_id": who.object_id})
        assert chosen.is_redirect, chosen.text
        back: str = chosen.headers["location"]
        return back

    def sign_in(self, who: Person, *, as_customer: bool = True, return_to: str = "/") -> httpx.Response:
        """Sign in from the first page to the last."""
        self.get(f"/sign-in/start?{'as=customer&' if as_customer else ''}return_to={return_to}")
        return self.get(self.choose(who))


def _read_field(each: Element, sheet: Sheet) -> None:
    name = each.attributes.get("name", "")
    if each.tag == "input" and name:
        kind = each.attributes.get("type", "text")
        if kind in {"checkbox", "radio"} and "checked" not in each.attributes:
            return
        sheet.fields[name] = each.attributes.get("value", "")
    elif each.tag == "textarea" and name:
        sheet.fields[name] = each.text


def query_of(address: str) -> str:
    """Return the query of an address."""
    return urlsplit(address).query
