"""Through Microsoft's pages and back: begin a sign-in, prove whom the answer names, open a session.

Shared by everybody who signs in: staff, customers, the first owner, a buyer on the landing page. A buyer may be proved
and still be no person here (bought for another company, or not bought at all); then a sealed cookie keeps for half an
hour whom Microsoft vouched for.

Source: RFC 9700 (Best Current Practice for OAuth 2.0 Security), sections 2.1 and 4.7; Microsoft Entra, "Microsoft
identity platform and OAuth 2.0 authorization code flow"; read 2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.access.actions.invitations import accept_invitation
from fairkeeper.access.actions.sign_in import claim_first_owner, sign_in
from fairkeeper.access.attempts import SignInAttempt, SignInPurpose, TakenAttempt
from fairkeeper.access.credentials import Cookie, digest, new_cookie_value
from fairkeeper.access.views import SignedIn
from fairkeeper.database.secrets import Secret, SecretKeyError
from fairkeeper.errors import UnavailableError
from fairkeeper.microsoft.identity import SignInFlow, SignInReturn
from fairkeeper.token.expectations import ANY_TENANT, IdTokenExpectation
from fairkeeper.values.ids import TenantId
from fairkeeper.web.serving.console import CALLBACK_PATH
from fairkeeper.web.serving.visit import Visit

VISITOR_LIFETIME: Final = timedelta(minutes=30)
_STAFF_PURPOSES: Final = frozenset({SignInPurpose.STAFF, SignInPurpose.FIRST_OWNER})
_STATE_CHARACTERS: Final = 200


class SignInNotConfiguredError(UnavailableError):
    """The publisher has not said yet with which application people sign in."""

    code = "web.sign_in_not_configured"
    remedy = (
        "Set FAIRKEEPER_ENTRA_TENANT_ID, FAIRKEEPER_SIGN_IN_APP_ID and FAIRKEEPER_SIGN_IN_APP_SECRET, and start the "
        "server again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """An account that Microsoft vouched for; name and address are for display alone."""

    tenant_id: TenantId
    object_id: str
    is_guest: bool = False
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    app_roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A proved account that came to the landing page by a token of this subscription."""

    account: Proved
    subscription_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Why somebody is sent to Microsoft's page, and what is needed afterwards."""

    purpose: SignInPurpose
    return_to: str = "/"
    first_owner_token: str | None = field(default=None, repr=False)
    parked: str | None = field(default=None, repr=False)


def begin(visit: Visit, errand: Errand) -> str:
    """Remember a sign-in, bound to this browser, and return the address of Microsoft's page.

    Raises:
        SignInNotConfiguredError: There is no application to sign in with.
        FairkeeperError: Microsoft Entra cannot be reached, or does not know us.
    """
    started = _flow(visit).start(redirect_uri=_redirect_uri(visit), tenant=_segment(visit, errand.purpose))
    secrets = visit.parts.secrets
    visit.parts.attempts.keep(
        SignInAttempt(
            purpose=errand.purpose,
            state=started.state,
            nonce=started.nonce,
            code_verifier=started.code_verifier,
            browser=visit.browser,
            return_to=errand.return_to,
            first_owner_token=errand.first_owner_token,
            parked=None if errand.parked is None else secrets.seal(Secret(errand.parked.encode())),
        )
    )
    return started.address


def take(visit: Visit) -> TakenAttempt:
    """Return the sign-in that Microsoft's answer belongs to, once.

    Raises:
        SignInAttemptError: It belongs to none of this browser; the code says which case it is.
    """
    browser = visit.request.cookies.get(visit.parts.browser_cookie.name, "")
    return visit.parts.attempts.take(state=visit.query("state")[:_STATE_CHARACTERS], browser=browser)


def prove(visit: Visit, taken: TakenAttempt) -> Proved:
    """Redeem Microsoft's answer and prove its ID token.

    Raises:
        TokenRefusedError: The token proves nothing here; the code is one of `TokenRefusal`.
        FairkeeperError: The person declined, an administrator has to approve, or Microsoft Entra cannot be reached.
    """
    answer = dict(visit.request.query_params)
    raw = _flow(visit).redeem(
        SignInReturn(
            answer=answer,
            state=answer.get("state", ""),
            code_verifier=taken.code_verifier,
            redirect_uri=_redirect_uri(visit),
            tenant=_segment(visit, taken.purpose),
        )
    )
    house = visit.parts.house
    own = None if house.tenant_id is None else frozenset({house.tenant_id})
    token = visit.parts.validator.validate(
        raw,
        IdTokenExpectation(
            client_id=house.sign_in_app_id or "",
            nonce=taken.nonce,
            tenants=own if taken.purpose in _STAFF_PURPOSES else None,
        ),
    )
    address = token.email or token.preferred_username
    return Proved(
        tenant_id=token.tenant_id,
        object_id=(token.object_id or "").lower(),
        is_guest=token.is_guest,
        name=token.name,
        email=address if address and "@" in address else None,
        app_roles=_roles_in(token.claims),
    )


