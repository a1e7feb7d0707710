"""The pages of private offers over HTTP: the customer's acceptance page and the channel partner's."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.sandbox.ingestion.control import PartnerInput, complete_as_partner
from fairkeeper.sandbox.marketplace.buyers import find_person
from fairkeeper.sandbox.marketplace.errors import RequestError
from fairkeeper.sandbox.storefront import private_offer_views as views
from fairkeeper.sandbox.storefront.pages import Form, Pages, guarded

_STATUS_OF_KIND = {ErrorKind.INVALID: 422, ErrorKind.CONFLICT: 409, ErrorKind.DENIED: 403}


class PrivateOfferPages:
    """Carries out what customers and channel partners choose.

    Args:
        pages: The storefront's renderer and controls.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._controls = pages.controls

    def routes(self) -> list[Route]:
        """Return the routes."""
        pages, one = self._pages, "/private-offers/{private_offer_id}"
        partner = f"/partner{one}"
        return [
            Route(one, guarded(pages, self.show)),
            Route(f"{one}/accept", guarded(pages, self.accept), methods=["POST"]),
            Route(partner, guarded(pages, self.show_partner), methods=["GET"]),
            Route(partner, guarded(pages, self.complete), methods=["POST"]),
        ]

    def show(self, request: Request, _form: Form) -> Response:
        """Show a private offer to its customer."""
        page = views.private_offer_page(self._controls, request.path_params["private_offer_id"])
        return self._pages.render("private_offer.html", page)

    def accept(self, request: Request, form: Form) -> Response:
        """Accept for the customer; a refusal shows the page again and why."""
        private_offer_id = request.path_params["private_offer_id"]
        page = views.private_offer_page(self._controls, private_offer_id)
        try:
            person = find_person(self._controls.directory, form.get("person", ""))
            self._controls.private_offers.accept(private_offer_id, person)
        except FairkeeperError as error:
            page = views.private_offer_page(self._controls, private_offer_id, form, f"{error.message} {error.remedy}")
            return self._pages.render("private_offer.html", page, _STATUS_OF_KIND.get(error.kind, 422))
        return RedirectResponse(f"/private-offers/{page.id}", status_code=303)

    def show_partner(self, request: Request, _form: Form) -> Response:
        """Show a multiparty offer to its channel partner."""
        page = views.partner_page(self._controls, request.path_params["private_offer_id"])
        return self._pages.render("partner_offer.html", page)

    def complete(self, request: Request, form: Form) -> Response:
        """Add the channel partner's percentage and send the offer to the customer."""
        private_offer_id = request.path_params["private_offer_id"]
        try:
            complete_as_partner(self._controls.private_offers, private_offer_id, _partner_input(form))
        except FairkeeperError as error:
            page = views.partner_page(self._controls, private_offer_id, form, error.message)
            return self._pages.render("partner_offer.html", page, _STATUS_OF_KIND.get(error.kind, 422))
        return RedirectResponse(f"/partner/private-offers/{private_offer_id}", status_code=303)


def _partner_input(form: Form) -> PartnerInput:
    given = {name: form.get(name, "").strip() for name in ("markup_percentage", "prepared_by", "notes")}
    try:
        return PartnerInput.model_validate(given)
    except ValidationError as error:
        told = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
        raise RequestError(told) from error
