"""Reading files of every form: what is in them is read exactly, and what is wrong is named with its row."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairkeeper.payouts.files.engine import engine
from fairkeeper.payouts.files.kept import kept_rows
from fairkeeper.payouts.files.limits import FileLimits
from fairkeeper.payouts.files.opening import open_file
from fairkeeper.payouts.files.reading import ReadTable, read_table
from fairkeeper.payouts.reports.columns import Kind

HEAD = "earningId,earningAmount,transactionCurrency,paymentStatus,earningRate,earningDate,customerName"
ROWS = (
    "E1,1234.50,USD,Sent,0.97,2026-05-14,Contoso",
    "E2,-12.00,USD,Sent,97%,5/15/2026,Fabrikam",
    "E3,0.000001,USD,Unprocessed,97,2026-05-16T00:00:00Z,Adatum",
)
PLAIN = "\n".join((HEAD, *ROWS)) + "\n"
SMALL = FileLimits(ratio_from_bytes=64 * 1024, members=20, columns=200, header_bytes=64 * 1024)

Read = Callable[..., tuple[list[ReadTable], list[str], list[dict[str, Any]]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads bytes as a file; returns its tables, the codes of what is wrong, and its rows."""
    count = 0

    def reading(content: bytes, name: str = "report.csv", limits: FileLimits = SMALL) -> Any:
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        scratch = folder / "scratch"
        scratch.mkdir(parents=True)
        path = folder / "file"
        path.write_bytes(content)
        opened = open_file(path, name, scratch, limits)
        tables, rows = [], []
        for number, member in enumerate(opened.members):
            target = folder / f"{number}.parquet"
            table = read_table(member, target, scratch / f"w{number}", file_id="f", limits=limits)
            tables.append(table)
            if table.kind is not None:
                with engine(scratch) as db:
                    result = db.execute(f"{kept_rows(db, table.kind, [target])} ORDER BY row_no")
                    names = [column[0] for column in result.description]
                    rows += [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        codes = [finding.code.partition(".")[2] for finding in opened.findings]
        codes += [finding.code.partition(".")[2] for table in tables for finding in table.findings]
        return tables, [code for code in codes if code not in ("columns_absent", "columns_unknown")], rows

    return reading


def _workbook(rows: list[list[Any]], sheet_xml: str | None = None) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            sheet.write(number, place, value)
    book.close()
    if sheet_xml is None:
        return content.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(content) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            data = sheet_xml.encode() if info.filename == "xl/worksheets/sheet1.xml" else before.read(info)
            after.writestr(info.filename, data)
    return changed.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


FORMS = {
    "plain": PLAIN.encode(),
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without mark": PLAIN.encode("utf-16-le"),
    "Windows line ends": PLAIN.replace("\n", "\r\n").encode(),
    "mixed line ends": PLAIN.replace("\n", "\r\n", 2).encode(),
    "old Mac line ends": PLAIN.replace("\n", "\r").encode(),
    "blank lines": PLAIN.replace("\n", "\n\n").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "everything quoted": "\n".join(",".join(f'"{x}"' for x in line.split(",")) for line in PLAIN.splitlines()).encode(),
    "zip": _zip({"a/earnings.csv": PLAIN.encode(), "__MACOSX/._earnings.csv": b"x"}),
    "gzip": gzip.compress(PLAIN.encode()),
    "re-cased": PLAIN.replace("earningId", "Earning ID").replace("earningAmount", "EARNING_AMOUNT").encode(),
    "workbook": _workbook([line.split(",") for line in PLAIN.splitlines()]),
    "a line above the header that is blank": b"\n,,,\n" + PLAIN.encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(read: Read, form: str) -> None:
    tables, codes, rows = read(FORMS[form])
    assert [table.kind for table in tables] == [Kind.EARNINGS]
    assert [(row["earning_id"], row["earning_amount"], row["earning_rate"]) for row in rows] == [
        ("E1", Decimal("1234.5"), Decimal("0.97")),
        ("E2", Decimal(-12), Decimal("0.97")),
        ("E3", Decimal("0.000001"), Decimal("0.97")),
    ]
    assert [str(row["earning_date"]) for row in rows] == ["2026-05-14", "2026-05-15", "2026-05-16"]
    assert set(codes) <= {"encoding_guessed"}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.50", "1234.5"),
        ("(12.00)", "-12"),
        ("$ 5", "5"),
        ("5 USD", "5"),
        ("12-", "-12"),
        ("1.5E-05", "0.000015"),
        ("1e3", "1000"),
        ("1\u00a0234.5", "1234.5"),
    ],
)
def test_amounts_are_read_as_people_write_them(read: Read, text: str, amount: str) -> None:
    content = f'{HEAD}\nE1,"{text}",USD,Sent,0.97,2026-05-14,Contoso\n'
    assert read(content.encode())[2][0]["earning_amount"] == Decimal(amount)


