"""Follows a subscription read without any notice: reconciliation, activation, a second look, a landing visit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, internal_command
from fairkeeper.customers.actions.effects import Occasion, apply_effects, known_there, reading_entry
from fairkeeper.customers.actions.marketplace.follow_notice import LARGEST_JSON, snapshot_of
from fairkeeper.customers.evidence_kinds import SUBSCRIPTION_KINDS
from fairkeeper.customers.following.webhooks import follow_present_state
from fairkeeper.customers.store import mirror_of_row, refuse_overtaken
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.errors import InvalidError


class ReadingSource(StrEnum):
    """Why a subscription was read."""

    RECONCILIATION = "reconciliation"
    SECOND_LOOK = "second look"
    ACTIVATION = "activation"
    LANDING = "landing page"
    CLOCK = "clock"


class FollowReading(OperationInput):
    """What Microsoft states now."""

    subscription: str = Field(max_length=LARGEST_JSON, description="Microsoft's subscription, JSON.")
    source: ReadingSource = Field(description="Why it was read.")
    asked_after: int | None = Field(
        None,
        description="How many statements were written when Microsoft was asked; left out, its age does not matter.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFollowed:
    """What became of it."""

    subscription_id: str
    customer_id: str | None
    notes: tuple[str, ...]


@internal_command("customers.follow_reading", evidence=SUBSCRIPTION_KINDS)
def follow_reading(context: CommandContext, request: FollowReading) -> Outcome[ReadingFollowed]:
    """Do what follows from a subscription's present state; again changes nothing and records nothing.

    Raises `customers.reading_overtaken` for a statement that is older than what is known.
    """
    snapshot = snapshot_of(request.subscription)
    if snapshot is None:
        msg = "Microsoft's answer names no subscription."
        raise InvalidError(msg, code="customers.reading_unreadable")
    row = context.session.get(SubscriptionRow, snapshot.id, with_for_update=True)
    refuse_overtaken(row, request.asked_after)
    effects = follow_present_state(None if row is None else mirror_of_row(row), snapshot)
    applied = apply_effects(context, row, effects, Occasion(source=request.source.value))
    known_there(context, applied.row)
    result = ReadingFollowed(
        subscription_id=snapshot.id,
        customer_id=None if applied.row is None else applied.row.customer_id,
        notes=tuple(applied.notes),
    )
    return Outcome(result=result, entry=reading_entry(applied))
