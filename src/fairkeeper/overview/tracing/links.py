"""The links of a walked chain: what stands at each, where its page is, and why nothing does where nothing does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote

from sqlalchemy import select

from fairkeeper.action.operation import QueryContext
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.deals.book.tables import DealChargeRow, DealPurchaseRow, DealRow
from fairkeeper.governance.tables import DataGrantRow, DecisionBasisRow, DecisionRow, PermitRow
from fairkeeper.metering.rules.quantity import show_units
from fairkeeper.overview.tracing.doors import sees
from fairkeeper.overview.tracing.seeds import Seed, bundle_of, policies_of
from fairkeeper.overview.tracing.views import ChainLink, Traced, found
from fairkeeper.overview.tracing.walking import Walked
from fairkeeper.payouts.views import TraceStage
from fairkeeper.policy.decision.reasons import SENTENCES, Reason
from fairkeeper.policy.decision.record import read_basis
from fairkeeper.policy.decision.slices import PERMIT_PREFIX
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money

_KINDS: Final = {
    "bank": "bank line",
    "paid": "payment",
    "earned": "earning",
    "billed": "revenue line",
    "usage": "usage row",
    "order": "order",
}


def reports_link(context: QueryContext, walked: Walked, name: str) -> ChainLink:
    """Return a link of the reports, by their own trace."""
    del context
    stages = [stage for view in walked.reports for stage in view.chain if stage.stage == name]
    things = [
        Traced(
            kind=_KINDS[name],
            id=row.id or row.what,
            label=row.what,
            page=_reports_page(row.id or row.what),
            on=row.on,
            amount=row.amount,
            currency=row.currency,
            note=" ".join(filter(None, (row.status, f"{row.file}, row {row.row}"))),
        )
        for stage in stages
        for row in stage.rows
    ]
    if things:
        why = "Of the whole order: no row of a report names a single call." if walked.is_from_usage else ""
        return found(name, things, part=why)
    return found(name, (), missing=_why_no_rows(walked, name, stages))


def _reports_page(subject: str) -> str:
    return f"/payouts/trace?id={quote(subject, safe='')}"


def _why_no_rows(walked: Walked, name: str, stages: Iterable[TraceStage]) -> str:
    kind = _KINDS[name]
    if not walked.orders:
        return f"No {kind}: nothing on this chain names an order."
    for stage in stages:
        if stage.state == "waiting":
            return f"No {kind} yet: expected by {stage.expected_by:%d %b %Y}."
        if stage.state == "unknown":
            return f"No {kind}: the reports that were handed over do not cover it."
        if name == "usage":
            return "No usage row: no usage of the reports belongs to these lines."
        return f"No {kind}: the reports cover it, and no row names these lines."
    named = ", ".join(walked.orders[:3])
    return f"No {kind}: no row of any report names {named} as its order."


def order_link(context: QueryContext, walked: Walked) -> ChainLink:
    """Return the orders, each with the subscription of the same id."""
    known = {str(row.subscription_id): row for row in walked.subscriptions}
    ordered = reports_link(context, walked, "order").things if sees(context, "reports") else ()
    things = [
        Traced(
            kind="subscription",
            id=key,
            label=row.name or row.plan_id or key,
            page=f"/subscriptions/{key}",
            at=row.bought_at,
            note=f"{row.plan_id or 'no plan'}, {row.status_text or 'held'}",
        )
        for key, row in known.items()
    ]
    things += [each for each in ordered if each.id.lower() not in known]
    unknown = [each for each in walked.orders if each.lower() not in known]
    if not walked.orders:
        return found("order", things, missing=_no_usage(walked, "order"))
    why = f"No subscription here has the id {unknown[0]}, which the reports name as the order." if unknown else ""
    return found("order", things, missing=why, part=why)


def _no_usage(walked: Walked, what: str) -> str:
    if walked.decisions:
        return f"No {what}: no usage names {_decisions(walked)}, so that nothing leads from here to an order."
    return f"No {what}: nothing on this chain names one."


def _decisions(walked: Walked) -> str:
    return "this decision" if len(walked.decisions) == 1 else f"any of these {len(walked.decisions)} decisions"


def deal_link(context: QueryContext, walked: Walked, seed: Seed) -> ChainLink:
    """Return the deals that the orders came from, with the charges that they schedule."""
    session = context.session
    keys = [str(row.subscription_id) for row in walked.subscriptions]
    purchases = session.scalars(select(DealPurchaseRow).where(DealPurchaseRow.subscription_id.in_(keys))).all()
    ids = {row.deal_id for row in purchases if row.deal_id} | {row.deal_id for row in seed.deals}
    deals = session.scalars(select(DealRow).where(DealRow.deal_id.in_(sorted(ids)))).all()
    slugs = {row.deal_id: row.slug for row in deals}
    things = [
        Traced(
            kind="deal",
            id=row.slug,
            label=row.name,
            page=f"/deals/{row.slug}",
            on=row.starts_on,
            note=f"{row.kind}, {row.state}",
        )
        for row in deals
    ]
    charges = session.scalars(
        select(DealChargeRow)
        .where(DealChargeRow.subscription_id.in_(keys), DealChargeRow.deal_id.in_(sorted(slugs)))
        .order_by(DealChargeRow.charged_on, DealChargeRow.number)
    ).all()
    months = {
        row.on.replace(day=1)
        for view in walked.reports
        for each in view.chain
        for row in each.rows
        if row.on and each.stage == "billed"
    }
    shown = [row for row in charges if not months or row.charged_on.replace(day=1) in months]
    things += [_charge(row, slugs[row.deal_id]) for row in shown]
    if things:
        return found("deal", things)
    if not walked.subscriptions:
        return found(
            "deal", (), missing=_no_usage(walked, "deal") if not walked.orders else "No deal: no order is known here."
        )
    reasons = [row.reason for row in purchases if not row.deal_id]
    return found(
        "deal", (), missing=f"No deal: {reasons[0]}" if reasons else "No deal: no purchase of these was matched to one."
    )


def _charge(row: DealChargeRow, slug: str) -> Traced:
    amount = Money(row.amount_minor, currency(row.currency)).to_decimal()
    return Traced(
        kind="charge",
        id=f"{slug}#{row.number}",
        label=f"Charge {row.number} of {row.deal_name}",
        page=f"/deals/{slug}#money",
        on=row.charged_on,
        amount=f"{amount:f}",
        currency=row.currency,
        note=row.note,
    )


def metered_link(context: QueryContext, walked: Walked) -> ChainLink:
    """Return the counted hours, each with what Microsoft calls it."""
    del context
    things = [
        Traced(
            kind="hour",
            id=row.count_id,
            label=f"{row.dimension}, {row.hour_at:%d %b %Y %H:00} UTC",
            page=f"/usage/hours/{row.count_id}",
            at=row.hour_at,
            note=f"{show_units(row.units_milli)} used, {show_units(row.quantity_milli)} to report, {row.state}"
            + (f", Microsoft's event {row.usage_event_id}" if row.usage_event_id else ""),
        )
        for row in walked.counts
    ]
    if things:
        why = "Of the whole subscription: the reports name no day of usage." if _is_wide(walked) else ""
        return found("metered", things, part=why)
    if walked.events:
        return found("metered", (), missing="No metered hour yet: the usage waits to be counted.")
    if walked.decisions:
        return found("metered", (), missing=_why_not_metered(walked))
    days = f" of {walked.days[0]} to {walked.days[1]}" if walked.days else ""
    return found("metered", (), missing=f"No metered hour: nothing was counted for the order{days}.")


def _is_wide(walked: Walked) -> bool:
    return bool(walked.reports) and walked.days is None and not walked.is_from_usage


def _why_not_metered(walked: Walked) -> str:
    rows = walked.decisions
    if all(row.customer_id is None for row in rows):
        return f"No usage names {_decisions(walked)}: the agent is the publisher's own, and no customer pays for it."
    if not any(row.allowed for row in rows):
        return f"No usage names {_decisions(walked)}: nothing was allowed, so nothing is metered."
    if not any(row.outcome == "ok" for row in rows):
        return f"No usage names {_decisions(walked)}: no call was reported as carried out."
    return f"No usage names {_decisions(walked)}: the tool has no meter, or its calls are not metered yet."


def action_link(context: QueryContext, walked: Walked) -> ChainLink:
    """Return what agents did: the outcomes of allowed calls."""
    may_open = sees(context, "evidence")
    things = [
        Traced(
            kind="action",
            id=row.outcome_entry_id,
            label=f"{row.tool_name}: {row.outcome}",
            page=f"/evidence/{row.outcome_entry_id}" if may_open else f"/decisions/{row.decision_id}#then",
            at=row.outcome_at,
            note=f"by {row.agent_id}",
        )
        for row in walked.decisions
        if row.outcome_entry_id is not None
    ]
    if things:
        return found("action", things)
    if not walked.decisions:
        return found("action", (), missing=_why_no_call(walked))
    if not any(row.allowed for row in walked.decisions):
        return found("action", (), missing="No action: nothing was allowed.")
    return found("action", (), missing="No action: its outcome was not reported.")


def _why_no_call(walked: Walked) -> str:
    if not walked.events:
        return "No action: no usage leads to one."
    sources = ", ".join(sorted({each.source for each in walked.events}))
    return f"No usage names a decision: {len(walked.events)} usage came by {sources}, not by a governed call."


def decision_link(context: QueryContext, walked: Walked) -> ChainLink:
    """Return the decisions."""
    del context
    things = [
        Traced(
            kind="decision",
            id=row.decision_id,
            label=f"{row.tool_name}: {'allowed' if row.allowed else 'not allowed'}",
            page=f"/decisions/{row.decision_id}",
            at=row.at,
            note=SENTENCES[Reason(row.reason)],
        )
        for row in walked.decisions
    ]
    return found("decision", things, missing=_why_no_call(walked).replace("No action:", "No decision:"))


def policy_link(context: QueryContext, walked: Walked) -> ChainLink:
    """Return the policies that determined the decisions: permits, and policies of bundles."""
    named: dict[str, DecisionRow] = {}
    told = policies_of(context, walked.decisions)
    for row in walked.decisions:
        for policy in told.get(row.decision_id, ()):
            named.setdefault(policy, row)
    things = [_policy(context, policy, row) for policy, row in named.items()]
    if things:
        return found("policy", things)
    if not walked.decisions:
        return found("policy", (), missing="No policy: no decision is on this chain.")
    if not told:
        return found("policy", (), missing=f"No policy: the record of {_decisions(walked)} was erased.")
    reason = SENTENCES[Reason(walked.decisions[0].reason)]
    return found("policy", (), missing=f"No policy determined {_decisions(walked)}: {reason}")


def _policy(context: QueryContext, policy: str, row: DecisionRow) -> Traced:
    if policy.startswith(PERMIT_PREFIX):
        permit = context.session.get(PermitRow, policy.removeprefix(PERMIT_PREFIX))
        label = "A permit" if permit is None else f"{permit.tool_title}: {permit.lane}"
        at = None if permit is None else permit.granted_at
        return Traced(kind="permit", id=policy, label=label, page=f"/agents/{row.agent_id}#tools", at=at)
    bundle = bundle_of(context, policy)
    if bundle is None:
        return Traced(
            kind="policy",
            id=policy,
            label=policy,
            page=f"/decisions/{row.decision_id}#policies",
            note="the publisher's",
        )
    return Traced(
        kind="policy",
        id=policy,
        label=policy,
        page=f"/policies/{bundle.number}#words",
        at=bundle.saved_at,
        note=f"bundle {bundle.number}",
    )


def grant_link(context: QueryContext, walked: Walked) -> ChainLink:
    """Return what the decisions rested on: access to data, and what the customers' tenants granted."""
    things = [*_data_grants(context, walked), *_tenant_grants(context, walked)]
    if things:
        return found("grant", things)
    if not walked.customers:
        return found("grant", (), missing="No grant: nothing on this chain is a customer's.")
    return found(
        "grant", (), missing="No grant: the calls touched no class of data, and the tenant was asked for nothing."
    )


