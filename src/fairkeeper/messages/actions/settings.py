"""The publisher's rule for messages and its wording; and that somebody has read one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.roles import STAFF_ROLES
from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.action.telling import message_templates
from fairkeeper.errors import NotFoundError
from fairkeeper.messages.errors import MessageNotFoundError, RuleRefusedError
from fairkeeper.messages.evidence_kinds import RULE_SET, WORDING_SET
from fairkeeper.messages.quiet import MessageRule, time_of, zone_of
from fairkeeper.messages.store import RULE_ID
from fairkeeper.messages.tables import CopyRow, MessageRow, MessageRuleRow, WordingRow
from fairkeeper.messages.wording import refuse_wording


class SetMessageRule(OperationInput):
    """When messages leave, and who hears of those that nobody reads; what is left out is as without a rule."""

    time_zone: str = Field("UTC", max_length=60, description="In which the hours are meant, `Europe/Berlin`.")
    quiet_from: str = Field("20:00", max_length=5, description="From this time of day on nothing leaves.")
    quiet_until: str = Field("07:00", max_length=5, description="Until this one; the same time: no hour is quiet.")
    is_quiet_at_weekends: bool = Field(False, description="Whether Saturday and Sunday are quiet throughout.")
    digest_at: str = Field("08:00", max_length=5, description="When the daily digest leaves.")
    escalate_after_hours: int = Field(4, ge=1, le=720, description="After which an unread urgent message is passed on.")
    escalate_digest_after_hours: int = Field(72, ge=1, le=720, description="The same for one of the digest.")
    escalate_to: str = Field("owner", max_length=40, description="The staff role that hears of it then.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRuleView:
    """The rule in force."""

    time_zone: str
    quiet_from: str
    quiet_until: str
    is_quiet_at_weekends: bool
    digest_at: str
    escalate_after_hours: int
    escalate_digest_after_hours: int
    escalate_to: str


@command(
    "messages.set_rule",
    groups=("settings.change",),
    evidence=(RULE_SET,),
    http="PUT /messages/rule",
    cli="messages set-rule",
)
def set_rule(context: CommandContext, request: SetMessageRule) -> Outcome[MessageRuleView]:
    """Set when messages leave and who hears of unread ones; what has been planned already keeps its time.

    Raises:
        RuleRefusedError: A time, the time zone or the role is not known.
    """
    zone_of(request.time_zone)
    for text in (request.quiet_from, request.quiet_until, request.digest_at):
        time_of(text)
    if request.escalate_to not in STAFF_ROLES:
        raise RuleRefusedError(
            f"{request.escalate_to!r} is no role of staff.", remedy=f"Choose from {', '.join(sorted(STAFF_ROLES))}."
        )
    kept = request.model_dump(mode="json")
    row = context.session.get(MessageRuleRow, RULE_ID, with_for_update=True)
    if row is None:
        context.session.add(MessageRuleRow(id=RULE_ID, rule=kept, changed_at=context.now))
    elif row.rule == kept:
        return Outcome(result=MessageRuleView(**kept), entry=None)
    else:
        row.rule, row.changed_at = kept, context.now
    entry = EvidenceDraft(kind=RULE_SET.name, subject_type="message_rule", subject_id="publisher", payload=kept)
    return Outcome(result=MessageRuleView(**kept), entry=entry)


def rule_view(rule: MessageRule) -> MessageRuleView:
    """Return a rule as it is shown."""
    kept = asdict(rule)
    for name in ("quiet_from", "quiet_until", "digest_at"):
        kept[name] = f"{kept[name]:%H:%M}"
    return MessageRuleView(**kept)


class SetWording(OperationInput):
    """How a template is worded from now on."""

    code: str = Field(max_length=80, description="The template's code.")
    subject: str = Field("", max_length=200, description="One line; nothing takes the wording back to ours.")
    text: str = Field("", max_length=4000, description="What is said; nothing takes the wording back to ours.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A template as it is worded now."""

    code: str
    title: str
    subject: str
    text: str
    fields: tuple[str, ...]
    is_own: bool


@command(
    "messages.set_wording",
    groups=("settings.change",),
    evidence=(WORDING_SET,),
    http="PUT /messages/templates/{code}",
    cli="messages set-wording CODE",
)
def set_wording(context: CommandContext, request: SetWording) -> Outcome[Wording]:
    """Word a message otherwise; without subject and text, as Fairkeeper words it.

    Raises:
        TemplateRefusedError: It names fields that the template is not given, or says nothing.
    """
    template = message_templates.get(request.code)
    if template is None:
        raise NotFoundError(f"There is no template {request.code!r}.", code="messages.template_not_found")
    row = context.session.get(WordingRow, request.code, with_for_update=True)
    is_own = bool(request.subject or request.text)
    if is_own:
        refuse_wording(template, request.subject, request.text)
    before = None if row is None else (row.subject, row.text)
    after = (request.subject, request.text) if is_own else None
    if after is None and row is not None:
        context.session.delete(row)
    elif after is not None and row is None:
        row = WordingRow(code=request.code, subject=after[0], text=after[1], changed_at=context.now)
        context.session.add(row)
    elif after is not None and row is not None:
        row.subject, row.text, row.changed_at = *after, context.now
    result = Wording(
        code=template.code,
        title=template.title,
        subject=request.subject if is_own else template.subject,
        text=request.text if is_own else template.text,
        fields=tuple(sorted(template.fields)),
        is_own=is_own,
    )
    if before == after:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=WORDING_SET.name,
        subject_type="message_template",
        subject_id=template.code,
        payload={"code": template.code, "is_own": is_own},
    )
    return Outcome(result=result, entry=entry)


class ReadMessage(OperationInput):
    """Which message was read."""

    message_id: str = Field(max_length=40, description="The message's id, `msg_…`.")


@command(
    "messages.mark_read",
    groups=("messages.own",),
    evidence=(),
    http="POST /messages/{message_id}/read",
    cli="messages read MESSAGE_ID",
)
def mark_read(context: CommandContext, request: ReadMessage) -> Outcome[bool]:
    """Note that whoever asks has read a message of theirs, so that nobody else has to hear of it.

    Raises:
        MessageNotFoundError: There is no such message for whoever asks.
    """
    copy = context.session.scalars(
        select(CopyRow)
        .where(CopyRow.message_id == request.message_id, CopyRow.person_id == context.principal.id)
        .with_for_update()
    ).first()
    if copy is None:
        raise MessageNotFoundError(f"There is no message {request.message_id!r} for you.")
    is_new = copy.read_at is None
    copy.read_at = copy.read_at or context.now
    message = context.session.get(MessageRow, request.message_id)
    if message is not None and message.escalates is not None and is_new:
        _note_first(context, message.escalates)
    return Outcome(result=is_new, entry=None)


def _note_first(context: CommandContext, message_id: str) -> None:
    """Take the message that was followed up for read, where the same person is among its readers."""
    for copy in context.session.scalars(
        select(CopyRow).where(CopyRow.message_id == message_id, CopyRow.person_id == context.principal.id)
    ):
        copy.read_at = copy.read_at or context.now
