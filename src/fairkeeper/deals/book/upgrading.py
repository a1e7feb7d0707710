"""The deal that follows an accepted one: the same plans a term later, from the day after its end; pure.

Source: Microsoft Learn, "Private offer APIs in the commercial marketplace" (an upgrade names the offer it replaces,
starts when that has ended, and may differ in prices, dates, terms and contacts), read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fairkeeper.deals.deal import Charge, Deal, ReplacedOffer
from fairkeeper.values.period import Duration


def upgrade_of(deal: Deal, private_offer_id: str) -> Deal:
    """Return the draft of what follows a deal; the renewal attestation is left to be made anew, with its evidence."""
    starts = deal.ends + timedelta(days=1)
    months = (starts.year - deal.starts_on.year) * 12 + starts.month - deal.starts_on.month
    term = max((plan.term_months or 12 for plan in deal.plans), default=12)
    return replace(
        deal,
        accept_by=deal.ends,
        billing_starts=starts,
        ends=Duration(months=term).after(starts) - timedelta(days=1),
        replaces=ReplacedOffer(name=deal.name, id=private_offer_id, ends=deal.ends),
        renewal_attestation=None,
        plans=tuple(
            replace(plan, schedule=tuple(_later(charge, months) for charge in plan.schedule)) for plan in deal.plans
        ),
    )


def _later(charge: Charge, months: int) -> Charge:
    return charge if charge.on is None else replace(charge, on=Duration(months=max(months, 0)).after(charge.on))
