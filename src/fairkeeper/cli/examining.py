"""The command `doctor`: looks at every connection and says what has to be mended."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import click

from fairkeeper.cli.asking import answer, as_json_option, programs

_MARKS: Final = {True: "well ", False: "MEND "}
_NOT_SET: Final = "-    "


@click.command()
@as_json_option
def doctor(*, as_json: bool) -> None:
    """Look at every connection by harmless reads, and say what has to be mended.

    Settings, database, keys, clock, tenant and application, credential, subscriptions, landing page, webhook, address
    and certificate, background work, sign-in, customers' tenants, private offers, reports, mail, Teams, and the older
    system. Nothing is changed; the server may run or not. Ends
    with 1 where a finding is an error.
    """
    answer(programs().doctor(), as_json=as_json, form=told)


def told(result: Any, *, width: int) -> str:
    """Say it for people: what was looked at, then each finding with its remedy."""
    lines = [
        f"{_MARKS[each['is_well']] if each['is_set'] or not each['is_well'] else _NOT_SET} {each['name']}"
        f"{'' if each['is_set'] else ' (not set)'}"
        for each in result["looked_at"]
    ]
    for finding in result["findings"]:
        lines += ["", f"{finding['level'].upper()}  {finding['message']}  ({finding['code']})"]
        lines += textwrap.wrap(
            finding["remedy"], width=max(40, width - 7), initial_indent="       ", subsequent_indent="       "
        )
        lines.append(f"       {finding['resource']['title']}: {finding['resource']['address'] or 'see the reference'}")
    if not result["findings"]:
        lines += ["", "Nothing has to be mended."]
    return "\n".join(lines)
