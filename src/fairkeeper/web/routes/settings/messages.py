"""When messages leave and who hears of unread ones; how each is worded, with a preview before it is saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.access.roles import STAFF_ROLES
from fairkeeper.errors import NotFoundError
from fairkeeper.messages.actions.settings import MessageRuleView, Wording, set_rule, set_wording
from fairkeeper.messages.queries import list_templates, show_rule
from fairkeeper.messages.wording import fill, one_line
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count
from fairkeeper.web.forms import Field, FieldKind, Form, Option, with_answers
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.settings import MessageRulePage, WordingPage, WordingRow
from fairkeeper.web.parts import Empty, Fact, Link
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import Refused, new_key, told, try_to, typed_fields
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/settings/messages"
_WORDINGS: Final = f"{_HERE}/wordings"
_SAMPLES: Final[Mapping[str, str]] = {
    "customer": "Contoso",
    "what": "The purchase is lost",
    "by": "30 Nov 2026 12:00 UTC",
    "on": "30 Nov 2026",
    "days": "7",
    "remedy": "Activate it, or ask the buyer to.",
    "person": "Ines Vale",
}
"""What stands for a field in a preview; a field that is not here stands for itself."""


def show(visit: Visit) -> Response:
    """Show the rule and the wordings."""
    return visit.show(_page(visit))


def save_rule(visit: Visit) -> Response:
    """Save the rule."""
    form = _rule_form(visit.run(show_rule))
    typed: dict[str, Any] = typed_fields(visit, form)
    typed["is_quiet_at_weekends"] = visit.form.get("is_quiet_at_weekends") == "on"
    answered = try_to(visit, set_rule, **typed)
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, again), answered.status)
    return visit.go(told(visit, _HERE))


def show_wording(visit: Visit) -> Response:
    """Show how a message is worded, and how it reads."""
    wording = _wording(visit)
    return visit.show(_wording_page(visit, wording, _wording_form(wording), wording.subject, wording.text))


def save_wording(visit: Visit) -> Response:
    """Save a wording, or only show how it would read."""
    wording = _wording(visit)
    form = _wording_form(wording)
    subject, text = visit.form.get("subject", "").strip(), visit.form.get("text", "").replace("\r\n", "\n").strip()
    if visit.form.get("only_show") == "on":
        again = with_answers(form, visit.form, {})
        return visit.show(_wording_page(visit, wording, again, subject, text))
    answered = try_to(visit, set_wording, code=wording.code, subject=subject, text=text)
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_wording_page(visit, wording, again, subject, text), answered.status)
    return visit.go(told(visit, f"{_WORDINGS}/{wording.code}"))


def sheet_of_wordings(visit: Visit) -> Sheet:
    """Return every message with its wording as a sheet."""
    return sheet_of_rows("messages", WordingRow, _rows(visit.run(list_templates)))


def _page(visit: Visit, form: Form | None = None) -> MessageRulePage:
    rule: MessageRuleView = visit.run(show_rule)
    wordings: tuple[Wording, ...] = visit.run(list_templates)
    may_change = visit.allows(set_rule)
    own = sum(each.is_own for each in wordings)
    return MessageRulePage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "messages"),
        sentence=f"Nothing leaves from {rule.quiet_from} to {rule.quiet_until} ({rule.time_zone}); the digest at "
        f"{rule.digest_at}. {count(own)} of {count(len(wordings), 'message')} in your own words.",
        form=(form or _rule_form(rule)) if may_change else None,
        facts=() if may_change else _facts(rule),
        wordings=Listing(
            id="wordings",
            caption="Messages",
            columns=(Column(label="Message"), Column(label="Subject"), Column(label="Wording")),
            rows=tuple(_rows(wordings)),
            empty=Empty(title="No message", text="Every message that may be sent stands here."),
            address=Address(_HERE),
            exports=export_links(Address(_HERE)),
        ),
    )


def _facts(rule: MessageRuleView) -> tuple[Fact, ...]:
    return tuple(Fact(label=field.label, value=field.value or None) for field in _rule_form(rule).fields)


def _rows(wordings: tuple[Wording, ...]) -> Iterator[WordingRow]:
    for each in wordings:
        yield WordingRow(
            message=Link(label=each.title, href=f"{_WORDINGS}/{each.code}"),
            subject=each.subject,
            whose="your own" if each.is_own else "as shipped",
        )


def _rule_form(rule: MessageRuleView) -> Form:
    def time(name: str, label: str, hint: str = "") -> Field:
        return Field(name=name, label=label, value=getattr(rule, name), hint=hint)

    def hours(name: str, label: str) -> Field:
        return Field(name=name, label=label, kind=FieldKind.NUMBER, value=str(getattr(rule, name)), unit="hours")

    roles = tuple(Option(value=role, label=words(role)) for role in sorted(STAFF_ROLES))
    return Form(
        id="message-rule",
        action=_HERE,
        submit="Save the rule",
        idempotency_key=new_key(),
        fields=(
            time("time_zone", "Time zone", "As Europe/Berlin."),
            time("quiet_from", "Quiet from", "As 20:00. The same time twice: no hour is quiet."),
            time("quiet_until", "Quiet until"),
            Field(
                name="is_quiet_at_weekends",
                label="Saturday and Sunday are quiet throughout",
                kind=FieldKind.CHECKBOX,
                value="on" if rule.is_quiet_at_weekends else "",
                is_required=False,
            ),
            time("digest_at", "Daily digest at"),
            hours("escalate_after_hours", "An urgent message that nobody reads is passed on after"),
            hours("escalate_digest_after_hours", "One of the digest after"),
            Field(
                name="escalate_to", label="Passed on to", kind=FieldKind.SELECT, value=rule.escalate_to, options=roles
            ),
        ),
    )


def _wording(visit: Visit) -> Wording:
    code = visit.named("code")[:80]
    found: tuple[Wording, ...] = visit.run(list_templates)
    wording = next((each for each in found if each.code == code), None)
    if wording is None:
        raise NotFoundError(f"There is no message {code!r}.", code="messages.template_not_found")
    return wording


def _wording_form(wording: Wording) -> Form:
    known = ", ".join(f"{{{name}}}" for name in wording.fields) or "none"
    return Form(
        id="wording",
        action=f"{_WORDINGS}/{wording.code}",
        submit="Save or show",
        idempotency_key=new_key(),
        cancel=Link(label="Go back", href=_HERE),
        fields=(
            Field(name="subject", label="Subject", value=wording.subject, is_required=False),
            Field(
                name="text",
                label="Text",
                kind=FieldKind.LONG_TEXT,
                value=wording.text,
                hint=f"Fields: {known}. Leave subject and text empty to go back to our words.",
                is_required=False,
            ),
            Field(
                name="only_show",
                label="Only show me how it reads; save nothing yet",
                kind=FieldKind.CHECKBOX,
                is_required=False,
            ),
        ),
    )


def _wording_page(visit: Visit, wording: Wording, form: Form, subject: str, text: str) -> WordingPage:
    values = {name: _SAMPLES.get(name, f"[{name}]") for name in wording.fields}
    return WordingPage(
        frame=frame(visit, "Settings"),
        trail=(Link(label="Messages", href=_HERE),),
        tabs=tabs(visit, "messages"),
        sentence=f"{wording.title}. {'In your own words.' if wording.is_own else 'As shipped.'}",
        form=form if visit.allows(set_wording) else None,
        preview_subject=one_line(fill(subject, values)),
        preview=tuple(part.strip() for part in fill(text, values).split("\n\n") if part.strip()),
    )


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show, Audience.STAFF),
    post(_HERE, save_rule, Audience.STAFF),
    *export_ways(_HERE, sheet_of_wordings, Audience.STAFF),
    get(f"{_WORDINGS}/{{code}}", show_wording, Audience.STAFF),
    post(f"{_WORDINGS}/{{code}}", save_wording, Audience.STAFF),
)
