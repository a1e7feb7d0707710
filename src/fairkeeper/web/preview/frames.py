"""The made-up house: its people, its instant, its ids, and the frames around its pages."""

from __future__ import annotations

import hashlib
import uuid
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fairkeeper.values.ids import new_ulid
from fairkeeper.web.pages.base import Environment, Frame, Person, Room
from fairkeeper.web.parts import Identifier, Link, Proof, ProofState, TimelineEntry

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PUBLISHER = "Fairmile Software"

_ROOMS = (
    Room(label="Today", href="/", key="t", icon="today", count=5),
    Room(label="Deals", href="/deals", key="d", icon="deals"),
    Room(label="Customers", href="/customers", key="c", icon="customers"),
    Room(label="Agents", href="/agents", key="g", icon="agents", count=2),
    Room(label="Usage", href="/usage", key="u", icon="usage"),
    Room(label="Payouts", href="/payouts", key="p", icon="payouts"),
    Room(label="Webhooks", href="/webhooks", key="w", icon="webhooks", count=1),
    Room(label="Accounts", href="/accounts", key="a", icon="accounts"),
    Room(label="Evidence", href="/evidence", key="e", icon="evidence"),
    Room(label="Settings", href="/settings/people", key="s", icon="settings"),
)
_CUSTOMER_ROOMS = (
    Room(label="Home", href="/home", key="h", icon="home"),
    Room(label="Record", href="/home/evidence", key="e", icon="evidence"),
    Room(label="Receipts", href="/home/receipts", key="r", icon="receipts"),
)


def frame(room: str = "", environment: Environment = Environment.SANDBOX) -> Frame:
    """Return the frame of a staff page that lies in a room."""
    return Frame(
        now=NOW,
        publisher=PUBLISHER,
        environment=environment,
        csrf_token="made-up-csrf-token",  # noqa: S106  (made up)
        person=Person(name="Dana Keller", role="Owner", company=PUBLISHER),
        rooms=tuple(replace(each, is_here=each.label == room) for each in _ROOMS),
    )


def customer_frame(room: str = "Home") -> Frame:
    """Return the frame of a customer's own page."""
    return replace(
        frame(environment=Environment.LIVE),
        person=Person(name="Robin Tan", role="Customer administrator", company="Contoso"),
        rooms=tuple(replace(each, is_here=each.label == room) for each in _CUSTOMER_ROOMS),
        brand=PUBLISHER,
        has_search=False,
    )


def open_frame(environment: Environment = Environment.SANDBOX) -> Frame:
    """Return the frame of a page for a reader whom nobody knows yet."""
    return replace(frame(environment=environment), person=None, rooms=(), has_search=False)


def hours(number: float) -> datetime:
    """Return the instant so many hours from now."""
    return NOW + timedelta(hours=number)


def days(number: float) -> datetime:
    """Return the instant so many days from now."""
    return NOW + timedelta(days=number)


def guid(name: str, names: str, href: str | None = None) -> Identifier:
    """Return a made-up GUID, always the same for the same name."""
    return Identifier(text=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.example")), names=names, href=href)


def ulid(prefix: str, number: int, names: str, href: str | None = None) -> Identifier:
    """Return a made-up id of ours."""
    randomness = int.from_bytes(hashlib.sha256(f"{prefix}{number}".encode()).digest()[:10])
    instant = int(NOW.timestamp() * 1000) - number * 3_600_000
    return Identifier(text=f"{prefix}_{new_ulid(instant, randomness)}", names=names, href=href)


def digest(name: str, names: str, *, is_whole: bool = False) -> Identifier:
    """Return a made-up hash, base64 as in a checkpoint."""
    return Identifier(text=b64encode(hashlib.sha256(name.encode()).digest()).decode(), names=names, is_whole=is_whole)


def proof(index: int | None, state: ProofState = ProofState.VERIFIED) -> Proof:
    """Return a badge that leads to the preview's entry page."""
    return Proof(state=state, index=index, href="/entry.html")


def entry(
    happened_at: datetime, kind: str, sentence: str, *, index: int | None, parties: tuple[str, str]
) -> TimelineEntry:
    """Return one entry of a record; without an index it waits for its checkpoint; parties are who and for whom."""
    state = ProofState.WAITING if index is None else ProofState.VERIFIED
    return TimelineEntry(
        happened_at=happened_at,
        sentence=sentence,
        kind=kind,
        who=parties[0],
        proof=proof(index, state),
        for_whom=parties[1],
    )


CUSTOMERS = Link(label="Customers", href="/customers.html")
CONTOSO = Link(label="Contoso", href="/customer.html")
FABRIKAM = Link(label="Fabrikam", href="/customer.html")
NORTHWIND = Link(label="Northwind", href="/customer.html")
ADATUM = Link(label="Adatum", href="/customer.html")
LITWARE = Link(label="Litware", href="/customer.html")
TAILSPIN = Link(label="Tailspin", href="/customer.html")
