"""What one was told, how far buyers come, and the landing page for a colleague; made up."""

from __future__ import annotations

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form
from fairkeeper.web.listing import Choice, Column, Filter, Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.buyer import LandingAsk
from fairkeeper.web.pages.customers import CustodyPage, CustodyRow
from fairkeeper.web.pages.messages import MessagePage, MessageRow, MessagesPage
from fairkeeper.web.pages.onboarding import OnboardingPage, StepRow, StopRow
from fairkeeper.web.pages.settings import (
    ConnectionRow,
    ConnectionsPage,
    LandingLookPage,
    LandingLooksPage,
    LookRow,
    MessageRulePage,
    WordingPage,
    WordingRow,
)
from fairkeeper.web.parts import Empty, Link, Tab
from fairkeeper.web.preview.frames import CUSTOMERS, days, frame, hours, open_frame
from fairkeeper.web.serving.exports import export_links

_MESSAGES = (
    ("Contoso: The purchase is lost, 30 Nov 2026 12:00 UTC", hours(-2), days(2), "unread"),
    ("A webhook: needs a person", hours(-20), None, "read"),
    ("Litware: The term ends, 31 Dec 2026 00:00 UTC", days(-3), days(39), "done"),
)


def adoption_pages() -> dict[str, Page]:
    """Return these pages by the names of their files."""
    return {
        "messages": _messages(),
        "message": MessagePage(
            frame=frame(""),
            trail=(Link(label="Messages", href="/messages.html"),),
            subject="Contoso: The purchase is lost, 30 Nov 2026 12:00 UTC",
            sentence="Told on 22 Nov 2026, 06:00 UTC; by 30 Nov 2026, 12:00 UTC.",
            paragraphs=(
                "The purchase is lost for Contoso on 30 Nov 2026 12:00 UTC.",
                "If nobody acts: Microsoft cancels the purchase and bills nothing.",
                "What to do: Ask the buyer to choose Configure account, or activate it for them.",
            ),
            way=Link(label="Go to what it is about", href="/subscription.html"),
        ),
        "onboarding": _onboarding(),
        "landing-ask": LandingAsk(
            frame=open_frame(),
            support=None,
            people=("Cora Contoso",),
            sentence="A colleague of yours set this up, and it is active already.",
            join=Link(label="Go to your company’s page", href="/home.html"),
        ),
        "settings-connections": _connections(),
        "custody": _custody(),
        "settings-messages": _message_rule(),
        "settings-wording": _message_wording(),
        "settings-landing": _looks(),
        "settings-landing-level": _level(),
    }


def _custody() -> CustodyPage:
    made = (("Contoso", "team", "Subscribed", 3), ("Northwind", "team-plus", "Suspended", 0))
    return CustodyPage(
        frame=frame("Customers"),
        trail=(CUSTOMERS,),
        sentence="2 subscriptions observed, 4 managed.",
        tabs=(
            Tab(label="Observed", href="/custody.html", is_here=True, count=2),
            Tab(label="Taken over", href="/custody.html"),
            Tab(label="Would have", href="/custody.html", count=3),
        ),
        subscriptions=Listing(
            id="subscriptions",
            caption="Subscriptions",
            columns=(
                *(Column(label=label) for label in ("Customer", "Plan", "State", "First seen")),
                Column(label="Would have", is_number=True),
            ),
            rows=tuple(
                CustodyRow(
                    subscription_id=f"s-{number}",
                    customer=Link(label=name, href="/subscription.html"),
                    plan=plan,
                    state=state(how),
                    adopted_at=days(-number - 1),
                    would_have=would,
                )
                for number, (name, plan, how, would) in enumerate(made)
            ),
            empty=Empty(title="Nothing is observed", text="What another system runs stands here."),
            address=Address("/custody"),
            filters=(Filter(name="text", label="Customer", placeholder="Contoso"),),
            exports=export_links(Address("/custody")),
        ),
        notes=None,
        picks="/custody/take-over",
        pick="Take over what is ticked",
    )


