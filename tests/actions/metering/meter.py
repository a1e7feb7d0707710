"""A publisher that meters: a subscription with a metered dimension, the real connector and the pretend service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from fairkeeper.action.outside import EverythingManaged
from fairkeeper.database.session import Database
from fairkeeper.errors import UnavailableError
from fairkeeper.jobs.metering import MeteringWork
from fairkeeper.metering.actions.recording import record_usage
from fairkeeper.metering.actions.setting import set_dimension
from fairkeeper.metering.tables import UsageCountRow
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource
from fairkeeper.microsoft.marketplace_transport import MarketplaceTransport, Patience
from fairkeeper.microsoft.metering import MeteringClient
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, PUBLISHER_TENANT_ID
from fairkeeper.values.ids import SubscriptionId
from tests.actions.customers.world import World, open_world

OFFER, PLAN, DOCUMENTS = "fairmile-desk", "business", "documents"
_TASK: Any = None
_PATIENCE = Patience(attempts=1, total_seconds=5, request_seconds=5, longest_wait_seconds=0, first_wait_seconds=0.001)


@dataclass
class Meter:
    """The world, with usage in it."""

    world: World
    client: MeteringClient
    work: MeteringWork
    events: int = 0

    def include(self, monthly: str = "100", annual: str = "1000", plan_id: str = PLAN) -> None:
        """Set the dimension as Partner Center has it."""
        self.world.run(
            set_dimension,
            offer_id=OFFER,
            plan_id=plan_id,
            dimension=DOCUMENTS,
            title="Documents",
            unit="document",
            included_monthly=monthly,
            included_annual=annual,
        )

    def buy(self, plan_id: str = PLAN) -> SubscriptionId:
        """Buy and activate the metered plan."""
        return self.world.buy_active(plan_id)

    def use(self, resource_id: str, units: float | str, *, at: datetime | None = None, event_id: str = "") -> Any:
        """Let the publisher's product report usage, of now if no time is named."""
        self.events += 1
        event = {
            "event_id": event_id or f"event-{self.events}",
            "dimension": DOCUMENTS,
            "quantity": str(units),
            "used_at": (at or self.now).isoformat(),
        }
        return self.world.run(record_usage, resource_id=resource_id, events=[event])

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self.world.clock.now()

    def pass_time(self, **by: float) -> None:
        """Move the clock without any work."""
        self.world.controls.move_clock(timedelta(**by))

    def tick(self) -> None:
        """Do what the clock does: count, then send; an unavailable service ends the sending."""
        self.work.count(_TASK)
        try:
            self.work.send(_TASK)
        except UnavailableError:
            return

    def hours(self, count: int = 1) -> None:
        """Let hours pass, each with its work."""
        for _ in range(count):
            self.pass_time(hours=1)
            self.tick()

    def counts(self) -> list[UsageCountRow]:
        """Return the counted hours in their order."""
        with self.world.database.read() as session:
            return list(
                session.scalars(select(UsageCountRow).order_by(UsageCountRow.resource_id, UsageCountRow.number))
            )

    def states(self) -> list[str]:
        """Return where each of them stands."""
        return [row.state for row in self.counts()]

    def accepted(self) -> list[dict[str, Any]]:
        """Return what the pretend service has."""
        service = self.world.controls.metering
        found: list[dict[str, Any]] = service.accepted()
        return found

    def reported(self) -> float:
        """Return how many units the pretend service has."""
        return float(sum(event["quantity"] for event in self.accepted()))


@contextmanager
def open_meter(database: Database) -> Iterator[Meter]:
    """Open a metering publisher on an empty database."""
    with open_world(database) as world:
        registration = AppRegistration(
            authority=f"{world.microsoft.url}/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
        )
        tokens = AppTokenSource(registration, tenant_id=PUBLISHER_TENANT_ID, http=world.http)
        transport = MarketplaceTransport(
            f"{world.microsoft.url}/api", tokens, world.http, patience=_PATIENCE, clock=world.clock
        )
        client = MeteringClient(transport)
        yield Meter(world=world, client=client, work=MeteringWork(world.runner, client, EverythingManaged()))
