"""Asking a customer's tenant: the request, the address of the page that explains it, handing it to an administrator.

The address is a bearer of reading alone: whoever has it may see what is asked for, ask a question, decline, and go to
Microsoft's page. It grants nothing, lives sixty days, and can be withdrawn.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    ShownOnce,
    command,
)
from fairkeeper.consent.asking.own_consent import own_consent_to
from fairkeeper.consent.asking.wanted import Wanted, WantedRegistration
from fairkeeper.consent.catalogue.permissions import Kind, catalogue
from fairkeeper.consent.errors import LinkNotLiveError, PlanMissingError
from fairkeeper.consent.evidence_kinds import ASKED, HANDED_OVER, PAGE_MADE, PAGE_WITHDRAWN
from fairkeeper.consent.lifecycle import HELD, GrantEvent, GrantState, LinkState, can_move_grant
from fairkeeper.consent.plan.control import ACCESS_TIERS
from fairkeeper.consent.ports import KnownCustomers
from fairkeeper.consent.store import load_live_link, present_grants, step_grant, wanted_of_row, what_of
from fairkeeper.consent.tables import ConnectRow, GrantRow, LinkRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id

PAGE_LIFETIME: Final = timedelta(days=60)
CONNECT_PATH: Final = "/connect"
_CUSTOMER: Final = "The customer's id or readable address."


class OneCustomer(OperationInput):
    """Which customer."""

    customer: str = Field(max_length=80, description=_CUSTOMER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the tenant is asked for now.

    Attributes:
        grants: Ids of the grants that wait for an answer.
        what: The features, in words.
    """

    link_id: str
    grants: tuple[str, ...]
    what: str


@command(
    "consent.ask_customer",
    groups=("consent.share",),
    evidence=(ASKED,),
    http="POST /consent/customers/{customer}/ask",
    cli="consent ask CUSTOMER",
)
def ask_customer(context: CommandContext, request: OneCustomer) -> Outcome[Asked]:
    """Ask a customer's tenant for what the plan needs and it has not granted; what it granted stays as it is.

    Nothing is sent by this: make an address of the page and send that. Asking again after a decline is recorded as
    such. Where everything was asked for or granted already, nothing changes.

    Raises `consent.link_not_found`, `consent.link_not_live`, `consent.plan_missing`.
    """
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    link = load_live_link(context.session, customer.customer_id, for_change=True)
    if LinkState(link.state) is not LinkState.LINKED:
        msg = f"The link is {link.state}; a tenant is asked once it is linked."
        raise LinkNotLiveError(msg, remedy="Wait until somebody of it has signed in and the purchase is active.")
    wanted = wanted_of_row(link)
    if wanted is None:
        raise PlanMissingError("No consent plan is applied.")
    asked = [
        grant
        for registration in wanted.registrations
        if (grant := _ask_registration(context, link, wanted, registration)) is not None
    ]
    if not asked:
        return Outcome(result=Asked(link_id=link.link_id, grants=(), what=""), entry=None)
    context.session.flush()
    what = ", ".join(what_of(grant, wanted) for grant in asked)
    result = Asked(link_id=link.link_id, grants=tuple(grant.grant_id for grant in asked), what=what)
    entry = EvidenceDraft(
        kind=ASKED.name,
        subject_type="tenant_link",
        subject_id=link.link_id,
        customer_id=link.customer_id,
        payload={
            "what": what,
            "plan_version": wanted.plan_version,
            "grants": [
                {
                    "grant_id": grant.grant_id,
                    "app_id": grant.app_id,
                    "again": grant.asked_again,
                    "delegated": list(grant.delegated),
                    "application": list(grant.application),
                }
                for grant in asked
            ],
        },
    )
    return Outcome(result=result, entry=entry)


def _ask_registration(
    context: CommandContext, link: LinkRow, wanted: Wanted, registration: WantedRegistration
) -> GrantRow | None:
    """Return the grant that is asked for now through one registration; None if nothing is."""
    delegated = wanted.permissions(registration.key, Kind.DELEGATED)
    application = wanted.permissions(registration.key, Kind.APPLICATION)
    rows = [row for row in present_grants(context.session, link) if row.registration == registration.key]
    for row in rows:
        state = GrantState(row.state)
        is_same = set(row.delegated) >= set(delegated) and set(row.application) >= set(application)
        if is_same and can_move_grant(state, GrantEvent.REQUEST):
            step_grant(row, GrantEvent.REQUEST, now=context.now)
            row.asked_at, row.asked_again, row.plan_version = context.now, row.asked_again + 1, wanted.plan_version
            return row
        if is_same and state is not GrantState.REVOKED:
            return None
    if not delegated and not application:
        return None
    row = GrantRow(
        grant_id=new_id("gra"),
        customer_id=link.customer_id,
        link_id=link.link_id,
        registration=registration.key,
        app_id=registration.app_id,
        tier=registration.tier.value,
        plan_version=wanted.plan_version,
        features=[feature.key for feature in wanted.features_of(registration.key)],
        delegated=list(delegated),
        application=list(application),
        carried=[],
        state=GrantState.REQUESTED.value,
        since_at=context.now,
        asked_at=context.now,
        asked_again=len(rows),
    )
    context.session.add(row)
    for old in rows:
        # What was granted goes on until the new version is proved; what nobody granted is replaced at once.
        if GrantState(old.state) not in HELD:
            old.replaced_by = row.grant_id
    return row


