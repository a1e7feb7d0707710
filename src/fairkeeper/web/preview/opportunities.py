"""The opportunities' pages, made up: a list with cards of every lens, one card, a chat, alerts, the book, a record."""

from __future__ import annotations

from datetime import date

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord, Tone, state
from fairkeeper.web.forms import Field, FieldKind, Form, Option, Question
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import opportunities as pages
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Empty, Fact, Finding, Identifier, Level, Link, Timeline
from fairkeeper.web.preview.frames import days, frame, guid
from fairkeeper.web.routes.opportunities.lists import card_state, motion, tabs_of

_AS_OF = date(2026, 11, 25)
_ROOM = Link(label="Opportunities", href="/opportunities.html")
_MADE = (
    ("Contoso Traders", "Expansion ready", "58", "145", "52,200.00 USD", "sell", "The subscription renews in 36 days"),
    ("Fabrikam Clinics", "At risk", "41", "88", "", "enable", "Licensed users fell more than chance explains"),
    (
        "Northwind Foods and Very Long Named Subsidiaries",
        "E7 ready",
        "22",
        "1,204",
        "",
        "govern",
        "First above the line",
    ),
)


def opportunity_pages() -> dict[str, Page]:
    """Return every page of this room."""
    return {
        "opportunities": _list(),
        "opportunities-empty": _list(is_empty=True),
        "opportunity": _card(),
        "opportunities-ask": _ask(),
        "opportunities-alerts": _alerts(),
        "opportunities-portfolio": _portfolio(),
        "opportunities-track-record": _report(),
        "opportunities-files": _files(),
        "opportunities-files-empty": _files(is_empty=True),
        "opportunities-crm": _pushed(),
    }


def _list(*, is_empty: bool = False) -> pages.OpportunitiesPage:
    rows = tuple(
        pages.CardRow(
            account=Link(label=name, href="/opportunity.html"),
            lens=lens,
            likelihood=f"{likely} %",
            band=StateWord(word="High", tone=Tone.GOOD),
            seats=seats,
            worth=worth,
            motion=motion(what),
            why_now=why,
            why_now_on=_AS_OF,
            reason="84 % of 218 paid seats are used",
            owner="sam@fairmile.example" if worth else "",
            state=card_state("open"),
        )
        for name, lens, likely, seats, worth, what, why in _MADE
    )
    urgent = Finding(
        level=Level.WARNING,
        what="Fabrikam Clinics: Licensed users fell to 887 where 1,413 were expected.",
        remedy="Look at its admin settings first, then ask what changed.",
        since_at=days(-1),
        where=Link(label="All alerts", href="/opportunities-alerts.html"),
        at_stake="526 users",
    )
    return pages.OpportunitiesPage(
        frame=frame("Opportunities"),
        sentence="Nothing was imported yet." if is_empty else "145 cards, with figures of 25 Nov 2026.",
        tabs=tabs_of("/opportunities"),
        needs=() if is_empty else (urgent,),
        cards=Listing(
            id="cards",
            caption="Cards",
            columns=(
                *(Column(label=label) for label in ("Account", "Lens")),
                *(Column(label=label, is_number=True) for label in ("Likely", "Seats")),
                *(Column(label=label) for label in ("Why now", "To do", "Owner", "State")),
            ),
            rows=() if is_empty else rows,
            empty=Empty(title="No account is ranked yet", text="Import an export of the insights first."),
            address=Address("/opportunities", ()),
            filters=()
            if is_empty
            else (Filter(name="lens", label="Lens", choices=(Choice(value="expansion", label="Expansion ready"),)),),
            exports=() if is_empty else (Link(label="CSV", href="/opportunities.csv"),),
            paging=None if is_empty else Paging(shown="1–3 of 145", next_href="/opportunities?page=2"),
        ),
    )


