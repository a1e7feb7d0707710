"""Signing in and out, and becoming the first owner."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.responses import Response

from fairkeeper.access.actions.sign_in import sign_out
from fairkeeper.access.attempts import SignInPurpose, local_path
from fairkeeper.access.credentials import is_token
from fairkeeper.access.errors import InvitationRefusedError
from fairkeeper.errors import ErrorKind, FairkeeperError, UnauthenticatedError
from fairkeeper.values.ids import new_id
from fairkeeper.web.forms import Field, FieldKind, Form, with_answers
from fairkeeper.web.pages.sign_in import FirstOwnerPage, SignInPage
from fairkeeper.web.parts import Link
from fairkeeper.web.routes.entry.landing import arrive
from fairkeeper.web.routes.entry.proving import Errand, begin, open_session, prove, take, to_microsoft, visitor_cookie
from fairkeeper.web.serving.console import CALLBACK_PATH
from fairkeeper.web.serving.frames import open_frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import STATUSES, Audience, Way, get, post

_log = structlog.get_logger(__name__)

_TOKEN_COMMAND: Final = "fairkeeper token create --first-owner"  # noqa: S105 - a command
_NOT_WAYS_BACK: Final = ("/sign-in", "/sign-out", "/first-owner", "/invitation")


def show_sign_in(visit: Visit) -> Response:
    """Show the way in; whoever is in already is sent on."""
    if visit.session is not None:
        return visit.go(_way_back(visit.query("return_to")))
    return visit.show(_sign_in_page(visit, for_customers=visit.query("as") == "customer"))


def start(visit: Visit) -> Response:
    """Send the browser to Microsoft's page."""
    for_customers = visit.query("as") == "customer"
    purpose = SignInPurpose.CUSTOMER if for_customers else SignInPurpose.STAFF
    try:
        return to_microsoft(visit, Errand(purpose=purpose, return_to=_way_back(visit.query("return_to"))))
    except FairkeeperError as error:
        return _refused(visit, error, for_customers=for_customers)


def come_back(visit: Visit) -> Response:
    """Take Microsoft's answer: prove whom it names, open a session, and show what was asked for."""
    for_customers = False
    try:
        taken = take(visit)
        for_customers = taken.purpose in {SignInPurpose.CUSTOMER, SignInPurpose.LANDING}
        proved = prove(visit, taken)
        if taken.purpose is SignInPurpose.LANDING:
            return arrive(visit, taken, proved)
        _, cookie = open_session(visit, proved, taken.purpose, first_owner_digest=taken.first_owner_digest)
    except FairkeeperError as error:
        return _refused(visit, error, for_customers=for_customers)
    return visit.go(_way_back(taken.return_to), [cookie, visitor_cookie(visit).clear_header()])


def leave(visit: Visit) -> Response:
    """Sign out in this browser."""
    if visit.session is not None:
        visit.run(sign_out, cookie_digest=visit.session.cookie_digest)
    cookies = (visit.parts.session_cookie.clear_header(), visitor_cookie(visit).clear_header())
    return visit.go("/sign-in" if visit.is_staff else "/sign-in?as=customer", cookies)


def show_first_owner(visit: Visit) -> Response:
    """Ask for the one-time token."""
    page = FirstOwnerPage(frame=open_frame(visit), form=_first_owner_form(), token_command=_TOKEN_COMMAND)
    return visit.show(page)


def claim(visit: Visit) -> Response:
    """Keep the one-time token for the sign-in that follows; whether it is good shows only then.

    A link leads on instead of a redirection: the content security policy lets no form end at another site.
    """
    token = visit.form.get("token", "").strip()
    if not is_token(token):
        wrong = with_answers(
            _first_owner_form(), {}, {"token": "This is no one-time token; it begins with fk_ and has 46 characters."}
        )
        page = FirstOwnerPage(frame=open_frame(visit), form=wrong, token_command=_TOKEN_COMMAND)
        return visit.show(page, 422)
    try:
        address = begin(visit, Errand(purpose=SignInPurpose.FIRST_OWNER, first_owner_token=token))
    except FairkeeperError as error:
        return _refused(visit, error)
    page_on = SignInPage(
        frame=open_frame(visit),
        sign_in=Link(label="Go on to Microsoft", href=address),
        sentence="One step is left: sign in with the account of your own tenant that shall be the first owner.",
    )
    return visit.show(page_on, headers={"Referrer-Policy": "no-referrer"})


def show_invitation(visit: Visit) -> Response:
    """Take an invitation's link: on to Microsoft's page, with the secret kept here and not sent along."""
    token = visit.query("token")
    if not is_token(token):
        raise InvitationRefusedError("This is no invitation's whole address.")
    try:
        address = begin(visit, Errand(purpose=SignInPurpose.INVITATION, first_owner_token=token))
    except FairkeeperError as error:
        return _refused(visit, error)
    page = SignInPage(
        frame=open_frame(visit),
        sign_in=Link(label="Sign in with Microsoft", href=address),
        sentence=f"{visit.parts.house.publisher} invited you. Sign in with your work account to accept; the link is "
        "good once.",
    )
    return visit.show(page, headers={"Referrer-Policy": "no-referrer"})


def _first_owner_form() -> Form:
    return Form(
        id="first-owner",
        action="/first-owner",
        submit="Go on",
        idempotency_key=new_id("key"),
        fields=(
            Field(
                name="token",
                label="One-time token",
                kind=FieldKind.SECRET,
                autocomplete="off",
                hint="It begins with fk_.",
            ),
        ),
    )


def _sign_in_page(visit: Visit, *, for_customers: bool, error: str = "", support_id: str = "") -> SignInPage:
    return_to = _way_back(visit.query("return_to"))
    keep = {} if return_to == "/" else {"return_to": return_to}
    here = urlencode({**({"as": "customer"} if for_customers else {}), **keep})
    there = urlencode({**({} if for_customers else {"as": "customer"}), **keep})
    publisher = visit.parts.house.publisher
    other = Link(label=f"I work at {publisher}" if for_customers else "I am a customer", href=_with("/sign-in", there))
    return SignInPage(
        frame=open_frame(visit),
        for_customers=for_customers,
        sign_in=Link(label="Sign in with Microsoft", href=_with("/sign-in/start", here)),
        other=(other,),
        error=error,
        support_id=support_id,
    )


def _refused(visit: Visit, error: FairkeeperError, *, for_customers: bool = False) -> Response:
    """Show why nobody was signed in, with the code and what to do."""
    status = 401 if isinstance(error, UnauthenticatedError) else STATUSES[error.kind]
    _log.warning("console.sign_in_refused", request_id=visit.request_id, code=error.code)
    told = f"{error.message} {error.remedy}" if error.kind is not ErrorKind.BUG else "Something went wrong on our side."
    page = _sign_in_page(
        visit, for_customers=for_customers, error=told, support_id=f"{visit.request_id} ({error.code})"
    )
    return visit.show(page, status)


def _way_back(path: str) -> str:
    """Return a page of ours to show afterwards."""
    found = local_path(path or "/")
    return "/" if found.startswith(_NOT_WAYS_BACK) else found


def _with(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


WAYS: Final[tuple[Way, ...]] = (
    get("/sign-in", show_sign_in, Audience.ANYBODY),
    get("/sign-in/start", start, Audience.ANYBODY),
    get(CALLBACK_PATH, come_back, Audience.ANYBODY),
    post("/sign-out", leave, Audience.ANYBODY),
    get("/first-owner", show_first_owner, Audience.ANYBODY),
    post("/first-owner", claim, Audience.ANYBODY),
    get("/invitation", show_invitation, Audience.ANYBODY),
)
