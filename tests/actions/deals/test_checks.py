"""The room's checks as operations: what they take, what they answer, without database and sign-in."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fairkeeper.action.operation import Operation, OperationKind, TextFile
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.deals.actions.build_schedule import BuildSchedule, Pattern, build_schedule
from fairkeeper.deals.actions.check_file import CheckFiles, NoInput, check_files, list_assumptions
from fairkeeper.deals.actions.price_file import PriceFile, price_file
from fairkeeper.deals.actions.print_sheet import PrintSheet, print_sheet
from fairkeeper.deals.assumptions import ASSUMPTIONS
from fairkeeper.deals.deal import Agreement, Side
from fairkeeper.deals.errors import NotPricedError, PatternRefusedError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.operations import OPERATIONS
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.errors import AmountRefusedError, CurrencyUnknownError
from tests.unit.deals.builders import AS_OF, EXAMPLES, a_deal, a_multiparty_deal, a_plan


def example(name: str) -> TextFile:
    return TextFile(name=f"{name}.yaml", text=(EXAMPLES / f"{name}.yaml").read_text("utf-8"))


def written(**changes: Any) -> TextFile:
    return TextFile(name="deal.yaml", text=write_deal(a_deal(**changes)))


def run(operation: Operation, request: Any) -> Any:
    """The answer as a program gets it."""
    return TypeAdapter(operation.result).dump_python(operation.function(request), mode="json")


def test_all_are_registered_as_checks() -> None:
    registry = make_registry()
    assert all(registry.get(operation.name) is operation for operation in OPERATIONS)
    checks = {operation.name.partition(".")[2] for operation in OPERATIONS if operation.kind is OperationKind.CHECK}
    assert checks >= {"check_file", "list_assumptions", "price_file", "build_schedule", "print_sheet"}
    assert checks >= {"read_deal_list", "read_market_prices", "write_market_prices"}


def test_a_sound_file_has_no_findings() -> None:
    answer = run(check_files, CheckFiles(files=[example("three-years")], as_of=date(2024, 11, 30)))
    assert answer["findings"] == []
    (file,) = answer["files"]
    assert (file["name"], file["installments"], file["total"]) == ("Contoso three years", 7, "80000000.00")


def test_a_plan_id_of_one_file_is_taken_for_the_next() -> None:
    answer = run(check_files, CheckFiles(files=[written(), written()], as_of=AS_OF))
    assert [finding["code"] for finding in answer["findings"]] == ["deals.plan_id_taken"]


def test_an_unreadable_file_hides_no_other() -> None:
    files = [TextFile(name="bad.yaml", text="[1"), example("faults/total_mismatch")]
    answer = run(check_files, CheckFiles(files=files, as_of=AS_OF))
    assert [file["errors"] for file in answer["files"]] == [1, 1]
    assert answer["files"][0]["total"] is None


def test_todays_date_is_taken_where_none_is_named() -> None:
    answer = run(check_files, CheckFiles(files=[example("two-free-months")]))
    assert "deals.accept_by_past" in {finding["code"] for finding in answer["findings"]}


def test_a_finding_says_who_explains_it_and_on_what_it_rests() -> None:
    (finding,) = run(check_files, CheckFiles(files=[example("faults/zero_charge")], as_of=AS_OF))["findings"]
    assert finding["explained_by"] == "Flexible billing schedule"
    assert finding["address"].startswith("https://learn.microsoft.com/")
    assert finding["assumption"] == "charge_above_zero"


@pytest.mark.parametrize("files", [[], [TextFile(text="x")] * 101])
def test_the_number_of_files_is_limited(files: list[TextFile]) -> None:
    with pytest.raises(ValidationError):
        CheckFiles(files=files)


def test_the_assumptions_are_listed() -> None:
    assert [row["key"] for row in run(list_assumptions, NoInput())] == [each.key for each in ASSUMPTIONS]


def test_the_second_worked_deal_is_paid_by_quarter() -> None:
    answer = run(price_file, PriceFile(file=example("one-year-by-quarter"), as_of=date(2025, 2, 28)))
    assert [(line["charged_on"], line["fee"], line["earning"], line["paid_by"]) for line in answer["lines"]] == [
        ("2025-03-01", "60000.00", "1940000.00", "2025-06-15"),
        ("2025-06-01", "90000.00", "2910000.00", "2025-09-15"),
        ("2025-09-01", "60000.00", "1940000.00", "2025-12-15"),
        ("2025-12-01", "90000.00", "2910000.00", "2026-03-15"),
    ]
    assert (answer["fee_percent"], answer["agreement"], answer["counts_towards_commitment"]) == ("3", "mca", "unknown")


def test_an_attested_renewal_pays_half_the_fee() -> None:
    deal = read_deal(example("three-years").text).deal
    assert deal is not None
    text = example("three-years").text.replace(
        "  plans:", "  renewal_attestation: {qualifies: true, evidence: x}\n  plans:"
    )
    answer = run(price_file, PriceFile(file=TextFile(text=text), as_of=date(2024, 11, 30)))
    assert (answer["fee_percent"], answer["lines"][0]["fee"]) == ("1.5", "30000.00")


def test_the_fee_is_taken_on_the_channel_partners_price() -> None:
    deal = a_multiparty_deal(a_plan(adjustment=Percentage.parse("10")))
    answer = run(price_file, PriceFile(file=TextFile(text=write_deal(deal)), as_of=AS_OF))
    line = answer["lines"][0]
    assert (line["partner_price"], line["customer_price"], line["fee"]) == ("250000.00", "275000.00", "7500.00")
    assert answer["totals"][0]["adjustment_percent"] == "10"


def test_without_an_agreement_no_day_of_payout_is_told() -> None:
    file = TextFile(text=example("faults/end_before_start").text)
    assert run(price_file, PriceFile(file=file, as_of=AS_OF))["name"] is None
    unknown = TextFile(text=example("three-years").text.replace(", agreement: ea", ""))
    request = PriceFile(file=unknown, as_of=date(2024, 11, 30))
    assert run(price_file, request)["lines"][0]["paid_by"] is None
    named = request.model_copy(update={"agreement": Agreement.MCA})
    assert run(price_file, named)["lines"][0]["paid_by"] == "2025-03-15"


@pytest.mark.parametrize("other", ["faults/total_mismatch", "faults/ceiling_not_checked"])
def test_an_alternative_that_cannot_be_compared_is_refused(other: str) -> None:
    with pytest.raises(NotPricedError):
        price_file.function(PriceFile(file=written(), against=example(other), as_of=AS_OF))


def build(**changes: Any) -> BuildSchedule:
    given = {"total": "1000", "starts_on": date(2025, 2, 1), "term_months": 12, **changes}
    return BuildSchedule(**given)


@pytest.mark.parametrize(
    ("changes", "amounts"),
    [
        ({"every_months": 6}, ["500.00", "500.00"]),
        ({"pattern": Pattern.QUARTERLY, "setup_fee": "100"}, ["325.00", "225.00", "225.00", "225.00"]),
        ({"pattern": Pattern.QUARTERLY, "free_months": 6}, ["0.00", "500.00", "500.00"]),
        (
            {"pattern": Pattern.RAMP, "term_months": 24, "year_weights": [1, 3], "every_months": 12},
            ["250.00", "750.00"],
        ),
        ({"pattern": Pattern.FISCAL_YEAR}, ["410.96", "589.04"]),
        ({"currency": "JPY", "every_months": 4}, ["334", "333", "333"]),
    ],
)
def test_patterns_from_their_words(changes: dict[str, Any], amounts: list[str]) -> None:
    answer = run(build_schedule, build(**changes))
    assert [line["amount"] for line in answer["lines"]] == amounts
    assert answer["total"] == answer["lines"][-1]["running_total"]
    assert not answer["moved_by"].strip("0.")


def test_a_schedule_is_aligned_with_another_deals() -> None:
    answer = run(build_schedule, build(pattern=Pattern.ALIGNED, align_with=written()))
    assert [line["on"] for line in answer["lines"]] == [None, "2025-05-01", "2025-08-01", "2025-11-01"]


def test_a_pasted_schedule_is_told_by_how_much_it_differs() -> None:
    pasted = TextFile(text="start\t400\n2025-08-01\t500\n2025-09-01\tsoon")
    answer = run(build_schedule, build(pattern=Pattern.PASTED, pasted=pasted))
    assert (answer["total"], answer["moved_by"]) == ("900.00", "-100.00")
    assert [(finding["code"], finding["line"]) for finding in answer["findings"]] == [
        ("deals.pasted_row_unreadable", 3)
    ]


def test_the_written_schedule_is_read_as_it_was_built() -> None:
    answer = run(build_schedule, build(pattern=Pattern.QUARTERLY))
    head, _, _ = write_deal(a_deal()).partition("    schedule:")
    indented = "".join(f"    {line}\n" for line in answer["yaml"].splitlines())
    deal = read_deal(head + indented).deal
    assert deal is not None
    assert [charge.amount.to_decimal_text() for charge in deal.plans[0].schedule] == ["250.00"] * 4


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"pattern": Pattern.ALIGNED}, PatternRefusedError),
        ({"pattern": Pattern.ALIGNED, "align_with": TextFile(text="x")}, PatternRefusedError),
        ({"pattern": Pattern.PASTED}, PatternRefusedError),
        ({"pattern": Pattern.RAMP}, PatternRefusedError),
        ({"free_months": 12}, PatternRefusedError),
        ({"setup_fee": "1000.01"}, PatternRefusedError),
        ({"total": "0"}, PatternRefusedError),
        ({"total": "1.005"}, AmountRefusedError),
        ({"currency": "XXX"}, CurrencyUnknownError),
    ],
)
def test_what_cannot_be_built_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        build_schedule.function(build(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_on": date(1, 1, 1)},
        {"starts_on": date(9999, 12, 31)},
        {"term_months": 0},
        {"term_months": 601},
        {"every_months": 0},
        {"fiscal_year_starts": 0},
        {"free_months": -1},
    ],
)
def test_numbers_beyond_any_contract_are_refused_before_they_are_reckoned_with(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        build(**changes)


def test_a_sheet_is_for_one_side() -> None:
    deal = a_multiparty_deal(a_plan(adjustment=Percentage.parse("10")))
    file = TextFile(text=write_deal(deal))
    ours = run(print_sheet, PrintSheet(file=file, as_of=AS_OF))["sheet"]
    theirs = run(print_sheet, PrintSheet(file=file, as_of=AS_OF, side=Side.CHANNEL_PARTNER))["sheet"]
    assert (ours["side"], theirs["side"]) == ("originator", "channel_partner")
    assert theirs["pages"][-1]["total"] == "1,100,000.00 USD"


def test_a_faulty_file_has_no_sheet() -> None:
    answer = run(print_sheet, PrintSheet(file=example("faults/total_mismatch"), as_of=AS_OF))
    assert answer["sheet"] is None
    assert [finding["code"] for finding in answer["findings"]] == ["deals.total_mismatch"]
