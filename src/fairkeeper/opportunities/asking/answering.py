"""Answers a question with what the tools return: every number with the day it is of and the row it stands in.

A configured model may put the same facts into sentences; a narration that holds a number which no tool returned is
thrown away. Without a model, and whenever it has nothing to say, the plain lines are the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pydantic import Field

from fairkeeper.action.operation import Operation, QueryContext, query
from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.opportunities import queries
from fairkeeper.opportunities.accountability import queries as accountability
from fairkeeper.opportunities.asking.understanding import EXAMPLES, Tool, Understood, asks_to_push, understand
from fairkeeper.opportunities.insights import queries as comparison
from fairkeeper.opportunities.insights.queries import Comparison
from fairkeeper.opportunities.ports import Narration
from fairkeeper.opportunities.views import (
    AccountLine,
    Alerts,
    CardLine,
    CardPage,
    Explanation,
    Portfolio,
    RankedAccounts,
    Report,
)

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_CARDS_OF_AN_ACCOUNT: Final = 6
"""An account has a card for each lens at most; it is told once."""
_NO_PUSH: Final = (
    "I push nothing from here. Open the account's card and choose Push to the CRM: your click on that one card is the "
    "approval, and it is recorded."
)
_CANNOT: Final = "I cannot answer that. I rank accounts and explain them from the imported insights, and nothing else."


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """One line of an answer: its text, the day its figures are of, and the row they stand in."""

    text: str
    as_of: date | None
    tenant_id: str | None = None
    card_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question.

    Attributes:
        is_answered: Whether the question was understood and something was found.
        tool: The operation that answered; empty if none did.
        asked_of_it: What it was asked, so that the answer can be asked for again.
        narration: A model's sentences about the same lines, if one is configured.
        can_ask: What can be asked, where the question was not understood.
    """

    question: str
    is_answered: bool
    tool: str
    asked_of_it: Mapping[str, Any]
    heading: str
    lines: tuple[AnswerLine, ...]
    note: str
    as_of: date | None
    run_id: str
    narration: str
    can_ask: tuple[str, ...]


class Ask(queries.OfConnection):
    """The question."""

    question: str = Field(min_length=1, max_length=500, description="The question, in a person's words.")


@query(
    "opportunities.ask", groups=("opportunities.read",), http="GET /opportunities/ask", cli="opportunities ask QUESTION"
)
def ask(context: QueryContext, request: Ask) -> Answer:
    """Answer a question about accounts: who this week, ready for Copilot or E7, adoption risks, why one, what changed.

    Understood by rules; numbers come from the other tools alone, each with its day. Says so when it cannot answer.
    """
    if asks_to_push(request.question):
        return _unanswered(request.question, _NO_PUSH)
    understood = understand(request.question)
    if understood is None:
        return _unanswered(request.question, _CANNOT)
    try:
        answer = _Answering(context, request).answer(understood)
    except FairkeeperError as error:
        if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT):
            raise
        return _unanswered(request.question, f"{error.message} {error.remedy}")
    return _narrated(context, answer)


def _unanswered(question: str, why: str) -> Answer:
    return Answer(
        question=question,
        is_answered=False,
        tool="",
        asked_of_it={},
        heading=why,
        lines=(),
        note="",
        as_of=None,
        run_id="",
        narration="",
        can_ask=EXAMPLES,
    )


class _Answering:
    """Asks the tools."""

    def __init__(self, context: QueryContext, request: Ask) -> None:
        self._context, self._request = context, request

    def answer(self, asked: Understood) -> Answer:
        by_tool: dict[Tool, tuple[Operation, dict[str, Any]]] = {
            Tool.RANK: (queries.rank_accounts, {"lens": asked.lens, "top": asked.top, "segment": asked.segment}),
            Tool.EXPLAIN: (queries.explain_account, {"tenant": asked.account}),
            Tool.CARDS: (queries.list_cards, {"limit": min(500, _CARDS_OF_AN_ACCOUNT * asked.top)}),
            Tool.ALERTS: (queries.list_alerts, {}),
            Tool.PORTFOLIO: (queries.portfolio_summary, {}),
            Tool.REPORT: (accountability.report, {}),
            Tool.SNAPSHOTS: (queries.list_snapshots, {"limit": 12}),
            Tool.COMPARE: (
                comparison.compare_snapshots,
                {"earlier": asked.earlier, "later": asked.later, "tenant": asked.account, "top": asked.top},
            ),
        }
        operation, fields = by_tool[asked.tool]
        given = dict(fields) if asked.tool is Tool.CARDS else {**fields, "connection": self._request.connection}
        found = operation.function(self._context, operation.input.model_validate(given))
        said = _cards(found, asked.top) if asked.tool is Tool.CARDS else _SAY[asked.tool](found)
        heading, lines, note, run_id = said
        days = [line.as_of for line in lines if line.as_of is not None]
        return Answer(
            question=self._request.question,
            is_answered=bool(lines),
            tool=operation.name,
            asked_of_it=given,
            heading=heading,
            lines=tuple(lines),
            note=note,
            as_of=max(days, default=None),
            run_id=run_id,
            narration="",
            can_ask=(),
        )


