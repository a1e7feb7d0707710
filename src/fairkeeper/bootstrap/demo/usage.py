"""The demo publisher's metered customer: it bought nine days ago, its documents are counted, reported and compared.

The clock is set back for it and comes forward again in steps of half a day, each with the work that a server would
have done; so whoever looks at the room of usage for the first time sees what it is like after a week. By the
operations that anybody would use, and the pretend Microsoft has every event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
from sqlalchemy import select

from fairkeeper.action.operation import Operation
from fairkeeper.action.outside import EverythingManaged
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.wiring.metering import make_metering
from fairkeeper.customers.actions.marketplace.reconcile import reconcile
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.jobs.metering import MeteringWork
from fairkeeper.metering.actions.limiting import set_usage_limit
from fairkeeper.metering.actions.recording import record_usage
from fairkeeper.metering.actions.setting import set_dimension
from fairkeeper.metering.tables import MeteredDimensionRow

if TYPE_CHECKING:
    from fairkeeper.bootstrap.installation import Installation
    from fairkeeper.sandbox.runner import RunningSandbox
    from fairkeeper.values.clock import MovableClock

DAYS: Final = 9
_STEP: Final = timedelta(hours=12)
"""Well within the 24 hours in which usage can be sent, so that each hour is reported as itself."""
_HOUR: Final = timedelta(hours=1)
_OFFER: Final = "fairmile-desk"
_DIMENSION: Final = "documents"
_INCLUDED: Final = {"business": ("1000", "0"), "enterprise": ("0", "1000")}
"""Of each metered plan what is included a month and a year, as the sandbox sells it."""
_BUYER: Final = "lena.litware@litware.example"
_SUDDEN: Final = 340
"""Documents of one late hour, which the publisher's rule holds for a person."""
_NO_TASK: Any = None


@dataclass(frozen=True, slots=True)
class _Room:
    installation: Installation
    sandbox: RunningSandbox
    clock: MovableClock

    def run(self, operation: Operation, /, **fields: Any) -> Any:
        """Run an operation as the person at the machine."""
        request = operation.input.model_validate(fields)
        return self.installation.runner.run(operation, request, Call(principal=local_principal()))

    def has_dimensions(self) -> bool:
        """Say whether somebody set dimensions here before."""
        with self.installation.database.read() as session:
            return session.scalars(select(MeteredDimensionRow.dimension)).first() is not None

    def set_dimensions(self) -> None:
        """State what is included in each metered plan."""
        for plan_id, (monthly, annual) in _INCLUDED.items():
            self.run(
                set_dimension,
                offer_id=_OFFER,
                plan_id=plan_id,
                dimension=_DIMENSION,
                title="Documents handled",
                unit="document",
                included_monthly=monthly,
                included_annual=annual,
            )

    def sell(self) -> str:
        """Let a company buy the metered plan, and learn of it from Microsoft's list; return the subscription's id."""
        order = {"plan_id": "business", "purchaser": _BUYER, "auto_activation": True}
        answer = httpx.post(f"{self.sandbox.url}/sandbox/purchases", json=order, timeout=30)
        answer.raise_for_status()
        self.run(reconcile)
        while self.installation.worker.run_due():
            pass
        with self.installation.database.read() as session:
            return str(session.scalars(select(SubscriptionRow.subscription_id)).one())

    def live(self, subscription_id: str) -> None:
        """Let the customer use it until now; each step counts what is over, and reports it."""
        settings, http = self.installation.settings, self.installation.http
        work = MeteringWork(self.installation.runner, make_metering(settings, http, self.clock), EverythingManaged())
        while self.clock.offset < timedelta():
            step = min(_STEP, -self.clock.offset)
            began = self.clock.now()
            self.sandbox.controls.move_clock(step)
            events = list(_used(began, self.clock.now(), is_last=self.clock.offset == timedelta()))
            if events:
                self.run(record_usage, resource_id=subscription_id, events=events)
            work.count(_NO_TASK)
            work.send(_NO_TASK)
            if began.day != self.clock.now().day:
                work.compare(_NO_TASK)


def begin_earlier(installation: Installation, clock: MovableClock) -> bool:
    """Set the clock back for a demo that begins with a customer; return whether it does, which is once for a folder."""
    room = _Room(installation, _NO_TASK, clock)
    if room.has_dimensions():
        if clock.offset < timedelta():  # it was ended in the middle
            clock.set_offset(timedelta())
        return False
    clock.set_offset(-timedelta(days=DAYS))
    return True


def prepare_usage(installation: Installation, sandbox: RunningSandbox, clock: MovableClock) -> None:
    """Let a customer buy, use and limit what is metered, from the clock's present instant until now."""
    room = _Room(installation, sandbox, clock)
    room.set_dimensions()
    bought = room.sell()
    room.live(bought)
    room.run(set_usage_limit, resource_id=bought, dimension=_DIMENSION, quantity="4000", at_limit="ask")


def _used(since: datetime, until: datetime, *, is_last: bool) -> Iterator[dict[str, str]]:
    """Yield what was used in each whole hour of a span: much in the day, little at night, less at the weekend."""
    hour = since.replace(minute=0, second=0, microsecond=0) + _HOUR
    while hour < until:
        is_day, is_weekend = 7 <= hour.hour < 18, hour.isoweekday() > 5
        documents = (4 if is_weekend else 19 + hour.day % 5) if is_day else 2
        if is_last and hour + 3 * _HOUR > until >= hour + 2 * _HOUR:
            documents = _SUDDEN
        yield {
            "event_id": f"product:{hour:%Y%m%dT%H}",
            "dimension": _DIMENSION,
            "quantity": str(documents),
            "used_at": hour.isoformat(),
        }
        hour += _HOUR
