"""The last barrier before the outside: what is observed is not changed, whoever asks and whatever room forgot to.

Three layers, each enough by itself: commands refuse early and in words; the connectors to Microsoft and to the
publisher's systems ask before each write; and while the whole installation observes, the HTTP client that connectors
share lets reads through and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import httpx

from fairkeeper.action.outside import ObservedOnlyError, OutsideWrites
from fairkeeper.consent.deployments.elevation import ElevationReading
from fairkeeper.consent.deployments.reading import ApplicationReading
from fairkeeper.consent.ports import (
    AgentIdentities,
    AgentMaking,
    AgentWish,
    ElevationWish,
    ResourceManager,
    TokenAnswer,
)
from fairkeeper.customers.actions.custody.noting import is_observed, note_would_have
from fairkeeper.customers.following.webhooks import OperationAnswer
from fairkeeper.customers.marketplace.operation import OperationSnapshot
from fairkeeper.customers.marketplace.plans import AvailablePlan
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.marketplace.wire import Parsed
from fairkeeper.customers.ports import (
    Fulfillment,
    Provisioner,
    ProvisioningAnswer,
    ProvisioningRequest,
    StartedOperation,
    SubscriptionList,
)
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.database.session import Database
from fairkeeper.messages.errors import MessageRefusedError
from fairkeeper.messages.ports import Card, Mail
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import OperationId, SubscriptionId, TenantId

_READS_BY_POST: Final = ("/oauth2/v2.0/token", "/saas/subscriptions/resolve")
"""What is asked by POST and changes nothing: a token for ourselves, and whose landing token it is."""


class Custodian:
    """`OutsideWrites` by the publisher's setting and by who runs each subscription.

    Args:
        database: Where subscriptions are mirrored, and what would have been done is noted.
        clock: When it is noted.
        is_observing: Whether nothing outside may be changed at all.
    """

    def __init__(self, database: Database, clock: Clock, *, is_observing: bool) -> None:
        self._database = database
        self._clock = clock
        self._is_observing = is_observing

    @property
    def is_observing(self) -> bool:
        """Whether nothing outside may be changed at all."""
        return self._is_observing

    def allow(self, what: str, *, subscription_id: str | None = None, key: str = "") -> None:
        """Return if this may be done; otherwise note it and refuse.

        Raises:
            ObservedOnlyError: It may not.
        """
        if not self._is_observing and (subscription_id is None or not self._is_observed(subscription_id)):
            return
        with self._database.write() as session:
            row = None if subscription_id is None else session.get(SubscriptionRow, subscription_id)
            note_would_have(session, row, what, key=key or what, now=self._clock.now())
        raise ObservedOnlyError(f"Observed only: Fairkeeper would have {what}.")

    def _is_observed(self, subscription_id: str) -> bool:
        with self._database.read() as session:
            row = session.get(SubscriptionRow, subscription_id)
            return row is not None and is_observed(row)


class GuardedFulfillment:
    """A `Fulfillment` whose writes are asked about first; reads go through.

    Args:
        inner: Microsoft.
        outside: What may be changed.
    """

    def __init__(self, inner: Fulfillment, outside: OutsideWrites) -> None:
        self._inner = inner
        self._outside = outside

    def resolve(self, landing_token: str) -> Parsed[SubscriptionSnapshot]:
        """Read: see the port."""
        return self._inner.resolve(landing_token)

    def list_subscriptions(self) -> SubscriptionList:
        """Read: see the port."""
        return self._inner.list_subscriptions()

    def get_subscription(self, subscription_id: SubscriptionId) -> Parsed[SubscriptionSnapshot]:
        """Read: see the port."""
        return self._inner.get_subscription(subscription_id)

    def list_available_plans(
        self, subscription_id: SubscriptionId, plan_id: str | None = None
    ) -> Parsed[tuple[AvailablePlan, ...]]:
        """Read: see the port."""
        return self._inner.list_available_plans(subscription_id, plan_id)

    def list_operations(self, subscription_id: SubscriptionId) -> Parsed[tuple[OperationSnapshot, ...]]:
        """Read: see the port."""
        return self._inner.list_operations(subscription_id)

    def get_operation(self, subscription_id: SubscriptionId, operation_id: OperationId) -> Parsed[OperationSnapshot]:
        """Read: see the port."""
        return self._inner.get_operation(subscription_id, operation_id)

    def activate(self, subscription_id: SubscriptionId, plan_id: str, quantity: int | None = None) -> None:
        """Activate, if that may be done.

        Raises:
            ObservedOnlyError: It may not; else as the port says.
        """
        self._outside.allow(f"activated the plan {plan_id}", subscription_id=subscription_id)
        self._inner.activate(subscription_id, plan_id, quantity)

    def change_plan(self, subscription_id: SubscriptionId, plan_id: str) -> StartedOperation:
        """Change the plan, if that may be done; see `activate`."""
        self._outside.allow(f"asked Microsoft for the plan {plan_id}", subscription_id=subscription_id)
        return self._inner.change_plan(subscription_id, plan_id)

    def change_quantity(self, subscription_id: SubscriptionId, quantity: int) -> StartedOperation:
        """Change the seats, if that may be done; see `activate`."""
        self._outside.allow(f"asked Microsoft for {quantity} seats", subscription_id=subscription_id)
        return self._inner.change_quantity(subscription_id, quantity)

    def cancel(self, subscription_id: SubscriptionId) -> StartedOperation:
        """Cancel, if that may be done; see `activate`."""
        self._outside.allow("asked Microsoft to end the subscription", subscription_id=subscription_id)
        return self._inner.cancel(subscription_id)

    def answer_operation(
        self, subscription_id: SubscriptionId, operation_id: OperationId, answer: OperationAnswer
    ) -> None:
        """Answer, if that may be done; see `activate`."""
        self._outside.allow(
            f"answered {answer.value} to Microsoft", subscription_id=subscription_id, key=f"answer:{operation_id}"
        )
        self._inner.answer_operation(subscription_id, operation_id, answer)


class GuardedProvisioner:
    """A `Provisioner` that is asked about first.

    Args:
        inner: The publisher's systems.
        outside: What may be changed.
    """

    def __init__(self, inner: Provisioner, outside: OutsideWrites) -> None:
        self._inner = inner
        self._outside = outside

    def start(self, request: ProvisioningRequest) -> ProvisioningAnswer | None:
        """Hand a wish over, if that may be done.

        Raises:
            ObservedOnlyError: It may not; else as the port says.
        """
        what = f"asked your systems to {request.wish.value}"
        self._outside.allow(what, subscription_id=request.subscription_id, key=f"wish:{request.request_id}")
        return self._inner.start(request)


class GuardedResourceManager:
    """A `ResourceManager` whose writes are asked about first; reads go through.

    Args:
        inner: Azure.
        outside: What may be changed.
    """

    def __init__(self, inner: ResourceManager, outside: OutsideWrites) -> None:
        self._inner = inner
        self._outside = outside

    def read_application(self, resource_id: str) -> ApplicationReading:
        """Read: see the port."""
        return self._inner.read_application(resource_id)

    def ask_elevation(self, resource_id: str, wish: ElevationWish) -> None:
        """Ask, if that may be done.

        Raises:
            ObservedOnlyError: It may not; else as the port says.
        """
        self._outside.allow("asked a customer for just-in-time access", key=f"elevation:{wish.name}")
        self._inner.ask_elevation(resource_id, wish)

    def end_elevation(self, resource_id: str, name: str) -> None:
        """Take a request back, if that may be done.

        Raises:
            ObservedOnlyError: It may not; else as the port says.
        """
        self._outside.allow("taken a request for just-in-time access back", key=f"elevation:{name}:end")
        self._inner.end_elevation(resource_id, name)

    def read_elevation(self, resource_id: str, name: str) -> ElevationReading:
        """Read: see the port."""
        return self._inner.read_elevation(resource_id, name)


class GuardedAgentIdentities:
    """`AgentIdentities` whose writes are asked about first; tokens go through.

    Args:
        inner: Microsoft.
        outside: What may be changed.
    """

    def __init__(self, inner: AgentIdentities, outside: OutsideWrites) -> None:
        self._inner = inner
        self._outside = outside

    def make(self, wish: AgentWish) -> AgentMaking:
        """Make, if that may be done.

        Raises:
            ObservedOnlyError: It may not; else as the port says.
        """
        key = f"agent:{wish.blueprint_app_id}:{wish.tenant_id}"
        self._outside.allow("made an agent identity in a customer's tenant", key=key)
        return self._inner.make(wish)

    def remove(self, blueprint_app_id: str, tenant_id: TenantId, identity_id: str) -> bool:
        """Remove, if that may be done.

        Raises:
            ObservedOnlyError: It may not; else as the port says.
        """
        self._outside.allow("removed an agent identity from a customer's tenant", key=f"agent:{identity_id}:end")
        return self._inner.remove(blueprint_app_id, tenant_id, identity_id)

    def token(self, blueprint_app_id: str, tenant_id: TenantId, identity_id: str) -> TokenAnswer:
        """Ask: see the port."""
        return self._inner.token(blueprint_app_id, tenant_id, identity_id)


class ObservedMail:
    """A `Mailer` of an installation that observes: everything is planned, and nothing leaves."""

    is_configured = True

    def send(self, mail: Mail) -> None:
        """Refuse.

        Raises:
            MessageRefusedError: Always.
        """
        raise MessageRefusedError(f"Observed only: would have mailed {mail.subject!r}.")


class ObservedTeams:
    """A `TeamsChannel` of an installation that observes."""

    is_configured = True

    def post(self, card: Card) -> None:
        """Refuse.

        Raises:
            MessageRefusedError: Always.
        """
        raise MessageRefusedError(f"Observed only: would have posted {card.title!r}.")


class ReadingTransport(httpx.BaseTransport):
    """Lets through what only reads, and the few questions that are asked by POST.

    Args:
        inner: What really sends.
        reads_by_post: Ends of paths that may be asked by POST.
    """

    def __init__(self, inner: httpx.BaseTransport, reads_by_post: Collection[str] = _READS_BY_POST) -> None:
        self._inner = inner
        self._reads_by_post = tuple(reads_by_post)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a read.

        Raises:
            ObservedOnlyError: It is none.
        """
        path = request.url.path.rstrip("/")
        if request.method not in {"GET", "HEAD"} and not path.endswith(self._reads_by_post):
            raise ObservedOnlyError(
                f"Observed only: {request.method} {request.url.host}{path} was not sent.",
                remedy="Set FAIRKEEPER_MODE=manage once you want Fairkeeper to change something outside.",
            )
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close what really sends."""
        self._inner.close()
