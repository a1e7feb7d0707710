"""The command `fairkeeper`: finds a command without importing the others, runs it, and ends with its exit code.

The names of rooms stand here, because `--help` must not import them all; a test compares them with the registry.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

import fairkeeper
from fairkeeper.cli.outcome import ExitCode, error_text, exit_code_of
from fairkeeper.cli.programs import Programs
from fairkeeper.errors import FairkeeperError, InvalidError

if TYPE_CHECKING:
    from fairkeeper.action.operation import Operation

ROOMS: Final[Mapping[str, str]] = {
    "consent": "What is asked of customers' tenants, what they granted, and how it is taken back",
    "accounts": "The house at Partner Center: check it, draw it, name what comes next",
    "assurance": "What is unusual, incidents, and whether an agent may be released",
    "connections": "Every connection: its state by the last look, and a look now",
    "customers": "Where each customer stands, what is due, and what is done about it",
    "deals": "Private offers: check, build, price and print them",
    "evidence": "The log: entries, checkpoints, keys, exports and their verification",
    "governance": "Agents, tools and permits; what agents did, and how they are stopped",
    "guide": "The steps that connect a publisher: what to do where, and how each stands",
    "messages": "What people were told, how it left, and in which words",
    "metering": "Usage: what was used, what was reported, and its proof",
    "payouts": "From order to bank: import reports, trace, find differences, close months",
    "policy": "Policies for agents: check, explain, try and compare them",
    "opportunities": "Which customer to talk to now, why, and what became of it",
    "posture": "Lists of risks, the controls against them and the tests that show them",
    "people": "Who may sign in, and in which roles",
    "readiness": "Whether an offer is ready for Marketplace's review, item by item",
    "tasks": "Background work that failed",
    "token": "API tokens for programs",
    "verification": "The account's verification: steps, documents, clocks, appeals",
}
"""Groups of commands that are derived from operations."""

ALONE: Final[Mapping[str, str]] = {
    "adopt": "Take over what an older system knows, from a file",
    "names": "Say what ids of people, customers and tokens are called",
    "search": "Find anything by an id or its beginning, a name, or an amount",
    "sign-out": "Sign the asking person out",
    "trace": "Follow any id from the payment to the tenant link, and back",
    "today": "What needs a person, out of every room, by deadline and money",
    "whoami": "Say who is asking and with which roles",
}
"""Operations whose command is one word."""


def _running() -> dict[str, click.Command]:
    from fairkeeper.cli.running import COMMANDS

    return dict(COMMANDS)


def _administration() -> dict[str, click.Command]:
    from fairkeeper.cli.administration import COMMANDS

    return dict(COMMANDS)


def _witness() -> dict[str, click.Command]:
    from fairkeeper.cli.witness import witness

    return {"witness": witness}


def _evidence() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.evidence import COMMANDS

    return dict(COMMANDS)


def _deals() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.deals import COMMANDS

    return dict(COMMANDS)


def _verification() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.verification import COMMANDS

    return dict(COMMANDS)


def _readiness() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.readiness import COMMANDS

    return dict(COMMANDS)


def _metering() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.metering import COMMANDS

    return dict(COMMANDS)


def _token() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.tokens import COMMANDS

    return dict(COMMANDS)


def _payouts() -> dict[str, click.Command]:
    from fairkeeper.cli.forms.payouts import COMMANDS

    return dict(COMMANDS)


def _posture() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.posture import COMMANDS

    return dict(COMMANDS)


def _opportunities() -> dict[str, click.Command]:
    from fairkeeper.cli.files import IMPORTING

    return dict(IMPORTING)


def _opening() -> dict[str, click.Command]:
    from fairkeeper.cli.files import OPENING

    return dict(OPENING)


def _gateway() -> dict[str, click.Command]:
    from fairkeeper.cli.rooms.gateway import gateway

    return {"gateway": gateway}


def _examining() -> dict[str, click.Command]:
    from fairkeeper.cli.examining import doctor

    return {"doctor": doctor}


HAND_WRITTEN: Final[Mapping[str, tuple[str, Callable[[], dict[str, click.Command]]]]] = {
    "database": ("Tables and logins of the database", _administration),
    "demo": ("A server and a pretend Microsoft, to try everything", _running),
    "doctor": ("What has to be mended, connection by connection", _examining),
    "gateway": ("Stand between agents and MCP servers", _gateway),
    "keys": ("The keys that seal secrets", _administration),
    "open": ("Open files on this machine, for one person, without signing in", _opening),
    "sandbox": ("The pretend Microsoft alone", _running),
    "serve": ("The server", _running),
    "witness": ("Watch a log, and cosign what continues it", _witness),
}
"""Commands that are no operation."""

WRITTEN_IN_ROOMS: Final[Mapping[str, Callable[[], dict[str, click.Command]]]] = {
    "deals": _deals,
    "evidence": _evidence,
    "readiness": _readiness,
    "metering": _metering,
    "payouts": _payouts,
    "opportunities": _opportunities,
    "posture": _posture,
    "token": _token,
    "verification": _verification,
}
"""Commands in a room's group that are no operation, or more than one."""


