"""What the console is handed of an installation, and what its pages say of the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fairkeeper.api.webhook import WEBHOOK_PATH
from fairkeeper.bootstrap.installation import Installation
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.bootstrap.wiring.opportunities import make_desk, make_sample
from fairkeeper.values.ids import TenantId
from fairkeeper.web.door import LANDING_PATH
from fairkeeper.web.pages.base import Environment
from fairkeeper.web.parts import Fact, Identifier, Link
from fairkeeper.web.serving.console import ConsoleParts, House

_NOT_SET: Final = "not set yet"


def console_parts(installation: Installation, *, only_rooms: frozenset[str] = frozenset()) -> ConsoleParts:
    """Return what the console is made of."""
    return ConsoleParts(
        runner=installation.runner,
        secrets=installation.secrets,
        exporter=installation.exporter,
        fulfillment=installation.fulfillment,
        validator=installation.validator,
        sign_in=installation.sign_in,
        library=installation.library,
        desk=make_desk(installation.settings, installation.runner),
        sample=make_sample(installation.settings, installation.clock),
        consent=installation.consent,
        mailer=installation.mailer,
        house=replace(_house(installation.settings), only_rooms=only_rooms),
    )


def _house(settings: Settings) -> House:
    app_id = settings.sign_in_app_id or settings.fulfillment_app_id
    sandbox = settings.sandbox_url
    return House(
        publisher=settings.publisher_name,
        address=settings.address,
        environment=_environment(settings),
        support=Link(label="Ask for help", href=settings.support_url) if settings.support_url else None,
        tenant_id=TenantId(settings.entra_tenant_id.lower()) if settings.entra_tenant_id else None,
        sign_in_app_id=app_id.lower() if app_id else None,
        storefront=Link(label="Buy something in the sandbox", href=sandbox) if sandbox else None,
        technical=_technical(settings),
        provisioning=_provisioning(settings),
    )


def _environment(settings: Settings) -> Environment:
    if settings.is_observing:
        return Environment.OBSERVING
    return Environment.SANDBOX if settings.sandbox_url else Environment.LIVE


def _technical(settings: Settings) -> tuple[Fact, ...]:
    """Return what Partner Center's technical configuration asks for.

    Source: Microsoft Learn, "Add technical details for a SaaS offer", read 2026-11-22.
    """

    def guid(label: str, value: str | None, note: str) -> Fact:
        shown = Identifier(text=value, names=label.lower(), is_whole=True) if value else _NOT_SET
        return Fact(label=label, value=shown, note=note)

    def address(label: str, path: str, note: str) -> Fact:
        whole = Identifier(text=f"{settings.address}{path}", names=label.lower(), is_whole=True)
        return Fact(label=label, value=whole, note=note)

    return (
        address("Landing page URL", LANDING_PATH, "Buyers come here with a token that is good for 24 hours."),
        address("Connection webhook", WEBHOOK_PATH, "Microsoft tells here what happens to a subscription."),
        guid(
            "Microsoft Entra tenant ID",
            settings.entra_tenant_id,
            "The tenant whose tokens our calls and Microsoft’s webhooks carry (FAIRKEEPER_ENTRA_TENANT_ID).",
        ),
        guid(
            "Microsoft Entra application ID",
            settings.fulfillment_app_id,
            "The single-tenant service application (FAIRKEEPER_FULFILLMENT_APP_ID).",
        ),
    )


def _provisioning(settings: Settings) -> tuple[Fact, ...]:
    if settings.provisioning_entry_point is not None:
        return (
            Fact(label="Called by", value="a Python function of yours", note="FAIRKEEPER_PROVISIONING_ENTRY_POINT"),
            Fact(label="Function", value=settings.provisioning_entry_point),
        )
    if settings.provisioning_url is not None:
        return (
            Fact(label="Called by", value="a signed webhook (Standard Webhooks)", note="FAIRKEEPER_PROVISIONING_URL"),
            Fact(label="Address", value=Identifier(text=settings.provisioning_url, names="address", is_whole=True)),
            Fact(label="Secret", value="set" if settings.provisioning_secret else "made here and kept sealed"),
        )
    return (
        Fact(
            label="Called by",
            value="nothing: every purchase counts as set up at once",
            note="Set FAIRKEEPER_PROVISIONING_URL or FAIRKEEPER_PROVISIONING_ENTRY_POINT to have your code called.",
        ),
    )
