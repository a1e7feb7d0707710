"""A questionnaire in any layout gets answers by counted terms, two to choose from, or "not covered"; never a guess."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import python_calamine
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.assurance.errors import QuestionnaireUnreadableError, StatementsUnreadableError
from fairkeeper.assurance.posture.answers.answering import AnswerQuestions, answer_questions, fill_in
from fairkeeper.assurance.posture.answers.matching import Sureness, Verdict, answer_to
from fairkeeper.assurance.posture.answers.questionnaire import find_columns, read_questionnaire
from fairkeeper.assurance.posture.answers.statements import read_statements, shipped

EXAMPLE = (Path(__file__).parents[3] / "examples/questionnaires/contoso-security.csv").read_bytes()

EXPECTED = {
    "AC-1": "sign_in", "AC-2": "sign_in", "AC-3": "roles", "AC-4": "leavers", "AC-5": "not covered",
    "DA-1": "separation", "DA-2": "look", "DA-3": "retention", "DA-4": "erasure", "DA-5": "subjects",
    "DA-6": "not covered", "DA-7": "not covered", "AI-1": "labels", "AI-2": "approvals", "AI-3": "containment",
    "AI-4": "monitoring", "AI-5": "evaluation", "AI-6": "not covered", "AI-7": "not covered", "LO-1": "evidence",
    "LO-2": "forwarding", "LO-3": "look", "IN-1": "incidents", "IN-2": "incidents", "OP-1": "inventory",
    "OP-2": "not covered", "OP-3": "not covered", "OP-4": "not covered", "OP-5": "not covered",
}  # fmt: skip

OTHERS = {
    "Are physical access controls in place at your data centres?": "not covered",
    "Please list all subprocessors that process personal data.": "not covered",
    "Do you hold cyber insurance?": "not covered",
    "Is your source code developed under a secure development lifecycle with code review?": "not covered",
    "Is anti-virus software installed on all laptops?": "not covered",
    "Are firewalls used to segment the network?": "not covered",
    "What is your uptime commitment (SLA)?": "not covered",
    "Which Microsoft Graph permissions does your application request, and why?": "consent",
    "Does the agent act on behalf of the signed-in user?": "delegation",
    "Do you support legal hold?": "holds",
    "Are client secrets stored encrypted?": "secrets",
    "Is the agent's access to sensitive data limited to the least privilege?": "data_grants",
    "Is the weather nice where you are?": "not covered",
}
"""Worded otherwise than the example, and not looked at when terms were chosen for it."""


def became(line: object) -> str:
    verdict = getattr(line, "verdict", "")
    return verdict if verdict != "answered" else str(getattr(line, "candidates", [])[0].control)


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    for name, rows in sheets.items():
        page = book.add_worksheet(name)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    book.close()
    return content.getvalue()


def cells(content: bytes, sheet: str) -> list[list[str]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [[str(cell) for cell in row] for row in book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)]


def test_every_question_of_the_example_gets_what_is_expected() -> None:
    made = fill_in(EXAMPLE, base_url="https://desk.example/")
    assert {line.id: became(line) for line in made.lines} == EXPECTED
    assert (made.questions, made.answered, made.look, made.not_covered) == (29, 18, 2, 9)
    by_id = {line.id: line for line in made.lines}
    assert by_id["LO-1"].evidence == "https://desk.example/assurance/controls/evidence"
    assert by_id["LO-1"].sure == "sure"
    assert "log" in by_id["LO-1"].why
    assert "score" in by_id["LO-1"].why
    assert by_id["AC-5"].answer == "Not covered."
    assert not by_id["AC-5"].control
    assert not by_id["AC-5"].evidence


@pytest.mark.parametrize("question", OTHERS)
def test_other_words_for_the_same_get_what_is_expected(question: str) -> None:
    made = fill_in(f'Question\n"{question}"\n'.encode())
    assert became(made.lines[0]) == OTHERS[question]


def test_two_halves_of_one_question_are_looked_at_and_not_guessed() -> None:
    found = answer_to("Do you encrypt data at rest and in transit?", shipped().statements, shipped().phrases)
    assert found.verdict is Verdict.LOOK
    assert [each.statement.id for each in found.matches] == ["at_rest", "transit"]
    assert found.sureness is Sureness.NONE


def test_a_tie_names_both_in_a_stated_order() -> None:
    text = """