class SharePage(OneCustomer):
    """Whose page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMade:
    """An address of the connect page.

    Attributes:
        path: Its path on this server, shown once: only a digest is kept.
        until: When it ends.
    """

    connect_id: str
    path: ShownOnce
    until: datetime


@command(
    "consent.share_page",
    groups=("consent.share",),
    evidence=(PAGE_MADE,),
    http="POST /consent/customers/{customer}/pages",
    cli="consent share CUSTOMER",
)
def share_page(context: CommandContext, request: SharePage) -> Outcome[PageMade]:
    """Make an address of the connect page, to send to a customer's administrator; good for sixty days.

    Whoever has it can read what is asked for, without signing in. It is shown once.

    Raises `consent.link_not_found`, `consent.link_not_live`.
    """
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    link = load_live_link(context.session, customer.customer_id)
    token = secrets.token_urlsafe(32)
    row = ConnectRow(
        connect_id=new_id("con"),
        customer_id=link.customer_id,
        link_id=link.link_id,
        token_digest=page_digest(token),
        purpose="consent",
        made_at=context.now,
        expires_at=context.now + PAGE_LIFETIME,
    )
    context.session.add(row)
    context.session.flush()
    entry = EvidenceDraft(
        kind=PAGE_MADE.name,
        subject_type="connect_page",
        subject_id=row.connect_id,
        customer_id=link.customer_id,
        payload={"connect_id": row.connect_id, "until": format_instant(row.expires_at), "purpose": row.purpose},
    )
    result = PageMade(connect_id=row.connect_id, path=f"{CONNECT_PATH}/{token}", until=row.expires_at)
    return Outcome(result=result, entry=entry)


class WithdrawPages(OneCustomer):
    """Whose pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesWithdrawn:
    """How many addresses lead nowhere from now on."""

    withdrawn: int


@command(
    "consent.withdraw_pages",
    groups=("consent.share",),
    evidence=(PAGE_WITHDRAWN,),
    http="POST /consent/customers/{customer}/pages/withdraw",
    cli="consent withdraw-pages CUSTOMER",
)
def withdraw_pages(context: CommandContext, request: WithdrawPages) -> Outcome[PagesWithdrawn]:
    """Withdraw every address of a customer's connect page at once; again changes nothing."""
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    rows = context.session.scalars(
        select(ConnectRow)
        .where(ConnectRow.customer_id == customer.customer_id, ConnectRow.revoked_at.is_(None))
        .with_for_update()
    ).all()
    for row in rows:
        row.revoked_at = context.now
    result = PagesWithdrawn(withdrawn=len(rows))
    if not rows:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=PAGE_WITHDRAWN.name,
        subject_type="customer",
        subject_id=customer.customer_id,
        customer_id=customer.customer_id,
        payload={"withdrawn": [row.connect_id for row in rows]},
    )
    return Outcome(result=result, entry=entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The grants that wait for an administrator now."""

    grants: tuple[str, ...]


@command(
    "consent.hand_over",
    groups=("consent.share",),
    evidence=(HANDED_OVER,),
    http="POST /consent/customers/{customer}/hand-over",
    cli="consent hand-over CUSTOMER",
)
def hand_over(context: CommandContext, request: OneCustomer) -> Outcome[HandedOver]:
    """Note that what is asked for was passed to the tenant's administrator; waiting for them is a normal state."""
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    link = load_live_link(context.session, customer.customer_id, for_change=True)
    return hand_over_grants(context, link)


def hand_over_grants(context: CommandContext, link: LinkRow) -> Outcome[HandedOver]:
    """Move every requested grant of a link that needs an administrator to waiting for one."""
    # The shipped catalogue: a customer's own session may do this and reads no import. What an import made an
    # administrator's stands with the link already, in what its features need.
    wanted, facts = wanted_of_row(link), catalogue()
    rows = [
        row
        for row in present_grants(context.session, link, for_change=True)
        if GrantState(row.state) is GrantState.REQUESTED
        and row.tier not in ACCESS_TIERS
        and wanted is not None
        and own_consent_to(wanted, row.registration, row.features, facts).blocked
    ]
    for row in rows:
        step_grant(row, GrantEvent.HAND_OVER, now=context.now)
    result = HandedOver(grants=tuple(row.grant_id for row in rows))
    if not rows:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=HANDED_OVER.name,
        subject_type="tenant_link",
        subject_id=link.link_id,
        customer_id=link.customer_id,
        payload={"what": ", ".join(what_of(row, wanted) for row in rows), "grants": list(result.grants)},
    )
    return Outcome(result=result, entry=entry)


def page_digest(token: str) -> bytes:
    """Return what is kept of a page's address."""
    return hashlib.sha256(token.encode()).digest()


OPERATIONS: tuple[Operation, ...] = (ask_customer, share_page, withdraw_pages, hand_over)
