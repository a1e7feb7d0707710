"""What this room answers: frozen rows for channels to render."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fairkeeper.consent.agents.identities import IdentityState
from fairkeeper.consent.asking.drift import DriftLine
from fairkeeper.consent.catalogue.permissions import Approver, Kind
from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.lifecycle import GrantState, LinkState
from fairkeeper.consent.plan.plan import AccessWay, OfferType


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """One grant.

    Attributes:
        what: The features that it is for.
        lines: Requested, registered, granted and effective, one line for each permission.
        own_fault: What is wrong on the publisher's side.
        can_be_proved_by: `token`, or `sign_in` where only a person's sign-in shows it.
    """

    grant_id: str
    registration: str
    name: str
    app_id: str
    tier: str
    state: GrantState
    since_at: datetime
    note: str | None
    what: tuple[str, ...]
    plan_version: int
    asked_at: datetime
    asked_again: int
    proved_at: datetime | None
    probed_at: datetime | None
    probe_at: datetime | None
    own_fault: str | None
    lines: tuple[DriftLine, ...]
    can_be_proved_by: str
    deployment_id: str | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A question that was asked on a connect page."""

    question_id: int
    text: str
    asked_at: datetime
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """An address of the connect page that was made; the address itself is not kept."""

    connect_id: str
    made_at: datetime
    expires_at: datetime
    opened: int
    opened_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainingApp:
    """An application that may be left in the tenant after the end, or roles on a deployment."""

    app_id: str
    name: str
    gone_at: datetime | None
    is_deployment: bool = False
    is_agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessView:
    """What the plan names as access to a deployment."""

    key: str
    title: str
    way: AccessWay
    roles: tuple[str, ...]
    reason: str
    without: str
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentView:
    """One managed application, container or virtual machine.

    Attributes:
        customer_id: None while nothing has confirmed whose it is.
        tenant_id: As Azure or a proved token says.
        access: What the plan names for it.
        notices: How often something was said of it, and what was last.
    """

    deployment_id: str
    customer_id: str | None
    offer_type: OfferType
    resource_id: str
    state: DeploymentState
    since_at: datetime
    note: str | None
    tenant_id: str | None
    offer_id: str | None
    plan_id: str | None
    usage_id: str | None
    may_elevate: bool
    read_at: datetime | None
    look_at: datetime | None
    access: tuple[AccessView, ...]
    notices: int
    last_notice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCodeView:
    """A claim code that was made; the code itself is not kept."""

    code_id: str
    offer_id: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """One notice about a managed application, as it came."""

    notice_id: int
    deployment_id: str | None
    event: str
    provisioning: str
    trouble: str | None
    received_at: datetime
    deliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """The agent of one blueprint in a tenant.

    Attributes:
        placed_id: None while no sponsor and no identity was named.
        sponsor_id: Object id in the tenant; None where the customer made the identity.
        agent_id: The registered agent whose calls it makes.
        has_agent_user: Whether its identities have a user account beside them.
    """

    registration: str
    name: str
    blueprint_app_id: str
    has_agent_user: bool
    placed_id: str | None = None
    state: IdentityState | None = None
    since_at: datetime | None = None
    note: str | None = None
    identity_id: str | None = None
    sponsor_kind: str | None = None
    sponsor_id: str | None = None
    agent_id: str | None = None
    try_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerConsent:
    """Trust and grants of one customer.

    Attributes:
        link_id: None where there never was a link.
        number: How many links there have been.
        sign_in_looked_for_at, sign_in_missed_at: When our sign-in application was last looked for in the tenant, and
            since when it was not found.
        unasked: Features that the plan needs and nobody has asked for.
        agents: Blueprints that are asked for, with their identities in the tenant.
        codes: Claim codes that were made, the newest first.
        calling: Offers for which a claim code can be made.
    """

    customer_id: str
    slug: str
    name: str
    tenant_id: str
    link_id: str | None
    number: int
    state: LinkState | None
    since_at: datetime | None
    note: str | None
    purchaser_tenant_id: str | None
    sign_in_looked_for_at: datetime | None
    sign_in_missed_at: datetime | None
    plan_version: int | None
    grants: tuple[GrantView, ...]
    unasked: tuple[str, ...]
    questions: tuple[QuestionView, ...]
    pages: tuple[PageView, ...]
    remaining: tuple[RemainingApp, ...]
    deployments: tuple[DeploymentView, ...] = ()
    agents: tuple[AgentView, ...] = ()
    codes: tuple[ClaimCodeView, ...] = ()
    calling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLine:
    """One customer in the list of tenants."""

    customer_id: str
    slug: str
    name: str
    tenant_id: str
    state: LinkState
    since_at: datetime
    grants: tuple[tuple[str, GrantState], ...]
    last_proved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLines:
    """The list of tenants."""

    tenants: tuple[ConsentLine, ...]
    total: int


class NeedKind(StrEnum):
    """What needs somebody."""

    LINK_SUSPECTED = "consent.link_suspected"
    LINK_BROKEN = "consent.link_broken"
    SUSPECTED = "consent.suspected_lost"
    LOST = "consent.lost"
    DRIFTED = "consent.drifted"
    PARTIAL = "consent.partly_granted"
    DECLINED = "consent.declined"
    WAITING = "consent.waiting_long"
    UNASKED = "consent.not_asked"
    UNPROVED = "consent.unproved"
    OWN_FAULT = "consent.own_fault"
    QUESTION = "consent.question_open"
    REMAINS = "consent.remains"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentNeed:
    """Something about a tenant's consent that needs a person; derived from the present state, never stored."""

    kind: NeedKind
    level: str
    customer_id: str
    slug: str
    name: str
    message: str
    remedy: str
    resource: str
    since_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How far tenants came, and why some did not.

    Attributes:
        reasons: What was said when something was declined, newest first.
    """

    links: int
    linked: int
    asked: int
    opened: int
    pending_admin: int
    declined: int
    verified: int
    lost: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPermission:
    """One permission as the customer's people read it.

    Attributes:
        for_administrators, for_users: Sentences that fit its kind; None where nobody explained it, and for users where
            no user decides about it.
    """

    name: str
    kind: Kind
    reason: str
    approver: Approver
    for_administrators: str | None
    for_users: str | None
    narrower: tuple[str, ...]
    can_escalate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFeature:
    """One feature as the customer's people read it."""

    key: str
    title: str
    acts: str
    needs_admin: bool
    is_required: bool
    without: str
    permissions: tuple[AskedPermission, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedApp:
    """One enterprise application, with what is asked for through it.

    Attributes:
        prompt: The exact lines that Microsoft's page will list, permission by permission.
        replaced: What was granted before and would go with a new consent.
        own_features: Keys of the features that a person may allow for themselves.
        own_blocked: What they may not, each with why.
        agent: Where it is a blueprint: its identity in this tenant.
    """

    grant_id: str
    name: str
    app_id: str
    tier: str
    state: GrantState
    note: str | None
    is_publisher_verified: bool
    features: tuple[AskedFeature, ...]
    prompt: tuple[str, ...]
    replaced: tuple[str, ...]
    needs_admin: bool
    own_features: tuple[str, ...] = ()
    own_blocked: tuple[tuple[str, str], ...] = ()
    agent: AgentView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectView:
    """The connect page: what is asked for, and what goes with it."""

    connect_id: str
    customer_name: str
    tenant_id: str
    publisher: str
    sign_in_name: str | None
    sign_in_app_id: str | None
    apps: tuple[AskedApp, ...]
    questions: tuple[QuestionView, ...]
    expires_at: datetime
