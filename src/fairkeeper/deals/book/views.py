"""What questions to the book answer: frozen rows for any channel. Amounts are exact texts beside their currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from fairkeeper.deals.actions.views import FindingView
from fairkeeper.deals.book.tables import DealPurchaseRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLine:
    """One deal in a list.

    Args:
        needs: How many reminders are open.
    """

    deal_id: str
    slug: str
    name: str
    customer: str
    kind: str
    state: str
    state_since_at: datetime
    total: str
    currency: str
    accept_by: date
    starts_on: date
    ends_on: date
    owner: str
    crm_id: str
    private_offer_id: str | None
    closed_why: str | None
    lost_to: str | None
    needs: int
    next_on: date | None
    next_what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealPage:
    """Deals, and how many there are: of those asked for, and in each state."""

    deals: tuple[DealLine, ...]
    total: int
    by_state: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """One approval that a deal needs, and who gave it."""

    reason: str
    sentence: str
    approved_by: str | None
    approved_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version of a deal's text."""

    version: int
    digest: str
    changed_by: str
    changed_at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """One subscription and the deal it came from."""

    subscription_id: str
    customer_id: str
    deal_id: str | None
    candidates: tuple[str, ...]
    plan_id: str
    bought_on: date
    matched_by: str
    reason: str
    needs_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseDetail:
    """One purchase, and the names of the deals it may have come from, by their ids."""

    purchase: PurchaseLine
    candidates: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """One charge that is expected."""

    deal_id: str
    deal_name: str
    subscription_id: str
    plan: str
    number: int
    charged_on: date
    amount: str
    currency: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealNeed:
    """Something of a deal's that waits for a person."""

    deal_reminder_id: int
    deal_id: str
    deal_slug: str
    deal_name: str
    code: str
    level: str
    message: str
    remedy: str
    resource: str | None
    owner_role: str
    due_on: date | None
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionLine:
    """The submission under way or the last one."""

    wished: str
    job_id: str | None
    asked_at: str
    ended_at: str | None
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DealDetail:
    """One deal in full.

    Args:
        document: Its text.
        findings: What the rules find today.
        counts_towards_commitment: Whether it draws down the customer's cloud commitment: yes, no or unknown.
        differences: Where Microsoft's copy is not what was submitted.
        unread: What an import left out.
        renewal: What somebody said about the time after the end; empty if nobody did.
        steps: What can be done with it now.
    """

    line: DealLine
    document: str
    digest: str
    version: int
    source: str
    findings: tuple[FindingView, ...]
    approvals: tuple[ApprovalLine, ...]
    missing: tuple[str, ...]
    counts_towards_commitment: str
    submission: SubmissionLine | None
    accept_links: tuple[str, ...]
    accepted_at: datetime | None
    read_at: datetime | None
    differences: tuple[str, ...]
    unread: tuple[str, ...]
    purchases: tuple[PurchaseLine, ...]
    charges: tuple[ChargeLine, ...]
    needs: tuple[DealNeed, ...]
    versions: tuple[VersionLine, ...]
    renewal: dict[str, str]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalLine:
    """One deal whose contract ends.

    Args:
        asked_on: From when on it is asked how it goes on.
        answer: What somebody said; empty if nobody did.
        qualifies: Whether the next offer is said to qualify for half of the agency fee: yes, no or unknown.
        fee_at_stake: What half of the agency fee on a renewal of the same worth would be.
    """

    deal: DealLine
    asked_on: date
    goes_on: str
    answer: str
    qualifies: str
    fee_at_stake: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalMonth:
    """What ends in one month, with totals by currency."""

    month: str
    totals: dict[str, str]
    renewals: tuple[RenewalLine, ...]


def purchase_line(row: DealPurchaseRow) -> PurchaseLine:
    """Return a purchase for channels."""
    return PurchaseLine(
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        deal_id=row.deal_id,
        candidates=tuple(row.candidates),
        plan_id=row.plan_id,
        bought_on=row.bought_on,
        matched_by=row.matched_by,
        reason=row.reason,
        needs_person=row.needs_person,
    )
