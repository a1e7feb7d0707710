"""How long each class of data is kept: the publisher's default, and what a customer or the publisher set for one.

Where nothing is set, data is kept until the customer's own retention ends, see `customers.actions.retire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    query,
)
from fairkeeper.assurance.evidence_kinds import RETENTION_SET
from fairkeeper.assurance.keeping.classes import WORDS, DataClass
from fairkeeper.assurance.keeping.tables import RetentionDefaultRow, RetentionRuleRow
from fairkeeper.customers.store import load_customer
from fairkeeper.database.session import Database
from fairkeeper.values.ids import CustomerId

LONGEST_DAYS: Final = 3650
DefaultRows = Mapping[DataClass, RetentionDefaultRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """For how long a class is kept.

    Attributes:
        days: None means until the customer's own retention ends.
        set_for: `customer`, `everybody` (the publisher's default), or `nobody` where nothing is set.
    """

    data_class: str
    what: str
    days: int | None
    set_for: str
    set_at: datetime | None
    set_by: str | None


class SetRetention(OperationInput):
    """Of what, for whom, how long."""

    data_class: DataClass = Field(
        description="prompts, responses, retrieval_context, tool_outputs or payloads of agents' calls."
    )
    customer_id: CustomerId | None = Field(
        None, description="Only this customer's; staff who leave it out set the default, and the publisher's own."
    )
    days: int | None = Field(
        None, ge=1, le=LONGEST_DAYS, description="How many days; left out: as if nothing had been set here."
    )


@command(
    "assurance.set_retention",
    groups=("evidence.erase", "assurance.administer"),
    evidence=(RETENTION_SET,),
    http="POST /retention",
    cli="assurance set-retention DATA_CLASS",
)
def set_retention(context: CommandContext, request: SetRetention) -> Outcome[Kept]:
    """Set how many days a class of agents' data is kept; what is older is erased once a day, with a signed receipt.

    The decision itself, its time and its place in the log stay: what is erased is what it carried.
    """
    customer_id = context.principal.customer_id or request.customer_id
    if customer_id is not None:
        load_customer(context.session, customer_id)
    own: Mapping[DataClass, RetentionDefaultRow | RetentionRuleRow] = (
        defaults_of(context.session) if customer_id is None else _own(context.session, customer_id)
    )
    before = own.get(request.data_class)
    result = Kept(
        data_class=request.data_class.value,
        what=WORDS[request.data_class],
        days=request.days,
        set_for="nobody" if request.days is None else "customer" if customer_id else "everybody",
        set_at=context.now,
        set_by=context.principal.id,
    )
    if (before.days if before else None) == request.days:
        return Outcome(result=result, entry=None)
    _put(context, customer_id, request)
    entry = EvidenceDraft(
        kind=RETENTION_SET.name,
        subject_type="retention",
        subject_id=request.data_class.value,
        customer_id=customer_id,
        payload={
            "data_class": request.data_class.value.replace("_", " "),
            "days": request.days if request.days is not None else "as long as the customer's own retention",
            "before": before.days if before else None,
        },
    )
    return Outcome(result=result, entry=entry)


def _put(context: CommandContext, customer_id: CustomerId | None, request: SetRetention) -> None:
    session, kind = context.session, request.data_class.value
    if customer_id is None:
        session.execute(delete(RetentionDefaultRow).where(RetentionDefaultRow.data_class == kind))
        row: RetentionDefaultRow | RetentionRuleRow = RetentionDefaultRow(data_class=kind)
    else:
        for old in session.scalars(
            select(RetentionRuleRow).where(
                RetentionRuleRow.customer_id == customer_id, RetentionRuleRow.data_class == kind
            )
        ):
            session.delete(old)
        session.flush()
        row = RetentionRuleRow(customer_id=customer_id, data_class=kind)
    if request.days is not None:
        row.days, row.set_at, row.set_by = request.days, context.now, context.principal.id
        session.add(row)
    session.flush()


class ListRetention(OperationInput):
    """Whose."""

    customer_id: CustomerId | None = Field(None, description="This customer's; left out by staff: the default.")


@query(
    "assurance.list_retention",
    groups=("assurance.read",),
    http="GET /retention",
    cli="assurance retention",
)
def list_retention(context: QueryContext, request: ListRetention) -> list[Kept]:
    """List how long each class of agents' data is kept, and who set it."""
    customer_id = context.principal.customer_id or request.customer_id
    if customer_id is not None:
        load_customer(context.session, customer_id)
    return kept_of(context.session, customer_id, context.ports.of(Defaults).read())


class Defaults:
    """The publisher's defaults, which a customer's people may know too; read in a session of its own.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> DefaultRows:
        """Return them by class."""
        with self._database.read() as session:
            return defaults_of(session)


def defaults_of(session: Session) -> DefaultRows:
    """Return the publisher's defaults by class, in a session of staff."""
    return {DataClass(row.data_class): row for row in session.scalars(select(RetentionDefaultRow))}


def kept_of(session: Session, customer_id: CustomerId | None, defaults: DefaultRows) -> list[Kept]:
    """Return what holds for a customer, or for the publisher's own data."""
    own = {} if customer_id is None else _own(session, customer_id)
    found = []
    for data_class in DataClass:
        row = own.get(data_class) or defaults.get(data_class)
        set_for = "nobody" if row is None else "customer" if data_class in own else "everybody"
        found.append(
            Kept(
                data_class=data_class.value,
                what=WORDS[data_class],
                days=None if row is None else row.days,
                set_for=set_for,
                set_at=None if row is None else row.set_at,
                set_by=None if row is None else row.set_by,
            )
        )
    return found


def _own(session: Session, customer_id: CustomerId) -> dict[DataClass, RetentionRuleRow]:
    rows = session.scalars(select(RetentionRuleRow).where(RetentionRuleRow.customer_id == customer_id))
    return {DataClass(row.data_class): row for row in rows}
