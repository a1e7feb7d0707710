"""The room's own agent as Governance knows it: what it is for, its three tools, and the lane of each. Pure.

Reading is automatic. A push needs a person: the seller's click on one card, or a standing approval with a daily limit
for what is pushed unasked. Exporting personal data is never: a forbid of the house's own that no policy of the
publisher's, no approval and no role lifts (`fairkeeper.governance.policies.house`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from fairkeeper.governance.policies.house import EXPORT_TOOL, OPPORTUNITIES_AGENT

AGENT_ID: Final = OPPORTUNITIES_AGENT
USE_ID: Final = "use_opportunities"


class AgentTool(StrEnum):
    """The tools by their ids."""

    READ = "tol_opportunities_read"
    PUSH = "tol_opportunities_push"
    EXPORT = "tol_opportunities_export"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPlan:
    """One tool as it is registered.

    Attributes:
        lane: In which it is permitted; empty for one that nobody permits.
    """

    id: AgentTool
    name: str
    title: str
    effect: str
    lane: str
    arguments: Mapping[str, Any]
    reads: Sequence[str] = ()
    writes: Sequence[str] = ()


def _texts(required: Sequence[str], **longest: int) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": "string", "maxLength": limit} for name, limit in longest.items()}
    return {"type": "object", "properties": properties, "required": list(required)}


def _push() -> dict[str, Any]:
    names = (
        "card",
        "account",
        "crm_account",
        "lens",
        "record",
        "target",
        "external_key",
        "title",
        "fields_sha256",
        "asked_by",
    )
    schema = _texts((*names, "is_unasked"), **dict.fromkeys(names, 400))
    schema["properties"]["is_unasked"] = {"type": "boolean"}
    return schema


TOOLS: Final = (
    ToolPlan(
        id=AgentTool.READ,
        name="opportunities.read",
        title="Read rankings, cards and alerts",
        effect="read",
        lane="automatic",
        reads=("insights",),
        arguments=_texts(("operation", "asked_by"), operation=80, asked_by=80, request=4000),
    ),
    ToolPlan(
        id=AgentTool.PUSH,
        name="opportunities.push",
        title="Push a card to the CRM",
        effect="write",
        lane="approval",
        writes=("crm_cards",),
        arguments=_push(),
    ),
    ToolPlan(
        id=AgentTool.EXPORT,
        name=EXPORT_TOOL,
        title="Export personal data",
        effect="external",
        lane="",
        arguments=_texts(("operation", "asked_by"), operation=80, asked_by=80, request=4000),
    ),
)
DATA_CLASSES: Final = (("insights", False), ("crm_cards", True))
"""Classes of the publisher's own data, and whether they are written."""

AGENT: Final[Mapping[str, Any]] = {
    "name": "opportunities",
    "environment": "live",
    "version": "1",
    "title": "Opportunities",
    "owner": "The publisher's sales",
    "accountable": "The publisher's owners",
    "acts_for": "The publisher's sellers and leaders, on accounts of the imported insights.",
    "publisher_duties": "Decides who asks it, gives and takes back its leave to push, matches accounts, stops it.",
    "customer_duties": "None: it speaks of companies from the publisher's own exports, and to the publisher alone.",
    "acts_alone": True,
    "chain_limit": 0,
    "callers": [],
    "threat_notes": {
        "LLM01": "Texts in exports and in questions choose no tool but reading; what they ask beyond is refused.",
        "LLM02": "It holds no personal data; asking it for some is refused for good and recorded.",
        "LLM06": "One tool writes, card by card, after a person's click or within a standing approval.",
    },
    "assessment": "Ranks companies, not people. Looked at again with each new tool.",
}
USE: Final[Mapping[str, Any]] = {
    "title": "Tell sellers whom to talk to, why now, and with which motion",
    "owner": "The publisher's sales",
    "business_context": "Accounts of the publisher's own exports of the insights, and the CRM that the settings name.",
    "value_measure": "Lift at 50 against four baselines, and what became of the cards, on the track record's page.",
    "known_errors": [
        "Ranks by figures that are days old",
        "Likelihoods are not yet judged by the publisher's own outcomes",
        "An account that is not in an export is not a customer lost",
    ],
    "not_for": ["Decisions about people", "Prices and contracts", "Personal data of anybody"],
}
