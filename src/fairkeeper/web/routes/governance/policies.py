"""Policies: which bundle is in force, one bundle in words with its tests and differences, and forms for the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.errors import FairkeeperError, NotFoundError
from fairkeeper.governance.policies.bundle_queries import (
    BundleDetail,
    BundleLine,
    PoliciesOverview,
    list_policies,
    show_policies,
)
from fairkeeper.governance.policies.bundles import activate_policies, save_policies, try_policies
from fairkeeper.governance.policies.views import PolicyFinding
from fairkeeper.policy.analysis.reading import read_policies
from fairkeeper.policy.analysis.wording import explain
from fairkeeper.policy.bundles.templates import TEMPLATES, PlaceKind, Template
from fairkeeper.web.format import StateWord, Tone, state
from fairkeeper.web.forms import Field, FieldKind, Form, with_answers
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages import governance as pages
from fairkeeper.web.parts import Empty, Fact, Finding, Identifier, Level, Link
from fairkeeper.web.routes.governance.words import ROOM, lane_word, tabs
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    answer_question,
    ask,
    new_key,
    question_at,
    told,
    try_to,
)
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

TRAIL: Final = (Link(label="Policies", href="/policies"),)
_HEADS: Final = ("number", "state", "note", "policies", "digest", "saved_at", "saved_by")
_STATES: Final = {
    "in force": StateWord(word="In force", tone=Tone.GOOD),
    "tried": StateWord(word="Tried", tone=Tone.BUSY),
    "on its way": StateWord(word="On its way", tone=Tone.BUSY),
    "kept": StateWord(word="Kept", tone=Tone.QUIET),
}


def show_bundles(visit: Visit) -> Response:
    """Show the bundles and the templates for the next one."""
    found: PoliciesOverview = visit.run(list_policies)
    may_save = visit.allows(save_policies)
    page = pages.PoliciesPage(
        frame=frame(visit, ROOM),
        sentence=_sentence(visit, found),
        tabs=tabs(visit, "Policies"),
        bundles=Listing(
            id="bundles",
            caption="Bundles of policies",
            columns=(
                Column(label="Bundle"),
                Column(label="State"),
                Column(label="What changed"),
                Column(label="Policies", is_number=True),
                Column(label="Saved"),
            ),
            rows=tuple(_row(line) for line in found.bundles),
            empty=Empty(
                title="No policies of your own yet",
                text="Without them, what is permitted to an agent decides alone. Begin with a template below."
                if may_save
                else "Without them, what is permitted to an agent decides alone.",
            ),
            address=visit.address,
            exports=export_links(visit.address),
        ),
        templates=tuple(
            pages.TemplateRow(title=each.title, explains=each.explains, href=f"/policies/templates/{each.key}")
            for each in TEMPLATES.values()
            if may_save and (each.narrows or visit.is_staff)
        ),
        actions=(Link(label="Write policies", href="/policies/new"),) if may_save else (),
    )
    return visit.show(page)


def sheet_of_bundles(visit: Visit) -> Sheet:
    """Return the bundles as a sheet."""
    found: PoliciesOverview = visit.run(list_policies, limit=200)
    return Sheet(name="policies", heads=_HEADS, rows=tuple(_cells(line) for line in found.bundles))


def _cells(line: BundleLine) -> tuple[Cell, ...]:
    return (line.number, line.state, line.note, line.policies, line.digest, line.saved_at, line.saved_by)


def _sentence(visit: Visit, found: PoliciesOverview) -> str:
    whose = "The frame for all agents" if visit.is_staff else "What narrows the publisher's frame for your own agents"
    if found.active_number is None:
        return f"{whose}: nothing is in force yet."
    tried = f", number {found.shadow_number} is tried beside it" if found.shadow_number else ""
    return f"{whose}: number {found.active_number} is in force{tried}."


def _row(line: BundleLine) -> pages.BundleRow:
    return pages.BundleRow(
        bundle=Link(label=f"Number {line.number}", href=f"/policies/{line.number}"),
        state=_STATES[line.state],
        note=line.note,
        policies=line.policies,
        saved_at=line.saved_at,
    )


# -------------------- one bundle


def show_one(visit: Visit) -> Response:
    """Show one bundle: in words, with its tests, what it changes, what trying it showed."""
    found: BundleDetail = visit.run(show_policies, number=_number(visit))
    line, against, tests = found.line, found.against, found.tests
    page = pages.BundlePage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name=f"Policies number {line.number}",
        state=_STATES[line.state],
        sentence=line.note,
        needs=tuple(_finding(each) for each in found.findings if each.level.value != "info"),
        policies=tuple(
            pages.PolicyWords(
                id=each.policy, lane=_lane(each.effect, each.words), words=each.words, reason=each.reason or ""
            )
            for each in found.policies
        ),
        tests=tuple(_test(each) for each in tests.cases) if tests else (),
        tests_note=_tests_note(found),
        changes_note=""
        if against is None
        else f"Against the bundle in force it {against.widens}; the one in force {against.narrows}.",
        changes=tuple(
            Fact(
                label=each.policy,
                value=each.after or "It is gone.",
                note=f"before: {each.before}" if each.before else each.change,
            )
            for each in (against.changes if against else ())
        ),
        examples=tuple(
            pages.DifferenceRow(
                call=each.call,
                before=lane_word(each.before),
                after=lane_word(each.after),
                by=", ".join(each.after_by) or "no policy",
            )
            for each in (against.examples if against else ())
        ),
        seen=tuple(
            pages.SeenRow(
                agent=Link(label=each.agent_id, href=f"/agents/{each.agent_id}"),
                tool=each.tool_name,
                before=lane_word(each.active),
                after=lane_word(each.shadow),
                times=each.times,
                last=Link(label="Decision", href=f"/decisions/{each.last_decision_id}"),
            )
            for each in found.seen
        ),
        seen_note=_seen_note(found),
        text=found.text,
        digest=Identifier(text=line.digest, names="digest of the bundle"),
        questions=_questions(visit, line),
    )
    return visit.show(page)


def _number(visit: Visit) -> int:
    named = visit.named("number")
    if not named.isascii() or not named.isdigit() or len(named) > 9:
        raise NotFoundError(f"There are no policies number {named[:20]!r} here.", code="governance.bundle_not_found")
    return int(named)


def _finding(found: PolicyFinding) -> Finding:
    level = Level.ERROR if found.level.value == "error" else Level.WARNING
    return Finding(level=level, what=f"{found.policy or 'Policies'}: {found.message}", remedy=found.remedy)


def _lane(effect: str, words: str) -> StateWord:
    if effect == "forbid":
        return lane_word("never" if words.startswith("Never") else "approval")
    return lane_word("approval" if words.startswith("Runs once") else "automatic")


def _test(each: Any) -> pages.TestRow:
    return pages.TestRow(
        name=each.name,
        state=state("passed" if each.passed else "failed"),
        answered=each.answered,
        by=", ".join(each.answered_by),
    )


def _tests_note(found: BundleDetail) -> str:
    if found.tests is None:
        return "It was saved without tests."
    unused = f" No test is answered by {', '.join(found.tests.never_used)}." if found.tests.never_used else ""
    return f"{found.tests.passed} passed, {found.tests.failed} failed.{unused}"


def _seen_note(found: BundleDetail) -> str:
    if found.line.state == "tried":
        return "Every call is decided by it as well; only differences are kept." + (
            "" if found.seen else " None was seen yet."
        )
    return "From the time in which it was tried." if found.seen else ""


def _questions(visit: Visit, line: BundleLine) -> tuple[Any, ...]:
    if line.state == "in force" or not visit.allows(activate_policies):
        return ()
    trying = _try_asking(line.number, ends=line.state == "tried")
    return (_activate_asking(line.number).question, trying.question)


def _activate_asking(number: int) -> Asking:
    here = f"/policies/{number}"
    words = Words(
        opener="Put in force",
        title=f"Put policies number {number} in force?",
        points=(
            "The next decision of every agent is made under them; nothing is restarted.",
            "What waits for an approval is asked again, because approvals are bound to the policies.",
            "Putting the older number in force again is the way back.",
        ),
    )
    return Asking(
        operation=activate_policies,
        question=question_at(f"{here}/activate", words, back=here),
        back=here,
        room=ROOM,
        fixed={"number": number},
        trail=(*TRAIL, Link(label=f"Number {number}", href=here)),
    )


def _try_asking(number: int, *, ends: bool) -> Asking:
    here = f"/policies/{number}"
    opener = "Stop trying" if ends else "Try beside"
    points = (
        ("Differences that were seen are kept.",)
        if ends
        else ("Every call is decided by both; nothing changes for agents.", "Only differences are written down.")
    )
    words = Words(opener=opener, title=f"{opener} number {number}?", points=points)
    return Asking(
        operation=try_policies,
        question=question_at(f"{here}/{'stop-trying' if ends else 'try'}", words, back=here),
        back=here,
        room=ROOM,
        fixed={"number": 0 if ends else number},
        trail=(*TRAIL, Link(label=f"Number {number}", href=here)),
    )


def _asking(visit: Visit) -> Asking:
    number, verb = _number(visit), visit.path.rpartition("/")[2]
    visit.run(show_policies, number=number)
    return _activate_asking(number) if verb == "activate" else _try_asking(number, ends=verb == "stop-trying")


def ask_about(visit: Visit) -> Response:
    """Ask before a bundle is put in force or tried."""
    return ask(visit, _asking(visit))


def answer_about(visit: Visit) -> Response:
    """Put a bundle in force, or try it."""
    return answer_question(visit, _asking(visit))


# -------------------- the next bundle


def _write_form(text: str = "") -> Form:
    return Form(
        id="policies",
        action="/policies/new",
        submit="Save as the next bundle",
        idempotency_key=new_key(),
        fields=(
            Field(
                name="text",
                label="Policies in Cedar",
                kind=FieldKind.LONG_TEXT,
                value=text,
                hint="All of them: a bundle replaces the one before. Saved only if nothing is wrong.",
            ),
            Field(name="note", label="What changed and why"),
        ),
        cancel=Link(label="Go back", href="/policies"),
    )


def show_writing(visit: Visit) -> Response:
    """Show the form for the next bundle, filled with the newest."""
    return visit.show(_writing(visit, _write_form(_newest_text(visit))))


def _newest_text(visit: Visit) -> str:
    found: PoliciesOverview = visit.run(list_policies, limit=1)
    if not found.bundles:
        return ""
    newest: BundleDetail = visit.run(show_policies, number=found.bundles[0].number)
    return newest.text


def _writing(visit: Visit, form: Form, *, words: tuple[str, ...] = (), shown: str = "") -> pages.PolicyFormPage:
    return pages.PolicyFormPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name="Write policies",
        sentence="Checked when they are saved; nothing takes effect before you put them in force.",
        form=form,
        words=words,
        shown=shown,
    )


def write(visit: Visit) -> Response:
    """Save the next bundle."""
    typed = {name: visit.form.get(name, "").strip() for name in ("text", "note")}
    saved = try_to(visit, save_policies, **typed)
    if isinstance(saved, Refused):
        form = with_answers(_write_form(), visit.form, saved.errors, saved.whole)
        return visit.show(_writing(visit, form), saved.status)
    return visit.go(told(visit, f"/policies/{saved.number}"))


# -------------------- templates


def _template(visit: Visit) -> Template:
    found = TEMPLATES.get(visit.named("template"))
    if found is None or not (found.narrows or visit.is_staff):
        raise NotFoundError("There is no such template.", code="web.no_such_page")
    return found


_KINDS: Final[Mapping[PlaceKind, str]] = {
    PlaceKind.AGENT: "The agent's id; empty for every agent.",
    PlaceKind.TOOL: "The tool's id; empty for every tool.",
    PlaceKind.CUSTOMER: "The customer's id; empty for all customers.",
    PlaceKind.USE: "The id of the intended use.",
    PlaceKind.NUMBER: "A whole number.",
    PlaceKind.CLOCK: "A time such as 08:30, in UTC.",
    PlaceKind.TEXT: "",
}


def _template_form(visit: Visit, template: Template) -> Form:
    own = Field(name="name", label="Name of the policy", hint="Decisions show it.", value=template.key)
    places = tuple(
        Field(
            name=place.name,
            label=place.words,
            hint=_KINDS[place.kind],
            is_required=not place.is_optional,
        )
        for place in template.places
        if visit.is_staff or place.kind is not PlaceKind.CUSTOMER
    )
    return Form(
        id="template",
        action=f"/policies/templates/{template.key}",
        submit="Show the policies",
        idempotency_key=new_key(),
        fields=(own, *places),
        cancel=Link(label="Go back", href="/policies"),
    )


def show_template(visit: Visit) -> Response:
    """Show a template's form."""
    template = _template(visit)
    return visit.show(_filling(visit, template, _template_form(visit, template)))


