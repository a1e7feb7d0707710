"""The answers that rooms ask of each other through ports, where the answer lies in another room or in a setting.

Implemented here when it only joins what exists: whose tenant it is, who is suspended, what can be stopped or erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.access.erasure import erase_people
from fairkeeper.access.people import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.path.receipts import ErasedThing, RemainingKind, RemainingThing, StoppedThing
from fairkeeper.customers.store import find_customer
from fairkeeper.customers.tables import ClaimRow, SubscriptionRow
from fairkeeper.database.session import Database, Scope
from fairkeeper.messages.erasure import erase_messages
from fairkeeper.messages.store import own_words
from fairkeeper.values.ids import CustomerId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredPublisher:
    """`PublisherTenant` from the settings."""

    tenant_id: TenantId | None


class MirroredCustomers:
    """`CustomerOfTenant` from the customers that subscriptions made known."""

    def customer_of(self, session: Session, tenant_id: TenantId, object_id: str) -> CustomerId | None:
        """Return the customer whose tenant it is, or None."""
        row = find_customer(session, tenant_id, object_id)
        return None if row is None else row.customer_id


class NamedBuyers:
    """`NamedByPurchase` from the subscriptions' parties and from the claims that count."""

    def is_named(self, session: Session, customer_id: CustomerId, tenant_id: TenantId, object_id: str) -> bool:
        """Say whether an account bought, was bought for, or claimed and counts."""
        rows = session.scalars(select(SubscriptionRow).where(SubscriptionRow.customer_id == customer_id))
        account = (tenant_id, object_id)
        if any(
            account
            in {(r.beneficiary_tenant_id, r.beneficiary_object_id), (r.purchaser_tenant_id, r.purchaser_object_id)}
            for r in rows
        ):
            return True
        claims = select(ClaimRow.object_id).where(
            ClaimRow.customer_id == customer_id,
            ClaimRow.tenant_id == tenant_id,
            ClaimRow.object_id == object_id,
            ClaimRow.is_confirmed.is_(True),
        )
        return session.scalars(claims).first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredRoles:
    """`RolesFromEntra` from the settings."""

    is_deciding: bool


class SuspendedCustomers:
    """Says who is suspended: has a subscription that Microsoft suspended, and none that is active.

    Args:
        database: Where subscriptions are mirrored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_suspended(self, customer_id: CustomerId) -> bool:
        """Return whether this customer is suspended."""
        statement = select(SubscriptionRow.status).where(SubscriptionRow.customer_id == customer_id)
        with self._database.read(Scope(customer_id)) as session:
            statuses = set(session.scalars(statement))
        return CommercialStatus.SUSPENDED in statuses and CommercialStatus.SUBSCRIBED not in statuses


class KeptWords:
    """`PublishersWords` from what the publisher set.

    Args:
        database: Where the wording is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def words(self) -> Mapping[str, tuple[str, str]]:
        """Return subject and text by template."""
        with self._database.read() as session:
            return own_words(session)


class CustomersTokens:
    """`SystemsToStop` for what acts for a customer here: its API tokens.

    Browsers stay signed in, because whoever was revoked may still read receipts and take the record home.
    """

    def stop(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[StoppedThing, ...]:
        """Revoke the customer's API tokens in the caller's transaction; name those revoked before, too.

        They are named by their ids: a receipt stays for ever, and what a person called a token may name people.
        """
        rows = session.scalars(
            select(ApiTokenRow).where(ApiTokenRow.customer_id == customer_id).order_by(ApiTokenRow.id).with_for_update()
        ).all()
        for row in rows:
            row.revoked_at = row.revoked_at or now
        return tuple(StoppedThing(kind="api_token", name=row.id, stopped_at=row.revoked_at) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAppRemains:
    """`WhatRemains` of a publisher whose app only signs people in.

    Args:
        app_id: Application id of the sign-in app; None where none is set.
        name: What a customer's administrator sees it as.
    """

    app_id: str | None
    name: str

    def remaining(self, session: Session, tenant_id: TenantId | None) -> tuple[RemainingThing, ...]:
        """Return what only the customer can remove; personal accounts have no enterprise applications."""
        del session
        portal = RemainingThing(kind=RemainingKind.PORTAL_ENTRY, name="the ended subscription's entry in the portal")
        if self.app_id is None or tenant_id in {None, PERSONAL_ACCOUNTS_TENANT}:
            return (portal,)
        return (
            RemainingThing(kind=RemainingKind.ENTERPRISE_APPLICATION, name=self.name, app_id=self.app_id),
            RemainingThing(kind=RemainingKind.DELEGATED_GRANT, name=f"sign-in permissions of {self.name}"),
            portal,
        )


class PeopleToErase:
    """`DataToErase` for names, addresses and sign-ins of a customer's people, and for what messages say of them."""

    def erase(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[ErasedThing, ...]:
        """Erase them in the caller's transaction and say how many."""
        count = erase_people(session, customer_id, now=now)
        return (
            ErasedThing(kind="person", count=count, erased_by="fairkeeper"),
            ErasedThing(kind="message", count=erase_messages(session, customer_id), erased_by="fairkeeper"),
        )
