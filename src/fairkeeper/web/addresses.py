"""Addresses of lists: filters, order and place in the list are all in the query, so that a link shows what I see.

Separate, because every list needs the same arithmetic on a query and templates must not do it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Address:
    """A path of ours and its query, in order.

    Example:
        >>> here = Address("/customers", (("state", "Suspended"), ("page", "2")))
        >>> str(here.having(sort="-since").without("page"))
        '/customers?state=Suspended&sort=-since'
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, path: str, query: Iterable[tuple[str, str]]) -> Self:
        """Take a path and a query as a request brings them, leaving out parameters without a value."""
        return cls(path, tuple((key, value) for key, value in query if value))

    def having(self, **parameters: str) -> Self:
        """Return the address with these parameters set instead of what they were; an empty one is removed."""
        rest = self.without(*parameters)
        return type(self)(self.path, rest.query + tuple((key, value) for key, value in parameters.items() if value))

    def without(self, *parameters: str) -> Self:
        """Return the address without these parameters."""
        return type(self)(self.path, tuple((key, value) for key, value in self.query if key not in parameters))

    def get(self, parameter: str) -> str:
        """Return the last value of a parameter, or nothing."""
        return next((value for key, value in reversed(self.query) if key == parameter), "")

    def __str__(self) -> str:
        """Write it as a link needs it."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def sorted_by(address: Address, key: str) -> Address:
    """Return the address that a click on a column's head leads to: ascending first, then descending; page one again.

    Example:
        >>> str(sorted_by(Address("/customers", (("sort", "name"),)), "name"))
        '/customers?sort=-name'
    """
    direction = f"-{key}" if address.get("sort") == key else key
    return address.without("page", "before", "after").having(sort=direction)
