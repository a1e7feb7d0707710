"""What is known here of a subscription, and what follows when Microsoft states something else.

One function, `follow`, compares the mirror with Microsoft's present statement and says what must happen. Webhooks,
reconciliation, the landing page and a repeated delivery all end here; that is what makes them idempotent and
independent of the order in which notices arrive: no notice is obeyed, only the present state is followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fairkeeper.customers.finding_kinds import STATUS_JUMPED
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, Term
from fairkeeper.customers.path.lifecycle import COMMERCIAL_MOVES, CommercialStatus, ProvisioningState
from fairkeeper.values.findings import Finding
from fairkeeper.values.ids import SubscriptionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """What is known here of one subscription.

    Args:
        status: None if Microsoft's last status is one that Fairkeeper does not know; `status_text` is as it came.
        provisioning: How far the publisher's systems are.
        was_visited: Somebody of the customer has been on the landing page.
    """

    subscription_id: SubscriptionId
    status: CommercialStatus | None
    status_text: str = ""
    offer_id: str | None = None
    plan_id: str | None = None
    quantity: int | None = None
    term: Term = field(default_factory=Term)
    auto_renew: bool | None = None
    provisioning: ProvisioningState = ProvisioningState.NONE
    was_visited: bool = False


class Field(StrEnum):
    """The fields that are compared."""

    STATUS = "status"
    PLAN = "plan"
    SEATS = "seats"
    TERM = "term"
    AUTO_RENEW = "auto_renew"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """One field that differs, both sides as text for a person ("" where there is none)."""

    field: Field
    here: str
    there: str


class Use(StrEnum):
    """What happens to a customer's use."""

    START = "start"
    """Begin provisioning."""
    CHANGE = "change"
    """Tell the publisher's systems of the new plan or seats."""
    STOP = "stop"
    """Stop use, keep data and grants: suspended, or held."""
    RESUME = "resume"
    """Use may go on after a suspension."""
    DRAIN = "drain"
    """End: stop use, drain, start the retention clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What follows from Microsoft's present statement.

    Args:
        is_new: There was no mirror yet.
        differences: What changes in the mirror.
        uses: What happens to the customer's use, in order.
        findings: What was strange.
    """

    snapshot: SubscriptionSnapshot
    is_new: bool
    differences: tuple[FieldDifference, ...]
    uses: tuple[Use, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether everything was applied before."""
        return not self.is_new and not self.differences and not self.uses


def mirror_of(snapshot: SubscriptionSnapshot, provisioning: ProvisioningState = ProvisioningState.NONE) -> Mirror:
    """Return the mirror that states exactly what Microsoft states."""
    return Mirror(
        subscription_id=snapshot.id,
        status=snapshot.status,
        status_text=snapshot.status_text,
        offer_id=snapshot.offer_id,
        plan_id=snapshot.plan_id,
        quantity=snapshot.quantity,
        term=snapshot.term,
        auto_renew=snapshot.auto_renew,
        provisioning=provisioning,
    )


def differences(mirror: Mirror, snapshot: SubscriptionSnapshot) -> tuple[FieldDifference, ...]:
    """Return what differs between the mirror and Microsoft's statement.

    Example:
        >>> mirror = Mirror(
        ...     subscription_id=SubscriptionId("s"), status=CommercialStatus.SUBSCRIBED, status_text="Subscribed"
        ... )
        >>> there = SubscriptionSnapshot(
        ...     id=SubscriptionId("s"), status=CommercialStatus.SUSPENDED, status_text="Suspended", quantity=5
        ... )
        >>> [(found.field.value, found.here, found.there) for found in differences(mirror, there)]
        [('status', 'Subscribed', 'Suspended'), ('seats', '', '5')]
    """
    compared = (
        (Field.STATUS, _status(mirror.status, mirror.status_text), _status(snapshot.status, snapshot.status_text)),
        (Field.PLAN, mirror.plan_id or "", snapshot.plan_id or ""),
        (Field.SEATS, _text(mirror.quantity), _text(snapshot.quantity)),
        (Field.TERM, _term(mirror.term), _term(snapshot.term)),
        (Field.AUTO_RENEW, _text(mirror.auto_renew), _text(snapshot.auto_renew)),
    )
    return tuple(FieldDifference(field=name, here=here, there=there) for name, here, there in compared if here != there)


_SET_UP: Final = frozenset({ProvisioningState.RUNNING, ProvisioningState.READY, ProvisioningState.FAILED})


def follow(mirror: Mirror | None, snapshot: SubscriptionSnapshot) -> Following:
    """Say what follows from Microsoft's present statement; applying it and asking again gives nothing.

    Provisioning begins whenever a subscription is Subscribed and nothing was set up, whoever activated it and whether
    or not anybody saw the landing page.
    """
    if mirror is None:
        # What was never seen here and has ended already leaves nothing to stop.
        uses = (Use.START,) if snapshot.status is CommercialStatus.SUBSCRIBED else ()
        return Following(snapshot=snapshot, is_new=True, differences=(), uses=uses)
    changed = differences(mirror, snapshot)
    return Following(
        snapshot=snapshot,
        is_new=False,
        differences=changed,
        uses=_uses(mirror, snapshot.status, {difference.field for difference in changed}),
        findings=_strange(mirror, snapshot),
    )


def _uses(mirror: Mirror, status: CommercialStatus | None, changed: set[Field]) -> tuple[Use, ...]:
    is_set_up = mirror.provisioning in _SET_UP
    if status is CommercialStatus.UNSUBSCRIBED:
        # A mirror that never began (state none) is stopped too, so that it ends and its retention runs.
        ends = is_set_up or (mirror.provisioning is ProvisioningState.NONE and Field.STATUS in changed)
        return (Use.DRAIN,) if ends else ()
    if status is not CommercialStatus.SUBSCRIBED:
        return (Use.STOP,) if is_set_up and mirror.status is CommercialStatus.SUBSCRIBED else ()
    if mirror.provisioning is ProvisioningState.NONE:
        return (Use.START,)
    if not is_set_up:
        return ()
    # Only a suspension and a held status have stopped anything.
    was_stopped = Field.STATUS in changed and mirror.status in {CommercialStatus.SUSPENDED, None}
    resumes = (Use.RESUME,) if was_stopped else ()
    return (*resumes, Use.CHANGE) if changed & {Field.PLAN, Field.SEATS} else resumes


def _strange(mirror: Mirror, snapshot: SubscriptionSnapshot) -> tuple[Finding, ...]:
    """Report a move that Microsoft does not document; from and to a held status nothing can be said."""
    if mirror.status is None or snapshot.status is None or mirror.status is snapshot.status:
        return ()
    if (mirror.status, snapshot.status) in COMMERCIAL_MOVES:
        return ()
    message = f"Microsoft's status went from {mirror.status} to {snapshot.status}."
    return (STATUS_JUMPED.found(message, subject=snapshot.id),)


def _status(status: CommercialStatus | None, text: str) -> str:
    return text if status is None else status.value


def _text(value: int | None) -> str:
    return "" if value is None else str(value).lower()


def _term(term: Term) -> str:
    parts = (term.start_on and term.start_on.isoformat(), term.end_on and term.end_on.isoformat(), term.unit_text)
    return " ".join(part or "-" for part in parts) if any(parts) else ""
