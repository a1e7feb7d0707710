"""What a rule is: one kind of finding, the reports it needs, the SQL that finds it, and the sentences for people.

A rule's SQL returns these columns, in any order, and others are left null: `key`, `level` (where it is not its kind's), `purchase_record_id`, `line_item_id`,
`asset_id`, `earning_id`, `payment_id`, `customer`, `offer`, `amount`, `currency`, `amount_usd`, `since_on`, `words` (a
list of texts for the sentence), `sources` (a list of `file_id:row`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from fairkeeper.payouts.chain.coverage import Coverage
from fairkeeper.payouts.chain.thresholds import THRESHOLDS, Thresholds
from fairkeeper.payouts.reports.columns import Kind
from fairkeeper.values.findings import FindingKind

COLUMNS: Final[Mapping[str, str]] = {
    "key": "VARCHAR",
    "level": "VARCHAR",
    "purchase_record_id": "VARCHAR",
    "line_item_id": "VARCHAR",
    "asset_id": "VARCHAR",
    "earning_id": "VARCHAR",
    "payment_id": "VARCHAR",
    "customer": "VARCHAR",
    "offer": "VARCHAR",
    "amount": "DECIMAL(38,12)",
    "currency": "VARCHAR",
    "amount_usd": "DECIMAL(38,12)",
    "since_on": "DATE",
    "words": "VARCHAR[]",
    "sources": "VARCHAR[]",
}
NEVER: Final = date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What rules are asked with."""

    coverage: Coverage
    thresholds: Thresholds = THRESHOLDS

    @property
    def as_of(self) -> date:
        """The day that is looked at."""
        return self.coverage.as_of

    @property
    def today(self) -> str:
        """That day as SQL."""
        return f"DATE '{self.as_of}'"

    def whole_from(self, kind: Kind) -> str:
        """Return, as SQL, the month from which a report has no gap; far away where its end is missing."""
        return f"DATE '{self.coverage.whole_from(kind) or NEVER}'"

    @property
    def begins(self) -> str:
        """The first month that anything covers, as SQL."""
        return f"DATE '{self.coverage.begins_on}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        kind: Its kind of finding.
        sentence: What was found; `{0}`, `{1}` stand for the words, `{amount}` for the amount.
        sql: Finds it.
        held_back: Counts what would be decided with more files: SQL of `kind` of report, first and last day, count.
        owner_role: Who is asked to look.
        looked_at: A table that is made before, by its name and SQL, for both of them to read.
    """

    kind: FindingKind
    sentence: str
    sql: Callable[[Basis], str]
    held_back: Callable[[Basis], str] | None = None
    owner_role: str = "finance"
    looked_at: tuple[str, Callable[[Basis], str]] | None = None


def source(alias: str = "") -> str:
    """Return the SQL of a row's place."""
    dot = f"{alias}." if alias else ""
    return f"{dot}file_id || ':' || {dot}row_no"


def sources(alias: str = "") -> str:
    """Return the SQL of the places of grouped rows, the first ones."""
    return f"list_slice(list_sort(list({source(alias)})), 1, 20)"
