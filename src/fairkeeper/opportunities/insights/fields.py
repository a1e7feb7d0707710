"""The canonical fields, and which column of an export or property of an API each of them is.

The list is a file (`fields.yaml`) because Microsoft renames columns, and whoever runs Fairkeeper corrects that without
a new version. Source: the exports' column names as partners' public tools hold them, read 2026-11-22.

Assumption: a property of the API's version 1.5, whose description could not be read, has the letters of the export's
header; `tests/unit/opportunities/test_importing.py` names two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fairkeeper.opportunities.errors import FieldsUnreadableError

_OTHER: Final = re.compile(r"[^a-z0-9]+")


class FieldType(StrEnum):
    """How a cell is read."""

    ID = "id"
    """A GUID, in lower case."""
    TEXT = "text"
    COUNT = "count"
    """A whole number from 0; thousands may be set off by commas."""
    RATIO = "ratio"
    """`84%` or `0.84`, kept as 0.84."""
    MONEY = "money"
    """An amount of Microsoft's in dollars, kept as it is; never one of ours."""
    DAY = "day"
    """`2027-03-31`, `10/31/2027`, or `03/2027`, which is that month's last day."""
    FLAG = "flag"
    LEVEL = "level"
    """High, Medium or Low, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One canonical field; `names` are all names it comes under, made plain."""

    name: str
    type: FieldType
    header: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab of the insights, or list of another feed.

    Attributes:
        tells: Fields of which at least one names the tab.
        known: Plain names of columns that are not used, so that nobody is told of them.
        leave_out: The field in which rows above 0 repeat others; none if empty.
    """

    name: str
    title: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    tells: tuple[str, ...]
    fields: tuple[Field, ...]
    known: frozenset[str]
    leave_out: str = ""

    def field(self, name: str) -> Field:
        """Return one field by its canonical name."""
        return next(each for each in self.fields if each.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Which column of a file is which field.

    Attributes:
        columns: Canonical field to the column's place, counted from 0.
        unknown: Headers that nobody knows.
        missing: Canonical fields without a column.
        doubled: Headers that are a second name of a field already found.
    """

    tab: Tab
    columns: Mapping[str, int]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    doubled: tuple[str, ...]


def plain(name: str) -> str:
    """Return a header's or property's letters and digits, by which it is compared.

    Example:
        >>> plain(" Copilot MAU  (Licensed)"), plain("copilotMauLicensed")
        ('copilotmaulicensed', 'copilotmaulicensed')
    """
    return _OTHER.sub("", name.lower())


@lru_cache(maxsize=8)
def load_tabs(path: Path | None = None) -> tuple[Tab, ...]:
    """Return the tabs with their fields, from a publisher's own file or the shipped one.

    Raises:
        FieldsUnreadableError: The file is not of the shape of the shipped one.
    """
    import yaml

    try:
        text = (
            files("fairkeeper.opportunities.insights").joinpath("fields.yaml").read_text("utf-8")
            if path is None
            else path.read_text("utf-8")
        )
        document = yaml.safe_load(text)
        return tuple(_tab(name, raw) for name, raw in document["tabs"].items())
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        msg = f"The list of fields {path or 'fields.yaml'} cannot be used: {error}."
        raise FieldsUnreadableError(msg) from error


def match(headers: Iterable[str], tabs: Iterable[Tab] | None = None) -> Matched | None:
    """Recognise the tab that a row of headers belongs to; None when it is none of them.

    Every required field and one telling field must be there; of several tabs the one with most columns is taken.

    Example:
        >>> found = match(["Tenant ID", "Copilot PAU", "Copilot MAU (Licensed)", "Weather"])
        >>> found.tab.name, found.unknown
        ('copilot', ('Weather',))
    """
    names = list(headers)
    candidates = [found for tab in tabs or load_tabs() if (found := _match(names, tab)) is not None]
    return max(candidates, key=lambda found: len(found.columns), default=None)


def _match(headers: list[str], tab: Tab) -> Matched | None:
    by_name = {name: field.name for field in tab.fields for name in field.names}
    columns: dict[str, int] = {}
    unknown, doubled = [], []
    for place, header in enumerate(headers):
        name = plain(header)
        canonical = by_name.get(name)
        if canonical is not None and canonical not in columns:
            columns[canonical] = place
        elif canonical is not None:
            doubled.append(header)
        elif name and name not in tab.known:
            unknown.append(header)
    is_this = all(name in columns for name in tab.required) and any(name in columns for name in tab.tells)
    if not is_this:
        return None
    missing = tuple(field.name for field in tab.fields if field.name not in columns)
    return Matched(tab=tab, columns=columns, unknown=tuple(unknown), missing=missing, doubled=tuple(doubled))


def _tab(name: str, raw: Mapping[str, Any]) -> Tab:
    return Tab(
        name=name,
        title=raw["title"],
        key=tuple(raw["key"]),
        required=tuple(raw["required"]),
        tells=tuple(raw["tells"]),
        fields=tuple(_field(each, spec) for each, spec in raw["fields"].items()),
        known=frozenset(plain(each) for each in raw["known"]),
        leave_out=str(raw.get("leave_out", "")),
    )


def _field(name: str, raw: Mapping[str, Any]) -> Field:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name):
        raise ValueError(f"{name!r} is no field's name")
    seen = dict.fromkeys(plain(each) for each in (raw["header"], *raw.get("also", ()), name))
    return Field(name=name, type=FieldType(raw["type"]), header=raw["header"], names=tuple(seen))
