"""The room of accounts, made up: two publishers, a verification that was lost, an offer that is not ready."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from markupsafe import Markup

from fairkeeper.accounts.actions.check_file import draw
from fairkeeper.accounts.structure.ids import known_ids
from fairkeeper.accounts.structure.model import Structure
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord, Tone
from fairkeeper.web.forms import Field, FieldKind, Form, Question
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.accounts import (
    ConsequenceRow,
    DifferenceRow,
    DocumentRow,
    HappenedRow,
    IdRow,
    ProgrammeRow,
    ReviewItemRow,
    ReviewPage,
    ReviewRow,
    ReviewsPage,
    SeenPage,
    StepRow,
    StructurePage,
    VerificationPage,
    VerificationsPage,
    WayInRow,
)
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Deadline, Empty, Fact, Finding, Identifier, Level, Link, Tab
from fairkeeper.web.preview.frames import NOW, days, frame, guid, proof

_ACCOUNTS = Link(label="Accounts", href="/accounts.html")
_GOOD = StateWord(word="Accepted", tone=Tone.GOOD)
_LOST = StateWord(word="Revoked", tone=Tone.BAD)
_PASSED = StateWord(word="Passed", tone=Tone.GOOD)
_FAILED = StateWord(word="Failed", tone=Tone.BAD)
_UNKNOWN = StateWord(word="Not known", tone=Tone.CARE)

_STRUCTURE = Structure.model_validate(
    {
        "company": "Fairmile Software",
        "tenants": [
            {"id": "0b010001-0000-4000-8000-000000000001", "name": "Fairmile", "domains": ["fairmile.example"]}
        ],
        "global_account": {"partner_id": "4400100", "legal_name": "Fairmile Software & Söhne <Holding>"},
        "locations": [{"partner_id": "4400101", "name": "Fairmile London", "country": "GB"}],
        "publishers": [
            {
                "id": "fairmile",
                "name": "Fairmile Software",
                "seller_id": "71000101",
                "location": "4400101",
                "verification": "Accepted",
                "tax_profile": {"state": "active", "valid_until": "2028-12-31"},
                "payout_profile": {"state": "active"},
                "offers": [
                    {
                        "id": "fairmile-assistant",
                        "name": "Fairmile Assistant",
                        "plans": [
                            {"id": "team", "markets": ["GB", "IE"]},
                            {"id": "enterprise", "markets": "all", "is_private": True},
                            {"id": "team-yearly", "life": "planned"},
                        ],
                    }
                ],
            },
            {"id": "fairmile-labs", "name": "Fairmile Labs", "location": "9900990", "verification": "Rejected"},
        ],
    }
)


def _tabs(here: str) -> tuple[Tab, ...]:
    named = (
        ("Structure", "accounts"),
        ("Seen in the account", "accounts-seen"),
        ("Verification", "verifications"),
        ("Readiness", "reviews"),
    )
    return tuple(Tab(label=label, href=f"/{name}.html", is_here=name == here) for label, name in named)


def _question(name: str, opener: str, *fields: Field) -> Question:
    form = Form(
        id=f"{name}-form",
        action=f"/{name}",
        submit=opener,
        idempotency_key="01JDA000000000ACCOUNTS0000",
        fields=fields,
    )
    return Question(
        id=name, opener=opener, href="/question.html", title=f"{opener}?", points=("It is recorded.",), form=form
    )


def _ends(day: date) -> datetime:
    return datetime.combine(day, time(23, 59), tzinfo=NOW.tzinfo)


def _structure() -> StructurePage:
    picture = draw(_STRUCTURE, "fitting", None, is_alone=False)
    ids = tuple(
        IdRow(
            what=each.what,
            name=each.name,
            id=Identifier(text=each.id, names=f"{each.what} of {each.name}", is_whole=True),
            found_at=each.found_at,
        )
        for each in known_ids(_STRUCTURE)
    )
    return StructurePage(
        frame=frame("Accounts"),
        sentence="Fairmile Software: 2 publishers, 1 offer, 3 plans; 2 findings.",
        tabs=_tabs("accounts"),
        findings=(
            Finding(
                level=Level.ERROR,
                what="The location of fairmile-labs is the PartnerID 9900990, which is none of the company's.",
                remedy="Find the account it was registered under.",
                owner="Operations",
            ),
            Finding(
                level=Level.NOTE,
                what="The plan id team-yearly would be permanent if it were created now.",
                remedy="Say the ids aloud to somebody else before Create is pressed.",
                owner="Operations",
            ),
        ),
        picture=Markup(picture.svg),  # noqa: S704 - written by us, with every text escaped
        folded="",
        files=(Link(label="Picture as SVG", href="/structure.svg"), Link(label="As a file", href="/structure.yaml")),
        ids=Listing(
            id="ids-list",
            caption="Ids",
            columns=tuple(Column(label=label) for label in ("Id", "Of", "Value", "Found at")),
            rows=ids,
            empty=Empty(title="No ids", text="None."),
            address=Address("/accounts/ids"),
            exports=(Link(label="CSV", href="/accounts/ids.csv"),),
        ),
        ways_in=(
            WayInRow(
                person="ina@fabrikam.example",
                way="Invite",
                reason="fabrikam.example belongs to another organization, so the person is invited as a guest.",
            ),
        ),
        questions=(
            _question("state", "State it anew", Field(name="structure", label="Structure", kind=FieldKind.LONG_TEXT)),
        ),
    )


def _seen() -> SeenPage:
    rows = (
        ("Person", "nina.new@fairmile.example", "Not stated", "", "Developer of fairmile", "Users"),
        ("Offer's name", "fairmile-assistant", "Differs", "Fairmile Assistant", "Helper", "Products"),
        ("Plan", "fairmile-assistant/team", "Not seen", "Team", "", "Products"),
    )
    return SeenPage(
        frame=frame("Accounts"),
        trail=(_ACCOUNTS,),
        sentence="3 differences to what was stated.",
        tabs=_tabs("accounts-seen"),
        differences=Listing(
            id="differences-list",
            caption="Differences",
            columns=tuple(Column(label=label) for label in ("What", "Which", "Difference", "Stated", "Seen", "Source")),
            rows=tuple(
                DifferenceRow(
                    what=what,
                    subject=subject,
                    state=StateWord(word=word, tone=Tone.CARE),
                    stated=stated,
                    seen=seen,
                    source=source,
                )
                for what, subject, word, stated, seen, source in rows
            ),
            empty=Empty(title="Nothing differs", text="Nothing."),
            address=Address("/accounts/seen"),
        ),
        questions=(_question("adopt", "Add what is missing"), _question("products", "Ask Microsoft")),
    )


def _needs() -> tuple[Deadline, ...]:
    where = Link(label="Commercial Marketplace", href="/verification.html")
    return (
        Deadline(
            due_at=_ends(NOW.date() + timedelta(days=1)),
            what="Ask again, and for speed, in a ticket of its own.",
            otherwise="To Partner Center support. Domain ownership was lost on 2026-11-19.",
            where=where,
            owner="Operations",
        ),
        Deadline(
            due_at=_ends(NOW.date() + timedelta(days=27)),
            what="Have domain ownership accepted again.",
            otherwise="An account that stays revoked for more than 30 days is suspended.",
            where=where,
            owner="Operations",
        ),
    )


def _verifications() -> VerificationsPage:
    return VerificationsPage(
        frame=frame("Accounts"),
        trail=(_ACCOUNTS,),
        sentence="1 verification lost: nothing new can be published.",
        tabs=_tabs("verifications"),
        needs=_needs(),
        programmes=(
            ProgrammeRow(
                programme=Link(label="Commercial Marketplace", href="/verification.html"),
                state=_LOST,
                open_tickets=4,
                next_due_on=NOW.date() + timedelta(days=1),
            ),
            ProgrammeRow(
                programme=Link(label="AI Cloud Partner Program", href="/verification.html"),
                state=_GOOD,
                open_tickets=0,
                next_due_on=None,
            ),
        ),
        empty=Empty(title="No verification is tracked", text="Record each programme once."),
        questions=(_question("track", "Track a verification", Field(name="name", label="Programme")),),
    )


def _verification() -> VerificationPage:
    lost = days(-3).date()
    return VerificationPage(
        frame=frame("Accounts"),
        trail=(_ACCOUNTS, Link(label="Verification", href="/verifications.html")),
        name="Commercial Marketplace",
        state=_LOST,
        sentence="4 open tickets, 3 questions without an answer, sent again 1 time after a refusal.",
        needs=_needs(),
        consequences=(
            ConsequenceRow(
                what="No new offer, plan or change of one can be published.", state=StateWord(word="Now", tone=Tone.BAD)
            ),
            ConsequenceRow(
                what="After 30 days the account is suspended: no sales, no payouts.",
                state=StateWord(word="Later", tone=Tone.CARE),
            ),
        ),
        steps=(
            StepRow(step="Email ownership", state=_GOOD, since_on=days(-200).date()),
            StepRow(step="Domain ownership", state=_LOST, since_on=lost),
            StepRow(step="Due diligence", state=StateWord(word="Not started", tone=Tone.QUIET), since_on=None),
        ),
        facts=(
            Fact(label="Publisher", value="fairmile"),
            Fact(label="Documents are taken for", value="12 months", note="A warning of ours."),
            Fact(label="What the profile API last said", value=None, note="A hint, never the truth by itself."),
        ),
        documents=(
            DocumentRow(
                title="Domain registry confirmation",
                proves="Domain ownership",
                issued_on=days(-350).date(),
                valid_until=days(15).date(),
                kept="sealed here, 48,120 bytes",
                checksum=guid("registry", "checksum"),
                remove=Link(label="Remove", href="/question.html"),
            ),
            DocumentRow(
                title="WHOIS output",
                proves="Domain ownership",
                issued_on=days(-90).date(),
                valid_until=None,
                kept="elsewhere: the company's archive",
                checksum=None,
            ),
        ),
        happened=(
            HappenedRow(
                happened_on=days(-2).date(),
                sentence="Asked reason: domain ownership, ticket 2611200002",
                note="",
                proof=proof(1_301),
            ),
            HappenedRow(
                happened_on=lost, sentence="Revoked: domain ownership", note="No reason was given.", proof=proof(1_290)
            ),
        ),
        package=Link(label="Appeal package", href="/appeal.zip"),
        questions=(_question("record", "Record what happened", Field(name="note", label="What was said")),),
    )


def _reviews() -> ReviewsPage:
    offer = Link(label="Fairmile Assistant", href="/review.html")
    row = ReviewRow(
        offer=offer,
        state=StateWord(word="Not ready", tone=Tone.BAD),
        passed=14,
        failed=1,
        unknown=1,
        publisher="fairmile",
    )
    return ReviewsPage(
        frame=frame("Accounts"),
        trail=(_ACCOUNTS,),
        sentence="0 of 1 offer ready for a review.",
        tabs=_tabs("reviews"),
        reviews=(row,),
        empty=Empty(title="No offer yet", text="State the structure first."),
    )


def _review() -> ReviewPage:
    page = Link(label="Build the landing page", href="https://learn.microsoft.com/partner-center/")
    items = (
        ReviewItemRow(
            asks="The landing page answers and leads to the sign-in of Microsoft Entra",
            state=_FAILED,
            told="https://app.fairmile.example/marketplace/landing: answers 404 to a visitor without a token.",
            remedy="Open the address that Partner Center has and mend what the probe says.",
            resource=page,
            proof="probe of 2026-11-22 09:12 UTC",
        ),
        ReviewItemRow(
            asks="The webhook answers and believes no call without a token",
            state=_PASSED,
            told="https://app.fairmile.example/marketplace/webhook: refuses a call without a token, as it must.",
            remedy="",
            resource=None,
            proof="probe of 2026-11-22 09:12 UTC",
        ),
    )
    trust = (
        ReviewItemRow(
            asks="The reviewer has an account to test with",
            state=_UNKNOWN,
            told="None is named.",
            remedy="Prepare an account that is no administrator's.",
            resource=page,
            proof="structure stated 2026-11-20 08:00 UTC",
        ),
    )
    return ReviewPage(
        frame=frame("Accounts"),
        trail=(_ACCOUNTS, Link(label="Readiness", href="/reviews.html")),
        offer="Fairmile Assistant",
        state=StateWord(word="Not ready", tone=Tone.BAD),
        sentence="14 passed, 1 failed, 1 not known. Addresses probed 18 minutes ago.",
        groups=(("Technical configuration", items), ("Trust", trust)),
        package=Link(label="Package for the reviewer", href="/package.zip"),
        questions=(_question("probe", "Probe the addresses"),),
    )


def account_pages() -> dict[str, Page]:
    """Return every page of the room."""
    empty = StructurePage(
        frame=frame("Accounts"),
        sentence="Nothing is stated yet.",
        tabs=_tabs("accounts"),
        first_step=Empty(
            title="No structure yet",
            text="State the house at Partner Center once.",
            action=Link(label="State the structure", href="/question.html"),
        ),
    )
    return {
        "accounts": _structure(),
        "accounts-empty": empty,
        "accounts-seen": _seen(),
        "verifications": _verifications(),
        "verification": _verification(),
        "reviews": _reviews(),
        "review": _review(),
    }
