"""Gathers what needs somebody out of every room that they may read, and leaves out what waits for others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from fairkeeper.accounts.verification.tracking import list_dues
from fairkeeper.action.operation import Operation, QueryContext
from fairkeeper.action.principal import PrincipalKind
from fairkeeper.assurance.incidents.queries import list_incidents
from fairkeeper.assurance.monitoring.hearing import list_signals
from fairkeeper.assurance.weaknesses.recording import list_weaknesses
from fairkeeper.consent.queries import list_needs
from fairkeeper.customers.queries import list_reminders
from fairkeeper.deals.book.queries import list_deal_needs
from fairkeeper.governance.approvals.queries import list_approvals
from fairkeeper.governance.queries.decisions import list_reviews
from fairkeeper.metering.queries import list_usage
from fairkeeper.opportunities.queries import list_cards
from fairkeeper.overview.actions import retry_task
from fairkeeper.overview.agenda import customers, publishers
from fairkeeper.overview.agenda.needs import Need, in_order, shortened, waits_for
from fairkeeper.overview.connections.looking import list_connections
from fairkeeper.overview.reading import reads
from fairkeeper.payouts.queries import list_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A part of a room that knows of things that need somebody.

    Attributes:
        page: Where all of them are.
        door: The operation that somebody must be allowed, to be told of them.
        collect: Returns them.
        is_for_customers: Whether a customer's people are told of their own company's.
    """

    room: str
    page: str
    door: Operation
    collect: Callable[[QueryContext], Iterable[Need]]
    is_for_customers: bool = False


SOURCES: Final = (
    Source(
        room="customers",
        page="/customers",
        door=list_reminders,
        collect=customers.of_deadlines,
        is_for_customers=True,
    ),
    Source(room="deals", page="/deals", door=list_deal_needs, collect=publishers.of_deals),
    Source(room="consent", page="/consent", door=list_needs, collect=customers.of_consent, is_for_customers=True),
    Source(
        room="approvals",
        page="/approvals",
        door=list_approvals,
        collect=customers.of_approvals,
        is_for_customers=True,
    ),
    Source(room="reviews", page="/agents", door=list_reviews, collect=customers.of_reviews, is_for_customers=True),
    Source(
        room="incidents",
        page="/incidents",
        door=list_incidents,
        collect=customers.of_incidents,
        is_for_customers=True,
    ),
    Source(room="signals", page="/assurance", door=list_signals, collect=customers.of_signals),
    Source(
        room="weaknesses",
        page="/assurance/weaknesses",
        door=list_weaknesses,
        collect=publishers.of_weaknesses,
    ),
    Source(room="usage", page="/usage", door=list_usage, collect=customers.of_usage),
    Source(room="payouts", page="/payouts", door=list_findings, collect=publishers.of_payouts),
    Source(room="opportunities", page="/opportunities", door=list_cards, collect=publishers.of_opportunities),
    Source(room="accounts", page="/accounts", door=list_dues, collect=publishers.of_account),
    Source(
        room="connections",
        page="/settings/connections",
        door=list_connections,
        collect=publishers.of_connections,
    ),
    Source(room="background work", page="/", door=retry_task, collect=publishers.of_failed_tasks),
)
"""Every part that is asked."""


def gather(context: QueryContext) -> tuple[Need, ...]:
    """Return what needs whoever asks, in order; of a part with very much, the first and how many more.

    Staff are told what waits for their roles, and those who see everything what waits for anybody; a customer's people
    and programs what they may read.
    """
    found: list[Need] = []
    for source in SOURCES:
        is_theirs = context.principal.customer_id is None or source.is_for_customers
        if is_theirs and reads(context, source.door):
            needs = in_order(filter(lambda need: _waits(context, need), source.collect(context)), context.now)
            found += shortened(needs, room=source.room, page=source.page)
    return tuple(in_order(found, context.now))


def _waits(context: QueryContext, need: Need) -> bool:
    principal = context.principal
    return principal.kind is not PrincipalKind.STAFF or waits_for(need, principal.roles)
