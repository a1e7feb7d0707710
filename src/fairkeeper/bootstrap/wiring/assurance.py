"""Wires assurance: what it erases, with whatever else is erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from fairkeeper.assurance.erasure import erase_assurance
from fairkeeper.customers.path.receipts import ErasedThing
from fairkeeper.customers.ports import DataToErase
from fairkeeper.values.ids import CustomerId


class AssuranceToErase:
    """`DataToErase` for what monitoring remembers and what incidents say, with whatever else is erased.

    Args:
        others: What else is erased.
    """

    def __init__(self, others: DataToErase) -> None:
        self._others = others

    def erase(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[ErasedThing, ...]:
        """Erase it in the caller's transaction."""
        count = erase_assurance(session, customer_id, now=now)
        erased = self._others.erase(session, customer_id, now=now)
        return (*erased, ErasedThing(kind="assurance_words", count=count, erased_by="fairkeeper"))
