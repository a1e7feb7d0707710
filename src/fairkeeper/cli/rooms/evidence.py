"""Taking the record away, and checking it without the server: what an auditor or a customer installs Fairkeeper for.

`verify` needs the light packages alone, and believes nothing but the file and the keys it is given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
import msgspec

from fairkeeper.cli.asking import answer, as_json_option, executor_at, place_options
from fairkeeper.cli.files import FileUnreadableError
from fairkeeper.cli.outcome import ExitCode
from fairkeeper.proof.export import read_lines
from fairkeeper.proof.receipt import RECEIPT_FORMAT, ReceiptReport, verify_receipt
from fairkeeper.proof.trust import KeySource
from fairkeeper.proof.verification import ExportReport, verify_export

_LARGEST_RECEIPT_BYTES: Final = 8 * 1024 * 1024


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
    """Check an export or a receipt: every record, every hash, every signature. Nothing is asked over the network.

    Without a key of the log the file's own is taken, which proves that the file is whole and not who wrote it. Ends
    with 1 when anything is wrong.
    """
    try:
        with file.open("rb") as stream:
            report = _verified(stream, keys)
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo(_told(report))
    click.get_current_context().exit(ExitCode.FINE if report["ok"] else ExitCode.FINDINGS)


@click.command()
@click.option("--customer", metavar="CUSTOMER_ID", help="Whose log; the publisher's own if left out.")
@click.option("--whole", is_flag=True, help="Every entry of everybody instead.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write."
)
@place_options
def export(  # noqa: PLR0913 - each option comes by its name
    *, customer: str | None, whole: bool, output: Path, url: str | None, token: str | None, as_json: bool
) -> None:
    """Write a log with its proofs to a file that anyone can verify.

    The export records itself, so an entry left out of it would show.
    """
    with executor_at(url, token) as executor:
        size = write_whole(output, executor.export(customer, whole_log=whole))
    answer({"file": str(output), "bytes": size, "verify": f"fairkeeper evidence verify {output}"}, as_json=as_json)


@click.command()
@click.argument("entry_id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write. [ENTRY_ID.json]"
)
@place_options
def receipt(*, entry_id: str, output: Path | None, url: str | None, token: str | None, as_json: bool) -> None:
    """Write the receipt of an entry: the statement with everything needed to check it."""
    path = output or Path(f"{Path(entry_id).name}.json")
    with executor_at(url, token) as executor:
        size = write_whole(path, [executor.receipt(entry_id)])
    answer({"file": str(path), "bytes": size, "verify": f"fairkeeper evidence verify {path}"}, as_json=as_json)


def write_whole(path: Path, pieces: Any) -> int:
    """Write a file whole or not at all."""
    draft = path.with_name(f"{path.name}.part")
    size = 0
    try:
        with draft.open("wb") as file:
            for piece in pieces:
                size += file.write(piece)
        draft.replace(path)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    finally:
        draft.unlink(missing_ok=True)
    return size


def _verified(stream: BinaryIO, keys: Sequence[str]) -> dict[str, Any]:
    """Verify whichever of the two forms it is; a receipt names its own before the first megabyte ends."""
    beginning = stream.read(_LARGEST_RECEIPT_BYTES)
    stream.seek(0)
    if RECEIPT_FORMAT.encode() in beginning and _is_receipt(beginning):
        return _receipt_json(verify_receipt(beginning, keys))
    return _export_json(verify_export(read_lines(stream), keys))


def _is_receipt(data: bytes) -> bool:
    try:
        document = msgspec.json.decode(data)
    except msgspec.MsgspecError:
        return False
    return isinstance(document, dict) and document.get("format") == RECEIPT_FORMAT


def _export_json(report: ExportReport) -> dict[str, Any]:
    return {"ok": report.ok, "form": "export", **_builtins(report)}


def _receipt_json(report: ReceiptReport) -> dict[str, Any]:
    return {"ok": report.ok, "form": "receipt", **_builtins(report)}


def _builtins(report: ExportReport | ReceiptReport) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(report)
    found["findings"] = [{"level": "error", **finding} for finding in found["findings"]]
    return found


def _told(report: dict[str, Any]) -> str:
    """Return a report in words."""
    lines = []
    if report["ok"]:
        lines.append("Everything in this file holds.")
    else:
        count = report.get("findings_count", len(report["findings"]))
        lines.append(f"This file is no proof: {count} finding{'' if count == 1 else 's'}.")
    for finding in report["findings"]:
        where = f"line {finding['line']}: " if finding.get("line") else ""
        lines.append(f"  {where}{finding['message']} ({finding['code']})")
    if report.get("origin"):
        lines.append("")
        lines += _facts(report)
    return "\n".join(lines)


def _facts(report: dict[str, Any]) -> list[str]:
    told: dict[str, Any] = {"log": report["origin"]}
    if report["form"] == "export":
        told["whose"] = report["customer"] or ("the whole log" if report["scope"] == "log" else "the publisher's own")
        told["entries"] = f"{report['entries']}, of which {report['erased']} erased"
        told["exported at"] = report["exported_at"]
    else:
        told["recorded"] = report["header"] and f"{report['header']['at']} by {report['header']['actor']['id']}"
        told["entry"] = report["header"] and f"{report['header']['kind']}, number {report['leaf_index']} of the log"
        told["statement"] = json.dumps(report["statement"], ensure_ascii=False)
    told["checkpoint"] = f"{report['checkpoint_size']} entries, root {report['checkpoint_root']}"
    told["signed by"] = report["key"]
    told["key known"] = _KEY_SOURCES.get(report["key_source"], report["key_source"])
    told["witnesses"] = ", ".join(witness["name"] for witness in report["witnesses"]) or "not witnessed"
    return [f"{name:<13}{value}" for name, value in told.items() if value]


_KEY_SOURCES: Final = {
    KeySource.GIVEN.value: "yes, it is the one you gave",
    KeySource.TAKEN_FROM_FILE.value: "from this file alone; give --key to know who signed",
}

COMMANDS: Final[dict[str, click.Command]] = {"verify": verify, "export": export, "receipt": receipt}
