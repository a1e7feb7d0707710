"""Whom this installation calls: Microsoft's fulfillment API, Microsoft Entra, the publisher's own systems.

Separate from the installation, because here alone it is decided what happens while something is not configured: the
server starts all the same, and whoever needs the missing part is told which setting it is.
"""

from __future__ import annotations

import base64
import secrets as randomness
from typing import Final

import httpx

from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.bootstrap.wiring.credentials import make_app_tokens, own_credentials
from fairkeeper.bootstrap.wiring.observing import ReadingTransport
from fairkeeper.customers.ports import Provisioner
from fairkeeper.database.secrets import Secret, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.errors import InvalidError
from fairkeeper.microsoft.errors import OwnConfigurationError
from fairkeeper.microsoft.fulfillment import FulfillmentClient
from fairkeeper.microsoft.identity import AppRegistration, SignInFlow, TokenSource
from fairkeeper.microsoft.ingestion import GRAPH_RESOURCE, IngestionClient
from fairkeeper.microsoft.ingestion_answers import IngestionVersions
from fairkeeper.microsoft.marketplace_transport import IMPATIENT
from fairkeeper.microsoft.resource_manager import AZURE_RESOURCE, ResourceManagerClient
from fairkeeper.outbound.clients import authorities
from fairkeeper.outbound.provisioning import CallRules, NothingToSetUp, ProvisioningWebhook, load_entry_point
from fairkeeper.outbound.receivers.every_kind import EventReceivers
from fairkeeper.token.authority import EntraAuthority
from fairkeeper.token.errors import TokenRefusal, TokenRefusedError
from fairkeeper.token.expectations import AgentTokenExpectation, ApiTokenExpectation
from fairkeeper.token.keys import SigningKeys
from fairkeeper.token.validator import EntraTokenValidator, VerifiedToken
from fairkeeper.values.clock import Clock

WEBHOOK_SECRET_NAME: Final = "outbound.provisioning_secret"  # noqa: S105 - a name
"""Under which the provisioning webhook's secret is kept sealed, when no setting gives it."""

_TIMEOUT_SECONDS: Final = 10.0
_CONNECTIONS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=16)


class UnconfiguredTokens:
    """Stands for our application's tokens while the application is not configured."""

    def __init__(self, missing: list[str]) -> None:
        self._missing = missing

    def token(self) -> str:
        """Refuse, and say which settings are missing.

        Raises:
            OwnConfigurationError: Always.
        """
        msg = f"Microsoft's fulfillment API cannot be called: {', '.join(self._missing)} not set."
        raise OwnConfigurationError(msg, code="microsoft.not_configured", remedy="Set them and start the server again.")

    def forget(self) -> None:
        """Do nothing; nothing is cached."""


def make_http_client(*, is_observing: bool = False) -> httpx.Client:
    """Return the client that all connectors share; it follows no redirection, and only reads while all is observed."""
    if not is_observing:
        return httpx.Client(verify=authorities(), timeout=_TIMEOUT_SECONDS, follow_redirects=False, limits=_CONNECTIONS)
    transport = ReadingTransport(httpx.HTTPTransport(verify=authorities(), limits=_CONNECTIONS))
    return httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, transport=transport)


def missing_for_fulfillment(settings: Settings) -> list[str]:
    """Return which settings are missing before Microsoft's fulfillment API can be called."""
    needed = {
        "FAIRKEEPER_ENTRA_TENANT_ID": settings.entra_tenant_id,
        "FAIRKEEPER_FULFILLMENT_APP_ID": settings.fulfillment_app_id,
    }
    missing = [name for name, value in needed.items() if value is None]
    return missing if own_credentials(settings) else [*missing, "FAIRKEEPER_FULFILLMENT_APP_SECRET"]


def make_authority(settings: Settings) -> EntraAuthority:
    """Return the configured authority.

    Raises:
        SettingsError: It is neither https nor this machine.
    """
    try:
        return EntraAuthority.parse(settings.entra_authority)
    except ValueError as error:
        msg = f"FAIRKEEPER_ENTRA_AUTHORITY cannot be used: {error}."
        raise SettingsError(msg) from error


def make_validator(settings: Settings, clock: Clock) -> EntraTokenValidator:
    """Return what proves tokens of Microsoft Entra; it fetches keys when it first needs them."""

    def client() -> httpx.Client:
        return httpx.Client(verify=authorities(), timeout=_TIMEOUT_SECONDS, follow_redirects=False)

    return EntraTokenValidator(SigningKeys(make_authority(settings), client_factory=client, clock=clock), clock=clock)


class EntraAccessTokens:
    """Proves access tokens that people's programs, and agents as themselves, got from Microsoft Entra for our API.

    Args:
        validator: Proves tokens.
        expectation: What such a token of a person has to be; its audience is that of agents' tokens, too.
    """

    def __init__(self, validator: EntraTokenValidator, expectation: ApiTokenExpectation) -> None:
        self._validator = validator
        self._expectation = expectation
        self._of_agents = AgentTokenExpectation(audience=expectation.audience)

    def prove(self, token: str) -> VerifiedToken:
        """Return what the token proves.

        Raises:
            TokenRefusedError, TokenPermissionError, SigningKeysUnavailableError: as the validator says.
        """
        try:
            return self._validator.validate(token, self._expectation)
        except TokenRefusedError as error:
            if error.refusal is not TokenRefusal.WRONG_KIND:
                raise
        return self._validator.validate(token, self._of_agents)