def _data_grants(context: QueryContext, walked: Walked) -> Iterable[Traced]:
    if not sees(context, "governance"):
        return
    for row in walked.decisions:
        basis = context.session.get(DecisionBasisRow, row.basis_digest)
        if basis is None:
            continue
        facts = read_basis(basis.content)
        classes = {*facts.tool.reads, *facts.tool.writes}
        for grant in facts.grants:
            if grant.data_class not in classes or grant.use_id != row.use_id:
                continue
            kept = context.session.get(DataGrantRow, grant.id)
            yield Traced(
                kind="data grant",
                id=grant.id,
                label=f"Data: {grant.data_class}",
                page=f"/decisions/{row.decision_id}#data",
                at=None if kept is None else kept.granted_at,
                note=f"of {kept.owner}" if kept else "",
            )


def _tenant_grants(context: QueryContext, walked: Walked) -> Iterable[Traced]:
    if not sees(context, "consent"):
        return
    pages = _consent_pages(context, walked)
    statement = select(GrantRow).where(GrantRow.customer_id.in_(walked.customers)).order_by(GrantRow.asked_at)
    for row in context.session.scalars(statement):
        yield Traced(
            kind="tenant's grant",
            id=row.grant_id,
            label=f"{row.registration}, {row.tier}",
            page=pages[str(row.customer_id)],
            at=row.since_at,
            note=f"{row.state.replace('_', ' ')}; {', '.join(str(each) for each in row.features)}",
        )


