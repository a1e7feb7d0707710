"""Questions about readiness: every offer at a glance, one offer item by item, and the package for the reviewer."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.accounts.actions.check_file import draw
from fairkeeper.accounts.checks.checking import check_structure
from fairkeeper.accounts.checks.declaring import Basis
from fairkeeper.accounts.store import load_structure
from fairkeeper.accounts.structure.model import Life, Offer, Publisher, Structure
from fairkeeper.accounts.tables import StructureRow
from fairkeeper.accounts.verification.tracking import ListIncidents, list_incidents
from fairkeeper.accounts.views import PackageFile
from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.consent.catalogue.held import catalogue_in
from fairkeeper.consent.catalogue.permissions import Catalogue
from fairkeeper.consent.plan.checks import check_plan
from fairkeeper.consent.plan.plan import ConsentPlan, Tier
from fairkeeper.consent.store import newest_plan_row, plan_of_row
from fairkeeper.overview.ports import AddsToReview, OwnAddresses
from fairkeeper.overview.readiness.items import ConsentKnown, Item, Known, Mark, Probe, is_ready, review
from fairkeeper.overview.readiness.probing import OfferUnknownError, ask_review, record_probes
from fairkeeper.overview.tables import ProbeRow
from fairkeeper.values.findings import Level
from fairkeeper.values.resources import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """One thing that a review asks, and how it stands.

    Args:
        mark: `passed`, `failed` or `unknown`.
        explained_by: Title of the official page, and its address where it is known.
        proof: What it rests on.
    """

    key: str
    group: str
    asks: str
    mark: str
    told: str
    remedy: str
    explained_by: str
    address: str | None
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine:
    """An offer at a glance."""

    offer_id: str
    name: str
    publisher_id: str
    is_ready: bool
    passed: int
    failed: int
    unknown: int
    probed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An offer, item by item.

    Args:
        landing_page, webhook: The addresses that are probed unless Microsoft has others.
    """

    line: ReviewLine
    items: tuple[ReviewItem, ...]
    landing_page: str
    webhook: str
    company: str
    reviewed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPackage:
    """Everything for the reviewer, as the files of one folder."""

    folder: str
    files: tuple[PackageFile, ...]


class ListReviews(OperationInput):
    """Nothing to say."""


@query("overview.list_reviews", groups=("accounts.read",), http="GET /readiness", cli="readiness list")
def list_reviews(context: QueryContext, _request: ListReviews) -> tuple[ReviewLine, ...]:
    """List the offers with how ready each is for Marketplace's review.

    Raises:
        NoStructureError: No structure was imported.
    """
    row, structure = load_structure(context.session)
    house = _House.read(context, row, structure)
    return tuple(
        house.line(publisher, offer) for _, publisher, offer in structure.offers() if offer.life is not Life.RETIRED
    )


class ShowReview(OperationInput):
    """Of which offer."""

    offer_id: str = Field(max_length=60, description="The offer's id.")


@query(
    "overview.show_review", groups=("accounts.read",), http="GET /readiness/{offer_id}", cli="readiness show OFFER_ID"
)
def show_review(context: QueryContext, request: ShowReview) -> Review:
    """Show how ready an offer is for Marketplace's review, item by item, each with its remedy, page and proof.

    Nothing is called: the addresses stand as their last probe found them, see `overview.ask_review`.

    Raises:
        NoStructureError, OfferUnknownError: The offer is not in the structure in force.
    """
    row, structure = load_structure(context.session)
    for _, publisher, offer in structure.offers():
        if offer.id == request.offer_id:
            house = _House.read(context, row, structure)
            own = context.ports.of(OwnAddresses)
            return Review(
                line=house.line(publisher, offer),
                items=tuple(_view(item) for item in house.items(publisher, offer)),
                landing_page=offer.landing_page or own.landing_page,
                webhook=offer.webhook or own.webhook,
                company=structure.company,
                reviewed_at=context.now,
            )
    raise OfferUnknownError(f"There is no offer {request.offer_id!r} in the structure.")


