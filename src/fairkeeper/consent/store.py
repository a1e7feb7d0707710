"""Loading and writing rows of this room: the present link, the grants that count, what is wanted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.consent.asking.wanted import Wanted
from fairkeeper.consent.deployments.reading import LIVE, DeploymentState
from fairkeeper.consent.errors import (
    AgentIdentityNotFoundError,
    DeploymentNotFoundError,
    GrantNotFoundError,
    LinkNotFoundError,
    LinkNotLiveError,
)
from fairkeeper.consent.lifecycle import (
    ENDED_LINKS,
    GrantEvent,
    GrantState,
    LinkEvent,
    LinkState,
    move_grant,
    move_link,
)
from fairkeeper.consent.plan.plan import ConsentPlan
from fairkeeper.consent.plan.reading import read_plan
from fairkeeper.consent.ports import Bought, KnownCustomer
from fairkeeper.consent.tables import AgentIdentityRow, DeploymentRow, GrantRow, LinkRow, PlanRow
from fairkeeper.errors import BugError
from fairkeeper.values.ids import CustomerId


def newest_plan_row(session: Session) -> PlanRow | None:
    """Return the plan that holds; None before one is applied."""
    return session.scalars(select(PlanRow).order_by(PlanRow.version.desc()).limit(1)).first()


def plan_of_row(row: PlanRow) -> ConsentPlan:
    """Return the plan that a row keeps."""
    plan = read_plan(row.text).plan
    if plan is None:
        msg = f"Version {row.version} of the consent plan was applied and cannot be read any more."
        raise BugError(msg)
    return plan


def find_link(session: Session, customer_id: CustomerId, *, for_change: bool = False) -> LinkRow | None:
    """Return a customer's present link, which may have ended; None if there never was one."""
    statement = select(LinkRow).where(LinkRow.customer_id == customer_id).order_by(LinkRow.number.desc()).limit(1)
    return session.scalars(statement.with_for_update() if for_change else statement).first()


def load_link(session: Session, customer_id: CustomerId, *, for_change: bool = False) -> LinkRow:
    """Return a customer's present link.

    Raises:
        LinkNotFoundError: There never was one.
    """
    row = find_link(session, customer_id, for_change=for_change)
    if row is None:
        msg = f"There is no link with the tenant of {customer_id}."
        raise LinkNotFoundError(msg)
    return row


def load_live_link(session: Session, customer_id: CustomerId, *, for_change: bool = False) -> LinkRow:
    """Return a customer's present link, if it has not ended.

    Raises:
        LinkNotFoundError: There never was one.
        LinkNotLiveError: It has ended or is ending.
    """
    row = load_link(session, customer_id, for_change=for_change)
    if LinkState(row.state) in ENDED_LINKS:
        msg = f"The link {row.link_id} is {row.state}."
        raise LinkNotLiveError(msg)
    return row


def wanted_of_row(row: LinkRow) -> Wanted | None:
    """Return what a link's tenant is asked for; None before any plan."""
    return Wanted.of_json(row.wanted) if row.wanted else None


def present_grants(session: Session, link: LinkRow, *, for_change: bool = False) -> list[GrantRow]:
    """Return the grants of a link that count: of each registration those that no newer one has replaced."""
    statement = (
        select(GrantRow)
        .where(GrantRow.link_id == link.link_id, GrantRow.replaced_by.is_(None))
        .order_by(GrantRow.asked_at, GrantRow.grant_id)
    )
    return list(session.scalars(statement.with_for_update() if for_change else statement))


def grants_of(session: Session, link_ids: Collection[str]) -> dict[str, list[GrantRow]]:
    """Return the grants that count of several links, by link."""
    found: dict[str, list[GrantRow]] = {link_id: [] for link_id in link_ids}
    rows = session.scalars(
        select(GrantRow)
        .where(GrantRow.link_id.in_(link_ids), GrantRow.replaced_by.is_(None))
        .order_by(GrantRow.asked_at, GrantRow.grant_id)
    )
    for row in rows:
        found[row.link_id].append(row)
    return found


def load_grant(session: Session, grant_id: str, *, for_change: bool = False) -> GrantRow:
    """Return one grant.

    Raises:
        GrantNotFoundError: There is none for this session.
    """
    statement = select(GrantRow).where(GrantRow.grant_id == grant_id)
    row = session.scalars(statement.with_for_update() if for_change else statement).first()
    if row is None:
        msg = f"There is no grant {grant_id!r} here."
        raise GrantNotFoundError(msg)
    return row


