"""Every list of the console has its files, and they hold what the list shows.

The walk opens one page of each kind that an owner and a customer's administrator come to from the rail and the links on
pages; a table outside a list has to be named here with the reason why it is none.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from fairkeeper.assurance.posture.around import EVERY_CONTROL
from fairkeeper.web.app import WAYS
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor
from tests.channels.web.markup import Element

_FILES: Final = (".csv", ".xlsx", ".json")
_NO_LISTS: Final[Mapping[str, str]] = {
    r"How far they come|Coverage|Forecast|Cards by lens|Months|Bins|Programmes|Offers": "a summary of a list",
    r"Subscriptions|Receipts|Charges|Purchases|Versions|Approvals|Operations of .*": "a part of one thing's page",
    r"Permissions of .*|Tools and lanes|Steps|Documents|Tests|Calls .*": "a part of one thing's page",
    r"Keys that sign|Keys|Witnesses": "what everything else is checked with, each shown whole",
    r"Kinds of signal": "what there is to hear, a row for each kind, which people only change",
    r"Every control|OWASP Top 10 .*": "a list of somebody else's that never grows, shown whole",
    "|".join(
        re.escape(each.name) for each in EVERY_CONTROL.values()
    ): "the tests of one control, a part of a risk's page",
    r"Scans|Answers|Steps and their times": "the last few, or a part of what is exported or given back as a file",
    r"How long agents’ data is kept|Legal holds": "what there is to set and to lift, shown whole",
    r"A customer’s data|Where it is|Where it goes|Which staff may read payloads|Who took some out": "a report about one customer's data",
    r"Timeline": "a part of an incident's page, whose package holds it whole",
    r"What it is for, and what not|What it may do|Which data it handles|How it was evaluated|Incidents": (
        "a part of what is told of one agent, a document"
    ),
    r"Invitations|Contracts that end in .*|Files": "has its own links to files, or is a log of uploads",
    r"": "a receipt, which is a document",
}
"""Captions of tables that are no lists, with the reason."""


def pages_of(visitor: Visitor) -> Iterator[tuple[str, Element]]:
    """Open a page of each kind: those without a name in the address first, then what they lead to."""
    shapes = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", way.path)), way.path) for way in WAYS if way.method == "GET"]
    waiting = [way.path for way in WAYS if way.method == "GET" and "{" not in way.path]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        shape = next((found for pattern, found in shapes if pattern.fullmatch(urlsplit(path).path)), None)
        if shape is None or shape in seen or shape.endswith(_FILES) or shape.startswith(("/sign-", "/invitation")):
            continue
        answer = visitor.get(path)
        if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        seen.add(shape)
        page = visitor.page
        yield path, page
        waiting += [link.attributes.get("href", "") for link in page.all("a")]


def rows_of(table: Element) -> list[Element]:
    return [row for body in table.all("tbody") for row in body.all("tr")]


def file_of(holder: Element, ending: str) -> str:
    """Return the address of a list's file, or nothing."""
    addresses = [link.attributes.get("href", "") for link in holder.all("a")]
    return next((each for each in addresses if urlsplit(each).path.endswith(ending)), "")


def lead_of(row: Element) -> str:
    """Return what a row is about, as it stands in its first cell."""
    cell = next(each for each in row.walk() if each.tag in {"td", "th"})
    links = cell.all("a")
    return (links[0] if links else cell).text


@pytest.mark.parametrize("who", ["owner", "customer_admin"])
def test_every_list_has_files_that_hold_what_it_shows(sqlite_stage: Stage, failures: list[Any], who: str) -> None:
    stage = sqlite_stage
    wrong, lists, opened = [], 0, 0
    with Visitor(stage) as visitor, Visitor(stage) as reader:
        cookie = stage.owner_cookie if who == "owner" else stage.contoso.cookies[who]
        for browser in (visitor, reader):
            browser.client.cookies.set(SESSION, cookie, domain="127.0.0.1")
        for path, page in pages_of(visitor):
            opened += 1
            listings = page.all("div", class_="listing")
            inside = [table for listing in listings for table in listing.all("table")]
            for table in page.all("table"):
                caption = (table.all("caption") or [Element("caption", {})])[0].text
                if table not in inside and not any(re.fullmatch(pattern, caption) for pattern in _NO_LISTS):
                    wrong.append(f"{path}: the table {caption!r} is in no list and named here by nobody")
            for listing in listings:
                rows = [row for table in listing.all("table") for row in rows_of(table)]
                if not rows:
                    continue
                lists += 1
                wrong += [f"{path}: {told}" for told in _told(reader, listing, rows)]
    assert wrong == []
    assert opened > (60 if who == "owner" else 25)
    assert lists >= (10 if who == "owner" else 5)
    assert failures == []


def _told(reader: Visitor, listing: Element, rows: list[Element]) -> Iterator[str]:
    """Say what is wrong with the files of a list."""
    csv_address, book = file_of(listing, ".csv"), file_of(listing, ".xlsx")
    if not csv_address or not book:
        yield "the list has no files"
        return
    answer = reader.get(csv_address)
    if answer.status_code != 200:
        yield f"{csv_address} answered {answer.status_code}"
        return
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    is_whole = not listing.all("nav", class_="paging")
    if len(lines) < len(rows) or (is_whole and len(lines) != len(rows)):
        yield f"{len(rows)} rows are shown, and {csv_address} has {len(lines)}"
    cells = {cell for line in lines for cell in line}
    missing = [
        lead for lead in map(lead_of, rows) if not any((cell and cell in lead) or lead in cell for cell in cells)
    ]
    if missing:
        yield f"{csv_address} ({', '.join(head)}) has nothing of {missing[:3]}"
    if reader.get(book).status_code != 200 or not reader.last.content.startswith(b"PK"):
        yield f"{book} is no spreadsheet"


def test_what_has_files_beside_its_tables_has_them(sqlite_stage: Stage) -> None:
    with Visitor(sqlite_stage) as visitor:
        visitor.client.cookies.set(SESSION, sqlite_stage.owner_cookie, domain="127.0.0.1")
        for path, file in (
            ("/settings/people", "/settings/invitations.csv"),
            ("/deals/renewals", "/deals/renewals.csv"),
        ):
            visitor.get(path)
            assert file_of(visitor.page, file) == file
            shown = [table for table in visitor.page.all("table") if not table.parent.parent.has(class_="listing")]  # type: ignore[union-attr]
            lines = visitor.get(file).text.strip().splitlines()
            assert len(lines) - 1 == sum(len(rows_of(table)) for table in shown) > 0
