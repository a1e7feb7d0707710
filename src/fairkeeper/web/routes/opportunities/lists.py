"""The seller's list, one card, and the alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from fairkeeper.deals.actions.draft_deal import draft_deal
from fairkeeper.errors import NotFoundError
from fairkeeper.opportunities.actions.cards import record_shown
from fairkeeper.opportunities.lenses.definition import Motion
from fairkeeper.opportunities.queries import list_alerts, list_cards, list_lenses, show_card
from fairkeeper.opportunities.views import Alerts, CardDetail, CardLine, CardPage, LensLine, LensView
from fairkeeper.values.money import Money
from fairkeeper.web.format import StateWord, Tone, amount, count, state
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import opportunities as pages
from fairkeeper.web.parts import Empty, Fact, Finding, Identifier, Level, Link, Tab
from fairkeeper.web.routes.opportunities.acting import questions_of
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import record_of, words
from fairkeeper.web.serving.visit import Visit, of_one_moment
from fairkeeper.web.serving.ways import Audience, Way, get

ROOM: Final = "Opportunities"
TRAIL: Final = (Link(label=ROOM, href="/opportunities"),)
PUSH_STATES: Final = {
    "wanted": "queued",
    "sent": "done",
    "unchanged": "done",
    "parked": "failed",
    "closed_there": "closed",
}
_PAGE_ROWS: Final = 50
_EXPORT_ROWS: Final = 500
_BANDS: Final = {"high": Tone.GOOD, "medium": Tone.BUSY, "low": Tone.QUIET}
_EMPTY: Final = Empty(
    title="No account is ranked yet",
    text="Export the Copilot Opportunities tab of the insights in Partner Center (xlsx or csv) and hand it over. "
    "Ten accounts with reasons follow within a minute.",
    action=Link(label="Hand a file over", href="/opportunities/files"),
)
_STATES: Final = ("open", "accepted", "snoozed", "declined", "won", "lost", "closed")


def tabs_of(here: str) -> tuple[Tab, ...]:
    """Return the parts of this room."""
    parts = (
        ("Cards", "/opportunities"),
        ("Ask", "/opportunities/ask"),
        ("Alerts", "/opportunities/alerts"),
        ("Portfolio", "/opportunities/portfolio"),
        ("Track record", "/opportunities/track-record"),
        ("CRM", "/opportunities/crm"),
        ("Files", "/opportunities/files"),
    )
    return tuple(Tab(label=label, href=href, is_here=href == here) for label, href in parts)


# -------------------- the list


def show_list(visit: Visit) -> Response:
    """Show the cards, filtered and turned by the address; what is shown is remembered."""
    number = max(1, int(visit.query("page"))) if visit.query("page").isdigit() else 1
    found = _cards(visit, offset=(number - 1) * _PAGE_ROWS, limit=_PAGE_ROWS)
    if found.cards and visit.allows(record_shown):
        visit.run(record_shown, card_ids=tuple(each.id for each in found.cards), channel="web")
    page = pages.OpportunitiesPage(
        frame=frame(visit, ROOM),
        sentence=_sentence(found),
        tabs=tabs_of("/opportunities"),
        needs=_needs(visit),
        cards=_listing(visit, found, number),
    )
    return visit.show(page)


def sheet_of(visit: Visit) -> Sheet:
    """Return every card that the address shows; exporting it is showing it."""
    lines: list[CardLine] = []
    total = 1
    while len(lines) < total:
        found = _cards(visit, offset=len(lines), limit=_EXPORT_ROWS)
        lines += found.cards
        total = found.total if found.cards else len(lines)
    if lines and visit.allows(record_shown):
        for start in range(0, len(lines), 200):
            visit.run(record_shown, card_ids=tuple(each.id for each in lines[start : start + 200]), channel="file")
    heads = (
        *("account", "tenant_id", "lens", "likelihood", "confidence", "seats", "worth", "currency", "motion"),
        *("why_now", "why_now_on", "reason", "owner", "state", "as_of", "card"),
    )
    return Sheet(name="opportunities", heads=heads, rows=[_cells(each) for each in lines])


def _cells(each: CardLine) -> tuple[Cell, ...]:
    return (
        *(each.account, each.tenant_id, each.title, f"{each.likelihood:.4f}", f"{each.confidence:.4f}"),
        *(f"{each.seats:.1f}", each.worth or "", each.currency or "", each.motion, each.why_now, each.why_now_on),
        *(each.reason, each.owner, each.state, each.opened_as_of, each.id),
    )


def _cards(visit: Visit, *, offset: int, limit: int) -> CardPage:
    given = {name: visit.query(name) for name in ("text", "lens", "state", "motion", "owner")}
    asked = {name: value for name, value in given.items() if value}
    found: CardPage = visit.read(list_cards, offset=offset, limit=limit, **asked)
    return found


def _sentence(found: CardPage) -> str:
    if found.as_of is None:
        return "Nothing was imported yet."
    return f"{count(found.total, 'card')}, with figures of {found.as_of:%d %b %Y}; the first of each lens first."


def _needs(visit: Visit) -> tuple[Finding, ...]:
    """Return what needs a person: urgent alerts, the most at stake first."""
    alerts: Alerts = visit.run(list_alerts)
    urgent = [each for each in alerts.alerts if each.is_urgent and each.closed_at is None]
    return tuple(
        Finding(
            level=Level.WARNING,
            what=f"{each.name}: {each.sentence}",
            remedy="Look at its admin settings first, then ask what changed.",
            since_at=each.opened_at,
            where=Link(label="All alerts", href="/opportunities/alerts"),
            at_stake=f"{each.before - each.after:,} users",
        )
        for each in urgent[:3]
    )


def _listing(visit: Visit, found: CardPage, number: int) -> Listing[pages.CardRow]:
    address = visit.address
    lenses: tuple[LensLine, ...] = visit.run(list_lenses)
    first = (number - 1) * _PAGE_ROWS + 1
    last = first + len(found.cards) - 1
    return Listing(
        id="cards",
        caption="Cards",
        columns=(
            *(Column(label=label) for label in ("Account", "Lens")),
            *(Column(label=label, is_number=True) for label in ("Likely", "Seats")),
            *(Column(label=label) for label in ("Why now", "To do", "Owner", "State")),
        ),
        rows=tuple(_row(each) for each in found.cards),
        empty=_EMPTY,
        address=address,
        filters=(
            Filter(
                name="lens", label="Lens", choices=tuple(Choice(value=each.name, label=each.title) for each in lenses)
            ),
            Filter(
                name="motion", label="To do", choices=tuple(Choice(value=m.value, label=words(m.value)) for m in Motion)
            ),
            Filter(
                name="state", label="State", choices=tuple(Choice(value=each, label=words(each)) for each in _STATES)
            ),
            Filter(name="text", label="Account", placeholder="Contoso"),
            Filter(name="owner", label="Owner", placeholder="you@publisher.example"),
        ),
        exports=export_links(address),
        paging=Paging(
            shown=f"{count(first)}–{count(last)} of {count(found.total)}",
            previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
            next_href=str(address.having(page=str(number + 1))) if last < found.total else "",
        ),
    )


def _row(each: CardLine) -> pages.CardRow:
    return pages.CardRow(
        account=Link(label=each.account, href=f"/opportunities/cards/{each.id}"),
        lens=each.title,
        likelihood=percent(each.likelihood),
        band=band(each.band),
        seats=f"{each.seats:,.0f}",
        worth=money(each.worth, each.currency),
        motion=motion(each.motion),
        why_now=each.why_now,
        why_now_on=each.why_now_on,
        reason=each.reason,
        owner=each.owner,
        state=card_state(each.state),
    )


def money(worth: str | None, currency: str | None) -> str:
    r"""Write an amount in groups of three; empty without one.

    Example:
        >>> money("407008.80", "USD").replace("\xa0", " "), money(None, None)
        ('407,008.80 USD', '')
    """
    return amount(Money.from_decimal_text(worth, currency)) if worth and currency else ""


def percent(value: float) -> str:
    r"""Write a share as a whole percentage.

    Example:
        >>> percent(0.4061)
        '41\xa0%'
    """
    return f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def band(value: str) -> StateWord:
    """Return a likelihood's band as it is shown."""
    return StateWord(word=words(value), tone=_BANDS.get(value, Tone.QUIET))


