"""Files of insights in the forms they come in: aliases, odd cells, drifting headers, and what the doctor says."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from fairkeeper.opportunities.insights.fields import load_tabs, match, plain
from fairkeeper.opportunities.insights.importing import Prepared, is_insights_file, prepare
from fairkeeper.opportunities.lenses.columns import read_rows
from fairkeeper.values.findings import Finding

TODAY = date(2026, 11, 28)
CONTOSO = "aaaaaaaa-1111-4000-8000-000000000001"
FABRIKAM = "aaaaaaaa-1111-4000-8000-000000000002"
HEAD = (
    "Tenant Name,Tenant ID,Copilot Eligible M365 Seats,Copilot PAU,Copilot MAU (Licensed),Free Copilot MAU,EA Renewal"
)


def prepared(text: str | bytes, name: str = "copilot-2026-11-28.csv") -> Prepared:
    found = prepare(name, text.encode() if isinstance(text, str) else text, taken_on=None, today=TODAY)
    assert isinstance(found, Prepared), found
    return found


@pytest.fixture
def rows(tmp_path: Any) -> Any:
    def read(found: Prepared) -> Mapping[str, Any]:
        path = tmp_path / "table.parquet"
        path.write_bytes(found.table)
        return {row["tenant_id"]: row for row in read_rows(path)}

    return read


def codes(found: Prepared) -> set[str]:
    return {finding.code.removeprefix("opportunities.") for finding in found.findings}


def test_not_available_na_empty_and_zero_are_four_different_things(rows: Any) -> None:
    ids = [f"aaaaaaaa-1111-4000-8000-00000000000{n}" for n in range(5)]
    cells = ["0", "", "Not Available", "N/A", "about 3"]
    text = "\n".join([HEAD, *(f"x,{key},10,2,1,{cell}," for key, cell in zip(ids, cells, strict=True))])
    found = rows(prepared(text))
    place = [field.name for field in load_tabs()[0].fields].index("chat_mau")
    assert [(found[key]["chat_mau"], found[key]["marks"][place]) for key in ids] == [
        (0, "v"),
        (None, "e"),
        (None, "u"),
        (None, "n"),
        (None, "x"),
    ]


def test_thousands_percent_dollars_and_three_forms_of_a_day_are_read(rows: Any) -> None:
    head = "Tenant ID,Copilot PAU,Copilot Utilization,Potential Earnings,EA Renewal,Largest Seat CSP Renewal,TPID"
    text = f'{head}\n{CONTOSO.upper()},"131,185",84%,"$42,500",03/2027,10/31/2027,-12\n'
    row = rows(prepared(text))[CONTOSO]
    assert (row["paid_seats"], row["vendor_utilization"], row["vendor_earnings"], row["tpid"]) == (
        131185,
        0.84,
        42500.0,
        "-12",
    )
    assert (row["ea_renewal_on"], row["csp_renewal_on"]) == (date(2027, 3, 31), date(2027, 10, 31))


def test_rows_of_one_tenant_are_one_and_keep_their_partners(rows: Any) -> None:
    head = "Tenant ID,Copilot PAU,Copilot MAU (Licensed),MPN ID"
    found = prepared(f"{head}\n{CONTOSO},20,5,2\n{CONTOSO},25,,1\n")
    row = rows(found)[CONTOSO]
    assert (found.rows, row["paid_seats"], row["paid_mau"], row["associations"]) == (1, 25, 5, "1 2")
    assert "rows_disagree" in codes(found)


def test_a_total_row_is_left_out_and_told() -> None:
    found = prepared(f"{HEAD}\nContoso,{CONTOSO},10,2,1,3,\nTotal,,10,2,1,3,\n")
    assert found.rows == 1
    (told,) = [finding for finding in found.findings if finding.code.endswith("tenant_unreadable")]
    assert told.row == 3


def test_vendor_figures_that_do_not_follow_are_told_and_not_used(rows: Any) -> None:
    head = "Tenant ID,Copilot PAU,Free Copilot MAU,Free to Paid Whitespace"
    found = prepared(f'{head}\n{CONTOSO},290,"12,650","12,360"\n')
    assert "vendor_value_disagrees" in codes(found)
    assert rows(found)[CONTOSO]["vendor_free_to_paid"] == 12360.0


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_separators_and_encodings(separator: str, encoding: str, rows: Any) -> None:
    text = f"{HEAD}\nMüller,{CONTOSO},10,2,1,3,2027-03-31\n".replace(",", separator)
    assert rows(prepared(text.encode(encoding)))[CONTOSO]["tenant_name"] == "Müller"


def test_a_workbook_is_read_with_a_title_above_its_headers(rows: Any) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("About").write_row(0, 0, ["Nothing here"])
        sheet = book.add_worksheet("Data")
        sheet.write(0, 0, "Copilot Opportunities")
        for number, cells in enumerate(
            [HEAD.split(","), ["Contoso", CONTOSO, 131185, 2, 1, "Not Available", "10/31/2027"]], 2
        ):
            sheet.write_row(number, 0, cells)
    row = rows(prepared(file.getvalue(), "copilot-2026-11-28.xlsx"))[CONTOSO]
    assert (row["eligible_seats"], row["chat_mau"], row["ea_renewal_on"]) == (131185, None, date(2027, 10, 31))


def test_columns_that_nobody_knows_and_that_scores_miss_are_told() -> None:
    found = prepared(f"{HEAD},Weather\nContoso,{CONTOSO},10,2,1,3,,fine\n")
    assert {finding.column for finding in found.findings if finding.code.endswith("column_unknown")} == {"Weather"}
    missing = {finding.column for finding in found.findings if finding.code.endswith("column_missing")}
    assert "Users Experiencing Usage Limits" in missing


@pytest.mark.parametrize(
    ("headers", "tab"),
    [
        (["Tenant ID", "Workload Name", "MAU", "PAU"], "workloads"),
        (["Claim ID", "Engagement Name", "Performance Status"], "engagements"),
        (["CustomerID", "M365Cluster", "M365Fit"], "cloudascent"),
        (["CustomerTenantId", "WorkloadName", "Month", "PaidAvailableUnits"], "office_usage"),
        (["tenantId", "copilotPAU", "copilotMAULicensed"], "copilot"),
    ],
)
def test_each_tab_is_recognised_by_its_headers_or_properties(headers: list[str], tab: str) -> None:
    found = match(headers)
    assert found is not None
    assert found.tab.name == tab


def test_the_duplicate_rows_of_the_older_api_are_not_counted_twice(rows: Any) -> None:
    head = "CustomerTenantId,WorkloadName,Month,PaidAvailableUnits,MonthlyActiveUsers,IsDuplicateRowForPGA"
    found = prepared(f"{head}\n{CONTOSO},Teams,2026-10-01,10,7,0\n{CONTOSO},Teams,2026-10-01,99,99,1\n")
    assert [row["workload_pau"] for row in rows(found).values()] == [10]


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK\x03\x04 cut off", b"\x00\x01\x02", b"\xd0\xcf\x11\xe0old"]
)
def test_what_is_no_file_of_insights_is_a_finding(content: bytes) -> None:
    found = prepare("x.csv", content, taken_on=None, today=TODAY)
    assert isinstance(found, Finding)
    assert not is_insights_file(content)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_they_do_on_any_system(rows: Any, end: str) -> None:
    found = prepared(end.join([HEAD, f"a,{CONTOSO},10,2,1,3,", f"b,{FABRIKAM},20,2,1,3,", ""]))
    assert [row["eligible_seats"] for row in rows(found).values()] == [10, 20]


def test_a_return_amid_a_row_is_a_blank_and_amid_what_is_no_head_nothing(rows: Any) -> None:
    found = prepared(f"made by\rhand\r\n{HEAD}\r\nCon\rtoso \u0153\u00f8,{CONTOSO},10,2,1,3,\r\n")
    assert [row["tenant_name"] for row in rows(found).values()] == ["Con toso \u0153\u00f8"]


def test_a_row_without_end_is_a_finding() -> None:
    found = prepare("x.csv", f"{HEAD}\n{'x' * 5_000_000},{CONTOSO},10\n".encode(), taken_on=None, today=TODAY)
    assert isinstance(found, Finding)
    assert found.code == "opportunities.insights_file_damaged"
    assert found.message == "Its rows cannot be read from row 2 on."


def test_a_row_that_is_too_long_or_too_short_hides_no_other() -> None:
    assert prepared(f"{HEAD}\na,{CONTOSO},10\nb,{FABRIKAM},10,2,1,3,2027-03-31,more,and more\n").rows == 2


def test_the_day_is_that_of_the_option_then_of_the_name_then_today() -> None:
    text = f"{HEAD}\na,{CONTOSO},10,2,1,3,\n".encode()
    on = date(2026, 1, 31)
    given = prepare("copilot-2026-11-28.csv", text, taken_on=on, today=TODAY)
    assumed = prepare("export.csv", text, taken_on=None, today=TODAY)
    assert isinstance(given, Prepared)
    assert isinstance(assumed, Prepared)
    assert (given.taken_on, given.as_of) == (on, date(2026, 1, 28))
    assert (assumed.taken_on, "day_assumed" in codes(assumed)) == (TODAY, True)


def test_no_two_fields_of_a_tab_answer_to_one_name() -> None:
    for tab in load_tabs():
        names = [name for field in tab.fields for name in field.names]
        assert len(names) == len(set(names)), tab.name
        assert plain("") not in names
