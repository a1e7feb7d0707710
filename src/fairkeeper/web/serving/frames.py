"""The frame around a page: the rail with the rooms this person may enter, the person, and what was just recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from fairkeeper.access.queries import list_people, list_tokens
from fairkeeper.accounts.queries import show_structure
from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import Principal
from fairkeeper.assurance.monitoring.hearing import list_signals
from fairkeeper.consent.queries import list_tenants
from fairkeeper.consent.queries import show_customer as show_consent
from fairkeeper.customers.queries import list_customers, list_notices, show_change_rule
from fairkeeper.deals.book.queries import list_deals
from fairkeeper.errors import FairkeeperError
from fairkeeper.evidence.queries import list_entries, show_entry, show_log
from fairkeeper.evidence.views import EntryProof
from fairkeeper.governance.queries.agents import list_agents
from fairkeeper.metering.queries import list_usage
from fairkeeper.opportunities.queries import list_cards
from fairkeeper.overview.names import name_things
from fairkeeper.overview.queries import show_today
from fairkeeper.overview.searching.looking import search
from fairkeeper.payouts.queries import list_findings
from fairkeeper.web.door import LANDING_PATH
from fairkeeper.web.pages.base import Frame, Person, Room, Theme
from fairkeeper.web.parts import Notice
from fairkeeper.web.serving.console import CALLBACK_PATH
from fairkeeper.web.serving.telling import in_words, names_of, proof_of
from fairkeeper.web.serving.visit import Visit

_RECENT: Final = timedelta(minutes=10)
"""How long after it happened something is told as just recorded."""

THEME_COOKIE: Final = "fairkeeper_theme"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """A room and the operations of which one at least must be allowed to enter it."""

    room: Room
    needs: tuple[Operation, ...]


_STAFF_DOORS: Final = (
    _Door(room=Room(label="Today", href="/", key="t", icon="today"), needs=(show_today,)),
    _Door(room=Room(label="Deals", href="/deals", key="d", icon="deals"), needs=(list_deals,)),
    _Door(room=Room(label="Customers", href="/customers", key="c", icon="customers"), needs=(list_customers,)),
    _Door(room=Room(label="Agents", href="/agents", key="g", icon="agents"), needs=(list_agents,)),
    _Door(room=Room(label="Assurance", href="/assurance", key="i", icon="evidence"), needs=(list_signals,)),
    _Door(room=Room(label="Usage", href="/usage", key="u", icon="usage"), needs=(list_usage,)),
    _Door(room=Room(label="Payouts", href="/payouts", key="p", icon="payouts"), needs=(list_findings,)),
    _Door(room=Room(label="Consent", href="/consent", key="n", icon="consent"), needs=(list_tenants,)),
    _Door(room=Room(label="Webhooks", href="/webhooks", key="w", icon="webhooks"), needs=(list_notices,)),
    _Door(room=Room(label="Accounts", href="/accounts", key="a", icon="accounts"), needs=(show_structure,)),
    _Door(room=Room(label="Opportunities", href="/opportunities", key="o", icon="opportunities"), needs=(list_cards,)),
    _Door(room=Room(label="Evidence", href="/evidence", key="e", icon="evidence"), needs=(show_log,)),
    _Door(
        room=Room(label="Settings", href="/settings", key="s", icon="settings"),
        needs=(list_people, list_tokens, show_change_rule),
    ),
)
_CUSTOMER_DOORS: Final = (
    _Door(room=Room(label="Home", href="/", key="h", icon="home"), needs=(list_customers,)),
    _Door(room=Room(label="Agents", href="/agents", key="g", icon="agents"), needs=(list_agents,)),
    _Door(room=Room(label="Assurance", href="/assurance", key="i", icon="evidence"), needs=(list_signals,)),
    _Door(room=Room(label="Usage", href="/usage", key="u", icon="usage"), needs=(list_usage,)),
    _Door(room=Room(label="Permissions", href="/permissions", key="p", icon="consent"), needs=(show_consent,)),
    _Door(room=Room(label="Record", href="/evidence", key="e", icon="evidence"), needs=(list_entries,)),
    _Door(room=Room(label="Receipts", href="/receipts", key="r", icon="receipts"), needs=(show_entry,)),
    _Door(room=Room(label="Settings", href="/settings", key="s", icon="settings"), needs=(list_people, list_tokens)),
)


def frame(visit: Visit, room: str = "", *, query: str = "") -> Frame:
    """Return the frame of a page that lies in a room, for whoever asks.

    Args:
        visit: The request.
        room: The room's name; empty outside all of them.
        query: What stands in the search field.
    """
    plain = open_frame(visit)
    if visit.session is None:
        return plain
    principal = visit.principal
    doors, only = _STAFF_DOORS if visit.is_staff else _CUSTOMER_DOORS, visit.parts.house.only_rooms
    rooms = tuple(
        replace(door.room, is_here=door.room.label == room)
        for door in doors
        if (not only or door.room.label in only) and any(visit.allows(operation) for operation in door.needs)
    )
    return replace(
        plain,
        person=Person(name=principal.display, role=role_words(principal), company=company_of(visit)),
        rooms=rooms,
        brand="Fairkeeper" if visit.is_staff else plain.publisher,
        has_search=visit.allows(search),
        query=query,
        notices=_recorded(visit),
    )


def open_frame(visit: Visit) -> Frame:
    """Return the frame of a page for a reader whom nobody knows, or who is asked for nothing else just now."""
    theme = visit.request.cookies.get(THEME_COOKIE, "")
    house = visit.parts.house
    return Frame(
        now=visit.now,
        publisher=house.publisher,
        environment=house.environment,
        csrf_token=visit.form_token,
        address=_own_address(visit),
        theme=Theme(theme) if theme in set(Theme) else Theme.SYSTEM,
        has_search=False,
    )


def _own_address(visit: Visit) -> str:
    """Return the address that a page names itself by, without what Microsoft sent along: tokens, codes and states."""
    if visit.request.method != "GET" or visit.path.startswith((CALLBACK_PATH, LANDING_PATH, "/invitation")):
        return visit.path
    return str(visit.address)


def company_of(visit: Visit) -> str:
    """Return the company of whoever is signed in, as people call it."""
    customer_id = visit.principal.customer_id
    if customer_id is None:
        return visit.parts.house.publisher
    named = visit.run(name_things, ids=(customer_id,)).customers.get(customer_id)
    return named.name if named else ""


def role_words(principal: Principal) -> str:
    """Return a principal's roles in words.

    Example:
        >>> from fairkeeper.action.principal import PrincipalKind
        >>> role_words(Principal(id="per_1", kind=PrincipalKind.CUSTOMER, roles=frozenset({"customer_admin"})))
        'Customer admin'
    """
    return ", ".join(sorted(role.replace("_", " ").capitalize() for role in principal.roles)) or "No role"


def _recorded(visit: Visit) -> tuple[Notice, ...]:
    """Return what this person has just done, if the address names its entry.

    Only an own entry of a moment ago is told, so that a link of somebody else's cannot make this page say anything.
    """
    named = visit.query("recorded")
    if not named:
        return ()
    if named == "yes" or not visit.allows(show_entry):
        return (Notice(text="Done, and recorded."),)
    try:
        found: EntryProof = visit.run(show_entry, entry_id=named[:40])
    except (FairkeeperError, ValidationError):  # no entry of theirs, or no id at all
        return ()
    entry = found.entry
    if entry.actor_id != visit.principal.id or visit.now - entry.at > _RECENT:
        return ()
    sentence = in_words(entry.sentence, names_of(visit, (entry,)))
    return (Notice(text=f"Recorded: {sentence}", proof=proof_of(entry)),)
