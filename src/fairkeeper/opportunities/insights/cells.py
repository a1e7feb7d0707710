"""What a cell's text means, as expressions of DuckDB's SQL.

`Not Available`, `N/A`, an empty cell and `0` are four different things: only the last is a number. Each field of a row
so has one letter in the row's `marks` beside its value:

`v` a value, `e` empty, `u` Not Available, `n` N/A, `x` unreadable, `o` the file has no such column.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.opportunities.insights.fields import FieldType

VALUE: Final = "v"
ABSENT: Final = "o"
UNREADABLE: Final = "x"

MACROS: Final = (
    r"""CREATE OR REPLACE MACRO fk_number(s) AS coalesce(
        TRY_CAST(s AS DOUBLE), TRY_CAST(replace(replace(replace(s, ',', ''), ' ', ''), chr(160), '') AS DOUBLE))""",
    r"""CREATE OR REPLACE MACRO fk_whole(n) AS CASE
        WHEN n >= 0 AND n = floor(n) AND n < 1e12 THEN CAST(n AS BIGINT) END""",
    r"""CREATE OR REPLACE MACRO fk_count(s) AS fk_whole(fk_number(s))""",
    r"""CREATE OR REPLACE MACRO fk_ratio(s) AS CASE
        WHEN right(s, 1) = '%' THEN fk_number(rtrim(s, '% ')) / 100 ELSE fk_number(s) END""",
    r"""CREATE OR REPLACE MACRO fk_money(s) AS CASE
        WHEN left(s, 1) = '(' AND right(s, 1) = ')' THEN -fk_number(replace(trim(s, '()'), '$', ''))
        ELSE fk_number(replace(replace(s, '$', ''), 'USD', '')) END""",
    r"""CREATE OR REPLACE MACRO fk_day(s) AS CASE
        WHEN regexp_full_match(s, '[0-9]{1,2}/[0-9]{4}')
        THEN last_day(CAST(TRY_STRPTIME('1/' || s, '%d/%m/%Y') AS DATE))
        ELSE CAST(TRY_STRPTIME(left(s, 10), ['%Y-%m-%d', '%m/%d/%Y', '%d.%m.%Y']) AS DATE) END""",
    r"""CREATE OR REPLACE MACRO fk_flag(s) AS CASE
        WHEN lower(s) IN ('yes', 'true', '1', 'y') THEN true WHEN lower(s) IN ('no', 'false', '0', 'n') THEN false
        END""",
    r"""CREATE OR REPLACE MACRO fk_level(s) AS CASE
        WHEN lower(s) IN ('high', 'medium', 'low') THEN lower(s) END""",
    r"""CREATE OR REPLACE MACRO fk_id(s) AS CASE
        WHEN regexp_full_match(lower(s), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}') THEN lower(s) END""",
    r"""CREATE OR REPLACE MACRO fk_text(s) AS CASE
        WHEN s IS NULL OR s = '' OR lower(s) IN ('not available', 'notavailable', 'n/a', 'na', 'not applicable', '-')
        THEN NULL ELSE left(s, 400) END""",
    r"""CREATE OR REPLACE MACRO fk_mark(s, v) AS CASE
        WHEN v THEN 'v'
        WHEN s IS NULL OR s = '' OR s = '-' THEN 'e'
        WHEN lower(s) IN ('not available', 'notavailable') THEN 'u'
        WHEN lower(s) IN ('n/a', 'na', 'not applicable') THEN 'n'
        ELSE 'x' END""",
)
"""Macros that read one trimmed text each; NULL where it cannot be read."""

SQL_TYPES: Final = {
    FieldType.ID: "VARCHAR",
    FieldType.TEXT: "VARCHAR",
    FieldType.COUNT: "BIGINT",
    FieldType.RATIO: "DOUBLE",
    FieldType.MONEY: "DOUBLE",
    FieldType.DAY: "DATE",
    FieldType.FLAG: "BOOLEAN",
    FieldType.LEVEL: "VARCHAR",
}
