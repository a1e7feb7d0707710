"""The settings: people, API tokens, keys, provisioning, change rules, and the values to copy into Partner Center."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Check, Fact, Finding, Identifier, Link, Logo, Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage(Page):
    """What every page of the settings has: the tabs, a sentence, and what needs a person."""

    tabs: Sequence[Tab]
    sentence: str
    needs: Sequence[Finding] = ()

    @property
    def title(self) -> str:
        """The room's name with the tab's."""
        here = next((tab.label for tab in self.tabs if tab.is_here), "")
        return f"Settings: {here}" if here else "Settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person who may sign in."""

    name: str
    email: str
    roles: Sequence[str]
    state: StateWord
    last_seen_at: datetime | None
    change_roles: Link | None = None
    remove: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """An invitation: who, with which roles, until when."""

    name: str
    email: str
    roles: Sequence[str]
    state: StateWord
    expires_at: datetime
    withdraw: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage(SettingsPage):
    """Who may sign in, with which roles; and the forms that invite or add one, for those who may.

    Args:
        link: An invitation's address, shown once, on the page that answers it.
        mailed: What became of the mail with it; empty where none was sent.
    """

    template: ClassVar[str] = "pages/settings/people.html"
    people: Listing[PersonRow]
    add: Form | None
    invite: Form | None = None
    invitations: Sequence[InvitationRow] = ()
    invitation_exports: Sequence[Link] = ()
    link: str = ""
    mailed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """An API token: its id and name, never its secret."""

    token: Identifier
    name: str
    roles: Sequence[str]
    state: StateWord
    expires_at: datetime | None
    last_used_at: datetime | None
    revoke: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage(SettingsPage):
    """API tokens; `secret` is shown once, on the page that answers its creation."""

    template: ClassVar[str] = "pages/settings/tokens.html"
    tokens: Listing[TokenRow]
    create: Form | None
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingRow:
    """A message that may be sent, with its subject, and whose words it is in."""

    message: Link
    subject: str
    whose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRulePage(SettingsPage):
    """When messages leave, and how each is worded; the rule as facts for those who may not change it."""

    template: ClassVar[str] = "pages/settings/messages.html"
    form: Form | None
    facts: Sequence[Fact]
    wordings: Listing[WordingRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingPage(SettingsPage):
    """How one message is worded, and how it reads with made-up values."""

    template: ClassVar[str] = "pages/settings/wording.html"
    form: Form | None
    preview_subject: str
    preview: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """What is said of the landing page for everything, an offer or a plan."""

    level: Link
    product_name: str
    links: str
    fields: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingLooksPage(SettingsPage):
    """How the landing page looks: the logo, and what is said on each level.

    Args:
        logo: The picture, if there is one.
        set_logo, add: None for those who may not change it.
    """

    template: ClassVar[str] = "pages/settings/landing.html"
    looks: Listing[LookRow]
    logo: Logo | None
    set_logo: Form | None
    add: Form | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingLookPage(SettingsPage):
    """What is said of the landing page on one level; without a form for those who only read.

    Args:
        facts: What is said, for those who may not change it.
    """

    template: ClassVar[str] = "pages/settings/landing_level.html"
    form: Form | None
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """A connection and how it stands.

    Args:
        told: What has to be mended, or what no look can show.
        settings: What connects it.
    """

    name: str
    purpose: str
    state: StateWord
    told: str
    settings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsPage(SettingsPage):
    """Every connection with its state, a look now, and the way to the guide that connects a real publisher.

    Args:
        check: Looks now; None for those who may not ask.
        is_under_way: Whether a look is under way, so that the page looks again by itself.
    """

    template: ClassVar[str] = "pages/settings/connections.html"
    looked_at: datetime | None
    is_under_way: bool
    check: Form | None
    connections: Listing[ConnectionRow]
    guide: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKeyRow:
    """A key of ours: what it is for, where it comes from, since when; never the key."""

    purpose: str
    key: Identifier
    source: str
    state: StateWord
    since_at: datetime | None
    rotate: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherRow:
    """A witness whose cosignatures count."""

    name: str
    key: Identifier
    state: StateWord
    seen_at: datetime | None
    remove: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage(SettingsPage):
    """The keys that sign and encrypt, and their rotation; and the witnesses that watch the log."""

    template: ClassVar[str] = "pages/settings/keys.html"
    keys: Sequence[SecretKeyRow]
    witnesses: Sequence[WatcherRow] = ()
    add: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningPage(SettingsPage):
    """How the publisher's own code is called, and whether it answers."""

    template: ClassVar[str] = "pages/settings/provisioning.html"
    facts: Sequence[Fact]
    checks: Sequence[Check] = ()
    form: Form | None = None
    try_out: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRuleRow:
    """One limit of the rule that answers a plan or seat change within 10 seconds."""

    applies_to: str
    rule: str
    answer: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRulesPage(SettingsPage):
    """What is answered when a customer changes plan or seats: each limit of the one rule, and what holds otherwise."""

    template: ClassVar[str] = "pages/settings/change_rules.html"
    rules: Sequence[ChangeRuleRow]
    otherwise: str
    form: Form | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCenterPage(SettingsPage):
    """The values that Partner Center's technical configuration asks for, to copy, and whether they work."""

    template: ClassVar[str] = "pages/settings/partner_center.html"
    values: Sequence[Fact]
    checks: Sequence[Check] = ()
