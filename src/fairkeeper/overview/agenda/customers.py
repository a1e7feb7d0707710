"""What needs somebody about customers and what their agents do: deadlines, consent, approvals, incidents, usage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from fairkeeper.action.operation import QueryContext
from fairkeeper.assurance.incidents.queries import ListIncidents, list_incidents
from fairkeeper.assurance.monitoring.hearing import ListSignals, list_signals
from fairkeeper.consent.queries import NoInput, list_needs
from fairkeeper.customers.path.clocks import ASKS_NOTHING
from fairkeeper.customers.queries import ListDeadlines, ListReminders, list_deadlines, list_reminders
from fairkeeper.customers.views import DeadlineView, ReminderLine
from fairkeeper.governance.approvals.queries import ListApprovals, list_approvals
from fairkeeper.governance.queries.decisions import ListReviews, list_reviews
from fairkeeper.metering.rules.hours import HourRule, expires_at
from fairkeeper.metering.rules.statuses import OPEN, ReportState
from fairkeeper.metering.tables import UsageCountRow
from fairkeeper.overview.agenda.needs import Need
from fairkeeper.values.findings import Level

COMING: Final = timedelta(days=14)
"""How far ahead deadlines are looked for that nobody has been reminded of yet."""
_AT_RISK: Final = timedelta(hours=6)
_HOURS: Final = HourRule()
"""For when an hour expires, which no rule of the publisher's changes."""
_SEVERE: Final = frozenset({"critical", "high"})


def of_deadlines(context: QueryContext) -> Iterator[Need]:
    """Return what customers' clocks ask: reminders that nobody closed, and deadlines that come without one."""
    reminders = list_reminders.function(context, ListReminders(customer="", limit=500))
    yield from map(_of_reminder, reminders)
    reminded = {(line.subject_id, line.due_at) for line in reminders if line.due_at is not None}
    for deadline in list_deadlines.function(context, ListDeadlines(limit=1000, within_days=COMING.days)):
        if deadline.clock not in ASKS_NOTHING and (deadline.subscription_id, deadline.due_at) not in reminded:
            yield _of_clock(deadline)


def _of_reminder(line: ReminderLine) -> Need:
    consequence = line.message.partition(" UTC. ")[2] if line.title else ""
    return Need(
        key=f"reminder:{line.reminder_id}",
        room="customers",
        what=line.title or line.message,
        remedy=f"{consequence} {line.remedy}".strip(),
        level=line.level,
        roles=(line.owner_role,),
        page="/webhooks" if line.customer_slug is None else f"/customers/{line.customer_slug}",
        where=line.customer_name or "Webhooks",
        due_at=line.due_at,
        since_at=line.raised_at,
        resource=line.resource,
    )


def _of_clock(deadline: DeadlineView) -> Need:
    return Need(
        key=f"clock:{deadline.subscription_id}:{deadline.clock}:{deadline.due_at:%Y-%m-%dT%H:%M}",
        room="customers",
        what=deadline.title,
        remedy=deadline.consequence,
        level=Level.WARNING,
        roles=(deadline.owner_role,),
        page=f"/subscriptions/{deadline.subscription_id}",
        where=deadline.customer_name,
        due_at=deadline.due_at,
        resource=deadline.resource,
    )


def of_consent(context: QueryContext) -> Iterator[Need]:
    """Return what about tenants' consent needs a person."""
    own = context.principal.customer_id is not None
    for need in list_needs.function(context, NoInput()):
        if need.level != Level.INFO or own:
            yield Need(
                key=f"consent:{need.customer_id}:{need.kind}:{need.since_at:%Y-%m-%dT%H:%M:%S}:{need.message}",
                room="consent",
                what=need.message,
                remedy=need.remedy,
                level=need.level,
                roles=("platform",),
                page="/permissions" if own else f"/customers/{need.slug}/consent",
                where="Permissions" if own else need.name,
                since_at=need.since_at,
                resource=need.resource,
            )


def of_approvals(context: QueryContext) -> Iterator[Need]:
    """Return the calls that wait for a person: the publisher's for its people, a customer's for its own."""
    is_own = context.principal.customer_id is not None
    for line in list_approvals.function(context, ListApprovals(state="pending", limit=200)):
        if line.is_publishers is is_own:
            continue
        cannot = " It cannot be undone." if line.is_irreversible else ""
        yield Need(
            key=f"approval:{line.approval_id}",
            room="governance",
            what=f"{line.agent_title} asks to use “{line.tool_title}” in {line.environment}.{cannot}",
            remedy="Approve or refuse it; without an answer it is not done.",
            level=Level.ERROR if line.is_irreversible else Level.WARNING,
            roles=("customer_approver", "customer_admin") if is_own else ("security",),
            page=f"/approvals/{line.approval_id}",
            where=line.agent_title,
            due_at=line.ends_at,
            since_at=line.asked_at,
        )


