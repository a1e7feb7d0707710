"""The webhooks received, made up; one of them is an action that nobody knows."""

from __future__ import annotations

import json
from datetime import datetime

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form, Option, Question
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.webhooks import WebhookPage, WebhookRow, WebhooksPage
from fairkeeper.web.parts import Check, Empty, Fact, Finding, Level, Link
from fairkeeper.web.preview.frames import CONTOSO, FABRIKAM, LITWARE, days, frame, guid, hours, proof

_MADE: tuple[tuple[str, Link | None, datetime, str, str, int | None], ...] = (
    ("ChangeQuantity", CONTOSO, hours(-0.02), "applied", "Accepted: 250 to 300 seats", 41),
    ("PauseBilling", FABRIKAM, hours(-20), "held", "Kept; nobody knows this action", None),
    ("ChangePlan", FABRIKAM, days(-2), "refused", "Refused by the rule “no way back to Starter”", 38),
    ("Suspend", LITWARE, days(-26), "applied", "Stopped use, kept the data", None),
    ("Renew", CONTOSO, days(-31), "applied", "Read the new term", None),
    ("Unsubscribe", None, days(-33), "failed", "No such subscription at Microsoft: tried for 8 hours", None),
)


def webhook_listing(*, has_filters: bool = True) -> Listing[WebhookRow]:
    """Return the webhooks' list."""
    rows = tuple(
        WebhookRow(
            link=Link(label=action, href="/webhook.html"),
            operation=guid(f"{action}-{number}", "operation id"),
            received_at=received_at,
            state=state(how),
            outcome=outcome,
            customer=customer,
            answered_in_ms=answered,
        )
        for number, (action, customer, received_at, how, outcome, answered) in enumerate(_MADE)
        if has_filters or customer is LITWARE
    )
    filters = (
        Filter(name="action", label="Action", choices=(Choice(value="ChangePlan", label="ChangePlan", count=12),)),
        Filter(name="state", label="State", choices=(Choice(value="held", label="Held", count=1),)),
    )
    return Listing(
        id="webhooks",
        caption="Webhooks",
        columns=(
            Column(label="Action", key="action"),
            Column(label="Received", key="received"),
            Column(label="Customer"),
            Column(label="State"),
            Column(label="Outcome"),
        ),
        rows=rows,
        empty=Empty(
            title="Nothing has arrived yet",
            text="Microsoft calls this server when something happens to a subscription. "
            "Copy the webhook’s address into Partner Center first.",
            action=Link(label="Values for Partner Center", href="/settings/partner-center"),
        ),
        address=Address("/webhooks", (("sort", "-received"),)),
        filters=filters if has_filters else (),
        exports=(Link(label="CSV", href="/webhooks.csv"),) if has_filters else (),
        paging=Paging(shown="1–6 of 318", next_href="/webhooks?page=2") if has_filters else None,
    )


def _held() -> Finding:
    return Finding(
        level=Level.WARNING,
        what="“PauseBilling” for Fabrikam",
        remedy="It was answered with 200 and kept. Read it, and ignore it or apply it as one of the known actions.",
        since_at=hours(-20),
        where=FABRIKAM,
        close=Link(label="Decide", href="/webhook.html"),
    )


def _decide() -> Question:
    return Question(
        id="decide",
        opener="Decide",
        href="/question.html",
        title="What should “PauseBilling” do?",
        points=("The subscription is read from Microsoft again before anything happens.",),
        form=Form(
            id="decide-form",
            action="/webhooks/decide",
            submit="Record the decision",
            idempotency_key="01JDA00000000000000DECIDE0",
            fields=(
                Field(
                    name="as",
                    label="Treat it as",
                    kind=FieldKind.RADIO,
                    value="ignore",
                    options=(
                        Option(value="ignore", label="Nothing", hint="It stays in the record."),
                        Option(value="suspend", label="Suspend", hint="Stops use and keeps the data."),
                    ),
                ),
                Field(name="reason", label="Reason", kind=FieldKind.LONG_TEXT),
            ),
        ),
    )


def webhook_pages() -> dict[str, Page]:
    """Return the list, and the webhook that is held."""
    operation = guid("PauseBilling-1", "operation id")
    body = {
        "id": operation.text,
        "activityId": operation.text,
        "publisherId": "fairmile",
        "offerId": "fairmile-agent",
        "planId": "team",
        "action": "PauseBilling",
        "timeStamp": "2026-11-21T13:30:00.0000000Z",
        "status": "Succeeded",
        "note": "<script>alert('a value of somebody else')</script>",
    }
    return {
        "webhooks": WebhooksPage(
            frame=frame("Webhooks"),
            sentence="318 received, the last 1 minute ago; 1 is held.",
            webhooks=webhook_listing(),
            held=(_held(),),
        ),
        "webhook": WebhookPage(
            frame=frame("Webhooks"),
            trail=(Link(label="Webhooks received", href="/webhooks.html"),),
            action="PauseBilling",
            state=state("held"),
            sentence="Nobody knows this action; it was kept and nothing was done.",
            facts=(
                Fact(label="Customer", value=FABRIKAM),
                Fact(label="Subscription", value=guid("fabrikam-sub", "subscription id")),
                Fact(label="Operation", value=operation),
                Fact(label="Received", value=hours(-20)),
                Fact(label="Answered", value="200 after 6 ms"),
            ),
            checks=(
                Check(what="Token signed by Microsoft, for this offer", state=state("passed")),
                Check(
                    what="Operation read back from Microsoft",
                    state=state("passed"),
                    note="Status Succeeded, the same plan and subscription.",
                ),
                Check(what="Action known", state=state("failed"), note="Known are seven; this is none of them."),
            ),
            body=json.dumps(body, indent=2),
            proof=proof(1_261),
            needs=(_held(),),
            questions=(_decide(),),
        ),
    }
