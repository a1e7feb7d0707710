"""The published documents: OpenID Connect metadata and keys, in both versions.

Source: Microsoft Entra, "OpenID Connect on the Microsoft identity platform" (sample response) and "Access tokens in the
Microsoft identity platform" (template issuer of tenant-independent metadata, version 1.0 address), read 2026-11-22.
"""

from __future__ import annotations

from typing import Any

from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.segments import Segment

_CLAIMS = (
    "sub iss cloud_instance_name cloud_instance_host_name cloud_graph_host_name msgraph_host aud exp iat auth_time acr "
    "nonce preferred_username name tid ver at_hash c_hash email"
)


def metadata(mint: TokenMint, segment: Segment, version: int) -> dict[str, Any]:
    """Return the metadata of a tenant; those of `common` and `organizations` hold the template of an issuer."""
    base = f"{mint.base_url}/{segment.path}"
    middle = "oauth2/v2.0" if version == 2 else "oauth2"
    keys = f"{base}/discovery/v2.0/keys" if version == 2 else f"{mint.base_url}/common/discovery/keys"
    tenant = "{tenantid}" if segment.tenant is None else segment.tenant.id
    return {
        "token_endpoint": f"{base}/{middle}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": keys,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"] if version == 2 else ["openid"],
        "issuer": mint.issuer(tenant, version),
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{base}/{middle}/authorize",
        "end_session_endpoint": f"{base}/{middle}/logout",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "claims_supported": _CLAIMS.split(),
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    }
