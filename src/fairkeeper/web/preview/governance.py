"""The pages of governance, made up: an agent that answers mail, what it asked for, and the policies it lives under."""

from __future__ import annotations

from dataclasses import replace

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord, Tone, state
from fairkeeper.web.forms import Field, FieldKind, Form, Question
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import governance as pages
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Empty, Fact, Finding, Level, Link, Notice, Tab
from fairkeeper.web.preview.frames import days, digest, frame, hours, proof, ulid

_AUTOMATIC = StateWord(word="Automatic", tone=Tone.GOOD)
_APPROVAL = StateWord(word="Approval", tone=Tone.BUSY)
_NEVER = StateWord(word="Never", tone=Tone.BAD)
_WAITING = StateWord(word="Waiting", tone=Tone.BUSY)
_AGENT = Link(label="Mailbox assistant", href="/agent.html")


def governance_pages() -> dict[str, Page]:
    """Return the room's pages."""
    approval = _approval()
    return {
        "agents": _agents(),
        "agents-empty": replace(_agents(), sentence="Nothing may act yet.", agents=replace(_agents().agents, rows=())),
        "agent": _agent(),
        "decisions": _decisions(),
        "decision": _decision(),
        "approvals": _approvals(),
        "approvals-empty": replace(_approvals(), waiting=(), sentence="Nothing waits for a person."),
        "approval": approval,
        "approval-settled": replace(
            approval,
            state=StateWord(word="Approved", tone=Tone.GOOD),
            sentence="Nothing can be answered here any more.",
            approve=None,
            refuse=None,
            blocked=Notice(text="Your role does not answer questions of agents.", tone=Tone.QUIET),
        ),
        "policies": _policies(),
        "bundle": _bundle(),
        "policy-form": _form(),
    }


def _tabs(here: str) -> tuple[Tab, ...]:
    return tuple(
        Tab(
            label=label, href=f"/{label.lower()}.html", is_here=label == here, count=2 if label == "Approvals" else None
        )
        for label in ("Agents", "Approvals", "Decisions", "Policies")
    )


def _agents() -> pages.AgentsPage:
    made = (
        ("Mailbox assistant", "Contoso", "live", "active", 212, 3, 1),
        ("Invoice clerk", "Contoso", "live", "paused", 40, 0, 12),
        ("Opportunity scout", "The publisher", "live", "constrained", 9, 1, 0),
    )
    return pages.AgentsPage(
        frame=frame("Agents"),
        sentence="3 agents, 2 of them held.",
        tabs=_tabs("Agents"),
        agents=Listing(
            id="agents",
            caption="Agents",
            columns=(
                Column(label="Agent"),
                Column(label="Whose"),
                Column(label="Environment"),
                Column(label="State"),
                Column(label="Accountable"),
                Column(label="Allowed today", is_number=True),
                Column(label="Asked", is_number=True),
                Column(label="Refused", is_number=True),
            ),
            rows=tuple(
                pages.AgentRow(
                    agent=Link(label=name, href="/agent.html"),
                    whose=whose,
                    environment=environment,
                    state=state(held),
                    accountable="Cora Contoso",
                    allowed=allowed,
                    waiting=waiting,
                    refused=refused,
                )
                for name, whose, environment, held, allowed, waiting, refused in made
            ),
            empty=Empty(title="No agents yet", text="An agent is registered with its owner and what it is for."),
            address=Address("/agents", ()),
        ),
    )


def _decision_rows() -> tuple[pages.DecisionRow, ...]:
    made = (
        ("read_mail", StateWord(word="Allowed", tone=Tone.GOOD), "It is permitted.", "Then: succeeded."),
        ("send_mail", StateWord(word="Asked", tone=Tone.BUSY), "A person has to approve exactly this call.", ""),
        ("refund", _NEVER, "A policy forbids it; nothing lifts that. never-after-strangers", ""),
        ("delete_mail", StateWord(word="Refused", tone=Tone.CARE), "A limit is reached. 20 calls a day", ""),
    )
    return tuple(
        pages.DecisionRow(
            id=f"dec_{number}",
            at=hours(-number - 0.2),
            agent=_AGENT,
            tool=tool,
            state=how,
            why=why,
            href="/decision.html",
            outcome=outcome,
        )
        for number, (tool, how, why, outcome) in enumerate(made)
    )


