"""Questions that this room asks of others, answered by what bootstrap passes in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from fairkeeper.database.secrets import Secret


class DocumentSafe(Protocol):
    """Keeps documents sealed, by name, in the caller's transaction; a `SecretStore` is one."""

    def put(self, session: Session, name: str, secret: Secret, *, now: datetime, replace: bool = False) -> None:
        """Seal and keep."""
        ...

    def get(self, session: Session, name: str) -> Secret | None:
        """Open, None if nothing is kept under the name."""
        ...

    def delete(self, session: Session, name: str) -> None:
        """Forget."""
        ...
