"""The search itself: every kind that whoever asks may read, by id, by name and by amount, the best first.

Ids are looked for by a range of their own index, names by reading the few columns that hold them, amounts where deals
and the differences in payouts keep them. Rows of reports are files and not tables: `overview.trace` reads those.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field
from sqlalchemy import ColumnElement, Select, or_, select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.customers.queries import list_notices
from fairkeeper.customers.tables import NoticeRow
from fairkeeper.database.base import CustomerOwned
from fairkeeper.database.tasks import TaskRow
from fairkeeper.messages.tables import CopyRow, MessageRow
from fairkeeper.overview.actions import retry_task
from fairkeeper.overview.reading import reads
from fairkeeper.overview.searching.declaring import Kind
from fairkeeper.overview.searching.kinds import KINDS
from fairkeeper.overview.searching.matching import Sought, SoughtAmount, rank_of, read_search
from fairkeeper.overview.views import Hit
from fairkeeper.payouts.queries import ListPayments, list_payments
from fairkeeper.payouts.tables import PayoutFindingRow
from fairkeeper.values.currencies import CURRENCIES, currency

MOST_PAYMENTS: Final = 400
MOST_NAMES: Final = 200_000
"""Names of one kind that are read; beyond it only ids and amounts are found."""
_BY_ID, _BY_AMOUNT = -2, -1
_EXPONENTS: Final = (0, 2, 3)
_DECIMALS: Final = 6
"""Decimals that reports write amounts with, at most."""
_NUMBERED: Final = {"webhook": "/webhooks/{}", "task": "/tasks/{}/retry", "work": "/tasks/{}/retry"}


class Search(OperationInput):
    """What is looked for."""

    text: str = Field(min_length=2, max_length=200, description="Part of a name, an id or its beginning, or an amount.")
    limit: int = Field(20, ge=1, le=100, description="How many of each kind at most.")


@query("overview.search", groups=("overview.read",), http="GET /search", cli="search TEXT")
def search(context: QueryContext, request: Search) -> tuple[Hit, ...]:
    """Find anything by an id or its beginning, by words of its name, or by an exact amount; best first.

    Staff find what their roles read, a customer's people their own company's. An amount is found with or without
    currency and separators, and whatever its sign; rows of reports are found by `trace`.
    """
    sought = read_search(request.text)
    found = [hit for kind in KINDS for hit in _of_kind(context, kind, sought, request.limit)]
    found += _numbered(context, sought)
    found += _payments(context, sought, request.limit)
    return tuple(hit for _, hit in sorted(found, key=lambda pair: pair[0]))


def _of_kind(context: QueryContext, kind: Kind, sought: Sought, limit: int) -> Iterator[tuple[int, Hit]]:
    is_bound = context.principal.customer_id is not None
    if is_bound and (not issubclass(kind.row, CustomerOwned) or kind.is_staffs):
        return
    if not reads(context, kind.door):
        return
    said: set[Any] = set()
    for rank, row in _rows(context, kind, sought, limit):
        key = getattr(row, kind.key.key)
        if key in said or not _is_theirs(context, row):
            continue
        said.add(key)
        page = kind.own_page if is_bound and kind.own_page is not None else kind.page
        yield rank, Hit(kind=kind.name, id=str(key), label=kind.label(row), line=kind.line(row), page=page(row))
        if len(said) == limit:
            return


def _is_theirs(context: QueryContext, row: Any) -> bool:
    """A message is found by whoever it was sent to."""
    if not isinstance(row, MessageRow):
        return True
    mine = select(CopyRow.id).where(CopyRow.message_id == row.message_id, CopyRow.person_id == context.principal.id)
    return context.session.scalars(mine.limit(1)).first() is not None


def _rows(context: QueryContext, kind: Kind, sought: Sought, limit: int) -> Iterator[tuple[int, Any]]:
    session = context.session
    by_id = _id_conditions(kind, sought)
    if by_id:
        statement = select(kind.row).where(or_(*by_id)).order_by(kind.key.desc()).limit(limit)
        yield from ((_BY_ID, row) for row in session.scalars(statement))
    for amount in sought.amounts:
        of_amount = _amount_statement(kind, amount)
        if of_amount is not None:
            yield from ((_BY_AMOUNT, row) for row in session.scalars(of_amount.order_by(kind.key).limit(limit)))
    if kind.names and sought.words:
        yield from _by_name(context, kind, sought, limit)


def _id_conditions(kind: Kind, sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    ours = sought.ours
    if ours is not None and kind.prefix and ours.prefix in {"", kind.prefix}:
        found.append(kind.key.between(*ours.bounds(kind.prefix)))
    if sought.guids is not None:
        found += [column.between(*sought.guids) for column in kind.guids]
    whole = sorted({sought.text, sought.text.lower()})
    # One range of the key, or one key: a database that has to choose between two may read the whole of a long table.
    exact = (kind.key, *kind.exact) if kind.prefix and not found else kind.exact
    return found + [column.in_(whole) for column in exact]


def _amount_statement(kind: Kind, amount: SoughtAmount) -> Select[Any] | None:
    """Return what finds an amount, of either sign."""
    if kind.row is PayoutFindingRow:
        statement = select(kind.row).where(PayoutFindingRow.amount.in_(_written(amount.value)))
        return statement if amount.currency is None else statement.where(PayoutFindingRow.currency == amount.currency)
    if kind.minor is None:
        return None
    if amount.currency is not None:
        minor = _minor(amount.value, currency(amount.currency).exponent)
        of = kind.minor.in_([minor, -minor]) if minor is not None else None
        return None if of is None else select(kind.row).where(of, kind.row.currency == amount.currency)
    wanted: list[ColumnElement[bool]] = []
    for exponent in _EXPONENTS:
        minor = _minor(amount.value, exponent)
        if minor is not None:
            wanted.append(kind.minor.in_([minor, -minor]) & kind.row.currency.in_(_codes(exponent)))
    return select(kind.row).where(or_(*wanted)) if wanted else None


def _minor(value: Decimal, exponent: int) -> int | None:
    """Return an amount in minor units; None where it is no whole number of them, or no database could hold it."""
    minor = value.scaleb(exponent)
    return int(minor) if minor == minor.to_integral_value() and minor < 2**63 else None


def _codes(exponent: int) -> list[str]:
    return [code for code, known in CURRENCIES.items() if known.exponent == exponent]


def _written(value: Decimal) -> list[str]:
    """Return how reports can have written an amount: with more or fewer noughts, of either sign."""
    plain = value.normalize()
    least = max(0, -int(plain.as_tuple().exponent))
    found = [f"{plain:.{decimals}f}" for decimals in range(least, max(least, _DECIMALS) + 1)]
    return [*found, *(f"-{each}" for each in found)]


def _by_name(context: QueryContext, kind: Kind, sought: Sought, limit: int) -> Iterator[tuple[int, Any]]:
    """Read the names of a kind, rank them, and return the rows of the best."""
    session = context.session
    statement = select(kind.key, *kind.names).order_by(kind.key.desc()).limit(MOST_NAMES)
    ranked: list[tuple[int, str, Any]] = []
    for key, *names in session.execute(statement):
        ranks = [rank for name in names if name and (rank := rank_of(sought.words, name)) is not None]
        if ranks:
            ranked.append((min(ranks), names[0] or "", key))
    best = {key: rank for rank, _, key in sorted(ranked, key=lambda each: (each[0], each[1]))[:limit]}
    rows = {
        getattr(row, kind.key.key): row for row in session.scalars(select(kind.row).where(kind.key.in_(list(best))))
    }
    yield from ((rank, rows[key]) for key, rank in best.items() if key in rows)


def _numbered(context: QueryContext, sought: Sought) -> Iterator[tuple[int, Hit]]:
    """Find what has a number and no id: `webhook 12`, `task 7`."""
    if context.principal.customer_id is not None or len(sought.words) != 2 or not sought.words[1].isdecimal():
        return
    name, number = sought.words[0], int(sought.words[1])
    if number >= 2**63:
        return
    found: tuple[str, str] | None = None
    if name == "webhook" and reads(context, list_notices):
        row = context.session.get(NoticeRow, number)
        found = None if row is None else (row.action_text, row.state)
    elif name in {"task", "work"} and reads(context, retry_task):
        task = context.session.get(TaskRow, number)
        found = None if task is None else (task.name, task.state)
    if found is not None:
        page = _NUMBERED[name].format(number)
        yield _BY_ID, Hit(kind=name, id=str(number), label=found[0], line=found[1], page=page)


def _payments(context: QueryContext, sought: Sought, limit: int) -> Iterator[tuple[int, Hit]]:
    """Find payments by their id, or by what was stated, paid or arrived."""
    if context.principal.customer_id is not None or not reads(context, list_payments):
        return
    number = 0
    for line in list_payments.function(context, ListPayments(limit=MOST_PAYMENTS)):
        is_id = line.payment_id.casefold() == sought.text.casefold()
        sums = ((line.stated, line.currency), (line.total, line.paid_currency), (line.arrived, line.paid_currency))
        if not is_id and not any(_is_amount(sought, each, code) for each, code in sums):
            continue
        yield (
            _BY_ID if is_id else _BY_AMOUNT,
            Hit(
                kind="payment",
                id=line.payment_id,
                label=f"{line.stated} {line.currency} on {line.payment_date:%d %b %Y}",
                line=line.status,
                page=f"/payouts/trace?id={quote(line.payment_id, safe='')}",
            ),
        )
        number += 1
        if number == limit:
            return


def _is_amount(sought: Sought, text: str | None, code: str | None) -> bool:
    if text is None:
        return False
    value = abs(Decimal(text))
    return any(each.value == value and each.currency in {None, code} for each in sought.amounts)


OPERATIONS: tuple[Operation, ...] = (search,)
