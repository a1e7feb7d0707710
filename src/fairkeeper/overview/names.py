"""What people call the things that evidence names by random ids: persons, customers, API tokens.

Separate from the log, whose headers must name nobody, and from the pages, which would otherwise read whole tables to
put a name to twelve lines.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.tables import ApiTokenRow, PersonRow
from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.customers.tables import CustomerRow


class NameThings(OperationInput):
    """Which things."""

    ids: tuple[str, ...] = Field(max_length=1000, description="Ids of persons, customers and tokens, in any order.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCustomer:
    """What a customer is called, and its readable address."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names by id; what is erased, unknown or another customer's is left out."""

    people: dict[str, str]
    customers: dict[str, NamedCustomer]
    tokens: dict[str, str]


@query("overview.name_things", groups=("overview.read",), http="GET /names", cli="names", mcp=False)
def name_things(context: QueryContext, request: NameThings) -> Names:
    """Say what persons, customers and API tokens are called; a customer's people learn only their own company's."""
    session, ids = context.session, set(request.ids)
    people = session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(_of(ids, "per_"))))
    tokens = session.execute(select(ApiTokenRow.id, ApiTokenRow.name).where(ApiTokenRow.id.in_(_of(ids, "tok_"))))
    customers = session.scalars(select(CustomerRow).where(CustomerRow.customer_id.in_(_of(ids, "cus_"))))
    return Names(
        people={person_id: name for person_id, name in people if name},
        customers={row.customer_id: NamedCustomer(slug=row.slug, name=row.name) for row in customers},
        tokens={token_id: name for token_id, name in tokens},  # noqa: C416 - SQLAlchemy types a row, not a pair
    )


def _of(ids: set[str], prefix: str) -> list[str]:
    return sorted(found for found in ids if found.startswith(prefix))


OPERATIONS: tuple[Operation, ...] = (name_things,)
