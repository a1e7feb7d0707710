"""The made-up book of a sandbox: exports until today, lists that fit them, and a pretend CRM that takes cards."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from itertools import pairwise

import pytest
from starlette.testclient import TestClient

from fairkeeper.opportunities.actions.desk import list_in
from fairkeeper.opportunities.insights.importing import Prepared, prepare
from fairkeeper.sandbox.crm.app import crm_app
from fairkeeper.sandbox.insights.sample import MONTHS, crm_account, sample_files


@pytest.mark.parametrize("today", [date(2026, 11, 28), date(2027, 1, 31), date(2028, 2, 29), date(2026, 3, 1)])
def test_its_exports_are_of_the_last_months_and_are_read(today: date) -> None:
    files = sample_files(today, owner="ann@publisher.example")
    exports = [prepare(name, content, taken_on=None, today=today) for name, content in files if not list_in(content)]
    assert len(exports) == MONTHS
    days = []
    for each in exports:
        assert isinstance(each, Prepared)
        days.append(each.taken_on)
    assert days == sorted(days)
    assert timedelta(0) <= today - days[-1] <= timedelta(days=3)
    assert all(timedelta(days=27) <= later - earlier for earlier, later in pairwise(days))
    assert [list_in(content) for _, content in files[-2:]] == ["accounts", "prices"]


def test_its_accounts_have_owners_and_some_wait_for_a_person() -> None:
    text = dict(sample_files(date(2026, 11, 28), owner="ann@publisher.example"))["accounts.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["owner"] for row in rows} == {"", "ann@publisher.example"}
    assert len({row["crm_account"] for row in rows}) == len(rows)
    assert [row for row in rows if not row["tenant_id"]]


def test_the_pretend_crm_takes_a_record_of_any_account_and_gives_it_back() -> None:
    client = TestClient(crm_app(), headers={"authorization": "Bearer any"})
    path = f"/api/data/v9.2/opportunities({crm_account(7)})"
    body = {"name": "Contoso", "parentaccountid@odata.bind": f"/accounts({crm_account(1)})"}
    assert client.get(path).status_code == 404
    assert client.patch(path, json=body).status_code in {201, 204}
    assert client.get(path, params={"$select": "name"}).json()["name"] == "Contoso"
    assert TestClient(crm_app()).get(path).status_code == 401
