"""What of tools is registered and permitted to one agent, as the server says; kept for a moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from fairkeeper.agent.client import FairkeeperClient

FRESH_SECONDS: Final = 5.0
"""How long lists are shown from memory. Decisions are never made from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A registered tool that is permitted to the agent.

    Attributes:
        digest: Of the approved description; None where the token does not see it, as a customer's does not see that of
            the publisher's own tools. The decision compares it all the same.
    """

    tool_id: str
    digest: str | None
    is_open: bool
    sensitivity: int
    is_trusted: bool


class Registered:
    """Asks the server what one agent is permitted."""

    def __init__(self, client: FairkeeperClient) -> None:
        self._client = client
        self._known: dict[str, Tool] = {}
        self._read_at = float("-inf")

    async def tools(self) -> dict[str, Tool]:
        """Return permitted tools by registered name.

        Raises:
            DecisionUnavailableError: The server does not say.
        """
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            agent = await self._client.get(f"/agents/{self._client.agent_id}")
            permitted = {permit["tool_id"]: permit["tool_name"] for permit in agent["permits"]}
            wanted = {"environment": agent["line"]["environment"], "limit": 500}
            lines = await self._client.get("/tools", wanted)
            unseen = set(permitted) - {line["tool_id"] for line in lines}
            self._known = {
                permitted[tool_id]: Tool(tool_id=tool_id, digest=None, is_open=False, sensitivity=1, is_trusted=False)
                for tool_id in unseen
            }
            self._known |= {
                line["name"]: Tool(
                    tool_id=line["tool_id"],
                    digest=line["manifest_digest"],
                    is_open=line["open_manifest_digest"] is not None,
                    sensitivity=line["result_sensitivity"],
                    is_trusted=line["result_is_trusted"],
                )
                for line in lines
                if line["tool_id"] in permitted
            }
            self._read_at = time.monotonic()
        return self._known

    def known(self, name: str) -> Tool | None:
        """Return a tool as it was read last."""
        return self._known.get(name)

    def forget(self) -> None:
        """Read anew next time."""
        self._read_at = float("-inf")
