"""Read policies as data: each with its `@id`, its annotations, its effect and the line that it begins on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from fairkeeper.policy.analysis.conditions import Expression
from fairkeeper.policy.document import policy_document
from fairkeeper.policy.errors import PolicyProblem, PolicyRefusedError
from fairkeeper.policy.limits import problems_of_shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy.

    Attributes:
        id: Its `@id`, or `policy N` for one that has none.
        effect: `permit` or `forbid`.
        annotations: What stands before it (`@reason("…")`).
        body: The whole policy in Cedar's JSON form.
        line: The line that its `@id` stands on, None where it cannot be told.
        is_template: Whether it has slots that are not filled.
    """

    id: str
    effect: str
    annotations: Mapping[str, str]
    body: Expression
    line: int | None
    is_template: bool = False

    @property
    def is_permit(self) -> bool:
        """Whether it permits."""
        return self.effect == "permit"


@lru_cache(maxsize=64)
def read_policies(text: str) -> tuple[Policy, ...]:
    """Return policies in their order.

    Raises:
        PolicyRefusedError: The text is too deep or no Cedar.

    Example:
        >>> [each.id for each in read_policies('@id("all") permit (principal, action, resource);')]
        ['all']
    """
    shape = problems_of_shape(text)
    if shape:
        raise PolicyRefusedError(tuple(PolicyProblem(policy_id=None, message=each) for each in shape))
    try:
        document = policy_document(text)
    except ValueError as problem:
        message = f"The policies cannot be read: {problem}."
        raise PolicyRefusedError((PolicyProblem(policy_id=None, message=message),)) from problem
    found = [
        (int(position.removeprefix("policy")), body, group == "templates")
        for group in ("staticPolicies", "templates")
        for position, body in document.get(group, {}).items()
    ]
    return tuple(
        Policy(
            id=body.get("annotations", {}).get("id") or f"policy {number + 1}",
            effect=body["effect"],
            annotations=dict(body.get("annotations", {})),
            body=body,
            line=_line(text, body.get("annotations", {}).get("id")),
            is_template=is_template,
        )
        for number, body, is_template in sorted(found, key=lambda each: each[0])
    )


def _line(text: str, policy_id: str | None) -> int | None:
    if policy_id is None:
        return None
    found = re.search(rf"^[^\n]*@id\(\s*{re.escape(json.dumps(policy_id))}\s*\)", text, re.MULTILINE)
    return None if found is None else text.count("\n", 0, found.start()) + 1
