"""One deal, and what is made of it: the customer's hand-over, the sheet for Partner Center, pictures, a comparison."""

from __future__ import annotations

from datetime import date
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from fairkeeper.deals.actions.follow_calendar import close_deal_reminder
from fairkeeper.deals.actions.print_sheet import print_sheet
from fairkeeper.deals.actions.views import PricedFile, PrintedSheet
from fairkeeper.deals.book.queries import show_deal
from fairkeeper.deals.book.views import DealDetail
from fairkeeper.web.format import amount, state, when_text
from fairkeeper.web.pages import deals as pages
from fairkeeper.web.parts import Fact, Identifier, Link, Path, PathStep, Standing, Timeline, Value
from fairkeeper.web.routes.deals import actions
from fairkeeper.web.routes.deals.board import ROOM, TRAIL
from fairkeeper.web.routes.deals.handing_over import hand_over_facts, hand_over_steps
from fairkeeper.web.routes.deals.telling import (
    DEAL_PATH,
    charts_at,
    deal_money,
    draw_cash,
    draw_charges,
    draw_comparison,
    finding_parts,
    need_part,
    price,
    quarter_rows,
    schedule_rows,
    total_of_line,
)
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import record_of, words
from fairkeeper.web.serving.visit import Visit, of_one_moment
from fairkeeper.web.serving.ways import Audience, Way, get

_REACHED: Final = {
    "draft": 0, "submitting": 1, "with_partner": 1, "offered": 2, "accepted": 3, "bought": 4, "ended": 5,
    "withdrawn": 2, "expired": 2, "lost": 2,
}  # fmt: skip
_GONE: Final = frozenset({"withdrawn", "expired", "lost"})


def load(visit: Visit) -> DealDetail:
    """Return the deal that the address names."""
    found: DealDetail = visit.run(show_deal, deal=visit.named("deal")[:80])
    return found


def priced_of(visit: Visit, detail: DealDetail, against: DealDetail | None = None) -> PricedFile:
    """Return a kept deal's prices, by the rules of the day on which it could still be accepted."""
    as_of: date = min(visit.now.date(), detail.line.accept_by)
    if against is not None:
        as_of = min(as_of, against.line.accept_by)
    return price(visit, detail.document, as_of, against.document if against else "")


# -------------------- the deal


@of_one_moment
def show_one(visit: Visit) -> Response:
    """Show a deal."""
    detail = load(visit)
    here = f"/deals/{detail.line.slug}"
    priced = priced_of(visit, detail)
    may_close = visit.allows(close_deal_reminder)
    is_draft = detail.line.state == "draft"
    page = pages.DealPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name=detail.line.name,
        state=state(detail.line.state),
        sentence=_sentence(detail),
        path=_path(detail),
        facts=_facts(detail),
        money=deal_money(priced, charts_at(here, priced)),
        timeline=_timeline(visit, detail),
        needs=tuple(need_part(need, with_deal=False, may_close=may_close) for need in detail.needs),
        findings=finding_parts(detail.findings) if is_draft else (),
        approvals=actions.approval_rows(visit, detail),
        purchases=actions.purchase_rows(visit, detail),
        versions=tuple(
            pages.VersionRow(number=each.version, changed_at=each.changed_at.date(), who=each.changed_by, why=each.why)
            for each in detail.versions
        ),
        actions=_links(detail, here),
        questions=actions.questions(visit, detail),
        document=detail.document,
    )
    return visit.show(page)


def _sentence(detail: DealDetail) -> str:
    line = detail.line
    whom = line.customer or "The customer"
    if line.closed_why and line.state in {*_GONE, "ended"}:
        return line.closed_why
    if line.state == "draft" and detail.submission is not None and detail.submission.errors:
        return f"Microsoft refused it: {detail.submission.errors[0]}"
    errors = sum(finding.level.value == "error" for finding in detail.findings)
    told = {
        "submitting": "Microsoft is at work on it; its job is asked about every minute.",
        "with_partner": f"The channel partner has to send it to {whom} by {when_text(line.accept_by)}.",
        "offered": f"{whom} has until {when_text(line.accept_by)} to accept it.",
        "accepted": f"{whom} has accepted it, and has to buy it: nothing is charged before.",
        "bought": f"It runs until {when_text(line.ends_on)}.",
    }.get(line.state)
    if told:
        return told
    if errors:
        return f"{errors} fault{'s keep' if errors > 1 else ' keeps'} it from being submitted."
    if detail.missing:
        return f"It lacks {'an approval' if len(detail.missing) == 1 else 'approvals'}: {', '.join(detail.missing)}."
    return "It has no faults and can be submitted."


