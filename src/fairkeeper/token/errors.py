"""Why a token was refused: one exception, one stable code for each reason.

A channel needs one handler, a log line and a test need the exact reason. Messages quote short values of the token
(issuer, tenant, audience); never the token, its signature or a nonce.
"""

from __future__ import annotations

from enum import StrEnum

from fairkeeper.errors import DeniedError, UnauthenticatedError, UnavailableError


class TokenRefusal(StrEnum):
    """The reasons, in the order in which they are looked for."""

    TOO_LARGE = "token.too_large"
    MALFORMED = "token.malformed"
    ALGORITHM_REFUSED = "token.algorithm_refused"
    HEADER_REFUSED = "token.header_refused"
    KEY_UNKNOWN = "token.key_unknown"
    SIGNATURE_INVALID = "token.signature_invalid"
    CLAIM_MISSING = "token.claim_missing"
    TENANT_MALFORMED = "token.tenant_malformed"
    ISSUER_MISMATCH = "token.issuer_mismatch"
    TENANT_UNEXPECTED = "token.tenant_unexpected"
    KEY_ISSUER_MISMATCH = "token.key_issuer_mismatch"
    AUDIENCE_MISMATCH = "token.audience_mismatch"
    EXPIRED = "token.expired"
    NOT_YET_VALID = "token.not_yet_valid"
    WRONG_KIND = "token.wrong_kind"
    NONCE_MISMATCH = "token.nonce_mismatch"
    CALLER_MISMATCH = "token.caller_mismatch"


_REMEDIES = {
    TokenRefusal.TOO_LARGE: "Ask for a token with fewer claims; group claims are not needed here.",
    TokenRefusal.MALFORMED: "Send the access or ID token exactly as Microsoft Entra returned it.",
    TokenRefusal.ALGORITHM_REFUSED: "Send a token signed by Microsoft Entra with RS256; no other algorithm is taken.",
    TokenRefusal.HEADER_REFUSED: "Send a token that Microsoft Entra issued; its header names a key and nothing else.",
    TokenRefusal.KEY_UNKNOWN: "Get a new token; if this repeats, check that it comes from the configured authority.",
    TokenRefusal.SIGNATURE_INVALID: "Get a new token; this one was changed or not signed by the key that it names.",
    TokenRefusal.CLAIM_MISSING: "Ask for the scopes openid and profile, and send the token unchanged.",
    TokenRefusal.TENANT_MALFORMED: "Send a token that Microsoft Entra issued; its tid is a GUID in lower case.",
    TokenRefusal.ISSUER_MISMATCH: "Get the token from the configured authority, for the tenant that it names.",
    TokenRefusal.KEY_ISSUER_MISMATCH: "Get the token from the tenant's own endpoint; this key may not speak for it.",
    TokenRefusal.AUDIENCE_MISMATCH: "Ask for a token whose audience is this application's client id.",
    TokenRefusal.EXPIRED: "Get a new token.",
    TokenRefusal.NOT_YET_VALID: "Set the clocks of both machines; this token is from the future.",
    TokenRefusal.WRONG_KIND: "Send the kind of token this address takes: ID token, user token or application token.",
    TokenRefusal.TENANT_UNEXPECTED: "Sign in with an account of an organisation that is linked here.",
    TokenRefusal.NONCE_MISMATCH: "Start signing in again, and finish in the same browser.",
    TokenRefusal.CALLER_MISMATCH: "Call with the application that this address expects.",
}


class TokenRefusedError(UnauthenticatedError):
    """This token proves nothing here; `code` says why.

    Example:
        >>> TokenRefusedError(TokenRefusal.EXPIRED, "The token ended at noon.").code
        'token.expired'
    """

    code = "token.refused"
    remedy = "Get a new token."

    def __init__(self, refusal: TokenRefusal, message: str) -> None:
        super().__init__(message, code=refusal.value, remedy=_REMEDIES[refusal])
        self.refusal = refusal


class TokenPermissionError(DeniedError):
    """The token proves who asks, but not that he may: a scope or a role is missing."""

    code = "token.permission_missing"
    remedy = "Ask for the scope or the role named here, and have it granted."


class SigningKeysUnavailableError(UnavailableError):
    """The authority's keys could not be read, and none young enough are kept; no token can be judged now."""

    code = "token.keys_unavailable"
    remedy = "Try again in a moment; look at the status of Microsoft Entra and at this machine's way out."
