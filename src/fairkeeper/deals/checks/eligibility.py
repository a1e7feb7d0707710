"""Whether the publisher may sell at all, and whether the renewal discount is not forgotten.

Source: Microsoft Learn, "ISV to customer private offers" (prerequisites), and "Agency fee discount for renewals" (what
qualifies, that it is attested while the offer is made, and from when).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from fairkeeper.deals.checks.declaring import Basis, declare
from fairkeeper.deals.deal import Deal
from fairkeeper.values.findings import Finding, Level

FEE_DISCOUNT_FROM: Final = date(2024, 10, 1)
"""Private offers made before do not qualify."""

_FACTS: Final = {
    "partner_program": "Membership of the Microsoft AI Cloud Partner Program",
    "publisher_agreement": "A signed Microsoft Publisher Agreement",
    "published_offer": "A published transactable offer",
}

MISSING_ELIGIBILITY: Final = declare(
    "missing_eligibility",
    title="The publisher is a programme member, has signed the publisher agreement and has published the offer",
    remedy="Settle it in Partner Center, then write it under `eligibility`.",
    resource="learn-private-offers",
    example="eligibility: {publisher_agreement: false}",
)
ATTESTATION_FORGOTTEN: Final = declare(
    "attestation_forgotten",
    title="A deal that renews another says whether it qualifies for the fee discount",
    remedy="Decide it now and add `renewal_attestation`: it cannot be attested after the offer was made.",
    resource="learn-agency-fee-discount",
    example="replaces: an accepted offer, without renewal_attestation",
    level=Level.WARNING,
)
ATTESTATION_WITHOUT_EVIDENCE: Final = declare(
    "attestation_without_evidence",
    title="A renewal attestation rests on evidence",
    remedy="Name the contract or subscription that is renewed under `evidence`.",
    resource="learn-agency-fee-discount",
    example="renewal_attestation: {qualifies: true}",
    level=Level.WARNING,
)
ATTESTATION_TOO_EARLY: Final = declare(
    "attestation_too_early",
    title="The fee discount is for private offers made from 1 October 2024",
    remedy="Remove the attestation, or make the offer later.",
    resource="learn-agency-fee-discount",
    example="renewal_attestation: {qualifies: true}, checked as of 2024-09-15",
)


def check_eligibility(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the same two
    """Find what the publisher lacks; what is not known is a warning."""
    for name, told in _FACTS.items():
        is_there = getattr(deal.eligibility, name)
        if is_there is False:
            yield MISSING_ELIGIBILITY.found(f"{told} is missing.", path=f"eligibility/{name}")
        elif is_there is None:
            message = f"{told} is not confirmed."
            yield MISSING_ELIGIBILITY.found(message, path=f"eligibility/{name}", level=Level.WARNING)


def check_attestation(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find an attestation that is forgotten, unfounded or too early."""
    attestation = deal.renewal_attestation
    if attestation is None:
        if deal.replaces is not None and basis.as_of >= FEE_DISCOUNT_FROM:
            message = f"It replaces {deal.replaces.name!r} and says nothing about the fee discount."
            yield ATTESTATION_FORGOTTEN.found(message, path="replaces")
        return
    if not attestation.qualifies:
        return
    if basis.as_of < FEE_DISCOUNT_FROM:
        message = f"An offer made on {basis.as_of} does not qualify."
        yield ATTESTATION_TOO_EARLY.found(message, path="renewal_attestation")
    elif not attestation.evidence.strip():
        yield ATTESTATION_WITHOUT_EVIDENCE.found("The attestation names no evidence.", path="renewal_attestation")
