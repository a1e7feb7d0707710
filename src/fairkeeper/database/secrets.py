"""Secrets at rest: sealed under a key that is kept outside the database.

A secret is a named value (a signing key, a webhook secret). What the table holds is useless without the master key,
which comes from the environment, a file or a key vault (`MasterKeys`). Rotation: put the new key first and the old
one behind it, run `fairkeeper keys rotate`, take the old one away. A `Secret` never shows itself in a log, a page or
an error: its `repr` is a row of dots.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from fairkeeper.database.base import Base
from fairkeeper.errors import ConflictError, InvalidError


class SecretKeyError(InvalidError):
    """The master key is missing, malformed or not the one that sealed."""

    code = "database.secret_key"
    remedy = "Give the master key that sealed this database (FAIRKEEPER_MASTER_KEY or FAIRKEEPER_MASTER_KEY_FILE)."


class Secret:
    """A value that does not show itself.

    Example:
        >>> Secret(b"hunter2")
        Secret(••••)
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Return the value, for the one place that uses it."""
        return self._value

    def __repr__(self) -> str:
        """Show that there is one, not which."""
        return "Secret(••••)"

    __str__ = __repr__


class MasterKeys:
    """The keys that seal secrets; the first seals, all open.

    Args:
        keys: URL-safe base64 of 32 bytes each (what `MasterKeys.new_key` returns), the newest first.

    Raises:
        SecretKeyError: There is none, or one is malformed.
    """

    def __init__(self, keys: list[str]) -> None:
        if not keys:
            msg = "No master key was given."
            raise SecretKeyError(msg)
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            msg = "A master key is not 32 bytes in URL-safe base64."
            raise SecretKeyError(msg) from error

    @staticmethod
    def new_key() -> str:
        """Return a new random master key."""
        return Fernet.generate_key().decode()

    def seal(self, secret: Secret) -> bytes:
        """Encrypt and authenticate."""
        return self._fernet.encrypt(secret.reveal())

    def open(self, sealed: bytes) -> Secret:
        """Decrypt.

        Raises:
            SecretKeyError: None of the keys sealed it, or it was changed.
        """
        try:
            return Secret(self._fernet.decrypt(sealed))
        except InvalidToken as error:
            msg = "A secret cannot be opened with the master keys given."
            raise SecretKeyError(msg) from error

    def reseal(self, sealed: bytes) -> bytes:
        """Encrypt again under the first key."""
        return self.seal(self.open(sealed))

    def __repr__(self) -> str:
        """Show no key."""
        return "MasterKeys(••••)"


class SecretRow(Base):
    """One sealed secret."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    sealed: Mapped[bytes]
    changed_at: Mapped[datetime]


class SecretStore:
    """Reads and writes named secrets in the caller's transaction."""

    def __init__(self, keys: MasterKeys) -> None:
        self._keys = keys

    def put(self, session: Session, name: str, secret: Secret, *, now: datetime, replace: bool = False) -> None:
        """Keep a secret under a name.

        Raises:
            ConflictError: There is one of that name and `replace` was not said.
        """
        row = session.get(SecretRow, name, with_for_update=True)
        if row is None:
            session.add(SecretRow(name=name, sealed=self._keys.seal(secret), changed_at=now))
            session.flush()
            return
        if not replace:
            msg = f"There is already a secret named {name!r}."
            raise ConflictError(msg, code="database.secret_exists", remedy="Rotate it instead of adding it.")
        row.sealed, row.changed_at = self._keys.seal(secret), now

    def get(self, session: Session, name: str) -> Secret | None:
        """Return the secret of a name, or None."""
        row = session.get(SecretRow, name)
        return None if row is None else self._keys.open(row.sealed)

    def delete(self, session: Session, name: str) -> None:
        """Forget a secret."""
        row = session.get(SecretRow, name)
        if row is not None:
            session.delete(row)

    def seal(self, secret: Secret) -> bytes:
        """Encrypt and authenticate what somebody else keeps for a while: a row that ends soon, a browser's cookie."""
        return self._keys.seal(secret)

    def open(self, sealed: bytes) -> Secret:
        """Decrypt what `seal` returned.

        Raises:
            SecretKeyError: It was not sealed here, or was changed.
        """
        return self._keys.open(sealed)

    def reseal_all(self, session: Session, *, now: datetime) -> int:
        """Encrypt every secret again under the newest master key; return how many."""
        rows = session.scalars(select(SecretRow).with_for_update()).all()
        for row in rows:
            row.sealed, row.changed_at = self._keys.reseal(row.sealed), now
        return len(rows)
