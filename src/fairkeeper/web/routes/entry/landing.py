"""The landing page, to which Microsoft sends whoever bought, again and again for the same subscription.

The token comes in the address, once. It is sealed and kept with the sign-in, or resolved at once for a customer's
person who is signed in already; every page after that has an address without it. Which branch is shown is decided in
the room `customers`; here it is drawn.

Source: Microsoft Learn, "Build the landing page for your transactable SaaS offer", read 2026-11-22.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from fairkeeper.access.attempts import SignInPurpose, TakenAttempt
from fairkeeper.access.credentials import digest
from fairkeeper.access.errors import SignInRefusedError
from fairkeeper.customers.actions.land import Claimed, claim_subscription, record_visit
from fairkeeper.customers.actions.landing.answers import record_answers
from fairkeeper.customers.actions.landing.looks import Logo, LookShown, fetch_landing_logo, show_landing_look
from fairkeeper.customers.actions.landing.show_landing import Landing, show_landing
from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.errors import LandingTokenRefusedError, ReadingOvertakenError, SubscriptionUnknownError
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.path.landing import Branch, Relation
from fairkeeper.customers.path.landing_look import wrong_answers
from fairkeeper.customers.queries import show_subscription
from fairkeeper.customers.store import count_readings
from fairkeeper.customers.views import SubscriptionDetail
from fairkeeper.errors import DeniedError, NotFoundError, UpstreamError
from fairkeeper.overview.onboarding import LandingStep, record_landing_step
from fairkeeper.web.door import LANDING_PATH
from fairkeeper.web.pages.buyer import LandingTokenExpired
from fairkeeper.web.parts import LOGO_PATH
from fairkeeper.web.routes.entry.landing_pages import (
    NO_REFERRER,
    Shown,
    brand_of,
    show_ask,
    show_branch,
    show_not_yours,
    support_of,
    typed_answers,
)
from fairkeeper.web.routes.entry.proving import (
    Errand,
    Proved,
    Visitor,
    open_session,
    to_microsoft,
    visitor_header,
    visitor_of,
)
from fairkeeper.web.serving.frames import open_frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_LONGEST_TOKEN: Final = 8_000
_OWN: Final = frozenset({Relation.BENEFICIARY, Relation.PURCHASER, Relation.CLAIMED})


class NotResolvedError(UpstreamError):
    """Microsoft's answer to the token names no subscription."""

    code = "web.landing_unreadable"
    remedy = "Open the page from Microsoft again; if it repeats, ask the publisher with the id shown here."


class NoVisitError(DeniedError):
    """This browser did not come by the landing page, or too long ago."""

    code = "web.no_visit"
    remedy = "Open the page from Microsoft again."


def land(visit: Visit) -> Response:
    """Take Microsoft's token: on to the sign-in, or for a customer's person who is signed in on to the page."""
    # Microsoft's tokens hold no space; one that stands here was a plus sign that somebody sent undecoded.
    token = visit.query("token").replace(" ", "+")
    if not token:
        return _reopen(visit, is_missing=True)
    _count(visit, LandingStep.OPENED)
    if len(token) > _LONGEST_TOKEN:
        return _reopen(visit, is_missing=False, status=400)
    if visit.session is None or visit.is_staff:
        return to_microsoft(visit, Errand(purpose=SignInPurpose.LANDING, parked=token))
    session = visit.session
    account = Proved(tenant_id=session.tenant_id, object_id=session.object_id, name=session.principal.display or None)
    return _show_resolved(visit, token, account, None)


def arrive(visit: Visit, taken: TakenAttempt, proved: Proved) -> Response:
    """Go on after the sign-in that a landing token began.

    Raises:
        FairkeeperError: The account may not sign in, or Microsoft cannot be asked.
    """
    if taken.parked is None:
        return _reopen(visit, is_missing=True)
    token = visit.parts.secrets.open(taken.parked).reveal().decode()
    return _show_resolved(visit, token, proved, taken)


def look(visit: Visit) -> Response:
    """Show the page of a subscription to somebody who came by a token, or whose company's it is."""
    subscription_id = visit.named("subscription_id").lower()
    if visit.is_staff:
        return visit.go(f"/subscriptions/{subscription_id}")
    account, came = _account(visit, subscription_id)
    if account is None:
        back = quote(f"{LANDING_PATH}/{subscription_id}", safe="/")
        return visit.go(f"/sign-in?as=customer&return_to={back}")
    landing = _landing(visit, subscription_id, account, came=came)
    if landing.view.branch is Branch.NOT_YOURS:
        return show_not_yours(visit, landing, account)
    if landing.view.branch is Branch.ASK:
        return show_ask(visit, landing)
    if landing.view.relation is Relation.CLAIMED and came:
        _count_view(visit, landing)  # staff has answered since this browser was counted last
    return show_branch(
        visit,
        Shown(
            landing=landing,
            detail=_detail(visit, subscription_id),
            is_at_home=_is_at_home(visit, landing.customer_id),
            is_asked=visit.query("asked") == "yes",
        ),
    )


