"""The customers' pages, made up."""

from __future__ import annotations

from datetime import date

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form, Question
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.customers import (
    CustomerPage,
    CustomerRow,
    CustomersPage,
    Machine,
    Provisioning,
    ProvisioningAttempt,
    SubscriptionPage,
    SubscriptionRow,
)
from fairkeeper.web.parts import (
    Answer,
    Deadline,
    Empty,
    Fact,
    Finding,
    Level,
    Link,
    Path,
    PathStep,
    Standing,
    Timeline,
)
from fairkeeper.web.preview.frames import (
    CONTOSO,
    CUSTOMERS,
    FABRIKAM,
    LITWARE,
    NORTHWIND,
    TAILSPIN,
    days,
    entry,
    frame,
    guid,
    hours,
    ulid,
)
from fairkeeper.web.preview.webhooks import webhook_listing

DONE, NOW_, NEXT, BROKEN, SKIPPED = (
    Standing.DONE,
    Standing.NOW,
    Standing.NEXT,
    Standing.BROKEN,
    Standing.SKIPPED,
)

OPERATING = Path(
    steps=(
        PathStep(standing=DONE, on=date(2026, 2, 3)),
        PathStep(standing=DONE, on=date(2026, 2, 3), note="By Robin Tan"),
        PathStep(standing=SKIPPED, note="Nothing is asked for"),
        PathStep(standing=DONE, on=date(2026, 2, 4), note="Ready in 41 seconds"),
        PathStep(standing=NOW_, note="300 seats, renews by itself"),
        PathStep(standing=NEXT, on=date(2027, 2, 2), note="If it is not renewed"),
    )
)
WAITING = Path(
    steps=(
        PathStep(standing=DONE, on=date(2026, 10, 24)),
        PathStep(standing=NOW_, note="Until 23 Nov 2026"),
        PathStep(standing=NEXT),
        PathStep(standing=NEXT),
        PathStep(standing=NEXT),
        PathStep(standing=NEXT),
    )
)
STUCK = Path(
    steps=(
        PathStep(standing=DONE, on=date(2026, 11, 21)),
        PathStep(standing=DONE, on=date(2026, 11, 21), note="By itself"),
        PathStep(standing=SKIPPED, note="Nothing is asked for"),
        PathStep(standing=BROKEN, on=date(2026, 11, 22), note="Your code answered 500 three times"),
        PathStep(standing=NEXT, note="As soon as it is ready"),
        PathStep(standing=NEXT, on=date(2027, 11, 20)),
    )
)

TIMELINE = Timeline(
    entries=(
        entry(
            hours(-0.01),
            "customers.seats_changed/1",
            "Seats of Contoso Agents changed from 250 to 300, allowed by the rule “up to 500 seats”.",
            parties=("Microsoft", "Contoso"),
            index=None,
        ),
        entry(
            hours(-0.02),
            "customers.operation_received/1",
            "Microsoft asked for a change of seats; both checks passed.",
            parties=("Microsoft", "Contoso"),
            index=1_281,
        ),
        entry(
            days(-9.2),
            "customers.subscription_reinstated/1",
            "The subscription was reinstated; the agents may act again.",
            parties=("Microsoft", "Contoso"),
            index=1_107,
        ),
        entry(
            days(-11),
            "customers.subscription_suspended/1",
            "The subscription was suspended: a payment failed. The agents stopped.",
            parties=("Microsoft", "Contoso"),
            index=1_042,
        ),
        entry(
            days(-291),
            "customers.provisioning_finished/1",
            "Your code reported ready after 41 seconds.",
            parties=("Fairmile provisioning", "Contoso"),
            index=14,
        ),
    ),
    earlier=Link(label="23 earlier entries", href="/customers/contoso/evidence?before=14"),
    refresh_href="/customers/contoso",
)


def _stuck_timeline() -> Timeline:
    who, whom = "Fairmile provisioning", "Tailspin"
    return Timeline(
        entries=(
            entry(
                hours(-3),
                "customers.provisioning_failed/1",
                "Your code answered 500 for the third time; nothing is tried again until a person says so.",
                index=1_279,
                parties=(who, whom),
            ),
            entry(
                hours(-5),
                "customers.provisioning_asked/1",
                "Your code was asked to make ready.",
                index=1_277,
                parties=(who, whom),
            ),
            entry(
                days(-1),
                "customers.subscription_activated/1",
                "The subscription activated itself; nobody has opened the landing page.",
                index=1_276,
                parties=("Microsoft", whom),
            ),
        )
    )