def deployments_of(session: Session, customer_id: CustomerId) -> list[DeploymentRow]:
    """Return a customer's deployments, the oldest first."""
    statement = select(DeploymentRow).where(DeploymentRow.customer_id == customer_id)
    return list(session.scalars(statement.order_by(DeploymentRow.created_at, DeploymentRow.deployment_id)))


def load_deployment(session: Session, deployment_id: str, *, for_change: bool = False) -> DeploymentRow:
    """Return one deployment.

    Raises:
        DeploymentNotFoundError: There is none for this session.
    """
    statement = select(DeploymentRow).where(DeploymentRow.deployment_id == deployment_id)
    row = session.scalars(statement.with_for_update() if for_change else statement).first()
    if row is None:
        msg = f"There is no deployment {deployment_id!r} here."
        raise DeploymentNotFoundError(msg)
    return row


def agent_identities_of(session: Session, link: LinkRow) -> list[AgentIdentityRow]:
    """Return the agent identities of a link, the oldest first."""
    statement = select(AgentIdentityRow).where(AgentIdentityRow.link_id == link.link_id)
    return list(session.scalars(statement.order_by(AgentIdentityRow.placed_at, AgentIdentityRow.placed_id)))


def agent_identity_of(
    session: Session, link: LinkRow, registration: str, *, for_change: bool = False
) -> AgentIdentityRow | None:
    """Return the agent identity of a blueprint in the tenant of a link; None where none was placed."""
    statement = select(AgentIdentityRow).where(
        AgentIdentityRow.link_id == link.link_id, AgentIdentityRow.registration == registration
    )
    return session.scalars(statement.with_for_update() if for_change else statement).first()


def load_agent_identity(session: Session, placed_id: str, *, for_change: bool = False) -> AgentIdentityRow:
    """Return one agent identity.

    Raises:
        AgentIdentityNotFoundError: There is none for this session.
    """
    statement = select(AgentIdentityRow).where(AgentIdentityRow.placed_id == placed_id)
    row = session.scalars(statement.with_for_update() if for_change else statement).first()
    if row is None:
        msg = f"There is no agent identity {placed_id!r} here."
        raise AgentIdentityNotFoundError(msg)
    return row


def bought_by(session: Session, customer: KnownCustomer) -> tuple[Bought, ...]:
    """Return what a customer bought: subscriptions, and deployments that were confirmed."""
    deployed = (
        Bought(
            offer_id=row.offer_id,
            plan_id=row.plan_id,
            is_active=DeploymentState(row.state) in {DeploymentState.RUNNING, DeploymentState.MISSED},
            is_suspended=False,
            has_ended=DeploymentState(row.state) not in LIVE,
            purchaser_tenant_id=None,
        )
        for row in deployments_of(session, customer.customer_id)
    )
    return (*customer.bought, *deployed)


def access_grants(session: Session, deployment_id: str, *, for_change: bool = False) -> list[GrantRow]:
    """Return the grants of access to a deployment that count, the oldest first."""
    statement = (
        select(GrantRow)
        .where(GrantRow.deployment_id == deployment_id, GrantRow.replaced_by.is_(None))
        .order_by(GrantRow.asked_at, GrantRow.grant_id)
    )
    return list(session.scalars(statement.with_for_update() if for_change else statement))


def step_link(row: LinkRow, event: LinkEvent, *, now: datetime, note: str | None = None) -> LinkState:
    """Move a link and write down since when and why."""
    row.state = move_link(LinkState(row.state), event).value
    row.since_at, row.note = now, note
    return LinkState(row.state)


def step_grant(row: GrantRow, event: GrantEvent, *, now: datetime, note: str | None = None) -> GrantState:
    """Move a grant and write down since when and why."""
    row.state = move_grant(GrantState(row.state), event).value
    row.since_at, row.note = now, note
    return GrantState(row.state)


def what_of(row: GrantRow, wanted: Wanted | None = None) -> str:
    """Return what a grant is for, in words that stand in a sentence."""
    named = [key if wanted is None else wanted.title_of(key) for key in row.features]
    return ", ".join(f"“{title}”" for title in named) or row.registration
