"""Adding people, changing their roles and removing them, with the rule that somebody who can let others in remains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fairkeeper.access.actions.sign_in import Guid, find_person
from fairkeeper.access.errors import PersonExistsError, PersonNotFoundError, RolesRefusedError, SignInRefusedError
from fairkeeper.access.people import (
    CUSTOMER_ADMIN,
    OWNER,
    PersonKind,
    PersonState,
    refuse_no_admin,
    refuse_roles,
    refuse_too_few_owners,
)
from fairkeeper.access.ports import CustomerOfTenant, PublisherTenant
from fairkeeper.access.tables import EMAIL_CHARACTERS, NAME_CHARACTERS, PersonRow, WebSessionRow
from fairkeeper.access.views import Person, person_of
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    command,
)
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.values.ids import CustomerId, PersonId, TenantId, new_id

PERSON_ADDED = EvidenceKind(name="access.person_added/1", sentence="{person_id} may sign in, with the roles {roles}")
ROLES_CHANGED = EvidenceKind(name="access.roles_changed/1", sentence="{person_id} now has the roles {roles}")
PERSON_REMOVED = EvidenceKind(name="access.person_removed/1", sentence="{person_id} may no longer sign in")


class AddPerson(OperationInput):
    """An account of Microsoft Entra that may sign in from now on."""

    tenant_id: Guid = Field(description="Its tenant: the publisher's for staff, a tenant of the customer otherwise.")
    object_id: Guid = Field(description="Its object id in that tenant (Entra admin centre, Users, Overview).")
    name: str = Field(min_length=1, max_length=NAME_CHARACTERS, description="What the console calls this person.")
    roles: list[str] = Field(min_length=1, max_length=20, description="What this person may do.")
    email: str | None = Field(
        default=None, max_length=EMAIL_CHARACTERS, description="Where this person is written to; proves nothing."
    )
    customer_id: CustomerId | None = Field(default=None, description="Whose person it is; nothing for staff.")


class ChangeRoles(OperationInput):
    """A person and the roles it has from now on."""

    person_id: PersonId = Field(description="The person's id, `per_…`.")
    roles: list[str] = Field(
        min_length=1, max_length=20, description="The roles from now on; those left out are taken."
    )


class RemovePerson(OperationInput):
    """A person who may no longer sign in."""

    person_id: PersonId = Field(description="The person's id, `per_…`.")


@command(
    "access.add_person",
    groups=("access.manage",),
    http="POST /access/people",
    cli="people add TENANT_ID OBJECT_ID NAME",
    evidence=(PERSON_ADDED,),
)
def add_person(context: CommandContext, request: AddPerson) -> Outcome[Person]:
    """Let an account sign in, as staff or as a person of one customer.

    An account that was removed comes back with the roles named now.

    Raises:
        RolesRefusedError: The roles are not for this kind of person, or more than the asking principal has.
        PersonExistsError: The account may sign in already.
        SignInRefusedError: `access.tenant_unknown`, the tenant is not the publisher's or not the customer's.
    """
    customer_id = context.principal.customer_id or request.customer_id
    kind = PersonKind.CUSTOMER if customer_id else PersonKind.STAFF
    tenant_id = TenantId(request.tenant_id)
    refuse_roles(request.roles, kind)
    refuse_escalation(context.principal, request.roles)
    _refuse_other_tenant(context, tenant_id, request.object_id, customer_id)
    row = find_person(context.session, tenant_id, request.object_id)
    if row is None:
        row = PersonRow(
            id=PersonId(new_id("per")),
            kind=kind.value,
            customer_id=customer_id,
            tenant_id=tenant_id,
            object_id=request.object_id,
            created_at=context.now,
        )
    elif row.state == PersonState.ACTIVE or row.customer_id != customer_id:
        raise PersonExistsError(f"{row.id} has this account.")
    row.name, row.email = request.name, request.email or row.email
    row.roles, row.state = sorted(set(request.roles)), PersonState.ACTIVE.value
    _insert(context.session, row)
    return Outcome(result=person_of(row), entry=_entry(PERSON_ADDED, row))


@command(
    "access.change_roles",
    groups=("access.manage",),
    http="POST /access/people/{person_id}/roles",
    cli="people roles PERSON_ID",
    evidence=(ROLES_CHANGED,),
)
def change_roles(context: CommandContext, request: ChangeRoles) -> Outcome[Person]:
    """Give a person other roles; they hold from the next request on.

    Raises:
        PersonNotFoundError: There is no such active person.
        RolesRefusedError: The roles are not for this kind of person, or more than the asking principal has.
        OwnersTooFewError: Fewer than two owners would be left of two or more, none of one, or no customer_admin.
    """
    row, people = _lock_person(context.session, request.person_id)
    roles = sorted(set(request.roles))
    refuse_roles(roles, PersonKind(row.kind))
    refuse_escalation(context.principal, {*roles} ^ {*row.roles})
    if roles == sorted(row.roles):
        return Outcome(result=person_of(row), entry=None)

    def change() -> None:
        row.roles = roles

    _keeping_somebody_in_charge(row, people, change)
    return Outcome(result=person_of(row), entry=_entry(ROLES_CHANGED, row))


@command(
    "access.remove_person",
    groups=("access.manage",),
    http="DELETE /access/people/{person_id}",
    cli="people remove PERSON_ID",
    evidence=(PERSON_REMOVED,),
)
def remove_person(context: CommandContext, request: RemovePerson) -> Outcome[Person]:
    """Take away a person's way in; browsers where that person is signed in are signed out at once.

    Raises:
        PersonNotFoundError: There is no such active person.
        OwnersTooFewError: Fewer than two owners would be left of two or more, none of one, or no customer_admin.
    """
    row, people = _lock_person(context.session, request.person_id)
    refuse_escalation(context.principal, row.roles)

    def change() -> None:
        row.state = PersonState.REMOVED.value

    _keeping_somebody_in_charge(row, people, change)
    context.session.execute(delete(WebSessionRow).where(WebSessionRow.person_id == row.id))
    return Outcome(result=person_of(row), entry=_entry(PERSON_REMOVED, row))


def refuse_escalation(principal: Principal, roles: Iterable[str]) -> None:
    """Refuse to give or take roles that the asking principal could not use itself.

    Role policies already leave this to owners and customers' administrators; this holds whatever they come to say.

    Raises:
        RolesRefusedError: `access.roles_beyond_own`.
    """
    if principal.kind is PrincipalKind.SYSTEM or OWNER in principal.roles:
        return
    if principal.customer_id is not None and CUSTOMER_ADMIN in principal.roles:
        return  # bound to one customer, whose people and tokens have its roles alone
    beyond = sorted(set(roles) - principal.roles)
    if beyond:
        raise RolesRefusedError(
            f"{', '.join(beyond)}: only an owner gives or takes roles that are not one's own.",
            code="access.roles_beyond_own",
            remedy="Ask an owner.",
        )


def _refuse_other_tenant(
    context: CommandContext, tenant_id: TenantId, object_id: str, customer_id: CustomerId | None
) -> None:
    if customer_id is None:
        if tenant_id != context.ports.of(PublisherTenant).tenant_id:
            raise SignInRefusedError(
                f"The tenant {tenant_id} is not the publisher's.",
                code="access.tenant_unknown",
                remedy="Staff have accounts of the tenant that FAIRKEEPER_ENTRA_TENANT_ID names.",
            )
    elif context.ports.of(CustomerOfTenant).customer_of(context.session, tenant_id, object_id) != customer_id:
        raise SignInRefusedError(
            f"The tenant {tenant_id} is not one of {customer_id}.",
            code="access.tenant_unknown",
            remedy="Name an account of a tenant that belongs to the customer.",
        )


def _lock_person(session: Session, person_id: PersonId) -> tuple[PersonRow, Sequence[PersonRow]]:
    """Return an active person and everybody of the same company, all locked.

    Always in one order and before anything is decided, so that two owners cannot remove each other at once.
    """
    row = session.get(PersonRow, person_id)
    if row is not None:
        same = select(PersonRow).where(
            PersonRow.kind == row.kind, PersonRow.customer_id.is_not_distinct_from(row.customer_id)
        )
        newest = same.order_by(PersonRow.id).with_for_update().execution_options(populate_existing=True)
        people = session.scalars(newest).all()
        if row.state == PersonState.ACTIVE:
            return row, people
    raise PersonNotFoundError(f"There is no active person {person_id!r} here.")


def _keeping_somebody_in_charge(row: PersonRow, people: Sequence[PersonRow], change: Callable[[], None]) -> None:
    """Make a change, and refuse it when too few people in charge would be left."""
    charge = OWNER if row.kind == PersonKind.STAFF else CUSTOMER_ADMIN
    before = _count(people, charge)
    change()
    refuse = refuse_too_few_owners if charge == OWNER else refuse_no_admin
    refuse(before, _count(people, charge))


def _count(people: Iterable[PersonRow], role: str) -> int:
    return sum(1 for person in people if person.state == PersonState.ACTIVE and role in person.roles)


def _insert(session: Session, row: PersonRow) -> None:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise PersonExistsError("The account is somebody's already.") from error


def _entry(kind: EvidenceKind, row: PersonRow) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="person",
        subject_id=row.id,
        customer_id=row.customer_id,
        payload={"person_id": row.id, "roles": sorted(row.roles), "tenant_id": row.tenant_id},
    )
