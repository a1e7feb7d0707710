"""What severity, reversibility and business impact ask for, and what makes it stricter.

One table. Each of three circumstances tightens the answer by one step: another tenant's data, sensitive data, and a
tool with elevated permission. Policy can be stricter than the table, never looser.

Source: Microsoft's Responsible AI Standard v2 (2022), goals A2 and A5, asks for oversight in proportion to impact. It
states no table; the cells are ours, and tests/unit/policy/test_response.py walks them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final


class Severity(StrEnum):
    """How bad a wrong call is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Reversibility(StrEnum):
    """What it takes to undo a call."""

    REVERSIBLE = "reversible"
    COSTLY = "costly"
    IRREVERSIBLE = "irreversible"


class BusinessImpact(StrEnum):
    """How far a call reaches into the customer's business."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Response(IntEnum):
    """What happens to a permitted call, from the mildest on."""

    ALLOW = 0
    RECORD_FOR_REVIEW = 1
    REQUIRE_APPROVAL = 2
    BLOCK = 3


_A, _R, _Q, _B = Response.ALLOW, Response.RECORD_FOR_REVIEW, Response.REQUIRE_APPROVAL, Response.BLOCK

# severity -> reversibility -> response at business impact (low, medium, high)
_TABLE: Final[dict[Severity, dict[Reversibility, tuple[Response, Response, Response]]]] = {
    Severity.LOW: {
        Reversibility.REVERSIBLE: (_A, _A, _R),
        Reversibility.COSTLY: (_A, _R, _R),
        Reversibility.IRREVERSIBLE: (_R, _R, _Q),
    },
    Severity.MEDIUM: {
        Reversibility.REVERSIBLE: (_A, _R, _R),
        Reversibility.COSTLY: (_R, _R, _Q),
        Reversibility.IRREVERSIBLE: (_R, _Q, _Q),
    },
    Severity.HIGH: {
        Reversibility.REVERSIBLE: (_R, _R, _Q),
        Reversibility.COSTLY: (_R, _Q, _Q),
        Reversibility.IRREVERSIBLE: (_Q, _Q, _B),
    },
}
_IMPACTS: Final = tuple(BusinessImpact)


class Tightening(StrEnum):
    """What makes the response one step stricter."""

    ANOTHER_TENANT = "another_tenant"
    """Data of a tenant other than the agent's customer is touched, as its owner granted."""
    SENSITIVE_DATA = "sensitive_data"
    """Confidential or restricted data is touched, or has reached the call."""
    ELEVATED_PERMISSION = "elevated_permission"
    """The tool has more rights than the person it acts for."""


def response(
    severity: Severity,
    reversibility: Reversibility,
    impact: BusinessImpact,
    tightenings: frozenset[Tightening] = frozenset(),
) -> Response:
    """Return what a permitted call asks for.

    Example:
        >>> response(Severity.LOW, Reversibility.REVERSIBLE, BusinessImpact.LOW).name
        'ALLOW'
        >>> sensitive = frozenset({Tightening.SENSITIVE_DATA})
        >>> response(Severity.LOW, Reversibility.REVERSIBLE, BusinessImpact.LOW, sensitive).name
        'RECORD_FOR_REVIEW'
    """
    base = _TABLE[severity][reversibility][_IMPACTS.index(impact)]
    return Response(min(Response.BLOCK, base + len(tightenings)))
