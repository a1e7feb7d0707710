"""How answers about consent read on a terminal."""

from __future__ import annotations

from fairkeeper.cli.forms.consent import checked_text

FINDING = {
    "code": "consent.reason_missing",
    "level": "error",
    "message": "Nothing says why “Sort” needs Sites.Selected.",
    "remedy": "Say it in plain words.",
    "file": "plan.yaml",
    "line": 12,
    "path": "features/0/permissions/0",
    "subject": "sort",
    "explained_by": "Tenant linking",
    "address": None,
}


def checked(*findings: dict[str, object], version: int | None = 1) -> str:
    counts = {"features": 2, "permissions": 3} if version else {"features": None, "permissions": None}
    file = {"file": "plan.yaml", "version": version, **counts, "errors": len(findings), "warnings": 0}
    answer = {
        "files": [file],
        "findings": list(findings),
        "catalogue_dated_on": "2026-08-07",
        "policy_dated_on": "2026-01-31",
    }
    return checked_text(answer, width=80)


def test_a_clean_plan_is_told_with_what_it_was_held_against() -> None:
    assert checked() == (
        "plan.yaml: version 1, 2 features, 3 permissions, no errors\n\n"
        "0 errors, 0 warnings; permissions as of 2026-08-07, consent policy as of 2026-01-31."
    )


def test_a_finding_is_told_with_its_line_and_remedy() -> None:
    told = checked(FINDING)
    assert "plan.yaml: version 1, 2 features, 3 permissions, 1 error" in told
    assert "consent.reason_missing" in told
    assert "12" in told
    assert "Say it in plain words." in told


def test_a_file_that_cannot_be_read_has_no_counts() -> None:
    assert checked(FINDING, version=None).startswith("plan.yaml: 1 error\n")
