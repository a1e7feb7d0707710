"""Between rows and rules: loads a subscription as mirror, standing and clock facts, and writes a reading back.

Separate from the actions, because every one of them begins with these and ends with these.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fairkeeper.customers.errors import ReadingOvertakenError
from fairkeeper.customers.following.mirror import Mirror
from fairkeeper.customers.marketplace.subscription import Party, SubscriptionSnapshot, Term
from fairkeeper.customers.path.clocks import CLOCKS, ClockFacts, ClockName, OpenChange
from fairkeeper.customers.path.landing import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState, OperationState, ProvisioningState
from fairkeeper.customers.path.standing import Mark, Milestones, Standing
from fairkeeper.customers.tables import CustomerRow, OperationRow, SubscriptionRow
from fairkeeper.errors import NotFoundError, UnavailableError
from fairkeeper.values.errors import DurationRefusedError
from fairkeeper.values.ids import CustomerId, OperationId, SubscriptionId, TenantId, new_id
from fairkeeper.values.period import Duration

UNKNOWN_TENANT: Final = "unknown-"
"""How the tenant of a customer begins whom Microsoft has not named."""
_TRIES: Final = 50
"""More than there are workers that could take an address from each other."""
_SECOND_LEVEL: Final = frozenset({"onmicrosoft", "co", "com", "net", "org", "ac", "gov", "edu"})
"""Labels before the last of a domain that name no company (contoso.co.uk, contoso.onmicrosoft.com)."""


class SubscriptionNotFoundError(NotFoundError):
    """There is no such subscription for this principal."""

    code = "customers.subscription_not_found"


class CustomerNotFoundError(NotFoundError):
    """There is no such customer for this principal."""

    code = "customers.customer_not_found"


def load_subscription(session: Session, subscription_id: str, *, for_change: bool = False) -> SubscriptionRow:
    """Return a subscription's row, locked if it will be changed.

    Raises:
        SubscriptionNotFoundError: There is none for this session.
    """
    row = session.get(
        SubscriptionRow, subscription_id.lower(), with_for_update=for_change, populate_existing=for_change
    )
    if row is None:
        msg = f"There is no subscription {subscription_id!r} here."
        raise SubscriptionNotFoundError(msg)
    return row


def load_customer(session: Session, customer: str) -> CustomerRow:
    """Return a customer's row by id or by its readable address.

    Raises:
        CustomerNotFoundError: There is none for this session.
    """
    row = session.scalars(
        select(CustomerRow).where((CustomerRow.customer_id == customer) | (CustomerRow.slug == customer))
    ).first()
    if row is None:
        msg = f"There is no customer {customer!r} here."
        raise CustomerNotFoundError(msg)
    return row


def mirror_of_row(row: SubscriptionRow) -> Mirror:
    """Return what is known here of Microsoft's side."""
    return Mirror(
        subscription_id=row.subscription_id,
        status=None if row.status is None else CommercialStatus(row.status),
        status_text=row.status_text,
        offer_id=row.offer_id,
        plan_id=row.plan_id,
        quantity=row.quantity,
        term=Term(
            start_on=row.term_start_on,
            end_on=row.term_end_on,
            unit_text=row.term_unit,
            unit=_duration(row.term_unit),
            charge_text=row.charge_unit,
        ),
        auto_renew=row.auto_renew,
        provisioning=ProvisioningState(row.provisioning),
        was_visited=row.was_visited,
    )


def standing_of_row(row: SubscriptionRow, consent: Mark[ConsentState]) -> Standing:
    """Return the four machines of one subscription; where consent stands is another room's answer."""
    return Standing(
        commercial=Mark(
            state=None if row.status is None else CommercialStatus(row.status),
            since_at=row.status_since_at,
            note=None if row.status is not None else row.status_text,
        ),
        consent=consent,
        provisioning=Mark(
            state=ProvisioningState(row.provisioning), since_at=row.provisioning_since_at, note=row.provisioning_note
        ),
        operation=Mark(state=OperationState(row.operation), since_at=row.operation_since_at, note=row.operation_note),
        milestones=Milestones(
            bought_at=row.bought_at,
            activated_at=row.activated_at,
            ready_at=row.ready_at,
            stopped_at=row.stopped_at,
            erased_at=row.erased_at,
        ),
    )


