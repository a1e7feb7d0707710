"""The tenant guard: a customer's session that cannot reach another customer's rows.

On PostgreSQL row-level security does the same underneath. This guard is what SQLite has, and a second wall elsewhere:
every ORM query on a `CustomerOwned` table gets the customer as a criterion, whatever is flushed is checked, and what no
criterion reaches is refused: Core tables and text, also as a part of an ORM statement, statements by primary keys, bulk
methods and the raw connection.

It guards against our own mistakes, not against code that means to get around it.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Alias, ColumnClause, Engine, Executable, Table, TextClause, Update, event, inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import FromStatement, ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible

from fairkeeper.database.base import CustomerOwned
from fairkeeper.database.errors import TenantGuardError
from fairkeeper.values.ids import CustomerId

ROW_SECURITY_SETTING = "fairkeeper.customer_id"


class CustomerSession(Session):
    """A session bound to one customer."""

    def __init__(self, bind: Engine, *, customer_id: CustomerId) -> None:
        super().__init__(bind, expire_on_commit=False)
        self.customer_id = customer_id
        self._is_binding = False

    def bind_row_security(self, *, begin_with: str | None) -> None:
        """Tell PostgreSQL, for this transaction alone, whose rows may be seen.

        Args:
            begin_with: A statement that must come first in the transaction (its isolation), if any.
        """
        self._is_binding = True
        try:
            if begin_with:
                self.execute(text(begin_with))
            self.execute(
                text("SELECT set_config(:name, :value, true)"),
                {"name": ROW_SECURITY_SETTING, "value": self.customer_id},
            )
        finally:
            self._is_binding = False

    def connection(self, *_args: Any, **_kwargs: Any) -> Connection:
        """Refuse the raw connection.

        Raises:
            TenantGuardError: Always, for our own code; SQLAlchemy's unit of work takes another way.
        """
        msg = "A customer's session gives out no raw connection."
        raise TenantGuardError(msg)

    def bulk_save_objects(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse: nothing is checked on this way.

        Raises:
            TenantGuardError: Always.
        """
        msg = "A customer's session writes by adding objects, so that each can be checked."
        raise TenantGuardError(msg)

    bulk_insert_mappings = bulk_save_objects
    bulk_update_mappings = bulk_save_objects


@event.listens_for(CustomerSession, "do_orm_execute")
def _add_customer(state: ORMExecuteState) -> None:
    session = state.session
    if not isinstance(session, CustomerSession) or session._is_binding:  # noqa: SLF001 - the session's own hook
        return
    if not state.is_orm_statement:
        msg = "A customer's session runs ORM statements only; Core and text would escape its criterion."
        raise TenantGuardError(msg)
    if state.is_insert:
        msg = "A customer's session inserts by adding objects, so that each can be checked."
        raise TenantGuardError(msg)
    _refuse_parts(state.statement)
    if isinstance(state.statement, Update):
        _refuse_moving(state)
    customer_id = session.customer_id
    state.statement = state.statement.options(
        with_loader_criteria(
            CustomerOwned,
            lambda cls: cls.customer_id == customer_id,
            include_aliases=True,
            track_closure_variables=True,
        )
    )


def _refuse_parts(statement: Executable) -> None:
    """Refuse what no criterion reaches, wherever in the statement it stands."""
    if isinstance(statement, FromStatement):
        msg = "A customer's session does not load from other statements; their rows would be unchecked."
        raise TenantGuardError(msg)
    parts = list(visitors.iterate(cast("ExternallyTraversible", statement)))
    owned: set[int] = set()
    for part in parts:
        if isinstance(part, TextClause) or (isinstance(part, ColumnClause) and part.is_literal and part.name != "*"):
            msg = "A customer's session takes no text in a statement; it would escape its criterion."
            raise TenantGuardError(msg)
        owned |= _owned_selectables(part)
    for part in parts:
        if isinstance(part, Table | Alias) and hash(part) not in owned:
            msg = f"A customer's session names classes, not the table behind them ({part.description})."
            raise TenantGuardError(msg)


def _owned_selectables(part: Any) -> set[int]:
    """Return hashes of what the class that a part stands for selects from; SQLAlchemy adds the criterion to these."""
    entity = part._annotations.get("parententity")  # noqa: SLF001 - where SQLAlchemy says which class a part stands for
    if entity is None:
        return set()
    inspected = inspect(entity)
    owner = inspected.mapper.class_
    if not issubclass(owner, CustomerOwned):
        msg = f"{owner.__name__} belongs to no customer; a customer's session may not touch it."
        raise TenantGuardError(msg)
    selectable = inspected.selectable
    inner = [selectable.element] if isinstance(selectable, Alias) else []
    return {hash(each) for each in (selectable, *inner)}


def _refuse_moving(state: ORMExecuteState) -> None:
    """Refuse an update by primary keys, and one that would give rows to somebody else."""
    values = getattr(state.statement, "_values", None) or {}
    named = {getattr(column, "key", column) for column in values}
    if getattr(state.statement, "_ordered_values", None) or isinstance(state.parameters, list):
        msg = "A customer's session updates by criteria; primary keys alone would not be checked."
        raise TenantGuardError(msg)
    if "customer_id" in named | set(state.parameters or ()):
        msg = "A customer's session gives no row to another customer."
        raise TenantGuardError(msg)


@event.listens_for(CustomerSession, "before_flush")
def _check_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    if not isinstance(session, CustomerSession):
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, CustomerOwned) or row.customer_id != session.customer_id:
            msg = f"A customer's session may not write {type(row).__name__} of {getattr(row, 'customer_id', 'nobody')}."
            raise TenantGuardError(msg)
