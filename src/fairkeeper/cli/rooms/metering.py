"""A proof of usage as a file, and checking one without the server: what a customer installs Fairkeeper for.

`verify` needs the light packages alone, and believes nothing but the file and the keys it is given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from fairkeeper.cli.asking import answer, as_json_option, executor_at, place_options
from fairkeeper.cli.files import FileUnreadableError
from fairkeeper.cli.outcome import ExitCode
from fairkeeper.cli.rooms.evidence import write_whole
from fairkeeper.metering.proving.replay import SOURCES
from fairkeeper.metering.proving.verification import NOT_PROVED, PROVED, UsageReport, verify_proof
from fairkeeper.metering.rules.quantity import show_units
from fairkeeper.proof.export import read_lines


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="VKEY",
    help="A key you know by another way: the log's, or a witness's. [may be repeated]",
)
@as_json_option
def verify(*, file: Path, keys: Sequence[str], as_json: bool) -> None:
    """Check a proof of usage: entries, rule, arithmetic, inclusion proofs, checkpoint, witness.

    Nothing is asked over the network. Says what it proves and what it does not. Ends with 1 when anything is wrong.
    """
    try:
        with file.open("rb") as stream:
            report = verify_proof(read_lines(stream), keys)
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    document = document_of(report)
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else _told(report))
    click.get_current_context().exit(ExitCode.FINE if report.ok else ExitCode.FINDINGS)


@click.command()
@click.argument("proof_id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write. [the proof's name]"
)
@place_options
def proof(*, proof_id: str, output: Path | None, url: str | None, token: str | None, as_json: bool) -> None:
    """Write a proof of usage to a file that the customer can verify."""
    from fairkeeper.metering.actions.proving import show_proof

    with executor_at(url, token) as executor:
        made = executor.run(show_proof, {"proof_id": proof_id})
    path = output or Path(made["name"])
    size = write_whole(path, [made["text"].encode()])
    answer({"file": str(path), "bytes": size, "verify": f"fairkeeper metering verify {path}"}, as_json=as_json)


def document_of(report: UsageReport) -> dict[str, Any]:
    """Return a report as it is written in JSON."""
    trusted = report.trusted
    return {
        "ok": report.ok,
        "findings": [{"code": each.code, "message": each.message, "line": each.line} for each in report.findings],
        "findings_count": report.findings_count,
        "customer": report.customer,
        "entries": report.entries,
        "issued_at": report.issued_at,
        "statement": report.statement,
        "key": None if trusted is None else trusted.key,
        "key_source": None if trusted is None else trusted.key_source.value,
        "witnesses": [] if trusted is None else [each.name for each in trusted.witnesses],
        "proves": list(PROVED) if report.ok else [],
        "does_not_prove": list(NOT_PROVED),
    }


def _told(report: UsageReport) -> str:
    if not report.ok:
        lines = [f"NOT PROVED: {report.findings_count} findings."]
        lines += [f"  line {each.line}: {each.message} ({each.code})" for each in report.findings]
        return "\n".join(lines)
    statement = report.statement
    lines = [f"Proved: usage of {statement['resource']} from {statement['from_on']} to {statement['to_on']}."]
    for line in statement["lines"]:
        lines.append(
            f"  {line['dimension']} ({line['plan']}): {show_units(line['units'])} units in {line['hours']} hours"
        )
        lines += [
            f"    {show_units(milli)} from: {SOURCES.get(source, source)}" for source, milli in line["sources"].items()
        ]
        lines += [f"    {show_units(milli)} reported, now {state}" for state, milli in line["reported"].items()]
    trusted = report.trusted
    if trusted is not None:
        witnessed = ", ".join(each.name for each in trusted.witnesses) or "not witnessed"
        lines.append(f"  {report.entries} entries; log key {trusted.key_source.value}; {witnessed}.")
    lines += ["It proves:", *(f"  - {each}" for each in PROVED)]
    lines += ["It does not prove:", *(f"  - {each}" for each in NOT_PROVED)]
    return "\n".join(lines)


COMMANDS: Final[dict[str, click.Command]] = {"verify": verify, "proof": proof}
