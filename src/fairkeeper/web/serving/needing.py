"""What needs a person, as pages show it: with a date a deadline, without one a finding."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.deals.actions.follow_calendar import close_deal_reminder
from fairkeeper.overview.actions import retry_task
from fairkeeper.overview.agenda.needs import Need
from fairkeeper.web import parts
from fairkeeper.web.format import NO_BREAK
from fairkeeper.web.parts import Deadline, Finding, Link
from fairkeeper.web.serving.telling import resource_link, words
from fairkeeper.web.serving.visit import Visit

_LEVELS: Final = {"error": parts.Level.ERROR, "warning": parts.Level.WARNING}


def part_of(visit: Visit, need: Need) -> Deadline | Finding:
    """Return what needs somebody as a part of a page, with the way to do something about it."""
    where = Link(label=need.where, href=need.page)
    # To a customer's people the publisher's roles say nothing, and they are the ones who are asked.
    owner = "You" if not visit.is_staff else words(need.roles[0]) if need.roles else ""
    if need.due_at is not None:
        return Deadline(
            due_at=need.due_at,
            what=need.what,
            otherwise=need.remedy,
            where=where,
            at_stake=at_stake(need.amount, need.currency),
            owner=owner,
            action=_action(visit, need),
        )
    return Finding(
        level=_LEVELS.get(need.level, parts.Level.NOTE),
        what=need.what,
        remedy=need.remedy,
        since_at=need.since_at,
        where=where,
        at_stake=at_stake(need.amount, need.currency),
        resource=resource_link(need.resource),
        owner=owner,
        close=_action(visit, need),
    )


def at_stake(amount: str | None, currency: str | None) -> str:
    """Write an exact decimal with its currency, without its sign; nothing for nothing.

    Example:
        >>> at_stake("-1234567.50", "EUR").replace(NO_BREAK, " "), at_stake(None, None)
        ('1,234,567.50 EUR', '')
    """
    if amount is None:
        return ""
    shown = f"{abs(Decimal(amount)):,f}"
    return f"{shown}{NO_BREAK}{currency}" if currency else shown


def _action(visit: Visit, need: Need) -> Link | None:
    kind, _, number = need.key.partition(":")
    if kind == "reminder" and visit.allows(close_reminder):
        return Link(label="Close with a reason", href=f"/reminders/{number}/close")
    if kind == "renewal" and visit.allows(close_deal_reminder):
        return Link(label="Say how it goes on", href=f"{need.page}/renewal")
    if kind == "deal" and visit.allows(close_deal_reminder):
        return Link(label="Close with a reason", href=f"/deal-reminders/{number}/close")
    if kind == "task" and visit.allows(retry_task):
        return Link(label="Try again", href=need.page)
    if kind == "approval":
        return Link(label="Answer", href=need.page)
    return None
