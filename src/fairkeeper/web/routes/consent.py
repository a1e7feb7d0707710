"""Consent in the console: the tenants, one customer's trust and grants, and a customer's own page of the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from fairkeeper.action.operation import Operation
from fairkeeper.consent.actions.ask import ask_customer, hand_over, share_page, withdraw_pages
from fairkeeper.consent.actions.connect import answer_question as answer_it
from fairkeeper.consent.actions.probe import check_now
from fairkeeper.consent.actions.unlink import unlink
from fairkeeper.consent.asking.removal import removal_script
from fairkeeper.consent.deployments.calling import make_claim_code
from fairkeeper.consent.deployments.showing import list_deployments
from fairkeeper.consent.lifecycle import PROBED_LINKS, GrantState, LinkState
from fairkeeper.consent.queries import list_tenants, show_customer, show_funnel, show_question
from fairkeeper.consent.views import (
    ConsentLine,
    ConsentLines,
    CustomerConsent,
    Funnel,
    QuestionView,
)
from fairkeeper.database.secrets import Secret, SecretKeyError
from fairkeeper.errors import NotFoundError
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state, when_text
from fairkeeper.web.forms import Field, FieldKind, Form
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import consent as pages
from fairkeeper.web.parts import Empty, Fact, Identifier, Link
from fairkeeper.web.routes.consent_asking import (
    REMAINING_NAMES,
    code_fact,
    code_form,
    grant_ways,
    home_of,
    place_of,
    times,
)
from fairkeeper.web.routes.consent_cards import agent_card, deployment_card, grant_card
from fairkeeper.web.routes.consent_needs import consent_needs
from fairkeeper.web.routes.customers import timeline_of
from fairkeeper.web.routes.deployments import DEPLOYMENTS
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    answer_question,
    ask,
    new_key,
    question_at,
    reason_field,
    told,
    try_to,
)
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit, of_one_moment
from fairkeeper.web.serving.ways import Audience, Way, get, post

_ROWS: Final = 50
_EXPORT_ROWS: Final = 500
_SHOWN_FOR: Final = timedelta(minutes=10)
"""How long an address that was made is shown to whoever made it."""
_HEADS: Final = ("customer", "id", "tenant", "trust", "since", "grants", "last_proved")
_LINK_WORDS: Final = {
    None: "Nobody of this tenant has signed in, so that there is no trust yet.",
    LinkState.PENDING: "It was bought; nobody of the tenant has signed in yet.",
    LinkState.IDENTIFIED: "Somebody of the tenant signed in; the purchase is not active yet.",
    LinkState.LINKED: "The tenant is linked.",
    LinkState.SUSPENDED: "The link is suspended with the purchase.",
    LinkState.BROKEN: "Trust is broken: our sign-in application is gone or disabled in the tenant; no token is served.",
    LinkState.UNLINKING: "The link was ended; what only the customer can remove is being looked for.",
    LinkState.UNLINKED: "The link has ended, and nothing of ours is left in the tenant.",
}
_VERBS: Final[dict[str, tuple[str, Operation]]] = {
    "ask": ("Ask for what is needed", ask_customer),
    "share": ("Make an address for the administrator", share_page),
    "hand-over": ("It waits for the administrator", hand_over),
    "check": ("Look now", check_now),
    "withdraw": ("Withdraw all addresses", withdraw_pages),
}


# -------------------- the tenants


def show_tenants(visit: Visit) -> Response:
    """Show all tenants with trust and grants."""
    number = max(1, int(visit.query("page"))) if visit.query("page").isdigit() else 1
    fields = {"state": visit.query("state")} if visit.query("state") else {}
    found: ConsentLines = visit.read(list_tenants, offset=(number - 1) * _ROWS, limit=_ROWS, **fields)
    funnel: Funnel | None = visit.run(show_funnel) if visit.allows(show_funnel) else None
    actions = (Link(label="Deployments", href=DEPLOYMENTS),) if visit.allows(list_deployments) else ()
    page = pages.ConsentsPage(
        actions=actions,
        frame=frame(visit, "Consent"),
        sentence=f"{found.total} tenant{'' if found.total == 1 else 's'}."
        if found.total
        else "No tenant is known yet.",
        needs=consent_needs(visit),
        tenants=_listing(visit, found, number),
        funnel=() if funnel is None else _funnel(funnel),
        reasons=() if funnel is None else funnel.reasons,
    )
    return visit.show(page)


def sheet_of_tenants(visit: Visit) -> Sheet:
    """Return every tenant that the address shows as a sheet."""
    return Sheet(name="tenants", heads=_HEADS, rows=(_cells(line) for line in _all_tenants(visit)))


def _all_tenants(visit: Visit) -> Iterator[ConsentLine]:
    fields = {"state": visit.query("state")} if visit.query("state") else {}
    offset, total = 0, 1
    while offset < total:
        found: ConsentLines = visit.read(list_tenants, offset=offset, limit=_EXPORT_ROWS, **fields)
        yield from found.tenants
        offset, total = offset + _EXPORT_ROWS, found.total


def _cells(line: ConsentLine) -> tuple[Cell, ...]:
    grants = "; ".join(f"{name}: {each.value}" for name, each in line.grants)
    return (line.name, line.customer_id, line.tenant_id, line.state.value, line.since_at, grants, line.last_proved_at)


def _listing(visit: Visit, found: ConsentLines, number: int) -> Listing[pages.TenantRow]:
    first = (number - 1) * _ROWS + 1
    last = first + len(found.tenants) - 1
    address = visit.address
    return Listing(
        id="tenants",
        caption="Tenants",
        columns=(
            Column(label="Customer"),
            Column(label="Trust"),
            Column(label="Grants"),
            Column(label="Last proved"),
            Column(label="Tenant"),
        ),
        rows=tuple(_row(line) for line in found.tenants),
        empty=Empty(
            title="No tenant yet",
            text="Each company that buys appears here by itself. Apply your consent plan to be able to ask.",
        ),
        address=address,
        filters=(
            Filter(
                name="state",
                label="Trust",
                choices=tuple(Choice(value=each.value, label=state(each.value).word) for each in LinkState),
            ),
        ),
        exports=export_links(address),
        paging=Paging(
            shown=f"{first}–{last} of {found.total}",
            previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
            next_href=str(address.having(page=str(number + 1))) if last < found.total else "",
        ),
    )


def _row(line: ConsentLine) -> pages.TenantRow:
    return pages.TenantRow(
        customer=Link(label=line.name, href=f"/customers/{line.slug}/consent"),
        state=state(line.state.value),
        grants=tuple((name, state(each.value)) for name, each in line.grants),
        proved_at=line.last_proved_at,
        tenant=Identifier(text=line.tenant_id, names="tenant id"),
    )


def _funnel(funnel: Funnel) -> tuple[Fact, ...]:
    return (
        Fact(label="Tenants", value=funnel.links),
        Fact(label="Linked", value=funnel.linked),
        Fact(label="Asked", value=funnel.asked),
        Fact(label="Opened the page", value=funnel.opened),
        Fact(label="Wait for an administrator", value=funnel.pending_admin),
        Fact(label="Declined", value=funnel.declined),
        Fact(label="Verified grants", value=funnel.verified),
        Fact(label="Lost or ended", value=funnel.lost),
    )


# -------------------- one customer


@of_one_moment
def show_one(visit: Visit) -> Response:
    """Show trust and grants of a customer."""
    found: CustomerConsent = visit.run(show_customer, customer=visit.named("customer")[:80])
    return visit.show(_page(visit, found))


@of_one_moment
def show_own(visit: Visit) -> Response:
    """Show a customer's own people what was asked of their tenant and where it stands."""
    if visit.is_staff:
        return visit.go("/consent")
    found: CustomerConsent = visit.run(show_customer, customer=visit.principal.customer_id)
    return visit.show(_page(visit, found))


