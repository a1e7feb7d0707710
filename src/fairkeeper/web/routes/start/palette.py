"""The palette's lists as a page: what a text means of pages and actions, and what a search finds of things."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.overview.searching.looking import search
from fairkeeper.overview.views import Hit as Found
from fairkeeper.web.pages.today import Hit, PaletteGroup, PalettePage
from fairkeeper.web.parts import Link
from fairkeeper.web.routes.start.places import DEEDS, PLACES
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.palette import Place, deeds_for, is_for, places_for, reachable
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get

_HERE: Final = "/palette"
_SHORTEST_SEARCH: Final = 2
_MOST_FOUND: Final = 12
_MOST_OF_A_KIND: Final = 5


def show_palette(visit: Visit) -> Response:
    """Show every way that this person has, or those that a text means."""
    text = visit.query("q")[:200]
    groups = tuple(PaletteGroup(name=name, hits=hits) for name, hits in _groups(visit, text) if hits)
    return visit.show(PalettePage(frame=frame(visit), query=text, groups=groups))


def _groups(visit: Visit, text: str) -> Iterator[tuple[str, tuple[Hit, ...]]]:
    places = places_for(text, reachable(PLACES, visit.allows, is_staff=visit.is_staff))
    yield "Pages", tuple(_place(each) for each in places if not each.is_action)
    if text:
        yield "Done with what is found", tuple(_deeds(visit, text))[:_MOST_FOUND]
    yield "Actions", tuple(_place(each) for each in places if each.is_action)
    if text:
        yield "Found", tuple(_thing(each) for each in _search(visit, text))[:_MOST_FOUND]


def _search(visit: Visit, text: str) -> tuple[Found, ...]:
    if len(text) < _SHORTEST_SEARCH or not visit.allows(search):
        return ()
    found: tuple[Found, ...] = visit.read(search, text=text, limit=_MOST_OF_A_KIND)
    return found


def _deeds(visit: Visit, text: str) -> Iterator[Hit]:
    rest, deeds = deeds_for(text, DEEDS)
    allowed = [each for each in deeds if is_for(each.is_for, is_staff=visit.is_staff) and visit.allows(each.operation)]
    if not allowed:
        return
    for found in _search(visit, rest):
        for deed in allowed:
            if deed.kind == found.kind:
                label = f"{deed.label} {found.label}"
                yield Hit(kind=_said(found.kind), link=Link(label=label, href=deed.href(found)), line=found.line)


def _place(place: Place) -> Hit:
    return Hit(kind="", link=Link(label=place.label, href=place.href), line="")


def _thing(found: Found) -> Hit:
    return Hit(kind=_said(found.kind), link=Link(label=found.label, href=found.page), line=found.line)


def _said(kind: str) -> str:
    return kind[:1].upper() + kind[1:]


WAYS: Final[tuple[Way, ...]] = (get(_HERE, show_palette),)
