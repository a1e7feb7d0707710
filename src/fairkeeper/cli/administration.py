"""Commands for whoever runs the machine: tables, logins and the keys that seal secrets."""

from __future__ import annotations

from typing import Final

import click

from fairkeeper.cli.asking import answer, as_json_option, programs


@click.group()
def database() -> None:
    """Tables and logins of the database."""


@database.command()
@as_json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database of the settings to the tables of this version; again changes nothing.

    On PostgreSQL with the owner's address (FAIRKEEPER_DATABASE_OWNER_URL); row security is made anew each time.
    """
    answer(programs().migrate(), as_json=as_json)


@database.command()
@click.option(
    "--admin-url",
    metavar="URL",
    required=True,
    envvar="FAIRKEEPER_DATABASE_ADMIN_URL",
    help="Address of the PostgreSQL server under a login that may create logins and databases; not kept.",
)
@as_json_option
def prepare(*, admin_url: str, as_json: bool) -> None:
    """Create PostgreSQL's three logins and the database of the settings, as their addresses name them.

    The owner (FAIRKEEPER_DATABASE_OWNER_URL) gets the tables, staff (FAIRKEEPER_DATABASE_URL) and customers
    (FAIRKEEPER_DATABASE_CUSTOMER_URL) get what row security leaves them. None of them is a superuser. Run it again
    after changing a password in an address.
    """
    answer(programs().prepare(admin_url=admin_url), as_json=as_json)


@click.group()
def keys() -> None:
    """The keys that seal secrets."""


@keys.command()
@as_json_option
def rotate(*, as_json: bool) -> None:
    """Seal every secret again under the newest master key.

    Put the new key before the old one where the master key comes from, run this, then take the old one away.
    """
    answer(programs().rotate_master_key(), as_json=as_json)


@keys.command("webhook-secret")
@as_json_option
def webhook_secret(*, as_json: bool) -> None:
    """Show the secret that signs the provisioning webhook, for the receiver's settings."""
    answer({"secret": programs().webhook_secret()}, as_json=as_json)


COMMANDS: Final[dict[str, click.Command]] = {"database": database, "keys": keys}