def of_reviews(context: QueryContext) -> Iterator[Need]:
    """Return the calls that ran and that a person looks at afterwards."""
    for line in list_reviews.function(context, ListReviews(is_open=True, limit=500)):
        yield Need(
            key=f"review:{line.decision_id}",
            room="governance",
            what=f"{line.agent_name} used “{line.tool_name}”, which is looked at afterwards.",
            remedy="Look at the call and write down your verdict.",
            level=Level.WARNING,
            roles=("security", "customer_approver", "customer_admin"),
            page=f"/decisions/{line.decision_id}",
            where=line.agent_name,
            due_at=line.due_at,
            since_at=line.queued_at,
        )


def of_incidents(context: QueryContext) -> Iterator[Need]:
    """Return the incidents that are not closed, each by its next deadline."""
    for line in list_incidents.function(context, ListIncidents(only_open=True, limit=500)):
        drill = "Drill: " if line.is_drill else ""
        yield Need(
            key=f"incident:{line.incident_id}",
            room="assurance",
            what=f"{drill}{line.title} ({line.severity}, {line.state.replace('_', ' ')}).",
            remedy="Follow its steps; its page says which notice is due to whom.",
            level=Level.ERROR if line.severity in _SEVERE and not line.is_drill else Level.WARNING,
            roles=("security",),
            page=f"/incidents/{line.incident_id}",
            where="Incident",
            due_at=line.next_due_at,
            since_at=line.opened_at,
        )


def of_signals(context: QueryContext) -> Iterator[Need]:
    """Return, agent by agent, the unusual behaviour that nobody has judged yet."""
    lines = list_signals.function(context, ListSignals(only_open=True, limit=500))
    counted = Counter(line.agent_id for line in lines)
    for agent_id, number in counted.items():
        newest = next(line for line in lines if line.agent_id == agent_id)
        more = f" And {number - 1} more of this agent." if number > 1 else ""
        yield Need(
            key=f"signal:{agent_id}",
            room="assurance",
            what=f"{newest.sentence}{more}",
            remedy="Say whether it is real or false; a real one becomes an incident.",
            level=Level.WARNING if any(line.rings for line in lines if line.agent_id == agent_id) else Level.INFO,
            roles=("security",),
            page="/assurance",
            where="Signals",
            since_at=newest.at,
        )


def of_usage(context: QueryContext) -> Iterator[Need]:
    """Return the hours that wait for a person, that Microsoft does not take, and that expire before long."""
    numbers = func.count(UsageCountRow.number), func.min(UsageCountRow.hour_at), func.min(UsageCountRow.decide_at)
    waiting = (ReportState.HELD, ReportState.FAULTY)
    rows = context.session.execute(
        select(UsageCountRow.state, *numbers).where(UsageCountRow.state.in_(waiting)).group_by(UsageCountRow.state)
    ).all()
    for state, number, oldest, decide_at in rows:
        what, remedy, role, level = _HOURS_WAITING[state]
        yield Need(
            key=f"usage:{state}",
            room="metering",
            what=f"{number} metered {'hour' if number == 1 else 'hours'} {what}",
            remedy=remedy,
            level=level,
            roles=(role,),
            page="/usage",
            where="Usage",
            due_at=min(filter(None, (expires_at(oldest, _HOURS), decide_at))),
            since_at=oldest,
        )
    soon = context.now + _AT_RISK + _HOURS.margin - timedelta(hours=24)
    late = context.session.execute(
        select(func.count(UsageCountRow.number), func.min(UsageCountRow.hour_at)).where(
            UsageCountRow.state.in_([each for each in OPEN if each not in waiting]), UsageCountRow.hour_at <= soon
        )
    ).one()
    if late[0]:
        yield Need(
            key="usage:at_risk",
            room="metering",
            what=f"{late[0]} metered {'hour is' if late[0] == 1 else 'hours are'} at risk: not accepted yet.",
            remedy="Look why it was not accepted; an hour older than 24 hours is never billed.",
            level=Level.ERROR,
            roles=("platform", "finance"),
            page="/usage",
            where="Usage",
            due_at=expires_at(late[1], _HOURS),
            since_at=late[1],
        )


_HOURS_WAITING: Final = {
    ReportState.HELD.value: (
        "held: unusual, or above a limit.",
        "Release or refuse them; what is not released in time is never billed.",
        "finance",
        Level.ERROR,
    ),
    ReportState.FAULTY.value: (
        "not taken by Microsoft as they are.",
        "Mend what the answer names; they are tried again until they expire.",
        "platform",
        Level.ERROR,
    ),
}
