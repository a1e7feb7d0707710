"""What a landing page says on which level, and what is held against its fields."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.path.landing_look import (
    FieldType,
    LandingLook,
    LookField,
    look_for,
    problems_of,
    read_fields,
    written_field,
    wrong_answers,
)

WORKSPACE = LookField(name="workspace", label="Workspace")
REGION = LookField(name="region", label="Region", type=FieldType.CHOICE, choices=("EU", "US"))
LEVELS = {
    ("", ""): LandingLook(product_name="Ours", terms_url="https://a.example/terms", fields=(WORKSPACE,)),
    ("assistant", ""): LandingLook(product_name="Assistant", fields=(REGION,)),
    ("assistant", "team"): LandingLook(welcome="Hello.", fields=(replace(WORKSPACE, label="Team"),)),
}


def test_a_plan_goes_before_its_offer_and_that_before_everything() -> None:
    found = look_for(LEVELS, "assistant", "team")
    assert (found.product_name, found.welcome, found.terms_url) == ("Assistant", "Hello.", "https://a.example/terms")
    assert [(field.name, field.label) for field in found.fields] == [("workspace", "Team"), ("region", "Region")]
    assert look_for(LEVELS, "other", "team").fields == (WORKSPACE,)
    assert look_for(LEVELS, None, None).product_name == "Ours"
    assert look_for({}, "assistant", "team") == LandingLook()


@pytest.mark.parametrize(
    ("look", "part"),
    [
        (LandingLook(terms_url="http://a.example"), "terms_url"),
        (LandingLook(privacy_url="mailto:a@b.example"), "privacy_url"),
        (LandingLook(support_url="javascript:alert(1)"), "support_url"),
        (LandingLook(support_url="https://"), "support_url"),
        (LandingLook(fields=(replace(WORKSPACE, name="Workspace"),)), "fields"),
        (LandingLook(fields=(replace(WORKSPACE, name="csrf_token"),)), "fields"),
        (LandingLook(fields=(replace(WORKSPACE, label=" "),)), "fields"),
        (LandingLook(fields=(WORKSPACE, WORKSPACE)), "fields"),
        (LandingLook(fields=(replace(WORKSPACE, label="Your password"),)), "fields"),
        (LandingLook(fields=(replace(REGION, choices=("EU", "EU")),)), "fields"),
        (LandingLook(fields=(replace(WORKSPACE, choices=("EU", "US")),)), "fields"),
        (LandingLook(fields=tuple(replace(WORKSPACE, name=f"n{n}") for n in range(21))), "fields"),
    ],
)
def test_what_cannot_hold_is_named(look: LandingLook, part: str) -> None:
    assert set(problems_of(look)) == {part}


def test_what_can_hold_has_no_problem() -> None:
    look = LandingLook(
        support_url="mailto:help@a.example", terms_url="https://a.example/t?x=1", fields=(WORKSPACE, REGION)
    )
    assert not problems_of(look)


@pytest.mark.parametrize(
    ("field", "answer", "is_right"),
    [
        (WORKSPACE, "contoso", True),
        (WORKSPACE, "  ", False),
        (replace(WORKSPACE, is_required=False), "", True),
        (WORKSPACE, "a" * 1_001, False),
        (WORKSPACE, "one\ntwo", False),
        (replace(WORKSPACE, type=FieldType.LONG_TEXT), "one\ntwo", True),
        (replace(WORKSPACE, type=FieldType.NUMBER), "-12", True),
        (replace(WORKSPACE, type=FieldType.NUMBER), "1.5", False),
        (replace(WORKSPACE, type=FieldType.EMAIL), "ada@contoso.example", True),
        (replace(WORKSPACE, type=FieldType.EMAIL), "ada", False),
        (REGION, "EU", True),
        (REGION, "eu", False),
    ],
)
def test_answers_are_held_against_the_fields(field: LookField, answer: str, is_right: bool) -> None:
    assert (wrong_answers([field], {field.name: answer}) == {}) is is_right


_words = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12)


@given(
    st.builds(
        LookField,
        name=st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
        label=_words,
        type=st.sampled_from([FieldType.TEXT, FieldType.NUMBER]),
        is_required=st.booleans(),
        hint=st.one_of(st.just(""), _words),
    )
)
def test_a_field_is_read_as_it_was_written(field: LookField) -> None:
    assert read_fields(written_field(field)) == (field,)
    choice = replace(field, type=FieldType.CHOICE, choices=("EU", "US"))
    assert read_fields(f"\n{written_field(choice)}\n") == (choice,)


@pytest.mark.parametrize(
    "line", ["workspace", "a | b | radio", "a | b | text | must", "a | b | text | required | | h | x"]
)
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="Line 2"):
        read_fields(f"company | Company\n{line}")
