"""Registers an instance that calls home, and hears it again: the claim code, the identity's token, and nothing said.

What the caller brings is a token, which the channel has proved before this runs, and a code. What it would say of
itself is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
    internal_command,
)
from fairkeeper.consent.deployments.calling_home import (
    CALL_EVERY,
    CODE_LIFETIME,
    SILENT_AFTER,
    Code,
    Instance,
    digest_of_code,
    judge_silence,
    new_claim_code,
    refuse_code,
)
from fairkeeper.consent.deployments.notices import digest_of_resource
from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.deployments.receiving import plan_look
from fairkeeper.consent.deployments.recording import DeploymentRecorded, settle
from fairkeeper.consent.errors import ClaimCodeRefusedError, PlanRefusedError
from fairkeeper.consent.evidence_kinds import (
    CODE_MADE,
    DEPLOYMENT_ENDED,
    DEPLOYMENT_MISSED,
    DEPLOYMENT_READ,
    INSTANCE_REFUSED,
    INSTANCE_REGISTERED,
)
from fairkeeper.consent.plan.control import CONTROL_OF, TrustProof
from fairkeeper.consent.ports import KnownCustomers
from fairkeeper.consent.store import find_link, load_deployment, newest_plan_row, plan_of_row, wanted_of_row
from fairkeeper.consent.tables import ClaimCodeRow, DeploymentRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId, TenantId, new_id


class MakeClaimCode(OperationInput):
    """For whose instance of what."""

    customer: str = Field(max_length=80, description="The customer's id or readable address.")
    offer_id: str = Field(max_length=120, description="The container or virtual machine offer, as in the consent plan.")
    plan_id: str | None = Field(None, max_length=120, description="Its plan.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCodeMade:
    """A claim code.

    Attributes:
        code: To put into the installation; shown once, since only a digest is kept.
        until: When it ends, if it was not used.
    """

    code_id: str
    code: ShownOnce
    until: datetime


@command(
    "consent.make_claim_code",
    groups=("consent.administer",),
    evidence=(CODE_MADE,),
    http="POST /consent/customers/{customer}/claim-codes",
    cli="consent make-claim-code CUSTOMER",
)
def make_claim_code(context: CommandContext, request: MakeClaimCode) -> Outcome[ClaimCodeMade]:
    """Make a code with which one container or virtual machine of a customer registers, once, within seven days.

    It opens nothing without a token of the customer's own tenant. A customer's administrators make their own. Raises
    `consent.plan_refused` for an offer that is none of a container or virtual machine.
    """
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    offer_type = _calling(context, customer.customer_id, request.offer_id)
    if offer_type is None:
        msg = f"The consent plan has no container or virtual machine offer {request.offer_id!r}."
        raise PlanRefusedError(msg, remedy="Name an offer of the plan whose instances call home.")
    code = new_claim_code()
    row = ClaimCodeRow(
        code_id=new_id("cla"),
        customer_id=customer.customer_id,
        digest=digest_of_code(code),
        offer_id=request.offer_id,
        plan_id=request.plan_id,
        offer_type=offer_type,
        made_at=context.now,
        expires_at=context.now + CODE_LIFETIME,
    )
    context.session.add(row)
    context.session.flush()
    entry = EvidenceDraft(
        kind=CODE_MADE.name,
        subject_type="claim_code",
        subject_id=row.code_id,
        customer_id=customer.customer_id,
        payload={"what": request.offer_id, "code_id": row.code_id, "until": format_instant(row.expires_at)},
    )
    return Outcome(result=ClaimCodeMade(code_id=row.code_id, code=code, until=row.expires_at), entry=entry)


def _calling(context: CommandContext, customer_id: CustomerId, offer_id: str) -> str | None:
    """Return the type of an offer whose instances call home; None for any other.

    The plan is the publisher's, so that a customer's people are told by what stands with their link.
    """
    link = find_link(context.session, customer_id)
    wanted = None if link is None else wanted_of_row(link)
    named = dict(wanted.calling if wanted else ())
    if offer_id in named or context.principal.customer_id is not None:
        return named.get(offer_id)
    row = newest_plan_row(context.session)
    offer = None if row is None else plan_of_row(row).offer(offer_id)
    is_calling = offer is not None and CONTROL_OF[offer.type].proof is TrustProof.CALL_HOME
    return offer.type.value if offer is not None and is_calling else None


class CallHome(OperationInput):
    """What a proved token says, and the code that came with it."""

    tenant_id: str = Field(max_length=64, description="The token's tenant.")
    object_id: str = Field(max_length=64, description="The token's identity.")
    resource_id: str = Field("", max_length=1_000, description="Azure's id of the identity, where the token names it.")
    code_digest: str = Field("", max_length=64, description="SHA-256 of the claim code, in hexadecimal; or nothing.")

    def instance(self) -> Instance:
        """Return it as the rules take it."""
        return Instance(tenant_id=self.tenant_id, object_id=self.object_id, resource_id=self.resource_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledHome:
    """The instance is known.

    Attributes:
        trouble: Why it is not; the channel tells the caller only that it is not.
        call_again_seconds: When it should call again at the latest.
    """

    deployment_id: str
    trouble: str
    call_again_seconds: int


@internal_command("consent.call_home", evidence=(INSTANCE_REGISTERED, INSTANCE_REFUSED, DEPLOYMENT_READ))
def call_home(context: CommandContext, request: CallHome) -> Outcome[CalledHome]:
    """Register an instance with its claim code, or hear one that is known; whoever is neither is refused.

    A refusal of a code that is known is recorded, and changes nothing else. Raises `consent.claim_code_refused` for
    an identity and a code that are not known at all.
    """
    instance = request.instance()
    statement = select(DeploymentRow).where(DeploymentRow.resource_digest == digest_of_resource(instance.key))
    known = context.session.scalars(statement.with_for_update()).first()
    if not request.code_digest:
        if known is None or DeploymentState(known.state) is DeploymentState.ENDED:
            raise ClaimCodeRefusedError("Nobody knows this identity here, and no code came with it.")
        return _heard(context, known)
    code = context.session.scalars(
        select(ClaimCodeRow).where(ClaimCodeRow.digest == bytes.fromhex(request.code_digest)).with_for_update()
    ).first()
    if code is None:
        raise ClaimCodeRefusedError("There is no such code.")
    customer = context.ports.of(KnownCustomers).find(context.session, code.customer_id)
    is_own = known is not None and code.deployment_id == known.deployment_id
    used_by = None if code.used_at is None else instance.key if is_own else "another"
    given = Code(
        tenant_id=customer.tenant_id,
        expires_at=code.expires_at,
        is_withdrawn=code.withdrawn_at is not None,
        used_by=used_by,
    )
    trouble = refuse_code(given, instance, context.now)
    if not trouble and known is not None and known.customer_id != code.customer_id:
        trouble = "the identity is another customer's"
    if trouble:
        result = CalledHome(deployment_id="", trouble=trouble, call_again_seconds=0)
        return Outcome(result=result, entry=_entry(INSTANCE_REFUSED.name, code, {"why": trouble}))
    if is_own and known is not None:
        return _heard(context, known)
    return _registered(context, code, instance, known)


def _registered(
    context: CommandContext, code: ClaimCodeRow, instance: Instance, known: DeploymentRow | None
) -> Outcome[CalledHome]:
    row = known or DeploymentRow(
        deployment_id=new_id("dep"),
        resource_digest=digest_of_resource(instance.key),
        roles=[],
        may_elevate=False,
        says_gone=False,
    )
    row.offer_type, row.resource_id = code.offer_type, instance.resource_id or instance.key
    row.customer_id, row.tenant_id = code.customer_id, TenantId(instance.tenant_id)
    row.object_id, row.offer_id, row.plan_id = instance.object_id, code.offer_id, code.plan_id
    row.state, row.since_at, row.note = DeploymentState.RUNNING.value, context.now, None
    row.created_at = row.read_at = context.now
    row.missed_at = row.ended_at = None
    context.session.add(row)
    context.session.flush()
    code.used_at, code.deployment_id = context.now, row.deployment_id
    _look_later(context, row)
    plan_look(context, row, f"registered:{code.code_id}")
    entry = _entry(
        INSTANCE_REGISTERED.name,
        code,
        {
            "what": code.offer_id,
            "deployment_id": row.deployment_id,
            "tenant": row.tenant_id,
            "identity": instance.object_id,
        },
    )
    return Outcome(result=_result(row), entry=entry)


def _heard(context: CommandContext, row: DeploymentRow) -> Outcome[CalledHome]:
    """Note that a known instance proved itself; one that was missed is there again."""
    was_missed = DeploymentState(row.state) is DeploymentState.MISSED
    row.read_at = context.now
    if was_missed:
        plan_look(context, row, f"again:{format_instant(context.now)}")
    _look_later(context, row)
    return Outcome(result=_result(row), entry=None)


def _look_later(context: CommandContext, row: DeploymentRow) -> None:
    row.look_at = context.now + SILENT_AFTER


def _result(row: DeploymentRow) -> CalledHome:
    seconds = int(CALL_EVERY.total_seconds())
    return CalledHome(deployment_id=row.deployment_id, trouble="", call_again_seconds=seconds)


class RecordSilence(OperationInput):
    """Of which deployment."""

    deployment_id: str = Field(max_length=40, description="The deployment.")


@internal_command("consent.record_silence", evidence=(DEPLOYMENT_READ, DEPLOYMENT_MISSED, DEPLOYMENT_ENDED))
def record_silence(context: CommandContext, request: RecordSilence) -> Outcome[DeploymentRecorded]:
    """Follow how long an instance has been silent; what it proved last is what it is believed for."""
    row = load_deployment(context.session, request.deployment_id, for_change=True)
    heard_at = row.read_at or row.created_at
    verdict = judge_silence(DeploymentState(row.state), heard_at, context.now)
    outcome: Outcome[DeploymentRecorded] = settle(context, row, verdict, is_new=False)
    row.read_at = heard_at
    return outcome


def _entry(kind: str, code: ClaimCodeRow, payload: dict[str, str | None]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="claim_code",
        subject_id=code.code_id,
        customer_id=code.customer_id,
        payload={"code_id": code.code_id, **payload},
    )


OPERATIONS: tuple[Operation, ...] = (make_claim_code, call_home, record_silence)
