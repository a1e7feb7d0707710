"""A customer's security questionnaire from a file to a file with answers; works without a server or a database."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
from pydantic import TypeAdapter

from fairkeeper.cli.asking import answer, as_json_option
from fairkeeper.cli.files import FileUnreadableError, read_text_file
from fairkeeper.cli.rooms.evidence import write_whole

LARGEST_BYTES: Final = 20_000_000
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(name="answers")
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="The file to write. [the name with -answered]")
@click.option("--base-url", default="", metavar="URL", help="Where the console is, for the evidence links.")
@click.option("--statements", metavar="FILE", help="Your own statements in YAML instead of the shipped ones.")
@as_json_option
def answers(*, file: Path, output: Path | None, base_url: str, statements: str | None, as_json: bool) -> None:
    """Fill in a customer's security questionnaire (xlsx or CSV): answer, evidence, control and how sure.

    Questions are matched by counted terms that are shown; what two statements answer as well is left to a person, and
    what nothing here covers is "Not covered". Read every answer before it is sent.
    """
    from fairkeeper.assurance.posture.answers.answering import QuestionsAnswered, fill_in

    try:
        if file.stat().st_size > LARGEST_BYTES:
            msg = f"{file} is larger than {LARGEST_BYTES // 10**6} MB."
            raise FileUnreadableError(msg, remedy="Delete pictures and sheets without questions from it.")
        content = file.read_bytes()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    own = None if statements is None else read_text_file(statements)["text"]
    made = fill_in(content, base_url=base_url, own_statements=own)
    told: dict[str, Any] = TypeAdapter(QuestionsAnswered).dump_python(made, mode="json")
    target = output or file.with_name(f"{file.stem}-answered{file.suffix}")
    write_whole(target, [base64.b64decode(told.pop("content_base64"))])
    answer({**told, "file": str(target)}, as_json=as_json, form=_text)


def _text(result: Any, *, width: int) -> str:
    counted = (
        f"{result['questions']} questions: {result['answered']} answered, {result['look']} to look at, "
        f"{result['not_covered']} not covered."
    )
    lines = [counted]
    lines += [_line(each, width) for each in result["lines"]]
    lines += [f"The sheet {name!r} asks nothing and is kept as it is." for name in result["sheets_without_questions"]]
    lines.append(f"Written to {result['file']}. Read every answer before it is sent.")
    return "\n".join(lines)


def _line(each: Mapping[str, Any], width: int) -> str:
    place = each["id"] or f"row {each['row']}"
    found = each["control"].replace("\n", " or ") if each["verdict"] != "not covered" else ""
    verdict = each["sure"] or each["verdict"]
    question = " ".join(each["question"].split())
    line = f"  {place}: {question}"
    score = f" (score {each['score']})" if each["score"] else ""
    told = f"      {verdict}{score}{': ' if found else ''}{found}"
    return f"{line[: max(width, 40)]}\n{told}"


COMMANDS: Final[dict[str, click.Command]] = {"answers": answers}
