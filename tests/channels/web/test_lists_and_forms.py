"""Addresses of lists, and forms that come back with errors."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.web.addresses import Address, sorted_by
from fairkeeper.web.forms import Field, FieldKind, Form, Question, with_answers
from fairkeeper.web.listing import Column, Filter, Listing
from fairkeeper.web.parts import Empty

WORDS = st.text(alphabet=st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=12)


def _listing(address: Address) -> Listing[str]:
    return Listing(
        id="customers",
        caption="Customers",
        columns=(Column(label="Customer", key="name"), Column(label="Tenant")),
        rows=(),
        empty=Empty(title="None", text="None yet."),
        address=address,
        filters=(Filter(name="state", label="State"),),
    )


def test_a_filter_keeps_the_others_and_the_order() -> None:
    here = Address("/customers", (("state", "Suspended"), ("sort", "name")))
    assert str(here.having(step="operate")) == "/customers?state=Suspended&sort=name&step=operate"


def test_a_parameter_without_a_value_is_no_filter() -> None:
    assert str(Address.of("/customers", [("state", ""), ("step", "buy")])) == "/customers?step=buy"


@given(WORDS, WORDS)
def test_a_value_cannot_break_out_of_the_query(key: str, value: str) -> None:
    written = str(Address("/customers", ((key, value),)))
    assert written.count("?") == 1
    assert written.count("&") == 0
    assert written.count("=") == 1
    assert not set(written) & set("\"'<> #")


@pytest.mark.parametrize(("before", "after"), [("", "name"), ("name", "-name"), ("-name", "name"), ("step", "name")])
def test_a_head_orders_ascending_first_and_then_turns_round(before: str, after: str) -> None:
    here = Address.of("/customers", [("sort", before), ("page", "3")])
    assert sorted_by(here, "name").query == (("sort", after),)


def test_only_the_ordered_column_says_so() -> None:
    name, tenant = _listing(Address("/customers", (("sort", "-name"),))).heads
    assert (name.sorted, tenant.sorted, tenant.href) == ("descending", "", "")


def test_an_order_is_no_filter() -> None:
    assert not _listing(Address("/customers", (("sort", "name"),))).is_filtered
    filtered = _listing(Address("/customers", (("sort", "name"), ("state", "Suspended"))))
    assert filtered.is_filtered
    assert filtered.unfiltered_href == "/customers?sort=name"


def _form() -> Form:
    return Form(
        id="f",
        action="/f",
        submit="Save",
        idempotency_key="key-1",
        fields=(
            Field(name="email", label="E-mail"),
            Field(name="secret", label="Secret", kind=FieldKind.SECRET),
            Field(name="sure", label="Sure", kind=FieldKind.CHECKBOX, value="on"),
        ),
    )


def test_what_was_typed_is_kept_and_the_error_stands_at_its_field() -> None:
    back = with_answers(_form(), {"email": "kim@", "secret": "s3cret"}, {"email": "Not an address."})
    email, secret, sure = back.fields
    assert (email.value, email.error) == ("kim@", "Not an address.")
    assert secret.value == "", "a secret is never written back into a page"
    assert sure.value == "", "a box that was unticked stays unticked"
    assert [field.name for field in back.wrong_fields] == ["email"]
    assert back.idempotency_key == "key-1"


def test_an_error_without_a_field_is_not_lost() -> None:
    assert with_answers(_form(), {}, {"plan": "There is no such plan."}, "Not saved.").error == (
        "Not saved. There is no such plan."
    )


def test_the_irreversible_asks_for_a_word_and_keeps_its_error() -> None:
    question = Question(
        id="q", opener="Stop", href="/q", title="Stop?", points=("It stops.",), form=_form(), typed_word="contoso"
    )
    assert question.full_form.fields[0].name == "typed_word"
    wrong = Field(name="typed_word", label="Type it", value="contso", error="That is another word.")
    again = replace(question, form=replace(_form(), fields=(*_form().fields, wrong))).full_form
    assert [field.name for field in again.fields] == ["typed_word", "email", "secret", "sure"]
    assert again.fields[0].error == "That is another word."
