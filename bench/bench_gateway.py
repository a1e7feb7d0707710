"""The gateway before servers that nobody here wrote: the same answers, the time it adds, and what observing proposes.

Servers come from npm into build/mcp-servers: filesystem, everything, memory. Every feature that a server lists is used
without and with the gateway, on stdio and over HTTP, and the answers are compared. Time is taken for one call of
`read_text_file`, decided and durably recorded (SQLite, synchronous=FULL), with the server of Fairkeeper in a process of
its own on the same machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp_types import (
    CreateMessageResult,
    ElicitResult,
    ListRootsResult,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
)

from bench.databases import sqlite_address
from bench.gateway_world import Agent, World, configuration, served
from bench.report import Report
from fairkeeper.agent.manifests import PSEUDO_SCHEMAS, pins_of

FOLDER: Final = Path(__file__).parent.parent / "build" / "mcp-servers"
PACKAGES: Final = tuple(f"@modelcontextprotocol/server-{name}" for name in ("filesystem", "everything", "memory"))
ONE, CALLERS, EACH, WARMING = 400, 32, 30, 20
"""Calls of one caller; callers at once; calls of each; calls before those that are measured."""


def run(report: Report) -> None:
    """Compare, measure, observe, and weigh the packages."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        report.note("npm and node are not here, so no server of somebody else's can be run.")
        return
    _install()
    with tempfile.TemporaryDirectory() as data, sqlite_address() as address, served(address) as world:
        folder = Path(data)
        (folder / "files").mkdir()
        (folder / "files" / "a.txt").write_text("hello\n", encoding="utf-8")
        (folder / "out").mkdir()
        asyncio.run(_compare_all(report, world, folder))
        asyncio.run(_measure(report, world, folder))
        asyncio.run(_observe(report, world, folder))
    _weigh(report)


def _install() -> None:
    if not (FOLDER / "node_modules" / "@modelcontextprotocol").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES], check=True, cwd=FOLDER)  # noqa: S607 - by name


def _command(name: str, folder: Path) -> list[str]:
    script = FOLDER / "node_modules" / "@modelcontextprotocol" / f"server-{name}" / "dist" / "index.js"
    return ["node", str(script), *([str(folder / "files")] if name == "filesystem" else [])]


def _variables(name: str, folder: Path) -> dict[str, str]:
    """Return the environment of a server; one that remembers begins with nothing each time."""
    fresh = folder / f"memory-{time.monotonic_ns()}.jsonl"
    return {"MEMORY_FILE_PATH": str(fresh)} if name == "memory" else {}


# --- the same answers


_ENTITY: Final = {"name": "Contoso", "entityType": "company", "observations": ["made up"]}
_RELATION: Final = {"from": "Contoso", "to": "Contoso", "relationType": "is"}


def _samples(folder: Path) -> dict[str, dict[str, Any]]:
    """Return arguments for tools that need some; a tool without is called with none."""
    path, files = str(folder / "files" / "a.txt"), str(folder / "files")
    edits = [{"oldText": "hello", "newText": "hello"}]
    return {
        "read_file": {"path": path}, "read_text_file": {"path": path}, "read_media_file": {"path": path},
        "read_multiple_files": {"paths": [path]}, "write_file": {"path": f"{files}/b.txt", "content": "b"},
        "edit_file": {"path": path, "edits": edits, "dryRun": True}, "create_directory": {"path": f"{files}/sub"},
        "list_directory": {"path": files}, "list_directory_with_sizes": {"path": files},
        "directory_tree": {"path": files}, "search_files": {"path": files, "pattern": "*.txt"},
        "move_file": {"source": f"{files}/none", "destination": f"{files}/other"}, "get_file_info": {"path": path},
        "echo": {"message": "hello"}, "get-sum": {"a": 2, "b": 3}, "get-structured-content": {"location": "Chicago"},
        "get-annotated-message": {"messageType": "success", "includeImage": False},
        "get-resource-links": {"count": 2}, "get-resource-reference": {"resourceType": "Text", "resourceId": 1},
        "trigger-long-running-operation": {"duration": 0.2, "steps": 2},
        "trigger-url-elicitation": {"url": "https://contoso.example/made-up", "elicitationId": "made-up"},
        "trigger-sampling-request": {"prompt": "made up", "maxTokens": 9},
        "simulate-research-query": {"topic": "made up"},
        "create_entities": {"entities": [_ENTITY]},
        "create_relations": {"relations": [_RELATION]},
        "add_observations": {"observations": [{"entityName": "Contoso", "contents": ["made up"]}]},
        "delete_entities": {"entityNames": ["none"]}, "search_nodes": {"query": "Contoso"},
        "delete_observations": {"deletions": [{"entityName": "Contoso", "observations": ["none"]}]},
        "delete_relations": {"relations": [{**_RELATION, "relationType": "none"}]},
        "open_nodes": {"names": ["Contoso"]},
    }  # fmt: skip