@query(
    "overview.fetch_review",
    groups=("accounts.read",),
    http="GET /readiness/{offer_id}/package",
    cli="readiness fetch OFFER_ID",
    mcp=False,
)
def fetch_review(context: QueryContext, request: ShowReview) -> ReviewPackage:
    """Fetch the package for the reviewer: the review, the structure and its picture, and what other rooms add.

    Raises:
        NoStructureError, OfferUnknownError: The offer is not in the structure in force.
    """
    found: Review = show_review.function(context, request)
    _, structure = load_structure(context.session)
    added = context.ports.of(AddsToReview).files(context.session, request.offer_id, now=context.now)
    files = [
        _file("review.txt", _told(found).encode()),
        _file("review.csv", _table(found.items)),
        _file("review.json", json.dumps(asdict(found), default=str, indent=1, ensure_ascii=False).encode()),
        _file("structure.svg", draw(structure, "fitting", found.line.publisher_id, is_alone=True).svg.encode()),
        *(_file(each.name, each.content) for each in added),
    ]
    sums = "\n".join(f"{each.sha256}  {each.name}" for each in files)
    folder = f"review-{request.offer_id}-{context.now.date()}"
    return ReviewPackage(folder=folder, files=(*files, _file("SHA256SUMS.txt", f"{sums}\n".encode())))


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """What is read once for all offers."""

    context: QueryContext
    row: StructureRow
    structure: Structure
    probes: dict[str, dict[str, ProbeRow]]
    lost_steps: tuple[tuple[str, str], ...]
    plan: ConsentPlan | None

    @classmethod
    def read(cls, context: QueryContext, row: StructureRow, structure: Structure) -> _House:
        probes: dict[str, dict[str, ProbeRow]] = {}
        for probe in context.session.scalars(select(ProbeRow)):
            probes.setdefault(probe.offer_id, {})[probe.target] = probe
        incidents = list_incidents.function(context, ListIncidents())
        lost = tuple((each.programme_name, each.step) for each in incidents)
        applied = newest_plan_row(context.session)
        plan = None if applied is None else plan_of_row(applied)
        return cls(context=context, row=row, structure=structure, probes=probes, lost_steps=lost, plan=plan)

    def items(self, publisher: Publisher, offer: Offer) -> Sequence[Item]:
        return review(
            Known(
                structure=self.structure,
                publisher=publisher,
                offer=offer,
                findings=tuple(check_structure(self.structure, Basis(as_of=self.context.now.date()))),
                stated=f"structure stated {self.row.stated_at:%Y-%m-%d %H:%M} UTC",
                lost_steps=[f"{step.replace('_', ' ')} of {name}" for name, step in self.lost_steps],
                probes={
                    target: Probe(
                        address=probe.address,
                        is_fine=probe.is_fine,
                        told=probe.told,
                        probed_at=probe.probed_at,
                        entry_id=probe.entry_id,
                    )
                    for target, probe in self.probes.get(offer.id, {}).items()
                },
                own=self.context.ports.of(OwnAddresses),
                today=self.context.now.date(),
                consent=_consent(self.plan, offer.id, catalogue_in(self.context.session)),
            )
        )

    def line(self, publisher: Publisher, offer: Offer) -> ReviewLine:
        items = self.items(publisher, offer)
        probed = [probe.probed_at for probe in self.probes.get(offer.id, {}).values()]
        return ReviewLine(
            offer_id=offer.id,
            name=offer.name or offer.id,
            publisher_id=publisher.id,
            is_ready=is_ready(items),
            passed=sum(item.mark is Mark.PASSED for item in items),
            failed=sum(item.mark is Mark.FAILED for item in items),
            unknown=sum(item.mark is Mark.UNKNOWN for item in items),
            probed_at=min(probed) if probed else None,
        )


def _consent(plan: ConsentPlan | None, offer_id: str, facts: Catalogue) -> ConsentKnown | None:
    """Return what the consent plan in force says of an offer."""
    if plan is None:
        return None
    names_it = any(offer.offer_id == offer_id for offer in plan.offers)
    landing = [each for each in plan.registrations if each.tier is Tier.LANDING]
    return ConsentKnown(
        version=plan.version,
        activation=tuple(permission for each in landing for permission in (*each.delegated, *each.application)),
        features=sum(not each.offers or offer_id in each.offers for each in plan.features) if names_it else None,
        wrong=tuple(each.message for each in check_plan(plan, facts) if each.level is Level.ERROR),
    )


def _view(item: Item) -> ReviewItem:
    explained = resource(item.resource)
    return ReviewItem(
        key=item.key,
        group=item.group,
        asks=item.asks,
        mark=item.mark.value,
        told=item.told,
        remedy=item.remedy,
        explained_by=explained.title,
        address=explained.address,
        proof=item.proof,
    )


def _told(found: Review) -> str:
    line = found.line
    lines = [
        f"Readiness of {line.name} ({line.offer_id}) for Marketplace's review",
        f"{found.company}, publisher {line.publisher_id}, {found.reviewed_at:%Y-%m-%d %H:%M} UTC",
        f"{line.passed} passed, {line.failed} failed, {line.unknown} not known",
        "",
        "This says what the publisher's own system knows. It is no statement of Microsoft's.",
    ]
    group = ""
    for item in found.items:
        if item.group != group:
            group = item.group
            lines += ["", group, "-" * len(group)]
        lines.append(f"[{item.mark}] {item.asks}")
        lines.append(f"    {item.told} ({item.proof})")
        if item.remedy:
            lines.append(f"    To do: {item.remedy}")
    return "\n".join([*lines, ""])


def _table(items: Sequence[ReviewItem]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("group", "asks", "mark", "told", "to do", "explained by", "proof"))
    for each in items:
        cells = (
            each.group,
            each.asks,
            each.mark,
            each.told,
            each.remedy,
            each.address or each.explained_by,
            each.proof,
        )
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _file(name: str, content: bytes) -> PackageFile:
    return PackageFile(
        name=name, content_base64=base64.b64encode(content).decode(), sha256=hashlib.sha256(content).hexdigest()
    )


OPERATIONS: tuple[Operation, ...] = (list_reviews, show_review, fetch_review, ask_review, record_probes)
