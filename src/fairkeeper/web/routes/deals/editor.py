"""The editor: a first draft from a few answers, and a deal's text with what the rules say of it while it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.deals.actions.build_schedule import Pattern
from fairkeeper.deals.actions.check_file import check_files
from fairkeeper.deals.actions.draft_deal import draft_deal
from fairkeeper.deals.actions.save_deal import SavedDeal, save_deal
from fairkeeper.deals.actions.views import CheckedFiles
from fairkeeper.deals.book.queries import show_deal
from fairkeeper.deals.book.views import DealDetail
from fairkeeper.deals.deal import Agreement
from fairkeeper.values.period import Duration
from fairkeeper.web.forms import Field, FieldKind, Form, Option, with_answers
from fairkeeper.web.pages import deals as pages
from fairkeeper.web.pages.answers import QuestionPage
from fairkeeper.web.parts import Answer, Link
from fairkeeper.web.routes.deals.board import ROOM, TRAIL
from fairkeeper.web.routes.deals.telling import charts_here, deal_money, finding_parts, price
from fairkeeper.web.serving.asking import Refused, Words, new_key, question_at, told, try_to
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

BLANK: Final = """private_offer:
  name: Contoso three years
  kind: customer
  pricing: customised_plan
  currency: USD
"""
_LONGEST_TEXT: Final = 200_000


# -------------------- from a few answers


def _answers(visit: Visit) -> Words:
    start = Duration(months=2).after(visit.now.date().replace(day=1))
    patterns = (Pattern.QUARTERLY, Pattern.EQUAL, Pattern.FISCAL_YEAR)
    return Words(
        opener="New deal",
        title="A new deal",
        points=(
            "A few answers make the first draft; everything else is written in its text.",
            "Every rule of Marketplace that can be known here is checked at once.",
        ),
        submit="Write the draft",
        fields=(
            Field(name="name", label="Name of the private offer", hint="The customer reads it."),
            Field(name="customer", label="Customer"),
            Field(name="tenant", label="The customer's tenant id", is_required=False),
            Field(
                name="billing_account", label="Billing account id", is_required=False,
                hint="The customer reads it in Cost Management; it is no tenant id.",
            ),
            Field(name="country", label="Country of the billing account", value="US", hint="Two letters."),
            Field(
                name="agreement", label="Agreement with Microsoft", kind=FieldKind.SELECT, is_required=False,
                options=(Option(value="", label="Not known"), *(_option(each.value) for each in Agreement)),
            ),
            Field(name="offer", label="Offer id"),
            Field(name="plan", label="Public plan it starts from"),
            Field(name="total", label="Total", hint="Major units with a point: 1500000.00"),
            Field(name="currency", label="Currency", value="USD"),
            Field(name="accept_by", label="Accept by", kind=FieldKind.DATE, value=_iso(start - timedelta(days=1))),
            Field(name="starts_on", label="Starts", kind=FieldKind.DATE, value=_iso(start)),
            Field(name="term_months", label="Term", kind=FieldKind.NUMBER, value="12", unit="months"),
            Field(
                name="pattern", label="How the total is spread", kind=FieldKind.SELECT, value="quarterly",
                options=tuple(_option(each.value) for each in patterns),
            ),
            Field(
                name="every_months", label="Months between equal charges", kind=FieldKind.NUMBER, value="12",
                unit="months",
            ),
            Field(
                name="free_months", label="Free at the start", kind=FieldKind.NUMBER, value="0", unit="months"
            ),
            Field(name="setup_fee", label="Set-up fee within the total", is_required=False),
            Field(name="prepared_by", label="Your mail address", kind=FieldKind.EMAIL, is_required=False),
            Field(
                name="eligible", label="Partner programme, publisher agreement and a published offer are in place",
                kind=FieldKind.CHECKBOX, is_required=False,
            ),
            Field(
                name="is_renewal", label="It qualifies as a renewal: half of the agency fee",
                kind=FieldKind.CHECKBOX, is_required=False,
                hint="It is attested while the offer is made, and never later.",
            ),
            Field(name="renewal_evidence", label="What the attestation rests on", is_required=False),
        ),
    )  # fmt: skip


_BROUGHT: Final = ("name", "customer", "tenant")


def _option(value: str) -> Option:
    return Option(value=value, label=value.upper() if len(value) <= 3 else words(value))


def _iso(day: date) -> str:
    return day.isoformat()


def ask_new(visit: Visit) -> Response:
    """Ask for what a first draft needs; an address may bring what is known already, such as a card's account."""
    question = question_at("/deals/new", _answers(visit), back="/deals")
    brought = {name: visit.query(name)[:200] for name in _BROUGHT if visit.query(name)}
    fields = tuple(replace(each, value=brought.get(each.name, each.value)) for each in question.form.fields)
    question = replace(question, form=replace(question.form, fields=fields))
    return visit.show(QuestionPage(frame=frame(visit, ROOM), trail=TRAIL, question=question))


