"""Rules about people: which roles fit whom, and that there is always somebody left who can let others in.

Pure, so that the rule of the two owners can be read and tested without a database.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from fairkeeper.access.errors import OwnersTooFewError, RolesRefusedError
from fairkeeper.access.roles import CUSTOMER_ROLES, SERVICE_ROLES, STAFF_ROLES
from fairkeeper.values.ids import TenantId

PERSONAL_ACCOUNTS_TENANT = TenantId("9188040d-6c67-4c5b-b112-36a304b66dad")
"""The one tenant of all personal Microsoft accounts: it says nothing about whose customer somebody is.

Source: Microsoft Entra, "ID token claims reference", claim tid, read 2026-11-22.
"""

OWNER = "owner"
CUSTOMER_ADMIN = "customer_admin"
CUSTOMER_USER = "customer_user"
PUBLISHER = "publisher"
"""Stands in `first_of` for the company that runs Fairkeeper."""


class PersonKind(StrEnum):
    """Whose person it is."""

    STAFF = "staff"
    """The publisher's."""
    CUSTOMER = "customer"
    """A customer's."""


class PersonState(StrEnum):
    """Whether the person may sign in."""

    ACTIVE = "active"
    REMOVED = "removed"


def refuse_roles(roles: Iterable[str], kind: PersonKind, *, is_token: bool = False) -> None:
    """Refuse roles that this kind of person or token cannot have.

    Raises:
        RolesRefusedError: None was named, or one belongs to others.

    Example:
        >>> refuse_roles(["owner", "finance"], PersonKind.STAFF)
        >>> refuse_roles(["service"], PersonKind.STAFF, is_token=True)
    """
    known = STAFF_ROLES if kind is PersonKind.STAFF else CUSTOMER_ROLES
    if is_token:
        known |= SERVICE_ROLES
    named = sorted(set(roles))
    if not named:
        message = "No role was named."
        raise RolesRefusedError(message, remedy=f"Name at least one of {', '.join(sorted(known))}.")
    strange = [role for role in named if role not in known]
    if strange:
        whose = ("staff" if kind is PersonKind.STAFF else "a customer's people") + (" tokens" if is_token else "")
        message = f"{', '.join(repr(role)[:80] for role in strange)} is no role for {whose}."
        raise RolesRefusedError(message, remedy=f"Choose from {', '.join(sorted(known))}.")


def refuse_too_few_owners(before: int, after: int) -> None:
    """Refuse a change after which too few owners would be left: one always, two once there were two.

    Raises:
        OwnersTooFewError: The change takes an owner away who is needed.

    Example:
        >>> refuse_too_few_owners(3, 2)
        >>> refuse_too_few_owners(2, 1)
        Traceback (most recent call last):
        ...
        fairkeeper.access.errors.OwnersTooFewError: This would leave 1 owner of 2; there are never fewer than 2.
    """
    needed = min(2, before)
    if after < needed and after < before:
        message = f"This would leave {after} owner of {before}; there are never fewer than {needed}."
        raise OwnersTooFewError(message)


def refuse_no_admin(before: int, after: int) -> None:
    """Refuse a change after which a customer would have nobody who can let its people in.

    Raises:
        OwnersTooFewError: `access.last_admin`.

    Example:
        >>> refuse_no_admin(1, 1)
    """
    if before and not after:
        message = "This would leave the customer without anyone who can let its people in."
        raise OwnersTooFewError(
            message, code="access.last_admin", remedy="Give a colleague the role customer_admin first."
        )
