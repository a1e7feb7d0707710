"""Who can still open the door: administrators counted, people who left, roles that do nothing, ways in.

Source: Microsoft Learn, "Assign roles, permissions and workspace access to users"; "Permissions required for
Marketplace"; the Marketplace blog on account structure: a single administrator leaves, access is lost, orphan accounts
come about. Partner Center takes work accounts alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fairkeeper.accounts.checks.declaring import Basis, declare
from fairkeeper.accounts.structure.model import AccountKind, Person, Structure
from fairkeeper.accounts.structure.roles import ACCOUNT_ADMIN, FINANCIAL_CONTRIBUTOR, GLOBAL_ADMIN, OWNER, role
from fairkeeper.accounts.structure.ways_in import propose_way_in
from fairkeeper.values.findings import Finding, Level

FEWEST: Final = 2

FEW_GLOBAL_ADMINS: Final = declare(
    "few_global_admins",
    title="The directory has two Global admins at least",
    remedy="Name a second one in Microsoft Entra today; whoever is last to leave takes the tenant with them.",
    resource="blog-account-structure",
    example="one person with the role Global admin",
)
FEW_ACCOUNT_ADMINS: Final = declare(
    "few_account_admins",
    title="The account has two Account admins at least",
    remedy="Give a second person the role in Account settings, User management.",
    resource="learn-partner-center",
    example="one person with the role Account admin",
)
FEW_OWNERS: Final = declare(
    "few_owners",
    title="Each publisher has two Owners at least",
    remedy="Let the Owner name a second one; no other role can.",
    resource="learn-partner-center",
    example="publisher fairmile with one Owner",
)
NOBODY_FOR_PAYOUT: Final = declare(
    "nobody_for_payout",
    title="Somebody of each publisher can open its payout and tax profiles",
    remedy="Give two people the role Owner, or one of finance the role Financial contributor besides.",
    resource="learn-partner-center",
    example="a publisher whose people are all Managers and Developers",
)
PERSON_LEFT: Final = declare(
    "person_left",
    title="Nobody who left still has roles",
    remedy="Remove the person in User management, once somebody else holds what they held.",
    resource="learn-partner-center",
    example="left_on: 2026-03-31, roles: [Account admin]",
)
ROLE_DOES_NOTHING: Final = declare(
    "role_does_nothing",
    title="Roles that are held do something in Marketplace",
    remedy="Take the role away, or give the one that was meant: Developer for offers, Manager for users.",
    resource="learn-partner-center",
    example="publisher_roles: {fairmile: [Marketer]}",
    level=Level.WARNING,
)
ROLE_UNKNOWN: Final = declare(
    "role_unknown",
    title="A role is named as Partner Center names it",
    remedy="Write the role's name as User management shows it, under the account or under the publisher it belongs to.",
    resource="learn-partner-center",
    example="roles: [Superuser]",
)
PERSONAL_ACCOUNT: Final = declare(
    "personal_account",
    title="Everybody signs in with a work account",
    remedy="Make the person a work account in the company's tenant; a Microsoft account is not taken.",
    resource="learn-partner-center",
    example="account: microsoft_account",
)
WAY_IN_UNFIT: Final = declare(
    "way_in_unfit",
    title="The way in fits where the person's account is",
    remedy="Use the way that the message proposes: create, add or invite.",
    resource="learn-partner-center",
    example="way_in: invite, for somebody whose account is in the tenant",
    level=Level.WARNING,
)
PERSON_TWICE: Final = declare(
    "person_twice",
    title="A person stands once",
    remedy="Join the two entries and their roles.",
    resource="learn-partner-center",
    example="two people with one address",
)


def check_directory(structure: Structure, basis: Basis) -> Iterator[Finding]:
    """Find fewer than two who administer the directory, and fewer than two for the account."""
    for name, kind in ((GLOBAL_ADMIN, FEW_GLOBAL_ADMINS), (ACCOUNT_ADMIN, FEW_ACCOUNT_ADMINS)):
        holders = [person.email for person in _present(structure, basis) if name in _account_roles(person)]
        if len(set(holders)) < FEWEST:
            yield kind.found(f"{_who(holders)} {name}.", path="people", detail={"count": len(set(holders))})


def check_owners(structure: Structure, basis: Basis) -> Iterator[Finding]:
    """Find publishers that one leaving would lock out, and those whose payout nobody can open."""
    for number, publisher in enumerate(structure.publishers):
        held: dict[str, set[str]] = {OWNER: set(), FINANCIAL_CONTRIBUTOR: set()}
        for person in _present(structure, basis):
            for name in person.publisher_roles.get(publisher.id, []):
                if (known := role(name)) is not None and known.name in held:
                    held[known.name].add(person.email)
        path, owners = f"publishers/{number}", sorted(held[OWNER])
        if not owners and not held[FINANCIAL_CONTRIBUTOR]:
            message = f"Nobody is Owner or Financial contributor of the publisher {publisher.id}."
            yield NOBODY_FOR_PAYOUT.found(message, path=path, subject=publisher.id)
        elif len(owners) < FEWEST:
            message = f"{_who(owners)} Owner of the publisher {publisher.id}."
            yield FEW_OWNERS.found(message, path=path, subject=publisher.id, detail={"count": len(owners)})


def check_roles(structure: Structure, basis: Basis) -> Iterator[Finding]:
    """Find people who left with their roles, roles that nobody knows, and roles that do nothing."""
    publishers = {publisher.id for publisher in structure.publishers}
    for number, person in enumerate(structure.people):
        path = f"people/{number}"
        if person.left_on is not None and person.left_on <= basis.as_of:
            if person.has_access:
                yield PERSON_LEFT.found(
                    f"{person.name} left on {person.left_on} and still has roles.", path=path, subject=person.email
                )
            continue
        idle: list[str] = []
        for name in person.roles:
            known = role(name)
            if known is None or known.is_publishers:
                told = "is a role of a publisher, not of the account" if known else "is no role of Partner Center"
                yield ROLE_UNKNOWN.found(f"{name[:60]!r} {told}.", path=f"{path}/roles", subject=person.email)
        for publisher, names in person.publisher_roles.items():
            place = f"{path}/publisher_roles/{publisher}"
            if publisher not in publishers:
                yield ROLE_UNKNOWN.found(
                    f"There is no publisher {publisher[:60]!r} to have roles of.", path=place, subject=person.email
                )
            for name in names:
                known = role(name)
                if known is None or not known.is_publishers:
                    told = "is a role of the account, not of a publisher" if known else "is no role of a publisher"
                    yield ROLE_UNKNOWN.found(f"{name[:60]!r} {told}.", path=place, subject=person.email)
                elif not known.does:
                    idle.append(f"{known.name} of {publisher}")
        if idle:
            yield ROLE_DOES_NOTHING.found(
                f"{person.name} is {', '.join(idle)}; in Marketplace that does nothing.",
                path=path,
                subject=person.email,
            )


def check_accounts(structure: Structure, basis: Basis) -> Iterator[Finding]:
    """Find personal accounts, people who stand twice, and ways in that do not fit."""
    seen: set[str] = set()
    for number, person in enumerate(structure.people):
        path = f"people/{number}"
        if person.email.lower() in seen:
            yield PERSON_TWICE.found(f"{person.email} stands twice.", path=path, subject=person.email)
        seen.add(person.email.lower())
        if person.left_on is not None and person.left_on <= basis.as_of:
            continue
        proposal = propose_way_in(person, structure)
        if person.account is AccountKind.MICROSOFT_ACCOUNT:
            yield PERSONAL_ACCOUNT.found(
                f"{person.name} has the Microsoft account {person.email}. {proposal.reason}",
                path=f"{path}/account",
                subject=person.email,
            )
        elif person.way_in is not None and person.way_in is not proposal.way:
            proposed = proposal.way.value if proposal.way else "none"
            yield WAY_IN_UNFIT.found(
                f"{person.name} is to be reached by {person.way_in.value}; {proposed} fits. {proposal.reason}",
                path=f"{path}/way_in",
                subject=person.email,
            )


def _present(structure: Structure, basis: Basis) -> Iterator[Person]:
    """Go through the people who have not left and can sign in."""
    for person in structure.people:
        has_left = person.left_on is not None and person.left_on <= basis.as_of
        if not has_left and person.account in {AccountKind.IN_TENANT, AccountKind.OUTSIDE}:
            yield person


def _account_roles(person: Person) -> set[str]:
    return {known.name for name in person.roles if (known := role(name)) is not None}


def _who(holders: list[str]) -> str:
    return f"Only {holders[0]} is" if holders else "Nobody is"
