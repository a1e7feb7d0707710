"""The storefront over HTTP: routes, forms and redirects; content comes from `views`, decisions from the market."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fairkeeper.errors import ErrorKind, FairkeeperError, NotFoundError
from fairkeeper.sandbox.control import Controls
from fairkeeper.sandbox.fulfillment.wire import parse_seats
from fairkeeper.sandbox.marketplace.buyers import as_party, company_of, find_person
from fairkeeper.sandbox.marketplace.errors import CatalogError, NotAllowedError, QuantityError, RequestError
from fairkeeper.sandbox.marketplace.faults import Forgery
from fairkeeper.sandbox.marketplace.operations import Source, Wanted
from fairkeeper.sandbox.marketplace.purchases import Order
from fairkeeper.sandbox.marketplace.subscriptions import Status, Subscription
from fairkeeper.sandbox.storefront import views, wording
from fairkeeper.sandbox.storefront.private_offer_views import SHADES
from fairkeeper.sandbox.webhooks.deliveries import DeliveryStatus

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STATUS_OF_KIND = {ErrorKind.INVALID: 422, ErrorKind.NOT_FOUND: 404, ErrorKind.CONFLICT: 409, ErrorKind.DENIED: 403}
_TITLES = {
    ErrorKind.NOT_FOUND: "There is no such page here",
    ErrorKind.CONFLICT: "That does not fit the present state",
    ErrorKind.DENIED: "That is not allowed",
}

Form = dict[str, str]


class Pages:
    """Renders pages and carries out forms.

    Args:
        controls: What can be controlled.
    """

    def __init__(self, controls: Controls) -> None:
        self.controls = controls
        self._templates = _environment()

    def render(self, template: str, page: Any, status: int = 200) -> Response:
        """Return a page as HTML."""
        clock = self.controls.clock
        frame = views.Frame(
            now=clock.now(),
            clock_words=wording.ahead(clock.offset),
            has_landing_page=self.controls.publisher.addresses.landing_url is not None,
        )
        text = self._templates.get_template(template).render(page=page, frame=frame)
        return HTMLResponse(text, status_code=status, headers=SECURITY_HEADERS)

    def trouble(self, error: FairkeeperError) -> Response:
        """Return the page that says what was refused and what to do."""
        title = _TITLES.get(error.kind, "That was refused")
        page = views.TroublePage(title=title, message=error.message, remedy=error.remedy)
        return self.render("trouble.html", page, _STATUS_OF_KIND.get(error.kind, 500))

    # --------------------------------------------------------------------------------------------------------- reading

    def offers(self, _request: Request, _form: Form) -> Response:
        """Show the front page."""
        return self.render("offers.html", views.offers_page(self.controls))

    def buy_form(self, request: Request, _form: Form) -> Response:
        """Show the purchase form; a link from a private offer has it and a buyer chosen already."""
        chosen = {name: request.query_params.get(name, "") for name in ("private_offer_id", "purchaser")}
        return self.render("buy.html", views.buy_page(self.controls, request.path_params["plan_id"], chosen))

    def company(self, request: Request, _form: Form) -> Response:
        """Show a company's subscriptions."""
        page = views.company_page(self.controls, request.path_params["tenant_id"])
        if page is None:
            raise NotFoundError("There is no such company in the sandbox.", remedy="Choose one on the front page.")
        return self.render("company.html", page)

    def subscription(self, request: Request, _form: Form) -> Response:
        """Show one subscription."""
        page = views.subscription_page(
            self.controls,
            request.path_params["subscription_id"],
            acting_tenant_id=request.query_params.get("as"),
            is_new="new" in request.query_params,
        )
        return self.render("subscription.html", page)

    # ---------------------------------------------------------------------------------------------------------- buying

    def buy(self, request: Request, form: Form) -> Response:
        """Buy, then show the purchase with its Configure button; a refused form keeps what was typed."""
        plan_id = request.path_params["plan_id"]
        try:
            subscription = self.controls.market.purchase(self._order(plan_id, form))
        except (CatalogError, QuantityError, RequestError) as error:
            page = views.buy_page(self.controls, plan_id, form, f"{error.message} {error.remedy}")
            return self.render("buy.html", page, 422)
        return RedirectResponse(f"/subscriptions/{subscription.id}?new=1", status_code=303)

    def _order(self, plan_id: str, form: Form) -> Order:
        directory = self.controls.directory
        purchaser = find_person(directory, form.get("purchaser", ""))
        beneficiary = find_person(directory, form.get("beneficiary") or form.get("purchaser", ""))
        activation = {"yes": True, "no": False}.get(form.get("auto_activation", ""))
        return Order(
            plan_id=plan_id,
            purchaser=as_party(purchaser),
            beneficiary=as_party(beneficiary),
            company=company_of(directory, beneficiary),
            name=form.get("name", "").strip()[:200] or None,
            quantity=_seats(form),
            auto_activation=activation,
            is_reseller_purchase=form.get("reseller") == "yes",
            is_free_trial=form.get("free_trial") == "yes",
            private_offer_id=form.get("private_offer_id") or None,
        )

    # -------------------------------------------------------------------------------------------------------- managing

    def configure(self, request: Request, _form: Form) -> Response:
        """Send the buyer to the publisher's landing page with a new token."""
        publisher, market = self.controls.publisher, self.controls.market
        publisher.landing_link("")
        token = market.mint_landing_token(request.path_params["subscription_id"])
        return RedirectResponse(publisher.landing_link(token), status_code=303)

    def manage(self, request: Request, form: Form) -> Response:
        """Carry out what the customer (or reseller) chose."""
        market = self.controls.market
        subscription = market.subscription(request.path_params["subscription_id"])
        acting = form.get("as", "")
        if subscription.is_reseller_purchase and acting != subscription.purchaser.tenant_id:
            raise NotAllowedError("A reseller bought this subscription, so its customer may only read it.")
        self._manage(subscription, request.path_params["verb"], form)
        return RedirectResponse(f"/subscriptions/{subscription.id}?as={quote(acting)}", status_code=303)

    def _manage(self, subscription: Subscription, verb: str, form: Form) -> None:
        market = self.controls.market
        if verb == "change-plan":
            wanted = Wanted(plan_id=form.get("plan_id", ""))
            market.request_change(subscription.id, wanted, source=Source.AZURE)
        elif verb == "change-quantity":
            market.request_change(subscription.id, Wanted(quantity=_seats(form) or 0), source=Source.AZURE)
        elif verb == "auto-renew":
            market.set_auto_renewal(subscription.id, is_on=form.get("is_on") == "yes")
        elif verb == "cancel":
            market.cancel(subscription.id)
        else:
            raise NotFoundError(f"A subscription has no {verb!r}.")


