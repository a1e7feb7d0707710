"""Questions to the room about the structure: what is in force, its picture, where it differs from what was seen."""

from __future__ import annotations

from pydantic import Field

from fairkeeper.accounts.actions.check_file import Depth, draw, view_ways_in
from fairkeeper.accounts.checks.checking import check_structure
from fairkeeper.accounts.checks.declaring import Basis
from fairkeeper.accounts.files.writing import to_document, write_structure
from fairkeeper.accounts.observed.differences import differences
from fairkeeper.accounts.store import load_observations, load_structure
from fairkeeper.accounts.structure.ids import counts_of, known_ids
from fairkeeper.accounts.views import DifferenceView, Picture, StructureView, view_finding
from fairkeeper.action.operation import OperationInput, QueryContext, query


class ShowStructure(OperationInput):
    """How it is judged."""

    ahead_days: int = Field(60, ge=0, le=730, description="How far ahead what runs out is told.")


@query("accounts.show_structure", groups=("accounts.read",), http="GET /accounts/structure", cli="accounts show")
def show_structure(context: QueryContext, request: ShowStructure) -> StructureView:
    """Show the structure in force: its size, its ids for support, what is wrong with it today, ways in for people.

    Raises:
        NoStructureError: None was imported.
    """
    row, structure = load_structure(context.session)
    findings = check_structure(structure, Basis(as_of=context.now.date(), ahead_days=request.ahead_days))
    seen = {source: what for source, (_, what) in load_observations(context.session).items()}
    return StructureView(
        company=structure.company,
        stated_at=row.stated_at,
        stated_by=row.stated_by,
        counts=counts_of(structure),
        document=to_document(structure),
        text=write_structure(structure),
        ids=tuple(known_ids(structure)),
        findings=tuple(view_finding(finding) for finding in findings),
        ways_in=view_ways_in(structure),
        differences=len(differences(structure, seen)),
    )


class DrawStructure(OperationInput):
    """How deep, and of which publisher."""

    depth: Depth = Field("fitting", description="How deep the picture goes; as deep as stays readable by default.")
    publisher_id: str | None = Field(None, max_length=60, description="Draw the branch of this publisher alone.")
    is_alone: bool = Field(True, description="Whether it carries its colours, as a file of its own must.")


@query(
    "accounts.draw_structure", groups=("accounts.read",), http="GET /accounts/structure/picture", cli="accounts draw"
)
def draw_structure(context: QueryContext, request: DrawStructure) -> Picture:
    """Draw the structure in force as SVG.

    Raises:
        NoStructureError: None was imported.
    """
    _, structure = load_structure(context.session)
    return draw(structure, request.depth, request.publisher_id, is_alone=request.is_alone)


class ListDifferences(OperationInput):
    """Nothing to say."""


@query(
    "accounts.list_differences",
    groups=("accounts.read",),
    http="GET /accounts/structure/differences",
    cli="accounts differences",
)
def list_differences(context: QueryContext, _request: ListDifferences) -> tuple[DifferenceView, ...]:
    """List where the structure differs from what the account itself shows, and what can be taken over.

    Raises:
        NoStructureError: None was imported.
    """
    _, structure = load_structure(context.session)
    observations = load_observations(context.session)
    found = differences(structure, {source: what for source, (_, what) in observations.items()})
    return tuple(
        DifferenceView(
            kind=each.kind.value,
            what=each.what,
            subject=each.subject,
            stated=each.stated,
            seen=each.seen,
            source=each.source.value,
            observed_at=observations[each.source][0].observed_at,
            may_adopt=each.may_adopt,
        )
        for each in found
    )
