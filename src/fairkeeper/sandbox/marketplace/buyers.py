"""Who buys: made-up people of the directory, found by address or object id, and turned into the parties of a purchase.

Separate, because the control API and the storefront name people in the same ways.
"""

from __future__ import annotations

from fairkeeper.sandbox.directory import Directory, Person
from fairkeeper.sandbox.marketplace.errors import RequestError
from fairkeeper.sandbox.marketplace.subscriptions import Party


def find_person(directory: Directory, named: str) -> Person:
    """Return the person with this mail address or object id.

    Raises:
        RequestError: Nobody is called so.
    """
    wanted = named.strip().lower()
    for person in directory.people:
        if wanted in {person.email.lower(), person.object_id.lower()}:
            return person
    raise RequestError(
        f"Nobody in the sandbox's directory is called {named!r}.",
        code="sandbox.person_unknown",
        remedy="Take a mail address from GET /sandbox/catalog.",
    )


def company_of(directory: Directory, person: Person) -> str:
    """Return the name of a person's company; somebody with a personal account stands for himself."""
    tenant = directory.tenant(person.tenant_id)
    return person.name if tenant is None or tenant.is_personal else tenant.name


def as_party(person: Person) -> Party:
    """Return a person as purchaser or beneficiary."""
    return Party(email=person.email, object_id=person.object_id, tenant_id=person.tenant_id, puid=person.puid)
