"""Tenants, the global account and its locations: that they are there, once each, and each for a reason.

Source: Microsoft Learn, "Manage tenants", "Manage locations"; the Marketplace blog on account structure: one location
sells worldwide, further ones are for divisions and sales centres; the PGA is not used for transactions; a location is
removed by support alone and for good; one CSP tenant to one location.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from fairkeeper.accounts.checks.declaring import Basis, declare
from fairkeeper.accounts.structure.model import Serves, Structure
from fairkeeper.values.findings import Finding, Level

NO_TENANT: Final = declare(
    "no_tenant",
    title="A Microsoft Entra tenant is associated with the account",
    remedy="Associate an existing tenant or create one in Account settings, Tenants; it needs no Azure subscription.",
    resource="learn-partner-center",
    example="tenants: []",
)
TENANT_TWICE: Final = declare(
    "tenant_twice",
    title="A tenant stands once, and a CSP tenant serves one location",
    remedy="Remove one of the two, or give the location its own CSP tenant.",
    resource="learn-partner-center",
    example="two locations with one csp_tenant",
)
NO_GLOBAL_ACCOUNT: Final = declare(
    "no_global_account",
    title="The company has its partner global account",
    remedy="Take its PartnerID from Account settings, Identifiers, Microsoft AI Cloud Partner Program.",
    resource="blog-account-structure",
    example="a structure without global_account",
)
NO_LOCATION: Final = declare(
    "no_location",
    title="The company has a partner location account",
    remedy="Take its PartnerID from Account settings, Identifiers; one is made with the global account.",
    resource="blog-account-structure",
    example="locations: []",
)
PARTNER_ID_TWICE: Final = declare(
    "partner_id_twice",
    title="Each PartnerID names one account",
    remedy="Look the ids up in Account settings, Identifiers, and correct the one that was copied wrongly.",
    resource="blog-account-structure",
    example="a location with the global account's id",
)
PARTNER_ID_INVALID: Final = declare(
    "partner_id_invalid",
    title="A PartnerID is digits alone",
    remedy="Copy it from Account settings, Identifiers.",
    resource="blog-account-structure",
    example='partner_id: "MPN 4412887"',
)
LOCATION_PER_COUNTRY: Final = declare(
    "location_per_country",
    title="A location is for a division or a sales centre, not for a country",
    remedy="Leave out what is only planned. One location sells worldwide; those that exist can be removed by support "
    "alone, for good.",
    resource="blog-account-structure",
    example="three locations that serve a country each",
    level=Level.WARNING,
)
LOCATION_ORPHAN: Final = declare(
    "location_orphan",
    title="Each location has a publisher",
    remedy="Say which publisher it belongs to, or ask support to remove it; that cannot be taken back.",
    resource="blog-account-structure",
    example="a second location that no publisher names",
    level=Level.WARNING,
)


def check_tenants(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the two
    """Find a house without a tenant, and tenants that stand twice."""
    if not any(tenant.is_associated for tenant in structure.tenants):
        yield NO_TENANT.found("No tenant is associated with the account.", path="tenants")
    seen: set[str] = set()
    for number, tenant in enumerate(structure.tenants):
        if tenant.id.lower() in seen:
            yield TENANT_TWICE.found(f"The tenant {tenant.id} stands twice.", path=f"tenants/{number}/id")
        seen.add(tenant.id.lower())
    csp: set[str] = set()
    for number, location in enumerate(structure.locations):
        if location.csp_tenant is None:
            continue
        if location.csp_tenant.lower() in csp:
            message = f"The CSP tenant {location.csp_tenant} serves two locations."
            yield TENANT_TWICE.found(message, path=f"locations/{number}/csp_tenant", subject=location.partner_id)
        csp.add(location.csp_tenant.lower())


def check_partner_ids(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find a missing global account or location, and PartnerIDs that are no ids or name two accounts."""
    named: list[tuple[str, str]] = []
    if structure.global_account is None:
        yield NO_GLOBAL_ACCOUNT.found("The partner global account is not stated.")
    else:
        named.append(("global_account/partner_id", structure.global_account.partner_id))
    if not structure.locations:
        yield NO_LOCATION.found("No partner location account is stated.", path="locations")
    named += [(f"locations/{number}/partner_id", each.partner_id) for number, each in enumerate(structure.locations)]
    seen: set[str] = set()
    for path, partner_id in named:
        if not (partner_id.isascii() and partner_id.isdigit()):
            yield PARTNER_ID_INVALID.found(f"{partner_id[:60]!r} is no PartnerID.", path=path, subject=partner_id)
        if partner_id in seen:
            yield PARTNER_ID_TWICE.found(f"The PartnerID {partner_id} names two accounts.", path=path)
        seen.add(partner_id)


def check_locations(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find locations for countries where one would do, and those that belong to nobody."""
    countries = [each for each in structure.locations if each.serves is Serves.COUNTRY]
    if len(structure.locations) > 1 and countries:
        names = ", ".join(f"{each.name} ({each.partner_id})" for each in countries)
        yield LOCATION_PER_COUNTRY.found(
            f"{len(countries)} of {len(structure.locations)} locations serve a country: {names}.", path="locations"
        )
    used = Counter(publisher.location for publisher in structure.publishers)
    if len(structure.locations) > 1:
        for number, location in enumerate(structure.locations):
            if not used[location.partner_id]:
                yield LOCATION_ORPHAN.found(
                    f"No publisher belongs to the location {location.name} ({location.partner_id}).",
                    path=f"locations/{number}",
                    subject=location.partner_id,
                )
