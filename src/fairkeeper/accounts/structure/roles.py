"""The roles of Partner Center and the directory, as the product names them, and what each can do for Marketplace.

Source: Microsoft Learn, "Assign roles, permissions and workspace access to users" (groups and names); "Permissions
required for Marketplace" (Global admin, Business contributor and Marketer do nothing there); payout pages ask for Owner
or Financial contributor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One role.

    Args:
        is_publishers: Whether it is held for one publisher, not for the whole account.
        does: What it can do for Marketplace; empty if nothing.
    """

    name: str
    group: str
    is_publishers: bool = False
    does: str = ""


GLOBAL_ADMIN: Final = "Global admin"
ACCOUNT_ADMIN: Final = "Account admin"
OWNER: Final = "Owner"
FINANCIAL_CONTRIBUTOR: Final = "Financial contributor"

_ROLES: Final = (
    Role(name=GLOBAL_ADMIN, group="Directory", does="associates tenants and creates users; nothing in Marketplace"),
    Role(name="User management admin", group="Directory", does="manages users"),
    Role(name="Billing admin", group="Directory", does="pays Microsoft's bills"),
    Role(name="Admin agent", group="CSP", does="serves customers of a cloud solution provider"),
    Role(name="Sales agent", group="CSP", does="sells as a cloud solution provider"),
    Role(name="Helpdesk agent", group="CSP", does="helps customers of a cloud solution provider"),
    Role(name=ACCOUNT_ADMIN, group="Membership", does="everything of the account: legal information, locations, users"),
    Role(
        name="Microsoft AI Cloud Partner Program partner admin",
        group="Membership",
        does="manages the partner program's membership",
    ),
    Role(name="Referrals admin", group="Referrals", does="manages referrals"),
    Role(name="Referrals user", group="Referrals", does="works on referrals"),
    Role(name="Business profile admin", group="Referrals", does="manages the business profile"),
    Role(name="Co-sell solution admin", group="Referrals", does="manages co-sell solutions"),
    Role(name="Incentives admin", group="Incentives", does="manages incentives"),
    Role(name="Incentives user", group="Incentives", does="reads incentives"),
    Role(name="Executive report viewer", group="Insights", does="reads all reports"),
    Role(name="Report viewer", group="Insights", does="reads reports"),
    Role(name=OWNER, group="Publisher", is_publishers=True, does="everything, payout and tax profiles too"),
    Role(
        name="Manager", group="Publisher", is_publishers=True, does="users, roles, tenants, insights; no payout, no tax"
    ),
    Role(name="Developer", group="Publisher", is_publishers=True, does="offers and their submission, insights"),
    Role(name="Business contributor", group="Publisher", is_publishers=True),
    Role(
        name=FINANCIAL_CONTRIBUTOR,
        group="Publisher",
        is_publishers=True,
        does="payout reports, payout and tax profiles",
    ),
    Role(name="Marketer", group="Publisher", is_publishers=True),
)
_OTHER_NAMES: Final = {
    "global administrator": GLOBAL_ADMIN,
    "mpn partner admin": "Microsoft AI Cloud Partner Program partner admin",
    "account administrator": ACCOUNT_ADMIN,
}
_BY_NAME: Final = {role.name.lower(): role for role in _ROLES}
ROLES: Final[tuple[Role, ...]] = _ROLES
"""Every known role, by group."""


def role(name: str) -> Role | None:
    """Return a role by one of its names, None if there is none such.

    Example:
        >>> role("Global Administrator").name, role("King")
        ('Global admin', None)
    """
    plain = " ".join(name.split()).lower()
    return _BY_NAME.get(_OTHER_NAMES.get(plain, plain).lower())
