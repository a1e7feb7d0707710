"""Tables of people, their browser sessions and sign-in attempts, and API tokens.

Whoever reads these tables can act as nobody: cookies and tokens are kept as SHA-256 of 256 random bits. A name and an
e-mail address are all that names a person; they can be erased without touching evidence, whose headers carry our
random id alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKeyConstraint, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned
from fairkeeper.values.ids import PersonId, TenantId, TokenId

NAME_CHARACTERS = 200
EMAIL_CHARACTERS = 320


class PersonRow(CustomerOwned, Base):
    """One account of Microsoft Entra that may sign in: staff, or of one customer."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("tenant_id", "object_id"),
        UniqueConstraint("customer_id", "id"),
    )

    id: Mapped[PersonId] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    tenant_id: Mapped[TenantId]
    object_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(NAME_CHARACTERS))
    email: Mapped[str | None] = mapped_column(String(EMAIL_CHARACTERS))
    roles: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(10))
    first_of: Mapped[str | None] = mapped_column(String(40), unique=True)
    """`publisher` for the first owner, a customer's id for its first person: two at once cannot both be first."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]


class WebSessionRow(CustomerOwned, Base):
    """One browser in which a person is signed in."""

    __tablename__ = "web_session"
    __table_args__ = (
        # With the customer in it, so that a session of one customer cannot name another's person.
        ForeignKeyConstraint(["customer_id", "person_id"], ["person.customer_id", "person.id"]),
    )

    cookie_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_id: Mapped[PersonId] = mapped_column(index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignInAttemptRow(Base):
    """One sign-in on its way through Microsoft's pages; kept here because the answer may reach another process."""

    __tablename__ = "sign_in_attempt"

    state_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    nonce: Mapped[str] = mapped_column(String(200))
    code_verifier: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(20))
    return_to: Mapped[str] = mapped_column(String(2000))
    first_owner_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    parked: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What comes along and is needed afterwards, sealed by the channel: a buyer's landing token."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class InvitationRow(CustomerOwned, Base):
    """A link by which somebody may become a person here, once."""

    __tablename__ = "invitation"

    invitation_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str | None] = mapped_column(String(NAME_CHARACTERS))
    email: Mapped[str | None] = mapped_column(String(EMAIL_CHARACTERS))
    roles: Mapped[list[Any]]
    invited_by: Mapped[str] = mapped_column(String(80))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    person_id: Mapped[str | None] = mapped_column(String(40))


class ApiTokenRow(CustomerOwned, Base):
    """One program's token."""

    __tablename__ = "api_token"

    id: Mapped[TokenId] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARACTERS))
    roles: Mapped[list[Any]]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    signs_in_once: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether it may, once, make the person who signs in with it the first owner."""
    signed_in_at: Mapped[datetime | None]