def _card() -> pages.CardPage:
    form = Form(
        id="decline-form",
        action="/opportunities/cards/opp_1/declined",
        submit="Decline",
        idempotency_key="web_preview-decline",
        fields=(
            Field(
                name="reason",
                label="Why",
                kind=FieldKind.RADIO,
                options=(Option(value="outdated", label="Outdated"), Option(value="incorrect", label="Incorrect")),
            ),
        ),
        cancel=Link(label="Go back", href="/opportunity.html"),
    )
    return pages.CardPage(
        frame=frame("Opportunities"),
        trail=(_ROOM,),
        name="Contoso Traders",
        deal=Link(label="Begin a deal with this account", href="/deals/new?customer=Contoso+Traders"),
        state=card_state("open"),
        sentence="Expansion ready: 58 % likely within 3 months, about 145 seats.",
        why_now="The subscription renews in 36 days",
        why_now_on=date(2026, 12, 31),
        first="Offer more seats to the teams that already ask for them.",
        facts=(
            Fact(label="Likelihood", value="58 %", note="high"),
            Fact(label="Seats", value="145"),
            Fact(label="Worth", value=None, note="no price of copilot is known; give your own list"),
            Fact(label="Figures of", value=_AS_OF),
            Fact(label="Tenant", value=Identifier(text=guid("contoso", "tenant id").text, names="tenant id")),
        ),
        reasons=(
            pages.EvidenceLine(text="84 % of 218 paid seats are used", adds="+0.74", source=""),
            pages.EvidenceLine(
                text="Microsoft calls the adoption healthy", adds="+0.06", source="Microsoft’s own label"
            ),
        ),
        against=(pages.EvidenceLine(text="The free chat’s users changed by −15 %", adds="−0.07", source=""),),
        missing=("A CSP promotion",),
        changes=("fewer than half of the paid seats are used",),
        past=(
            pages.MonthRow(as_of=_AS_OF, paid_seats="218", paid_users="183", chat_users="299", agent_users="–"),
            pages.MonthRow(
                as_of=date(2026, 10, 25), paid_seats="218", paid_users="–", chat_users="270", agent_users="61"
            ),
        ),
        others=(pages.OtherLens(title="Transformation ready", likelihood="9 %", rank="41 of 286"),),
        pushes=(Fact(label="Dynamics, opportunity", value=state("sent"), note="left to people: evidence"),),
        timeline=Timeline(entries=()),
        questions=(
            Question(
                id="decline",
                opener="Decline",
                href="/opportunities/cards/opp_1/declined",
                title="Decline this card?",
                points=("It is closed.",),
                form=form,
            ),
        ),
        note="",
    )


def _ask() -> pages.AskPage:
    line = pages.AnswerLine(
        text="1. Contoso Traders: 58 % likely, about 145 seats. To do: sell.",
        as_of=_AS_OF,
        where=Link(label="Card", href="/opportunity.html"),
    )
    return pages.AskPage(
        frame=frame("Opportunities"),
        trail=(_ROOM,),
        tabs=tabs_of("/opportunities/ask"),
        exchanges=(
            pages.Exchange(
                question="Which customers should I talk to this week?",
                heading="The first 1 of 145 open cards",
                lines=(line,),
                note="",
                source="From opportunities.list_cards.",
                narration="",
                is_answered=True,
            ),
            pages.Exchange(
                question="Will it rain?",
                heading="I cannot answer that.",
                lines=(),
                note="",
                source="",
                narration="",
                is_answered=False,
            ),
        ),
        earlier=("Which customers should I talk to this week?",),
        suggestions=(Link(label="Where are my adoption risks?", href="/opportunities/ask?question=risks"),),
        sentence="Answers come from the imported snapshots alone, each figure with its day.",
    )


def _alerts() -> pages.AlertsPage:
    row = pages.AlertRow(
        account="Fabrikam Clinics",
        sentence="Licensed users fell to 887 where 1,413 were expected.",
        kind=StateWord(word="Paid drop", tone=Tone.BAD),
        before=1413,
        after=887,
        as_of=_AS_OF,
    )
    return pages.AlertsPage(
        frame=frame("Opportunities"),
        trail=(_ROOM,),
        sentence="1 alert in a book of 3,000 accounts.",
        tabs=tabs_of("/opportunities/alerts"),
        alerts=Listing(
            id="alerts",
            caption="Alerts",
            columns=(
                *(Column(label=label) for label in ("Account", "Kind", "What changed")),
                *(Column(label=label, is_number=True) for label in ("Expected", "Now")),
                Column(label="As of"),
            ),
            rows=(row,),
            empty=Empty(title="Nothing to tell", text="It takes two snapshots."),
            address=Address("/opportunities/alerts", ()),
        ),
    )


