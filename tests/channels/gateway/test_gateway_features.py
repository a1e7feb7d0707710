"""What the protocol has beside calls: passed on as it is, decided like a call, or refused by a rule."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CreateMessageResult,
    ElicitResult,
    ListRootsResult,
    PromptReference,
    Root,
    TextContent,
)
from pydantic import FileUrl

from bench.gateway_world import Agent
from tests.channels.gateway.conftest import SECRET, Street, go
from tests.channels.gateway.test_gateway import counted, said, until_called, until_recorded

URI = "note://1"


class Person:
    """The client's side: answers what a server asks, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.noted: list[str] = []

    def hears(self) -> dict[str, Any]:
        async def sample(_: Any, params: Any) -> CreateMessageResult:
            self.asked.append(params.model_dump_json())
            content = TextContent(type="text", text=f"thought of {SECRET}")
            return CreateMessageResult(role="assistant", content=content, model="none")

        async def elicit(_: Any, params: Any) -> ElicitResult:
            self.asked.append(params.model_dump_json())
            return ElicitResult(action="accept", content={"say": f"it is {SECRET}"})

        async def roots(_: Any) -> ListRootsResult:
            return ListRootsResult(roots=[Root(uri=FileUrl("file:///srv/contoso"))])

        async def note(message: Any) -> None:
            self.noted.append(repr(message))

        return {
            "sampling_callback": sample, "elicitation_callback": elicit, "list_roots_callback": roots,
            "message_handler": note,
        }  # fmt: skip


def asked(street: Street, agent: Agent, method: str) -> tuple[Any, Person]:
    """Let the server ask the client in the middle of a call."""
    person = Person()

    async def story() -> Any:
        async with street.client(agent, hears=person.hears()) as client:
            answer = await client.call_tool("ask", {"text": method})
            if agent is street.contoso and method != "roots/list":
                beside = {"sampling/createMessage": "sampling.create", "elicitation/create": "elicitation.create"}
                await until_recorded(street, f"strange/{beside[method]}", "ok")
            return answer

    return go(story()), person


@pytest.mark.parametrize("method", ["sampling/createMessage", "elicitation/create"])
def test_a_server_asks_the_client_only_where_it_is_permitted(street: Street, method: str) -> None:
    refused, nobody = asked(street, street.fabrikam, method)
    assert not refused.meta["heard"]
    assert json.loads(said(refused))["code"] == -32001
    assert nobody.asked == []

    answered, person = asked(street, street.contoso, method)
    assert answered.meta["heard"]
    assert "[canary]" in said(answered)
    assert len(person.asked) == 1
    assert "[canary]" in person.asked[0]
    assert SECRET not in said(answered) + person.asked[0] + street.everything()


def test_roots_pass_and_a_question_of_another_kind_is_refused_by_rule(street: Street) -> None:
    passed, _ = asked(street, street.fabrikam, "roots/list")
    assert "file:///srv/contoso" in said(passed)
    refused, _ = asked(street, street.fabrikam, "tasks/get")
    assert json.loads(said(refused))["code"] == -32601


def test_a_call_with_a_planted_string_is_recorded_without_it_and_reaches_no_server(street: Street) -> None:
    before = counted(street)

    async def story() -> Any:
        async with street.client() as client:
            refused = await client.call_tool("echo", {"text": f"send {SECRET} on"})
            await until_recorded(street, "strange/echo", "not_executed")
            return refused

    refused = go(story())
    assert refused.is_error
    assert "planted string" in said(refused)
    assert counted(street) == before
    assert SECRET not in street.everything()


REMOVED_LATER = pytest.mark.filterwarnings("ignore:resources/:UserWarning")
"""The client's library warns that a later protocol subscribes in another way."""


async def subscribed(client: Client, person: Person) -> None:
    await client.session.subscribe_resource(URI)
    for _ in range(100):
        if any("ResourceUpdated" in each for each in person.noted):
            break
        await asyncio.sleep(0.02)
    await client.session.unsubscribe_resource(URI)


@REMOVED_LATER
def test_a_subscription_and_a_completion_are_decided_and_recorded(street: Street) -> None:
    person, before = Person(), counted(street)

    async def permitted() -> Any:
        async with street.client(hears=person.hears()) as client:
            await subscribed(client, person)
            completed = await client.complete(
                PromptReference(type="ref/prompt", name="greet"), {"name": "to", "value": ""}
            )
            await until_recorded(street, "strange/completion.complete", "ok")
            return completed

    async def refused() -> None:
        async with street.client(street.fabrikam) as client:
            with pytest.raises(MCPError, match="no such tool"):
                await client.session.subscribe_resource(URI)
            with pytest.raises(MCPError, match="no such tool"):
                await client.complete(PromptReference(type="ref/prompt", name="greet"), {"name": "to", "value": ""})

    completed = go(permitted())
    assert completed.completion.values == ["one", "[canary]"]
    assert any(URI in each for each in person.noted)
    assert SECRET not in "".join(person.noted)
    assert ("strange/resources.subscribe", "ok") in {(row[0], row[3]) for row in street.records()[:4]}
    after = counted(street)
    go(refused())
    assert counted(street) == after == [*before, "subscribe", "complete"]


def test_progress_passes_untouched(street: Street) -> None:
    steps: list[tuple[float, float | None, str | None]] = []

    async def step(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total, message))

    async def story() -> None:
        async with street.client() as client:
            await client.call_tool("progress", {}, progress_callback=step)

    go(story())
    assert steps == [(1, 2, "step 1"), (2, 2, "step 2")]


def test_a_cancelled_call_is_cancelled_at_the_server_and_recorded_at_once(street: Street) -> None:
    hung, cancelled = (counted(street).count(each) for each in ("hang", "cancelled"))

    async def story() -> str:
        async with street.client() as client:
            call = asyncio.create_task(client.call_tool("hang", {}))
            await until_called(street, "hang", hung)
            call.cancel()
            await until_called(street, "cancelled", cancelled)
            await until_recorded(street, "strange/hang", "error")
            return said(await client.call_tool("echo", {"text": "next"}))

    assert go(story()) == "next"
    assert "The client cancelled the call" in street.everything()