def _acting(verb: str) -> Callable[[Visit], Response]:
    """Return the handler of one button of a customer's consent, for staff."""
    return lambda visit: _act(visit, verb, visit.named("customer")[:80])


def _acting_own(verb: str) -> Callable[[Visit], Response]:
    """Return the handler of one button of a customer's own page."""

    def handle(visit: Visit) -> Response:
        if visit.is_staff:
            raise NotFoundError("There is no such page for you.", code="web.no_such_page")
        return _act(visit, verb, str(visit.principal.customer_id))

    return handle


def _act(visit: Visit, verb: str, customer: str) -> Response:
    """Do what a button says."""
    answered = try_to(visit, _VERBS[verb][1], customer=customer)
    found: CustomerConsent = visit.run(show_customer, customer=customer)
    if isinstance(answered, Refused):
        return visit.show(_page(visit, found, trouble=(verb, answered.whole)), answered.status)
    if verb == "share" and answered.path is not None:
        return visit.go(_with_secret(visit, found, {"path": answered.path}))
    return visit.go(told(visit, home_of(visit, found)))


def _made(visit: Visit, what: str = "path") -> str:
    """Return the address or code that was made a moment ago, as the query carries it sealed; nothing afterwards."""
    sealed = visit.query("made")
    if not sealed or not sealed.isascii():
        return ""
    try:
        kept = json.loads(visit.parts.secrets.open(sealed.encode()).reveal())
    except (SecretKeyError, ValueError):
        return ""
    is_new = isinstance(kept, dict) and what in kept and kept.get("ends_at", 0) > visit.now.timestamp()
    if not is_new:
        return ""
    return f"{visit.parts.house.address}{kept[what]}" if what == "path" else str(kept[what])


