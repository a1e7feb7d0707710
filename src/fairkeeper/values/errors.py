"""Refusals of values: a text that is no amount, two currencies in one sum, a period that ends before it begins.

They are `ValueError`s as well, so that models at the edges (pydantic) report them beside the field that was wrong.
"""

from __future__ import annotations

from fairkeeper.errors import BugError, InvalidError


class ValueRefusedError(InvalidError, ValueError):
    """A value cannot be read or breaks its own rule; root of the refusals below."""

    code = "values.refused"


class AmountRefusedError(ValueRefusedError):
    """A text or number is no exact amount of its currency."""

    code = "values.amount_refused"
    remedy = "Write digits with a point before the minor units, for example 1250.00, and no more decimals than it has."


class CurrencyUnknownError(ValueRefusedError):
    """No currency has this code."""

    code = "values.currency_unknown"
    remedy = "Use the three capital letters of ISO 4217, for example USD."


class CurrencyMismatchError(ValueRefusedError):
    """Amounts of two currencies met in one calculation; Fairkeeper never converts by itself."""

    code = "values.currency_mismatch"
    remedy = "Keep one sum for each currency, or convert first with a stated rate and date."


class WeightsRefusedError(ValueRefusedError):
    """An amount cannot be shared out by these weights."""

    code = "values.weights_refused"
    remedy = "Give at least one weight above zero and none below."


class PeriodRefusedError(ValueRefusedError):
    """A period is empty, runs backwards or leaves the calendar."""

    code = "values.period_refused"
    remedy = "Give a start date and a later end date; the end date is the first day that no longer belongs to it."


class DurationRefusedError(ValueRefusedError):
    """A text is no ISO 8601 duration of years, months, weeks and days."""

    code = "values.duration_refused"
    remedy = "Write it like P1M, P18M, P3Y or P30D."


class ResourceUnknownError(BugError, KeyError):
    """A rule cites an official resource that is not in the list."""

    code = "values.resource_unknown"
    remedy = "Add the resource to fairkeeper.values.resource_list, or correct the key."

    def __str__(self) -> str:
        """Return the message (KeyError would show its repr)."""
        return self.message


class FindingKindRefusedError(BugError):
    """A kind of finding is declared twice, wrongly or not at all."""

    code = "values.finding_kind_refused"
    remedy = "Declare each kind once, as room.what, with an official resource of the list."
