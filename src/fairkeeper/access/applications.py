"""An agent's own identity in Microsoft Entra: whose program it is, by the agents that name it.

An application proves itself with a token for our API, which every application of every tenant can get. So it is
somebody here only if a registered agent names it, tenant and application together; and it speaks for the agents that
name it alone, also where an agent names nobody.

Source: Microsoft Entra Agent ID, "Validate agent tokens in a downstream API", read 2026-11-22: authorise the agent
identity itself, never its parent blueprint.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairkeeper.access.errors import CredentialsRefusedError
from fairkeeper.policy.decision.facts import APPLICATION_PREFIX
from fairkeeper.values.ids import CustomerId, TenantId

_GUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CALLER: Final = re.compile(f"{APPLICATION_PREFIX}({_GUID})/({_GUID})")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedByAgent:
    """One agent that names an application.

    Attributes:
        customer_id: Whose agent it is; None for the publisher's own.
        customer_tenant: That customer's tenant.
    """

    agent_id: str
    customer_id: CustomerId | None = None
    customer_tenant: TenantId | None = None


def caller_of(tenant_id: str, app_id: str) -> str:
    """Return how an application is named as a caller: by its tenant and its application (client) id.

    Example:
        >>> tenant, app = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222"
        >>> caller_of(tenant, app)
        'entra:11111111-aaaa-4aaa-8aaa-111111111111/22222222-bbbb-4bbb-8bbb-222222222222'
    """
    return f"{APPLICATION_PREFIX}{tenant_id}/{app_id}"


def is_caller(text: str) -> bool:
    """Say whether a text names an application as a caller.

    Example:
        >>> is_caller("entra:contoso.example/22222222-bbbb-4bbb-8bbb-222222222222")
        False
    """
    return _CALLER.fullmatch(text) is not None


def customer_of_application(
    named: Sequence[NamedByAgent], *, tenant_id: TenantId, publisher_tenant: TenantId | None
) -> CustomerId | None:
    """Return to which customer an application is bound; None for one of the publisher's that serves several.

    Args:
        named: The agents that name it.
        tenant_id: Whose tenant vouches for it.
        publisher_tenant: The publisher's own tenant.

    Raises:
        CredentialsRefusedError: `access.application_unknown`, or `access.application_of_another_tenant` where the
            tenant is neither that of the agents' customer nor the publisher's.

    Example:
        >>> contoso, fabrikam = TenantId("11111111-aaaa-4aaa-8aaa-111111111111"), TenantId("f" * 8)
        >>> agent = NamedByAgent(agent_id="agt_1", customer_id=CustomerId("cus_contoso"), customer_tenant=contoso)
        >>> customer_of_application([agent], tenant_id=contoso, publisher_tenant=None)
        'cus_contoso'
        >>> customer_of_application([agent], tenant_id=fabrikam, publisher_tenant=fabrikam)
        'cus_contoso'
    """
    if not named:
        raise CredentialsRefusedError(
            f"No agent here names this application of tenant {tenant_id}.",
            code="access.application_unknown",
            remedy="Name it among the callers of its agent, as entra:TENANT/APPLICATION.",
        )
    is_publishers = publisher_tenant is not None and tenant_id == publisher_tenant
    believed = {each.customer_id for each in named if is_publishers or each.customer_tenant == tenant_id}
    if not believed or (len(believed) > 1 and not is_publishers):
        raise CredentialsRefusedError(
            f"The tenant {tenant_id} is neither that of the agent's customer nor the publisher's.",
            code="access.application_of_another_tenant",
            remedy="Use an application of the customer's own tenant, or one of the publisher's.",
        )
    return next(iter(believed)) if len(believed) == 1 else None
