"""A gateway's configuration: which servers it stands before, for which agents, and where it asks.

TOML, because it is read without a further package. Credentials are named here and kept in the vault; a credential that
stands here in the clear is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fairkeeper.agent.content import Finds, Treatment, redact
from fairkeeper.agent.errors import ConfigurationRefusedError
from fairkeeper.agent.presidio import presidio
from fairkeeper.agent.recognisers import KINDS, SECRETS

VAULT: Final = "vault:"
_SERVER_KEYS: Final = frozenset(
    {"command", "url", "folder", "environment", "credentials", "headers", "timeout_seconds", "redact", "keep_hidden",
     "carries",
     "computes", "trusted_fields", "presidio"}
)  # fmt: skip
_TOP_KEYS: Final = frozenset({"fairkeeper", "servers", "agents", "canaries"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPart:
    """One MCP server.

    Attributes:
        command: Starts it, for stdio; empty where it is reached by `url`.
        credentials: Environment variables (stdio) or headers (HTTP) by the vault's names.
        timeout_seconds: How long a call may take.
        redact: Kinds of sensitive data that its results must not hold.
        also: Finds more that they must not hold.
        carries: By tool, the arguments that carry content and steer nothing.
        computes: By tool, the arguments that a model may work out.
        trusted_fields: By tool, members of results that nobody outside can write.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str | None = None
    folder: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 300.0
    redact: frozenset[str] = frozenset()
    also: Finds | None = None
    keep_hidden: bool = False
    carries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    computes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trusted_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def treatment(self, canaries: tuple[str, ...]) -> Treatment:
        """Return what is done with its content."""
        return Treatment(redact=self.redact, canaries=canaries, takes_hidden_out=not self.keep_hidden, also=self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPart:
    """One agent that comes through the gateway.

    Attributes:
        labels: `task` joins all that reached a session; `provenance` looks at where a call's arguments come from.
    """

    name: str
    agent_id: str
    servers: tuple[str, ...]
    labels: str = "task"
    use_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All of it."""

    url: str
    servers: Mapping[str, ServerPart]
    agents: Mapping[str, AgentPart]
    canaries: tuple[str, ...] = ()
    patience_seconds: float = 3.0


def read_configuration(path: Path) -> Configuration:
    """Read a configuration.

    Raises:
        ConfigurationRefusedError: It cannot be used; the message says where.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationRefusedError(f"{path} cannot be read: {error}.") from error
    return configuration_of(document)


def configuration_of(document: Mapping[str, Any]) -> Configuration:
    """Return a configuration from its document.

    Raises:
        ConfigurationRefusedError: It cannot be used; the message says where.
    """
    _refuse_unknown(document, _TOP_KEYS, "the configuration")
    asked = document.get("fairkeeper", {})
    _refuse_unknown(asked, frozenset({"url", "patience_seconds"}), "[fairkeeper]")
    try:
        servers = {name: _server(name, part) for name, part in document.get("servers", {}).items()}
        agents = {name: _agent(name, part, servers) for name, part in document.get("agents", {}).items()}
        configuration = Configuration(
            url=_address(asked.get("url", "")),
            servers=servers,
            agents=agents,
            canaries=tuple(str(each) for each in document.get("canaries", [])),
            patience_seconds=float(asked.get("patience_seconds", 3.0)),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigurationRefusedError(f"The configuration is malformed: {error}.") from error
    if not servers or not agents:
        raise ConfigurationRefusedError("The configuration names no server or no agent.")
    return configuration


def _server(name: str, part: Mapping[str, Any]) -> ServerPart:
    where = f"[servers.{name}]"
    _refuse_unknown(part, _SERVER_KEYS, where)
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ConfigurationRefusedError(f"{where} is no name of letters, digits and hyphens.")
    if bool(part.get("command")) == bool(part.get("url")):
        raise ConfigurationRefusedError(f"{where} has either a command or a url.")
    for key, value in {**part.get("environment", {}), **part.get("headers", {})}.items():
        if redact(str(value), SECRETS) != str(value):
            raise ConfigurationRefusedError(
                f"{where} holds what looks like a secret in {key}.",
                remedy="Keep it with `fairkeeper gateway --keep NAME` and name it under credentials.",
            )
    credentials = part.get("credentials", {})
    if any(not str(value).startswith(VAULT) for value in credentials.values()):
        raise ConfigurationRefusedError(f"{where} names a credential without {VAULT}.")
    unknown = set(part.get("redact", [])) - KINDS
    if unknown:
        raise ConfigurationRefusedError(f"{where} redacts {min(unknown)!r}; there are {', '.join(sorted(KINDS))}.")
    return ServerPart(
        name=name,
        command=tuple(str(each) for each in part.get("command", [])),
        url=_address(part["url"]) if part.get("url") else None,
        folder=part.get("folder"),
        environment={str(key): str(value) for key, value in part.get("environment", {}).items()},
        credentials={str(key): str(value).removeprefix(VAULT) for key, value in credentials.items()},
        timeout_seconds=float(part.get("timeout_seconds", 300.0)),
        redact=frozenset(part.get("redact", [])),
        also=_also(part.get("presidio"), where),
        keep_hidden=bool(part.get("keep_hidden", False)),
        computes={str(tool): tuple(names) for tool, names in part.get("computes", {}).items()},
        carries={str(tool): tuple(names) for tool, names in part.get("carries", {}).items()},
        trusted_fields={str(tool): tuple(names) for tool, names in part.get("trusted_fields", {}).items()},
    )


def _also(part: Mapping[str, Any] | None, where: str) -> Finds | None:
    if part is None:
        return None
    _refuse_unknown(part, frozenset({"entities", "language", "model"}), f"{where} presidio")
    return presidio(part.get("entities", []), language=part.get("language", "en"), model=part.get("model"))


def _agent(name: str, part: Mapping[str, Any], servers: Mapping[str, ServerPart]) -> AgentPart:
    where = f"[agents.{name}]"
    _refuse_unknown(part, frozenset({"agent_id", "servers", "labels", "use_id"}), where)
    wanted = tuple(part.get("servers", servers))
    missing = [each for each in wanted if each not in servers]
    labels = part.get("labels", "task")
    if missing or labels not in {"task", "provenance"} or not part.get("agent_id"):
        raise ConfigurationRefusedError(f"{where} needs agent_id, known servers, and labels of task or provenance.")
    return AgentPart(
        name=name, agent_id=str(part["agent_id"]), servers=wanted, labels=labels, use_id=part.get("use_id")
    )


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationRefusedError(f"{url!r} is no http or https address.")
    return url.rstrip("/")


def _refuse_unknown(part: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(part) - known)
    if unknown:
        raise ConfigurationRefusedError(f"{where} has {unknown[0]!r}, which is not known.")