def _making_code(customer_of: Callable[[Visit], str]) -> Callable[[Visit], Response]:
    """Return the handler that makes a claim code, shown once."""

    def handle(visit: Visit) -> Response:
        customer = customer_of(visit)
        answered = try_to(visit, make_claim_code, customer=customer, offer_id=visit.form.get("offer_id", "")[:120])
        found: CustomerConsent = visit.run(show_customer, customer=customer)
        if isinstance(answered, Refused):
            return visit.show(_page(visit, found, trouble=("code", answered.whole)), answered.status)
        if answered.code is None:
            return visit.go(told(visit, home_of(visit, found)))
        return visit.go(_with_secret(visit, found, {"code": answered.code}))

    return handle


def _of_address(visit: Visit) -> str:
    return visit.named("customer")[:80]


def _own(visit: Visit) -> str:
    if visit.is_staff:
        raise NotFoundError("There is no such page for you.", code="web.no_such_page")
    return str(visit.principal.customer_id)


def _with_secret(visit: Visit, found: CustomerConsent, secret: dict[str, str]) -> str:
    """Return the page's address with something that is shown once, sealed."""
    kept = json.dumps({**secret, "ends_at": int((visit.now + _SHOWN_FOR).timestamp())})
    made = visit.parts.secrets.seal(Secret(kept.encode())).decode()
    return str(Address.of(home_of(visit, found), [("made", made)]))


