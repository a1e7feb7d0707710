"""Standing approvals in the console: so many calls like one that was asked about, granted and taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.governance.approvals.errors import ApprovalNotFoundError, StandingRefusedError
from fairkeeper.governance.approvals.queries import ApprovalDetail, list_standing, show_approval
from fairkeeper.governance.approvals.standing import LONGEST, StandingView, grant_standing, revoke_standing
from fairkeeper.web.forms import Field, FieldKind, Option
from fairkeeper.web.pages import governance as pages
from fairkeeper.web.routes.governance.words import APPROVALS_TRAIL, ROOM, value_words
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_AT_FIRST: Final = timedelta(days=30)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def standing_row(visit: Visit, standing: StandingView) -> pages.StandingRow:
    """Return a standing approval as it stands in the list."""
    where = ", ".join(f"{name} is {value_words(value)}" for name, value in sorted(standing.where.items()))
    return pages.StandingRow(
        what=f"{standing.tool_name}, {standing.daily_limit} a day",
        used=f"{standing.used_today} of {standing.daily_limit} today",
        where=f"Where {where}." if where else "Whatever the arguments are.",
        ends_at=standing.ends_at[:10],
        revoke=_revoking(standing.standing_id, standing.tool_name).question if visit.allows(revoke_standing) else None,
    )


def _revoking(standing_id: str, tool: str = "it") -> Asking:
    words = Words(
        opener="Take back",
        title=f"Take the standing approval for {tool} back?",
        points=("The next call asks a person again.",),
    )
    return Asking(
        operation=revoke_standing,
        question=question_at(f"/approvals/standing/{standing_id}/revoke", words, back="/approvals"),
        back="/approvals",
        room=ROOM,
        fixed={"standing_id": standing_id},
        trail=APPROVALS_TRAIL,
    )


def ask_to_revoke(visit: Visit) -> Response:
    """Ask before a standing approval is taken back."""
    return ask(visit, _revoking_of(visit))


def revoke(visit: Visit) -> Response:
    """Take a standing approval back."""
    return answer_question(visit, _revoking_of(visit))


def _revoking_of(visit: Visit) -> Asking:
    named = visit.named("standing_id")[:40]
    standing: list[StandingView] = visit.run(list_standing)
    for each in standing:
        if each.standing_id == named:
            return _revoking(each.standing_id, each.tool_name)
    raise ApprovalNotFoundError(f"There is no standing approval {named!r} here.")


# -------------------- granting one


def granting(visit: Visit, found: ApprovalDetail) -> Asking | None:
    """Return how calls like one that was asked about are approved for a while; None where they cannot be."""
    line = found.line
    if line.is_irreversible or found.approvers_needed > 1 or not visit.allows(grant_standing):
        return None
    address = f"/approvals/{line.approval_id}"
    words = Words(
        opener="Ask less often",
        title=f"Let {line.agent_title} call {line.tool_name} without asking each time?",
        points=(
            "Calls like this one then run by themselves, so many a day, until the day you say.",
            "When the policies change, people are asked again.",
            "Anybody who answers questions can take it back at any time.",
        ),
        submit="Stop asking for these",
        fields=_fields(visit, found),
    )
    return Asking(
        operation=grant_standing,
        question=question_at(f"{address}/standing", words, back=address),
        back="/approvals",
        room=ROOM,
        fixed={"approval_id": line.approval_id},
        trail=APPROVALS_TRAIL,
        read=_read,
    )


def _fields(visit: Visit, found: ApprovalDetail) -> tuple[Field, ...]:
    names = sorted(found.arguments)[:20]
    same = Field(
        name="same",
        label="Only where these are the same",
        kind=FieldKind.CHECKBOXES,
        value=" ".join(names),
        hint="What is not ticked may be anything.",
        options=tuple(Option(value=name, label=f"{name}: {value_words(found.arguments[name])[:80]}") for name in names),
        is_required=False,
    )
    now = visit.now
    return (
        *((same,) if names else ()),
        Field(name="daily_limit", label="Calls a day", kind=FieldKind.NUMBER, value="10", unit="calls"),
        Field(
            name="ends_at",
            label="Until the end of",
            kind=FieldKind.DATE,
            value=(now + _AT_FIRST).date().isoformat(),
            hint=f"By UTC; at the latest {(now + LONGEST - timedelta(days=1)).date().isoformat()}.",
        ),
        reason_field("At least 10 characters. It is recorded."),
    )


def _read(typed: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what was typed as the operation takes it: a day ends at its end."""
    day = typed.get("ends_at", "").strip()
    return {
        "same": typed.get("same", "").split(),
        "daily_limit": typed.get("daily_limit", "").strip(),
        "ends_at": f"{day}T23:59:59Z" if _DAY.fullmatch(day) else day,
        "reason": typed.get("reason", "").strip(),
    }


def ask_to_grant(visit: Visit) -> Response:
    """Ask how often, how alike, and until when."""
    return ask(visit, _granting_of(visit))


def grant(visit: Visit) -> Response:
    """Approve calls of this kind for a while."""
    return answer_question(visit, _granting_of(visit))


def _granting_of(visit: Visit) -> Asking:
    found: ApprovalDetail = visit.run(show_approval, approval_id=visit.named("approval_id")[:40])
    asking = granting(visit, found)
    if asking is None:
        raise StandingRefusedError("What cannot be undone, or needs several people, is approved one by one.")
    return asking


WAYS: Final[tuple[Way, ...]] = (
    get("/approvals/standing/{standing_id}/revoke", ask_to_revoke, Audience.PERSON),
    post("/approvals/standing/{standing_id}/revoke", revoke, Audience.PERSON),
    get("/approvals/{approval_id}/standing", ask_to_grant, Audience.PERSON),
    post("/approvals/{approval_id}/standing", grant, Audience.PERSON),
)
