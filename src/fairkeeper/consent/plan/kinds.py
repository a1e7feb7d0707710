"""The kinds of findings that checking a consent plan can give, each declared once with its remedy and its page."""

from __future__ import annotations

from typing import Final

from fairkeeper.values.findings import FindingKind, Level, finding_kinds


def _declare(  # noqa: PLR0913 - what a kind of finding consists of
    what: str, *, title: str, remedy: str, resource: str, example: str, level: Level = Level.ERROR
) -> FindingKind:
    return finding_kinds.declare(
        FindingKind(code=f"consent.{what}", level=level, title=title, remedy=remedy, resource=resource, example=example)
    )


PLAN_UNREADABLE: Final = _declare(
    "plan_unreadable",
    title="The plan's file cannot be read",
    remedy="Write it as one YAML or JSON mapping under consent_plan; examples/consent/clean.yaml shows one.",
    resource="learn-consent-types",
    example="a file that ends in the middle of a list",
)
PLAN_MALFORMED: Final = _declare(
    "plan_malformed",
    title="A value of the plan is missing, misspelt or of the wrong kind",
    remedy="Correct the value that the path names; the reference of consent plans lists every key.",
    resource="learn-consent-types",
    example="acts: sometimes",
)
ACTIVATION_NEEDS_ADMIN: Final = _declare(
    "activation_needs_administrator",
    title="Activation asks for more than sign-in, so that a plain user cannot finish it",
    remedy="Ask for openid, profile, email and User.Read at activation, and for the rest afterwards, by feature.",
    resource="learn-landing-page",
    example="a feature of the landing registration that asks for User.Read.All",
)
TOO_BROAD: Final = _declare(
    "permission_too_broad",
    title="A narrower permission allows everything that the feature does",
    remedy="Ask for the narrower permission, or name the call that needs the wider one.",
    resource="graph-permissions",
    example="Mail.ReadWrite for a feature that only makes GET /me/messages",
)
UNNEEDED: Final = _declare(
    "permission_unneeded",
    title="A permission is asked for or registered that no feature needs",
    remedy="Take it out of the plan and of the app registration, or name the feature and the call that needs it.",
    resource="learn-permissions-consent",
    example="a registration that lists Calendars.Read, and no feature that reads a calendar",
)
DEFAULT_LEAKS: Final = _declare(
    "default_leaks_tier",
    title="A registration carries permissions of another tier, which .default would grant along",
    remedy="Register one application for each tier, and list in each only what belongs there.",
    resource="learn-consent-types",
    example="the registration for delegated work that also lists the application permission Sites.Selected",
)
REASON_MISSING: Final = _declare(
    "reason_missing",
    title="A permission is asked for without a reason in plain words",
    remedy="Write for the customer's administrator why the feature needs it, in one sentence.",
    resource="learn-permissions-consent",
    example="- {name: Files.Read, kind: delegated}",
)
USER_CANNOT_APPROVE: Final = _declare(
    "user_cannot_approve",
    title="Users are meant to approve what the policy of new tenants lets only administrators approve",
    remedy="Plan it as administrator consent with a link to send, or ask for a permission that users may approve.",
    resource="learn-consent-policies",
    example="consent: user, for Mail.Read",
)
BLOCKED_FOR_AGENTS: Final = _declare(
    "blocked_for_agents",
    title="An agent asks for a permission that Microsoft blocks for agents",
    remedy="Give the agent a narrower permission, or let a registration that is no agent do this part.",
    resource="learn-agent-authorization",
    example="acts: as_agent, with User.ReadWrite.All",
)
AGENT_UNFIT: Final = _declare(
    "agent_unfit",
    title="An agent and its blueprint do not fit together",
    remedy="Let what works as an agent use a registration of tier agent, and nothing else; an agent offer needs one.",
    resource="learn-agent-blueprint",
    example="acts: as_agent, through a registration of tier operational_application",
)
AGENT_UNREACHABLE: Final = _declare(
    "agent_unreachable",
    title="A blueprint of one tenant cannot come into a customer's",
    remedy="Register the blueprint for several tenants: audience: multi_tenant. Nobody signs in to one personally.",
    resource="learn-agent-blueprint",
    example="tier: agent, audience: single_tenant",
)
AGENT_INHERITS: Final = _declare(
    "agent_inherits_too_much",
    title="Every identity of a blueprint would inherit a permission that an administrator cannot see on it",
    remedy="Grant application permissions to each agent identity by itself; inherited ones show in tokens alone.",
    resource="learn-agent-inheritance",
    example="tier: agent, inheritable: [Mail.Read], with Mail.Read as application permission",
    level=Level.WARNING,
)
AGENT_SECRET: Final = _declare(
    "agent_secret",
    title="A blueprint proves itself with a secret, which opens every agent identity of it",
    remedy="Use a managed identity as federated credential of the blueprint, or a certificate.",
    resource="learn-agent-blueprint",
    example="tier: agent, credential: secret",
    level=Level.WARNING,
)
USER_CONSENT_TOO_LITTLE: Final = _declare(
    "user_consent_too_little",
    title="A feature that works alone, as an agent or across people has only a user's consent",
    remedy="Ask the customer's administrator: one person cannot agree for others, nor for work that nobody starts.",
    resource="learn-admin-consent",
    example="acts: across_people, consent: user",
)
IDENTITY_OWNER: Final = _declare(
    "identity_owner_mismatch",
    title="The owner of the identity does not fit the offer type",
    remedy="SaaS: publisher. Container and virtual machine: customer. Managed application and agent: shared.",
    resource="blog-tenant-linking",
    example="type: container, identity_owner: publisher",
)
ACCESS_UNFIT: Final = _declare(
    "access_unfit",
    title="The offer type has no such access to a customer's subscription",
    remedy="Managed application: standing_access or just_in_time_access, with the principal. Container and virtual "
    "machine: own_identity, without one. SaaS and agent: none.",
    resource="blog-tenant-linking",
    example="type: container, access with way: standing_access",
)
STANDING_TOO_BROAD: Final = _declare(
    "standing_access_too_broad",
    title="A standing role can give itself every other role",
    remedy="Hold Reader or Contributor all the time, and ask for more just in time.",
    resource="managed-application-access",
    example="way: standing_access, roles: [Owner]",
    level=Level.WARNING,
)
REGISTRATION_SHARED: Final = _declare(
    "registration_shared",
    title="One app registration is used by several publisher accounts",
    remedy="Register an application for each publisher account; certification refuses a shared one.",
    resource="learn-saas-registration",
    example="accounts: [fairmile, fairmile-labs]",
)
DESCRIPTION_SILENT: Final = _declare(
    "description_silent",
    title="The offer's description does not say that an administrator has to consent",
    remedy="Say in the offer's description that an administrator of the customer has to approve, and for what.",
    resource="learn-life-cycle",
    example="an offer whose features need administrator consent, and a description without the word administrator",
)
PERMISSION_UNKNOWN: Final = _declare(
    "permission_unknown",
    title="A permission is not in the catalogue, so nothing can be said about it",
    remedy="Check the spelling in Microsoft's reference; if it is newer than the catalogue, explain it yourself.",
    resource="graph-permissions",
    example="Mails.Read",
)
UNREGISTERED: Final = _declare(
    "permission_unregistered",
    title="An application permission is not listed on its registration, so it can never be granted",
    remedy="List it on the app registration: application permissions are granted through .default alone.",
    resource="learn-consent-types",
    example="a feature with the application permission Sites.Selected, whose registration lists none",
)
