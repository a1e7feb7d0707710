"""What needs somebody about the publisher's own things: account, deals, money, sellers, connections, failed work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Final

from sqlalchemy import select

from fairkeeper.accounts.checks.checking import check_structure
from fairkeeper.accounts.checks.declaring import Basis
from fairkeeper.accounts.store import newest_structure, structure_of
from fairkeeper.accounts.verification.clocks import Clock
from fairkeeper.accounts.verification.tracking import ListDues, ListIncidents, list_dues, list_incidents
from fairkeeper.action.operation import QueryContext
from fairkeeper.assurance.weaknesses.recording import ListWeaknesses, list_weaknesses
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.deals.book.queries import ListDealNeeds, list_deal_needs
from fairkeeper.deals.book.tables import DealRow
from fairkeeper.opportunities.queries import ListAlerts, ListCards, list_alerts, list_cards
from fairkeeper.overview.agenda.needs import MOST_OF_A_ROOM, Need
from fairkeeper.overview.connections.catalogue import LookState
from fairkeeper.overview.connections.looking import ListConnections, list_connections
from fairkeeper.overview.views import FailedTask
from fairkeeper.payouts.queries import ListFindings, list_findings
from fairkeeper.values.currencies import currency
from fairkeeper.values.findings import Level
from fairkeeper.values.money import Money

_MENDS_TASKS: Final = ("operations", "platform")


def of_account(context: QueryContext) -> Iterator[Need]:
    """Return what is due in verifications, what a lost one asks for, and what is wrong with the account."""
    dues = list_dues.function(context, ListDues(is_warned=True))
    for due in dues:
        yield Need(
            key=f"due:{due.programme}:{due.clock}:{due.key}",
            room="accounts",
            what=f"{due.what}.",
            remedy=due.otherwise,
            level=Level.WARNING,
            roles=("operations",),
            page=f"/accounts/verification/{due.programme}",
            where=due.programme_name,
            due_at=end_of(due.due_on),
        )
    for incident in list_incidents.function(context, ListIncidents()):
        told = {due.due_on for due in dues if due.clock == Clock.SUSPENSION and due.programme == incident.programme}
        for number, each in enumerate(incident.to_dos):
            by_on = date.fromisoformat(each["by_on"])
            if by_on not in told:
                yield Need(
                    key=f"verification:{incident.incident_id}:{number}",
                    room="accounts",
                    what=f"{each['what']}.",
                    remedy=f"To {each['to_whom']}. {incident.step.replace('_', ' ').capitalize()} was lost on "
                    f"{incident.lost_on}.",
                    level=Level.ERROR,
                    roles=("operations",),
                    page=f"/accounts/verification/{incident.programme}",
                    where=incident.programme_name,
                    due_at=end_of(by_on),
                    since_at=incident.opened_at,
                )
    yield from _of_structure(context)


def _of_structure(context: QueryContext) -> Iterator[Need]:
    row = newest_structure(context.session)
    if row is None:
        return
    for found in check_structure(structure_of(row), Basis(as_of=context.now.date(), ahead_days=60)):
        if found.level is Level.ERROR:
            yield Need(
                key=f"structure:{found.code}:{found.subject}:{found.path}",
                room="accounts",
                what=found.message,
                remedy=found.remedy,
                level=found.level,
                roles=("operations",),
                page="/accounts",
                where="Account structure",
                since_at=row.stated_at,
                resource=found.resource,
            )


def of_deals(context: QueryContext) -> Iterator[Need]:
    """Return what waits for a person about deals, with what each deal is worth."""
    needs = list_deal_needs.function(context, ListDealNeeds(limit=500))
    ids = sorted({need.deal_id for need in needs})
    worth = {row.deal_id: row for row in context.session.scalars(select(DealRow).where(DealRow.deal_id.in_(ids)))}
    for need in needs:
        deal = worth.get(need.deal_id)
        total = None if deal is None else Money(deal.total_minor, currency(deal.currency))
        yield Need(
            key=f"renewal:{need.deal_slug}" if need.code == "deals.renewal_near" else f"deal:{need.deal_reminder_id}",
            room="deals",
            what=need.message,
            remedy=need.remedy,
            level=need.level,
            roles=(need.owner_role,),
            page=f"/deals/{need.deal_slug}",
            where=need.deal_name,
            due_at=None if need.due_on is None else end_of(need.due_on),
            since_at=need.raised_at,
            amount=None if total is None else f"{total.to_decimal():f}",
            currency=None if deal is None else deal.currency,
            resource=need.resource,
        )


def of_payouts(context: QueryContext) -> Iterator[Need]:
    """Return the differences between order and bank that nobody closed, the most money first."""
    found = list_findings.function(context, ListFindings(limit=MOST_OF_A_ROOM))
    for each in found.findings:
        yield Need(
            key=f"payout:{each.finding_id}",
            room="payouts",
            what=each.message,
            remedy=each.remedy,
            level=each.level,
            roles=(each.owner_role,),
            page=f"/payouts/findings/{each.finding_id}",
            where=each.customer or each.payment_id or each.code.partition(".")[2].replace("_", " "),
            since_at=None if each.since_on is None else datetime.combine(each.since_on, time(), UTC),
            amount=each.amount,
            currency=each.currency,
        )
    rest = found.total - len(found.findings)
    if rest:
        yield Need(
            key="more:payouts",
            room="payouts",
            what=f"{rest:,} more {'difference' if rest == 1 else 'differences'} between order and bank, each of less "
            "money.",
            remedy="They stand in their room, the most money first.",
            level=Level.WARNING,
            roles=("finance",),
            page="/payouts",
            where="Payouts",
        )


def of_opportunities(context: QueryContext) -> Iterator[Need]:
    """Return whom a seller should talk to, by what it is worth, and what changed so much that it is urgent."""
    for alert in list_alerts.function(context, ListAlerts(limit=100)).alerts:
        if alert.is_urgent:
            yield Need(
                key=f"alert:{alert.id}",
                room="opportunities",
                what=alert.sentence,
                remedy="Ask the customer before the next renewal what has changed.",
                level=Level.WARNING,
                roles=("seller",),
                page="/opportunities/alerts",
                where=alert.name,
                since_at=alert.opened_at,
            )
    found = list_cards.function(context, ListCards(state="open", limit=MOST_OF_A_ROOM))
    for card in found.cards:
        yield Need(
            key=f"card:{card.id}",
            room="opportunities",
            what=f"{card.account}: {card.title}.",
            remedy=card.why_now,
            level=Level.INFO,
            roles=("seller",),
            page=f"/opportunities/cards/{card.id}",
            where=card.account,
            since_at=card.opened_at,
            amount=card.worth,
            currency=card.currency,
        )
    rest = found.total - len(found.cards)
    if rest:
        yield Need(
            key="more:opportunities",
            room="opportunities",
            what=f"{rest:,} more open {'card' if rest == 1 else 'cards'}, each of a lower rank.",
            remedy="They stand in their room, the best first.",
            level=Level.INFO,
            roles=("seller",),
            page="/opportunities",
            where="Opportunities",
        )


def of_connections(context: QueryContext) -> Iterator[Need]:
    """Return the connections that the last look found broken."""
    found = list_connections.function(context, ListConnections())
    for line in found.connections:
        if line.state == LookState.MEND.value:
            yield Need(
                key=f"connection:{line.name}",
                room="settings",
                what=f"{line.name}: {' '.join(each.message for each in line.findings)}",
                remedy=" ".join(dict.fromkeys(each.remedy for each in line.findings)),
                level=Level.ERROR,
                roles=("platform", "operations"),
                page="/settings/connections",
                where="Connections",
                since_at=found.looked_at,
                resource=next((each.resource for each in line.findings if each.resource), None),
            )


def of_weaknesses(context: QueryContext) -> Iterator[Need]:
    """Return the weaknesses of the installation that must not wait, as the last scans found them."""
    for line in list_weaknesses.function(context, ListWeaknesses(only_open=True)):
        if line.level == Level.ERROR:
            yield Need(
                key=f"weakness:{line.weakness_id}",
                room="assurance",
                what=line.what,
                remedy=line.remedy,
                level=Level.ERROR,
                roles=("security", "operations"),
                page="/assurance/weaknesses",
                where="Weaknesses",
                since_at=line.first_seen_at,
            )


def failed_tasks(context: QueryContext) -> tuple[FailedTask, ...]:
    """Return the newest background work that was given up."""
    rows = context.session.scalars(
        select(TaskRow).where(TaskRow.state == TaskState.FAILED).order_by(TaskRow.finished_at.desc()).limit(50)
    )
    return tuple(
        FailedTask(
            task_id=row.id,
            name=row.name,
            key=row.key,
            attempts=row.attempts,
            last_error=row.last_error or "",
            failed_at=row.finished_at,
        )
        for row in rows
    )


def of_failed_tasks(context: QueryContext) -> Iterator[Need]:
    """Return background work that was given up, for those who can do something about it."""
    for task in failed_tasks(context):
        yield Need(
            key=f"task:{task.task_id}",
            room="settings",
            what=f"Background work was given up after {task.attempts} attempts: {task.name}.",
            remedy=task.last_error or "Look at the log, mend the cause, and try again.",
            level=Level.ERROR,
            roles=_MENDS_TASKS,
            page=f"/tasks/{task.task_id}/retry",
            where=f"Work {task.task_id}",
            since_at=task.failed_at,
        )


def end_of(day: date) -> datetime:
    """Return the end of a day in UTC."""
    return datetime.combine(day, time(23, 59), tzinfo=UTC)
