"""Which bank line belongs to which payment."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.payouts.chain.bank_matching import BankLine, SentPayment, match_lines

SENT = date(2026, 5, 14)


def _paid(payment_id: str, total: str = "970", **changes: object) -> SentPayment:
    values = {
        "payment_id": payment_id,
        "other_reference": None,
        "total": Decimal(total),
        "currency": "EUR",
        "sent_on": SENT,
    }
    return SentPayment(**{**values, **changes})  # type: ignore[arg-type]


def _line(number: int, amount: str, text: str = "", days: int = 3, currency: str | None = "EUR") -> BankLine:
    return BankLine(
        number=number, booked_on=SENT + timedelta(days=days), amount=Decimal(amount), currency=currency, text=text
    )


def test_the_reference_decides_before_the_amount() -> None:
    matched = match_lines(
        [_paid("PAY-000071"), _paid("PAY-000072")],
        [_line(1, "970", "MICROSOFT PAY-000072"), _line(2, "970", "SEPA CREDIT")],
    )
    assert {name: [line.number for line in lines] for name, lines in matched.items()} == {
        "PAY-000072": [1],
        "PAY-000071": [2],
    }


def test_an_id_in_the_middle_of_a_word_is_found() -> None:
    assert match_lines([_paid("0012345678")], [_line(1, "12", "REF0012345678EUR")])["0012345678"][0].number == 1


def test_amounts_of_another_currency_or_of_another_month_do_not_match() -> None:
    assert match_lines([_paid("PAY-1")], [_line(1, "970", currency="USD"), _line(2, "970", days=40)]) == {}


def test_what_leaves_the_account_is_no_payout() -> None:
    assert match_lines([_paid("PAY-000071")], [_line(1, "-970", "PAY-000071")]) == {}


@given(
    st.lists(st.sampled_from(["97", "970", "12.50"]), max_size=8), st.lists(st.sampled_from(["97", "970"]), max_size=8)
)
def test_no_line_is_given_twice(paid: list[str], arrived: list[str]) -> None:
    payments = [_paid(f"P{number}", total) for number, total in enumerate(paid)]
    lines = [_line(number, amount) for number, amount in enumerate(arrived)]
    given_out = [line.number for found in match_lines(payments, lines).values() for line in found]
    assert len(given_out) == len(set(given_out))
