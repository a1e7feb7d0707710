"""App registrations: one for all offers of a publisher and for no other, and hardened as Microsoft asks.

Source: Microsoft Learn, "Register a SaaS application" (the same application for all offers of an account, none shared
between accounts); "Publisher verification"; "How to configure app instance property lock"; "Configure an application to
trust a managed identity" (no secret needed); redirect addresses are registered exactly, with https.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from fairkeeper.accounts.checks.declaring import Basis, declare
from fairkeeper.accounts.structure.model import AppRegistration, Credential, Structure
from fairkeeper.values.findings import Finding, Level

APP_SHARED: Final = declare(
    "app_shared",
    title="An app registration is not shared between publishers",
    remedy="Register an application for each publisher account; certification refuses one that is shared.",
    resource="learn-saas-registration",
    example="one app_registration in offers of two publishers",
)
APP_DIFFERS: Final = declare(
    "app_differs",
    title="All SaaS offers of a publisher use one app registration",
    remedy="Enter the same application id in Technical configuration of every offer of the publisher.",
    resource="learn-saas-registration",
    example="two offers of one publisher with two app_registration ids",
)
APP_UNKNOWN: Final = declare(
    "app_unknown",
    title="Each offer's app registration is listed",
    remedy="Add it under app_registrations, in a tenant of the company's.",
    resource="learn-saas-registration",
    example="app_registration: an id that the list does not have",
)
APP_NOT_VERIFIED: Final = declare(
    "app_not_verified",
    title="App registrations that customers see are publisher verified",
    remedy="Give the global account's PartnerID in the app's Branding; the publisher domain must be one's own. It is "
    "free and takes minutes.",
    resource="learn-publisher-verification",
    example="is_publisher_verified: false",
    level=Level.WARNING,
)
APP_DOMAIN_UNFIT: Final = declare(
    "app_domain_unfit",
    title="The publisher domain is one of the company's own",
    remedy="Verify a domain of the company's in the tenant and choose it in the app's Branding.",
    resource="learn-publisher-verification",
    example="publisher_domain: fairmile.onmicrosoft.com",
    level=Level.WARNING,
)
APP_NOT_LOCKED: Final = declare(
    "app_not_locked",
    title="App instance property lock is on",
    remedy="Turn it on for all properties, so that nobody in a customer's tenant can add credentials to the app.",
    resource="learn-saas-registration",
    example="is_locked: false",
    level=Level.WARNING,
)
APP_CREDENTIAL_EXPIRES: Final = declare(
    "app_credential_expires",
    title="Credentials do not run out",
    remedy="Add the next one, use it, then remove the old one; a federated credential has nothing that runs out.",
    resource="learn-saas-registration",
    example="credential: secret, credential_expires: next week",
    level=Level.WARNING,
)
APP_REDIRECT_UNSAFE: Final = declare(
    "app_redirect_unsafe",
    title="Redirect addresses are exact and https",
    remedy="Register each address whole, with https and without a wildcard.",
    resource="learn-auth-code-flow",
    example='redirect_addresses: ["http://app.fairmile.example/signed-in"]',
)


def check_sharing(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the two
    """Find app registrations of two publishers, publishers of two app registrations, and unlisted ones."""
    publishers: dict[str, list[str]] = {}
    for path, publisher, offer in structure.offers():
        if offer.app_registration is None:
            continue
        app_id = offer.app_registration.lower()
        known = publishers.setdefault(app_id, [])
        if publisher.id not in known:
            known.append(publisher.id)
        if structure.app(app_id) is None:
            message = f"The app registration {offer.app_registration} of {offer.id} is not listed."
            yield APP_UNKNOWN.found(message, path=f"{path}/app_registration", subject=offer.id)
    for app_id, named in publishers.items():
        if len(named) > 1:
            message = f"The app registration {app_id} is used by {', '.join(named)}."
            yield APP_SHARED.found(message, path=_app_path(structure, app_id), subject=app_id)
    for number, publisher in enumerate(structure.publishers):
        used = sorted({o.app_registration.lower() for o in publisher.offers if o.app_registration and o.kind == "saas"})
        if len(used) > 1:
            message = f"The offers of {publisher.id} use {len(used)} app registrations: {', '.join(used)}."
            yield APP_DIFFERS.found(message, path=f"publishers/{number}", subject=publisher.id)


def check_hardening(structure: Structure, basis: Basis) -> Iterator[Finding]:
    """Find app registrations that customers cannot trust yet, or that stop working soon."""
    own = {domain.lower() for tenant in structure.tenants for domain in tenant.domains}
    for number, app in enumerate(structure.app_registrations):
        path, named = f"app_registrations/{number}", app.name or app.id
        if app.is_multitenant and not app.is_publisher_verified:
            message = f"Customers see {named} as unverified."
            yield APP_NOT_VERIFIED.found(message, path=f"{path}/is_publisher_verified", subject=app.id)
        domain = app.publisher_domain.lower()
        if app.is_multitenant and domain and (domain.endswith(".onmicrosoft.com") or (own and domain not in own)):
            message = f"The publisher domain of {named} is {app.publisher_domain}."
            yield APP_DOMAIN_UNFIT.found(message, path=f"{path}/publisher_domain", subject=app.id)
        if app.is_multitenant and not app.is_locked:
            message = f"The properties of {named} can be changed in a customer's tenant."
            yield APP_NOT_LOCKED.found(message, path=f"{path}/is_locked", subject=app.id)
        yield from _credential(app, path, basis)
        unsafe = [each for each in app.redirect_addresses if not _is_safe(each)]
        if unsafe:
            message = f"{named} may redirect to {unsafe[0][:120]}."
            yield APP_REDIRECT_UNSAFE.found(message, path=f"{path}/redirect_addresses", subject=app.id)


def _credential(app: AppRegistration, path: str, basis: Basis) -> Iterator[Finding]:
    ends = app.credential_expires
    if ends is None or app.credential is Credential.FEDERATED or ends > basis.as_of + timedelta(days=basis.ahead_days):
        return
    is_over = ends < basis.as_of
    message = f"The {app.credential.value} of {app.name or app.id} {'ran' if is_over else 'runs'} out on {ends}."
    yield APP_CREDENTIAL_EXPIRES.found(
        message, level=Level.ERROR if is_over else None, path=f"{path}/credential_expires", subject=app.id
    )


def _is_safe(address: str) -> bool:
    return address.startswith("https://") and "*" not in address and "#" not in address


def _app_path(structure: Structure, app_id: str) -> str | None:
    for number, app in enumerate(structure.app_registrations):
        if app.id.lower() == app_id:
            return f"app_registrations/{number}"
    return None