def _approval_rows() -> tuple[pages.ApprovalRow, ...]:
    return (
        pages.ApprovalRow(
            href="/approval.html",
            what="Refund",
            agent="Mailbox assistant",
            asked_at=hours(-1),
            ends_at=hours(3),
            state=_WAITING,
            note="Asked again 2 times.",
            is_irreversible=True,
        ),
        pages.ApprovalRow(
            href="/approval.html",
            what="Send mail",
            agent="Mailbox assistant",
            asked_at=hours(-2),
            ends_at=hours(22),
            state=_WAITING,
        ),
    )


def _question(name: str, opener: str, *, is_dangerous: bool = True, word: str = "") -> Question:
    return Question(
        id=name,
        opener=opener,
        href="/question.html",
        title=f"{opener} Mailbox assistant?",
        points=("It takes effect with the next decision; other agents are not touched.",),
        form=Form(
            id=f"{name}-form",
            action=f"/agents/{name}",
            submit=opener,
            idempotency_key="made-up-key",
            fields=(Field(name="reason", label="Reason", kind=FieldKind.LONG_TEXT),),
            is_dangerous=is_dangerous,
        ),
        typed_word=word,
    )


def _agent() -> pages.AgentPage:
    return pages.AgentPage(
        frame=frame("Agents"),
        trail=(Link(label="Agents", href="/agents.html"),),
        name="Mailbox assistant",
        state=state("paused"),
        sentence="Acts for: the support team of Contoso. Accountable: Cora Contoso.",
        needs=(
            Finding(
                level=Level.WARNING,
                what="The intended use “Newsletter” was withdrawn",
                remedy="Its calls are refused. Remove the permits that served it.",
            ),
        ),
        uses=(
            pages.UseCard(
                title="Answer mail",
                state=StateWord(word="Approved", tone=Tone.GOOD),
                context="Mail to the support address, in English and German.",
                measure="Hours until the first answer.",
                owner="Contoso Support",
                not_for=("Complaints with a lawyer", "Applications for jobs"),
                known_errors=("Mistakes the tone of irony",),
            ),
        ),
        tools=(
            pages.ToolRow(
                tool="Read mail",
                effect="reads",
                lane=_AUTOMATIC,
                use="Answer mail",
                limit="none of its own",
                review="none",
            ),
            pages.ToolRow(
                tool="Refund",
                effect="cannot be undone",
                lane=_APPROVAL,
                use="Answer mail",
                limit="20 calls a day",
                review="10 % of calls",
            ),
        ),
        decisions=_decision_rows(),
        live_href="/agents/agt_1/live",
        more_href="/decisions.html",
        limits=(
            pages.LimitRow(what="20 calls a day, for this tool", used=17, maximum=20),
            pages.LimitRow(what="500,000 EUR (smallest unit) a month, for this agent", used=120000, maximum=500000),
        ),
        approvals=_approval_rows(),
        holds=(
            pages.HoldRow(
                what="This agent, by the customer",
                state=state("paused"),
                reason="It answered a complaint that it should have passed on.",
                since_at=hours(-2),
                until_at=hours(6),
                lift=_question("lift", "Let go", is_dangerous=False),
            ),
        ),
        facts=(
            Fact(label="Agent", value=ulid("agt", 1, "agent id")),
            Fact(label="Version", value="2.3", note="live"),
            Fact(label="Owner", value="Contoso Support"),
            Fact(label="Accountable", value="Cora Contoso"),
            Fact(label="Registered", value=days(-40)),
        ),
        duties=(
            Fact(label="The publisher", value="Runs it, keeps it safe, and tells of known errors."),
            Fact(label="The customer", value="Says what it may do, and answers its questions."),
        ),
        threats=(Fact(label="ASI01", value="Mail from strangers marks the task; refunds are out of reach then."),),
        questions=(_question("pause", "Pause"), _question("revoke", "Revoke", word="mailbox")),
    )


def _decisions() -> pages.DecisionsPage:
    return pages.DecisionsPage(
        frame=frame("Agents"),
        sentence="Every call that an agent asked for, with its answer and the reason.",
        tabs=_tabs("Decisions"),
        decisions=Listing(
            id="decisions",
            caption="Decisions",
            columns=(Column(label="Decision"),),
            rows=_decision_rows(),
            empty=Empty(title="Nothing has been decided yet", text="Each call of an agent appears here by itself."),
            address=Address("/decisions", ()),
            filters=(
                Filter(name="allowed", label="Answer", choices=(Choice(value="yes", label="Allowed"),)),
                Filter(name="agent", label="Agent id", placeholder="agt_…"),
            ),
            exports=(Link(label="CSV", href="/decisions.csv"),),
            paging=Paging(shown="4 shown", next_href="/decisions?before=dec_3"),
        ),
    )


