"""The connections of a publisher, and the steps by which a real one is connected; what each look means to a person.

Pure: which looks belong to which connection and step, and how several looks make one state. The looks themselves are
the doctor's, whose names stand here.

Source: Microsoft Learn, "Register a SaaS application", "Add technical details for a SaaS offer", "Build the landing
page for your transactable SaaS offer", read 2026-11-22.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """A step of the first-run guide.

    Attributes:
        looks: The looks that prove it; none for a step that only a person can call done.
        resource: Key of the official page that describes it.
    """

    key: str
    title: str
    text: str
    looks: tuple[str, ...]
    resource: str


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

STEPS: Final = (
    GuideStep(
        key="tenant",
        title="Name your tenant",
        text="Copy the tenant id from the Microsoft Entra admin center (Overview) into FAIRKEEPER_ENTRA_TENANT_ID.",
        looks=("clock",),
        resource="learn-saas-registration",
    ),
    GuideStep(
        key="application",
        title="Register the service application",
        text="App registrations, New registration, accounts in this directory only. Its id goes into "
        "FAIRKEEPER_FULFILLMENT_APP_ID; give it a certificate, a federated credential or a client secret.",
        looks=("settings", "credential"),
        resource="learn-saas-registration",
    ),
    GuideStep(
        key="sign-in",
        title="Register the sign-in application",
        text="A second registration, for accounts in any directory and personal accounts, with the redirect address "
        "below (type Web). Its id and secret go into FAIRKEEPER_SIGN_IN_APP_ID and FAIRKEEPER_SIGN_IN_APP_SECRET.",
        looks=("sign-in",),
        resource="learn-landing-page",
    ),
    GuideStep(
        key="technical-configuration",
        title="Copy four values into Partner Center",
        text="Your offer, Technical configuration: landing page, connection webhook, tenant id and application id, "
        "exactly as they stand below. Only this pair of tenant and application can read the subscriptions.",
        looks=("marketplace",),
        resource="learn-saas-registration",
    ),
    GuideStep(
        key="addresses",
        title="Let Microsoft and buyers reach this server",
        text="The public address has https and a certificate that everybody trusts, and leads here without another "
        "sign-in before it.",
        looks=("landing page", "webhook", "address"),
        resource="learn-landing-page",
    ),
    GuideStep(
        key="messages",
        title="Let deadlines leave the console",
        text="Set a mail server, or a workflow in Teams. Ten seconds and thirty days are deadlines nobody should miss "
        "for want of looking here.",
        looks=("mail", "teams", "messages"),
        resource="learn-life-cycle",
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
