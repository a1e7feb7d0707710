"""The script by which a customer's administrator removes what only the customer can remove.

The same as the portal steps of a receipt, for those who would rather run it than click. It asks before it deletes.

Source: Microsoft Graph PowerShell, `Get-MgServicePrincipal`, `Remove-MgServicePrincipal`,
`Remove-MgOauth2PermissionGrant`, `Remove-MgServicePrincipalAppRoleAssignedTo`. Never run against a live tenant.
"""

from __future__ import annotations

from collections.abc import Iterable

_HEAD = """\
# Removes the enterprise applications of {publisher} from your tenant, with every grant they hold.
# Needs the module Microsoft.Graph, and one of the roles Cloud Application Administrator or Application Administrator.
# Nothing is deleted before you have confirmed it.
$scopes = 'Application.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
Connect-MgGraph -TenantId '{tenant}' -Scopes $scopes
$applications = @(
{lines}
)
foreach ($appId in $applications) {{
    $principal = Get-MgServicePrincipal -Filter "appId eq '$appId'"
    if ($null -eq $principal) {{ Write-Output "$appId is not present."; continue }}
    Get-MgOauth2PermissionGrant -Filter "clientId eq '$($principal.Id)'" -All |
        ForEach-Object {{ Remove-MgOauth2PermissionGrant -OAuth2PermissionGrantId $_.Id -Confirm }}
    Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All |
        ForEach-Object {{
            $of = @{{ ServicePrincipalId = $_.ResourceId; AppRoleAssignmentId = $_.Id }}
            Remove-MgServicePrincipalAppRoleAssignedTo @of -Confirm
        }}
    Remove-MgServicePrincipal -ServicePrincipalId $principal.Id -Confirm
}}
{agents}Disconnect-MgGraph
"""


_AGENTS = """\
# Agent identities go with their blueprint, about a day later; this removes them at once. Restorable for 30 days.
$identities = @(
{lines}
)
foreach ($identityId in $identities) {{
    $identity = Get-MgServicePrincipal -ServicePrincipalId $identityId -ErrorAction SilentlyContinue
    if ($null -eq $identity) {{ Write-Output "$identityId is not present."; continue }}
    Remove-MgServicePrincipal -ServicePrincipalId $identityId -Confirm
}}
"""


def removal_script(
    publisher: str, tenant_id: str, apps: Iterable[tuple[str, str]], agents: Iterable[tuple[str, str]] = ()
) -> str:
    """Return a PowerShell script that removes applications from a tenant.

    Args:
        publisher: As the customer knows it.
        tenant_id: The customer's.
        apps: Name and application id of each.
        agents: Name and id of each agent identity.

    Example:
        >>> print(removal_script("Fairmile", "t-1", [("Desk", "a-1")]).splitlines()[6])
            'a-1' # Desk
    """
    identities = _lines(agents)
    return _HEAD.format(
        publisher=_plain(publisher),
        tenant=_plain(tenant_id),
        lines=_lines(apps),
        agents=_AGENTS.format(lines=identities) if identities else "",
    )


def _lines(things: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"    '{_plain(each_id)}' # {_plain(name)}" for name, each_id in things)


def _plain(text: str) -> str:
    """Keep a name from ending a comment or a text of the script."""
    return "".join(letter for letter in text if letter.isalnum() or letter in " .-_,()&").strip()