def _path(detail: DealDetail) -> Path:
    line = detail.line
    reached = _REACHED[line.state]
    steps = []
    for number in range(len(DEAL_PATH)):
        standing = Standing.DONE if number < reached else Standing.NOW if number == reached else Standing.NEXT
        on = {2: line.accept_by, 5: line.ends_on}.get(number) if standing is Standing.NEXT else None
        note = ""
        if number == reached:
            on = line.state_since_at.date()
            if line.state in _GONE:
                standing, note = Standing.BROKEN, words(line.state)
            elif line.state in {"bought", "ended"}:
                standing = Standing.DONE
        steps.append(PathStep(standing=standing, on=on, note=note))
    return Path(steps=tuple(steps), names=DEAL_PATH)


def _facts(detail: DealDetail) -> tuple[Fact, ...]:
    line = detail.line
    counts = {"yes": "Counts", "no": "Does not count"}.get(detail.counts_towards_commitment, "Not known")
    offer: Value = Identifier(text=line.private_offer_id, names="private offer id") if line.private_offer_id else None
    facts = [
        Fact(label="Customer", value=line.customer or None),
        Fact(label="Worth", value=total_of_line(line)),
        Fact(label="Accept by", value=line.accept_by),
        Fact(label="Runs", value=f"{when_text(line.starts_on)} to {when_text(line.ends_on)}"),
        Fact(label="Cloud commitment", value=counts, note="MACC, as Partner Center shows it of the public plan"),
        Fact(label="Owner", value=line.owner or None),
        Fact(label="CRM opportunity", value=line.crm_id or None),
        Fact(label="Private offer", value=offer),
        Fact(label="Last read from Microsoft", value=detail.read_at),
    ]
    facts += [
        Fact(label="Accepted at", value=Link(label="The customer's page", href=each)) for each in detail.accept_links
    ]
    if detail.differences:
        facts.append(Fact(label="Microsoft's copy differs", value="; ".join(detail.differences[:5])))
    if detail.unread:
        facts.append(Fact(label="Not read by the import", value="; ".join(detail.unread[:10])))
    if detail.renewal:
        told = ", ".join(
            f"{name.replace('_', ' ')}: {value.replace('_', ' ')}" for name, value in detail.renewal.items()
        )
        facts.append(Fact(label="After the end", value=told))
    return tuple(facts)


def _links(detail: DealDetail, here: str) -> tuple[Link, ...]:
    links = [Link(label="Hand-over", href=f"{here}/hand-over"), Link(label="Printable sheet", href=f"{here}/sheet")]
    return (*([Link(label="Edit", href=f"{here}/edit")] if detail.line.state == "draft" else []), *links)


def _timeline(visit: Visit, detail: DealDetail) -> Timeline:
    about = detail.line.deal_id
    whole = f"/evidence?subject_type=deal&subject_id={about}"
    return record_of(visit, subject_type="deal", subject_id=about, whole_href=whole)


# -------------------- what is made of it


def show_hand_over(visit: Visit) -> Response:
    """Show what the customer has to do, to be printed or sent."""
    detail = load(visit)
    line = detail.line
    page = pages.HandOverPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=line.name, href=f"/deals/{line.slug}")),
        name=line.name,
        publisher=visit.parts.house.publisher,
        customer=line.customer or "our customer",
        sentence=f"{amount(total_of_line(line))}, {when_text(line.starts_on)} to {when_text(line.ends_on)}",
        facts=hand_over_facts(detail),
        steps=hand_over_steps(detail),
        schedule=schedule_rows(priced_of(visit, detail)),
        back=Link(label="Back to the deal", href=f"/deals/{line.slug}"),
    )
    return visit.show(page)


