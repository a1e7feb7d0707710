"""From what operations answer to the parts of pages: paths, deadlines, findings, evidence in words.

Separate, because customers, staff, Today and the landing page tell the same things, and must tell them alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from fairkeeper.customers.path.lifecycle import ConsentState
from fairkeeper.customers.path.steps import PathStep, Step, StepState
from fairkeeper.customers.views import DeadlineView, ReminderLine, SubscriptionDetail, SubscriptionLine
from fairkeeper.errors import BugError
from fairkeeper.evidence.queries import list_entries
from fairkeeper.evidence.views import EntryPage, EntryView, ProofState
from fairkeeper.overview.names import Names, name_things
from fairkeeper.values.resources import RESOURCES
from fairkeeper.web import parts
from fairkeeper.web.format import StateWord, state
from fairkeeper.web.pages.customers import SubscriptionRow
from fairkeeper.web.parts import Deadline, Finding, Link, Path, Proof, Standing, Timeline, TimelineEntry
from fairkeeper.web.serving.visit import Visit

_OUR_ID: Final = re.compile(r"\b(?:per|cus|tok)_[0-9A-HJKMNP-TV-Z]{26}\b")
_LEVELS: Final = {"error": parts.Level.ERROR, "warning": parts.Level.WARNING}
_PROOFS: Final = {
    ProofState.WAITING: parts.ProofState.WAITING,
    ProofState.NOT_WITNESSED: parts.ProofState.NOT_WITNESSED,
    ProofState.WITNESSED: parts.ProofState.VERIFIED,
}
_STANDINGS: Final = {
    StepState.DONE: Standing.DONE,
    StepState.NOW: Standing.NOW,
    StepState.NEXT: Standing.NEXT,
    StepState.BROKEN: Standing.BROKEN,
    StepState.SKIPPED: Standing.SKIPPED,
}
NOBODY: Final = Names(people={}, customers={}, tokens={})


# -------------------- the path


def path_of(detail: SubscriptionDetail) -> Path:
    """Return a subscription's path as it is drawn; a consent that nobody asks for is no step that was done."""
    return Path(
        steps=tuple(
            parts.PathStep(
                standing=Standing.SKIPPED if _is_not_needed(step, detail) else _STANDINGS[step.state],
                on=None if step.at is None else step.at.date(),
                note="" if _is_plain(step, detail) else step.reason,
            )
            for step in detail.path
        )
    )


def _is_plain(step: PathStep, detail: SubscriptionDetail) -> bool:
    """Whether a step's word says it all: what is done, and what nobody needs."""
    return step.state is StepState.DONE or _is_not_needed(step, detail)


def _is_not_needed(step: PathStep, detail: SubscriptionDetail) -> bool:
    return step.step is Step.CONSENT and detail.line.consent == ConsentState.NOT_NEEDED.value


def line_row(line: SubscriptionLine, name: str = "") -> SubscriptionRow:
    """Return a subscription as a line of a list."""
    return SubscriptionRow(
        subscription=Link(label=name or line.plan_id or line.subscription_id, href=subscription_address(line)),
        offer=line.offer_id or "unknown offer",
        plan=line.plan_id or "unknown",
        quantity=line.quantity,
        state=commercial_state(line.status),
        term_ends_on=line.term_end_on,
        may_act=line.allowed,
    )


def commercial_state(status: str) -> StateWord:
    """Return Microsoft's status as it is shown; one that it did not state is held."""
    return state(status or "held")


def sentence_of(detail: SubscriptionDetail) -> str:
    """Say in one line how a subscription stands: that it may act, or the first reason why not."""
    return "It may act now; everything is in place." if detail.line.allowed else detail.line.reason


def subscription_address(line: SubscriptionLine) -> str:
    """Return the address of a subscription's page."""
    return f"/subscriptions/{line.subscription_id}"


# -------------------- what needs somebody


def deadline_of(view: DeadlineView, where: str = "", *, with_owner: bool = True) -> Deadline:
    """Return a deadline that runs.

    Args:
        view: The deadline.
        where: What the way to its subscription says; empty on the subscription's own page.
        with_owner: Whether its owner is named; the publisher's roles say nothing to a customer.
    """
    return Deadline(
        due_at=view.due_at,
        what=view.title,
        otherwise=view.consequence,
        where=Link(label=where, href=f"/subscriptions/{view.subscription_id}") if where else None,
        owner=words(view.owner_role) if with_owner else "",
    )


def reminder_deadline(line: ReminderLine, *, may_close: bool) -> Deadline:
    """Return a reminder that has a date."""
    if line.due_at is None:
        raise ValueError("a reminder without a date is a finding")
    consequence = line.message.partition(" UTC. ")[2] if line.title else ""
    return Deadline(
        due_at=line.due_at,
        what=line.title or line.message,
        otherwise=f"{consequence} {line.remedy}".strip(),
        where=where_of(line),
        owner=words(line.owner_role),
        action=close_link(line) if may_close else None,
    )


def deadlines_with_reminders(
    views: Iterable[DeadlineView],
    reminders: Iterable[ReminderLine],
    *,
    may_close: bool,
    names: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Deadline, ...]:
    """Return deadlines with what their reminders say in their place, the nearest first.

    Args:
        views: The deadlines that run.
        reminders: What waits for a person; those without a date are left out.
        may_close: Whether a reminder may be closed by whoever looks.
        names: What the subscriptions are called, by id; without one there is no way to it, as on its own page.
    """
    reminded = {(each.subject_id, each.due_at): each for each in reminders if each.due_at is not None}
    running = [view for view in views if (view.subscription_id, view.due_at) not in reminded]
    found = [deadline_of(view, names.get(view.subscription_id, "")) for view in running]
    for each in reminded.values():
        name = names.get(each.subject_id)
        where = Link(label=name, href=f"/subscriptions/{each.subject_id}") if name else None
        found.append(replace(reminder_deadline(each, may_close=may_close), where=where))
    return tuple(sorted(found, key=lambda deadline: deadline.due_at))


