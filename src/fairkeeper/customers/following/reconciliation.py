"""Where the mirror and Microsoft's list of subscriptions disagree, and how each difference is repaired.

Webhooks get lost; the list is the remedy. Nothing is repaired from the list itself: each difference leads to a new
reading of that one subscription, which is then followed exactly as its webhook would have been.

Source: Microsoft Learn, "SaaS fulfillment Subscription APIs v2", List subscriptions: all statuses are listed,
Unsubscribed ones too, 100 a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from fairkeeper.customers.finding_kinds import MIRROR_DIFFERS, MISSING_HERE, MISSING_THERE, STATUS_UNKNOWN
from fairkeeper.customers.following.mirror import Field, FieldDifference, Mirror, differences
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.values.findings import Finding, Level
from fairkeeper.values.ids import SubscriptionId


class DifferenceKind(StrEnum):
    """What disagrees."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    STATUS_DIFFERS = "status_differs"
    CONTENT_DIFFERS = "content_differs"
    """Plan, seats, term or renewal."""
    STATUS_HELD = "status_held"
    """Both sides agree on a status that Fairkeeper does not know."""


class Repair(StrEnum):
    """What is done about it."""

    READ_AND_FOLLOW = "read_and_follow"
    """Read the subscription again and do what follows from its state."""
    READ_AND_ASK = "read_and_ask"
    """Read it by its id; if Microsoft does not know it, a person decides."""
    ASK = "ask"
    """A person has to look."""
    NONE = "none"
    """Worth knowing; nothing has to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One subscription on which the two sides disagree.

    Args:
        fields: What differs, field by field; empty if one side does not have it at all.
    """

    subscription_id: SubscriptionId
    kind: DifferenceKind
    repair: Repair
    finding: Finding
    fields: tuple[FieldDifference, ...] = ()


def compare(
    mirrors: Iterable[Mirror], listed: Iterable[SubscriptionSnapshot], *, is_complete: bool
) -> tuple[Difference, ...]:
    """Return the differences, by subscription id; none if both sides state the same.

    Args:
        mirrors: Everything known here, each subscription once.
        listed: What Microsoft listed; of a subscription listed twice (pages shift) the later one counts.
        is_complete: The list was read to its end; otherwise nothing is said to be missing there.

    Example:
        >>> bought = SubscriptionSnapshot(id=SubscriptionId("s"), status=CommercialStatus.PENDING_FULFILLMENT_START)
        >>> [(found.kind.value, found.repair.value) for found in compare([], [bought], is_complete=True)]
        [('missing_here', 'read_and_follow')]
    """
    here = {mirror.subscription_id: mirror for mirror in mirrors}
    there = {snapshot.id: snapshot for snapshot in listed}
    found = [*_of_listed(here, there)]
    if is_complete:
        found += (_missing_there(mirror) for known_id, mirror in here.items() if known_id not in there)
    return tuple(sorted(found, key=lambda difference: difference.subscription_id))


def _of_listed(
    here: dict[SubscriptionId, Mirror], there: dict[SubscriptionId, SubscriptionSnapshot]
) -> Iterator[Difference]:
    for known_id, snapshot in there.items():
        mirror = here.get(known_id)
        if mirror is None:
            yield _missing_here(snapshot)
        elif fields := differences(mirror, snapshot):
            yield _differs(known_id, fields)
        elif snapshot.status is None:
            yield _held(snapshot)


def _missing_here(snapshot: SubscriptionSnapshot) -> Difference:
    message = f"Microsoft lists it as {snapshot.status_text or 'without a status'}; it is not known here."
    return Difference(
        subscription_id=snapshot.id,
        kind=DifferenceKind.MISSING_HERE,
        repair=Repair.READ_AND_FOLLOW,
        finding=MISSING_HERE.found(message, subject=snapshot.id),
    )


def _missing_there(mirror: Mirror) -> Difference:
    ended = mirror.status is CommercialStatus.UNSUBSCRIBED
    message = f"Known here as {mirror.status_text or 'without a status'}; Microsoft's complete list does not hold it."
    return Difference(
        subscription_id=mirror.subscription_id,
        kind=DifferenceKind.MISSING_THERE,
        # Microsoft may stop listing what ended long ago; that is worth knowing and needs nothing.
        repair=Repair.NONE if ended else Repair.READ_AND_ASK,
        finding=MISSING_THERE.found(message, subject=mirror.subscription_id, level=Level.INFO if ended else None),
    )


def _differs(known_id: SubscriptionId, fields: tuple[FieldDifference, ...]) -> Difference:
    named = "; ".join(f"{item.field}: {item.here or 'none'} here, {item.there or 'none'} there" for item in fields)
    has_status = any(item.field is Field.STATUS for item in fields)
    return Difference(
        subscription_id=known_id,
        kind=DifferenceKind.STATUS_DIFFERS if has_status else DifferenceKind.CONTENT_DIFFERS,
        repair=Repair.READ_AND_FOLLOW,
        finding=MIRROR_DIFFERS.found(f"{named[:1].upper()}{named[1:]}.", subject=known_id),
        fields=fields,
    )


def _held(snapshot: SubscriptionSnapshot) -> Difference:
    message = f"Microsoft still reports the status {snapshot.status_text[:60]!r}; use stays held."
    return Difference(
        subscription_id=snapshot.id,
        kind=DifferenceKind.STATUS_HELD,
        repair=Repair.ASK,
        finding=STATUS_UNKNOWN.found(message, subject=snapshot.id),
    )
