"""The console as one application: its pages, its files, and its own words for what is not there."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from fairkeeper.errors import FairkeeperError, NotFoundError
from fairkeeper.web.routes import (
    consent,
    consent_asking,
    custody,
    customer_actions,
    customers,
    deployments,
    evidence,
    files,
    receipts,
    subscriptions,
    webhooks,
)
from fairkeeper.web.routes.accounts import readiness, structure, verification
from fairkeeper.web.routes.assurance import (
    answers,
    data,
    destinations,
    drills,
    incidents,
    posture,
    signals,
    transparency,
    weaknesses,
)
from fairkeeper.web.routes.deals import actions as deal_actions
from fairkeeper.web.routes.deals import board as deal_board
from fairkeeper.web.routes.deals import editor as deal_editor
from fairkeeper.web.routes.deals import one as deal_pages
from fairkeeper.web.routes.entry import connect, guide, landing, onboarding, sign_in
from fairkeeper.web.routes.governance import about, agents, approvals, decisions, policies, standing
from fairkeeper.web.routes.opportunities import acting, importing, lists, looking, pushing
from fairkeeper.web.routes.payouts import differences, handing_over, money
from fairkeeper.web.routes.settings import connections, keys, people, rules, tabs, tokens
from fairkeeper.web.routes.settings import landing as landing_looks
from fairkeeper.web.routes.settings import messages as message_settings
from fairkeeper.web.routes.start import messages, palette, today, trace
from fairkeeper.web.routes.usage import hours, limits, proofs
from fairkeeper.web.routes.usage import listing as usage_list
from fairkeeper.web.routes.usage import subscription as usage_of
from fairkeeper.web.serving.console import ConsoleParts
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, MethodNotTakenError, Way, answer, get, route_of

WAYS: Final[tuple[Way, ...]] = (
    *files.WAYS,
    *sign_in.WAYS,
    *landing.WAYS,
    *connect.WAYS,
    *today.WAYS,
    *palette.WAYS,
    *guide.WAYS,
    *trace.WAYS,
    *deal_board.WAYS,
    *deal_editor.WAYS,
    *deal_actions.WAYS,
    *deal_pages.WAYS,
    *customer_actions.WAYS,
    *customers.WAYS,
    *onboarding.WAYS,
    *custody.WAYS,
    *messages.WAYS,
    *consent.WAYS,
    *consent_asking.WAYS,
    *deployments.WAYS,
    *subscriptions.WAYS,
    *webhooks.WAYS,
    *signals.WAYS,
    *incidents.WAYS,
    *posture.WAYS,
    *answers.WAYS,
    *data.WAYS,
    *drills.WAYS,
    *weaknesses.WAYS,
    *destinations.WAYS,
    *transparency.WAYS,
    *agents.WAYS,
    *approvals.WAYS,
    *standing.WAYS,
    *about.WAYS,
    *decisions.WAYS,
    *policies.WAYS,
    *lists.WAYS,
    *acting.WAYS,
    *looking.WAYS,
    *importing.WAYS,
    *pushing.WAYS,
    *evidence.WAYS,
    *receipts.WAYS,
    *structure.WAYS,
    *verification.WAYS,
    *readiness.WAYS,
    *usage_list.WAYS,
    *proofs.WAYS,
    *hours.WAYS,
    *limits.WAYS,
    *usage_of.WAYS,
    *differences.WAYS,
    *money.WAYS,
    *handing_over.WAYS,
    *tabs.WAYS,
    *people.WAYS,
    *tokens.WAYS,
    *rules.WAYS,
    *keys.WAYS,
    *connections.WAYS,
    *landing_looks.WAYS,
    *message_settings.WAYS,
)
"""Every route of the console."""


class Console:
    """The console of an installation: its pages, and its page for an address that does not exist."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._parts = parts
        routes = [route_of(way, parts) for way in WAYS]
        uploads = [handing_over.upload_route(parts), importing.upload_route(parts)]
        self.router = Router([*routes, *uploads], redirect_slashes=False)

    def missing(self, request: Request, status: int) -> Response:
        """Say in a page that there is nothing, or nothing that takes such a request."""
        visit = Visit(parts=self._parts, request=request)
        return answer(visit, get("", _missing, Audience.ANYBODY), _told(request, status))


def _told(request: Request, status: int) -> FairkeeperError:
    shown = request.url.path[:200]
    if status == 405:
        return MethodNotTakenError(f"{request.method[:20]} is not taken at {shown}.")
    return NotFoundError(f"There is nothing at {shown}.", code="web.no_such_page")


def _missing(visit: Visit) -> Response:
    raise NotFoundError(f"There is nothing at {visit.path[:200]}.", code="web.no_such_page")