def _page(visit: Visit, found: CustomerConsent, *, trouble: tuple[str, str] = ("", "")) -> pages.ConsentPage:
    made, code = _made(visit), _made(visit, "code")
    timeline = timeline_of(visit, found.customer_id)
    is_staff = visit.is_staff
    trail = (Link(label="Customers", href="/customers"), Link(label=found.name, href=f"/customers/{found.slug}"))
    remaining = tuple(
        Fact(
            label=each.name,
            value=Identifier(text=each.app_id, names=REMAINING_NAMES[each.is_deployment, each.is_agent]),
            note="still to be removed" if each.gone_at is None else f"gone, seen {when_text(each.gone_at)}",
        )
        for each in found.remaining
    )
    left = [each for each in found.remaining if each.gone_at is None and not each.is_deployment]
    apps = [(each.name, each.app_id) for each in left if not each.is_agent]
    identities = [(each.name, each.app_id) for each in left if each.is_agent]
    return pages.ConsentPage(
        frame=frame(visit, "Customers" if is_staff else "Permissions"),
        trail=trail if is_staff else (),
        name=found.name,
        state=state("none" if found.state is None else found.state.value),
        sentence=_LINK_WORDS[found.state],
        facts=_facts(found),
        grants=tuple(grant_card(each, ways=grant_ways(visit, found, each)) for each in found.grants),
        needs=consent_needs(visit, found.customer_id),
        forms=_forms(visit, found, trouble),
        questions=(_unlink(found).question,) if is_staff and _may_unlink(visit, found) else (),
        made=Identifier(text=made, names="address of the connect page", is_whole=True) if made else None,
        open_questions=tuple(_question(visit, each) for each in found.questions),
        pages=tuple(
            Fact(
                label=f"made {when_text(each.made_at.date())}",
                value=state("removed" if each.revoked_at else "active"),
                note=f"opened {times(each.opened)}; good until {when_text(each.expires_at.date())}",
            )
            for each in found.pages
        ),
        remaining=remaining,
        script=removal_script(visit.parts.house.publisher, found.tenant_id, apps, identities) if left else "",
        deployments=tuple(deployment_card(each) for each in found.deployments),
        agents=tuple(agent_card(each, place=place_of(visit, found, each)) for each in found.agents),
        codes=tuple(code_fact(each) for each in found.codes),
        code=code_form(visit, found, trouble),
        made_code=Identifier(text=code, names="claim code", is_whole=True) if code else None,
        # What is shown once does not go away beneath somebody who writes it down.
        timeline=replace(timeline, refresh_href="") if made or code else timeline,
    )


def _forms(visit: Visit, found: CustomerConsent, trouble: tuple[str, str]) -> tuple[Form, ...]:
    if found.state not in PROBED_LINKS:
        return ()
    is_linked = found.state is LinkState.LINKED
    states = {grant.state for grant in found.grants}
    wanted = {
        "ask": is_linked
        and bool(found.unasked or states & {GrantState.DECLINED, GrantState.REVOKED, GrantState.NOT_NEEDED}),
        "share": is_linked and bool(found.grants),
        "hand-over": is_linked and GrantState.REQUESTED in states and not visit.is_staff,
        "check": True,
        "withdraw": any(page.revoked_at is None for page in found.pages) and visit.is_staff,
    }
    home = home_of(visit, found)
    return tuple(
        Form(
            id=f"consent-{verb}",
            action=f"{home}/{verb}",
            submit=label,
            idempotency_key=new_key(),
            error=trouble[1] if trouble[0] == verb else "",
        )
        for verb, (label, operation) in _VERBS.items()
        if wanted[verb] and visit.allows(operation)
    )


def _facts(found: CustomerConsent) -> tuple[Fact, ...]:
    other = found.purchaser_tenant_id
    facts = [
        Fact(label="Tenant", value=Identifier(text=found.tenant_id, names="tenant id"), note="the beneficiary’s"),
        Fact(label="Link", value=None if found.link_id is None else Identifier(text=found.link_id, names="link id")),
        Fact(label="Since", value=found.since_at, note=found.note or ""),
        Fact(label="Consent plan", value="none yet" if found.plan_version is None else f"version {found.plan_version}"),
    ]
    if found.number > 1:
        facts.append(Fact(label="Links before this one", value=found.number - 1, note="nothing came back from them"))
    if other is not None:
        facts.append(
            Fact(
                label="Bought by",
                value=Identifier(text=other, names="tenant id"),
                note="another tenant; it is never asked for anything",
            )
        )
    if found.sign_in_looked_for_at is not None:
        missed = found.sign_in_missed_at
        note = "present" if missed is None else f"not found since {when_text(missed)}"
        facts.append(Fact(label="Sign-in looked for", value=found.sign_in_looked_for_at, note=note))
    if found.unasked:
        facts.append(Fact(label="Not asked for yet", value=", ".join(found.unasked)))
    return tuple(facts)


