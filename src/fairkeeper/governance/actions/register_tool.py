"""Registers a tool and follows its description: a changed one is refused until a person has approved it.

The description (manifest) is what a model is shown; whoever can change it unseen can make agents call it differently.
So it is pinned by its digest. Source: OWASP Top 10 for Agentic Applications 2026, ASI04, read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator, model_validator
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.store import load_customer
from fairkeeper.governance.epochs import move
from fairkeeper.governance.errors import NameTakenError, SchemaNotUnderstoodError, StateRefusedError
from fairkeeper.governance.evidence_kinds import MANIFEST_APPROVED, MANIFEST_CHANGED, TOOL_REGISTERED
from fairkeeper.governance.store import load_tool
from fairkeeper.governance.tables import ToolRow
from fairkeeper.policy.decision.arguments import ArgumentSchema, NotExactError, SchemaRefusedError, digest_of, exact
from fairkeeper.policy.decision.facts import Effect, Environment, MeterSource
from fairkeeper.policy.decision.response import BusinessImpact, Reversibility, Severity
from fairkeeper.values.ids import CustomerId, new_id

_CLASS = r"^[a-z][a-z0-9_.-]{0,79}$"


class ToolMeter(OperationInput):
    """What a tool's calls count for one billing dimension."""

    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id as in Partner Center.")
    of: MeterSource = Field(MeterSource.CALLS, description="calls, or the sum of a field: argument or result.")
    field: str = Field(
        "", max_length=120, pattern=r"^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)?$", description="Its path, usage.tokens."
    )

    @model_validator(mode="after")
    def _fit(self) -> ToolMeter:
        if (self.of is MeterSource.CALLS) == bool(self.field):
            raise ValueError("a meter of calls names no field, any other names one")
        return self


