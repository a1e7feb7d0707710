"""How a kind of thing that has an id is declared: who may read it, what it is called, where its page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import InstrumentedAttribute

from fairkeeper.action.operation import Operation
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money

Says = Callable[[Any], str]
"""Says something of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing that can be found.

    Attributes:
        name: What it is, as a person calls it.
        door: The operation that whoever asks must be allowed, to be told of it.
        row: Its table.
        key: The column of its id.
        page: Where it is shown to staff.
        own_page: Where it is shown to a customer's people; None as to staff.
        is_staffs: Whether a customer's people are not told of it.
        label: What it is called.
        line: What tells it from others.
        prefix: What its ids begin with; empty where they are Microsoft's.
        guids: Columns that hold a GUID of Microsoft's.
        exact: Columns that are compared as a whole, without case.
        names: Columns that are looked through by words.
        minor: Column of an amount in minor units; its currency stands in `currency`.
    """

    name: str
    door: Operation
    row: Any
    key: InstrumentedAttribute[Any]
    page: Says
    label: Says
    line: Says
    own_page: Says | None = None
    is_staffs: bool = False
    prefix: str = ""
    guids: tuple[InstrumentedAttribute[Any], ...] = ()
    exact: tuple[InstrumentedAttribute[Any], ...] = ()
    names: tuple[InstrumentedAttribute[Any], ...] = ()
    minor: InstrumentedAttribute[Any] | None = None


def at(path: str, *fields: str) -> Says:
    """Return what makes an address of a row's fields, each quoted."""
    return lambda row: path.format(*(quote(str(getattr(row, field)), safe="") for field in fields))


def field_of(name: str, otherwise: str = "") -> Says:
    """Return what reads a row's field, or says something else where it is empty."""
    return lambda row: str(getattr(row, name) or otherwise)


def fixed(text: str) -> Says:
    """Return what always says the same."""
    return lambda _row: text


def money_of(row: Any, minor: int) -> str:
    """Write an amount in the currency of its row."""
    return f"{Money(minor, currency(row.currency)).to_decimal():f} {row.currency}"
