"""Who may run which operation on whose things, by Cedar policies.

The policies lie beside this module (`policies/`): permits by role for staff, customers' people and programs, and what
no role lifts. They speak of action groups (`customers.change`), never of single operations, so that they stay as they
are when an operation is added: an operation names the narrowest groups that fit, and a permit on any of them is enough.
One engine decides for people and for agents; this module only puts the question.

Anything that does not fit is a denial: an unknown role, a staff role on a customer's token, a customer's person who is
bound to no customer, a policy that cannot be evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import ANONYMOUS, Principal, PrincipalKind
from fairkeeper.errors import BugError, DeniedError, NotFoundError, UnauthenticatedError
from fairkeeper.policy.engine import Decision, Entity, EntityUid, PolicyEngine, PolicyRequest, Reason, Value
from fairkeeper.values.ids import CustomerId

STAFF_ROLES: Final = frozenset(
    {"owner", "operations", "deal_desk", "platform", "support", "security", "finance", "seller", "leader", "auditor"}
)
"""Roles of the publisher's people, and of tokens that act as one of them."""
CUSTOMER_ROLES: Final = frozenset({"customer_admin", "customer_approver", "customer_user", "customer_auditor"})
"""Roles of a customer's people, and of tokens bound to a customer."""
SERVICE_ROLES: Final = frozenset({"service"})
"""Roles of tokens alone: `service` is the publisher's own product, which reports and asks."""

_OPERATION_NAME: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_GROUPS: Final = re.compile(r"^action((?:\s+\"[a-z_.]+\",?)+)", re.MULTILINE)
_FILES: Final = ("staff.cedar", "customers.cedar", "services.cedar", "never.cedar")
_ASKABLE: Final = """
action "{name}" in [{groups}] appliesTo {{
  principal: [Staff, Service, CustomerPerson, CustomerService, System, Anonymous],
  resource: [Publisher, Customer]
}};
"""
_PUBLISHER: Final = EntityUid("Publisher", "publisher")
_UNDECIDED: Final = frozenset({Reason.POLICY_ERROR, Reason.NO_DECISION, Reason.ENGINE_FAILED})


def may(
    principal: Principal,
    action: str,
    groups: Iterable[str],
    resource_customer_id: str | None,
    *,
    is_customer_suspended: bool = False,
) -> Decision:
    """Decide whether a principal may run an operation.

    Args:
        principal: Who asks, proved.
        action: The operation's name, `room.verb_noun`.
        groups: Its action groups, each declared in `policies/schema.cedarschema`.
        resource_customer_id: Whose things it touches; None means the publisher's own, or everybody's.
        is_customer_suspended: Whether that customer is suspended.

    Raises:
        BugError: The operation's name is malformed, or it names no group or an undeclared one.

    Example:
        >>> finance = Principal(id="per_1", kind=PrincipalKind.STAFF, roles=frozenset({"finance"}))
        >>> may(finance, "payouts.match_payment", ["payouts.change"], None).policies
        ('finance-changes',)
        >>> may(finance, "customers.revoke_access", ["customers.revoke"], "cus_1").allowed
        False
    """
    named = tuple(sorted(set(groups)))
    _check(action, named)
    try:
        return _settled(principal, named, resource_customer_id, is_customer_suspended)
    except _UndecidedError as undecided:
        return undecided.decision