_CHANGES_BY_ITSELF: Final = frozenset(
    {
        "get-env",
        "toggle-simulated-logging",
        "toggle-subscriber-updates",
        "gzip-file-as-resource",
        "get-resource-reference",
    }
)
"""Their answers hold the time, differ from call to call, or show the environment, which is another; they are called."""


async def _compare_all(report: Report, world: World, folder: Path) -> None:
    for name in ("filesystem", "everything", "memory"):
        direct = await _exercise(_direct(name, folder), folder)
        agent = world.agent("contoso", f"{name}-clerk")
        tools = direct.pop("tools/list")
        world.register(agent, pins_of(tools, name), customer_id=agent.customer_id)
        world.register_beside(agent, name, *PSEUDO_SCHEMAS, customer_id=agent.customer_id)
        for way, opened in (("stdio", _by_stdio), ("HTTP", _by_http)):
            with opened(world, name, agent, folder) as client:
                through = await _exercise(client, folder)
            listed = through.pop("tools/list")
            other = [key for key in direct if direct[key] != through.get(key)]
            other += [] if listed == tools else ["tools/list"]
            conditions = f"server-{name}, {way}: {len(tools)} tools, {len(direct)} features and answers"
            report.at_most(
                "answers that differ through the gateway", len(other), unit="", target=0, conditions=conditions
            )
            for key in other[:5]:
                report.note(
                    f"{name}, {way}: {key} differs: {str(direct.get(key))[:120]} / {str(through.get(key))[:120]}"
                )


async def _exercise(opened: Any, folder: Path) -> dict[str, Any]:
    """Use every feature that a server lists; return the answers by what was asked."""
    found: dict[str, Any] = {}
    async with opened as client:
        tools = (await client.list_tools()).tools
        found["tools/list"] = [_plain(tool) for tool in tools]
        samples = _samples(folder)
        for tool in tools:
            answer = await _answer(client.call_tool(tool.name, samples.get(tool.name, {})))
            found[f"tools/call {tool.name}"] = None if tool.name in _CHANGES_BY_ITSELF else answer
        can = client.server_capabilities
        await _beside_calls(client, found, tools, can)
        if can.resources:
            resources = (await client.list_resources()).resources
            found["resources/list"] = [_plain(each) for each in resources]
            found["templates"] = await _answer(client.list_resource_templates())
            for each in resources[:5]:
                found[f"resources/read {each.uri}"] = await _answer(client.read_resource(str(each.uri)))
        if can.prompts:
            prompts = (await client.list_prompts()).prompts
            found["prompts/list"] = [_plain(each) for each in prompts]
            for each in prompts:
                given = {argument.name: "1" for argument in each.arguments or []}
                found[f"prompts/get {each.name}"] = await _answer(client.get_prompt(each.name, given))
        await client.send_ping()
    return found


async def _beside_calls(client: Client, found: dict[str, Any], tools: Any, can: Any) -> None:
    """Use progress, cancellation, subscriptions and completions, where a server offers them."""
    long = "trigger-long-running-operation"
    if any(tool.name == long for tool in tools):
        steps: list[tuple[float, float | None]] = []

        async def step(progress: float, total: float | None, message: str | None) -> None:
            del message
            steps.append((progress, total))

        await client.call_tool(long, {"duration": 0.2, "steps": 2}, progress_callback=step)
        found["progress"] = steps
        call = asyncio.create_task(client.call_tool(long, {"duration": 20, "steps": 2}))
        await asyncio.sleep(0.3)
        call.cancel()
        found["cancelled"] = await _answer(client.send_ping())
    if can.resources and can.resources.subscribe:
        uri = str((await client.list_resources()).resources[0].uri)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MCPDeprecationWarning)
            found["resources/subscribe"] = await _answer(client.session.subscribe_resource(uri))
            found["resources/unsubscribe"] = await _answer(client.session.unsubscribe_resource(uri))
    if can.completions:
        for prompt in (await client.list_prompts()).prompts:
            for argument in prompt.arguments or []:
                of = PromptReference(type="ref/prompt", name=prompt.name)
                asked = client.complete(of, {"name": argument.name, "value": ""})
                found[f"completion {prompt.name} {argument.name}"] = await _answer(asked)
        for template in (await client.list_resource_templates()).resource_templates:
            to = ResourceTemplateReference(type="ref/resource", uri=template.uri_template)
            asked = client.complete(to, {"name": "resourceId", "value": "1"})
            found[f"completion {template.uri_template}"] = await _answer(asked)


