"""What became of allowed calls, told many at once beside the decisions: read from the wire, and answered one by one.

An outcome that is malformed is answered as such and leaves its neighbours alone. `POST /api/v1/decisions/…/outcome`
takes a single one, as a command like any other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from fairkeeper.governance.deciding.outcomes import MOST_TOLD, Came, Outcomes, Taken
from fairkeeper.policy.decision.facts import Caller

OUTCOMES_PATH: Final = "/access/v1/outcomes"
MALFORMED: Final = "malformed"
Take = Callable[[Outcomes], Awaitable[tuple[Taken, ...] | None]]


async def tell_outcomes(
    document: Mapping[str, Any], caller: Caller, request_id: str, take: Take
) -> dict[str, Any] | None:
    """Return what was done with each outcome, in order; None where the caller may not tell any more.

    Raises:
        ValueError: It is no list of outcomes, or too long a one.
    """
    items = document.get("outcomes")
    if not isinstance(items, list) or len(items) > MOST_TOLD:
        raise ValueError(f"outcomes is no array of at most {MOST_TOLD}.")
    read = [_came(item) for item in items]
    came = tuple(each for each in read if each is not None)
    taken = await take(Outcomes(came=came, caller=caller, request_id=request_id))
    if taken is None:
        return None
    answers = iter(taken)
    return {"outcomes": [MALFORMED if each is None else next(answers).value for each in read]}


def _came(item: Any) -> Came | None:
    try:
        came = msgspec.convert(item, Came)
        if not all(each.is_finite() for each in came.measured.values()):
            return None
        for text in (came.decision_id, came.error, *came.sources, *came.measured):
            text.encode()
            if "\x00" in text:
                return None
    except (msgspec.ValidationError, UnicodeEncodeError):
        return None
    return came
