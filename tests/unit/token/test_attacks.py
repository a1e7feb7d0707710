"""Every forged, borrowed, altered or misdirected token is refused, and each for its own reason."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import event, given, settings
from hypothesis import strategies as st
from joserfc.util import int_to_base64

from fairkeeper.errors import ErrorKind, UnauthenticatedError
from fairkeeper.token.errors import TokenRefusal, TokenRefusedError
from fairkeeper.token.expectations import (
    AgentTokenExpectation,
    ApiTokenExpectation,
    Expectation,
    IdTokenExpectation,
)
from tests.unit.token.issuer import (
    AUTHORITY,
    CONTOSO,
    FULFILLMENT_APP,
    LANDING_APP,
    NONCE,
    PERSONAL,
    PUBLISHER,
    START,
    Published,
    agent_claims,
    api_claims,
    b64,
    id_claims,
    jwk,
    rsa_key,
    sign,
    validator,
    webhook,
    webhook_claims,
)

SIGN_IN = IdTokenExpectation(client_id=LANDING_APP, nonce=NONCE)
LINKED_ONLY = IdTokenExpectation(client_id=LANDING_APP, nonce=NONCE, tenants=frozenset({PUBLISHER}))
APP_ONLY = ApiTokenExpectation(audience=FULFILLMENT_APP, is_app_only=True, permissions=frozenset({"Usage.Write"}))
FOR_PEOPLE = ApiTokenExpectation(audience=FULFILLMENT_APP, is_app_only=False, permissions=frozenset({"All.Read"}))
AGENT = AgentTokenExpectation(audience=FULFILLMENT_APP)
NOW = int(START.timestamp())


def header(**changes: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in {"typ": "JWT", "alg": "RS256", "kid": "work", **changes}.items()
        if value is not None
    }


def unsigned(protected: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    return f"{b64(protected)}.{b64(claims)}.{signature}"


def signed_with_public_key(encoding: str) -> str:
    """Confuse the algorithms: the published key's bytes as the secret of a HMAC."""
    secret = rsa_key("work").as_pem(private=False) if encoding == "pem" else b64(jwk("work", None)).encode()
    signing_input = f"{b64(header(alg='HS256'))}.{b64(id_claims())}"
    digest = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def with_other_payload(token: str, **changes: Any) -> str:
    first, _, last = token.split(".")
    return f"{first}.{b64(id_claims(**changes))}.{last}"


def forged_key(**changes: Any) -> str:
    """A key of the attacker's own, brought along in the header."""
    return sign(id_claims(), key="stranger", header=header(**changes))


