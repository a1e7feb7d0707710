"""A served Fairkeeper for the gateway's tests, and a way to connect a client through a gateway of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from mcp.client.client import Client
from sqlalchemy import text

from bench.databases import sqlite_address
from bench.gateway_world import Agent, World, served
from fairkeeper.agent.client import FairkeeperClient
from fairkeeper.agent.manifests import (
    COMPLETE,
    ELICIT,
    PROMPT_GET,
    RESOURCE_READ,
    RESOURCE_SUBSCRIBE,
    SAMPLE,
    pins_of,
)
from fairkeeper.gateway.asking import ServerAsker
from fairkeeper.gateway.configuration import AgentPart, ServerPart
from fairkeeper.gateway.serving import relay
from fairkeeper.gateway.vault import Vault

T = TypeVar("T")
SECRET = "zebra-4711-quagga"
STRANGE = Path(__file__).parent / "strange_server.py"
NAMES = ("echo", "secret", "crash", "hang", "fail", "credential", "progress", "ask")


def command(count: Path, *more: str) -> tuple[str, ...]:
    return (sys.executable, str(STRANGE), str(count), *more)


@dataclass(slots=True)
class Street:
    """A served Fairkeeper, and agents whose tools are those of the strange server."""

    world: World
    folder: Path
    contoso: Agent
    fabrikam: Agent
    count: Path = field(init=False)
    heard: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.count = self.folder / "count"

    @asynccontextmanager
    async def client(
        self, agent: Agent | None = None, *, url: str | None = None, hears: dict[str, Any] | None = None, **changes: Any
    ) -> AsyncIterator[Client]:
        """Connect a real client through a gateway of its own; `hears` are callbacks of the client."""
        agent = agent or self.contoso
        vault, labels, journal = (
            changes.pop(*each) for each in (("vault", None), ("labels", "task"), ("journal", None))
        )
        server = ServerPart(**({"name": "strange", "command": command(self.count)} | changes))
        asked = FairkeeperClient(
            url=url or self.world.url, token=agent.token, agent_id=agent.agent_id, patience_seconds=5,
            journal=journal,
        )  # fmt: skip
        part = AgentPart(
            name="clerk", agent_id=agent.agent_id, servers=("strange",), use_id=agent.use_id, labels=labels
        )
        to_gateway, from_client = anyio.create_memory_object_stream[Any](0)
        to_client, from_gateway = anyio.create_memory_object_stream[Any](0)

        async def serve() -> None:
            await relay(
                from_client, to_client, server=server, agent=part, asker=ServerAsker(asked), vault=vault,
                canaries=(SECRET,), console=f"{self.world.url}/agents/approvals/",
            )  # fmt: skip
            await asked.close()
            await to_client.aclose()
            await from_client.aclose()

        @asynccontextmanager
        async def transport() -> AsyncIterator[Any]:
            task = asyncio.get_running_loop().create_task(serve())
            try:
                yield from_gateway, to_gateway
            finally:
                await to_gateway.aclose()
                await asyncio.wait([task], timeout=20)
                await from_gateway.aclose()

        self.heard = []

        async def hear(params: Any) -> None:
            self.heard.append(params.data)

        async with Client(
            transport(), mode="legacy", logging_callback=hear, cache=None, **(hears or {})
        ) as client:  # fmt: skip
            yield client

    def records(self) -> list[tuple[Any, ...]]:
        """Return what is recorded of decisions, the newest first: tool, allowed, reason, outcome."""
        with self.world.database.read() as session:
            rows = session.execute(
                text("SELECT tool_name, allowed, reason, outcome FROM decision ORDER BY decision_id DESC")
            )
            return [tuple(row) for row in rows]

    def everything(self) -> str:
        """Return every row of every table, evidence first, as one text."""
        with self.world.database.read() as session:
            rows = [*session.execute(text("SELECT kind, customer_id, header, payload FROM evidence_entry")).all()]
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
            for name in names:
                rows += session.execute(text(f'SELECT * FROM "{name}"')).all()
        return json.dumps([[str(value) for value in row] for row in rows])

    def logged(self) -> str:
        """Return what Fairkeeper wrote to its log."""
        return self.world.log.read_text("utf-8")


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("gateway")
    with sqlite_address() as address, served(address) as world:
        contoso, fabrikam = world.agent("contoso"), world.agent("fabrikam")
        listed = [
            {
                "name": name,
                "description": "Says something.",
                "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
            }
            for name in NAMES
        ]
        pins = pins_of(listed, "strange")
        for agent in (contoso, fabrikam):
            world.register(agent, pins, customer_id=agent.customer_id)
            world.register_beside(agent, "strange", RESOURCE_READ, PROMPT_GET, customer_id=agent.customer_id)
        # What a server may ask and what is watched is permitted to Contoso's agent alone.
        world.register_beside(
            contoso, "strange", RESOURCE_SUBSCRIBE, COMPLETE, SAMPLE, ELICIT, customer_id=contoso.customer_id
        )
        yield Street(world, folder, contoso, fabrikam)


def vault_with(folder: Path, **values: str) -> Vault:
    vault = Vault(folder / "vault.json", bytes(range(32)))
    for name, value in values.items():
        vault.keep(name, value)
    return vault


def go(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
