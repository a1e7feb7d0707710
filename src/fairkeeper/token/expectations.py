"""What a caller of the validator expects a token to be: frozen values, one class for each road into Fairkeeper.

Separate from the checks, so that a reviewer can read in one place what each road demands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fairkeeper.token.authority import TokenVersion, is_guid
from fairkeeper.values.ids import TenantId

MARKETPLACE_CALLER_APP_ID = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
"""The application that calls a SaaS offer's webhook, and the resource of the fulfillment and metering APIs.

Source: Microsoft Marketplace, "Implementing a webhook on the SaaS service" and "Register a SaaS application", read
2026-11-22. A sample repository of 2026 carries another GUID that begins alike; every page of Microsoft's has this one.
"""

ANY_TENANT = "common"
"""The path segment of the tenant-independent metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenExpectation:
    """A person signs in with a browser. Only version 2.0; the tenant-independent keys.

    Args:
        client_id: Our own application (client) id.
        nonce: What was sent with this browser's authorization request; use it once.
        tenants: The tenants that may sign in here; None takes all (a buyer's is known only afterwards).
    """

    client_id: str
    nonce: str = field(repr=False)
    tenants: frozenset[TenantId] | None = None

    def __post_init__(self) -> None:
        if not self.nonce:
            raise ValueError("an empty nonce binds nothing")

    @property
    def versions(self) -> frozenset[TokenVersion]:
        """The token formats taken."""
        return frozenset({TokenVersion.V2})

    @property
    def key_segment(self) -> str:
        """Whose keys may have signed it."""
        return ANY_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTokenExpectation:
    """Microsoft Marketplace calls the webhook: an application token of the publisher's tenant, version 1.0 or 2.0.

    Args:
        audience: The application id of the offer's technical configuration.
        tenant_id: The tenant id of the offer's technical configuration.
        caller_app_id: The Marketplace's own application id.
    """

    audience: str
    tenant_id: TenantId
    caller_app_id: str = MARKETPLACE_CALLER_APP_ID

    def __post_init__(self) -> None:
        if not is_guid(self.tenant_id):
            raise ValueError(f"the publisher's tenant {self.tenant_id!r} is no GUID in lower case")

    @property
    def versions(self) -> frozenset[TokenVersion]:
        """The token formats taken."""
        return frozenset(TokenVersion)

    @property
    def key_segment(self) -> str:
        """Whose keys may have signed it."""
        return self.tenant_id

    @property
    def tenants(self) -> frozenset[TenantId]:
        """The one tenant that it may come from."""
        return frozenset({self.tenant_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokenExpectation:
    """A program or a person's program calls our API with a version 2.0 access token.

    Set `accessTokenAcceptedVersion` to 2 and the optional claim `idtyp` on the API's registration: an application
    token is known by `idtyp` = `app` alone, never by the absence of scopes.

    Args:
        audience: The API's application (client) id.
        is_app_only: True for application tokens (`roles`), False for user tokens (`scp`).
        permissions: Roles or scopes of which every one must be there.
        tenants: The tenants that may call; None takes all.
        callers: The applications that may call; None takes all, and then a permission has to be demanded.
    """

    audience: str
    is_app_only: bool
    permissions: frozenset[str] = frozenset()
    tenants: frozenset[TenantId] | None = None
    callers: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if not self.permissions and not self.callers:
            raise ValueError("any application can get a token without a role; demand a permission or name the callers")

    @property
    def versions(self) -> frozenset[TokenVersion]:
        """The token formats taken."""
        return frozenset({TokenVersion.V2})

    @property
    def key_segment(self) -> str:
        """Whose keys may have signed it."""
        return ANY_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceTokenExpectation:
    """An instance in a customer's tenant calls home with a version 2.0 token of its managed identity.

    Any application of any tenant can get such a token, so that it proves who calls and nothing else: whoever takes it
    has to demand a claim code with it, or to know the identity already.

    Args:
        audience: The API's application (client) id.
        tenants: The tenants that may call; None takes all.
    """

    audience: str
    tenants: frozenset[TenantId] | None = None

    @property
    def versions(self) -> frozenset[TokenVersion]:
        """The token formats taken."""
        return frozenset({TokenVersion.V2})

    @property
    def key_segment(self) -> str:
        """Whose keys may have signed it."""
        return ANY_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTokenExpectation:
    """An agent calls our API as itself: with an application token, of an agent identity or of another application.

    Any application of any tenant can get such a token, so that it proves who calls and nothing else: whoever takes it
    has to know this application of this tenant already. The parent blueprint (`xms_par_app_azp`) is never asked, since
    that would let in every sibling. Source: Microsoft Entra Agent ID, "Token claims reference" and "Validate agent
    tokens in a downstream API", read 2026-11-22; agents' tokens may be of version 1.0.

    Args:
        audience: The API's application (client) id.
    """

    audience: str

    @property
    def versions(self) -> frozenset[TokenVersion]:
        """The token formats taken."""
        return frozenset(TokenVersion)

    @property
    def key_segment(self) -> str:
        """Whose keys may have signed it."""
        return ANY_TENANT

    @property
    def tenants(self) -> frozenset[TenantId] | None:
        """The tenants that may call: all, because whoever takes it knows application and tenant together."""
        return None


Expectation = (
    IdTokenExpectation
    | WebhookTokenExpectation
    | ApiTokenExpectation
    | InstanceTokenExpectation
    | AgentTokenExpectation
)
