"""The whole pretend Microsoft as one ASGI app: storefront, fulfillment and ingestion APIs, Entra and control API.

Separate from its parts, which know nothing of each other; here they are wired.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fairkeeper.sandbox.azure.api import AzureApi
from fairkeeper.sandbox.azure.store import Cloud
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.control import Controls, control_app
from fairkeeper.sandbox.crm.app import crm_app
from fairkeeper.sandbox.directory import Directory, default_directory
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.sandbox.fulfillment.api import FulfillmentApi, fulfillment_app
from fairkeeper.sandbox.ingestion.accounts import default_accounts, register_partner
from fairkeeper.sandbox.ingestion.api import ROOT, IngestionApi, ingestion_app
from fairkeeper.sandbox.ingestion.desk import PrivateOfferDesk
from fairkeeper.sandbox.ingestion.products import products_of
from fairkeeper.sandbox.logs.api import LogsApi, logs_app
from fairkeeper.sandbox.marketplace.catalog import Plan
from fairkeeper.sandbox.marketplace.errors import SubscriptionNotFoundError
from fairkeeper.sandbox.marketplace.faults import Faults, FaultSwitchboard
from fairkeeper.sandbox.marketplace.ledger import Ledger
from fairkeeper.sandbox.marketplace.market import Market
from fairkeeper.sandbox.marketplace.seeding import catalog_for, technical_configuration
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.sandbox.marketplace.subscriptions import Status
from fairkeeper.sandbox.metering.api import MeteringApi
from fairkeeper.sandbox.metering.intake import MeteredResource, MeteringService
from fairkeeper.sandbox.reports.asking import Desk as ReportDesk
from fairkeeper.sandbox.reports.serving import ReportsApi, reports_app
from fairkeeper.sandbox.storefront.operator_pages import OperatorPages
from fairkeeper.sandbox.storefront.pages import Pages, storefront_app
from fairkeeper.sandbox.storefront.private_offer_pages import PrivateOfferPages
from fairkeeper.sandbox.webhooks.courier import Courier
from fairkeeper.sandbox.webhooks.publisher import Publisher, PublisherAddresses
from fairkeeper.sandbox.webhooks.signing import PublisherEndpoint


def create_sandbox(config: SandboxConfig) -> Starlette:
    """Return the pretend Microsoft; it starts to send webhooks with the app's lifespan."""
    storage = Storage(config.data_dir)
    _restore_clock(config, storage)
    directory = default_directory()
    register_partner(directory)
    entra = _entra(config, directory, storage)
    configuration = technical_configuration(directory)
    publisher = Publisher(PublisherAddresses(landing_url=config.landing_url, webhook_url=config.webhook_url), storage)
    faults = _faults(config, storage)
    destination = PublisherEndpoint(authority=entra, configuration=configuration, publisher=publisher)
    courier = Courier(
        settings=config.courier, clock=config.clock, faults=faults, storage=storage, destination=destination
    )
    market = Market(
        catalog=catalog_for(directory),
        ledger=Ledger(storage),
        clock=config.clock,
        faults=faults,
        send=lambda notices: courier.enqueue(
            [each for each in notices if each.subscription.publisher_id == configuration.publisher_id]
        ),
        cancellation_takes=timedelta(seconds=config.cancellation_seconds),
    )
    api = FulfillmentApi(
        market=market,
        faults=faults,
        authority=entra,
        configuration=configuration,
        clock=config.clock,
        api_url=f"{config.base_url}/api",
    )
    accounts = default_accounts(directory)
    desk = PrivateOfferDesk(
        accounts=accounts,
        products=products_of(market.catalog),
        market=market,
        clock=config.clock,
        storage=storage,
    )
    ingestion = IngestionApi(
        desk=desk,
        authority=entra,
        faults=faults,
        base_url=config.base_url,
        api_url=f"{config.base_url}/ingestion{ROOT}",
    )
    metering = MeteringService(_metered(market, configuration.publisher_id), config.clock, storage)
    controls = Controls(
        market=market,
        private_offers=desk,
        courier=courier,
        faults=faults,
        publisher=publisher,
        directory=directory,
        clock=config.clock,
        storage=storage,
        metering=metering,
    )
    reports = ReportsApi(
        desk=ReportDesk(clock=config.clock),
        accounts=accounts,
        authority=entra,
        faults=faults,
        base_url=config.base_url,
    )
    apis = [
        Mount("/api", fulfillment_app(api, _usage(metering, faults, api))),
        Mount("/ingestion", ingestion_app(ingestion)),
        Mount("/reports", reports_app(reports)),
        Mount("/crm", crm_app()),
        Mount("/logs", logs_app(LogsApi(verify=entra.verify_app_token, faults=faults))),
        Mount("/entra", entra),
        _azure(config, entra),
    ]
    app = _assembled(config, controls, apis)
    app.state.controls, app.state.reports, app.state.entra = controls, reports, entra
    return app