def test_decimal_commas_are_told_by_the_column(read: Read) -> None:
    content = PLAIN.replace(",", ";").replace("1234.50", "1.234,50").replace("12.00", "12,00").replace("0.000001", "7")
    assert [row["earning_amount"] for row in read(content.encode())[2]] == [Decimal("1234.5"), Decimal(-12), Decimal(7)]


def test_days_before_months_are_told_by_the_column(read: Read) -> None:
    content = (
        PLAIN.replace("2026-05-14", "14/05/2026")
        .replace("5/15/2026", "03/05/2026")
        .replace("2026-05-16T00:00:00Z", "01/05/2026")
    )
    assert [str(row["earning_date"]) for row in read(content.encode())[2]] == ["2026-05-14", "2026-05-03", "2026-05-01"]


def test_bad_rows_are_named_and_do_not_stop_the_rest(read: Read) -> None:
    content = "\n".join(
        (HEAD, ROWS[0], "E4,n/a.,USD,Sent,0.97,2026-05-14,X", "E5,1", ",5,USD,Sent,0.97,2026-05-14,X", ROWS[1])
    )
    tables, codes, rows = read(content.encode())
    assert tables[0].rows == 4
    assert tables[0].unreadable == 3
    assert [row["earning_id"] for row in rows if not row["is_unreadable"]] == ["E1", "E2"]
    places = {(finding.row, finding.column) for finding in tables[0].findings if finding.row}
    assert places == {(3, "earningAmount"), (4, None), (5, "earningId")}
    assert sorted(codes) == ["row_unreadable", "value_unreadable", "value_unreadable"]


def test_row_numbers_are_those_of_the_file(read: Read) -> None:
    assert [row["row_no"] for row in read(PLAIN.replace("\n", "\n\n", 2).encode())[2]] == [3, 5, 6]


def test_row_numbers_are_those_of_the_file_however_long_it_is(read: Read) -> None:
    lines = [f"E{row},1,USD,Sent,0.97,2026-05-14,{'Contoso' * (row % 17)}" for row in range(2, 60_002)]
    content = "\n".join((HEAD, *lines[:40_000], ",,,,,,", *lines[40_000:], "")).encode()
    assert len(content) > 4_000_000, "more than a few buffers of the reader"
    tables, codes, rows = read(content)
    assert (tables[0].rows, codes) == (60_000, [])
    assert [row["row_no"] for row in rows] == [*range(2, 40_002), *range(40_003, 60_003)]
    assert all(row["earning_id"] == f"E{row['row_no'] - (row['row_no'] > 40_002)}" for row in rows)


def test_summaries_are_refused_as_detail(read: Read) -> None:
    content = PLAIN.replace("earningId,", "productName,")
    assert "summary_refused" in read(content.encode())[1]


def test_formulas_are_text(read: Read) -> None:
    content = PLAIN.replace("Contoso", "=cmd|' /C calc'!A0").replace("Fabrikam", "=HYPERLINK(1)")
    _, codes, rows = read(content.replace("\n", "\n\n", 1).encode())
    assert rows[0]["customer_name"].startswith("=cmd")
    assert codes == ["formula_kept"]


def test_a_formula_of_a_workbook_gives_the_value_that_was_kept(read: Read) -> None:
    names = HEAD.split(",")[:4]
    cells = "".join(f'<c r="{chr(65 + n)}1" t="inlineStr"><is><t>{name}</t></is></c>' for n, name in enumerate(names))
    row = (
        '<c r="A2" t="inlineStr"><is><t>E1</t></is></c><c r="B2"><f>1+1</f><v>2</v></c>'
        '<c r="C2" t="inlineStr"><is><t>USD</t></is></c><c r="D2" t="inlineStr"><is><t>Sent</t></is></c>'
        '<c r="XFD2"><v>1</v></c>'
    )
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row r="1">{cells}</row><row r="2">{row}</row><row r="1048576"><c r="A1048576"><v>7</v></c></row>'
        "</sheetData></worksheet>"
    )
    _, codes, rows = read(_workbook([["x"]], sheet), "book.xlsx")
    assert rows[0]["earning_amount"] == Decimal(2)
    assert "formula_kept" in codes


ENTITY = (
    '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">]>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c t="inlineStr">'
    "<is><t>&y;</t></is></c></row></sheetData></worksheet>"
)


def _lying_zip() -> bytes:
    """Make a zip that says of its file that it is small."""
    content = bytearray(_zip({"a.csv": b"0" * 1_000_000}))
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(content)


