"""Every clock of a subscription as data, and the deadlines that follow from it.

A clock says how long it runs, when it starts, when somebody is reminded, what happens if nobody acts and whose it is.
They stand in one table, because "what must happen next by when" is one question for all of them.

Source: Microsoft Learn, "Managing the SaaS subscription life cycle", "Implementing a webhook on the SaaS service",
"SaaS fulfillment Subscription APIs v2", "Marketplace metered billing APIs FAQ", "ISV to customer private offers".
Assumption: the days on which somebody is reminded are ours; Microsoft states only when each clock ends. The retention
of 30 days is our default above Microsoft's minimum of 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fairkeeper.customers.errors import RetentionTooShortError
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.values.ids import OperationId

MINIMUM_RETENTION_DAYS: Final = 7
DEFAULT_RETENTION_DAYS: Final = 30
WEBHOOK_ATTEMPTS: Final = 500
"""How often Microsoft repeats a webhook within its eight hours."""


class ClockName(StrEnum):
    """The clocks."""

    LANDING_TOKEN = "landing_token"  # noqa: S105 (a clock's name)
    ACTIVATION = "activation"
    OFFER_TO_SUBSCRIPTION = "offer_to_subscription"
    CHANGE_ANSWER = "change_answer"
    WEBHOOK_RETRY = "webhook_retry"
    SUSPENSION_GRACE = "suspension_grace"
    RETENTION = "retention"
    REFUND_WINDOW = "refund_window"
    USAGE_EVENT = "usage_event"
    FINAL_USAGE = "final_usage"
    RENEWAL_NOTICE = "renewal_notice"
    TERM_END = "term_end"


ASKS_NOTHING: Final = frozenset({ClockName.REFUND_WINDOW, ClockName.LANDING_TOKEN})
"""Clocks worth knowing on a customer's page, for which nobody here can do anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """One clock.

    Args:
        title: What ends, as a heading.
        starts_at: What starts it, in words.
        length: How long it runs; None if it ends on a date Microsoft states.
        reminders_after: When somebody is reminded, counted from its start.
        reminders_before: When somebody is reminded, counted back from its end.
        consequence: What happens if nobody acts.
        owner_role: Whose it is.
        resource: Key of the official resource behind it.
    """

    name: ClockName
    title: str
    starts_at: str
    length: timedelta | None
    consequence: str
    owner_role: str
    resource: str
    reminders_after: tuple[timedelta, ...] = ()
    reminders_before: tuple[timedelta, ...] = ()


def _days(*days: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(days=day) for day in days)


_RULES: Final = (
    ClockRule(
        name=ClockName.LANDING_TOKEN,
        title="The landing token expires",
        starts_at="each redirect to the landing page",
        length=timedelta(hours=24),
        consequence="The buyer has to open the subscription at Microsoft again; nothing is lost.",
        owner_role="platform",
        resource="learn-subscription-api",
    ),
    ClockRule(
        name=ClockName.ACTIVATION,
        title="The purchase is cancelled unless activated",
        starts_at="purchase",
        length=timedelta(days=30),
        reminders_after=_days(1, 7, 20, 28),
        consequence="Microsoft cancels the purchase; whatever was reserved for it is released.",
        owner_role="platform",
        resource="learn-life-cycle",
    ),
    ClockRule(
        name=ClockName.OFFER_TO_SUBSCRIPTION,
        title="The accepted private offer is not yet bought",
        starts_at="acceptance of the private offer",
        length=timedelta(days=30),
        reminders_after=_days(1, 7, 20, 28),
        consequence="No billing begins: accepting is not buying. The customer has to be reminded to subscribe.",
        owner_role="deal_desk",
        resource="learn-private-offers",
    ),
    ClockRule(
        name=ClockName.CHANGE_ANSWER,
        title="Microsoft takes silence for yes",
        starts_at="delivery of a ChangePlan or ChangeQuantity webhook",
        length=timedelta(seconds=10),
        consequence="The change counts as accepted.",
        owner_role="platform",
        resource="learn-webhook",
    ),
    ClockRule(
        name=ClockName.WEBHOOK_RETRY,
        title="Microsoft stops repeating webhooks",
        starts_at="first webhook that could not be delivered",
        length=timedelta(hours=8),
        consequence="The notices are lost; the list of subscriptions is compared and repaired instead.",
        owner_role="platform",
        resource="learn-webhook",
    ),
    ClockRule(
        name=ClockName.SUSPENSION_GRACE,
        title="The suspended subscription is cancelled",
        starts_at="Suspend",
        length=timedelta(days=30),
        reminders_after=_days(1, 15, 27),
        consequence="Microsoft cancels the subscription; use stays blocked and data is kept until then.",
        owner_role="support",
        resource="learn-life-cycle",
    ),
    ClockRule(
        name=ClockName.RETENTION,
        title="The customer's data is erased",
        starts_at="Unsubscribe, or a person's decision to stop",
        length=timedelta(days=DEFAULT_RETENTION_DAYS),
        reminders_before=_days(7, 1),
        consequence="The data is erased and a receipt says so.",
        owner_role="platform",
        resource="learn-life-cycle",
    ),
    ClockRule(
        name=ClockName.REFUND_WINDOW,
        title="The customer may no longer cancel with a refund",
        starts_at="purchase",
        length=timedelta(hours=72),
        consequence="The flat fee stays; usage that was already reported is billed in either case.",
        owner_role="finance",
        resource="learn-subscription-api",
    ),
    ClockRule(
        name=ClockName.USAGE_EVENT,
        title="Usage can no longer be reported",
        starts_at="the hour the usage belongs to",
        length=timedelta(hours=24),
        reminders_before=(timedelta(hours=6),),
        consequence="Microsoft refuses it as expired and it is never billed.",
        owner_role="finance",
        resource="learn-metering-faq",
    ),
    ClockRule(
        name=ClockName.FINAL_USAGE,
        title="The last usage can no longer be reported",
        starts_at="Unsubscribe",
        length=timedelta(hours=24),
        reminders_before=(timedelta(hours=6),),
        consequence="Usage from before the cancellation is never billed.",
        owner_role="finance",
        resource="learn-metering-faq",
    ),
    ClockRule(
        name=ClockName.RENEWAL_NOTICE,
        title="Microsoft announces the renewal to the customer",
        starts_at="30 days before a term of a year or more ends",
        length=None,
        reminders_before=_days(14),
        consequence="The customer hears of the renewal from Microsoft before hearing from us.",
        owner_role="seller",
        resource="learn-life-cycle",
    ),
    ClockRule(
        name=ClockName.TERM_END,
        title="The term ends",
        starts_at="the end date Microsoft states",
        length=None,
        reminders_before=_days(30, 7),
        consequence="It renews at the public price; a private price does not go on by itself.",
        owner_role="seller",
        resource="learn-life-cycle",
    ),
)

CLOCKS: Final[Mapping[ClockName, ClockRule]] = MappingProxyType({rule.name: rule for rule in _RULES})
"""Every clock by its name."""

_WITHOUT_RENEWAL: Final = "The subscription ends and is cancelled: renewal is switched off."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChange:
    """A plan or seat change that waits for our answer."""

    operation_id: OperationId
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """What the clocks of one subscription are derived from; everything that is not known is left out.

    Args:
        status: Microsoft's status; None if there is no subscription yet, or it is held.
        retention_started_at: When the subscription ended or a person stopped it; None while neither is so.
        is_erased: The data is gone, so that no retention runs.
        unreported_usage_at: The start of the oldest hour whose usage was not accepted yet.
        has_final_usage: Usage from before the cancellation waits to be reported.
        term_months: Length of the term in months, None if it is not known.
        retention_days: The publisher's setting, 7 or more.
    """

    status: CommercialStatus | None = None
    bought_at: datetime | None = None
    landing_token_received_at: datetime | None = None
    offer_accepted_at: datetime | None = None
    open_changes: tuple[OpenChange, ...] = ()
    webhooks_failing_since_at: datetime | None = None
    suspended_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    retention_started_at: datetime | None = None
    is_erased: bool = False
    unreported_usage_at: datetime | None = None
    has_final_usage: bool = False
    term_end_on: date | None = None
    term_months: int | None = None
    auto_renew: bool | None = None
    retention_days: int = DEFAULT_RETENTION_DAYS

    def __post_init__(self) -> None:
        """Refuse a retention below Microsoft's minimum."""
        check_retention(self.retention_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One clock that runs for one subscription.

    Args:
        subject: Which operation it is about, if it is about one.
        due_at: When it ends.
        reminder_ats: When somebody is reminded, in order, those of the past included.
        next_reminder_at: The first of them that is still to come.
        is_overdue: It has ended and what it waited for has not happened.
    """

    name: ClockName
    title: str
    starts_at: datetime
    due_at: datetime
    reminder_ats: tuple[datetime, ...]
    next_reminder_at: datetime | None
    is_overdue: bool
    consequence: str
    owner_role: str
    resource: str
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    name: ClockName
    starts_at: datetime
    due_at: datetime
    subject: str | None = None
    consequence: str | None = None
    ends_quietly: bool = field(default=False)
    """Nothing waits for it any more once it has ended."""


def check_retention(days: int) -> int:
    """Return the publisher's retention if it is long enough.

    Raises:
        RetentionTooShortError: It is below Microsoft's minimum of 7 days.

    Example:
        >>> check_retention(30)
        30
    """
    if days < MINIMUM_RETENTION_DAYS:
        raise RetentionTooShortError(
            f"A retention of {days} days is shorter than the {MINIMUM_RETENTION_DAYS} that Microsoft asks for.",
            resource=CLOCKS[ClockName.RETENTION].resource,
        )
    return days


def deadlines(facts: ClockFacts, now: datetime) -> tuple[Deadline, ...]:
    """Return the deadlines that run for one subscription, the nearest first; overdue ones stay until acted on.

    Example:
        >>> facts = ClockFacts(
        ...     status=CommercialStatus.PENDING_FULFILLMENT_START, bought_at=datetime(2026, 11, 1, tzinfo=UTC)
        ... )
        >>> [
        ...     (deadline.name.value, str(deadline.due_at.date()), str(deadline.next_reminder_at.date()))
        ...     for deadline in deadlines(facts, datetime(2026, 11, 5, tzinfo=UTC))
        ... ]
        [('activation', '2026-12-01', '2026-11-08')]
    """
    running = (*_purchase_clocks(facts), *_answer_clocks(facts), *_ending_clocks(facts), *_term_clocks(facts))
    shown = (clock for clock in running if not (clock.ends_quietly and clock.due_at <= now))
    return tuple(
        sorted(
            (_deadline(clock, now) for clock in shown), key=lambda item: (item.due_at, item.name, item.subject or "")
        )
    )


def _deadline(clock: _Running, now: datetime) -> Deadline:
    rule = CLOCKS[clock.name]
    after = (clock.starts_at + wait for wait in rule.reminders_after)
    before = (clock.due_at - wait for wait in rule.reminders_before)
    reminders = tuple(sorted({*after, *before}))
    return Deadline(
        name=clock.name,
        title=rule.title,
        starts_at=clock.starts_at,
        due_at=clock.due_at,
        reminder_ats=reminders,
        next_reminder_at=next((at for at in reminders if at > now), None),
        is_overdue=clock.due_at <= now,
        consequence=clock.consequence or rule.consequence,
        owner_role=rule.owner_role,
        resource=rule.resource,
        subject=clock.subject,
    )


def _run(
    name: ClockName, starts_at: datetime | None, *, subject: str | None = None, ends_quietly: bool = False
) -> Iterator[_Running]:
    length = CLOCKS[name].length
    if starts_at is not None and length is not None:
        yield _Running(
            name=name, starts_at=starts_at, due_at=starts_at + length, subject=subject, ends_quietly=ends_quietly
        )


def _purchase_clocks(facts: ClockFacts) -> Iterator[_Running]:
    is_waiting = facts.status in {CommercialStatus.NOT_STARTED, CommercialStatus.PENDING_FULFILLMENT_START}
    if facts.bought_at is None:
        yield from _run(ClockName.OFFER_TO_SUBSCRIPTION, facts.offer_accepted_at)
    if is_waiting:
        yield from _run(ClockName.ACTIVATION, facts.bought_at)
        yield from _run(ClockName.LANDING_TOKEN, facts.landing_token_received_at, ends_quietly=True)
    if facts.status is not CommercialStatus.UNSUBSCRIBED:
        yield from _run(ClockName.REFUND_WINDOW, facts.bought_at, ends_quietly=True)


def _answer_clocks(facts: ClockFacts) -> Iterator[_Running]:
    for change in facts.open_changes:
        yield from _run(ClockName.CHANGE_ANSWER, change.received_at, subject=change.operation_id)
    yield from _run(ClockName.WEBHOOK_RETRY, facts.webhooks_failing_since_at)
    yield from _run(ClockName.USAGE_EVENT, facts.unreported_usage_at)


def _ending_clocks(facts: ClockFacts) -> Iterator[_Running]:
    if facts.status is CommercialStatus.SUSPENDED:
        yield from _run(ClockName.SUSPENSION_GRACE, facts.suspended_at)
    if facts.has_final_usage:
        yield from _run(ClockName.FINAL_USAGE, facts.unsubscribed_at)
    started_at = facts.retention_started_at
    if started_at is not None and not facts.is_erased:
        due_at = started_at + timedelta(days=facts.retention_days)
        yield _Running(name=ClockName.RETENTION, starts_at=started_at, due_at=due_at)


def _term_clocks(facts: ClockFacts) -> Iterator[_Running]:
    if facts.term_end_on is None or facts.status is not CommercialStatus.SUBSCRIBED:
        return
    # Assumption: the end date's first instant in UTC is the latest moment to rely on; Microsoft states no hour.
    ends_at = datetime.combine(facts.term_end_on, time(), UTC)
    begins_at = ends_at - timedelta(days=60)
    renews = facts.auto_renew is not False
    yield _Running(
        name=ClockName.TERM_END,
        starts_at=begins_at,
        due_at=ends_at,
        consequence=None if renews else _WITHOUT_RENEWAL,
    )
    if renews and (facts.term_months or 0) >= 12:
        announced_at = ends_at - timedelta(days=30)
        yield _Running(name=ClockName.RENEWAL_NOTICE, starts_at=begins_at, due_at=announced_at, ends_quietly=True)
