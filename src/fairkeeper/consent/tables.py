"""Tables of the room: plans, links, grants, connect pages, consents that were begun, tokens, deployments, agents.

A plan is the publisher's; everything else belongs to a customer. What a tenant is asked for is kept with its link, so
that a customer's own session can read it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKeyConstraint, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base, CustomerOwned
from fairkeeper.values.ids import CustomerId, TenantId


def _of_link() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["customer_id", "link_id"], ["tenant_link.customer_id", "tenant_link.link_id"])


class PlanRow(Base):
    """One version of the consent plan, as its file said it."""

    __tablename__ = "consent_plan"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    applied_at: Mapped[datetime]


class ImportedPermissionsRow(Base):
    """One import of Microsoft's permissions.json; the newest number holds."""

    __tablename__ = "imported_permissions"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    dated_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]]
    imported_at: Mapped[datetime]


class LinkRow(CustomerOwned, Base):
    """Trust in one customer's tenant; the newest number is the present one."""

    __tablename__ = "tenant_link"
    __table_args__ = (UniqueConstraint("customer_id", "link_id"), UniqueConstraint("customer_id", "number"))

    link_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    number: Mapped[int] = mapped_column(Integer)
    tenant_id: Mapped[TenantId]
    purchaser_tenant_id: Mapped[TenantId | None]
    """Where it is another than the beneficiary's."""
    state: Mapped[str] = mapped_column(String(20))
    since_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    wanted: Mapped[dict[str, Any]]
    remaining: Mapped[list[Any]]
    """What is looked for after the end: application, name, when it was seen gone."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    """When our sign-in application is looked for in the tenant again."""
    probed_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    """When the first of the failures in a row was seen."""
    last_code: Mapped[int | None] = mapped_column(Integer)
    own_fault: Mapped[str | None] = mapped_column(String(200))
    proved_by: Mapped[str] = mapped_column(String(20), default="sign_in", server_default="sign_in")
    """What trust rests on: a sign-in, a resource that was read back, an instance that called home."""


class GrantRow(CustomerOwned, Base):
    """One permission set of one tenant for one app registration."""

    __tablename__ = "consent_grant"
    __table_args__ = (
        _of_link(),
        UniqueConstraint("customer_id", "grant_id"),
        Index("ix_consent_grant_probe", "probe_at"),
    )

    grant_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    link_id: Mapped[str] = mapped_column(String(40))
    registration: Mapped[str] = mapped_column(String(60))
    app_id: Mapped[str] = mapped_column(String(64))
    tier: Mapped[str] = mapped_column(String(30))
    plan_version: Mapped[int] = mapped_column(Integer)
    features: Mapped[list[Any]]
    delegated: Mapped[list[Any]]
    application: Mapped[list[Any]]
    carried: Mapped[list[Any]]
    """What the last good token carried."""
    state: Mapped[str] = mapped_column(String(20))
    since_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_again: Mapped[int] = mapped_column(Integer, default=0)
    proved_at: Mapped[datetime | None]
    probed_at: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    last_code: Mapped[int | None] = mapped_column(Integer)
    own_fault: Mapped[str | None] = mapped_column(String(200))
    """What is wrong on our side; never held against the customer."""
    replaced_by: Mapped[str | None] = mapped_column(String(40))
    deployment_id: Mapped[str | None] = mapped_column(String(40))
    """The deployment that it is access to; null for a consent of Microsoft Entra's."""
    hours: Mapped[int | None] = mapped_column(Integer)
    until_at: Mapped[datetime | None]
    """When an elevation ends by itself."""


class ConnectRow(CustomerOwned, Base):
    """One address of the connect page; only its digest is kept."""

    __tablename__ = "connect_page"
    __table_args__ = (_of_link(), UniqueConstraint("token_digest"))

    connect_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    link_id: Mapped[str] = mapped_column(String(40))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    purpose: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened: Mapped[int] = mapped_column(Integer, default=0)
    opened_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class StartRow(CustomerOwned, Base):
    """One consent on its way through Microsoft's pages: bound to a browser, a tenant and an application, used once."""

    __tablename__ = "consent_start"
    __table_args__ = (_of_link(),)

    state_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    link_id: Mapped[str] = mapped_column(String(40))
    connect_id: Mapped[str] = mapped_column(String(40))
    grant_id: Mapped[str] = mapped_column(String(40))
    tenant_id: Mapped[TenantId]
    app_id: Mapped[str] = mapped_column(String(64))
    way: Mapped[str] = mapped_column(String(10))
    features: Mapped[list[Any]]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Nonce and code verifier of a person's sign-in, sealed."""
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class QuestionRow(CustomerOwned, Base):
    """A question that somebody of the customer asked on the connect page."""

    __tablename__ = "consent_question"
    __table_args__ = (_of_link(),)

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    link_id: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]