_MESSAGE_TABS = (
    Tab(label="People", href="/settings-people.html"),
    Tab(label="Messages", href="/settings-messages.html", is_here=True),
)


def _message_rule() -> MessageRulePage:
    row = WordingRow(
        message=Link(label="A deadline comes near", href="/settings-wording.html"),
        subject="{customer}: {what}",
        whose="as shipped",
    )
    return MessageRulePage(
        frame=frame("Settings"),
        tabs=_MESSAGE_TABS,
        sentence="Nothing leaves from 20:00 to 07:00 (UTC); the digest at 08:00.",
        form=Form(
            id="message-rule",
            action="/settings/messages",
            submit="Save the rule",
            idempotency_key="web_rule",
            fields=(
                Field(name="time_zone", label="Time zone", value="Mars/Olympus", error="There is no such time zone."),
                Field(name="quiet_from", label="Quiet from", value="20:00"),
            ),
        ),
        facts=(),
        wordings=Listing(
            id="wordings",
            caption="Messages",
            columns=(Column(label="Message"), Column(label="Subject"), Column(label="Wording")),
            rows=(row,),
            empty=Empty(title="No message", text="Every message stands here."),
            address=Address("/settings/messages"),
            exports=export_links(Address("/settings/messages")),
        ),
    )


def _message_wording() -> WordingPage:
    return WordingPage(
        frame=frame("Settings"),
        trail=(Link(label="Messages", href="/settings-messages.html"),),
        tabs=_MESSAGE_TABS,
        sentence="A deadline comes near. As shipped.",
        form=Form(
            id="wording",
            action="/settings/messages/wordings/customers.deadline",
            submit="Save or show",
            idempotency_key="web_words",
            fields=(
                Field(name="subject", label="Subject", value="{customer}: {what}", is_required=False),
                Field(name="only_show", label="Only show me how it reads", kind=FieldKind.CHECKBOX, is_required=False),
            ),
        ),
        preview_subject="Contoso: The purchase is lost",
        preview=("The purchase is lost for Contoso on 30 Nov 2026 12:00 UTC.", "What to do: Activate it."),
    )


_LANDING_TABS = (
    Tab(label="People", href="/settings-people.html"),
    Tab(label="Landing page", href="/settings-landing.html", is_here=True),
)


def _looks() -> LandingLooksPage:
    level = Link(label="All plans of fairmile-agent", href="/settings-landing-level.html")
    picture = Field(name="content", label="Picture", kind=FieldKind.FILE, hint="PNG, JPEG or WebP.", is_required=False)
    return LandingLooksPage(
        frame=frame("Settings"),
        tabs=_LANDING_TABS,
        sentence="Buyers are asked 2 questions; said on 1 level.",
        looks=Listing(
            id="looks",
            caption="Landing page",
            columns=tuple(Column(label=label) for label in ("For", "Product", "Links", "Fields")),
            rows=(
                LookRow(
                    level=level, product_name="Fairmile Agent", links="support, terms", fields="Workspace name, Region"
                ),
            ),
            empty=Empty(title="Nothing is said yet", text="Say where buyers get help."),
            address=Address("/settings/landing"),
            exports=export_links(Address("/settings/landing")),
        ),
        logo=None,
        set_logo=Form(
            id="logo",
            action="/settings/landing/logo",
            submit="Set the logo",
            idempotency_key="web_l",
            fields=(picture,),
        ),
        add=Form(
            id="add-level",
            action="/settings/landing/level/open",
            submit="Go on",
            idempotency_key="web_a",
            fields=(Field(name="offer", label="Offer id", is_required=False),),
        ),
    )


