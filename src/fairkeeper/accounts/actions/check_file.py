"""Checks, draws and names from structures in files, without a database and without signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import Field

from fairkeeper.accounts.checks.checking import check_reading
from fairkeeper.accounts.checks.declaring import Basis
from fairkeeper.accounts.errors import NamingRefusedError, StructureUnreadableError
from fairkeeper.accounts.files.reading import read_structure
from fairkeeper.accounts.structure.ids import counts_of
from fairkeeper.accounts.structure.model import Structure
from fairkeeper.accounts.structure.naming import propose
from fairkeeper.accounts.structure.picture.boxes import Detail, boxes_of
from fairkeeper.accounts.structure.picture.layout import lay_out
from fairkeeper.accounts.structure.picture.svg import write_svg
from fairkeeper.accounts.structure.ways_in import ways_in
from fairkeeper.accounts.views import CheckedStructure, Picture, WayInView, view_finding
from fairkeeper.action.operation import OperationInput, TextFile, check
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.findings import Level

Depth = Literal["fitting", "publishers", "offers", "plans"]
_DEPTHS = {"fitting": None, "publishers": Detail.PUBLISHERS, "offers": Detail.OFFERS, "plans": Detail.PLANS}


class CheckStructure(OperationInput):
    """Which file to check."""

    file: TextFile = Field(description="A structure in YAML or JSON.")
    as_of: date | None = Field(None, description="The day to check for; today if left out.")
    ahead_days: int = Field(60, ge=0, le=730, description="How far ahead what runs out is told.")


@check("accounts.check_file", cli="accounts check FILE", http="POST /accounts/check")
def check_file(request: CheckStructure) -> CheckedStructure:
    """Check a structure against every rule, each finding with its line, remedy and official page.

    A file with a fault of its own is told so and not judged further, since what could not be read would be missed by
    every rule that counts.
    """
    day = request.as_of or SystemClock().now().date()
    name = request.file.name or None
    reading = read_structure(request.file.text, file=name)
    findings = check_reading(reading, Basis(as_of=day, ahead_days=request.ahead_days), file=name)
    structure = reading.structure
    return CheckedStructure(
        file=request.file.name,
        as_of=day,
        company=structure.company if structure else None,
        counts=counts_of(structure) if structure else None,
        errors=findings.count(Level.ERROR),
        warnings=findings.count(Level.WARNING),
        findings=tuple(view_finding(finding) for finding in findings),
        ways_in=view_ways_in(structure) if structure else (),
    )


class DrawFile(OperationInput):
    """Which file to draw, and how deep."""

    file: TextFile = Field(description="A structure in YAML or JSON.")
    depth: Depth = Field("fitting", description="How deep the picture goes; as deep as stays readable by default.")
    publisher_id: str | None = Field(None, max_length=60, description="Draw the branch of this publisher alone.")


@check("accounts.draw_file", cli="accounts picture FILE", http="POST /accounts/picture")
def draw_file(request: DrawFile) -> Picture:
    """Draw the structure in a file as SVG: tenants, global account, locations, publishers, offers, plans, markets.

    Raises:
        StructureUnreadableError: The file has a fault of its own.
    """
    return draw(_readable(request.file), request.depth, request.publisher_id, is_alone=True)


class ProposeId(OperationInput):
    """What kind of id, and the words it is made of."""

    file: TextFile = Field(description="A structure with its convention, in YAML or JSON.")
    thing: Literal["offer", "plan"] = Field(description="What the id is for.")
    words: list[str] = Field([], max_length=20, description="The words of the id's parts, each as part=word.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """An id that follows the convention; `is_taken` if the structure has it already."""

    id: str
    pattern: str
    is_taken: bool


@check("accounts.propose_id", cli="accounts naming FILE", http="POST /accounts/naming")
def propose_id(request: ProposeId) -> Proposed:
    """Propose the id of a new offer or plan by the publisher's own convention, which the structure states once.

    Raises:
        StructureUnreadableError: The file has a fault of its own.
        NamingRefusedError: The convention makes no id of these words.
    """
    structure = _readable(request.file)
    words: dict[str, str] = {}
    for given in request.words:
        part, separator, word = given.partition("=")
        if not separator:
            raise NamingRefusedError(f"{given[:80]!r} is not of the form part=word.")
        words[part.strip()] = word
    naming = structure.naming
    pattern = naming.offer if request.thing == "offer" else naming.plan
    ids = (offer.id for _, _, offer in structure.offers()) if request.thing == "offer" else ()
    found = propose(pattern, naming, words, frozenset(ids))
    return Proposed(id=found.id, pattern=found.pattern, is_taken=found.is_taken)


def draw(structure: Structure, depth: Depth, publisher_id: str | None, *, is_alone: bool) -> Picture:
    """Return the picture of a structure."""
    layout = lay_out(boxes_of(structure, detail=_DEPTHS[depth], publisher_id=publisher_id))
    title = f"Partner Center structure of {structure.company}"
    return Picture(svg=write_svg(layout, title=title, is_alone=is_alone), folded=layout.folded)


def view_ways_in(structure: Structure) -> tuple[WayInView, ...]:
    """Return the proposals for everybody who has no role yet."""
    return tuple(
        WayInView(person=each.person, way=each.way.value if each.way else None, reason=each.reason)
        for each in ways_in(structure)
    )


def _readable(file: TextFile) -> Structure:
    reading = read_structure(file.text, file=file.name or None)
    if reading.structure is None:
        first = next(iter(reading.findings.sorted()))
        raise StructureUnreadableError(f"{first.place or 'The file'}: {first.message}")
    return reading.structure
