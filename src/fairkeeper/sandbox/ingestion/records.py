"""A private offer as the pretend service keeps it: both sides' documents, their prices, and what the customer did.

Separate from the rules, which only look, and from the API's words, which differ for the two sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from fairkeeper.sandbox.ingestion.lifecycle import Standing
from fairkeeper.sandbox.ingestion.requests.price_shapes import PriceShape
from fairkeeper.sandbox.ingestion.requests.shapes import OfferShape, OfferType

Document = dict[str, Any]
"""A JSON object as it was sent, numbers and all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One private offer.

    Args:
        id: GUID.
        account_id: Whose it is.
        kind: The originator's kind.
        document: What the publisher set; price references are durable ids.
        partner_document: What the channel partner set.
        prices: Price resources by durable id.
        partner_account_id: The channel partner's account.
        revision: Counts changes; behind the eTag.
        accepted_by: Mail address of the person who accepted.
    """

    id: str
    account_id: str
    kind: OfferType
    standing: Standing
    document: Document
    modified_at: datetime
    partner_document: Document = field(default_factory=dict)
    prices: dict[str, Document] = field(default_factory=dict)
    partner_account_id: str | None = None
    revision: int = 1
    accepted_by: str | None = None
    accepted_at: datetime | None = None

    @property
    def e_tag(self) -> str:
        """The version of the offer, in the form of the service's samples."""
        return f'"{self.id[:8]}-0000-0800-0000-{self.revision:012x}"'

    @property
    def offer(self) -> OfferShape:
        """What the publisher set, read."""
        return OfferShape.model_validate(self.document)

    @property
    def end(self) -> date | None:
        """Its last day."""
        return self.offer.end

    @property
    def accept_by(self) -> date | None:
        """The last day to accept it."""
        return self.offer.accept_by

    @property
    def beneficiary_id(self) -> str | None:
        """The customer's billing account; None of a reseller's offer and of an unfinished draft."""
        found = self.offer.beneficiaries
        return found[0].id if found and self.kind is not OfferType.CSP else None

    def price(self, durable_id: str) -> PriceShape | None:
        """Return a price resource, read."""
        document = self.prices.get(durable_id)
        return None if document is None else PriceShape.model_validate(document)

    def starts_on(self) -> date | None:
        """Return its first day: the one it names, or that of the acceptance; None while that is open."""
        if self.offer.variable_start_date:
            return self.accepted_at.date() if self.accepted_at else None
        return self.offer.start

    def markups(self) -> list[str | None]:
        """Return the channel partner's percentage of each line, exactly as it was written."""
        rows = self.partner_document.get("originatorPricing") or []
        return [None if row.get("markupPercentage") is None else str(row["markupPercentage"]) for row in rows]
