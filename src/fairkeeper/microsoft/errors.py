"""Refusals that come from Microsoft Entra: whose fault it is decides who can do something about it.

The fulfillment API's refusals are those of its port (`fairkeeper.customers.errors`), raised with the codes of
`FulfillmentCode`.
"""

from __future__ import annotations

from enum import StrEnum

from fairkeeper.errors import DeniedError, InvalidError, UnavailableError, UpstreamError


class FulfillmentCode(StrEnum):
    """Codes under which the fulfillment connector raises its port's errors."""

    LANDING_TOKEN_REFUSED = "microsoft.landing_token_refused"  # noqa: S105 (a code)
    SUBSCRIPTION_UNKNOWN = "microsoft.subscription_unknown"
    OPERATION_UNKNOWN = "microsoft.operation_unknown"
    REQUEST_REFUSED = "microsoft.request_refused"
    SUBSCRIPTION_LOCKED = "microsoft.subscription_locked"
    OPERATION_SUPERSEDED = "microsoft.operation_superseded"
    ACCESS_REFUSED = "microsoft.access_refused"
    THROTTLED = "microsoft.throttled"
    UNREACHABLE = "microsoft.unreachable"
    TIMED_OUT = "microsoft.timed_out"
    FAULT = "microsoft.fault"
    ANSWER_UNREADABLE = "microsoft.answer_unreadable"


class AddressRefusedError(InvalidError):
    """A setting holds an address that secrets must not be sent to."""

    code = "microsoft.address_refused"
    remedy = "Give an https address without user name, query and fragment; plain http is for this machine only."


class OwnCredentialError(UnavailableError):
    """Microsoft Entra refuses our own secret or certificate; no customer has anything to do with it."""

    code = "microsoft.own_credential_refused"
    remedy = (
        "Make a new client secret or certificate for the application in the Microsoft Entra admin center "
        "and put it into Fairkeeper's settings."
    )


class OwnConfigurationError(UnavailableError):
    """Microsoft Entra does not know our tenant, application or return address as configured."""

    code = "microsoft.own_configuration_refused"
    remedy = (
        "Compare the tenant id, application id and redirect address in Fairkeeper's settings "
        "with the application's registration in the Microsoft Entra admin center."
    )


class EntraUnavailableError(UnavailableError):
    """Microsoft Entra cannot be reached, or asks to wait."""

    code = "microsoft.entra_unavailable"
    remedy = "Try again in a moment; look at Microsoft's service status if it lasts."


class EntraRefusedError(UpstreamError):
    """Microsoft Entra answered with an error or something that cannot be read."""

    code = "microsoft.entra_refused"
    remedy = "Look up the AADSTS number at login.microsoftonline.com/error."


class SignInRefusedError(DeniedError):
    """Microsoft Entra did not let this person sign in here."""

    code = "microsoft.sign_in_refused"
    remedy = "Read what Microsoft's page said; another account or another device may be needed."


class SignInDeclinedError(SignInRefusedError):
    """The person closed Microsoft's page or declined."""

    code = "microsoft.sign_in_declined"
    remedy = "Start signing in again; only your name and address are asked for."


class SignInNeedsAdminError(SignInRefusedError):
    """The person's organisation lets only an administrator allow this application."""

    code = "microsoft.sign_in_needs_admin"
    remedy = "Ask an administrator of your organisation to approve the application, then sign in again."


class SignInAnswerError(DeniedError):
    """The answer does not belong to the sign-in that was begun."""

    code = "microsoft.sign_in_answer_refused"
    remedy = "Start signing in again, and finish in the same browser."