R = TokenRefusal
ATTACKS: list[tuple[str, str, Expectation, TokenRefusal]] = [
    ("alg none", unsigned(header(alg="none"), id_claims()), SIGN_IN, R.ALGORITHM_REFUSED),
    ("alg None in capitals", unsigned(header(alg="NONE"), id_claims()), SIGN_IN, R.ALGORITHM_REFUSED),
    ("alg missing", unsigned(header(alg=None), id_claims()), SIGN_IN, R.ALGORITHM_REFUSED),
    ("alg a list", unsigned(header(alg=["RS256"]), id_claims()), SIGN_IN, R.ALGORITHM_REFUSED),
    ("HS256 with the public PEM", signed_with_public_key("pem"), SIGN_IN, R.ALGORITHM_REFUSED),
    ("HS256 with the public JWK", signed_with_public_key("jwk"), SIGN_IN, R.ALGORITHM_REFUSED),
    ("PS256", unsigned(header(alg="PS256"), id_claims(), "AAAA"), SIGN_IN, R.ALGORITHM_REFUSED),
    ("RS256 with an empty signature", unsigned(header(), id_claims()), SIGN_IN, R.SIGNATURE_INVALID),
    ("jku", forged_key(jku="https://keys.example/jwks"), SIGN_IN, R.HEADER_REFUSED),
    ("x5u", forged_key(x5u="https://keys.example/cert"), SIGN_IN, R.HEADER_REFUSED),
    ("jwk", forged_key(jwk=jwk("stranger", None)), SIGN_IN, R.HEADER_REFUSED),
    ("x5c", forged_key(x5c=["MIIB"]), SIGN_IN, R.HEADER_REFUSED),
    ("crit", sign(id_claims(), header=header(crit=["exp"])), SIGN_IN, R.HEADER_REFUSED),
    ("crit empty", sign(id_claims(), header=header(crit=[])), SIGN_IN, R.HEADER_REFUSED),
    ("b64", sign(id_claims(), header=header(b64=True)), SIGN_IN, R.HEADER_REFUSED),
    ("typ at+jwt", sign(id_claims(), header=header(typ="at+jwt")), SIGN_IN, R.HEADER_REFUSED),
    ("typ missing", sign(id_claims(), header=header(typ=None)), SIGN_IN, R.HEADER_REFUSED),
    ("kid missing", sign(id_claims(), header=header(kid=None)), SIGN_IN, R.HEADER_REFUSED),
    ("kid a number", unsigned(header(kid=7), id_claims(), "AAAA"), SIGN_IN, R.HEADER_REFUSED),
    ("kid unknown", sign(id_claims(), key="stranger"), SIGN_IN, R.KEY_UNKNOWN),
    ("kid a path", sign(id_claims(), header=header(kid="../../work")), SIGN_IN, R.KEY_UNKNOWN),
    ("kid an injection", sign(id_claims(), header=header(kid="' OR 1=1; --")), SIGN_IN, R.KEY_UNKNOWN),
    ("kid of another key", sign(id_claims(), key="stranger", header=header()), SIGN_IN, R.SIGNATURE_INVALID),
    ("payload changed", with_other_payload(sign(id_claims()), oid="6" * 8), SIGN_IN, R.SIGNATURE_INVALID),
    ("signature cut", sign(id_claims())[:-8], SIGN_IN, R.SIGNATURE_INVALID),
    (
        "key of personal accounts for another tenant",
        sign(id_claims(), key="personal"),
        SIGN_IN,
        R.KEY_ISSUER_MISMATCH,
    ),
    (
        "key of personal accounts for the webhook, version 2.0",
        sign(webhook_claims("2.0"), key="personal"),
        webhook(),
        R.KEY_ISSUER_MISMATCH,
    ),
    (
        "key of personal accounts for the webhook, version 1.0",
        sign(webhook_claims("1.0"), key="personal"),
        webhook(),
        R.KEY_ISSUER_MISMATCH,
    ),
    ("iss of another tenant", sign(id_claims(tid=PUBLISHER)), SIGN_IN, R.ISSUER_MISMATCH),
    (
        "iss of version 1.0 in 2.0",
        sign(id_claims(iss=f"https://sts.windows.net/{CONTOSO}/")),
        SIGN_IN,
        R.ISSUER_MISMATCH,
    ),
    (
        "iss of version 2.0 in 1.0",
        sign(webhook_claims("1.0", iss=f"{AUTHORITY}/{PUBLISHER}/v2.0")),
        webhook(),
        R.ISSUER_MISMATCH,
    ),
    ("iss longer", sign(id_claims(iss=f"{AUTHORITY}/{CONTOSO}/v2.0/")), SIGN_IN, R.ISSUER_MISMATCH),
    ("iss shorter", sign(id_claims(iss=f"{AUTHORITY}/{CONTOSO}")), SIGN_IN, R.ISSUER_MISMATCH),
    ("iss a template", sign(id_claims(iss=f"{AUTHORITY}/{{tenantid}}/v2.0")), SIGN_IN, R.ISSUER_MISMATCH),
    ("iss of another host", sign(id_claims(iss=f"https://login.example/{CONTOSO}/v2.0")), SIGN_IN, R.ISSUER_MISMATCH),
    ("iss missing", sign(id_claims(iss=None)), SIGN_IN, R.CLAIM_MISSING),
    ("iss a list", sign(id_claims(iss=[f"{AUTHORITY}/{CONTOSO}/v2.0"])), SIGN_IN, R.MALFORMED),
    ("tid missing", sign(id_claims(tid=None)), SIGN_IN, R.CLAIM_MISSING),
    ("tid a domain", sign(id_claims(tid="contoso.example")), SIGN_IN, R.TENANT_MALFORMED),
    ("tid in capitals", sign(id_claims(tid=CONTOSO.upper())), SIGN_IN, R.TENANT_MALFORMED),
    ("tid with a line break", sign(id_claims(tid=f"{CONTOSO}\n")), SIGN_IN, R.TENANT_MALFORMED),
    ("tid the template", sign(id_claims(tid="{tenantid}")), SIGN_IN, R.TENANT_MALFORMED),
    ("aud another application", sign(id_claims(aud=FULFILLMENT_APP)), SIGN_IN, R.AUDIENCE_MISMATCH),
    ("aud a list", sign(id_claims(aud=[LANDING_APP, FULFILLMENT_APP])), SIGN_IN, R.AUDIENCE_MISMATCH),
    ("aud a list of one", sign(id_claims(aud=[LANDING_APP])), SIGN_IN, R.AUDIENCE_MISMATCH),
    ("aud missing", sign(id_claims(aud=None)), SIGN_IN, R.CLAIM_MISSING),
    ("exp missing", sign(id_claims(exp=None)), SIGN_IN, R.CLAIM_MISSING),
    ("nbf missing", sign(id_claims(nbf=None)), SIGN_IN, R.CLAIM_MISSING),
    ("iat missing", sign(id_claims(iat=None)), SIGN_IN, R.CLAIM_MISSING),
    ("exp text", sign(id_claims(exp=str(NOW + 60))), SIGN_IN, R.MALFORMED),
    ("exp true", sign(id_claims(exp=True)), SIGN_IN, R.MALFORMED),
    ("exp beyond the calendar", sign(id_claims(exp=10**30)), SIGN_IN, R.MALFORMED),
    ("expired", sign(id_claims(exp=NOW - 61)), SIGN_IN, R.EXPIRED),
    ("nbf to come", sign(id_claims(nbf=NOW + 61)), SIGN_IN, R.NOT_YET_VALID),
    ("iat to come", sign(id_claims(iat=NOW + 61)), SIGN_IN, R.NOT_YET_VALID),
    ("nonce of another sign-in", sign(id_claims(nonce="replayed")), SIGN_IN, R.NONCE_MISMATCH),
    ("nonce missing", sign(id_claims(nonce=None)), SIGN_IN, R.CLAIM_MISSING),
    ("sub missing", sign(id_claims(sub=None)), SIGN_IN, R.CLAIM_MISSING),
    ("oid missing", sign(id_claims(oid=None)), SIGN_IN, R.CLAIM_MISSING),
    ("oid no GUID", sign(id_claims(oid="cora@contoso.example")), SIGN_IN, R.MALFORMED),
    ("tenant that is not linked", sign(id_claims()), LINKED_ONLY, R.TENANT_UNEXPECTED),
    (
        "e-mail address and name of a linked tenant's owner",
        sign(id_claims(email="owner@fairmile.example", preferred_username="owner@fairmile.example")),
        LINKED_ONLY,
        R.TENANT_UNEXPECTED,
    ),
    (
        "webhook called from another tenant",
        sign(webhook_claims(tid=CONTOSO, iss=f"{AUTHORITY}/{CONTOSO}/v2.0")),
        webhook(),
        R.TENANT_UNEXPECTED,
    ),
    (
        "webhook called from another tenant, version 1.0",
        sign(webhook_claims("1.0", tid=CONTOSO, iss=f"https://sts.windows.net/{CONTOSO}/")),
        webhook(),
        R.TENANT_UNEXPECTED,
    ),
    ("webhook called by another application", sign(webhook_claims(azp=LANDING_APP)), webhook(), R.CALLER_MISMATCH),
    (
        "webhook called by the look-alike of one sample",
        sign(webhook_claims(azp="20e940b3-4c07-4b0b-9a53-9e16a1b010a7")),
        webhook(),
        R.CALLER_MISMATCH,
    ),
    ("webhook without a caller", sign(webhook_claims(azp=None)), webhook(), R.CLAIM_MISSING),
    (
        "webhook with the other version's caller claim",
        sign(webhook_claims("1.0", appid=None, azp="20e940b3-4c77-4b0b-9a53-9e16a1b010a7")),
        webhook(),
        R.CLAIM_MISSING,
    ),
    (
        "webhook with an ID token",
        sign(id_claims(aud=FULFILLMENT_APP, tid=PUBLISHER, iss=f"{AUTHORITY}/{PUBLISHER}/v2.0")),
        webhook(),
        R.WRONG_KIND,
    ),
    ("webhook with a user's token", sign(webhook_claims(scp="user_impersonation")), webhook(), R.WRONG_KIND),
    ("access token to sign in", sign(id_claims(scp="User.Read", azp=LANDING_APP)), SIGN_IN, R.WRONG_KIND),
    ("application token to sign in", sign(api_claims(aud=LANDING_APP)), SIGN_IN, R.WRONG_KIND),
    ("version 1.0 ID token", sign(id_claims(ver="1.0")), SIGN_IN, R.WRONG_KIND),
    ("user's token on an application's road", sign(api_claims(scp="Usage.Write", idtyp=None)), APP_ONLY, R.WRONG_KIND),
    ("no scp, yet no idtyp", sign(api_claims(idtyp=None)), APP_ONLY, R.WRONG_KIND),
    ("application's token on a user's road", sign(api_claims(roles=["All.Read"])), FOR_PEOPLE, R.WRONG_KIND),
    ("ID token for the API", sign(id_claims(aud=FULFILLMENT_APP)), APP_ONLY, R.WRONG_KIND),
    ("agent: a person's token", sign(agent_claims(scp="access")), AGENT, R.WRONG_KIND),
    ("agent: an agent's user", sign(agent_claims(xms_sub_fct="13")), AGENT, R.WRONG_KIND),
    ("agent: number that only begins so", sign(agent_claims(xms_sub_fct="1 111")), AGENT, R.WRONG_KIND),
    ("agent: blueprint alone", sign(agent_claims(xms_sub_fct=None, xms_par_app_azp=PUBLISHER)), AGENT, R.WRONG_KIND),
    ("agent: says it is a user", sign(agent_claims(idtyp="user")), AGENT, R.WRONG_KIND),
    ("agent: of an unknown idtyp", sign(agent_claims(idtyp="device")), AGENT, R.WRONG_KIND),
    ("agent: for another application", sign(agent_claims(aud=LANDING_APP)), AGENT, R.AUDIENCE_MISMATCH),
    ("agent: for two applications", sign(agent_claims(aud=[FULFILLMENT_APP])), AGENT, R.AUDIENCE_MISMATCH),
    ("agent: URI in 2.0", sign(agent_claims(aud=f"api://{FULFILLMENT_APP}")), AGENT, R.AUDIENCE_MISMATCH),
    ("agent: no application", sign(agent_claims(azp=None, azpacr="2")), AGENT, R.CLAIM_MISSING),
    ("agent: application no GUID", sign(agent_claims(azp="clerk")), AGENT, R.MALFORMED),
    ("agent: no object", sign(agent_claims(oid=None)), AGENT, R.CLAIM_MISSING),
    ("agent: ended", sign(agent_claims(exp=NOW - 3600)), AGENT, R.EXPIRED),
    ("agent: another tenant's issuer", sign(agent_claims(tid=PUBLISHER)), AGENT, R.ISSUER_MISMATCH),
    ("agent: key of personal accounts", sign(agent_claims(), key="personal"), AGENT, R.KEY_ISSUER_MISMATCH),
    ("agent: an ID token", sign(id_claims(aud=FULFILLMENT_APP)), AGENT, R.WRONG_KIND),
    ("version 3.0", sign(id_claims(ver="3.0")), SIGN_IN, R.MALFORMED),
    ("version missing", sign(id_claims(ver=None)), SIGN_IN, R.CLAIM_MISSING),
    ("empty", "", SIGN_IN, R.MALFORMED),
    ("two parts", "e30.e30", SIGN_IN, R.MALFORMED),
    ("five parts (encrypted)", "e30.e30.e30.e30.e30", SIGN_IN, R.MALFORMED),
    ("padded", sign(id_claims()) + "=", SIGN_IN, R.MALFORMED),
    ("line break at the end", sign(id_claims()) + "\n", SIGN_IN, R.MALFORMED),
    ("header a list", f"{b64([])}.{b64({})}.AAAA", SIGN_IN, R.MALFORMED),
    ("claims a text", f"{b64(header())}.{b64('claims')}.AAAA", SIGN_IN, R.MALFORMED),
    ("nested without end", f"{b64(header())}.{urlsafe_b64encode(b'[' * 9_000).decode()}.AAAA", SIGN_IN, R.MALFORMED),
    ("too large", sign(id_claims(groups=["g" * 36] * 600)), SIGN_IN, R.TOO_LARGE),
]


