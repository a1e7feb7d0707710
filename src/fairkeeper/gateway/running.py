"""The programs behind `fairkeeper gateway`: serve one client or many, observe, keep a credential, adopt a proposal."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fairkeeper.agent.errors import ConfigurationRefusedError
from fairkeeper.errors import UnavailableError
from fairkeeper.gateway.configuration import AgentPart, Configuration, ServerPart, read_configuration
from fairkeeper.gateway.observing import PROPOSAL, Observation, write_proposal
from fairkeeper.gateway.pipes import serve_pipes
from fairkeeper.gateway.serving import Gateway, HTTPGateway, open_journal, relay, run_stdio
from fairkeeper.gateway.vault import Vault, vault_key

TOKEN_VARIABLE: Final = "FAIRKEEPER_TOKEN"  # noqa: S105 - the name of a variable
_FOLDER: Final = ".fairkeeper-gateway"
_VAULT: Final = "vault.json"


class PortTakenError(UnavailableError):
    """Somebody else listens there, or the address is not this machine's."""

    code = "gateway.port_taken"
    remedy = "Choose another port or address (--port, --host), or port 0 for a free one."


def folder_of(configuration_file: Path) -> Path:
    """Return where a gateway keeps its vault and its journal: beside its configuration."""
    return configuration_file.resolve().parent / _FOLDER


def open_gateway(configuration_file: Path) -> Gateway:
    """Return the gateway of a configuration; the vault's key is only needed where a credential is named."""
    configuration = read_configuration(configuration_file)
    folder = folder_of(configuration_file)
    needs_vault = any(server.credentials for server in configuration.servers.values())
    vault = Vault(folder / _VAULT, vault_key()) if needs_vault else None
    return Gateway(configuration=configuration, vault=vault, journal=open_journal(folder))


def keep(configuration_file: Path, name: str, value: str) -> dict[str, Any]:
    """Seal a credential in the vault beside a configuration."""
    vault = Vault(folder_of(configuration_file) / _VAULT, vault_key())
    vault.keep(name, value)
    return {"kept": name, "names": vault.names()}


def serve_one(configuration_file: Path, *, agent: str | None, server: str | None) -> None:
    """Serve the client on stdin and stdout until it leaves."""
    gateway = open_gateway(configuration_file)
    configuration = gateway.configuration
    chosen_agent = _one(configuration.agents, agent, "agent")
    chosen_server = _one(
        {name: configuration.servers[name] for name in chosen_agent.servers}, server, "server of this agent"
    )
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise ConfigurationRefusedError(
            f"{TOKEN_VARIABLE} is not set.", remedy="Give the agent's token in the environment."
        )
    run_stdio(gateway, server=chosen_server, agent=chosen_agent, token=token)


def _one(parts: Any, name: str | None, word: str) -> Any:
    if name is None and len(parts) == 1:
        return next(iter(parts.values()))
    if name not in parts:
        raise ConfigurationRefusedError(f"Name one {word}: {', '.join(sorted(parts))}.")
    return parts[name]


def serve_http(configuration_file: Path, *, host: str, port: int, say: Callable[[str], None], as_json: bool) -> None:
    """Serve over HTTP until interrupted."""
    import uvicorn

    gateway = open_gateway(configuration_file)
    bound = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound.getsockname()[1]}"
    app = HTTPGateway(gateway).app()
    # The parser with a limit for heads of its own; what is in them is no hurry here.
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, http="h11", loop="asyncio"))
    say(json.dumps({"url": address}) if as_json else f"The gateway is at {address}/AGENT/SERVER/mcp")
    server.run(sockets=[bound])


def _listen(host: str, port: int) -> socket.socket:
    """Take a port; whoever comes from now on waits until it is served.

    Raises:
        PortTakenError: It cannot be had.
    """
    # Named TCP, or asyncio leaves Nagle's algorithm on: up to 40 ms an answer on a kept connection.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen()
    except (OSError, OverflowError) as error:
        bound.close()
        why = getattr(error, "strerror", None) or str(error)
        raise PortTakenError(f"Port {port} of {host} cannot be had: {why}.") from error
    return bound