def parties_of_row(row: SubscriptionRow) -> SubscriptionSnapshot:
    """Return what is known here of whose a subscription is, in the form in which Microsoft states it."""
    return SubscriptionSnapshot(
        id=row.subscription_id,
        status=None,
        beneficiary=Party(tenant_id=row.beneficiary_tenant_id, object_id=row.beneficiary_object_id),
        purchaser=Party(tenant_id=row.purchaser_tenant_id, object_id=row.purchaser_object_id),
    )


def clock_facts_of_row(
    row: SubscriptionRow, open_changes: tuple[OpenChange, ...], *, retention_days: int
) -> ClockFacts:
    """Return what the clocks of one subscription are derived from."""
    unit = _duration(row.term_unit)
    return ClockFacts(
        status=None if row.status is None else CommercialStatus(row.status),
        bought_at=row.bought_at,
        open_changes=open_changes,
        suspended_at=row.suspended_at,
        unsubscribed_at=row.unsubscribed_at,
        retention_started_at=row.retention_started_at,
        is_erased=row.provisioning == ProvisioningState.ERASED,
        term_end_on=row.term_end_on,
        term_months=None if unit is None else unit.months,
        auto_renew=row.auto_renew,
        retention_days=retention_days,
    )


def open_changes_of(
    session: Session, subscription_ids: Sequence[SubscriptionId] | None = None
) -> dict[str, tuple[OpenChange, ...]]:
    """Return the changes that wait for our answer, by subscription; of these subscriptions, or of all."""
    statement = select(OperationRow).where(OperationRow.answered_at.is_(None), OperationRow.answer_by_at.is_not(None))
    if subscription_ids is not None:
        statement = statement.where(OperationRow.subscription_id.in_(subscription_ids))
    found: dict[str, tuple[OpenChange, ...]] = {}
    for row in session.scalars(statement):
        received_at = (row.answer_by_at or row.asked_at) - (CLOCKS[ClockName.CHANGE_ANSWER].length or timedelta())
        change = OpenChange(operation_id=OperationId(row.operation_id), received_at=received_at)
        found[row.subscription_id] = (*found.get(row.subscription_id, ()), change)
    return found


def write_reading(row: SubscriptionRow, snapshot: SubscriptionSnapshot, *, now: datetime) -> None:
    """Write Microsoft's present statement into the mirror, with the instants that follow from a change of status.

    What names people is not written for a subscription that is erased: nothing would ever take it away again.
    """
    status = None if snapshot.status is None else snapshot.status.value
    if row.status != status or row.status_since_at is None:
        row.status_since_at = now
        _stamp_status(row, snapshot.status, now=now)
    row.status, row.status_text = status, snapshot.status_text[:200]
    row.offer_id, row.plan_id = _clip(snapshot.offer_id, 120), _clip(snapshot.plan_id, 120)
    row.quantity = snapshot.quantity
    row.term_start_on, row.term_end_on = snapshot.term.start_on, snapshot.term.end_on
    row.term_unit, row.charge_unit = _clip(snapshot.term.unit_text, 60), _clip(snapshot.term.charge_text, 60)
    row.auto_renew = snapshot.auto_renew
    row.is_test, row.is_free_trial = snapshot.is_test, snapshot.is_free_trial
    row.session_mode, row.sandbox_type = _clip(snapshot.session_mode, 40), _clip(snapshot.sandbox_type, 40)
    row.allowed_operations = [_clip(name, 40) for name in snapshot.allowed_customer_operations[:20]]
    row.bought_at = row.bought_at or snapshot.created_at or now
    if row.provisioning != ProvisioningState.ERASED:
        row.name = (snapshot.name or row.name)[:300]
        _write_parties(row, snapshot)
    row.read_at = now
    row.readings += 1


def count_readings(session: Session, subscription_id: SubscriptionId) -> int:
    """Return how many of Microsoft's statements were written for a subscription: ask before you ask Microsoft."""
    found = session.scalar(select(SubscriptionRow.readings).where(SubscriptionRow.subscription_id == subscription_id))
    return found or 0


