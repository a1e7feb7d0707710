"""What an agent tells of a metered result: the sums of the fields that the answer named, and nothing else of it."""

from __future__ import annotations

from fairkeeper.agent.client import Came, answer_of
from fairkeeper.gateway.wire import plain

ALLOWED = {"decision": True, "context": {"decision_id": "dec_1", "measures": ["usage.tokens", "pages", 7]}}


def test_named_fields_are_summed_and_others_stay_where_they_are() -> None:
    answer = answer_of(ALLOWED)
    assert answer.measures == ("usage.tokens", "pages")
    result = {"usage": [{"tokens": 1200}, {"tokens": 34.5}], "secret": "zebra", "pages": "three"}
    measured = answer.measured(result)
    assert measured == {"usage.tokens": "1234.5"}
    told = Came(decision_id="dec_1", outcome="ok", measured=measured).document()
    assert told["measured"] == {"usage.tokens": "1234.5"}
    assert "zebra" not in str(told)


def test_structured_content_of_a_tool_is_what_the_gateway_measures() -> None:
    result = {"content": [{"type": "text", "text": "Done."}], "structuredContent": {"usage": {"tokens": 3}}}
    assert answer_of(ALLOWED).measured(plain(result)) == {"usage.tokens": "3"}
    assert answer_of(ALLOWED).measured(plain({"content": [{"type": "text", "text": "3"}]})) == {}


def test_nothing_is_told_of_tools_without_such_meters() -> None:
    assert "measured" not in Came(decision_id="dec_1", outcome="ok").document()
