"""Workbooks that must not be opened: they unpack to too much, reach too far, or are none."""

from __future__ import annotations

import io
import zipfile

import pytest

from fairkeeper.deals.errors import TableUnreadableError
from fairkeeper.deals.sheets.tables import read_table, write_spreadsheet
from fairkeeper.opportunities.insights.reading import TextTable
from fairkeeper.opportunities.insights.reading import read_table as read_insights
from fairkeeper.values.workbooks import WorkbookBounds, WorkbookRefusedError, refuse_oversized

FAR = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'


def archive(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return content.getvalue()


def parts_of(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def fine() -> bytes:
    return write_spreadsheet("Deals", ("Deal", "Total"), [("Contoso", "1000.50")])


@pytest.fixture(scope="module")
def far(fine: bytes) -> bytes:
    return archive({**parts_of(fine), "xl/worksheets/sheet1.xml": FAR})


def test_a_workbook_of_ordinary_size_is_opened(fine: bytes) -> None:
    refuse_oversized(fine)
    assert read_table(fine).rows == ((2, {"Deal": "Contoso", "Total": "1000.50"}),)


def test_bounds_hold_at_their_edge() -> None:
    heads = [f"H{number}" for number in range(100)]
    wide = write_spreadsheet("Deals", heads, [["x"] * 100 for _ in range(600)])
    size = sum(map(len, parts_of(wide).values()))
    refuse_oversized(wide, WorkbookBounds(unpacked_bytes=size, cells=60_100))
    with pytest.raises(WorkbookRefusedError, match="unpacks to more than"):
        refuse_oversized(wide, WorkbookBounds(unpacked_bytes=size - 1))
    with pytest.raises(WorkbookRefusedError, match="reaches to row 601 and column 100"):
        refuse_oversized(wide, WorkbookBounds(cells=60_099))


def test_what_an_archive_states_of_its_sizes_is_not_believed(fine: bytes) -> None:
    """The size stated in both heads of a part is made small; what comes out is cut off or refused, never believed."""
    large = archive({**parts_of(fine), "xl/media/image.png": bytes(70_000_000)})
    lying = large.replace((70_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != large
    with pytest.raises(WorkbookRefusedError):
        refuse_oversized(lying)


def test_every_room_refuses_a_sheet_that_reaches_to_the_end_of_the_world(far: bytes) -> None:
    with pytest.raises(TableUnreadableError, match="reaches to row 1,048,576 and column 16,384"):
        read_table(far)
    found = read_insights("far.xlsx", far)
    assert not isinstance(found, TextTable)
    assert "reaches to row 1,048,576" in found.message


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04broken", archive({"word/document.xml": b"<a/>"})])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(WorkbookRefusedError, match="workbook"):
        refuse_oversized(content)