def _hears() -> dict[str, Any]:
    """Return a client's side: what answers when a server asks for a model, a person, or roots."""

    async def sample(_: Any, __: Any) -> CreateMessageResult:
        content = TextContent(type="text", text="made up")
        return CreateMessageResult(role="assistant", content=content, model="none")

    async def elicit(_: Any, __: Any) -> ElicitResult:
        return ElicitResult(action="decline")

    async def roots(_: Any) -> ListRootsResult:
        return ListRootsResult(roots=[])

    return {"sampling_callback": sample, "elicitation_callback": elicit, "list_roots_callback": roots}


async def _answer(asked: Any) -> Any:
    try:
        async with asyncio.timeout(30):
            return _plain(await asked)
    except MCPError as error:
        return str(error)
    except TimeoutError:
        return "no answer within 30 s"


def _plain(value: Any) -> Any:
    text = json.dumps(value.model_dump(by_alias=True, mode="json", exclude_none=True))
    return json.loads(text)


def _direct(name: str, folder: Path) -> Any:
    command = _command(name, folder)
    return Client(
        StdioServerParameters(command=command[0], args=command[1:], env=_variables(name, folder)),
        mode="legacy",
        cache=None,
        **_hears(),
    )


@contextmanager
def _by_stdio(world: World, name: str, agent: Agent, folder: Path) -> Iterator[Any]:
    path = _configured(world, name, agent, folder)
    arguments = ["-m", "fairkeeper", "gateway", "--config", str(path)]
    environment = {**os.environ, "FAIRKEEPER_TOKEN": agent.token}
    through = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
    yield Client(through, mode="legacy", cache=None, **_hears())


@contextmanager
def _by_http(world: World, name: str, agent: Agent, folder: Path) -> Iterator[Any]:
    with _gateway(_configured(world, name, agent, folder)) as url:
        yield _http_client(f"{url}/clerk/{name}/mcp", agent.token)


