"""The palette: every page and action that somebody's roles let them reach, and which of them a text means; pure.

Separate from the pages, because what can be reached is one list whose wholeness a test proves against the routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.overview.searching.matching import rank_of, words_of
from fairkeeper.overview.views import Hit

SHORTEST_VERB: Final = 2
"""Letters of a word that can be the beginning of what is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page, or an action that needs nothing chosen before.

    Attributes:
        needs: The operations of which one at least must be allowed; none is for everybody.
        also: Words by which it is found too.
        is_action: Whether something is done there, and not only shown.
        is_for: `staff`, `customers` or `everybody`.
    """

    label: str
    href: str
    needs: tuple[Operation, ...] = ()
    also: str = ""
    is_action: bool = False
    is_for: str = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that is done with a thing that has to be found first.

    Attributes:
        kind: The kind of thing, as the search calls it.
        label: What is done, beginning with its verb.
        path: Where it is asked; `{page}` is the thing's page, `{id}` its id.
    """

    kind: str
    label: str
    path: str
    operation: Operation
    is_for: str = "staff"

    def href(self, hit: Hit) -> str:
        """Return where it is asked about one thing."""
        return self.path.format(page=hit.page.partition("#")[0], id=hit.id)


def is_for(audience: str, *, is_staff: bool) -> bool:
    """Say whether something is for the publisher's people, or for a customer's.

    Example:
        >>> is_for("everybody", is_staff=False), is_for("staff", is_staff=False), is_for("customers", is_staff=False)
        (True, False, True)
    """
    return audience == "everybody" or (audience == "staff") is is_staff


def places_for(text: str, places: Iterable[Place]) -> list[Place]:
    """Return the places that a text means, the best first; all of them, as they stand, for no text.

    Example:
        >>> here = [Place(label="Payouts", href="/payouts"), Place(label="Close a month", href="/m", also="payouts")]
        >>> [each.label for each in places_for("payo", here)], [each.label for each in places_for("clo mon", here)]
        (['Payouts', 'Close a month'], ['Close a month'])
    """
    words = words_of(text)
    if not words:
        return [] if text.strip() else list(places)
    ranked = [(rank, each) for each in places if (rank := _rank(words, each)) is not None]
    return [each for _, each in sorted(ranked, key=lambda pair: (pair[0], pair[1].is_action))]


def _rank(words: Sequence[str], place: Place) -> int | None:
    own = rank_of(words, place.label)
    if own is not None:
        return own
    return None if rank_of(words, f"{place.label} {place.also}") is None else 4


def deeds_for(text: str, deeds: Iterable[Deed]) -> tuple[str, list[Deed]]:
    """Return what a text wants done, and the rest of it, which names the thing; nothing where it names no verb.

    The first word is the verb, or its beginning; what comes after it is looked for.

    Example:
        >>> from fairkeeper.overview.queries import show_today
        >>> pause = Deed(kind="agent", label="Pause", path="{page}/pause", operation=show_today)
        >>> deeds_for("pau contoso desk", [pause])[0], deeds_for("contoso", [pause])
        ('contoso desk', ('', []))
    """
    verb, _, rest = text.strip().partition(" ")
    words, rest = words_of(verb), rest.strip()
    if len(words) != 1 or len(words[0]) < SHORTEST_VERB or len(rest) < SHORTEST_VERB:
        return "", []
    found = [deed for deed in deeds if any(each.startswith(words[0]) for each in words_of(deed.label))]
    return (rest, found) if found else ("", [])


Allows = Callable[[Operation], bool]


def reachable(places: Iterable[Place], allows: Allows, *, is_staff: bool) -> list[Place]:
    """Return the places that somebody may enter."""
    return [
        each
        for each in places
        if is_for(each.is_for, is_staff=is_staff) and (not each.needs or any(allows(need) for need in each.needs))
    ]
