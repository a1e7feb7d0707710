"""What is written down about a failure quotes nobody's data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError

from fairkeeper.errors import UpstreamError
from fairkeeper.jobs.failures import describe
from fairkeeper.jobs.handler import Schedule

SECRET = "ada@contoso.example"


class Seats(BaseModel):
    quantity: int
    email: str


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_our_own_errors_say_what_happened() -> None:
    error = UpstreamError("Microsoft answered activate with HTTP 500: no message", code="microsoft.fault")
    assert describe(raised(error)) == "microsoft.fault: Microsoft answered activate with HTTP 500: no message"


def test_a_refused_input_tells_its_fields_and_not_their_values() -> None:
    with pytest.raises(ValidationError) as caught:
        Seats.model_validate({"quantity": SECRET, "email": 7})

    told = describe(caught.value)

    assert SECRET not in told
    assert told == "ValidationError of Seats (email, quantity)"


def test_a_databases_refusal_tells_its_kind_alone() -> None:
    error = IntegrityError("INSERT …", {"email": SECRET}, ValueError(f"Key (email)=({SECRET}) already exists."))
    assert describe(raised(error)) == "IntegrityError (ValueError)"


@pytest.mark.parametrize("error", [KeyError(SECRET), ValueError(SECRET), RuntimeError(SECRET), TypeError(SECRET)])
def test_whatever_else_is_told_by_its_kind(error: Exception) -> None:
    assert describe(raised(error)) == type(error).__name__


def test_a_fault_in_our_own_code_tells_its_place() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        Schedule(name="never", every=timedelta()).task_at(datetime(2026, 11, 22, tzinfo=UTC))

    assert describe(caught.value).startswith("ZeroDivisionError in jobs/handler.py, line ")