def _decision() -> pages.DecisionPage:
    return pages.DecisionPage(
        frame=frame("Agents"),
        trail=(Link(label="Decisions", href="/decisions.html"), _AGENT),
        name="Mailbox assistant: send_mail",
        state=StateWord(word="Asked", tone=Tone.BUSY),
        sentence="A person has to approve exactly this call.",
        who=(
            Fact(label="Agent", value=_AGENT),
            Fact(label="Asked by", value=ulid("tok", 2, "id of the program")),
            Fact(label="For", value="robin@contoso.example"),
            Fact(label="Task", value="ticket-4711", note="labels of what it has read follow the task"),
        ),
        what=(
            Fact(label="Tool", value="send_mail", note="live"),
            Fact(label="Serves", value="Answer mail"),
            Fact(label="When", value=hours(-1)),
        ),
        arguments='{\n  "to": "bob@fabrikam.example",\n  "text": "Your order left today."\n}',
        data=(
            Fact(label="Sources", value="mailbox of Contoso"),
            Fact(label="Trusted", value="no: something in it cannot be trusted"),
            Fact(label="Sensitivity", value="internal"),
        ),
        policies=(
            Fact(label="Lane", value=_APPROVAL),
            Fact(label="Policies", value="mail-send, ask-after-strangers"),
            Fact(label="Risk asks for", value="record for review", note="from severity, reversibility and impact"),
        ),
        then=(
            Fact(label="Outcome", value="it was not carried out"),
            Fact(label="Approval asked", value=Link(label="apr_01", href="/approval.html")),
        ),
        proof=proof(4711),
        record=(Fact(label="Action", value=digest("binding", "digest of the action"), note="what an approval binds"),),
    )


def _approvals() -> pages.ApprovalsPage:
    waiting = _approval_rows()
    return pages.ApprovalsPage(
        frame=frame("Agents"),
        sentence="2 questions for a person, the soonest to end first.",
        tabs=_tabs("Approvals"),
        waiting=waiting,
        settled=(replace(waiting[1], state=StateWord(word="Refused", tone=Tone.BAD)),),
        standing=(
            pages.StandingRow(
                what="send_mail, 20 a day",
                used="3 of 20 today",
                where="Where to is ada@contoso.example.",
                ends_at="2026-12-24",
                revoke=_question("take-back", "Take back", is_dangerous=False),
            ),
        ),
        empty=Empty(title="Nothing waits for you", text="When an agent has to ask, its question stands here."),
    )


def _approval() -> pages.ApprovalPage:
    return pages.ApprovalPage(
        frame=frame("Agents"),
        trail=(Link(label="Approvals", href="/approvals.html"),),
        name="Refund",
        state=_WAITING,
        sentence="Asked by Mailbox assistant; without an answer it is refused.",
        will_happen="Mailbox assistant calls refund for robin@contoso.example. This cannot be undone.",
        arguments=(
            pages.Argument(name="amount", value="12000"),
            pages.Argument(name="currency", value="EUR"),
            pages.Argument(name="to", value="bob@fabrikam.example"),
        ),
        touches=("order 1089",),
        why=("The policy refund-asked asks for a person.", "It serves the intended use “Settle complaints”."),
        origins=("Something from mailbox of Contoso had reached the task.", "It is part of the task ticket-4711."),
        warning="Something that cannot be trusted had reached the task, such as a mail from outside.",
        cannot_undo="Refund is done for good.",
        cue="Before you answer: are amount, currency and to what you expect? An agent can be wrong, and sound sure.",
        facts=(
            Fact(label="Agent", value=_AGENT),
            Fact(label="Ends", value=hours(3)),
            Fact(label="Bound to", value=digest("binding", "digest of the action")),
        ),
        answers=(Fact(label="Approved", value=hours(-0.5), note="by per_ada"),),
        approve=Form(
            id="approve",
            action="/approvals/apr_1/approve",
            submit="Approve this call",
            idempotency_key="made-up-key",
            fields=(
                Field(name="typed_word", label="Type “refund” to approve", hint="Because it cannot be undone."),
                Field(name="reason", label="Why", is_required=False),
            ),
        ),
        refuse=Form(
            id="refuse",
            action="/approvals/apr_1/refuse",
            submit="Refuse this call",
            idempotency_key="made-up-key",
            fields=(Field(name="reason", label="Why", hint="The agent's owner reads it."),),
        ),
        standing=_question("ask-less-often", "Ask less often", is_dangerous=False),
    )


