"""Whether policies look behind the names of agent, tool and use, at what is registered about them.

Most do not: they name an agent and a tool in their scopes and compare the context. For these Cedar needs no entity but
the actions, which come with the schema; and what is not handed over need not be read for each call.

Source: Cedar documentation, JSON policy format and authorization, read 2026-11-28: comparing two names looks at no
entity; `in` looks at ancestors, `.`, `has` and tags at attributes.
"""

from __future__ import annotations

import json
from typing import Any, Final

import cedarpy

_SCOPES: Final = ("principal", "resource")
_BY_NAME: Final = frozenset({"All", "=="})


def looks_at_entities(policies: str) -> bool:
    """Say whether an answer may depend on attributes or ancestors of agent, tool or use; yes where that is not plain.

    Raises:
        ValueError: The text cannot be read.

    Example:
        >>> looks_at_entities('forbid (principal == Agent::"a", action, resource) when { context.depth > 2 };')
        False
        >>> looks_at_entities('forbid (principal, action, resource) when { resource.effect == "write" };')
        True
    """
    document: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(policies))
    return bool(document.get("templates")) or any(
        any(policy[scope]["op"] not in _BY_NAME for scope in _SCOPES)
        or any(_looks(condition["body"]) for condition in policy["conditions"])
        for policy in document.get("staticPolicies", {}).values()
    )


def _looks(expression: Any) -> bool:
    if isinstance(expression, list):
        return any(_looks(each) for each in expression)
    if not isinstance(expression, dict):
        return False
    if expression.get("Var") in _SCOPES or "in" in expression or "is" in expression or "__entity" in expression:
        return True
    return any(_looks(each) for each in expression.values())
