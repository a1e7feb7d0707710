"""The room's background work against receivers on this machine: the API is read, alerts are told, a model narrates."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from fairkeeper.access.actions.people import add_person
from fairkeeper.bootstrap.wiring.opportunities import make_desk, make_feeds
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.messages import MessagesWork
from fairkeeper.jobs.opportunities import OpportunitiesWork
from fairkeeper.jobs.worker import Worker
from fairkeeper.messages.tables import CopyRow, MessageRow
from fairkeeper.opportunities.actions.runs import is_held_out
from fairkeeper.opportunities.asking.answering import ask, only_given_numbers
from fairkeeper.opportunities.queries import list_alerts, list_cards, list_snapshots
from fairkeeper.opportunities.tables import AccountRow, AlertRow, SnapshotRow
from fairkeeper.outbound.narrator import ChatNarrator
from fairkeeper.sandbox.insights.api import InsightsDouble
from fairkeeper.values.ids import new_id
from tests.actions.opportunities.book import Book, market, open_book

Answering = Callable[[str, str, dict[str, str], bytes], tuple[int, Any]]
TASK = Task(
    id=1,
    name="opportunities.any",
    key="",
    payload={},
    attempts=1,
    customer_id=None,
    due_at=datetime(2026, 4, 2, 9, tzinfo=UTC),
)
SECRET = "the-secret-of-the-connection"


@contextmanager
def listening(answer: Answering) -> Iterator[str]:
    """Answer on the loopback address while the block lasts; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = answer(self.command, self.path, headers, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _take  # noqa: N815 - the base's own names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    made = open_book(tmp_path_factory.mktemp("work"))
    made.take(3, 4)
    yield made
    made.installation.close()


def work_of(book: Book) -> OpportunitiesWork:
    runner = book.installation.runner
    return OpportunitiesWork(runner, make_desk(book.installation.settings, runner), None)


def connections(folder: Path, address: str, **more: Any) -> Path:
    path = folder / "connections.yaml"
    connection = {
        "name": "distributor",
        "base_url": f"{address}/abss",
        "token_url": f"{address}/token",
        "client_id": "c",
        "secret_variable": "FK_TEST_INSIGHTS_SECRET",
        **more,
    }
    path.write_text(json.dumps([connection]), encoding="utf-8")
    return path


def test_the_job_reads_each_connection_as_a_source_of_its_own_and_twice_changes_nothing(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    double = InsightsDouble(market(), page_rows=150)
    asked: list[str] = []

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        asked.append(f"{method} {path}")
        if path == "/token":
            assert SECRET in body.decode()
            return 200, {"access_token": "tok", "expires_in": 3600}
        assert headers["authorization"] == "Bearer tok"
        status, document = double.answer(path, headers)
        # A distributor that calls things otherwise than the assumption has it.
        rows = [{("seatsPaid" if k == "copilotPAU" else k): v for k, v in row.items()} for row in document["value"]]
        more = document.get("nextLink")
        return status, {"tenants": rows, **({"more": more} if more else {})}

    monkeypatch.setenv("FK_TEST_INSIGHTS_SECRET", SECRET)
    with listening(answer) as address:
        path = connections(
            tmp_path, address, rows_in=["tenants"], next_in=["more"], properties={"seatsPaid": "Copilot PAU"}
        )
        work = work_of(book)
        work.work(fetching=make_feeds(path, book.clock))
        work.fetch(TASK)
        work.fetch(TASK)
    kept = book.run(list_snapshots, connection="distributor")
    assert [(each.tab, each.rows, each.revision) for each in kept] == [("copilot", double.rows, 1)]
    assert len([each for each in asked if "/v1.5/api/opportunities/copilot" in each]) == 2 * 3
    with book.installation.database.read() as session:
        row = session.get(SnapshotRow, kept[0].id)
    assert row is not None
    assert row.known_values["paid_seats"] == row.rows


def alert(book: Book, number: int, *, is_urgent: bool) -> None:
    with book.installation.database.write() as session:
        session.add(
            AlertRow(
                id=new_id("alr"),
                connection="told",
                tenant_id=f"tenant-{number}",
                tenant_name=f"Fabrikam {number}",
                kind="paid_drop",
                sentence=f"Licensed users fell to {number} where 90 were expected.",
                before=90,
                after=number,
                surprise_milli=4000,
                is_urgent=is_urgent,
                as_of=datetime(2026, 3, 28, tzinfo=UTC).date(),
                run_id="run_x",
                opened_at=book.clock.now(),
                closed_at=None,
                told_at=None,
            )
        )


def owned_by(book: Book, number: int, owner: str) -> None:
    with book.installation.database.write() as session:
        session.add(
            AccountRow(
                tenant_id=f"tenant-{number}",
                name=f"Fabrikam {number}",
                owner=owner,
                match_state="matched",
                candidates=[],
                changed_at=book.clock.now(),
            )
        )


@pytest.fixture
def telling(tmp_path: Path) -> Iterator[tuple[Book, list[str]]]:
    """Open an installation whose messages go to a channel of Teams on this machine; with what arrived there."""
    cards: list[str] = []

    def answer(_method: str, _path: str, _headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        cards.append(body.decode())
        return 202, {}

    with listening(answer) as address:
        made = open_book(
            tmp_path,
            mode="manage",
            entra_tenant_id="0b01c0de-0000-4000-8000-000000000001",
            teams_webhook_url=f"{address}/workflow?sig=s",
            smtp_url="smtp://127.0.0.1:9",
            mail_from="fairkeeper@publisher.example",
        )
        yield made, cards
        made.installation.close()


def messages_of(book: Book) -> list[MessageRow]:
    given = book.installation
    room = MessagesWork(given.runner, given.mailer, given.teams, base_url="https://fairkeeper.contoso.example")
    worker = Worker(given.database, book.clock, work=room.work(), threads=1, lease=timedelta(seconds=60))
    while worker.run_due():
        pass  # taking a message up plants its copies, and handing them over comes after
    with book.installation.database.read() as session:
        return list(session.scalars(select(MessageRow).order_by(MessageRow.code, MessageRow.to)))


def sellers(book: Book) -> dict[str, str]:
    found = {}
    for number, name in enumerate(("ann", "ben")):
        person = book.run(
            add_person,
            tenant_id="0b01c0de-0000-4000-8000-000000000001",
            object_id=f"0b01c0de-0000-4000-8000-00000000001{number}",
            name=name.capitalize(),
            email=f"{name}@publisher.example",
            roles=["seller"],
        )
        found[name] = person.id
    return found


def test_urgent_alerts_are_told_once_to_the_accounts_owner_and_to_all_sellers_where_nobody_owns_it(
    telling: tuple[Book, list[str]],
) -> None:
    book, cards = telling
    people = sellers(book)
    for number in range(3):
        alert(book, number, is_urgent=True)
    alert(book, 50, is_urgent=False)
    owned_by(book, 1, "Ann@publisher.example")
    owned_by(book, 2, "somebody@left.example")
    work = work_of(book)
    work.tell_urgent(TASK)
    work.tell_urgent(TASK)
    told = messages_of(book)
    assert {each.to for each in told} == {people["ann"], "seller"}
    assert {each.urgency for each in told} == {"urgent"}
    said = {each.to: each.values["alerts"] for each in told}
    assert "Fabrikam 1" in said[people["ann"]]
    assert [f"Fabrikam {n}" in said["seller"] for n in (0, 1, 2, 50)] == [True, False, True, False]
    with book.installation.database.read() as session:
        readers = set(session.scalars(select(CopyRow.person_id)))
    assert {people["ann"], people["ben"], "teams"} <= readers
    assert len(cards) == 2  # by day nothing is quiet, so the channel has both at once
    assert "Fabrikam 2" in "".join(cards)
    assert all(len(card.encode()) < 28_000 for card in cards)


def test_at_night_an_urgent_alert_waits_for_the_end_of_the_quiet_hours(telling: tuple[Book, list[str]]) -> None:
    book, cards = telling
    sellers(book)
    book.clock.move(timedelta(hours=14))
    alert(book, 0, is_urgent=True)
    work_of(book).tell_urgent(TASK)
    messages_of(book)
    assert cards == []
    book.clock.move(timedelta(hours=9))
    messages_of(book)
    assert len(cards) == 1


def test_the_weeks_digest_holds_what_changed_who_crossed_the_line_and_whom_to_talk_to(
    telling: tuple[Book, list[str]],
) -> None:
    book, _cards = telling
    sellers(book)
    book.take(2)
    book.clock.move(timedelta(days=3))
    book.take(3)
    for number in range(30):
        alert(book, number, is_urgent=False)
    work = work_of(book)
    work.tell_digest(TASK)
    work.tell_digest(TASK)
    (message,) = [each for each in messages_of(book) if each.code == "opportunities.the_week"]
    assert (message.to, message.urgency) == ("seller", "digest")
    assert int(message.values["changed"]) >= 30
    assert "more in Fairkeeper" in message.values["alerts"]
    assert int(message.values["new"]) > 0
    first = book.run(list_cards, limit=1).cards[0]
    assert first.account in message.values["first"]
    assert "% likely" in message.values["cards"]


def test_nobody_is_told_of_an_account_that_nobody_is_to_contact(book: Book, tmp_path: Path) -> None:
    book.take(0, 1, 2)
    held = open_book(tmp_path, opportunities_holdout_percent=50)
    try:
        held.take(0, 1, 2, 3, 4)
        told = held.run(list_alerts, limit=500).alerts
        assert told
        assert not [each for each in told if is_held_out(each.tenant_id, 50)]
        assert len(told) < len(book.run(list_alerts, limit=500).alerts)
    finally:
        held.installation.close()


SAID = [
    ("At 2026-03-28 {first} leads.", True),
    ("{first} has 98765 seats.", False),
    ("", False),
]


@pytest.mark.parametrize(("said", "is_taken"), SAID)
def test_a_model_may_say_only_what_the_tools_returned(book: Book, said: str, is_taken: bool) -> None:
    asked: list[dict[str, Any]] = []
    plain = book.run(ask, question="Whom should I talk to this week?")
    told = said.format(first="The first account")
    if is_taken:
        told = told.replace("2026-03-28", str(plain.as_of))

    def answer(_method: str, _path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        assert headers["authorization"] == "Bearer key"
        asked.append(json.loads(body))
        return 200, {"choices": [{"message": {"content": told}}]}

    with listening(answer) as address, httpx.Client() as client:
        narrator = ChatNarrator(url=f"{address}/chat", model="m", key="key", client=client)
        facts = [{"text": each.text, "as_of": str(each.as_of)} for each in plain.lines]
        narration = narrator.narrate(plain.question, facts)
    assert (narration is not None and only_given_numbers(narration, facts)) is is_taken
    given = json.loads(asked[0]["messages"][1]["content"])
    assert given["facts"] == facts
    assert "Only" in asked[0]["messages"][0]["content"] or "only" in asked[0]["messages"][0]["content"]


@pytest.mark.parametrize("answer", [(500, {}), (200, {"choices": []}), (200, "x"), (302, {})])
def test_a_model_that_fails_is_left_out(answer: tuple[int, Any]) -> None:
    with listening(lambda *_: answer) as address, httpx.Client() as client:
        assert ChatNarrator(url=address, model="m", key="k", client=client).narrate("?", []) is None


def test_the_whole_answer_stands_without_the_model_and_never_changes_with_it(tmp_path: Path) -> None:
    said = ["Nothing counted here."]
    answer: Answering = lambda *_: (200, {"choices": [{"message": {"content": said[0]}}]})  # noqa: E731
    with listening(answer) as address:
        told = open_book(tmp_path, narrator_url=f"{address}/v1/chat/completions", narrator_model="m", narrator_key="k")
        try:
            told.take(4)
            good = told.run(ask, question="Whom should I talk to this week?")
            said[0] = "They will buy 123,456 seats."
            bad = told.run(ask, question="Whom should I talk to this week?")
        finally:
            told.installation.close()
    assert (good.narration, bad.narration) == ("Nothing counted here.", "")
    assert good.lines == bad.lines