covered:
  - {id: b, control: roles, title: second, answer: B, limit: none, terms: {colour: 5}}
  - {id: a, control: sign_in, title: first, answer: A, limit: none, terms: {colour: 5}}
"""
    made = fill_in(b"Question\nWhich colour is it?\n", own_statements=text)
    assert made.lines[0].verdict == "look"
    assert made.lines[0].answer == "Look at it: “first” or “second”."


def test_a_term_that_rules_out_and_one_that_needs_both() -> None:
    text = """
synonyms: {hue: [colour, tint of]}
covered:
  - {id: a, control: roles, title: one, answer: A, limit: none, terms: {hue + wall: 5, -green: 0}}
"""
    held = read_statements(text)

    def verdict(question: str) -> Verdict:
        return answer_to(question, held.statements, held.phrases).verdict

    assert verdict("Is the tint of your walls known?") is Verdict.ANSWERED
    assert verdict("Is the colour known?") is Verdict.NOT_COVERED
    assert verdict("Is the colour of the wall green?") is Verdict.NOT_COVERED


@given(st.text(max_size=120))
def test_any_question_whatever_has_one_answer_and_a_reason(question: str) -> None:
    held = shipped()
    found = answer_to(question, held.statements, held.phrases)
    assert found == answer_to(question, held.statements, held.phrases)
    if found.verdict is Verdict.ANSWERED:
        (only,) = found.matches
        assert only.score >= 4
        assert only.terms
    if found.verdict is Verdict.LOOK:
        assert len(found.matches) > 1


def test_columns_are_found_by_heading_below_a_title_and_by_content_without_one() -> None:
    titled = [
        ["Supplier form"],
        ["v2"],
        ["No.", "Domain", "Control question", "Answer"],
        ["1", "A", "Do you keep logs?", ""],
    ]
    by_heading = find_columns(titled)
    assert by_heading is not None
    assert (by_heading.question, by_heading.identifier, by_heading.answer, by_heading.header_row) == (2, 0, 3, 2)
    bare = [["A", "x"], ["1.1", "Do you keep logs?"], ["1.2", "Describe your backups in detail."], ["", "Thank you."]]
    by_content = find_columns(bare)
    assert by_content is not None
    assert (by_content.question, by_content.identifier, by_content.found_by) == (1, 0, "content")
    assert find_columns([["Name", "Value"], ["Contoso", "1"]]) is None


def test_a_workbook_comes_back_with_every_sheet_ids_and_answers_and_nothing_runs() -> None:
    content = workbook(
        {
            "Read me": [["Fill in the next sheet"]],
            "Questions": [
                ["ID", "Question", "Note"],
                ["Q-7", "Do you provide an SBOM?", "=1+1 is a note"],
                ["", "Section B", ""],
                [8, "What is the colour of your logo?", "@SUM(A1)"],
            ],
        }
    )
    made = fill_in(content)
    assert [(line.id, line.row, line.verdict) for line in made.lines] == [
        ("Q-7", 2, "answered"),
        ("8", 4, "not covered"),
    ]
    assert made.sheets_without_questions == ["Read me"]
    back = base64.b64decode(made.content_base64)
    rows = cells(back, "Questions")
    assert rows[0] == ["ID", "Question", "Note", "Answer", "Evidence", "Control", "How sure", "Why"]
    assert rows[1][:3] == ["Q-7", "Do you provide an SBOM?", "=1+1 is a note"]
    assert rows[1][3].startswith("Yes. Every installed package")
    assert rows[2][3:] == ["", "", "", "", ""]
    assert rows[3][3] == "Not covered."
    assert cells(back, "Read me") == [["Fill in the next sheet"]]
    with zipfile.ZipFile(io.BytesIO(back)) as archive:
        assert all(b"<f>" not in archive.read(name) for name in archive.namelist() if "worksheets" in name)
        assert b'quotePrefix="1"' in archive.read("xl/styles.xml")


def test_a_text_that_would_run_is_marked_in_a_csv_file_and_a_given_answer_stays() -> None:
    made = fill_in(EXAMPLE)
    text = base64.b64decode(made.content_base64).decode("utf-8-sig")
    rows = {row[0]: row for row in csv.reader(io.StringIO(text))}
    assert rows["OP-5"][3] == '\'=HYPERLINK("http://contoso.example")'
    assert rows["OP-5"][-1].startswith("It was answered already; from here it would be: Not covered.")
    assert rows["AC-1"][3].startswith("Yes. People sign in")
    assert rows["Ref"][4:] == ["Evidence", "Control", "How sure", "Why"]


def test_a_question_that_is_a_formula_for_a_spreadsheet_is_written_as_text() -> None:
    made = fill_in(b"Question\n=cmd|' /C calc'!A0 do you keep an audit log?\n-2+3 do you keep an audit log?\n")
    text = base64.b64decode(made.content_base64).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def bomb(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    content = bomb({"xl/workbook.xml": b"<workbook/>", "xl/media/image.png": bytes(70_000_000)})
    assert len(content) < 100_000
    with pytest.raises(QuestionnaireUnreadableError, match="unpacks to more than 60 MB"):
        read_questionnaire(content)


def test_a_sheet_whose_one_cell_stands_at_the_end_of_the_world_is_refused_before_it_is_read() -> None:
    sheet = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    fine = workbook({"Questions": [["Question"], ["Do you keep an audit log?"]]})
    with zipfile.ZipFile(io.BytesIO(fine)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with pytest.raises(QuestionnaireUnreadableError, match="reaches to row 1,048,576"):
        read_questionnaire(bomb({**parts, "xl/worksheets/sheet1.xml": sheet}))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04broken", b"\xff\xfe\x00", b"Name,Value\nContoso,1\n", bomb({"word/document.xml": b"<a/>"})],
)
def test_what_is_no_questionnaire_is_refused_with_a_remedy(content: bytes) -> None:
    with pytest.raises(QuestionnaireUnreadableError) as refused:
        read_questionnaire(content)
    assert refused.value.remedy


@given(st.binary(max_size=400))
def test_any_bytes_whatever_are_read_or_refused(content: bytes) -> None:
    for given_bytes in (content, b"PK\x03\x04" + content, b"Question\n" + content):
        with suppress(QuestionnaireUnreadableError):
            assert fill_in(given_bytes).questions


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("covered: [", "no YAML"),
        ("covered: []", "covered"),
        ("covered: [{id: a, control: nothing, title: t, answer: a, limit: l, terms: {x: 1}}]", "'nothing'"),
        ("covered: [{id: a, control: roles, title: t, answer: a, limit: l, terms: {x: 10}}]", "weight"),
        ("covered: [{id: a, control: roles, title: t, answer: a, limit: l, terms: {'???': 2}}]", "without words"),
    ],
)
def test_statements_that_cannot_be_used_say_where(text: str, told: str) -> None:
    with pytest.raises(StatementsUnreadableError, match=told):
        read_statements(text)


def test_the_shipped_statements_promise_nothing_that_nobody_can_and_each_is_reachable() -> None:
    held = shipped()
    told = " ".join(f"{each.answer} {each.limit}" for each in held.statements).lower()
    assert "complian" not in told
    assert "certified" not in told
    for each in held.statements:
        # Its own terms alone, put one after the other, lead to it or to a choice that has it.
        question = " . ".join(
            " ".join(" ".join(part) for part in term.parts) for term in each.terms if not term.rules_out
        )
        found = answer_to(question.replace("_", " "), held.statements, held.phrases)
        assert found.matches, each.id


def test_the_operation_takes_a_file_in_base64_and_refuses_what_is_none() -> None:
    sent = base64.b64encode(EXAMPLE).decode()
    assert answer_questions.function(AnswerQuestions(questionnaire_base64=sent)).questions == 29
    with pytest.raises(QuestionnaireUnreadableError, match="base64"):
        answer_questions.function(AnswerQuestions(questionnaire_base64="?"))


def test_the_example_says_nothing_that_the_expectations_do_not() -> None:
    ids = {row[0] for row in csv.reader(io.StringIO(EXAMPLE.decode())) if "-" in row[0]}
    assert ids == set(EXPECTED)
