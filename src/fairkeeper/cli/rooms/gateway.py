"""The command `gateway`: stands between agents and MCP servers, or watches one to propose what to register."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fairkeeper.cli.asking import answer, as_json_option, executor_at, programs, token_option, url_option

_CONFIGURATION = "gateway.toml"


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--config", "configuration", type=click.Path(dir_okay=False, path_type=Path), default=_CONFIGURATION,
    show_default=True, help="The gateway's configuration.",
)  # fmt: skip
@click.option("--agent", metavar="NAME", help="Which agent of the configuration; the only one if left out.")
@click.option("--server", metavar="NAME", help="Which server; the only one of the agent if left out.")
@click.option("--port", type=click.IntRange(0, 65535), help="Serve streamable HTTP here, instead of stdin and stdout.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--observe", is_flag=True, help="Let all through to COMMAND, and propose registration and policies.")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default="observed", show_default=True,
    help="Folder of the proposal.",
)  # fmt: skip
@click.option("--environment", type=click.Choice(["dev", "test", "live"]), default="dev", help="Of what is proposed.")
@click.option("--adopt", is_flag=True, help="Register what the proposal in --into says.")
@click.option("--keep", metavar="NAME", help="Seal a credential, read from stdin, in the vault.")
@click.option("--check", is_flag=True, help="Read the configuration and open its credentials, then end.")
@url_option
@token_option
@as_json_option
def gateway(  # noqa: PLR0913 - options of one command
    *, command: tuple[str, ...], configuration: Path, agent: str | None, server: str | None, port: int | None,
    host: str, observe: bool, into: Path, environment: str, adopt: bool, keep: str | None, check: bool,
    url: str | None, token: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Stand between agents and MCP servers: every call is decided and recorded before it is let through.

    An agent's client starts it like an MCP server: on stdin and stdout with --agent and --server (its token in
    FAIRKEEPER_TOKEN), or over HTTP with --port, at /AGENT/SERVER/mcp with the token as bearer. With --observe it lets
    everything through to COMMAND and writes a proposal.
    """
    if command and not observe:
        raise click.UsageError("A command is only given with --observe.")
    if observe and not command:
        raise click.UsageError("Name the server's command: fairkeeper gateway --observe -- COMMAND")
    parts = programs().gateway()
    if observe:
        told = parts.observe(command, folder=into, agent=agent or "observed-agent", environment=environment)
        click.echo(f"{told['calls']} calls of {told['tools']} tools; the proposal is in {told['folder']}", err=True)
    elif keep is not None:
        answer(parts.keep(configuration, keep, sys.stdin.read().strip()), as_json=as_json)
    elif adopt:
        by_name = {operation.name: operation for operation in programs().operations()}
        with executor_at(url, token) as executor:

            def run(name: str, given: dict[str, Any]) -> Any:
                return executor.run(by_name[name], given)

            answer(parts.adopt(into, run), as_json=as_json)
    elif check:
        answer(parts.check(configuration), as_json=as_json)
    elif port is not None:
        parts.serve_http(configuration, host=host, port=port, say=_say, as_json=as_json)
    else:
        parts.serve_one(configuration, agent=agent, server=server)


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()
