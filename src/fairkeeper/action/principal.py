"""Who asks: a person of the publisher's or of a customer's, a program with a token, or Fairkeeper itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fairkeeper.values.ids import CustomerId


class PrincipalKind(StrEnum):
    """The four kinds of principal."""

    STAFF = "staff"
    CUSTOMER = "customer"
    SERVICE = "service"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever is behind a request, once proved.

    Attributes:
        id: Our random id (`per_…`, `tok_…`) or the name of a part of Fairkeeper (`system:reconciliation`); what
            evidence names.
        roles: Role names (design: staff and customer roles).
        customer_id: The one customer it is bound to; None for staff, unbound services and the system.
        display: A name for pages; never written into evidence headers.
    """

    id: str
    kind: PrincipalKind
    roles: frozenset[str] = frozenset()
    customer_id: CustomerId | None = None
    display: str = ""


def system(part: str) -> Principal:
    """Return Fairkeeper itself as a principal, by the part that acts.

    Example:
        >>> system("reconciliation").id
        'system:reconciliation'
    """
    return Principal(id=f"system:{part}", kind=PrincipalKind.SYSTEM, display=f"Fairkeeper ({part})")


ANONYMOUS = Principal(id="anonymous", kind=PrincipalKind.SERVICE, display="nobody")
"""Somebody who has proved nothing; only checks run for it."""
