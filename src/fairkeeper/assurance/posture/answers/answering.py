"""Fills in a customer's security questionnaire: each question with an answer and its evidence, or not covered."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import OperationInput, TextFile, check
from fairkeeper.assurance.errors import QuestionnaireUnreadableError
from fairkeeper.assurance.posture.answers.matching import Answered, Match, Statement, Verdict, answer_to
from fairkeeper.assurance.posture.answers.questionnaire import Asked, Sheet, read_questionnaire
from fairkeeper.assurance.posture.answers.statements import NOT_SAID, Statements, read_statements, shipped
from fairkeeper.assurance.posture.answers.writing import Written, write_csv, write_workbook
from fairkeeper.assurance.posture.around import EVERY_CONTROL

_LARGEST = 900_000
"""Characters of base64, so that the request stays below what the API takes; the command line reads larger files."""


class AnswerQuestions(OperationInput):
    """A questionnaire."""

    questionnaire_base64: str = Field(
        max_length=_LARGEST, description="The questionnaire, xlsx or CSV in UTF-8, in base64."
    )
    base_url: str = Field(
        "",
        max_length=300,
        pattern=r"^(https?://[^\s]+)?$",
        description="Where this console is, for the evidence links.",
    )
    statements: TextFile | None = Field(
        None, description="Your own statements in YAML instead of those that come with Fairkeeper."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A statement that a question could be answered with, its score, and the terms of the question that gave it."""

    statement: str
    title: str
    control: str
    score: int
    terms: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """What became of one question.

    Attributes:
        row: As a spreadsheet counts them, from 1.
        verdict: answered, look (a person chooses between the candidates) or not covered.
        sure: sure or likely, of an answer; else empty.
        why: The score with the terms that gave it, or why nothing here answers.
        candidates: The best first.
    """

    sheet: str
    row: int
    id: str
    question: str
    verdict: str
    answer: str
    evidence: str
    control: str
    sure: str
    score: int
    why: str
    candidates: list[Candidate]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionsAnswered:
    """The filled-in questionnaire, and every answer in it.

    Attributes:
        content_base64: A file of the same form, with the answers in it.
        sheets_without_questions: Kept as they are.
    """

    questions: int
    answered: int
    look: int
    not_covered: int
    sheets_without_questions: list[str]
    lines: list[AnswerLine]
    content_base64: str


@check("assurance.answer_questions", http="POST /posture/answers", mcp=False)
def answer_questions(request: AnswerQuestions) -> QuestionsAnswered:
    """Fill in a customer's security questionnaire: each question gets an answer with its evidence, or "not covered".

    Questions are matched to statements by counted terms that are shown with their score; no model is asked, and a
    question that two statements answer as well is left to a person. A person reads every answer before it is sent.

    Raises:
        QuestionnaireUnreadableError: The file is no questionnaire, or unpacks to too much.
        StatementsUnreadableError: The statements cannot be used.
    """
    own = None if request.statements is None else request.statements.text
    return fill_in(_content(request.questionnaire_base64), base_url=request.base_url, own_statements=own)


def fill_in(content: bytes, *, base_url: str = "", own_statements: str | None = None) -> QuestionsAnswered:
    """Return a questionnaire with its answers; raises as `answer_questions` does."""
    statements = shipped() if own_statements is None else read_statements(own_statements)
    sheets = read_questionnaire(content)
    lines: list[AnswerLine] = []
    written: dict[tuple[int, int], Written] = {}
    for number, sheet in enumerate(sheets):
        for asked in sheet.questions:
            line = _line(sheet, asked, statements, base_url.rstrip("/"))
            lines.append(line)
            written[number, asked.row] = Written(
                cells=(line.answer, line.evidence, line.control, line.sure or line.verdict, line.why)
            )
    made = write_workbook(sheets, written) if content[:2] == b"PK" else write_csv(sheets[0], written)
    counted = Counter(line.verdict for line in lines)
    return QuestionsAnswered(
        questions=len(lines),
        answered=counted[Verdict.ANSWERED.value],
        look=counted[Verdict.LOOK.value],
        not_covered=counted[Verdict.NOT_COVERED.value],
        sheets_without_questions=[each.name for each in sheets if not each.questions],
        lines=lines,
        content_base64=base64.b64encode(made).decode(),
    )


def _content(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise QuestionnaireUnreadableError("The file is no base64.") from error


def _line(sheet: Sheet, asked: Asked, statements: Statements, base_url: str) -> AnswerLine:
    found = answer_to(asked.text, statements.statements, statements.phrases)
    best = found.matches[0] if found.matches else None
    is_answer = found.verdict is Verdict.ANSWERED and best is not None
    return AnswerLine(
        sheet=sheet.name,
        row=asked.row + 1,
        id=asked.identifier,
        question=asked.text,
        verdict=found.verdict.value,
        answer=_answer(found),
        evidence="\n".join(_evidence(each, base_url) for each in _named(found)),
        control="\n".join(EVERY_CONTROL[each.control].name for each in _named(found)),
        sure=found.sureness.value if is_answer else "",
        score=best.score if best else 0,
        why=_why(found),
        candidates=[
            Candidate(
                statement=each.statement.id,
                title=each.statement.title,
                control=each.statement.control,
                score=each.score,
                terms=list(each.terms),
            )
            for each in found.matches
        ],
    )


def _named(found: Answered) -> tuple[Statement, ...]:
    """Return the statements whose evidence is named, each control once."""
    if found.verdict is Verdict.NOT_COVERED:
        return ()
    by_control = {each.statement.control: each.statement for each in reversed(found.matches) if each.statement.control}
    return tuple(reversed(by_control.values()))


def _answer(found: Answered) -> str:
    if found.verdict is Verdict.NOT_COVERED:
        return "Not covered."
    if found.verdict is Verdict.LOOK:
        return f"Look at it: {' or '.join(_short(each) for each in found.matches)}."
    statement = found.matches[0].statement
    return f"{statement.answer} Not reached: {statement.limit[:1].lower()}{statement.limit[1:]}"


def _short(match: Match) -> str:
    named = match.statement.title
    return f"“{named}”" if match.statement.answer else f"not covered (“{named}”)"


def _evidence(statement: Statement, base_url: str) -> str:
    return f"{base_url}/assurance/controls/{statement.control}"


def _why(found: Answered) -> str:
    if not found.matches:
        return NOT_SAID
    scores = "; ".join(
        f"{each.statement.title}: score {each.score} from {', '.join(each.terms)}" for each in found.matches
    )
    if found.verdict is Verdict.NOT_COVERED:
        return f"{found.matches[0].statement.limit} ({scores})"
    return scores
