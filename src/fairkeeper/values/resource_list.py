"""The dated list of official resources that findings, errors and pages point to.

Data, kept apart from the lookup so that correcting an address changes no code. An address is given only where it was
seen in a document or is a well-known page of Microsoft Learn; otherwise it is None and `find_by` says where to look.
No address here was opened by Fairkeeper, and none is fetched while it runs.

To add one: key (lower case, hyphens; `learn-` for Microsoft Learn, `blog-` for the Marketplace blog), title as
Microsoft writes it, address or None, what it explains, where to look if the address fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

DATED_ON: Final = date(2026, 11, 22)
"""When the list as a whole was last gone through."""

_OFFERS: Final = "https://learn.microsoft.com/partner-center/marketplace-offers/"
_PARTNER_CENTER: Final = "https://learn.microsoft.com/partner-center/"
_ENTRA: Final = "https://learn.microsoft.com/entra/"
_BLOG: Final = "https://techcommunity.microsoft.com/blog/marketplace-blog/"
_IN_LEARN: Final = "Search Microsoft Learn for the title, section Partner Center."
_IN_ENTRA: Final = "Search Microsoft Learn for the title, section Microsoft Entra."
_IN_BLOG: Final = "Search the Marketplace blog on techcommunity.microsoft.com for the title."


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One official page, tool or programme.

    Args:
        key: Stable name that rules cite.
        title: As Microsoft writes it.
        address: Where it is, None if that is not known.
        explains: What one learns there.
        find_by: Where to look when there is no address or it has moved.
        dated_on: When title and address were last compared with their source.
    """

    key: str
    title: str
    address: str | None
    explains: str
    find_by: str
    dated_on: date = DATED_ON


def _learn(key: str, title: str, page: str, explains: str) -> Resource:
    return Resource(key=f"learn-{key}", title=title, address=_OFFERS + page, explains=explains, find_by=_IN_LEARN)


def _partner_center(key: str, title: str, page: str, explains: str) -> Resource:
    return Resource(
        key=f"learn-{key}", title=title, address=_PARTNER_CENTER + page, explains=explains, find_by=_IN_LEARN
    )


def _entra(key: str, title: str, page: str, explains: str) -> Resource:
    return Resource(key=f"learn-{key}", title=title, address=_ENTRA + page, explains=explains, find_by=_IN_ENTRA)


def _blog(key: str, title: str, page: str | None, explains: str) -> Resource:
    address = None if page is None else _BLOG + page
    return Resource(key=f"blog-{key}", title=title, address=address, explains=explains, find_by=_IN_BLOG)


def _unknown(key: str, title: str, find_by: str, explains: str) -> Resource:
    return Resource(key=key, title=title, address=None, explains=explains, find_by=find_by)


_PROGRAMMES: Final = (
    _unknown(
        "marketplace-playbook",
        "Marketplace Playbook",
        "Address unknown: look under the Marketplace resources of partner.microsoft.com, or ask App Advisor for it.",
        "The whole way of selling on Microsoft Marketplace, from the account to growth.",
    ),
    Resource(
        key="saas-accelerator",
        title="Commercial Marketplace SaaS Accelerator",
        address="https://github.com/Azure/Commercial-Marketplace-SaaS-Accelerator",
        explains="A reference implementation of landing page, webhook and metering for SaaS offers.",
        find_by="Search GitHub, organization Azure.",
    ),
    Resource(
        key="mastering-the-marketplace",
        title="Mastering the Marketplace",
        address="https://microsoft.github.io/Mastering-the-Marketplace/",
        explains="Videos and labs on accounts, offers, private offers, SaaS integration, payout and reports.",
        find_by="Search GitHub, organization microsoft.",
    ),
    Resource(
        key="app-advisor",
        title="App Advisor",
        address="https://www.microsoft.com/en-us/software-development-companies/app-advisor/",
        explains="Step-by-step guidance through building, publishing and selling an app on Marketplace.",
        find_by="Search microsoft.com for App Advisor, software development companies.",
    ),
    _unknown(
        "partner-center-ai-assistant",
        "Partner Center AI Assistant",
        "Address unknown: sign in to Partner Center and open the assistant or the help pane there.",
        "Answers about one's own Partner Center account, and the way to a support ticket.",
    ),
    Resource(
        key="isv-success",
        title="ISV Success",
        address="https://aka.ms/ISVSuccess",
        explains="Benefits for software companies: credits, technical advice, Marketplace Rewards.",
        find_by="Search partner.microsoft.com for ISV Success.",
    ),
    _blog(
        "quick-start-toolkit",
        "Accelerate your AI or agent build to sell on Marketplace with the Quick-Start Development Toolkit",
        "accelerate-your-ai-or-agent-build-to-sell-on-marketplace-with-quick-start-develo/4519029",
        "Templates to build an AI app or agent that can be sold on Marketplace.",
    ),
    _unknown(
        "ai-envisioning-day",
        "AI Envisioning Day",
        "Address unknown: search Microsoft's events for AI Envisioning Day, or ask App Advisor for it.",
        "A day of events on designing, building and selling AI solutions.",
    ),
)