def reminder_finding(line: ReminderLine, *, may_close: bool) -> Finding:
    """Return a reminder as a finding."""
    return Finding(
        level=_LEVELS.get(line.level, parts.Level.NOTE),
        what=line.message,
        remedy=line.remedy,
        since_at=line.raised_at,
        where=where_of(line),
        resource=resource_link(line.resource),
        owner=words(line.owner_role),
        close=close_link(line) if may_close else None,
    )


def where_of(line: ReminderLine) -> Link | None:
    """Return the way to what a reminder is about."""
    if line.customer_slug is None or line.customer_name is None:
        return None
    return Link(label=line.customer_name, href=f"/customers/{line.customer_slug}")


def close_link(line: ReminderLine) -> Link:
    """Return the way to the question that closes a reminder."""
    return Link(label="Close with a reason", href=f"/reminders/{line.reminder_id}/close")


def resource_link(key: str | None) -> Link | None:
    """Return the official document behind a rule."""
    found = RESOURCES.get(key) if key else None
    return None if found is None or found.address is None else Link(label=found.title, href=found.address)


def words(name: str) -> str:
    """Write a role or another of our names as words.

    Example:
        >>> words("deal_desk")
        'Deal desk'
    """
    return name.replace("_", " ").capitalize()


# -------------------- evidence


def proof_of(entry: EntryView) -> Proof:
    """Return an entry's badge."""
    is_erased = entry.erased_at is not None and entry.leaf_index is not None
    return Proof(
        state=parts.ProofState.ERASED if is_erased else _PROOFS[entry.proof],
        href=f"/evidence/{entry.entry_id}",
        index=entry.leaf_index,
    )


def names_of(visit: Visit, entries: Iterable[EntryView]) -> Names:
    """Return what the persons, customers and tokens of these entries are called."""
    ids: set[str] = set()
    for entry in entries:
        ids |= {entry.actor_id, entry.on_behalf_of or "", entry.customer_id or "", *_OUR_ID.findall(entry.sentence)}
    wanted = tuple(sorted(each for each in ids if _OUR_ID.fullmatch(each)))[:1000]
    if not wanted or not visit.allows(name_things):
        return NOBODY
    found: Names = visit.run(name_things, ids=wanted)
    return found


def record_of(visit: Visit, *, limit: int = 12, whole_href: str = "", **of: Any) -> Timeline:
    """Return the newest of the record about one thing; empty for those who may not read evidence.

    Args:
        visit: Who asks; only a page that was asked for by GET is asked for again, and it has to be `of_one_moment`.
        limit: How many entries at most.
        whole_href: Where all of it is listed, if anywhere.
        of: What it is about, as `list_entries` takes it.
    """
    is_page = visit.request.method == "GET"
    if is_page and not visit.is_of_one_moment:
        msg = f"{visit.path} shows a record and reads of several moments: its record may contradict the rest"
        raise BugError(msg)
    if not visit.allows(list_entries):
        return Timeline(entries=())
    found: EntryPage = visit.run(list_entries, limit=limit, **of)
    has_more = bool(whole_href) and found.next_before is not None
    return Timeline(
        entries=tell(found.entries, names_of(visit, found.entries)),
        earlier=Link(label="The whole record", href=whole_href) if has_more else None,
        refresh_href=str(visit.address) if is_page else "",
    )


def tell(entries: Sequence[EntryView], names: Names, *, with_customer: bool = False) -> tuple[TimelineEntry, ...]:
    """Return entries as lines of a record.

    Args:
        entries: Newest first.
        names: What their persons, customers and tokens are called.
        with_customer: Whether each line says whose log it belongs to; needless on the customer's own page.
    """
    return tuple(
        TimelineEntry(
            happened_at=entry.at,
            sentence=in_words(entry.sentence, names),
            kind=entry.kind,
            who=who_of(entry, names),
            proof=proof_of(entry),
            for_whom=_for_whom(entry, names, with_customer=with_customer),
        )
        for entry in entries
    )


def in_words(sentence: str, names: Names) -> str:
    """Put names in the place of our ids, where they are known."""
    return _OUR_ID.sub(lambda found: name_of(found.group(), names), sentence)


def name_of(our_id: str, names: Names) -> str:
    """Return what a person, customer or token is called; its id where that is not known."""
    customer = names.customers.get(our_id)
    if customer is not None:
        return customer.name
    return names.people.get(our_id) or names.tokens.get(our_id) or our_id


def who_of(entry: EntryView, names: Names) -> str:
    """Say who did it."""
    kind, _, part = entry.actor_id.partition(":")
    if kind == "system":
        return "Microsoft, by webhook" if part == "webhook" else "Fairkeeper"
    if kind == "local":
        return f"{part}, at the server"
    known = name_of(entry.actor_id, names)
    if known != entry.actor_id:
        return known
    return {"staff": "The publisher", "customer": "A person of the customer", "service": "A program"}.get(
        entry.actor_kind, entry.actor_id
    )


def _for_whom(entry: EntryView, names: Names, *, with_customer: bool) -> str:
    if entry.on_behalf_of and entry.on_behalf_of != entry.actor_id:
        person = name_of(entry.on_behalf_of, names)
        if person != entry.on_behalf_of:
            return person
    customer = names.customers.get(entry.customer_id or "")
    return customer.name if with_customer and customer else ""
