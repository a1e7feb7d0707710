"""How answers of the room of deals read on a terminal: findings in full, sheets page by page.

The general rendering cuts long cells, which would cut remedies and amounts here. Works on the JSON form of results.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fairkeeper.cli.asking import Form
from fairkeeper.cli.forms.findings import count, finding_text


def checked_text(result: Any, *, width: int) -> str:
    """Say what a check of files found, file by file."""
    parts = []
    for file in result["files"]:
        found = [each for each in result["findings"] if (each["file"] or "") == file["file"]]
        parts.append("\n".join([_heading(file), *(finding_text(each, width) for each in found)]))
    errors, warnings = (sum(file[name] for file in result["files"]) for name in ("errors", "warnings"))
    parts.append(f"{count(errors, 'error')}, {count(warnings, 'warning')}, as of {result['as_of']}.")
    return "\n\n".join(parts)


def priced_text(result: Any, *, width: int) -> str:
    """Say both sides of every line, the totals and the quarters."""
    parts = []
    if result["name"]:
        fee = f"agency fee {result['fee_percent']} %"
        paid = f"paid out as {result['agreement']}" if result["agreement"] else "agreement not known, so no payout days"
        counts = f"counts towards the customer's commitment: {result['counts_towards_commitment']}"
        parts.append(f"{result['name']}: {fee}, {paid}, {counts}")
    parts += [_price_list(total, result["lines"]) for total in result["totals"]]
    if result["quarters"]:
        parts.append(f"By quarter, {result['currency']}\n{_columns(result['quarters'])}")
    return "\n\n".join([*parts, *_found(result, width)])


def built_text(result: Any, *, width: int) -> str:
    """Say a built schedule as a table and as the lines for a deal's file."""
    moved = result["moved_by"]
    is_kept = not moved.strip("-0.")
    told = f"Total {result['total']} {result['currency']}" + ("." if is_kept else f", moved by {moved}.")
    rows = [{**line, "on": line["on"] or "at start"} for line in result["lines"]]
    return "\n\n".join([_columns(rows), told, result["yaml"].rstrip(), *_found(result, width)])


def sheet_text(result: Any, *, width: int) -> str:
    """Say a sheet page by page, as it is typed in."""
    parts = []
    sheet = result["sheet"]
    if sheet is not None:
        parts.append(f"{sheet['title']}: to enter in Partner Center")
        parts += [_page(number, page) for number, page in enumerate(sheet["pages"], 1)]
    return "\n\n".join([*parts, *_found(result, width)])


def deal_text(result: Any, *, width: int) -> str:
    """Say how far a deal is, what it needs, and what is known of its money; its text is left to --json."""
    line, submission = result["line"], result["submission"]
    facts = {
        "address": line["slug"],
        "state": f"{line['state'].replace('_', ' ')} since {line['state_since_at'][:10]}",
        "customer": line["customer"],
        "worth": f"{line['total']} {line['currency']}",
        "accept by": line["accept_by"],
        "runs": f"{line['starts_on']} to {line['ends_on']}",
        "owner": line["owner"],
        "CRM opportunity": line["crm_id"],
        "private offer": line["private_offer_id"],
        "why": line["closed_why"],
        "cloud commitment": result["counts_towards_commitment"],
        "approvals missing": ", ".join(result["missing"]),
        "Microsoft refused": " ".join(submission["errors"]) if submission else "",
        "copy differs": "; ".join(result["differences"]),
        "not read": "; ".join(result["unread"]),
        "accept at": ", ".join(result["accept_links"]),
    }
    told = [f"{name:<18} {value}" for name, value in facts.items() if value]
    parts = ["\n".join([line["name"], *told]), *_found(result, width)]
    parts += [f"Needs: {each['message']} {each['remedy']}" for each in result["needs"]]
    if result["charges"]:
        rows = [
            {name: each[name] for name in ("charged_on", "amount", "currency", "plan", "note")}
            for each in result["charges"]
        ]
        parts.append(f"Charges\n{_columns(rows)}")
    return "\n\n".join(parts)


FORMS: Final[Mapping[str, Form]] = {
    "deals.check_file": checked_text,
    "deals.price_file": priced_text,
    "deals.build_schedule": built_text,
    "deals.print_sheet": sheet_text,
    "deals.show_deal": deal_text,
}
"""Forms by operation."""


def _heading(file: Mapping[str, Any]) -> str:
    facts = [file["name"]] if file["name"] else []
    if file["plans"] is not None:
        facts += [count(file["plans"], "plan"), count(file["installments"], "installment")]
        facts.append(f"{file['total']} {file['currency']}")
    facts.append("no errors" if not file["errors"] else count(file["errors"], "error"))
    return f"{file['file'] or 'deal'}: {', '.join(facts)}"


def _found(result: Mapping[str, Any], width: int) -> Iterable[str]:
    return [finding_text(each, width) for each in result["findings"]]


def _page(number: int, page: Mapping[str, Any]) -> str:
    margin = max((len(field["field"]) for field in page["fields"]), default=0) + 2
    lines = [f"{number}. {' > '.join(page['path'])}"]
    lines += [f"   {field['field']:<{margin}}{field['value']}" for field in page["fields"]]
    if page["lines"]:
        lines += ["", textwrap.indent(_columns(page["lines"]), "   ")]
    if page["total"]:
        lines.append(f"   Total {page['total']}")
    return "\n".join(lines)


def _price_list(total: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> str:
    """Return one plan in one currency: its lines, its totals, what rounding did."""
    own = [line for line in lines if all(line[name] == total[name] for name in ("plan", "currency", "markets"))]
    has_partner = total["adjustment_percent"] is not None
    rows = [
        {
            "charged on": line["charged_on"],
            **({"partner pays": line["partner_price"]} if has_partner else {}),
            "customer pays": line["customer_price"],
            **({"fee": line["fee"], "earning": line["earning"], "paid by": line["paid_by"]} if line["fee"] else {}),
            "note": line["note"],
        }
        for line in own
    ]
    where = f" in {', '.join(total['markets'])}" if total["markets"] else ""
    sums = f"customer {total['customer_total']}"
    if has_partner:
        sums = f"partner {total['partner_total']}, {sums}, adjustment {total['adjustment_percent']} %"
    return f"{total['plan']}, {total['currency']}{where}\n{_columns(rows)}\nTotal: {sums}. {total['rounding']}"


_NUMBERS: Final = re.compile(r"-?[0-9][0-9,]*(\.[0-9]+)?( [A-Z]{3})?")


def _columns(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table in which no cell is cut; columns of numbers stand to the right."""
    names = list(dict.fromkeys(name for row in rows for name in row if row[name] is not None))
    columns = []
    for name in names:
        cells = ["" if row.get(name) is None else str(row[name]) for row in rows]
        heading = name.replace("_", " ")
        longest = max(map(len, [heading, *cells]))
        is_number = all(_NUMBERS.fullmatch(cell) for cell in cells if cell)
        columns.append([cell.rjust(longest) if is_number else cell.ljust(longest) for cell in (heading, *cells)])
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))
