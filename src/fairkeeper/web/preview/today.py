"""Today and search, made up."""

from __future__ import annotations

from dataclasses import replace

from fairkeeper.web.format import Tone
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.today import Hit, SearchPage, StepCount, TodayPage
from fairkeeper.web.parts import Deadline, Empty, Finding, Level, Link, Notice, TimelineEntry
from fairkeeper.web.preview.frames import (
    ADATUM,
    CONTOSO,
    FABRIKAM,
    LITWARE,
    NORTHWIND,
    TAILSPIN,
    days,
    entry,
    frame,
    hours,
    proof,
)

DEADLINES = (
    Deadline(
        due_at=hours(-3),
        what="Answer why Tailspin’s provisioning failed three times",
        otherwise="The customer pays since yesterday and cannot work. Nothing is tried again until a person says so.",
        where=TAILSPIN,
        owner="Dana Keller",
        action=Link(label="Look at it", href="/customer.html"),
    ),
    Deadline(
        due_at=hours(18),
        what="Northwind has not activated since 24 Oct 2026",
        otherwise="Microsoft cancels the purchase 30 days after it was made; the reserved capacity is released.",
        where=NORTHWIND,
        owner="Sam Okafor",
        action=Link(label="Remind them", href="/customer.html"),
    ),
    Deadline(
        due_at=days(4.2),
        what="Litware is suspended; its grace ends",
        otherwise="Microsoft unsubscribes it, and the clock for erasing its data starts.",
        where=LITWARE,
        action=Link(label="Write to them", href="/customer.html"),
    ),
    Deadline(
        due_at=days(12),
        what="Adatum’s data is erased",
        otherwise="It happens by itself, with a signed receipt. Hold it if a dispute is open.",
        where=ADATUM,
        owner="Dana Keller",
        action=Link(label="Hold", href="/question.html"),
    ),
)

FINDINGS = (
    Finding(
        level=Level.WARNING,
        what="A webhook brought an action that nobody knows: “PauseBilling”",
        remedy="It is kept and was answered with 200. Read what it says and decide what it should do.",
        since_at=hours(-20),
        where=FABRIKAM,
        resource=Link(label="Mastering the Marketplace", href="https://aka.ms/MasteringTheMarketplace"),
        close=Link(label="Decide", href="/webhook.html"),
    ),
)

RECENT: tuple[TimelineEntry, ...] = (
    entry(
        hours(-0.01),
        "customers.seats_changed/1",
        "Seats of Contoso Agents changed from 250 to 300.",
        parties=("Microsoft", "Contoso"),
        index=None,
    ),
    entry(
        hours(-2),
        "customers.subscription_activated/1",
        "Fabrikam’s subscription was activated.",
        parties=("Alex Rivera", "Fabrikam"),
        index=1_283,
    ),
    entry(
        hours(-15),
        "customers.subscription_repaired/1",
        "Reconciliation found that Northwind had bought: its webhook never arrived.",
        parties=("Fairkeeper", "Northwind"),
        index=1_282,
    ),
)


def today_pages() -> dict[str, Page]:
    """Return Today on an ordinary day, on a quiet one and in an empty house, and what a search found."""
    notice = Notice(
        text="Recorded: Litware was reminded.",
        tone=Tone.GOOD,
        proof=proof(1_284),
        undo=Link(label="Take back", href="/question.html"),
    )
    steps = tuple(
        StepCount(step=step, customers=number, broken=broken, href=f"/customers?step={step.lower()}")
        for step, number, broken in (
            ("Buy", 2, 0),
            ("Activate", 3, 1),
            ("Consent", 0, 0),
            ("Provision", 2, 1),
            ("Operate", 41, 1),
            ("Revoke", 4, 0),
        )
    )
    here = replace(frame("Today"), notices=(notice,))
    first_step = Empty(
        title="Nobody has bought yet",
        text="Fairkeeper keeps each customer’s path from purchase to revocation, and the record of it. "
        "Try it with made-up companies before the first real one comes.",
        action=Link(label="Buy something in the sandbox", href="/sandbox"),
    )
    hits = (
        Hit(kind="Customer", link=CONTOSO, line="Operating since 3 Feb 2026, 2 subscriptions"),
        Hit(kind="Subscription", link=Link(label="Contoso Agents", href="/subscription.html"), line="Plan Enterprise"),
        Hit(kind="Person", link=Link(label="Robin Tan", href="/customer.html"), line="Customer administrator, Contoso"),
    )
    return {
        "today": TodayPage(frame=here, deadlines=DEADLINES, findings=FINDINGS, steps=steps, recent=RECENT),
        "today-quiet": TodayPage(frame=frame("Today"), steps=steps, recent=RECENT[1:]),
        "today-empty": TodayPage(frame=frame("Today"), first_step=first_step),
        "search": SearchPage(frame=replace(frame(), query="contoso"), query="contoso", hits=hits),
        "search-nothing": SearchPage(frame=replace(frame(), query="wingtip"), query="wingtip"),
    }
