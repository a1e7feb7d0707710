"""The settings' pages, made up."""

from __future__ import annotations

from dataclasses import replace

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form, Option, Question, with_answers
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.settings import (
    ChangeRuleRow,
    ChangeRulesPage,
    KeysPage,
    PartnerCenterPage,
    PeoplePage,
    PersonRow,
    ProvisioningPage,
    SecretKeyRow,
    TokenRow,
    TokensPage,
)
from fairkeeper.web.parts import Check, Empty, Fact, Finding, Identifier, Level, Tab
from fairkeeper.web.preview.frames import days, frame, guid, hours, ulid

_TABS = (
    ("People", "people"),
    ("API tokens", "tokens"),
    ("Keys", "keys"),
    ("Provisioning", "provisioning"),
    ("Change rules", "change-rules"),
    ("Partner Center", "partner-center"),
)
_ROLES = tuple(
    Option(value=value, label=label)
    for value, label in (
        ("owner", "Owner"),
        ("operations", "Operations"),
        ("support", "Support"),
        ("finance", "Finance"),
        ("auditor", "Auditor"),
    )
)


def _tabs(here: str) -> tuple[Tab, ...]:
    return tuple(Tab(label=label, href=f"/settings-{slug}.html", is_here=slug == here) for label, slug in _TABS)


def _remove(id_: str, title: str, opener: str = "Remove") -> Question:
    return Question(
        id=id_,
        opener=opener,
        href="/question.html",
        title=title,
        points=("It takes effect at once.", "The record keeps what was done before."),
        form=Form(
            id=f"{id_}-form",
            action=f"/settings/{id_}",
            submit=opener,
            idempotency_key=f"01JDA-{id_}",
            is_dangerous=True,
        ),
    )


def people_page() -> PeoplePage:
    """Return the people, with a form that was filled in wrongly."""
    made = (
        ("Dana Keller", "dana@fairmile.example", ("Owner",), "active", hours(-0.1)),
        ("Sam Okafor", "sam@fairmile.example", ("Operations", "Support"), "active", days(-1.1)),
        ("Jo Lindqvist", "jo@fairmile.example", ("Auditor",), "invited", None),
    )
    form = Form(
        id="add-person",
        action="/settings/people",
        submit="Add the person",
        idempotency_key="01JDA00000000000000PERSON0",
        fields=(
            Field(
                name="email",
                label="Work e-mail address",
                kind=FieldKind.EMAIL,
                autocomplete="off",
                hint="They sign in with this address through Microsoft.",
            ),
            Field(name="role", label="Role", kind=FieldKind.SELECT, options=_ROLES, value="support"),
            Field(name="until", label="Until", kind=FieldKind.DATE, is_required=False, hint="Empty: without an end."),
        ),
    )
    typed = {"email": "kim@fairmile", "role": "support"}
    return PeoplePage(
        frame=frame("Settings"),
        tabs=_tabs("people"),
        sentence="3 people may sign in; one of them is an owner.",
        needs=(
            Finding(
                level=Level.WARNING,
                what="Only one owner",
                remedy="Make a second person an owner, so that one leaving never locks the company out.",
                since_at=days(-20),
            ),
        ),
        people=Listing(
            id="people",
            caption="People",
            columns=(
                Column(label="Person", key="name"),
                Column(label="Roles"),
                Column(label="State"),
                Column(label="Last seen", key="seen"),
                Column(label="Change", is_number=True),
            ),
            rows=tuple(
                PersonRow(
                    name=name,
                    email=email,
                    roles=roles,
                    state=state(how),
                    last_seen_at=seen,
                    remove=None
                    if name == "Dana Keller"
                    else _remove(f"remove-{name.partition(' ')[0].lower()}", f"Remove {name}?"),
                )
                for name, email, roles, how, seen in made
            ),
            empty=Empty(title="Nobody", text="Nobody may sign in."),
            address=Address("/settings/people"),
        ),
        add=with_answers(form, typed, {"email": "An address has a domain with a dot, such as kim@fairmile.example."}),
    )


def tokens_page() -> TokensPage:
    """Return the API tokens, one of them just created."""
    rows = (
        TokenRow(
            token=ulid("tok", 11, "token id"),
            name="Nightly export",
            roles=("Auditor",),
            state=state("active"),
            expires_at=days(89),
            last_used_at=hours(-7),
            revoke=_remove("revoke-token", "Revoke “Nightly export”?", "Revoke"),
        ),
        TokenRow(
            token=ulid("tok", 900, "token id"),
            name="Old dashboard",
            roles=("Support", "Finance"),
            state=state("expired"),
            expires_at=days(-3),
            last_used_at=None,
        ),
    )
    return TokensPage(
        frame=frame("Settings"),
        tabs=_tabs("tokens"),
        sentence="2 tokens; one has expired.",
        secret="fk_made_up_5f1c0b7e_shown_once_only",  # noqa: S106  (made up)
        tokens=Listing(
            id="tokens",
            caption="API tokens",
            columns=tuple(
                Column(label=label, is_number=label == "Change")
                for label in ("Token", "Roles", "State", "Expires", "Last used", "Change")
            ),
            rows=rows,
            empty=Empty(title="No tokens", text="A token lets a program do what a role may do."),
            address=Address("/settings/tokens"),
        ),
        create=Form(
            id="create-token",
            action="/settings/tokens",
            submit="Create the token",
            idempotency_key="01JDA000000000000000TOKEN0",
            fields=(
                Field(name="name", label="Name", hint="What uses it, so that you know it again."),
                Field(name="role", label="Role", kind=FieldKind.SELECT, options=_ROLES, value="auditor"),
                Field(name="days", label="Good for", kind=FieldKind.NUMBER, value="90", unit="days"),
            ),
        ),
    )


