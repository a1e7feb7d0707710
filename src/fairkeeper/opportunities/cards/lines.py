"""Rows of cards and pushes as the lines that queries answer with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.opportunities.tables import CardRow, PushRow
from fairkeeper.opportunities.views import CardLine, PushLine


def card_line(row: CardRow, is_pushed: bool) -> CardLine:  # noqa: FBT001 - a column of the line
    """Return a card as a line."""
    card = row.card
    return CardLine(
        id=row.id,
        tenant_id=row.tenant_id,
        account=row.tenant_name,
        lens=row.lens,
        title=str(card["title"]),
        state=row.state,
        motion=row.motion,
        owner=row.owner,
        likelihood=row.likelihood_ppm / 1_000_000,
        first_likelihood=row.first_likelihood_ppm / 1_000_000,
        confidence=row.confidence_ppm / 1_000_000,
        seats=row.seats_milli / 1000,
        worth=card.get("worth"),
        currency=card.get("currency"),
        rank=row.rank,
        why_now=str(card["why_now"]),
        why_now_on=_day(card["why_now_on"]),
        reason=_first_other(card),
        band=str(card["band"]),
        opened_at=row.opened_at,
        opened_as_of=row.opened_as_of,
        closed_at=row.closed_at,
        closed_why=row.closed_why,
        snoozed_until=row.snoozed_until,
        run_id=row.run_id,
        is_pushed=is_pushed,
    )


def _first_other(card: dict[str, Any]) -> str:
    """Return the strongest evidence that is not what stands as the reason for now already."""
    now = str(card["why_now"]).lower()
    return next((str(each["text"]) for each in card["reasons"] if str(each["text"]).lower() != now), "")


def push_line(row: PushRow, account: str) -> PushLine:
    """Return a push as a line."""
    return PushLine(
        external_key=row.external_key,
        target=row.target,
        record=row.record,
        state=row.state,
        remote_id=row.remote_id,
        attempts=row.attempts,
        last_error=row.last_error,
        kept_fields=tuple(row.kept_fields),
        is_unasked=row.is_unasked,
        card_id=row.card_id,
        account=account,
        decision_id=row.decision_id,
        asked_at=row.asked_at,
        sent_at=row.sent_at,
    )


def pushed_of(session: Session, card_ids: Sequence[str]) -> set[str]:
    """Return which of some cards were pushed."""
    return set(session.scalars(select(PushRow.card_id).where(PushRow.card_id.in_(card_ids))))


def _day(text: Any) -> date:
    return date.fromisoformat(str(text))
