"""A publisher with two customers whose agents may do something, on one database: real operations, log and decisions.

Nothing of ours is replaced. Customers are made as subscriptions that were bought, activated and set up, by rows, since
how they come about is the business of the room of customers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from msgspec.structs import replace as changed
from sqlalchemy import select, update

from fairkeeper.access.authorise import make_authorise, nobody_is_suspended
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.operation import Operation, Ports
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.runner import Call as Run
from fairkeeper.action.runner import Runner, Wiring
from fairkeeper.assurance.keeping.holding import StandingHolds
from fairkeeper.assurance.keeping.rules import Defaults
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.bootstrap.wiring.governance import caller_of, make_questions
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.evidence.integrator import Integrator, ensure_head
from fairkeeper.evidence.ports import LegalHolds
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.actions.decide_use import approve_use, propose_use
from fairkeeper.governance.actions.grant_data import grant_data
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.governance.actions.register_tool import register_tool
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.deciding.tickets import Decided, Questions
from fairkeeper.policy.decision.facts import Call, Caller
from fairkeeper.values.clock import FixedClock, MovableClock
from fairkeeper.values.ids import CustomerId, SubscriptionId, TenantId, TokenId

T = TypeVar("T")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""A Sunday."""
OWNER = Principal(id="per_owner", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
SECURITY = Principal(id="per_security", kind=PrincipalKind.STAFF, roles=frozenset({"security"}))
PRODUCT = Principal(id="tok_product", kind=PrincipalKind.SERVICE, roles=frozenset({"service"}))
PAY_SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 1},
        "currency": {"type": "string", "enum": ["USD", "EUR"]},
        "to": {"type": "string", "maxLength": 100},
    },
    "required": ["amount", "to"],
}
READ_SCHEMA = {"type": "object", "properties": {"query": {"type": "string", "maxLength": 500}}}


def person_of(customer_id: str, *roles: str) -> Principal:
    """Return one of a customer's people; its administrator if no role is named."""
    return Principal(
        id=f"per_{customer_id[4:20]}",
        kind=PrincipalKind.CUSTOMER,
        roles=frozenset(roles or ("customer_admin",)),
        customer_id=CustomerId(customer_id),
    )


def program_of(customer_id: str) -> Principal:
    """Return a customer's program, which reports and asks."""
    return Principal(
        id=f"tok_{customer_id[4:20]}",
        kind=PrincipalKind.SERVICE,
        roles=frozenset({"service"}),
        customer_id=CustomerId(customer_id),
    )


@cache
def _log_keys() -> LogKeys:
    return LogKeys("governance.example/log", SecretStore(MasterKeys([MasterKeys.new_key()])))


@dataclass(kw_only=True)
class Agent:
    """An agent that may do something, and where."""

    id: str
    customer_id: str | None
    use_id: str
    tool_id: str
    permit_id: str


