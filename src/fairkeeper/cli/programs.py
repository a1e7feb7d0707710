"""What the command line needs of the house above it: a server to run, a database to speak to, the list of operations.

Bootstrap implements these; the command line imports none of it, and asks only when a command needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from fairkeeper.action.operation import Operation

Say = Callable[[str], None]
"""Writes a line to stdout at once."""


class Executor(Protocol):
    """Runs operations somewhere: on a server, or on the database of the settings."""

    def run(self, operation: Operation, given: Mapping[str, Any], *, key: str | None = None) -> Any:
        """Run an operation and return its result in JSON form.

        Args:
            operation: Which.
            given: Input fields, as texts, numbers, booleans, lists and objects.
            key: Idempotency key, for commands.

        Raises:
            FairkeeperError: As the operation's documentation says.
        """
        ...

    def export(self, customer_id: str | None, *, whole_log: bool = False) -> Iterator[bytes]:
        """Ask for the export of a log, wait until it has its place, and return its pieces."""
        ...

    def receipt(self, entry_id: str) -> bytes:
        """Return the receipt of an entry."""
        ...

    def import_files(self, files: Sequence[Path], given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Hand files of reports over, with what they cover, and return what became of each."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


class OpenedFiles(Protocol):
    """Files that were opened on a laptop."""

    result: dict[str, Any]
    room: str

    def serve(self, say: Say) -> None:
        """Serve the console for this one person until interrupted."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


class GatewayPrograms(Protocol):
    """What the gateway's package offers."""

    def serve_one(self, configuration_file: Path, *, agent: str | None, server: str | None) -> None:
        """Serve the client on stdin and stdout."""
        ...

    def serve_http(self, configuration_file: Path, *, host: str, port: int, say: Say, as_json: bool) -> None:
        """Serve over HTTP until interrupted."""
        ...

    def observe(self, command: tuple[str, ...], *, folder: Path, agent: str, environment: str) -> dict[str, Any]:
        """Let everything through and write a proposal."""
        ...

    def keep(self, configuration_file: Path, name: str, value: str) -> dict[str, Any]:
        """Seal a credential."""
        ...

    def check(self, configuration_file: Path) -> dict[str, Any]:
        """Read a configuration and open its credentials."""
        ...

    def adopt(self, folder: Path, run: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
        """Register what a proposal says."""
        ...


class Programs(Protocol):
    """What bootstrap offers the command line."""

    def operations(self) -> Iterable[Operation]:
        """Return every operation."""
        ...

    def open_local(self) -> Executor:
        """Open the database of the settings, as its operator."""
        ...

    def serve(self, *, as_json: bool, say: Say) -> None:
        """Run the server of the settings until it is told to stop."""
        ...

    def sandbox(self, *, port: int, data_dir: Path | None, publisher_url: str | None, as_json: bool, say: Say) -> None:
        """Run the pretend Microsoft until it is told to stop."""
        ...

    def demo(  # noqa: PLR0913 - what a person may say on the command line, by name
        self,
        *,
        port: int,
        sandbox_port: int,
        data_dir: Path,
        with_customer: bool,
        agent: bool,
        as_json: bool,
        say: Say,
    ) -> None:
        """Run a server with a sandbox until it is told to stop."""
        ...

    def story(self, *, data_dir: Path | None, as_json: bool, say: Say) -> bool:
        """Walk the demo's four customers; return whether all went as it should."""
        ...

    def open_files(
        self, files: Sequence[tuple[str, bytes]], *, data_dir: Path | None, port: int, lens: str, top: int
    ) -> OpenedFiles:
        """Recognise files and do with each what its room does first."""
        ...

    def migrate(self) -> dict[str, Any]:
        """Bring the database of the settings to the tables of this version."""
        ...

    def prepare(self, *, admin_url: str) -> dict[str, Any]:
        """Create PostgreSQL's logins and a database that they own."""
        ...

    def rotate_master_key(self) -> dict[str, Any]:
        """Seal every secret again under the newest master key."""
        ...

    def webhook_secret(self) -> str:
        """Return the secret that signs the provisioning webhook."""
        ...

    def write_reports(self, folder: Path, *, seed: int) -> dict[str, Any]:
        """Write a made-up year's reports, and say how much of what is wrong in them is found."""
        ...

    def doctor(self) -> dict[str, Any]:
        """Look at every connection of the settings; return what was looked at and what has to be mended."""
        ...

    def gateway(self) -> GatewayPrograms:
        """Return the programs of the gateway."""
        ...

    def public_address(self) -> str:
        """Return the address that people use, of the settings."""
        ...
