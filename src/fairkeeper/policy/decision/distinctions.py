"""Which whole numbers of a call a set of policies can tell apart.

A policy that only compares a number with constants (`context.numbers.getTag("amount") > 100000`) has the same answer
for all numbers between two neighbouring constants. So an answer that was given for one of them holds for the others,
and a slice of policies need not ask Cedar about each amount anew. A number that policies use in any other way, or in a
way that is not understood here, counts as itself.

Source: Cedar documentation, JSON policy format, read 2026-11-28. Comparing two whole numbers cannot fail there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.policy.decision.looking import Policies

_BEGINS: Final = {"<": (0,), ">=": (0,), ">": (1,), "<=": (1,), "==": (0, 1), "!=": (0, 1)}
"""Where, from the constant on, numbers begin that compare otherwise than those before."""
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ALONE: Final = frozenset({"amount", "depth"})
_RECORDS: Final = ("at.", "labels.")
_TAGGED: Final = frozenset({"numbers", "usage"})
_ENTITIES: Final = {"Numbers": "numbers", "Usage": "usage"}
"""What holds tagged numbers, and the types by which policies can name it around the context."""
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
"""Cedar's whole numbers; one beyond is an error there, so it is never like another here."""


class Distinctions:
    """What policies tell apart of the numbers in a context; a number is named by its path.

    Paths are `amount`, `depth`, `at.minute` and its like, `labels.sensitivity`, `numbers:NAME` for an argument and
    `usage:NAME` for what is used of a billing dimension.

    Args:
        policies: As `policy_document` returns them.

    Example:
        >>> from fairkeeper.policy.document import policy_document
        >>> told = Distinctions(policy_document("forbid (principal, action, resource) when { context.depth > 2 };"))
        >>> told.of("depth", 1) == told.of("depth", 2), told.of("depth", 2) == told.of("depth", 3)
        (True, False)
    """

    def __init__(self, policies: Policies) -> None:
        self._begins: dict[str, set[int]] = {}
        self._exact: set[str] = set()
        if policies.get("templates"):
            self._exact.add("")
        for policy in policies.get("staticPolicies", {}).values():
            for condition in policy["conditions"]:
                self._visit(condition["body"])
        self._bounds = {path: sorted(found) for path, found in self._begins.items()}
        self._key = (frozenset(self._exact), tuple(sorted((path, *found) for path, found in self._bounds.items())))

    def __eq__(self, other: object) -> bool:
        """Say whether another set of policies tells the same numbers apart."""
        return isinstance(other, Distinctions) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def of(self, path: str, value: int | None) -> int | str | None:
        """Return the same for two values where no policy can tell them apart; that it is not there is None."""
        if value is None:
            return None
        if self._is_exact(path) or not _LEAST <= value <= _MOST:
            return str(value)
        return bisect_right(self._bounds.get(path, ()), value)

    def _is_exact(self, path: str) -> bool:
        exact = self._exact
        return bool(exact) and ("" in exact or path in exact or path.partition(".")[0].partition(":")[0] in exact)

    def _visit(self, expression: Any) -> None:
        """Note every use of the context, at its outermost place; what holds none is gone through member by member."""
        if isinstance(expression, list):
            for each in expression:
                self._visit(each)
        if not isinstance(expression, dict) or self._is_understood(expression):
            return
        place = _number(expression)
        if place is None:
            place = _place(expression)
        if place is not None:
            self._exact.add(place)
            return
        named = _ENTITIES.get(expression.get("__entity", {}).get("type", ""))
        if named is not None:
            self._exact.add(named)
        for each in expression.values():
            self._visit(each)

    def _is_understood(self, expression: Mapping[str, Any]) -> bool:
        """Note a comparison with a constant; say whether it is one, or only asks whether something is there."""
        ((operator, operand), *others) = expression.items() or (("", None),)
        if others or not isinstance(operand, dict):
            return False
        if operator == "has":
            return _place(operand["left"]) is not None
        if operator == "hasTag":
            return _place(operand["left"]) in {*_TAGGED, "texts"} and "Value" in operand["right"]
        if operator not in _BEGINS:
            return False
        left, right = operand["left"], operand["right"]
        if "Value" in left:
            operator, left, right = _TURNED.get(operator, operator), right, left
        path, constant = _number(left), right.get("Value")
        if path is None or not isinstance(constant, int) or isinstance(constant, bool):
            return False
        self._begins.setdefault(path, set()).update(constant + each for each in _BEGINS[operator])
        return True


def _place(expression: Mapping[str, Any]) -> str | None:
    """Return the path of a member of the context; the context itself is the empty one, anything else None."""
    if expression.get("Var") == "context":
        return ""
    member = expression.get(".", {})
    outer = _place(member["left"]) if member else None
    return None if outer is None else f"{outer}.{member['attr']}".removeprefix(".")


def _number(expression: Mapping[str, Any]) -> str | None:
    """Return the path of what may be a number, None for anything else."""
    tag = expression.get("getTag")
    if tag is not None:
        name, place = tag["right"].get("Value"), _place(tag["left"])
        return f"{place}:{name}" if isinstance(name, str) and place in _TAGGED else None
    place = _place(expression)
    return place if place is not None and (place in _ALONE or place.startswith(_RECORDS)) else None
