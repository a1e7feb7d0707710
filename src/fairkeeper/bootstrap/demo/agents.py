"""The demo publisher's own agent: what it is for, what it may do, what it did on its first day, and what it asks.

By the operations that anybody would use. Its policies stand ready and are not in force, so that a newcomer can put
them in force and see what changes; a customer's agents come with the customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.governance.actions.decide import decide
from fairkeeper.governance.actions.decide_use import approve_use, propose_use
from fairkeeper.governance.actions.grant_data import grant_data
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.publish_description import publish_description
from fairkeeper.governance.actions.record_outcome import record_outcome
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.governance.actions.register_tool import register_tool
from fairkeeper.governance.actions.set_limit import set_limit
from fairkeeper.governance.policies.bundles import save_policies
from fairkeeper.governance.queries.agents import list_agents

if TYPE_CHECKING:
    from fairkeeper.bootstrap.installation import Installation

_TEXT: Final = {"type": "string", "maxLength": 2000}
_SHORT: Final = {"type": "string", "maxLength": 120}
_TOOLS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "name": "tickets.read",
        "title": "Read a ticket",
        "effect": "read",
        "reads": ["tickets"],
        "severity": "low",
        "reversibility": "reversible",
        "business_impact": "low",
        "arguments": {"type": "object", "properties": {"ticket": _SHORT}, "required": ["ticket"]},
        "result_sensitivity": 1,
        "result_is_trusted": False,
    },
    {
        "name": "tickets.answer",
        "title": "Send an answer to a customer",
        "effect": "external",
        "reads": ["tickets"],
        "severity": "low",
        "reversibility": "costly",
        "business_impact": "low",
        "arguments": {
            "type": "object",
            "properties": {"ticket": _SHORT, "to": _SHORT, "text": _TEXT},
            "required": ["ticket", "to", "text"],
        },
    },
    {
        "name": "credits.grant",
        "title": "Give a customer a credit",
        "effect": "write",
        "writes": ["credits"],
        "severity": "low",
        "reversibility": "costly",
        "business_impact": "low",
        "arguments": {
            "type": "object",
            "properties": {
                "customer": _SHORT,
                "amount": {"type": "integer", "minimum": 1},
                "currency": {"type": "string", "enum": ["USD", "EUR"]},
                "why": _TEXT,
            },
            "required": ["customer", "amount", "currency", "why"],
        },
        "amount_argument": "amount",
        "currency_argument": "currency",
    },
)
_AGENT: Final = {
    "name": "support-desk",
    "environment": "live",
    "version": "1.4.0",
    "title": "Support desk",
    "owner": "Fairmile Software, Support",
    "accountable": "Sam Security",
    "acts_for": "The support team, on tickets that customers opened.",
    "publisher_duties": "Runs it, keeps its tools and policies, answers for what it sends and gives, and stops it.",
    "customer_duties": "Says in the ticket what may be looked at; reads answers before acting on them.",
    "threat_notes": {
        "LLM01": "Tickets are untrusted: what they say chooses no recipient and no amount without a person.",
        "LLM06": "It has three tools; two of them ask a person.",
    },
    "assessment": "No decision about people's rights is made with it. Looked at again with each new tool.",
}
_USE: Final = {
    "title": "Answer support tickets",
    "owner": "Fairmile Software, Support",
    "business_context": "Tickets of customers with a subscription in force, within the support hours of their plan.",
    "value_measure": "Hours until a first answer that the customer calls helpful.",
    "known_errors": [
        "Answers from an older version of the product.",
        "Reads a quoted mail as the customer's own words.",
    ],
    "not_for": ["Prices and contracts", "Anything about another customer"],
}
_POLICIES: Final = """\
// Ready to be put in force: try it in shadow first, and look at the differences.
@id("large-credits-two-people")
@reason("A credit above 100.00 is approved by two people.")
@approvers("2")
forbid (principal, action == Action::"call_unattended", resource)
when { context has amount && context.amount > 10000 };