def observe(command: tuple[str, ...], *, folder: Path, agent: str, environment: str) -> dict[str, Any]:
    """Let everything through between the client on stdin and a server, and write a proposal when the client leaves."""
    name = _server_name(command)
    observation = Observation(server=name)

    def write() -> None:
        write_proposal(observation, folder, agent=agent, environment=environment)

    observation.on_call = write
    server = ServerPart(name=name, command=command, keep_hidden=True)
    part = AgentPart(name=agent, agent_id=agent, servers=(name,))
    asyncio.run(_observe(server, part, observation))
    return write_proposal(observation, folder, agent=agent, environment=environment)


async def _observe(server: ServerPart, agent: AgentPart, observation: Observation) -> None:
    async with serve_pipes() as (read, write):
        await relay(read, write, server=server, agent=agent, asker=observation, vault=None)


def _server_name(command: tuple[str, ...]) -> str:
    """Return a name for a server from the command that starts it.

    Example:
        >>> _server_name(("npx", "-y", "@modelcontextprotocol/server-filesystem@2026.7.1", "/data"))
        'filesystem'
    """
    words = [word for word in command if not word.startswith("-")]
    for part in (part for word in words for part in word.split("/")):
        found = part.partition("@")[0].removesuffix(".js").removesuffix(".py")
        if re.search(r"\bserver[-_]|[-_]server\b", found):
            return re.sub(r"mcp[-_]|server|mcp", "", found).strip("-_").replace("_", "-") or "server"
    last = words[min(1, len(words) - 1)].rpartition("/")[2].partition(".")[0]
    return "".join(c if c.isalnum() else "-" for c in last).strip("-").lower() or "server"


def adopt(folder: Path, run: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
    """Register what a proposal says, once a person has filled it in; approving the use is left to a person.

    Args:
        folder: Where the proposal is.
        run: Runs an operation by name.

    Raises:
        ConfigurationRefusedError: Something in it is still to be filled in.
    """
    try:
        proposal = json.loads((folder / PROPOSAL).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationRefusedError(f"{folder / PROPOSAL} cannot be read: {error}.") from error
    open_fields = [
        f"{part}.{name}" for part in ("agent", "use") for name, value in proposal[part].items()
        if str(value).startswith("To be filled in")
    ]  # fmt: skip
    if open_fields:
        raise ConfigurationRefusedError(
            f"Still to be filled in: {', '.join(open_fields)}.", remedy=f"Edit {folder / PROPOSAL}."
        )
    agent = run("governance.register_agent", proposal["agent"])
    use = run("governance.propose_use", {"agent_id": agent["agent_id"], **proposal["use"]})
    permits = []
    for tool in proposal["tools"]:
        made = run("governance.register_tool", {**tool, "customer_id": proposal["agent"].get("customer_id")})
        lane = proposal["lanes"].get(tool["name"])
        if lane is not None:
            wanted = {"tool_id": made["tool_id"], "use_id": use["use_id"], "lane": lane}
            permits.append(run("governance.permit_tool", {"agent_id": agent["agent_id"], **wanted}))
    return {"agent_id": agent["agent_id"], "use_id": use["use_id"], "permits": len(permits)}


def check(configuration_file: Path) -> dict[str, Any]:
    """Read a configuration and open every credential that it names, without starting anything."""
    gateway = open_gateway(configuration_file)
    configuration: Configuration = gateway.configuration
    for server in configuration.servers.values():
        for kept in server.credentials.values():
            assert gateway.vault is not None  # noqa: S101 - opened where a credential is named
            gateway.vault.open(kept)
    return {"servers": sorted(configuration.servers), "agents": sorted(configuration.agents)}


class _Programs:
    """The programs as one object, for whoever may not import this package."""

    serve_one = staticmethod(serve_one)
    serve_http = staticmethod(serve_http)
    observe = staticmethod(observe)
    keep = staticmethod(keep)
    check = staticmethod(check)
    adopt = staticmethod(adopt)


PROGRAMS: Final = _Programs()