@pytest.mark.parametrize(
    ("token", "expectation", "refusal"),
    [pytest.param(token, expectation, refusal, id=name) for name, token, expectation, refusal in ATTACKS],
)
def test_attack_is_refused_for_its_own_reason(token: str, expectation: Expectation, refusal: TokenRefusal) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        validator().validate(token, expectation)
    assert refused.value.code == refusal.value
    assert refused.value.kind is ErrorKind.DENIED
    assert refused.value.remedy
    assert "\n" not in refused.value.message


def test_every_reason_is_met_by_an_attack() -> None:
    assert {refusal for *_, refusal in ATTACKS} == set(TokenRefusal)


def test_every_refusal_asks_to_sign_in_again() -> None:
    assert issubclass(TokenRefusedError, UnauthenticatedError)


def test_a_member_named_twice_is_refused() -> None:
    twice = urlsafe_b64encode(b'{"tid":"a","tid":"b"}').rstrip(b"=").decode()
    with pytest.raises(TokenRefusedError) as refused:
        validator().validate(f"{b64(header())}.{twice}.AAAA", SIGN_IN)
    assert refused.value.refusal is TokenRefusal.MALFORMED


def test_version_2_key_listed_for_version_1_may_not_sign_a_version_1_token() -> None:
    published = Published()
    published.v1_keys = published.v2_keys
    with pytest.raises(TokenRefusedError) as refused:
        validator(published).validate(sign(webhook_claims("1.0")), webhook())
    assert refused.value.refusal is TokenRefusal.KEY_ISSUER_MISMATCH


