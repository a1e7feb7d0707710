"""What a seller does with a card: takes it, declines it with a reason, puts it off, and says how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.database.insertion import insert_unless_there
from fairkeeper.opportunities.actions.evidence_kinds import CARDS_SHOWN, DEAL_DRAFTED, OUTCOME_RECORDED
from fairkeeper.opportunities.errors import CardClosedError, CardNotFoundError
from fairkeeper.opportunities.tables import CardRow, OutcomeRow, ShowingRow


class CardOutcome(StrEnum):
    """What a person says of a card."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    SNOOZED = "snoozed"
    WON = "won"
    LOST = "lost"


class DeclineReason(StrEnum):
    """Why a card was declined."""

    INCORRECT = "incorrect"
    MISSING = "missing"
    OUTDATED = "outdated"
    DOES_NOT_MATCH = "does_not_match_my_records"
    NO_CAPACITY = "no_capacity"
    ALREADY_WORKING = "already_working_on_it"


ENDING: Final = (CardOutcome.DECLINED, CardOutcome.WON, CardOutcome.LOST)


class RecordOutcome(OperationInput):
    """What became of a card."""

    card_id: str = Field(max_length=40, description="The card.")
    outcome: CardOutcome = Field(description="What became of it.")
    reason: DeclineReason | None = Field(None, description="Why it is declined; needed for that.")
    until: date | None = Field(None, description="Until when it is put off; needed for that.")
    seats: int | None = Field(None, ge=0, le=10_000_000, description="Seats won or lost.")
    note: str = Field("", max_length=2000, description="A note.")
    source: Literal["person", "crm"] = Field("person", description="Who says so.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOutcome:
    """The card's state now."""

    card_id: str
    account: str
    state: str


@command(
    "opportunities.record_outcome",
    groups=("opportunities.change",),
    evidence=(OUTCOME_RECORDED,),
    http="POST /opportunities/cards/{card_id}/outcome",
    cli="opportunities record-outcome CARD_ID OUTCOME",
)
def record_outcome(context: CommandContext, request: RecordOutcome) -> Outcome[RecordedOutcome]:
    """Say what became of a card: accepted, declined with a reason, snoozed, won or lost.

    Declined, won and lost close it. Raises `opportunities.card_closed` for a closed card, and
    `opportunities.outcome_incomplete` where the reason or the day is missing.
    """
    row = open_card(context.session, request.card_id)
    outcome = request.outcome
    if outcome is CardOutcome.DECLINED and request.reason is None:
        raise OutcomeIncompleteError("A card is declined with a reason.")
    if outcome is CardOutcome.SNOOZED and (request.until is None or request.until <= context.now.date()):
        raise OutcomeIncompleteError("A card is put off until a day that is still to come.")
    row.state = outcome.value
    row.snoozed_until = request.until if outcome is CardOutcome.SNOOZED else None
    if outcome in ENDING:
        row.closed_at, row.closed_why = context.now, request.reason.value if request.reason else outcome.value
    context.session.add(
        OutcomeRow(
            card_id=row.id,
            outcome=outcome.value,
            reason=request.reason.value if request.reason else "",
            note=request.note,
            seats=request.seats,
            source=request.source,
            recorded_by=context.principal.id,
            recorded_at=context.now,
        )
    )
    entry = EvidenceDraft(
        kind=OUTCOME_RECORDED.name,
        subject_type="card",
        subject_id=row.id,
        payload={
            "account": row.tenant_name,
            "tenant_id": row.tenant_id,
            "lens": row.lens,
            "outcome": outcome.value,
            "reason": request.reason.value.replace("_", " ").capitalize() + "." if request.reason else "",
            "seats": request.seats,
            "likelihood_ppm": row.likelihood_ppm,
            "run": row.run_id,
            "source": request.source,
        },
    )
    return Outcome(result=RecordedOutcome(card_id=row.id, account=row.tenant_name, state=row.state), entry=entry)


class RecordShown(OperationInput):
    """Which cards somebody saw, in the order they stood."""

    card_ids: tuple[str, ...] = Field(max_length=200, description="The cards, the first first.")
    channel: Literal["web", "cli", "api", "mcp", "file"] = Field("api", description="Where.")


@command(
    "opportunities.record_shown",
    groups=("opportunities.change",),
    evidence=(CARDS_SHOWN,),
    http="POST /opportunities/cards/shown",
    cli="opportunities record-shown",
)
def record_shown(context: CommandContext, request: RecordShown) -> Outcome[int]:
    """Remember which cards a person saw; seeing one again in the same ranking counts once.

    What was never shown cannot have worked, so without this no ranking can be judged.
    """
    new = 0
    for rank, card_id in enumerate(dict.fromkeys(request.card_ids), 1):
        row = context.session.get(CardRow, card_id)
        if row is None:
            continue
        values = {
            "card_id": row.id,
            "principal_id": context.principal.id,
            "run_id": row.run_id,
            "rank": rank,
            "channel": request.channel,
            "shown_at": context.now,
        }
        inserted = insert_unless_there(context.session, ShowingRow, values, key=("card_id", "principal_id", "run_id"))
        new += inserted is not None
    if not new:
        return Outcome(result=0, entry=None)
    entry = EvidenceDraft(
        kind=CARDS_SHOWN.name,
        subject_type="cards",
        subject_id=context.principal.id,
        payload={"count": new, "cards": [str(each) for each in request.card_ids], "channel": request.channel},
    )
    return Outcome(result=new, entry=entry)


class DraftDeal(OperationInput):
    """From which card."""

    card_id: str = Field(max_length=40, description="The card.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DealDraft:
    """The beginning of a deal's file, to be filled in and checked with `fairkeeper deals check`."""

    card_id: str
    file_name: str
    yaml: str


@command(
    "opportunities.draft_deal",
    groups=("opportunities.change",),
    evidence=(DEAL_DRAFTED,),
    http="POST /opportunities/cards/{card_id}/deal",
    cli="opportunities draft-deal CARD_ID",
)
def draft_deal(context: CommandContext, request: DraftDeal) -> Outcome[DealDraft]:
    """Begin a deal from a sell card: a private offer's file with the account and the seats, the rest left to fill in.

    Raises `opportunities.card_closed` for a closed card.
    """
    row = open_card(context.session, request.card_id)
    plain = "".join(letter if letter.isalnum() else "-" for letter in row.tenant_name.lower()).strip("-")[:60]
    seats = max(1, round(row.seats_milli / 1000))
    text = _DEAL.format(
        name=row.tenant_name.replace('"', "'")[:80], lens=row.lens.replace("_", " "), card=row.id, seats=seats
    )
    entry = EvidenceDraft(
        kind=DEAL_DRAFTED.name,
        subject_type="card",
        subject_id=row.id,
        payload={"account": row.tenant_name, "tenant_id": row.tenant_id, "lens": row.lens, "seats": seats},
    )
    return Outcome(result=DealDraft(card_id=row.id, file_name=f"{plain or 'deal'}.yaml", yaml=text), entry=entry)


_DEAL: Final = """\
# Begun from the card {card} ({lens}). Fill in what is missing, then: fairkeeper deals check FILE
private_offer:
  kind: customer
  name: "{name}"
  # The card speaks of about {seats} seats; say what you agreed on.
  plans: []
"""


class OutcomeIncompleteError(CardClosedError):
    """A reason or a day is missing."""

    code = "opportunities.outcome_incomplete"
    remedy = "Decline with a reason; put off until a day to come."


def open_card(session: Session, card_id: str) -> CardRow:
    """Return an open card, locked.

    Raises:
        CardNotFoundError: There is none of that id.
        CardClosedError: It is closed, or nobody is to contact the account.
    """
    row = session.get(CardRow, card_id, with_for_update=True)
    if row is None:
        raise CardNotFoundError(f"There is no card {card_id}.")
    if row.closed_at is not None:
        raise CardClosedError(f"The card on {row.tenant_name} was closed: {row.closed_why}.")
    if row.state == "held_out":
        raise CardClosedError(f"Nobody is to contact {row.tenant_name}, so that the ranking's effect can be seen.")
    return row


OPERATIONS = (record_outcome, record_shown, draft_deal)
