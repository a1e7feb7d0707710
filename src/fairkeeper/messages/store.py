"""Between rows and rules: the rule in force, the wording in force, who has a role, a message in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.access.people import CUSTOMER_ADMIN, OWNER, PersonState
from fairkeeper.access.roles import CUSTOMER_ROLES
from fairkeeper.access.tables import PersonRow
from fairkeeper.action.telling import message_templates
from fairkeeper.messages.quiet import MessageRule, time_of
from fairkeeper.messages.tables import MessageRow, MessageRuleRow, WordingRow
from fairkeeper.messages.wording import LONGEST_TEXT, Told, fill, one_line
from fairkeeper.values.ids import CustomerId, PersonId

TEAMS: Final = PersonId("teams")
"""Stands where a person's id does, for the channel in Microsoft Teams."""
RULE_ID: Final = 1


def load_rule(session: Session) -> MessageRule:
    """Return the rule in force."""
    row = session.get(MessageRuleRow, RULE_ID)
    if row is None:
        return MessageRule()
    kept = dict(row.rule)
    for name in ("quiet_from", "quiet_until", "digest_at"):
        kept[name] = time_of(kept[name])
    return MessageRule(**kept)


def people_of(session: Session, to: str, customer_id: CustomerId | None) -> Sequence[PersonRow]:
    """Return whom a person's id or a role means: active people; those in charge where nobody has the role."""
    active = select(PersonRow).where(PersonRow.state == PersonState.ACTIVE.value).order_by(PersonRow.id)
    if to.startswith("per_"):
        return session.scalars(active.where(PersonRow.id == to)).all()
    theirs = session.scalars(active.where(PersonRow.customer_id.is_not_distinct_from(customer_id))).all()
    found = [row for row in theirs if to in row.roles]
    in_charge = OWNER if customer_id is None else CUSTOMER_ADMIN
    return found or [row for row in theirs if in_charge in row.roles]


def reader_of(to: str, about: CustomerId | None) -> CustomerId | None:
    """Return whose people a role means: the customer's for its own roles, the publisher's for all others."""
    return about if to in CUSTOMER_ROLES else None


def own_words(session: Session) -> dict[str, tuple[str, str]]:
    """Return subject and text of every template that the publisher words otherwise."""
    return {row.code: (row.subject, row.text) for row in session.scalars(select(WordingRow))}


def told_of(row: MessageRow, words: Mapping[str, tuple[str, str]], base_url: str = "") -> Told:
    """Return a message in the publisher's words."""
    template = message_templates.get(row.code)
    subject, text = words.get(row.code) or ((template.subject, template.text) if template else (row.code, ""))
    values = {name: str(value) for name, value in row.values.items()}
    prefix = "Still unread: " if row.escalates else ""
    return Told(
        subject=one_line(prefix + fill(subject, values)),
        text=fill(text, values)[:LONGEST_TEXT],
        address=f"{base_url}/messages/{row.message_id}",
        due_at=row.due_at,
    )
