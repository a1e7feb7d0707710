"""The permissions that the pretend Microsoft Graph knows: enough for the demo's apps and for what watches over them.

Of its own, and not the catalogue that Fairkeeper checks plans with: what one of the two misreads, the other shows.

Source: Microsoft Graph permissions reference (ids, who can approve), read 2026-11-22; Microsoft Entra, "Manage app
consent policies" (what the policy that Microsoft manages leaves to administrators), read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset({"openid", "profile", "email", "offline_access", "User.Read"})
"""What everybody consents to by signing in; no page is shown for it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPermission:
    """One permission of Graph.

    Args:
        delegated_id, application_id: GUIDs; None where it has no such form.
        is_admin_only: Whether its delegated form needs an administrator under every policy.
        is_left_to_admins: Whether the policy that Microsoft manages leaves it to administrators.
        text: What the consent page says it does.
    """

    name: str
    delegated_id: str | None
    application_id: str | None
    text: str
    is_admin_only: bool = False
    is_left_to_admins: bool = False


PERMISSIONS = {
    each.name: each
    for each in (
        GraphPermission(
            name="User.Read",
            delegated_id="e1fe6dd8-ba31-4d61-89e7-88639da4683d",
            application_id=None,
            text="Sign you in and read your profile",
        ),
        GraphPermission(
            name="User.ReadBasic.All",
            delegated_id="b340eb25-3456-403f-be2f-af7a0d370277",
            application_id="97235f07-e226-4f63-ace3-39588e11d3a1",
            text="Read names and addresses of everybody",
        ),
        GraphPermission(
            name="User.Read.All",
            delegated_id="a154be20-db9c-4678-8ab7-66f6cc099a59",
            application_id="df021288-bdef-4463-88db-98f22de89214",
            text="Read everybody's full profile",
            is_admin_only=True,
        ),
        GraphPermission(
            name="Mail.Read",
            delegated_id="570282fd-fa5c-430d-a7fd-fc8dc98a9dca",
            application_id="810c84a8-4a9e-49e6-bf7d-12d183f40d01",
            text="Read mail",
            is_left_to_admins=True,
        ),
        GraphPermission(
            name="Mail.Send",
            delegated_id="e383f46e-2787-4529-855e-0e479a3ffac0",
            application_id="b633e1c5-b582-4048-a93e-9f11b44c7e96",
            text="Send mail",
        ),
        GraphPermission(
            name="Mail.ReadWrite",
            delegated_id="024d486e-b451-40bb-833d-3e66d98c5c73",
            application_id="e2a3a72e-5f79-4c64-b1b1-878b674786c9",
            text="Read, change and delete mail",
            is_left_to_admins=True,
        ),
        GraphPermission(
            name="Files.Read",
            delegated_id="10465720-29dd-4523-a11a-6a75c743c9d9",
            application_id=None,
            text="Read your files",
        ),
        GraphPermission(
            name="Files.ReadWrite",
            delegated_id="5c28f0bf-8a70-41f1-8ab2-9032436ddb65",
            application_id=None,
            text="Change your files",
        ),
        GraphPermission(
            name="Files.Read.All",
            delegated_id="df85f4d6-205c-4ac5-a5ea-6bf408dba283",
            application_id="01d4889c-1287-42c6-ac1f-5d1e02578ef6",
            text="Read all files that you can open",
            is_left_to_admins=True,
        ),
        GraphPermission(
            name="Calendars.Read",
            delegated_id="465a38f9-76ea-45b9-9f34-9e8b0d4b0b42",
            application_id="798ee544-9d2d-430c-a058-570e29e34338",
            text="Read calendars",
            is_left_to_admins=True,
        ),
        GraphPermission(
            name="Sites.Selected",
            delegated_id="f89c84ef-20d0-4b54-87e9-02e856d66d53",
            application_id="883ea226-0bf2-4a8f-9f9d-92c9162a727d",
            text="Open the sites that were named for it",
            is_admin_only=True,
        ),
        GraphPermission(
            name="Directory.Read.All",
            delegated_id="06da0dbc-49e2-44d2-8312-53f166ab848a",
            application_id="7ab1d382-f21e-4acd-a863-ba3e13f7da61",
            text="Read the directory",
            is_admin_only=True,
        ),
        GraphPermission(
            name="Application.Read.All",
            delegated_id="c79f8feb-a9db-4090-85f9-90d820caa0eb",
            application_id="9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
            text="Read applications",
            is_admin_only=True,
        ),
        GraphPermission(
            name="Application.ReadWrite.All",
            delegated_id="bdfbf15f-ee85-4955-8675-146e8e5296b5",
            application_id="1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
            text="Change applications",
            is_admin_only=True,
        ),
        GraphPermission(
            name="DelegatedPermissionGrant.ReadWrite.All",
            delegated_id="41ce6ca6-6826-4807-84f1-1c82854f7ee5",
            application_id="8e8e4742-1d95-4f68-9d56-6ee75648c72a",
            text="Change what applications were granted",
            is_admin_only=True,
        ),
        GraphPermission(
            name="AppRoleAssignment.ReadWrite.All",
            delegated_id="84bccea3-f856-4a8a-967b-dbe0a3d53a64",
            application_id="06b708a9-e830-4db3-a914-8e69da51d44f",
            text="Change which application permissions were granted",
            is_admin_only=True,
        ),
    )
}


class ConsentPolicy(StrEnum):
    """What users of a tenant may consent to."""

    LEGACY = "legacy"
    """Everything that is not for administrators alone."""
    RECOMMENDED = "recommended"
    """As Microsoft manages it; the default of new tenants."""
    LOW = "low"
    """What the tenant classified as low, of verified publishers; here that is sign-in alone."""
    NONE = "none"
    """Nothing."""


def may_user_consent(policy: ConsentPolicy, name: str, *, is_publisher_verified: bool) -> bool:
    """Say whether a user may consent to a delegated permission.

    Example:
        >>> [may_user_consent(policy, "Mail.Read", is_publisher_verified=True) for policy in ConsentPolicy]
        [True, False, False, False]
    """
    known = PERMISSIONS.get(name)
    if policy is ConsentPolicy.NONE or known is None or known.is_admin_only:
        return False
    if policy is ConsentPolicy.LEGACY:
        # Risk-based step-up: users cannot consent to more than sign-in for an unverified publisher.
        return is_publisher_verified
    if policy is ConsentPolicy.LOW:
        return False
    return is_publisher_verified and not known.is_left_to_admins