_BLOG_POSTS: Final = (
    _blog(
        "flexible-billing",
        "Unlock bigger deals with flexible billing and five-year terms in Microsoft Marketplace",
        "unlock-bigger-deals-with-flexible-billing-and-five-year-terms-in-microsoft-marke/4464587",
        "What a flexible schedule allows, with an example.",
    ),
    _blog(
        "reporting",
        "Unlocking the power of Partner Center reporting: Why these insights matter for Marketplace success",
        None,
        "Which Partner Center reports answer which question.",
    ),
    _blog(
        "reporting-video",
        "Tracking transaction to payout in Partner Center reports",
        None,
        "A video that follows one transaction through orders, usage, revenue, earnings and payments.",
    ),
    _blog(
        "account-structure",
        "Microsoft Partner Center account structure: Best practices for long-term success",
        None,
        "Tenants, global and location accounts, publishers, identifiers, and how orphan accounts come about.",
    ),
    _blog(
        "guardrails",
        "Designing AI guardrails for apps and agents in Marketplace",
        "designing-ai-guardrails-for-apps-and-agents-in-marketplace/4507324",
        "Which boundaries an agent needs, in design and while it runs.",
    ),
    _blog(
        "securing-agents",
        "Securing AI apps and agents on Microsoft Marketplace",
        None,
        "Identity, data boundaries, runtime protection and incidents of AI apps and agents.",
    ),
    Resource(
        key="blog-governing-agents",
        title="Governing AI apps and agents for Marketplace",
        address="https://techcommunity.microsoft.com/t5/marketplace-blog/governing-ai-apps-and-agents-for-marketplace/ba-p/4508952",
        explains="Policy, enforcement and evidence, lanes of approval, and who answers for what.",
        find_by=_IN_BLOG,
    ),
    Resource(
        key="blog-quality-evaluation",
        title="Quality and evaluation framework for successful AI apps and agents in Microsoft Marketplace",
        address="https://techcommunity.microsoft.com/t5/marketplace-blog/quality-and-evaluation-framework-for-successful-ai-apps-and/ba-p/4509363",
        explains="How quality of an AI app is defined, measured before release and watched afterwards.",
        find_by=_IN_BLOG,
    ),
    _blog(
        "tenant-linking",
        "Design tenant linking to scale selling on Microsoft Marketplace",
        None,
        "Trust and consent between the publisher's and the customer's tenant (post 4512082).",
    ),
)

