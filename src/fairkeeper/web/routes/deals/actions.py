"""What can be done with a deal, each asked on a page of its own or in a dialog, and told by its entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.action.operation import Operation
from fairkeeper.deals.actions.approve_deal import approve_deal, set_approval_rules, show_approval_rules
from fairkeeper.deals.actions.follow_calendar import RenewalPlan, answer_renewal, close_deal_reminder
from fairkeeper.deals.actions.follow_offer import refresh_deal
from fairkeeper.deals.actions.match_purchase import confirm_purchase
from fairkeeper.deals.actions.save_deal import assign_deal, copy_deal, reopen_deal
from fairkeeper.deals.actions.submit_deal import (
    HandStep,
    LostTo,
    lose_deal,
    record_progress,
    submit_deal,
    withdraw_deal,
)
from fairkeeper.deals.book.approvals import Reason
from fairkeeper.deals.book.queries import show_deal, show_purchase
from fairkeeper.deals.book.views import DealDetail, PurchaseDetail
from fairkeeper.deals.deal import RenewalReason
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.errors import NotFoundError
from fairkeeper.web.format import StateWord, Tone, state
from fairkeeper.web.forms import Field, FieldKind, Option, Question
from fairkeeper.web.pages import deals as pages
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

ROOM: Final = "Deals"
_ON_MONEY: Final = "Nothing is charged before the customer has accepted and bought."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verb:
    """One thing that can be done.

    Args:
        operation: What a yes runs.
        states: In which states it is offered; every one where empty.
        words: How it is asked about.
        fixed: Input that is not typed.
        read: Turns what was typed into input.
    """

    operation: Operation
    words: Callable[[DealDetail], Words]
    states: frozenset[str] = frozenset()
    fixed: Mapping[str, Any] | None = None
    read: Callable[[DealDetail, Mapping[str, str]], Mapping[str, Any]] | None = None


def _options(names: type[LostTo | HandStep | RenewalPlan | RenewalReason]) -> tuple[Option, ...]:
    return tuple(Option(value=each.value, label=words(each.value)) for each in names)


def _files(detail: DealDetail) -> tuple[str, ...]:
    deal = read_deal(detail.document).deal
    return tuple(each.file for each in deal.terms) if deal else ()


def _submit_words(detail: DealDetail) -> Words:
    line = detail.line
    return Words(
        opener="Submit to Microsoft",
        title=f"Submit {line.name} to Microsoft?",
        points=(
            f"{line.customer or 'The customer'} can accept it as soon as Microsoft's job has ended.",
            "Microsoft sends the customer nothing: the hand-over page is for that.",
            "While nobody has accepted it, it can be withdrawn; afterwards nothing of it can be changed.",
            _ON_MONEY,
        ),
        submit="Submit",
        fields=tuple(
            Field(
                name=f"url_{number}",
                label=f"Address of {file}",
                kind=FieldKind.URL,
                hint="A SAS address from which Microsoft can fetch it; it is not kept.",
            )
            for number, file in enumerate(_files(detail))
        ),
    )


def _submit_input(detail: DealDetail, typed: Mapping[str, str]) -> Mapping[str, Any]:
    named = {file: typed.get(f"url_{number}", "").strip() for number, file in enumerate(_files(detail))}
    return {"document_urls": {file: address for file, address in named.items() if address}}


def _withdraw_words(detail: DealDetail) -> Words:
    return Words(
        opener="Withdraw",
        title=f"Withdraw {detail.line.name}?",
        points=("The customer cannot accept it any more.", "It can be taken up again as a new draft."),
        fields=(reason_field("It is recorded."),),
        is_dangerous=True,
    )


def _lose_words(detail: DealDetail) -> Words:
    return Words(
        opener="Say what it was lost to",
        title=f"What was {detail.line.name} lost to?",
        points=("Counted over all deals, this says what to change.",),
        submit="Mark as lost",
        fields=(
            Field(name="lost_to", label="Lost to", kind=FieldKind.SELECT, options=_options(LostTo)),
            reason_field("In words; it is recorded."),
        ),
    )


def _record_words(detail: DealDetail) -> Words:
    return Words(
        opener="Record by hand",
        title=f"What happened to {detail.line.name}?",
        points=("For a deal that was entered in Partner Center by its sheet, or whose news came by another way.",),
        submit="Record it",
        fields=(
            Field(name="happened", label="It was", kind=FieldKind.SELECT, options=_options(HandStep)),
            Field(name="private_offer_id", label="Microsoft's id of the private offer", is_required=False),
            Field(name="note", label="How it is known", kind=FieldKind.LONG_TEXT, is_required=False),
        ),
    )


def _plain(opener: str, title: str, *points: str) -> Callable[[DealDetail], Words]:
    return lambda detail: Words(opener=opener, title=title.format(name=detail.line.name), points=points)


def _assign_words(detail: DealDetail) -> Words:
    return Words(
        opener="Assign",
        title=f"Whose is {detail.line.name}?",
        points=("Reminders name the deal desk; this says who of it.",),
        submit="Save",
        fields=(
            Field(name="owner", label="Owner", value=detail.line.owner),
            Field(name="crm_id", label="CRM opportunity", value=detail.line.crm_id, is_required=False),
        ),
    )


def _copy_words(detail: DealDetail) -> Words:
    return Words(
        opener="Copy as an alternative",
        title=f"Copy {detail.line.name}?",
        points=("The copy is a draft of its own, and can be set beside this one.",),
        submit="Copy",
        fields=(Field(name="name", label="Name of the copy", value=f"{detail.line.name} (alternative)"),),
    )


def _renewal_words(detail: DealDetail) -> Words:
    return Words(
        opener="Say how it goes on",
        title=f"How does it go on after {detail.line.name}?",
        points=(
            "A private offer that renews a paid deal pays half of the agency fee for its whole term.",
            "That is attested while the new offer is made; nobody can add it afterwards.",
        ),
        submit="Record the answer",
        fields=(
            Field(name="plan", label="After the end", kind=FieldKind.RADIO, options=_options(RenewalPlan)),
            Field(
                name="qualifies",
                label="Does a new offer qualify for half of the agency fee?",
                kind=FieldKind.SELECT,
                options=(
                    Option(value="", label="Not asked"),
                    Option(value="true", label="It qualifies"),
                    Option(value="false", label="It does not"),
                ),
                is_required=False,
            ),
            Field(
                name="reason",
                label="Why it qualifies",
                kind=FieldKind.SELECT,
                options=(Option(value="", label="–"), *_options(RenewalReason)),
                is_required=False,
            ),
            Field(name="note", label="What it rests on", kind=FieldKind.LONG_TEXT, is_required=False),
        ),
    )


_AT_MICROSOFT: Final = frozenset({"with_partner", "offered", "accepted", "expired"})
VERBS: Final[Mapping[str, _Verb]] = {
    "submit": _Verb(operation=submit_deal, words=_submit_words, states=frozenset({"draft"}), read=_submit_input),
    "refresh": _Verb(
        operation=refresh_deal,
        words=_plain(
            "Ask Microsoft now", "Ask Microsoft how far {name} is?", "It is asked every quarter of an hour anyway."
        ),
        states=_AT_MICROSOFT,
    ),
    "renewal": _Verb(operation=answer_renewal, words=_renewal_words, states=frozenset({"bought", "accepted", "ended"})),
    "upgrade": _Verb(
        operation=copy_deal,
        words=_plain(
            "Draft what follows",
            "Draft what follows {name}?",
            "A new draft that replaces it from the day after its end, with the same plans and charges a term later.",
            "Look at its prices, its terms and the renewal attestation before it is submitted.",
        ),
        states=frozenset({"bought", "accepted"}),
        fixed={"as_upgrade": True},
    ),
    "withdraw": _Verb(
        operation=withdraw_deal, words=_withdraw_words, states=frozenset({"with_partner", "offered", "expired"})
    ),
    "reopen": _Verb(
        operation=reopen_deal,
        words=_plain("Take up again", "Take {name} up again?", "It becomes a draft, and a new private offer later."),
        states=frozenset({"withdrawn", "lost"}),
    ),
    "lose": _Verb(operation=lose_deal, words=_lose_words, states=frozenset({"draft", "withdrawn", "expired"})),
    "record": _Verb(
        operation=record_progress,
        words=_record_words,
        states=frozenset({"draft", "with_partner", "offered", "accepted", "bought"}),
    ),
    "copy": _Verb(operation=copy_deal, words=_copy_words),
    "assign": _Verb(operation=assign_deal, words=_assign_words),
}


def _load(visit: Visit) -> DealDetail:
    found: DealDetail = visit.run(show_deal, deal=visit.named("deal")[:80])
    return found


def _asking(detail: DealDetail, name: str, verb: _Verb) -> Asking:
    back = f"/deals/{detail.line.slug}"
    read = verb.read
    return Asking(
        operation=verb.operation,
        question=question_at(f"{back}/{name}", verb.words(detail), back=back),
        back=back,
        room=ROOM,
        fixed={"deal": detail.line.deal_id, **(verb.fixed or {})},
        trail=(Link(label="Deals", href="/deals"), Link(label=detail.line.name, href=back)),
        read=None if read is None else lambda typed: read(detail, typed),
    )


def questions(visit: Visit, detail: DealDetail) -> tuple[Question, ...]:
    """Return what can be done with a deal now by whoever looks."""
    return tuple(
        _asking(detail, name, verb).question
        for name, verb in VERBS.items()
        if (not verb.states or detail.line.state in verb.states)
        and visit.allows(verb.operation)
        and _is_useful(name, detail)
    )


def _is_useful(name: str, detail: DealDetail) -> bool:
    if name in {"refresh", "upgrade"}:
        return detail.line.private_offer_id is not None
    if name == "submit":
        return not detail.missing and not any(finding.level.value == "error" for finding in detail.findings)
    return True


def _ask_verb(name: str) -> Callable[[Visit], Response]:
    def asked(visit: Visit) -> Response:
        return ask(visit, _asking(_load(visit), name, VERBS[name]))

    return asked


def _answer_verb(name: str) -> Callable[[Visit], Response]:
    def answered(visit: Visit) -> Response:
        return answer_question(visit, _asking(_load(visit), name, VERBS[name]))

    return answered


# -------------------- approvals and purchases


def approval_rows(visit: Visit, detail: DealDetail) -> tuple[pages.ApprovalRow, ...]:
    """Return what a deal needs approved, with the question for whoever may give it."""
    may = visit.allows(approve_deal) and detail.line.state == "draft"
    return tuple(
        pages.ApprovalRow(
            reason=words(each.reason),
            sentence=each.sentence,
            state=state("passed") if each.approved_at else StateWord(word="Missing", tone=Tone.CARE),
            who=f"{each.approved_by}: {each.note}" if each.approved_by else "",
            give=_approval(detail, each.reason).question if may and each.approved_at is None else None,
        )
        for each in detail.approvals
    )


def _approval(detail: DealDetail, reason: str) -> Asking:
    back = f"/deals/{detail.line.slug}"
    needed = next((each.sentence for each in detail.approvals if each.reason == reason), "Its rules ask for none now.")
    told = Words(
        opener="Approve",
        title=f"Approve the {words(reason).lower()} of {detail.line.name}?",
        points=(needed, "Any change of the deal's content takes the approval away."),
        fields=(Field(name="note", label="Why it is fine", kind=FieldKind.LONG_TEXT, hint="It is recorded."),),
    )
    return Asking(
        operation=approve_deal,
        question=question_at(f"{back}/approve-{reason}", told, back=back),
        back=back,
        room=ROOM,
        fixed={"deal": detail.line.deal_id, "reason": reason, "digest": detail.digest},
        trail=(Link(label="Deals", href="/deals"), Link(label=detail.line.name, href=back)),
    )


def _ask_approval(reason: str) -> Callable[[Visit], Response]:
    return lambda visit: ask(visit, _approval(_load(visit), reason))


def _approve(reason: str) -> Callable[[Visit], Response]:
    return lambda visit: answer_question(visit, _approval(_load(visit), reason))


def purchase_rows(visit: Visit, detail: DealDetail) -> tuple[pages.PurchaseRow, ...]:
    """Return the purchases of a deal, with the way to the question for those that are not certain."""
    may = visit.allows(confirm_purchase)
    return tuple(
        pages.PurchaseRow(
            subscription=Link(label=each.plan_id, href=f"/subscriptions/{each.subscription_id}"),
            plan=each.plan_id,
            bought_on=each.bought_on,
            how=each.reason,
            confirm=Link(label="Say where it came from", href=f"/deal-purchases/{each.subscription_id}")
            if may and each.needs_person
            else None,
        )
        for each in detail.purchases
    )


def _confirmation(visit: Visit) -> Asking:
    subscription_id = visit.named("subscription_id")[:64]
    found: PurchaseDetail = visit.run(show_purchase, subscription_id=subscription_id)
    options = tuple(Option(value=deal_id, label=name) for deal_id, name in found.candidates.items())
    told = Words(
        opener="Say where it came from",
        title=f"Which deal did the purchase of {found.purchase.plan_id} come from?",
        points=(found.purchase.reason, "The deal is then bought, and its charges are expected."),
        submit="Record the answer",
        fields=(
            Field(
                name="deal",
                label="It came from",
                kind=FieldKind.RADIO,
                options=(*options, Option(value="none", label="No deal that is kept here")),
            ),
        ),
    )
    return Asking(
        operation=confirm_purchase,
        question=question_at(f"/deal-purchases/{subscription_id}", told, back="/deals"),
        back="/deals",
        room=ROOM,
        fixed={"subscription_id": subscription_id},
        trail=(Link(label="Deals", href="/deals"),),
        read=lambda typed: {"deal": "" if typed.get("deal") == "none" else typed.get("deal", "") or "-"},
    )


def ask_confirmation(visit: Visit) -> Response:
    """Ask where a purchase came from."""
    return ask(visit, _confirmation(visit))


def confirm(visit: Visit) -> Response:
    """Say where a purchase came from."""
    return answer_question(visit, _confirmation(visit))


# -------------------- reminders and rules


def _closing(visit: Visit) -> Asking:
    text = visit.named("reminder_id")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise NotFoundError("There is no such reminder here.", code="web.no_such_page")
    told = Words(
        opener="Close with a reason",
        title="What was done about it?",
        points=("It comes back if its cause changes.",),
        submit="Close it",
        fields=(reason_field("It is recorded.", name="why"),),
    )
    return Asking(
        operation=close_deal_reminder,
        question=question_at(f"/deal-reminders/{text}/close", told, back="/deals"),
        back="/deals",
        room=ROOM,
        fixed={"deal_reminder_id": int(text)},
        trail=(Link(label="Deals", href="/deals"),),
    )


def ask_close(visit: Visit) -> Response:
    """Ask what was done about a reminder."""
    return ask(visit, _closing(visit))


def close(visit: Visit) -> Response:
    """Close a reminder."""
    return answer_question(visit, _closing(visit))


def _rules(visit: Visit) -> Asking:
    now = visit.run(show_approval_rules)
    told = Words(
        opener="Approval rules",
        title="When does a deal need an approval?",
        points=("Leave a field empty, and nothing asks for it.", "The rules hold for every draft from now on."),
        submit="Save the rules",
        fields=(
            Field(
                name="discount_above", label="Discount above", value=now.discount_above or "", unit="%",
                is_required=False, hint="Of a public price that the deal names.",
            ),
            Field(
                name="term_above_months", label="Term above", kind=FieldKind.NUMBER, unit="months",
                value=str(now.term_above_months or ""), is_required=False,
            ),
            Field(
                name="usd_above", label="Worth above", kind=FieldKind.NUMBER, unit="USD",
                value="" if now.usd_above is None else str(now.usd_above), is_required=False,
            ),
            Field(
                name="standard_terms", label="Standard documents", kind=FieldKind.LONG_TEXT, is_required=False,
                value="\n".join(now.standard_terms), hint="One file name a line; any other document needs an approval.",
            ),
            Field(
                name="may_approve_own", label="Whoever changed a deal last may approve it", kind=FieldKind.CHECKBOX,
                value="on" if now.may_approve_own else "", is_required=False,
            ),
        ),
    )  # fmt: skip
    return Asking(
        operation=set_approval_rules,
        question=question_at("/deals/rules", told, back="/deals"),
        back="/deals",
        room=ROOM,
        trail=(Link(label="Deals", href="/deals"),),
        read=_read_rules,
    )


def _read_rules(typed: Mapping[str, str]) -> Mapping[str, Any]:
    given = {name: typed.get(name, "").strip() for name in ("discount_above", "term_above_months", "usd_above")}
    terms = [each.strip() for each in typed.get("standard_terms", "").splitlines() if each.strip()]
    return {
        **{name: value for name, value in given.items() if value},
        "standard_terms": terms,
        "may_approve_own": typed.get("may_approve_own") == "on",
    }


def ask_rules(visit: Visit) -> Response:
    """Ask when deals need an approval."""
    return ask(visit, _rules(visit))


def save_rules(visit: Visit) -> Response:
    """Set when deals need an approval."""
    return answer_question(visit, _rules(visit))


WAYS: Final[tuple[Way, ...]] = (
    get("/deals/rules", ask_rules, Audience.STAFF),
    post("/deals/rules", save_rules, Audience.STAFF),
    *(get(f"/deals/{{deal}}/{name}", _ask_verb(name), Audience.STAFF) for name in VERBS),
    *(post(f"/deals/{{deal}}/{name}", _answer_verb(name), Audience.STAFF) for name in VERBS),
    *(get(f"/deals/{{deal}}/approve-{each.value}", _ask_approval(each.value), Audience.STAFF) for each in Reason),
    *(post(f"/deals/{{deal}}/approve-{each.value}", _approve(each.value), Audience.STAFF) for each in Reason),
    get("/deal-purchases/{subscription_id}", ask_confirmation, Audience.STAFF),
    post("/deal-purchases/{subscription_id}", confirm, Audience.STAFF),
    get("/deal-reminders/{reminder_id}/close", ask_close, Audience.STAFF),
    post("/deal-reminders/{reminder_id}/close", close, Audience.STAFF),
)
