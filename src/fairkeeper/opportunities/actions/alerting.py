"""Tells what changed through the house's messages: urgent falls at once, the rest in a digest of the week, each once.

Whoever owns the account hears of it; where nobody does, all sellers. Mail, Teams, quiet hours and following up are the
messages' own matter (`fairkeeper.messages`); told here means handed over to them in the same transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.access.people import PersonState
from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.action.telling import MessageTemplate, Telling, Urgency, message_templates, tell
from fairkeeper.opportunities.actions.evidence_kinds import ALERTS_TOLD
from fairkeeper.opportunities.tables import AccountRow, AlertRow, CardRow

SELLERS: Final = "seller"
_WEEK: Final = timedelta(days=7)
_MOST_CHARACTERS: Final = 1800
_FIRST_CARDS: Final = 5

PAID_USE_FELL: Final = message_templates.declare(
    MessageTemplate(
        code="opportunities.paid_use_fell",
        title="Paid use fell at an account",
        subject="Paid use fell: {who}",
        text="{alerts}\n\nLook at the account's admin settings first, then ask what changed.",
    )
)
THE_WEEK: Final = message_templates.declare(
    MessageTemplate(
        code="opportunities.the_week",
        title="The week's changes at accounts",
        subject="Your accounts this week: {changed} changed, {new} new above the line",
        text="What changed:\n{alerts}\n\nNew above the line:\n{cards}\n\nWhom to talk to first:\n{first}",
    )
)


class TellAlerts(OperationInput):
    """Which alerts."""

    is_urgent: bool = Field(description="The urgent ones, or the week's digest.")


@dataclass(slots=True)
class _Reader:
    """What one reader is told of: a person, or whoever has a role."""

    to: str
    owners: list[str] = field(default_factory=list)
    alerts: list[AlertRow] = field(default_factory=list)
    new: list[CardRow] = field(default_factory=list)


@internal_command("opportunities.tell_alerts", evidence=(ALERTS_TOLD,))
def tell_alerts(context: CommandContext, request: TellAlerts) -> Outcome[int]:
    """Hand what was not told yet over to the messages; return how many readers hear of something."""
    session = context.session
    alerts = session.scalars(
        select(AlertRow)
        .where(AlertRow.told_at.is_(None), AlertRow.closed_at.is_(None), AlertRow.is_urgent.is_(request.is_urgent))
        .order_by(AlertRow.opened_at, AlertRow.id)
        .with_for_update()
    ).all()
    new = () if request.is_urgent else _crossed(context)
    readers = _readers(session, alerts, new)
    told = [_tell(context, each, is_urgent=request.is_urgent) for each in readers]
    for row in alerts:
        row.told_at = context.now
    if not alerts:
        return Outcome(result=sum(told), entry=None)
    entry = EvidenceDraft(
        kind=ALERTS_TOLD.name,
        subject_type="alerts",
        subject_id="messages",
        payload={
            "count": len(alerts),
            "channel": "messages",
            "alerts": [str(row.id) for row in alerts],
            "readers": len(readers),
        },
    )
    return Outcome(result=sum(told), entry=entry)


def _crossed(context: CommandContext) -> Sequence[CardRow]:
    """Return the cards that crossed their lens's line within the week; a first ranking crosses nothing."""
    first = context.session.scalar(select(func.min(CardRow.opened_at)))
    if first is None:
        return ()
    since = max(first, context.now - _WEEK)
    return context.session.scalars(
        select(CardRow)
        .where(CardRow.opened_at > since, CardRow.closed_at.is_(None), CardRow.state.in_(("open", "accepted")))
        .order_by(CardRow.rank, CardRow.lens, CardRow.id)
    ).all()


def _readers(session: Session, alerts: Sequence[AlertRow], new: Sequence[CardRow]) -> list[_Reader]:
    """Return who hears of what: the owner's own, and for all sellers what nobody owns."""
    tenants = sorted({row.tenant_id for row in alerts} | {card.tenant_id for card in new})
    owners = _owners(session, tenants)
    people = _people(session, owners.values())
    readers: dict[str, _Reader] = {}
    for row in alerts:
        _reader(readers, owners.get(row.tenant_id, ""), people).alerts.append(row)
    for card in new:
        _reader(readers, owners.get(card.tenant_id, ""), people).new.append(card)
    return [readers[to] for to in sorted(readers)]


