"""A questionnaire from a file to a file with answers, without a database."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from tests.channels.cli.conftest import Fairkeeper
from tests.channels.cli.test_deals import WithoutDatabase

EXAMPLE = Path(__file__).parents[3] / "examples" / "questionnaires" / "contoso-security.csv"


def test_a_questionnaire_is_written_back_beside_the_one_that_came(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    sent = tmp_path / "questions.csv"
    shutil.copyfile(EXAMPLE, sent)
    ran = fairkeeper("posture", "answers", str(sent), "--base-url", "https://desk.example", programs=WithoutDatabase())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("29 questions: 18 answered, 2 to look at, 9 not covered.\n")
    assert "LO-1: Are audit logs protected against tampering?\n      sure (score 11): The record cannot be" in ran.out
    with (tmp_path / "questions-answered.csv").open(encoding="utf-8-sig", newline="") as written:
        rows = {row[0]: row for row in csv.reader(written)}
    assert rows["LO-1"][4] == "https://desk.example/assurance/controls/evidence"
    assert rows["OP-2"][3] == "Not covered."


def test_everything_is_told_in_json_and_the_file_goes_where_it_is_asked_for(
    fairkeeper: Fairkeeper, tmp_path: Path
) -> None:
    target = tmp_path / "made.csv"
    ran = fairkeeper("posture", "answers", str(EXAMPLE), "-o", str(target), "--json", programs=WithoutDatabase())
    assert ran.code == 0
    assert (ran.json["questions"], ran.json["file"]) == (29, str(target))
    assert "content_base64" not in ran.json
    line = next(each for each in ran.json["lines"] if each["id"] == "DA-2")
    assert [each["statement"] for each in line["candidates"]] == ["at_rest", "transit"]
    assert target.exists()


def test_a_file_that_is_none_and_statements_that_are_none_end_with_a_refusal(
    fairkeeper: Fairkeeper, tmp_path: Path
) -> None:
    nowhere = fairkeeper("posture", "answers", str(tmp_path / "nowhere.xlsx"), "--json")
    assert (nowhere.code, nowhere.error["code"]) == (2, "cli.file")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and nothing more")
    refused = fairkeeper("posture", "answers", str(broken), "--json")
    assert (refused.code, refused.error["code"]) == (2, "assurance.questionnaire_unreadable")
    bad = tmp_path / "statements.yaml"
    bad.write_text("covered: []", encoding="utf-8")
    unusable = fairkeeper("posture", "answers", str(EXAMPLE), "--statements", str(bad), "--json")
    assert unusable.error["code"] == "assurance.statements_unreadable"
