"""Products, ids and jobs.

Documents: Private offers submission API overview; Job status and retrieve private offer detail via API; Plans and
pricing.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.sandbox.ingestion.jobs.job import POLLED_EVERY, TAKES, Job
from fairkeeper.sandbox.ingestion.jobs.rules import JobError
from tests.unit.sandbox_ingestion.builders import BUSINESS, DESK, NOON, TEAM, accounts, base, products


def test_every_id_is_of_one_product_or_plan() -> None:
    listed = products().products
    ids = [each.durable_id for each in listed] + [plan.durable_id for each in listed for plan in each.plans]
    assert len(set(ids)) == len(ids)


def test_a_plan_is_found_by_every_spelling_of_its_id() -> None:
    """Samples write plan/{plan} and plan/{product}/{plan}."""
    product = products().find("fairmile", DESK.removeprefix("product/"))
    assert product is not None
    last = BUSINESS.rpartition("/")[2]
    assert {product.plan(each) for each in (BUSINESS, BUSINESS.upper(), f"plan/{last}", last)} == {base()}
    assert product.plan("business") is None


def test_a_flat_plan_lists_one_to_five_years_and_a_seat_its_own_term() -> None:
    """PRICE: a month once, years once a year; four and five years since 2025."""
    assert [each.months for each in base().terms] == [1, 12, 24, 36, 48, 60]
    assert {each.price for each in base().terms[1:]} == {base().terms[0].price * 12}
    assert [each.months for each in base(TEAM).terms] == [1]


def test_another_publishers_products_are_not_found() -> None:
    foreign = products().of("tailspin")[0]
    assert products().find("fairmile", foreign.durable_id) is None


def test_every_customer_has_one_billing_account_with_people_of_its_own() -> None:
    known = accounts()
    assert all(each.acceptors <= each.buyers for each in known.billing)
    assert len({each.id for each in known.billing}) == len(known.billing) == 6
    everybody = [person for each in known.billing for person in each.buyers]
    assert len(set(everybody)) == len(everybody)


def job(**changes: object) -> Job:
    values: dict[str, object] = {
        "id": "1",
        "account_id": "fairmile",
        "body": {},
        "submitted_at": NOON,
        "ends_at": NOON + TAKES,
        **changes,
    }
    return Job(**values)  # type: ignore[arg-type]


def test_a_job_goes_from_not_started_to_completed() -> None:
    """OVER, step 2: jobStatus and jobResult."""
    assert job().status(NOON) == ("notStarted", "pending")
    assert job().status(NOON + timedelta(seconds=10)) == ("running", "pending")
    assert job(is_done=True).status(NOON) == ("completed", "succeeded")
    failed = job(is_done=True, errors=(JobError(code="Conflict", message="m"),))
    assert failed.status(NOON) == ("completed", "failed")


@given(seconds=st.floats(min_value=0, max_value=200))
def test_a_job_may_be_asked_about_again_after_exactly_a_minute(seconds: float) -> None:
    """JOB: a maximum frequency of one request per minute."""
    asked = job(polled_at=NOON)
    wait = asked.wait_seconds(NOON + timedelta(seconds=seconds))
    assert (wait == 0) == (timedelta(seconds=seconds) >= POLLED_EVERY)
    assert asked.wait_seconds(NOON + timedelta(seconds=seconds + wait)) == 0
