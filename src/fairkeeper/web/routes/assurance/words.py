"""How assurance reads on pages: its room, its tabs, its states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fairkeeper.action.operation import Operation
from fairkeeper.assurance.forwarding.destinations import list_destinations
from fairkeeper.assurance.incidents.drilling import list_drills
from fairkeeper.assurance.incidents.queries import list_incidents
from fairkeeper.assurance.keeping.rules import list_retention
from fairkeeper.assurance.monitoring.hearing import list_signal_rules, list_signals
from fairkeeper.assurance.posture.showing import show_posture
from fairkeeper.assurance.weaknesses.recording import list_weaknesses
from fairkeeper.overview.names import Names, name_things
from fairkeeper.web.format import StateWord, Tone
from fairkeeper.web.parts import Link, Tab
from fairkeeper.web.serving.telling import NOBODY
from fairkeeper.web.serving.visit import Visit

ROOM: Final = "Assurance"
TRAIL: Final = (Link(label="Assurance", href="/assurance"),)
_AT_ONCE: Final = 100
"""As many as names are asked for at once."""
_TONES: Final = {
    "open": Tone.BAD,
    "contained": Tone.CARE,
    "closed": Tone.GOOD,
    "draft": Tone.CARE,
    "sent": Tone.GOOD,
    "not_due": Tone.QUIET,
    "low": Tone.QUIET,
    "medium": Tone.CARE,
    "high": Tone.BAD,
    "critical": Tone.BAD,
    "active": Tone.GOOD,
    "shadow": Tone.QUIET,
    "off": Tone.QUIET,
    "real": Tone.BAD,
    "false": Tone.QUIET,
    "passed": Tone.GOOD,
    "failed": Tone.BAD,
    "error": Tone.BAD,
    "warning": Tone.CARE,
    "accepted": Tone.QUIET,
    "gone": Tone.GOOD,
    "running": Tone.CARE,
    "ended": Tone.GOOD,
    "sure": Tone.GOOD,
    "likely": Tone.CARE,
    "look": Tone.CARE,
    "not covered": Tone.QUIET,
}


def word(text: str) -> StateWord:
    """Return a word of this room as a state."""
    return StateWord(word=text.replace("_", " ").capitalize(), tone=_TONES.get(text, Tone.CARE))


def tabs(visit: Visit, here: str) -> tuple[Tab, ...]:
    """Return the room's tabs for whoever asks."""
    offered = (
        ("Signals", "/assurance", list_signals),
        ("Incidents", "/incidents", list_incidents),
        ("Rules", "/assurance/rules", list_signal_rules),
        ("Destinations", "/assurance/destinations", list_destinations),
        ("Drills", "/assurance/drills", list_drills),
        ("Data", "/assurance/data", list_retention),
        ("Weaknesses", "/assurance/weaknesses", list_weaknesses),
        ("Posture", "/assurance/posture", show_posture),
    )
    return tuple(
        Tab(label=label, href=href, is_here=label == here)
        for label, href, operation in offered
        if visit.allows(operation)
    )


def pages_of(visit: Visit, operation: Operation) -> Iterator[list[Any]]:
    """Read a list to its end, some hundred lines at a time."""
    offset = 0
    while lines := visit.run(operation, limit=_AT_ONCE, offset=offset):
        yield lines
        offset += _AT_ONCE


def names(visit: Visit, ids: set[str | None]) -> Names:
    """Return the names of customers, for staff."""
    wanted = tuple(sorted(each for each in ids if each))[:100]
    found: Names = visit.run(name_things, ids=wanted) if wanted and visit.is_staff else NOBODY
    return found


def whose(found: Names, customer_id: str | None) -> str:
    """Return whose a thing is, in a word."""
    if customer_id is None:
        return "The publisher"
    named = found.customers.get(customer_id)
    return named.name if named else "Your company"
