"""A list on a page: its filters, its sortable heads, its rows, the ways on and back, and its exports.

Separate from the other parts, because it carries the address that all of these are derived from. The rows are the
page's own type: each page's template writes its cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fairkeeper.web.addresses import Address, sorted_by
from fairkeeper.web.parts import Empty, Link

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's head; `key` is what `sort=` says, empty if the list cannot be ordered by it."""

    label: str
    key: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value that a filter offers, with how many rows it would show where that is cheap to know."""

    value: str
    label: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter of the list: a choice if it has choices, otherwise a text to look for."""

    name: str
    label: str
    choices: Sequence[Choice] = ()
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Where in the list this page stands; the texts are whole (`1–50 of 1,284`), the addresses empty at the ends."""

    shown: str
    previous_href: str = ""
    next_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column's head as the template needs it."""

    label: str
    is_number: bool
    href: str
    sorted: str
    """What `aria-sort` says; empty if the list is not ordered by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[RowT]):
    """A list with its address.

    Args:
        id: The element's id, and what htmx replaces.
        caption: What the list is a list of.
        columns: The heads, left to right.
        rows: The rows of this page.
        empty: What stands here when there is no row.
        address: The address of what is shown, with its filters and order.
        filters: What may be filtered by.
        exports: The same rows as files.
        paging: None if all rows are shown.
    """

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[RowT]
    empty: Empty
    address: Address
    filters: Sequence[Filter] = ()
    exports: Sequence[Link] = ()
    paging: Paging | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is set, so that an empty list is not an empty room."""
        return any(self.address.get(each.name) for each in self.filters)

    @property
    def unfiltered_href(self) -> str:
        """The address without its filters."""
        return str(self.address.without("page", "before", "after", *(each.name for each in self.filters)))

    @property
    def heads(self) -> Sequence[Head]:
        """The columns' heads with the addresses that order by them."""
        order = self.address.get("sort")
        return tuple(
            Head(
                label=column.label,
                is_number=column.is_number,
                href=str(sorted_by(self.address, column.key)) if column.key else "",
                sorted=_aria_sort(order, column.key),
            )
            for column in self.columns
        )


def _aria_sort(order: str, key: str) -> str:
    if not key or order.removeprefix("-") != key:
        return ""
    return "descending" if order.startswith("-") else "ascending"