class Room(click.Group):
    """A group whose commands are derived from operations when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of its commands; without the server's packages, of those that work without."""
        names = set(self._written())
        try:
            names |= {words[1] for words in _derivable(ctx) if words[0] == self.name and len(words) > 1}
        except ModuleNotFoundError as error:
            if _is_ours(error):
                raise
        return sorted(names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one of its commands."""
        written = self._written().get(cmd_name)
        return written or _derived(ctx, str(self.name), cmd_name)

    def _written(self) -> dict[str, click.Command]:
        load = WRITTEN_IN_ROOMS.get(str(self.name))
        return load() if load else {}


class Root(click.Group):
    """The command itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of everything."""
        return sorted({*ROOMS, *ALONE, *HAND_WRITTEN})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command or group."""
        if cmd_name in ROOMS:
            return Room(name=cmd_name, help=f"{ROOMS[cmd_name]}.")
        if cmd_name in HAND_WRITTEN:
            return HAND_WRITTEN[cmd_name][1]()[cmd_name]
        return _derived(ctx, cmd_name) if cmd_name in ALONE else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List everything by what stands here, without importing it."""
        told = {**ROOMS, **ALONE, **{name: text for name, (text, _) in HAND_WRITTEN.items()}}
        with formatter.section("Commands"):
            formatter.write_dl([(name, told[name]) for name in sorted(told)])


def _derivable(ctx: click.Context) -> Mapping[tuple[str, ...], Operation]:
    """Return the operation behind each derived command, by its words; looked up once a run."""
    root = ctx.find_root()
    found: Mapping[tuple[str, ...], Operation] | None = root.meta.get("fairkeeper.derivable")
    if found is None:
        from fairkeeper.cli.derived import offered

        programs: Programs = root.obj
        found = root.meta["fairkeeper.derivable"] = offered(programs.operations())
    return found


def _derived(ctx: click.Context, *words: str) -> click.Command | None:
    """Return the derived command of these words; only that one is made."""
    operation = _derivable(ctx).get(words)
    if operation is None:
        return None
    from fairkeeper.cli.derived import derive

    return derive(operation)


@click.command(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(fairkeeper.__version__, prog_name="fairkeeper")
def root() -> None:
    """Keep the fair: the back office of a publisher on Microsoft Marketplace.

    Commands run on the database of the settings (FAIRKEEPER_DATA_DIR, FAIRKEEPER_DATABASE_URL), or on a server where
    --url or FAIRKEEPER_URL names one. Exit codes: 0 fine, 1 findings of level error, 2 usage, 3 refused,
    4 unavailable.
    """


class UsageRefusedError(InvalidError):
    """The command line cannot be understood."""

    code = "cli.usage"
    remedy = "Add --help to see what the command takes."


def run(programs: Programs, arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        programs: What bootstrap offers.
        arguments: The words after `fairkeeper`; those of this process if left out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        code = root.main(args=words, prog_name="fairkeeper", obj=programs, standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.FINE
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        if as_json:
            click.echo(error_text(UsageRefusedError(error.format_message()), as_json=True), err=True)
        else:
            error.show()
        return ExitCode.USAGE
    except FairkeeperError as error:
        click.echo(error_text(error, as_json=as_json), err=True)
        return exit_code_of(error)
    except ModuleNotFoundError as error:
        if _is_ours(error):
            raise
        refusal = ServerNotInstalledError(f"This needs {error.name}, which is not installed.")
        click.echo(error_text(refusal, as_json=as_json), err=True)
        return exit_code_of(refusal)


def _is_ours(error: ModuleNotFoundError) -> bool:
    """Say whether a module of ours is missing, which no installation explains."""
    return (error.name or "").partition(".")[0] == "fairkeeper"


class ServerNotInstalledError(InvalidError):
    """Only the light part of Fairkeeper is installed."""

    code = "cli.server_not_installed"
    remedy = "Install the server's packages: fairkeeper[server]."
