"""The scoring sheet: what a page scores, and what readers have to reach."""

from __future__ import annotations

import pytest

from fairkeeper.assurance.transparency.questions import QUESTIONS, Reader, score_page, scored


def test_an_answer_in_its_section_counts_two_elsewhere_one_and_missing_nothing() -> None:
    sections = {"uses": "Letters of complaint", "stop": "It is not stopped."}
    answers = {"purpose": ["Letters"], "not_for": ["not stopped"], "errors": ["numbers"]}
    found = {each.question.id: each for each in score_page(Reader.CUSTOMER, sections, answers)}
    assert (found["purpose"].points, found["not_for"].points, found["errors"].points) == (2, 1, 0)
    assert found["purpose"].is_met
    assert not found["not_for"].is_met
    assert not found["held"].is_met  # nobody was asked


def test_an_essential_question_needs_nine_tenths_and_another_seven() -> None:
    found = {
        each.question.id: each for each in scored(Reader.CUSTOMER, {"stop": [2, 2, 2, 2, 1], "purpose": [2, 1, 1]})
    }
    assert found["stop"].is_met
    assert not found["purpose"].is_met
    assert not next(each for each in scored(Reader.CUSTOMER, {"stop": [2, 1]}) if each.question.id == "stop").is_met


@pytest.mark.parametrize("points", [{"purpose": [3]}, {"nothing": [1]}, {"purpose": [-1]}])
def test_what_is_not_on_the_sheet_is_refused(points: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match=r"points|question"):
        scored(Reader.CUSTOMER, points)


def test_each_question_has_an_id_of_its_own() -> None:
    assert len({(each.reader, each.id) for each in QUESTIONS}) == len(QUESTIONS)
