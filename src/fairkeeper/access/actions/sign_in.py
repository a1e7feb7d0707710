"""Signing in and out: from a proved account to a person, and from there to a browser's session.

The channel proves the account (its ID token) and draws the cookie's value; only the value's digest comes here, so no
secret is ever part of a request that is logged or remembered. A person is known by tenant and object id alone: a name
or an e-mail address is what a tenant's administrator wrote, and proves nothing.

Source: Microsoft Entra, "Secure applications and APIs by validating claims" (identify by tid and oid), read 2026-11-22.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fairkeeper.access.attempts import SignInPurpose
from fairkeeper.access.credentials import session_ends_at
from fairkeeper.access.errors import FirstOwnerRefusedError, SignInRefusedError
from fairkeeper.access.people import CUSTOMER_ADMIN, CUSTOMER_USER, OWNER, PUBLISHER, PersonKind, PersonState
from fairkeeper.access.ports import CustomerOfTenant, NamedByPurchase, PublisherTenant, RolesFromEntra
from fairkeeper.access.roles import STAFF_ROLES
from fairkeeper.access.tables import EMAIL_CHARACTERS, NAME_CHARACTERS, ApiTokenRow, PersonRow, WebSessionRow
from fairkeeper.access.views import SignedIn, person_of
from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.action.principal import PrincipalKind
from fairkeeper.errors import DeniedError
from fairkeeper.values.ids import CustomerId, PersonId, TenantId, new_id

Guid = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

SIGNED_IN = EvidenceKind(name="access.signed_in/1", sentence="{person_id} signed in")
PERSON_JOINED = EvidenceKind(name="access.person_joined/1", sentence="{person_id} signed in for the first time")
FIRST_OWNER_CLAIMED = EvidenceKind(name="access.first_owner_claimed/1", sentence="{person_id} became the first owner")
SIGNED_OUT = EvidenceKind(name="access.signed_out/1", sentence="{person_id} signed out")


class ProvedAccount(OperationInput):
    """An account that Microsoft Entra vouched for, and the browser it came with.

    Attributes:
        cookie_digest: SHA-256 of the new session cookie's value, in hexadecimal.
        replaces: That of the session cookie the browser had before, if any; that session ends.
        is_guest: Whether the account is a guest in its tenant, and so none of that company's people.
    """

    tenant_id: Guid
    object_id: Guid
    is_guest: bool = False
    name: str | None = None
    email: str | None = None
    cookie_digest: Digest = Field(repr=False)
    replaces: Digest | None = Field(default=None, repr=False)


class SignIn(ProvedAccount):
    """A proved account that wants to sign in.

    Attributes:
        app_roles: The application roles that its tenant assigned to it; they count for staff alone, where the publisher
            has set that Microsoft Entra decides.
    """

    purpose: SignInPurpose
    app_roles: tuple[str, ...] = Field(default=(), max_length=100)


class ClaimFirstOwner(ProvedAccount):
    """A proved account that wants to become the first owner, with the digest of the one-time token."""

    token_digest: Digest = Field(repr=False)


class SignOut(OperationInput):
    """Which session ends: the one of this cookie digest, or every session of the person."""

    cookie_digest: Digest | None = Field(
        default=None, repr=False, description="SHA-256 of one browser's session cookie; every browser if left out."
    )


@internal_command("access.sign_in", evidence=(SIGNED_IN, PERSON_JOINED))
def sign_in(context: CommandContext, request: SignIn) -> Outcome[SignedIn]:
    """Sign in the person of a proved account.

    Staff are people who were added, or whom Microsoft Entra gives one of our roles. A customer's people join by signing
    in: the first whom the purchase names, or whose claim of it counts, becomes its administrator; colleagues become
    users. The session of the browser's former cookie ends.

    Raises:
        SignInRefusedError: `access.person_unknown`, `access.person_removed`, `access.tenant_unknown` or
            `access.guest`.
    """
    refuse_anybody_else(context)
    row = find_person(context.session, TenantId(request.tenant_id), request.object_id)
    is_new = row is None
    if row is None:
        row = _join(context, request)
    elif row.kind == PersonKind.STAFF and context.ports.of(RolesFromEntra).is_deciding:
        _follow_entra(context, row, request)
    elif row.state != PersonState.ACTIVE:
        raise SignInRefusedError(
            f"{row.id} was removed.",
            code="access.person_removed",
            remedy="Ask somebody who can let people in to add this account again.",
        )
    begin_session(context.session, row, request, now=context.now)
    kind = PERSON_JOINED if is_new else SIGNED_IN
    payload: dict[str, Canonical] = {"tenant_id": row.tenant_id, "purpose": request.purpose.value}
    return Outcome(result=SignedIn(person=person_of(row), is_new=is_new), entry=_entry(kind, row, payload))


@internal_command("access.claim_first_owner", evidence=(FIRST_OWNER_CLAIMED,))
def claim_first_owner(context: CommandContext, request: ClaimFirstOwner) -> Outcome[SignedIn]:
    """Make the person of a proved account the first owner, by a one-time token.

    The account must be of the publisher's tenant, the token one that was made for this, unused and in time, and there
    must never have been an owner.

    Raises:
        FirstOwnerRefusedError: One of these does not hold; the code says which.
    """
    refuse_anybody_else(context)
    tenant_id = TenantId(request.tenant_id)
    if tenant_id != context.ports.of(PublisherTenant).tenant_id:
        raise FirstOwnerRefusedError(
            f"The tenant {tenant_id} is not the publisher's.",
            code="access.first_owner_tenant",
            remedy="Sign in with an account of the tenant that FAIRKEEPER_ENTRA_TENANT_ID names.",
        )
    _use_one_time_token(context.session, bytes.fromhex(request.token_digest), now=context.now)
    _refuse_second_first_owner(context.session)
    if find_person(context.session, tenant_id, request.object_id) is not None:
        raise FirstOwnerRefusedError("This account is somebody's already.", code="access.person_exists")
    row = new_person(request, now=context.now, kind=PersonKind.STAFF, roles=[OWNER])
    row.first_of = PUBLISHER
    if not add_person_row(context.session, row):
        raise FirstOwnerRefusedError("There is an owner already.", code="access.first_owner_exists")
    begin_session(context.session, row, request, now=context.now)
    entry = _entry(FIRST_OWNER_CLAIMED, row, {"tenant_id": row.tenant_id})
    return Outcome(result=SignedIn(person=person_of(row), is_new=True), entry=entry)


@command("access.sign_out", groups=("access.self",), cli="sign-out", evidence=(SIGNED_OUT,))
def sign_out(context: CommandContext, request: SignOut) -> Outcome[int]:
    """Sign the asking person out, in one browser or in all, and return in how many."""
    person_id = PersonId(context.principal.id)
    rows = select(WebSessionRow).where(WebSessionRow.person_id == person_id)
    if request.cookie_digest is not None:
        rows = rows.where(WebSessionRow.cookie_digest == bytes.fromhex(request.cookie_digest))
    found = context.session.scalars(rows).all()
    for row in found:
        context.session.delete(row)
    if not found:
        return Outcome(result=0, entry=None)
    return Outcome(
        result=len(found),
        entry=EvidenceDraft(
            kind=SIGNED_OUT.name,
            subject_type="person",
            subject_id=person_id,
            customer_id=context.principal.customer_id,
            payload={"person_id": person_id, "sessions": len(found)},
        ),
    )


def find_person(session: Session, tenant_id: TenantId, object_id: str) -> PersonRow | None:
    """Return the person of an account, known by tenant and object id and by nothing else."""
    return session.scalars(
        select(PersonRow).where(PersonRow.tenant_id == tenant_id, PersonRow.object_id == object_id)
    ).first()


def refuse_anybody_else(context: CommandContext) -> None:
    """Refuse anybody else: whoever could call this over a channel could sign in as anybody."""
    if context.principal.kind is not PrincipalKind.SYSTEM:
        raise DeniedError("Only Fairkeeper itself signs people in, after it has proved who they are.")


def _join(context: CommandContext, request: SignIn) -> PersonRow:
    """Add the person of an account that nobody knows yet, if its tenant is a customer's."""
    tenant_id = TenantId(request.tenant_id)
    if request.purpose is SignInPurpose.STAFF:
        roles = _roles_of_entra(context, request)
        if roles and tenant_id == context.ports.of(PublisherTenant).tenant_id and not request.is_guest:
            return _add_or_find(
                context.session, new_person(request, now=context.now, kind=PersonKind.STAFF, roles=roles)
            )
        raise SignInRefusedError(
            f"No staff has the account {request.object_id} of tenant {tenant_id}.", code="access.person_unknown"
        )
    customer_id = context.ports.of(CustomerOfTenant).customer_of(context.session, tenant_id, request.object_id)
    if customer_id is None:
        raise SignInRefusedError(
            f"The tenant {tenant_id} belongs to no customer.",
            code="access.tenant_unknown",
            remedy="Open the subscription's page in Microsoft Marketplace and choose to configure the account now.",
        )
    if request.is_guest:
        raise SignInRefusedError(
            f"The account {request.object_id} is a guest in the tenant {tenant_id}.",
            code="access.guest",
            remedy="Ask an administrator of that company here to add this account; guests do not join by themselves.",
        )
    row = new_person(request, now=context.now, kind=PersonKind.CUSTOMER, roles=[CUSTOMER_USER])
    row.customer_id = customer_id
    named = context.ports.of(NamedByPurchase).is_named(context.session, customer_id, tenant_id, request.object_id)
    if not named or _has_first(context.session, customer_id):
        return _add_or_find(context.session, row)
    first = new_person(request, now=context.now, kind=PersonKind.CUSTOMER, roles=[CUSTOMER_ADMIN])
    first.customer_id, first.first_of = customer_id, customer_id
    return first if add_person_row(context.session, first) else _add_or_find(context.session, row)


