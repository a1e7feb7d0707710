"""How a person is given access: create a user, add one, or invite one, proposed with its reason.

Source: Microsoft Learn, "Create users, add users and manage roles in Partner Center", on the three ways; only work
accounts are taken. In a company that had a tenant before, its own administrator does the first set-up.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairkeeper.accounts.structure.model import AccountKind, Person, Structure, WayIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The way in that fits a person, None where there is none, and why."""

    person: str
    way: WayIn | None
    reason: str


def propose_way_in(person: Person, structure: Structure) -> Proposal:
    """Return the way in that fits where the person's account is.

    Example:
        >>> house = Structure.model_validate(
        ...     {"company": "Fairmile", "tenants": [{"id": "t", "domains": ["fairmile.example"]}]}
        ... )
        >>> propose_way_in(Person(name="Ida", email="ida@contoso.example", account="outside"), house).way.value
        'invite'
    """
    own = {domain.lower() for tenant in structure.tenants for domain in tenant.domains}
    is_own = person.domain in own
    way: WayIn | None
    if person.account is AccountKind.MICROSOFT_ACCOUNT:
        way, reason = None, "A Microsoft account is personal; Partner Center takes work accounts of a tenant alone."
    elif person.account is AccountKind.NOT_YET:
        way = WayIn.CREATE if is_own else WayIn.INVITE
        reason = (
            f"Nobody of this name is in the tenant of {person.domain} yet, so the user is created there."
            if is_own
            else f"{person.domain} is no domain of the company's tenants, so the person is invited from outside."
        )
    elif person.account is AccountKind.IN_TENANT and is_own:
        way, reason = WayIn.ADD, f"The account exists in the tenant of {person.domain}, so it is added with its roles."
    else:
        way = WayIn.INVITE
        reason = f"{person.domain} belongs to another organization, so the person is invited as a guest."
    return Proposal(person=person.email, way=way, reason=reason)


def ways_in(structure: Structure) -> tuple[Proposal, ...]:
    """Return the proposal for everybody who has no role yet and has not left."""
    return tuple(
        propose_way_in(person, structure)
        for person in structure.people
        if not person.has_access and person.left_on is None
    )
