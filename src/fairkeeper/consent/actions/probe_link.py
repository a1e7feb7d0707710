"""Looking whether a tenant still knows the application that its people sign in to: what was seen is recorded here.

Trust needs no permission, only that our sign-in application is present and enabled in the tenant. That it is not is
believed when it was seen twice, far enough apart; and it mends by itself when the application is there again.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes" (700016, 7000112, 90002).
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.consent.asking.probing import LinkJudgement, judge_link, next_link_probe_at
from fairkeeper.consent.asking.signals import signal_of
from fairkeeper.consent.evidence_kinds import LINK_BROKEN, LINK_FOUND, LINK_LINKED, LINK_OWN_FAULT, LINK_SUSPECTED
from fairkeeper.consent.lifecycle import PROBED_LINKS, LinkEvent, LinkState
from fairkeeper.consent.store import load_link, step_link
from fairkeeper.consent.tables import LinkRow
from fairkeeper.values.ids import CustomerId


class RecordLinkProbe(OperationInput):
    """What Microsoft Entra answered when our sign-in application's own token was asked for in the tenant."""

    customer_id: CustomerId = Field(max_length=40, description="The customer's id.")
    link_id: str = Field(max_length=40, description="The link.")
    is_present: bool = Field(False, description="Whether a token was given.")
    numbers: tuple[int, ...] = Field((), max_length=20, description="AADSTS numbers of a refusal.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProbed:
    """Where the link stands after the look."""

    link_id: str
    state: LinkState
    has_changed: bool


@internal_command(
    "consent.record_link_probe", evidence=(LINK_SUSPECTED, LINK_BROKEN, LINK_FOUND, LINK_LINKED, LINK_OWN_FAULT)
)
def record_link_probe(context: CommandContext, request: RecordLinkProbe) -> Outcome[LinkProbed]:
    """Follow whether our sign-in application is present: once missed is a suspicion, again later breaks the link."""
    link = load_link(context.session, request.customer_id, for_change=True)
    state = LinkState(link.state)
    if link.link_id != request.link_id or state not in PROBED_LINKS:
        return Outcome(result=LinkProbed(link_id=link.link_id, state=state, has_changed=False), entry=None)
    signal = None if request.is_present else signal_of(request.numbers)
    judged = judge_link(state, signal, link.missed_at, context.now)
    had_missed, had_fault = link.missed_at is not None, link.own_fault is not None
    link.probed_at = context.now
    link.last_code = request.numbers[0] if request.numbers else None
    link.missed_at = judged.missed_at
    link.own_fault = judged.note if judged.is_ours else None
    if judged.event is not None:
        state = step_link(link, judged.event, now=context.now, note=judged.note or None)
    link.probe_at = next_link_probe_at(state, context.now, link.missed_at)
    kind = _kind(judged, had_missed=had_missed, had_fault=had_fault)
    result = LinkProbed(link_id=link.link_id, state=state, has_changed=judged.event is not None)
    return Outcome(result=result, entry=None if kind is None else _entry(link, kind, judged.note))


def _kind(judged: LinkJudgement, *, had_missed: bool, had_fault: bool) -> str | None:
    """Return the kind of entry that a look leaves; None where it saw what the last one saw."""
    if judged.is_ours:
        return None if had_fault else LINK_OWN_FAULT.name
    if judged.event is not None:
        return LINK_BROKEN.name if judged.event is LinkEvent.BREAK else LINK_LINKED.name
    if judged.missed_at is not None:
        return None if had_missed else LINK_SUSPECTED.name
    return LINK_FOUND.name if had_missed else None


def _entry(link: LinkRow, kind: str, note: str) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="tenant_link",
        subject_id=link.link_id,
        customer_id=link.customer_id,
        payload={"link_id": link.link_id, "tenant": link.tenant_id, "note": note, "code": link.last_code},
    )


OPERATIONS: tuple[Operation, ...] = (record_link_probe,)
