"""A receiver that fails loses nothing, and gets nothing twice without the same id; over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from fairkeeper.action.principal import system
from fairkeeper.assurance.erasure import erase_assurance
from fairkeeper.assurance.errors import DestinationInvalidError, DestinationNotFoundError
from fairkeeper.assurance.forwarding.destinations import (
    KEEP_SECRET,
    DestinationLine,
    add_destination,
    end_destination,
    keep_secret,
    list_destinations,
    secret_name,
)
from fairkeeper.assurance.forwarding.exporting import EventPage, export_events
from fairkeeper.assurance.forwarding.following import FOLLOW_RECEIVER, follow_receiver
from fairkeeper.assurance.forwarding.ocsf import problems_of
from fairkeeper.assurance.tables import EventDestinationRow
from fairkeeper.customers.tables import CustomerRow, ReminderRow
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task, TaskRow
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.jobs.forwarding import BATCH, FORWARD, ForwardingWork, Sender
from fairkeeper.outbound.receivers.webhook import EventSender
from fairkeeper.values.ids import CustomerId, TenantId
from tests.actions.evidence.world import Log, draft
from tests.actions.house import NOW, House, customer_person, staff

OWNER = staff("owner")


class Receiver:
    """Takes events; answers as it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.loses_answers = False
        self.batches: list[tuple[dict[str, str], bytes]] = []
        self.refused = 0
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/events"

    def uids(self) -> list[str]:
        return [event["metadata"]["uid"] for _headers, body in self.batches for event in json.loads(body)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if receiver.status == 200:
                    receiver.batches.append(({name.lower(): value for name, value in self.headers.items()}, body))
                else:
                    receiver.refused += 1
                if receiver.loses_answers:
                    self.close_connection = True
                    return
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        return Handler


class Delivery:
    """A log, a house to add destinations in, and the work that delivers."""

    def __init__(self, database: Database, sender: Sender | None = None) -> None:
        self.log = Log(database)
        self.secrets = SecretStore(MasterKeys([MasterKeys.new_key()]))
        operations = (add_destination, end_destination, list_destinations, export_events, follow_receiver, keep_secret)
        self.house = House(database, operations, {SecretStore: self.secrets})
        self.work = ForwardingWork(database, self.house.clock, self.secrets, sender or EventSender())
        self.database = database

    def tell(self, *numbers: int, customer_id: str | None = "cus_contoso") -> None:
        self.log.tell(*(draft(each, customer_id) for each in numbers))
        self.log.integrator.run_until_current()

    def minute(self) -> None:
        self.house.clock.move(timedelta(minutes=1))
        now = self.house.clock.now()
        self.work.forward(Task(id=1, name=FORWARD, key="k", payload={}, attempts=1, customer_id=None, due_at=now))

    def entries(self, customer_id: str | None = None) -> list[str]:
        with self.database.read() as session:
            statement = select(EntryRow.entry_id).where(EntryRow.leaf_index.is_not(None))
            if customer_id is not None:
                statement = statement.where(EntryRow.customer_id == customer_id)
            return list(session.scalars(statement.order_by(EntryRow.leaf_index)))

    def kept(self, destination_id: str) -> str | None:
        """Do what customers' secrets wait for; return the secret that is kept of a destination."""
        with self.database.read() as session:
            tasks = session.scalars(select(TaskRow).where(TaskRow.name == KEEP_SECRET).order_by(TaskRow.id)).all()
        for task in tasks:
            self.house.run(keep_secret, system("test"), **task.payload)
        with self.database.read() as session:
            found = self.secrets.get(session, secret_name(destination_id))
        return None if found is None else found.reveal().decode()

    def look(self) -> list[ReminderRow]:
        """Look after the receivers as the worker would, where it is due; return what waits for a person."""
        now = self.house.clock.now()
        with self.database.read() as session:
            due = session.scalars(select(TaskRow).where(TaskRow.name == FOLLOW_RECEIVER, TaskRow.due_at <= now)).all()
        for task in due:
            self.house.run(follow_receiver, system("test"), destination_id=task.payload["destination_id"])
        with self.database.read() as session:
            return list(session.scalars(select(ReminderRow).where(ReminderRow.closed_at.is_(None))))

    def line(self) -> DestinationLine:
        (found,) = self.house.run(list_destinations, OWNER)
        line: DestinationLine = found
        return line


def contoso(database: Database) -> None:
    """Make the customer Contoso."""
    with database.write() as session:
        session.add(
            CustomerRow(
                customer_id=CustomerId("cus_contoso"),
                slug="contoso",
                name="Contoso",
                tenant_id=TenantId("0b01aaaa-0000-4000-8000-000000000001"),
                created_at=NOW,
            )
        )


@pytest.fixture
def delivery(sqlite_database: Database) -> Delivery:
    return Delivery(sqlite_database)


@pytest.fixture
def delivery_on_both(database: Database) -> Delivery:
    return Delivery(database)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


def test_a_receiver_that_fails_for_an_hour_loses_nothing(delivery_on_both: Delivery, receiver: Receiver) -> None:
    delivery = delivery_on_both
    added = delivery.house.run(add_destination, OWNER, name="SIEM", address=receiver.address, from_beginning=True)
    delivery.tell(1, 2, 3)
    delivery.minute()
    receiver.status = 503
    began = delivery.house.clock.now()
    for minute in range(60):
        delivery.tell(10 + minute)
        delivery.minute()
    line = delivery.line()
    assert line.failing_since == began + timedelta(minutes=1)
    assert "503" in (line.last_error or "")
    assert receiver.refused == 60
    assert line.behind == len(delivery.entries()) - 4  # the destination's own entry and three were taken
    receiver.status = 200
    delivery.minute()
    assert receiver.uids() == delivery.entries()
    assert (delivery.line().failing_since, delivery.line().behind) == (None, 0)
    for headers, body in receiver.batches:
        assert all(problems_of(event) == [] for event in json.loads(body))
        told = Webhook(added.secret).verify(body.decode(), headers)  # the clock of the sender is the machine's
        assert told
    delivery.minute()
    assert receiver.uids() == delivery.entries()


def test_a_receiver_that_keeps_failing_is_put_before_somebody_until_it_works(
    delivery: Delivery, receiver: Receiver
) -> None:
    delivery.house.run(add_destination, OWNER, name="SIEM", address=receiver.address)
    delivery.tell(1)
    receiver.status = 503
    for _ in range(10):
        delivery.minute()
    assert delivery.look() == []
    for _ in range(10):
        delivery.minute()
    (reminder,) = delivery.look()
    assert reminder.code == "assurance.receiver_failing"
    assert "SIEM takes no events since 22 Nov 2026 09:01 UTC" in reminder.message
    receiver.status = 200
    delivery.minute()
    assert delivery.look() == []


ELSEWHERE = {"address": "https://siem.contoso.example/events"}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({**ELSEWHERE, "address": "http://siem.contoso.example/"}, "is no secret address"),
        ({**ELSEWHERE, "address": "https://localhost/events"}, "is no secret address"),
        ({**ELSEWHERE, "kind": "file", "address": "siem"}, "for the publisher's own events"),
        ({**ELSEWHERE, "kind": "syslog", "address": "tcp://siem.contoso.example:514"}, "is no secret address"),
        ({**ELSEWHERE, "kind": "sentinel"}, "not ocsf"),
        ({**ELSEWHERE, "kind": "sentinel", "event_format": "audit"}, "needs a proper rule_id"),
        ({**ELSEWHERE, "kind": "otlp", "event_format": "ocsf"}, "takes spans"),
        ({**ELSEWHERE, "secret": "mine"}, "no secret from outside"),
        ({**ELSEWHERE, "stream": "Custom-X"}, "has no stream"),
    ],
)
def test_a_destination_that_could_not_work_or_reaches_inside_is_refused(
    delivery: Delivery, wanted: dict[str, str], says: str
) -> None:
    contoso(delivery.database)
    admin = customer_person("cus_contoso", "customer_admin")
    with pytest.raises(DestinationInvalidError) as refused:
        delivery.house.run(add_destination, admin, name="Ours", **wanted)
    assert says in refused.value.message
    added = delivery.house.run(add_destination, admin, name="Ours", **ELSEWHERE)
    (line,) = delivery.house.run(list_destinations, OWNER)
    assert (line.destination_id, line.customer_id) == (added.destination_id, "cus_contoso")
    assert delivery.kept(added.destination_id) == added.secret
    delivery.house.run(end_destination, admin, destination_id=added.destination_id, reason="Replaced.")
    assert delivery.kept(added.destination_id) is None
    with pytest.raises(DestinationInvalidError):
        delivery.house.run(add_destination, OWNER, name="Up", kind="file", address="../etc/passwd")


