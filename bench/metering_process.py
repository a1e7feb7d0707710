"""The process that meters, so that it can be killed: told an hour on a line, it does everything of that hour.

Run as `python -m bench.metering_process <database url> <service url> <story as JSON>`; it answers a line for each hour.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from contextlib import suppress
from typing import Any

import httpx
import structlog

from bench.metering_world import (
    HOUR,
    OFFER,
    PLAN,
    START,
    Arrivals,
    Story,
    anchor_of,
    included_of,
    resource_of,
)
from fairkeeper.action.operation import Ports
from fairkeeper.action.outside import EverythingManaged, OutsideWrites
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner, Wiring
from fairkeeper.bootstrap.database.migrations import ensure_schema
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.errors import UnavailableError
from fairkeeper.evidence.append import append
from fairkeeper.jobs.metering import MeteringWork
from fairkeeper.metering.actions.recording import RecordUsage, record_usage
from fairkeeper.metering.actions.setting import SetDimension, SetRule, set_dimension, set_rule
from fairkeeper.microsoft.marketplace_transport import MarketplaceTransport, Patience
from fairkeeper.microsoft.metering import MeteringClient
from fairkeeper.values.clock import FixedClock
from fairkeeper.values.ids import CustomerId, SubscriptionId, TenantId

_PATIENCE = Patience(attempts=1, total_seconds=20, request_seconds=20, longest_wait_seconds=0)
_NO_TASK: Any = None


class _Token:
    def token(self) -> str:
        return "bench"

    def forget(self) -> None:
        return None


def main(database_url: str, service_url: str, story_text: str) -> None:
    """Meter until the input ends."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    document = json.loads(story_text)
    document["outages"] = tuple(map(tuple, document["outages"]))
    story = Story(**{**document, "kills": tuple(document["kills"])})
    database = Database(DatabaseAddress(url=database_url))
    ensure_schema(database)
    clock = FixedClock(START)
    ports = Ports(by_protocol={OutsideWrites: EverythingManaged()})
    wiring = Wiring(authorise=lambda *_: None, record=append, ports=ports)
    runner = Runner(make_registry(), database, clock, wiring)
    _settle(database, runner, story)
    transport = MarketplaceTransport(service_url, _Token(), httpx.Client(timeout=20), patience=_PATIENCE, clock=clock)
    work = MeteringWork(runner, MeteringClient(transport), EverythingManaged())
    print("ready", flush=True)
    arrivals: Arrivals | None = None
    for line in sys.stdin:
        hour = int(line)
        clock.instant = START + hour * HOUR + 59 * HOUR / 60
        arrivals = arrivals or Arrivals(story, hour)
        for number, events in arrivals.of(hour):
            for start in range(0, len(events), 1000):
                request = RecordUsage.model_validate(
                    {"resource_id": resource_of(number), "events": events[start : start + 1000]}
                )
                runner.run(record_usage, request, Call(principal=system("bench")))
        work.count(_NO_TASK)
        with suppress(UnavailableError):
            work.send(_NO_TASK)
        peak_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        told = {"hour": hour, "peak_kilobytes": peak_kilobytes, "processor_seconds": time.process_time()}
        print(json.dumps(told), flush=True)


def _settle(database: Database, runner: Runner, story: Story) -> None:
    """Sell the subscriptions and set the dimensions, unless an earlier process did."""
    with database.write() as session:
        if session.get(SubscriptionRow, resource_of(0)) is not None:
            return
        for number in range(story.subscriptions):
            customer_id = CustomerId(f"cus_{number:026d}")
            session.add(
                CustomerRow(
                    customer_id=customer_id,
                    slug=f"company-{number}",
                    name=f"Company {number}",
                    tenant_id=TenantId(f"10000000-0000-4000-8000-{number:012d}"),
                    created_at=START,
                )
            )
            session.flush()
            session.add(
                SubscriptionRow(
                    subscription_id=SubscriptionId(resource_of(number)),
                    customer_id=customer_id,
                    offer_id=OFFER,
                    plan_id=PLAN,
                    status="Subscribed",
                    term_start_on=anchor_of(number),
                    term_unit="P1M",
                    allowed_operations=[],
                    private_offer_ids=[],
                    read_at=START,
                    provisioning="ready",
                    operation="none",
                )
            )
    call = Call(principal=system("bench"))
    runner.run(set_rule, SetRule(hold_factor=10_000), call)
    for number in range(story.dimensions):
        runner.run(
            set_dimension,
            SetDimension(
                offer_id=OFFER,
                plan_id=PLAN,
                dimension=f"dimension-{number}",
                title=f"Dimension {number}",
                unit="unit",
                included_monthly=str(included_of(number)),
            ),
            call,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
