"""How messages leave this installation: by which mail server, into which channel of Teams, or not at all."""

from __future__ import annotations

from fairkeeper.action.runner import Runner
from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.bootstrap.wiring.credentials import endings_of
from fairkeeper.bootstrap.wiring.observing import ObservedMail, ObservedTeams
from fairkeeper.errors import InvalidError
from fairkeeper.jobs.connections import ConnectionsWork, LookAtAll
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.messages import MessagesWork
from fairkeeper.messages.ports import Mailer, TeamsChannel
from fairkeeper.outbound.addresses import target_of
from fairkeeper.outbound.mail import MailServer, NoMail, SMTPMailer
from fairkeeper.outbound.teams import NoTeams, TeamsWorkflow
from fairkeeper.overview.connections.looking import SeenLook
from fairkeeper.values.clock import Clock


def make_mailer(settings: Settings) -> Mailer:
    """Return how mail is sent.

    Raises:
        SettingsError: The mail server or the sender cannot be used, or one is set without the other.
    """
    if settings.is_observing and (settings.smtp_url is not None or settings.mail_from is not None):
        return ObservedMail()
    if settings.smtp_url is None and settings.mail_from is None:
        return NoMail()
    if settings.smtp_url is None or settings.mail_from is None:
        msg = "FAIRKEEPER_SMTP_URL and FAIRKEEPER_MAIL_FROM are set together, or neither is."
        raise SettingsError(msg, remedy="Set both.")
    try:
        return SMTPMailer(MailServer.parse(settings.smtp_url.get_secret_value()), sender=settings.mail_from)
    except InvalidError as error:
        raise SettingsError(error.message, remedy=error.remedy) from error


def make_teams(settings: Settings) -> TeamsChannel:
    """Return how cards are posted.

    Raises:
        SettingsError: The workflow's address cannot be called.
    """
    if settings.teams_webhook_url is None:
        return NoTeams()
    if settings.is_observing:
        return ObservedTeams()
    url = settings.teams_webhook_url.get_secret_value()
    try:
        target_of(url, lookup=lambda host, _port: ["127.0.0.1" if host in {"localhost", "127.0.0.1"} else "8.8.8.8"])
    except InvalidError as error:
        msg = "FAIRKEEPER_TEAMS_WEBHOOK_URL is neither an https address nor one of this machine."
        raise SettingsError(msg, remedy="Copy the address that the workflow shows.") from error
    return TeamsWorkflow(url=url)


def look_at(settings: Settings, house_clock: Clock) -> LookAtAll:
    """Return how a server looks at its own connections."""

    def look(names: frozenset[str]) -> list[SeenLook]:
        from fairkeeper.bootstrap.wiring.examining.doctor import look_at_all

        return [
            SeenLook(name=each.name, is_set=each.is_set, findings=[found.to_json() for found in each.findings])
            for each in look_at_all(settings, house_clock, names)
        ]

    return look


def messages_work(settings: Settings, runner: Runner, mailer: Mailer, teams: TeamsChannel) -> Work:
    """Return the background work of messages, and of what is said in time: that a credential of ours ends."""
    messages = MessagesWork(runner, mailer, teams, base_url=settings.address).work()
    endings = ConnectionsWork(
        runner, endings_of(settings), look_at(settings, runner.clock), is_daily=settings.sandbox_url is None
    ).work()
    return Work(handlers=(*messages.handlers, *endings.handlers), schedules=(*messages.schedules, *endings.schedules))
