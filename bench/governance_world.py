"""Customers, agents and permits for the benchmarks of governance, made by rows so that ten thousand take a moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, insert

from fairkeeper.access.credentials import digest
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.bootstrap.wiring.governance import caller_of
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.database.base import Base
from fairkeeper.database.session import Database
from fairkeeper.governance.tables import AgentRow, DataGrantRow, IntendedUseRow, LimitRow, PermitRow, ToolRow
from fairkeeper.policy.decision.facts import Call
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.ids import CustomerId, new_id

CUSTOMER = CustomerId("cus_bench")
SECRET = "fk_" + 43 * "b"  # made up, for a database that is deleted afterwards
PROGRAM_ID = "tok_bench"
SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        "currency": {"type": "string", "enum": ["USD", "EUR"]},
        "to": {"type": "string", "maxLength": 200},
    },
    "required": ["amount", "currency", "to"],
}
ARGUMENTS = {"amount": 250, "currency": "USD", "to": "Fabrikam"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """What was made: one tool, and agents that may call it."""

    tool_id: str
    agent_ids: tuple[str, ...]


def furnish(
    database: Database, agents: int, *, limit: int = 1_000_000_000, customer_id: CustomerId | None = CUSTOMER
) -> Furnished:
    """Make agents that may each call one tool by themselves, read data, and have a daily limit.

    Args:
        database: Where, on the newest schema.
        agents: How many.
        limit: Calls a day of each.
        customer_id: Whose they are, a customer that is made too; the publisher's own if None.
    """
    now = SystemClock().now()
    tool_id, agent_ids = new_id("tol"), tuple(new_id("agt") for _ in range(agents))
    uses = {agent_id: new_id("use") for agent_id in agent_ids}
    common = {"customer_id": customer_id}
    with database.write() as session:
        run = session.connection().execute
        if customer_id is not None:
            run(
                insert(_table(CustomerRow)),
                {**common, "slug": "bench", "name": "Bench", "tenant_id": "t", "object_id": "", "created_at": now},
            )
            run(insert(_table(SubscriptionRow)), {
                **common, "subscription_id": "s", "name": "", "status": "Subscribed", "status_text": "",
                "is_test": False, "is_free_trial": False, "allowed_operations": [], "private_offer_ids": [],
                "was_visited": True, "read_at": now, "provisioning": "ready", "operation": "enabled",
            })  # fmt: skip
        run(insert(_table(ApiTokenRow)), {
            **common, "id": PROGRAM_ID, "digest": digest(SECRET), "name": "bench", "roles": ["service"],
            "created_by": "per_b", "created_at": now, "signs_in_once": False, "last_used_at": now,
        })  # fmt: skip
        run(insert(_table(ToolRow)), {
            "tool_id": tool_id, "name": "pay", "environment": "live", "title": "Pay", "effect": "write",
            "reads": ["invoices"], "writes": [], "severity": "low", "reversibility": "reversible",
            "business_impact": "low", "arguments": SCHEMA, "manifest_digest": "a" * 64, "amount_argument": "amount",
            "currency_argument": "currency", "amount_in_minor": True, "most_sensitive": 3, "needs_trusted": False,
            "is_elevated": False, "separates_duties": False, "result_sensitivity": 1, "result_is_trusted": False,
            "meters": [],
            "created_at": now, "created_by": "per_b", "customer_id": None,
        })  # fmt: skip
        run(insert(_table(AgentRow)), [
            {**common, "agent_id": agent_id, "name": f"clerk-{n}",
             "environment": "live", "version": "1",
             "title": "Clerk", "owner": "Contoso", "accountable": "Cora", "acts_for": "Finance",
             "publisher_duties": "Runs it.", "customer_duties": "Directs it.",
             "acts_alone": True, "chain_limit": 3, "callers": [], "threat_notes": {},
             "assessment": "", "created_at": now, "created_by": "per_b"}
            for n, agent_id in enumerate(agent_ids)
        ])  # fmt: skip
        run(insert(_table(IntendedUseRow)), [
            {**common, "use_id": uses[agent_id], "agent_id": agent_id, "title": "Pay", "owner": "Contoso",
             "business_context": "Invoices", "value_measure": "Days", "known_errors": [], "not_for": [],
             "created_at": now, "approved_at": now, "approved_by": "per_b"}
            for agent_id in agent_ids
        ])  # fmt: skip
        run(insert(_table(PermitRow)), [
            {**common, "permit_id": new_id("pmt"), "agent_id": agent_id, "tool_id": tool_id, "use_id": uses[agent_id],
             "lane": "automatic", "review_percent": 0, "tool_name": "pay", "tool_title": "Pay", "tool_effect": "write",
             "granted_at": now, "granted_by": "per_b"}
            for agent_id in agent_ids
        ])  # fmt: skip
        run(insert(_table(DataGrantRow)), [
            {**common, "grant_id": new_id("gra"), "agent_id": agent_id, "use_id": uses[agent_id],
             "owner_kind": "customer" if customer_id else "publisher", "owner": "Contoso",
             "data_class": "invoices", "sensitivity": 1,
             "quality_note": "", "may_read": True, "may_write": False, "granted_at": now, "granted_by": "per_b",
             "ends_at": now + timedelta(days=1)}
            for agent_id in agent_ids
        ])  # fmt: skip
        run(insert(_table(LimitRow)), [
            {**common, "limit_id": new_id("lim"), "scope": "agent", "subject_id": agent_id, "meter": "calls",
             "span": "day", "maximum": limit, "set_at": now, "set_by": "per_b"}
            for agent_id in agent_ids
        ])  # fmt: skip
    return Furnished(tool_id=tool_id, agent_ids=agent_ids)


_CALLER = caller_of(
    Principal(id=PROGRAM_ID, kind=PrincipalKind.SERVICE, roles=frozenset({"service"}), customer_id=CUSTOMER)
)


def asked(agent_id: str, tool_id: str, amount: int = 250) -> Call:
    """Return a call of an agent, asked by the customer's program."""
    return Call(agent_id=agent_id, tool_id=tool_id, arguments={**ARGUMENTS, "amount": amount}, caller=_CALLER)


def evaluation(agent_id: str, tool_id: str, amount: int = 250) -> bytes:
    """Return the same question as AuthZEN writes it."""
    return json.dumps(
        {
            "subject": {"type": "agent", "id": agent_id},
            "action": {"name": "call", "properties": {"arguments": {**ARGUMENTS, "amount": amount}}},
            "resource": {"type": "tool", "id": tool_id},
        }
    ).encode()


def _table(row: type[Base]) -> Table:
    return cast("Table", row.__table__)
