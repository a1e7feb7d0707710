"""The tabs of the settings that this person may open, and the way to the first of them."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.access.queries import list_people, list_tokens
from fairkeeper.action.operation import Operation
from fairkeeper.customers.actions.landing.looks import list_landing_looks
from fairkeeper.customers.queries import show_change_rule
from fairkeeper.errors import DeniedError
from fairkeeper.evidence.actions import rotate_log_key
from fairkeeper.messages.queries import show_rule
from fairkeeper.overview.connections.looking import list_connections
from fairkeeper.web.parts import Tab
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get

_STAFF_TABS: Final[tuple[tuple[str, str, Operation], ...]] = (
    ("people", "People", list_people),
    ("tokens", "API tokens", list_tokens),
    ("change-rule", "Change rule", show_change_rule),
    ("provisioning", "Provisioning", show_change_rule),
    ("keys", "Keys and witnesses", rotate_log_key),
    ("messages", "Messages", show_rule),
    ("landing", "Landing page", list_landing_looks),
    ("connections", "Connections", list_connections),
    ("partner-center", "Partner Center", show_change_rule),
)
_CUSTOMER_TABS: Final = _STAFF_TABS[:2]


def tabs(visit: Visit, here: str) -> tuple[Tab, ...]:
    """Return the tabs that whoever asks may open."""
    offered = _STAFF_TABS if visit.is_staff else _CUSTOMER_TABS
    return tuple(
        Tab(label=label, href=f"/settings/{name}", is_here=name == here)
        for name, label, operation in offered
        if visit.allows(operation)
    )


def open_first(visit: Visit) -> Response:
    """Go to the first tab."""
    found = tabs(visit, "")
    if not found:
        raise DeniedError("None of your roles opens the settings.", code="access.not_permitted")
    return visit.go(found[0].href)


WAYS: Final[tuple[Way, ...]] = (get("/settings", open_first),)
