"""Writes down what reading a deployment back proved: whose it is, where it stands, and which access it opens.

Here a customer becomes known who bought nothing but a managed application: by the tenant that Azure Resource Manager
names for the subscription, and by nothing that a notice says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import Field

from fairkeeper.access.ports import PublisherTenant
from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.consent.actions.unlink import end_trust
from fairkeeper.consent.asking.probing import CONFIRM_AFTER, PROBE_EVERY
from fairkeeper.consent.asking.wanted import WantedAccess
from fairkeeper.consent.deployments.reading import (
    LIVE,
    Answer,
    ApplicationReading,
    DeploymentState,
    Known,
    Verdict,
    judge_reading,
)
from fairkeeper.consent.deployments.receiving import READ_DEPLOYMENT
from fairkeeper.consent.evidence_kinds import (
    ACCESS_OPENED,
    DEPLOYMENT_ENDED,
    DEPLOYMENT_FOREIGN,
    DEPLOYMENT_MISSED,
    DEPLOYMENT_READ,
)
from fairkeeper.consent.lifecycle import GrantEvent, GrantState, LinkState, can_move_grant
from fairkeeper.consent.plan.plan import AccessWay, OfferType
from fairkeeper.consent.ports import KnownCustomers
from fairkeeper.consent.store import (
    access_grants,
    bought_by,
    find_link,
    load_deployment,
    newest_plan_row,
    plan_of_row,
    step_grant,
    wanted_of_row,
)
from fairkeeper.consent.tables import DeploymentRow, GrantRow, LinkRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId, TenantId, new_id

_SOON: Final = timedelta(minutes=10)


class RecordDeployment(OperationInput):
    """What Azure Resource Manager answered."""

    deployment_id: str = Field(max_length=40, description="The deployment.")
    answer: Answer = Field(description="Whether it was found.")
    tenant_id: str | None = Field(None, max_length=64, description="Tenant of its subscription.")
    publisher_tenant_id: str | None = Field(None, max_length=64, description="Whose application it is.")
    offer_id: str | None = Field(None, max_length=120, description="Product of its plan.")
    plan_id: str | None = Field(None, max_length=120, description="Name of its plan.")
    provisioning: str = Field("", max_length=40, description="Microsoft's word.")
    roles: tuple[tuple[str, str], ...] = Field((), max_length=200, description="Principal and role.")
    is_managed: bool = Field(True, description="Whether the publisher has access at all.")
    may_elevate: bool = Field(False, description="Whether the customer allows just-in-time access.")
    usage_id: str | None = Field(None, max_length=1_000, description="What usage is reported under.")

    def reading(self) -> ApplicationReading:
        """Return it as the rules take it."""
        given = self.model_dump(exclude={"deployment_id", "roles"})
        return ApplicationReading(**given, roles=frozenset(self.roles))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRecorded:
    """Where the deployment stands, and whose it is.

    Attributes:
        is_new: It was confirmed by this for the first time, so that a link may begin.
    """

    deployment_id: str
    state: DeploymentState
    customer_id: CustomerId | None
    tenant_id: TenantId | None
    is_new: bool


@internal_command(
    "consent.record_deployment", evidence=(DEPLOYMENT_READ, DEPLOYMENT_FOREIGN, DEPLOYMENT_MISSED, DEPLOYMENT_ENDED)
)
def record_deployment(context: CommandContext, request: RecordDeployment) -> Outcome[DeploymentRecorded]:
    """Follow what reading a managed application back proves; the end of the last thing bought ends the link too."""
    row = load_deployment(context.session, request.deployment_id, for_change=True)
    before, reading = DeploymentState(row.state), request.reading()
    verdict = judge_reading(
        Known(state=before, tenant_id=row.tenant_id, says_gone=row.says_gone, missed_at=row.missed_at),
        reading,
        publisher_tenant_id=context.ports.of(PublisherTenant).tenant_id,
        offers=_managed_offers(context),
        now=context.now,
    )
    is_new = before not in LIVE and verdict.state in LIVE
    if is_new and before is DeploymentState.ENDED:
        row.created_at = context.now
    if verdict.state in LIVE and reading.answer is Answer.FOUND and reading.tenant_id is not None:
        _take(context, row, reading, reading.tenant_id)
    return settle(context, row, verdict, is_new=is_new)


def settle(
    context: CommandContext, row: DeploymentRow, verdict: Verdict, *, is_new: bool
) -> Outcome[DeploymentRecorded]:
    """Write a verdict down, end what ends with it, and plan the next look."""
    before = DeploymentState(row.state)
    has_changed = verdict.state is not before
    if has_changed:
        row.state, row.since_at = verdict.state.value, context.now
    row.note, row.missed_at = verdict.note or None, verdict.missed_at
    row.ended_at = (row.ended_at or context.now) if verdict.state is DeploymentState.ENDED else None
    row.read_at = context.now
    if before in LIVE and verdict.state not in LIVE:
        _end(context, row)
    _plan_next(context, row)
    result = DeploymentRecorded(
        deployment_id=row.deployment_id,
        state=verdict.state,
        customer_id=row.customer_id,
        tenant_id=row.tenant_id,
        is_new=is_new,
    )
    kind = _KINDS.get(verdict.state, DEPLOYMENT_READ)
    if not has_changed:
        return Outcome(result=result, entry=None)
    return Outcome(result=result, entry=_entry(row, kind, {"state": verdict.state.value, "note": verdict.note}))


_KINDS: Final[dict[DeploymentState, EvidenceKind]] = {
    DeploymentState.FOREIGN: DEPLOYMENT_FOREIGN,
    DeploymentState.MISSED: DEPLOYMENT_MISSED,
    DeploymentState.ENDED: DEPLOYMENT_ENDED,
}


def _managed_offers(context: CommandContext) -> frozenset[str]:
    row = newest_plan_row(context.session)
    offers = () if row is None else plan_of_row(row).offers
    return frozenset(each.offer_id for each in offers if each.type is OfferType.MANAGED_APPLICATION)


def _take(context: CommandContext, row: DeploymentRow, reading: ApplicationReading, tenant_id: str) -> None:
    """Take over what was read; the customer is the one of the tenant, and stays it."""
    row.tenant_id = TenantId(tenant_id.lower())
    row.offer_id, row.plan_id, row.usage_id = reading.offer_id, reading.plan_id, reading.usage_id
    row.may_elevate = reading.may_elevate
    row.roles = sorted([principal, role] for principal, role in reading.roles)
    if row.customer_id is None:
        row.customer_id = (
            context.ports.of(KnownCustomers).admit(context.session, row.tenant_id, now=context.now).customer_id
        )
        context.session.flush()


def _end(context: CommandContext, row: DeploymentRow) -> None:
    """End the access to a deployment, and the link where nothing else is bought any more."""
    for grant in access_grants(context.session, row.deployment_id, for_change=True):
        if can_move_grant(GrantState(grant.state), GrantEvent.WITHDRAW):
            step_grant(grant, GrantEvent.WITHDRAW, now=context.now, note="the deployment has ended")
        grant.probe_at = None
    if row.customer_id is None:
        return
    context.session.flush()
    customer = context.ports.of(KnownCustomers).find(context.session, row.customer_id)
    if all(each.has_ended for each in bought_by(context.session, customer)):
        end_trust(context.session, row.customer_id, now=context.now)


def _plan_next(context: CommandContext, row: DeploymentRow) -> None:
    state = DeploymentState(row.state)
    wait = {
        DeploymentState.DEPLOYING: _SOON,
        DeploymentState.MISSED: CONFIRM_AFTER,
        DeploymentState.ENDED: None,
    }.get(state, PROBE_EVERY)
    row.look_at = None if wait is None else context.now + wait
    if row.look_at is not None:
        context.enqueue(
            READ_DEPLOYMENT,
            f"{row.deployment_id}:{format_instant(row.look_at)}",
            {"deployment_id": row.deployment_id},
            due_at=row.look_at,
            customer_id=row.customer_id,
        )


class OpenAccess(OperationInput):
    """To which deployment."""

    deployment_id: str = Field(max_length=40, description="The deployment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOpened:
    """The grants that stand for access to the deployment and began with this."""

    grants: tuple[str, ...]


@internal_command("consent.open_access", evidence=(ACCESS_OPENED,))
def open_access(context: CommandContext, request: OpenAccess) -> Outcome[AccessOpened]:
    """Begin a grant for each access that the plan names for a deployment and that comes with it; again changes nothing.

    Just-in-time access does not: each elevation is asked for by itself.
    """
    row = load_deployment(context.session, request.deployment_id, for_change=True)
    link = None if row.customer_id is None else find_link(context.session, row.customer_id, for_change=True)
    if link is None or LinkState(link.state) is not LinkState.LINKED or DeploymentState(row.state) not in LIVE:
        return Outcome(result=AccessOpened(grants=()), entry=None)
    wanted = wanted_of_row(link)
    needed = [each for each in (wanted.access if wanted else ()) if each.is_for(row.offer_id, row.plan_id)]
    version = 0 if wanted is None else wanted.plan_version
    made = [
        begin_access(context, link, row, each, version)
        for each in needed
        if each.way is not AccessWay.ELEVATED and not _has(context, link, row, each)
    ]
    result = AccessOpened(grants=tuple(each.grant_id for each in made))
    if not made:
        return Outcome(result=result, entry=None)
    titles = ", ".join(f"“{each.title}”" for each in needed if each.key in {grant.registration for grant in made})
    return Outcome(result=result, entry=_entry(row, ACCESS_OPENED, {"grants": list(result.grants), "what": titles}))


def _has(context: CommandContext, link: LinkRow, row: DeploymentRow, access: WantedAccess) -> bool:
    return any(
        grant.registration == access.key
        and grant.link_id == link.link_id
        # One that was lost is not begun again behind anybody's back; a deployment that is new gives anew.
        and grant.asked_at >= row.created_at
        and (access.way is AccessWay.OWN_IDENTITY or set(grant.application) == set(access.roles))
        for grant in access_grants(context.session, row.deployment_id)
    )


def begin_access(
    context: CommandContext, link: LinkRow, row: DeploymentRow, access: WantedAccess, plan_version: int
) -> GrantRow:
    """Begin a grant of access to a deployment; of an own identity no role is ours to hold."""
    grant = GrantRow(
        grant_id=new_id("gra"),
        customer_id=link.customer_id,
        link_id=link.link_id,
        registration=access.key,
        app_id=access.principal_id or row.object_id or "",
        tier=access.way.value,
        plan_version=plan_version,
        features=[access.key],
        delegated=[],
        application=[] if access.way is AccessWay.OWN_IDENTITY else list(access.roles),
        carried=[],
        state=GrantState.REQUESTED.value,
        since_at=context.now,
        asked_at=context.now,
        asked_again=0,
        deployment_id=row.deployment_id,
    )
    context.session.add(grant)
    context.session.flush()
    return grant


def name_of(row: DeploymentRow) -> str:
    """Return what a deployment is called in a sentence."""
    kind = OfferType(row.offer_type).value.replace("_", " ")
    return f"{kind} {row.resource_id.rstrip('/').rpartition('/')[2][:90]}"


def _entry(row: DeploymentRow, kind: EvidenceKind, payload: dict[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="deployment",
        subject_id=row.deployment_id,
        customer_id=row.customer_id,
        payload={"what": name_of(row), "deployment_id": row.deployment_id, "tenant": row.tenant_id, **payload},
    )


OPERATIONS: tuple[Operation, ...] = (record_deployment, open_access)