def show_sheet(visit: Visit) -> Response:
    """Show what to type into Partner Center."""
    detail = load(visit)
    line = detail.line
    side = "channel_partner" if visit.query("side") == "channel_partner" else "originator"
    as_of = min(visit.now.date(), line.accept_by)
    printed: PrintedSheet = visit.run(print_sheet, file={"text": detail.document}, side=side, as_of=as_of)
    parts = () if printed.sheet is None else printed.sheet.pages
    page = pages.DealSheetPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=line.name, href=f"/deals/{line.slug}")),
        name=line.name,
        sentence="Page by page and field by field. Compare the totals before you submit."
        if parts
        else "Its faults come first: they are on the deal's page.",
        parts=tuple(
            pages.SheetPart(
                path=each.path,
                fields=tuple((field.field, field.value) for field in each.fields),
                lines=tuple((row.number, row.date, row.amount, row.note) for row in each.lines),
                total=each.total,
            )
            for each in parts
        ),
        findings=() if parts else finding_parts(printed.findings),
        back=Link(label="Back to the deal", href=f"/deals/{line.slug}"),
    )
    return visit.show(page)


def show_comparison(visit: Visit) -> Response:
    """Show two deals side by side."""
    first = load(visit)
    second: DealDetail = visit.run(show_deal, deal=visit.query("with")[:80] or first.line.deal_id)
    priced = priced_of(visit, first, second)
    names = (first.line.name, second.line.name)
    pair = f"/deals/{first.line.slug}/compare.svg?with={second.line.slug}"
    rows = quarter_rows(priced)
    ahead = rows[-1].ahead if rows else None
    told = "Without the customer's agreement no payout can be compared."
    if ahead is not None:
        told = "Both have paid out the same by the end." if not ahead else f"{names[1]} ends {amount(ahead)} ahead."
    page = pages.DealComparePage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=names[0], href=f"/deals/{first.line.slug}")),
        first=Link(label=names[0], href=f"/deals/{first.line.slug}"),
        second=Link(label=names[1], href=f"/deals/{second.line.slug}"),
        sentence=told,
        facts=tuple(
            (label, one, other) for (label, one), (_, other) in zip(_compared(first), _compared(second), strict=True)
        ),
        charts=(pages.Chart(id="compared", title="Paid out by the end of each quarter", alt=told, href=pair),)
        if rows
        else (),
        quarters=rows,
    )
    return visit.show(page)


def _compared(detail: DealDetail) -> tuple[tuple[str, str], ...]:
    line = detail.line
    return (
        ("Worth", amount(total_of_line(line))),
        ("Runs", f"{when_text(line.starts_on)} to {when_text(line.ends_on)}"),
        ("Accept by", when_text(line.accept_by)),
        ("State", words(line.state)),
        ("Faults", str(sum(finding.level.value == "error" for finding in detail.findings))),
        ("Approvals missing", ", ".join(detail.missing) or "none"),
    )


def picture_of_charges(visit: Visit) -> Response:
    """Return the picture of a deal's charges."""
    return _picture(draw_charges(priced_of(visit, load(visit)), visit.query("look")))


def picture_of_cash(visit: Visit) -> Response:
    """Return the picture of a deal's quarters."""
    return _picture(draw_cash(priced_of(visit, load(visit)), visit.query("look")))


def picture_of_both(visit: Visit) -> Response:
    """Return the picture of two deals' payouts."""
    first = load(visit)
    other: DealDetail = visit.run(show_deal, deal=visit.query("with")[:80] or first.line.deal_id)
    names = (first.line.name, other.line.name)
    return _picture(draw_comparison(priced_of(visit, first, other), names, visit.query("look")))


def _picture(drawn: Markup) -> Response:
    empty = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
    return Response(str(drawn) or empty, media_type="image/svg+xml")


WAYS: Final[tuple[Way, ...]] = (
    get("/deals/{deal}", show_one, Audience.STAFF),
    get("/deals/{deal}/hand-over", show_hand_over, Audience.STAFF),
    get("/deals/{deal}/sheet", show_sheet, Audience.STAFF),
    get("/deals/{deal}/compare", show_comparison, Audience.STAFF),
    get("/deals/{deal}/charges.svg", picture_of_charges, Audience.STAFF),
    get("/deals/{deal}/cash.svg", picture_of_cash, Audience.STAFF),
    get("/deals/{deal}/compare.svg", picture_of_both, Audience.STAFF),
)
