"""What about a tenant's consent needs a person, derived from where its link and grants stand.

Never stored: what is mended is gone from the list by itself, and nothing has to be closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantState, LinkState
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


def needs_of(
    link: LinkRow, grants: Iterable[GrantRow], named: tuple[str, str] | None, questions: int, *, now: datetime
) -> Iterator[ConsentNeed]:
    """Return what needs a person about one tenant."""
    slug, name = named or (link.customer_id, link.customer_id)

    def need(kind: NeedKind, level: str, since_at: datetime, texts: tuple[str, str, str]) -> ConsentNeed:
        message, remedy, resource = texts
        return ConsentNeed(
            kind=kind,
            level=level,
            customer_id=link.customer_id,
            slug=slug,
            name=name,
            message=message,
            remedy=remedy,
            resource=resource,
            since_at=since_at,
        )

    state, wanted, rows = LinkState(link.state), wanted_of_row(link), list(grants)
    if questions and state not in ENDED_LINKS:
        told = f"{name} asked a question about what is asked for."
        remedy = "Answer it on the customer's page."
        yield need(NeedKind.QUESTION, "warning", now, (told, remedy, "learn-admin-consent"))
    if state is LinkState.UNLINKING and any(each["gone_at"] is None for each in link.remaining):
        level = "warning" if now - link.since_at > REMAINS_LONG else "info"
        left = ", ".join(each["name"] for each in link.remaining if each["gone_at"] is None)
        told = f"In the tenant of {name} there may still be: {left}."
        remedy = "Only the customer can remove it; the receipt says how. It is looked for by itself."
        yield need(NeedKind.REMAINS, level, link.since_at, (told, remedy, "learn-review-permissions"))
    if state in ENDED_LINKS:
        return
    asked = {key for row in rows for key in row.features if row.state != GrantState.NOT_NEEDED.value}
    unasked = [each.title for each in (wanted.features if wanted else ()) if each.is_required and each.key not in asked]
    if unasked and state is LinkState.LINKED:
        told = f"{name} has not been asked for {', '.join(unasked)}."
        remedy = "Ask, make an address of the connect page, and send it to the customer's administrator."
        yield need(NeedKind.UNASKED, "warning", link.since_at, (told, remedy, "blog-tenant-linking"))
    for row in rows:
        what = what_of(row, wanted)
        if row.own_fault is not None:
            told = f"Whether {what} of {name} still stands could not be looked at: {row.own_fault}."
            remedy = "Mend our own app registration or its credential; nothing is held against the customer."
            yield need(NeedKind.OWN_FAULT, "error", row.probed_at or now, (told, remedy, "learn-client-credentials"))
        grant_state = GrantState(row.state)
        if grant_state in _OF_STATE:
            kind, level, message, remedy, resource = _OF_STATE[grant_state]
            told = message.format(what=what, name=name, note=row.note or "no reason was given")
            yield need(kind, level, row.since_at, (told, remedy, resource))
        elif grant_state in {GrantState.REQUESTED, GrantState.PENDING_ADMIN} and now - row.since_at > WAITS_LONG:
            told = f"{name} was asked for {what} and has not answered."
            remedy = "Ask whether the page reached the administrator, or make another address of it."
            yield need(NeedKind.WAITING, "warning", row.since_at, (told, remedy, "learn-admin-consent"))
        elif grant_state is GrantState.GRANTED_UNVERIFIED and now - row.since_at > WAITS_LONG:
            told = f"{what} of {name} is said to be granted and was not proved."
            remedy = "Somebody of the customer signs in to it once, from the connect page."
            yield need(NeedKind.UNPROVED, "warning", row.since_at, (told, remedy, "learn-admin-consent-endpoint"))
