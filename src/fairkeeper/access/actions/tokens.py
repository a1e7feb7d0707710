"""API tokens: made for one program, shown once, kept as a digest, revoked at once."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from fairkeeper.access.actions.people import refuse_escalation
from fairkeeper.access.credentials import digest, new_token
from fairkeeper.access.errors import RolesRefusedError, TokenNotFoundError
from fairkeeper.access.people import OWNER, PersonKind, refuse_roles
from fairkeeper.access.tables import NAME_CHARACTERS, ApiTokenRow
from fairkeeper.access.views import ApiToken, NewApiToken, token_of
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    command,
)
from fairkeeper.values.ids import CustomerId, TokenId, new_id

TOKEN_CREATED = EvidenceKind(
    name="access.token_created/1", sentence="The API token {token_id} was made, with the roles {roles}"
)
TOKEN_REVOKED = EvidenceKind(name="access.token_revoked/1", sentence="The API token {token_id} was revoked")


class CreateToken(OperationInput):
    """What a program's token may do, and until when."""

    name: str = Field(
        min_length=1, max_length=NAME_CHARACTERS, description="What it is for, as people see it in the list."
    )
    roles: list[str] = Field(default=[OWNER], min_length=1, max_length=20, description="What it may do.")
    customer_id: CustomerId | None = Field(
        default=None, description="The one customer it is bound to, if any; then its roles are a customer's."
    )
    expires_in_days: int = Field(default=90, ge=1, le=3650, description="For how many days it is good.")
    first_owner: bool = Field(
        default=False,
        description="Whether whoever signs in with it, once, becomes the first owner; for a new installation.",
    )


class RevokeToken(OperationInput):
    """A token that is worth nothing from now on."""

    token_id: TokenId = Field(description="The token's id, `tok_…`.")


@command(
    "access.create_token",
    groups=("access.manage",),
    http="POST /access/tokens",
    cli="token create NAME",
    evidence=(TOKEN_CREATED,),
)
def create_token(context: CommandContext, request: CreateToken) -> Outcome[NewApiToken]:
    """Make an API token; the answer shows its secret, once.

    A repeated request with the same idempotency key answers without the secret: what is not kept cannot be shown.

    Raises:
        RolesRefusedError: The roles are not for this kind of token, or more than the asking principal has.
    """
    customer_id = context.principal.customer_id or request.customer_id
    roles = sorted(set(request.roles))
    refuse_roles(roles, PersonKind.CUSTOMER if customer_id else PersonKind.STAFF, is_token=True)
    refuse_escalation(context.principal, roles)
    if request.first_owner and roles != [OWNER]:
        raise RolesRefusedError(
            "A token that makes the first owner has the role owner alone.", code="access.first_owner_roles"
        )
    secret = new_token()
    row = ApiTokenRow(
        id=TokenId(new_id("tok")),
        digest=digest(secret),
        name=request.name,
        roles=roles,
        customer_id=customer_id,
        created_by=context.principal.id,
        created_at=context.now,
        expires_at=context.now + timedelta(days=request.expires_in_days),
        signs_in_once=request.first_owner,
    )
    context.session.add(row)
    return Outcome(result=NewApiToken(token=token_of(row), secret=secret), entry=_entry(TOKEN_CREATED, row))


@command(
    "access.revoke_token",
    groups=("access.manage",),
    http="DELETE /access/tokens/{token_id}",
    cli="token revoke TOKEN_ID",
    evidence=(TOKEN_REVOKED,),
)
def revoke_token(context: CommandContext, request: RevokeToken) -> Outcome[ApiToken]:
    """Make an API token worthless, from the next request on.

    Raises:
        TokenNotFoundError: There is no such token.
    """
    row = context.session.get(ApiTokenRow, request.token_id, with_for_update=True)
    if row is None:
        raise TokenNotFoundError(f"There is no API token {request.token_id!r} here.")
    if row.revoked_at is not None:
        return Outcome(result=token_of(row), entry=None)
    refuse_escalation(context.principal, row.roles)
    row.revoked_at = context.now
    return Outcome(result=token_of(row), entry=_entry(TOKEN_REVOKED, row))


def _entry(kind: EvidenceKind, row: ApiTokenRow) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="api_token",
        subject_id=row.id,
        customer_id=row.customer_id,
        payload={"token_id": row.id, "roles": sorted(row.roles)},
    )
