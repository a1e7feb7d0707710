"""What every command shares: its options for place and form, and how it answers or fails.

Separate from the commands, so that `--json`, `--url` and exit codes mean the same in each of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import click

from fairkeeper.cli.outcome import ExitCode, has_error_findings
from fairkeeper.cli.programs import Executor, Programs
from fairkeeper.cli.rendering import render, render_json

F = TypeVar("F", bound=Callable[..., Any])


class Form(Protocol):
    """Says a result for people."""

    def __call__(self, result: Any, *, width: int) -> str:
        """Return the text, for a terminal of some columns."""
        ...


URL_VARIABLE = "FAIRKEEPER_URL"
TOKEN_VARIABLE = "FAIRKEEPER_TOKEN"  # noqa: S105 - the variable's name
_WIDEST_OUTPUT = 160

as_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON on one line, errors too.")
url_option = click.option("--url", metavar="URL", envvar=URL_VARIABLE, help="A server to ask, instead of the database.")
token_option = click.option("--token", metavar="TOKEN", envvar=TOKEN_VARIABLE, help="An API token for that server.")


def place_options(command: F) -> F:
    """Add what says where an operation runs and how it answers."""
    return url_option(token_option(as_json_option(command)))


@contextmanager
def executor_at(url: str | None, token: str | None) -> Iterator[Executor]:
    """Open the server at an address, or the database of the settings where none is given."""
    if url:
        from fairkeeper.cli.remote import RemoteExecutor

        executor: Executor = RemoteExecutor(url, token)
    else:
        executor = programs().open_local()
    try:
        yield executor
    finally:
        executor.close()


def programs() -> Programs:
    """Return what bootstrap offers, from the running command's context."""
    found: Programs = click.get_current_context().find_root().obj
    return found


def answer(result: Any, *, as_json: bool, form: Form = render) -> None:
    """Print a result in its form for people, or in JSON; findings of level error have an exit code of their own."""
    if as_json:
        click.echo(render_json(result))
    else:
        width = min(shutil.get_terminal_size((120, 40)).columns, _WIDEST_OUTPUT)
        click.echo(form(result, width=width))
    if has_error_findings(result):
        click.get_current_context().exit(ExitCode.FINDINGS)
