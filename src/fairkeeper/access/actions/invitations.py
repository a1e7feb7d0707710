"""Inviting somebody: a link that is good once, for an account of the company that invited, with the roles named.

The link is shown once, to whoever invites; that person sends it on. Nothing is matched by e-mail address, which proves
nothing: whoever opens the link and signs in with an account of the right tenant becomes the person invited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.actions.people import refuse_escalation
from fairkeeper.access.actions.sign_in import (
    Digest,
    ProvedAccount,
    add_person_row,
    begin_session,
    find_person,
    new_person,
    refuse_anybody_else,
)
from fairkeeper.access.credentials import digest, new_token
from fairkeeper.access.errors import InvitationRefusedError, PersonNotFoundError
from fairkeeper.access.people import PersonKind, PersonState, refuse_roles
from fairkeeper.access.ports import CustomerOfTenant, PublisherTenant
from fairkeeper.access.tables import EMAIL_CHARACTERS, NAME_CHARACTERS, InvitationRow
from fairkeeper.access.views import SignedIn, person_of
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    QueryContext,
    ShownOnce,
    command,
    internal_command,
    query,
)
from fairkeeper.action.telling import MessageTemplate, message_templates
from fairkeeper.values.ids import CustomerId, TenantId, new_id

GOOD_FOR: Final = timedelta(days=7)
INVITED = EvidenceKind(name="access.person_invited/1", sentence="somebody was invited, with the roles {roles}")
INVITATION_WITHDRAWN = EvidenceKind(name="access.invitation_withdrawn/1", sentence="an invitation was withdrawn")
INVITATION_ACCEPTED = EvidenceKind(
    name="access.invitation_accepted/1", sentence="{person_id} accepted an invitation, with the roles {roles}"
)


class InvitationState(StrEnum):
    """Where an invitation stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation, without its secret."""

    invitation_id: str
    name: str | None
    email: str | None
    roles: list[str]
    customer_id: CustomerId | None
    state: InvitationState
    invited_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """An invitation just made; the secret is shown in the first answer and never again."""

    invitation: Invitation
    secret: ShownOnce


INVITATION_MAIL: Final = message_templates.declare(
    MessageTemplate(
        code="access.invited",
        title="Somebody is invited",
        subject="{publisher} invites you to Fairkeeper",
        text="Hello {name},\n\n{inviter} of {publisher} invites you. Open this address and sign in with your work "
        "account to accept:\n\n{link}\n\nThe address is good once, for seven days. If you expected no invitation, do "
        "nothing.",
    )
)


class InvitePerson(OperationInput):
    """Who is invited, to do what."""

    name: str = Field(min_length=1, max_length=NAME_CHARACTERS, description="What the console calls this person.")
    roles: list[str] = Field(min_length=1, max_length=20, description="What this person may do.")
    email: str | None = Field(None, max_length=EMAIL_CHARACTERS, description="Where the link is sent; proves nothing.")
    customer_id: CustomerId | None = Field(None, description="Whose person it will be; nothing for staff.")


class OneInvitation(OperationInput):
    """Which invitation."""

    invitation_id: str = Field(max_length=40, description="The invitation's id, `inv_…`.")


class ListInvitations(OperationInput):
    """Nothing to say."""


class AcceptInvitation(ProvedAccount):
    """A proved account that opened a link, with the digest of its secret."""

    token_digest: Digest = Field(repr=False)


@command(
    "access.invite_person",
    groups=("access.manage",),
    http="POST /access/invitations",
    cli="people invite NAME",
    evidence=(INVITED,),
)
def invite_person(context: CommandContext, request: InvitePerson) -> Outcome[NewInvitation]:
    """Invite somebody by a link that is good once and for seven days.

    Raises `access.roles_refused` for roles that are not for this kind of person, or more than one's own.
    """
    customer_id = context.principal.customer_id or request.customer_id
    refuse_roles(request.roles, PersonKind.CUSTOMER if customer_id else PersonKind.STAFF)
    refuse_escalation(context.principal, request.roles)
    secret = new_token()
    row = InvitationRow(
        invitation_id=new_id("inv"),
        digest=digest(secret),
        customer_id=customer_id,
        name=request.name,
        email=request.email,
        roles=sorted(set(request.roles)),
        invited_by=context.principal.id,
        invited_at=context.now,
        expires_at=context.now + GOOD_FOR,
    )
    context.session.add(row)
    context.session.flush()
    entry = EvidenceDraft(
        kind=INVITED.name,
        subject_type="invitation",
        subject_id=row.invitation_id,
        customer_id=customer_id,
        payload={"roles": row.roles},
    )
    return Outcome(result=NewInvitation(invitation=_view(row, context.now), secret=secret), entry=entry)


@command(
    "access.withdraw_invitation",
    groups=("access.manage",),
    http="DELETE /access/invitations/{invitation_id}",
    cli="people withdraw INVITATION_ID",
    evidence=(INVITATION_WITHDRAWN,),
)
def withdraw_invitation(context: CommandContext, request: OneInvitation) -> Outcome[Invitation]:
    """Make an invitation worth nothing; one that was accepted stays so."""
    row = context.session.get(InvitationRow, request.invitation_id, with_for_update=True)
    if row is None:
        raise PersonNotFoundError(f"There is no invitation {request.invitation_id!r} here.")
    if row.accepted_at is not None or row.withdrawn_at is not None:
        return Outcome(result=_view(row, context.now), entry=None)
    row.withdrawn_at = context.now
    entry = EvidenceDraft(
        kind=INVITATION_WITHDRAWN.name,
        subject_type="invitation",
        subject_id=row.invitation_id,
        customer_id=row.customer_id,
        payload={},
    )
    return Outcome(result=_view(row, context.now), entry=entry)


@query("access.list_invitations", groups=("access.read",), http="GET /access/invitations", cli="people invitations")
def list_invitations(context: QueryContext, _request: ListInvitations) -> tuple[Invitation, ...]:
    """List invitations without their secrets, the newest first."""
    rows = context.session.scalars(
        select(InvitationRow).order_by(InvitationRow.invited_at.desc(), InvitationRow.invitation_id.desc()).limit(500)
    )
    return tuple(_view(row, context.now) for row in rows)


@internal_command("access.accept_invitation", evidence=(INVITATION_ACCEPTED,))
def accept_invitation(context: CommandContext, request: AcceptInvitation) -> Outcome[SignedIn]:
    """Make the person of a proved account the one who was invited.

    Staff have accounts of the publisher's tenant; a customer's people have accounts of one of its tenants, guests of it
    included, because somebody of that company let them in.

    Raises:
        InvitationRefusedError: The link is unknown, used, withdrawn or too old, or the account of another tenant.
    """
    refuse_anybody_else(context)
    row = context.session.scalars(
        select(InvitationRow).where(InvitationRow.digest == bytes.fromhex(request.token_digest)).with_for_update()
    ).first()
    if row is None or _view(row, context.now).state is not InvitationState.OPEN:
        state = "unknown" if row is None else _view(row, context.now).state.value
        raise InvitationRefusedError(f"The invitation is {state}.")
    _refuse_tenant(context, row, request)
    person = find_person(context.session, TenantId(request.tenant_id), request.object_id)
    if person is not None and (person.customer_id != row.customer_id or person.state == PersonState.ACTIVE):
        raise InvitationRefusedError("This account is somebody's already.", code="access.person_exists")
    if person is None:
        kind = PersonKind.STAFF if row.customer_id is None else PersonKind.CUSTOMER
        person = new_person(request, now=context.now, kind=kind, roles=list(row.roles))
        person.customer_id = row.customer_id
        if not add_person_row(context.session, person):
            raise InvitationRefusedError("This account is somebody's already.", code="access.person_exists")
    person.roles, person.state, person.name = list(row.roles), PersonState.ACTIVE.value, person.name or row.name
    row.accepted_at, row.person_id = context.now, person.id
    begin_session(context.session, person, request, now=context.now)
    entry = EvidenceDraft(
        kind=INVITATION_ACCEPTED.name,
        subject_type="person",
        subject_id=person.id,
        customer_id=row.customer_id,
        on_behalf_of=person.id,
        payload={"person_id": person.id, "roles": sorted(row.roles), "invitation": row.invitation_id},
    )
    return Outcome(result=SignedIn(person=person_of(person), is_new=True), entry=entry)


def _refuse_tenant(context: CommandContext, row: InvitationRow, request: AcceptInvitation) -> None:
    tenant_id = TenantId(request.tenant_id)
    if row.customer_id is None:
        is_theirs = tenant_id == context.ports.of(PublisherTenant).tenant_id and not request.is_guest
    else:
        found = context.ports.of(CustomerOfTenant).customer_of(context.session, tenant_id, request.object_id)
        is_theirs = found == row.customer_id
    if not is_theirs:
        raise InvitationRefusedError(
            f"The tenant {tenant_id} is not that of the company that invited, or the account is a guest in it.",
            code="access.invitation_tenant",
            remedy="Sign in with an account of the company that invited you.",
        )


def _view(row: InvitationRow, now: datetime) -> Invitation:
    state = InvitationState.OPEN
    if row.accepted_at is not None:
        state = InvitationState.ACCEPTED
    elif row.withdrawn_at is not None:
        state = InvitationState.WITHDRAWN
    elif row.expires_at <= now:
        state = InvitationState.EXPIRED
    return Invitation(
        invitation_id=row.invitation_id,
        name=row.name,
        email=row.email,
        roles=list(row.roles),
        customer_id=row.customer_id,
        state=state,
        invited_at=row.invited_at,
        expires_at=row.expires_at,
    )


OPERATIONS: tuple[Operation, ...] = (invite_person, withdraw_invitation, list_invitations, accept_invitation)
