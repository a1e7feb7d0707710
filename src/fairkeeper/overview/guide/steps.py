"""The steps of the first-run guide: what is done, where, which look proves it, and what that look says in words; pure.

Source: Microsoft Learn, "Register a SaaS application", "Add technical details for a SaaS offer", "Build the landing
page for your transactable SaaS offer", read 2026-11-22. The names of Microsoft's pages and buttons are those of the
documents and were not looked at in the portals themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fairkeeper.overview.connections.catalogue import Look, LookState, state_of


class Where(StrEnum):
    """On whose pages a step is done."""

    ENTRA = "Microsoft Entra admin center"
    PARTNER_CENTER = "Partner Center"
    SERVER = "the settings of this server"
    HERE = "this console"


class StepState(StrEnum):
    """How a step stands."""

    WORKS = "works"
    MEND = "to_mend"
    NOT_SET = "not_set"
    NOT_LOOKED_AT = "unchecked"
    SKIPPED = "skipped"
    """A person said that it is not needed for now."""


FINISHED: Final = frozenset({StepState.WORKS, StepState.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the guide.

    Attributes:
        where: On whose pages it is done.
        does: What to do, one sentence a point.
        settings: The settings that take what was made there.
        looks: The looks that prove it.
        resource: Key of the official page that describes it.
        can_skip: Whether one can go without it for now.
    """

    key: str
    title: str
    where: Where
    does: tuple[str, ...]
    looks: tuple[str, ...]
    resource: str
    settings: tuple[str, ...] = ()
    can_skip: bool = False


STEPS: Final = (
    Step(
        key="tenant",
        title="Name your tenant",
        where=Where.ENTRA,
        does=(
            "Sign in to the Microsoft Entra admin center with an account of the company that sells.",
            "Open Overview and copy the Tenant ID.",
            "Put it into FAIRKEEPER_ENTRA_TENANT_ID and start the server again.",
        ),
        settings=("FAIRKEEPER_ENTRA_TENANT_ID",),
        looks=("clock",),
        resource="learn-saas-registration",
    ),
    Step(
        key="application",
        title="Register the service application",
        where=Where.ENTRA,
        does=(
            "App registrations, New registration; supported account types: accounts in this directory only.",
            "Copy the Application (client) ID into FAIRKEEPER_FULFILLMENT_APP_ID.",
            "Certificates & secrets: add a certificate, a federated credential or a secret, and set its setting.",
            "It needs no API permission: Partner Center ties it to your offers in a later step.",
        ),
        settings=("FAIRKEEPER_FULFILLMENT_APP_ID", "FAIRKEEPER_FULFILLMENT_APP_SECRET, or a certificate"),
        looks=("settings", "credential"),
        resource="learn-saas-registration",
    ),
    Step(
        key="sign-in",
        title="Register the sign-in application",
        where=Where.ENTRA,
        does=(
            "App registrations, New registration; supported account types: any directory, and personal accounts.",
            "Redirect URI: choose Web, and paste the redirect address that stands below.",
            "Copy its Application (client) ID into FAIRKEEPER_SIGN_IN_APP_ID.",
            "Certificates & secrets, New client secret: its value goes into FAIRKEEPER_SIGN_IN_APP_SECRET.",
        ),
        settings=("FAIRKEEPER_SIGN_IN_APP_ID", "FAIRKEEPER_SIGN_IN_APP_SECRET"),
        looks=("sign-in",),
        resource="learn-landing-page",
    ),
    Step(
        key="technical-configuration",
        title="Copy four values into Partner Center",
        where=Where.PARTNER_CENTER,
        does=(
            "Marketplace offers, your SaaS offer, Technical configuration.",
            "Paste the four values that stand below, exactly as they stand.",
            "Save the draft, then Review and publish: the values count once they are published.",
            "Only this pair of tenant and application can read the subscriptions of the offer.",
        ),
        looks=("marketplace",),
        resource="learn-saas-registration",
    ),
    Step(
        key="addresses",
        title="Let Microsoft and buyers reach this server",
        where=Where.SERVER,
        does=(
            "FAIRKEEPER_BASE_URL is the public address, beginning with https and never changed again.",
            "The certificate is one that everybody trusts; a proxy before the server may hold it.",
            "No other sign-in stands before the landing page and the webhook.",
        ),
        settings=("FAIRKEEPER_BASE_URL",),
        looks=("landing page", "webhook", "address"),
        resource="learn-landing-page",
    ),
    Step(
        key="messages",
        title="Let deadlines leave the console",
        where=Where.SERVER,
        does=(
            "Set FAIRKEEPER_SMTP_URL and FAIRKEEPER_MAIL_FROM for mail.",
            "Set FAIRKEEPER_TEAMS_WEBHOOK_URL for a workflow of Teams.",
            "Ten seconds and thirty days are deadlines that nobody should miss for want of looking here.",
        ),
        settings=("FAIRKEEPER_SMTP_URL", "FAIRKEEPER_MAIL_FROM", "FAIRKEEPER_TEAMS_WEBHOOK_URL"),
        looks=("mail", "teams", "messages"),
        resource="learn-life-cycle",
        can_skip=True,
    ),
    Step(
        key="owners",
        title="Invite a second owner",
        where=Where.HERE,
        does=(
            "Settings, People: invite somebody of your company as owner.",
            "They open the invitation's address and sign in; one person who leaves then locks nobody out.",
        ),
        looks=("second owner",),
        resource="learn-partner-center",
        can_skip=True,
    ),
    Step(
        key="subscriptions",
        title="Read your live subscriptions",
        where=Where.HERE,
        does=(
            "Webhooks, Compare with Microsoft: every subscription of your offers is read and recorded as observed.",
            "Observed means that nothing is changed: what would have been done is listed under Custody.",
            "Take your customers over one after the other when you have seen enough; each can be handed back.",
        ),
        looks=("subscriptions read",),
        resource="learn-life-cycle",
    ),
)
"""The steps, in the order in which nothing can go wrong that cannot be taken back."""

