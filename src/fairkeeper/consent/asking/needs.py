"""What about a tenant's consent needs a person, derived from where its link and grants stand.

Never stored: what is mended is gone from the list by itself, and nothing has to be closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantState, LinkState
from fairkeeper.consent.plan.control import ACCESS_TIERS
from fairkeeper.consent.store import wanted_of_row, what_of
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.consent.views import ConsentNeed, NeedKind

WAITS_LONG: Final = timedelta(days=7)
REMAINS_LONG: Final = timedelta(days=14)

_OF_STATE: Final = {
    GrantState.SUSPECTED_LOST: (
        NeedKind.SUSPECTED,
        "warning",
        "{what} of {name} may have been taken back: {note}.",
        "It is looked at again by itself after four hours. Ask the customer whether it was meant.",
        "learn-entra-error-codes",
    ),
    GrantState.REVOKED: (
        NeedKind.LOST,
        "error",
        "{what} of {name} was taken back: {note}.",
        "Respect it. If the customer wants to go on, ask anew; that is a new grant.",
        "learn-review-permissions",
    ),
    GrantState.DRIFTED: (
        NeedKind.DRIFTED,
        "warning",
        "What {name} granted for {what} differs from what was asked for: {note}.",
        "Compare the four columns; ask the administrator again, or stop using what was not asked for.",
        "learn-review-permissions",
    ),
    GrantState.PARTIAL: (
        NeedKind.PARTIAL,
        "warning",
        "{name} granted a part of {what}: {note}.",
        "Ask what keeps the rest back; the product works without it only as far as the plan says.",
        "learn-admin-consent",
    ),
    GrantState.DECLINED: (
        NeedKind.DECLINED,
        "warning",
        "{name} declined {what}: {note}.",
        "Read the reason, change what you ask for or explain it better, and ask again if it is wanted.",
        "learn-admin-consent",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tenant:
    """Whose needs are looked for."""

    link: LinkRow
    slug: str
    name: str
    now: datetime

    def need(self, kind: NeedKind, level: str, since_at: datetime, texts: tuple[str, str, str]) -> ConsentNeed:
        message, remedy, resource = texts
        return ConsentNeed(
            kind=kind,
            level=level,
            customer_id=self.link.customer_id,
            slug=self.slug,
            name=self.name,
            message=message,
            remedy=remedy,
            resource=resource,
            since_at=since_at,
        )


def needs_of(
    link: LinkRow, grants: Iterable[GrantRow], named: tuple[str, str] | None, questions: int, *, now: datetime
) -> Iterator[ConsentNeed]:
    """Return what needs a person about one tenant."""
    slug, name = named or (link.customer_id, link.customer_id)
    tenant = _Tenant(link=link, slug=slug, name=name, now=now)
    if LinkState(link.state) in ENDED_LINKS:
        yield from _after_the_end(tenant)
        return
    if questions:
        told = f"{name} asked a question about what is asked for."
        remedy = "Answer it on the customer's page."
        yield tenant.need(NeedKind.QUESTION, "warning", now, (told, remedy, "learn-admin-consent"))
    rows = list(grants)
    yield from _of_trust(tenant)
    yield from _unasked(tenant, rows)
    for row in rows:
        # An elevation ends by itself, and access goes with its deployment; neither is a loss.
        if row.tier not in ACCESS_TIERS or GrantState(row.state) is not GrantState.REVOKED:
            yield from _of_grant(tenant, row)


def _after_the_end(tenant: _Tenant) -> Iterator[ConsentNeed]:
    link = tenant.link
    left = ", ".join(each["name"] for each in link.remaining if each["gone_at"] is None)
    if LinkState(link.state) is LinkState.UNLINKING and left:
        level = "warning" if tenant.now - link.since_at > REMAINS_LONG else "info"
        told = f"In the tenant of {tenant.name} there may still be: {left}."
        remedy = "Only the customer can remove it; the receipt says how. It is looked for by itself."
        yield tenant.need(NeedKind.REMAINS, level, link.since_at, (told, remedy, "learn-review-permissions"))


def _of_trust(tenant: _Tenant) -> Iterator[ConsentNeed]:
    """Say what is wrong with our sign-in application in the tenant."""
    link, name = tenant.link, tenant.name
    if link.own_fault is not None:
        told = f"Whether our sign-in is still present in the tenant of {name} could not be looked at: {link.own_fault}."
        remedy = "Mend the registration that people sign in to, or its credential; the customer is not blamed."
        texts = (told, remedy, "learn-client-credentials")
        yield tenant.need(NeedKind.OWN_FAULT, "error", link.probed_at or tenant.now, texts)
    if LinkState(link.state) is LinkState.BROKEN:
        told = f"Trust in the tenant of {name} is broken: {link.note}. No token of it is served."
        remedy = "Ask the customer whether it was meant; a sign-in, or enabling the application again, mends it."
        yield tenant.need(NeedKind.LINK_BROKEN, "error", link.since_at, (told, remedy, "learn-entra-error-codes"))
    elif link.missed_at is not None:
        told = f"Our sign-in was not found in the tenant of {name}."
        remedy = "It is looked for again by itself after four hours. Ask the customer whether it was meant."
        texts = (told, remedy, "learn-entra-error-codes")
        yield tenant.need(NeedKind.LINK_SUSPECTED, "warning", link.missed_at, texts)


def _unasked(tenant: _Tenant, rows: list[GrantRow]) -> Iterator[ConsentNeed]:
    wanted = wanted_of_row(tenant.link)
    asked = {key for row in rows for key in row.features if row.state != GrantState.NOT_NEEDED.value}
    unasked = [each.title for each in (wanted.features if wanted else ()) if each.is_required and each.key not in asked]
    if unasked and LinkState(tenant.link.state) is LinkState.LINKED:
        told = f"{tenant.name} has not been asked for {', '.join(unasked)}."
        remedy = "Ask, make an address of the connect page, and send it to the customer's administrator."
        yield tenant.need(NeedKind.UNASKED, "warning", tenant.link.since_at, (told, remedy, "blog-tenant-linking"))


def _of_grant(tenant: _Tenant, row: GrantRow) -> Iterator[ConsentNeed]:
    name, now, what = tenant.name, tenant.now, what_of(row, wanted_of_row(tenant.link))
    if row.own_fault is not None:
        told = f"Whether {what} of {name} still stands could not be looked at: {row.own_fault}."
        remedy = "Mend our own app registration or its credential; nothing is held against the customer."
        texts = (told, remedy, "learn-client-credentials")
        yield tenant.need(NeedKind.OWN_FAULT, "error", row.probed_at or now, texts)
    state = GrantState(row.state)
    waits_long = now - row.since_at > WAITS_LONG
    if state in _OF_STATE:
        kind, level, message, remedy, resource = _OF_STATE[state]
        told = message.format(what=what, name=name, note=row.note or "no reason was given")
        yield tenant.need(kind, level, row.since_at, (told, remedy, resource))
    elif state in {GrantState.REQUESTED, GrantState.PENDING_ADMIN} and waits_long:
        told = f"{name} was asked for {what} and has not answered."
        remedy = "Ask whether the page reached the administrator, or make another address of it."
        yield tenant.need(NeedKind.WAITING, "warning", row.since_at, (told, remedy, "learn-admin-consent"))
    elif state is GrantState.GRANTED_UNVERIFIED and waits_long:
        told = f"{what} of {name} is said to be granted and was not proved."
        remedy = "Somebody of the customer signs in to it once, from the connect page."
        texts = (told, remedy, "learn-admin-consent-endpoint")
        yield tenant.need(NeedKind.UNPROVED, "warning", row.since_at, texts)
