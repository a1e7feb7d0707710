"""Reading: one's own messages, every message with its copies, the rule and the wording in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import SYSTEM_ONLY, OperationInput, QueryContext, query
from fairkeeper.action.telling import message_templates
from fairkeeper.errors import NotFoundError
from fairkeeper.messages.actions.settings import MessageRuleView, Wording, rule_view
from fairkeeper.messages.errors import MessageNotFoundError
from fairkeeper.messages.ports import PublishersWords
from fairkeeper.messages.store import TEAMS, load_rule, own_words, told_of
from fairkeeper.messages.tables import CopyRow, MessageRow
from fairkeeper.messages.wording import LONGEST_TEXT, fill, one_line


class ListMine(OperationInput):
    """Which of one's own messages."""

    unread_only: bool = Field(False, description="Only those that were not read.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


class ShowMine(OperationInput):
    """Which message."""

    message_id: str = Field(max_length=40, description="The message's id, `msg_…`.")


class ListDeliveries(OperationInput):
    """Which copies."""

    state: str | None = Field(
        None, max_length=12, description="Only in this state: waiting, left, in_doubt, failed, kept."
    )
    before: int | None = Field(None, description="Only older than this copy's number.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


class WordMessage(OperationInput):
    """Which message, with which values."""

    code: str = Field(max_length=80, description="The template's code.")
    values: dict[str, str] = Field(max_length=40, description="What stands for its fields.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A message in the publisher's words."""

    subject: str
    text: str


class ShowRule(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message for its reader.

    Attributes:
        settled_why: What happened since, where nobody is needed any more.
    """

    message_id: str
    code: str
    subject: str
    text: str
    href: str
    urgency: str
    told_at: datetime
    due_at: datetime | None
    read_at: datetime | None
    settled_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One copy on its way: to whom, how it stands, and what went wrong."""

    copy_id: int
    message_id: str
    code: str
    subject: str
    urgency: str
    reader: str
    state: str
    told_at: datetime
    leaves_at: datetime
    left_at: datetime | None
    read_at: datetime | None
    problem: str | None
    is_follow_up: bool


@query("messages.list_mine", groups=("messages.own",), http="GET /messages", cli="messages list")
def list_mine(context: QueryContext, request: ListMine) -> tuple[MessageView, ...]:
    """List what whoever asks was told, newest first."""
    statement = (
        select(MessageRow, CopyRow)
        .join(CopyRow, CopyRow.message_id == MessageRow.message_id)
        .where(CopyRow.person_id == context.principal.id)
        .order_by(CopyRow.id.desc())
        .limit(request.limit)
    )
    if request.unread_only:
        statement = statement.where(CopyRow.read_at.is_(None), MessageRow.settled_at.is_(None))
    words = _words(context)
    return tuple(_view(message, copy, words) for message, copy in context.session.execute(statement))


@query(
    "messages.show_mine", groups=("messages.own",), http="GET /messages/{message_id}", cli="messages show MESSAGE_ID"
)
def show_mine(context: QueryContext, request: ShowMine) -> MessageView:
    """Show one of one's own messages; raises `messages.message_not_found` for anybody else's."""
    found = context.session.execute(
        select(MessageRow, CopyRow)
        .join(CopyRow, CopyRow.message_id == MessageRow.message_id)
        .where(CopyRow.person_id == context.principal.id, MessageRow.message_id == request.message_id)
    ).first()
    if found is None:
        raise MessageNotFoundError(f"There is no message {request.message_id!r} for you.")
    return _view(found[0], found[1], _words(context))


@query(
    "messages.list_deliveries", groups=("settings.read",), http="GET /messages/deliveries", cli="messages deliveries"
)
def list_deliveries(context: QueryContext, request: ListDeliveries) -> tuple[DeliveryLine, ...]:
    """List what was told to whom and how it left, newest first."""
    statement = (
        select(MessageRow, CopyRow, PersonRow.name)
        .join(CopyRow, CopyRow.message_id == MessageRow.message_id)
        .outerjoin(PersonRow, PersonRow.id == CopyRow.person_id)
        .order_by(CopyRow.id.desc())
        .limit(request.limit)
    )
    if request.state is not None:
        statement = statement.where(CopyRow.state == request.state)
    if request.before is not None:
        statement = statement.where(CopyRow.id < request.before)
    words = _words(context)
    return tuple(_line(message, copy, name, words) for message, copy, name in context.session.execute(statement))


@query("messages.show_rule", groups=("settings.read",), http="GET /messages/rule", cli="messages rule")
def show_rule(context: QueryContext, request: ShowRule) -> MessageRuleView:  # noqa: ARG001 - every operation has an input
    """Show when messages leave and who hears of unread ones."""
    return rule_view(load_rule(context.session))


@query("messages.word_message", groups=SYSTEM_ONLY, mcp=False)
def word_message(context: QueryContext, request: WordMessage) -> Worded:
    """Put a message into the publisher's words, for a mail that is kept nowhere because a secret stands in it."""
    template = message_templates.get(request.code)
    if template is None:
        raise NotFoundError(f"There is no template {request.code!r}.", code="messages.template_not_found")
    subject, text = own_words(context.session).get(template.code, (template.subject, template.text))
    return Worded(subject=one_line(fill(subject, request.values)), text=fill(text, request.values)[:LONGEST_TEXT])


@query("messages.list_templates", groups=("settings.read",), http="GET /messages/templates", cli="messages templates")
def list_templates(context: QueryContext, request: ShowRule) -> tuple[Wording, ...]:  # noqa: ARG001 - see above
    """List every message that may be sent, as it is worded now."""
    own = own_words(context.session)
    return tuple(
        Wording(
            code=template.code,
            title=template.title,
            subject=own[template.code][0] if template.code in own else template.subject,
            text=own[template.code][1] if template.code in own else template.text,
            fields=tuple(sorted(template.fields)),
            is_own=template.code in own,
        )
        for template in message_templates.all()
    )


def _words(context: QueryContext) -> Mapping[str, tuple[str, str]]:
    """Return the publisher's words, which a customer's session cannot read itself."""
    if context.principal.customer_id is None:
        return own_words(context.session)
    return context.ports.of(PublishersWords).words()


def _view(message: MessageRow, copy: CopyRow, words: Mapping[str, tuple[str, str]]) -> MessageView:
    told = told_of(message, words)
    return MessageView(
        message_id=message.message_id,
        code=message.code,
        subject=told.subject,
        text=told.text,
        href=message.href,
        urgency=message.urgency,
        told_at=message.told_at,
        due_at=message.due_at,
        read_at=copy.read_at,
        settled_why=message.settled_why,
    )


def _line(message: MessageRow, copy: CopyRow, name: str | None, words: Mapping[str, tuple[str, str]]) -> DeliveryLine:
    return DeliveryLine(
        copy_id=copy.id,
        message_id=message.message_id,
        code=message.code,
        subject=told_of(message, words).subject,
        urgency=message.urgency,
        reader="Microsoft Teams" if copy.person_id == TEAMS else name or copy.person_id,
        state=copy.state,
        told_at=message.told_at,
        leaves_at=copy.leaves_at,
        left_at=copy.left_at,
        read_at=copy.read_at,
        problem=copy.problem,
        is_follow_up=message.escalates is not None,
    )
