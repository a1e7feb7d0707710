"""Questions in people's own words: variants, slips of the pen, other orders, and what is not answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.opportunities.asking.understanding import (
    EXAMPLES,
    Tool,
    asks_for_people,
    asks_to_push,
    mended,
    understand,
)

THIS_WEEK = (
    "Which customers should I talk to this week?",
    "Who should I call today?",
    "Whom do I talk to next?",
    "wich custmers shoud i talk to this wek",
    "This week, which accounts deserve my focus?",
    "Wen soll ich diese Woche anrufen?",
    "my top 5",
)
LENSES = {
    "conversion": (
        "Which accounts are ready for Copilot?",
        "Ready for Copilot: which accounts?",
        "wich acounts are redy for copilot",
        "Welche Kunden sind bereit für Copilot?",
        "Who uses the free chat a lot?",
    ),
    "e7": ("Who is ready for E7?", "E7: who?", "accounts for the Frontier Suite", "which accounts are ready for e7"),
    "at_risk": (
        "Where are my adoption risks?",
        "adoption risks: where?",
        "Wher are my adoptoin riks?",
        "Wo sind meine Risiken?",
        "Which customers are failing to adopt?",
    ),
    "expansion": ("Top 10 expansion accounts in Enterprise", "who could add seats", "expansoin accounts"),
    "agent_365": ("Who needs Agent 365?", "a365 candidates"),
    "transformation": ("Which customers are transformation ready?", "advanced AI accounts"),
}


@pytest.mark.parametrize("question", THIS_WEEK)
def test_whom_to_talk_to_is_understood_in_many_words(question: str) -> None:
    found = understand(question)
    assert found is not None
    assert found.tool is Tool.CARDS


@pytest.mark.parametrize(("lens", "question"), [(lens, each) for lens, all_ in LENSES.items() for each in all_])
def test_a_lens_is_understood_in_many_words_and_orders(lens: str, question: str) -> None:
    found = understand(question)
    assert found is not None
    assert (found.tool, found.lens) == (Tool.RANK, lens)


ACCOUNTS = (
    ("Why is Müller & Söhne GmbH first?", "Müller & Söhne GmbH"),
    ("why müller", "müller"),
    ("Explain Contoso Traders", "Contoso Traders"),
    ("Warum Straße AG?", "Straße AG"),
    ("tell me more about the account Fabrikam", "Fabrikam"),
    ("How is adoption at Litware?", "Litware"),
    ("What about “Adatum Energy”?", "Adatum Energy"),
)


@pytest.mark.parametrize(("question", "account"), ACCOUNTS)
def test_an_accounts_name_is_left_as_it_was_typed(question: str, account: str) -> None:
    found = understand(question)
    assert found is not None
    assert (found.tool, found.account) == (Tool.EXPLAIN, account)


COMPARISONS = (
    ("Compare the last two snapshots", "", "", ""),
    ("compare 2026-02-28 with 2026-03-28", "2026-02-28", "2026-03-28", ""),
    ("What changed between February and March?", "--02", "--03", ""),
    ("Vergleiche Februar 2026 und März 2026", "2026-02", "2026-03", ""),
    ("what has changed since 2026-01", "2026-01", "", ""),
    ("How has Contoso Traders changed?", "", "", "Contoso Traders"),
    ("how did Müller AG develop between 2026-01 and 2026-03", "2026-01", "2026-03", "Müller AG"),
)


@pytest.mark.parametrize(("question", "earlier", "later", "account"), COMPARISONS)
def test_a_comparison_names_its_days_and_its_account(question: str, earlier: str, later: str, account: str) -> None:
    found = understand(question)
    assert found is not None
    assert (found.tool, found.earlier, found.later, found.account) == (Tool.COMPARE, earlier, later, account)


OTHERS = (
    ("What changed since the last snapshot?", Tool.ALERTS),
    ("any spikes?", Tool.ALERTS),
    ("How good were the rankings?", Tool.REPORT),
    ("Can I trust these scores?", Tool.REPORT),
    ("Give me the portfolio by lens", Tool.PORTFOLIO),
    ("How fresh is the data?", Tool.SNAPSHOTS),
    ("May I see the portfolio?", Tool.PORTFOLIO),
)


@pytest.mark.parametrize(("question", "tool"), OTHERS)
def test_the_other_tools_are_understood(question: str, tool: Tool) -> None:
    found = understand(question)
    assert found is not None
    assert found.tool is tool


@pytest.mark.parametrize("question", ["Will it rain?", "Write me a poem", "What is our share price?", "", "   ", "?"])
def test_what_no_tool_answers_is_not_understood(question: str) -> None:
    assert understand(question) is None


PEOPLE = (
    "Give me the e-mail addresses of the users at Contoso",
    "list all users of Fabrikam",
    "names of the employees with a licence",
    "Kontaktdaten von Müller",
    "what is the phone number of their CIO",
    "export people at Contoso",
)


@pytest.mark.parametrize("question", PEOPLE)
def test_a_question_for_data_of_people_is_known(question: str) -> None:
    assert asks_for_people(question)


@pytest.mark.parametrize("question", [*EXAMPLES, *THIS_WEEK, "Whom should I e-mail this week?", "How many users lost?"])
def test_a_question_about_companies_is_none_for_people(question: str) -> None:
    assert not asks_for_people(question)
    assert not asks_to_push(question)


@pytest.mark.parametrize(
    "question", ["Push Contoso to the CRM", "please send this card to Dynamics", "Schick Contoso ins CRM"]
)
def test_a_wish_to_push_is_known(question: str) -> None:
    assert asks_to_push(question)


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_mending_twice_changes_nothing_more(text: str) -> None:
    understand(text)
    asks_for_people(text)
    once = mended(text.lower())
    assert mended(once) == once
