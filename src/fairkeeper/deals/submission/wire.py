"""Takes values out of an untrusted payload: of the wanted kind and exact, or refused with the place.

Every function raises `PayloadRefusedError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from fairkeeper.deals.errors import PayloadRefusedError
from fairkeeper.deals.prices.percentage import Percentage, PercentageRefusedError
from fairkeeper.values.currencies import Currency, currency
from fairkeeper.values.errors import AmountRefusedError, CurrencyUnknownError
from fairkeeper.values.money import Money

T = TypeVar("T")


def read_money(value: Any, unit: Currency) -> Money:
    """Return a JSON number as an exact amount."""
    try:
        if type(value) is int:
            return Money.from_decimal_text(str(value), unit)
        if isinstance(value, Decimal):
            return Money.from_decimal(value, unit)
    except AmountRefusedError as error:
        raise PayloadRefusedError(error.message) from error
    message = f"{value!r} is not an amount of {unit}."
    raise PayloadRefusedError(message)


def read_percentage(value: Any) -> Percentage | None:
    """Return a JSON number as a percentage with eight decimals."""
    if value is None:
        return None
    try:
        return Percentage.parse(f"{Decimal(value):f}")
    except (PercentageRefusedError, ArithmeticError, TypeError, ValueError) as error:
        message = f"{value!r} is not a percentage."
        raise PayloadRefusedError(message) from error


def read_currency(code: str) -> Currency:
    """Return the currency of a code."""
    try:
        return currency(code)
    except CurrencyUnknownError as error:
        raise PayloadRefusedError(error.message) from error


def read_day(text: str) -> date:
    """Return the day of an ISO date or time."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        message = f"{text[:40]!r} is not a date."
        raise PayloadRefusedError(message) from error


def first_of(items: Sequence[Any], where: str) -> dict[str, Any]:
    """Return the first object of a list."""
    return typed(items[0] if items else None, dict, where)


def get(value: Mapping[str, Any], key: str, kind: type[T]) -> T:
    """Return a field of a kind."""
    return typed(value.get(key), kind, key)


def maybe(value: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    """Return a field of a kind that may be left out."""
    return typed(value[key], kind, key) if key in value else default


def typed(value: Any, kind: type[T], where: str) -> T:
    """Return a value that is of a kind."""
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    message = f"{where} is {type(value).__name__}, not {kind.__name__}."
    raise PayloadRefusedError(message)


def one_of(known: Mapping[Any, T], key: Any, where: str) -> T:
    """Return what a word stands for."""
    try:
        return known[key]
    except (KeyError, TypeError):
        message = f"{where}: {key!r} is not known."
        raise PayloadRefusedError(message) from None
