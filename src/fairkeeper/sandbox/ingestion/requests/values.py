"""The smallest parts of a request: numbers, dates, addresses and names, as the schemas constrain them.

Separate from the resources that are made of them. Numbers are taken exactly as they are written, dates are days.
Source: "Create a direct ISV to customer private offer" (samples); the schemas of private offers of 15 July 2023
(lengths, characters a name may not hold), read 2026-11-22.
"""

from __future__ import annotations

import math
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr
from pydantic.alias_generators import to_camel

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_BARRED_IN_NAMES: Final = re.compile(r"[!<>^\[\]@#%/\x00-\x1f\x7f]")
_MAIL: Final = r"^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{1,60}$"


class Shape(BaseModel):
    """A part of a resource: camel-case names, and no others than the named ones."""

    # Aliases are how the names travel; in code the parts are made by their own names.
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, populate_by_name=True)


def number(value: Any) -> Any:
    """Take a JSON number as an exact decimal.

    Raises:
        ValueError: It is anything else, or not finite.

    Example:
        >>> number(0.1), number(3)
        (Decimal('0.1'), Decimal('3'))
    """
    if isinstance(value, Decimal):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        msg = "is no JSON number"
        raise ValueError(msg)
    return Decimal(str(value))


def day(value: Any) -> Any:
    """Take a text as a day.

    Raises:
        ValueError: It is not `YYYY-MM-DD`.

    Example:
        >>> day("2026-11-22").isoformat()
        '2026-11-22'
    """
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        msg = "is no date (YYYY-MM-DD)"
        raise ValueError(msg)
    return date.fromisoformat(value)


def _name(value: Any) -> Any:
    if isinstance(value, str) and (barred := _BARRED_IN_NAMES.search(value)):
        msg = f"may not hold {barred.group()!r}"
        raise ValueError(msg)
    return value


Number = Annotated[Decimal, BeforeValidator(number)]
Amount = Annotated[Number, Field(ge=0, lt=10**12)]
Day = Annotated[date, BeforeValidator(day)]
OfferName = Annotated[StrictStr, Field(min_length=1, max_length=128), BeforeValidator(_name)]
ResourceName = Annotated[StrictStr, Field(min_length=1, max_length=50)]
Mail = Annotated[StrictStr, Field(pattern=_MAIL)]
Text = Annotated[StrictStr, Field(max_length=2_000)]
Id = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Note = Annotated[StrictStr, Field(max_length=60)]
Flag = StrictBool
