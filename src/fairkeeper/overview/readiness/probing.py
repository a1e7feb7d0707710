"""Asks for the offer's addresses to be probed, and records what the probes found; the calls are background work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from fairkeeper.accounts.store import load_structure
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.errors import NotFoundError
from fairkeeper.overview.tables import ProbeRow

PROBE_OFFER = "overview.probe_offer"
"""The task that calls the addresses of an offer."""

REVIEW_ASKED = EvidenceKind(name="overview.review_asked/1", sentence="The addresses of {offer_id} are probed.")
PROBED = EvidenceKind(name="overview.probed/1", sentence="The addresses of {offer_id} were probed: {told}")


class OfferUnknownError(NotFoundError):
    """The structure has no such offer."""

    code = "overview.offer_unknown"
    remedy = "Show the structure for its offers: fairkeeper accounts show."


class AskReview(OperationInput):
    """Of which offer."""

    offer_id: str = Field(max_length=60, description="The offer's id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAsked:
    """The addresses are probed in the background; the review shows what was found."""

    offer_id: str


@command(
    "overview.ask_review",
    groups=("overview.change",),
    evidence=(REVIEW_ASKED,),
    http="POST /readiness/{offer_id}/probe",
    cli="readiness probe OFFER_ID",
)
def ask_review(context: CommandContext, request: AskReview) -> Outcome[ReviewAsked]:
    """Have the landing page and the webhook of an offer called for real, as a buyer and as Microsoft would.

    Raises:
        NoStructureError, OfferUnknownError: The offer is not in the structure in force.
    """
    _, structure = load_structure(context.session)
    if not any(offer.id == request.offer_id for _, _, offer in structure.offers()):
        raise OfferUnknownError(f"There is no offer {request.offer_id!r} in the structure.")
    context.enqueue(PROBE_OFFER, f"{request.offer_id}:{context.now.isoformat()}", {"offer_id": request.offer_id})
    entry = EvidenceDraft(
        kind=REVIEW_ASKED.name,
        subject_type="offer",
        subject_id=request.offer_id,
        payload={"offer_id": request.offer_id},
    )
    return Outcome(result=ReviewAsked(offer_id=request.offer_id), entry=entry)


class ProbeFound(BaseModel):
    """What one probe found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Literal["landing", "webhook"]
    address: str = Field(max_length=2_000)
    is_fine: bool
    told: str = Field(max_length=1_000)
    status: int | None = None
    milliseconds: int = 0


class RecordProbes(OperationInput):
    """What the probes of an offer found."""

    offer_id: str = Field(max_length=60, description="The offer's id.")
    found: tuple[ProbeFound, ...] = Field(max_length=10, description="One for each address.")


@internal_command("overview.record_probes", evidence=(PROBED,))
def record_probes(context: CommandContext, request: RecordProbes) -> Outcome[ReviewAsked]:
    """Keep what the probes found, instead of what the ones before did."""
    entry = EvidenceDraft(
        kind=PROBED.name,
        subject_type="offer",
        subject_id=request.offer_id,
        payload={
            "offer_id": request.offer_id,
            "told": "; ".join(f"{each.target} {'fine' if each.is_fine else 'broken'}" for each in request.found),
            "probes": [each.model_dump(mode="json") for each in request.found],
        },
    )
    for each in request.found:
        row = context.session.get(ProbeRow, (request.offer_id, each.target), with_for_update=True)
        if row is None:
            row = ProbeRow(offer_id=request.offer_id, target=each.target)
            context.session.add(row)
        row.address, row.is_fine, row.told = each.address, each.is_fine, each.told
        row.status, row.milliseconds = each.status, each.milliseconds
        row.probed_at, row.entry_id = context.now, entry.entry_id
    return Outcome(result=ReviewAsked(offer_id=request.offer_id), entry=entry)