def _roles_in(claims: Mapping[str, Any]) -> tuple[str, ...]:
    found = claims.get("roles")
    return tuple(role[:120] for role in found if isinstance(role, str))[:100] if isinstance(found, list) else ()


def open_session(
    visit: Visit, proved: Proved, purpose: SignInPurpose, *, first_owner_digest: bytes | None = None
) -> tuple[SignedIn, str]:
    """Sign a proved account in with a new session; return who it is, and the cookie to set.

    Args:
        visit: The request.
        proved: Whom Microsoft vouched for.
        purpose: Why.
        first_owner_digest: Digest of the one-time token, for that purpose.

    Raises:
        DeniedError: This account has no business here; the code says why.
    """
    value = new_cookie_value()
    before = visit.request.cookies.get(visit.parts.session_cookie.name)
    fields: dict[str, Any] = {
        "tenant_id": proved.tenant_id,
        "object_id": proved.object_id,
        "is_guest": proved.is_guest,
        "name": proved.name,
        "email": proved.email,
        "cookie_digest": digest(value).hex(),
        "replaces": digest(before).hex() if before else None,
    }
    if purpose is SignInPurpose.FIRST_OWNER:
        token_digest = (first_owner_digest or bytes(32)).hex()
        signed = visit.run_as_system("sign-in", claim_first_owner, token_digest=token_digest, **fields)
    elif purpose is SignInPurpose.INVITATION:
        token_digest = (first_owner_digest or bytes(32)).hex()
        signed = visit.run_as_system("sign-in", accept_invitation, token_digest=token_digest, **fields)
    else:
        signed = visit.run_as_system("sign-in", sign_in, purpose=purpose, app_roles=proved.app_roles, **fields)
    return signed, visit.parts.session_cookie.set_header(value)


# -------------------- a buyer who is no person here (yet)


def visitor_cookie(visit: Visit) -> Cookie:
    """Return the cookie of a buyer who was proved and has no session."""
    return Cookie(base_name="fairkeeper_visitor", is_secure=visit.parts.house.is_https, lifetime=VISITOR_LIFETIME)


def visitor_header(visit: Visit, visitor: Visitor) -> str:
    """Return the Set-Cookie header that remembers a visitor for half an hour, sealed."""
    account = visitor.account
    document = {
        "visits": visitor.subscription_id,
        "tenant_id": account.tenant_id,
        "object_id": account.object_id,
        "is_guest": account.is_guest,
        "name": account.name,
        "email": account.email,
        "ends_at": int((visit.now + VISITOR_LIFETIME).timestamp()),
    }
    sealed = visit.parts.secrets.seal(Secret(json.dumps(document).encode()))
    return visitor_cookie(visit).set_header(sealed.decode())


def visitor_of(visit: Visit, subscription_id: str) -> Visitor | None:
    """Return who came to the landing page of this subscription with this browser, if not too long ago."""
    value = visit.request.cookies.get(visitor_cookie(visit).name, "")
    if not value or not value.isascii():
        return None
    try:
        known = json.loads(visit.parts.secrets.open(value.encode()).reveal())
    except (SecretKeyError, ValueError):
        return None
    is_this = isinstance(known, dict) and known.get("visits") == subscription_id
    if not is_this or datetime.fromtimestamp(known["ends_at"], tz=UTC) <= visit.now:
        return None
    account = Proved(
        tenant_id=TenantId(known["tenant_id"]),
        object_id=known["object_id"],
        is_guest=known.get("is_guest", True),
        name=known["name"],
        email=known["email"],
    )
    return Visitor(account=account, subscription_id=subscription_id)


def to_microsoft(visit: Visit, errand: Errand) -> Response:
    """Send the browser to Microsoft's page."""
    response = visit.go(begin(visit, errand))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _flow(visit: Visit) -> SignInFlow:
    if visit.parts.sign_in is None or visit.parts.house.sign_in_app_id is None:
        raise SignInNotConfiguredError("Nobody can sign in here yet.")
    return visit.parts.sign_in


def _redirect_uri(visit: Visit) -> str:
    return f"{visit.parts.house.address}{CALLBACK_PATH}"


def _segment(visit: Visit, purpose: SignInPurpose) -> str:
    """Return whose accounts Microsoft's page takes: the publisher's alone, or everybody's, personal ones too."""
    if purpose not in _STAFF_PURPOSES:
        return ANY_TENANT
    if visit.parts.house.tenant_id is None:
        raise SignInNotConfiguredError("Nobody has configured the publisher's tenant yet.")
    return visit.parts.house.tenant_id
