"""The page "What Microsoft does": payments that fail, clocks that move, faults, and the webhooks with their answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fairkeeper.errors import NotFoundError
from fairkeeper.sandbox.marketplace.errors import RequestError
from fairkeeper.sandbox.marketplace.faults import Faults
from fairkeeper.sandbox.storefront import views
from fairkeeper.sandbox.storefront.pages import Form, Pages, guarded
from fairkeeper.sandbox.webhooks.publisher import PublisherAddresses

_SWITCHES = ("revert_notices",)


class OperatorPages:
    """Carries out what the operator chooses.

    Args:
        pages: The storefront's renderer and controls.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._controls = pages.controls

    def routes(self) -> list[Route]:
        """Return the operator's routes."""
        pages = self._pages
        return [
            Route("/operator", guarded(pages, self.show)),
            Route("/operator/clock", guarded(pages, self.move_clock), methods=["POST"]),
            Route("/operator/faults", guarded(pages, self.set_faults), methods=["POST"]),
            Route("/operator/publisher", guarded(pages, self.set_publisher), methods=["POST"]),
            Route("/operator/subscriptions/{subscription_id}/{verb}", guarded(pages, self.happen), methods=["POST"]),
        ]

    def show(self, _request: Request, _form: Form) -> Response:
        """Show the page."""
        return self._pages.render("operator.html", views.operator_page(self._controls))

    def move_clock(self, _request: Request, form: Form) -> Response:
        """Move the clock ahead by days and hours."""
        try:
            by = timedelta(days=float(form.get("days") or 0), hours=float(form.get("hours") or 0))
        except (ValueError, OverflowError) as error:
            raise RequestError("Days and hours are plain numbers.") from error
        self._controls.move_clock(by)
        return _back("clock")

    def set_faults(self, _request: Request, form: Form) -> Response:
        """Replace the switches by those of the form; empty fields are off."""
        given: dict[str, Any] = {
            key: value for key, value in form.items() if value != "" and not key.startswith("quirk.")
        }
        given.update({key: form.get(key) == "yes" for key in _SWITCHES})
        if "fail_status" in given:
            given["fail_status"] = int(given["fail_status"]) if given["fail_status"].isdigit() else 0
        given["quirks"] = [key.removeprefix("quirk.") for key in form if key.startswith("quirk.")]
        try:
            faults = Faults.model_validate(given)
        except ValidationError as error:
            raise RequestError(_sentence(error)) from error
        self._controls.faults.set(faults)
        self._controls.courier.wake()
        return _back("faults")

    def set_publisher(self, _request: Request, form: Form) -> Response:
        """Tell where the publisher is reached."""
        given = {key: form.get(key, "").strip() or None for key in ("landing_url", "webhook_url")}
        try:
            addresses = PublisherAddresses.model_validate(given)
        except ValidationError as error:
            raise RequestError(_sentence(error)) from error
        self._controls.publisher.set(addresses)
        self._controls.courier.wake()
        return _back("publisher")

    def happen(self, request: Request, _form: Form) -> Response:
        """Let something happen to a subscription."""
        market = self._controls.market
        verbs = {
            "suspend": market.suspend,
            "reinstate": market.request_reinstatement,
            "renew": market.renew,
            "expire": market.expire,
        }
        verb = verbs.get(request.path_params["verb"])
        if verb is None:
            raise NotFoundError(f"Microsoft does not {request.path_params['verb']!r} subscriptions.")
        verb(request.path_params["subscription_id"])
        return _back("subscriptions")


def _back(part: str) -> Response:
    return RedirectResponse(f"/operator#{part}", status_code=303)


def _sentence(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors())