def keys_page() -> KeysPage:
    """Return the keys."""
    made = (
        ("Signs checkpoints and receipts", "fairmile.example/log+1f2e3d4c", "File", days(-40), True),
        ("Encrypts secrets at rest", "kek-2026-02", "Environment", days(-290), True),
        ("Checks webhooks of your provisioning code", "whsec-2026-02", "Made here", days(-290), False),
    )
    return KeysPage(
        frame=frame("Settings"),
        tabs=_tabs("keys"),
        sentence="3 keys; the oldest is 290 days old.",
        keys=tuple(
            SecretKeyRow(
                purpose=purpose,
                key=Identifier(text=key, names="key name"),
                source=source,
                state=state("active"),
                since_at=since,
                rotate=_remove(f"rotate-{number}", f"Rotate {key}?", "Rotate") if has_rotation else None,
            )
            for number, (purpose, key, source, since, has_rotation) in enumerate(made)
        ),
    )


def provisioning_page() -> ProvisioningPage:
    """Return how the publisher's code is called."""
    return ProvisioningPage(
        frame=frame("Settings"),
        tabs=_tabs("provisioning"),
        sentence="Your code is called by a signed webhook and answers within 180 ms.",
        facts=(
            Fact(label="Called by", value="Signed webhook", note="Standard Webhooks"),
            Fact(label="Address", value="https://provision.fairmile.example/hook"),
            Fact(label="Answers to", value="https://fairkeeper.fairmile.example/api/v1/provisioning"),
            Fact(label="Tried", value="8 times in 24 hours"),
        ),
        checks=(
            Check(what="Reachable", state=state("passed")),
            Check(what="Refuses a wrong signature", state=state("passed")),
            Check(what="Answers a trial call", state=state("failed"), note="It answered 500 “quota exceeded”."),
        ),
        try_out=Form(
            id="try-out",
            action="/settings/provisioning/try",
            submit="Send a trial call",
            idempotency_key="01JDA0000000000000000TRIAL",
        ),
        form=Form(
            id="provisioning",
            action="/settings/provisioning",
            submit="Save",
            idempotency_key="01JDA00000000000PROVISION0",
            fields=(
                Field(
                    name="kind",
                    label="Call it by",
                    kind=FieldKind.RADIO,
                    value="webhook",
                    options=(
                        Option(value="webhook", label="Signed webhook", hint="Your code runs somewhere else."),
                        Option(value="python", label="Python entry point", hint="Your code is installed beside this."),
                    ),
                ),
                Field(
                    name="url",
                    label="Address",
                    kind=FieldKind.URL,
                    value="https://provision.fairmile.example/hook",
                ),
                Field(name="drain", label="Ask it to drain before it stops", kind=FieldKind.CHECKBOX, value="on"),
            ),
        ),
    )


def change_rules_page() -> ChangeRulesPage:
    """Return the rules that answer plan and seat changes."""
    made = (
        ("fairmile-agent, every plan", "Seats up to 500", "accepted"),
        ("fairmile-agent, Starter", "No way back to Starter from another plan", "refused"),
    )
    return ChangeRulesPage(
        frame=frame("Settings"),
        tabs=_tabs("change-rules"),
        sentence="2 rules; the slowest answer took 88 ms of 10,000 ms.",
        rules=tuple(
            ChangeRuleRow(
                applies_to=applies_to,
                rule=rule,
                answer=state(answer),
            )
            for applies_to, rule, answer in made
        ),
        otherwise="the change is accepted, as Microsoft does when nobody answers.",
        form=Form(
            id="add-rule",
            action="/settings/change-rules",
            submit="Add the rule",
            idempotency_key="01JDA0000000000000000RULE0",
            fields=(
                Field(name="offer", label="Offer", value="fairmile-agent"),
                Field(name="plan", label="Plan", is_required=False, hint="Empty: every plan."),
                Field(name="seats", label="Seats up to", kind=FieldKind.NUMBER, is_required=False, unit="seats"),
            ),
        ),
    )


def partner_center_page() -> PartnerCenterPage:
    """Return the values for Partner Center."""
    base = "https://fairkeeper.fairmile.example"
    return PartnerCenterPage(
        frame=frame("Settings"),
        tabs=_tabs("partner-center"),
        sentence="Four values; Microsoft has reached the webhook 318 times.",
        values=(
            Fact(
                label="Landing page URL",
                value=Identifier(text=f"{base}/marketplace/landing", names="landing page URL", is_whole=True),
            ),
            Fact(
                label="Connection webhook",
                value=Identifier(text=f"{base}/marketplace/webhook", names="connection webhook", is_whole=True),
            ),
            Fact(
                label="Microsoft Entra tenant ID",
                value=replace(guid("fairmile", "tenant id"), is_whole=True),
            ),
            Fact(
                label="Microsoft Entra application ID",
                value=replace(guid("fairmile-app", "application id"), is_whole=True),
                note="the single-tenant app that calls the fulfillment API",
            ),
        ),
        checks=(
            Check(what="The landing page can be reached from outside", state=state("passed")),
            Check(what="A token for the fulfillment API can be had", state=state("passed")),
            Check(
                what="Microsoft has called the webhook",
                state=state("passed"),
                note="Last 1 minute ago; token for this application.",
            ),
        ),
    )


def settings_pages() -> dict[str, Page]:
    """Return every page of the settings."""
    return {
        "settings-people": people_page(),
        "settings-tokens": tokens_page(),
        "settings-keys": keys_page(),
        "settings-provisioning": provisioning_page(),
        "settings-change-rules": change_rules_page(),
        "settings-partner-center": partner_center_page(),
    }
