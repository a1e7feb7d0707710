"""The Copilot package fits its schemas, and what does not fit is refused."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from typing import Any

import pytest

from fairkeeper.opportunities.asking.copilot import SCHEMA_OF, PackageRefusedError, make_package, validate
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


def test_its_tools_are_reads_that_the_server_has() -> None:
    functions = make_package(URL, publisher="Contoso").documents["ai-plugin.json"]["functions"]
    reads = {each.name.replace(".", "_") for each in OPERATIONS if each.mcp}
    assert {each["name"] for each in functions} <= reads


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("declarativeAgent.json", {"instructions": "x" * 8001}),
        ("declarativeAgent.json", {"version": "v1.2"}),
        ("declarativeAgent.json", {"unknown": 1}),
        ("ai-plugin.json", {"namespace": "with-a-dash"}),
        ("ai-plugin.json", {"runtimes": [{"type": "Telepathy", "auth": {"type": "None"}, "spec": {"url": "x"}}]}),
        ("manifest.json", {"id": "no guid"}),
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
