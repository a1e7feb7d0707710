"""Checks consent plans in files, and says what is known of a permission; both without a database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from pydantic import Field

from fairkeeper.action.operation import LargeTextFile, Operation, OperationInput, TextFile, check
from fairkeeper.consent.catalogue.importing import merged, read_permissions
from fairkeeper.consent.catalogue.permissions import Approver, Catalogue, Kind, catalogue
from fairkeeper.consent.plan.checks import check_plan
from fairkeeper.consent.plan.reading import Reading, read_plan
from fairkeeper.values.findings import Finding, Findings, Level
from fairkeeper.values.resources import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFinding:
    """One finding.

    Args:
        line: Line of the file, counted from 1.
        path: Place in the plan (`features/0/permissions/1`).
        subject: Key of the feature, registration or offer that it is about.
        explained_by: Title of the official resource behind the rule, and its address where it is known.
    """

    code: str
    level: Level
    message: str
    remedy: str
    file: str | None
    line: int | None
    path: str | None
    subject: str | None
    explained_by: str
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPlan:
    """One file that was checked; the counts are None where it could not be read."""

    file: str
    version: int | None
    features: int | None
    permissions: int | None
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPlans:
    """The answer to a check of plans.

    Attributes:
        catalogue_dated_on: Of the facts about permissions.
        policy_dated_on: Of the list of what users can no longer approve.
    """

    catalogue_dated_on: date
    policy_dated_on: date
    files: tuple[CheckedPlan, ...]
    findings: tuple[PlanFinding, ...]


class CheckPlans(OperationInput):
    """Which plans to check."""

    files: list[TextFile] = Field(min_length=1, max_length=100, description="Consent plans in YAML or JSON.")
    permissions: LargeTextFile | None = Field(
        None, description="Microsoft's permissions.json, to know permissions that the shipped catalogue does not."
    )


@check("consent.check_plan", cli="consent check FILES")
def check_plans(request: CheckPlans) -> CheckedPlans:
    """Check consent plans in files: too much asked for, of the wrong person, at the wrong time, or without a reason.

    Each finding has its line, what to do, and the official page behind the rule. Raises
    `consent.permissions_file_refused` for a file of permissions that is none.
    """
    checked, found = [], []
    facts = catalogue()
    if request.permissions is not None:
        named = request.permissions.name or "permissions.json"
        facts = merged(facts, read_permissions(request.permissions.text), dated_on=facts.dated_on, source=named)
    for file in request.files:
        reading, findings = judge(file, facts)
        checked.append(_checked(file.name, reading, findings))
        found += [view_finding(finding) for finding in findings]
    return CheckedPlans(
        catalogue_dated_on=facts.dated_on,
        policy_dated_on=facts.policy_dated_on,
        files=tuple(checked),
        findings=tuple(found),
    )


def judge(file: TextFile, facts: Catalogue | None = None) -> tuple[Reading, Findings]:
    """Read a plan and ask it every rule; return it with all findings, each with its line.

    Args:
        file: The plan.
        facts: What is known of permissions; the shipped catalogue by default.
    """
    reading = read_plan(file.text, file=file.name or None)
    if reading.plan is None:
        return reading, reading.findings
    found = check_plan(reading.plan, facts or catalogue())
    located = (replace(each, file=file.name or None, row=reading.line_of(each.path)) for each in found)
    return reading, Findings.of((*reading.findings, *located))


def view_finding(finding: Finding) -> PlanFinding:
    """Return a finding for channels."""
    explained = resource(finding.resource)
    return PlanFinding(
        code=finding.code,
        level=finding.level,
        message=finding.message,
        remedy=finding.remedy,
        file=finding.file,
        line=finding.row,
        path=finding.path,
        subject=finding.subject,
        explained_by=explained.title,
        address=explained.address,
    )


def _checked(name: str, reading: Reading, findings: Findings) -> CheckedPlan:
    plan = reading.plan
    return CheckedPlan(
        file=name,
        version=plan.version if plan else None,
        features=len(plan.features) if plan else None,
        permissions=sum(len(each.permissions) for each in plan.features) if plan else None,
        errors=findings.count(Level.ERROR),
        warnings=findings.count(Level.WARNING),
    )


class ExplainPermission(OperationInput):
    """Which permission."""

    name: str = Field(
        max_length=120, pattern=r"^[A-Za-z][A-Za-z0-9._-]*$", description="As Microsoft spells it, `Mail.Read`."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionForm:
    """One kind in which a permission exists.

    Attributes:
        id: Its GUID on Graph; None where no public file names it.
        approver: Who can approve it.
        level: Microsoft's privilege level, 1 to 5.
        narrower: What allows less, the widest first.
        can_escalate: Whether its holder can gain what it was not given.
        source: `shipped`, or `imported` where Microsoft's file alone knows it.
    """

    kind: Kind
    id: str | None
    approver: Approver
    level: int | None
    narrower: tuple[str, ...]
    can_escalate: bool
    is_blocked_for_agents: bool
    source: str = "shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionView:
    """What is known of a permission; unknown ones have no form, and sentences are there for those asked for most.

    Attributes:
        for_administrators, for_users: Of what is done in people's names.
        for_administrators_alone: Of what is done with nobody signed in.
    """

    name: str
    is_known: bool
    forms: tuple[PermissionForm, ...]
    for_administrators: str | None
    for_users: str | None
    for_administrators_alone: str | None
    dated_on: date
    imported_dated_on: date | None = None
    imported_from: str = ""


@check("consent.show_permission", cli="consent permission NAME")
def show_permission(request: ExplainPermission) -> PermissionView:
    """Say what is known of a Graph permission: who can approve it, what it opens, what would be narrower.

    An unknown permission is said to be unknown; nothing is concluded from its name.
    """
    return view_permission(request.name, catalogue())


def view_permission(name: str, facts: Catalogue) -> PermissionView:
    """Return what a catalogue knows of a permission."""
    words = facts.explanations.get(name)
    forms = tuple(
        PermissionForm(
            kind=kind,
            id=fact.id,
            approver=facts.approver(name, kind),
            level=fact.level,
            narrower=fact.narrower,
            can_escalate=fact.can_escalate,
            is_blocked_for_agents=name in facts.blocked_for_agents,
            source="imported" if (name, kind) in facts.only_imported else "shipped",
        )
        for kind in Kind
        if (fact := facts.fact(name, kind)) is not None
    )
    return PermissionView(
        name=name,
        is_known=bool(forms) or words is not None,
        forms=forms,
        for_administrators=words.admin if words else None,
        for_users=words.user if words else None,
        for_administrators_alone=words.alone if words else None,
        dated_on=facts.dated_on,
        imported_dated_on=facts.imported_dated_on,
        imported_from=facts.imported_from,
    )


OPERATIONS: tuple[Operation, ...] = (check_plans, show_permission)
