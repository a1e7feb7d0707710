"""Wires the room of consent: what it is told of customers, and what it answers to the rooms above it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.access.people import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.bootstrap.wiring.credentials import certificate_credential, federated_credential
from fairkeeper.consent.actions.unlink import end_trust, erase_words
from fairkeeper.consent.asking.wanted import Wanted, WantedFeature
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantState, LinkState
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.ports import Bought, KnownAgent, KnownCustomer
from fairkeeper.consent.store import find_link, grants_of, present_grants, wanted_of_row, what_of
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState
from fairkeeper.customers.path.receipts import ErasedThing, RemainingKind, RemainingThing, StoppedThing
from fairkeeper.customers.path.standing import Mark
from fairkeeper.customers.ports import DataToErase, SystemsToStop, WhatRemains
from fairkeeper.customers.reading import plain_rows
from fairkeeper.customers.store import ensure_tenant, load_customer
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.governance.queries.agents import agent_lines
from fairkeeper.governance.store import load_agent
from fairkeeper.microsoft.identity import Credential
from fairkeeper.microsoft.tenants.agents import AgentIdentityClient
from fairkeeper.microsoft.tenants.consent import (
    AgentPages,
    ConsentFlow,
    NamedCredential,
    TenantTokenClient,
    WorkCredentials,
    read_credentials,
)
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import CustomerId, SubscriptionId, TenantId


class MirroredPurchases:
    """`KnownCustomers` from the customers and subscriptions that are mirrored here."""

    def find(self, session: Session, customer: str) -> KnownCustomer:
        """Return a customer with what it bought."""
        row = load_customer(session, customer)
        bought = session.scalars(select(SubscriptionRow).where(SubscriptionRow.customer_id == row.customer_id))
        return KnownCustomer(
            customer_id=row.customer_id,
            slug=row.slug,
            name=row.name,
            tenant_id=row.tenant_id,
            is_personal=row.tenant_id == PERSONAL_ACCOUNTS_TENANT,
            bought=tuple(_bought(each) for each in bought),
        )

    def admit(self, session: Session, tenant_id: TenantId, *, now: datetime) -> KnownCustomer:
        """Return the customer of a tenant, made where there is none."""
        return self.find(session, ensure_tenant(session, tenant_id, now=now).customer_id)

    def names(self, session: Session, customer_ids: Collection[CustomerId]) -> Mapping[CustomerId, tuple[str, str]]:
        """Return readable address and name of customers, by id."""
        rows = session.scalars(select(CustomerRow).where(CustomerRow.customer_id.in_(list(customer_ids))))
        return {row.customer_id: (row.slug, row.name) for row in rows}


def _bought(row: SubscriptionRow) -> Bought:
    return Bought(
        offer_id=row.offer_id,
        plan_id=row.plan_id,
        is_active=row.status == CommercialStatus.SUBSCRIBED,
        is_suspended=row.status == CommercialStatus.SUSPENDED,
        has_ended=row.status == CommercialStatus.UNSUBSCRIBED,
        purchaser_tenant_id=row.purchaser_tenant_id,
    )


_WORST_FIRST: Final = (
    ConsentState.REVOKED,
    ConsentState.NONE,
    ConsentState.REQUESTED,
    ConsentState.STALE,
    ConsentState.GRANTED,
)
_OF_GRANT: Final[Mapping[GrantState, ConsentState]] = {
    GrantState.NOT_NEEDED: ConsentState.NONE,
    GrantState.REQUESTED: ConsentState.REQUESTED,
    GrantState.PENDING_ADMIN: ConsentState.REQUESTED,
    GrantState.GRANTED_UNVERIFIED: ConsentState.REQUESTED,
    GrantState.DECLINED: ConsentState.REQUESTED,
    GrantState.PARTIAL: ConsentState.REQUESTED,
    GrantState.VERIFIED: ConsentState.GRANTED,
    GrantState.DRIFTED: ConsentState.STALE,
    GrantState.SUSPECTED_LOST: ConsentState.STALE,
    GrantState.REVOKED: ConsentState.REVOKED,
}
_WORDS: Final[Mapping[GrantState, str]] = {
    GrantState.PENDING_ADMIN: "it waits for the customer's administrator",
    GrantState.GRANTED_UNVERIFIED: "it is said to be granted and not proved yet",
    GrantState.DECLINED: "it was declined",
    GrantState.PARTIAL: "a part was granted",
    GrantState.DRIFTED: "what is granted has changed",
    GrantState.SUSPECTED_LOST: "it may have been taken back",
}


_NEEDED_BY: Final = (
    SubscriptionRow.subscription_id,
    SubscriptionRow.customer_id,
    SubscriptionRow.offer_id,
    SubscriptionRow.plan_id,
)
"""What the permissions that a subscription needs are read from."""


class StandingOfGrants:
    """`ConsentStanding`: where consent stands for a subscription, by what its plan needs and its tenant granted."""

    def standings_of(
        self, session: Session, subscription_ids: Collection[SubscriptionId]
    ) -> Mapping[SubscriptionId, Mark[ConsentState]]:
        """Say where consent stands for each of these subscriptions."""
        rows = plain_rows(session, _NEEDED_BY, SubscriptionRow.subscription_id.in_(list(subscription_ids)))
        links: dict[CustomerId, LinkRow] = {}
        customers = {row.customer_id for row in rows}
        present = select(LinkRow).where(LinkRow.customer_id.in_(customers)).order_by(LinkRow.number)
        for link in session.scalars(present):
            links[link.customer_id] = link
        grants = grants_of(session, [link.link_id for link in links.values()]) if links else {}
        marks = dict.fromkeys(subscription_ids, Mark(state=ConsentState.NOT_NEEDED))
        for row in rows:
            link_of = links.get(row.customer_id)
            if link_of is not None:
                marks[row.subscription_id] = consent_mark(row, link_of, grants[link_of.link_id])
        return marks


def consent_mark(row: SubscriptionRow, link: LinkRow, grants: list[GrantRow]) -> Mark[ConsentState]:
    """Return where consent stands for a subscription, by its tenant's link and the grants that count."""
    wanted = wanted_of_row(link)
    features = [
        each
        for each in (wanted.features if wanted else ())
        if each.is_required and each.is_for(row.offer_id, row.plan_id)
    ]
    if wanted is None or not features:
        return Mark(state=ConsentState.NOT_NEEDED)
    if LinkState(link.state) in ENDED_LINKS:
        return Mark(state=ConsentState.REVOKED, since_at=link.since_at, note="trust in the tenant was ended")
    marks = [_feature_mark(each, wanted, grants) for each in features]
    if LinkState(link.state) is LinkState.BROKEN:
        marks.append(Mark(state=ConsentState.STALE, since_at=link.since_at, note="trust in the tenant is broken"))
    return min(marks, key=lambda mark: _WORST_FIRST.index(mark.state))


