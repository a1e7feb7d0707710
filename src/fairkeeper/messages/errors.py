"""Why a message was not handed over, and what cannot be set."""

from __future__ import annotations

from fairkeeper.errors import InvalidError, NotFoundError, UnavailableError, UpstreamError


class MessageUnavailableError(UnavailableError):
    """The mail server or Teams did not take it, and nothing has left; it is tried again."""

    code = "messages.unavailable"
    remedy = "Look at the mail server or the Teams workflow; the message is kept and tried again."


class MessageRefusedError(InvalidError):
    """The mail server or Teams refuses this message for good."""

    code = "messages.refused"
    remedy = "Read the reason; correct the person's address, or the settings for mail and Teams."


class MessageInDoubtError(UpstreamError):
    """The connection broke while the message was being handed over: it may have left."""

    code = "messages.in_doubt"
    remedy = "It is not sent again, so that nobody gets it twice; whoever does not read it is followed up."


class MessageNotFoundError(NotFoundError):
    """There is no such message for this principal."""

    code = "messages.message_not_found"


class RuleRefusedError(InvalidError):
    """A rule for messages that cannot be kept."""

    code = "messages.rule_refused"
    remedy = "Give times as HH:MM, and a time zone by its name in the IANA list (`Europe/Berlin`)."


class TemplateRefusedError(InvalidError):
    """A wording that cannot be used."""

    code = "messages.template_refused"
    remedy = "Use only the fields that the template names, and keep the subject to one line."
