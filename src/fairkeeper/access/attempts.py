"""Sign-ins on their way through Microsoft's pages: kept on the server, bound to one browser, used once.

Kept here and not in a cookie, because several processes serve and an answer must not be used twice in any of them.
The state is kept as a digest; nonce and code verifier are useless without the code that only this browser brings back.

Source: RFC 9700 (Best Current Practice for OAuth 2.0 Security), sections 2.1 and 4.7, read 2026-11-22.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from fairkeeper.access.credentials import ATTEMPT_LIFETIME, digest
from fairkeeper.access.errors import SignInAttemptError
from fairkeeper.access.tables import SignInAttemptRow
from fairkeeper.database.session import Database
from fairkeeper.values.clock import Clock

RETURN_TO_CHARACTERS = 2000


class SignInPurpose(StrEnum):
    """Why somebody signs in; decides what happens with the proved account."""

    STAFF = "staff"
    CUSTOMER = "customer"
    FIRST_OWNER = "first_owner"
    INVITATION = "invitation"
    """Somebody who opened an invitation; its secret is kept where the first owner's is."""
    LANDING = "landing"
    """A buyer who comes from Microsoft's page, whose customer may not exist yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """One sign-in on its way.

    Args:
        state: What the authorization request carried and the answer brings back.
        nonce: What the ID token must carry.
        code_verifier: The PKCE secret that redeems the code.
        browser: Value of the browser cookie that was set with the redirect.
        return_to: Path to show afterwards.
        first_owner_token: The one-time token, for that purpose only.
        parked: What is needed afterwards and must travel with nobody (a landing token), sealed by the caller.
    """

    purpose: SignInPurpose
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    browser: str = field(repr=False)
    return_to: str = "/"
    first_owner_token: str | None = field(default=None, repr=False)
    parked: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenAttempt:
    """A sign-in that came back to its browser, once."""

    purpose: SignInPurpose
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    return_to: str
    first_owner_digest: bytes | None = field(repr=False)
    parked: bytes | None = field(default=None, repr=False)


class SignInAttempts:
    """Keeps sign-ins while people are on Microsoft's pages."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(self, attempt: SignInAttempt) -> None:
        """Remember a sign-in for ten minutes, before the browser is sent away."""
        with self._database.write() as session:
            session.add(
                SignInAttemptRow(
                    state_digest=digest(attempt.state),
                    browser_digest=digest(attempt.browser),
                    nonce=attempt.nonce,
                    code_verifier=attempt.code_verifier,
                    purpose=attempt.purpose.value,
                    return_to=local_path(attempt.return_to),
                    first_owner_digest=digest(attempt.first_owner_token) if attempt.first_owner_token else None,
                    parked=attempt.parked,
                    expires_at=self._clock.now() + ATTEMPT_LIFETIME,
                )
            )

    def take(self, *, state: str, browser: str) -> TakenAttempt:
        """Return the sign-in that an answer belongs to, and forget it: the same answer is worth nothing again.

        Args:
            state: As the answer brings it.
            browser: Value of this browser's cookie; empty if it has none.

        Raises:
            SignInAttemptError: There is none of this state, `access.sign_in_other_browser` when another browser began
                it (it stays open for that one), `access.sign_in_expired` when it took too long.
        """
        expired = "This sign-in took longer than ten minutes."
        with self._database.write() as session:
            row = session.get(SignInAttemptRow, digest(state), with_for_update=True)
            if row is None:
                raise SignInAttemptError("No sign-in that was begun here belongs to this answer.")
            if not hmac.compare_digest(row.browser_digest, digest(browser)):
                raise SignInAttemptError(
                    "This sign-in was begun in another browser.", code="access.sign_in_other_browser"
                )
            session.delete(row)
            is_expired = row.expires_at <= self._clock.now()
        if is_expired:  # raised after the commit, so that it is forgotten
            raise SignInAttemptError(expired, code="access.sign_in_expired")
        return TakenAttempt(
            purpose=SignInPurpose(row.purpose),
            nonce=row.nonce,
            code_verifier=row.code_verifier,
            return_to=row.return_to,
            first_owner_digest=row.first_owner_digest,
            parked=row.parked,
        )


def forget_expired_attempts(session: Session, clock: Clock) -> None:
    """Delete sign-ins that nobody finished."""
    session.execute(delete(SignInAttemptRow).where(SignInAttemptRow.expires_at <= clock.now()))


def local_path(path: str) -> str:
    r"""Return a path of this site, or `/` for anything that could lead elsewhere.

    Example:
        >>> local_path("/customers?state=active"), local_path("//evil.example"), local_path("/\\evil.example")
        ('/customers?state=active', '/', '/')
    """
    is_local = path.startswith("/") and not path.startswith(("//", "/\\"))
    is_plain = path.isascii() and path.isprintable() and "\\" not in path and len(path) <= RETURN_TO_CHARACTERS
    return path if is_local and is_plain else "/"
