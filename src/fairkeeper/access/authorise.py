"""The runner's `authorise`: role policies decide, and a denial says which role would be enough.

Separate from `roles`, which only puts the question: naming the roles that would do costs one decision for each role,
and is only worth it for a person who was just told no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from fairkeeper.access.roles import CUSTOMER_ROLES, STAFF_ROLES, authoriser, may
from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.runner import Authorise
from fairkeeper.errors import DeniedError
from fairkeeper.values.ids import CustomerId


def nobody_is_suspended(customer_id: CustomerId) -> bool:  # noqa: ARG001 - an answer to the question of `make_authorise`
    """Answer that no customer is suspended; for tests and for installations without customers."""
    return False


def make_authorise(is_suspended: Callable[[CustomerId], bool]) -> Authorise:
    """Return the runner's `authorise`.

    Args:
        is_suspended: Whether a customer is suspended; asked only for principals who are bound to that customer.
    """
    decide = authoriser(is_suspended)

    def authorise(principal: Principal, operation: Operation, customer_id: CustomerId | None) -> None:
        try:
            decide(principal, operation, customer_id)
        except DeniedError as error:
            if error.code != "access.not_permitted":
                raise
            roles = roles_that_allow(operation.name, operation.groups, is_customer=principal.customer_id is not None)
            raise DeniedError(
                error.message,
                code=error.code,
                remedy=_remedy(roles, is_customer=principal.customer_id is not None),
                detail={**error.detail, "roles_that_allow": ", ".join(roles)},
            ) from error

    return authorise


@lru_cache(maxsize=1024)
def roles_that_allow(action: str, groups: tuple[str, ...], *, is_customer: bool) -> tuple[str, ...]:
    """Return the roles that may run an operation, by name.

    Args:
        action: The operation's name.
        groups: Its action groups.
        is_customer: Whether a customer's person asks about its own company, or staff about anything.

    Example:
        >>> roles_that_allow("access.remove_person", ("access.manage",), is_customer=False)
        ('owner',)
    """
    own = CustomerId("cus_own") if is_customer else None
    asking = Principal(
        id="per_asking", kind=PrincipalKind.CUSTOMER if is_customer else PrincipalKind.STAFF, customer_id=own
    )
    candidates = CUSTOMER_ROLES if is_customer else STAFF_ROLES
    allowed = (
        role for role in candidates if may(replace(asking, roles=frozenset({role})), action, groups, own).allowed
    )
    return tuple(sorted(allowed))


def _remedy(roles: tuple[str, ...], *, is_customer: bool) -> str:
    if not roles:
        return "Nobody is given this by a role; Fairkeeper does it itself, or the publisher does."
    whom = "your company's administrator" if is_customer else "an owner"
    return f"Ask {whom} for one of these roles: {', '.join(roles)}."