Said = tuple[str, list[AnswerLine], str, str]


def _ranked(found: RankedAccounts) -> Said:
    lines = [
        AnswerLine(text=_account_text(each), as_of=found.as_of, tenant_id=each.tenant_id, card_id=each.card_id)
        for each in found.accounts
    ]
    return f"{found.title}: the first {len(lines)} of {found.total:,} accounts", lines, found.note, found.run_id


def _account_text(each: AccountLine) -> str:
    worth = f", {Decimal(each.worth):,.2f} {each.currency}" if each.worth else ""
    other = next((reason.text for reason in each.reasons if reason.text.lower() != each.why_now.lower()), "")
    reason = f" {other[:1].upper()}{other[1:]}." if other else ""
    return (
        f"{each.rank}. {each.name}: {each.likelihood:.0%} likely, about {each.seats:,.0f} seats{worth}. "
        f"{each.why_now}.{reason} To do: {each.motion}."
    )


def _by_account(found: CardPage) -> list[tuple[CardLine, list[str]]]:
    """Return each account once: its first card, and under which other lenses it has one."""
    accounts: dict[str, tuple[CardLine, list[str]]] = {}
    for each in found.cards:
        if each.tenant_id in accounts:
            accounts[each.tenant_id][1].append(each.title.lower())
        else:
            accounts[each.tenant_id] = (each, [])
    return list(accounts.values())


def _card_text(each: CardLine, others: Sequence[str]) -> str:
    reason = f" {each.reason[:1].upper()}{each.reason[1:]}." if each.reason else ""
    also = f" Also {', '.join(others)}." if others else ""
    return (
        f"{each.account} ({each.title.lower()}): {each.likelihood:.0%} likely, about {each.seats:,.0f} seats. "
        f"{each.why_now}.{reason} To do: {each.motion}.{also}"
    )


def _cards(found: CardPage, top: int) -> Said:
    lines = [
        AnswerLine(
            text=f"{number}. {_card_text(each, others)}",
            as_of=found.as_of,
            tenant_id=each.tenant_id,
            card_id=each.id,
        )
        for number, (each, others) in enumerate(_by_account(found)[:top], 1)
    ]
    return (
        f"The first {len(lines)} accounts of {found.total:,} open cards",
        lines,
        "",
        found.cards[0].run_id if found.cards else "",
    )


def _explained(found: Explanation) -> Said:
    lines = []
    for lens in found.lenses:
        known = sorted((each for each in lens.terms if each.odds), key=lambda each: -abs(each.odds or 0))[:3]
        evidence = "; ".join(f"{each.text} ({each.odds:+.1f})" for each in known)
        lines.append(
            AnswerLine(
                text=f"{lens.title}: rank {lens.rank:,} of {lens.of:,}, {lens.likelihood:.0%} likely. {evidence}.",
                as_of=found.as_of,
                tenant_id=found.tenant_id,
            )
        )
    return found.name, lines, found.note, found.run_id


def _alerts(found: Alerts) -> Said:
    lines = [
        AnswerLine(text=f"{each.name}: {each.sentence}", as_of=each.as_of, tenant_id=each.tenant_id)
        for each in found.alerts[:10]
    ]
    if not lines:
        lines = [AnswerLine(text="Nothing changed so much that it is believed.", as_of=found.as_of)]
    return f"{len(found.alerts)} alerts in a book of {found.book:,}", lines, found.note, ""


