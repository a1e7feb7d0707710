"""Deals from files: all faults at once, lines kept, nothing guessed, nothing hostile let in."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given

from fairkeeper.action.document import Number, read_document
from fairkeeper.deals.checks.checking import check_reading
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import Deal
from fairkeeper.deals.files.kinds import TEXT_FAULTS
from fairkeeper.deals.files.reading import Reading, read_deal
from fairkeeper.deals.files.writing import to_document, write_deal
from tests.unit.deals.builders import AS_OF, EXAMPLES, a_deal, a_plan, deals

SOUND = write_deal(a_deal())


def codes(reading: Reading) -> set[str]:
    return {finding.code for finding in reading.findings}


def changed(old: str, new: str) -> Reading:
    assert old in SOUND
    return read_deal(SOUND.replace(old, new, 1), file="deal.yaml")


@given(deals())
def test_a_deal_survives_its_file_in_both_forms(deal: Deal) -> None:
    text = write_deal(deal)
    for written in (text, json.dumps(to_document(deal))):
        reading = read_deal(written)
        assert list(reading.findings) == []
        assert reading.deal == deal
        assert reading.deal is not None
        assert write_deal(reading.deal) == text


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = SOUND.replace("kind: customer", "kind: friend").replace("ends: 2026-01-31", "ends: soon")
    text = text.replace('amount: "250000.00"', "amount: 250000", 1)
    reading = read_deal(text)
    assert codes(reading) == {"deals.unknown_word", "deals.date_unreadable", "deals.amount_not_text"}


def test_a_fault_in_one_plan_leaves_the_rules_of_the_others() -> None:
    broken = a_plan(new_plan="contoso-second")
    text = write_deal(a_deal(broken, a_plan(term_months=6)))
    reading = read_deal(text.replace("price_model: flat_rate", "price_model: by_weight", 1))
    assert reading.deal is not None
    assert (reading.plan_numbers, reading.is_whole) == ((1,), False)
    found = check_reading(reading, Basis(as_of=AS_OF))
    paths = {finding.code: finding.path for finding in found}
    assert paths["deals.unknown_word"] == "plans/0/price_model"
    assert paths["deals.duration_too_short"] == "plans/1/term_months"


def test_rules_that_compare_plans_wait_until_all_can_be_read() -> None:
    rows = [a_plan(new_plan=f"contoso-{number}") for number in range(12)]
    text = write_deal(a_deal(*rows))
    whole = check_reading(read_deal(text), Basis(as_of=AS_OF))
    part = check_reading(read_deal(text.replace("flat_rate", "by_weight", 1)), Basis(as_of=AS_OF))
    assert "deals.too_many_plans" in {finding.code for finding in whole}
    assert {finding.code for finding in part} == {"deals.unknown_word"}


def test_a_finding_has_the_line_of_its_key() -> None:
    reading = changed("ends: 2026-01-31", "ends: 2026-02-31")
    (finding,) = reading.findings
    assert finding.row == SOUND.splitlines().index("  ends: 2026-01-31") + 1
    assert (finding.file, finding.path) == ("deal.yaml", "ends")


def test_a_missing_key_has_the_line_of_what_lacks_it() -> None:
    reading = changed('- offer: "fairmile-agent"\n    plan', "- plan")
    (finding,) = reading.findings
    assert (finding.code, finding.path) == ("deals.missing_key", "plans/0/offer")
    assert finding.row is not None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2025-02-30", "deals.date_unreadable"),
        ("1738368000", "deals.date_unreadable"),
        ("20250201", "deals.date_unreadable"),
        ("2025-02-01T00:00:00", "deals.date_unreadable"),
        ("0001-01-01", "deals.date_unreadable"),
        ("9999-12-31", "deals.date_unreadable"),
        ("[2025-02-01]", "deals.date_unreadable"),
        ("on acceptance", "deals.date_unreadable"),
    ],
)
def test_only_a_date_is_a_date(written: str, code: str) -> None:
    assert codes(changed("billing_starts: 2025-02-01", f"billing_starts: {written}")) == {code}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ('"1e6"', "deals.amount_unreadable"),
        ('"1 000"', "deals.amount_unreadable"),
        ('"$5"', "deals.amount_unreadable"),
        ('"٣"', "deals.amount_unreadable"),
        ('""', "deals.amount_unreadable"),
        ("1e6", "deals.amount_not_text"),
        ("1000", "deals.amount_not_text"),
        ("1000.10", "deals.amount_not_text"),
        ("[]", "deals.amount_unreadable"),
        ("true", "deals.amount_unreadable"),
        ('"1000.001"', "deals.currency_precision"),
    ],
)
def test_only_an_exact_text_is_an_amount(written: str, code: str) -> None:
    assert codes(changed('amount: "250000.00"', f"amount: {written}")) == {code}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("name: ", "name: 7 #", "deals.wrong_type"),
        ("term_months: 12", 'term_months: "12"', "deals.wrong_type"),
        ("term_months: 12", "term_months: 0", "deals.wrong_type"),
        ("term_months: 12", "term_months: 100000", "deals.wrong_type"),
        ("partner_program: true", "partner_program: yes", "deals.wrong_type"),
        ("currency: USD", "currency: usd", "deals.currency_unknown"),
        ("charge: at_start", "charge: at_end", "deals.unknown_word"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told(old: str, new: str, code: str) -> None:
    assert code in codes(changed(old, new))


def test_a_line_of_a_schedule_needs_one_day() -> None:
    assert codes(changed("    - charge: at_start\n      amount", "    - amount")) == {"deals.missing_key"}
    both = changed("    - charge: at_start\n", "    - charge: at_start\n      on: 2025-03-01\n")
    assert codes(both) == {"deals.missing_key"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "a: [1, 2",
        "a: &x 1\nb: *x",
        "a: !!python/object:os.system 1",
        "a: 1\n---\nb: 2",
        "? [a, b]\n: 1",
        "[" * 50 + "]" * 50,
        "{" * 3000,
        '{"a": ' * 3000 + "1" + "}" * 3000,
        '{"private_offer": ',
        "a: \x07",
        "\tkey: value",
    ],
)
def test_what_is_no_deal_is_refused_without_a_crash(text: str) -> None:
    reading = read_deal(text)
    assert reading.deal is None
    assert codes(reading) <= {"deals.file_unreadable", "deals.unknown_key", "deals.missing_key"}
    assert reading.findings


@pytest.mark.parametrize("text", ["just words", "[1, 2]", "private_offer", "private_offer: []", "private_offer: 3"])
def test_what_is_no_mapping_is_told(text: str) -> None:
    assert codes(read_deal(text)) == {"deals.wrong_type"}


def test_lists_without_end_are_refused() -> None:
    lines = "".join(f'    - {{on: 2025-03-01, amount: "{number}"}}\n' for number in range(2001))
    head, _, _ = SOUND.partition("    - charge: at_start")
    reading = read_deal(head + lines)
    assert codes(reading) == {"deals.wrong_type"}


def test_a_key_given_twice_is_told_and_no_rule_is_asked() -> None:
    reading = changed("  currency: USD\n", "  currency: USD\n  currency: EUR\n")
    assert (reading.deal, codes(reading)) == (None, {"deals.duplicate_key"})
    as_json = json.dumps(to_document(a_deal())).replace('"kind":', '"kind": "csp", "kind":')
    assert codes(read_deal(as_json)) == {"deals.duplicate_key"}


def test_the_first_of_two_equal_keys_is_shown() -> None:
    assert read_document("a: 1\na: 2\n", TEXT_FAULTS).value == {"a": 1}
    assert read_document('{"a": 1, "a": 2}', TEXT_FAULTS).value == {"a": 1}


def test_words_of_older_yaml_stay_words() -> None:
    document = read_document(
        "on: off\nno: NO\nday: 2027-01-31\nsum: 1_000\nbig: 12345678901234567890\nhalf: .5\nz: 007", TEXT_FAULTS
    )
    assert document.value == {
        "on": "off",
        "no": "NO",
        "day": "2027-01-31",
        "sum": "1_000",
        "big": Number("12345678901234567890"),
        "half": Number(".5"),
        "z": Number("007"),
    }


def test_numbers_of_json_lose_no_digit() -> None:
    document = read_document('{"a": 0.10, "b": 1e400, "c": -3, "d": 123456789012345678901234567890}', TEXT_FAULTS)
    assert document.value == {
        "a": Number("0.10"),
        "b": Number("1e400"),
        "c": -3,
        "d": Number("123456789012345678901234567890"),
    }


def test_the_format_of_the_documentation_is_read() -> None:
    text = """\
private_offer:
  name: Contoso three years
  kind: customer                  # customer | multiparty | csp
  pricing: customised_plan
  currency: USD
  accept_by: 2024-12-15
  billing_starts: on_acceptance
  ends: 2027-12-31
  renewal_attestation: {qualifies: true, evidence: "…"}
  plans:
    - {offer: contoso-agent, plan: enterprise, new_plan: contoso-enterprise-3y, price_model: flat_rate, term_months: 36,
       schedule: [{charge: at_start, amount: "2000000", note: "Setup fee"}, {on: 2025-01-01, amount: "5000000"}]}
"""
    reading = read_deal(text)
    assert list(reading.findings) == []
    assert reading.deal is not None
    assert (reading.deal.billing_starts, reading.deal.starts_on) == (None, date(2024, 12, 15))


def test_every_example_can_be_written_and_read() -> None:
    for path in EXAMPLES.glob("*.yaml"):
        deal = read_deal(path.read_text("utf-8")).deal
        assert deal is not None
        assert read_deal(write_deal(deal)).deal == deal
