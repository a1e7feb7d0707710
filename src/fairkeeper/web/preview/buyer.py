"""What a buyer sees, made up: the landing page in each branch, sign-in, and the customer's home."""

from __future__ import annotations

from datetime import date

from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form
from fairkeeper.web.pages.about import AboutAgentPage, AboutAgentsPage, AboutUse
from fairkeeper.web.pages.base import Environment, Page
from fairkeeper.web.pages.buyer import (
    Brand,
    HomePage,
    LandingExisting,
    LandingGone,
    LandingNew,
    LandingNotYours,
    LandingSuspended,
    LandingTokenExpired,
    LandingWaiting,
    Purchase,
    ReceiptRow,
)
from fairkeeper.web.pages.customers import SubscriptionRow
from fairkeeper.web.pages.sign_in import FirstOwnerPage, SignInPage
from fairkeeper.web.parts import Deadline, Fact, Link, Path, PathStep, Standing
from fairkeeper.web.preview.customers import OPERATING, TIMELINE, revoke_question
from fairkeeper.web.preview.frames import customer_frame, days, guid, open_frame, ulid

SUPPORT = Link(label="Ask Fairmile Software", href="mailto:support@fairmile.example")
FRAME = open_frame(Environment.LIVE)
PURCHASE = Purchase(
    name="Contoso Agents",
    offer="Fairmile Agent",
    plan="Enterprise",
    subscription=guid("contoso-sub", "subscription id"),
    facts=(
        Fact(label="Subscription", value="Contoso Agents"),
        Fact(label="Plan", value="Enterprise", note="300 seats, one year, renews by itself"),
        Fact(label="For", value="Contoso", note="your organization uses it"),
        Fact(label="Billed to", value="Contoso", note="by Microsoft, from the day of activation"),
    ),
)
NEW_PATH = Path(
    steps=(
        PathStep(standing=Standing.DONE, on=date(2026, 11, 22)),
        PathStep(standing=Standing.NOW, note="You, on this page"),
        PathStep(standing=Standing.SKIPPED),
        PathStep(standing=Standing.NEXT),
        PathStep(standing=Standing.NEXT),
        PathStep(standing=Standing.NEXT),
    )
)


def _landing_pages() -> dict[str, Page]:
    activate = Form(
        id="activate",
        action="/marketplace/landing/activate",
        submit="Activate Fairmile Agent",
        idempotency_key="01JDA000000000000ACTIVATE0",
        fields=(
            Field(
                name="contact",
                label="E-mail address for notices",
                kind=FieldKind.EMAIL,
                value="robin.tan@contoso.example",
                autocomplete="email",
                hint="Suspensions, deadlines and receipts go there.",
            ),
        ),
    )
    return {
        "landing-new": LandingNew(
            frame=FRAME,
            support=SUPPORT,
            purchase=PURCHASE,
            path=NEW_PATH,
            activate=activate,
            brand=Brand(
                welcome="Thank you for choosing Fairmile. One question, and it begins.",
                links=(
                    Link(label="Terms of use", href="https://fairmile.example/terms"),
                    Link(label="Privacy", href="https://fairmile.example/privacy"),
                ),
            ),
            what_happens=(
                "Microsoft starts billing.",
                "Your workspace is made ready, usually within a minute.",
                "You become Contoso’s administrator here and can hand that over.",
            ),
            activate_by_at=days(30),
        ),
        "landing-existing": LandingExisting(
            frame=FRAME,
            support=SUPPORT,
            purchase=PURCHASE,
            path=OPERATING,
            sentence="Active since 3 Feb 2026, 300 seats.",
            home=Link(label="Go to your home", href="/home.html"),
            next_step=Link(label="Open Fairmile Agent", href="https://agent.fairmile.example"),
        ),
        "landing-waiting": LandingWaiting(
            frame=FRAME,
            support=SUPPORT,
            purchase=PURCHASE,
            path=NEW_PATH,
            state=state("PendingFulfillmentStart"),
            sentence="Activation is asked for; Microsoft usually takes a few seconds.",
            is_moving=True,
        ),
    }


def _closed_landing_pages() -> dict[str, Page]:
    return {
        "landing-suspended": LandingSuspended(
            frame=FRAME,
            support=SUPPORT,
            purchase=PURCHASE,
            suspended_at=days(-26),
            ends_at=days(4.2),
            still_works=(
                Link(label="See your record", href="/home.html"),
                Link(label="Export everything", href="/home.html"),
                Link(label="Stop and leave", href="/home.html"),
            ),
            remedy="A payment failed. Whoever manages billing at Contoso settles it in the Azure portal under Cost "
            "Management; Microsoft then lifts the suspension by itself.",
        ),
        "landing-gone": LandingGone(
            frame=FRAME,
            support=SUPPORT,
            purchase=PURCHASE,
            ended_at=days(-21),
            erased_on=date(2026, 12, 4),
            links=(
                Link(label="Receipt: stopped", href="/receipt.html"),
                Link(label="Export everything", href="/home.html"),
            ),
        ),
        "landing-not-yours": LandingNotYours(
            frame=FRAME,
            support=SUPPORT,
            signed_in_as="robin.tan@contoso.example",
            tenant=guid("contoso", "tenant id"),
            switch=Link(label="Sign in as somebody else", href="/sign-in"),
            sentence="A colleague bought this. If you set it up for your organisation, say so; it is recorded.",
            claim=Form(
                id="claim",
                action="/marketplace/landing/claim",
                submit="I set it up for my organization",
                idempotency_key="01JDA00000000000000CLAIM00",
            ),
        ),
        "landing-token-expired": LandingTokenExpired(
            frame=FRAME, support=SUPPORT, is_missing=False, support_id="01JD4Y7M2N8Q5R9S3T6V0WXYZ1"
        ),
        "landing-no-token": LandingTokenExpired(
            frame=FRAME, support=SUPPORT, is_missing=True, support_id="01JD4Y7M2N8Q5R9S3T6V0WXYZ2"
        ),
    }


