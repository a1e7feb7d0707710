"""The customer's own limit on a dimension: set, changed, ended."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from fairkeeper.action.operation import Operation
from fairkeeper.metering.actions.limiting import AtLimit, end_usage_limit, set_usage_limit
from fairkeeper.metering.views import (
    UsageDetail,
    UsageLine,
)
from fairkeeper.web.forms import Field, FieldKind, Option, Question
from fairkeeper.web.parts import Link
from fairkeeper.web.routes.usage.reading import ROOM, TRAIL, detail_of
from fairkeeper.web.serving.asking import (
    Asking,
    Words,
    answer_question,
    ask,
    question_at,
)
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get, post


def limit_asking(detail: UsageDetail, line: UsageLine | None) -> Asking:
    """Return the question for a limit, with the one that stands."""
    has_limit = line is not None and bool(line.limit)
    here = f"/usage/{detail.resource_id}"
    words = Words(
        opener="Change the limit" if has_limit else "Set a limit",
        title=f"How much of {detail.dimension} at most?",
        points=(
            "It holds for each month or year of the term.",
            "Governed calls above it are refused, or a person is asked about each.",
        ),
        submit="Set it",
        fields=(
            Field(name="quantity", label="Units at most", value=line.limit if line is not None else ""),
            Field(
                name="at_limit",
                label="Calls above it",
                kind=FieldKind.SELECT,
                value=(AtLimit.ASK if line is not None and line.limit_asks else AtLimit.STOP).value,
                options=(
                    Option(value=AtLimit.STOP.value, label="are refused"),
                    Option(value=AtLimit.ASK.value, label="wait for a person"),
                ),
            ),
        ),
    )
    return _of_dimension(detail, set_usage_limit, question_at(f"{here}/limit?{_named(detail)}", words, back=here))


def end_limit_asking(detail: UsageDetail) -> Asking:
    """Return the question whether a limit ends."""
    here = f"/usage/{detail.resource_id}"
    words = Words(
        opener="End the limit",
        title=f"End the limit on {detail.dimension}?",
        points=("Governed calls are let through again from the next one on, whatever was used.",),
    )
    return _of_dimension(detail, end_usage_limit, question_at(f"{here}/end-limit?{_named(detail)}", words, back=here))


def _named(detail: UsageDetail) -> str:
    return urlencode({"dimension": detail.dimension})


def _of_dimension(detail: UsageDetail, operation: Operation, question: Question) -> Asking:
    here = f"/usage/{detail.resource_id}"
    return Asking(
        operation=operation,
        question=question,
        back=f"{here}?{_named(detail)}",
        room=ROOM,
        fixed={"resource_id": detail.resource_id, "dimension": detail.dimension},
        trail=(*TRAIL, Link(label=detail.customer_name, href=here)),
    )


def ask_for_limit(visit: Visit) -> Response:
    """Ask for a customer's limit."""
    detail, line = _with_line(visit)
    return ask(visit, limit_asking(detail, line))


def set_limit(visit: Visit) -> Response:
    """Set a customer's limit."""
    detail, line = _with_line(visit)
    return answer_question(visit, limit_asking(detail, line))


def ask_to_end_limit(visit: Visit) -> Response:
    """Ask whether a customer's limit ends."""
    return ask(visit, end_limit_asking(detail_of(visit)))


def end_limit(visit: Visit) -> Response:
    """End a customer's limit."""
    return answer_question(visit, end_limit_asking(detail_of(visit)))


def _with_line(visit: Visit) -> tuple[UsageDetail, UsageLine | None]:
    detail = detail_of(visit)
    return detail, next((each for each in detail.lines if each.dimension == detail.dimension), None)


WAYS: Final[tuple[Way, ...]] = (
    get("/usage/{resource_id}/limit", ask_for_limit),
    post("/usage/{resource_id}/limit", set_limit),
    get("/usage/{resource_id}/end-limit", ask_to_end_limit),
    post("/usage/{resource_id}/end-limit", end_limit),
)
