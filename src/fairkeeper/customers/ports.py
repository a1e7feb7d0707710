"""What this room asks of others: Microsoft, the publisher's systems, the consent room, and whoever can be stopped.

Implementations live above (`microsoft`, `outbound`, `governance`) or are handed in by bootstrap; tests use the sandbox.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session

from fairkeeper.customers.following.webhooks import OperationAnswer
from fairkeeper.customers.marketplace.operation import OperationSnapshot
from fairkeeper.customers.marketplace.plans import AvailablePlan
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.marketplace.wire import Parsed
from fairkeeper.customers.path.clocks import DEFAULT_RETENTION_DAYS
from fairkeeper.customers.path.lifecycle import ConsentState
from fairkeeper.customers.path.receipts import ErasedThing, RemainingThing, StoppedThing
from fairkeeper.customers.path.standing import Mark
from fairkeeper.values.findings import Findings
from fairkeeper.values.ids import CustomerId, OperationId, SubscriptionId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionList:
    """All subscriptions of the publisher.

    Args:
        is_complete: The list was read to its end.
    """

    subscriptions: tuple[SubscriptionSnapshot, ...]
    is_complete: bool
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedOperation:
    """An operation that Microsoft has begun for us; its end comes by webhook or by reading it.

    Args:
        operation_id: None if Microsoft's answer named none that can be read.
        location: The address it is read at, as Microsoft gave it.
    """

    operation_id: OperationId | None
    location: str | None


class Fulfillment(Protocol):
    """Microsoft's SaaS fulfillment and operations APIs, the ten calls.

    Every call may raise `AccessRefusedError` (our application), `FulfillmentUnavailableError` (try later; its
    `detail["outcome_unknown"]` says whether the request may have been carried out), `FulfillmentFaultError`
    (Microsoft's fault), where an id is given `SubscriptionUnknownError`, and another `UnavailableError` if no token
    can be had for our application.
    """

    def resolve(self, landing_token: str) -> Parsed[SubscriptionSnapshot]:
        """Turn a landing token into its subscription.

        Raises:
            LandingTokenRefusedError: It is expired, malformed or another publisher's.
        """
        ...

    def activate(self, subscription_id: SubscriptionId, plan_id: str, quantity: int | None = None) -> None:
        """Activate; billing begins.

        Raises:
            RequestRefusedError: It is active already, or plan or quantity do not fit: read it and compare.
        """
        ...

    def list_subscriptions(self) -> SubscriptionList:
        """Read all pages of all subscriptions, in every status."""
        ...

    def get_subscription(self, subscription_id: SubscriptionId) -> Parsed[SubscriptionSnapshot]:
        """Read one subscription."""
        ...

    def list_available_plans(
        self, subscription_id: SubscriptionId, plan_id: str | None = None
    ) -> Parsed[tuple[AvailablePlan, ...]]:
        """Read the plans this customer may switch to; with the plan bought, the private offers behind it too."""
        ...

    def change_plan(self, subscription_id: SubscriptionId, plan_id: str) -> StartedOperation:
        """Begin a change of plan.

        Raises:
            RequestRefusedError: The plan cannot be had now.
            SubscriptionLockedError: Another operation is pending.
        """
        ...

    def change_quantity(self, subscription_id: SubscriptionId, quantity: int) -> StartedOperation:
        """Begin a change of seats.

        Raises:
            RequestRefusedError: The number cannot be had now.
            SubscriptionLockedError: Another operation is pending.
        """
        ...

    def cancel(self, subscription_id: SubscriptionId) -> StartedOperation:
        """Begin the end of a subscription; it has ended when the webhook says so.

        Raises:
            RequestRefusedError: Cancelling is not among the allowed operations.
            SubscriptionLockedError: Another operation is pending.
        """
        ...

    def list_operations(self, subscription_id: SubscriptionId) -> Parsed[tuple[OperationSnapshot, ...]]:
        """Read the pending operations that wait for an answer; an unknown subscription may give an empty list."""
        ...

    def get_operation(self, subscription_id: SubscriptionId, operation_id: OperationId) -> Parsed[OperationSnapshot]:
        """Read one operation.

        Raises:
            OperationUnknownError: Microsoft knows no such operation.
        """
        ...

    def answer_operation(
        self, subscription_id: SubscriptionId, operation_id: OperationId, answer: OperationAnswer
    ) -> None:
        """Answer an operation.

        Raises:
            OperationSupersededError: A newer update was fulfilled; no answer is needed any more.
            OperationUnknownError: Microsoft knows no such operation.
            RequestRefusedError: It does not wait for this answer.
        """
        ...


class ProvisioningWish(StrEnum):
    """What the publisher's systems are asked for."""

    PROVISION = "provision"
    CHANGE = "change"
    SUSPEND = "suspend"
    RESUME = "resume"
    DRAIN = "drain"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningRequest:
    """One wish to the publisher's systems.

    Args:
        request_id: The same on every repetition, so that they can tell one from a new one.
        attempt: 1 for the first time.
        tenant_id: The beneficiary's tenant; None if Microsoft did not state it.
        answers: What was answered on the landing page, by the fields' names.
    """

    request_id: str
    wish: ProvisioningWish
    attempt: int
    customer_id: CustomerId
    subscription_id: SubscriptionId
    tenant_id: TenantId | None
    offer_id: str | None
    plan_id: str | None
    quantity: int | None
    requested_at: datetime
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningAnswer:
    """What the publisher's systems say to a wish at once.

    Args:
        is_done: Whether it was carried out; False is a failure for a person to look at.
        message: In words.
    """

    is_done: bool
    message: str = ""


class Provisioner(Protocol):
    """The publisher's own code, called by a signed webhook or a Python entry point."""

    def start(self, request: ProvisioningRequest) -> ProvisioningAnswer | None:
        """Hand a wish over; returning means accepted.

        None: the result is reported later under the same request id (`customers.report_provisioning`). An answer: it
        is known already, and the caller reports it.

        Raises:
            UnavailableError: It could not be handed over now; it is repeated.
            InvalidError: The publisher's systems refuse it for good; a person has to look.
        """
        ...


class ConsentStanding(Protocol):
    """Answers whether consent is valid for a customer; the room `consent` does, or a publisher that needs none."""

    def standings_of(
        self, session: Session, subscription_ids: Collection[SubscriptionId]
    ) -> Mapping[SubscriptionId, Mark[ConsentState]]:
        """Say where consent stands for each of these subscriptions, read in the caller's session.

        The session is the caller's because it may be a customer's, and may hold the database's only write lock.
        """
        ...


class ConsentNotNeeded:
    """For a publisher whose app asks for no permission in the customer's tenant."""

    def standings_of(
        self, session: Session, subscription_ids: Collection[SubscriptionId]
    ) -> Mapping[SubscriptionId, Mark[ConsentState]]:
        """Say that none is needed."""
        del session
        return dict.fromkeys(subscription_ids, Mark(state=ConsentState.NOT_NEEDED))


class SystemsToStop(Protocol):
    """Whatever acts for a customer and can be stopped: tokens, agents, jobs."""

    def stop(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[StoppedThing, ...]:
        """Stop all of it in the caller's transaction, as often as asked, and say what is stopped.

        A thing's `stopped_at` None means that its end was asked for and is not confirmed.
        """
        ...


class WhatRemains(Protocol):
    """Knows what is left in a customer's tenant that only the customer can remove."""

    def remaining(self, session: Session, tenant_id: TenantId | None) -> tuple[RemainingThing, ...]:
        """Return it, read in the caller's session; empty where nothing of ours is in that tenant."""
        ...


class DataToErase(Protocol):
    """Holds data about a customer's people that ends with its retention."""

    def erase(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[ErasedThing, ...]:
        """Erase it in the caller's transaction, as often as asked, and say what is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days a stopped customer's data is kept; the publisher's setting, 7 at least."""

    days: int = DEFAULT_RETENTION_DAYS