class _UndecidedError(Exception):
    """Carries a decision that nobody should remember."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason)
        self.decision = decision


@lru_cache(maxsize=4096)
def _settled(
    principal: Principal,
    groups: tuple[str, ...],
    resource_customer_id: str | None,
    is_customer_suspended: bool,  # noqa: FBT001 - of a cached function, whose arguments are its key
) -> Decision:
    """Return a decision, remembered: everything that decides is in the arguments and in files that do not change.

    Policies speak of groups alone, since the schema declares nothing else, so operations of the same groups are one.

    Raises:
        _UndecidedError: Nothing could be decided; it is asked anew the next time.
    """
    uid, asking = _principal_entity(principal)
    entities = [asking]
    resource = _PUBLISHER
    if resource_customer_id is not None:
        resource = EntityUid("Customer", resource_customer_id)
        entities.append(Entity(uid=resource, attributes={"is_suspended": is_customer_suspended}))
    request = PolicyRequest(
        principal=uid,
        action=EntityUid("Action", _any_of(groups)),
        resource=resource,
        context={},
        entities=tuple(entities),
    )
    decision = _engine(groups).decide(request)
    if decision.reason in _UNDECIDED:
        raise _UndecidedError(decision)
    return decision


def authoriser(is_suspended: Callable[[CustomerId], bool]) -> Callable[[Principal, Operation, CustomerId | None], None]:
    """Return the runner's `authorise`.

    Args:
        is_suspended: Whether a customer is suspended; asked only for principals who are bound to that customer, and
            only where the answer decides: a page asks of a dozen operations, and most are reads, which suspension
            forbids nobody.
    """

    def authorise(principal: Principal, operation: Operation, customer_id: CustomerId | None) -> None:
        name, groups = operation.name, operation.groups
        decision = may(principal, name, groups, customer_id)
        if customer_id is not None and principal.customer_id == customer_id:
            while_suspended = may(principal, name, groups, customer_id, is_customer_suspended=True)
            if while_suspended != decision and is_suspended(customer_id):
                decision = while_suspended
        if not decision.allowed:
            raise refusal(principal, operation.name, decision)

    return authorise


def refusal(principal: Principal, action: str, decision: Decision) -> DeniedError | NotFoundError:
    """Return the error for a denial: why, as far as whoever asked may know it.

    Another customer's thing does not exist for a bound principal. What the engine could not evaluate stays in the
    decision, for operators.
    """
    if principal.id == ANONYMOUS.id:
        return UnauthenticatedError(f"{action} needs to know who asks.")
    if "never-another-customer" in decision.policies:
        return NotFoundError("There is no such thing here.", code="access.not_found")
    if decision.reason in _UNDECIDED:
        return DeniedError(
            f"Whether you may run {action} could not be decided, so the answer is no.",
            code="access.undecided",
            remedy="Sign in again; if that does not help, ask an owner to look at your roles and the role policies.",
        )
    if "never-while-suspended" in decision.policies:
        return DeniedError(
            "Microsoft has suspended this subscription, so nothing can be changed here now.",
            code="access.suspended",
            remedy="Settle the payment with Microsoft. Until then you can read, export and revoke.",
        )
    return DeniedError(
        f"None of your roles ({', '.join(sorted(principal.roles)) or 'none'}) may run {action}.",
        code="access.not_permitted",
        detail={"operation": action, "policies": ", ".join(decision.policies)},
    )


def action_groups() -> frozenset[str]:
    """Return every action group that an operation may name.

    Example:
        >>> {"read", "customers.change", "customers.revoke"} <= action_groups()
        True
    """
    declared = _GROUPS.findall(_text("schema.cedarschema"))
    return frozenset(name.strip().strip('"') for names in declared for name in names.split(",") if name.strip())


def _principal_entity(principal: Principal) -> tuple[EntityUid, Entity]:
    """Describe a principal as it claims to be; what does not fit together is refused by the schema."""
    if principal.id == ANONYMOUS.id:
        uid = EntityUid("Anonymous", principal.id)
        return uid, Entity(uid=uid, attributes={})
    is_bound = principal.customer_id is not None
    kind, role_type = {
        PrincipalKind.STAFF: ("Staff", "StaffRole"),
        PrincipalKind.CUSTOMER: ("CustomerPerson", "CustomerRole"),
        PrincipalKind.SERVICE: ("CustomerService", "CustomerRole") if is_bound else ("Service", "StaffRole"),
        PrincipalKind.SYSTEM: ("System", "StaffRole"),
    }[principal.kind]
    uid = EntityUid(kind, principal.id)
    is_service = principal.kind is PrincipalKind.SERVICE
    parents = tuple(
        EntityUid("ServiceRole" if is_service and role in SERVICE_ROLES else role_type, role)
        for role in sorted(principal.roles)
    )
    attributes: dict[str, Value] = {}
    if principal.customer_id is not None:
        attributes["customer"] = EntityUid("Customer", principal.customer_id)
    return uid, Entity(uid=uid, attributes=attributes, parents=parents)


@lru_cache(maxsize=1024)
def _check(action: str, groups: tuple[str, ...]) -> None:
    if not _OPERATION_NAME.fullmatch(action):
        raise BugError(f"{action!r} is not the name of an operation.", code="access.operation_malformed")
    undeclared = sorted(set(groups) - action_groups())
    if undeclared or not groups or action in action_groups():
        raise BugError(
            f"The operation {action} is named like a group, or names no group or one that policies/schema.cedarschema "
            f"does not declare: {', '.join(undeclared) or 'none'}.",
            code="access.group_undeclared",
            remedy="Declare the group there, or name one that is.",
        )


def _any_of(groups: tuple[str, ...]) -> str:
    """Name an operation that is in just these groups; no group can be named so."""
    return f"any of {' '.join(groups)}"


@lru_cache(maxsize=256)
def _engine(groups: tuple[str, ...]) -> PolicyEngine:
    """Return the engine that knows an operation of these groups; there are some dozens, and each is built once."""
    named = ", ".join(f'"{group}"' for group in groups)
    return _roles_engine().with_declarations(_ASKABLE.format(name=_any_of(groups), groups=named))


@lru_cache(maxsize=1)
def _roles_engine() -> PolicyEngine:
    return PolicyEngine("\n".join(_text(name) for name in _FILES), _text("schema.cedarschema"))


@lru_cache(maxsize=8)
def _text(name: str) -> str:
    return files("fairkeeper.access").joinpath("policies", name).read_text(encoding="utf-8")