def test_what_comes_twice_has_the_same_id(delivery: Delivery, receiver: Receiver) -> None:
    delivery.house.run(add_destination, OWNER, name="SIEM", address=receiver.address)
    delivery.tell(1, 2)
    receiver.loses_answers = True
    delivery.minute()
    receiver.loses_answers = False
    delivery.minute()
    first, second = receiver.batches
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    assert sorted(set(receiver.uids())) == sorted(delivery.entries())


def test_a_customers_receiver_gets_its_own_and_one_that_fails_keeps_nobody_waiting(
    delivery: Delivery, receiver: Receiver
) -> None:
    contoso(delivery.database)
    delivery.house.run(add_destination, OWNER, name="Away", address="http://127.0.0.1:9/away")
    delivery.house.run(
        add_destination, OWNER, name="Contoso", address=receiver.address, customer_id="cus_contoso", from_beginning=True
    )
    delivery.tell(1, 2, customer_id="cus_fabrikam")
    delivery.tell(3, 4)
    delivery.minute()
    assert receiver.uids() == delivery.entries("cus_contoso")
    away, ours = delivery.house.run(list_destinations, OWNER)
    assert (away.failing_since is None, ours.failing_since) == (False, None)

    taken = receiver.uids()
    with delivery.database.write() as session:
        erase_assurance(session, CustomerId("cus_contoso"), now=NOW)
    delivery.tell(5)
    delivery.minute()
    assert receiver.uids() == taken
    with delivery.database.read() as session:
        rows = {row.destination_id: row for row in session.scalars(select(EventDestinationRow))}
        assert (rows[ours.destination_id].address, rows[ours.destination_id].name) == ("erased", "erased")
        kept = {each: delivery.secrets.get(session, secret_name(each)) is not None for each in rows}
    assert kept == {away.destination_id: True, ours.destination_id: False}


def test_more_than_a_batch_is_delivered_in_order_and_an_ended_one_gets_nothing(
    delivery: Delivery, receiver: Receiver
) -> None:
    added = delivery.house.run(add_destination, OWNER, name="SIEM", address=receiver.address, from_beginning=True)
    delivery.tell(*range(BATCH + 5))
    delivery.minute()
    assert len(receiver.batches) == 2
    assert receiver.uids() == delivery.entries()
    delivery.house.run(end_destination, OWNER, destination_id=added.destination_id, reason="Replaced.")
    delivery.tell(9_000)
    delivery.minute()
    assert len(receiver.batches) == 2
    with pytest.raises(DestinationNotFoundError):
        delivery.house.run(end_destination, OWNER, destination_id=added.destination_id, reason="Again.")


def test_a_collector_reads_page_by_page_and_misses_nothing(delivery: Delivery) -> None:
    delivery.tell(*range(7))
    after, seen = -1, []
    while True:
        page: EventPage = delivery.house.run(export_events, OWNER, after=after, limit=3)
        if page.next_after == after:
            break
        after = page.next_after
        seen += [event["metadata"]["uid"] for event in page.events]
    assert seen == delivery.entries()
