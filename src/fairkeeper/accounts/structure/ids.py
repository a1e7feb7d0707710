"""The ids of the account, ready to hand to support, each with where Partner Center shows it.

Source: Microsoft Learn, Partner Center documentation, Account settings, Identifiers.
"""

from __future__ import annotations

from collections.abc import Iterator

from fairkeeper.accounts.structure.model import Structure
from fairkeeper.accounts.views import Counts, KnownId

_PROGRAM = "Account settings > Identifiers > Microsoft AI Cloud Partner Program"
_PUBLISHER = "Account settings > Identifiers > Publisher"


def known_ids(structure: Structure) -> Iterator[KnownId]:
    """Go through every id that support may ask for."""
    for tenant in structure.tenants:
        name = tenant.name or ", ".join(tenant.domains)
        yield KnownId(what="Tenant ID", name=name, id=tenant.id, found_at="Account settings > Tenants")
    if structure.global_account is not None:
        account = structure.global_account
        yield KnownId(
            what="PartnerID (PGA)", name=account.legal_name, id=account.partner_id, found_at=f"{_PROGRAM}, global"
        )
    for location in structure.locations:
        yield KnownId(
            what="PartnerID (PLA)", name=location.name, id=location.partner_id, found_at=f"{_PROGRAM}, location"
        )
    for publisher in structure.publishers:
        yield KnownId(what="Publisher ID", name=publisher.name, id=publisher.id, found_at=_PUBLISHER)
        if publisher.seller_id:
            yield KnownId(what="Seller ID", name=publisher.name, id=publisher.seller_id, found_at=_PUBLISHER)
    for app in structure.app_registrations:
        yield KnownId(what="Application ID", name=app.name, id=app.id, found_at="Technical configuration of the offer")


def counts_of(structure: Structure) -> Counts:
    """Return how large a structure is."""
    offers = [offer for publisher in structure.publishers for offer in publisher.offers]
    return Counts(
        tenants=len(structure.tenants),
        people=len(structure.people),
        locations=len(structure.locations),
        publishers=len(structure.publishers),
        offers=len(offers),
        plans=sum(len(offer.plans) for offer in offers),
    )