def test_version_2_key_not_listed_for_version_1_is_unknown_there() -> None:
    published = Published()
    published.v1_keys = [jwk("other", None)]
    with pytest.raises(TokenRefusedError) as refused:
        validator(published).validate(sign(webhook_claims("1.0")), webhook())
    assert refused.value.refusal is TokenRefusal.KEY_UNKNOWN


def test_version_2_key_without_an_issuer_speaks_for_nobody() -> None:
    published = Published()
    published.v2_keys = [jwk("work", None)]
    with pytest.raises(TokenRefusedError) as refused:
        validator(published).validate(sign(id_claims()), SIGN_IN)
    assert refused.value.refusal is TokenRefusal.KEY_ISSUER_MISMATCH


def test_personal_key_speaks_for_the_personal_tenant_only() -> None:
    published = Published()
    subject = validator(published)
    subject.validate(sign(id_claims(tid=PERSONAL, iss=f"{AUTHORITY}/{PERSONAL}/v2.0"), key="personal"), SIGN_IN)
    with pytest.raises(TokenRefusedError) as refused:
        subject.validate(sign(id_claims(), key="personal"), SIGN_IN)
    assert refused.value.refusal is TokenRefusal.KEY_ISSUER_MISMATCH


def test_short_key_is_never_published_to_the_validator() -> None:
    short = generate_private_key(65_537, 1_024)  # noqa: S505 - too short on purpose
    numbers = short.public_key().public_numbers()
    published = Published()
    published.v2_keys.append(
        {**jwk("work", f"{AUTHORITY}/{{tenantid}}/v2.0"), "kid": "weak", "n": int_to_base64(numbers.n)}
    )
    with pytest.raises(TokenRefusedError) as refused:
        validator(published).validate(sign(id_claims(), header=header(kid="weak")), SIGN_IN)
    assert refused.value.refusal is TokenRefusal.KEY_UNKNOWN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(id_claims())), value=JSON)
def test_any_value_in_any_claim_is_taken_or_refused_but_never_a_crash(name: str, value: Any) -> None:
    claims = id_claims()
    claims[name] = value
    try:
        verified = validator().validate(sign(claims), SIGN_IN)
    except TokenRefusedError:
        event("refused")
    else:
        event("taken")
        assert name in {"name", "preferred_username", "email", "iat", "nbf", "exp", "sub"} or value == id_claims()[name]
        assert verified.tenant_id == CONTOSO


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="abcdefEYJ0123456789._-=é\n", max_size=200))
def test_any_text_is_refused_but_never_a_crash(text: str) -> None:
    with pytest.raises(TokenRefusedError):
        validator().validate(text, SIGN_IN)


@settings(max_examples=60, deadline=None)
@given(position=st.integers(min_value=0), letter=st.sampled_from("AQgwZz09-_"))
def test_changing_any_letter_is_refused(position: int, letter: str) -> None:
    token = sign(id_claims())
    at = position % len(token)
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        with pytest.raises(TokenRefusedError):
            validator().validate(changed, SIGN_IN)
