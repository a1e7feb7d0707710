"""Trust and consent, made up."""

from __future__ import annotations

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form
from fairkeeper.web.listing import Column, Listing, Paging
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.consent import (
    AgentCard,
    AgentSteps,
    ApplicationNoticesPage,
    AskedApp,
    AskedFeature,
    AskedPermission,
    ConnectPage,
    ConsentPage,
    ConsentsPage,
    DeploymentRow,
    DeploymentsPage,
    GrantCard,
    NoticeRow,
    PlaceRow,
    TenantRow,
)
from fairkeeper.web.parts import Empty, Fact, Finding, Identifier, Level, Link, Timeline
from fairkeeper.web.preview.frames import CONTOSO, CUSTOMERS, PUBLISHER, days, frame, hours, open_frame

_TENANT = Identifier(text="c0000001-0000-4000-8000-000000000001", names="tenant id", is_whole=True)
_DESK = Identifier(text="fa111111-0000-4000-8000-0000000000d4", names="application id", is_whole=True)
_SIGN_IN = Identifier(text="fa111111-0000-4000-8000-0000000000f2", names="application id", is_whole=True)
_DRIFT = Finding(
    level=Level.WARNING,
    what="What Contoso granted for “Answer in the mailbox's name” differs: no longer granted: Mail.Send.",
    remedy="Compare the four columns; ask the administrator again, or stop using what was not asked for.",
    since_at=hours(-3),
    where=CONTOSO,
    owner="Platform",
)


def consent_pages() -> dict[str, Page]:
    """Return the pages of consent."""
    return {
        "connect": _connect(),
        "connect-nothing": _nothing_asked(),
        "consents": _tenants(),
        "consents-empty": _no_tenants(),
        "connect-agent": _connect_agent(),
        "consent": _customer(),
        "deployments": _deployments(),
        "deployments-empty": _no_deployments(),
        "application-notices": _notices(),
        "consent-broken": _broken(),
        "consent-ended": _ended(),
    }


def _form(name: str, submit: str, *fields: Field) -> Form:
    return Form(id=name, action="/connect.html", submit=submit, idempotency_key="made-up", fields=fields)


def _question() -> Form:
    return _form("ask", "Ask the publisher", Field(name="text", label="Your question", kind=FieldKind.LONG_TEXT))


def _connect() -> ConnectPage:
    read = AskedPermission(
        name="Mail.Read",
        how="with nobody signed in",
        sentence="Reads whole messages with attachments; without a signed-in person, in every mailbox of the company.",
        reason="The desk reads new messages and their attachments at night too, when nobody has signed in.",
        approver="an administrator only",
        narrower="Mail.ReadBasic.All",
    )
    send = AskedPermission(
        name="Mail.Send",
        how="with nobody signed in",
        sentence="Sends mail; without a signed-in person, in the name of anybody in the company.",
        reason="An answer that one of your people has released is sent from the mailbox that was written to.",
        approver="an administrator only",
    )
    app = AskedApp(
        name="Fairmile desk",
        app_id=_DESK,
        state=state("pending_admin"),
        sentence="It waits for your administrator, which is quite normal.",
        is_verified=True,
        features=(
            AskedFeature(
                title="Read what customers write to you",
                how="by itself, with nobody signed in",
                without="Nothing is read, and so nothing is answered.",
                permissions=(read,),
            ),
            AskedFeature(
                title="Answer in the mailbox’s name",
                how="by itself, with nobody signed in",
                without="Answers are drafted on our pages, and your people copy them.",
                permissions=(send,),
            ),
        ),
        prompt=("Mail.Read", "Mail.Send"),
        replaced=("Calendars.Read",),
        ways=(Link(label="Approve as administrator", href="/connect.html"),),
        decline=_form("decline", "Decline", Field(name="reason", label="Why not?", kind=FieldKind.LONG_TEXT)),
    )
    return ConnectPage(
        frame=open_frame(),
        customer="Contoso",
        publisher=PUBLISHER,
        sentence="Everything that is asked for, why, who can approve it, and how it is taken back.",
        tenant=_TENANT,
        apps=(app,),
        principals=(Fact(label="Fairmile sign-in", value=_SIGN_IN), Fact(label="Fairmile desk", value=_DESK)),
        until=days(60),
        address="https://fairkeeper.example/connect/made-up",
        ask=_question(),
        hand_over=_form("pass-on", "I have sent it to my administrator"),
        script="Connect-MgGraph",
        notice="Your question was passed to the publisher. The answer will stand on this page.",
        support=Link(label="Ask for help", href="mailto:help@fairmile.example"),
    )