def _roles_of_entra(context: CommandContext, request: SignIn) -> list[str]:
    """Return the roles of ours that Microsoft Entra gives an account, where it decides; `Fairkeeper.Owner` is owner."""
    if not context.ports.of(RolesFromEntra).is_deciding:
        return []
    named = {role.removeprefix("Fairkeeper.").lower() for role in request.app_roles}
    return sorted(named & STAFF_ROLES)


def _follow_entra(context: CommandContext, row: PersonRow, request: SignIn) -> None:
    """Give a person the roles that Microsoft Entra says; an owner who is needed stays one.

    Raises:
        SignInRefusedError: Microsoft Entra gives this account no role of ours.
    """
    roles = _roles_of_entra(context, request)
    if not roles:
        raise SignInRefusedError(
            f"Microsoft Entra gives {row.id} no role of Fairkeeper.",
            code="access.no_app_role",
            remedy="Ask an administrator of your company to assign one of the application's roles to you.",
        )
    people = context.session.scalars(
        select(PersonRow).where(PersonRow.kind == PersonKind.STAFF.value).order_by(PersonRow.id).with_for_update()
    ).all()
    owners = [each for each in people if each.state == PersonState.ACTIVE and OWNER in each.roles]
    if OWNER in row.roles and OWNER not in roles and len(owners) <= 2:
        roles = sorted({*roles, OWNER})
    row.roles = roles