HOSTILE = {
    "empty": (b"", "file_unreadable"),
    "one NUL": (b"\x00", "file_unreadable"),
    "noise": (bytes(range(256)) * 40, "file_unreadable"),
    "a cut zip": (_zip({"a.csv": PLAIN.encode()})[:-30], "file_unreadable"),
    "a zip cut in its data": (_zip({"a.csv": PLAIN.encode()})[:60], "file_unreadable"),
    "a zip of nothing": (_zip({}), "file_unreadable"),
    "a zip in a zip": (_zip({"a.zip": _zip({"a.csv": PLAIN.encode()})}), "file_unreadable"),
    "a zip that lies": (_lying_zip(), "file_unreadable"),
    "a zip bomb": (_zip({"a.csv": b"0" * 30_000_000}), "file_too_large"),
    "a gzip bomb": (gzip.compress(b"0" * 30_000_000), "file_too_large"),
    "a cut gzip": (gzip.compress(PLAIN.encode())[:-12], "file_unreadable"),
    "many files": (_zip({f"{n}.csv": b"a,b\n1,2\n" for n in range(21)}), "file_too_large"),
    "a workbook bomb": (_workbook([["x"]], "<a>" + "0" * 30_000_000 + "</a>"), "file_too_large"),
    "a workbook with entities": (_workbook([["x"]], ENTITY), "file_unreadable"),
    "a workbook that is no XML": (_workbook([["x"]], "<worksheet"), "file_unreadable"),
    "a million columns": (b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n1\n", "file_too_large"),
    "three hundred columns": (b",".join(b"c%d" % n for n in range(300)) + b"\n1\n", "file_too_large"),
    "a header alone": (b"earningId", "report_unknown"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + b"\x00" * 100, "file_unreadable"),
    "a PDF": (b"%PDF-1.7 ...", "file_unreadable"),
    "another table": (b"name,colour\na,b\n", "report_unknown"),
    "quotes that never end": (b'"a,b\n' * 51, "report_unknown"),
    "XML": (b"<html><body>Sign in</body></html>", "file_unreadable"),
    "XML in an encoding that does not exist": (
        b'<?xml version="1.0" encoding="latin-99"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>',
        "file_unreadable",
    ),
    "OFX of nothing": (b"OFXHEADER:100\n<OFX></OFX>", "file_unreadable"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused_in_words(read: Read, what: str) -> None:
    content, code = HOSTILE[what]
    tables, codes, rows = read(content)
    assert code in codes
    assert rows == []
    assert all(table.kind is None for table in tables)


def test_a_cell_without_end_costs_its_row_alone(read: Read) -> None:
    content = f"{HEAD}\n{ROWS[0]}\nE9,1,USD,Sent,0.97,2026-05-14,{'x' * 200_000}\n{ROWS[1]}\n\n"
    tables, codes, rows = read(content.encode())
    assert [row["earning_id"] for row in rows] == ["E1", "E2"]
    assert codes == ["row_unreadable"]
    assert tables[0].unreadable == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
@given(data=st.data())
def test_damaged_files_never_crash(read: Read, data: st.DataObject) -> None:
    original = data.draw(st.sampled_from(sorted(FORMS)))
    content = bytearray(FORMS[original])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content)))
        kind = data.draw(st.sampled_from(["cut", "insert", "flip"]))
        if kind == "cut":
            del content[place : place + data.draw(st.integers(1, 40))]
        elif kind == "insert":
            content[place:place] = data.draw(
                st.sampled_from([b"\x00", b'"', b"\r", b"\n", b",", b"\xff\xfe", b"\xe9", b"=1+1"])
            )
        elif place < len(content):
            content[place] ^= 1 << data.draw(st.integers(0, 7))
    tables, codes, rows = read(bytes(content))
    assert rows or codes or any(table.rows == 0 for table in tables)


def test_the_crc_of_an_archive_is_believed(read: Read) -> None:
    content = bytearray(_zip({"a.csv": PLAIN.encode() * 3}))
    crc = struct.pack("<I", zlib.crc32(PLAIN.encode() * 3))
    damaged = bytes(content).replace(crc, b"\x00\x00\x00\x01")
    assert read(damaged)[1] == ["file_unreadable"]


OFX = b"""OFXHEADER:100
DATA:OFXSGML

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKTRANLIST>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260518120000<TRNAMT>970.00<FITID>77<NAME>MICROSOFT<MEMO>PAY-000071
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260519<TRNAMT>-5.00<FITID>78<NAME>BANK
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""
CAMT = b"""<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>
<Ntry><Amt Ccy="EUR">970.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-05-18</Dt></BookgDt><NtryDtls><TxDtls>
<Refs><EndToEndId>PAY-000071</EndToEndId></Refs><RmtInf><Ustrd>MICROSOFT</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><BookgDt><Dt>2026-05-19</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


@pytest.mark.parametrize("content", [OFX, CAMT], ids=["OFX", "camt.053"])
def test_bank_statements_are_read(read: Read, content: bytes) -> None:
    tables, codes, rows = read(content)
    assert tables[0].kind is Kind.BANK
    assert codes == []
    assert [(str(row["booked_on"]), row["amount"], row["currency"]) for row in rows] == [
        ("2026-05-18", Decimal(970), "EUR"),
        ("2026-05-19", Decimal(-5), "EUR"),
    ]
    assert "PAY-000071" in f"{rows[0]['reference']} {rows[0]['description']}"
