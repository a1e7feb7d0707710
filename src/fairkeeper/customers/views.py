"""What this room's queries answer: frozen rows for channels to render."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from fairkeeper.customers.path.standing import Reason
from fairkeeper.customers.path.steps import PathStep, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineView:
    """A deadline that runs, and for whom."""

    customer_id: str
    customer_slug: str
    customer_name: str
    subscription_id: str
    clock: str
    title: str
    due_at: datetime
    next_reminder_at: datetime | None
    is_overdue: bool
    consequence: str
    owner_role: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLine:
    """A subscription in a list.

    Attributes:
        status: Microsoft's word, as it came.
        allowed: Whether it may act now.
        reason: The first reason why not; empty where it may.
    """

    subscription_id: str
    customer_id: str
    customer_slug: str
    customer_name: str
    offer_id: str | None
    plan_id: str | None
    quantity: int | None
    status: str
    provisioning: str
    operation: str
    consent: str
    allowed: bool
    reason: str
    bought_at: datetime | None
    term_end_on: date | None
    next_deadline: DeadlineView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """A customer in a list, told by its liveliest subscription.

    Attributes:
        step: The step of the path where it stands.
        is_stuck: Whether that step is broken.
    """

    customer_id: str
    slug: str
    name: str
    tenant_id: str
    subscriptions: int
    created_at: datetime
    main: SubscriptionLine | None
    step: Step = Step.BUY
    is_stuck: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """Customers of one page of a list, and how many match in all."""

    customers: tuple[CustomerLine, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A wish to the publisher's systems."""

    request_id: str
    wish: str
    attempt: int
    state: str
    message: str | None
    asked_at: datetime
    accepted_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLine:
    """An operation at Microsoft."""

    operation_id: str
    action: str
    is_ours: bool
    answer: str | None
    answer_reason: str | None
    asked_at: datetime
    answered_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MayAct:
    """Whether a customer's app or agent may act now; the reasons are empty exactly when it may."""

    subscription_id: str
    allowed: bool
    reasons: tuple[Reason, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingAnswer:
    """What was answered on the landing page: the field's name for programs, its label for people."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionDetail:
    """Everything about one subscription that is no secret."""

    line: SubscriptionLine
    name: str
    path: tuple[PathStep, ...]
    reasons: tuple[Reason, ...]
    deadlines: tuple[DeadlineView, ...]
    jobs: tuple[JobLine, ...]
    operations: tuple[OperationLine, ...]
    term_start_on: date | None
    term_unit: str | None
    charge_unit: str | None
    auto_renew: bool | None
    beneficiary_tenant_id: str | None
    beneficiary_email: str | None
    purchaser_tenant_id: str | None
    purchaser_email: str | None
    is_test: bool
    is_free_trial: bool
    session_mode: str | None
    sandbox_type: str | None
    private_offer_ids: tuple[str, ...]
    was_visited: bool
    read_at: datetime
    suspended_at: datetime | None
    unsubscribed_at: datetime | None
    retention_ends_at: datetime | None
    stopped_receipt: str | None
    erased_receipt: str | None
    custody: str = "managed"
    """Who runs it: we, or another system while we observe."""
    adopted_at: datetime | None = None
    answers: tuple[LandingAnswer, ...] = ()
    """What was answered on the landing page."""
    waiting_claims: int = 0
    """How many people who are not named by the purchase wait for staff to let them set it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDetail:
    """A customer with its subscriptions, the liveliest first."""

    customer_id: str
    slug: str
    name: str
    tenant_id: str
    is_personal: bool
    created_at: datetime
    subscriptions: tuple[SubscriptionDetail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """A webhook's notice.

    Attributes:
        body: As it came, as text; None in lists and once erased.
    """

    notice_id: int
    operation_id: str
    subscription_id: str | None
    customer_id: str | None
    action: str
    state: str
    outcome: str | None
    deliveries: int
    received_at: datetime
    settled_at: datetime | None
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderLine:
    """A reminder or finding that waits for a person.

    Attributes:
        title: What is due, where it is a deadline; the message says the same with its date and what follows.
    """

    reminder_id: int
    code: str
    level: str
    subject_id: str
    customer_id: str | None
    customer_slug: str | None
    customer_name: str | None
    message: str
    remedy: str
    resource: str | None
    owner_role: str
    due_at: datetime | None
    raised_at: datetime
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A receipt to fetch by its entry's id.

    Attributes:
        subscription_id: None for one that is about data of agents alone.
    """

    entry_id: str
    kind: str
    subscription_id: str | None
    customer_id: str
    at: datetime