def _level() -> LandingLookPage:
    return LandingLookPage(
        frame=frame("Settings"),
        trail=(Link(label="Landing page", href="/settings-landing.html"),),
        tabs=_LANDING_TABS,
        sentence="For all plans of fairmile-agent; what is empty is taken from the level above.",
        form=Form(
            id="landing-level",
            action="/settings/landing/level",
            submit="Save",
            idempotency_key="web_s",
            fields=(
                Field(name="product_name", label="Product name", value="Fairmile Agent", is_required=False),
                Field(
                    name="fields",
                    label="Fields",
                    kind=FieldKind.LONG_TEXT,
                    value="workspace | Workspace name | text | required",
                    is_required=False,
                    error="Line 2 has the type 'radio'; there are text, long_text, email, number, choice.",
                ),
            ),
        ),
    )


def _connections() -> ConnectionsPage:
    rows = (
        ("Entra sign-in", "People sign in: yours, and buyers on the landing page.", "works", "", "SIGN_IN_APP_ID"),
        ("Fulfillment API", "Subscriptions are read.", "to_mend", "Microsoft answered 403.", "FULFILLMENT_APP_ID"),
        ("Insights API", "Reports are read once a day.", "not_set", "", "INSIGHTS_CONNECTIONS"),
        ("Microsoft Teams", "The daily digest is posted.", "unchecked", "", "TEAMS_WEBHOOK_URL"),
    )
    return ConnectionsPage(
        frame=frame("Settings"),
        tabs=(
            Tab(label="People", href="/settings-people.html"),
            Tab(label="Connections", href="/settings-connections.html", is_here=True),
        ),
        sentence="1 connection has something to mend.",
        looked_at=hours(-3),
        is_under_way=False,
        check=Form(
            id="connections-check",
            action="/settings/connections/check",
            submit="Check now",
            idempotency_key="web_check",
        ),
        connections=Listing(
            id="connections",
            caption="Connections",
            columns=tuple(Column(label=label) for label in ("Connection", "State", "What was seen")),
            rows=tuple(
                ConnectionRow(name=name, purpose=why, state=state(how), told=told, settings=f"FAIRKEEPER_{by}")
                for name, why, how, told, by in rows
            ),
            empty=Empty(title="Nothing is connected", text="Each connection stands here with its state."),
            address=Address("/settings/connections"),
            exports=export_links(Address("/settings/connections")),
        ),
        guide=Link(label="Connect a publisher: step 2 of 8", href="/guide.html"),
    )


def _messages() -> MessagesPage:
    rows = tuple(
        MessageRow(message=Link(label=subject, href="/message.html"), told_at=told, due_at=due, state=state(how))
        for subject, told, due, how in _MESSAGES
    )
    return MessagesPage(
        frame=frame(""),
        sentence="1 unread of 3 messages.",
        messages=Listing(
            id="messages",
            caption="Messages",
            columns=tuple(Column(label=label) for label in ("Message", "Told", "By", "State")),
            rows=rows,
            empty=Empty(title="No message yet", text="What waits for your role is told to you here."),
            address=Address("/messages"),
            filters=(Filter(name="show", label="Which", choices=(Choice(value="unread", label="Unread"),)),),
            exports=export_links(Address("/messages")),
        ),
    )


def _onboarding() -> OnboardingPage:
    stops = (
        StopRow(after="Signed in", reason="an account that the purchase does not name", browsers=3),
        StopRow(after="Opened the page from Microsoft", reason="left at Microsoft’s sign-in", browsers=2),
    )
    return OnboardingPage(
        frame=frame("Customers"),
        trail=(CUSTOMERS,),
        sentence="24 browsers came with a new purchase in 90 days, 17 activated it; 6 came to manage one.",
        steps=(
            StepRow(step="Opened the page from Microsoft", reached=24, share=""),
            StepRow(step="Signed in", reached=22, share="91 %"),
            StepRow(step="Let in: it is theirs", reached=19, share="86 %"),
            StepRow(step="Activated", reached=17, share="89 %"),
        ),
        stops=Listing(
            id="stops",
            caption="Where they stop",
            columns=(Column(label="After"), Column(label="Why"), Column(label="Browsers", is_number=True)),
            rows=stops,
            empty=Empty(title="Nobody has stopped", text="Whoever came with a purchase has activated it."),
            address=Address("/onboarding"),
            exports=export_links(Address("/onboarding")),
        ),
    )