def activate(visit: Visit) -> Response:
    """Activate what was bought; who has a session acts by its role, a proved purchaser of another company may too."""
    subscription_id = visit.named("subscription_id").lower()
    account, came = _account(visit, subscription_id)
    if account is None:
        raise NoVisitError("Nobody here came by the landing page of this subscription.")
    landing = _landing(visit, subscription_id, account, came=came)
    if landing.view.relation not in _OWN:
        raise NoVisitError("This account has not been let in to set this subscription up.")
    again = _take_answers(visit, landing)
    if again is not None:
        return again
    if _is_at_home(visit, landing.customer_id):
        visit.run(activate_subscription, subscription_id=subscription_id)
    else:
        visit.run_as_system("landing", activate_subscription, subscription_id=subscription_id)
    _count(visit, LandingStep.ASKED, "", subscription_id)
    return visit.go(f"{LANDING_PATH}/{subscription_id}?asked=yes")


def answer(visit: Visit) -> Response:
    """Take the answers to what the publisher asks, where it is active already."""
    subscription_id = visit.named("subscription_id").lower()
    account, came = _account(visit, subscription_id)
    if account is None:
        raise NoVisitError("Nobody here came by the landing page of this subscription.")
    landing = _landing(visit, subscription_id, account, came=came)
    if landing.view.relation not in _OWN:
        raise NoVisitError("This account has not been let in to set this subscription up.")
    return _take_answers(visit, landing) or visit.go(f"{LANDING_PATH}/{subscription_id}")


def _take_answers(visit: Visit, landing: Landing) -> Response | None:
    """Keep what was answered; return the page again where something has to be corrected."""
    typed = typed_answers(visit, landing)
    wrong = wrong_answers(landing.look.fields, typed)
    if wrong:
        shown = Shown(
            landing=landing,
            detail=_detail(visit, landing.subscription_id),
            is_at_home=_is_at_home(visit, landing.customer_id),
            is_asked=False,
            typed=typed,
            wrong=wrong,
        )
        return show_branch(visit, shown)
    if landing.look.fields:
        visit.run_as_system("landing", record_answers, subscription_id=landing.subscription_id, answers=typed)
    return None


