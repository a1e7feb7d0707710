"""Another customer's id is an id that does not exist, over every tool that a customer is offered.

Every command is switched on for the customer's administrator here, so that every operation is a tool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.channels.ids import twin_of
from tests.channels.routes import Route, choices_of, own_values
from tests.channels.stage import Stage
from tests.channels.test_two_tenants import Silence, attacks_on, without_ids

HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}


def ask(stage: Stage, token: str, method: str, **params: Any) -> Any:
    document = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = stage.call("POST", "/mcp", token, json=document, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer


def tools_of(stage: Stage, token: str) -> list[Route]:
    """Return the tools that somebody is offered, as routes whose parameters all stand in the arguments."""
    listed = ask(stage, token, "tools/list").json()["result"]["tools"]
    return [
        Route(
            name=tool["name"].replace("_", ".", 1),
            method="",
            path=tool["name"],
            places=dict.fromkeys(tool["inputSchema"].get("properties", {}), "body"),
            choices=choices_of(tool["inputSchema"].get("properties", {}), tool["inputSchema"].get("$defs", {})),
            is_public=False,
        )
        for tool in listed
    ]


@pytest.fixture
def silence(stage: Stage) -> Silence:
    return Silence(stage, stage.fabrikam)


def test_every_public_operation_is_a_tool_that_is_tried(stage: Stage) -> None:
    names = {tool.name for tool in tools_of(stage, stage.contoso.tokens["every"])}
    registry = stage.installation.registry
    wanted = {o.name for o in registry if not o.is_internal and (o.mcp or o.kind.value == "command")}
    assert names == wanted


def test_an_id_of_another_customer_is_an_id_of_nobody_for_every_tool(
    stage: Stage, silence: Silence, failures: list[Any]
) -> None:
    token = stage.contoso.tokens["every"]
    tried = 0
    for tool in tools_of(stage, token):
        own = own_values(stage, stage.contoso, tool)
        seen: set[str] = set()
        for name, value in attacks_on(stage, tool):
            if name in seen:
                continue  # the same operations as over the API; one id a parameter says whether the channel binds
            seen.add(name)
            sent = tool.filling(name).sent
            twin = twin_of(value)
            nobody = _told(_attack(stage, token, tool, {**own, name: sent(twin)}), twin)
            answer = _attack(stage, token, tool, {**own, name: sent(value)})
            assert _told(answer, value) == nobody, f"{tool.name}: {name}={value!r}"
            silence.check(answer, sent=value)
            tried += 1
        assert [str(change) for change in stage.rows.changes()] == [], tool.name
    assert failures == []
    assert tried > 40


def _told(answer: Any, sent: Any) -> str:
    return without_ids(json.dumps(answer.json()["result"]), sent)


def _attack(stage: Stage, token: str, tool: Route, values: Mapping[str, Any]) -> Any:
    answer = ask(stage, token, "tools/call", name=tool.path, arguments=dict(values))
    if stage.installation.registry.get(tool.name).kind.value == "command" and not answer.json()["result"]["isError"]:
        changes = stage.rows.changes()
        owners = {owner for change in changes for owner in change.owners}
        assert owners <= {stage.contoso.customer_id}, f"{tool.name} changed rows of {owners}"
        stage.rows.restore(changes)
    return answer


def test_what_a_customer_asks_about_itself_a_tool_answers(stage: Stage, silence: Silence, failures: list[Any]) -> None:
    token = stage.contoso.tokens["customer_admin"]
    answered = 0
    for tool in tools_of(stage, token):
        if stage.installation.registry.get(tool.name).kind.value != "query":
            continue
        answer = ask(stage, token, "tools/call", name=tool.path, arguments=own_values(stage, stage.contoso, tool))
        result = answer.json()["result"]
        code = json.dumps(result.get("structuredContent", {}).get("error", {}).get("code", ""))
        assert not result.get("isError") or "not_permitted" in code, f"{tool.name}: {result}"
        silence.check(answer)
        answered += not result.get("isError")
    assert failures == []
    assert answered >= 12
