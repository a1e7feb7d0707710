"""Saves policies as a numbered bundle, puts one in force, tries one beside it; an older one is put in force again.

Staff speak of the publisher's frame, a customer's people of what narrows it for their own agents. A bundle is saved
only if it is valid, nothing wrong was proved about it, and its tests pass. It takes effect with the next decision: the
epoch moves in the same transaction. What waited for an approval under other policies is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    TextFile,
    command,
    internal_command,
)
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.governance.approvals.tables import ApprovalRow
from fairkeeper.governance.epochs import move
from fairkeeper.governance.policies.cases import read_cases
from fairkeeper.governance.policies.checking import try_cases
from fairkeeper.governance.policies.errors import BundleNotFoundError, BundleRefusedError, BundleStateError
from fairkeeper.governance.policies.evidence_kinds import (
    POLICIES_IN_FORCE,
    POLICIES_NOT_TRIED,
    POLICIES_SAVED,
    POLICIES_TRIED,
    POLICIES_WANTED,
)
from fairkeeper.governance.policies.tables import PolicyBundleRow, PolicyInForceRow
from fairkeeper.governance.policies.views import PolicyFinding, view_finding
from fairkeeper.policy.analysis.linting import Author, lint
from fairkeeper.policy.bundles.bundle import Bundle, agents_schema
from fairkeeper.policy.decision.facts import PUBLISHER
from fairkeeper.policy.engine import validate
from fairkeeper.proof.note import sign_note
from fairkeeper.values.findings import Level
from fairkeeper.values.ids import CustomerId, new_id

PUT_IN_FORCE = "governance.put_in_force"
"""The background work that signs what a customer wants in force; a customer's session reads no keys."""
_MOST_TOLD = 5


