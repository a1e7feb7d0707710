"""Questions about deployments: which there are, whose they are, and what was said of them that nobody could place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.consent.asking.wanted import WantedAccess
from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.plan.plan import OfferType
from fairkeeper.consent.store import deployments_of, find_link, load_deployment, wanted_of_row
from fairkeeper.consent.tables import ClaimCodeRow, DeploymentNoticeRow, DeploymentRow
from fairkeeper.consent.views import AccessView, ClaimCodeView, DeploymentView, NoticeView
from fairkeeper.values.ids import CustomerId


class ListDeployments(OperationInput):
    """Which deployments."""

    state: DeploymentState | None = Field(None, description="Only those in this state.")
    offer_type: OfferType | None = Field(None, description="Only those of this offer type.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query("consent.list_deployments", groups=("consent.read",), http="GET /consent/deployments", cli="consent deployments")
def list_deployments(context: QueryContext, request: ListDeployments) -> tuple[DeploymentView, ...]:
    """List managed applications, containers and virtual machines, the newest first, also those that nothing confirms.

    A customer's people see their own.
    """
    statement = select(DeploymentRow).order_by(DeploymentRow.created_at.desc(), DeploymentRow.deployment_id)
    if request.state is not None:
        statement = statement.where(DeploymentRow.state == request.state.value)
    if request.offer_type is not None:
        statement = statement.where(DeploymentRow.offer_type == request.offer_type.value)
    rows = context.session.scalars(statement.offset(request.offset).limit(request.limit)).all()
    return _views(context, rows)


class OneDeployment(OperationInput):
    """Which deployment."""

    deployment_id: str = Field(max_length=40, description="The deployment.")


@query(
    "consent.show_deployment",
    groups=("consent.read",),
    http="GET /consent/deployments/{deployment_id}",
    cli="consent deployment DEPLOYMENT_ID",
)
def show_deployment(context: QueryContext, request: OneDeployment) -> DeploymentView:
    """Show one deployment with the access that the plan names for it. Raises `consent.deployment_not_found`."""
    (view,) = _views(context, [load_deployment(context.session, request.deployment_id)])
    return view


class ListNotices(OperationInput):
    """Which notices."""

    unplaced: bool = Field(False, description="Only those that name no managed application.")
    before: int | None = Field(None, ge=1, description="Only those before this number.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query(
    "consent.list_application_notices",
    groups=("consent.inspect",),
    http="GET /consent/application-notices",
    cli="consent notices",
)
def list_application_notices(context: QueryContext, request: ListNotices) -> tuple[NoticeView, ...]:
    """List what was said of managed applications, the newest first, as it came; none of it was believed."""
    statement = select(DeploymentNoticeRow).order_by(DeploymentNoticeRow.id.desc()).limit(request.limit)
    if request.before is not None:
        statement = statement.where(DeploymentNoticeRow.id < request.before)
    if request.unplaced:
        statement = statement.where(DeploymentNoticeRow.deployment_id.is_(None))
    return tuple(
        NoticeView(
            notice_id=row.id,
            deployment_id=row.deployment_id,
            event=row.event,
            provisioning=row.provisioning,
            trouble=row.trouble,
            received_at=row.received_at,
            deliveries=row.deliveries,
        )
        for row in context.session.scalars(statement)
    )


def codes_shown(context: QueryContext, customer_id: CustomerId) -> tuple[ClaimCodeView, ...]:
    """Return a customer's claim codes, the newest first."""
    statement = select(ClaimCodeRow).where(ClaimCodeRow.customer_id == customer_id)
    rows = context.session.scalars(statement.order_by(ClaimCodeRow.made_at.desc(), ClaimCodeRow.code_id).limit(20))
    return tuple(
        ClaimCodeView(
            code_id=row.code_id,
            offer_id=row.offer_id,
            made_at=row.made_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row in rows
    )


def deployments_shown(context: QueryContext, customer_id: CustomerId) -> tuple[DeploymentView, ...]:
    """Return a customer's deployments for its page."""
    return _views(context, deployments_of(context.session, customer_id))


def _views(context: QueryContext, rows: Iterable[DeploymentRow]) -> tuple[DeploymentView, ...]:
    rows = list(rows)
    ids = [row.deployment_id for row in rows]
    last: dict[str, str] = {}
    counts: dict[str, int] = defaultdict(int)
    if ids:
        told = select(DeploymentNoticeRow).where(DeploymentNoticeRow.deployment_id.in_(ids))
        for notice in context.session.scalars(told.order_by(DeploymentNoticeRow.id)):
            counts[notice.deployment_id or ""] += notice.deliveries
            last[notice.deployment_id or ""] = f"{notice.event} {notice.provisioning}".strip()
    named = {owner: _named(context, owner) for owner in {row.customer_id for row in rows} if owner is not None}
    return tuple(
        _view(
            row,
            tuple(
                each
                for each in named.get(row.customer_id or CustomerId(""), ())
                if each.is_for(row.offer_id, row.plan_id)
            ),
            counts[row.deployment_id],
            last.get(row.deployment_id),
        )
        for row in rows
    )


def _named(context: QueryContext, customer_id: CustomerId) -> tuple[WantedAccess, ...]:
    """Return what the plan names as access for a customer, as it is kept with its link."""
    link = find_link(context.session, customer_id)
    wanted = None if link is None else wanted_of_row(link)
    return () if wanted is None else wanted.access


def _view(row: DeploymentRow, access: tuple[WantedAccess, ...], notices: int, last: str | None) -> DeploymentView:
    return DeploymentView(
        deployment_id=row.deployment_id,
        customer_id=row.customer_id,
        offer_type=OfferType(row.offer_type),
        resource_id=row.resource_id,
        state=DeploymentState(row.state),
        since_at=row.since_at,
        note=row.note,
        tenant_id=row.tenant_id,
        offer_id=row.offer_id,
        plan_id=row.plan_id,
        usage_id=row.usage_id,
        may_elevate=row.may_elevate,
        read_at=row.read_at,
        look_at=row.look_at,
        access=tuple(
            AccessView(
                key=each.key,
                title=each.title,
                way=each.way,
                roles=each.roles,
                reason=each.reason,
                without=each.without,
                hours=each.hours,
            )
            for each in access
        ),
        notices=notices,
        last_notice=last,
    )


OPERATIONS: tuple[Operation, ...] = (list_deployments, show_deployment, list_application_notices)
