"""The room's commands on PostgreSQL: imported twice, ranked anew, matched, pushed, ended, dropped."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from fairkeeper.action.principal import system
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.opportunities.actions.accounts import set_accounts, set_prices
from fairkeeper.opportunities.actions.cards import record_outcome, record_shown
from fairkeeper.opportunities.actions.pushes import push_card
from fairkeeper.opportunities.actions.snapshots import drop_old_snapshots
from fairkeeper.opportunities.asking.answering import ask
from fairkeeper.opportunities.queries import explain_account, list_alerts, list_cards, list_pushes, list_snapshots
from fairkeeper.opportunities.tables import CardRow
from tests.actions.opportunities.book import open_book
from tests.databases import PostgresServer

pytestmark = pytest.mark.postgresql


@pytest.fixture
def address(postgresql_server: PostgresServer) -> Iterator[DatabaseAddress]:
    """A database without any table, which the installation migrates itself."""
    name = f"opportunities_{uuid.uuid4().hex[:12]}"
    postgresql_server.create(name, template="template1")
    yield postgresql_server.address(name)
    postgresql_server.drop(name)


def test_a_book_from_files_to_an_outcome(tmp_path: Path, address: DatabaseAddress) -> None:
    book = open_book(
        tmp_path,
        database_url=address.url,
        database_customer_url=address.customer_url,
        database_owner_url=address.owner_url,
        crm_kind="dynamics",
        crm_url="https://crm.example",
        crm_token="t",
    )
    try:
        book.take(2, 3)
        again = book.take(3)
        assert [each["is_new"] for each in again["files"]] == [False]
        prices = "product,price_per_seat_per_month,currency,from\ncopilot,30.00,USD,2026-01-01"
        book.run(set_prices, file={"name": "p.csv", "text": prices})
        first = book.run(list_cards, limit=1).cards[0]
        accounts = f"crm_account,name,domain,tenant_id,owner\nacc-1,{first.account},,{first.tenant_id},s@p.example"
        book.run(set_accounts, file={"name": "a.csv", "text": accounts})
        ranked = book.take(4)["ranking"]
        assert ranked["renewed"] > 0
        assert ranked["alerts_opened"] == len(book.run(list_alerts).alerts)
        card = next(each for each in book.run(list_cards, limit=500).cards if each.id == first.id)
        book.run(record_shown, card_ids=[card.id], channel="web")
        book.run(push_card, card_id=card.id)
        assert [each.state for each in book.run(list_pushes)] == ["wanted"]
        explained = book.run(explain_account, tenant=card.tenant_id)
        assert len(explained.past) == 3
        assert explained.match_state == "matched"
        assert book.run(ask, question="Whom should I talk to this week?").is_answered
        book.run(record_outcome, card_id=card.id, outcome="won", seats=5)
        with book.installation.database.read() as session:
            row = session.scalars(select(CardRow).where(CardRow.id == card.id)).one()
            assert (row.state, row.closed_at is not None) == ("won", True)
        book.clock.move(timedelta(days=200))
        book.run(drop_old_snapshots, system("opportunities"))
        assert {each.state for each in book.run(list_snapshots)} == {"kept"}
    finally:
        book.installation.close()