def refuse_overtaken(row: SubscriptionRow | None, asked_after: int | None) -> None:
    """Refuse a statement where another was written since Microsoft was asked: it may be older than that one.

    Two servers that read one subscription may write in the other order than they read, and would tell the publisher's
    systems of seats that are past.

    Args:
        row: The subscription, locked.
        asked_after: What `count_readings` returned before Microsoft was asked; None where the age does not matter.

    Raises:
        ReadingOvertakenError: It was overtaken.
    """
    if asked_after is not None and asked_after != (0 if row is None else row.readings):
        msg = "Another statement of Microsoft's was written while this one was on its way."
        raise ReadingOvertakenError(msg)


def _write_parties(row: SubscriptionRow, snapshot: SubscriptionSnapshot) -> None:
    row.beneficiary_tenant_id = snapshot.beneficiary.tenant_id
    row.purchaser_tenant_id = snapshot.purchaser.tenant_id
    row.beneficiary_object_id = snapshot.beneficiary.object_id
    row.beneficiary_email = _clip(snapshot.beneficiary.email, 320)
    row.purchaser_object_id = snapshot.purchaser.object_id
    row.purchaser_email = _clip(snapshot.purchaser.email, 320)


def _clip(text: str | None, length: int) -> str | None:
    """Cut what is longer than anything Microsoft documents, rather than refuse the whole reading for it."""
    return None if text is None else text[:length]


def _stamp_status(row: SubscriptionRow, status: CommercialStatus | None, *, now: datetime) -> None:
    if status is CommercialStatus.SUBSCRIBED:
        row.activated_at = row.activated_at or now
        row.suspended_at = None
    elif status is CommercialStatus.SUSPENDED:
        row.activated_at = row.activated_at or now
        row.suspended_at = row.suspended_at or now
    elif status is CommercialStatus.UNSUBSCRIBED:
        row.unsubscribed_at = row.unsubscribed_at or now


def new_subscription_row(snapshot: SubscriptionSnapshot, customer_id: CustomerId, *, now: datetime) -> SubscriptionRow:
    """Return the row of a subscription that was not known here.

    One that has ended before it was seen leaves nothing to stop and nothing to erase later, so that nobody's name or
    address is taken over with it.
    """
    row = SubscriptionRow(
        subscription_id=snapshot.id,
        customer_id=customer_id,
        name="",
        status=None,
        status_text="",
        provisioning=ProvisioningState.NONE.value,
        operation=OperationState.ENABLED.value,
        private_offer_ids=[],
        was_visited=False,
        readings=0,
    )
    write_reading(row, snapshot, now=now)
    if snapshot.status is CommercialStatus.UNSUBSCRIBED:
        forget_people(row)
    return row


def forget_people(row: SubscriptionRow) -> None:
    """Take away what names people; tenants stay, which name companies."""
    row.name = ""
    row.beneficiary_email = row.beneficiary_object_id = None
    row.purchaser_email = row.purchaser_object_id = None


def ensure_customer(session: Session, snapshot: SubscriptionSnapshot, *, now: datetime) -> CustomerRow:
    """Return the customer of a subscription's beneficiary, made if there is none.

    The beneficiary uses what was bought; a purchaser may be a partner. Where Microsoft states no beneficiary the
    purchaser stands in, and where it states neither, the subscription is its own customer until Microsoft does.
    """
    account = account_of(snapshot) or (TenantId(f"{UNKNOWN_TENANT}{snapshot.id}"), "")
    return find_customer(session, *account) or _new_customer(session, account, snapshot, now=now)


def ensure_tenant(session: Session, tenant_id: TenantId, *, now: datetime) -> CustomerRow:
    """Return the customer of a tenant that was confirmed to have bought, made if there is none.

    For what is bought without a subscription here, a managed application in the customer's own.
    """
    nothing = SubscriptionSnapshot(id=SubscriptionId(""), status=None, beneficiary=Party(tenant_id=tenant_id))
    return find_customer(session, tenant_id, "") or _new_customer(session, (tenant_id, ""), nothing, now=now)


