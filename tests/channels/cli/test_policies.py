"""The commands of policies: files read from disk, answers in words, exit codes, and no database."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.programs import Executor
from tests.channels.cli.conftest import Fairkeeper

EXAMPLES = Path(__file__).parents[3] / "examples" / "policies"
FINE = str(EXAMPLES / "mailbox.cedar")
NEXT = str(EXAMPLES / "mailbox-next.cedar")
TESTS = str(EXAMPLES / "mailbox-tests.yaml")


class WithoutDatabase(Installed):
    """An installation in which opening the database is a mistake."""

    def open_local(self) -> Executor:
        raise AssertionError("a check opened the database")


def test_the_shipped_policies_pass_without_a_database(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("policy", "check", FINE, programs=WithoutDatabase())
    assert (ran.code, ran.err, ran.out.strip()) == (0, "", "10 policies, 0 errors, 0 warnings.")


def test_the_shipped_tests_pass(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("policy", "test", FINE, TESTS, programs=WithoutDatabase())
    assert ran.code == 0
    assert ran.out.rstrip().endswith("13 passed, 0 failed.")
    assert "No test is answered by" not in ran.out


def test_a_test_that_fails_is_told_with_its_line_and_ends_with_one(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("policy", "test", NEXT, TESTS, "--json")
    assert ran.code == 1
    (finding,) = ran.json["findings"]
    assert finding["code"] == "policy.case_failed"
    assert finding["line"] == 40
    assert finding["message"] == "Expected approval; the policies answer automatic, by refund."


def test_a_difference_is_proved_or_shown(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("policy", "diff", FINE, NEXT)
    told = " ".join(ran.out.split())
    assert ran.code == 0
    assert "approval becomes automatic, where" in told
    assert "the amount is above 5000, and the amount is at most 10000" in told
    assert "The new policies: allows more. The old policies: allows nothing more." in told
    assert fairkeeper("policy", "diff", FINE, NEXT, "--must-narrow").code == 1
    assert fairkeeper("policy", "diff", NEXT, FINE, "--must-narrow").code == 0


def test_policies_are_explained(fairkeeper: Fairkeeper) -> None:
    told = " ".join(fairkeeper("policy", "explain", FINE).out.split())
    assert (
        "Never, whoever approves, if something that reached the call cannot be trusted and the tool's effect is \"irr"
        in told
    )


def test_several_files_are_one_set_and_findings_name_their_own(fairkeeper: Fairkeeper) -> None:
    faulty = str(EXAMPLES / "faults" / "use_unnamed.cedar")
    ran = fairkeeper("policy", "check", FINE, faulty, "--json")
    assert ran.code == 1
    found = {(each["code"], Path(each["file"]).name, each["line"]) for each in ran.json["findings"]}
    assert ("policy.use_unnamed", "use_unnamed.cedar", 2) in found


def test_a_customers_own_are_checked_as_such(fairkeeper: Fairkeeper) -> None:
    own = str(EXAMPLES / "contoso.cedar")
    assert fairkeeper("policy", "check", own, "--customer", "contoso").code == 0
    assert fairkeeper("policy", "check", own, "--customer", "fabrikam").code == 1


def test_a_template_becomes_policies_that_can_be_checked(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    values = '{"use": "settle-complaint", "limit": "5000", "currency": "EUR"}'
    ran = fairkeeper("policy", "fill", "write-below-limit", "refund", "--values", values)
    saved = tmp_path / "refund.cedar"
    saved.write_text(ran.out)
    assert fairkeeper("policy", "check", str(saved)).code == 0
    assert fairkeeper("policy", "fill", "write-below-limit", "refund", "--values", "{}").code == 2


@pytest.mark.parametrize(
    "content",
    [
        "tests: [",
        "[]",
        "tests: [{name: a}]",
        "tests: [{name: a, expect: allowed}]",
        "tests: [{name: a, expect: never, by: a}]",
    ],
)
def test_a_test_file_that_says_something_else_is_refused(fairkeeper: Fairkeeper, tmp_path: Path, content: str) -> None:
    file = tmp_path / "tests.yaml"
    file.write_text(content)
    ran = fairkeeper("policy", "test", FINE, str(file), "--json")
    assert ran.code == 1
    assert {each["code"] for each in ran.json["findings"]} <= {"policy.case_file_unreadable", "policy.case_refused"}
