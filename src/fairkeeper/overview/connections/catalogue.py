"""The connections of a publisher, and what each look at them means to a person.

Pure: which looks belong to which connection, and how several looks make one state. The looks themselves are the
doctor's, whose names stand here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class LookState(StrEnum):
    """How a connection stands."""

    WORKS = "works"
    MEND = "to_mend"
    NOT_SET = "not_set"
    NOT_LOOKED_AT = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection as a person knows it.

    Attributes:
        looks: The doctor's looks that tell how it stands.
        purpose: What it is for.
        settings: What connects it.
        note: What no look can show.
    """

    name: str
    looks: tuple[str, ...]
    purpose: str
    settings: str
    note: str = ""


CONNECTIONS: Final = (
    Connection(
        name="Entra sign-in",
        looks=("sign-in", "clock"),
        purpose="People sign in: yours, and buyers on the landing page.",
        settings="FAIRKEEPER_SIGN_IN_APP_ID, FAIRKEEPER_SIGN_IN_APP_SECRET",
    ),
    Connection(
        name="Fulfillment API",
        looks=("settings", "credential", "marketplace"),
        purpose="Subscriptions are read, activated and answered.",
        settings="FAIRKEEPER_ENTRA_TENANT_ID, FAIRKEEPER_FULFILLMENT_APP_ID, and a credential",
    ),
    Connection(
        name="Metering API",
        looks=("credential", "marketplace"),
        purpose="Usage is reported by the same application and token.",
        settings="as the fulfillment API",
        note="Looked at by the fulfillment API's token; it has nothing of its own to read before usage is reported.",
    ),
    Connection(
        name="Landing page and webhook",
        looks=("landing page", "webhook", "address"),
        purpose="Microsoft sends buyers and notices here.",
        settings="FAIRKEEPER_BASE_URL, and the certificate before it",
    ),
    Connection(
        name="Product ingestion API",
        looks=("private offers",),
        purpose="Private offers are submitted, and the account's products read.",
        settings="the service application, added in Partner Center",
    ),
    Connection(
        name="Microsoft Graph in customers’ tenants",
        looks=("customers' tenants",),
        purpose="Your apps and agents work with what customers consent to.",
        settings="FAIRKEEPER_CONSENT_APP_SECRETS",
        note="Proved in your own tenant; each customer's grant is probed by itself.",
    ),
    Connection(
        name="Insights API",
        looks=("reports",),
        purpose="Reports of customers and usage are read once a day.",
        settings="FAIRKEEPER_INSIGHTS_CONNECTIONS",
    ),
    Connection(
        name="Mail",
        looks=("mail",),
        purpose="Deadlines, invitations and alerts leave the console.",
        settings="FAIRKEEPER_SMTP_URL, FAIRKEEPER_MAIL_FROM",
    ),
    Connection(
        name="Microsoft Teams",
        looks=("teams",),
        purpose="The daily digest is posted into a channel.",
        settings="FAIRKEEPER_TEAMS_WEBHOOK_URL",
        note="Only that somebody answers at the address; a look posts nothing.",
    ),
    Connection(
        name="Older system",
        looks=("older system",),
        purpose="Is sent the webhooks of subscriptions that are only observed.",
        settings="FAIRKEEPER_WEBHOOK_FORWARD_URL",
    ),
    Connection(
        name="Database and keys",
        looks=("database", "keys"),
        purpose="Keeps everything, durably, with secrets sealed.",
        settings="FAIRKEEPER_DATABASE_URL, FAIRKEEPER_MASTER_KEY_FILE",
    ),
    Connection(
        name="Background work",
        looks=("background work",),
        purpose="Deadlines, webhooks and messages are dealt with in time.",
        settings="FAIRKEEPER_WORKERS",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look has shown: whether there was anything to look at, and how many things have to be mended."""

    is_set: bool
    problems: int


def state_of(names: Sequence[str], looks: Mapping[str, Look]) -> LookState:
    """Return the state that several looks make together: what is broken first, then what nobody has looked at.

    Example:
        >>> looks = {"mail": Look(is_set=False, problems=0), "teams": Look(is_set=True, problems=0)}
        >>> state_of(("mail", "teams"), looks).value, state_of(("mail",), looks).value, state_of(("x",), looks).value
        ('works', 'not_set', 'unchecked')
    """
    seen = [looks[name] for name in names if name in looks]
    if any(look.problems for look in seen):
        return LookState.MEND
    if len(seen) < len(names):
        return LookState.NOT_LOOKED_AT
    return LookState.WORKS if any(look.is_set for look in seen) else LookState.NOT_SET
