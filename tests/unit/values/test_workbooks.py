"""Workbooks that must not be opened: they unpack to too much, reach too far, or are none."""

from __future__ import annotations

import io
import warnings
import zipfile

import pytest

from fairkeeper.deals.errors import TableUnreadableError
from fairkeeper.deals.sheets.tables import read_table, write_spreadsheet
from fairkeeper.opportunities.insights.reading import TextTable
from fairkeeper.opportunities.insights.reading import read_table as read_insights
from fairkeeper.values.workbooks import WorkbookBounds, WorkbookRefusedError, bounded_workbook

SHEET = "xl/worksheets/sheet1.xml"


def sheet(rows: bytes) -> bytes:
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (namespace, rows)


def reaching(reference: bytes) -> bytes:
    """Return a sheet of two cells, of which the other stands there."""
    return sheet(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="%s"><v>1</v></c></row>' % reference)


FAR = reaching(b"XFD1048576")


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
    return archive({**parts_of(fine), SHEET: FAR})


def test_a_workbook_of_ordinary_size_is_opened(fine: bytes) -> None:
    bounded_workbook(fine)
    assert read_table(fine).rows == ((2, {"Deal": "Contoso", "Total": "1000.50"}),)


def test_bounds_hold_at_their_edge() -> None:
    heads = [f"H{number}" for number in range(100)]
    wide = write_spreadsheet("Deals", heads, [["x"] * 100 for _ in range(600)])
    size = sum(map(len, parts_of(wide).values()))
    bounded_workbook(wide, WorkbookBounds(unpacked_bytes=size, cells=60_100))
    with pytest.raises(WorkbookRefusedError, match="unpacks to more than"):
        bounded_workbook(wide, WorkbookBounds(unpacked_bytes=size - 1))
    with pytest.raises(WorkbookRefusedError, match="reaches to row 601 and column 100"):
        bounded_workbook(wide, WorkbookBounds(cells=60_099))


def test_what_an_archive_states_of_its_sizes_is_not_believed(fine: bytes) -> None:
    """The size stated in both heads of a part is made small; what comes out is cut off or refused, never believed."""
    large = archive({**parts_of(fine), "xl/media/image.png": bytes(70_000_000)})
    lying = large.replace((70_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != large
    with pytest.raises(WorkbookRefusedError):
        bounded_workbook(lying)


def test_every_room_refuses_a_sheet_that_reaches_to_the_end_of_the_world(far: bytes) -> None:
    with pytest.raises(TableUnreadableError, match="reaches to row 1,048,576 and column 16,384"):
        read_table(far)
    found = read_insights("far.xlsx", far)
    assert not isinstance(found, TextTable)
    assert "reaches to row 1,048,576" in found.message


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04broken", archive({"word/document.xml": b"<a/>"})])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(WorkbookRefusedError, match="workbook"):
        bounded_workbook(content)


BEHIND_EACH_OTHER = sheet(b"<row><c><v>1</v></c></row>" * 1_000 + b"<row>" + b"<c><v>1</v></c>" * 300 + b"</row>")
"""No cell says where it stands; each stands behind the one before."""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (reaching(b"AAAAA1048576"), "row 1,048,576 and column 475,255"),
        (reaching(b"A99999999"), "row 99,999,999"),
        (reaching(b"xfd1048576"), "'xfd1048576', which is no place"),
        (reaching(b"XFD00001048576"), "which is no place"),
        (reaching(b"XFD"), "which is no place"),
        (reaching(b"A0"), "which is no place"),
        (reaching("\u0661".encode()), "which is no place"),
        (reaching(b"&#88;FD1048576"), "row 1,048,576 and column 16,384"),
        (FAR.decode().encode("utf-16"), "row 1,048,576 and column 16,384"),
        (FAR.replace(b"<c ", b"<x:c ").replace(b"</c>", b"</x:c>"), "row 1,048,576 and column 16,384"),
        (sheet(b'<row r="1048576"><c r="XFC1"/><c/></row>'), "row 1,048,576 and column 16,383"),
        (FAR.replace(b'row r="2"', b'row r="-2"'), "has the number '-2'"),
        (reaching(b"B2").replace(b"</worksheet>", b""), "is no XML"),
        (b"<?xml version='1.0' encoding='nothing'?>" + FAR, "is no XML"),
        (b"<?xml version='1.0' encoding='shift_jis'?>" + FAR, "is no XML"),
        (b"<!DOCTYPE a [<!ENTITY e 'XFD1048576'>]>" + reaching(b"&e;"), "declares entities"),
        (sheet(b"<a>" * 300 + b"</a>" * 300), "nested more than 200 deep"),
    ],
)
def test_a_sheet_is_refused_before_a_reader_makes_room_for_its_corner(fine: bytes, text: bytes, told: str) -> None:
    with pytest.raises(WorkbookRefusedError, match=told):
        bounded_workbook(archive({**parts_of(fine), SHEET: text}))


def test_a_row_without_cells_reaches_nowhere(fine: bytes) -> None:
    """Some programs end a sheet with one in the last row there is."""
    text = parts_of(fine)[SHEET].replace(b"</sheetData>", b'<row r="1048576" ht="12"/></sheetData>')
    assert read_table(archive({**parts_of(fine), SHEET: text})).rows == read_table(fine).rows


def test_cells_that_do_not_say_where_they_stand_are_counted(fine: bytes) -> None:
    workbook = archive({**parts_of(fine), SHEET: BEHIND_EACH_OTHER})
    bounded_workbook(workbook, WorkbookBounds(cells=1_001 * 300))
    with pytest.raises(WorkbookRefusedError, match="row 1,001 and column 300"):
        bounded_workbook(workbook, WorkbookBounds(cells=1_001 * 300 - 1))


def test_a_reader_gets_no_part_that_was_not_looked_through(fine: bytes) -> None:
    """A sheet under the name of a picture is away, and so is an archive that stands before or behind another."""
    parts = parts_of(fine)
    picture = {name: text.replace(b"sheet1.xml", b"sheet1.png") for name, text in parts.items() if name != SHEET}
    assert set(parts_of(bounded_workbook(archive({**picture, "xl/worksheets/sheet1.png": FAR})))) == set(picture)
    far = archive({**parts, SHEET: FAR})
    assert parts_of(bounded_workbook(far + fine)) == parts
    with pytest.raises(WorkbookRefusedError, match="reaches to row"):
        bounded_workbook(fine + far)


def test_a_reader_gets_it_packed_again() -> None:
    """What may unpack to two gigabytes is not held unpacked beside the reader."""
    large = write_spreadsheet("Deals", ("Deal",), [("Contoso",)] * 20_000)
    assert len(bounded_workbook(large)) < 3 * len(large)


@pytest.mark.parametrize("name", [SHEET, SHEET.upper()])
def test_two_parts_of_one_name_are_refused(fine: bytes, name: str) -> None:
    content = io.BytesIO(fine)
    with zipfile.ZipFile(content, "a") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # this is what the test is about
        opened.writestr(name, FAR)
    with pytest.raises(WorkbookRefusedError, match="two parts of one name"):
        bounded_workbook(content.getvalue())
