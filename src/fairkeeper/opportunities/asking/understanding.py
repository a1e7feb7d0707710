"""Understands a seller's question by rules: which tool is meant, with which words. Pure; no model is asked.

A question is understood when a word of an intention is in it; of several the first in the list below. Slips of the
pen in those words are mended by their nearest known word; names of accounts are left as they were typed. What is not
understood is said to be so, with what can be asked.
"""

from __future__ import annotations

import difflib
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
    COMPARE = "opportunities.compare_snapshots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A question, understood.

    Attributes:
        tool: What answers it.
        lens: Through which lens, for a ranking.
        top: How many accounts.
        segment: Of which segment; empty for all.
        account: Which account, for an explanation or a comparison.
        earlier, later: Which snapshots, for a comparison; empty for the newest two.
    """

    tool: Tool
    lens: str = ""
    top: int = 5
    segment: str = ""
    account: str = ""
    earlier: str = ""
    later: str = ""


EXAMPLES: Final = (
    "Which customers should I talk to this week?",
    "Which accounts are ready for Copilot?",
    "Where are my adoption risks?",
    "Who is ready for E7?",
    "Top 10 expansion accounts in Enterprise",
    "Why Contoso Traders?",
    "What changed since the last snapshot?",
    "Compare the last two snapshots",
    "How good were the rankings?",
    "Give me the portfolio by lens",
    "How fresh is the data?",
)
"""What can be asked, in words."""

_WHY: Final = re.compile(
    r"^\s*(?:(?:and |so )?why(?: is| are| did you rank| should i (?:call|talk to))?|explain|warum(?: ist)?|"
    r"tell me (?:more )?about|what about|show me|how (?:is|are)(?: (?:things|it|adoption|usage) (?:at|with))?|"
    r"details (?:of|on|for)|was ist mit)"
    r"\s+"
    r"(?P<account>.+?)(?:\s+(?:first|ranked|on the list|at risk|ready.*|so high|doing.*|zuerst))?\s*[?.!]*\s*$",
    re.IGNORECASE,
)
_LENSES: Final[Sequence[tuple[str, str]]] = (
    ("e7", r"\be7\b|frontier suite"),
    ("agent_365", r"agent ?365|govern(?:ing)? (?:their |the )?agents|\ba365\b"),
    (
        "at_risk",
        r"risk|risiken|churn|adopt|unused|ungenutzt|idle|low us|under-?us|losing|leav|drop(?:ping)? off|failing|shelf",
    ),
    ("transformation", r"transform|advanced ai|\bagents?\b|agentic"),
    (
        "conversion",
        (
            r"convers|convert|free|chat|first seats?|(?:ready|bereit|reif) (?:for|für) copilot|trial|"
            r"paid seats? yet|monetiz|copilot.*\b(?:ready|bereit|reif)\b"
        ),
    ),
    ("expansion", r"expan|expand|grow|upsell|more seats|add seats|additional|whitespace|white space|renew|wachs"),
)
_SEGMENTS: Final = ("small", "medium", "corporate", "enterprise", "smb", "upper medium", "public sector", "education")
_TOP: Final = re.compile(
    r"\b(?:top|first|best|biggest|name)\s+(\d{1,3})\b|"
    r"\b(\d{1,3})\s+(?:accounts|customers|tenants|companies|kunden|konten)\b"
)
_NUMBERS: Final = {"three": 3, "five": 5, "ten": 10, "twenty": 20, "drei": 3, "fünf": 5, "zehn": 10}
_MOST: Final = 50
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_GERMAN_MONTHS: Final = {"januar": 1, "februar": 2, "märz": 3, "mai": 5, "juni": 6, "juli": 7, "oktober": 10}
_A_DAY: Final = re.compile(r"\b(20\d\d-\d\d-\d\d|20\d\d-\d\d)\b")
_PEOPLE: Final = re.compile(
    r"(?:e-?mail|mail) ?adress|(?:e-?mail|mail) address|\be-?mails? (?:of|and|from)\b|phone|telefon|handynummer|"
    r"contact (?:detail|data|person|people|list|info)|\bcontacts (?:at|of|for|in|from)\b|kontaktdaten|ansprechpartner|"
    r"personal data|personenbezogen|mitarbeiter|"
    r"names? of (?:the |all |their )?(?:people|persons?|users|employees|staff)|user ?names?\b|"
    r"(?:list|export|which|download|send me) (?:of |all |the |me )*(?:users|people|employees|persons)\b|"
    r"who exactly uses|individual users?"
)
_PUSHING: Final = re.compile(
    r"^\s*(?:please |bitte )?(?:push|send|write|put|create|schick\w*|trag\w*)\b"
    r".*\b(?:crm|dynamics|salesforce|hubspot)\b"
)
_KNOWN: Final = (
    *("adoption", "risks", "customers", "accounts", "copilot", "conversion", "expansion", "transformation"),
    *("portfolio", "snapshot", "snapshots", "compare", "changed", "alerts", "rankings", "ready", "which", "where"),
    *("enterprise", "corporate", "education", "week", "renewal", "whitespace", "priority", "overview", "should"),
    *("explain", "agents", "fresh", "yesterday", "today", "talk", "month", "since", "between", "summary"),
)
"""Words that a slip of the pen is mended to."""


def asks_for_people(question: str) -> bool:
    """Say whether a question asks for data of people, which no tool holds and none may give away.

    Example:
        >>> asks_for_people("Give me the e-mail addresses of Contoso's users"), asks_for_people("Whom should I e-mail?")
        (True, False)
    """
    return bool(_PEOPLE.search(" ".join(question.lower().split())))


def asks_to_push(question: str) -> bool:
    """Say whether a question asks for a push, which the chat leaves to a person's click.

    Example:
        >>> asks_to_push("Push Contoso to the CRM"), asks_to_push("What was pushed?")
        (True, False)
    """
    return bool(_PUSHING.search(" ".join(question.lower().split())))


def understand(question: str) -> Understood | None:
    """Return what a question asks for, or None where it is not understood.

    Example:
        >>> understand("Where are my adoption risks?").lens
        'at_risk'
        >>> understand("top 3 accounts ready for E7 in Enterprise") == Understood(
        ...     tool=Tool.RANK, lens="e7", top=3, segment="enterprise"
        ... )
        True
        >>> understand("Wher are my adoptoin riks?").lens
        'at_risk'
        >>> understand("Will it rain?") is None
        True
    """
    text = " ".join(question.lower().split())
    return _intention(question, text) or _intention(question, mended(text)) if text else None


def mended(text: str) -> str:
    """Return a text with slips of the pen in known words mended.

    Example:
        >>> mended("wich custmers this wek")
        'which customers this week'
    """
    return re.sub(r"[a-z]{3,}", lambda found: _nearest(found[0]), text)


def _nearest(word: str) -> str:
    if word in _KNOWN:
        return word
    found = difflib.get_close_matches(word, _KNOWN, n=1, cutoff=0.8)
    return found[0] if found else word


def _intention(question: str, text: str) -> Understood | None:  # noqa: PLR0911 - one intention after the other
    if re.search(
        r"how (?:good|accurate|reliable|well)|lift|precision|track record|calibrat|trust (?:the|this|these)|wie gut",
        text,
    ):
        return Understood(tool=Tool.REPORT)
    compared = _comparison(question, text)
    if compared is not None:
        return compared
    if re.search(
        r"how (?:fresh|old|recent|current)|which snapshots?|data as of|last import|when .* (?:data|import)|"
        r"wie (?:alt|frisch|aktuell)",
        text,
    ):
        return Understood(tool=Tool.SNAPSHOTS)
    if re.search(
        r"what(?:'s| is| has)? (?:new|chang)|alert|spike|sudden|unusual|since (?:the )?last|this month's drops|"
        r"\bdrops?\b|geändert|auffällig",
        text,
    ):
        return Understood(tool=Tool.ALERTS)
    found = _WHY.match(question)
    if found and not _is_general(_account(found["account"])):
        return Understood(tool=Tool.EXPLAIN, account=_account(found["account"]))
    if re.search(r"portfolio|overview|summar|how many|in total|dashboard|by (?:lens|segment|motion)|überblick", text):
        return Understood(tool=Tool.PORTFOLIO)
    lens = next((name for name, words in _LENSES if re.search(words, text)), "")
    top, segment = _top(text), next((each for each in _SEGMENTS if re.search(rf"\b{each}\b", text)), "")
    if lens:
        return Understood(tool=Tool.RANK, lens=lens, top=top, segment=segment)
    if re.search(
        r"\bwhom?\b|which (?:customers?|accounts?|tenants?)|talk to|call|this week|today|next|priorit|focus|list|"
        r"\btop\b|welche kunden|diese woche|heute|\bwen\b|anrufen",
        text,
    ):
        return Understood(tool=Tool.CARDS, top=top, segment=segment)
    return None


def _comparison(question: str, text: str) -> Understood | None:
    """Return which two snapshots are to be compared, or how one account changed."""
    named = _moments(text)
    is_asked = re.search(r"\bcompar|\bvergleich|\bversus\b|\bvs\b|difference between|between .+ and ", text)
    account = re.search(
        r"how (?:has|have|did) (?P<account>.+?) (?:changed?|develop(?:ed)?|evolved?|grown?)\b"
        r"(?! .*\b(?:rankings?|scores?)\b)",
        question,
        re.IGNORECASE,
    )
    if account and not _is_general(account["account"]) and account["account"].lower() not in {"the book", "things"}:
        return Understood(tool=Tool.COMPARE, account=_account(account["account"]), earlier=named[0], later=named[1])
    if is_asked or len([each for each in named if each]) == 2:
        return Understood(tool=Tool.COMPARE, earlier=named[0], later=named[1])
    if re.search(r"chang|geändert", text) and named[0]:
        return Understood(tool=Tool.COMPARE, earlier=named[0])
    return None


def _moments(text: str) -> tuple[str, str]:
    """Return the days or months that a text names, the first two of them."""
    found = [(each.start(), each[1]) for each in _A_DAY.finditer(text)]
    if not found:
        numbers = {name: number for number, name in enumerate(_MONTHS, 1)} | _GERMAN_MONTHS
        for each in re.finditer(rf"\b({'|'.join(numbers)})\b(?:\s+(20\d\d))?", text):
            if each[1] == "may" and not re.search(r"\b(?:in|since|with|and|to|from|between|vs|compare) may\b", text):
                continue  # the verb
            found.append((each.start(), f"{each[2] or '-'}-{numbers[each[1]]:02}"))
    named = [moment for _, moment in sorted(found)][:2]
    return (named[0] if named else "", named[1] if len(named) > 1 else "")


def _is_general(account: str) -> bool:
    """Say whether what stands after "show me" is no account but a list."""
    return bool(
        re.search(
            r"\b(accounts?|customers?|tenants?|list|risks?|ready|top|first|portfolio|alerts?|it|they|kunden)\b",
            account.lower(),
        )
    )


def _account(text: str) -> str:
    plain = text.strip(" ?.!\"'“”„")
    return re.sub(r"^(?:the )?(?:account|customer|tenant|company)\s+", "", plain, flags=re.IGNORECASE).strip()


def _top(text: str) -> int:
    found = _TOP.search(text)
    if found:
        return max(1, min(_MOST, int(found[1] or found[2])))
    return next((number for word, number in _NUMBERS.items() if re.search(rf"\b{word}\b", text)), 5)