def _sign_in_pages() -> dict[str, Page]:
    microsoft = Link(label="Sign in with Microsoft", href="/sign-in/microsoft")
    return {
        "sign-in": SignInPage(
            frame=open_frame(), sign_in=microsoft, other=(Link(label="I am a customer", href="/home/sign-in"),)
        ),
        "sign-in-failed": SignInPage(
            frame=open_frame(),
            sign_in=microsoft,
            error="Your organization is not the one that runs this server. Sign in with your Fairmile account.",
            support_id="01JD4Y7M2N8Q5R9S3T6V0WXYZ3",
        ),
        "sign-in-customer": SignInPage(
            frame=FRAME,
            sign_in=microsoft,
            for_customers=True,
            other=(Link(label="I work for Fairmile Software", href="/sign-in"),),
        ),
        "first-owner": FirstOwnerPage(
            frame=open_frame(),
            token_command="fairkeeper token create --owner",  # noqa: S106  (a command)
            form=Form(
                id="first-owner",
                action="/first-owner",
                submit="Become the first owner",
                idempotency_key="01JDA0000000000000000OWNER",
                fields=(
                    Field(
                        name="token",
                        label="One-time token",
                        kind=FieldKind.SECRET,
                        autocomplete="one-time-code",
                        hint="The server printed it when it started.",
                    ),
                    Field(name="name", label="Your name", autocomplete="name"),
                    Field(name="email", label="Your work e-mail address", kind=FieldKind.EMAIL, autocomplete="email"),
                ),
            ),
        ),
    }


def _home() -> HomePage:
    return HomePage(
        frame=customer_frame(),
        customer="Contoso",
        state=state("Subscribed"),
        sentence="Everything works; nothing needs you.",
        path=OPERATING,
        subscriptions=(
            SubscriptionRow(
                subscription=Link(label="Contoso Agents", href="/subscription.html"),
                offer="Fairmile Agent",
                plan="Enterprise",
                quantity=300,
                state=state("Subscribed"),
                term_ends_on=date(2027, 2, 2),
                may_act=True,
            ),
        ),
        timeline=TIMELINE,
        receipts=(
            ReceiptRow(
                link=Link(label="Pilot stopped", href="/receipt.html"),
                receipt=ulid("rcp", 3, "receipt id"),
                issued_at=days(-200),
                state=state("stopped"),
            ),
        ),
        exports=(Link(label="Export everything", href="/home/export"),),
        verify_command="fairkeeper evidence verify contoso.export",
        revoke=revoke_question(),
        deadlines=(
            Deadline(
                due_at=days(71),
                what="The term ends",
                otherwise="It renews by itself for one year. Switch that off in the Azure portal if it should not.",
            ),
        ),
    )


def buyer_pages() -> dict[str, Page]:
    """Return every page for a buyer and for people who sign in."""
    return {
        "about-agents": _about_agents(),
        "about-agent": _about_agent(),
        **_landing_pages(),
        **_closed_landing_pages(),
        **_sign_in_pages(),
        "home": _home(),
    }


def _about_agents() -> AboutAgentsPage:
    described = Link(label="Mailbox assistant", href="/about-agent.html")
    note = "Version 2.3.0, owned by Fairmile Software"
    return AboutAgentsPage(
        frame=FRAME, support=SUPPORT, agents=(Fact(label="Answer mail of customers", value=described, note=note),)
    )


def _about_agent() -> AboutAgentPage:
    return AboutAgentPage(
        frame=FRAME,
        trail=(Link(label="Agents", href="/about-agents.html"),),
        support=SUPPORT,
        name="Mailbox assistant",
        sentence="Version 2.3.0. Whoever owns the mailbox.",
        uses=(
            AboutUse(
                title="Answer mail of customers",
                context="Questions about orders that are in the shop.",
                measure="Hours until an answer.",
                not_for=("Prices", "Contracts"),
                known_errors=("Reads a quoted mail as the sender's own words.",),
            ),
        ),
        tools=(
            Fact(label="Read mail", value="It does this by itself, within limits.", note="This reads; reads mail."),
            Fact(label="Refund", value="A person approves each call.", note="This cannot be undone."),
        ),
        duties=(
            Fact(label="The publisher answers for", value="Runs it, and stops it."),
            Fact(label="The customer answers for", value="Says what it may do."),
        ),
    )
