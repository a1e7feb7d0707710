"""A customer's security questionnaire: handed over, looked through with scores, or given back with its answers."""

from __future__ import annotations

import base64
from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.posture.answers.answering import AnswerLine, QuestionsAnswered, answer_questions
from fairkeeper.web.format import count
from fairkeeper.web.forms import Field, FieldKind, Form, Option, with_answers
from fairkeeper.web.pages.assurance import Block, ReportPage
from fairkeeper.web.parts import Fact, Link
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, word
from fairkeeper.web.serving.asking import Refused, new_key, try_to
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/assurance/answers"
_LOOK, _FILE = "look", "file"
_SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORKBOOK: Final = b"PK"


def show(visit: Visit) -> Response:
    """Ask for the questionnaire."""
    return visit.show(_page(visit, _form()))


def fill(visit: Visit) -> Response:
    """Fill it in: show the answers, or give the file back with them."""
    form = _form()
    answered = try_to(
        visit,
        answer_questions,
        questionnaire_base64=visit.form.get("questionnaire", ""),
        base_url=visit.parts.house.address,
    )
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, again), answered.status)
    made: QuestionsAnswered = answered
    if visit.form.get("as") == _LOOK:
        return visit.show(_page(visit, form, made))
    content = base64.b64decode(made.content_base64)
    is_workbook = content.startswith(_WORKBOOK)
    name = f"questionnaire-answered.{'xlsx' if is_workbook else 'csv'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    media = _SPREADSHEET if is_workbook else "text/csv; charset=utf-8"
    return Response(content, media_type=media, headers=headers)


def _form() -> Form:
    return Form(
        id="questionnaire",
        action=_HERE,
        submit="Answer it",
        idempotency_key=new_key(),
        fields=(
            Field(
                name="questionnaire",
                label="Questionnaire",
                kind=FieldKind.FILE,
                hint="xlsx or CSV in UTF-8, at most 650 kB; the command line takes larger ones. It is not kept.",
            ),
            Field(
                name="as",
                label="What comes back",
                kind=FieldKind.RADIO,
                value=_LOOK,
                options=(
                    Option(value=_LOOK, label="The answers on this page, with their scores"),
                    Option(value=_FILE, label="The file with the answers in it"),
                ),
            ),
        ),
    )


def _page(visit: Visit, form: Form, made: QuestionsAnswered | None = None) -> ReportPage:
    return ReportPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label="Posture", href="/assurance/posture")),
        name="Answer a questionnaire",
        sentence="Each question gets an answer with its evidence, two answers to choose from, or “not covered”.",
        form=form,
        form_heading="A customer’s questionnaire",
        form_note="Matched by counted terms, not by a model. Read every answer before it is sent.",
        blocks=() if made is None else _blocks(made),
    )


def _blocks(made: QuestionsAnswered) -> tuple[Block, ...]:
    counted = Block(
        id="counted",
        heading="What became of it",
        facts=(
            Fact(label="Questions", value=made.questions),
            Fact(label="Answered", value=made.answered),
            Fact(label="To look at", value=made.look),
            Fact(label="Not covered", value=made.not_covered),
        ),
        lines=tuple(f"The sheet {name} asks nothing and is kept as it is." for name in made.sheets_without_questions),
    )
    answers = Block(
        id="answers",
        heading="Answers",
        note=f"{count(made.questions, 'question')} in the order of the file.",
        heads=("Question", "Answer", "How sure", "Control", "Why"),
        rows=tuple(
            (
                f"{line.id or f'Row {line.row}'} {line.question}",
                line.answer,
                word(line.sure or line.verdict),
                _evidence(line),
                line.why,
            )
            for line in made.lines
        ),
    )
    return counted, answers


def _evidence(line: AnswerLine) -> Link | str:
    first = line.control.partition("\n")[0]
    return Link(label=first, href=line.evidence.partition("\n")[0]) if first else "none"


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show, Audience.STAFF),
    post(_HERE, fill, Audience.STAFF),
)