def motion(value: str) -> StateWord:
    """Return what to do as it is shown."""
    tone = {"sell": Tone.GOOD, "expand": Tone.GOOD, "enable": Tone.CARE, "govern": Tone.BUSY}.get(value, Tone.QUIET)
    return StateWord(word=words(value), tone=tone)


def card_state(value: str) -> StateWord:
    """Return a card's state as it is shown."""
    tones = {"open": Tone.BUSY, "accepted": Tone.GOOD, "won": Tone.GOOD, "lost": Tone.BAD, "snoozed": Tone.CARE}
    return StateWord(word=words(value), tone=tones.get(value, Tone.QUIET))


# -------------------- one card


@of_one_moment
def show_one(visit: Visit) -> Response:
    """Show one card with its evidence, its account's past, and what became of it."""
    detail: CardDetail = visit.run(show_card, card_id=visit.named("card")[:40])
    line, card = detail.line, detail.card
    if line.state == "held_out":
        raise NotFoundError("There is no such card.", code="opportunities.card_not_found")
    page = pages.CardPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name=line.account,
        state=card_state(line.state),
        sentence=f"{line.title}: {percent(line.likelihood)} likely within {detail.horizon_months} months, "
        f"about {line.seats:,.0f} seats.",
        why_now=line.why_now,
        why_now_on=line.why_now_on,
        first=str(card["first"]),
        facts=_facts(detail),
        reasons=[_evidence(each) for each in card["reasons"]],
        against=[_evidence(each) for each in card["against"]],
        missing=[str(each) for each in card["missing"]],
        changes=[str(each) for each in card["changes"]],
        past=_past(detail),
        others=_others(detail.account.lenses if detail.account else (), line.lens),
        pushes=_pushes(detail),
        timeline=record_of(visit, subject_type="card", subject_id=line.id, limit=20),
        questions=questions_of(visit, detail),
        needs=_to_match(detail),
        note=detail.account.note if detail.account else "The account is not in the newest snapshot any more.",
        deal=_deal(visit, detail),
    )
    return visit.show(page)


