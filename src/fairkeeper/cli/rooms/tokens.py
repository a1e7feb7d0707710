"""Making an API token, and the one-time token by which the first owner signs in."""

from __future__ import annotations

from typing import Any, Final

import click

from fairkeeper.cli.asking import answer, executor_at, place_options, programs

FIRST_OWNER_PATH: Final = "/first-owner"
"""The page that takes the one-time token; never in its address, which browsers and proxies remember."""


@click.command()
@click.argument("name", required=False)
@click.option("--role", "roles", multiple=True, metavar="TEXT", help="What it may do. [owner] [may be repeated]")
@click.option("--customer-id", metavar="TEXT", help="The one customer it is bound to; then its roles are a customer's.")
@click.option("--expires-in-days", metavar="NUMBER", help="Until when. [90]")
@click.option("--first-owner", is_flag=True, help="Whoever signs in with it, once, becomes the first owner.")
@place_options
def create(
    *, name: str | None, first_owner: bool, url: str | None, token: str | None, as_json: bool, **typed: Any
) -> None:
    """Make an API token; its secret is shown this once.

    With --first-owner, open the address that is shown, give the secret there and sign in: so an installation gets its
    first owner.
    """
    from fairkeeper.access.actions.tokens import create_token
    from fairkeeper.cli.derived import check_input

    given: dict[str, Any] = {field: value for field, value in typed.items() if value}
    given |= {"name": name or ("first owner" if first_owner else "command line"), "first_owner": first_owner}
    if "roles" in given:
        given["roles"] = list(given["roles"])
    check_input(create_token, given)
    with executor_at(url, token) as executor:
        result = executor.run(create_token, given)
    if first_owner:
        base = url or programs().public_address()
        result["address"] = f"{base.rstrip('/')}{FIRST_OWNER_PATH}"
    answer(result, as_json=as_json)


COMMANDS: Final[dict[str, click.Command]] = {"create": create}