def _new_customer(
    session: Session, account: tuple[TenantId, str], snapshot: SubscriptionSnapshot, *, now: datetime
) -> CustomerRow:
    """Make a customer; where others do so at the same moment, take theirs if it is the same, or another address."""
    tenant_id, object_id = account
    party = snapshot.beneficiary if snapshot.beneficiary.tenant_id else snapshot.purchaser
    name = customer_name(party.email, tenant_id)
    customer_id = CustomerId(new_id("cus"))
    has_ended = snapshot.status is CommercialStatus.UNSUBSCRIBED
    slug = _free_slug(session, name)
    for _ in range(_TRIES):
        row = CustomerRow(
            customer_id=customer_id,
            slug=slug,
            name=name,
            tenant_id=tenant_id,
            object_id=customer_id if object_id and has_ended else object_id,
            created_at=now,
        )
        try:
            with session.begin_nested():
                session.add(row)
            return row
        except IntegrityError:
            known = find_customer(session, *account)
            if known is not None:
                return known
            slug = _free_slug(session, name)
    msg = f"No address for the customer {name!r} could be had in {_TRIES} tries."
    raise UnavailableError(msg)


def account_of(snapshot: SubscriptionSnapshot) -> tuple[TenantId, str] | None:
    """Return the tenant a subscription is for and, for a personal account, the account; None if it cannot be told.

    All personal accounts share one tenant: without the account's own id two people would be one customer.
    """
    for party in (snapshot.beneficiary, snapshot.purchaser):
        if party.tenant_id == PERSONAL_ACCOUNTS_TENANT:
            return None if party.object_id is None else (party.tenant_id, party.object_id)
        if party.tenant_id is not None:
            return party.tenant_id, ""
    return None


def adopt_account(session: Session, row: SubscriptionRow, snapshot: SubscriptionSnapshot) -> bool:
    """Give a customer whose tenant was not known the tenant that Microsoft states now; return whether it is known.

    Where that tenant is another customer already, the two stay apart: evidence was written for each.
    """
    customer = session.get(CustomerRow, row.customer_id)
    if customer is None or not customer.tenant_id.startswith(UNKNOWN_TENANT):
        return True
    account = account_of(snapshot)
    if account is None or find_customer(session, *account) is not None:
        return False
    customer.tenant_id, customer.object_id = account
    party = snapshot.beneficiary if snapshot.beneficiary.tenant_id else snapshot.purchaser
    customer.name = customer_name(party.email, customer.tenant_id)
    return True


def find_customer(session: Session, tenant_id: str, object_id: str) -> CustomerRow | None:
    """Return the customer of an account; in the tenant of personal accounts the account itself decides."""
    own = object_id if tenant_id == PERSONAL_ACCOUNTS_TENANT else ""
    return session.scalars(
        select(CustomerRow).where(CustomerRow.tenant_id == tenant_id, CustomerRow.object_id == own)
    ).first()


def customer_name(email: str | None, tenant_id: str) -> str:
    """Return a first name for a customer, from its mail domain; people give a better one later.

    Example:
        >>> customer_name("ada@contoso.example", "t"), customer_name("ada@fabrikam.onmicrosoft.com", "t")
        ('Contoso', 'Fabrikam')
        >>> customer_name("lena@litware.co.uk", "t"), customer_name(None, "12345678-0000")
        ('Litware', 'Tenant 12345678')
    """
    labels = (email or "").rpartition("@")[2].split(".")
    if len(labels) < 2 or not labels[0]:
        return f"Tenant {tenant_id[:8]}"
    is_suffix = labels[-2] in _SECOND_LEVEL and len(labels) > 2
    return (labels[-3] if is_suffix else labels[-2]).replace("-", " ").title()[:200]


def _free_slug(session: Session, name: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "customer"
    taken = set(session.scalars(select(CustomerRow.slug).where(CustomerRow.slug.like(f"{base}%"))))
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def _duration(text: str | None) -> Duration | None:
    if text is None:
        return None
    try:
        return Duration.parse(text)
    except DurationRefusedError:
        return None
