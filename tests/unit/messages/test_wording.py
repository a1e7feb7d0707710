"""What a message says, and what no value can make it say."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.action.telling import MessageTemplate, short_key
from fairkeeper.messages.errors import TemplateRefusedError
from fairkeeper.messages.wording import Told, card_of, fill, mail_of, one_line, refuse_wording
from fairkeeper.outbound.teams import LARGEST_BYTES, body_of

TEMPLATE = MessageTemplate(code="rooms.occasion", title="An occasion", subject="{who}: {what}", text="{what}.")
TEXTS = st.text(max_size=80)


@given(TEXTS, TEXTS)
def test_a_value_is_never_read_as_a_template(who: str, what: str) -> None:
    assert fill("{who}|{what}", {"who": who, "what": what}) == f"{who}|{what}"


@given(TEXTS)
def test_a_subject_is_one_line_whatever_it_holds(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 160
    assert line.isprintable()


@pytest.mark.parametrize(
    ("subject", "text"),
    [("", "x"), ("x", " "), ("a\nb", "x"), ("{nobody}", "x"), ("x", "{who} {secret}")],
)
def test_a_wording_that_says_nothing_or_knows_too_much_is_refused(subject: str, text: str) -> None:
    with pytest.raises(TemplateRefusedError):
        refuse_wording(TEMPLATE, subject, text)


def test_one_thing_is_a_mail_by_itself_and_several_are_a_digest() -> None:
    by = datetime(2026, 11, 30, 12, tzinfo=UTC)
    first = Told(subject="Contoso: renewal", text="Talk to them.", address="https://f.example/messages/1", due_at=by)
    second = Told(subject="Fabrikam: held", text="Look.", address="https://f.example/messages/2", due_at=None)
    assert mail_of([first]) == (
        "Contoso: renewal",
        "Talk to them.\n\nBy 30 Nov 2026 12:00 UTC.\n\nhttps://f.example/messages/1\n",
    )
    subject, text = mail_of([first, second])
    assert subject == "2 things for you in Fairkeeper"
    assert text.index("1. Contoso") < text.index("2. Fabrikam")


@given(
    st.lists(
        st.builds(
            Told, subject=TEXTS, text=st.text(max_size=4000), address=st.just("https://f.example/m/1"), due_at=st.none()
        ),
        min_size=1,
        max_size=60,
    )
)
def test_a_card_fits_into_a_message_of_teams(told: list[Told]) -> None:
    body = body_of(
        card_of([Told(subject=one_line(t.subject), text=t.text, address=t.address, due_at=None) for t in told])
    )
    assert len(json.dumps(body, ensure_ascii=False).encode()) < LARGEST_BYTES * 2
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert all(action["type"] == "Action.OpenUrl" for action in attachment["content"]["actions"])


@given(st.text(min_size=121, max_size=400), st.text(min_size=121, max_size=400))
def test_long_keys_stay_apart(first: str, second: str) -> None:
    assert len(short_key(first)) == 120
    assert (short_key(first) == short_key(second)) == (first == second)
