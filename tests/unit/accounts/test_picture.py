"""The structure's picture: which boxes it has, that nothing covers anything, and that it folds while it grows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

from bench.bench_accounts import large_structure
from fairkeeper.accounts.actions.check_file import draw
from fairkeeper.accounts.files.reading import read_structure
from fairkeeper.accounts.structure.model import Structure
from fairkeeper.accounts.structure.picture.boxes import Detail, boxes_of
from fairkeeper.accounts.structure.picture.layout import Layout, lay_out

EXAMPLES = Path(__file__).parents[3] / "examples" / "accounts"
SVG = "{http://www.w3.org/2000/svg}"


def example(name: str) -> Structure:
    found = read_structure((EXAMPLES / f"{name}.yaml").read_text("utf-8")).structure
    assert found is not None
    return found


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own


def check_layout(layout: Layout) -> None:
    for one, other in combinations(layout.boxes, 2):
        is_apart = one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y
        assert is_apart, (one.kicker, other.kicker)
    for box in layout.boxes:
        assert box.x >= 0
        assert box.right <= layout.width
        assert box.bottom <= layout.height
        assert all(box.y < line.y < box.bottom for line in box.lines)


def test_the_small_company_is_drawn_to_its_plans() -> None:
    svg = draw(example("small-company"), "fitting", None, is_alone=True).svg
    shown = texts(svg)
    for wanted in (
        "Fairmile Software",
        "PartnerID 4400100",
        "PartnerID 4400101",
        "Seller ID 71000101",
        "team-yearly",
    ):
        assert wanted in shown
    assert shown.count("GB, IE") == 2
    assert "<script" not in svg
    assert not re.search(r"(href|src)=|url\(", svg)


def test_the_group_has_each_division_beside_its_publisher() -> None:
    layout = lay_out(boxes_of(example("three-divisions")))
    check_layout(layout)
    kinds = [box.kicker.partition(",")[0] for box in layout.boxes]
    assert {
        kind: kinds.count(kind) for kind in ("Location (PLA)", "Publisher", "Offer", "Plan", "Private plan", "Tenant")
    } == {
        "Location (PLA)": 3,
        "Publisher": 3,
        "Offer": 4,
        "Plan": 6,
        "Private plan": 1,
        "Tenant": 2,
    }
    assert sum(box.is_loose for box in layout.boxes) == 2  # the planned offer and its plan


@pytest.mark.parametrize("depth", list(Detail))
def test_nothing_covers_anything_however_deep_it_goes(depth: Detail) -> None:
    check_layout(lay_out(boxes_of(large_structure(publishers=6, offers=3, plans=4), detail=depth)))


def test_a_large_house_is_folded_until_it_is_readable() -> None:
    structure = large_structure()
    boxes = boxes_of(structure)
    assert boxes.detail is Detail.PUBLISHERS
    assert boxes.folded == "100 offers and 500 plans are counted in their publishers, so that this stays readable."
    layout = lay_out(boxes)
    check_layout(layout)
    assert layout.height < 4_000
    assert "5 offers, 25 plans" in texts(draw(structure, "fitting", None, is_alone=False).svg)


def test_one_publisher_of_a_large_house_is_drawn_whole() -> None:
    boxes = boxes_of(large_structure(), publisher_id="publisher-07")
    assert boxes.detail is Detail.PLANS
    layout = lay_out(boxes)
    check_layout(layout)
    assert sum(box.kicker == "Plan" for box in layout.boxes) == 25


def test_what_others_typed_stays_text() -> None:
    structure = Structure(company="<script>alert(1)</script>\x07 & Söhne")
    svg = draw(structure, "fitting", None, is_alone=True).svg
    assert "<script" not in svg
    assert "\x07" not in svg
    assert any("<script>" in text for text in texts(svg))
