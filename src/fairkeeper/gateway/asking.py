"""Whom a session asks: the server for an agent that is registered, or nobody while a new one is only observed."""

from __future__ import annotations

from typing import Protocol

from fairkeeper.agent.client import Answer, Came, FairkeeperClient, Question
from fairkeeper.agent.errors import DecisionUnavailableError
from fairkeeper.agent.manifests import Pin
from fairkeeper.gateway.registered import Registered
from fairkeeper.policy.decision.labels import Labels


class Asker(Protocol):
    """Answers for one agent."""

    async def decide(self, question: Question) -> Answer:
        """Return the answer to a question, recorded."""
        ...

    def told(self, came: Came) -> None:
        """Take what came of a call."""
        ...

    async def shows(self, pins: dict[str, Pin]) -> dict[str, str | None] | None:
        """Return approved digests by registered name of what the agent may see; None where all may be seen."""
        ...

    async def permits(self, name: str) -> bool:
        """Say whether something beside tools (`resources.read`, prompts) may be listed."""
        ...

    def result_labels(self, name: str) -> Labels:
        """Return what a tool's results carry at least."""
        ...


UNKNOWN_RESULT = Labels(sensitivity=1, is_trusted=False)
"""Of a tool of which nothing is known: nobody vouches for what it returns."""


class ServerAsker:
    """Asks Fairkeeper."""

    def __init__(self, client: FairkeeperClient) -> None:
        self._client = client
        self._registered = Registered(client)
        self._reported: set[tuple[str, str]] = set()

    async def decide(self, question: Question) -> Answer:
        """Return the server's answer."""
        return await self._client.decide(question)

    def told(self, came: Came) -> None:
        """Hand on what came of a call."""
        self._client.told(came)

    async def shows(self, pins: dict[str, Pin]) -> dict[str, str | None] | None:
        """Return approved digests; a description that differs is reported once, which stops the tool."""
        try:
            tools = await self._registered.tools()
        except DecisionUnavailableError:
            return {}
        for pin in pins.values():
            tool = tools.get(pin.name)
            if (
                tool is not None
                and tool.digest not in {None, pin.digest}
                and (pin.name, pin.digest) not in self._reported
            ):
                self._reported.add((pin.name, pin.digest))
                document = {"manifest": pin.manifest, "arguments": pin.arguments}
                await self._client.post(f"/tools/{tool.tool_id}/manifest", document)
                self._registered.forget()
        return {name: tool.digest for name, tool in tools.items() if not tool.is_open}

    async def permits(self, name: str) -> bool:
        """Say whether it is permitted to the agent at all."""
        try:
            return name in await self._registered.tools()
        except DecisionUnavailableError:
            return False

    def result_labels(self, name: str) -> Labels:
        """Return what the register says; the least favourable where it says nothing."""
        tool = self._registered.known(name)
        if tool is None:
            return UNKNOWN_RESULT
        return Labels(sensitivity=tool.sensitivity, is_trusted=tool.is_trusted)
