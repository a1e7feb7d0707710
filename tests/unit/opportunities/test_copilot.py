"""The Copilot package fits its schemas, and what does not fit is refused."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from typing import Any

import pytest

from fairkeeper.action.operation import OperationKind
from fairkeeper.mcp.tools import tool_of
from fairkeeper.opportunities.asking.copilot import PackageRefusedError, fits_together, make_package, validate
from fairkeeper.opportunities.asking.schemas import SCHEMA_OF
from fairkeeper.opportunities.operations import OPERATIONS

URL = "https://fairkeeper.contoso.example/mcp"


def test_the_package_is_a_zip_of_what_its_documents_name() -> None:
    package = make_package(URL, publisher="Contoso", reference_id="ref")
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
        agent = json.loads(archive.read("declarativeAgent.json"))
        assert archive.read("color.png")[:4] == b"\x89PNG"
    assert {*manifest["icons"].values(), manifest["copilotAgents"]["declarativeAgents"][0]["file"]} <= names
    assert {each["file"] for each in agent["actions"]} <= names
    assert package.content == make_package(URL, publisher="Contoso", reference_id="ref").content


def test_its_tools_are_reads_described_as_the_server_describes_them() -> None:
    plugin = make_package(URL, publisher="Contoso").documents["ai-plugin.json"]
    served = {
        each["name"]: each
        for each in (
            tool_of(operation).model_dump(mode="json", by_alias=True, exclude_none=True)
            for operation in OPERATIONS
            if operation.mcp and operation.kind is not OperationKind.COMMAND
        )
    }
    tools = plugin["runtimes"][0]["spec"]["mcp_tool_description"]["tools"]
    assert len(tools) == len(plugin["functions"]) > 5
    assert all(each == served[each["name"]] for each in tools)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("declarativeAgent.json", {"instructions": "x" * 8001}),
        ("declarativeAgent.json", {"instructions": "   "}),
        ("declarativeAgent.json", {"name": "x" * 101}),
        ("declarativeAgent.json", {"description": "[[a_key]]"}),
        ("declarativeAgent.json", {"version": "v1.2"}),
        ("declarativeAgent.json", {"unknown": 1}),
        ("declarativeAgent.json", {"conversation_starters": [{"text": "Whom?"}] * 13}),
        ("declarativeAgent.json", {"conversation_starters": [{"title": "No text"}]}),
        ("declarativeAgent.json", {"actions": []}),
        ("ai-plugin.json", {"namespace": "with-a-dash"}),
        ("ai-plugin.json", {"name_for_human": "x" * 21}),
        ("ai-plugin.json", {"description_for_human": "x" * 101}),
        ("ai-plugin.json", {"description_for_model": "x" * 2049}),
        ("ai-plugin.json", {"functions": [{"name": "a b", "description": "x"}]}),
        ("ai-plugin.json", {"runtimes": [{"type": "Telepathy", "auth": {"type": "None"}, "spec": {"url": URL}}]}),
        ("ai-plugin.json", {"runtimes": [{"type": "RemoteMCPServer", "auth": {"type": "None"}, "spec": {"url": URL}}]}),
        ("manifest.json", {"id": "no guid"}),
        ("manifest.json", {"accentColor": "blue"}),
        ("manifest.json", {"name": {"short": "x" * 31}}),
        ("manifest.json", {"version": "1.0"}),
        ("manifest.json", {"icons": {"color": "color.png"}}),
        ("manifest.json", {"webApplicationInfo": {}}),
    ],
)
def test_what_does_not_fit_is_refused(name: str, change: dict[str, Any]) -> None:
    document = {**copy.deepcopy(dict(make_package(URL, publisher="Contoso").documents[name])), **change}
    with pytest.raises(PackageRefusedError):
        validate(document, SCHEMA_OF[name])


@pytest.mark.parametrize("url", ["http://contoso.example/mcp", "contoso.example", "https://x.example/mcp?a=b"])
def test_only_a_public_https_address_is_taken(url: str) -> None:
    with pytest.raises(PackageRefusedError):
        make_package(url, publisher="Contoso")


def test_a_sign_in_without_its_reference_is_refused() -> None:
    plugin = copy.deepcopy(dict(make_package(URL, publisher="Contoso", reference_id="ref").documents["ai-plugin.json"]))
    validate(plugin, SCHEMA_OF["ai-plugin.json"])
    del plugin["runtimes"][0]["auth"]["reference_id"]
    with pytest.raises(PackageRefusedError):
        validate(plugin, SCHEMA_OF["ai-plugin.json"])


@pytest.mark.parametrize(
    ("name", "spoil", "says"),
    [
        ("manifest.json", lambda d: d["icons"].update(color="other.png"), "other.png"),
        ("declarativeAgent.json", lambda d: d["actions"][0].update(file="other.json"), "other.json"),
        ("ai-plugin.json", lambda d: d["functions"].append(d["functions"][0]), "twice"),
        ("ai-plugin.json", lambda d: d["runtimes"][0]["run_for_functions"].pop(), "no runtime"),
        ("ai-plugin.json", lambda d: d["runtimes"][0]["spec"]["mcp_tool_description"]["tools"].pop(), "no tool"),
        ("ai-plugin.json", lambda d: d["functions"].pop(), "no function"),
    ],
)
def test_documents_that_do_not_fit_together_are_refused(name: str, spoil: Any, says: str) -> None:
    documents = copy.deepcopy(dict(make_package(URL, publisher="Contoso").documents))
    spoil(documents[name])
    with pytest.raises(PackageRefusedError, match=says):
        fits_together(documents)
