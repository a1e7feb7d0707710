"""What could never be changed again if the planned parts of a structure were created now.

Source: Microsoft Learn, "Create a SaaS offer" (offer and plan ids fixed after Create, the offer id in the listing's
address); Partner Center on publisher ids (never reusable), associated PartnerID (not editable once set), locations
(removed by support alone, for good).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fairkeeper.accounts.structure.model import Life, Structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Permanent:
    """One thing that Create would fix: what it is, its value, where it stands in the file, and what is lost with it."""

    what: str
    value: str
    path: str
    why: str


def becomes_permanent(structure: Structure) -> Iterator[Permanent]:
    """Go through everything that creating the planned parts would fix for good."""
    for number, publisher in enumerate(structure.publishers):
        if publisher.life is Life.PLANNED:
            place = f"publishers/{number}"
            yield Permanent(
                what="publisher id", value=publisher.id, path=f"{place}/id", why="It is never changed nor given again."
            )
            if publisher.location:
                why = "The associated PartnerID cannot be edited once it is set."
                yield Permanent(what="associated location", value=publisher.location, path=f"{place}/location", why=why)
    for place, publisher, offer in structure.offers():
        if Life.PLANNED in {publisher.life, offer.life}:
            why = "It is fixed when Create is pressed and stands in the listing's address."
            yield Permanent(what="offer id", value=offer.id, path=f"{place}/id", why=why)
    for place, offer, plan in structure.plans():
        if Life.PLANNED in {offer.life, plan.life}:
            why = "It is fixed when Create is pressed; one page says when it is published, so the stricter is taken."
            yield Permanent(what="plan id", value=plan.id, path=f"{place}/id", why=why)
