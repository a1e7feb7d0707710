"""What can be wrong with a deal's file before any rule of Marketplace is asked.

Declared apart from the reading, because three modules find them.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.action.document import TextFaults
from fairkeeper.deals.checks.declaring import declare

FILE_UNREADABLE: Final = declare(
    "file_unreadable",
    title="The file is a readable YAML or JSON text",
    remedy="Correct the line that is named: indentation, quotes, brackets. Anchors and tags are not read.",
    resource="learn-private-offers",
    example='private_offer: {name: "Contoso',
)
DUPLICATE_KEY: Final = declare(
    "duplicate_key",
    title="A key stands once",
    remedy="Remove one of the two; which of them was meant cannot be told.",
    resource="learn-private-offers",
    example="currency: USD\ncurrency: EUR",
)
TEXT_FAULTS: Final = TextFaults(unreadable=FILE_UNREADABLE, duplicate_key=DUPLICATE_KEY)
"""What the reading of a text finds, before it is a deal."""
UNKNOWN_KEY: Final = declare(
    "unknown_key",
    title="Only known keys are used",
    remedy="Correct the spelling, or remove the key.",
    resource="learn-private-offers",
    example="acceptby: 2024-11-30",
)
MISSING_KEY: Final = declare(
    "missing_key",
    title="Everything a deal needs is there",
    remedy="Add the key that is named.",
    resource="learn-private-offers",
    example="a private offer without `currency`",
)
WRONG_TYPE: Final = declare(
    "wrong_type",
    title="A value is of the kind its key asks for",
    remedy="Write a text in quotes, a whole number without, a list with dashes, as the message says.",
    resource="learn-private-offers",
    example="term_months: three years",
)
UNKNOWN_WORD: Final = declare(
    "unknown_word",
    title="A choice is one of its words",
    remedy="Use one of the words that the message lists.",
    resource="learn-private-offers",
    example="kind: reseller",
)
DATE_UNREADABLE: Final = declare(
    "date_unreadable",
    title="A date is a day of the calendar, written year-month-day",
    remedy="Write it like 2027-01-31.",
    resource="learn-flexible-billing",
    example="ends: 31.12.2027",
)
AMOUNT_NOT_TEXT: Final = declare(
    "amount_not_text",
    title="An amount stands in quotes",
    remedy="Put quotes around it, so that no program that reads the file can round it.",
    resource="learn-flexible-billing",
    example="amount: 2000000.10",
)
AMOUNT_UNREADABLE: Final = declare(
    "amount_unreadable",
    title="An amount is digits with a point before the decimals",
    remedy='Write it like "2000000.50": no thousands separators, no currency sign.',
    resource="learn-flexible-billing",
    example='amount: "2,000,000"',
)
CURRENCY_PRECISION: Final = declare(
    "currency_precision",
    title="An amount has no more decimals than its currency",
    remedy="Round it to the currency's decimals: two for USD and EUR, none for JPY and KRW.",
    resource="learn-flexible-billing",
    example='currency: JPY, amount: "1000.50"',
)
CURRENCY_UNKNOWN: Final = declare(
    "currency_unknown",
    title="A currency is a code of ISO 4217",
    remedy="Use three capital letters, such as USD.",
    resource="learn-availability-currencies",
    example="currency: dollars",
)
PERCENTAGE_UNREADABLE: Final = declare(
    "percentage_unreadable",
    title="A percentage is a text of digits with at most eight decimals",
    remedy='Write it in quotes like "10.52631579", without the percent sign.',
    resource="learn-multiparty-private-offers",
    example='adjustment_percent: "10.526315789"',
)
