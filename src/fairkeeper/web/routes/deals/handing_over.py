"""What a customer has to do to buy a deal: who accepts, who buys, under which billing account, and by when.

Separate, because it is the customer's page and not ours: it names no fee, no note of ours, and nobody's role here.

Source: Microsoft Learn, "ISV to customer private offers" and its FAQ (who may accept and who may buy; accepting starts
no billing; buy under the same billing account on or after the start; configure within 30 days), read 2026-11-22.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fairkeeper.deals.book.views import DealDetail
from fairkeeper.deals.deal import Agreement, Customer, DealKind
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.matching import SUBSCRIBE_WITHIN_DAYS
from fairkeeper.web.pages.deals import HandOverStep
from fairkeeper.web.parts import Fact, Link

_ACCEPTS: Final = {
    Agreement.EA: "An administrator of the Enterprise Agreement's enrolment",
    Agreement.MCA: "An owner or contributor of the billing account",
    Agreement.CSP: "Your Cloud Solution Provider",
}
_EITHER: Final = "An owner or contributor of the billing account, or an administrator of the enrolment"
_DONE: Final = frozenset({"accepted", "bought", "ended"})


def hand_over_facts(detail: DealDetail) -> tuple[Fact, ...]:
    """Return what the customer has to have at hand."""
    customer, line = _customer(detail), detail.line
    account = customer.billing_account if customer else ""
    return (
        Fact(
            label="Billing account",
            value=account or "not known yet: please send it to us",
            note="Cost Management + Billing > Properties; it is no tenant id, and no subscription id",
        ),
        Fact(label="Accept by", value=line.accept_by, note="the last day on which it can be accepted"),
        Fact(label="Buy from", value=line.starts_on, note="buying earlier is not possible"),
        Fact(label="Contract ends", value=line.ends_on),
    )


def hand_over_steps(detail: DealDetail) -> tuple[HandOverStep, ...]:
    """Return the customer's steps, each with who may do it and by when."""
    customer, line = _customer(detail), detail.line
    agreement = customer.agreement if customer else None
    link = Link(label="Open the offer", href=detail.accept_links[0]) if detail.accept_links else None
    until = max(line.accept_by, line.starts_on) + timedelta(days=SUBSCRIBE_WITHIN_DAYS)
    steps = [
        HandOverStep(
            what="Check that your billing account can take a private offer",
            who=_ACCEPTS.get(agreement, _EITHER) if agreement else _EITHER,
            how="Use Microsoft's pre-check at aka.ms/poprecheck, and send us the billing account id that it shows.",
            is_done=line.state not in {"draft", "submitting"},
        ),
        HandOverStep(
            what="Accept the private offer",
            who=_ACCEPTS.get(agreement, _EITHER) if agreement else _EITHER,
            how="Sign in to the Azure portal with that person's account and open the link. Accepting charges nothing.",
            until=line.accept_by,
            link=link,
            is_done=line.state in _DONE,
        ),
        HandOverStep(
            what="Buy the plans in it",
            who="An owner or contributor of an Azure subscription under the same billing account; often another person",
            how="Azure portal > Private offers > this offer > Subscribe. The first charge falls on this day.",
            until=until,
            is_done=line.state in {"bought", "ended"},
        ),
        HandOverStep(
            what="Configure the account",
            who="Whoever will administer the product in your tenant",
            how="Choose Configure account now after buying; it leads to our page. A purchase that nobody configures is "
            "cancelled by Microsoft after 30 days.",
            is_done=any(not each.needs_person for each in detail.purchases),
        ),
    ]
    return tuple(steps if line.kind != DealKind.CSP.value else steps[:1])


def _customer(detail: DealDetail) -> Customer | None:
    deal = read_deal(detail.document).deal
    return deal.customer if deal else None
