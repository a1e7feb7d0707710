"""What about consent needs a person, as pages show it: Today, the customer's page, the page of its consent."""

from __future__ import annotations

from typing import Final

from fairkeeper.consent.queries import list_needs
from fairkeeper.consent.views import ConsentNeed
from fairkeeper.web import parts
from fairkeeper.web.parts import Finding, Link
from fairkeeper.web.serving.telling import resource_link
from fairkeeper.web.serving.visit import Visit

_LEVELS: Final = {"error": parts.Level.ERROR, "warning": parts.Level.WARNING}


def finding_of(need: ConsentNeed, *, is_own: bool = False) -> Finding:
    """Return something about consent that needs a person, as pages show it."""
    href = "/permissions" if is_own else f"/customers/{need.slug}/consent"
    return Finding(
        level=_LEVELS.get(need.level, parts.Level.NOTE),
        what=need.message,
        remedy=need.remedy,
        since_at=need.since_at,
        where=Link(label="Permissions" if is_own else need.name, href=href),
        resource=resource_link(need.resource),
        owner="Platform",
    )


def consent_needs(visit: Visit, customer_id: str | None = None) -> tuple[Finding, ...]:
    """Return what about consent needs a person, of one customer or of all; nothing for those who may not read it."""
    if not visit.allows(list_needs):
        return ()
    found: tuple[ConsentNeed, ...] = visit.run(list_needs)
    own = not visit.is_staff
    return tuple(
        finding_of(need, is_own=own)
        for need in found
        if (customer_id is None or need.customer_id == customer_id) and (need.level != "info" or customer_id)
    )
