"""A house whose messages leave: by a real SMTP server and a real receiver of Teams' workflow, both on this machine."""

from __future__ import annotations

import asyncio
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import select

from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.action.principal import system
from fairkeeper.action.telling import MessageTemplate, Telling, Urgency, message_templates, settle, tell
from fairkeeper.database.session import Database
from fairkeeper.jobs.messages import MessagesWork
from fairkeeper.jobs.worker import Worker
from fairkeeper.messages.operations import OPERATIONS
from fairkeeper.messages.ports import Mailer, TeamsChannel
from fairkeeper.messages.tables import CopyRow, MessageRow
from fairkeeper.outbound.mail import MailServer, SMTPMailer
from fairkeeper.outbound.teams import TeamsWorkflow
from tests.actions.house import House

BASE = "https://fairkeeper.fairmile.example"
OCCASION = message_templates.declare(
    MessageTemplate(code="tests.occasion", title="An occasion", subject="{what}", text="{what} has happened.")
)


class Post:
    """A mail server: what arrived, and how it answers."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.readers: list[str] = []
        self.answers: list[str] = []
        self.breaks_off = False
        self.holds = False
        """Whether the server takes the text and never answers."""
        self.has_text = threading.Event()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.readers += envelope.rcpt_tos
        if self.holds:
            self.has_text.set()
            await asyncio.sleep(60)
        if self.breaks_off:
            self.breaks_off = False
            server.transport.abort()
        return answer

    def subjects(self, address: str | None = None) -> list[str]:
        pairs = zip(self.readers, self.mails, strict=True)
        return [str(mail["Subject"]) for reader, mail in pairs if address in (None, reader)]


class Channel:
    """A channel of Teams behind its workflow: what was posted, and how it answers."""

    def __init__(self) -> None:
        self.cards: list[dict[str, Any]] = []
        self.statuses: list[int] = []


class _Receiver(http.server.BaseHTTPRequestHandler):
    channel: Channel

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status = self.channel.statuses.pop(0) if self.channel.statuses else 202
        if status == 202:
            self.channel.cards.append(body)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        """Say nothing."""


HAPPENED = EvidenceKind(name="tests.happened/1", sentence="something happened")


class Happen(OperationInput):
    """What happens, and whom it is told."""

    what: str
    to: str = "finance"
    urgency: Urgency = Urgency.URGENT
    thing: str = "1"
    due_in_hours: float | None = None
    is_over: bool = False


@internal_command("tests.happen", evidence=(HAPPENED,))
def happen(context: CommandContext, request: Happen) -> Outcome[bool]:
    """Do what any room does: change something, and have somebody told of it in the same transaction."""
    due_at = None if request.due_in_hours is None else context.now + timedelta(hours=request.due_in_hours)
    if request.is_over:
        settle(context, OCCASION, request.thing, why="It was dealt with.")
        is_new = True
    else:
        is_new = tell(
            context,
            Telling(
                template=OCCASION,
                key=request.thing,
                to=request.to,
                urgency=request.urgency,
                values={"what": request.what},
                href="/customers/contoso",
                due_at=due_at,
            ),
        )
    entry = EvidenceDraft(kind=HAPPENED.name, subject_type="test", subject_id="1", payload={})
    return Outcome(result=is_new, entry=entry)


@dataclass
class World:
    """The house, its people, the mail server and the channel."""

    house: House
    worker: Worker
    post: Post
    channel: Channel
    work: MessagesWork
    port: int
    people: dict[str, str] = field(default_factory=dict)

    def happen(self, what: str, **fields: Any) -> bool:
        result: bool = self.house.run(happen, system("test"), what=what, **fields)
        return result

    def pass_hours(self, hours: float) -> None:
        self.house.clock.move(timedelta(hours=hours))
        self.worker.run_due()

    def states(self) -> list[str]:
        with self.house.database.read() as session:
            return list(session.scalars(select(CopyRow.state).order_by(CopyRow.id)))

    def message_id(self, number: int = 0) -> str:
        with self.house.database.read() as session:
            return session.scalars(
                select(MessageRow.message_id).order_by(MessageRow.told_at, MessageRow.message_id)
            ).all()[number]


@contextmanager
def open_world(database: Database, *, has_teams: bool = True) -> Iterator[World]:
    """Open it with Fiona (finance), Olivia and Oscar (owners)."""
    post, channel = Post(), Channel()
    port = _free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Receiver", (_Receiver,), {"channel": channel}))
    threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        mailer = SMTPMailer(
            MailServer(host="127.0.0.1", port=port, is_tls=False), sender="Fairkeeper <fk@fairmile.example>"
        )
        teams: TeamsChannel = TeamsWorkflow(url=f"http://127.0.0.1:{receiver.server_port}/workflow?sig=secret")
        if not has_teams:
            from fairkeeper.outbound.teams import NoTeams

            teams = NoTeams()
        house = House(database, (*OPERATIONS, happen), {Mailer: mailer, TeamsChannel: teams})
        with database.write() as session:
            for name, role in (("fiona", "finance"), ("olivia", "owner"), ("oscar", "owner")):
                session.add(_person(house, name, role))
        work = MessagesWork(house.runner, mailer, teams, base_url=BASE)
        worker = Worker(database, house.clock, work=work.work())
        yield World(house=house, worker=worker, post=post, channel=channel, work=work, port=port)
    finally:
        receiver.shutdown()
        receiver.server_close()
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _person(house: House, name: str, role: str) -> PersonRow:
    return PersonRow(
        id=f"per_{name}",
        kind="staff",
        tenant_id="t",
        object_id=name,
        name=name.capitalize(),
        email=f"{name}@fairmile.example",
        roles=[role],
        state="active",
        created_at=house.clock.now(),
    )