def send_logo(visit: Visit) -> Response:
    """Send the publisher's logo; under its digest a browser may keep it for ever."""
    found: Logo | None = visit.run_as_system("landing", fetch_landing_logo)
    if found is None:
        raise NotFoundError("There is no logo.", code="web.no_such_page")
    keep = "public, max-age=31536000, immutable" if visit.query("v") == found.digest[:16] else "no-cache"
    headers = {"Cache-Control": keep, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(found.content, media_type=found.media_type, headers=headers)


def claim(visit: Visit) -> Response:
    """Record that somebody says a subscription is theirs to set up; a colleague is let in, others wait for staff."""
    subscription_id = visit.named("subscription_id").lower()
    visitor = visitor_of(visit, subscription_id)
    if visitor is None:
        raise NoVisitError("Nobody here came by the landing page of this subscription.")
    claimed: Claimed = visit.run_as_system(
        "landing",
        claim_subscription,
        subscription_id=subscription_id,
        tenant_id=visitor.account.tenant_id,
        object_id=visitor.account.object_id,
        is_guest=visitor.account.is_guest,
        name=visitor.account.name,
        email=visitor.account.email,
    )
    step, reason = (LandingStep.LET_IN, "") if claimed.is_confirmed else (LandingStep.SIGNED_IN, "waits for staff")
    _count(visit, step, reason, subscription_id)
    is_let_in = claimed.is_confirmed and visit.session is None
    cookies = _let_in(visit, visitor.account)[1] if is_let_in else []
    return visit.go(f"{LANDING_PATH}/{subscription_id}", cookies)


# -------------------- counting


_STOPS: Final = {
    Relation.COLLEAGUE: "a colleague of the buyer",
    Relation.STRANGER: "an account that the purchase does not name",
    Relation.RESELLER: "bought for another company",
}


def _count(visit: Visit, step: LandingStep, reason: str = "", subscription_id: str | None = None) -> None:
    """Count how far this browser came; nobody is named."""
    visit.run_as_system(
        "landing",
        record_landing_step,
        visitor=digest(visit.browser).hex(),
        step=step,
        reason=reason,
        subscription_id=subscription_id,
    )


def _count_view(visit: Visit, landing: Landing) -> None:
    view, subscription_id = landing.view, landing.subscription_id
    if view.branch is Branch.ASK:
        _count(visit, LandingStep.SIGNED_IN, "existing", subscription_id)
    elif view.branch is Branch.NOT_YOURS:
        _count(visit, LandingStep.SIGNED_IN, _STOPS.get(view.relation or Relation.STRANGER, ""), subscription_id)
    else:
        reason = "" if view.branch is Branch.NEW else view.branch.value
        _count(visit, LandingStep.LET_IN, reason, subscription_id)


# -------------------- resolving


def _follow(visit: Visit, resolved: SubscriptionSnapshot) -> None:
    """Follow what a token leads to; what is known already is read anew, since what Microsoft said may be past."""
    snapshot = resolved
    with visit.parts.runner.database.read() as session:
        asked_after = count_readings(session, resolved.id)
    if asked_after:
        with suppress(SubscriptionUnknownError):
            snapshot = visit.parts.fulfillment.get_subscription(resolved.id).value or resolved
    stated = json.dumps(dict(snapshot.raw))
    with suppress(ReadingOvertakenError):  # then somebody else has just written what is newer
        visit.run_as_system(
            "landing", follow_reading, subscription=stated, source=ReadingSource.LANDING, asked_after=asked_after
        )


def _show_resolved(visit: Visit, token: str, account: Proved, taken: TakenAttempt | None) -> Response:
    """Ask Microsoft what the token leads to, record the visit, and go on to the page without the token.

    Args:
        visit: The request.
        token: Microsoft's.
        account: Who came.
        taken: The sign-in that was just made; None for somebody who was signed in already.
    """
    try:
        snapshot = visit.parts.fulfillment.resolve(token).value
    except LandingTokenRefusedError:
        _count(visit, LandingStep.OPENED, "the key from Microsoft was too old or not readable")
        return _reopen(visit, is_missing=False, status=400)
    if snapshot is None:
        raise NotResolvedError("Microsoft's answer to the token cannot be read.")
    stated = json.dumps(dict(snapshot.raw))
    _follow(visit, snapshot)
    landing = _landing(visit, snapshot.id, account, came=True)
    person_id = visit.principal.id if taken is None else None
    cookies = [visitor_header(visit, Visitor(account=account, subscription_id=snapshot.id))]
    if taken is not None and landing.view.relation in _OWN:
        # Named by the purchase itself, or let in by staff: then it does not matter whose guest it is.
        person_id, session_cookies = _let_in(visit, replace(account, is_guest=False))
        cookies += session_cookies
    visit.run_as_system(
        "landing",
        record_visit,
        subscription=stated,
        tenant_id=account.tenant_id,
        object_id=account.object_id,
        is_guest=account.is_guest,
        person_id=person_id,
    )
    _count_view(visit, landing)
    response = visit.go(f"{LANDING_PATH}/{snapshot.id}", cookies)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _let_in(visit: Visit, account: Proved) -> tuple[str | None, list[str]]:
    """Open a session where the account's own company is the customer; a purchaser of another company has none.

    Raises:
        SignInRefusedError: `access.person_removed`.
    """
    try:
        signed, cookie = open_session(visit, account, SignInPurpose.LANDING)
    except SignInRefusedError as error:
        if error.code != "access.tenant_unknown":
            raise
        return None, []
    return signed.person.id, [cookie]


def _account(visit: Visit, subscription_id: str) -> tuple[Proved | None, bool]:
    """Return who looks, and whether this browser came by a token of this subscription."""
    visitor = visitor_of(visit, subscription_id)
    if visitor is not None:
        return visitor.account, True
    if visit.session is None:
        return None, False
    return Proved(tenant_id=visit.session.tenant_id, object_id=visit.session.object_id), False


def _landing(visit: Visit, subscription_id: str, account: Proved, *, came: bool) -> Landing:
    """Return what the page shows; to whom it does not belong and who came by no token, there is no such page."""
    landing: Landing = visit.run_as_system(
        "landing",
        show_landing,
        subscription_id=subscription_id[:64],
        tenant_id=account.tenant_id,
        object_id=account.object_id,
        is_guest=account.is_guest,
    )
    if landing.view.branch in {Branch.NOT_YOURS, Branch.ASK} and not came:
        # In the words for an id of nobody: that it is somebody's is nothing to tell.
        msg = f"There is no subscription {subscription_id!r} here."
        raise NotFoundError(msg, code="customers.subscription_not_found")
    return landing


def _detail(visit: Visit, subscription_id: str) -> SubscriptionDetail:
    found: SubscriptionDetail = visit.run_as_system("landing", show_subscription, subscription_id=subscription_id)
    return found


def _is_at_home(visit: Visit, customer_id: str) -> bool:
    """Whether whoever is signed in belongs to the customer whose subscription this is."""
    return visit.session is not None and visit.session.principal.customer_id == customer_id


def _reopen(visit: Visit, *, is_missing: bool, status: int = 200) -> Response:
    general: LookShown = visit.run_as_system("landing", show_landing_look)
    page = LandingTokenExpired(
        frame=open_frame(visit),
        support=support_of(visit, general.look),
        brand=brand_of(general.look, general.logo),
        is_missing=is_missing,
        support_id=visit.request_id,
    )
    return visit.show(page, status, NO_REFERRER)


WAYS: Final[tuple[Way, ...]] = (
    get(LANDING_PATH, land, Audience.ANYBODY),
    get(f"{LANDING_PATH}/{{subscription_id}}", look, Audience.ANYBODY),
    post(f"{LANDING_PATH}/{{subscription_id}}/activate", activate, Audience.ANYBODY),
    post(f"{LANDING_PATH}/{{subscription_id}}/claim", claim, Audience.ANYBODY),
    post(f"{LANDING_PATH}/{{subscription_id}}/answers", answer, Audience.ANYBODY),
    get(LOGO_PATH, send_logo, Audience.ANYBODY),
)