def _has_first(session: Session, customer_id: CustomerId) -> bool:
    """Say whether a customer has had its first administrator, or has one by invitation or by staff."""
    people = session.scalars(select(PersonRow).where(PersonRow.customer_id == customer_id))
    return any(row.first_of == customer_id or CUSTOMER_ADMIN in row.roles for row in people)


def new_person(request: ProvedAccount, *, now: datetime, kind: PersonKind, roles: list[str]) -> PersonRow:
    """Return the row of a person who was not known here."""
    return PersonRow(
        id=PersonId(new_id("per")),
        kind=kind.value,
        tenant_id=TenantId(request.tenant_id),
        object_id=request.object_id,
        roles=roles,
        state=PersonState.ACTIVE.value,
        created_at=now,
    )


def add_person_row(session: Session, row: PersonRow) -> bool:
    """Insert a person; return False when somebody else was first (in the customer, or with this account)."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def _add_or_find(session: Session, row: PersonRow) -> PersonRow:
    """Insert a person, or return the one that a second sign-in of the same account has just inserted."""
    if add_person_row(session, row):
        return row
    found = find_person(session, row.tenant_id, row.object_id)
    if found is None:
        raise SignInRefusedError("The account could not be added.", code="access.person_unknown")
    return found


def _use_one_time_token(session: Session, token_digest: bytes, *, now: datetime) -> None:
    row = session.scalars(select(ApiTokenRow).where(ApiTokenRow.digest == token_digest).with_for_update()).first()
    if row is None or not row.signs_in_once or row.revoked_at is not None:
        raise FirstOwnerRefusedError("This is no one-time token of this installation.")
    if row.signed_in_at is not None:
        raise FirstOwnerRefusedError("The one-time token was used already.", code="access.first_owner_token_used")
    if row.expires_at is not None and row.expires_at <= now:
        raise FirstOwnerRefusedError("The one-time token has expired.", code="access.first_owner_token_expired")
    row.signed_in_at = now


def _refuse_second_first_owner(session: Session) -> None:
    staff = session.scalars(select(PersonRow).where(PersonRow.kind == PersonKind.STAFF.value)).all()
    if any(row.first_of == PUBLISHER or OWNER in row.roles for row in staff):
        raise FirstOwnerRefusedError(
            "There is an owner already.",
            code="access.first_owner_exists",
            remedy="Ask an owner to add you; Settings, People.",
        )


def begin_session(session: Session, row: PersonRow, request: ProvedAccount, *, now: datetime) -> None:
    """Begin the browser's new session, end its old one, and note what the token says of the person."""
    if request.replaces is not None:
        session.execute(delete(WebSessionRow).where(WebSessionRow.cookie_digest == bytes.fromhex(request.replaces)))
    row.name = request.name[:NAME_CHARACTERS] if request.name else row.name
    row.email = request.email if request.email and len(request.email) <= EMAIL_CHARACTERS else row.email
    row.last_seen_at = now
    session.add(
        WebSessionRow(
            cookie_digest=bytes.fromhex(request.cookie_digest),
            person_id=row.id,
            customer_id=row.customer_id,
            created_at=now,
            last_seen_at=now,
            expires_at=session_ends_at(now, now),
        )
    )


def _entry(kind: EvidenceKind, row: PersonRow, payload: dict[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="person",
        subject_id=row.id,
        customer_id=row.customer_id,
        on_behalf_of=row.id,
        payload={"person_id": row.id, "roles": sorted(row.roles), **payload},
    )