def _deal(visit: Visit, detail: CardDetail) -> Link | None:
    """Return the way to a new deal in the book, with the account filled in; the prices are the person's to say."""
    line = detail.line
    if line.motion != Motion.SELL or line.closed_at is not None or not visit.allows(draft_deal):
        return None
    known = {"name": f"{line.title} for {line.account}"[:128], "customer": line.account, "tenant": line.tenant_id}
    return Link(label="Begin a deal with this account", href=f"/deals/new?{urlencode(known)}")


def _facts(detail: CardDetail) -> tuple[Fact, ...]:
    line, card = detail.line, detail.card
    account = detail.account
    return (
        Fact(
            label="Likelihood", value=percent(line.likelihood), note=f"{line.band}; not yet judged by your own outcomes"
        ),
        Fact(label="Confidence", value=percent(line.confidence), note="the share of the lens's weight that is known"),
        Fact(label="Seats", value=f"{line.seats:,.0f}"),
        Fact(label="Worth", value=money(line.worth, line.currency) or None, note=str(card["worth_basis"])),
        Fact(label="Figures of", value=account.as_of if account else line.opened_as_of),
        Fact(label="Opened", value=line.opened_at.date(), note=f"at {percent(line.first_likelihood)}"),
        Fact(label="Owner", value=line.owner or None),
        Fact(label="Account at the CRM", value=detail.crm_account, note=detail.match_state.replace("_", " ")),
        Fact(label="Tenant", value=Identifier(text=line.tenant_id, names="tenant id")),
        Fact(label="Ranking", value=Identifier(text=line.run_id, names="ranking id")),
    )


