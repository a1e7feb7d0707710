"""One session, without a server: what came of a call is kept before its answer goes out, whether it arrives or not."""

from __future__ import annotations

import asyncio
from typing import Any

from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from fairkeeper.agent.client import Answer, Came, Question
from fairkeeper.gateway.configuration import AgentPart, ServerPart
from fairkeeper.gateway.observing import Observation
from fairkeeper.gateway.session import Session

TOOL = {"name": "look", "inputSchema": {"type": "object"}}


class Recorded(Observation):
    """Lets everything through, as an observation does, under a decision, and keeps what is told of it."""

    came: Came | None = None

    async def decide(self, question: Question) -> Answer:
        del question
        return Answer(allowed=True, reason="allowed", sentence="", decision_id="dec_1")

    def told(self, came: Came) -> None:
        self.came = came


class Line:
    """What a session sends, in order; to the client it breaks when an answer comes.

    Attributes:
        kept: What had been told when the answer was sent.
    """

    def __init__(self, asker: Recorded) -> None:
        self.to_server: asyncio.Queue[Any] = asyncio.Queue()
        self.kept: Came | None = None
        self._asker = asker

    async def send_to_server(self, message: JSONRPCMessage) -> None:
        await self.to_server.put(message)

    async def send_to_client(self, message: JSONRPCMessage, related: str | int | None) -> None:
        assert isinstance(message, (JSONRPCResponse, JSONRPCError, JSONRPCNotification))
        self.kept = self._asker.came
        raise asyncio.CancelledError


def test_what_came_of_a_call_is_kept_before_its_answer_goes_out_though_it_never_arrives() -> None:
    async def call() -> Came | None:
        asker = Recorded("files")
        line = Line(asker)
        session = Session(
            server=ServerPart(name="files"), agent=AgentPart(name="clerk", agent_id="agt_1", servers=("files",)),
            asker=asker, to_client=line.send_to_client, to_server=line.send_to_server, session_id="ses_1",
        )  # fmt: skip
        request = JSONRPCRequest(jsonrpc="2.0", id=7, method="tools/call", params={"name": "look", "arguments": {}})
        await session.from_client(request)
        listing = await line.to_server.get()
        await session.from_server(JSONRPCResponse(jsonrpc="2.0", id=listing.id, result={"tools": [TOOL]}))
        asked = await line.to_server.get()
        assert (asked.id, asker.came) == (7, None)
        result = {"content": [{"type": "text", "text": "seen"}]}
        answered = asyncio.create_task(session.from_server(JSONRPCResponse(jsonrpc="2.0", id=7, result=result)))
        await asyncio.wait([answered])
        assert answered.cancelled()
        return line.kept

    came = asyncio.run(call())
    assert came is not None
    assert (came.decision_id, came.outcome) == ("dec_1", "ok")
    assert came.result_digest is not None