def revoke_question() -> Question:
    """Return the question before everything of a customer is stopped."""
    return Question(
        id="stop-everything",
        opener="Stop everything",
        href="/question.html",
        title="Stop everything for Contoso?",
        points=(
            "Every agent and every call of Contoso is refused at once.",
            "Your provisioning code is asked to drain and stop.",
            "The clock for erasing the data starts: 30 days.",
            "A signed receipt lists what stopped and what Contoso still has to remove.",
        ),
        cannot_undo="What an agent leaves half done stays half done.",
        typed_word="contoso",
        form=Form(
            id="stop-form",
            action="/customers/contoso/revoke",
            submit="Stop everything",
            idempotency_key="01JDA00000000000000000STOP",
            fields=(Field(name="reason", label="Reason", kind=FieldKind.LONG_TEXT, hint="It stands in the receipt."),),
            is_dangerous=True,
            cancel=Link(label="Go back", href="/customer.html"),
        ),
    )


def retry_question() -> Question:
    """Return the question before provisioning is tried again."""
    return Question(
        id="retry-provisioning",
        opener="Try again",
        href="/question.html",
        title="Call your provisioning code again?",
        points=("It gets the same request with the same id, so it can tell that it has seen it.",),
        form=Form(
            id="retry-form",
            action="/customers/tailspin/provisioning/retry",
            submit="Call it again",
            idempotency_key="01JDA0000000000000000RETRY",
        ),
    )


def _rows() -> tuple[CustomerRow, ...]:
    made = (
        (TAILSPIN, "Provision", "failed", 1, "Provisioning needs an answer", hours(-3)),
        (NORTHWIND, "Activate", "PendingFulfillmentStart", 1, "Purchase is cancelled", hours(18)),
        (LITWARE, "Operate", "Suspended", 1, "Microsoft unsubscribes it", days(4.2)),
        (CONTOSO, "Operate", "Subscribed", 2, "Term ends, renews by itself", days(71)),
        (FABRIKAM, "Operate", "Subscribed", 1, "", None),
    )
    return tuple(
        CustomerRow(
            customer=customer,
            tenant=guid(customer.label.lower(), "tenant id"),
            step=step,
            state=state(how),
            subscriptions=number,
            next_what=what,
            next_at=at,
        )
        for customer, step, how, number, what, at in made
    )


def customers_listing(*, query: tuple[tuple[str, str], ...], is_empty: bool = False) -> Listing[CustomerRow]:
    """Return the customers' list with an address."""
    return Listing(
        id="customers",
        caption="Customers",
        columns=(
            Column(label="Customer", key="name"),
            Column(label="Step", key="step"),
            Column(label="State"),
            Column(label="Next", key="next"),
            Column(label="Subscriptions", key="subscriptions", is_number=True),
            Column(label="Tenant"),
        ),
        rows=() if is_empty else _rows(),
        empty=Empty(
            title="No customers yet",
            text="Each company that buys appears here by itself, with its path and its deadlines.",
            action=Link(label="Buy something in the sandbox", href="/sandbox"),
        ),
        address=Address("/customers", query),
        filters=(
            Filter(
                name="step",
                label="Step",
                choices=tuple(
                    Choice(value=name.lower(), label=name, count=number)
                    for name, number in (("Activate", 3), ("Provision", 2), ("Operate", 41))
                ),
            ),
            Filter(name="state", label="State", choices=(Choice(value="Suspended", label="Suspended"),)),
            Filter(name="text", label="Name or id", placeholder="Contoso"),
        ),
        exports=(Link(label="CSV", href="/customers.csv"), Link(label="JSON", href="/customers.json")),
        paging=None if is_empty else Paging(shown="1–5 of 52", next_href="/customers?page=2"),
    )