def _feature_mark(feature: WantedFeature, wanted: Wanted, grants: list[GrantRow]) -> Mark[ConsentState]:
    """Return where one feature stands: by the best of the grants that it belongs to."""
    found: list[Mark[ConsentState]] = []
    for grant in grants:
        if feature.key not in grant.features:
            continue
        state = GrantState(grant.state)
        consent = _OF_GRANT[state]
        needs = {permission.name for permission in feature.permissions}
        if state in {GrantState.DRIFTED, GrantState.PARTIAL} and needs <= set(grant.carried):
            consent = ConsentState.GRANTED
        words = _WORDS.get(state)
        note = None if words is None or consent is ConsentState.GRANTED else f"{what_of(grant, wanted)}: {words}"
        found.append(Mark(state=consent, since_at=grant.since_at, note=note))
    best = max(found, key=lambda mark: _WORST_FIRST.index(mark.state), default=None)
    return best or Mark(state=ConsentState.NONE)


class TrustToStop:
    """`SystemsToStop` for a customer's tenant: grants, tokens, pages and work; with whatever else has to stop.

    Args:
        others: What else stops.
    """

    def __init__(self, others: Iterable[SystemsToStop]) -> None:
        self._others = tuple(others)

    def stop(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[StoppedThing, ...]:
        """Stop all of it in the caller's transaction, and name what has stopped."""
        before = tuple(thing for each in self._others for thing in each.stop(session, customer_id, now=now))
        if end_trust(session, customer_id, now=now) is None:
            return before
        session.flush()
        link = find_link(session, customer_id)
        rows = [] if link is None else present_grants(session, link)
        wanted = None if link is None else wanted_of_row(link)
        names = {} if wanted is None else {each.key: each.name for each in wanted.registrations}
        grants = tuple(
            StoppedThing(
                kind="grant",
                name=f"use of what was granted to {names.get(row.registration, row.registration)}",
                stopped_at=row.since_at,
            )
            for row in rows
        )
        since = None if link is None else link.since_at
        tenant = (
            StoppedThing(kind="tenant_link", name="trust in the tenant", stopped_at=since),
            StoppedThing(kind="tenant_tokens", name="tokens of the tenant kept here", stopped_at=since),
            StoppedThing(kind="tenant_work", name="work waiting for the tenant", stopped_at=since),
        )
        return (*before, *grants, *tenant)


class TrustRemains:
    """`WhatRemains`: the applications that may be left in a tenant, and what they may hold there.

    Args:
        others: What else remains.
    """

    def __init__(self, others: WhatRemains) -> None:
        self._others = others

    def remaining(self, session: Session, tenant_id: TenantId | None) -> tuple[RemainingThing, ...]:
        """Return what only the customer can remove."""
        known = self._others.remaining(session, tenant_id)
        if tenant_id is None:
            return known
        rows = session.scalars(select(LinkRow).where(LinkRow.tenant_id == tenant_id).order_by(LinkRow.number)).all()
        if not rows or LinkState(rows[-1].state) not in ENDED_LINKS:
            return known
        link, named = rows[-1], {thing.app_id for thing in known}
        grants = {row.app_id: row for row in present_grants(session, link)}
        found: list[RemainingThing] = []
        for thing in link.remaining:
            if thing["gone_at"] is not None or thing["app_id"] in named:
                continue
            app_id, name = thing["app_id"], thing["name"]
            if thing.get("is_deployment"):
                found.append(RemainingThing(kind=RemainingKind.AZURE_ROLE_ASSIGNMENT, name=name))
                continue
            if thing.get("blueprint"):
                found.append(RemainingThing(kind=RemainingKind.AGENT_IDENTITY, name=name, app_id=app_id))
                continue
            found.append(RemainingThing(kind=RemainingKind.ENTERPRISE_APPLICATION, name=name, app_id=app_id))
            grant = grants.get(app_id)
            if grant is not None:
                is_delegated = grant.tier == Tier.OPERATIONAL_DELEGATED
                kind = RemainingKind.DELEGATED_GRANT if is_delegated else RemainingKind.APPLICATION_GRANT
                held = ", ".join(grant.application or grant.delegated)
                found.append(RemainingThing(kind=kind, name=f"{held} of {name}", app_id=app_id))
        return (*found, *known)


class WordsToErase:
    """`DataToErase` for what people wrote on connect pages, with what else is erased.

    Args:
        others: What else is erased.
    """

    def __init__(self, others: DataToErase) -> None:
        self._others = others

    def erase(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[ErasedThing, ...]:
        """Erase it in the caller's transaction."""
        count = erase_words(session, customer_id)
        erased = self._others.erase(session, customer_id, now=now)
        return (*erased, ErasedThing(kind="consent_words", count=count, erased_by="fairkeeper"))


def named_credentials(settings: Settings) -> dict[str, Credential]:
    """Return by application id the credentials of the registrations that work in customers' tenants.

    Raises:
        SettingsError: The setting cannot be read, or a certificate that it names cannot.
    """
    try:
        named = read_credentials(settings.consent_app_secrets.get_secret_value())
    except ValueError as error:
        # The parser's own words may quote a secret.
        told = "it is no JSON" if isinstance(error, json.JSONDecodeError) else str(error)
        msg = f"FAIRKEEPER_CONSENT_APP_SECRETS cannot be read: {told}."
        raise SettingsError(msg) from None
    return {app_id: _credential(each) for app_id, each in named.items()}


def work_credentials(settings: Settings, authority: str) -> WorkCredentials:
    """Return those credentials, and that of the application that people sign in to.

    Raises:
        SettingsError: As `named_credentials` says.
    """
    secrets = named_credentials(settings)
    if settings.sign_in_app_id is not None and settings.sign_in_app_secret is not None:
        # Only to see whether it is still present, or gone after an end; nobody works with it.
        secrets.setdefault(settings.sign_in_app_id.lower(), settings.sign_in_app_secret.get_secret_value())
    return WorkCredentials(authority=authority, secrets=secrets)


def _credential(named: NamedCredential) -> Credential:
    if named.certificate_file is not None:
        return certificate_credential(Path(named.certificate_file)).credential
    if named.federated_token_file is not None:
        return federated_credential(Path(named.federated_token_file)).credential
    return named.secret or ""


class RegisteredAgents:
    """`KnownAgents` from the agents that are registered and held in governance."""

    def find(self, session: Session, agent_id: str, *, now: datetime) -> KnownAgent:
        """Return a registered agent, as the caller's session may see it."""
        (line,) = agent_lines(session, [load_agent(session, agent_id)], now)
        return KnownAgent(
            agent_id=line.agent_id, title=line.title, held=line.held if line.held in {"paused", "revoked"} else ""
        )


def make_agent_identities(
    settings: Settings, credentials: WorkCredentials, http: httpx.Client, clock: Clock
) -> AgentIdentityClient:
    """Return what makes agent identities and gets tokens for them."""
    return AgentIdentityClient(settings.agent_graph_url, credentials, http=http, clock=clock)


def make_tenant_tokens(credentials: WorkCredentials, http: httpx.Client, clock: Clock) -> TenantTokenClient:
    """Return what asks for tokens of customers' tenants."""
    return TenantTokenClient(credentials, http=http, clock=clock)


def make_consent_flow(settings: Settings, credentials: WorkCredentials, http: httpx.Client) -> ConsentFlow:
    """Return the ways to Microsoft's consent pages."""
    pages = AgentPages(return_address=settings.agent_consent_return, blueprint_scope=settings.agent_blueprint_scope)
    return ConsentFlow(credentials, http=http, agents=pages)
