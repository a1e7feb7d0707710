"""Look up the official resource that explains a rule.

Findings, errors and pages name a resource by its key; where it is, is kept in one dated list
(`fairkeeper.values.resource_list`), so that a page that moves is corrected in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fairkeeper.values.errors import ResourceUnknownError
from fairkeeper.values.resource_list import RESOURCE_LIST, Resource

__all__ = ["RESOURCES", "Resource", "resource"]


def _by_key(items: tuple[Resource, ...]) -> dict[str, Resource]:
    by_key = {item.key: item for item in items}
    if len(by_key) != len(items):
        keys = [item.key for item in items]
        message = f"Keys of official resources used twice: {sorted({key for key in keys if keys.count(key) > 1})}."
        raise ResourceUnknownError(message)
    return by_key


RESOURCES: Final[Mapping[str, Resource]] = MappingProxyType(_by_key(RESOURCE_LIST))
"""Every official resource by key."""


def resource(key: str) -> Resource:
    """Return the official resource of a key.

    Raises:
        ResourceUnknownError: The list has none of this key (a mistake in our own code).

    Example:
        >>> resource("learn-flexible-billing").address
        'https://learn.microsoft.com/partner-center/marketplace-offers/flexible-billing-schedule'
    """
    try:
        return RESOURCES[key]
    except KeyError:
        message = f"No official resource has the key {key!r}."
        raise ResourceUnknownError(message) from None
