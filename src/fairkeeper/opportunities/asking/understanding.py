"""Understands a seller's question by rules: which tool is meant, with which words. Pure; no model is asked.

A question is understood when a word of an intention is in it; of several the first in the list below. What is not
understood is said to be so, with what can be asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Tool(StrEnum):
    """What answers a question; each is an operation of this room."""

    RANK = "opportunities.rank_accounts"
    EXPLAIN = "opportunities.explain_account"
    CARDS = "opportunities.list_cards"
    ALERTS = "opportunities.list_alerts"
    PORTFOLIO = "opportunities.portfolio_summary"
    REPORT = "opportunities.report"
    SNAPSHOTS = "opportunities.list_snapshots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A question, understood.

    Attributes:
        tool: What answers it.
        lens: Through which lens, for a ranking.
        top: How many accounts.
        segment: Of which segment; empty for all.
        account: Which account, for an explanation.
    """

    tool: Tool
    lens: str = ""
    top: int = 5
    segment: str = ""
    account: str = ""


EXAMPLES: Final = (
    "Which customers should I talk to this week?",
    "Which accounts are ready for Copilot?",
    "Where are my adoption risks?",
    "Who is ready for E7?",
    "Top 10 expansion accounts in Enterprise",
    "Why Contoso Traders?",
    "What changed since the last snapshot?",
    "How good were the rankings?",
    "Give me the portfolio by lens",
    "How fresh is the data?",
)
"""What can be asked, in words."""

_WHY: Final = re.compile(
    r"^\s*(?:why(?: is| are| did you rank)?|explain|tell me (?:more )?about|what about|show me|how is|how are)"
    r"\s+"
    r"(?P<account>.+?)(?:\s+(?:first|ranked|on the list|at risk|ready.*|so high|doing.*))?\s*[?.!]*\s*$",
    re.IGNORECASE,
)
_LENSES: Final[Sequence[tuple[str, str]]] = (
    ("e7", r"\be7\b|frontier suite"),
    ("agent_365", r"agent ?365|govern(?:ing)? (?:their |the )?agents|\ba365\b"),
    ("at_risk", r"risk|churn|adopt|unused|idle|low us|under-?us|losing|leav|drop(?:ping)? off|failing|shelf"),
    ("transformation", r"transform|advanced ai|\bagents?\b|agentic"),
    ("conversion", r"convers|convert|free|chat|first seats?|ready for copilot|trial|paid seats? yet|monetiz"),
    ("expansion", r"expan|expand|grow|upsell|more seats|add seats|additional|whitespace|white space|renew"),
)
_SEGMENTS: Final = ("small", "medium", "corporate", "enterprise", "smb", "upper medium", "public sector", "education")
_TOP: Final = re.compile(
    r"\b(?:top|first|best|biggest|name)\s+(\d{1,3})\b|\b(\d{1,3})\s+(?:accounts|customers|tenants|companies)\b"
)
_NUMBERS: Final = {"three": 3, "five": 5, "ten": 10, "twenty": 20}
_MOST: Final = 50


def understand(question: str) -> Understood | None:  # noqa: PLR0911 - one intention after the other
    """Return what a question asks for, or None where it is not understood.

    Example:
        >>> understand("Where are my adoption risks?").lens
        'at_risk'
        >>> understand("top 3 accounts ready for E7 in Enterprise") == Understood(
        ...     tool=Tool.RANK, lens="e7", top=3, segment="enterprise"
        ... )
        True
        >>> understand("Will it rain?") is None
        True
    """
    text = " ".join(question.lower().split())
    if not text:
        return None
    if re.search(
        r"how (?:good|accurate|reliable|well)|lift|precision|track record|calibrat|trust (?:the|this|these)", text
    ):
        return Understood(tool=Tool.REPORT)
    if re.search(r"how (?:fresh|old|recent)|which snapshots?|data as of|last import|when .* (?:data|import)", text):
        return Understood(tool=Tool.SNAPSHOTS)
    if re.search(
        r"what(?:'s| is| has)? chang|alert|spike|sudden|unusual|since (?:the )?last|this month's drops|\bdrops?\b", text
    ):
        return Understood(tool=Tool.ALERTS)
    found = _WHY.match(question)
    if found and not _is_general(found["account"]):
        return Understood(tool=Tool.EXPLAIN, account=_account(found["account"]))
    if re.search(r"portfolio|overview|summar|how many|in total|dashboard|by (?:lens|segment|motion)", text):
        return Understood(tool=Tool.PORTFOLIO)
    lens = next((name for name, words in _LENSES if re.search(words, text)), "")
    top, segment = _top(text), next((each for each in _SEGMENTS if re.search(rf"\b{each}\b", text)), "")
    if lens:
        return Understood(tool=Tool.RANK, lens=lens, top=top, segment=segment)
    if re.search(
        r"\bwho\b|which (?:customers?|accounts?|tenants?)|talk to|call|this week|today|next|priorit|focus|list|\btop\b",
        text,
    ):
        return Understood(tool=Tool.CARDS, top=top, segment=segment)
    return None


def _is_general(account: str) -> bool:
    """Say whether what stands after "show me" is no account but a list."""
    return bool(
        re.search(
            r"\b(accounts?|customers?|tenants?|list|risks?|ready|top|first|portfolio|alerts?|it)\b", account.lower()
        )
    )


def _account(text: str) -> str:
    return re.sub(r"^(?:the )?(?:account|customer|tenant)\s+", "", text.strip(" ?.!\"'“”")).strip()


def _top(text: str) -> int:
    found = _TOP.search(text)
    if found:
        return max(1, min(_MOST, int(found[1] or found[2])))
    return next((number for word, number in _NUMBERS.items() if re.search(rf"\b{word}\b", text)), 5)
