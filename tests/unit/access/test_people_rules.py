"""The rule of the owners, for every number of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.access.errors import OwnersTooFewError
from fairkeeper.access.people import refuse_no_admin, refuse_too_few_owners


def _is_refused(before: int, after: int) -> bool:
    try:
        refuse_too_few_owners(before, after)
    except OwnersTooFewError:
        return True
    return False


@given(before=st.integers(0, 50), after=st.integers(0, 50))
def test_owners_never_fall_below_two_or_what_there_was(before: int, after: int) -> None:
    assert _is_refused(before, after) == (after < before and after < 2)


@given(before=st.integers(0, 50), more=st.integers(0, 50))
def test_more_or_as_many_owners_are_always_fine(before: int, more: int) -> None:
    assert not _is_refused(before, before + more)


def test_a_customer_without_an_administrator_may_stay_so() -> None:
    refuse_no_admin(0, 0)
    with pytest.raises(OwnersTooFewError):
        refuse_no_admin(1, 0)
