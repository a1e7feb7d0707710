"""Made-up purchases, and a market in memory whose clock stands still."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fairkeeper.sandbox.marketplace.catalog import Catalog, default_catalog
from fairkeeper.sandbox.marketplace.faults import Faults, FaultSwitchboard
from fairkeeper.sandbox.marketplace.ledger import Ledger
from fairkeeper.sandbox.marketplace.market import Market
from fairkeeper.sandbox.marketplace.operations import Action, Notice
from fairkeeper.sandbox.marketplace.purchases import Order
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.sandbox.marketplace.subscriptions import Party, Status, Subscription
from fairkeeper.sandbox.marketplace.terms import Term
from fairkeeper.values.clock import FixedClock, MovableClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTOSO = "aaaaaaaa-0000-4000-8000-000000000001"
ADATUM = "aaaaaaaa-0000-4000-8000-000000000002"


def party(tenant_id: str = CONTOSO) -> Party:
    name = "ana@contoso.example" if tenant_id == CONTOSO else "dora@adatum.example"
    return Party(email=name, object_id=f"bbbb{tenant_id[4:]}", tenant_id=tenant_id, puid="10030000A")


def catalog() -> Catalog:
    return default_catalog(frozenset({CONTOSO}), CONTOSO)


def subscription(status: Status = Status.SUBSCRIBED, **changes: object) -> Subscription:
    begun = status is not Status.PENDING
    values: dict[str, object] = {
        "id": "cccccccc-0000-4000-8000-000000000001",
        "name": "Assistant for Contoso",
        "publisher_id": "fairmile",
        "offer_id": "fairmile-assistant",
        "plan_id": "team",
        "quantity": 10,
        "purchaser": party(),
        "beneficiary": party(),
        "term": Term(
            unit="P1M",
            start_on=NOON.date() if begun else None,
            end_on=NOON.date() + timedelta(days=29) if begun else None,
        ),
        "billing_unit": "P1M",
        "status": status,
        "purchased_at": NOON,
        "modified_at": NOON,
        "suspended_at": NOON if status is Status.SUSPENDED else None,
        **changes,
    }
    return Subscription(**values)  # type: ignore[arg-type]


def order(plan_id: str = "team", **changes: object) -> Order:
    per_seat = plan_id.startswith("team")
    values: dict[str, object] = {
        "plan_id": plan_id,
        "quantity": 10 if per_seat else None,
        "purchaser": party(),
        "beneficiary": party(),
        **changes,
    }
    return Order(**values)  # type: ignore[arg-type]


@dataclass
class Rehearsal:
    """A market with its clock, its switches and the webhooks it wanted to send."""

    clock: MovableClock = field(default_factory=lambda: MovableClock(FixedClock(NOON)))
    sent: list[Notice] = field(default_factory=list)
    faults: FaultSwitchboard = field(
        default_factory=lambda: FaultSwitchboard(Faults(), random.Random(1), lambda _faults: None)
    )
    storage: Storage = field(default_factory=lambda: Storage(None))

    def __post_init__(self) -> None:
        self.market = Market(
            catalog=catalog(),
            ledger=Ledger(self.storage),
            clock=self.clock,
            faults=self.faults,
            send=self.sent.extend,
        )

    def buy(self, plan_id: str = "team", **changes: object) -> Subscription:
        return self.market.purchase(order(plan_id, **changes))

    def bought_and_active(self, plan_id: str = "team", **changes: object) -> Subscription:
        bought = self.buy(plan_id, **{"auto_activation": True, **changes})
        self.sent.clear()
        return bought

    def move(self, **by: float) -> None:
        self.clock.move(timedelta(**by))
        self.market.catch_up()

    def told(self) -> list[Action]:
        return [notice.operation.action for notice in self.sent]
