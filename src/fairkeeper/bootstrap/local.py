"""Runs operations on the database of the settings, for whoever sits at the machine.

Such a person could write to the database anyway, so the command line acts as an owner; and because it records what it
does like any channel, evidence says that it was done here, by which login of the machine (`local:…`).
"""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.cli.derived import refused_input
from fairkeeper.database.session import STAFF
from fairkeeper.errors import UnavailableError
from fairkeeper.evidence.actions import RequestExport, request_export
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.payouts.actions.receive_file import receive_file
from fairkeeper.payouts.importing import Importer
from fairkeeper.payouts.queries import list_files
from fairkeeper.values.ids import CustomerId, new_id

_PATIENCE_SECONDS: Final = 20.0


def local_principal() -> Principal:
    """Return the person at this machine, as an owner."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        login = "unknown"
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", login)[:60] or "unknown"
    return Principal(
        id=f"local:{plain}", kind=PrincipalKind.SERVICE, roles=frozenset({"owner"}), display=f"{login} at the server"
    )


class LocalExecutor:
    """Runs operations in this process.

    Args:
        installation: Opened, with nothing running in the background; it is closed with this.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._principal = local_principal()

    def run(self, operation: Operation, given: Mapping[str, Any], *, key: str | None = None) -> Any:
        """Run an operation and return its result in JSON form.

        Raises:
            FairkeeperError: As the operation's documentation says.
        """
        try:
            request = operation.input.model_validate(dict(given))
        except ValidationError as error:
            raise refused_input(error) from None
        result = self._installation.runner.run(operation, request, self._call(key))
        return TypeAdapter(operation.result).dump_python(result, mode="json")

    def export(self, customer_id: str | None, *, whole_log: bool = False) -> Iterator[bytes]:
        """Ask for the export of a log, place it, and return its pieces."""
        request = RequestExport(customer_id=CustomerId(customer_id) if customer_id else None, whole_log=whole_log)
        asked = self._installation.runner.run(request_export, request, self._call(None))
        exporter = self._installation.exporter
        yield from exporter.write_export(self._placed(lambda: exporter.find_export(asked.token, STAFF)))

    def receipt(self, entry_id: str) -> bytes:
        """Return the receipt of an entry."""
        exporter = self._installation.exporter
        return exporter.write_receipt(self._placed(lambda: exporter.find_entry(entry_id, STAFF)))

    def import_files(self, files: Sequence[Path], given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Hand files over, read them here, and compare everything once."""
        library = self._installation.library
        importer = Importer(self._installation.runner, library)
        received = []
        for path in files:
            staged = library.take_file(path)
            received.append(self.run(receive_file, {"sha256": staged.sha256, "name": path.name[:300], **given}))
            importer.read(staged.sha256)
        importer.evaluate()
        listed = self.run(list_files, {"limit": 500})["files"]
        by_hash = {line["sha256"]: line for line in listed}
        return [{**by_hash.get(each["sha256"], each), "is_new": each["is_new"]} for each in received]

    def import_insights(
        self, files: Sequence[tuple[str, bytes]], *, taken_on: str | None, connection: str | None, rank: bool
    ) -> dict[str, Any]:
        """Import files of insights and rank what is there; a file that cannot be used hides no other."""
        from fairkeeper.bootstrap.wiring.opportunities import import_and_rank, make_desk

        desk = make_desk(self._installation.settings, self._installation.runner)
        return import_and_rank(desk, files, self._call(None), taken_on=taken_on, connection=connection, is_ranked=rank)

    def close(self) -> None:
        """Let the database go."""
        self._installation.close()

    def _placed(self, find: Any) -> EntryRow:
        """Give entries their places, here or by the running server, until this one has its own."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            self._installation.integrator.run_until_current()
            try:
                row: EntryRow = find()
            except UnavailableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return row

    def _call(self, key: str | None) -> Call:
        return Call(principal=self._principal, idempotency_key=key, request_id=new_id("req"))


def open_local(settings: Settings) -> LocalExecutor:
    """Open the database of the settings for the person at this machine.

    Raises:
        FairkeeperError: As `open_installation` does.
    """
    installation = open_installation(settings.model_copy(update={"workers": 0}))
    if installation.followed_clock is not None:
        installation.followed_clock.follow_once()
    return LocalExecutor(installation)