def _customer(name: str, path: Path, how: str, sentence: str, *, is_stuck: bool = False) -> CustomerPage:
    attempts = tuple(
        ProvisioningAttempt(
            started_at=hours(-3 - number),
            wish="Make ready",
            attempt=3 - number,
            state=state("failed"),
            message="500 “quota exceeded in region westeurope”",
        )
        for number in range(3)
    )
    stuck = Provisioning(
        state=state("failed"), sentence="Tried three times.", attempts=attempts, retry=retry_question()
    )
    ready = Provisioning(state=state("ready"), sentence="Since 4 Feb 2026; answered its last call in 180 ms.")
    pilot = SubscriptionRow(
        subscription=Link(label="Pilot", href="/subscription.html"),
        offer="Fairmile Agent",
        plan="Starter",
        quantity=None,
        state=state("Unsubscribed"),
    )
    finding = Finding(
        level=Level.ERROR,
        what="Provisioning failed three times: “quota exceeded in region westeurope”",
        remedy="Raise the quota or choose another region, then try again.",
        since_at=hours(-3),
        at_stake="the customer pays since yesterday, 1 subscription",
        owner="Dana Keller",
        close=Link(label="Close with a reason", href="/question.html"),
    )
    return CustomerPage(
        frame=frame("Customers"),
        trail=(CUSTOMERS,),
        name=name,
        state=state(how),
        sentence=sentence,
        facts=(
            Fact(label="Customer", value=ulid("cus", 7, "customer id")),
            Fact(label="Tenant", value=guid(name, "tenant id"), note="Beneficiary: uses what was bought"),
            Fact(label="Purchaser", value="Same company"),
            Fact(label="Administrator", value="Robin Tan", note=f"robin.tan@{name.lower()}.example"),
            Fact(label="Customer since", value=days(-1 if is_stuck else -292)),
            Fact(label="Private offer", value=None),
        ),
        path=path,
        subscriptions=(
            SubscriptionRow(
                subscription=Link(label=f"{name} Agents", href="/subscription.html"),
                offer="Fairmile Agent",
                plan="Enterprise",
                quantity=300,
                state=state("Subscribed"),
                term_ends_on=path.steps[-1].on,
                may_act=not is_stuck,
            ),
            *(() if is_stuck else (pilot,)),
        ),
        provisioning=stuck if is_stuck else ready,
        timeline=_stuck_timeline() if is_stuck else TIMELINE,
        needs=(finding,) if is_stuck else (),
        deadlines=()
        if is_stuck
        else (
            Deadline(
                due_at=days(71),
                what="The term ends",
                otherwise="It renews by itself for one year; Robin Tan can switch that off until then.",
            ),
        ),
        actions=(Link(label="Export the record", href="/customers/contoso/export"),),
        questions=(revoke_question(),),
    )


def _subscription() -> SubscriptionPage:
    return SubscriptionPage(
        frame=frame("Customers"),
        trail=(CUSTOMERS, LITWARE),
        name="Litware Agents",
        state=state("Suspended"),
        sentence="A payment failed. Microsoft unsubscribes it on 26 Nov 2026 if nobody pays.",
        answer=Answer(
            question="May this act now?",
            is_yes=False,
            reasons=("Suspended by Microsoft since 27 Oct 2026.", "Paused here because of that."),
        ),
        machines=(
            Machine(name="Commercial", state=state("Suspended"), meaning="as Microsoft says", since_at=days(-26)),
            Machine(name="Consent", state=state("none"), meaning="nothing is asked for"),
            Machine(name="Provisioning", state=state("ready"), meaning="kept as it is", since_at=days(-120)),
            Machine(name="Operation", state=state("paused"), meaning="follows the suspension", since_at=days(-26)),
        ),
        facts=(
            Fact(label="Subscription", value=guid("litware-sub", "subscription id")),
            Fact(label="Offer", value="fairmile-agent"),
            Fact(label="Plan", value="team", note="flat rate"),
            Fact(label="Seats", value=None),
            Fact(label="Term", value="26 Jul 2026 to 25 Jul 2027", note="P1Y, renews by itself"),
            Fact(label="Beneficiary", value=guid("litware", "tenant id"), note="lee@litware.example"),
            Fact(label="Purchaser", value=guid("adatum", "tenant id"), note="Adatum, as a reseller"),
            Fact(label="Customer may", value="Read", note="a reseller bought it, so changes go through the reseller"),
            Fact(label="Private offer", value=guid("litware-offer", "private offer id")),
            Fact(label="Bought", value=days(-119)),
            Fact(label="Last read from Microsoft", value=hours(-1)),
        ),
        operations=webhook_listing(has_filters=False),
        timeline=TIMELINE,
        deadlines=(
            Deadline(
                due_at=days(4.2),
                what="The grace of a suspension ends",
                otherwise="Microsoft unsubscribes it, and the clock for erasing its data starts.",
                action=Link(label="Write to them", href="/customer.html"),
            ),
        ),
    )


def customer_pages() -> dict[str, Page]:
    """Return the list in its cases, an operating customer and a stuck one, and a subscription."""
    here = frame("Customers")
    return {
        "customers": CustomersPage(
            frame=here,
            sentence="52 customers; 41 operate, 3 are stuck.",
            customers=customers_listing(query=(("sort", "next"),)),
        ),
        "customers-nothing-found": CustomersPage(
            frame=here,
            sentence="52 customers; 41 operate, 3 are stuck.",
            customers=customers_listing(query=(("text", "wingtip"),), is_empty=True),
        ),
        "customers-empty": CustomersPage(
            frame=here, sentence="Nobody has bought yet.", customers=customers_listing(query=(), is_empty=True)
        ),
        "customer": _customer("Contoso", OPERATING, "Subscribed", "Operating with 300 seats; nothing needs a person."),
        "customer-stuck": _customer(
            "Tailspin", STUCK, "failed", "Bought and activated yesterday; provisioning failed.", is_stuck=True
        ),
        "subscription": _subscription(),
    }
