"""A builder of signing keys, documents and tokens for the validator's tests; it is no pretend Entra, only its paper.

Documents follow "Access tokens in the Microsoft identity platform": version 2.0 keys carry `issuer`, version 1.0 keys
do not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from joserfc import jws
from joserfc.jwk import RSAKey

from fairkeeper.token.authority import EntraAuthority
from fairkeeper.token.expectations import MARKETPLACE_CALLER_APP_ID, WebhookTokenExpectation
from fairkeeper.token.keys import KeyCachePolicy, SigningKeys
from fairkeeper.token.validator import EntraTokenValidator
from fairkeeper.values.clock import FixedClock, MovableClock
from fairkeeper.values.ids import TenantId

AUTHORITY = "https://login.microsoftonline.com"
PUBLISHER = TenantId("11111111-aaaa-4aaa-8aaa-111111111111")
CONTOSO = TenantId("22222222-bbbb-4bbb-8bbb-222222222222")
PERSONAL = TenantId("9188040d-6c67-4c5b-b112-36a304b66dad")
LANDING_APP = "33333333-cccc-4ccc-8ccc-333333333333"
FULFILLMENT_APP = "44444444-dddd-4ddd-8ddd-444444444444"
CLERK = "77777777-aaaa-4aaa-8aaa-777777777777"
"""An agent identity."""
OBJECT_ID = "55555555-eeee-4eee-8eee-555555555555"
NONCE = "nonce-of-this-browser"
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@cache
def rsa_key(name: str) -> RSAKey:
    """Return the key of this name; making one takes a tenth of a second, so each is made once."""
    return RSAKey.generate_key(2048, {"kid": name})


def clock() -> MovableClock:
    return MovableClock(FixedClock(START))


def b64(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def jwk(name: str, issuer: str | None) -> dict[str, Any]:
    document = {**rsa_key(name).as_dict(private=False), "use": "sig", "kid": name}
    return document if issuer is None else {**document, "issuer": issuer}


def sign(claims: dict[str, Any], *, key: str = "work", header: dict[str, Any] | None = None) -> str:
    """Sign claims; a header of None stands for the one that Entra writes."""
    protected = {"typ": "JWT", "alg": "RS256", "kid": key} if header is None else header
    registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    registry.check_header = lambda header: None  # type: ignore[method-assign] # forgers check nothing
    return jws.serialize_compact(protected, json.dumps(claims).encode(), rsa_key(key), registry=registry)


def times(now: datetime = START) -> dict[str, int]:
    second = int(now.timestamp())
    return {"iat": second - 10, "nbf": second - 10, "exp": second + 3600}


def id_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of an ID token, changed; a change to None takes the claim away."""
    claims = {
        "ver": "2.0",
        "iss": f"{AUTHORITY}/{CONTOSO}/v2.0",
        "tid": CONTOSO,
        "aud": LANDING_APP,
        "oid": OBJECT_ID,
        "sub": "pairwise-subject",
        "nonce": NONCE,
        "name": "Cora Customer",
        "preferred_username": "cora@contoso.example",
        **times(),
    }
    return _changed(claims, changes)


def webhook_claims(version: str = "2.0", **changes: Any) -> dict[str, Any]:
    """Return the claims of the token with which the Marketplace calls the webhook."""
    is_v2 = version == "2.0"
    claims = {
        "ver": version,
        "iss": f"{AUTHORITY}/{PUBLISHER}/v2.0" if is_v2 else f"https://sts.windows.net/{PUBLISHER}/",
        "tid": PUBLISHER,
        "aud": FULFILLMENT_APP,
        "oid": OBJECT_ID,
        "sub": OBJECT_ID,
        ("azp" if is_v2 else "appid"): MARKETPLACE_CALLER_APP_ID,
        ("azpacr" if is_v2 else "appidacr"): "2",
        **times(),
    }
    return _changed(claims, changes)


def api_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of an application's access token for our API."""
    return webhook_claims(
        **{"tid": CONTOSO, "iss": f"{AUTHORITY}/{CONTOSO}/v2.0", "idtyp": "app", "roles": ["Usage.Write"], **changes}
    )


def agent_claims(version: str = "2.0", **changes: Any) -> dict[str, Any]:
    """Return the claims of the token of an agent identity in Contoso's tenant."""
    issuer = f"{AUTHORITY}/{CONTOSO}/v2.0" if version == "2.0" else f"https://sts.windows.net/{CONTOSO}/"
    of_agent = {"tid": CONTOSO, "iss": issuer, "xms_sub_fct": "11 900", "azp" if version == "2.0" else "appid": CLERK}
    return webhook_claims(version, **{**of_agent, **changes})


def _changed(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


class Published:
    """What the authority's host answers, and how often it was asked.

    `fault` answers instead of it when it is set.
    """

    def __init__(self, base: str = AUTHORITY) -> None:
        self.base = base
        self.v2_keys = [jwk("work", f"{base}/{{tenantid}}/v2.0"), jwk("personal", f"{base}/{PERSONAL}/v2.0")]
        self.v1_keys = [jwk("work", None), jwk("personal", None)]
        self.metadata_changes: dict[str, Any] = {}
        self.asked: list[str] = []
        self.fault: Callable[[httpx.Request], httpx.Response] | None = None

    @property
    def fetches(self) -> int:
        """How often metadata were asked for; keys are asked for right after."""
        return sum(url.endswith("openid-configuration") for url in self.asked)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if self.fault is not None:
            return self.fault(request)
        is_v2 = "/v2.0" in request.url.path
        if not request.url.path.endswith("openid-configuration"):
            return httpx.Response(200, json={"keys": self.v2_keys if is_v2 else self.v1_keys})
        segment = request.url.path.split("/")[-4 if is_v2 else -3]
        tenant = "{tenantid}" if segment == "common" else segment
        issuer = f"{self.base}/{tenant}/v2.0" if is_v2 else f"https://sts.windows.net/{tenant}/"
        jwks_uri = f"{self.base}/{segment}/discovery/{'v2.0/' if is_v2 else ''}keys"
        return httpx.Response(200, json={"issuer": issuer, "jwks_uri": jwks_uri, **self.metadata_changes})

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    def keys(self, time: MovableClock, policy: KeyCachePolicy | None = None) -> SigningKeys:
        authority = EntraAuthority.parse(self.base)
        return SigningKeys(authority, client_factory=self.client, clock=time, policy=policy)


def validator(published: Published | None = None, time: MovableClock | None = None) -> EntraTokenValidator:
    time = time or clock()
    return EntraTokenValidator((published or Published()).keys(time), clock=time, leeway=timedelta(seconds=60))


def webhook() -> WebhookTokenExpectation:
    return WebhookTokenExpectation(audience=FULFILLMENT_APP, tenant_id=PUBLISHER)