def _filling(visit: Visit, template: Template, form: Form) -> pages.PolicyFormPage:
    return pages.PolicyFormPage(
        frame=frame(visit, ROOM), trail=TRAIL, name=template.title, sentence=template.explains, form=form
    )


def fill(visit: Visit) -> Response:
    """Show what a template becomes, added to the newest bundle, ready to be saved."""
    template = _template(visit)
    values = {place.name: visit.form.get(place.name, "").strip() for place in template.places}
    if not visit.is_staff:
        values["customer"] = str(visit.principal.customer_id)
    try:
        cedar = template.fill(visit.form.get("name", "").strip(), values)
        words = tuple(explain(each) for each in read_policies(cedar))
    except FairkeeperError as error:
        form = with_answers(_template_form(visit, template), visit.form, {}, f"{error.message} {error.remedy}")
        return visit.show(_filling(visit, template, form), 422)
    before = _newest_text(visit)
    form = _write_form(f"{before.rstrip()}\n\n{cedar}" if before else cedar)
    page = _writing(visit, form, words=words, shown=cedar)
    return visit.show(replace(page, name=template.title, sentence="Read it, say what changed, and save it."))


WAYS: Final[tuple[Way, ...]] = (
    get("/policies", show_bundles, Audience.PERSON),
    *export_ways("/policies", sheet_of_bundles, Audience.PERSON),
    get("/policies/new", show_writing, Audience.PERSON),
    post("/policies/new", write, Audience.PERSON),
    get("/policies/templates/{template}", show_template, Audience.PERSON),
    post("/policies/templates/{template}", fill, Audience.PERSON),
    get("/policies/{number}", show_one, Audience.PERSON),
    *(
        way
        for verb in ("activate", "try", "stop-trying")
        for way in (get(f"/policies/{{number}}/{verb}", ask_about), post(f"/policies/{{number}}/{verb}", answer_about))
    ),
)
