"""The package for Marketplace's reviewer as a zip."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from fairkeeper.cli.asking import answer, executor_at, place_options
from fairkeeper.cli.rooms.evidence import write_whole
from fairkeeper.cli.rooms.verification import zipped


@click.command()
@click.argument("offer_id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The zip to write. [the package's name]"
)
@place_options
def package(*, offer_id: str, output: Path | None, url: str | None, token: str | None, as_json: bool) -> None:
    """Write the package for the reviewer: the review item by item, the structure's picture, what other rooms add."""
    from fairkeeper.overview.readiness.reviewing import fetch_review

    with executor_at(url, token) as executor:
        made = executor.run(fetch_review, {"offer_id": offer_id})
    path = output or Path(f"{made['folder']}.zip")
    size = write_whole(path, [zipped(made["folder"], made["files"])])
    answer({"file": str(path), "bytes": size, "files": len(made["files"])}, as_json=as_json)


COMMANDS: Final[dict[str, click.Command]] = {"package": package}