def _usage(metering: MeteringService, faults: FaultSwitchboard, api: FulfillmentApi) -> list[Route]:
    """Return the metering service's routes, which stand beside the fulfillment API's."""
    return MeteringApi(service=metering, faults=faults, check_caller=api.check_caller).routes()


def _azure(config: SandboxConfig, entra: PretendEntra) -> Mount:
    """Return the pretend Azure, in which nothing is deployed yet."""
    return Mount("/azure", routes=AzureApi(cloud=Cloud(), entra=entra, clock=config.clock).routes())


def _metered(market: Market, publisher_id: str) -> Callable[[str], MeteredResource | None]:
    """Return how the metering service looks a resource up; every managed application with a proper URI exists."""

    def find(resource: str) -> MeteredResource | None:
        if resource.startswith("/subscriptions/"):
            offers = {offer.id: offer for offer in market.catalog.offers}
            plans = {plan.id: _dimension_ids(plan) for offer in offers.values() for plan in offer.plans}
            return MeteredResource(offer_id="managed", plans=plans, is_active=True)
        try:
            subscription = market.subscription(resource)
        except SubscriptionNotFoundError:
            return None
        offer = market.catalog.offer_of_plan(subscription.plan_id, subscription.offer_id)
        is_over = subscription.status is Status.UNSUBSCRIBED
        return MeteredResource(
            offer_id=subscription.offer_id,
            plans={plan.id: _dimension_ids(plan) for plan in offer.plans},
            is_active=subscription.status is Status.SUBSCRIBED,
            is_own=subscription.publisher_id == publisher_id,
            ended_at=subscription.modified_at if is_over else None,
            session_mode="DryRun" if subscription.is_dry_run else "None",
        )

    return find


def _dimension_ids(plan: Plan) -> frozenset[str]:
    return frozenset(dimension.id for dimension in plan.dimensions)


def _assembled(config: SandboxConfig, controls: Controls, apis: list[Mount]) -> Starlette:
    pages = Pages(controls)
    more_pages = [*OperatorPages(pages).routes(), *PrivateOfferPages(pages).routes()]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        controls.courier.start(controls.market)
        try:
            yield
        finally:
            controls.courier.stop()
            controls.storage.close()

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            *apis,
            Mount("/sandbox", _same_origin(control_app(controls), config.base_url)),
            Mount("/", _same_origin(storefront_app(pages, more_pages), config.base_url)),
        ],
        lifespan=lifespan,
    )


async def healthz(_request: Request) -> JSONResponse:
    """Say that the sandbox is up."""
    return JSONResponse({"status": "ok"})


def _restore_clock(config: SandboxConfig, storage: Storage) -> None:
    for _, offset_seconds in storage.load("clock", float):
        config.clock.set_offset(timedelta(seconds=offset_seconds))


def _faults(config: SandboxConfig, storage: Storage) -> FaultSwitchboard:
    kept = dict(storage.load("faults", dict))
    faults = Faults.model_validate(kept["now"]) if kept else Faults()
    # Chance decides about pretended trouble only; a seed makes a rehearsal repeatable.
    chance = random.Random(config.seed)  # noqa: S311
    return FaultSwitchboard(
        faults, chance, lambda changed: storage.put("faults", [("now", changed.model_dump(mode="json"))])
    )


def _entra(config: SandboxConfig, directory: Directory, storage: Storage) -> PretendEntra:
    kept: dict[str, Any] = dict(storage.load("entra", dict))
    entra = PretendEntra(
        directory,
        config.clock,
        f"{config.base_url}/entra",
        kept.get("state", config.entra_state),
        on_change=lambda: storage.put("entra", [("state", entra.export_state())]),
    )
    if not kept:
        storage.put("entra", [("state", entra.export_state())])
    return entra


def _same_origin(app: ASGIApp, base_url: str) -> ASGIApp:
    """Turn away forms that another site's page sends: the sandbox has no sign-in that could tell them apart."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            request = Request(scope)
            origin = urlsplit(request.headers.get("origin", "")).netloc
            if origin and origin not in {request.headers.get("host"), urlsplit(base_url).netloc}:
                refusal = JSONResponse(
                    {
                        "code": "sandbox.cross_origin",
                        "message": f"A page of {origin} may not change the sandbox.",
                        "remedy": "Use the sandbox's own pages, or call it from a program.",
                    },
                    status_code=403,
                )
                await refusal(scope, receive, send)
                return
        await app(scope, receive, send)

    return guarded