@id("no-credit-after-a-ticket-alone")
@reason("What only an untrusted ticket asks for is never given at the weekend.")
forbid (principal, action in Action::"call", resource)
when { resource.name == "credits.grant" && !context.labels.trusted && context.at.weekday > 5 };
"""


@dataclass(frozen=True, slots=True)
class _Desk:
    installation: Installation

    def run(self, operation: Operation, /, **fields: Any) -> Any:
        """Run an operation as the person at the machine; what the agent itself does, as the system."""
        principal = system("demo") if operation in (decide, record_outcome) else local_principal()
        request = operation.input.model_validate(fields)
        return self.installation.runner.run(operation, request, Call(principal=principal))

    def register(self) -> tuple[str, dict[str, str]]:
        """Register agent, use, tools, permits, data and limits; return the agent's id and the tools' by name."""
        environment = {"environment": "live"}
        tools = {each["name"]: self.run(register_tool, **environment, **each).tool_id for each in _TOOLS}
        agent = self.run(register_agent, **_AGENT).agent_id
        use = self.run(propose_use, agent_id=agent, **_USE).use_id
        self.run(approve_use, use_id=use)
        link = {"agent_id": agent, "use_id": use}
        for name, lane, percent in (
            ("tickets.read", "automatic", 5),
            ("tickets.answer", "approval", 0),
            ("credits.grant", "approval", 0),
        ):
            self.run(permit_tool, tool_id=tools[name], lane=lane, review_percent=percent, **link)
        year = self.installation.clock.now() + timedelta(days=365)
        owned = {"owner_kind": "publisher", "owner": "Fairmile Software", "ends_at": year}
        self.run(grant_data, data_class="tickets", sensitivity=1, **owned, **link)
        self.run(grant_data, data_class="credits", may_write=True, sensitivity=1, **owned, **link)
        self.run(set_limit, scope="agent", subject_id=agent, meter="calls", window="hour", maximum=200)
        money = {"scope": "tool", "subject_id": tools["credits.grant"], "meter": "amount", "window": "month"}
        self.run(set_limit, **money, maximum=2_000_00, currency="USD")
        self.run(publish_description, agent_id=agent)
        return agent, tools

    def work(self, agent: str, tools: Mapping[str, str]) -> None:
        """Let it work for a while: it reads, is refused twice, and asks two questions that stay open."""
        for number, ticket in enumerate(("T-1041", "T-1042", "T-1043", "T-1044")):
            read = self._decide(agent, tools["tickets.read"], ticket, ticket=ticket)
            if read.allowed:
                outcome = "error" if number == 2 else "ok"
                told = {"error": "The ticket system did not answer."} if outcome == "error" else {}
                self.run(record_outcome, decision_id=read.decision_id, outcome=outcome, took_milliseconds=80, **told)
        self._decide(agent, tools["tickets.read"], "T-1042", ticket="T-1042", whole_archive=True)
        self._decide(agent, "subscriptions.cancel", "T-1042", subscription="all of them")
        self._decide(
            agent, tools["tickets.answer"], "T-1041", ticket="T-1041", to="cora.contoso@contoso.example",
            text="Seats are changed at Microsoft; here is where, and what it costs from which day on.",
        )  # fmt: skip
        self._decide(
            agent, tools["credits.grant"], "T-1044", customer="Fabrikam", amount=150_00, currency="USD",
            why="Two days without the service in November, as the ticket says.",
        )  # fmt: skip

    def _decide(self, agent: str, tool: str, task: str, **arguments: Any) -> Any:
        return self.run(decide, agent_id=agent, tool=tool, task_id=task, arguments=arguments)


def prepare_agents(installation: Installation) -> None:
    """Let the demo publisher have an agent that has worked a little, where there is none yet."""
    desk = _Desk(installation)
    if desk.run(list_agents):
        return
    desk.work(*desk.register())
    desk.run(save_policies, text=_POLICIES, note="Two people for large credits.")
