"""Deployments in the console: what runs in customers' subscriptions, and what was said of managed applications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.deployments.showing import list_application_notices, list_deployments, show_deployment
from fairkeeper.consent.plan.plan import OfferType
from fairkeeper.consent.views import DeploymentView, NoticeView
from fairkeeper.overview.names import Names, name_things
from fairkeeper.web.format import state
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import consent as pages
from fairkeeper.web.pages.consent import DeploymentRow, NoticeRow
from fairkeeper.web.parts import Empty, Identifier, Link
from fairkeeper.web.routes.consent_cards import HEARD
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import NOBODY
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

DEPLOYMENTS: Final = "/consent/deployments"
NOTICES: Final = "/consent/notices"
_ROWS: Final = 50
_EXPORT_ROWS: Final = 500
_TYPES: Final = (OfferType.MANAGED_APPLICATION, OfferType.CONTAINER, OfferType.VIRTUAL_MACHINE)
_HEADS: Final = (
    *("deployment", "kind", "resource_id", "state", "since", "note", "customer", "customer_id", "tenant"),
    *("offer", "plan", "last_proved", "next_look", "notices"),
)
_NOTICE_HEADS: Final = (*("notice", "event", "provisioning", "deployment", "received_at", "deliveries", "trouble"),)


# -------------------- deployments


def show_list(visit: Visit) -> Response:
    """Show managed applications, containers and virtual machines, the newest first."""
    number = max(1, int(visit.query("page"))) if visit.query("page").isdigit() else 1
    found = _found(visit, offset=(number - 1) * _ROWS, limit=_ROWS + 1)
    rows = found[:_ROWS]
    actions = (Link(label="Notices received", href=NOTICES),) if visit.allows(list_application_notices) else ()
    page = pages.DeploymentsPage(
        frame=frame(visit, "Consent"),
        trail=(Link(label="Consent", href="/consent"),),
        sentence="What customers run in their own subscriptions, as Azure or the instance itself proves it.",
        deployments=_listing(visit, rows, number, has_more=len(found) > _ROWS),
        actions=actions,
    )
    return visit.show(page)


def sheet_of_deployments(visit: Visit) -> Sheet:
    """Return every deployment that the address shows as a sheet."""
    return Sheet(name="deployments", heads=_HEADS, rows=_cells(visit))


def _found(visit: Visit, *, offset: int, limit: int) -> tuple[DeploymentView, ...]:
    asked = {name: visit.query(name) for name in ("state", "offer_type") if visit.query(name)}
    found: tuple[DeploymentView, ...] = visit.read(list_deployments, offset=offset, limit=limit, **asked)
    return found


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    offset, has_more = 0, True
    while has_more:
        found = _found(visit, offset=offset, limit=_EXPORT_ROWS)
        names = _names(visit, found)
        for each in found:
            whose = names.customers.get(each.customer_id or "")
            yield (
                *(each.deployment_id, each.offer_type.value, each.resource_id, each.state.value, each.since_at),
                *(each.note, None if whose is None else whose.name, each.customer_id, each.tenant_id),
                *(each.offer_id, each.plan_id, each.read_at, each.look_at, each.notices),
            )
        has_more, offset = len(found) == _EXPORT_ROWS, offset + _EXPORT_ROWS


def _names(visit: Visit, found: tuple[DeploymentView, ...]) -> Names:
    wanted = tuple(sorted({each.customer_id for each in found if each.customer_id}))
    named: Names = visit.run(name_things, ids=wanted) if wanted else NOBODY
    return named


def _listing(visit: Visit, rows: tuple[DeploymentView, ...], number: int, *, has_more: bool) -> Listing[DeploymentRow]:
    names, address = _names(visit, rows), visit.address
    first = (number - 1) * _ROWS + 1
    return Listing(
        id="deployments",
        caption="Deployments",
        columns=tuple(Column(label=each) for each in ("Deployment", "Kind", "State", "Customer", "Last proved")),
        rows=tuple(_row(each, names) for each in rows),
        empty=Empty(
            title="No deployment",
            text="A managed application appears once Azure notifies of it, an instance once it calls home.",
        ),
        address=address,
        filters=(
            Filter(
                name="state",
                label="State",
                choices=tuple(Choice(value=each.value, label=state(each.value).word) for each in DeploymentState),
            ),
            Filter(
                name="offer_type",
                label="Kind",
                choices=tuple(Choice(value=each.value, label=_kind(each)) for each in _TYPES),
            ),
        ),
        exports=export_links(address),
        paging=Paging(
            shown=f"{first}–{first + len(rows) - 1}",
            previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
            next_href=str(address.having(page=str(number + 1))) if has_more else "",
        ),
    )


def _row(each: DeploymentView, names: Names) -> DeploymentRow:
    whose = names.customers.get(each.customer_id or "")
    return DeploymentRow(
        name=each.resource_id.rstrip("/").rpartition("/")[2][:90],
        resource=Identifier(text=each.resource_id, names="resource id"),
        kind=_kind(each.offer_type),
        state=state(each.state.value),
        note=f"{each.note[:1].upper()}{each.note[1:]}." if each.note else HEARD[each.state],
        offer=" ".join(filter(None, (each.offer_id, each.plan_id))),
        proved_at=each.read_at,
        customer=None if whose is None else Link(label=whose.name, href=f"/customers/{whose.slug}/consent"),
    )


def _kind(offer_type: OfferType) -> str:
    return offer_type.value.replace("_", " ").capitalize()


# -------------------- notices


def show_notices(visit: Visit) -> Response:
    """Show what was said of managed applications, the newest first."""
    found = _notices(visit, visit.query("before"), limit=_ROWS + 1)
    rows, address = found[:_ROWS], visit.address
    page = pages.ApplicationNoticesPage(
        frame=frame(visit, "Consent"),
        trail=(Link(label="Consent", href="/consent"), Link(label="Deployments", href=DEPLOYMENTS)),
        sentence="As they came. A notice is believed for nothing: it says where Azure is asked, and Azure decides.",
        notices=Listing(
            id="application-notices",
            caption="Notices",
            columns=tuple(Column(label=each) for each in ("Event", "Received", "About", "Trouble")),
            rows=tuple(_notice(visit, each) for each in rows),
            empty=Empty(
                title="No notice",
                text="Azure sends one to your notification endpoint for each deployment, change and deletion.",
            ),
            address=address,
            filters=(
                Filter(
                    name="unplaced",
                    label="Shown",
                    choices=(Choice(value="true", label="only those that name no managed application"),),
                ),
            ),
            exports=export_links(address),
            paging=Paging(
                shown=f"{len(rows)} shown",
                next_href=str(address.having(before=str(rows[-1].notice_id))) if len(found) > _ROWS else "",
            ),
        ),
    )
    return visit.show(page)


def sheet_of_notices(visit: Visit) -> Sheet:
    """Return every notice that the address shows as a sheet."""
    return Sheet(name="application-notices", heads=_NOTICE_HEADS, rows=_notice_cells(visit))


def _notices(visit: Visit, before: str, *, limit: int) -> tuple[NoticeView, ...]:
    asked = {"unplaced": "true"} if visit.query("unplaced") == "true" else {}
    older = {"before": before} if before else {}
    found: tuple[NoticeView, ...] = visit.read(list_application_notices, limit=limit, **asked, **older)
    return found


def _notice_cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    before, has_more = "", True
    while has_more:
        found = _notices(visit, before, limit=_EXPORT_ROWS)
        for each in found:
            yield (
                *(each.notice_id, each.event, each.provisioning, each.deployment_id, each.received_at),
                *(each.deliveries, each.trouble),
            )
        has_more = len(found) == _EXPORT_ROWS
        before = str(found[-1].notice_id) if found else ""


def _notice(visit: Visit, each: NoticeView) -> NoticeRow:
    about = None
    if each.deployment_id is not None:
        deployment: DeploymentView = visit.run(show_deployment, deployment_id=each.deployment_id)
        name = deployment.resource_id.rstrip("/").rpartition("/")[2][:60]
        about = Link(label=name, href=DEPLOYMENTS)
    return NoticeRow(
        event=f"{each.event} {each.provisioning}".strip() or "nothing that can be read",
        received_at=each.received_at,
        deliveries=each.deliveries,
        about=about,
        trouble=each.trouble or "",
    )


WAYS: Final[tuple[Way, ...]] = (
    get(DEPLOYMENTS, show_list, Audience.STAFF),
    *export_ways(DEPLOYMENTS, sheet_of_deployments, Audience.STAFF),
    get(NOTICES, show_notices, Audience.STAFF),
    *export_ways(NOTICES, sheet_of_notices, Audience.STAFF),
)
