"""Whether policies look behind the names of agent, tool and use, at what is registered about them.

Most do not: they name an agent and a tool in their scopes and compare the context. For these Cedar needs no entity but
the actions, which come with the schema; and what is not handed over need not be read for each call.

Source: Cedar documentation, JSON policy format and authorization, read 2026-11-28: comparing two names looks at no
entity; `in` looks at ancestors, `.`, `has` and tags at attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_SCOPES: Final = ("principal", "resource")
_BY_NAME: Final = frozenset({"All", "=="})


Policies = Mapping[str, Any]
"""Policies in Cedar's JSON format."""


def looks_at_entities(policies: Policies) -> bool:
    """Say whether an answer may depend on attributes or ancestors of agent, tool or use; yes where that is not plain.

    Example:
        >>> from fairkeeper.policy.document import policy_document
        >>> looks_at_entities(
        ...     policy_document('forbid (principal == Agent::"a", action, resource) when { context.depth > 2 };')
        ... )
        False
        >>> looks_at_entities(
        ...     policy_document('forbid (principal, action, resource) when { resource.effect == "write" };')
        ... )
        True
    """
    return bool(policies.get("templates")) or any(
        any(policy[scope]["op"] not in _BY_NAME for scope in _SCOPES)
        or any(_looks(condition["body"]) for condition in policy["conditions"])
        for policy in policies.get("staticPolicies", {}).values()
    )


def _looks(expression: Any) -> bool:
    left = [expression]  # what a chain of operators nests is deep, and this is asked from a server's depths
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += part
        elif isinstance(part, dict):
            if part.get("Var") in _SCOPES or "in" in part or "is" in part or "__entity" in part:
                return True
            left += part.values()
    return False
