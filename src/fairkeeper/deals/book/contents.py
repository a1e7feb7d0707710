"""What a deal's file says in short: its digest, its totals, its days. Pure; the book keeps these beside the text.

The digest is of the content and not of the text, so that a comment or another order of keys changes nothing that was
approved, and a moved cent does.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from fairkeeper.deals.deal import Deal
from fairkeeper.deals.files.writing import to_document
from fairkeeper.deals.schedules.charging import total_of
from fairkeeper.proof.canonical import canonical_bytes
from fairkeeper.values.money import Money

LONGEST_SLUG: Final = 60
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A deal in short.

    Args:
        total: What all its charges add up to for the publisher's customer: the channel partner in a multiparty offer.
        starts_on: First day of the contract; of one that starts on acceptance, the latest it can be.
    """

    digest: str
    name: str
    customer: str
    total: Money
    accept_by: date
    starts_on: date
    ends_on: date


def contents_of(deal: Deal) -> Contents:
    """Return a deal in short."""
    return Contents(
        digest=digest_of(deal),
        name=deal.name,
        customer=deal.customer.name if deal.customer else ", ".join(each.name for each in deal.resellers)[:200],
        total=Money.sum((total_of(plan, deal.currency, deal.starts_on) for plan in deal.plans), deal.currency),
        accept_by=deal.accept_by,
        starts_on=deal.starts_on,
        ends_on=deal.ends,
    )


def digest_of(deal: Deal) -> str:
    """Return the SHA-256 of everything that a deal says, in hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(to_document(deal))).hexdigest()


def slug_of(name: str, taken: frozenset[str] = frozenset()) -> str:
    """Return a readable address for a deal's name that no other deal has.

    Example:
        >>> slug_of("Contoso: 3 years"), slug_of("Contoso: 3 years", frozenset({"contoso-3-years"})), slug_of("契約")
        ('contoso-3-years', 'contoso-3-years-2', 'deal')
    """
    base = _NO_WORD.sub("-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-") or "deal"
    slug, number = base, 1
    while slug in taken or slug in RESERVED_SLUGS:
        number += 1
        slug = f"{base}-{number}"
    return slug


RESERVED_SLUGS: Final = frozenset(
    {"new", "renewals", "imports", "rules", "mappings", "check", "compare", "all", "text", "preview", "save"}
)
"""Addresses beside the deals that are pages of their own."""
