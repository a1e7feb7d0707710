"""API tokens: made for one program, shown once, revoked at once."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.access.actions.tokens import create_token, revoke_token
from fairkeeper.access.queries import list_tokens
from fairkeeper.access.roles import CUSTOMER_ROLES, SERVICE_ROLES, STAFF_ROLES
from fairkeeper.access.views import ApiToken, NewApiToken
from fairkeeper.errors import NotFoundError
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Field, FieldKind, Form, with_answers
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.settings import TokenRow, TokensPage
from fairkeeper.web.parts import Empty, Identifier, Link
from fairkeeper.web.routes.settings.people import roles_field, roles_of
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    answer_question,
    ask,
    new_key,
    question_at,
    try_to,
    typed_fields,
)
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get, post

_HERE: Final = "/settings/tokens"
_SHOWN_BEFORE: Final = "The token was made when you pressed the first time, and shown then; it cannot be shown again."


def show_tokens(visit: Visit) -> Response:
    """Show the tokens, without their secrets."""
    return visit.show(_page(visit))


def create(visit: Visit) -> Response:
    """Make a token and show its secret, once."""
    form = _form(visit)
    answered = try_to(visit, create_token, **typed_fields(visit, form) | {"roles": roles_of(visit.form)})
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, again), answered.status)
    made: NewApiToken = answered
    if made.secret is None:
        return visit.show(_page(visit, with_answers(form, {}, {}, _SHOWN_BEFORE)), 409)
    return visit.show(_page(visit, secret=made.secret))


def _page(visit: Visit, form: Form | None = None, *, secret: str = "") -> TokensPage:
    tokens: list[ApiToken] = visit.run(list_tokens, include_revoked=True)
    live = sum(token.revoked_at is None for token in tokens)
    may_change = visit.allows(create_token)
    return TokensPage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "tokens"),
        sentence=f"{count(live, 'token')} in use; each does what its roles allow, and nothing more.",
        tokens=_listing(visit, tokens, may_change=may_change),
        create=(form or _form(visit)) if may_change else None,
        secret=secret,
    )


def _listing(visit: Visit, tokens: list[ApiToken], *, may_change: bool) -> Listing[TokenRow]:
    return Listing(
        id="tokens",
        caption="API tokens",
        columns=(
            Column(label="Token"),
            Column(label="Roles"),
            Column(label="State"),
            Column(label="Expires"),
            Column(label="Last used"),
            Column(label="Change", is_number=True),
        ),
        rows=tuple(_row(visit, token, may_change=may_change) for token in tokens),
        empty=Empty(
            title="No token yet",
            text="A program of yours proves itself with one: your product that reports, a script that reads.",
        ),
        address=Address(_HERE),
        exports=export_links(Address(_HERE)),
    )


def sheet_of_tokens(visit: Visit) -> Sheet:
    """Return the tokens as a sheet, without their secrets."""
    tokens: list[ApiToken] = visit.run(list_tokens, include_revoked=True)
    return sheet_of_rows("tokens", TokenRow, (_row(visit, token, may_change=False) for token in tokens))


def _row(visit: Visit, token: ApiToken, *, may_change: bool) -> TokenRow:
    is_over = token.expires_at is not None and token.expires_at <= visit.now
    word = "revoked" if token.revoked_at else "expired" if is_over else "active"
    can_revoke = may_change and token.revoked_at is None
    return TokenRow(
        token=Identifier(text=token.id, names="token id"),
        name=token.name,
        roles=[words(role) for role in token.roles],
        state=state(word),
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        revoke=_revoke(token).question if can_revoke else None,
    )


def _form(visit: Visit) -> Form:
    roles = STAFF_ROLES | SERVICE_ROLES if visit.is_staff else CUSTOMER_ROLES
    return Form(
        id="create-token",
        action=_HERE,
        submit="Create the token",
        idempotency_key=new_key(),
        fields=(
            Field(name="name", label="What it is for", hint="As it stands in the list.", autocomplete="off"),
            Field(name="expires_in_days", label="Good for", kind=FieldKind.NUMBER, value="90", unit="days"),
            roles_field(roles),
        ),
    )


def _revoke(token: ApiToken) -> Asking:
    asked = Words(
        opener="Revoke",
        title=f"Revoke the token “{token.name}”?",
        points=("It is worth nothing from the next request on.", "The program that uses it needs a new one."),
        cannot_undo="a revoked token is never good again.",
        submit="Revoke the token",
        is_dangerous=True,
    )
    return Asking(
        operation=revoke_token,
        question=question_at(f"{_HERE}/{token.id}/revoke", asked, back=_HERE),
        back=_HERE,
        room="Settings",
        fixed={"token_id": token.id},
        trail=(Link(label="API tokens", href=_HERE),),
    )


def _token(visit: Visit) -> ApiToken:
    wanted = visit.named("token_id")
    tokens: list[ApiToken] = visit.run(list_tokens, include_revoked=True)
    found = next((token for token in tokens if token.id == wanted), None)
    if found is None:
        raise NotFoundError(f"There is no API token {wanted[:40]!r} here.", code="access.token_not_found")
    return found


def ask_revoke(visit: Visit) -> Response:
    """Ask before a token is revoked."""
    return ask(visit, _revoke(_token(visit)))


def revoke(visit: Visit) -> Response:
    """Revoke a token."""
    return answer_question(visit, _revoke(_token(visit)))


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_tokens),
    post(_HERE, create),
    *export_ways(_HERE, sheet_of_tokens),
    get(f"{_HERE}/{{token_id}}/revoke", ask_revoke),
    post(f"{_HERE}/{{token_id}}/revoke", revoke),
)
