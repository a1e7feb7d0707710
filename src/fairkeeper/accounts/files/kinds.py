"""What can be wrong with a structure's file before any rule is asked."""

from __future__ import annotations

from typing import Final

from fairkeeper.accounts.checks.declaring import declare
from fairkeeper.action.document import TextFaults

FILE_UNREADABLE: Final = declare(
    "file_unreadable",
    title="The file is a readable YAML or JSON text",
    remedy="Correct the line that is named: indentation, quotes, brackets. Anchors and tags are not read.",
    resource="blog-account-structure",
    example="account_structure: {company: [Fairmile",
)
DUPLICATE_KEY: Final = declare(
    "duplicate_key",
    title="A key stands once",
    remedy="Remove one of the two; which of them was meant cannot be told.",
    resource="blog-account-structure",
    example="company: Fairmile\ncompany: Fairmile Ltd",
)
UNKNOWN_KEY: Final = declare(
    "unknown_key",
    title="Only known keys are used",
    remedy="Correct the spelling, or remove the key.",
    resource="blog-account-structure",
    example="publisher: []",
)
MISSING_KEY: Final = declare(
    "missing_key",
    title="Everything a structure needs is there",
    remedy="Add the key that is named.",
    resource="blog-account-structure",
    example="a person without `email`",
)
WRONG_VALUE: Final = declare(
    "wrong_value",
    title="A value is of the kind its key asks for",
    remedy="Write ids in quotes, dates as year-month-day, lists with dashes, words as the message lists them.",
    resource="blog-account-structure",
    example="left_on: last month",
)
TEXT_FAULTS: Final = TextFaults(unreadable=FILE_UNREADABLE, duplicate_key=DUPLICATE_KEY)
