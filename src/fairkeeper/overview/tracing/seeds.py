"""What an id is the id of: looked for in every room that whoever asks may read, each time by a key.

Ids of reports are looked for last, because that reads files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import or_, select

from fairkeeper.action.operation import QueryContext
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.deals.book.tables import DealPurchaseRow, DealRow
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.approvals.tables import ApprovalRow
from fairkeeper.governance.policies.tables import PolicyBundleRow
from fairkeeper.governance.tables import AgentRow, DataGrantRow, DecisionRow, PermitRow
from fairkeeper.metering.tables import UsageCountRow, UsageEventRow
from fairkeeper.overview.tracing.doors import sees
from fairkeeper.overview.tracing.views import MOST
from fairkeeper.payouts.chain_queries import trace_view
from fairkeeper.payouts.errors import NothingTracedError
from fairkeeper.payouts.views import TraceView
from fairkeeper.policy.decision.slices import PERMIT_PREFIX

_LENGTH_OF_GUID: Final = 36
LOOKED_AT: Final = 500
"""Decisions that are read for one that names a policy: the newest."""


@dataclass(slots=True, kw_only=True)
class Seed:
    """Where a walk begins.

    Attributes:
        named: What the id is the id of.
        deals: Deals, where the id is a deal's that nobody bought yet.
        reports: What the reports say, where the id is theirs.
    """

    named: str
    subscriptions: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    counts: list[UsageCountRow] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    deals: list[DealRow] = field(default_factory=list)
    reports: TraceView | None = None


def seed_of(context: QueryContext, subject: str) -> Seed | None:
    """Return where the walk from an id begins; None where nothing that may be seen has it."""
    finders: Iterable[tuple[str, Callable[[QueryContext, str], Seed | None]]] = (
        ("governance", _of_governance),
        ("metering", _of_metering),
        ("customers", _of_customers),
        ("deals", _of_deals),
        ("consent", _of_consent),
        ("evidence", _of_evidence),
        ("reports", _of_reports),
    )
    for stretch, find in finders:
        seed = find(context, subject) if sees(context, stretch) else None
        if seed is not None:
            return seed
    return None


def _of_governance(context: QueryContext, subject: str) -> Seed | None:
    session = context.session
    decision = session.get(DecisionRow, subject.removeprefix("call:"))
    if decision is not None:
        return Seed(named="decision", decisions=[decision])
    approval = session.get(ApprovalRow, subject)
    if approval is not None:
        asked = session.get(DecisionRow, approval.decision_id)
        return Seed(named="approval", decisions=[] if asked is None else [asked])
    permit = session.get(PermitRow, subject.removeprefix(PERMIT_PREFIX))
    if permit is not None:
        return Seed(named="permit", decisions=_decisions(context, permit.agent_id, tool_id=permit.tool_id))
    grant = session.get(DataGrantRow, subject)
    if grant is not None:
        return Seed(named="data grant", decisions=_decisions(context, grant.agent_id, use_id=grant.use_id))
    if session.get(AgentRow, subject) is not None:
        return Seed(named="agent", decisions=_decisions(context, subject))
    return _of_policy(context, subject)


def _decisions(context: QueryContext, agent_id: str, **having: str) -> list[DecisionRow]:
    statement = select(DecisionRow).where(DecisionRow.agent_id == agent_id)
    for name, value in having.items():
        statement = statement.where(getattr(DecisionRow, name) == value)
    return list(context.session.scalars(statement.order_by(DecisionRow.decision_id.desc()).limit(MOST + 1)))


def _of_policy(context: QueryContext, subject: str) -> Seed | None:
    """Find a policy by its `@id`, and which of the newest decisions name it."""
    if bundle_of(context, subject) is None:
        return None
    rows = context.session.scalars(select(DecisionRow).order_by(DecisionRow.decision_id.desc()).limit(LOOKED_AT)).all()
    policies = policies_of(context, rows)
    return Seed(named="policy", decisions=[row for row in rows if subject in policies.get(row.decision_id, ())])


def bundle_of(context: QueryContext, policy_id: str) -> PolicyBundleRow | None:
    """Return the newest bundle that holds a policy."""
    marked = f"@id({json.dumps(policy_id)})"
    statement = select(PolicyBundleRow).where(PolicyBundleRow.text.contains(marked, autoescape=True))
    return context.session.scalars(statement.order_by(PolicyBundleRow.number.desc()).limit(1)).first()


def policies_of(context: QueryContext, decisions: Iterable[DecisionRow]) -> dict[str, list[str]]:
    """Return the policies that decisions name, by decision; one whose record was erased is left out."""
    by_entry = {row.entry_id: row.decision_id for row in decisions}
    statement = select(EntryRow.entry_id, EntryRow.payload).where(
        EntryRow.entry_id.in_(list(by_entry)), EntryRow.payload.is_not(None)
    )
    return {
        by_entry[row.entry_id]: json.loads(row.payload or "{}").get("answer", {}).get("policies", [])
        for row in context.session.execute(statement)
    }


def _of_metering(context: QueryContext, subject: str) -> Seed | None:
    session = context.session
    count = session.get(UsageCountRow, subject)
    if count is None and len(subject) == _LENGTH_OF_GUID:
        accepted = select(UsageCountRow).where(UsageCountRow.usage_event_id == subject)
        count = session.scalars(accepted.limit(1)).first()
    return None if count is None else Seed(named="metered hour", counts=[count])


def _of_customers(context: QueryContext, subject: str) -> Seed | None:
    session = context.session
    subscription = session.get(SubscriptionRow, subject.lower())
    if subscription is not None:
        return Seed(named="subscription", subscriptions=[str(subscription.subscription_id)])
    of = or_(CustomerRow.customer_id == subject, CustomerRow.slug == subject, CustomerRow.tenant_id == subject.lower())
    customers = session.scalars(select(CustomerRow).where(of).limit(MOST)).all()
    return _of_customer("customer", [str(row.customer_id) for row in customers]) if customers else None


def _of_customer(named: str, customers: list[str]) -> Seed:
    return Seed(named=named, customers=customers)


def _of_deals(context: QueryContext, subject: str) -> Seed | None:
    session = context.session
    subject, _, number = subject.partition("#")
    of = or_(DealRow.deal_id == subject, DealRow.slug == subject, DealRow.private_offer_id == subject)
    deals = list(session.scalars(select(DealRow).where(of).limit(MOST)))
    if not deals or (number and not number.isdecimal()):
        return None
    bought = select(DealPurchaseRow.subscription_id).where(DealPurchaseRow.deal_id.in_([row.deal_id for row in deals]))
    return Seed(
        named="line of a deal" if number else "deal",
        deals=deals,
        subscriptions=[str(each) for each in session.scalars(bought.limit(MOST))],
    )


def _of_consent(context: QueryContext, subject: str) -> Seed | None:
    grant = context.session.get(GrantRow, subject)
    if grant is not None:
        return _of_customer("tenant's grant", [str(grant.customer_id)])
    link = context.session.get(LinkRow, subject)
    return None if link is None else _of_customer("tenant link", [str(link.customer_id)])


def _of_evidence(context: QueryContext, subject: str) -> Seed | None:
    """Find an entry of the log, and what on the chain it is the record of."""
    session = context.session
    entry = session.scalars(select(EntryRow).where(EntryRow.entry_id == subject)).first()
    if entry is None:
        return None
    told = json.loads(entry.payload or "{}")
    decision = session.get(DecisionRow, str(told.get("decision", "")))
    if decision is not None and sees(context, "governance"):
        return Seed(named="entry of an action", decisions=[decision])
    counts = list(session.scalars(select(UsageCountRow).where(UsageCountRow.entry_id == subject).limit(MOST)))
    if not counts and entry.subject_type == "metered_resource":
        of = (UsageEventRow.resource_id == entry.subject_id, UsageEventRow.entry_id == subject)
        keys = session.scalars(select(UsageEventRow.count_id).where(*of).limit(MOST)).all()
        named = [key for key in dict.fromkeys(keys) if key is not None]
        counts = list(session.scalars(select(UsageCountRow).where(UsageCountRow.count_id.in_(named))))
    if counts and sees(context, "metering"):
        return Seed(named="entry of usage", counts=counts)
    if session.get(SubscriptionRow, entry.subject_id) is not None and sees(context, "customers"):
        return Seed(named="entry of a subscription", subscriptions=[entry.subject_id])
    return None


def _of_reports(context: QueryContext, subject: str) -> Seed | None:
    try:
        view = trace_view(context, subject, rows=MOST + 1, is_followed=True)
    except NothingTracedError:
        return None
    named = "payment" if subject.casefold() in (each.casefold() for each in view.payments) else "row of the reports"
    return Seed(named=named, reports=view, subscriptions=[each.lower() for each in view.assets])