class RegisterTool(OperationInput):
    """The tool."""

    customer_id: CustomerId | None = Field(None, description="Whose it is; empty for the publisher's, for all.")
    name: str = Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]*$", description="Its name.")
    environment: Environment = Field(description="dev, test or live.")
    title: str = Field(min_length=1, max_length=200, description="What people call it.")
    effect: Effect = Field(description="read, write, external or irreversible: what it does at worst.")
    reads: list[str] = Field([], max_length=50, description="Classes of data that it reads.")
    writes: list[str] = Field([], max_length=50, description="Classes of data that it writes.")
    severity: Severity = Field(Severity.MEDIUM, description="How bad a wrong call is.")
    reversibility: Reversibility = Field(Reversibility.COSTLY, description="What it takes to undo a call.")
    business_impact: BusinessImpact = Field(BusinessImpact.MEDIUM, description="How far a call reaches.")
    arguments: dict[str, Any] = Field(description="The schema of its arguments, a closed subset of JSON Schema.")
    manifest: dict[str, Any] = Field({}, description="Its description as agents see it; pinned by its digest.")
    amount_argument: str | None = Field(None, max_length=80, description="The argument that says what a call is worth.")
    currency_argument: str | None = Field(None, max_length=80, description="The argument that names the currency.")
    amount_in_minor: bool = Field(True, description="Whether the amount counts the smallest unit.")
    most_sensitive: int = Field(3, ge=0, le=3, description="The highest sensitivity that may flow into it.")
    needs_trusted: bool = Field(False, description="Whether only trusted values may flow into it.")
    is_elevated: bool = Field(False, description="Whether it has more rights than the person it acts for.")
    separates_duties: bool | None = Field(
        None, description="Whether whoever asked may not approve; by default for what is irreversible."
    )
    result_sensitivity: int = Field(1, ge=0, le=3, description="How sensitive its results are.")
    result_is_trusted: bool = Field(False, description="Whether nobody outside can write what it returns.")
    meters: list[ToolMeter] = Field([], max_length=10, description="The billing dimensions its calls count for.")

    @field_validator("reads", "writes")
    @classmethod
    def _are_classes(cls, names: list[str]) -> list[str]:
        import re

        wrong = [name for name in names if not re.fullmatch(_CLASS, name)]
        if wrong:
            raise ValueError(f"{wrong[0][:40]!r} is no class of data: lower case, digits, `_`, `-` and `.`")
        return sorted(set(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRegistered:
    """Its id and the digest of its description."""

    tool_id: str
    manifest_digest: str


@command(
    "governance.register_tool",
    groups=("governance.change",),
    evidence=(TOOL_REGISTERED,),
    http="POST /tools",
    cli="governance register-tool NAME ENVIRONMENT",
)
def register_tool(context: CommandContext, request: RegisterTool) -> Outcome[ToolRegistered]:
    """Register a tool; no agent may call it before somebody permits it.

    Raises `governance.schema_not_understood`, and `governance.name_taken` where there is one of the name.
    """
    if request.customer_id is not None:
        load_customer(context.session, request.customer_id)
    refuse_schema(request.arguments)
    _refuse_taken(context, request)
    digest = manifest_digest(request.manifest, request.arguments)
    given = request.model_dump(exclude={"manifest", "separates_duties", "meters"})
    values = {name: value.value if isinstance(value, StrEnum) else value for name, value in given.items()}
    separates = request.effect is Effect.IRREVERSIBLE if request.separates_duties is None else request.separates_duties
    row = ToolRow(
        tool_id=new_id("tol"),
        **values,
        meters=[each.model_dump(mode="json") for each in request.meters],
        separates_duties=separates,
        manifest_digest=digest,
        created_at=context.now,
        created_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    move(context.session, row.customer_id)
    told = request.model_dump(mode="json", exclude={"arguments", "manifest", "customer_id"})
    entry = EvidenceDraft(
        kind=TOOL_REGISTERED.name,
        subject_type="tool",
        subject_id=row.tool_id,
        customer_id=row.customer_id,
        payload={**told, "arguments": exact(request.arguments), "manifest_digest": digest},
    )
    return Outcome(result=ToolRegistered(tool_id=row.tool_id, manifest_digest=digest), entry=entry)


def refuse_schema(arguments: dict[str, Any]) -> None:
    """Refuse a schema that could not be enforced.

    Raises:
        SchemaNotUnderstoodError: It uses what is not understood.
    """
    try:
        ArgumentSchema(arguments)
        exact(arguments, "the schema")
    except (SchemaRefusedError, NotExactError) as problem:
        raise SchemaNotUnderstoodError(f"The schema of the arguments cannot be used: {problem}.") from problem


def manifest_digest(manifest: dict[str, Any], arguments: dict[str, Any]) -> str:
    """Return the digest that pins a tool's description and the schema of its arguments.

    Raises:
        SchemaNotUnderstoodError: The description has no exact spelling.
    """
    try:
        return digest_of({"arguments": exact(arguments), "manifest": exact(manifest)})
    except NotExactError as problem:
        raise SchemaNotUnderstoodError(f"The description cannot be pinned: {problem}.") from problem


def _refuse_taken(context: CommandContext, request: RegisterTool) -> None:
    statement = select(ToolRow.tool_id).where(
        ToolRow.name == request.name,
        ToolRow.environment == request.environment.value,
        ToolRow.customer_id.is_not_distinct_from(request.customer_id),
    )
    found = context.session.scalars(statement).first()
    if found is not None:
        raise NameTakenError(f"There is a tool {request.name!r} in {request.environment.value} already ({found}).")


class ReportManifest(OperationInput):
    """Which tool, and how it describes itself now."""

    tool_id: str = Field(max_length=40, description="The tool's id.")
    manifest: dict[str, Any] = Field({}, description="Its description as agents see it now.")
    arguments: dict[str, Any] = Field(description="The schema of its arguments now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestStanding:
    """Whether the description is the approved one."""

    tool_id: str
    is_approved: bool
    manifest_digest: str


@command(
    "governance.report_manifest",
    groups=("governance.report",),
    evidence=(MANIFEST_CHANGED,),
    http="POST /tools/{tool_id}/manifest",
    cli="governance report-manifest TOOL_ID",
)
def report_manifest(context: CommandContext, request: ReportManifest) -> Outcome[ManifestStanding]:
    """Report a tool's description; one that differs from the approved one stops the tool until it is approved."""
    row = load_tool(context.session, request.tool_id, for_change=True)
    refuse_schema(request.arguments)
    digest = manifest_digest(request.manifest, request.arguments)
    is_same = digest == row.manifest_digest
    result = ManifestStanding(
        tool_id=row.tool_id, is_approved=is_same and row.open_manifest_digest is None, manifest_digest=digest
    )
    if is_same or digest == row.open_manifest_digest:
        # The approved description coming back does not lift the stop: somebody looks at why it changed.
        return Outcome(result=result, entry=None)
    row.open_manifest_digest, row.open_arguments = digest, request.arguments
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=MANIFEST_CHANGED.name,
        subject_type="tool",
        subject_id=row.tool_id,
        customer_id=row.customer_id,
        payload={
            "name": row.name,
            "before": row.manifest_digest,
            "after": digest,
            "arguments": exact(request.arguments),
        },
    )
    return Outcome(result=result, entry=entry)


class ApproveManifest(OperationInput):
    """Which tool, and which description."""

    tool_id: str = Field(max_length=40, description="The tool's id.")
    manifest_digest: str = Field(min_length=64, max_length=64, description="The digest that was looked at.")


@command(
    "governance.approve_manifest",
    groups=("governance.change",),
    evidence=(MANIFEST_APPROVED,),
    http="POST /tools/{tool_id}/manifest/approve",
    cli="governance approve-manifest TOOL_ID MANIFEST_DIGEST",
)
def approve_manifest(context: CommandContext, request: ApproveManifest) -> Outcome[ManifestStanding]:
    """Approve a changed description, or the former one again; the tool goes on with it.

    Raises `governance.state_refused` where nothing waits, or something else than was looked at.
    """
    row = load_tool(context.session, request.tool_id, for_change=True)
    if row.open_manifest_digest is None or request.manifest_digest not in {
        row.open_manifest_digest,
        row.manifest_digest,
    }:
        raise StateRefusedError("This description does not wait for approval.", remedy="Look at the tool again.")
    if request.manifest_digest == row.open_manifest_digest and row.open_arguments is not None:
        row.arguments = row.open_arguments
    row.manifest_digest, row.open_manifest_digest, row.open_arguments = request.manifest_digest, None, None
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=MANIFEST_APPROVED.name,
        subject_type="tool",
        subject_id=row.tool_id,
        customer_id=row.customer_id,
        payload={"name": row.name, "manifest_digest": row.manifest_digest},
    )
    standing = ManifestStanding(tool_id=row.tool_id, is_approved=True, manifest_digest=row.manifest_digest)
    return Outcome(result=standing, entry=entry)
