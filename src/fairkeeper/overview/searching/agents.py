"""Kinds of things about agents: what governs them, what they did, and what assurance makes of it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from fairkeeper.assurance.evaluation.running import show_release
from fairkeeper.assurance.forwarding.destinations import list_destinations
from fairkeeper.assurance.incidents.drill_tables import DrillRow
from fairkeeper.assurance.incidents.drilling import list_drills
from fairkeeper.assurance.incidents.queries import list_incidents
from fairkeeper.assurance.keeping.holding import list_holds
from fairkeeper.assurance.keeping.tables import LegalHoldRow
from fairkeeper.assurance.monitoring.hearing import list_signals
from fairkeeper.assurance.tables import (
    EventDestinationRow,
    IncidentNoticeRow,
    IncidentRow,
    SignalRow,
    SuiteRow,
    SuiteRunRow,
)
from fairkeeper.assurance.weaknesses.recording import list_scans, list_weaknesses
from fairkeeper.assurance.weaknesses.tables import ScanRow, WeaknessRow
from fairkeeper.governance.approvals.queries import list_approvals
from fairkeeper.governance.approvals.tables import ApprovalAnswerRow, ApprovalRow, StandingApprovalRow
from fairkeeper.governance.policies.bundle_queries import list_policies
from fairkeeper.governance.policies.tables import PolicyBundleRow, PolicyDifferenceRow
from fairkeeper.governance.queries.agents import list_agents, list_tools
from fairkeeper.governance.queries.decisions import show_decision
from fairkeeper.governance.tables import (
    AgentRow,
    ContainmentRow,
    DataGrantRow,
    DecisionRow,
    DelegationRow,
    IntendedUseRow,
    LimitRow,
    PermitRow,
    ToolRow,
)
from fairkeeper.overview.searching.declaring import Kind, at, field_of, fixed


def _of_bundle(row: Any) -> str:
    """Return where staff see policies: the publisher's own on their page, a customer's with the customer."""
    return f"/policies/{row.number}" if row.customer_id is None else f"/customers/{row.customer_id}"


_AGENTS: Final = (
    Kind(
        name="agent",
        prefix="agt",
        door=list_agents,
        row=AgentRow,
        key=AgentRow.agent_id,
        page=at("/agents/{}", "agent_id"),
        label=field_of("title"),
        line=lambda row: f"{row.name}, {row.environment}",
        names=(AgentRow.title, AgentRow.name),
    ),
    Kind(
        name="tool",
        prefix="tol",
        door=list_tools,
        row=ToolRow,
        key=ToolRow.tool_id,
        page=fixed("/agents"),
        label=field_of("title"),
        line=lambda row: f"{row.name}, {row.environment}",
        names=(ToolRow.title, ToolRow.name),
    ),
    Kind(
        name="intended use",
        prefix="use",
        door=list_agents,
        row=IntendedUseRow,
        key=IntendedUseRow.use_id,
        page=at("/agents/{}", "agent_id"),
        label=field_of("title"),
        line=field_of("agent_id"),
        names=(IntendedUseRow.title,),
    ),
    Kind(
        name="permit",
        prefix="pmt",
        door=list_agents,
        row=PermitRow,
        key=PermitRow.permit_id,
        page=at("/agents/{}#tools", "agent_id"),
        label=field_of("tool_title"),
        line=field_of("lane"),
    ),
    Kind(
        name="data grant",
        prefix="gra",
        door=list_agents,
        row=DataGrantRow,
        key=DataGrantRow.grant_id,
        page=at("/agents/{}", "agent_id"),
        label=field_of("data_class"),
        line=lambda row: f"until {row.ends_at:%d %b %Y}",
    ),
    Kind(
        name="containment",
        prefix="con",
        door=list_agents,
        row=ContainmentRow,
        key=ContainmentRow.containment_id,
        page=lambda row: f"/agents/{quote(row.subject_id, safe='')}" if row.scope == "agent" else "/agents",
        label=field_of("reason"),
        line=lambda row: f"{row.state}, {'lifted' if row.lifted_at else 'in force'}",
    ),
    Kind(
        name="delegation",
        prefix="dlg",
        door=list_agents,
        row=DelegationRow,
        key=DelegationRow.delegation_id,
        page=at("/agents/{}", "to_agent_id"),
        label=field_of("task_id"),
        line=lambda row: f"until {row.ends_at:%d %b %Y %H:%M} UTC",
    ),
    Kind(
        name="limit",
        prefix="lim",
        door=list_agents,
        row=LimitRow,
        key=LimitRow.limit_id,
        page=lambda row: f"/agents/{quote(row.agent_id, safe='')}" if row.agent_id else "/agents",
        label=lambda row: f"{row.meter} a {row.span}",
        line=lambda row: f"at most {row.maximum}, {'ended' if row.ended_at else 'in force'}",
    ),
    Kind(
        name="decision",
        prefix="dec",
        door=show_decision,
        row=DecisionRow,
        key=DecisionRow.decision_id,
        page=at("/decisions/{}", "decision_id"),
        label=lambda row: f"{row.tool_name}: {'allowed' if row.allowed else 'not allowed'}",
        line=lambda row: f"{row.at:%d %b %Y %H:%M} UTC",
    ),
    Kind(
        name="approval",
        prefix="apr",
        door=list_approvals,
        row=ApprovalRow,
        key=ApprovalRow.approval_id,
        page=at("/approvals/{}", "approval_id"),
        label=field_of("tool_title"),
        line=field_of("state"),
    ),
    Kind(
        name="answer",
        prefix="ans",
        door=list_approvals,
        row=ApprovalAnswerRow,
        key=ApprovalAnswerRow.answer_id,
        page=at("/approvals/{}", "approval_id"),
        label=field_of("verdict"),
        line=lambda row: f"{row.answered_at:%d %b %Y %H:%M} UTC",
    ),
    Kind(
        name="standing approval",
        prefix="sta",
        door=list_approvals,
        row=StandingApprovalRow,
        key=StandingApprovalRow.standing_id,
        page=fixed("/approvals"),
        label=field_of("tool_name"),
        line=lambda row: f"until {row.ends_at:%d %b %Y}",
    ),
    Kind(
        name="policies",
        prefix="pol",
        door=list_policies,
        row=PolicyBundleRow,
        key=PolicyBundleRow.bundle_id,
        page=_of_bundle,
        own_page=at("/policies/{}", "number"),
        label=lambda row: f"Policies, version {row.number}",
        line=field_of("note"),
    ),
    Kind(
        name="difference of policies",
        prefix="dif",
        door=list_policies,
        row=PolicyDifferenceRow,
        key=PolicyDifferenceRow.difference_id,
        page=_of_bundle,
        own_page=at("/policies/{}", "number"),
        label=field_of("tool_name"),
        line=lambda row: f"{row.active_lane}, on trial {row.shadow_lane}",
    ),
)

_ASSURANCE: Final = (
    Kind(
        name="signal",
        prefix="sig",
        door=list_signals,
        row=SignalRow,
        key=SignalRow.signal_id,
        page=fixed("/assurance"),
        label=field_of("sentence"),
        line=field_of("verdict", "not judged yet"),
    ),
    Kind(
        name="incident",
        prefix="inc",
        door=list_incidents,
        row=IncidentRow,
        key=IncidentRow.incident_id,
        page=at("/incidents/{}", "incident_id"),
        label=field_of("title"),
        line=lambda row: f"{row.severity}, {row.state}",
        names=(IncidentRow.title,),
    ),
    Kind(
        name="notice of an incident",
        prefix="ntc",
        door=list_incidents,
        row=IncidentNoticeRow,
        key=IncidentNoticeRow.notice_id,
        page=at("/incidents/{}", "incident_id"),
        label=field_of("audience"),
        line=field_of("state"),
    ),
    Kind(
        name="evaluation",
        prefix="sui",
        door=show_release,
        row=SuiteRow,
        key=SuiteRow.suite_id,
        page=at("/agents/{}/release", "agent_id"),
        label=field_of("name"),
        line=field_of("use_title"),
    ),
    Kind(
        name="run of an evaluation",
        prefix="run",
        door=show_release,
        row=SuiteRunRow,
        key=SuiteRunRow.run_id,
        page=at("/agents/{}/release", "agent_id"),
        label=lambda row: "passed" if row.has_passed else "failed",
        line=lambda row: f"version {row.version}",
    ),
    Kind(
        name="destination of events",
        prefix="dst",
        door=list_destinations,
        row=EventDestinationRow,
        key=EventDestinationRow.destination_id,
        page=fixed("/assurance/destinations"),
        label=field_of("name"),
        line=field_of("kind"),
        names=(EventDestinationRow.name,),
    ),
    Kind(
        name="legal hold",
        prefix="hld",
        door=list_holds,
        row=LegalHoldRow,
        key=LegalHoldRow.hold_id,
        page=fixed("/assurance/data"),
        label=field_of("reason"),
        line=lambda row: "lifted" if row.lifted_at else "in force",
    ),
    Kind(
        name="drill",
        prefix="drl",
        door=list_drills,
        row=DrillRow,
        key=DrillRow.drill_id,
        page=at("/assurance/drills/{}", "drill_id"),
        label=lambda row: f"Drill: {row.category.replace('_', ' ')}",
        line=field_of("state"),
    ),
    Kind(
        name="scan for weaknesses",
        prefix="scn",
        door=list_scans,
        row=ScanRow,
        key=ScanRow.scan_id,
        is_staffs=True,
        page=fixed("/assurance/weaknesses"),
        label=lambda row: f"Scan of {row.ran_at:%d %b %Y %H:%M} UTC",
        line=lambda row: f"{row.found} found",
    ),
    Kind(
        name="weakness",
        prefix="wkn",
        door=list_weaknesses,
        row=WeaknessRow,
        key=WeaknessRow.weakness_id,
        is_staffs=True,
        page=fixed("/assurance/weaknesses"),
        label=field_of("what"),
        line=lambda row: "gone" if row.gone_at else row.level,
    ),
)
KINDS: Final = (*_AGENTS, *_ASSURANCE)