@dataclass
class World:
    """The publisher's database and what runs on it."""

    database: Database
    clock: MovableClock
    questions: Questions
    runner: Runner = field(init=False)
    integrator: Integrator = field(init=False)

    def __post_init__(self) -> None:
        ports = Ports(
            by_protocol={
                Questions: self.questions,
                LogKeys: _log_keys(),
                LegalHolds: StandingHolds(),
                Defaults: Defaults(self.database),
            }
        )
        wiring = Wiring(authorise=make_authorise(nobody_is_suspended), record=append, ports=ports)
        self.runner = Runner(make_registry(), self.database, self.clock, wiring)
        with self.database.write() as session:
            ensure_head(session, _log_keys(), now=self.clock.now())
        self.integrator = Integrator(self.database, _log_keys(), self.clock)

    def run(self, operation: Operation, by: Principal = OWNER, /, **fields: Any) -> Any:
        """Run an operation as a channel would; the owner if nobody is named."""
        return self.runner.run(operation, operation.input.model_validate(fields), Run(principal=by))

    # --- what there is

    def customer(self, name: str, *, status: str = "Subscribed", provisioning: str = "ready") -> str:
        """Make a customer whose subscription is in a state; return its id."""
        customer_id = CustomerId(f"cus_{name}")
        with self.database.write() as session:
            session.add(
                CustomerRow(
                    customer_id=customer_id,
                    slug=name,
                    name=name.title(),
                    tenant_id=TenantId(f"tenant-{name}"),
                    created_at=NOON,
                )
            )
            session.flush()
            session.add(
                SubscriptionRow(
                    subscription_id=SubscriptionId(f"sub-{name}"),
                    customer_id=customer_id,
                    status=status,
                    provisioning=provisioning,
                    operation="enabled",
                    allowed_operations=[],
                    private_offer_ids=[],
                    read_at=NOON,
                )
            )
            session.add(token(f"tok_{name}", customer_id))
        return customer_id

    def product_token(self) -> None:
        """Make the publisher's product's own token."""
        with self.database.write() as session:
            session.add(token("tok_product", None))

    def set_subscription(self, customer_id: str, **marks: str) -> None:
        """Let Microsoft or a person change a subscription, as the room of customers would write it."""
        with self.database.write() as session:
            session.execute(update(SubscriptionRow).where(SubscriptionRow.customer_id == customer_id).values(**marks))

    def tool(self, name: str, **changes: Any) -> str:
        """Register one of the publisher's tools; return its id."""
        values = {
            "name": name,
            "environment": "live",
            "title": name.title(),
            "effect": "write",
            "severity": "low",
            "reversibility": "reversible",
            "business_impact": "low",
            "arguments": PAY_SCHEMA,
            "amount_argument": "amount",
            "currency_argument": "currency",
        }
        return str(self.run(register_tool, **(values | changes)).tool_id)

    def agent(
        self, customer_id: str | None, tool_id: str, *, name: str = "clerk", lane: str = "automatic", **changes: Any
    ) -> Agent:
        """Register an agent with one approved use and a permit; return it."""
        values = {
            "customer_id": customer_id,
            "name": name,
            "environment": "live",
            "version": "1.0",
            "title": name.title(),
            "owner": "Contoso Finance",
            "accountable": "Cora Contoso",
            "acts_for": "The finance team.",
            "publisher_duties": "Runs it and keeps it safe.",
            "customer_duties": "Says what it may do.",
        }
        agent_id = self.run(register_agent, **(values | changes)).agent_id
        use_id = self.use(agent_id)
        permit = self.run(permit_tool, agent_id=agent_id, tool_id=tool_id, use_id=use_id, lane=lane)
        return Agent(id=agent_id, customer_id=customer_id, use_id=use_id, tool_id=tool_id, permit_id=permit.permit_id)

    def use(self, agent_id: str, title: str = "Pay invoices") -> str:
        """Propose and approve an intended use; return its id."""
        use_id = self.run(
            propose_use,
            agent_id=agent_id,
            title=title,
            owner="Contoso Finance",
            business_context="Invoices that were checked.",
            value_measure="Days until an invoice is paid.",
        ).use_id
        self.run(approve_use, use_id=use_id)
        return str(use_id)

    def grant(self, agent: Agent, data_class: str, **changes: Any) -> str:
        """Grant an agent data of its customer for a day; return the grant's id."""
        values = {
            "agent_id": agent.id,
            "use_id": agent.use_id,
            "owner_kind": "customer",
            "owner": "Contoso",
            "data_class": data_class,
            "may_write": True,
            "ends_at": self.clock.now() + timedelta(days=1),
        }
        return str(self.run(grant_data, **(values | changes)).grant_id)

    # --- decisions

    def decide(self, *calls: Call) -> list[Decided]:
        """Decide calls together, in a point of their own."""
        return asyncio.run(self._decide(calls))

    async def _decide(self, calls: tuple[Call, ...]) -> list[Decided]:
        point = DecisionPoint(self.database.address, self.clock, self.questions)
        try:
            return list(await asyncio.gather(*(point.decide(call) for call in calls)))
        finally:
            point.close()

    @staticmethod
    def loop(story: Coroutine[Any, Any, T]) -> T:
        """Run a story of a test that needs an event loop."""
        return asyncio.run(story)

    def one(self, call: Call) -> Decided:
        """Decide one call."""
        return self.decide(call)[0]

    # --- what is in the database

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.scalars(select(table).where(*where).order_by(*table.__table__.primary_key)))

    def payload(self, decided: Decided) -> dict[str, Any]:
        """Return the record of a decision."""
        (row,) = self.rows(EntryRow, EntryRow.entry_id == decided.entry_id)
        found: dict[str, Any] = json.loads(row.payload)
        return found

    def entry(self, decided: Decided) -> EntryRow:
        """Return the entry of a decision."""
        (row,) = self.rows(EntryRow, EntryRow.entry_id == decided.entry_id)
        found: EntryRow = row
        return found

    @contextmanager
    def one_entry(self, kind: str) -> Iterator[dict[str, Any]]:
        """Expect exactly one entry of a kind from the block; yields its payload, filled when the block has ended."""
        before = len(self.rows(EntryRow))
        payload: dict[str, Any] = {}
        yield payload
        new = self.rows(EntryRow)[before:]
        assert [row.kind.partition(".")[2].partition("/")[0] for row in new] == [kind]
        payload.update(json.loads(new[0].payload or "{}"))


def token(token_id: str, customer_id: CustomerId | None, **changes: Any) -> ApiTokenRow:
    """Return a token of the role `service`."""
    row = ApiTokenRow(
        id=TokenId(token_id),
        digest=token_id.encode().ljust(32)[:32],
        name=token_id,
        roles=["service"],
        created_by="per_owner",
        created_at=NOON,
        customer_id=customer_id,
    )
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def make_world(database: Database, questions: Questions | None = None) -> World:
    """Return an empty world on a database."""
    return World(database, MovableClock(FixedClock(NOON)), questions or make_questions())


def call(agent: Agent, by: Principal | None = None, /, **changes: Any) -> Call:
    """Return a call of an agent's one tool, asked by its customer's program, or the publisher's where it is its own."""
    principal = by or (program_of(agent.customer_id) if agent.customer_id else PRODUCT)
    base = Call(
        agent_id=agent.id,
        tool_id=agent.tool_id,
        arguments={"amount": 5, "currency": "USD", "to": "Fabrikam"},
        caller=caller_of(principal),
    )
    return changed(base, **changes)


def caller(principal: Principal) -> Caller:
    """Return a principal as the one who asks."""
    return caller_of(principal)
