"""An agent of Microsoft Agent Framework under the middleware, on a served Fairkeeper; its model is a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from agent_framework import (
    Agent,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    Content,
    FunctionInvocationLayer,
    Message,
    MiddlewareFailure,
    tool,
)

from bench.gateway_world import Agent as Registered
from fairkeeper.agent.client import FairkeeperClient
from fairkeeper.agent.content import Seen, Treatment
from fairkeeper.agent.framework import chat_middleware, function_middleware
from fairkeeper.agent.tools import Tool
from tests.channels.gateway.conftest import SECRET, Street, go

CARD = "4111 1111 1111 1111"


class Model(FunctionInvocationLayer[Any], ChatMiddlewareLayer[Any], BaseChatClient[Any]):
    """Calls `note` once if it is told to, then says something; keeps what it was told."""

    def __init__(self, *, calls: bool = False, says: str = "Done.") -> None:
        super().__init__()
        self.calls, self.says = calls, says
        self.told: list[str] = []

    async def _inner_get_response(
        self, *, messages: Sequence[Message], stream: bool, options: Mapping[str, Any], **_: Any
    ) -> ChatResponse:
        del stream, options
        self.told = [each.text for each in messages]
        if self.calls:
            self.calls = False
            call = Content.from_function_call("call-1", "note", arguments={"text": "hello"})
            return ChatResponse(messages=[Message("assistant", [call])], response_id="1")
        return ChatResponse(messages=[Message("assistant", [self.says])], response_id="2")


def client_of(street: Street, agent: Registered, url: str | None = None) -> FairkeeperClient:
    return FairkeeperClient(
        url=url or street.world.url, token=agent.token, agent_id=agent.agent_id, patience_seconds=5
    )  # fmt: skip


def run(
    client: FairkeeperClient, model: Model, middleware: list[Any], noted: list[str], asked: str = "Note it."
) -> str:
    @tool(approval_mode="never_require")
    def note(text: str) -> str:
        """Note something."""
        noted.append(text)
        return f"noted {text} {SECRET}"

    async def story() -> str:
        try:
            agent = Agent(client=model, name="noter", tools=[note], middleware=middleware)
            answer = await agent.run(asked)
        finally:
            await client.close(patience_seconds=20)
        results = [str(c.result) for m in answer.messages for c in m.contents if c.type == "function_result"]
        return "\n".join([*results, answer.text])

    return go(story())


@pytest.fixture(scope="module")
def noter(street: Street) -> Registered:
    agent = street.world.agent("contoso", "noter")
    texts = {"type": "object", "properties": {"text": {"type": "string"}}}
    chat = {"type": "object", "properties": {"messages": {"type": "integer"}}}
    street.world.tool(agent, "noter.note", texts, {}, customer_id=agent.customer_id)
    street.world.tool(agent, "noter.chat", chat, {}, customer_id=agent.customer_id)
    return agent


def test_a_tool_is_decided_called_treated_and_its_outcome_recorded(street: Street, noter: Registered) -> None:
    client, noted = client_of(street, noter), list[str]()
    governs = Tool(name="noter.note", treatment=Treatment(canaries=(SECRET,)))
    answer = run(client, Model(calls=True), [function_middleware(client, {"note": governs})], noted)
    assert noted == ["hello"]
    assert "noted hello [canary]" in answer
    assert street.records()[0] == ("noter.note", 1, "permitted", "ok")


def test_a_tool_that_nobody_registered_is_not_called_and_the_model_reads_why(street: Street, noter: Registered) -> None:
    client, noted = client_of(street, noter), list[str]()
    answer = run(client, Model(calls=True), [function_middleware(client, {})], noted)
    assert noted == []
    assert "no such tool" in answer
    assert "Done." in answer


def test_without_fairkeeper_the_run_ends_and_nothing_is_called(street: Street, noter: Registered) -> None:
    client, noted = client_of(street, noter, "http://127.0.0.1:9"), list[str]()
    with pytest.raises(MiddlewareFailure, match="could not be asked"):
        run(client, Model(calls=True), [function_middleware(client, {})], noted)
    assert noted == []


def test_a_chat_is_decided_recorded_and_redacted_both_ways(street: Street, noter: Registered) -> None:
    client, seen = client_of(street, noter), list[Seen]()
    treatment = Treatment(redact=frozenset({"card"}), canaries=(SECRET,))
    model = Model(says=f"The card is {CARD}.")
    governs = chat_middleware(client, Tool(name="noter.chat"), treatment, seen.append)
    answer = run(client, model, [governs], [], f"My card is {CARD}, the key {SECRET}.")
    assert model.told == ["My card is [card], the key [canary]."]
    assert answer.strip() == "The card is [card]."
    assert seen[0].replaced == {"card": 2, "canary": 1}
    assert street.records()[0] == ("noter.chat", 1, "permitted", "ok")
    kept = street.everything()
    assert "redacted:card" in kept
    assert SECRET not in kept


def test_a_chat_that_is_not_permitted_reaches_no_model(street: Street, noter: Registered) -> None:
    client, model = client_of(street, noter), Model()
    with pytest.raises(MiddlewareFailure, match="no such tool"):
        run(client, model, [chat_middleware(client, Tool(name="chat.nobody"), Treatment())], [])
    assert model.told == []
