"""Just-in-time access: asked for here, put to Azure by background work, and believed as Azure shows it, hour by hour.

Each elevation is a grant of its own, and ends by itself; nothing leads back to one that is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import AwareDatetime, Field

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.action.outside import ObservedOnlyError, OutsideWrites
from fairkeeper.consent.actions.probe import plan_probe
from fairkeeper.consent.asking.wanted import WantedAccess
from fairkeeper.consent.deployments.elevation import ElevationReading, judge_elevation, next_look_at
from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.deployments.recording import begin_access, name_of
from fairkeeper.consent.errors import DeploymentNotFoundError, ElevationRefusedError
from fairkeeper.consent.evidence_kinds import ELEVATION_ASKED, ELEVATION_DECIDED, ELEVATION_GIVEN_BACK
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantEvent, GrantState, LinkState, can_move_grant
from fairkeeper.consent.plan.plan import AccessWay
from fairkeeper.consent.store import (
    access_grants,
    load_deployment,
    load_grant,
    load_link,
    load_live_link,
    step_grant,
    wanted_of_row,
    what_of,
)
from fairkeeper.consent.tables import DeploymentRow, GrantRow, LinkRow

ASK_ELEVATION: Final = "consent.ask_elevation"
END_ELEVATION: Final = "consent.give_elevation_back"
_RUNNING: Final = frozenset({GrantState.REQUESTED, GrantState.PENDING_ADMIN, GrantState.VERIFIED, GrantState.PARTIAL})


class AskElevation(OperationInput):
    """To which deployment, for what and how long."""

    deployment_id: str = Field(max_length=40, description="The deployment.")
    access: str = Field(max_length=60, description="Key of the just-in-time access in the consent plan.")
    hours: int = Field(ge=1, le=24, description="For how long, counted from the request.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded, and shown to the customer.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevationAsked:
    """The grant of the elevation."""

    grant_id: str


@command(
    "consent.elevate",
    groups=("consent.change",),
    evidence=(ELEVATION_ASKED,),
    http="POST /consent/deployments/{deployment_id}/elevations",
    cli="consent elevate DEPLOYMENT_ID",
)
def elevate(context: CommandContext, request: AskElevation) -> Outcome[ElevationAsked]:
    """Ask the customer for just-in-time access to a managed application; they approve or deny it in Azure.

    Nothing is held before Azure says that it is approved, and it ends by itself. Raises
    `consent.deployment_not_found`, `consent.link_not_live`, `consent.elevation_refused`, `action.observed_only`.
    """
    row = load_deployment(context.session, request.deployment_id, for_change=True)
    if row.customer_id is None:
        msg = f"There is no deployment {request.deployment_id!r} of a customer here."
        raise DeploymentNotFoundError(msg)
    if context.ports.of(OutsideWrites).is_observing:
        raise ObservedOnlyError("Observed only: Fairkeeper would have asked the customer for just-in-time access.")
    link = load_live_link(context.session, row.customer_id, for_change=True)
    access = _access(context, row, link, request)
    wanted = wanted_of_row(link)
    grant = begin_access(context, link, row, access, 0 if wanted is None else wanted.plan_version)
    grant.hours, grant.note = request.hours, request.reason
    context.enqueue(ASK_ELEVATION, grant.grant_id, {"grant_id": grant.grant_id}, customer_id=row.customer_id)
    payload: dict[str, Canonical] = {
        "what": what_of(grant, wanted),
        "hours": request.hours,
        "reason": request.reason,
        "roles": list(access.roles),
        "deployment": name_of(row),
    }
    return Outcome(result=ElevationAsked(grant_id=grant.grant_id), entry=_entry(ELEVATION_ASKED, grant, payload))


class GiveBack(OperationInput):
    """Which elevation, and why."""

    grant_id: str = Field(max_length=40, description="The grant of the elevation.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded.")


@command(
    "consent.end_elevation",
    groups=("consent.administer",),
    evidence=(ELEVATION_GIVEN_BACK,),
    http="POST /consent/elevations/{grant_id}/end",
    cli="consent end-elevation GRANT_ID",
)
def end_elevation(context: CommandContext, request: GiveBack) -> Outcome[ElevationAsked]:
    """End just-in-time access before its time: nothing here uses it from now on, and Azure is told to take it back.

    The customer's administrators may do so too. Whether Azure takes the role away at once no page of Microsoft's says;
    they can remove it there themselves. Again changes nothing. Raises `consent.grant_not_found`,
    `consent.elevation_refused`.
    """
    grant = load_grant(context.session, request.grant_id, for_change=True)
    if grant.tier != AccessWay.ELEVATED.value:
        raise ElevationRefusedError(f"{grant.grant_id} is no just-in-time access.")
    if not can_move_grant(GrantState(grant.state), GrantEvent.WITHDRAW):
        return Outcome(result=ElevationAsked(grant_id=grant.grant_id), entry=None)
    step_grant(grant, GrantEvent.WITHDRAW, now=context.now, note=request.reason)
    grant.probe_at, grant.until_at, grant.carried = None, None, []
    context.enqueue(END_ELEVATION, grant.grant_id, {"grant_id": grant.grant_id}, customer_id=grant.customer_id)
    wanted = wanted_of_row(load_link(context.session, grant.customer_id))
    payload: dict[str, Canonical] = {"what": what_of(grant, wanted), "reason": request.reason}
    entry = _entry(ELEVATION_GIVEN_BACK, grant, payload)
    return Outcome(result=ElevationAsked(grant_id=grant.grant_id), entry=entry)


def _access(context: CommandContext, row: DeploymentRow, link: LinkRow, request: AskElevation) -> WantedAccess:
    """Return the access that the plan names, if it can be asked for now."""
    wanted = wanted_of_row(link)
    found = next(
        (
            each
            for each in (wanted.access if wanted else ())
            if each.key == request.access and each.way is AccessWay.ELEVATED and each.is_for(row.offer_id, row.plan_id)
        ),
        None,
    )
    if found is None:
        raise ElevationRefusedError(f"The consent plan names no just-in-time access {request.access!r} for it.")
    if LinkState(link.state) is not LinkState.LINKED or DeploymentState(row.state) is not DeploymentState.RUNNING:
        raise ElevationRefusedError(f"The link is {link.state} and the deployment {row.state}.")
    if not row.may_elevate:
        raise ElevationRefusedError("The customer has not allowed just-in-time access to this deployment.")
    if request.hours > found.hours:
        raise ElevationRefusedError(f"{request.hours} hours are more than the {found.hours} that the plan names.")
    for grant in access_grants(context.session, row.deployment_id):
        if grant.registration == found.key and GrantState(grant.state) in _RUNNING:
            raise ElevationRefusedError(f"It was asked for already, and is {grant.state}.")
    return found


class RecordElevation(OperationInput):
    """What Azure Resource Manager shows of a request."""

    grant_id: str = Field(max_length=40, description="The grant.")
    state: str | None = Field(None, max_length=40, description="Microsoft's word; none where there is no request.")
    until_at: AwareDatetime | None = Field(None, description="When an approved one ends.")
    roles: tuple[str, ...] = Field((), max_length=50, description="Roles that it is for.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevationRecorded:
    """Where the elevation stands."""

    grant_id: str
    state: GrantState


@internal_command("consent.record_elevation", evidence=(ELEVATION_DECIDED,))
def record_elevation(context: CommandContext, request: RecordElevation) -> Outcome[ElevationRecorded]:
    """Follow what a just-in-time request shows; one that comes back after the link was ended changes nothing."""
    grant = load_grant(context.session, request.grant_id, for_change=True)
    link = load_link(context.session, grant.customer_id)
    state = GrantState(grant.state)
    if link.link_id != grant.link_id or LinkState(link.state) in ENDED_LINKS or state is GrantState.REVOKED:
        return Outcome(result=ElevationRecorded(grant_id=grant.grant_id, state=state), entry=None)
    reading = ElevationReading(state=request.state, until_at=request.until_at, roles=frozenset(request.roles))
    verdict = judge_elevation(state, reading, context.now, asked=frozenset(grant.application))
    grant.probed_at = context.now
    if verdict.event is not None:
        state = step_grant(grant, verdict.event, now=context.now, note=verdict.note or grant.note)
    is_held = state in {GrantState.VERIFIED, GrantState.PARTIAL}
    if is_held:
        grant.proved_at, grant.until_at = context.now, request.until_at
    grant.carried = sorted(request.roles) if is_held else []
    due_at = next_look_at(state, context.now, grant.until_at)
    grant.probe_at = None
    if due_at is not None:
        plan_probe(context, grant, "elevation", due_at=due_at)
    result = ElevationRecorded(grant_id=grant.grant_id, state=state)
    if verdict.event is None:
        return Outcome(result=result, entry=None)
    payload: dict[str, Canonical] = {
        "what": what_of(grant, wanted_of_row(link)),
        "state": state.value,
        "note": verdict.note or "as Azure shows it",
        "roles": list(grant.carried),
    }
    return Outcome(result=result, entry=_entry(ELEVATION_DECIDED, grant, payload))


def request_name(grant_id: str) -> str:
    """Return the name of a grant's request in Azure, which takes letters, digits and hyphens.

    Example:
        >>> request_name("gra_01ABC")
        'gra-01abc'
    """
    return grant_id.replace("_", "-").lower()


def _entry(kind: EvidenceKind, grant: GrantRow, payload: dict[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="grant",
        subject_id=grant.grant_id,
        customer_id=grant.customer_id,
        payload={"grant_id": grant.grant_id, "deployment_id": grant.deployment_id, **payload},
    )


OPERATIONS: tuple[Operation, ...] = (elevate, end_elevation, record_elevation)
