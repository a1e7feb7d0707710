"""What the publisher's own deals say: charges that are scheduled, and renewals that were attested for half the fee.

They stand beside the reports: a scheduled charge is expected revenue, and an attestation decides which fee is right.
That a subscription's id is the reports' asset id is what publishers assume and no page states, so that a charge is
missed only where the reports name the id at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.deals.book.store import deal_of
from fairkeeper.deals.book.tables import DealChargeRow, DealPurchaseRow, DealRow
from fairkeeper.deals.errors import DealUnreadableError
from fairkeeper.payouts.files.engine import insert
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A renewal that was attested while its private offer was made."""

    attested_on: date
    private_offer_id: str | None
    asset_id: str | None
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charge that a deal's schedule holds for a subscription."""

    asset_id: str
    deal: str
    number: int
    charged_on: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecords:
    """What deals say."""

    attestations: tuple[Attestation, ...] = ()
    charges: tuple[Charge, ...] = ()


def read_own_records(session: Session) -> OwnRecords:
    """Return what the deals say; a text that can no longer be read says nothing."""
    charges = session.scalars(select(DealChargeRow).order_by(DealChargeRow.id)).all()
    return OwnRecords(
        attestations=tuple(_attestations(session)),
        charges=tuple(
            Charge(
                asset_id=str(row.subscription_id),
                deal=row.deal_name,
                number=row.number,
                charged_on=row.charged_on,
                amount=Money(row.amount_minor, currency(row.currency)).to_decimal(),
                currency=row.currency,
            )
            for row in charges
            if row.amount_minor > 0
        ),
    )


def _attestations(session: Session) -> list[Attestation]:
    found: list[Attestation] = []
    rows = session.scalars(select(DealRow).where(DealRow.document.contains("renewal_attestation"))).all()
    for row in rows:
        try:
            attested = deal_of(row).renewal_attestation
        except DealUnreadableError:
            continue
        if attested is None or not attested.qualifies:
            continue
        # It is made while the offer is, which is before anything runs under it; a deal may be written down here later.
        on = min(row.starts_on, row.created_at.date())
        bought = session.scalars(
            select(DealPurchaseRow.subscription_id).where(DealPurchaseRow.deal_id == row.deal_id)
        ).all()
        ids = [(row.private_offer_id, None), *((None, str(each)) for each in bought)]
        found += [
            Attestation(attested_on=on, private_offer_id=offer, asset_id=asset, evidence=attested.evidence)
            for offer, asset in ids
            if offer or asset
        ]
    return found


def add_own_records(db: Any, own: OwnRecords) -> None:
    """Make the table `charge`, and add the deals' attestations to those of files."""
    db.execute(
        "CREATE TABLE charge (asset_id VARCHAR, deal VARCHAR, number INTEGER, charged_on DATE, "
        "amount DECIMAL(38,12), currency VARCHAR)"
    )
    insert(
        db,
        "charge",
        [(each.asset_id, each.deal, each.number, each.charged_on, each.amount, each.currency) for each in own.charges],
    )
    insert(
        db,
        "attestations (attested_on, private_offer_id, asset_id, evidence)",
        [(each.attested_on, each.private_offer_id, each.asset_id, each.evidence) for each in own.attestations],
    )