def _reader(readers: dict[str, _Reader], owner: str, people: Mapping[str, str]) -> _Reader:
    to = people.get(owner, SELLERS)
    reader = readers.setdefault(to, _Reader(to))
    if to != SELLERS and owner not in reader.owners:
        reader.owners.append(owner)
    return reader


def _owners(session: Session, tenants: Sequence[str]) -> dict[str, str]:
    """Return the owner's address by tenant."""
    found: dict[str, str] = {}
    for start in range(0, len(tenants), 400):
        rows = session.execute(
            select(AccountRow.tenant_id, AccountRow.owner).where(
                AccountRow.tenant_id.in_(tenants[start : start + 400]), AccountRow.owner != ""
            )
        )
        found |= {tenant: owner.lower() for tenant, owner in rows}
    return found


def _people(session: Session, owners: Iterable[str]) -> dict[str, str]:
    """Return the ids of active people of the publisher's by their address."""
    wanted = sorted(set(owners))
    if not wanted:
        return {}
    rows = session.execute(
        select(func.lower(PersonRow.email), PersonRow.id).where(
            PersonRow.customer_id.is_(None),
            PersonRow.state == PersonState.ACTIVE.value,
            func.lower(PersonRow.email).in_(wanted),
        )
    )
    return {str(email): str(person_id) for email, person_id in rows}


def _tell(context: CommandContext, reader: _Reader, *, is_urgent: bool) -> bool:
    alerts = [f"- {row.tenant_name}: {row.sentence} As of {row.as_of.isoformat()}." for row in reader.alerts]
    if is_urgent:
        names = sorted({row.tenant_name for row in reader.alerts})
        who = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        ids = hashlib.sha256(" ".join(str(row.id) for row in reader.alerts).encode()).hexdigest()[:16]
        telling = Telling(
            template=PAID_USE_FELL,
            key=f"{reader.to}:{ids}",
            to=reader.to,
            urgency=Urgency.URGENT,
            values={"who": who, "alerts": fitting(alerts)},
            href="/opportunities/alerts",
        )
        return tell(context, telling)
    year, week, _ = context.now.isocalendar()
    telling = Telling(
        template=THE_WEEK,
        key=f"{reader.to}:{year}-W{week:02}",
        to=reader.to,
        urgency=Urgency.DIGEST,
        values={
            "changed": str(len(reader.alerts)),
            "new": str(len(reader.new)),
            "alerts": fitting(alerts) or "- Nothing that is believed.",
            "cards": fitting([_line(card) for card in reader.new]) or "- Nobody.",
            "first": fitting([_line(card) for card in _first(context.session, reader)]) or "- Nobody.",
        },
        href="/opportunities",
    )
    return tell(context, telling)


def _first(session: Session, reader: _Reader) -> Sequence[CardRow]:
    statement = select(CardRow).where(CardRow.closed_at.is_(None), CardRow.state.in_(("open", "accepted")))
    if reader.owners:
        statement = statement.where(func.lower(CardRow.owner).in_(reader.owners))
    return session.scalars(statement.order_by(CardRow.rank, CardRow.lens, CardRow.id).limit(_FIRST_CARDS)).all()


def _line(card: CardRow) -> str:
    return (
        f"- {card.tenant_name} ({card.card['title']}): {card.likelihood_ppm / 10_000:.0f} % likely. "
        f"{card.card['why_now']}. To do: {card.motion}."
    )


def fitting(lines: Sequence[str], most: int = _MOST_CHARACTERS) -> str:
    r"""Return as many lines as fit, and how many do not.

    Example:
        >>> fitting(["- Contoso fell.", "- Fabrikam fell."], most=20)
        '- Contoso fell.\n- and 1 more in Fairkeeper'
    """
    taken: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > most and taken:
            return "\n".join([*taken, f"- and {len(lines) - len(taken)} more in Fairkeeper"])
        taken.append(line[:most])
    return "\n".join(taken)


OPERATIONS = (tell_alerts,)
