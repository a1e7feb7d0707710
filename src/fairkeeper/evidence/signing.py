"""The log's signing keys: sealed at rest, rotated as a chain in which each key names its successor.

Separate from the integrator, because it alone touches private keys.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.database.secrets import Secret, SecretStore
from fairkeeper.errors import BugError
from fairkeeper.evidence.tables import LogKeyRow
from fairkeeper.proof.keys import first_statement, next_statement
from fairkeeper.proof.note import SignerKey, VerifierKey


class LogKeys:
    """Reads and rotates the signing keys in the caller's transaction.

    Args:
        origin: The log's name, which its keys bear.
        secrets: Where the private halves are kept sealed.
    """

    def __init__(self, origin: str, secrets: SecretStore) -> None:
        self.origin = origin
        self._secrets = secrets

    def ensure(self, session: Session, *, now: datetime) -> None:
        """Make the first key if there is none."""
        if session.scalars(select(LogKeyRow.number).limit(1)).first() is None:
            key = SignerKey.generate(self.origin)
            self._keep(session, key, number=0, statement=first_statement(key), now=now)

    def rotate(self, session: Session, *, now: datetime) -> VerifierKey:
        """Make a new key, have the present one hand over to it, and return its public half."""
        rows = self._rows(session)
        successor = SignerKey.generate(self.origin)
        chain = [row.statement for row in rows]
        statement = next_statement(chain, self._signer(session, rows[-1]), successor)
        self._keep(session, successor, number=len(chain), statement=statement, now=now)
        return successor.verifier

    def signers(self, session: Session) -> tuple[SignerKey, ...]:
        """Return what signs checkpoints, newest first: the present key, and its predecessor for those who know it."""
        return tuple(self._signer(session, row) for row in reversed(self._rows(session)[-2:]))

    def chain(self, session: Session) -> list[str]:
        """Return the public history of the keys, first to last (`fairkeeper.proof.keys`)."""
        return [row.statement for row in self._rows(session)]

    @staticmethod
    def _rows(session: Session) -> list[LogKeyRow]:
        rows = list(session.scalars(select(LogKeyRow).order_by(LogKeyRow.number)))
        if not rows:
            msg = "the log has no signing key yet"
            raise BugError(msg)
        return rows

    def _signer(self, session: Session, row: LogKeyRow) -> SignerKey:
        secret = self._secrets.get(session, _secret_name(row.number))
        if secret is None:
            msg = f"the private half of the log's key {row.number} is missing"
            raise BugError(msg)
        return SignerKey.parse(secret.reveal().decode())

    def _keep(self, session: Session, key: SignerKey, *, number: int, statement: str, now: datetime) -> None:
        session.add(LogKeyRow(number=number, vkey=key.verifier.text, statement=statement, created_at=now))
        self._secrets.put(session, _secret_name(number), Secret(key.text.encode()), now=now)
        session.flush()


def _secret_name(number: int) -> str:
    return f"evidence.log_key.{number}"
