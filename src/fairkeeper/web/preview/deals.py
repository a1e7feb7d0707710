"""The deals' pages, made up: a board in every state, a deal with faults and approvals, its papers, two side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord, Tone, state
from fairkeeper.web.forms import Field, FieldKind, Form, Question
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import deals as pages
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Answer, Deadline, Empty, Fact, Finding, Level, Link, Path, PathStep, Standing, Timeline
from fairkeeper.web.preview.frames import days, entry, frame, guid
from fairkeeper.web.serving.charts import ChargePoint, QuarterBar, charges_chart, quarters_chart

_HERE = Link(label="Contoso three years", href="/deal.html")
_BOARD = Link(label="Deals", href="/deals.html")
_NAMES = ("Draft", "Submitted", "Offered", "Accepted", "Bought", "Ended")
_MADE = (
    (date(2027, 1, 1), 2_000_000, "Setup fee"),
    (date(2027, 7, 15), 28_000_000, "Year 1"),
    (date(2028, 1, 1), 50_000_000, "Year 2"),
)


def _usd(major: int) -> Money:
    return Money(major * 100, currency("USD"))


def _card(name: str, customer: str, major: int, how: str, **more: object) -> pages.DealCard:
    return pages.DealCard(
        deal=Link(label=name, href="/deal.html"),
        customer=customer,
        total=_usd(major),
        state=state(how),
        **more,  # type: ignore[arg-type]
    )


def _need() -> Deadline:
    return Deadline(
        due_at=days(23),
        what="Contoso has until 2026-12-15 to accept “Contoso three years”.",
        otherwise="Ask whoever may accept it. The hand-over page says who does what.",
        where=_HERE,
        owner="Deal desk",
        action=Link(label="Close with a reason", href="/question.html"),
    )


def _fault() -> Finding:
    return Finding(
        level=Level.ERROR,
        what="The charges add up to 80000000.00 USD, 1.00 USD less than the agreed 80000001.00 USD. (plans/0, line 22)",
        remedy="Correct the line that is wrong; the message says by how much the sum is off.",
        resource=Link(label="Flexible billing schedule", href="https://learn.microsoft.com/partner-center/"),
        owner="Deal desk",
    )


def _money() -> pages.DealMoney:
    running, points, rows = 0, [], []
    for number, (on, major, note) in enumerate(_MADE, 1):
        running += major
        points.append(ChargePoint(on=on, amount=_usd(major), running=_usd(running)))
        rows.append(
            pages.ScheduleRow(
                number=number,
                plan="contoso-enterprise-3y",
                charged_on=on,
                customer_pays=_usd(major),
                running=_usd(running),
                note=note,
                partner_pays=_usd(major),
                earning=Money(major * 97, currency("USD")),
                paid_by=date(on.year, min(on.month + 3, 12), 15),
            )
        )
    quarters = (
        pages.QuarterRow(quarter="2027 Q1", charged=_usd(2_000_000), paid=_usd(0)),
        pages.QuarterRow(quarter="2027 Q2", charged=_usd(0), paid=_usd(1_940_000)),
    )
    bars = [
        QuarterBar(quarter=row.quarter, series=series, amount=amount)
        for row in quarters
        for series, amount in (("Charged", row.charged), ("Paid out to us", row.paid))
    ]
    title = "80,000,000.00 USD in 3 charges, 62 % of it in 2028"
    paid = "1,940,000.00 USD should have reached us by the end of 2027 Q2"
    charts = (
        pages.Chart(
            id="charges-chart",
            title=title,
            alt=title,
            drawing=charges_chart(points, title=title),
        ),
        pages.Chart(
            id="cash-chart",
            title=paid,
            alt=paid,
            drawing=quarters_chart(bars, title=paid),
        ),
    )
    sentence = (
        "Agency fee 3 %. Paid out as a customer under MCA is. It counts towards the customer's commitment (MACC)."
    )
    return pages.DealMoney(charts=charts, schedule=tuple(rows), quarters=quarters, sentence=sentence)


def _submit() -> Question:
    return Question(
        id="submit",
        opener="Submit to Microsoft",
        href="/question.html",
        title="Submit Contoso three years to Microsoft?",
        points=("Contoso can accept it as soon as Microsoft's job has ended.",),
        form=Form(
            id="submit-form",
            action="/deals/contoso-three-years/submit",
            submit="Submit",
            idempotency_key="01JDA00000000000000SUBMIT0",
            fields=(Field(name="url_0", label="Address of terms.pdf", kind=FieldKind.URL),),
        ),
    )


def _approve() -> Question:
    return replace(_submit(), id="approve", opener="Approve", form=replace(_submit().form, id="approve-form"))


def _board() -> pages.DealBoardPage:
    made = (
        ("Draft", (_card("Fabrikam one year", "Fabrikam", 1_200_000, "draft", needs=1),)),
        ("Submitted", (_card("Northwind by Litware", "Northwind", 350_000, "with_partner"),)),
        (
            "Offered",
            (
                _card(
                    "Contoso three years",
                    "Contoso",
                    80_000_000,
                    "offered",
                    next_what="last day to accept",
                    next_on=date(2026, 12, 15),
                    needs=1,
                ),
            ),
        ),
        ("Accepted", ()),
        (
            "Bought",
            (_card("Adatum desk", "Adatum", 240_000, "bought", next_what="charge", next_on=date(2027, 1, 1)),),
        ),
        (
            "Lost or over",
            (_card("Tailspin", "Tailspin", 90_000, "expired", note="Tailspin did not accept it by 2026-10-31."),),
        ),
    )
    return pages.DealBoardPage(
        frame=frame("Deals"),
        sentence="3 deals under way, 1 bought; 1 thing needs somebody.",
        columns=tuple(
            pages.BoardColumn(
                title=title,
                cards=cards,
                number=len(cards),
                totals=tuple(card.total for card in cards),
                more=Link(label="All 31", href="/deals-all.html") if title == "Bought" else None,
            )
            for title, cards in made
        ),
        needs=(_need(),),
        actions=(Link(label="New deal", href="/question.html"), Link(label="Renewals", href="/deal-renewals.html")),
    )


def _list() -> pages.DealListPage:
    row = pages.DealRow(
        deal=_HERE,
        customer="Contoso",
        state=state("expired"),
        total=_usd(80_000_000),
        accept_by=date(2026, 12, 15),
        ends_on=date(2029, 12, 31),
        owner="Dana Keller",
        crm_id="OPP-17",
        why="Contoso did not accept it by 2026-12-15.",
    )
    return pages.DealListPage(
        frame=frame("Deals"),
        trail=(_BOARD,),
        sentence="31 deals.",
        deals=Listing(
            id="deals",
            caption="Deals",
            columns=(
                Column(label="Deal", key="name"),
                Column(label="Customer"),
                Column(label="State"),
                Column(label="Worth", key="total", is_number=True),
                Column(label="Accept by", key="accept_by"),
                Column(label="Ends", key="ends"),
                Column(label="Owner"),
            ),
            rows=(row,),
            empty=Empty(title="No deals yet", text="Deals that are kept here stand in this list."),
            address=Address("/deals/all", (("sort", "-total"),)),
            filters=(Filter(name="state", label="State", choices=(Choice(value="draft", label="Draft", count=2),)),),
            exports=(Link(label="CSV", href="/deals/all.csv"),),
            paging=Paging(shown="1–31 of 31"),
        ),
    )


def _deal() -> pages.DealPage:
    standings = (Standing.NOW, *(Standing.NEXT,) * 5)
    return pages.DealPage(
        frame=frame("Deals"),
        trail=(_BOARD,),
        name="Contoso three years",
        state=state("draft"),
        sentence="1 fault keeps it from being submitted.",
        path=Path(steps=tuple(PathStep(standing=each) for each in standings), names=_NAMES),
        facts=(
            Fact(label="Customer", value="Contoso"),
            Fact(label="Worth", value=_usd(80_000_000)),
            Fact(label="Cloud commitment", value="Counts", note="MACC, as Partner Center shows it of the public plan"),
            Fact(label="Private offer", value=guid("contoso-three-years", "private offer id")),
        ),
        money=_money(),
        timeline=Timeline(
            entries=(
                entry(
                    days(-1),
                    "deals.deal_saved/1",
                    "The deal Contoso three years was written: 80000000.00 USD.",
                    index=1_204,
                    parties=("Dana Keller", ""),
                ),
            )
        ),
        needs=(_need(),),
        findings=(_fault(),),
        approvals=(
            pages.ApprovalRow(
                reason="Discount",
                sentence="contoso-enterprise-3y is 20 % off; 15 % is free.",
                state=StateWord(word="Missing", tone=Tone.CARE),
                give=_approve(),
            ),
        ),
        purchases=(
            pages.PurchaseRow(
                subscription=Link(label="contoso-enterprise-3y", href="/subscription.html"),
                plan="contoso-enterprise-3y",
                bought_on=date(2027, 1, 1),
                how="Only this deal has the plan contoso-enterprise-3y.",
            ),
        ),
        versions=(
            pages.VersionRow(number=2, changed_at=date(2026, 11, 21), who="Dana Keller", why="Another start"),
            pages.VersionRow(number=1, changed_at=date(2026, 11, 20), who="Dana Keller", why=""),
        ),
        actions=(Link(label="Hand-over", href="/deal-hand-over.html"),),
        questions=(_submit(),),
        document="private_offer:\n  name: Contoso three years\n  note: <script>alert('somebody else's')</script>\n",
    )


def _editor() -> pages.DealEditorPage:
    return pages.DealEditorPage(
        frame=frame("Deals"),
        trail=(_BOARD, _HERE),
        name="Edit Contoso three years",
        sentence="Every rule is checked as you type; nothing is kept until you save.",
        form=Form(
            id="deal-text",
            action="/deals/save",
            submit="Save the draft",
            idempotency_key="01JDA00000000000000EDITOR0",
            hidden=(("deal", "dea_01"),),
            fields=(
                Field(
                    name="text",
                    label="The deal, as YAML or JSON",
                    kind=FieldKind.LONG_TEXT,
                    value="private_offer:\n  name: Contoso three years\n",
                ),
                Field(name="why", label="Why it is changed", is_required=False),
            ),
            error="Somebody else changed it meanwhile.",
            cancel=Link(label="Go back", href="/deal.html"),
        ),
        preview_href="/deals/preview",
        verdict=Answer(question="Could it be submitted today?", is_yes=False, reasons=("1 fault",)),
        findings=(_fault(),),
        money=_money(),
    )


def _papers() -> dict[str, Page]:
    hand_over = pages.HandOverPage(
        frame=frame("Deals"),
        trail=(_BOARD, _HERE),
        name="Contoso three years",
        publisher="Fairmile Software",
        customer="Contoso",
        sentence="80,000,000.00 USD, 1 Jan 2027 to 31 Dec 2029",
        facts=(Fact(label="Billing account", value="12345678", note="it is no tenant id"),),
        steps=(
            pages.HandOverStep(
                what="Accept the private offer",
                who="An owner or contributor of the billing account",
                how="Open the link.",
                until=date(2026, 12, 15),
                link=Link(label="Open the offer", href="https://portal.azure.com/"),
                is_done=True,
            ),
            pages.HandOverStep(what="Buy the plans in it", who="An owner of a subscription", how="Subscribe."),
        ),
        schedule=_money().schedule,
        back=Link(label="Back to the deal", href="/deal.html"),
    )
    sheet = pages.DealSheetPage(
        frame=frame("Deals"),
        trail=(_BOARD, _HERE),
        name="Contoso three years",
        sentence="Page by page and field by field. Compare the totals before you submit.",
        parts=(
            pages.SheetPart(
                path=("Marketplace offers", "Private offers", "Offer setup"),
                fields=(("Private offer name", "Contoso three years"),),
                lines=((1, "Billing starts", "2,000,000.00 USD", "Setup fee"),),
                total="80,000,000.00 USD",
            ),
        ),
        findings=(),
        back=Link(label="Back to the deal", href="/deal.html"),
    )
    return {"deal-hand-over": hand_over, "deal-sheet": sheet}


def deal_pages() -> dict[str, Page]:
    """Return every page of the deals."""
    both = pages.QuarterRow(
        quarter="2027 Q1",
        charged=_usd(2_000_000),
        paid=_usd(0),
        other_charged=_usd(5_000_000),
        other_paid=_usd(0),
        ahead=_usd(0),
    )
    compare = pages.DealComparePage(
        frame=frame("Deals"),
        trail=(_BOARD, _HERE),
        first=_HERE,
        second=Link(label="Contoso in two years", href="/deal.html"),
        sentence="Contoso in two years ends 1,000.00 USD ahead.",
        facts=(("Worth", "80,000,000.00 USD", "81,000,000.00 USD"),),
        charts=(replace(_money().charts[1], id="compared"),),
        quarters=(both,),
    )
    renewals = pages.RenewalsPage(
        frame=frame("Deals"),
        trail=(_BOARD,),
        sentence="1 contract ends within two years.",
        months=(
            pages.RenewalGroup(
                title="2027-11",
                totals="240,000.00 USD",
                rows=(
                    pages.RenewalRow(
                        deal=_HERE,
                        customer="Contoso",
                        total=_usd(240_000),
                        ends_on=date(2027, 11, 30),
                        asked_on=date(2027, 9, 1),
                        goes_on="renews at the public price without its schedule",
                        answer="",
                        fee_at_stake="3600.00 USD",
                        ask=Link(label="Say how it goes on", href="/question.html"),
                    ),
                ),
            ),
        ),
        empty=Empty(title="Nothing ends yet", text="Contracts stand here until their end."),
    )
    return {
        "deals": _board(),
        "deals-all": _list(),
        "deal": _deal(),
        "deal-editor": _editor(),
        **_papers(),
        "deal-compare": compare,
        "deal-renewals": renewals,
    }
