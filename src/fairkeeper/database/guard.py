"""The tenant guard: a customer's session that cannot reach another customer's rows.

On PostgreSQL row-level security does the same underneath. This guard is what SQLite has, and a second wall elsewhere:
every ORM query on a `CustomerOwned` table gets the customer as a criterion, whatever is flushed is checked, and Core
statements, text and the raw connection are refused, because no criterion would reach them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

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


@event.listens_for(CustomerSession, "do_orm_execute")
def _add_customer(state: ORMExecuteState) -> None:
    session = state.session
    if not isinstance(session, CustomerSession) or session._is_binding:  # noqa: SLF001 - the session's own hook
        return
    if not state.is_orm_statement:
        msg = "A customer's session runs ORM statements only; Core and text would escape its criterion."
        raise TenantGuardError(msg)
    for mapper in state.all_mappers:
        if not issubclass(mapper.class_, CustomerOwned):
            msg = f"{mapper.class_.__name__} belongs to no customer; a customer's session may not touch it."
            raise TenantGuardError(msg)
    if state.is_insert:
        msg = "A customer's session inserts by adding objects, so that each can be checked."
        raise TenantGuardError(msg)
    customer_id = session.customer_id
    state.statement = state.statement.options(
        with_loader_criteria(
            CustomerOwned,
            lambda cls: cls.customer_id == customer_id,
            include_aliases=True,
            track_closure_variables=True,
        )
    )


@event.listens_for(CustomerSession, "before_flush")
def _check_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    if not isinstance(session, CustomerSession):
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, CustomerOwned) or row.customer_id != session.customer_id:
            msg = f"A customer's session may not write {type(row).__name__} of {getattr(row, 'customer_id', 'nobody')}."
            raise TenantGuardError(msg)
