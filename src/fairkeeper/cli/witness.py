"""The command `witness`: watches a log from another machine, so that nobody can roll it back or fork it unseen."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
import httpx

from fairkeeper.cli.asking import as_json_option
from fairkeeper.cli.watching import CONTRADICTIONS, Log, LogContradictsError, Seen, Watcher, WitnessFiles
from fairkeeper.errors import FairkeeperError, InvalidError, UnavailableError
from fairkeeper.values.clock import SystemClock

_TIMEOUT_SECONDS: Final = 15.0
_LOOKS_AT_UNREADABLE: Final = 3
"""How often something that cannot be read is looked at again before it counts as a refusal."""


@click.command()
@click.argument("url")
@click.option(
    "--state",
    "state_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File in which the newest accepted head is kept; the witness's own key is kept beside it.",
)
@click.option("--name", metavar="NAME", help="Name of this witness's key, when it is made. [witness.fairkeeper.local]")
@click.option("--log-key", metavar="VKEY", help="The log's key, known another way. [the first that the log shows]")
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option(
    "--interval", type=click.FloatRange(min=0.1), default=10, show_default=True, help="Seconds between looks."
)
@as_json_option
def witness(  # noqa: PLR0913 - one parameter for each option
    *,
    url: str,
    state_file: Path,
    name: str | None,
    log_key: str | None,
    once: bool,
    interval: float,
    as_json: bool,
) -> None:
    """Watch the log of the server at URL, and cosign each head that continues what was seen before.

    The publisher has to know this witness's key, which is printed first (`fairkeeper evidence add-witness KEY`). A log
    that was rolled back or forked ends the command with 3; both signed notes are kept beside the state, and together
    they prove it.
    """
    files = WitnessFiles(state_file)
    key = files.load_key(name)
    _say({"witness": key.verifier.text}, f"Witness key: {key.verifier.text}", as_json=as_json)
    with _client(url) as client:
        watcher = Watcher(Log(client), files, key, SystemClock(), log_key=log_key)
        _watch(watcher, once=once, interval=interval, as_json=as_json)


def _client(url: str) -> httpx.Client:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        msg = f"{url!r} is no http or https address."
        raise InvalidError(msg, code="cli.url", remedy="Give the server's address, such as https://host:8700.")
    base = url.rstrip("/").removesuffix("/log")
    return httpx.Client(base_url=base, timeout=_TIMEOUT_SECONDS, follow_redirects=False)


def _watch(watcher: Watcher, *, once: bool, interval: float, as_json: bool) -> None:
    """Look again and again; what may pass is told on stderr, what cannot ends the command."""
    unreadable = 0
    pause = threading.Event()
    while True:
        try:
            seen = watcher.look()
        except LogContradictsError as error:
            unreadable += 1
            if once or error.code in CONTRADICTIONS or unreadable >= _LOOKS_AT_UNREADABLE:
                raise
            _warn(error)
        except UnavailableError as error:
            if once:
                raise
            _warn(error)
        else:
            unreadable = 0
            _tell(seen, watcher, as_json=as_json, always=once)
        if once:
            return
        pause.wait(interval)


def _tell(seen: Seen, watcher: Watcher, *, as_json: bool, always: bool) -> None:
    if not (seen.is_new or always):
        return
    key = watcher.state.key
    counted = "cosigned" if seen.is_counted else f"accepted, but the log does not count it: {seen.why_not}"
    _say(
        {**asdict(seen), "log_key": key},
        f"{seen.origin}: {seen.size} entries, root {seen.root[:16]}…, {counted}",
        as_json=as_json,
    )


def _say(document: dict[str, object], text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(document) if as_json else text)
    sys.stdout.flush()


def _warn(error: FairkeeperError) -> None:
    click.echo(f"{error.message} Looking again.", err=True)
