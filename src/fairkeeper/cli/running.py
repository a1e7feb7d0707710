"""Commands that run something: the server, the pretend Microsoft, both together as the demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from fairkeeper.cli.asking import as_json_option, programs
from fairkeeper.cli.outcome import ExitCode

DEMO_FOLDER: Final = "fairkeeper-demo"
_PORT = click.IntRange(0, 65535)


@click.command()
@as_json_option
def serve(*, as_json: bool) -> None:
    """Run the server until it is interrupted.

    It listens where FAIRKEEPER_HOST and FAIRKEEPER_PORT say and prints its address when it answers.
    """
    programs().serve(as_json=as_json, say=_say)


@click.command()
@click.option("--port", type=_PORT, default=8701, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder it remembers in; none forgets.")
@click.option("--publisher-url", metavar="URL", help="The server whose landing page and webhook it uses.")
@as_json_option
def sandbox(*, port: int, data: Path | None, publisher_url: str | None, as_json: bool) -> None:
    """Run the pretend Microsoft until it is interrupted: storefront, fulfillment API, sign-in, clock and faults."""
    programs().sandbox(port=port, data_dir=data, publisher_url=publisher_url, as_json=as_json, say=_say)


@click.command()
@click.option("--port", type=_PORT, envvar="FAIRKEEPER_PORT", help="Port of the server; 0 takes a free one. [8700]")
@click.option("--sandbox-port", type=_PORT, help="Port of the sandbox. [8701, or a free one]")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Folder for everything; started again with it, the demo goes on. [{DEMO_FOLDER}, a new one for --story]",
)
@click.option("--story", is_flag=True, help="Walk four customers over HTTP, print what happened, and end.")
@click.option(
    "--with-customer", is_flag=True, help="Begin a new folder with a customer that has used what is metered for days."
)
@click.option("--agent", is_flag=True, help="Let an agent of a customer go to work, to look at what it was refused.")
@as_json_option
def demo(  # noqa: PLR0913 - options, by name
    *,
    port: int | None,
    sandbox_port: int | None,
    data: Path | None,
    story: bool,
    with_customer: bool,
    agent: bool,
    as_json: bool,
) -> None:
    """Run a server with a pretend Microsoft on SQLite until it is interrupted."""
    if story:
        is_ok = programs().story(data_dir=data, as_json=as_json, say=_say)
        click.get_current_context().exit(ExitCode.FINE if is_ok else ExitCode.FINDINGS)
    chosen = 8700 if port is None else port
    beside = (chosen + 1 if 0 < chosen < 65535 else 0) if sandbox_port is None else sandbox_port
    programs().demo(
        port=chosen,
        sandbox_port=beside,
        data_dir=data or Path(DEMO_FOLDER),
        with_customer=with_customer,
        agent=agent,
        as_json=as_json,
        say=_say,
    )


def _say(line: str) -> None:
    """Print at once, for whoever waits for the address at the other end of a pipe."""
    click.echo(line)
    sys.stdout.flush()


COMMANDS: Final[dict[str, click.Command]] = {"serve": serve, "sandbox": sandbox, "demo": demo}