def _question(visit: Visit, question: QuestionView) -> Fact:
    answered = question.answer or "not answered yet"
    may_answer = question.answer is None and visit.is_staff and visit.allows(answer_it)
    value = Link(label="Answer it", href=f"/consent/questions/{question.question_id}") if may_answer else answered
    return Fact(label=question.text[:200], value=value, note=f"asked {when_text(question.asked_at)}")


# -------------------- ending the link, answering a question


def _may_unlink(visit: Visit, found: CustomerConsent) -> bool:
    is_live = found.state not in {None, LinkState.UNLINKING, LinkState.UNLINKED}
    return is_live and visit.allows(unlink)


def _unlink(found: CustomerConsent) -> Asking:
    back = f"/customers/{found.slug}/consent"
    words = Words(
        opener="End the link",
        title=f"End the trust in the tenant of {found.name}?",
        points=(
            "No token of the tenant is served any more, from this moment.",
            "Work that waits for the tenant is cancelled, and addresses of the connect page lead nowhere.",
            "The subscription goes on. A link that begins later is a new one.",
            "What is left in the tenant only the customer can remove; it is looked for until it is gone.",
        ),
        fields=(reason_field(),),
        cannot_undo="a link that was ended never comes back, nor what was granted through it.",
        typed_word=found.slug,
        is_dangerous=True,
    )
    return Asking(
        operation=unlink,
        question=question_at(f"{back}/unlink", words, back=back),
        back=back,
        room="Customers",
        fixed={"customer": found.customer_id},
        trail=(Link(label=found.name, href=back),),
    )


def ask_unlink(visit: Visit) -> Response:
    """Ask before a link is ended."""
    return ask(visit, _unlink(visit.run(show_customer, customer=visit.named("customer")[:80])))


def do_unlink(visit: Visit) -> Response:
    """End a link."""
    return answer_question(visit, _unlink(visit.run(show_customer, customer=visit.named("customer")[:80])))


def _answering(visit: Visit) -> Asking:
    number = visit.named("question_id")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise NotFoundError(f"There is no question {number[:20]!r} here.", code="consent.question_not_found")
    question: QuestionView = visit.read(show_question, question_id=int(number))
    words = Words(
        opener="Answer",
        title="Answer the customer’s question",
        points=(question.text, "The answer stands on the customer’s page of what is asked for."),
        fields=(Field(name="answer", label="Answer", kind=FieldKind.LONG_TEXT),),
        submit="Answer",
    )
    address = f"/consent/questions/{number}"
    return Asking(
        operation=answer_it,
        question=question_at(address, words, back="/consent"),
        back="/consent",
        room="Consent",
        fixed={"question_id": int(number)},
        trail=(Link(label="Consent", href="/consent"),),
    )


def ask_answer(visit: Visit) -> Response:
    """Ask for the answer to a question."""
    return ask(visit, _answering(visit))


def do_answer(visit: Visit) -> Response:
    """Answer a question."""
    return answer_question(visit, _answering(visit))


WAYS: Final[tuple[Way, ...]] = (
    get("/consent", show_tenants, Audience.STAFF),
    *export_ways("/consent", sheet_of_tenants, Audience.STAFF),
    get("/consent/questions/{question_id}", ask_answer, Audience.STAFF),
    post("/consent/questions/{question_id}", do_answer, Audience.STAFF),
    get("/customers/{customer}/consent", show_one, Audience.STAFF),
    get("/customers/{customer}/consent/unlink", ask_unlink, Audience.STAFF),
    post("/customers/{customer}/consent/unlink", do_unlink, Audience.STAFF),
    *(post(f"/customers/{{customer}}/consent/{verb}", _acting(verb), Audience.STAFF) for verb in _VERBS),
    post("/customers/{customer}/consent/claim-codes", _making_code(_of_address), Audience.STAFF),
    get("/permissions", show_own),
    post("/permissions/claim-codes", _making_code(_own)),
    *(post(f"/permissions/{verb}", _acting_own(verb)) for verb in _VERBS),
)
