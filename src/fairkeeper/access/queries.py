"""Reading: who may sign in, which tokens there are, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.people import PersonState
from fairkeeper.access.tables import ApiTokenRow, PersonRow
from fairkeeper.access.views import ApiToken, Person, person_of, token_of
from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.action.principal import PrincipalKind
from fairkeeper.values.ids import CustomerId


class ListPeople(OperationInput):
    """Whose people: one customer's, or without one the publisher's and every customer's."""

    customer_id: CustomerId | None = Field(default=None, description="Only this customer's; everybody's if left out.")
    include_removed: bool = Field(default=False, description="Whether those who were removed are listed too.")


class ListTokens(OperationInput):
    """Whose tokens: one customer's, or without one all."""

    customer_id: CustomerId | None = Field(default=None, description="Only this customer's; all if left out.")
    include_revoked: bool = Field(default=False, description="Whether those that were revoked are listed too.")


class WhoAmI(OperationInput):
    """Nothing to say: the answer is about the credentials sent along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who is asking, as proved by the credentials."""

    id: str
    kind: PrincipalKind
    roles: list[str]
    customer_id: CustomerId | None
    name: str


@query("access.list_people", groups=("access.read",), http="GET /access/people", cli="people list")
def list_people(context: QueryContext, request: ListPeople) -> list[Person]:
    """List who may sign in, in the order in which they were added."""
    statement = select(PersonRow).order_by(PersonRow.created_at, PersonRow.id)
    if request.customer_id is not None:
        statement = statement.where(PersonRow.customer_id == request.customer_id)
    if not request.include_removed:
        statement = statement.where(PersonRow.state == PersonState.ACTIVE.value)
    return [person_of(row) for row in context.session.scalars(statement)]


@query("access.list_tokens", groups=("access.read",), http="GET /access/tokens", cli="token list")
def list_tokens(context: QueryContext, request: ListTokens) -> list[ApiToken]:
    """List API tokens without their secrets, in the order in which they were made."""
    statement = select(ApiTokenRow).order_by(ApiTokenRow.created_at, ApiTokenRow.id)
    if request.customer_id is not None:
        statement = statement.where(ApiTokenRow.customer_id == request.customer_id)
    if not request.include_revoked:
        statement = statement.where(ApiTokenRow.revoked_at.is_(None))
    return [token_of(row) for row in context.session.scalars(statement)]


@query("access.who_am_i", groups=("access.self",), http="GET /access/me", cli="whoami")
def who_am_i(context: QueryContext, request: WhoAmI) -> Asker:  # noqa: ARG001 - every operation has an input
    """Say who is asking and with which roles."""
    principal = context.principal
    return Asker(
        id=principal.id,
        kind=principal.kind,
        roles=sorted(principal.roles),
        customer_id=principal.customer_id,
        name=principal.display,
    )
