"""The branches of the landing page, drawn from what the rooms answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from starlette.responses import Response

from fairkeeper.customers.actions.landing.show_landing import Landing
from fairkeeper.customers.path.clocks import ClockName
from fairkeeper.customers.path.landing import Branch, Relation
from fairkeeper.customers.path.landing_look import FieldType, LandingLook, LookField
from fairkeeper.customers.path.lifecycle import ProvisioningState
from fairkeeper.customers.views import SubscriptionDetail
from fairkeeper.values.ids import new_id
from fairkeeper.web.door import LANDING_PATH
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Field, FieldKind, Form, Option
from fairkeeper.web.pages.buyer import (
    Brand,
    LandingAsk,
    LandingExisting,
    LandingGone,
    LandingNew,
    LandingNotYours,
    LandingSuspended,
    LandingWaiting,
    Purchase,
)
from fairkeeper.web.parts import Fact, Identifier, Link, Logo
from fairkeeper.web.routes.entry.proving import Proved
from fairkeeper.web.serving.frames import open_frame
from fairkeeper.web.serving.telling import path_of
from fairkeeper.web.serving.visit import Visit

NO_REFERRER: Final = {"Referrer-Policy": "no-referrer"}
LOOK_AGAIN: Final = {**NO_REFERRER, "Refresh": "2"}
"""Asks the browser to load the page again, also where no script runs."""

_CLAIMS: Final[Mapping[Relation | None, str]] = {
    Relation.COLLEAGUE: "I set it up for my organization",
    Relation.RESELLER: "I set it up for the company I bought it for",
}
_ANSWER: Final = "answer_"
"""Before the name of each of the publisher's fields, so that none is taken for a field of ours."""
_KINDS: Final[Mapping[FieldType, FieldKind]] = {
    FieldType.TEXT: FieldKind.TEXT,
    FieldType.LONG_TEXT: FieldKind.LONG_TEXT,
    FieldType.EMAIL: FieldKind.EMAIL,
    FieldType.NUMBER: FieldKind.NUMBER,
    FieldType.CHOICE: FieldKind.RADIO,
}
_BEING_SET_UP: Final = frozenset({ProvisioningState.NONE.value, ProvisioningState.RUNNING.value})
_OWN_PLACES: Final = (
    Link(label="Your page, with the record of what happened", href="/"),
    Link(label="Receipts", href="/receipts"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a branch is drawn from.

    Attributes:
        is_at_home: Whether whoever looks is signed in as a person of this customer.
        is_asked: Whether activation was asked for a moment ago.
        typed: What was typed into the publisher's fields, where it has to be corrected.
        wrong: What is wrong with it, by the fields' names.
    """

    landing: Landing
    detail: SubscriptionDetail
    is_at_home: bool
    is_asked: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


def show_branch(visit: Visit, shown: Shown) -> Response:
    """Return the page of the branch that the person's subscription is in."""
    return _BRANCHES.get(shown.landing.view.branch, _held)(visit, shown)


def show_ask(visit: Visit, landing: Landing) -> Response:
    """Return the page for a colleague of who set it up."""
    page = LandingAsk(
        frame=open_frame(visit),
        support=support_of(visit, landing.look),
        brand=brand_of(landing.look, landing.logo),
        people=landing.ask,
        sentence=landing.view.sentence,
        join=Link(label="Go to your company’s page", href="/sign-in?as=customer"),
    )
    return visit.show(page, headers=NO_REFERRER)


def show_not_yours(visit: Visit, landing: Landing, account: Proved) -> Response:
    """Return the page for somebody whom the purchase does not name."""
    form = Form(
        id="claim",
        action=f"{LANDING_PATH}/{landing.subscription_id}/claim",
        submit=_CLAIMS.get(landing.view.relation, "Ask the publisher to check"),
        idempotency_key=new_id("key"),
    )
    waits = "You asked, and the publisher's staff has not answered yet. Load this page again later."
    page = LandingNotYours(
        frame=open_frame(visit),
        support=support_of(visit, landing.look),
        brand=brand_of(landing.look, landing.logo),
        signed_in_as=account.name or account.email or "an account without a name",
        tenant=Identifier(text=account.tenant_id, names="tenant id"),
        switch=Link(label="Sign in with another account", href="/sign-in/start?as=customer"),
        sentence=waits if landing.claim_waits else landing.view.sentence,
        claim=None if landing.claim_waits else form,
    )
    return visit.show(page, headers=NO_REFERRER)


def _new(visit: Visit, shown: Shown) -> Response:
    if shown.is_asked or not shown.landing.view.can_activate:
        sentence = "Activation is asked for; Microsoft usually takes a few seconds." if shown.is_asked else ""
        return _wait(visit, shown, sentence or shown.landing.view.sentence, is_moving=shown.is_asked)
    page = LandingNew(
        frame=open_frame(visit),
        support=support_of(visit, shown.landing.look),
        brand=brand_of(shown.landing.look, shown.landing.logo),
        purchase=_purchase(shown),
        path=path_of(shown.detail),
        activate=_asking(shown, "activate", "Activate"),
        what_happens=(
            "Microsoft begins to bill the plan.",
            f"{visit.parts.house.publisher} sets everything up; this page tells you when it is ready.",
            "What happens from now on is recorded, and you can see and verify that record.",
        ),
        activate_by_at=_end_of(shown.detail, ClockName.ACTIVATION),
    )
    return visit.show(page, 422 if shown.wrong else 200, NO_REFERRER)


def _existing(visit: Visit, shown: Shown) -> Response:
    is_moving = shown.detail.line.provisioning in _BEING_SET_UP
    sentence = shown.landing.view.sentence
    if is_moving:
        sentence = f"It is active. {visit.parts.house.publisher} is setting everything up."
    elif shown.detail.line.allowed:
        sentence = "It is active and ready to use."
    elif shown.detail.line.reason:
        sentence = f"It is active. {shown.detail.line.reason}"
    page = LandingExisting(
        frame=open_frame(visit),
        support=support_of(visit, shown.landing.look),
        brand=brand_of(shown.landing.look, shown.landing.logo),
        purchase=_purchase(shown),
        path=path_of(shown.detail),
        sentence=sentence,
        home=Link(label="Go to your page", href="/") if shown.is_at_home else None,
        is_moving=is_moving,
        ask=_asking(shown, "answers", "Send the answers") if still_open(shown.landing) or shown.wrong else None,
    )
    headers = LOOK_AGAIN if is_moving and page.ask is None else NO_REFERRER
    return visit.show(page, 422 if shown.wrong else 200, headers)


def _suspended(visit: Visit, shown: Shown) -> Response:
    page = LandingSuspended(
        frame=open_frame(visit),
        support=support_of(visit, shown.landing.look),
        brand=brand_of(shown.landing.look, shown.landing.logo),
        purchase=_purchase(shown),
        suspended_at=shown.detail.suspended_at,
        ends_at=_end_of(shown.detail, ClockName.SUSPENSION_GRACE),
        still_works=_OWN_PLACES if shown.is_at_home else (),
        remedy=shown.landing.view.sentence,
    )
    return visit.show(page, headers=NO_REFERRER)


def _gone(visit: Visit, shown: Shown) -> Response:
    ends_at = shown.detail.retention_ends_at
    page = LandingGone(
        frame=open_frame(visit),
        support=support_of(visit, shown.landing.look),
        brand=brand_of(shown.landing.look, shown.landing.logo),
        purchase=_purchase(shown),
        ended_at=shown.detail.unsubscribed_at,
        erased_on=None if ends_at is None else ends_at.date(),
        links=_OWN_PLACES if shown.is_at_home else (),
    )
    return visit.show(page, headers=NO_REFERRER)


def _held(visit: Visit, shown: Shown) -> Response:
    return _wait(visit, shown, shown.landing.view.sentence, is_moving=False)


_BRANCHES: Final[Mapping[Branch, Callable[[Visit, Shown], Response]]] = {
    Branch.NEW: _new,
    Branch.EXISTING: _existing,
    Branch.SUSPENDED: _suspended,
    Branch.GONE: _gone,
    Branch.HELD: _held,
}


def _wait(visit: Visit, shown: Shown, sentence: str, *, is_moving: bool) -> Response:
    page = LandingWaiting(
        frame=open_frame(visit),
        support=support_of(visit, shown.landing.look),
        brand=brand_of(shown.landing.look, shown.landing.logo),
        purchase=_purchase(shown),
        path=path_of(shown.detail),
        state=state(shown.detail.line.status or "held"),
        sentence=sentence,
        is_moving=is_moving,
    )
    return visit.show(page, headers=LOOK_AGAIN if is_moving else NO_REFERRER)


def still_open(landing: Landing) -> bool:
    """Whether the publisher asks for something that nobody has answered yet."""
    answered = {each.name for each in landing.answers}
    return any(field.is_required and field.name not in answered for field in landing.look.fields)


def typed_answers(visit: Visit, landing: Landing) -> dict[str, str]:
    """Return what was typed into the publisher's fields, by their names."""
    return {each.name: visit.form.get(f"{_ANSWER}{each.name}", "").strip() for each in landing.look.fields}


def _asking(shown: Shown, what: str, submit: str) -> Form:
    """Return the form with the publisher's fields, as they were answered before or typed a moment ago."""
    before = {each.name: each.value for each in shown.landing.answers}
    form = Form(
        id=what,
        action=f"{LANDING_PATH}/{shown.landing.subscription_id}/{what}",
        submit=submit,
        idempotency_key=new_id("key"),
        fields=tuple(_field(each, before.get(each.name, "")) for each in shown.landing.look.fields),
    )
    if not shown.wrong:
        return form
    return replace(
        form,
        fields=tuple(
            replace(each, value=shown.typed.get(name, ""), error=shown.wrong.get(name, ""))
            for each, name in ((field, field.name.removeprefix(_ANSWER)) for field in form.fields)
        ),
    )


def _field(asked: LookField, value: str) -> Field:
    options = tuple(Option(value=choice, label=choice) for choice in asked.choices)
    return Field(
        name=f"{_ANSWER}{asked.name}",
        label=asked.label,
        kind=_KINDS[asked.type],
        value=value,
        hint=asked.hint,
        options=options,
        is_required=asked.is_required,
    )


def support_of(visit: Visit, look: LandingLook) -> Link | None:
    """Return where to ask: what is said of the landing page, or else the installation's own."""
    return Link(label="Ask for help", href=look.support_url) if look.support_url else visit.parts.house.support


def brand_of(look: LandingLook, logo: str) -> Brand:
    """Return the publisher's look for the templates."""
    links = (("Terms of use", look.terms_url), ("Privacy", look.privacy_url))
    return Brand(
        logo=Logo(digest=bytes.fromhex(logo[:16])) if logo else None,
        product_name=look.product_name,
        welcome=look.welcome,
        links=tuple(Link(label=label, href=href) for label, href in links if href),
    )


def _end_of(detail: SubscriptionDetail, clock: ClockName) -> datetime | None:
    return next((each.due_at for each in detail.deadlines if each.clock == clock.value), None)


def _purchase(shown: Shown) -> Purchase:
    detail = shown.detail
    line = detail.line
    subscription = Identifier(text=line.subscription_id, names="subscription id")
    facts = [
        Fact(label="Offer", value=line.offer_id),
        Fact(label="Plan", value=line.plan_id),
        Fact(label="Seats", value="flat rate" if line.quantity is None else count(line.quantity)),
        Fact(label="Bought for", value=detail.beneficiary_email or line.customer_name),
    ]
    if detail.purchaser_email and detail.purchaser_email != detail.beneficiary_email:
        facts.append(Fact(label="Bought by", value=detail.purchaser_email))
    if line.term_end_on is not None:
        facts.append(
            Fact(label="Term ends", value=line.term_end_on, note="renews by itself" if detail.auto_renew else "")
        )
    facts.append(Fact(label="Subscription", value=subscription))
    facts += [Fact(label=each.label, value=each.value) for each in detail.answers]
    return Purchase(
        name=detail.name or line.subscription_id,
        offer=shown.landing.look.product_name or detail.name or line.offer_id or "Your purchase",
        plan=line.plan_id or "",
        subscription=subscription,
        facts=tuple(facts),
    )