def _evidence(each: dict[str, object]) -> pages.EvidenceLine:
    text = str(each["text"])
    return pages.EvidenceLine(
        text=text[:1].upper() + text[1:],
        adds=f"{float(str(each['odds'])):+.2f}".replace("-", "\N{MINUS SIGN}"),
        source="Microsoft’s own label" if each["is_vendors"] else "",
    )


def _past(detail: CardDetail) -> tuple[pages.MonthRow, ...]:
    if detail.account is None:
        return ()

    def shown(value: int | None) -> str:
        return "–" if value is None else f"{value:,}"

    return tuple(
        pages.MonthRow(
            as_of=each.as_of,
            paid_seats=shown(each.paid_seats),
            paid_users=shown(each.paid_users),
            chat_users=shown(each.chat_users),
            agent_users=shown(each.agent_users),
        )
        for each in reversed(detail.account.past)
    )


def _others(lenses: Sequence[LensView], here: str) -> tuple[pages.OtherLens, ...]:
    return tuple(
        pages.OtherLens(title=each.title, likelihood=percent(each.likelihood), rank=f"{each.rank:,} of {each.of:,}")
        for each in lenses
        if each.lens != here
    )


def _pushes(detail: CardDetail) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            label=f"{words(each.target)}, {each.record}",
            value=state(PUSH_STATES.get(each.state, each.state)),
            note="; ".join(
                part
                for part in (
                    f"their id {each.remote_id}" if each.remote_id else "",
                    f"left to people: {', '.join(each.kept_fields)}" if each.kept_fields else "",
                    each.last_error,
                )
                if part
            ),
        )
        for each in detail.pushes
    )


def _to_match(detail: CardDetail) -> tuple[Finding, ...]:
    if detail.match_state != "ambiguous" or detail.account is None:
        return ()
    names = ", ".join(f"{each['name']} ({each['crm_account']})" for each in detail.account.candidates)
    return (
        Finding(
            level=Level.WARNING,
            what=f"Several accounts of the CRM may be meant: {names}.",
            remedy="Say which one it is; nothing is pushed until then.",
        ),
    )


# -------------------- alerts


def show_alerts(visit: Visit) -> Response:
    """Show what changed so much that it is believed."""
    found: Alerts = visit.run(list_alerts)
    listing = Listing(
        id="alerts",
        caption="Alerts",
        columns=(
            *(Column(label=label) for label in ("Account", "Kind", "What changed")),
            *(Column(label=label, is_number=True) for label in ("Expected", "Now")),
            Column(label="As of"),
        ),
        rows=tuple(
            pages.AlertRow(
                account=each.name,
                sentence=each.sentence,
                kind=StateWord(word=words(each.kind), tone=Tone.BAD if each.kind == "paid_drop" else Tone.GOOD),
                before=each.before,
                after=each.after,
                as_of=each.as_of,
            )
            for each in found.alerts
        ),
        empty=Empty(
            title="Nothing to tell",
            text="Nothing changed so much that it is believed. It takes two snapshots, at least 27 days apart.",
        ),
        address=visit.address,
    )
    page = pages.AlertsPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence=f"{count(len(found.alerts), 'alert')} in a book of {count(found.book, 'account')}. {found.note}",
        tabs=tabs_of("/opportunities/alerts"),
        alerts=listing,
    )
    return visit.show(page)


WAYS: Final[tuple[Way, ...]] = (
    get("/opportunities", show_list, Audience.STAFF),
    *export_ways("/opportunities", sheet_of, Audience.STAFF),
    get("/opportunities/alerts", show_alerts, Audience.STAFF),
    get("/opportunities/cards/{card}", show_one, Audience.STAFF),
)