_COMMERCE: Final = (
    _learn(
        "fulfillment-apis",
        "SaaS fulfillment APIs in Microsoft Marketplace",
        "pc-saas-fulfillment-apis",
        "Which flows a SaaS publisher has to implement.",
    ),
    _learn(
        "subscription-api",
        "SaaS fulfillment Subscription APIs v2",
        "pc-saas-fulfillment-subscription-api",
        "Resolve, activate, list, get, change and cancel subscriptions.",
    ),
    _learn(
        "operations-api",
        "SaaS fulfillment Operations APIs v2",
        "pc-saas-fulfillment-operations-api",
        "List, get and answer operations on a subscription.",
    ),
    _learn(
        "webhook",
        "Implementing a webhook on the SaaS service",
        "pc-saas-fulfillment-webhook",
        "Which events arrive, how to check and acknowledge them, and how often they are repeated.",
    ),
    _learn(
        "life-cycle",
        "Managing the SaaS subscription life cycle",
        "pc-saas-fulfillment-life-cycle",
        "The statuses of a subscription and what each of them asks of the publisher.",
    ),
    _learn(
        "saas-registration",
        "Register a SaaS application",
        "pc-saas-registration",
        "The app registration that calls the fulfillment APIs, and its tokens.",
    ),
    _learn(
        "landing-page",
        "Build the landing page for your transactable SaaS offer",
        "azure-ad-transactable-saas-landing-page",
        "Sign-in, purchase token and activation on the landing page.",
    ),
    _learn(
        "entra-saas-offers",
        "Microsoft Entra ID and transactable SaaS offers",
        "azure-ad-saas",
        "Who signs in with what, from purchase to administration.",
    ),
    _learn(
        "plan-saas-offer",
        "Plan a SaaS offer",
        "plan-saas-offer",
        "Pricing models, plans, terms and technical requirements of SaaS offers.",
    ),
    _learn(
        "metering-api",
        "Marketplace metered billing APIs",
        "marketplace-metering-service-apis",
        "How usage is reported, what is accepted and what each answer means.",
    ),
    _learn(
        "metering-faq",
        "Marketplace metered billing APIs FAQ",
        "marketplace-metering-service-apis-faq",
        "Deadlines, duplicates, corrections and cancelled subscriptions in metering.",
    ),
    _learn(
        "metering-authentication",
        "Marketplace metering service authentication strategies",
        "marketplace-metering-service-authentication",
        "Which identity may report usage.",
    ),
    _learn(
        "metered-billing",
        "Metered billing for SaaS",
        "saas-metered-billing",
        "Dimensions, included quantities and overage.",
    ),
    _learn(
        "flexible-billing",
        "Flexible billing schedule",
        "flexible-billing-schedule",
        "Installments of a private offer: how many, for which plans, with which dates (also aka.ms/flexbill-docs).",
    ),
    _learn(
        "private-offers",
        "ISV to customer private offers",
        "isv-customer",
        "Creating, accepting and buying a private offer, and who may do so.",
    ),
    _learn(
        "private-offers-faq",
        "ISV to customer private offers FAQ",
        "isv-customer-faq",
        "Common questions on private offers.",
    ),
    _learn(
        "private-offers-api",
        "Private offers submission API overview",
        "private-offers-api",
        "Creating and reading private offers by program.",
    ),
    _learn(
        "multiparty-private-offers",
        "Multiparty private offers overview",
        "multiparty-private-offers-overview",
        "Deals with a channel partner: countries, adjustment, responsibilities.",
    ),
    Resource(
        key="private-offer-pre-check",
        title="Private offer pre-check",
        address="https://aka.ms/poprecheck",
        explains="Where a customer finds its billing account id and sees whether it can accept a private offer.",
        find_by=_IN_LEARN,
    ),
    _learn(
        "agency-fee-discount",
        "Agency fee discount for renewals",
        "agency-fee-discount-for-renewals",
        "Which renewals pay half of the agency fee, and that it is attested while the private offer is created.",
    ),
    _learn(
        "transaction-capabilities",
        "Commercial marketplace transaction capabilities and considerations",
        "marketplace-commercial-transaction-capabilities-and-considerations",
        "Agency fee, billing models and invoicing by offer type.",
    ),
    _learn(
        "availability-currencies",
        "Geographic availability and currency support",
        "marketplace-geo-availability-currencies",
        "Countries and currencies offers are sold in.",
    ),
    _learn(
        "price-changes",
        "Changing prices of active offers",
        "price-changes",
        "When a new price takes effect and for whom.",
    ),
    _learn(
        "payout",
        "Payout policy details",
        "payout-policy-details",
        "When money is paid out, thresholds, holds and losses.",
    ),
    Resource(
        key="learn-certification-policies",
        title="Commercial marketplace certification policies",
        address="https://learn.microsoft.com/legal/marketplace/certification-policies",
        explains="What an offer must fulfil to be published and to stay published.",
        find_by="Search Microsoft Learn for the title, section Legal.",
    ),
    Resource(
        key="commercial-marketplace-openapi",
        title="Commercial Marketplace OpenAPI definitions",
        address="https://github.com/microsoft/commercial-marketplace-openapi",
        explains="The fulfillment and metering APIs as OpenAPI documents.",
        find_by="Search GitHub, organization microsoft.",
    ),
)

