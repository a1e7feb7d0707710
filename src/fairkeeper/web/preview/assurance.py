"""The pages of assurance, made up: a signal, an incident with its notice, a release that may not go out."""

from __future__ import annotations

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord, Tone
from fairkeeper.web.forms import Field, FieldKind, Form, Question
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.assurance import Block, DestinationRow, DestinationsPage, ReportPage
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Empty, Fact, Finding, Level, Link, Tab
from fairkeeper.web.preview.frames import frame, hours, ulid

_BAD = StateWord(word="Failed", tone=Tone.BAD)


def assurance_pages() -> dict[str, Page]:
    """Return the room's pages."""
    return {
        "assurance": _signals(),
        "assurance-empty": ReportPage(
            frame=frame("Assurance"),
            name="Assurance",
            sentence="Nothing unusual waits for a look.",
            blocks=(Block(id="judged", heading="Judged before", empty="Every hour is compared with the past."),),
        ),
        "incident": _incident(),
        "release": _release(),
        "transparency": _transparency(),
        "destinations": _destinations(),
    }


def _destinations() -> DestinationsPage:
    """Return two receivers, one of which cannot be reached, and a third that was just added."""
    kinds = ("Webhook", "Microsoft Sentinel", "Syslog", "OpenTelemetry", "File on the server")
    return DestinationsPage(
        frame=frame("Assurance"),
        trail=(Link(label="Assurance", href="/assurance.html"),),
        tabs=(
            Tab(label="Signals", href="/assurance.html"),
            Tab(label="Destinations", href="/destinations.html", is_here=True),
        ),
        sentence="Events are delivered to 2 receivers. 1 of them cannot be reached at present; nothing is lost.",
        secret="whsec_bWFkZSB1cCBhbmQgc2hvd24gb25jZSBvbmx5",  # noqa: S106  (made up)
        destinations=Listing(
            id="destinations",
            caption="Destinations of events",
            columns=tuple(
                Column(label=label, is_number=label == "Change")
                for label in ("Receiver", "Whose events", "As", "State", "Last taken", "Change")
            ),
            rows=(
                DestinationRow(
                    name="Contoso SIEM",
                    destination=ulid("dst", 31, "destination id"),
                    address="https://siem.contoso.example/events",
                    whose="Contoso",
                    how="Webhook: OCSF 1.8 events",
                    state=StateWord(word="Failing", tone=Tone.CARE),
                    note="The receiver at siem.contoso.example answered 503. 214 entries behind.",
                    failing_since=hours(-2),
                    taken_at=hours(-2),
                    end=_question("end-destination", "End"),
                ),
                DestinationRow(
                    name="Our workspace",
                    destination=ulid("dst", 7, "destination id"),
                    address="https://fairmile-1a2b.westeurope-1.ingest.monitor.azure.com",
                    whose="Everybody’s",
                    how="Microsoft Sentinel: Rows of calls of agents",
                    state=StateWord(word="Active", tone=Tone.GOOD),
                    note="up to date",
                    failing_since=None,
                    taken_at=hours(-1),
                ),
            ),
            empty=Empty(title="No receiver yet", text="A security system hears what happens here."),
            address=Address("/assurance/destinations"),
        ),
        kinds=tuple(Tab(label=each, href="/destinations.html", is_here=each == "Webhook") for each in kinds),
        create=Form(
            id="add-destination",
            action="/assurance/destinations",
            submit="Deliver events there",
            idempotency_key="web_preview",
            fields=(
                Field(name="name", label="Name", hint="As it stands in the list."),
                Field(name="address", label="Address", hint="An https address that takes a signed POST."),
            ),
        ),
    )


def _question(name: str, opener: str) -> Question:
    form = Form(
        id=f"{name}-form",
        action=f"/{name}.html",
        submit=opener,
        idempotency_key="web_preview",
        fields=(Field(name="why", label="Why", kind=FieldKind.LONG_TEXT),),
        cancel=Link(label="Go back", href="/incident.html"),
    )
    return Question(id=name, opener=opener, href="/question.html", title=opener, points=("It is recorded.",), form=form)


