"""A process that does the work of messages once, to be killed in the midst of it.

Usage: python killed_program.py DATABASE_URL SMTP_PORT NOW
"""

from __future__ import annotations

import sys
from datetime import datetime

from fairkeeper.access.authorise import make_authorise, nobody_is_suspended
from fairkeeper.action.operation import Ports
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Runner, Wiring
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.jobs.messages import MessagesWork
from fairkeeper.jobs.worker import Worker
from fairkeeper.messages.operations import OPERATIONS
from fairkeeper.messages.ports import Mailer, TeamsChannel
from fairkeeper.outbound.mail import MailServer, SMTPMailer
from fairkeeper.outbound.teams import NoTeams
from fairkeeper.values.clock import FixedClock


def main(url: str, port: int, now: datetime) -> None:
    """Do what is due."""
    database, clock = Database(DatabaseAddress(url=url)), FixedClock(now)
    mailer = SMTPMailer(MailServer(host="127.0.0.1", port=port, is_tls=False), sender="fk@fairmile.example")
    ports = Ports(by_protocol={Mailer: mailer, TeamsChannel: NoTeams()})
    wiring = Wiring(authorise=make_authorise(nobody_is_suspended), record=append, ports=ports)
    runner = Runner(Registry(OPERATIONS), database, clock, wiring)
    work = MessagesWork(runner, mailer, NoTeams(), base_url="https://fairkeeper.fairmile.example").work()
    Worker(database, clock, work=work).run_due()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
