"""What a token is asked for: reading `scope` and `resource`, and knowing the APIs that tokens can be for.

Source: Microsoft Entra, "Scopes and permissions in the Microsoft identity platform" (a bare scope is Graph's;
`/.default`) and "OAuth 2.0 client credentials flow"; Microsoft Marketplace, "Register a SaaS application" (the resource
of the fulfillment APIs); read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairkeeper.sandbox.directory import Directory
from fairkeeper.sandbox.entra.errors import StsError

MARKETPLACE_APP_ID = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
"""The commercial marketplace's application: resource of its APIs, and caller of webhooks."""
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_URI = "https://graph.microsoft.com"
AZURE_APP_ID = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
"""Windows Azure Service Management API, the resource of Azure Resource Manager."""
AZURE_URI = "https://management.azure.com"
PARTNER_APP_ID = "4990cffe-04e8-4e8b-808a-1175604b879f"
"""Microsoft Partner (Microsoft Dev Center), the API permission that Partner Center's report APIs need."""
PARTNER_URIS = frozenset({"https://api.partnercenter.microsoft.com", "https://api.partner.microsoft.com"})
"""The names by which it is asked for, of the analytics and of the payouts API."""
EXCHANGE_URI = "api://AzureADTokenExchange"
EXCHANGE_APP_ID = "fb60f99c-7a34-4190-8149-302f77469936"
"""The resource for which a blueprint vouches for an agent identity."""
MONITOR_URI = "https://monitor.azure.com"
"""Azure Monitor, which takes logs."""
_MONITOR_APP_ID = "aaaaaaaa-0000-4000-8000-00000000001a"
"""Assumption: made up; nothing compares it."""

OIDC_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
DEFAULT_SCOPE = ".default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An API that tokens can be for.

    Args:
        app_id: Its application id.
        audience: What a version 1.0 token says in `aud`: the name by which it was asked for.
        token_version: The format it takes; a resource decides that itself.
    """

    app_id: str
    audience: str
    token_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedScopes:
    """A `scope` parameter, read."""

    oidc: frozenset[str]
    resource: Resource
    permissions: tuple[str, ...]


def find_resource(directory: Directory, named: str, *, tenant: str) -> Resource:
    """Return the API of this id or URI.

    Raises:
        StsError: 500011, no such API in the tenant.
    """
    plain = named.rstrip("/")
    if plain in {GRAPH_URI, GRAPH_APP_ID}:
        return Resource(app_id=GRAPH_APP_ID, audience=named, token_version=1)
    if plain == MARKETPLACE_APP_ID:
        return Resource(app_id=MARKETPLACE_APP_ID, audience=named, token_version=1)
    if plain in {AZURE_URI, AZURE_APP_ID}:
        return Resource(app_id=AZURE_APP_ID, audience=named, token_version=1)
    if plain in PARTNER_URIS or plain == PARTNER_APP_ID:
        return Resource(app_id=PARTNER_APP_ID, audience=named, token_version=1)
    if plain in {EXCHANGE_URI, EXCHANGE_APP_ID}:
        return Resource(app_id=EXCHANGE_APP_ID, audience=named, token_version=2)
    if plain == MONITOR_URI:
        return Resource(app_id=_MONITOR_APP_ID, audience=named, token_version=1)
    app = directory.app(plain.removeprefix("api://"))
    if app is None:
        raise StsError(500011, resource=named, tenant=tenant)
    return Resource(app_id=app.client_id, audience=named, token_version=app.access_token_version)


def read_scopes(directory: Directory, scope: str, *, tenant: str, is_one_resource: bool) -> WantedScopes:
    """Read a `scope` parameter; only OpenID Connect scopes mean Graph.

    Args:
        directory: Where APIs are registered.
        scope: Separated by spaces.
        tenant: For the error's sentence.
        is_one_resource: Refuse more than one API; otherwise the first counts.

    Raises:
        StsError: 700022 more than one API, 500011 an unknown one.
    """
    names = scope.split()
    oidc = frozenset(name for name in names if name in OIDC_SCOPES)
    wanted = [_split(name) for name in names if name not in OIDC_SCOPES]
    if is_one_resource and len({resource for resource, _ in wanted}) > 1:
        raise StsError(700022)
    first = wanted[0][0] if wanted else GRAPH_APP_ID
    return WantedScopes(
        oidc=oidc,
        resource=find_resource(directory, first, tenant=tenant),
        permissions=tuple(permission for resource, permission in wanted if resource == first),
    )


def _split(name: str) -> tuple[str, str]:
    """Part `resource/permission`; without a resource it is Graph's.

    Example:
        >>> _split("https://graph.microsoft.com/User.Read"), _split("User.Read")
        (('https://graph.microsoft.com', 'User.Read'), ('00000003-0000-0000-c000-000000000000', 'User.Read'))
    """
    resource, slash, permission = name.rpartition("/")
    return (resource, permission) if slash else (GRAPH_APP_ID, name)
