"""Pages of trust and consent: the connect page for a customer's people, the tenants' list, one customer's consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Fact, Finding, Identifier, Link, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPermission:
    """The permission part: name, sentence in plain words, reason, who can approve, what would be narrower.

    Args:
        how: `in your name`, or `with nobody signed in`.
        sentence: Empty for one that nobody has explained.
    """

    name: str
    how: str
    sentence: str
    reason: str
    approver: str
    narrower: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFeature:
    """One feature with what it asks for."""

    title: str
    how: str
    without: str
    permissions: Sequence[AskedPermission]
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSteps:
    """What lets an agent into a tenant, step by step, since Microsoft's pages lead back to nobody.

    Args:
        steps: What is to be done, whether it is done, and what it leads to.
        look: The form that says that something was done on Microsoft's page.
    """

    steps: Sequence[tuple[str, StateWord, str]]
    look: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedApp:
    """One enterprise application that appears in the tenant, and the ways to answer.

    Args:
        prompt: What Microsoft's page will list.
        replaced: What would go with a new consent.
        ways: The ways to Microsoft's page.
        decline: The form that says no, with a reason.
        own: What a person may allow for themselves, in a sentence; empty where nothing is open.
        blocked: What they may not, each with why.
        agent: Where it is an agent's blueprint: what has to be done, in order.
    """

    name: str
    app_id: Identifier
    state: StateWord
    sentence: str
    is_verified: bool
    features: Sequence[AskedFeature]
    prompt: Sequence[str]
    replaced: Sequence[str] = ()
    ways: Sequence[Link] = ()
    decline: Form | None = None
    own: str = ""
    blocked: Sequence[tuple[str, str]] = ()
    agent: AgentSteps | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with its answer, if there is one."""

    asked_at: datetime
    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectPage(Page):
    """What is asked of a tenant, for its own people, without signing in and fit to be printed.

    Args:
        notice: What came of an answer a moment ago.
        principals: Every enterprise application that will appear, sign-in first.
        hand_over: The form that says it was passed to the administrator.
        has_agents: Whether an agent is asked for, whose words about seeing and removing differ.
    """

    template: ClassVar[str] = "pages/connect.html"
    customer: str
    publisher: str
    sentence: str
    tenant: Identifier
    apps: Sequence[AskedApp]
    principals: Sequence[Fact]
    until: datetime
    address: str
    ask: Form
    questions: Sequence[Answered] = ()
    hand_over: Form | None = None
    has_agents: bool = False
    script: str = ""
    notice: str = ""
    support: Link | None = None

    @property
    def title(self) -> str:
        """What is asked, and of whom."""
        return f"What {self.publisher} asks of {self.customer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRow:
    """A line of the tenants' list."""

    customer: Link
    state: StateWord
    grants: Sequence[tuple[str, StateWord]]
    proved_at: datetime | None
    tenant: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentsPage(Page):
    """All tenants with trust and grants, what needs a person, and how far they came."""

    template: ClassVar[str] = "pages/consents.html"
    sentence: str
    needs: Sequence[Finding]
    tenants: Listing[TenantRow]
    funnel: Sequence[Fact]
    reasons: Sequence[str] = ()
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The room's name."""
        return "Consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    """One permission in its four places."""

    name: str
    requested: bool
    registered: bool
    granted: bool
    effective: bool
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCard:
    """One grant: where it stands, since when, and its permissions side by side."""

    name: str
    state: StateWord
    sentence: str
    facts: Sequence[Fact]
    places: Sequence[PlaceRow]
    ways: Sequence[Link] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentCard:
    """One managed application, container or virtual machine of a customer's, and the access that it gives."""

    name: str
    state: StateWord
    sentence: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """One agent of the plan in a customer's tenant: its identity there, and the way to place it."""

    name: str
    state: StateWord
    sentence: str
    facts: Sequence[Fact]
    place: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRow:
    """A line of the deployments' list."""

    name: str
    resource: Identifier
    kind: str
    state: StateWord
    note: str
    offer: str
    proved_at: datetime | None
    customer: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentsPage(Page):
    """All managed applications, containers and virtual machines."""

    template: ClassVar[str] = "pages/deployments.html"
    sentence: str
    deployments: Listing[DeploymentRow]
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The list's name."""
        return "Deployments"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A line of the notices that were received of managed applications."""

    event: str
    received_at: datetime
    deliveries: int
    about: Link | None
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationNoticesPage(Page):
    """What Azure, or whoever knows the address, said of managed applications; none of it was believed."""

    template: ClassVar[str] = "pages/application_notices.html"
    sentence: str
    notices: Listing[NoticeRow]
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The list's name."""
        return "Notices of managed applications"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage(Page):
    """Trust and grants of one customer, for staff or for the customer's own people.

    Args:
        made: The address of a connect page that was made a moment ago; shown once.
        remaining: What only the customer can remove, after the end.
        script: What its administrator runs to remove it.
        deployments: What runs in the customer's own subscriptions.
        agents: The agents of the plan, each with its identity in the tenant.
        codes: Claim codes that were made, without the code.
        code: The form that makes one.
        made_code: A claim code that was made a moment ago; shown once.
    """

    template: ClassVar[str] = "pages/consent.html"
    name: str
    state: StateWord
    sentence: str
    facts: Sequence[Fact]
    grants: Sequence[GrantCard]
    needs: Sequence[Finding] = ()
    forms: Sequence[Form] = ()
    questions: Sequence[Question] = ()
    made: Identifier | None = None
    open_questions: Sequence[Fact] = ()
    pages: Sequence[Fact] = ()
    remaining: Sequence[Fact] = ()
    script: str = ""
    deployments: Sequence[DeploymentCard] = ()
    agents: Sequence[AgentCard] = ()
    codes: Sequence[Fact] = ()
    code: Form | None = None
    made_code: Identifier | None = None
    timeline: Timeline | None = None

    @property
    def title(self) -> str:
        """Whose consent."""
        return f"Consent of {self.name}"
