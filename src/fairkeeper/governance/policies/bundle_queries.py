"""Questions to bundles: which there are, what is in force in words, what trying one showed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.governance.policies.bundles import load_bundle
from fairkeeper.governance.policies.cases import read_cases
from fairkeeper.governance.policies.checking import compared, explained, try_cases
from fairkeeper.governance.policies.tables import PolicyBundleRow, PolicyDifferenceRow, PolicyInForceRow
from fairkeeper.governance.policies.views import (
    ComparedPolicies,
    ExplainedPolicy,
    PolicyFinding,
    TriedPolicies,
    view_finding,
)
from fairkeeper.policy.analysis.linting import Author, lint
from fairkeeper.policy.bundles.bundle import agents_schema
from fairkeeper.policy.decision.facts import PUBLISHER


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleLine:
    """A bundle in the list.

    Attributes:
        state: in force, on its way, tried, or kept.
    """

    number: int
    note: str
    digest: str
    state: str
    policies: int
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceLine:
    """Calls that the tried bundle would have answered otherwise.

    Attributes:
        active, shadow: The lane of the policies in force, and of the tried ones.
    """

    agent_id: str
    tool_name: str
    active: str
    shadow: str
    policies: list[str]
    times: int
    last_at: datetime
    last_decision_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleDetail:
    """A bundle with everything that helps to decide about it.

    Attributes:
        tests: How its tests come out; None where it has none.
        against: What it changes against the bundle in force; None for that one itself, or where there is none.
        seen: What trying it showed.
    """

    line: BundleLine
    text: str
    policies: tuple[ExplainedPolicy, ...]
    findings: tuple[PolicyFinding, ...]
    tests: TriedPolicies | None
    against: ComparedPolicies | None
    seen: list[DifferenceLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesOverview:
    """Which bundles there are, and what of them is in force."""

    owner: str
    active_number: int | None
    wanted_number: int | None
    shadow_number: int | None
    bundles: list[BundleLine]


class ListPolicyBundles(OperationInput):
    """How many."""

    limit: int = Field(50, ge=1, le=200, description="How many at most, the newest first.")


class ShowPolicies(OperationInput):
    """Which bundle."""

    number: int = Field(ge=1, description="The number of the bundle.")


@query(
    "governance.list_policies",
    groups=("governance.read",),
    http="GET /policy-bundles",
    cli="policy list",
)
def list_policies(context: QueryContext, request: ListPolicyBundles) -> PoliciesOverview:
    """List bundles of policies: the publisher's frame for staff, their own for a customer's people."""
    owner = context.principal.customer_id or PUBLISHER
    place = _place(context, owner)
    rows = context.session.scalars(
        select(PolicyBundleRow)
        .where(PolicyBundleRow.owner == owner)
        .order_by(PolicyBundleRow.number.desc())
        .limit(request.limit)
    ).all()
    return PoliciesOverview(
        owner=owner,
        active_number=None if place is None else place.active_number,
        wanted_number=None if place is None else place.wanted_number,
        shadow_number=None if place is None else place.shadow_number,
        bundles=[_line(row, place) for row in rows],
    )


@query(
    "governance.show_policies",
    groups=("governance.read",),
    http="GET /policy-bundles/{number}",
    cli="policy show NUMBER",
)
def show_policies(context: QueryContext, request: ShowPolicies) -> BundleDetail:
    """Show a bundle: in words, with its tests, what it changes, and what trying it showed.

    Raises:
        BundleNotFoundError: There is none of this number here.
    """
    owner = context.principal.customer_id or PUBLISHER
    place = _place(context, owner)
    row = load_bundle(context.session, owner, request.number)
    active = None
    if place is not None and place.active_number not in (None, row.number):
        active = load_bundle(context.session, owner, place.active_number or 0)
    return BundleDetail(
        line=_line(row, place),
        text=row.text,
        policies=explained(row.text) if row.text.strip() else (),
        findings=tuple(view_finding(each) for each in lint(row.text, agents_schema(), Author(customer=row.customer_id)))
        if row.text.strip()
        else (),
        tests=_tests(row),
        against=None if active is None else compared(active.text, row.text),
        seen=_seen(context, row),
    )


def _tests(row: PolicyBundleRow) -> TriedPolicies | None:
    if not row.tests:
        return None
    cases = [case for part in row.tests.split("\n---\n") for case in read_cases(part, None)[0]]
    return try_cases(row.text, cases)


def _place(context: QueryContext, owner: str) -> PolicyInForceRow | None:
    return context.session.scalars(select(PolicyInForceRow).where(PolicyInForceRow.owner == owner)).first()


def _line(row: PolicyBundleRow, place: PolicyInForceRow | None) -> BundleLine:
    state = "kept"
    if place is not None:
        named = {
            place.active_number: "in force",
            place.shadow_number: "tried",
            place.wanted_number: "on its way",
        }
        state = named.get(row.number, "kept")
        state = "in force" if place.active_number == row.number else state
    return BundleLine(
        number=row.number,
        note=row.note,
        digest=row.digest,
        state=state,
        policies=row.text.count("@id("),
        saved_at=row.saved_at,
        saved_by=row.saved_by,
    )


def _seen(context: QueryContext, row: PolicyBundleRow) -> list[DifferenceLine]:
    rows = context.session.scalars(
        select(PolicyDifferenceRow)
        .where(PolicyDifferenceRow.owner == row.owner, PolicyDifferenceRow.number == row.number)
        .order_by(PolicyDifferenceRow.times.desc())
        .limit(100)
    ).all()
    return [
        DifferenceLine(
            agent_id=each.agent_id,
            tool_name=each.tool_name,
            active=each.active_lane,
            shadow=each.shadow_lane,
            policies=json.loads(each.policies),
            times=each.times,
            last_at=each.last_at,
            last_decision_id=each.last_decision_id,
        )
        for each in rows
    ]
