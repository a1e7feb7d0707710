"""A deal desk for tests of the book: deals that the pretend Microsoft takes, and shorthands for its people.

Everything else is the room of customers' world: real operations, log and worker, and the sandbox behind real connectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fairkeeper.action.operation import Operation, TextFile
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.database.tasks import NewTask, enqueue
from fairkeeper.deals.actions.save_deal import SavedDeal, save_deal
from fairkeeper.deals.actions.submit_deal import submit_deal
from fairkeeper.deals.book.queries import list_deal_needs, show_deal
from fairkeeper.deals.book.tables import DealChargeRow, DealPurchaseRow
from fairkeeper.deals.book.views import DealDetail, DealNeed
from fairkeeper.deals.deal import (
    Agreement,
    BasePlan,
    ChannelPartner,
    Charge,
    Customer,
    Deal,
    DealKind,
    Eligibility,
    Plan,
    PricingKind,
)
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.currencies import currency
from fairkeeper.values.ids import new_id
from fairkeeper.values.money import Money
from tests.actions.customers.world import CORA, World

DANA = Principal(id="per_dana", kind=PrincipalKind.STAFF, roles=frozenset({"deal_desk"}), display="Dana")
LEAH = Principal(id="per_leah", kind=PrincipalKind.STAFF, roles=frozenset({"leader"}), display="Leah")
SAM = Principal(id="per_sam", kind=PrincipalKind.STAFF, roles=frozenset({"support"}), display="Sam")


def usd(text: str) -> Money:
    return Money.from_decimal_text(text, "USD")


def plan_of_three_years(new_plan: str = "contoso-enterprise-3y") -> Plan:
    days = [(None, "2000000", "Setup fee"), ("2027-07-15", "28000000", "Year 1"), ("2028-01-01", "50000000", "Year 2")]
    return Plan(
        offer="fairmile-desk",
        plan="business",
        new_plan=new_plan,
        new_plan_name="Business for Contoso",
        term_months=36,
        agreed_total=usd("80000000"),
        schedule=tuple(
            Charge(on=date.fromisoformat(on) if on else None, amount=usd(amount), note=note)
            for on, amount, note in days
        ),
        base=BasePlan(list_total=usd("100000000"), counts_towards_commitment=True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The deal desk at work in a world."""

    world: World
    is_quiet: bool = False
    """Whether there is no Microsoft: nothing can be submitted."""

    def billing_account(self, company: str = "Contoso") -> dict[str, Any]:
        if self.is_quiet:
            return {"id": "12345678", "tenant_id": "0b7f61b4-0000-4000-8000-0000000000a1"}
        accounts = self.world.http.get(f"{self.world.microsoft.url}/sandbox/billing-accounts").json()
        found: dict[str, Any] = next(each for each in accounts["billing_accounts"] if each["company"] == company)
        return found

    def deal(self, *plans: Plan, **changes: Any) -> Deal:
        account = self.billing_account()
        given: dict[str, Any] = {
            "name": "Contoso three years",
            "kind": DealKind.CUSTOMER,
            "pricing": PricingKind.CUSTOMISED_PLAN,
            "currency": currency("USD"),
            "accept_by": date(2026, 12, 15),
            "billing_starts": date(2027, 1, 1),
            "ends": date(2029, 12, 31),
            "plans": plans or (plan_of_three_years(),),
            "customer": Customer(
                name="Contoso",
                billing_account=account["id"],
                country="US",
                tenant_id=account["tenant_id"],
                agreement=Agreement.MCA,
            ),
            "eligibility": Eligibility(partner_program=True, publisher_agreement=True, published_offer=True),
            "prepared_by": "dana@fairmile.example",
            **changes,
        }
        return Deal(**given)

    def multiparty(self, **changes: Any) -> Deal:
        partner = ChannelPartner(name="Litware", seller_id="61000002", country="US")
        return self.deal(**{"kind": DealKind.MULTIPARTY, "partner": partner, **changes})

    def save(self, content: Deal | None = None, /, by: Principal = DANA, **fields: Any) -> SavedDeal:
        text = write_deal(content or self.deal())
        found: SavedDeal = self.world.run(save_deal, by, file=TextFile(text=text).model_dump(), **fields)
        return found

    def run(self, operation: Operation, by: Principal = DANA, /, **fields: Any) -> Any:
        return self.world.run(operation, by, **fields)

    def show(self, deal: str) -> DealDetail:
        found: DealDetail = self.world.run(show_deal, DANA, deal=deal)
        return found

    def state(self, deal: str) -> str:
        return self.show(deal).line.state

    def offer(self, deal: Deal | None = None) -> SavedDeal:
        """Save a deal, submit it, and let Microsoft's job end."""
        saved = self.save(deal)
        self.run(submit_deal, deal=saved.deal_id)
        self.let_jobs_end()
        return saved

    def let_jobs_end(self) -> None:
        self.world.work()
        self.world.move(seconds=90)

    def accept(self, deal_id: str, person: str = CORA) -> None:
        """Let the customer accept, and read that."""
        self.world.control(f"/private-offers/{self.bare_id(deal_id)}/accept", person=person)
        self.do("deals.read_offers")

    def buy(self, deal_id: str, plan_id: str = "contoso-enterprise-3y") -> str:
        """Let the customer buy what it accepted; its plan activates by itself."""
        starts_on = self.show(deal_id).line.starts_on
        if self.world.clock.now().date() < starts_on:
            self.days_pass(starts_on)
        order = {"plan_id": plan_id, "purchaser": CORA, "private_offer_id": self.bare_id(deal_id)}
        bought = str(self.world.control("/purchases", **order)["subscription_id"])
        self.world.work()
        return bought

    def bare_id(self, deal_id: str) -> str:
        return str(self.show(deal_id).line.private_offer_id).removeprefix("private-offer/")

    def do(self, name: str, **payload: Any) -> None:
        """Let a piece of background work happen now, as its schedule would have it."""
        now = self.world.clock.now()
        with self.world.database.write() as session:
            enqueue(session, NewTask(name=name, key=new_id("tsk"), payload=payload, due_at=now), now=now)
        self.world.work()

    def days_pass(self, until: date) -> None:
        """Let the clock run to noon of a day, and the calendar look."""
        days = (until - self.world.clock.now().date()).days
        self.world.move(days=days)
        self.do("deals.follow_calendar")

    def needs(self) -> list[DealNeed]:
        return list(self.world.run(list_deal_needs, DANA))

    def need_codes(self) -> list[str]:
        return [need.code.removeprefix("deals.") for need in self.needs()]

    def charges(self) -> list[DealChargeRow]:
        rows = self.world.rows(DealChargeRow)
        return sorted(rows, key=lambda row: (row.subscription_id, row.number))

    def purchases(self) -> list[DealPurchaseRow]:
        return self.world.rows(DealPurchaseRow)


TEN_PERCENT = Percentage.parse("10")