def _seats(form: Form) -> int | None:
    try:
        return parse_seats(form.get("quantity", "").strip())
    except ValueError as error:
        raise QuantityError(f"{form['quantity']!r} is no whole number of seats.") from error


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        instant=wording.instant,
        price=wording.price,
        customer_price=wording.customer_price,
        amount=wording.amount,
        counted=wording.counted,
        day=wording.day,
    )
    environment.globals.update(
        status_words=wording.STATUS_WORDS,
        lapse_words=wording.LAPSE_WORDS,
        money=wording.money,
        Status=Status,
        DeliveryStatus=DeliveryStatus,
        forgeries=tuple(Forgery),
        quirk_words=wording.QUIRK_WORDS,
        offer_shades=SHADES,
    )
    return environment


Page = Callable[[Request, Form], Response]


def guarded(pages: Pages, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a page: reads the form, runs in a thread, turns refusals into a page."""

    async def endpoint(request: Request) -> Response:
        form: Form = {}
        if request.method == "POST":
            async with request.form(max_files=0, max_fields=100) as sent:
                form = {key: value for key, value in sent.items() if isinstance(value, str)}
        try:
            return await run_in_threadpool(page, request, form)
        except FairkeeperError as error:
            return await run_in_threadpool(pages.trouble, error)

    return endpoint


def storefront_app(pages: Pages, operator_routes: list[Route]) -> Starlette:
    """Return the ASGI app to mount at `/`."""

    async def not_found(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        title = "There is no such page here" if status == 404 else "That request was not understood"
        page = views.TroublePage(
            title=title, message=str(getattr(error, "detail", error)), remedy="Go to the storefront."
        )
        return pages.render("trouble.html", page, status)

    one = "/subscriptions/{subscription_id}"
    routes = [
        Route("/", guarded(pages, pages.offers)),
        Route("/buy/{plan_id}", guarded(pages, pages.buy_form), methods=["GET"]),
        Route("/buy/{plan_id}", guarded(pages, pages.buy), methods=["POST"]),
        Route("/companies/{tenant_id}", guarded(pages, pages.company)),
        Route(one, guarded(pages, pages.subscription)),
        Route(f"{one}/configure", guarded(pages, pages.configure), methods=["POST"]),
        Route(f"{one}/{{verb}}", guarded(pages, pages.manage), methods=["POST"]),
        *operator_routes,
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: not_found})