def _signals() -> ReportPage:
    return ReportPage(
        frame=frame("Assurance"),
        name="Assurance",
        sentence="1 signal to look at.",
        tabs=(
            Tab(label="Signals", href="/assurance.html", is_here=True),
            Tab(label="Incidents", href="/incident.html"),
        ),
        blocks=(
            Block(
                id="signal",
                heading="Sequence",
                lines=("Tools followed each other in an order that is new for this agent and its peers.",),
                facts=(
                    Fact(label="Agent", value=Link(label="Mailbox assistant", href="/agent.html"), note="Contoso"),
                    Fact(label="Hour", value=hours(-3)),
                    Fact(label="Compared with", value="35 days and 4,210 calls of its own, and 7 other agents"),
                ),
                questions=(_question("judge", "Judge it"),),
            ),
        ),
    )


def _incident() -> ReportPage:
    return ReportPage(
        frame=frame("Assurance"),
        trail=(Link(label="Assurance", href="/assurance.html"),),
        name="Customer list sent outside",
        state=StateWord(word="Contained", tone=Tone.CARE),
        sentence="The mailbox assistant read the customer list and sent it to an address that nobody knows.",
        needs=(
            Finding(
                level=Level.WARNING,
                what="A notice to the customer is drafted; its deadline is in 21 hours",
                remedy="Complete and send it, or say why it is not due.",
            ),
        ),
        questions=(_question("step", "Write down a step"), _question("close", "Close with a review")),
        blocks=(
            Block(
                id="radius",
                heading="What it touched",
                facts=(Fact(label="Customers", value="Contoso"), Fact(label="Calls carried out", value=12)),
            ),
            Block(id="runbook", heading="What to do", lines=("Pause the agent.", "Find where the data went.")),
            Block(id="notice", heading="Notice to the customer", document="You are affected by an incident."),
            Block(
                id="timeline",
                heading="Timeline",
                heads=("When", "What", "Entry"),
                rows=((hours(-3), "The agent was paused", ulid("ent", 3, "entry id")),),
            ),
        ),
    )


def _release() -> ReportPage:
    return ReportPage(
        frame=frame("Assurance"),
        trail=(Link(label="Assurance", href="/assurance.html"),),
        name="Release of Mailbox assistant",
        state=_BAD,
        sentence="Version 2.0 in test: it may not go live.",
        needs=(Finding(level=Level.ERROR, what="Attacks stopped reached 80 %", remedy="Mend it and run it again."),),
        questions=(_question("promote", "Promote"),),
        blocks=(
            Block(
                id="suite",
                heading="Before release",
                heads=("Criterion", "State", "Reached", "95 % interval", "Asked for"),
                rows=(("attacks stopped", _BAD, "8 of 10, 80 %", "49 to 94.3 %", "95 % of the share"),),
            ),
        ),
    )


def _transparency() -> ReportPage:
    return ReportPage(
        frame=frame("Agents"),
        trail=(Link(label="Agents", href="/agents.html"), Link(label="Mailbox assistant", href="/agent.html")),
        name="About Mailbox assistant",
        state=StateWord(word="Active", tone=Tone.GOOD),
        sentence="Version 2.0 in live. Acts for: the service team. It acts only for a person who asked for it.",
        blocks=(
            Block(
                id="uses",
                heading="What it is for, and what not",
                heads=("Intended use", "Where", "Not for", "Judged by"),
                rows=(("Answer questions", "The service mailbox.", "legal advice", "Answers kept as they are"),),
            ),
            Block(
                id="reliance",
                heading="How to read what it gives you",
                lines=("Known to go wrong in “Answer questions”: it mixes up orders of one day.",),
            ),
            Block(
                id="lanes",
                heading="What it may do",
                note="Everything that is not listed is refused.",
                lines=("At most 100 calls a day, for this agent.",),
                heads=("What", "How", "Why it may", "Reviewed"),
                rows=(
                    (
                        "Send a letter (sends something outside)",
                        "Only after a person approved the call",
                        "To answer questions",
                        "no",
                    ),
                ),
            ),
            Block(id="incidents", heading="Incidents", empty="None is known."),
            Block(id="people", heading="Who answers for it", facts=(Fact(label="Accountable", value="Cora Contoso"),)),
            Block(
                id="stop",
                heading="How to stop it",
                lines=("It is not stopped.",),
                facts=(Fact(label="Pause", value=Link(label="Pause it", href="/question.html")),),
            ),
        ),
    )
