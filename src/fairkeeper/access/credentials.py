"""Secrets that prove who asks: how they are made, what is kept of them, and how a cookie carries one.

A cookie's value and an API token are 256 random bits, so their plain SHA-256 can neither be guessed nor reversed, and
looking it up by an index tells a stranger nothing by its timing. The session's form token is derived from the cookie
and so needs no column: whoever cannot read the cookie cannot compute it.

Source: OWASP Session Management and Cross-Site Request Forgery Prevention cheat sheets; RFC 6265bis, sections 4.1.2
(attributes) and 4.1.3 (name prefixes); read 2026-11-22.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

SESSION_IDLE = timedelta(hours=12)
"""A browser that nobody used for so long is signed out."""
SESSION_LIFETIME = timedelta(days=7)
"""After this long a person signs in again, used or not."""
ATTEMPT_LIFETIME = timedelta(minutes=10)
"""How long a sign-in may spend on Microsoft's pages."""
SEEN_PRECISION = timedelta(minutes=1)
"""How often at most it is written down that a session or token was used."""

TOKEN_PREFIX = "fk_"  # noqa: S105 - the part that is no secret, so that scanners find a leaked one
_SECRET_CHARACTERS = 43


def new_cookie_value() -> str:
    """Return 256 random bits for a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Return a new API token: a prefix that scanners can look for, and 256 random bits.

    Example:
        >>> new_token()[:3], len(new_token())
        ('fk_', 46)
    """
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Say whether this looks like a token of ours.

    Example:
        >>> is_token("fk_" + 43 * "a"), is_token("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
        (True, False)
    """
    return text.startswith(TOKEN_PREFIX) and len(text) == len(TOKEN_PREFIX) + _SECRET_CHARACTERS


def digest(secret: str) -> bytes:
    """Return what is kept of a secret.

    Example:
        >>> digest("a").hex()[:8]
        'ca978112'
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def form_token(cookie_value: str) -> str:
    """Return what every form of this session must send back.

    Example:
        >>> form_token("a") == form_token("a"), form_token("a") == form_token("b")
        (True, False)
    """
    mac = hmac.new(cookie_value.encode("utf-8", "surrogatepass"), b"fairkeeper form token", hashlib.sha256)
    return base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def is_form_token(cookie_value: str, sent: str) -> bool:
    """Say whether a form comes from a page of this session, in constant time.

    Example:
        >>> is_form_token("a", form_token("a")), is_form_token("a", "")
        (True, False)
    """
    return hmac.compare_digest(form_token(cookie_value).encode(), sent.encode("utf-8", "surrogatepass"))


def session_ends_at(created_at: datetime, last_seen_at: datetime) -> datetime:
    """Return when a session ends unless it is used again: idle too long, or too old.

    Example:
        >>> from datetime import UTC
        >>> start = datetime(2026, 11, 22, tzinfo=UTC)
        >>> session_ends_at(start, start + timedelta(days=6, hours=18)).isoformat()
        '2026-11-29T00:00:00+00:00'
    """
    return min(last_seen_at + SESSION_IDLE, created_at + SESSION_LIFETIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie that carries one of our random values: how it is named and set.

    Not readable by scripts (HttpOnly). SameSite=Lax, because a person comes back from Microsoft's page by a link of
    another site, and Strict would hide the cookie just then; forms are guarded by their token besides. Over https it
    is Secure and its name begins with `__Host-`, so that no subdomain and no plain connection can plant one.

    Args:
        base_name: Its name without the prefix.
        is_secure: Whether people use https to come here.
        lifetime: How long a browser keeps it.
    """

    base_name: str
    is_secure: bool
    lifetime: timedelta

    @property
    def name(self) -> str:
        """Its name.

        Example:
            >>> session_cookie("https://fairkeeper.contoso.example").name, session_cookie("http://127.0.0.1:8700").name
            ('__Host-fairkeeper_session', 'fairkeeper_session')
        """
        return f"__Host-{self.base_name}" if self.is_secure else self.base_name

    def set_header(self, value: str) -> str:
        """Return the Set-Cookie header that gives a browser a value.

        Example:
            >>> browser_cookie("https://fairkeeper.contoso.example").set_header("v")
            '__Host-fairkeeper_browser=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure'
        """
        return self._header(value, int(self.lifetime.total_seconds()))

    def clear_header(self) -> str:
        """Return the Set-Cookie header that takes it away."""
        return self._header("", 0)

    def _header(self, value: str, max_age_seconds: int) -> str:
        secure = "; Secure" if self.is_secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}"


def session_cookie(base_url: str) -> Cookie:
    """Return the cookie of signed-in people.

    Args:
        base_url: The address that people use.
    """
    is_secure = base_url.startswith("https://")
    return Cookie(base_name="fairkeeper_session", is_secure=is_secure, lifetime=SESSION_LIFETIME)


def browser_cookie(base_url: str) -> Cookie:
    """Return the cookie that ties a sign-in on its way to the browser that began it."""
    is_secure = base_url.startswith("https://")
    return Cookie(base_name="fairkeeper_browser", is_secure=is_secure, lifetime=ATTEMPT_LIFETIME)