def make_access_tokens(settings: Settings, validator: EntraTokenValidator) -> EntraAccessTokens | None:
    """Return what proves access tokens for our API, or None while no application is configured to sign in with."""
    app_id = settings.sign_in_app_id or settings.fulfillment_app_id
    if app_id is None:
        return None
    expectation = ApiTokenExpectation(
        audience=app_id.lower(), is_app_only=False, permissions=frozenset({settings.api_scope})
    )
    return EntraAccessTokens(validator, expectation)


def make_fulfillment(settings: Settings, http: httpx.Client, clock: Clock) -> FulfillmentClient:
    """Return Microsoft's fulfillment APIs; not configured, every call says which settings are missing.

    Calls give up soon: a person or Microsoft's ten seconds wait for most of them, and background work is tried again.
    """
    missing = missing_for_fulfillment(settings)
    tokens: TokenSource = UnconfiguredTokens(missing)
    if not missing:
        tokens = make_app_tokens(settings, make_authority(settings).base, http, resource=settings.marketplace_app_id)
    return FulfillmentClient(settings.fulfillment_base_url, tokens, http, patience=IMPATIENT, clock=clock)


def make_ingestion(settings: Settings, http: httpx.Client, clock: Clock) -> IngestionClient:
    """Return Microsoft's product ingestion API; not configured, every call says which settings are missing.

    The application is the one of the fulfillment APIs, which has to be associated with the account in Partner Center.
    """
    missing = missing_for_fulfillment(settings)
    tokens: TokenSource = UnconfiguredTokens(missing)
    if not missing:
        tokens = make_app_tokens(settings, make_authority(settings).base, http, resource=GRAPH_RESOURCE)
    versions = IngestionVersions(private_offer=settings.private_offer_schema, price=settings.price_schema)
    return IngestionClient(
        settings.ingestion_base_url, tokens, http, versions=versions, patience=IMPATIENT, clock=clock
    )


def make_resource_manager(settings: Settings, http: httpx.Client) -> ResourceManagerClient:
    """Return Azure Resource Manager; not configured, every call says which settings are missing.

    The application is the one of the fulfillment APIs, which the plan of a managed application has to give a role.
    """
    missing = missing_for_fulfillment(settings)
    tokens: TokenSource = UnconfiguredTokens(missing)
    if not missing:
        tokens = make_app_tokens(settings, make_authority(settings).base, http, resource=AZURE_RESOURCE)
    return ResourceManagerClient(settings.azure_base_url, tokens, http)


def make_sign_in(settings: Settings, http: httpx.Client) -> SignInFlow | None:
    """Return how people sign in with Microsoft, or None while no application is configured for it."""
    app_id = settings.sign_in_app_id or settings.fulfillment_app_id
    secret = settings.sign_in_app_secret if settings.sign_in_app_id else settings.fulfillment_app_secret
    if app_id is None or secret is None:
        return None
    registration = AppRegistration(
        authority=make_authority(settings).base, client_id=app_id, credential=secret.get_secret_value()
    )
    return SignInFlow(registration, http=http)


def make_provisioner(settings: Settings, database: Database, secrets: SecretStore, clock: Clock) -> Provisioner:
    """Return how the publisher's own code is called.

    Raises:
        SettingsError: A webhook and an entry point are both set, or one of them cannot be used.
    """
    if settings.provisioning_url is not None and settings.provisioning_entry_point is not None:
        msg = "FAIRKEEPER_PROVISIONING_URL and FAIRKEEPER_PROVISIONING_ENTRY_POINT are both set."
        raise SettingsError(msg, remedy="Leave one of them set.")
    try:
        if settings.provisioning_entry_point is not None:
            return load_entry_point(settings.provisioning_entry_point)
        if settings.provisioning_url is not None:
            return ProvisioningWebhook(
                settings.provisioning_url,
                secret=webhook_secret(settings, database, secrets, clock),
                report_base_url=settings.address,
                rules=CallRules(allow_private=settings.provisioning_allow_private),
            )
    except InvalidError as error:
        raise SettingsError(error.message, remedy=error.remedy) from error
    return NothingToSetUp()


def make_event_receivers(settings: Settings) -> EventReceivers:
    """Return what delivers events; the publisher's receivers may be in a private network where its own systems may."""
    return EventReceivers(CallRules(allow_private=settings.provisioning_allow_private), settings.data_dir / "events")


def webhook_secret(settings: Settings, database: Database, secrets: SecretStore, clock: Clock) -> str:
    """Return the secret that signs the provisioning webhook; made and kept sealed when no setting gives it."""
    if settings.provisioning_secret is not None:
        return settings.provisioning_secret.get_secret_value()
    with database.write() as session:
        kept = secrets.get(session, WEBHOOK_SECRET_NAME)
        if kept is None:
            kept = Secret(f"whsec_{base64.b64encode(randomness.token_bytes(32)).decode()}".encode())
            secrets.put(session, WEBHOOK_SECRET_NAME, kept, now=clock.now())
    return kept.reveal().decode()