def link_link(context: QueryContext, walked: Walked) -> ChainLink:
    """Return the trust in the customers' tenants."""
    pages = _consent_pages(context, walked)
    rows = context.session.scalars(
        select(LinkRow).where(LinkRow.customer_id.in_(walked.customers)).order_by(LinkRow.number.desc())
    ).all()
    things = [
        Traced(
            kind="tenant link",
            id=row.link_id,
            label=f"Tenant {row.tenant_id}",
            page=pages[str(row.customer_id)],
            at=row.since_at,
            note=row.state.replace("_", " "),
        )
        for row in rows
    ]
    if things or walked.customers:
        return found(
            "link", things, missing="No tenant link: nobody of the customer's tenant has proved themselves yet."
        )
    if walked.decisions:
        return found(
            "link", (), missing="No tenant link: the agent is the publisher's own and acts in no customer's tenant."
        )
    return found("link", (), missing="No tenant link: no customer is known on this chain.")


def _consent_pages(context: QueryContext, walked: Walked) -> dict[str, str]:
    """Return where each customer's consent is shown to whoever asks."""
    if context.principal.customer_id is not None:
        return dict.fromkeys(walked.customers, "/permissions")
    rows = context.session.scalars(select(CustomerRow).where(CustomerRow.customer_id.in_(walked.customers)))
    return {str(row.customer_id): f"/customers/{row.slug}/consent" for row in rows}


LINKS: Final[dict[str, Callable[[QueryContext, Walked], ChainLink]]] = {
    "metered": metered_link,
    "action": action_link,
    "decision": decision_link,
    "policy": policy_link,
    "grant": grant_link,
    "link": link_link,
}
"""What makes each link, besides the reports', the order and the deal."""