def _connect_agent() -> ConnectPage:
    sites = AskedPermission(
        name="Sites.Selected",
        how="with nobody signed in",
        sentence="Opens only the sites that an administrator has named for this app; nobody is signed in.",
        reason="The sorter opens the sites that your administrator has named for it, and no other.",
        approver="an administrator only",
    )
    steps = (
        ("Name who answers for it", state("done"), "A person or group of yours is its sponsor."),
        ("Let its blueprint in", state("open"), "An administrator approves it."),
        ("The agent identity is made", state("waiting"), "The publisher’s blueprint makes it by itself."),
        ("Approve what it may do", state("waiting"), "An administrator approves it by name."),
    )
    app = AskedApp(
        name="Fairmile sorter",
        app_id=Identifier(text="fa111111-0000-4000-8000-0000000000d5", names="application id", is_whole=True),
        state=state("requested"),
        sentence="It is asked for and nobody has answered yet.",
        is_verified=True,
        features=(
            AskedFeature(
                title="Sort documents on sites that you name",
                how="as an agent with an identity of its own",
                without="Documents stay where they are.",
                permissions=(sites,),
            ),
        ),
        prompt=("Sites.Selected",),
        ways=(Link(label="Let its blueprint in", href="/connect-agent.html"),),
        agent=AgentSteps(steps=steps, look=_form("look", "I have approved it; look now")),
    )
    return ConnectPage(
        frame=open_frame(),
        customer="Contoso",
        publisher=PUBLISHER,
        sentence="Everything that is asked for, why, who can approve it, and how it is taken back.",
        tenant=_TENANT,
        apps=(app,),
        principals=(
            Fact(label="Fairmile sorter", value=app.app_id, note="the agent’s blueprint"),
            Fact(label="Agent identity of Fairmile sorter", value="made once its sponsor is named"),
        ),
        until=days(60),
        address="https://fairkeeper.example/connect/made-up",
        ask=_question(),
        has_agents=True,
        script="Connect-MgGraph",
    )


def _deployment_list(*rows: DeploymentRow) -> Listing[DeploymentRow]:
    heads = ("Deployment", "Kind", "State", "Customer", "Last proved")
    return Listing(
        id="deployments",
        caption="Deployments",
        columns=tuple(Column(label=each) for each in heads),
        rows=rows,
        empty=Empty(title="No deployment", text="A managed application appears once Azure notifies of it."),
        address=Address.of("/consent/deployments", []),
        paging=Paging(shown="1–2"),
    )


def _deployments() -> DeploymentsPage:
    vault = DeploymentRow(
        name="vault",
        resource=Identifier(
            text="/subscriptions/5a000001/resourceGroups/papers/providers/Microsoft.Solutions/applications/vault",
            names="resource id",
        ),
        kind="Managed application",
        state=state("running"),
        note="It runs, and was proved to be in this tenant.",
        offer="fairmile-vault standard",
        proved_at=hours(-3),
        customer=CONTOSO,
    )
    unknown = DeploymentRow(
        name="somebody",
        resource=Identifier(text="/subscriptions/00000000/somebody", names="resource id"),
        kind="Managed application",
        state=state("heard"),
        note="Nothing has confirmed it.",
        offer="",
        proved_at=None,
    )
    return DeploymentsPage(
        frame=frame("Consent"),
        sentence="What customers run in their own subscriptions, as Azure or the instance itself proves it.",
        deployments=_deployment_list(vault, unknown),
        actions=(Link(label="Notices received", href="/application-notices.html"),),
    )


def _no_deployments() -> DeploymentsPage:
    return DeploymentsPage(frame=frame("Consent"), sentence="Nothing yet.", deployments=_deployment_list())


def _notices() -> ApplicationNoticesPage:
    rows = (
        NoticeRow(
            event="PUT Succeeded",
            received_at=hours(-3),
            deliveries=2,
            about=Link(label="vault", href="/deployments.html"),
            trouble="",
        ),
        NoticeRow(event="PUT", received_at=hours(-5), deliveries=1, about=None, trouble="it names no application"),
    )
    return ApplicationNoticesPage(
        frame=frame("Consent"),
        sentence="As they came. A notice is believed for nothing.",
        notices=Listing(
            id="application-notices",
            caption="Notices",
            columns=tuple(Column(label=each) for each in ("Event", "Received", "About", "Trouble")),
            rows=rows,
            empty=Empty(title="No notice", text="Azure sends one for each deployment."),
            address=Address.of("/consent/notices", []),
            paging=Paging(shown="2 shown"),
        ),
    )


def _nothing_asked() -> ConnectPage:
    return ConnectPage(
        frame=open_frame(),
        customer="Contoso",
        publisher=PUBLISHER,
        sentence="Everything that is asked for, why, who can approve it, and how it is taken back.",
        tenant=_TENANT,
        apps=(),
        principals=(Fact(label="Fairmile sign-in", value=_SIGN_IN),),
        until=days(60),
        address="https://fairkeeper.example/connect/made-up",
        ask=_question(),
        script="Connect-MgGraph",
    )