_IDENTITY: Final = (
    _entra(
        "access-tokens",
        "Access tokens in the Microsoft identity platform",
        "identity-platform/access-tokens",
        "How a token is validated: signature, issuer, audience, tenant, times.",
    ),
    _entra(
        "claims-validation",
        "Secure applications and APIs by validating claims",
        "identity-platform/claims-validation",
        "Which claims decide about tenant, subject and actor, and in which order to check them.",
    ),
    _entra(
        "auth-code-flow",
        "OAuth 2.0 authorization code flow",
        "identity-platform/v2-oauth2-auth-code-flow",
        "Sign-in with a code and PKCE.",
    ),
    _entra(
        "client-credentials",
        "OAuth 2.0 client credentials flow",
        "identity-platform/v2-oauth2-client-creds-grant-flow",
        "Tokens for a program without a person.",
    ),
    _entra(
        "admin-consent",
        "Grant tenant-wide admin consent to an application",
        "identity/enterprise-apps/grant-admin-consent",
        "How an administrator consents for the whole tenant, and how that is reviewed.",
    ),
    _entra(
        "permissions-consent",
        "Overview of permissions and consent",
        "identity-platform/permissions-consent-overview",
        "Delegated and application permissions, user and administrator consent.",
    ),
    _entra(
        "publisher-verification",
        "Publisher verification",
        "identity-platform/publisher-verification-overview",
        "What a verified publisher is and why customers' tenants ask for it.",
    ),
    _entra(
        "consent-policies",
        "Manage app consent policies",
        "identity/enterprise-apps/manage-app-consent-policies",
        "Which permissions users may approve under each policy, also under the one that Microsoft manages.",
    ),
    _entra(
        "consent-types",
        "Consent types developer guidance",
        "identity-platform/consent-types-developer",
        "Static, dynamic and administrator consent, and what `.default` asks for.",
    ),
    _entra(
        "admin-consent-endpoint",
        "Admin consent on the Microsoft identity platform",
        "identity-platform/v2-admin-consent",
        "The administrator's consent address, its answer, and why the answer proves nothing.",
    ),
    _entra(
        "review-permissions",
        "Review permissions granted to enterprise applications",
        "identity/enterprise-apps/manage-application-permissions",
        "How an administrator sees and revokes what an application was granted.",
    ),
    _entra(
        "entra-error-codes",
        "Microsoft Entra authentication and authorization error codes",
        "identity-platform/reference-error-codes",
        "What the AADSTS numbers mean.",
    ),
    _entra(
        "agent-authorization",
        "Authorization in Microsoft Entra Agent ID",
        "agent-id/identity-professional/authorization-agent-id",
        "What agents may be granted, and which permissions and roles are blocked for them.",
    ),
    _entra(
        "agent-blueprint",
        "Agent identity blueprints in Microsoft Entra Agent ID",
        "agent-id/agent-blueprint",
        "What a blueprint, its principal and an agent identity are, and where the credentials belong.",
    ),
    _entra(
        "agent-inheritance",
        "Inheritable permissions in Microsoft Entra Agent ID",
        "agent-id/concept-inheritable-permissions",
        "Which permissions of a blueprint reach every identity of it, and that they show in tokens alone.",
    ),
    Resource(
        key="graph-permissions",
        title="Microsoft Graph permissions reference",
        address="https://learn.microsoft.com/graph/permissions-reference",
        explains="Every permission of Microsoft Graph with its ids and who can approve it.",
        find_by="Search Microsoft Learn for the title, section Microsoft Graph.",
    ),
    Resource(
        key="managed-application-notifications",
        title="Azure managed applications with notifications",
        address="https://learn.microsoft.com/azure/azure-resource-manager/managed-applications/publish-notifications",
        explains="Which events a publisher is told of, with which body, and how the address is kept secret.",
        find_by="Search Microsoft Learn for the title, section Azure Resource Manager.",
    ),
    Resource(
        key="managed-application-access",
        title="Approve just-in-time access for Azure managed applications",
        address="https://learn.microsoft.com/azure/azure-resource-manager/managed-applications/approve-just-in-time-access",
        explains="How a customer allows a publisher a role for some hours, and what the publisher holds otherwise.",
        find_by="Search Microsoft Learn for the title, section Azure Resource Manager.",
    ),
)

_ACCOUNT: Final = (
    _partner_center(
        "partner-center",
        "Partner Center documentation",
        "",
        "Accounts, users, roles, verification, identifiers, payout and tax profiles.",
    ),
    Resource(
        key="aspx-docs",
        title="AI Business Solutions & Security Insights: documentation",
        address="https://aka.ms/ASPXDocs",
        explains="Data, refresh and visibility of the AI Business Solutions & Security Insights.",
        find_by=_IN_LEARN,
    ),
    Resource(
        key="aspx-playbook",
        title="AI Business Solutions & Security Insights: playbook",
        address="https://aka.ms/ASPXPlaybook",
        explains="What to do with the insights in conversations with customers.",
        find_by="Search partner.microsoft.com for ASPX playbook.",
    ),
    _partner_center(
        "aspx-api",
        "Partner API for AI Business Solutions & Security Insights: contact types",
        "insights/contact-types-api",
        "Access, base address, limits and errors of the insights API, on each of its pages.",
    ),
)

RESOURCE_LIST: Final[tuple[Resource, ...]] = (*_PROGRAMMES, *_BLOG_POSTS, *_COMMERCE, *_IDENTITY, *_ACCOUNT)
"""Every official resource, by subject."""