def _portfolio(found: Portfolio) -> Said:
    lines = [
        AnswerLine(
            text=(
                f"{name.replace('_', ' ').capitalize()}: {each['above']:,} of {each['applies']:,} accounts above the "
                f"line, about {each['seats']:,} seats expected."
            ),
            as_of=found.as_of,
        )
        for name, each in found.lenses.items()
    ]
    return f"{found.tenants:,} accounts", lines, "", found.run_id


def _report(found: Report) -> Said:
    lines = []
    for lens in found.lenses:
        if lens.why_not:
            lines.append(AnswerLine(text=f"{lens.title}: not judged. {lens.why_not}", as_of=found.as_of))
            continue
        own = lens.measures[0]
        others = ", ".join(f"{each.title.lower()} {each.lift_at_50}" for each in lens.measures[2:])
        lines.append(
            AnswerLine(
                text=f"{lens.title}: lift at 50 of {own.lift_at_50} by likelihood; {others}. Brier {lens.brier}.",
                as_of=lens.until,
            )
        )
    return "How the rankings did", lines, found.note, ""


def _snapshots(found: Sequence[Any]) -> Said:
    lines = [
        AnswerLine(text=f"{each.tab}, taken on {each.taken_on}: {each.rows:,} rows of {each.file}.", as_of=each.as_of)
        for each in found
    ]
    return "Imported snapshots, the newest first", lines, "Figures of usage are up to three days older.", ""


def _compared(found: Comparison) -> Said:
    days = f"{found.earlier.as_of:%d %b %Y} and {found.later.as_of:%d %b %Y}"
    lines = [
        AnswerLine(
            text=f"{each.title}: {each.before:,} to {each.after:,} ({each.after - each.before:+,})"
            + ("." if found.tenant_id else f" over the {each.known_in_both:,} accounts whose figure both know."),
            as_of=found.later.as_of,
            tenant_id=found.tenant_id or None,
        )
        for each in found.totals
        if each.before is not None and each.after is not None
    ]
    if found.tenant_id:
        return f"{found.account} between {days}", lines, found.note, ""
    lines += [
        AnswerLine(
            text=f"{each.name}: {each.title.lower()} {each.before:,} to {each.after:,} "
            f"({each.after - each.before:+,}).",
            as_of=found.later.as_of,
            tenant_id=each.tenant_id,
        )
        for each in found.changes[:_MOST_CHANGES]
    ]
    new = sum(each.how == "first_seen" for each in found.appeared)
    lines.append(
        AnswerLine(
            text=f"{found.appeared_count:,} accounts are only in the later one (of the first {len(found.appeared)}, "
            f"{new} were never seen before), {found.missing_count:,} only in the earlier one.",
            as_of=found.later.as_of,
        )
    )
    return f"The book between {days}", lines, found.note, ""


_MOST_CHANGES: Final = 5
_SAY: Final[Mapping[Tool, Any]] = {
    Tool.RANK: _ranked,
    Tool.EXPLAIN: _explained,
    Tool.ALERTS: _alerts,
    Tool.PORTFOLIO: _portfolio,
    Tool.REPORT: _report,
    Tool.SNAPSHOTS: _snapshots,
    Tool.COMPARE: _compared,
}


def _narrated(context: QueryContext, answer: Answer) -> Answer:

    narrator = context.ports.of(Narration).narrator
    if narrator is None or not answer.is_answered:
        return answer
    facts = [{"text": each.text, "as_of": str(each.as_of)} for each in answer.lines]
    told = narrator.narrate(answer.question, [{"text": answer.heading}, *facts, {"text": answer.note}])
    return replace(answer, narration=told) if told and only_given_numbers(told, facts, answer.heading) else answer


def only_given_numbers(told: str, facts: Sequence[Mapping[str, Any]], heading: str = "") -> bool:
    """Say whether every number of a narration is one that a tool returned.

    Example:
        >>> facts = [{"text": "84 % of 1,200 seats"}]
        >>> only_given_numbers("1,200 seats, 84 % used", facts), only_given_numbers("1,008 users", facts)
        (True, False)
    """
    given = set(_NUMBER.findall(heading))
    for fact in facts:
        given |= set(_NUMBER.findall(" ".join(str(value) for value in fact.values())))
    return set(_NUMBER.findall(told)) <= given


OPERATIONS: tuple[Operation, ...] = (ask,)
