"""What the command line is offered: each program is imported when it is asked for.

Separate from the programs, so that `--help` and the offline verifier import none of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairkeeper.action.operation import Operation
    from fairkeeper.cli.programs import Executor, GatewayPrograms, OpenedFiles, Say


class Installed:
    """The programs of this installation, by the settings of the environment."""

    def operations(self) -> Iterable[Operation]:
        """Return every operation."""
        from fairkeeper.bootstrap.rooms import all_operations

        return all_operations()

    def open_local(self) -> Executor:
        """Open the database of the settings, as its operator."""
        from fairkeeper.bootstrap.local import open_local
        from fairkeeper.bootstrap.logging import configure_logging
        from fairkeeper.bootstrap.settings import read_settings

        configure_logging("warning")
        return open_local(read_settings())

    def serve(self, *, as_json: bool, say: Say) -> None:
        """Run the server of the settings until it is told to stop."""
        from fairkeeper.bootstrap.logging import configure_logging
        from fairkeeper.bootstrap.settings import read_settings

        settings = read_settings()  # before the server is imported: what does not fit is said at once
        configure_logging(settings.log_level)
        from fairkeeper.bootstrap.server import address_of, bind, serve

        bound = bind(settings.host, settings.port)
        here = address_of(bound, settings.host)
        settings = settings.model_copy(update={"port": bound.getsockname()[1]})
        serve(settings, bound, ready=lambda: say(json.dumps({"url": here}) if as_json else f"Fairkeeper is at {here}"))

    def sandbox(self, *, port: int, data_dir: Path | None, publisher_url: str | None, as_json: bool, say: Say) -> None:
        """Run the pretend Microsoft until it is told to stop."""
        from fairkeeper.bootstrap.demo.running import run_sandbox
        from fairkeeper.bootstrap.logging import configure_logging

        configure_logging("info")
        run_sandbox(port=port, data_dir=data_dir, publisher_url=publisher_url, as_json=as_json, say=say)

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
        from fairkeeper.bootstrap.demo.running import run_demo
        from fairkeeper.bootstrap.logging import configure_logging

        configure_logging("info" if as_json else "warning")
        run_demo(
            port=port,
            sandbox_port=sandbox_port,
            data_dir=data_dir,
            with_customer=with_customer,
            agent=agent,
            as_json=as_json,
            say=say,
        )

    def story(self, *, data_dir: Path | None, as_json: bool, say: Say) -> bool:
        """Walk the demo's four customers; return whether all went as it should."""
        from fairkeeper.bootstrap.demo.story import run_story
        from fairkeeper.bootstrap.logging import configure_logging

        configure_logging("error")
        return run_story(data_dir=data_dir, as_json=as_json, say=say)

    def open_files(
        self, files: Sequence[tuple[str, bytes]], *, data_dir: Path | None, port: int, lens: str, top: int
    ) -> OpenedFiles:
        """Recognise files and do with each what its room does first."""
        from fairkeeper.bootstrap.logging import configure_logging
        from fairkeeper.bootstrap.wiring.opening import open_files

        configure_logging("warning")
        return open_files(files, data_dir=data_dir, port=port, lens=lens, top=top)

    def migrate(self) -> dict[str, Any]:
        """Bring the database of the settings to the tables of this version."""
        from fairkeeper.bootstrap.database.migrations import migrate
        from fairkeeper.bootstrap.settings import read_settings

        settings = read_settings()
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        done = migrate(settings.database_address)
        return {"before": done.before, "after": done.after}

    def prepare(self, *, admin_url: str) -> dict[str, Any]:
        """Create PostgreSQL's logins and a database that they own."""
        from fairkeeper.bootstrap.database.preparation import prepare
        from fairkeeper.bootstrap.settings import read_settings

        return prepare(read_settings().database_address, admin_url=admin_url)

    def rotate_master_key(self) -> dict[str, Any]:
        """Seal every secret again under the newest master key."""
        from fairkeeper.bootstrap.master_keys import open_master_keys
        from fairkeeper.bootstrap.settings import read_settings
        from fairkeeper.database.secrets import SecretStore
        from fairkeeper.database.session import Database
        from fairkeeper.values.clock import SystemClock

        settings = read_settings()
        database = Database(settings.database_address)
        try:
            with database.write() as session:
                count = SecretStore(open_master_keys(settings)).reseal_all(session, now=SystemClock().now())
        finally:
            database.dispose()
        return {"resealed": count}

    def webhook_secret(self) -> str:
        """Return the secret that signs the provisioning webhook."""
        from fairkeeper.bootstrap.connectors import webhook_secret
        from fairkeeper.bootstrap.installation import open_installation
        from fairkeeper.bootstrap.logging import configure_logging
        from fairkeeper.bootstrap.settings import read_settings

        configure_logging("warning")
        installation = open_installation(read_settings(workers=0))
        try:
            return webhook_secret(
                installation.settings, installation.database, installation.secrets, installation.clock
            )
        finally:
            installation.close()

    def write_reports(self, folder: Path, *, seed: int) -> dict[str, Any]:
        """Write a made-up year's reports, and say how much of what is wrong in them is found."""
        from fairkeeper.bootstrap.demo.reports import write_sample
        from fairkeeper.values.clock import SystemClock

        return write_sample(folder, seed=seed, as_of=SystemClock().now().date())

    def doctor(self) -> dict[str, Any]:
        """Look at every connection of the settings; return what was looked at and what has to be mended."""
        from fairkeeper.bootstrap.logging import configure_logging
        from fairkeeper.bootstrap.settings import read_settings
        from fairkeeper.bootstrap.wiring.examining.doctor import examine

        configure_logging("error")
        return examine(read_settings())

    def gateway(self) -> GatewayPrograms:
        """Return the programs of the gateway; its package needs the extra `gateway`."""
        from fairkeeper.gateway.running import PROGRAMS

        return PROGRAMS

    def public_address(self) -> str:
        """Return the address that people use, of the settings."""
        from fairkeeper.bootstrap.settings import read_settings

        return read_settings().address