def _list(*rows: TenantRow) -> Listing[TenantRow]:
    heads = ("Customer", "Trust", "Grants", "Last proved", "Tenant")
    return Listing(
        id="tenants",
        caption="Tenants",
        columns=tuple(Column(label=each) for each in heads),
        rows=rows,
        empty=Empty(title="No tenant yet", text="Each company that buys appears here by itself."),
        address=Address.of("/consent", []),
        paging=Paging(shown="1–2 of 2"),
    )


def _tenants() -> ConsentsPage:
    contoso = TenantRow(
        customer=CONTOSO,
        state=state("linked"),
        grants=(("Fairmile desk", state("drifted")), ("Fairmile at your side", state("requested"))),
        proved_at=hours(-3),
        tenant=Identifier(text=_TENANT.text, names="tenant id"),
    )
    fabrikam = TenantRow(
        customer=Link(label="Fabrikam", href="/consent.html"),
        state=state("pending"),
        grants=(),
        proved_at=None,
        tenant=Identifier(text="c0000002-0000-4000-8000-000000000001", names="tenant id"),
    )
    return ConsentsPage(
        frame=frame("Customers"),
        sentence="2 tenants.",
        needs=(_DRIFT,),
        tenants=_list(contoso, fabrikam),
        funnel=(Fact(label="Tenants", value=2), Fact(label="Verified grants", value=1)),
        reasons=("We read mail ourselves.",),
    )


def _no_tenants() -> ConsentsPage:
    return ConsentsPage(
        frame=frame("Customers"), sentence="No tenant is known yet.", needs=(), tenants=_list(), funnel=()
    )


def _customer() -> ConsentPage:
    places = (
        PlaceRow(
            name="Mail.Send", requested=True, registered=True, granted=False, effective=False, state=state("missing")
        ),
        PlaceRow(
            name="Mail.Read", requested=True, registered=True, granted=True, effective=True, state=state("as_asked")
        ),
    )
    return ConsentPage(
        frame=frame("Customers"),
        trail=(CUSTOMERS, CONTOSO),
        name="Contoso",
        state=state("linked"),
        sentence="The tenant is linked.",
        facts=(Fact(label="Tenant", value=Identifier(text=_TENANT.text, names="tenant id")),),
        grants=(
            GrantCard(
                name="Fairmile desk",
                state=state("drifted"),
                sentence="Read and answer what customers write to you: no longer granted: Mail.Send.",
                facts=(Fact(label="Last proved", value=hours(-3), note="by a token"),),
                places=places,
            ),
        ),
        needs=(_DRIFT,),
        forms=(_form("consent-share", "Make an address for the administrator"), _form("consent-check", "Look now")),
        made=Identifier(text="https://fairkeeper.example/connect/made-up", names="address", is_whole=True),
        open_questions=(Fact(label="May we choose the mailboxes?", value=Link(label="Answer", href="/consent.html")),),
        pages=(Fact(label="made 20 Nov 2026", value=state("active"), note="opened 3 times"),),
        agents=(
            AgentCard(
                name="Agent identity of Fairmile sorter",
                state=state("awaiting_blueprint"),
                sentence="It is made as soon as an administrator has let its blueprint in.",
                facts=(Fact(label="Blueprint", value=_DESK),),
                place=Link(label="Change it", href="/consent.html"),
            ),
        ),
        codes=(Fact(label="fairmile-desk-cluster, made 20 Nov 2026", value=state("used"), note="used 21 Nov 2026"),),
        code=_form("claim-code", "Make a claim code"),
        timeline=Timeline(entries=()),
    )


def _broken() -> ConsentPage:
    broken = Finding(
        level=Level.ERROR,
        what="Trust in the tenant of Contoso is broken: the application is not present in the tenant.",
        remedy="Ask the customer whether it was meant; a sign-in, or enabling the application again, mends it.",
        since_at=hours(-1),
        where=CONTOSO,
        owner="Platform",
    )
    return ConsentPage(
        frame=frame("Customers"),
        trail=(CUSTOMERS, CONTOSO),
        name="Contoso",
        state=state("broken"),
        sentence="Trust is broken: our sign-in application is gone or disabled in the tenant; no token is served.",
        needs=(broken,),
        facts=(
            Fact(label="Tenant", value=_TENANT, note="the beneficiary’s"),
            Fact(label="Sign-in looked for", value=hours(-1), note="not found since 22 Nov 2026, 03:30 UTC"),
        ),
        grants=(),
        forms=(_form("consent-check", "Look now"),),
    )


def _ended() -> ConsentPage:
    return ConsentPage(
        frame=frame("Customers"),
        trail=(CUSTOMERS, CONTOSO),
        name="Contoso",
        state=state("unlinking"),
        sentence="The link was ended; what only the customer can remove is being looked for.",
        facts=(Fact(label="Tenant", value=Identifier(text=_TENANT.text, names="tenant id")),),
        grants=(),
        remaining=(Fact(label="Fairmile desk", value=_DESK, note="still to be removed"),),
        script="Connect-MgGraph",
    )