def _policies() -> pages.PoliciesPage:
    made = (
        (3, "Tried", Tone.BUSY, "Refunds up to 100.00 EUR run by themselves."),
        (2, "In force", Tone.GOOD, "A person looks after mail from strangers."),
        (1, "Kept", Tone.QUIET, "The first."),
    )
    return pages.PoliciesPage(
        frame=frame("Agents"),
        sentence="The frame for all agents: number 2 is in force, number 3 is tried beside it.",
        tabs=_tabs("Policies"),
        bundles=Listing(
            id="bundles",
            caption="Bundles of policies",
            columns=(
                Column(label="Bundle"),
                Column(label="State"),
                Column(label="What changed"),
                Column(label="Policies", is_number=True),
                Column(label="Saved"),
            ),
            rows=tuple(
                pages.BundleRow(
                    bundle=Link(label=f"Number {number}", href="/bundle.html"),
                    state=StateWord(word=word, tone=tone),
                    note=note,
                    policies=10,
                    saved_at=days(-number),
                )
                for number, word, tone, note in made
            ),
            empty=Empty(title="No policies of your own yet", text="Begin with a template below."),
            address=Address("/policies", ()),
        ),
        templates=(
            pages.TemplateRow(
                title="Read within the tenant", explains="Reading runs by itself.", href="/policy-form.html"
            ),
            pages.TemplateRow(
                title="Never this tool after untrusted content",
                explains="Once content that cannot be trusted has reached a task, this tool is out of reach for it.",
                href="/policy-form.html",
            ),
        ),
        actions=(Link(label="Write policies", href="/policy-form.html"),),
    )


def _bundle() -> pages.BundlePage:
    return pages.BundlePage(
        frame=frame("Agents"),
        trail=(Link(label="Policies", href="/policies.html"),),
        name="Policies number 3",
        state=StateWord(word="Tried", tone=Tone.BUSY),
        sentence="Refunds up to 100.00 EUR run by themselves.",
        needs=(
            Finding(
                level=Level.WARNING,
                what="small-refund: refund does the same wherever it applies.",
                remedy="Remove it, or narrow the policy that covers it.",
            ),
        ),
        policies=(
            pages.PolicyWords(
                id="refund",
                lane=_AUTOMATIC,
                words="Runs by itself, with tool refund, if the amount is given and the amount is at most 10000.",
                reason="Refunds up to 100.00 EUR run by themselves.",
            ),
            pages.PolicyWords(
                id="never-after-strangers",
                lane=_NEVER,
                words="Never, whoever approves, if something that reached the call cannot be trusted.",
                reason="Whoever can write to the mailbox must not be able to make the agent pay.",
            ),
        ),
        tests=(
            pages.TestRow(name="a small refund", state=state("passed"), answered="automatic", by="refund"),
            pages.TestRow(name="a larger refund", state=state("failed"), answered="automatic", by="refund"),
        ),
        tests_note="1 passed, 1 failed.",
        changes_note="Against the bundle in force it allows more; the one in force allows nothing more.",
        changes=(Fact(label="refund", value="… at most 10000.", note="before: … at most 5000."),),
        examples=(
            pages.DifferenceRow(
                call="the amount is above 5000, and the amount is at most 10000",
                before=_APPROVAL,
                after=_AUTOMATIC,
                by="refund",
            ),
        ),
        seen=(
            pages.SeenRow(
                agent=_AGENT,
                tool="refund",
                before=_APPROVAL,
                after=_AUTOMATIC,
                times=14,
                last=Link(label="Decision", href="/decision.html"),
            ),
        ),
        seen_note="Every call is decided by it as well; only differences are kept.",
        text='@id("refund")\npermit (principal, action, resource == Tool::"refund");',
        digest=digest("bundle", "digest of the bundle"),
        questions=(_question("activate", "Put in force", is_dangerous=False),),
    )


def _form() -> pages.PolicyFormPage:
    return pages.PolicyFormPage(
        frame=frame("Agents"),
        trail=(Link(label="Policies", href="/policies.html"),),
        name="Write policies",
        sentence="Checked when they are saved; nothing takes effect before you put them in force.",
        form=Form(
            id="policies",
            action="/policies/new",
            submit="Save as the next bundle",
            idempotency_key="made-up-key",
            fields=(
                Field(name="text", label="Policies in Cedar", kind=FieldKind.LONG_TEXT, value="permit (…);"),
                Field(name="note", label="What changed and why", error="At least 3 characters."),
            ),
            error="refund: It never matches.",
        ),
        words=("Asks a person first, if something that reached the call cannot be trusted.",),
        shown='@id("ask")\nforbid (principal, action == Action::"call_unattended", resource);',
    )
