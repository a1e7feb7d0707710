"""A very small browser: keeps cookies, follows redirections, reads forms and presses their buttons.

The story uses pages as a person does, so that it breaks when a page does; it needs no real browser for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

from fairkeeper.errors import UpstreamError

_MOST_REDIRECTIONS = 12
_TIMEOUT_SECONDS = 30.0


class PageError(UpstreamError):
    """A page did not answer, or lacks what the story presses."""

    code = "demo.page"
    remedy = "Read the message; the story stops where a person would be stuck."


@dataclass(slots=True, kw_only=True)
class Button:
    """A button of a form, with what it sends."""

    text: str = ""
    name: str | None = None
    value: str = ""


@dataclass(slots=True, kw_only=True)
class Form:
    """A form with what it would send."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the browser shows."""

    url: str
    status: int
    text: str
    forms: tuple[Form, ...]


class _Reader(HTMLParser):
    """Reads the forms and the visible text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._button: Button | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, what it sends, and what is not shown."""
        given = {name: value or "" for name, value in attrs}
        if tag in {"script", "style", "title"}:
            self._hidden += 1
        elif tag == "form":
            self._form = Form(action=given.get("action", ""), method=given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._take_part(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form or button."""
        if tag in {"script", "style", "title"}:
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        """Note the words."""
        words = " ".join(data.split())
        if not words or self._hidden:
            return
        self.words.append(words)
        if self._button is not None:
            self._button.text = f"{self._button.text} {words}".strip()

    def _take_part(self, tag: str, given: Mapping[str, str]) -> None:
        assert self._form is not None  # noqa: S101 - the caller has looked
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        if tag == "button" and kind == "submit":
            self._button = Button(name=given.get("name"), value=given.get("value", ""))
            self._form.buttons.append(self._button)
        elif tag == "input" and given.get("name"):
            is_off = kind in {"checkbox", "radio"} and "checked" not in given
            if not is_off and kind not in {"submit", "button"}:
                self._form.fields[given["name"]] = given.get("value", "")


class Browser:
    """One person's browser."""

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)
        self._view: View | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    @property
    def view(self) -> View:
        """What is shown now."""
        if self._view is None:
            msg = "Nothing was opened yet."
            raise PageError(msg)
        return self._view

    def open(self, url: str) -> View:
        """Open an address and follow where it leads.

        Raises:
            PageError: It does not answer, or leads in a circle.
        """
        return self._go("GET", url, {})

    def press(self, text: str) -> View:
        """Press the first button whose text holds this, in any case of letters, and follow where it leads.

        Raises:
            PageError: There is none, or its form leads nowhere.
        """
        view = self.view
        for form in view.forms:
            for button in form.buttons:
                if text.casefold() in button.text.casefold():
                    sent = dict(form.fields)
                    if button.name:
                        sent[button.name] = button.value
                    return self._go(form.method.upper(), urljoin(view.url, form.action), sent)
        shown = [button.text for form in view.forms for button in form.buttons]
        msg = f"The page at {view.url.partition('?')[0]} ({view.status}) has no button {text!r}, only {shown[:12]}."
        raise PageError(msg, detail={"page": view.text[:600]})

    def _go(self, method: str, url: str, sent: Mapping[str, str]) -> View:
        try:
            for _ in range(_MOST_REDIRECTIONS):
                if method == "POST":
                    answer = self._client.post(url, data=dict(sent), headers={"origin": _origin(url)})
                else:
                    answer = self._client.get(url, params=dict(sent) or None)
                if not answer.is_redirect:
                    self._view = _read(answer)
                    return self._view
                if answer.status_code not in {307, 308}:
                    method, sent = "GET", {}
                url = urljoin(str(answer.url), answer.headers["location"])
        except httpx.HTTPError as error:
            msg = f"{url.partition('?')[0]} does not answer ({type(error).__name__})."
            raise PageError(msg) from error
        msg = f"{url.partition('?')[0]} leads in a circle."
        raise PageError(msg)


def _read(answer: httpx.Response) -> View:
    reader = _Reader()
    reader.feed(answer.text)
    return View(url=str(answer.url), status=answer.status_code, text=" ".join(reader.words), forms=tuple(reader.forms))


def _origin(url: str) -> str:
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode()}"
