"""The room of accounts as background work: the day's warnings, a lost verification, products read from Microsoft."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import select

from fairkeeper.accounts.actions.state_structure import READ_PRODUCTS, RecordProducts, record_products
from fairkeeper.accounts.actions.track_verification import LOOK_AHEAD, VERIFICATION_LOST
from fairkeeper.accounts.actions.warn import GiveWarnings, OpenIncident, give_warnings, open_incident
from fairkeeper.accounts.tables import ProgrammeRow
from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.microsoft.ingestion_answers import DocumentList

_LOOKED_EVERY = timedelta(hours=12)
_RECORDED = ("id", "identity", "type", "alias", "product")


class ProductList(Protocol):
    """Lists products and their plans; Microsoft's product ingestion API."""

    def list_products(self) -> DocumentList:
        """Read all products."""
        ...

    def list_plans(self, product_id: str) -> DocumentList:
        """Read the plans of a product."""
        ...


class AccountsWork:
    """What is done for the room in the background.

    Args:
        runner: Runs its operations.
        products: Lists what is sold.
    """

    def __init__(self, runner: Runner, products: ProductList) -> None:
        self._runner = runner
        self._products = products

    def work(self) -> Work:
        """Return its handlers and schedules."""
        few = RetryRule(first_seconds=5, attempts=5)
        return Work(
            handlers=(
                Handler(name=LOOK_AHEAD, run=self.look_ahead),
                Handler(name=VERIFICATION_LOST, run=self.deal_with_loss),
                Handler(name=READ_PRODUCTS, run=self.read_products, retry=few),
            ),
            schedules=(Schedule(name=LOOK_AHEAD, every=_LOOKED_EVERY),),
        )

    def look_ahead(self, task: Task) -> None:
        """Give the warnings of the day: of the programme in which something happened, or of all."""
        named = task.payload.get("programme_id")
        with self._runner.database.read() as session:
            programmes = [named] if named else session.scalars(select(ProgrammeRow.programme_id)).all()
        for programme_id in programmes:
            self._run(give_warnings, GiveWarnings(programme_id=programme_id))

    def deal_with_loss(self, task: Task) -> None:
        """Open the incident of a lost verification.

        The one place that knows who deals with incidents: today the room of accounts itself.
        """
        self._run(open_incident, OpenIncident(event_id=task.payload["event_id"]))

    def read_products(self, task: Task) -> None:  # noqa: ARG002 - every handler takes its task
        """Read all products and their plans, and record the fields that are compared."""
        products = self._products.list_products().documents
        plans = [plan for each in products for plan in self._products.list_plans(str(each.get("id", ""))).documents]
        listed = {"products": [_narrow(each) for each in products], "plans": [_narrow(each) for each in plans]}
        self._run(record_products, RecordProducts(products=json.dumps(listed, default=str)))

    def _run(self, operation: Operation, request: OperationInput) -> Any:
        return self._runner.run(operation, request, Call(principal=system("accounts")))


def _narrow(document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in _RECORDED if key in document}
