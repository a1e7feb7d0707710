"""What the log asks of a room above it before it lets a payload go."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.orm import Session

from fairkeeper.values.ids import CustomerId


class LegalHolds(Protocol):
    """Knows whose data must be kept whatever retention or anybody says."""

    def holds(self, session: Session, customer_id: CustomerId | None) -> bool:
        """Say whether a hold stands on a customer's data now; None asks of the publisher's own."""
        ...


class NoHolds:
    """Nothing is held."""

    def holds(self, _session: Session, _customer_id: CustomerId | None) -> bool:
        """Say no."""
        return False