class TenantTokenRow(CustomerOwned, Base):
    """A token of a customer's tenant, sealed; gone the moment the tenant is revoked."""

    __tablename__ = "tenant_token"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "grant_id"], ["consent_grant.customer_id", "consent_grant.grant_id"]),
    )

    grant_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    tenant_id: Mapped[TenantId]
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime]
    kept_at: Mapped[datetime]


class DeploymentRow(CustomerOwned, Base):
    """One managed application, container or virtual machine; the publisher's own until its tenant is confirmed."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("resource_digest"), Index("ix_deployment_look", "look_at"))

    deployment_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    offer_type: Mapped[str] = mapped_column(String(30))
    resource_id: Mapped[str] = mapped_column(Text)
    resource_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    since_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    tenant_id: Mapped[TenantId | None]
    """As Azure Resource Manager or a proved token says; never as somebody said."""
    object_id: Mapped[str | None] = mapped_column(String(64))
    """Of an instance's managed identity."""
    offer_id: Mapped[str | None] = mapped_column(String(120))
    plan_id: Mapped[str | None] = mapped_column(String(120))
    usage_id: Mapped[str | None] = mapped_column(Text)
    may_elevate: Mapped[bool] = mapped_column(default=False)
    roles: Mapped[list[Any]]
    """Principal and role of each authorization, as last read."""
    says_gone: Mapped[bool] = mapped_column(default=False)
    missed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class DeploymentNoticeRow(CustomerOwned, Base):
    """A notice about a managed application as it came; the same one again counts up."""

    __tablename__ = "deployment_notice"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    digest: Mapped[str] = mapped_column(String(64))
    deployment_id: Mapped[str | None] = mapped_column(String(40), index=True)
    event: Mapped[str] = mapped_column(String(40))
    provisioning: Mapped[str] = mapped_column(String(40))
    trouble: Mapped[str | None] = mapped_column(String(200))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    last_received_at: Mapped[datetime]
    deliveries: Mapped[int] = mapped_column(Integer)


class ClaimCodeRow(CustomerOwned, Base):
    """A code with which one instance of a customer's registers, once; only its digest is kept."""

    __tablename__ = "claim_code"
    __table_args__ = (UniqueConstraint("digest"),)

    code_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    offer_id: Mapped[str] = mapped_column(String(120))
    plan_id: Mapped[str | None] = mapped_column(String(120))
    offer_type: Mapped[str] = mapped_column(String(30))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    deployment_id: Mapped[str | None] = mapped_column(String(40))
    withdrawn_at: Mapped[datetime | None]


class AgentIdentityRow(CustomerOwned, Base):
    """The agent identity of one blueprint in one customer's tenant, of one link; never of another."""

    __tablename__ = "agent_identity"
    __table_args__ = (
        _of_link(),
        UniqueConstraint("customer_id", "link_id", "registration"),
        Index("ix_agent_identity_agent", "agent_id"),
    )

    placed_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    link_id: Mapped[str] = mapped_column(String(40))
    registration: Mapped[str] = mapped_column(String(60))
    blueprint_app_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    sponsor_kind: Mapped[str | None] = mapped_column(String(10))
    sponsor_id: Mapped[str | None] = mapped_column(String(64))
    """Object id in the customer's tenant of whoever answers for it; null where the customer made the identity."""
    identity_id: Mapped[str | None] = mapped_column(String(64))
    """Its object id, which is its client id too."""
    agent_id: Mapped[str | None] = mapped_column(String(40))
    """The registered agent whose calls it makes."""
    state: Mapped[str] = mapped_column(String(20))
    since_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    placed_at: Mapped[datetime]
    try_at: Mapped[datetime | None]
    """When it is tried again to make it."""
