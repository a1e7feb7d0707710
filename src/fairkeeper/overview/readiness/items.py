"""What a Marketplace review asks of an offer, and how each item stands by what this system knows; pure.

Source: Microsoft Learn, "Plan a SaaS offer", "Build the landing page for your transactable SaaS offer", "Microsoft
Entra ID and transactable SaaS offers" (sign-in with Entra, no consent that needs an administrator at activation, no `#`
in the address), "Implementing a webhook on the SaaS service" (calls are proved before they are believed); commercial
marketplace certification policies 1000.3 (sign-in) and 1000.6 (landing page), which were read in pages that cite them
and not themselves. That an evaluation is older than a year is a warning of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from fairkeeper.accounts.structure.model import ALL_MARKETS, Life, Offer, Publisher, Structure
from fairkeeper.overview.ports import OwnAddresses
from fairkeeper.values.findings import Finding, Level

_BASIC: Final = frozenset({"openid", "profile", "email", "offline_access", "user.read"})
_EVALUATED_WITHIN: Final = timedelta(days=365)
_DISCLOSES: Final = ("admin",)


class Mark(StrEnum):
    """How an item stands."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Not stated, or not probed yet; a reviewer would ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a review asks.

    Args:
        key: Its stable name.
        asks: The question, as a heading.
        told: What is the case.
        remedy: What to do about it; empty where it passed.
        resource: Key of the official page.
        proof: What it rests on: the structure's statement, a probe with its time, an entry of the log.
    """

    key: str
    group: str
    asks: str
    mark: Mark
    told: str
    remedy: str
    resource: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The last probe of an address."""

    address: str
    is_fine: bool
    told: str
    probed_at: datetime
    entry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentKnown:
    """What the consent plan in force says of an offer.

    Args:
        activation: What the registrations for the landing page ask for.
        features: How many features of the offer ask for something; None where the plan does not name the offer.
        wrong: What is wrong with the plan by its own rules.
    """

    version: int
    activation: Sequence[str]
    features: int | None
    wrong: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What this system knows of an offer.

    Args:
        findings: What is wrong with the structure now.
        stated: How the structure is named as proof: when it was stated.
        lost_steps: Steps of the account's verification that were lost and not won back.
        probes: The last probes by target (`landing`, `webhook`).
        consent: The consent plan in force; None before one is applied.
    """

    structure: Structure
    publisher: Publisher
    offer: Offer
    findings: Sequence[Finding]
    stated: str
    lost_steps: Sequence[str]
    probes: Mapping[str, Probe]
    own: OwnAddresses
    today: date
    consent: ConsentKnown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """An item that is still to be judged."""

    key: str
    group: str
    asks: str
    remedy: str
    resource: str

    def stands(self, mark: Mark, told: str, proof: str) -> Item:
        """Return it as it stands."""
        return Item(
            key=self.key,
            group=self.group,
            asks=self.asks,
            mark=mark,
            told=told,
            remedy="" if mark is Mark.PASSED else self.remedy,
            resource=self.resource,
            proof=proof,
        )


def review(known: Known) -> Sequence[Item]:
    """Return every item, in the order a reviewer goes through them."""
    judges: tuple[Callable[[Known], Iterator[Item]], ...] = (_account, _identity, _addresses, _listing, _trust)
    return tuple(item for judge in judges for item in judge(known))


def is_ready(items: Sequence[Item]) -> bool:
    """Say whether every item passed."""
    return all(item.mark is Mark.PASSED for item in items)


def _account(known: Known) -> Iterator[Item]:
    verified = _Asked(
        key="account_verified",
        group="Account",
        asks="The publisher's account is verified",
        remedy="Have the verification accepted first; nothing is published before.",
        resource="learn-partner-center",
    )
    if known.lost_steps:
        told = f"Lost and not won back: {', '.join(known.lost_steps)}."
        yield verified.stands(Mark.FAILED, told, "the verification's incidents")
    else:
        yield _by_findings(
            verified, known, {"publisher_not_verified"}, f"Partner Center says {known.publisher.verification}."
        )
    owners = _Asked(
        key="administrators",
        group="Account",
        asks="One person leaving locks nobody out",
        remedy="Name a second Global admin, Account admin and Owner.",
        resource="blog-account-structure",
    )
    codes = {"few_global_admins", "few_account_admins", "few_owners", "nobody_for_payout", "person_left"}
    yield _by_findings(owners, known, codes, "Two people at least hold each of the roles.", everywhere=True)
    profiles = _Asked(
        key="profiles",
        group="Account",
        asks="Tax and payment profiles are active",
        remedy="Assign both in Payout and tax.",
        resource="learn-partner-center",
    )
    codes = {"profile_missing", "payout_before_tax", "payout_elsewhere", "profile_expires"}
    yield _by_findings(profiles, known, codes, "Both are active.")


def _identity(known: Known) -> Iterator[Item]:
    registration = _Asked(
        key="app_registration",
        group="Identity",
        asks="The offer has an app registration that only this publisher uses",
        remedy="Enter one application id in Technical configuration of all offers of the publisher, and of no other.",
        resource="learn-saas-registration",
    )
    app = known.structure.app(known.offer.app_registration)
    if known.offer.app_registration is None:
        yield registration.stands(Mark.UNKNOWN, "No app registration is stated.", known.stated)
    else:
        shared = [
            f
            for f in known.findings
            if f.code in {"accounts.app_shared", "accounts.app_unknown"}
            and f.subject in {known.offer.id, known.offer.app_registration.lower()}
        ]
        differs = [f for f in known.findings if f.code == "accounts.app_differs" and f.subject == known.publisher.id]
        wrong = [*shared, *differs]
        told = (
            wrong[0].message if wrong else f"{app.name or app.id if app else ''} is used by {known.publisher.id} alone."
        )
        yield registration.stands(Mark.FAILED if wrong else Mark.PASSED, told, known.stated)
    trusted = _Asked(
        key="publisher_verified",
        group="Identity",
        asks="Customers see a verified publisher when they are asked for consent",
        remedy="Set publisher domain and PartnerID in the app's Branding, and lock its properties.",
        resource="learn-publisher-verification",
    )
    if app is None:
        yield trusted.stands(Mark.UNKNOWN, "The app registration is not listed.", known.stated)
    else:
        codes = {
            "app_not_verified",
            "app_domain_unfit",
            "app_not_locked",
            "app_redirect_unsafe",
            "app_credential_expires",
        }
        found = [f for f in known.findings if f.code.partition(".")[2] in codes and f.subject == app.id]
        told = found[0].message if found else "Verified, locked, with exact redirect addresses."
        yield trusted.stands(Mark.FAILED if found else Mark.PASSED, told, known.stated)
    yield _consent(known)
    if known.consent is not None:
        yield _consent_plan(known.consent)


def _consent(known: Known) -> Item:
    asked = _Asked(
        key="activation_consent",
        group="Identity",
        asks="Activation asks for nothing that needs an administrator",
        remedy="Ask for sign-in alone (openid, profile, User.Read) and for the rest later, when it is needed.",
        resource="learn-entra-saas-offers",
    )
    permissions, proof = known.offer.sign_in_permissions, known.stated
    if known.consent is not None and known.consent.activation:
        permissions, proof = list(known.consent.activation), f"consent plan, version {known.consent.version}"
    if not permissions:
        return asked.stands(Mark.UNKNOWN, "What the landing page asks for is not stated.", known.stated)
    beyond = [each for each in permissions if each.lower() not in _BASIC]
    told = f"Beyond sign-in: {', '.join(beyond)}." if beyond else f"Asks for {', '.join(permissions)}."
    return asked.stands(Mark.FAILED if beyond else Mark.PASSED, told, proof)


def _consent_plan(consent: ConsentKnown) -> Item:
    asked = _Asked(
        key="consent_plan",
        group="Identity",
        asks="Everything that is asked of customers later stands in a plan that holds",
        remedy="Mend the consent plan, or say in it what this offer asks for, and apply it.",
        resource="learn-permissions-consent",
    )
    proof = f"consent plan, version {consent.version}"
    if consent.features is None:
        return asked.stands(Mark.UNKNOWN, "The plan does not name this offer.", proof)
    if consent.wrong:
        return asked.stands(Mark.FAILED, consent.wrong[0], proof)
    return asked.stands(Mark.PASSED, f"The offer's features in it: {consent.features}.", proof)


def _addresses(known: Known) -> Iterator[Item]:
    landing = _Asked(
        key="landing_page",
        group="Technical configuration",
        asks="The landing page answers and leads to the sign-in of Microsoft Entra",
        remedy="Open the address that Partner Center has and mend what the probe says; it must be up around the clock.",
        resource="learn-landing-page",
    )
    yield _probed(landing, known.probes.get("landing"))
    webhook = _Asked(
        key="webhook",
        group="Technical configuration",
        asks="The webhook answers and believes no call without a token",
        remedy="Enter this installation's webhook in Technical configuration, and mend what the probe says.",
        resource="learn-webhook",
    )
    yield _probed(webhook, known.probes.get("webhook"))
    fits = _Asked(
        key="addresses",
        group="Technical configuration",
        asks="Both addresses are ones that Partner Center takes",
        remedy="Use https, without # and without secrets in the address.",
        resource="learn-plan-saas-offer",
    )
    addresses = [known.offer.landing_page or known.own.landing_page, known.offer.webhook or known.own.webhook]
    bad = [each for each in addresses if "#" in each or not (each.startswith("https://") or _is_own_machine(each))]
    told = f"{bad[0]} is refused." if bad else " and ".join(addresses)
    yield fits.stands(Mark.FAILED if bad else Mark.PASSED, told, known.stated)


def _listing(known: Known) -> Iterator[Item]:
    offer = known.offer
    plans = _Asked(
        key="plans",
        group="Listing",
        asks="The offer has plans that can be bought somewhere",
        remedy="Give each plan its markets and its description.",
        resource="learn-plan-saas-offer",
    )
    open_plans = [plan for plan in offer.plans if plan.life is not Life.RETIRED]
    lacking = [
        plan.id for plan in open_plans if not plan.description or not (plan.markets == ALL_MARKETS or plan.markets)
    ]
    if not open_plans:
        yield plans.stands(Mark.FAILED, "There is no plan.", known.stated)
    elif lacking:
        yield plans.stands(Mark.FAILED, f"Without a description or a market: {', '.join(lacking)}.", known.stated)
    else:
        yield plans.stands(Mark.PASSED, f"{len(open_plans)} plans, each with a description and markets.", known.stated)
    texts = _Asked(
        key="texts",
        group="Listing",
        asks="Name, summary and description are there and fit",
        remedy="Write what is missing, within the listing's lengths.",
        resource="learn-plan-saas-offer",
    )
    missing = [key for key in ("name", "summary", "description") if not getattr(offer, key)]
    long = [f.message for f in known.findings if f.code == "accounts.text_too_long" and f.subject == offer.id]
    told = f"Missing: {', '.join(missing)}." if missing else (long[0] if long else "All three are there.")
    yield texts.stands(Mark.FAILED if missing or long else Mark.PASSED, told, known.stated)
    yield _disclosure(known)
    links = _Asked(
        key="links",
        group="Listing",
        asks="Support, privacy and terms are linked",
        remedy="Give each an https address.",
        resource="learn-plan-saas-offer",
    )
    named = {"support": offer.support_link, "privacy": offer.privacy_link, "terms": offer.terms_link}
    wrong = [name for name, address in named.items() if not address.startswith("https://")]
    told = f"Not an https address: {', '.join(wrong)}." if wrong else "All three are linked."
    yield links.stands(Mark.FAILED if wrong else Mark.PASSED, told, known.stated)


def _disclosure(known: Known) -> Item:
    asked = _Asked(
        key="admin_disclosure",
        group="Listing",
        asks="The description says whether an administrator has to consent",
        remedy="Say in the offer's description which feature needs an administrator's consent, and why.",
        resource="learn-life-cycle",
    )
    if known.offer.needs_admin is None:
        return asked.stands(Mark.UNKNOWN, "Whether a feature needs an administrator is not stated.", known.stated)
    if not known.offer.needs_admin:
        return asked.stands(Mark.PASSED, "Nothing needs an administrator.", known.stated)
    says = any(word in known.offer.description.lower() for word in _DISCLOSES)
    told = (
        "The description speaks of it." if says else "A feature needs an administrator and the description is silent."
    )
    return asked.stands(Mark.PASSED if says else Mark.FAILED, told, known.stated)


def _trust(known: Known) -> Iterator[Item]:
    offer = known.offer
    use = _Asked(
        key="intended_use",
        group="Trust",
        asks="The intended use is stated",
        remedy="State what it is for and not for, and where customers read that.",
        resource="blog-governing-agents",
    )
    yield use.stands(
        Mark.PASSED if offer.intended_use else Mark.UNKNOWN, offer.intended_use or "Not stated.", known.stated
    )
    evaluation = _Asked(
        key="evaluation",
        group="Trust",
        asks="A recent evaluation stands behind the intended use",
        remedy="Evaluate the release that is sold, and say where the result stands.",
        resource="blog-quality-evaluation",
    )
    if not offer.evaluation or offer.evaluated_on is None:
        yield evaluation.stands(Mark.UNKNOWN, "No evaluation is stated.", known.stated)
    else:
        is_old = known.today - offer.evaluated_on > _EVALUATED_WITHIN
        told = f"{offer.evaluation}, of {offer.evaluated_on}{', more than a year old' if is_old else ''}."
        yield evaluation.stands(Mark.FAILED if is_old else Mark.PASSED, told, known.stated)
    account = _Asked(
        key="test_account",
        group="Trust",
        asks="The reviewer has an account to test with",
        remedy="Prepare an account that is no administrator's, and name it in the notes for certification.",
        resource="learn-plan-saas-offer",
    )
    yield account.stands(
        Mark.PASSED if offer.test_account else Mark.UNKNOWN, offer.test_account or "None is named.", known.stated
    )


def _by_findings(asked: _Asked, known: Known, codes: set[str], fine: str, *, everywhere: bool = False) -> Item:
    found = [
        finding
        for finding in known.findings
        if finding.code.partition(".")[2] in codes
        and (everywhere or finding.subject == known.publisher.id)
        and finding.level in {Level.ERROR, Level.WARNING}
    ]
    if everywhere:
        others = {publisher.id for publisher in known.structure.publishers} - {known.publisher.id}
        found = [finding for finding in found if finding.subject not in others]
    return asked.stands(Mark.FAILED if found else Mark.PASSED, found[0].message if found else fine, known.stated)


def _probed(asked: _Asked, probe: Probe | None) -> Item:
    if probe is None:
        return asked.stands(Mark.UNKNOWN, "It was not probed yet.", "no probe")
    proof = f"probe of {probe.probed_at:%Y-%m-%d %H:%M} UTC, {probe.entry_id}"
    return asked.stands(Mark.PASSED if probe.is_fine else Mark.FAILED, f"{probe.address}: {probe.told}", proof)


def _is_own_machine(address: str) -> bool:
    """Say whether it is an address of this machine, as in a sandbox; Partner Center takes https alone."""
    return address.startswith(("http://127.0.0.1", "http://localhost"))
