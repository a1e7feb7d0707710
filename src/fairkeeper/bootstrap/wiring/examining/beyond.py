"""The doctor's looks at what not every publisher connects: sign-in, customers' tenants, private offers, reports, Teams.

Separate from the looks that every publisher needs. Each asks for a token or reads the first page of a list, and nothing
else. A workflow of Teams has nothing to read; that somebody answers at its address is all that can be seen without
posting.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx

from fairkeeper.bootstrap.connectors import make_authority, make_ingestion, missing_for_fulfillment
from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.bootstrap.wiring.consent import named_credentials
from fairkeeper.bootstrap.wiring.opportunities import insights_tokens
from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import EntraUnavailableError
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource, Credential
from fairkeeper.microsoft.ingestion import GRAPH_RESOURCE
from fairkeeper.microsoft.ingestion_errors import IngestionAccessRefusedError
from fairkeeper.overview.connections import finding_kinds as found
from fairkeeper.token.authority import is_guid
from fairkeeper.values.clock import Clock
from fairkeeper.values.findings import Finding

_OWN_TENANT: Final = "microsoft.own_configuration_refused"


def look_at_sign_in(settings: Settings, http: httpx.Client) -> Iterator[Finding]:
    """Ask for a token of the application that people sign in with, in the publisher's own tenant."""
    app_id, secret = settings.sign_in_app_id, settings.sign_in_app_secret
    if app_id is None or secret is None:
        return  # the service application, which is looked at by itself; or missing, which the settings tell
    problem = _refused(settings, http, app_id, secret.get_secret_value())
    if problem:
        yield found.SIGN_IN_REFUSED.found(problem, subject=app_id)


def look_at_customers_tenants(settings: Settings, http: httpx.Client) -> Iterator[Finding]:
    """Ask for a token of each application that works in customers' tenants, in the publisher's own tenant."""
    try:
        credentials = named_credentials(settings)
    except SettingsError as error:
        yield found.CONSENT_APP_REFUSED.found(str(error))
        return
    for app_id in sorted(credentials):
        problem = _refused(settings, http, app_id, credentials[app_id])
        if problem:
            yield found.CONSENT_APP_REFUSED.found(problem, subject=app_id)


def look_at_private_offers(settings: Settings, http: httpx.Client, clock: Clock) -> Iterator[Finding]:
    """Read the account's products by the product ingestion API, as making a private offer begins."""
    if missing_for_fulfillment(settings):
        return
    try:
        make_ingestion(settings, http, clock).list_products()
    except IngestionAccessRefusedError as error:
        yield found.INGESTION_REFUSED.found(error.message)
    except FairkeeperError as error:
        if error.code.startswith("microsoft.ingestion"):
            yield found.INGESTION_UNREACHABLE.found(error.message)
        # whatever else: no token, which is told by the looks at Entra and the marketplace


def look_at_reports(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Ask for a token of each connection to the insights API."""
    try:
        for name, token in insights_tokens(settings.insights_connections, clock):
            try:
                token()
            except FairkeeperError as error:
                yield found.ANALYTICS_UNAVAILABLE.found(error.message, subject=name)
    except FairkeeperError as error:
        yield found.ANALYTICS_UNAVAILABLE.found(error.message)


def look_at_teams(settings: Settings, http: httpx.Client) -> Iterator[Finding]:
    """See whether anybody answers at the workflow's address; its answer to a question by HEAD says nothing more."""
    if settings.teams_webhook_url is None:
        return
    try:
        answer = http.head(settings.teams_webhook_url.get_secret_value())
    except httpx.HTTPError as error:
        yield found.TEAMS_UNREACHABLE.found(f"The workflow's address did not answer: {type(error).__name__}.")
        return
    if answer.status_code in {404, 410} or answer.status_code >= 500:
        yield found.TEAMS_UNREACHABLE.found(f"The workflow's address answered {answer.status_code}.")


def _refused(settings: Settings, http: httpx.Client, app_id: str, credential: Credential) -> str:
    """Return why Microsoft Entra gives an application no token; empty if it does, or if that is told elsewhere."""
    tenant = settings.entra_tenant_id
    if tenant is None or not is_guid(tenant.lower()):
        return ""
    registration = AppRegistration(authority=make_authority(settings).base, client_id=app_id, credential=credential)
    try:
        AppTokenSource(registration, tenant_id=tenant, http=http, resource=GRAPH_RESOURCE).token()
    except EntraUnavailableError:
        return ""
    except FairkeeperError as error:
        return error.message if _is_its_own(error) else ""
    return ""


def _is_its_own(error: FairkeeperError) -> bool:
    """Say whether a refusal is about the application and not about the tenant, which is told by another look."""
    return not (error.code == _OWN_TENANT and "metadata" in error.message)
