"""The inbox of approvals and one question, made for the phone: read what will happen, then one of two answers."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from fairkeeper.governance.approvals.answering import answer_approval
from fairkeeper.governance.approvals.queries import (
    ApprovalDetail,
    ApprovalLine,
    list_approvals,
    list_standing,
    show_approval,
)
from fairkeeper.governance.approvals.standing import StandingView
from fairkeeper.web.format import Tone, count
from fairkeeper.web.forms import Field, FieldKind, Form, with_answers
from fairkeeper.web.pages import governance as pages
from fairkeeper.web.parts import Empty, Fact, Identifier, Link, Notice
from fairkeeper.web.routes.governance.standing import granting, standing_row
from fairkeeper.web.routes.governance.words import (
    APPROVALS_TRAIL,
    ROOM,
    approval_row,
    approval_word,
    effect_words,
    tabs,
    value_words,
)
from fairkeeper.web.serving.asking import Refused, new_key, told, try_to
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_LATELY: Final = 20


def show_approvals(visit: Visit) -> Response:
    """Show what waits, what stands, and what was answered lately."""
    waiting: list[ApprovalLine] = visit.run(list_approvals)
    settled: list[ApprovalLine] = visit.run(list_approvals, state="all", limit=_LATELY)
    standing: list[StandingView] = visit.run(list_standing)
    page = pages.ApprovalsPage(
        frame=frame(visit, ROOM),
        sentence=f"{count(len(waiting), 'question')} for a person, the soonest to end first."
        if waiting
        else "Nothing waits for a person.",
        tabs=tabs(visit, "Approvals"),
        waiting=tuple(approval_row(line) for line in waiting),
        settled=tuple(approval_row(line) for line in settled if line.state != "pending"),
        standing=tuple(standing_row(visit, each) for each in standing if not each.is_revoked),
        empty=Empty(
            title="Nothing waits for you",
            text="When an agent wants to do what a person has to approve, the question stands here, and you get a "
            "message with the link.",
        ),
    )
    return visit.show(page)


# -------------------- one question


def show_one(visit: Visit) -> Response:
    """Show one question with its two answers."""
    return visit.show(_page(visit))


def _page(visit: Visit, *, refused: Refused | None = None, verdict: str = "") -> pages.ApprovalPage:
    found: ApprovalDetail = visit.run(show_approval, approval_id=visit.named("approval_id")[:40])
    line = found.line
    is_open = line.state == "pending" and visit.allows(answer_approval)
    approve = _approve_form(found) if is_open else None
    refuse = _refuse_form(found) if is_open else None
    if refused is not None and approve is not None and refuse is not None:
        shown = approve if verdict == "approve" else refuse
        answered = with_answers(shown, visit.form, refused.errors, refused.whole)
        approve, refuse = (answered, refuse) if verdict == "approve" else (approve, answered)
    return pages.ApprovalPage(
        frame=frame(visit, ROOM),
        trail=APPROVALS_TRAIL,
        name=line.tool_title,
        state=approval_word(line.state),
        sentence=_sentence(found),
        will_happen=_will_happen(found),
        arguments=tuple(
            pages.Argument(name=name, value=value_words(value)) for name, value in sorted(found.arguments.items())
        ),
        touches=tuple(" ".join(each) for each in found.resources),
        why=_why(found),
        origins=_origins(found),
        warning=_warning(found),
        cannot_undo=f"{line.tool_title} is done for good." if line.is_irreversible else "",
        cue=_cue(found),
        facts=_facts(found),
        answers=tuple(
            Fact(
                label="Approved" if each.verdict == "approve" else "Refused",
                value=each.answered_at,
                note=f"by {each.person_id}{f': {each.reason}' if each.reason else ''}",
            )
            for each in found.answers
        ),
        approve=approve,
        refuse=refuse,
        standing=asked.question if (asked := granting(visit, found)) is not None else None,
        blocked=None
        if is_open or line.state != "pending"
        else Notice(text="Your role does not answer questions of agents.", tone=Tone.QUIET),
    )


def _sentence(found: ApprovalDetail) -> str:
    if found.line.state == "pending":
        more = f" {found.still_needed} people have to approve." if found.still_needed > 1 else ""
        return f"Asked by {found.line.agent_title}; without an answer it is refused.{more}"
    if found.line.state == "consumed":
        return "The agent has made this call, once."
    return "Nothing can be answered here any more."


def _will_happen(found: ApprovalDetail) -> str:
    line = found.line
    whom = f" for {found.person_id}" if found.person_id else ""
    where = "" if line.environment == "live" else f" in {line.environment}"
    return f"{line.agent_title} calls {line.tool_name}{where}{whom}. This {effect_words(line.effect)}."


def _why(found: ApprovalDetail) -> tuple[str, ...]:
    named = [each for each in found.policies if not each.startswith("permit:")]
    reasons = [f"The policy {each} asks for a person." for each in named]
    if len(named) < len(found.policies):
        reasons.append("The tool is permitted to this agent once a person approved each call.")
    if found.use_title:
        reasons.append(f"It serves the intended use “{found.use_title}”.")
    if found.separates_duties:
        reasons.append("Whoever is acted for cannot approve it.")
    if found.approvers_needed > 1:
        reasons.append(f"{found.approvers_needed} people have to approve it.")
    return tuple(reasons)


def _origins(found: ApprovalDetail) -> tuple[str, ...]:
    labels: dict[str, Any] = found.labels
    sources = labels.get("sources", ())
    origins = [f"Something from {source} had reached the task." for source in sources]
    follows = labels.get("follows", ())
    if follows:
        origins.append(f"It follows {count(len(follows), 'earlier call')} of the agent.")
    if found.task_id:
        origins.append(f"It is part of the task {found.task_id}.")
    if not origins:
        origins.append("The agent named no source: it wrote the arguments itself.")
    return tuple(origins)


def _warning(found: ApprovalDetail) -> str:
    if not found.labels.get("trusted", True):
        return (
            "Something that cannot be trusted had reached the task, such as a mail from outside. "
            "Whoever wrote it may have chosen these arguments."
        )
    return ""


def _cue(found: ApprovalDetail) -> str:
    names = [name for name, value in sorted(found.arguments.items()) if isinstance(value, str | int)][:3]
    if not names:
        return "Before you answer: would you do this yourself, now?"
    listed = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return f"Before you answer: are {listed} what you expect? An agent can be wrong, or misled, and sound sure."


def _approve_form(found: ApprovalDetail) -> Form:
    line = found.line
    word = Field(
        name="typed_word",
        label=f"Type “{line.tool_name}” to approve",
        hint="Because it cannot be undone.",
        autocomplete="off",
    )
    reason = Field(
        name="reason",
        label="Why",
        kind=FieldKind.TEXT,
        hint="Needed after many approvals in a row.",
        is_required=False,
    )
    return Form(
        id="approve",
        action=f"/approvals/{line.approval_id}/approve",
        submit="Approve this call",
        idempotency_key=new_key(),
        fields=(*((word,) if line.is_irreversible else ()), reason),
        hidden=(("binding_digest", found.binding_digest),),
    )


def _refuse_form(found: ApprovalDetail) -> Form:
    return Form(
        id="refuse",
        action=f"/approvals/{found.line.approval_id}/refuse",
        submit="Refuse this call",
        idempotency_key=new_key(),
        fields=(Field(name="reason", label="Why", hint="The agent's owner reads it."),),
        hidden=(("binding_digest", found.binding_digest),),
    )


def _facts(found: ApprovalDetail) -> tuple[Fact, ...]:
    line = found.line
    facts = [
        Fact(label="Agent", value=Link(label=line.agent_title, href=f"/agents/{line.agent_id}")),
        Fact(label="Decision", value=Link(label="The decision that asked", href=f"/decisions/{found.decision_id}")),
        Fact(label="Asked", value=line.asked_at),
        Fact(label="Ends", value=line.ends_at),
        Fact(label="Asked again", value=line.repeats, note="times, while it waited"),
        Fact(
            label="Bound to",
            value=Identifier(text=found.binding_digest, names="digest of the action"),
            note="tool, arguments, customer, environment, person and task",
        ),
        Fact(label="Policies", value=Identifier(text=found.bundle_digest, names="digest of the policies")),
    ]
    if found.consumed_by:
        facts.append(Fact(label="Used by", value=Link(label="A decision", href=f"/decisions/{found.consumed_by}")))
    return tuple(facts)


def approve(visit: Visit) -> Response:
    """Approve one call."""
    return _answer(visit, "approve")


def refuse(visit: Visit) -> Response:
    """Refuse one call."""
    return _answer(visit, "refuse")


def _answer(visit: Visit, verdict: str) -> Response:
    typed = {name: visit.form.get(name, "").strip() for name in ("reason", "typed_word", "binding_digest")}
    approval_id = visit.named("approval_id")[:40]
    answered = try_to(visit, answer_approval, approval_id=approval_id, verdict=verdict, **typed)
    if isinstance(answered, Refused):
        return visit.show(_page(visit, refused=answered, verdict=verdict), answered.status)
    return visit.go(told(visit, f"/approvals/{approval_id}"))


WAYS: Final[tuple[Way, ...]] = (
    get("/approvals", show_approvals, Audience.PERSON),
    get("/approvals/{approval_id}", show_one, Audience.PERSON),
    post("/approvals/{approval_id}/approve", approve, Audience.PERSON),
    post("/approvals/{approval_id}/refuse", refuse, Audience.PERSON),
)
