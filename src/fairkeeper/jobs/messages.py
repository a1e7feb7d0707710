"""Messages as background work: taken up, handed over to mail and Teams, followed up.

The hand-over is marked as begun in one transaction, made outside of any, and recorded in another. What is certain not
to have left is tried again; whatever else is not.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.action.telling import SETTLE, TAKE_UP
from fairkeeper.database.tasks import Task, TaskRow, TaskState
from fairkeeper.errors import UnavailableError
from fairkeeper.jobs.handler import Handler, RetryRule, Work
from fairkeeper.messages.actions.hand_over import (
    BeginDelivery,
    Begun,
    DeliveryResult,
    RecordDelivery,
    begin_delivery,
    record_delivery,
)
from fairkeeper.messages.actions.take_up import DELIVER, ESCALATE, escalate_message, settle_message, take_up
from fairkeeper.messages.errors import MessageInDoubtError, MessageRefusedError, MessageUnavailableError
from fairkeeper.messages.ports import Mail, Mailer, TeamsChannel
from fairkeeper.messages.store import TEAMS, own_words, told_of
from fairkeeper.messages.tables import MessageRow
from fairkeeper.messages.wording import Told, card_of, mail_of

_PATIENT = RetryRule(first_seconds=5, factor=2, ceiling_seconds=1800, attempts=40)
"""For mail servers and Teams, which come back within a day or need a person."""


class NotTakenUpError(UnavailableError):
    """What is settled has not been taken up yet."""

    code = "jobs.message_not_taken_up"
    remedy = "Nothing has to be done: it is settled as soon as it has been taken up."


class MessagesWork:
    """The handlers, with whom they hand over to.

    Args:
        runner: Runs the operations.
        mailer: Sends mail.
        teams: Posts into Teams.
        base_url: Our own address, for links.
    """

    def __init__(self, runner: Runner, mailer: Mailer, teams: TeamsChannel, *, base_url: str) -> None:
        self._runner = runner
        self._mailer = mailer
        self._teams = teams
        self._base_url = base_url

    def work(self) -> Work:
        """Return the handlers of this room."""
        return Work(
            handlers=(
                Handler(name=TAKE_UP, run=self.take_up),
                Handler(name=SETTLE, run=self.settle),
                Handler(name=DELIVER, run=self.deliver, retry=_PATIENT),
                Handler(name=ESCALATE, run=self.escalate),
            )
        )

    def take_up(self, task: Task) -> None:
        """Take up a wish to tell somebody."""
        self._run(take_up, take_up.input.model_validate(task.payload))

    def settle(self, task: Task) -> None:
        """Settle a message; one that has not been taken up yet is waited for."""
        code, key = str(task.payload["code"]), str(task.payload["key"])
        with self._runner.database.read() as session:
            waiting = session.scalars(
                select(TaskRow.id).where(
                    TaskRow.name == TAKE_UP, TaskRow.key == f"{code}:{key}", TaskRow.state == TaskState.OPEN
                )
            ).first()
        if waiting is not None:
            raise NotTakenUpError(f"{code} was wished and is not taken up yet.")
        self._run(settle_message, settle_message.input.model_validate(task.payload))

    def escalate(self, task: Task) -> None:
        """Follow up a message that nobody read."""
        self._run(escalate_message, escalate_message.input.model_validate(task.payload))

    def deliver(self, task: Task) -> None:
        """Hand over one copy or one digest, until nothing waits for this reader."""
        while True:
            begun: Begun = self._run(begin_delivery, BeginDelivery.model_validate(task.payload))
            if not begun.delivery_id:
                return
            try:
                self._hand_over(begun)
            except MessageUnavailableError as error:
                is_last = task.attempts >= _PATIENT.attempts
                result = DeliveryResult.FAILED if is_last else DeliveryResult.WAITING
                self._record(begun, result, error.message)
                if not is_last:
                    raise
            except MessageRefusedError as error:
                self._record(begun, DeliveryResult.FAILED, error.message)
            except MessageInDoubtError as error:
                self._record(begun, DeliveryResult.IN_DOUBT, error.message)
            else:
                self._record(begun, DeliveryResult.LEFT, "")

    def _hand_over(self, begun: Begun) -> None:
        told = self._told(begun.message_ids)
        if begun.person_id == TEAMS:
            self._teams.post(card_of(told))
            return
        subject, text = mail_of(told)
        mail = Mail(
            mail_id=begun.delivery_id,
            to_address=begun.to_address,
            to_name=begun.to_name,
            subject=subject,
            text=text,
        )
        self._mailer.send(mail)

    def _told(self, message_ids: tuple[str, ...]) -> list[Told]:
        with self._runner.database.read() as session:
            rows = {
                row.message_id: row
                for row in session.scalars(select(MessageRow).where(MessageRow.message_id.in_(message_ids)))
            }
            words = own_words(session)
            return [told_of(rows[each], words, self._base_url) for each in message_ids]

    def _record(self, begun: Begun, result: DeliveryResult, problem: str) -> None:
        self._run(record_delivery, RecordDelivery(delivery_id=begun.delivery_id, result=result, problem=problem[:500]))

    def _run(self, operation: Operation, request: OperationInput) -> Any:
        return self._runner.run(operation, request, Call(principal=system(operation.name.rpartition(".")[2])))
