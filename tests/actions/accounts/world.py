"""A publisher's account for tests: real operations, log and background work on one clock that is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from fairkeeper.access.authorise import make_authorise, nobody_is_suspended
from fairkeeper.accounts.operations import OPERATIONS
from fairkeeper.accounts.ports import DocumentSafe
from fairkeeper.accounts.tables import VerificationWarningRow
from fairkeeper.action.operation import Operation, Ports
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Call, Runner, Wiring
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.evidence.integrator import Integrator, ensure_head
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.jobs.accounts import AccountsWork
from fairkeeper.jobs.worker import Worker
from fairkeeper.microsoft.ingestion_answers import DocumentList
from fairkeeper.values.clock import FixedClock, MovableClock

EXAMPLES = Path(__file__).parents[3] / "examples" / "accounts"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
OLGA = Principal(id="per_olga", kind=PrincipalKind.STAFF, roles=frozenset({"operations"}), display="Olga Operations")
FINN = Principal(id="per_finn", kind=PrincipalKind.STAFF, roles=frozenset({"finance"}), display="Finn Finance")


class ListedProducts:
    """What Microsoft lists for a publisher, in Microsoft's form."""

    def __init__(self) -> None:
        self.products: list[dict[str, Any]] = []
        self.plans: dict[str, list[dict[str, Any]]] = {}

    def list_products(self) -> DocumentList:
        return DocumentList(documents=tuple(self.products))

    def list_plans(self, product_id: str) -> DocumentList:
        return DocumentList(documents=tuple(self.plans.get(product_id, ())))


class Account:
    """The publisher's account and everything that works on it.

    Args:
        database: An empty one.
        starts_at: When its clock stands at first.
    """

    def __init__(self, database: Database, starts_at: datetime = NOW) -> None:
        self.database = database
        self.clock = MovableClock(FixedClock(starts_at))
        self.secrets = SecretStore(MasterKeys([MasterKeys.new_key()]))
        self.keys = LogKeys("log.fairmile.example", self.secrets)
        self.reader = LogReader(database, self.keys)
        with database.write() as session:
            ensure_head(session, self.keys, now=starts_at)
        wiring = Wiring(
            authorise=make_authorise(nobody_is_suspended),
            record=append,
            ports=Ports(by_protocol={DocumentSafe: self.secrets, LogKeys: self.keys, LogReader: self.reader}),
        )
        self.runner = Runner(Registry(OPERATIONS), database, self.clock, wiring)
        self.products = ListedProducts()
        work = AccountsWork(self.runner, self.products).work()
        self.worker = Worker(database, self.clock, work=work, threads=0)
        self.integrator = Integrator(database, self.keys, self.clock)

    def run(self, operation: Operation, by: Principal = OLGA, **fields: Any) -> Any:
        """Run an operation as a channel would."""
        return self.runner.run(operation, operation.input.model_validate(fields), Call(principal=by))

    def work(self) -> None:
        """Do everything that is due."""
        while self.worker.run_due():
            pass

    def live_until(self, day: str, *, days_at_once: int = 1) -> None:
        """Let the days pass up to a day, each (or each few) with its background work."""
        until = datetime.combine(datetime.fromisoformat(day).date(), time(9), tzinfo=UTC)
        while self.clock.now() < until:
            self.clock.move(min(timedelta(days=days_at_once), until - self.clock.now()))
            self.work()

    def warnings(self) -> list[tuple[str, str, str, int]]:
        """Return the warnings given so far: the day, which clock, its day, how many days ahead."""
        with self.database.read() as session:
            rows = session.scalars(select(VerificationWarningRow).order_by(VerificationWarningRow.id)).all()
        return [(f"{row.raised_at:%Y-%m-%d}", row.clock_key, row.due_on.isoformat(), row.days_ahead) for row in rows]

    def entries(self) -> list[EntryRow]:
        """Return the evidence entries so far, in order."""
        with self.database.read() as session:
            return list(session.scalars(select(EntryRow).order_by(EntryRow.id)))

    def kinds(self) -> list[str]:
        """Return the kinds of the entries so far, without room and version."""
        return [entry.kind.partition(".")[2].partition("/")[0] for entry in self.entries()]
