"""What the pages of usage share: where they stand, how states are called, and one subscription's usage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fairkeeper.metering.queries import show_usage
from fairkeeper.metering.views import (
    UsageDetail,
)
from fairkeeper.web.format import StateWord, Tone, state
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.visit import Visit

ROOM: Final = "Usage"
TRAIL: Final = (Link(label=ROOM, href="/usage"),)
WORDS: Final = {
    "ready": "waits to be sent",
    "held": "held for a person",
    "faulty": "not taken by Microsoft",
    "accepted": "accepted",
    "conflict": "differs at Microsoft",
    "refused": "refused here",
    "folded": "moved to a later hour",
    "doubtful": "not known yet",
    "nothing": "nothing to report",
    "elsewhere": "reported by another system",
    "lost": "could not be reported",
}
"""What a state is called."""


_STATES: Final[Mapping[str, StateWord]] = {
    "ready": StateWord(word="Waits", tone=Tone.BUSY),
    "nothing": StateWord(word="Included", tone=Tone.QUIET),
    "elsewhere": StateWord(word="Elsewhere", tone=Tone.QUIET),
    "folded": StateWord(word="Moved later", tone=Tone.QUIET),
    "faulty": StateWord(word="Not taken", tone=Tone.BAD),
    "doubtful": StateWord(word="Not known", tone=Tone.CARE),
}


def hour_state(name: str) -> StateWord:
    """Return how the state of a counted hour is shown.

    Example:
        >>> hour_state("nothing").word, hour_state("accepted").word
        ('Included', 'Accepted')
    """
    return _STATES.get(name) or state(name)


def detail_of(visit: Visit) -> UsageDetail:
    """Return the usage of the subscription that the path names, of the dimension that the query does."""
    asked = {"dimension": visit.query("dimension")[:120]} if visit.query("dimension") else {}
    detail: UsageDetail = visit.run(show_usage, resource_id=visit.named("resource_id")[:64], **asked)
    return detail
