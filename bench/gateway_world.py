"""A served Fairkeeper with customers whose agents may call tools of an MCP server: real operations, real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairkeeper.access.credentials import digest
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.operation import Operation, Ports
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.runner import Call as Run
from fairkeeper.action.runner import Runner, Wiring
from fairkeeper.agent.manifests import PSEUDO_SCHEMAS, Pin
from fairkeeper.bootstrap.database.migrations import migrate
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.governance.actions.decide_use import approve_use, propose_use
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.governance.actions.register_tool import register_tool
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.ids import CustomerId, SubscriptionId, TenantId, TokenId

OWNER = Principal(id="per_owner", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent of a customer, with the token that may speak for it."""

    agent_id: str
    use_id: str
    customer_id: str
    token: str


@dataclass(slots=True)
class World:
    """One database and what is registered in it."""

    database: Database
    url: str = ""
    log: Path = Path(os.devnull)
    """What its server writes to its standard error."""
    told: dict[str, str] = field(default_factory=dict)
    """Settings under which commands run on this installation."""
    runner: Runner = field(init=False)

    def __post_init__(self) -> None:
        wiring = Wiring(authorise=lambda *_: None, record=append, ports=Ports())
        self.runner = Runner(make_registry(), self.database, SystemClock(), wiring)

    def run(self, operation: Operation, **fields: Any) -> Any:
        """Run an operation as the owner."""
        return self.runner.run(operation, operation.input.model_validate(fields), Run(principal=OWNER))

    def command(self, *words: str) -> Any:
        """Run a command of Fairkeeper on this installation, as its operator; return what it answers."""
        ran = subprocess.run(
            [sys.executable, "-m", "fairkeeper", *words, "--json"],
            env={**os.environ, **self.told}, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert ran.returncode == 0, (words, ran.stdout[-500:], ran.stderr[-500:])
        return json.loads(ran.stdout)

    def agent(self, customer: str, name: str = "clerk") -> Agent:
        """Make a customer (if it is new) and one agent of it, with an approved use."""
        customer_id, token = CustomerId(f"cus_{customer}"), "fk_" + (customer * 43)[:43]
        now = SystemClock().now()
        with self.database.write() as session:
            if session.get(CustomerRow, customer_id) is None:
                session.add(
                    CustomerRow(
                        customer_id=customer_id, slug=customer, name=customer.title(),
                        tenant_id=TenantId(f"tenant-{customer}"), created_at=now,
                    )
                )  # fmt: skip
                session.flush()
                session.add(
                    SubscriptionRow(
                        subscription_id=SubscriptionId(f"sub-{customer}"), customer_id=customer_id,
                        status="Subscribed", provisioning="ready", operation="enabled", allowed_operations=[],
                        private_offer_ids=[], read_at=now,
                    )
                )  # fmt: skip
                session.add(
                    ApiTokenRow(
                        id=TokenId(f"tok_{customer}"), digest=digest(token), name=customer, roles=["service"],
                        customer_id=customer_id, created_by="per_owner", created_at=now, signs_in_once=False,
                        last_used_at=now,
                    )
                )  # fmt: skip
        described = {
            "customer_id": customer_id, "name": name, "environment": "live", "version": "1", "title": name.title(),
            "owner": "Contoso", "accountable": "Cora Contoso", "acts_for": "Finance.",
            "publisher_duties": "Runs it.", "customer_duties": "Directs it.",
        }  # fmt: skip
        agent_id = self.run(register_agent, **described).agent_id
        use_id = self.run(
            propose_use,
            agent_id=agent_id,
            title="Help",
            owner="Contoso",
            business_context="Office",
            value_measure="Days",
        ).use_id
        self.run(approve_use, use_id=use_id)
        return Agent(agent_id=agent_id, use_id=use_id, customer_id=customer_id, token=token)

    def tool(
        self, agent: Agent | None, name: str, arguments: Mapping[str, Any], manifest: Mapping[str, Any], *,
        lane: str = "automatic", **changes: Any,
    ) -> str:  # fmt: skip
        """Register a tool and permit it to an agent; return its id."""
        values = {
            "name": name, "environment": "live", "title": name, "effect": "read", "severity": "low",
            "reversibility": "reversible", "business_impact": "low", "arguments": dict(arguments),
            "manifest": dict(manifest),
        }  # fmt: skip
        tool_id = str(self.run(register_tool, **(values | changes)).tool_id)
        if agent is not None:
            self.permit(agent, tool_id, lane=lane)
        return tool_id

    def permit(self, agent: Agent, tool_id: str, *, lane: str = "automatic") -> None:
        """Permit a tool to an agent."""
        self.run(permit_tool, agent_id=agent.agent_id, tool_id=tool_id, use_id=agent.use_id, lane=lane)

    def register(self, agent: Agent, pins: Mapping[str, Pin], **changes: Any) -> None:
        """Register and permit all tools of a server as it describes them."""
        for pin in pins.values():
            self.tool(agent, pin.name, pin.arguments, pin.manifest, **changes)

    def register_beside(self, agent: Agent, server: str, *names: str, **changes: Any) -> None:
        """Register and permit what is governed beside tools."""
        for name in names:
            self.tool(agent, f"{server}/{name}", PSEUDO_SCHEMAS[name], {}, **changes)


@contextmanager
def served(address: DatabaseAddress) -> Iterator[World]:
    """Serve an installation on a database, in a process of its own."""
    migrate(address)
    with tempfile.TemporaryDirectory() as folder:
        told = {"FAIRKEEPER_DATA_DIR": folder, "FAIRKEEPER_PORT": "0", "FAIRKEEPER_DATABASE_URL": address.url}
        told |= {"FAIRKEEPER_WORKERS": "0", "FAIRKEEPER_LOG_LEVEL": "error"}
        log = Path(folder) / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.governance_server"], env={**os.environ, **told}, stdout=subprocess.PIPE,
                stderr=errors,
            )  # fmt: skip
        database = Database(address)
        try:
            assert process.stdout is not None
            port = int(json.loads(process.stdout.readline())["port"])
            yield World(database, url=f"http://127.0.0.1:{port}", told=told, log=log)
        finally:
            process.terminate()
            process.wait(20)
            assert process.stdout is not None
            process.stdout.close()
            database.dispose()


def configuration(world: World, folder: Path, agents: Mapping[str, Agent], servers: Mapping[str, str]) -> Path:
    """Write a gateway's configuration; `servers` by name with the rest of their tables."""
    parts = ["[fairkeeper]", f'url = "{world.url}"', "patience_seconds = 3"]
    for name, text in servers.items():
        parts += [f"[servers.{name}]", text]
    for name, agent in agents.items():
        parts += [f"[agents.{name}]", f'agent_id = "{agent.agent_id}"']
    path = folder / "gateway.toml"
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return path
