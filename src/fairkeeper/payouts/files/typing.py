"""How texts become values, as SQL for DuckDB: exact decimals, dates, booleans and rates, or null where unreadable.

Amounts are DECIMAL(38,12), never floating point; an amount with more decimals (a spreadsheet's artefact) is rounded at
the twelfth. Which of two readings an ambiguous column has (1.234,50 or 1,234.50; 3/4 or 4/3) is decided for the whole
column of a file, by the values that leave no choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fairkeeper.payouts.reports.columns import Type

MONEY_TYPE: Final = "DECIMAL(38,12)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a column of a file writes.

    Attributes:
        has_decimal_comma: 1.234,50 rather than 1,234.50.
        has_day_first: 31/12/2026 rather than 12/31/2026.
    """

    has_decimal_comma: bool = False
    has_day_first: bool = False


SQL_TYPES: Final = {
    Type.TEXT: "VARCHAR",
    Type.MONEY: MONEY_TYPE,
    Type.DATE: "DATE",
    Type.BOOL: "BOOLEAN",
    Type.RATE: MONEY_TYPE,
}

_NOTHING: Final = "'', '-', 'null', 'NULL', 'NaN', 'N/A', 'n/a', 'None'"
NULL_TEXTS: Final = f"nullstr = [{_NOTHING}]"
"""What says nothing, as DuckDB's reader of CSV is told it; `trimmed` finds the same with spaces around."""


def trimmed(column: str) -> str:
    """Return the text without spaces around it, or null where it says nothing.

    The reader has made null of what says nothing as it stands (`NULL_TEXTS`), so only texts with spaces are compared.
    """
    bare = f"trim({column})"
    return f"CASE WHEN strlen({bare}) = strlen({column}) THEN {column} WHEN {bare} IN ({_NOTHING}) THEN NULL ELSE {bare} END"


def plain_expression(kind: Type, column: str) -> str:
    """Return the SQL that reads what is written plainly (1234.5, 2026-05-14, TRUE), and null for everything else.

    Most files need no more, and the careful form takes longer to plan than a small file to read.
    """
    if kind is Type.MONEY:
        return f"try_cast({column} AS {MONEY_TYPE})"
    if kind is Type.DATE:
        return f"try_cast(left({column}, 10) AS DATE)"
    if kind is Type.RATE:
        number = f"try_cast({column} AS {MONEY_TYPE})"
        return f"CASE WHEN abs({number}) > 1.5 THEN {number} / 100 ELSE {number} END::{MONEY_TYPE}"
    return expression(kind, column, Habits())


def expression(kind: Type, column: str, habits: Habits) -> str:
    """Return the SQL that reads a text column as a value.

    Args:
        kind: As what.
        column: A column name that is safe in SQL, already trimmed.
        habits: How the column writes.
    """
    if kind is Type.MONEY:
        return _money(column, habits)
    if kind is Type.DATE:
        return _date(column, habits)
    if kind is Type.BOOL:
        return (
            f"CASE WHEN lower({column}) IN ('1','true','yes','y','1.0') THEN true "
            f"WHEN lower({column}) IN ('0','false','no','n','0.0') THEN false END"
        )
    if kind is Type.RATE:
        number = _money(f"replace({column}, '%', '')", habits)
        return f"CASE WHEN abs({number}) > 1.5 OR {column} LIKE '%\\%' ESCAPE '\\' THEN {number} / 100 ELSE {number} END::{MONEY_TYPE}"
    return column


def _money(column: str, habits: Habits) -> str:
    bare = rf"regexp_replace({column}, '[\s\x{{00a0}}\x{{202f}}''$€£¥]|^[A-Z]{{3}}\s*|\s*[A-Z]{{3}}$', '', 'g')"
    if habits.has_decimal_comma:
        bare = f"replace(replace({bare}, '.', ''), ',', '.')"
        shape = f"regexp_matches({bare}, '^[(]?[-+]?[0-9.]+[)]?-?$')"
    else:
        shape = rf"regexp_matches({bare}, '^[(]?[-+]?[0-9]{{1,3}}(,[0-9]{{2,3}})*(\.[0-9]+)?[)]?-?$|^[(]?[-+]?[0-9]*(\.[0-9]+)?[)]?-?$')"
        bare = f"replace({bare}, ',', '')"
    negative = f"({bare} LIKE '(%)' OR {bare} LIKE '%-')"
    digits = rf"regexp_replace({bare}, '[()]|-$', '', 'g')"
    careful = (
        f"CASE WHEN {shape} THEN CASE WHEN {negative} THEN -try_cast({digits} AS {MONEY_TYPE}) "
        f"ELSE try_cast({digits} AS {MONEY_TYPE}) END END"
    )
    if habits.has_decimal_comma:
        return f"COALESCE(CASE WHEN {column} NOT LIKE '%.%' THEN try_cast({column} AS {MONEY_TYPE}) END, {careful})"
    return f"COALESCE(try_cast({column} AS {MONEY_TYPE}), {careful})"


def _date(column: str, habits: Habits) -> str:
    slashes = ["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"] if habits.has_day_first else ["%m/%d/%Y", "%d.%m.%Y", "%m-%d-%Y"]
    formats = [*slashes, "%Y/%m/%d", "%Y-%m", "%Y%m%d", "%Y%m", "%b %Y", "%B %Y", "%b %d, %Y", "%d %b %Y", "%B %d, %Y"]
    listed = ", ".join(f"'{each}'" for each in formats)
    first = f"regexp_replace({column}, '[ T][0-9]{{1,2}}:.*$', '')"
    serial = (
        f"CASE WHEN try_cast({column} AS DOUBLE) BETWEEN 30000 AND 80000 "
        f"THEN DATE '1899-12-30' + floor(try_cast({column} AS DOUBLE))::INTEGER END"
    )
    return f"COALESCE(try_cast(left({column}, 10) AS DATE), {serial}, try_strptime({first}, [{listed}])::DATE)"


def habits_columns(column: str, kind: Type) -> tuple[str, str]:
    """Return the SQL of two booleans that say how a column writes, for a sample of its texts."""
    if kind in (Type.MONEY, Type.RATE):
        comma = rf"count(*) FILTER (regexp_matches({column}, ',[0-9]{{1,2}}$|,[0-9]{{4,}}$|\.[0-9]{{3}},'))"
        point = rf"count(*) FILTER (regexp_matches({column}, '\.[0-9]{{1,2}}$|\.[0-9]{{4,}}$|,[0-9]{{3}}\.'))"
        return f"{comma} > 0 AND {point} = 0", "false"
    first = f"try_cast(regexp_extract({column}, '^([0-9]{{1,2}})[/-]([0-9]{{1,2}})[/-][0-9]{{4}}', 1) AS INTEGER)"
    second = f"try_cast(regexp_extract({column}, '^([0-9]{{1,2}})[/-]([0-9]{{1,2}})[/-][0-9]{{4}}', 2) AS INTEGER)"
    return "false", f"coalesce(max({first}), 0) > 12 AND coalesce(max({second}), 0) <= 12"
