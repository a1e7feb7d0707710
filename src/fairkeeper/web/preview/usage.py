"""The pages of usage, made up: three customers, one with an hour that is held."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from fairkeeper.metering.proving.replay import SOURCES
from fairkeeper.metering.proving.verification import NOT_PROVED, PROVED
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.deals import Chart
from fairkeeper.web.pages.usage import (
    ComparedRow,
    HourPage,
    HourRow,
    ProofPage,
    ProofRow,
    ProvedRow,
    UsageListPage,
    UsagePage,
    UsageRow,
)
from fairkeeper.web.parts import Deadline, Empty, Fact, Identifier, Link
from fairkeeper.web.preview.frames import NOW, frame
from fairkeeper.web.serving.charts import UsageBar, standing_chart, usage_chart

_ROOM = "Usage"
_TRAIL = (Link(label=_ROOM, href="/usage.html"),)
_ENDS = datetime(2026, 12, 1, tzinfo=UTC)
_SUBSCRIPTION = "3f2b1c0a-6a5f-4c38-9b8e-0f5b6f0f3a01"


def _held() -> Deadline:
    return Deadline(
        due_at=NOW + timedelta(hours=9),
        what="4,800 of documents of Contoso are held: 12 times the largest of the 300 hours before.",
        otherwise="The publisher’s rule decides.",
        owner="Finance",
        action=Link(label="Look at it", href="/usage-hour.html"),
    )


def _row(customer: str, used: str, over: str, standing: tuple[str, ...], word: str) -> UsageRow:
    return UsageRow(
        customer=customer,
        dimension=Link(label="documents", href="/usage-one.html"),
        used=f"{used} document",
        included="1000",
        overage=over,
        standing=standing,
        ends_at=_ENDS,
        state=state(word),
    )


def _lines(*, is_empty: bool) -> Listing[UsageRow]:
    rows = (
        _row("Contoso", "6210", "5210", ("410 accepted", "4800 held for a person"), "held"),
        _row("Fabrikam", "640", "0", (), "none"),
        _row("Northwind", "1480.5", "480.5", ("480.5 accepted",), "accepted"),
    )
    labels = ("Dimension", "Used", "Included", "Above", "At Microsoft", "Counts until", "State")
    return Listing(
        id="usage",
        caption="Usage",
        columns=tuple(Column(label=label, is_number=label in {"Used", "Included", "Above"}) for label in labels),
        rows=() if is_empty else rows,
        empty=Empty(
            title="No usage yet",
            text="Usage appears when a metered dimension is set and the first hour of it is over.",
        ),
        address=Address("/usage", ()),
        exports=() if is_empty else (Link(label="CSV", href="/usage.csv"),),
    )


def _hours() -> Listing[HourRow]:
    labels = ("Hour", "Used", "Reported", "State", "Microsoft’s word", "Evidence")
    rows = tuple(
        HourRow(
            hour=Link(label=f"22 Nov 2026, {hour:02}:00 UTC", href="/usage-hour.html"),
            units="41",
            quantity="41",
            state=state(word),
            status=status,
            evidence=Link(label="Proof", href="/entry.html"),
        )
        for hour, word, status in ((8, "held", ""), (7, "accepted", "Accepted"), (6, "accepted", "Duplicate"))
    )
    return Listing(
        id="hours",
        caption="Hours",
        columns=tuple(Column(label=label, is_number=label in {"Used", "Reported"}) for label in labels),
        rows=rows,
        empty=Empty(title="No hour yet", text="An hour is counted some minutes after it is over."),
        address=Address("/usage", ()),
    )


def _compared() -> Listing[ComparedRow]:
    labels = ("Day", "Dimension", "Ours", "Microsoft’s", "What it means", "State")
    row = ComparedRow(
        day_on=date(2026, 11, 21),
        dimension="documents",
        ours="410",
        microsofts="414",
        explanation="Microsoft has 4 more than we reported: another system reports with the same application.",
        state=state("warning"),
    )
    return Listing(
        id="compared",
        caption="Compared days",
        columns=tuple(Column(label=label, is_number=label in {"Ours", "Microsoft’s"}) for label in labels),
        rows=(row,),
        empty=Empty(title="Not compared yet", text="Microsoft’s list is read once a day."),
        address=Address("/usage", ()),
    )


def _charts() -> tuple[Chart, ...]:
    bars = tuple(
        UsageBar(on=date(2026, 11, day), part=part, units=units)
        for day in range(1, 23)
        for part, units in (("Included", 60.0 if day < 17 else 0.0), ("Above", 0.0 if day < 17 else 70.0))
    )
    stands = tuple(
        UsageBar(on=date(2026, 11, day), part=part, units=units)
        for day in range(17, 23)
        for part, units in (("accepted", 70.0 if day < 22 else 20.0), ("waits", 0.0 if day < 22 else 50.0))
    )
    title = "documents by the day: 420 above what is included in the last 31 days"
    where = "At Microsoft: 50 waiting to be sent, 370 accepted"
    return (
        Chart(
            id="usage-days",
            title=title,
            alt=f"{title}. The hours stand in the table below.",
            drawing=usage_chart(bars, title="documents"),
        ),
        Chart(
            id="usage-standing",
            title=where,
            alt=f"{where}. The hours stand in the table below.",
            drawing=standing_chart(stands, title="documents"),
        ),
    )


def _proofs() -> Listing[ProofRow]:
    labels = ("Days", "Made", "Used", "File", "State")
    row = ProofRow(
        proof=Link(label="1 Nov 2026 to 22 Nov 2026", href="/usage-proof.html"),
        made_at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
        units="6210 documents",
        file=Link(label="Download", href="/usage-proof.html"),
        state=state("done"),
    )
    return Listing(
        id="proofs",
        caption="Proofs",
        columns=tuple(Column(label=label, is_number=label == "Used") for label in labels),
        rows=(row,),
        empty=Empty(
            title="No proof yet",
            text="Make the proof of an invoice’s days: the customer checks it without asking anybody.",
        ),
        address=Address("/usage", ()),
    )


def usage_pages() -> dict[str, Page]:
    """Return the pages of usage by the name of their file."""
    return {
        "usage": UsageListPage(
            frame=frame(_ROOM),
            sentence="3 dimensions counted in the running month or year, 1 hour held.",
            lines=_lines(is_empty=False),
            needs=(_held(),),
        ),
        "usage-empty": UsageListPage(
            frame=frame(_ROOM), sentence="No usage is counted yet.", lines=_lines(is_empty=True)
        ),
        "usage-one": UsagePage(
            frame=frame(_ROOM),
            trail=_TRAIL,
            heading="documents of Contoso",
            sentence="6210 used, of 1000 included; 5210 above, until 1 Dec 2026, 00:00 UTC.",
            tabs=(),
            charts=_charts(),
            proofs=_proofs(),
            facts=(
                Fact(label="Subscription", value=Identifier(text=_SUBSCRIPTION, names="subscription id")),
                Fact(label="Used", value="6210 document"),
                Fact(label="Above", value="5210", note="Only this is reported to Microsoft."),
            ),
            hours=_hours(),
            compared=_compared(),
        ),
        "usage-proof": ProofPage(
            frame=frame(_ROOM),
            trail=_TRAIL,
            heading="Proof of usage of Contoso, 1 Nov 2026 to 22 Nov 2026",
            sentence="The file holds everything that is needed to check it.",
            state=state("done"),
            facts=(Fact(label="Entries in it", value="1,204"),),
            rows=(
                ProvedRow(
                    dimension="documents",
                    plan="business",
                    units="6210",
                    sources=(f"6000: {SOURCES['action']}", f"210: {SOURCES['hand']}"),
                    reported=("5160 accepted", "50 waits to be sent"),
                ),
            ),
            proves=PROVED,
            proves_not=NOT_PROVED,
            verify="fairkeeper metering verify usage-ent_01.jsonl",
            file_href="/usage-proof.html",
        ),
        "usage-hour": HourPage(
            frame=frame(_ROOM),
            trail=_TRAIL,
            heading="documents, 22 Nov 2026, 08:00 UTC",
            sentence="4800 used, 4800 to report; held for a person.",
            state=state("held"),
            facts=(Fact(label="Customer", value="Contoso"), Fact(label="Reported", value="4800")),
            needs=(_held(),),
        ),
    }