@contextmanager
def _gateway(path: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fairkeeper", "gateway", "--config", str(path), "--port", "0", "--json"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.wait(20)


@asynccontextmanager
async def _http_client(url: str, token: str) -> AsyncIterator[Client]:
    http = create_mcp_http_client(headers={"authorization": f"Bearer {token}"})
    opened = Client(streamable_http_client(url, http_client=http), mode="legacy", cache=None, **_hears())
    async with http, opened as client:
        yield client


def _configured(world: World, name: str, agent: Agent, folder: Path) -> Path:
    lines = [f"command = {json.dumps(_command(name, folder))}", "keep_hidden = true"]
    variables = ", ".join(f"{key} = {json.dumps(value)}" for key, value in _variables(name, folder).items())
    lines.append(f"environment = {{ {variables} }}")
    return configuration(world, folder, {"clerk": agent}, {name: "\n".join(lines)})


# --- the time


async def _measure(report: Report, world: World, folder: Path) -> None:
    path = str(folder / "files" / "a.txt")
    agent = world.agent("fabrikam", "measured")
    async with _direct("filesystem", folder) as client:
        tools = [_plain(tool) for tool in (await client.list_tools()).tools]
        world.register(agent, pins_of(tools, "filesystem"), customer_id=agent.customer_id)
        direct = await _one(client, path)
        alone = await _many([client] * CALLERS, path)
    with _by_stdio(world, "filesystem", agent, folder) as opened:
        async with opened as client:
            await client.call_tool("read_text_file", {"path": path})
            before = _processor_times()
            through = await _one(client, path)
            took = {name: (spent - before[name]) / (ONE + WARMING) for name, spent in _processor_times().items()}
            together = await _many([client] * CALLERS, path)
    conditions = f"stdio, SQLite FULL, {ONE} calls of one caller"
    report.plain("call without the gateway, p50", statistics.median(direct) * 1e3, unit="ms", conditions=conditions)
    report.plain("call through the gateway, p50", statistics.median(through) * 1e3, unit="ms", conditions=conditions)
    added = (statistics.median(through) - statistics.median(direct)) * 1e3
    report.at_most("added at the median, durably recorded", added, unit="ms", target=2, conditions=conditions)
    for name, milliseconds in sorted(took.items()):
        told = "with what it does beside the calls: outcomes, the log"
        report.plain(f"processor time a call, {name}", milliseconds, unit="ms", conditions=told)
    conditions = f"{CALLERS} callers, one session on stdio"
    report.plain("calls through the gateway", together, unit="/s", conditions=conditions)
    report.plain("calls without the gateway", alone, unit="/s", conditions=conditions)


_PROCESSES: Final = {"gateway --config": "the gateway", "bench.governance_server": "Fairkeeper"}


def _processor_times() -> dict[str, float]:
    """Return the processor time, in milliseconds, of our processes that take part; nothing where /proc is not there."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parent = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
            if parent == os.getpid() and (name := next((n for key, n in _PROCESSES.items() if key in words), "")):
                spent = [each.read_text("utf-8").split()[0] for each in folder.glob("task/*/schedstat")]
                found[name] = sum(map(int, spent)) / 1e6
        except OSError:
            continue  # it has ended meanwhile
    return found


async def _one(client: Client, path: str) -> list[float]:
    found = []
    for number in range(ONE + WARMING):
        began = time.perf_counter()
        result = await client.call_tool("read_text_file", {"path": path})
        assert not result.is_error, result
        if number >= WARMING:
            found.append(time.perf_counter() - began)
    return found


async def _many(clients: list[Client], path: str) -> float:
    async def caller(client: Client) -> None:
        for _ in range(EACH):
            result = await client.call_tool("read_text_file", {"path": path})
            assert not result.is_error, result

    began = time.perf_counter()
    await asyncio.gather(*(caller(client) for client in clients))
    return len(clients) * EACH / (time.perf_counter() - began)


# --- what observing proposes


async def _observe(report: Report, world: World, folder: Path) -> None:
    """Observe a client, adopt the proposal as a person would, and make the same calls and one outside the folder."""
    files, into = folder / "files", folder / "observed"
    (files / "reports").mkdir(exist_ok=True)
    calls = [
        ("list_directory", {"path": str(files / "reports")}),
        ("write_file", {"path": str(files / "reports" / "r.txt"), "content": "a report"}),
        ("read_text_file", {"path": str(files / "reports" / "r.txt")}),
    ]
    words = ["-m", "fairkeeper", "gateway", "--observe", "--into", str(into), "--agent", "reporter"]
    words += ["--environment", "live", "--", *_command("filesystem", folder)]
    observing = StdioServerParameters(command=sys.executable, args=words, env={**os.environ})
    async with Client(observing, mode="legacy", cache=None) as client:
        for name, arguments in calls:
            assert not (await client.call_tool(name, arguments)).is_error
    # A person fills in who answers for it; the benchmark's customer already has a token.
    proposal = json.loads((into / "proposal.json").read_text(encoding="utf-8"))
    for part in ("agent", "use"):
        proposal[part] |= {k: "Contoso" for k, v in proposal[part].items() if str(v).startswith("To be filled in")}
    # Contoso and Fabrikam have the filesystem server's tools already, under the same names.
    token = world.agent("northwind", "beside").token
    proposal["agent"]["customer_id"] = "cus_northwind"
    (into / "proposal.json").write_text(json.dumps(proposal), encoding="utf-8")
    adopted = world.command("gateway", "--adopt", "--into", str(into))
    world.command("governance", "approve-use", adopted["use_id"])
    saved = world.command("policy", "save", str(into / "policies.cedar"), "--note", "What was observed.")
    world.command("policy", "activate", str(saved["number"]))
    agent = Agent(agent_id=adopted["agent_id"], use_id=adopted["use_id"], customer_id="cus_northwind", token=token)
    with _by_stdio(world, "filesystem", agent, folder) as opened:
        async with opened as client:
            refused = [name for name, given in calls if (await client.call_tool(name, given)).is_error]
            outside = {"path": str(files / "elsewhere.txt"), "content": "outside"}
            answer = await client.call_tool("write_file", outside)
            up = {"path": f"{files}/reports/../elsewhere.txt", "content": "outside"}
            climbed = await client.call_tool("write_file", up)
    report.at_most("recorded calls that are refused", len(refused), unit="", target=0, conditions=f"of {len(calls)}")
    let_through = int(not answer.is_error) + int(not climbed.is_error) + int((files / "elsewhere.txt").exists())
    report.at_most("writes outside the observed folder", let_through, unit="", target=0, conditions="2 tried")


# --- how large it is


def _weigh(report: Report) -> None:
    """Install the package alone, and with its extra, into fresh environments, and count."""
    root = Path(__file__).parent.parent
    for words, extra in (("the SDK", ""), ("the gateway", "[gateway]")):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
            site = next(Path(folder).glob("lib/python*/site-packages"))
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--target", str(site)]
            subprocess.run([*install, f"{root}{extra}"], check=True)
            packages = len(list(site.glob("*.dist-info")))
            size = sum(
                each.stat().st_size for each in site.rglob("*") if each.is_file() and "__pycache__" not in str(each)
            )
            report.plain(f"packages of {words}", packages, unit="", conditions="with fairkeeper itself")
            report.plain(f"size of {words}", size / 1e6, unit="MB", conditions="without compiled Python")
