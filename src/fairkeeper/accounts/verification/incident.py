"""What a lost verification means: what stops working, what to send, to whom, by when.

Source: Microsoft Learn, "Verification responses" (nothing is published until verification is done; suspended when
rejected for more than 30 days; Fix now in Legal info), "Get support for the commercial marketplace".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fairkeeper.accounts.verification.clocks import ANSWERED_WITHIN, SUSPENDED_AFTER_DAYS, add_business_days
from fairkeeper.accounts.verification.events import STEPS_IN_WORDS, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """One thing that stops or is at risk, and what stays as it is."""

    what: str
    is_at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """One thing to send: what, to whom, by when."""

    what: str
    to_whom: str
    by_on: date


def consequences_of(step: Step, *, has_live_offers: bool) -> Sequence[Consequence]:
    """Return what a step that was revoked or rejected stops."""
    found = [
        Consequence(what="No new offer, plan or change of one can be published.", is_at_once=True),
        Consequence(what="Changes to the fields of Legal info may not be saved while it is rejected.", is_at_once=True),
    ]
    if has_live_offers:
        found.append(
            Consequence(what="Offers that are live stay on sale until the account is suspended.", is_at_once=False)
        )
    found.append(
        Consequence(
            what=f"After {SUSPENDED_AFTER_DAYS} days the account is suspended: no sales, no payouts.", is_at_once=False
        )
    )
    if step in {Step.IDENTITY, Step.EMPLOYMENT, Step.EMAIL_OWNERSHIP}:
        found.append(
            Consequence(
                what="The primary contact cannot act for the company until it is proved again.", is_at_once=True
            )
        )
    return tuple(found)


def to_dos_of(step: Step, lost_on: date) -> Sequence[ToDo]:
    """Return what to send after a step was lost, to whom and by when.

    Example:
        >>> [each.by_on.isoformat() for each in to_dos_of(Step.DOMAIN_OWNERSHIP, date(2026, 7, 30))]
        ['2026-07-30', '2026-07-31', '2026-08-04', '2026-08-29']
    """
    name = STEPS_IN_WORDS[step]
    return (
        ToDo(
            what=f"Ask for the reason why {name} was lost",
            to_whom="Partner Center support, verification",
            by_on=lost_on,
        ),
        ToDo(
            what="Open Legal info and look whether Fix now is offered; send the documents once more there",
            to_whom="Partner Center, Legal info",
            by_on=add_business_days(lost_on, 1),
        ),
        ToDo(
            what="Ask again, and for speed, in a ticket of its own",
            to_whom="Partner Center support, and the contact at Microsoft if there is one",
            by_on=add_business_days(lost_on, ANSWERED_WITHIN),
        ),
        ToDo(
            what=f"Have {name} accepted again, or the appeal with them",
            to_whom="Partner Center support",
            by_on=lost_on + timedelta(days=SUSPENDED_AFTER_DAYS),
        ),
    )
