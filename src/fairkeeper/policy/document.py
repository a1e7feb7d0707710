"""Policies in Cedar's JSON form, read no deeper than whoever walks through them can go."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import cedarpy

MAX_DEPTH: Final = 127
"""Levels of the JSON form; a chain of operators nests by two with each of them. Cedar's own reader of that form goes no
deeper (measured with cedarpy 4.12.2, 2026-11-29), and whoever walks through it in Python finds room on any stack."""
_MARK: Final = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])')


def policy_document(text: str) -> dict[str, Any]:
    """Return policies in Cedar's JSON form: `staticPolicies` and `templates`, each by its place in the text.

    Raises:
        ValueError: The text is no Cedar, or a policy is too deep.

    Example:
        >>> document = policy_document("permit (principal, action, resource);")
        >>> document["staticPolicies"]["policy0"]["effect"]
        'permit'
    """
    spelled = cedarpy.policies_to_json_str(text)
    depth = 0
    for mark in _MARK.finditer(spelled):
        if mark[1]:
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(
                    "a policy chains more than about 55 operators; name what it compares with in a set:"
                    " `[…].contains(…)`, or `in […]`"
                )
        elif mark[2]:
            depth -= 1
    document: dict[str, Any] = json.loads(spelled)
    return document
