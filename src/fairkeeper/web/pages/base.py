"""What every page has: the frame around it and the template that draws it.

Separate from the pages, because the frame is made once per request (who asks, from where, in which environment) and
the page once per address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from fairkeeper.web.parts import Link, Notice


class Environment(StrEnum):
    """How far Fairkeeper may go; a word on every page."""

    SANDBOX = "sandbox"
    OBSERVING = "observing"
    LIVE = "live"


class Theme(StrEnum):
    """Light, dark, or as the device says; kept in a cookie, so that it needs no account."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is signed in, as the person menu shows it."""

    name: str
    role: str
    """The role in words (`Owner`, `Customer administrator`)."""
    company: str
    sign_out_href: str = "/sign-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A line of the rail.

    Args:
        label: Its name.
        href: Its address.
        key: The letter after `g` that leads there.
        icon: Name of the icon beside the word (`parts/icons.html`).
        count: How much waits there; None or 0 shows nothing.
        is_here: Whether this page lies in it.
    """

    label: str
    href: str
    key: str
    icon: str
    count: int | None = None
    is_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page.

    Args:
        now: The instant that relative times count from.
        publisher: The company that runs Fairkeeper.
        environment: Sandbox, Observing or Live.
        csrf_token: Sent along by every form.
        address: This page's own address, for forms that come back to it.
        theme: As the cookie says.
        person: None when nobody is signed in; then there is no rail and no search.
        rooms: The rail, top to bottom.
        brand: The name at the top: Fairkeeper for staff, the publisher's for its customers.
        has_search: Whether the top bar has a search field.
        query: What stands in the search field.
        notices: What was recorded a moment ago.
    """

    now: datetime
    publisher: str
    environment: Environment
    csrf_token: str
    address: str = "/"
    theme: Theme = Theme.SYSTEM
    person: Person | None = None
    rooms: Sequence[Room] = ()
    brand: str = "Fairkeeper"
    has_search: bool = True
    query: str = ""
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: its frame, and by subclass its template, its title and its content.

    Args:
        frame: What stands around it.
        trail: The way back up, outermost first; empty on a room's first page.
    """

    template: ClassVar[str]
    frame: Frame
    trail: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """What the page is about, in the document's title and in its first heading."""
        raise NotImplementedError
