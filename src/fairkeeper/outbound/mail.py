"""Mail by SMTP, to the publisher's own mail server: encrypted unless that is this machine, one connection a mail.

A `fairkeeper.messages.ports.Mailer`. Until the text has been sent nothing can have left, so a failure there is tried
again; a connection that breaks afterwards leaves it in doubt.

Source: RFC 5321, section 4.2 (reply codes), section 4.5.3.2.6 (after the final dot the answer may take long); RFC 3834,
section 5 (Auto-Submitted), read 2026-11-22.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from urllib.parse import unquote, urlsplit

from fairkeeper.errors import InvalidError
from fairkeeper.messages.errors import MessageInDoubtError, MessageRefusedError, MessageUnavailableError
from fairkeeper.messages.ports import Mail
from fairkeeper.values.clock import Clock, SystemClock

TIMEOUT_SECONDS: Final = 20.0
_OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MailServerError(InvalidError):
    """The mail server's address or the sender cannot be used."""

    code = "outbound.mail_server"
    remedy = (
        "Set FAIRKEEPER_SMTP_URL to `smtp://user:password@host:587` or `smtps://…`, FAIRKEEPER_MAIL_FROM to a sender."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over.

    Attributes:
        is_tls: Encrypted from the first byte (`smtps`); otherwise STARTTLS is demanded, but not of this machine.
    """

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> MailServer:
        """Read an address, `smtp://user:password@host:587`.

        Raises:
            MailServerError: It is none.

        Example:
            >>> MailServer.parse("smtps://mail.fairmile.example").port
            465
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise MailServerError("The mail server's port is no number.") from error
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise MailServerError("The mail server's address is neither smtp:// nor smtps:// and a host.")
        is_tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=port or (465 if is_tls else 587),
            is_tls=is_tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


class NoMail:
    """For a publisher without a mail server: messages stay in the console."""

    is_configured = False

    def send(self, mail: Mail) -> None:
        """Refuse.

        Raises:
            MessageRefusedError: Always.
        """
        raise MessageRefusedError(f"No mail server is set, so {mail.mail_id} stays here.")


class SMTPMailer:
    """Sends mail by SMTP.

    Args:
        server: Where it is handed over.
        sender: `Fairkeeper <fairkeeper@fairmile.example>` or the address alone.
        clock: When it is dated.
        tls: How certificates are checked; as the system does by default.
    """

    is_configured = True

    def __init__(
        self, server: MailServer, *, sender: str, clock: Clock | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._sender = address_of(sender)
        self._clock = clock or SystemClock()
        self._tls = tls or ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        """Hand a mail over.

        Raises:
            MessageUnavailableError: Nothing has left; the server does not answer or says to try later.
            MessageRefusedError: The server refuses the sender, the reader or the mail for good.
            MessageInDoubtError: The connection broke after the text had been sent.
        """
        message = self._message(mail)
        with self._connection() as connection:
            self._hand_over(connection, message, mail)

    def try_out(self) -> None:
        """Connect and sign in without sending anything.

        Raises:
            MessageUnavailableError, MessageRefusedError: as `send`.
        """
        with self._connection() as connection:
            try:
                connection.noop()
            except (smtplib.SMTPException, OSError) as error:
                raise self._unavailable(error) from error

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        try:
            message["To"] = Address(display_name=_plain(mail.to_name), addr_spec=mail.to_address)
        except Exception as error:  # the parser of addresses raises of many kinds; all say that it is no address
            raise MessageRefusedError(f"{mail.to_address[:80]!r} is no e-mail address.") from error
        message["Subject"] = _plain(mail.subject)
        message["Date"] = self._clock.now()
        message["Message-ID"] = f"<{mail.mail_id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        connection: smtplib.SMTP | None = None
        try:
            connection = self._open()
        except smtplib.SMTPAuthenticationError as error:
            raise MessageRefusedError(f"{self._server.host} refuses our user name and password.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._unavailable(error) from error
        try:
            yield connection
        finally:
            _close(connection)

    def _open(self) -> smtplib.SMTP:
        server = self._server
        own_name = self._sender.domain  # or the machine's own name would be looked up
        if server.is_tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=own_name, timeout=TIMEOUT_SECONDS, context=self._tls
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, local_hostname=own_name, timeout=TIMEOUT_SECONDS)
        try:
            connection.ehlo()
            if not server.is_tls and server.host not in _OWN_MACHINE:
                connection.starttls(context=self._tls)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            _close(connection)
            raise
        return connection

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage, mail: Mail) -> None:
        is_sending_text = False
        try:
            for code, answer in (
                connection.mail(self._sender.addr_spec),
                connection.rcpt(mail.to_address),
            ):
                self._judge(code, answer)
            is_sending_text = True
            code, answer = connection.data(message.as_bytes())
        except (smtplib.SMTPException, OSError) as error:
            if not is_sending_text:
                raise self._unavailable(error) from error
            msg = f"The connection to {self._server.host} broke while {mail.mail_id} was being handed over."
            raise MessageInDoubtError(msg) from error
        self._judge(code, answer)

    def _judge(self, code: int, answer: bytes) -> None:
        if 200 <= code < 300:
            return
        told = " ".join(answer.decode("utf-8", "replace").split())[:200]
        msg = f"{self._server.host} answered {code}: {told}"
        raise (MessageUnavailableError if code < 500 else MessageRefusedError)(msg)

    def _unavailable(self, error: Exception) -> MessageUnavailableError:
        return MessageUnavailableError(f"{self._server.host} does not take mail now: {type(error).__name__}.")


def address_of(text: str) -> Address:
    """Return a sender as it stands in mails.

    Raises:
        MailServerError: It is none.
    """
    name, _, rest = text.rpartition("<")
    try:
        found = Address(display_name=_plain(name.strip().strip('"')), addr_spec=rest.strip().rstrip(">").strip())
    except Exception as error:  # see above
        raise MailServerError(f"{text[:80]!r} is no sender.") from error
    if not found.domain:
        raise MailServerError(f"{text[:80]!r} is no sender.")
    return found


def _plain(text: str) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _close(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()