class SavePolicies(OperationInput):
    """The policies, whole: a bundle replaces the one before."""

    files: list[TextFile] = Field([], max_length=100, description="Policies in Cedar, and tests in YAML or JSON.")
    text: str = Field("", max_length=20_000, description="Policies in Cedar, instead of files.")
    note: str = Field(min_length=3, max_length=300, description="What changed and why; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesSaved:
    """The number under which they can be put in force, and what was found short of an error."""

    number: int
    digest: str
    findings: tuple[PolicyFinding, ...]


@command(
    "governance.save_policies",
    groups=("governance.administer",),
    evidence=(POLICIES_SAVED,),
    http="POST /policy-bundles",
    cli="policy save FILES",
)
def save_policies(context: CommandContext, request: SavePolicies) -> Outcome[PoliciesSaved]:
    """Save policies as the next bundle, if they are valid, nothing wrong is proved about them and their tests pass.

    Nothing takes effect yet. Staff save the publisher's frame; a customer's people save what narrows it for their own.

    Raises:
        BundleRefusedError: With the first of what is wrong.
    """
    policies = [file for file in request.files if not file.name.endswith((".yaml", ".yml", ".json"))]
    tests = [file for file in request.files if file not in policies]
    text = "\n".join([*(file.text for file in policies), *([request.text] if request.text else [])])
    findings = _checked(text, tests, context.principal.customer_id)
    owner = context.principal.customer_id or PUBLISHER
    _lock(context.session, owner, context)
    newest = context.session.scalars(
        select(func.max(PolicyBundleRow.number)).where(PolicyBundleRow.owner == owner)
    ).first()
    bundle = Bundle(owner=owner, number=(newest or 0) + 1, text=text)
    row = PolicyBundleRow(
        bundle_id=new_id("pol"),
        customer_id=context.principal.customer_id,
        owner=owner,
        number=bundle.number,
        text=text,
        tests="\n---\n".join(file.text for file in tests),
        digest=bundle.digest,
        signature=None,
        note=request.note,
        saved_at=context.now,
        saved_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    result = PoliciesSaved(number=row.number, digest=row.digest, findings=findings)
    return Outcome(result=result, entry=_entry(POLICIES_SAVED, row, note=request.note))


def _checked(text: str, tests: list[TextFile], customer_id: CustomerId | None) -> tuple[PolicyFinding, ...]:
    """Return what is worth knowing of policies.

    Raises:
        BundleRefusedError: Something is wrong with them.
    """
    findings = lint(text, agents_schema(), Author(customer=customer_id)) if text.strip() else ()
    wrong = [f"{each.subject or 'policies'}: {each.message}" for each in findings if each.level is Level.ERROR]
    if wrong:
        raise BundleRefusedError(" ".join(wrong[:_MOST_TOLD]))
    for file in tests:
        cases, unreadable = read_cases(file.text, file.name)
        tried = try_cases(text, cases, tuple(unreadable))
        if tried.findings:
            raise BundleRefusedError(" ".join(each.message for each in tried.findings[:_MOST_TOLD]))
    return tuple(view_finding(each) for each in findings)


class ActivatePolicies(OperationInput):
    """Which bundle."""

    number: int = Field(ge=1, description="The number of the bundle; an older one takes the newer ones back.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesActivated:
    """Which bundle is in force, or will be in a moment.

    Attributes:
        is_in_force: Whether it is already.
    """

    number: int
    is_in_force: bool
    before: int | None


@command(
    "governance.activate_policies",
    groups=("governance.administer",),
    evidence=(POLICIES_IN_FORCE, POLICIES_WANTED),
    http="POST /policy-bundles/{number}/activate",
    cli="policy activate NUMBER",
)
def activate_policies(context: CommandContext, request: ActivatePolicies) -> Outcome[PoliciesActivated]:
    """Put a bundle in force, without restarting anything: the next decision is made under it.

    An older number is the way back. A customer's bundle is signed first, which takes a moment.

    Raises:
        BundleNotFoundError, BundleStateError: There is no such bundle here, or it is in force.
    """
    owner = context.principal.customer_id or PUBLISHER
    place = _lock(context.session, owner, context)
    row = load_bundle(context.session, owner, request.number)
    if place.active_number == row.number:
        raise BundleStateError(f"Policies number {row.number} are in force.")
    before = place.active_number
    if context.principal.customer_id is None:
        entry = _put_in_force(context, place, row)
        return Outcome(result=PoliciesActivated(number=row.number, is_in_force=True, before=before), entry=entry)
    place.wanted_number, place.changed_at, place.changed_by = row.number, context.now, context.principal.id
    payload: dict[str, Canonical] = {"owner": owner, "number": row.number, "wanted_by": context.principal.id}
    context.enqueue(PUT_IN_FORCE, new_id("tsk"), payload, customer_id=context.principal.customer_id)
    result = PoliciesActivated(number=row.number, is_in_force=False, before=before)
    return Outcome(result=result, entry=_entry(POLICIES_WANTED, row))


class PutInForce(OperationInput):
    """Whose bundle."""

    owner: str = Field(max_length=40, description="Whose.")
    number: int = Field(ge=1, description="Which.")
    wanted_by: str = Field(max_length=80, description="Who wants it.")


@internal_command(PUT_IN_FORCE, evidence=(POLICIES_IN_FORCE,))
def put_in_force(context: CommandContext, request: PutInForce) -> Outcome[bool]:
    """Sign the bundle that a customer wants in force and put it there, unless another is wanted by now."""
    place = _lock(context.session, request.owner, context)
    if place.wanted_number != request.number:
        return Outcome(result=False, entry=None)
    row = load_bundle(context.session, request.owner, request.number)
    place.changed_by = request.wanted_by
    return Outcome(result=True, entry=_put_in_force(context, place, row, on_behalf_of=request.wanted_by))


def _put_in_force(
    context: CommandContext, place: PolicyInForceRow, row: PolicyBundleRow, *, on_behalf_of: str | None = None
) -> EvidenceDraft:
    bundle = Bundle(owner=row.owner, number=row.number, text=row.text)
    problems = validate(row.text, agents_schema()) if row.text.strip() else ()
    if bundle.digest != row.digest or problems:
        raise BundleRefusedError("The bundle is not what was saved, or the schema has moved on.")
    if row.signature is None:
        signers = context.ports.of(LogKeys).signers(context.session)
        row.signature = sign_note(bundle.statement(), signers[:1]).decode()
    before, place.active_number = place.active_number, row.number
    place.wanted_number = None
    if place.shadow_number == row.number:
        place.shadow_number = None
    place.changed_at, place.changed_by = context.now, on_behalf_of or context.principal.id
    context.session.flush()
    _ask_again(context, place.customer_id)
    move(context.session, place.customer_id)
    return _entry(POLICIES_IN_FORCE, row, before=before or "none", on_behalf_of=on_behalf_of)


def _ask_again(context: CommandContext, customer_id: CustomerId | None) -> None:
    """Take questions back that wait under other policies: an answer to them could not be used."""
    statement = select(ApprovalRow).where(ApprovalRow.state == "pending")
    if customer_id is not None:
        statement = statement.where(ApprovalRow.customer_id == customer_id)
    for row in context.session.scalars(statement.order_by(ApprovalRow.approval_id).with_for_update()):
        row.state, row.settled_at = "cancelled", context.now


class TryPolicies(OperationInput):
    """Which bundle is tried."""

    number: int = Field(ge=0, description="The number of the bundle; 0 tries none any more.")


@command(
    "governance.try_policies",
    groups=("governance.administer",),
    evidence=(POLICIES_TRIED, POLICIES_NOT_TRIED),
    http="POST /policy-bundles/{number}/try",
    cli="policy try NUMBER",
)
def try_policies(context: CommandContext, request: TryPolicies) -> Outcome[int]:
    """Try a bundle beside the one in force: every call is decided by both, and only differences are written down.

    Raises:
        BundleNotFoundError, BundleStateError: There is no such bundle here, or it is in force.
    """
    owner = context.principal.customer_id or PUBLISHER
    place = _lock(context.session, owner, context)
    if request.number and request.number == place.active_number:
        raise BundleStateError(f"Policies number {request.number} are in force.")
    row = load_bundle(context.session, owner, request.number) if request.number else None
    if (place.shadow_number or 0) == request.number:
        return Outcome(result=request.number, entry=None)
    old = place.shadow_number
    place.shadow_number, place.changed_at, place.changed_by = (
        request.number or None,
        context.now,
        context.principal.id,
    )
    if row is not None:
        return Outcome(result=row.number, entry=_entry(POLICIES_TRIED, row))
    ended = load_bundle(context.session, owner, old or 0)
    return Outcome(result=0, entry=_entry(POLICIES_NOT_TRIED, ended))


def load_bundle(session: Session, owner: str, number: int) -> PolicyBundleRow:
    """Return a bundle, or raise `BundleNotFoundError`."""
    row = session.scalars(
        select(PolicyBundleRow).where(PolicyBundleRow.owner == owner, PolicyBundleRow.number == number)
    ).first()
    if row is None:
        raise BundleNotFoundError(f"There are no policies number {number} here.")
    return row


def _lock(session: Session, owner: str, context: CommandContext) -> PolicyInForceRow:
    """Return the owner's place, made if there is none, locked until the commit."""
    row = session.get(PolicyInForceRow, owner, with_for_update=True)
    if row is None:
        row = PolicyInForceRow(
            owner=owner,
            customer_id=None if owner == PUBLISHER else CustomerId(owner),
            active_number=None,
            wanted_number=None,
            shadow_number=None,
            changed_at=context.now,
            changed_by=context.principal.id,
        )
        session.add(row)
        session.flush()
    return row


def _entry(
    kind: EvidenceKind,
    row: PolicyBundleRow,
    *,
    note: str | None = None,
    before: int | str | None = None,
    on_behalf_of: str | None = None,
) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="policies",
        subject_id=row.bundle_id,
        customer_id=row.customer_id,
        on_behalf_of=on_behalf_of,
        payload={
            "owner": row.owner,
            "number": row.number,
            "digest": row.digest,
            **({} if note is None else {"note": note}),
            **({} if before is None else {"before": before}),
        },
    )