def _portfolio() -> pages.PortfolioPage:
    return pages.PortfolioPage(
        frame=frame("Opportunities"),
        trail=(_ROOM,),
        sentence="3,000 accounts with figures of 25 Nov 2026.",
        tabs=tabs_of("/opportunities/portfolio"),
        pictures=(
            pages.Picture(
                title="Paid seats rose from 41,000 to 58,000",
                href="/opportunities/charts/months.svg",
                words="Lines of seats and users by month; the table below holds the figures.",
            ),
        ),
        tables=(
            pages.Table(
                caption="By lens",
                heads=("Lens", "Above the line"),
                rows=(("Expansion", "580"), ("At risk", "117")),
                numbers=("Above the line",),
            ),
        ),
    )


def _report() -> pages.TrackRecordPage:
    table = pages.Table(
        caption="Expansion ready against the baselines",
        heads=("Order", "Lift at 50"),
        rows=(("This lens, by likelihood", "3.27"), ("Seats whitespace alone", "0.68")),
        numbers=("Lift at 50",),
    )
    picture = pages.Picture(
        title="What was said is off by 1.9 % on average",
        href="/opportunities/charts/reliability-expansion.svg",
        words="said 5 %, happened 4 %",
    )
    return pages.TrackRecordPage(
        frame=frame("Opportunities"),
        trail=(_ROOM,),
        sentence="As of 2026-11-25. No claim of cause.",
        tabs=tabs_of("/opportunities/track-record"),
        lenses=(
            pages.LensSection(
                id="lens-expansion", title="Expansion ready", sentence="Judged.", table=table, picture=picture
            ),
            pages.LensSection(id="lens-e7", title="E7 ready", sentence="Not judged.", table=None, picture=None),
        ),
        cards=pages.Table(caption="Cards by lens", heads=("Lens", "Opened"), rows=(("Expansion", "61"),)),
        note="Nobody is held out.",
    )


def _files(*, is_empty: bool = False) -> pages.FilesPage:
    row = pages.SnapshotRow(
        file="copilot-2026-11-28.csv",
        tab="Copilot",
        rows=3000,
        as_of=_AS_OF,
        taken_on=date(2026, 11, 28),
        revision="revision 2",
        state=state("done"),
        troubles=("column Agent Intensity: There is no column 'Agent Intensity'. Choose it under Change columns.",),
    )
    taken = (
        pages.TakenFile(name="copilot.csv", sentence="3,000 rows of copilot.", is_used=True, troubles=()),
        pages.TakenFile(
            name="notes.txt",
            sentence="Not imported.",
            is_used=False,
            troubles=("It is no export that this room reads. Export the tab again.",),
        ),
    )
    return pages.FilesPage(
        frame=frame("Opportunities"),
        trail=(_ROOM,),
        sentence="Nothing was imported yet." if is_empty else "1 snapshot kept, with figures of 25 Nov 2026.",
        tabs=tabs_of("/opportunities/files"),
        may_upload=True,
        upload_key="preview",
        taken=() if is_empty else taken,
        snapshots=() if is_empty else (row,),
        empty=Empty(title="No snapshot yet", text="Export the Copilot Opportunities tab and hand the file over here."),
        sample=Form(
            id="sample", action="/opportunities/sample", submit="Try it with a made-up book", idempotency_key="sample"
        )
        if is_empty
        else None,
    )


def _pushed() -> pages.PushedPage:
    row = pages.PushRow(
        what=Link(label="Contoso Traders", href="/opportunity.html"),
        record="Opportunity",
        how="by a click",
        state=state("done"),
        asked_at=days(-1),
        note="left to people: motion",
        decision=Link(label="Decision", href="/decision.html"),
    )
    return pages.PushedPage(
        frame=frame("Opportunities"),
        trail=(_ROOM,),
        sentence="1 record at Dynamics; 7 more may go unasked today.",
        tabs=tabs_of("/opportunities/crm"),
        facts=(
            Fact(label="Standing approval", value="10 a day", note="for cards as tasks"),
            Fact(label="Used today", value="3 of 10"),
        ),
        questions=(),
        agent=Link(label="The agent under Governance", href="/agent.html"),
        pushes=(row,),
    )