def write_draft(visit: Visit) -> Response:
    """Write a first draft and open it in the editor."""
    question = question_at("/deals/new", _answers(visit), back="/deals")
    answered = try_to(visit, draft_deal, **_typed(visit, question.form))
    if isinstance(answered, Refused):
        form = with_answers(question.form, visit.form, answered.errors, answered.whole)
        again = QuestionPage(frame=frame(visit, ROOM), trail=TRAIL, question=replace(question, form=form))
        return visit.show(again, answered.status)
    found: SavedDeal = answered
    return visit.go(told(visit, f"/deals/{found.slug}/edit"))


def _typed(visit: Visit, form: Form) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for each in form.fields:
        text = visit.form.get(each.name, "").strip()
        if each.kind is FieldKind.CHECKBOX:
            typed[each.name] = text == "on"
        elif text:
            typed[each.name] = text
    return typed


# -------------------- the text


def show_editor(visit: Visit) -> Response:
    """Show a draft's text with what the rules say of it."""
    detail: DealDetail = visit.run(show_deal, deal=visit.named("deal")[:80])
    return _page(visit, detail, detail.document)


def show_blank(visit: Visit) -> Response:
    """Show an empty editor, for a file that is pasted."""
    return _page(visit, None, BLANK)


def preview(visit: Visit) -> Response:
    """Show what the rules say of a text that is kept nowhere; the page is the same, so that it needs no script."""
    named = visit.form.get("deal", "").strip()[:80]
    detail: DealDetail | None = visit.run(show_deal, deal=named) if named else None
    return _page(visit, detail, _text(visit))


def save(visit: Visit) -> Response:
    """Keep a draft's text and go to the deal; a text that is no deal stays in the editor."""
    named = visit.form.get("deal", "").strip()[:80]
    detail: DealDetail | None = visit.run(show_deal, deal=named) if named else None
    fields: Mapping[str, Any] = {
        "file": {"text": _text(visit)},
        "deal": named,
        "expected_digest": visit.form.get("expected_digest", "").strip()[:64],
        "why": visit.form.get("why", "").strip()[:500],
    }
    answered = try_to(visit, save_deal, **fields)
    if isinstance(answered, Refused):
        whole = answered.whole or "; ".join(f"{name}: {told}" for name, told in answered.errors.items())
        return _page(visit, detail, _text(visit), status=answered.status, error=whole)
    found: SavedDeal = answered
    return visit.go(told(visit, f"/deals/{found.slug}"))


def _text(visit: Visit) -> str:
    return visit.form.get("text", "").replace("\r\n", "\n")[:_LONGEST_TEXT]


def _page(visit: Visit, detail: DealDetail | None, text: str, *, status: int = 200, error: str = "") -> Response:
    checked: CheckedFiles = visit.run(check_files, files=[{"text": text}])
    errors = sum(file.errors for file in checked.files)
    priced = price(visit, text, checked.as_of)
    page = pages.DealEditorPage(
        frame=frame(visit, ROOM),
        trail=TRAIL if detail is None else (*TRAIL, Link(label=detail.line.name, href=f"/deals/{detail.line.slug}")),
        name="A deal from its text" if detail is None else f"Edit {detail.line.name}",
        sentence="Every rule is checked as you type; nothing is kept until you save.",
        form=_form(detail, text, error),
        preview_href="/deals/preview",
        verdict=_verdict(checked, errors),
        findings=finding_parts(checked.findings),
        money=deal_money(priced, charts_here(priced)),
    )
    return visit.show(page, status)


def _verdict(checked: CheckedFiles, errors: int) -> Answer:
    warnings = sum(file.warnings for file in checked.files)
    reasons = [f"{errors} fault{'s' if errors != 1 else ''}"] if errors else []
    reasons += [f"{warnings} warning{'s' if warnings != 1 else ''}"] if warnings else []
    return Answer(
        question="Could it be submitted today?", is_yes=not errors, reasons=reasons or ["Nothing was found against it."]
    )


def _form(detail: DealDetail | None, text: str, error: str) -> Form:
    hidden = (("deal", detail.line.deal_id), ("expected_digest", detail.digest)) if detail else (("deal", ""),)
    return Form(
        id="deal-text",
        action="/deals/save",
        submit="Save the draft",
        idempotency_key=new_key(),
        hidden=hidden,
        fields=(
            Field(name="text", label="The deal, as YAML or JSON", kind=FieldKind.LONG_TEXT, value=text),
            *(
                [Field(name="why", label="Why it is changed", is_required=False, hint="It is recorded.")]
                if detail
                else []
            ),
        ),
        error=error,
        cancel=Link(label="Go back", href=f"/deals/{detail.line.slug}" if detail else "/deals"),
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/deals/new", ask_new, Audience.STAFF),
    post("/deals/new", write_draft, Audience.STAFF),
    get("/deals/text", show_blank, Audience.STAFF),
    post("/deals/preview", preview, Audience.STAFF),
    post("/deals/save", save, Audience.STAFF),
    get("/deals/{deal}/edit", show_editor, Audience.STAFF),
)