WORKS: Final[Mapping[str, str]] = {
    "clock": "Microsoft Entra knows the tenant, and this machine's clock agrees with its clock.",
    "settings": "The tenant, the application and a credential are set, and well formed.",
    "credential": "No credential of yours ends within the time in which you are told before.",
    "sign-in": "The sign-in application gets a token from Microsoft Entra.",
    "marketplace": "A token was given, and the marketplace answered with the first page of your subscriptions.",
    "landing page": "The landing page answers at its public address.",
    "webhook": "The webhook answers at its public address, and refuses who brings no token.",
    "address": "The public address has a certificate that is trusted.",
    "mail": "The mail server takes our connection.",
    "teams": "Somebody answers at the address of the workflow.",
    "messages": "At least one way leads out of the console.",
    "second owner": "There are two owners or more.",
    "subscriptions read": "The subscriptions were compared with Microsoft's.",
}
"""What a look that found nothing to mend has shown."""
NOT_SET: Final = "Nothing is set here yet."
NOT_LOOKED_AT: Final = "Nobody has looked yet. A look reads, and changes nothing."


def step_state(step: Step, looks: Mapping[str, Look], skipped: frozenset[str] = frozenset()) -> StepState:
    """Return how a step stands: what is proved counts, whatever somebody said before; then what was put off.

    Example:
        >>> mail = STEPS[5]
        >>> step_state(mail, {}).value, step_state(mail, {}, frozenset({"messages"})).value
        ('unchecked', 'skipped')
    """
    state = StepState(state_of(step.looks, looks).value)
    if state is not StepState.WORKS and step.can_skip and step.key in skipped:
        return StepState.SKIPPED
    return state


def told_of(step: Step, looks: Mapping[str, Look]) -> tuple[str, ...]:
    """Return what the looks of a step have shown, where nothing has to be mended.

    Example:
        >>> told_of(STEPS[0], {"clock": Look(is_set=True, problems=0)})[0][:22]
        'Microsoft Entra knows '
        >>> told_of(STEPS[0], {})
        ('Nobody has looked yet. A look reads, and changes nothing.',)
    """
    seen = [name for name in step.looks if name in looks]
    if not seen:
        return (NOT_LOOKED_AT,)
    told = tuple(WORKS[name] for name in seen if looks[name].is_set and not looks[name].problems)
    if told or any(looks[name].problems for name in seen):
        return told
    return (NOT_SET,)


def next_step(states: Sequence[tuple[str, StepState]], after: str = "") -> str:
    """Return the step to go on with: the first that is not finished from where one was, else the first of all.

    Example:
        >>> states = [("a", StepState.WORKS), ("b", StepState.MEND), ("c", StepState.WORKS), ("d", StepState.NOT_SET)]
        >>> next_step(states), next_step(states, "c"), next_step(states[:1]), next_step(states[:1], "a")
        ('b', 'd', '', '')
    """
    keys = [key for key, _ in states]
    begin = keys.index(after) if after in keys else 0
    turned = [*states[begin:], *states[:begin]]
    return next((key for key, state in turned if state not in FINISHED), "")


def is_connected(looks: Mapping[str, Look]) -> bool:
    """Say whether the marketplace has answered us, which is what everything else hangs on.

    Example:
        >>> is_connected({}), is_connected({"marketplace": Look(is_set=True, problems=0)})
        (False, True)
    """
    return state_of(("marketplace",), looks) is LookState.WORKS
