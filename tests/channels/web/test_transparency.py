"""The transparency page and the approval page, tried with the interpretability questions on their scoring sheets.

The answers are taken from what was registered and decided, and looked for in the section that the sheet names; a page
that moves or drops one scores less than everything, and the test says which question lost it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fairkeeper.assurance.transparency.questions import Reader, Scored, questions_for, score_page
from fairkeeper.web.format import when_text
from tests.channels.parameters import FILLINGS
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor
from tests.channels.web.markup import Element


def sections_of(page: Element) -> dict[str, str]:
    """Return the text of each section by its id; what stands above an approval's sections as `will`."""
    found = {each.attributes.get("aria-labelledby", ""): each.text for each in page.all("section")}
    found["will"] = " ".join(
        each.text for name in ("approval-will", "cannot-undo") for each in page.all("p", class_=name)
    )
    return found


def lost(scores: tuple[Scored, ...]) -> list[str]:
    return [f"{each.question.id}: {each.points} of {each.most}" for each in scores if each.points < each.most]


def of_contoso(stage: Stage, table: str) -> list[Mapping[str, Any]]:
    return [row for row in stage.rows.kept[table].values() if row["customer_id"] == stage.contoso.customer_id]


def test_every_question_of_a_customers_reader_is_answered_in_its_section(
    customer: Visitor, sqlite_stage: Stage
) -> None:
    agent_id = FILLINGS["agent_id"].own(sqlite_stage, sqlite_stage.contoso)
    told = customer.get(f"/agents/{agent_id}/transparency")
    assert told.status_code == 200, told.text[-800:]
    use = next(row for row in of_contoso(sqlite_stage, "intended_use") if row["agent_id"] == agent_id)
    grant = next(row for row in of_contoso(sqlite_stage, "data_grant") if row["agent_id"] == agent_id)
    agent = next(row for row in of_contoso(sqlite_stage, "agent") if row["agent_id"] == agent_id)
    answers = {
        "purpose": [str(use["title"]), str(use["business_context"])],
        "not_for": ["Not for", "; ".join(use["not_for"]) or "nothing is named"],
        "errors": ["No kind of error is recorded", "looked at by nobody"],
        "alone": ["Write for Contoso", "without asking"],
        "asks": ["Send for Contoso", "a person approved"],
        "reason": [f"For “{use['title']}”"],
        "data": [str(grant["data_class"]), str(grant["owner"]), " ".join(when_text(grant["ends_at"]).split())],
        "accountable": [str(agent["accountable"])],
        "evaluation": ["Passed", "it holds for this version"],
        "incidents": ["Open", "Other"],
        "stop": ["Pause it", "its next call is refused"],
        "held": ["It is not stopped."],
    }
    assert set(answers) == {each.id for each in questions_for(Reader.CUSTOMER)}
    scores = score_page(Reader.CUSTOMER, sections_of(customer.page), answers)
    assert not lost(scores), (lost(scores), sections_of(customer.page))
    for internal in ("digest of", "sha256", agent["agent_id"]):
        assert str(internal) not in customer.page.all("main")[0].text


def test_every_question_of_an_approver_is_answered_in_its_section(customer: Visitor, sqlite_stage: Stage) -> None:
    approval_id = FILLINGS["approval_id"].own(sqlite_stage, sqlite_stage.contoso)
    told = customer.get(f"/approvals/{approval_id}")
    assert told.status_code == 200, told.text[-800:]
    row = next(each for each in of_contoso(sqlite_stage, "approval") if each["approval_id"] == approval_id)
    use = next(each for each in of_contoso(sqlite_stage, "intended_use") if each["use_id"] == row["use_id"])
    arguments = json.loads(str(row["arguments"]))
    answers = {
        "action": [str(row["tool_name"]), "Assistant of Contoso"],
        "values": [text for name, value in arguments.items() for text in (name, str(value))],
        "cause": ["once a person approved each call"],
        "use": [str(use["title"])],
        "origin": [str(row["task_id"])],
        "undo": ["changes something"],
        "silence": ["Ends", " ".join(when_text(row["ends_at"]).split())],
        "bound": ["Bound to", "tool, arguments, customer, environment, person and task"],
    }
    assert set(answers) == {each.id for each in questions_for(Reader.APPROVER)}
    scores = score_page(Reader.APPROVER, sections_of(customer.page), answers)
    assert not lost(scores), (lost(scores), sections_of(customer.page))


def test_another_customers_agent_has_no_such_page(customer: Visitor, sqlite_stage: Stage) -> None:
    agent_id = FILLINGS["agent_id"].own(sqlite_stage, sqlite_stage.fabrikam)
    assert customer.get(f"/agents/{agent_id}/transparency").status_code == 404
