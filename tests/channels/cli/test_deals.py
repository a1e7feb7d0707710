"""The commands of the room of deals: files read from disk, findings in full, exit codes, and no database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.programs import Executor
from tests.channels.cli.conftest import Fairkeeper

EXAMPLES = Path(__file__).parents[3] / "examples" / "deals"
FINE = str(EXAMPLES / "three-years.yaml")
FAULTY = str(EXAMPLES / "faults" / "total_mismatch.yaml")


class WithoutDatabase(Installed):
    """An installation in which opening the database is a mistake."""

    def open_local(self) -> Executor:
        raise AssertionError("a check opened the database")


@pytest.mark.parametrize("words", [("check", FINE), ("price", FINE), ("sheet", FINE), ("assumptions",)])
def test_checks_open_no_database(fairkeeper: Fairkeeper, words: tuple[str, ...]) -> None:
    dated = () if words == ("assumptions",) else ("--as-of", "2024-11-30")
    ran = fairkeeper("deals", *words, *dated, programs=WithoutDatabase())
    assert (ran.code, ran.err) == (0, "")


def test_several_files_are_checked_at_once_and_an_error_ends_with_one(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("deals", "check", FINE, FAULTY, "--as-of", "2024-11-30", "--json")
    assert ran.code == 1
    assert [file["errors"] for file in ran.json["files"]] == [0, 1]
    (finding,) = ran.json["findings"]
    assert (finding["code"], finding["file"], finding["line"]) == ("deals.total_mismatch", FAULTY, 23)


def test_a_finding_is_told_in_full(fairkeeper: Fairkeeper) -> None:
    told = " ".join(fairkeeper("deals", "check", FAULTY, "--as-of", "2025-01-31").out.split())
    assert "error deals.total_mismatch (line 23, plans/0/agreed_total)" in told
    assert "0.01 USD less than the agreed 1000000.00 USD." in told
    assert "Correct the line that is wrong" in told
    assert "1 error, 0 warnings, as of 2025-01-31." in told


def test_what_is_typed_into_standard_input_is_read(
    fairkeeper: Fairkeeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("Date\tAmount\nstart\t1,000.00\n2025-07-01\t2000\n", encoding="utf-8")
    with path.open(encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        words = ("--starts-on", "2025-01-01", "--term-months", "12", "--pattern", "pasted", "--pasted", "-")
        ran = fairkeeper("deals", "build", "3001", *words, "--json")
    assert ran.code == 0
    assert [line["amount"] for line in ran.json["lines"]] == ["1000.00", "2000.00"]
    assert ran.json["moved_by"] == "-1.00"


def test_a_warning_alone_is_fine(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("deals", "check", str(EXAMPLES / "faults" / "start_past.yaml"), "--as-of", "2025-02-10")
    assert ran.code == 0
    assert "warning deals.start_past" in ran.out


def test_an_assumption_can_be_switched_off(fairkeeper: Fairkeeper) -> None:
    path = str(EXAMPLES / "faults" / "start_not_month_start.yaml")
    dated = ("--as-of", "2025-01-31")
    assert fairkeeper("deals", "check", path, *dated).code == 1
    assert fairkeeper("deals", "check", path, *dated, "--without", "month_boundaries").code == 0
    assert fairkeeper("deals", "check", path, *dated, "--without", "gravity").code == 2


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_a_mistake_of_usage(
    fairkeeper: Fairkeeper, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "deal.yaml"
    if content is not None:
        path.write_bytes(content)
    ran = fairkeeper("deals", "check", str(path), "--json")
    assert (ran.code, ran.error["code"]) == (2, "cli.file")


def test_no_file_is_a_mistake_of_usage(fairkeeper: Fairkeeper) -> None:
    assert fairkeeper("deals", "check").code == 2


def test_a_file_with_a_mark_at_its_beginning_is_read(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_text(Path(FINE).read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert fairkeeper("deals", "check", str(path), "--as-of", "2024-11-30").code == 0


def test_the_sheet_names_the_way_and_every_installment(fairkeeper: Fairkeeper) -> None:
    told = fairkeeper("deals", "sheet", FINE, "--as-of", "2024-11-30").out
    assert "Configure pricing > Billing frequency > Flexible schedule" in told
    for words in ("2,000,000.00 USD", "Setup fee – 1st month", "30,000,000.00 USD", "Total 80,000,000.00 USD"):
        assert words in told


def test_a_faulty_deal_gives_no_sheet_and_no_price(fairkeeper: Fairkeeper) -> None:
    for words in (("sheet", FAULTY), ("price", FAULTY)):
        ran = fairkeeper("deals", *words, "--as-of", "2025-01-31")
        assert ran.code == 1
        assert "deals.total_mismatch" in ran.out


def test_an_alternative_stands_beside_a_deal(fairkeeper: Fairkeeper) -> None:
    other = str(EXAMPLES / "one-year-by-quarter.yaml")
    ran = fairkeeper("deals", "price", FINE, "--against", other, "--as-of", "2024-11-30", "--json")
    rows = {row["quarter"]: row for row in ran.json["quarters"]}
    assert (rows["2025 Q2"]["other_charged"], rows["2025 Q2"]["other_paid"]) == ("3000000.00", "1940000.00")
    assert rows["2027 Q3"]["other_ahead"] == "-67900000.00"


def test_the_printed_schedule_is_a_part_of_a_file(fairkeeper: Fairkeeper) -> None:
    words = ("--starts-on", "2025-02-01", "--term-months", "12", "--pattern", "quarterly", "--json")
    built = fairkeeper("deals", "build", "1000000", *words).json
    assert json.loads(json.dumps(built))["yaml"].startswith("schedule:\n- charge: at_start\n")
    assert built["lines"][-1]["running_total"] == built["total"] == "1000000.00"
