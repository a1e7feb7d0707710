"""The offer's own dates: acceptance, start and end, and the end of the offer it replaces.

Source: Microsoft Learn, "Private offers submission API", schema 2023-07-15 (start, end, acceptBy, upgradedFrom), and
"ISV to customer private offers" (expiry). That the last day to accept is not after the end is implied there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from fairkeeper.deals.assumptions import MONTH_BOUNDARIES, START_NOT_PAST
from fairkeeper.deals.checks.declaring import Basis, assumed, declare
from fairkeeper.deals.deal import Deal
from fairkeeper.values.findings import Finding, Level

ACCEPT_BY_PAST: Final = declare(
    "accept_by_past",
    title="The last day to accept lies ahead",
    remedy="Move accept_by to a day that the customer can still meet.",
    resource="learn-private-offers",
    example="accept_by: 2024-11-30, checked as of 2024-12-02",
)
ACCEPT_BY_AFTER_END: Final = declare(
    "accept_by_after_end",
    title="The last day to accept is not after the end of the offer",
    remedy="Move accept_by before ends.",
    resource="learn-private-offers-api",
    example="accept_by: 2028-01-15, ends: 2027-11-30",
)
END_BEFORE_START: Final = declare(
    "end_before_start",
    title="The offer ends after it starts",
    remedy="Correct billing_starts or ends.",
    resource="learn-private-offers-api",
    example="billing_starts: 2024-12-01, ends: 2024-11-30",
)
START_NOT_MONTH_START: Final = declare(
    "start_not_month_start",
    title="A fixed start is the first day of a month",
    remedy="Move billing_starts to the first of a month, or let it start on acceptance.",
    resource="learn-private-offers-api",
    example="billing_starts: 2024-12-31",
)
END_NOT_MONTH_END: Final = declare(
    "end_not_month_end",
    title="An offer ends on the last day of a month",
    remedy="Move ends to the last day of its month.",
    resource="learn-private-offers-api",
    example="ends: 2027-11-15",
)
START_PAST: Final = declare(
    "start_past",
    title="A fixed start lies ahead",
    remedy="Move billing_starts to a later month, or let it start on acceptance.",
    resource="learn-private-offers-api",
    example="billing_starts: 2024-12-01, checked as of 2024-12-10",
    level=Level.WARNING,
)
UPGRADE_OVERLAPS: Final = declare(
    "upgrade_overlaps",
    title="An upgrade starts when the offer it replaces has ended",
    remedy="Start the day after the replaced offer's last day.",
    resource="learn-private-offers",
    example="replaces: {ends: 2024-12-31}, billing_starts: 2024-12-01",
)


def check_acceptance(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find a last day to accept that has passed or lies after the end."""
    if deal.accept_by > deal.ends:
        message = f"The offer can be accepted until {deal.accept_by}, but ends on {deal.ends}."
        yield ACCEPT_BY_AFTER_END.found(message, path="accept_by")
    elif deal.accept_by < basis.as_of:
        yield ACCEPT_BY_PAST.found(f"{deal.accept_by} has passed on {basis.as_of}.", path="accept_by")


def check_start_and_end(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find an end before the start, and days that are no boundary of a month."""
    start = deal.billing_starts
    if start is not None and deal.ends <= start:
        yield END_BEFORE_START.found(f"The offer starts on {start} and ends on {deal.ends}.", path="ends")
        return
    if basis.assumptions.holds(MONTH_BOUNDARIES):
        if start is not None and start.day != 1:
            message = f"{start} is not the first day of a month."
            yield assumed(START_NOT_MONTH_START, MONTH_BOUNDARIES, message, path="billing_starts")
        if (deal.ends + timedelta(days=1)).day != 1:
            message = f"{deal.ends} is not the last day of a month."
            yield assumed(END_NOT_MONTH_END, MONTH_BOUNDARIES, message, path="ends")
    is_accepted_in_time = deal.accept_by >= basis.as_of
    if start is not None and start < basis.as_of and is_accepted_in_time and basis.assumptions.holds(START_NOT_PAST):
        message = f"The start {start} lies before {basis.as_of}."
        yield assumed(START_PAST, START_NOT_PAST, message, path="billing_starts")


def check_upgrade(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the same two
    """Find an upgrade that runs at the same time as what it replaces."""
    if deal.replaces is None or deal.replaces.ends is None or deal.starts_on > deal.replaces.ends:
        return
    message = f"{deal.replaces.name!r} ends on {deal.replaces.ends}, this one starts on {deal.starts_on}."
    yield UPGRADE_OVERLAPS.found(message, path="replaces/ends")
