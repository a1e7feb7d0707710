"""A whole publisher for tests of the room of customers: real operations, log and worker, and the pretend Microsoft.

Nothing of ours is replaced. Microsoft is the shipped sandbox behind the real connector, and its webhooks come over HTTP
on loopback. The publisher's own systems are a function of the test's, which is what they are in an installation too.
Everything runs on one clock that stands still until it is moved.
"""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from fairkeeper.access.authorise import make_authorise
from fairkeeper.access.ports import CustomerOfTenant, NamedByPurchase, RolesFromEntra
from fairkeeper.action.operation import Operation, Ports
from fairkeeper.action.outside import EverythingManaged, OutsideWrites
from fairkeeper.action.principal import Principal, PrincipalKind, system
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Call, Runner, Wiring
from fairkeeper.assurance.keeping.holding import StandingHolds
from fairkeeper.bootstrap.ports import (
    ConfiguredRoles,
    CustomersTokens,
    MirroredCustomers,
    NamedBuyers,
    PeopleToErase,
    SignInAppRemains,
    SuspendedCustomers,
)
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.customers.actions.land import record_visit
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.actions.marketplace.receive_webhook import receive_webhook
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.ports import (
    ConsentNotNeeded,
    ConsentStanding,
    DataToErase,
    ProvisioningAnswer,
    ProvisioningRequest,
    Retention,
    SystemsToStop,
    WhatRemains,
)
from fairkeeper.customers.tables import CustomerRow, JobRow, NoticeRow, OperationRow, ReminderRow, SubscriptionRow
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.deals.ports import Submission
from fairkeeper.deals.submission.schema import PayloadSchema
from fairkeeper.errors import FairkeeperError
from fairkeeper.evidence.append import append
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.integrator import Integrator, ensure_head
from fairkeeper.evidence.ports import LegalHolds
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.jobs.customers import CustomersWork
from fairkeeper.jobs.deals import DealsSettings, DealsWork
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.messages import MessagesWork
from fairkeeper.jobs.worker import Worker
from fairkeeper.messages.ports import Mailer, TeamsChannel
from fairkeeper.microsoft.fulfillment import FulfillmentClient
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource
from fairkeeper.microsoft.ingestion import GRAPH_RESOURCE, IngestionClient
from fairkeeper.microsoft.marketplace_transport import Patience
from fairkeeper.outbound.mail import NoMail
from fairkeeper.outbound.provisioning import ProvisioningFunction
from fairkeeper.outbound.teams import NoTeams
from fairkeeper.sandbox.app import create_sandbox
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.control import Controls
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, PUBLISHER_TENANT_ID
from fairkeeper.sandbox.marketplace.faults import Faults
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.sandbox.webhooks.courier import CourierSettings
from fairkeeper.values.clock import FixedClock, MovableClock
from fairkeeper.values.ids import CustomerId, SubscriptionId

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CORA = "cora.contoso@contoso.example"
CARL = "carl.contoso@contoso.example"
FREYA = "freya.fabrikam@fabrikam.example"
PETRA = "petra.personal@outlook.example"
PABLO = "pablo.personal@outlook.example"
PERCY = "percy.partner@fairmile.example"
_PATIENCE = Patience(attempts=1, total_seconds=5, request_seconds=5, longest_wait_seconds=0, first_wait_seconds=0.001)


class Systems:
    """The publisher's own systems: what they were asked for, and how they answer.

    `answers` are taken one by one (an answer, None for "later", or what is raised); afterwards they answer at once
    that it is done, or later where `reports_later`.
    """

    def __init__(self) -> None:
        self.asked: list[ProvisioningRequest] = []
        self.answers: list[ProvisioningAnswer | Exception | None] = []
        self.reports_later = False

    def __call__(self, request: ProvisioningRequest) -> ProvisioningAnswer | None:
        self.asked.append(request)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return None if self.reports_later else ProvisioningAnswer(is_done=True, message="Done.")

    @property
    def wishes(self) -> list[str]:
        return [request.wish.value for request in self.asked]


@dataclass
class World:
    """The publisher, its database, Microsoft and the publisher's systems."""

    database: Database
    clock: MovableClock
    runner: Runner
    all_work: Work
    worker: Worker
    fulfillment: FulfillmentClient
    microsoft: RunningSandbox
    http: httpx.Client
    systems: Systems
    integrator: Integrator
    exporter: Exporter
    keys: LogKeys
    is_deaf: bool = False
    """While true the webhook's door answers 503, so that Microsoft tries again later."""
    heard: list[dict[str, Any]] = field(default_factory=list)

    # --- operations

    def run(
        self, operation: Operation, by: Principal | None = None, /, *, key: str | None = None, **fields: Any
    ) -> Any:
        """Run an operation as a channel would; Fairkeeper itself if nobody is named."""
        request = operation.input.model_validate(fields)
        return self.runner.run(operation, request, Call(principal=by or system("test"), idempotency_key=key))

    def work(self) -> int:
        """Let Microsoft's webhooks arrive and do everything that is due, until nothing is left."""
        total = 0
        while True:
            self.arrive()
            done = self.worker.run_due()
            total += done
            if not done:
                return total

    def do_only(self, *names: str) -> int:
        """Do the background work of these names that is due, and nothing else."""
        handlers = tuple(handler for handler in self.all_work.handlers if handler.name in names)
        return Worker(self.database, self.clock, work=Work(handlers=handlers), threads=0).run_due()

    def arrive(self) -> None:
        """Let Microsoft's webhooks arrive; nobody works on them yet."""
        assert self.controls.courier.wait_until_idle(10), "webhooks did not settle"

    def move(self, **by: float) -> None:
        """Move everybody's clock ahead; what falls due happens."""
        self.controls.move_clock(timedelta(**by))
        self.work()

    # --- Microsoft and its customers

    @property
    def controls(self) -> Controls:
        return self.microsoft.controls

    def control(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.microsoft.url}/sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def buy(self, plan_id: str = "team", **changes: Any) -> SubscriptionId:
        """Buy without telling anybody; the webhook of an auto-activated one leaves with `work`."""
        seats = {"quantity": 10} if plan_id in {"team", "team-plus", "team-annual"} else {}
        wanted = {"plan_id": plan_id, "purchaser": CORA, "auto_activation": False, **seats, **changes}
        return SubscriptionId(self.control("/purchases", **wanted)["subscription_id"])

    def buy_active(self, plan_id: str = "team", **changes: Any) -> SubscriptionId:
        """Buy with auto-activation and let everything follow."""
        bought = self.buy(plan_id, auto_activation=True, **changes)
        self.work()
        return bought

    def customer_does(self, subscription_id: str, verb: str, **body: Any) -> Any:
        """Let the customer (or Microsoft) do something to a subscription; its webhook leaves with `work`."""
        return self.control(f"/subscriptions/{subscription_id}/{verb}", **body)

    def faults(self, **switches: Any) -> None:
        self.controls.faults.set(Faults.model_validate(switches))

    def there(self, subscription_id: SubscriptionId) -> SubscriptionSnapshot:
        """Return what Microsoft states now."""
        found = self.fulfillment.get_subscription(subscription_id).value
        assert found is not None
        return found

    def land(self, subscription_id: str, *, tenant_id: str | None = None, object_id: str | None = None) -> Any:
        """Open the landing page as the landing page's channel does: resolve, follow, record the visit."""
        link = self.control(f"/subscriptions/{subscription_id}/manage")["landing_url"]
        resolved = self.fulfillment.resolve(parse_qs(urlsplit(link).query)["token"][0]).value
        assert resolved is not None
        raw = json.dumps(resolved.raw)
        self.run(follow_reading, subscription=raw, source=ReadingSource.LANDING)
        return self.run(
            record_visit,
            subscription=raw,
            tenant_id=tenant_id or resolved.beneficiary.tenant_id,
            object_id=object_id or resolved.beneficiary.object_id,
        )

    def send_webhook(self, **body: Any) -> Any:
        """Let a notice arrive that Microsoft's courier did not send."""
        return self.run(receive_webhook, body=base64.b64encode(json.dumps(body).encode()))

    # --- what is in the database

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.scalars(select(table).where(*where).order_by(*table.__table__.primary_key)))

    def subscription(self, subscription_id: str) -> SubscriptionRow:
        (row,) = self.rows(SubscriptionRow, SubscriptionRow.subscription_id == subscription_id)
        found: SubscriptionRow = row
        return found

    def customer_of(self, subscription_id: str) -> CustomerRow:
        (row,) = self.rows(CustomerRow, CustomerRow.customer_id == self.subscription(subscription_id).customer_id)
        found: CustomerRow = row
        return found

    def jobs(self, subscription_id: str) -> list[JobRow]:
        rows = self.rows(JobRow, JobRow.subscription_id == subscription_id)
        return sorted(rows, key=lambda row: (row.asked_at, row.request_id))

    def notices(self) -> list[NoticeRow]:
        return self.rows(NoticeRow)

    def reminded(self, clock: str) -> list[ReminderRow]:
        """Return the open reminders of one clock."""
        return [row for row in self.reminders(code="customers.deadline_near") if row.key.startswith(f"{clock}:")]

    def operations(self) -> list[OperationRow]:
        return self.rows(OperationRow)

    def reminders(self, *, code: str | None = None) -> list[ReminderRow]:
        """Return the open ones."""
        rows = self.rows(ReminderRow, ReminderRow.closed_at.is_(None))
        return [row for row in rows if code in {None, row.code}]

    def failed_tasks(self) -> list[TaskRow]:
        return self.rows(TaskRow, (TaskRow.state == TaskState.FAILED) | TaskRow.last_error.is_not(None))

    def entries(self, kind: str | None = None) -> list[EntryRow]:
        """Return the evidence entries in order, those of one kind if it is named (without room and version)."""
        rows = self.rows(EntryRow)
        return [row for row in rows if kind is None or row.kind.partition(".")[2].partition("/")[0] == kind]

    def kinds(self) -> list[str]:
        return [row.kind.partition(".")[2].partition("/")[0] for row in self.entries()]

    def count(self, table: Any) -> int:
        with self.database.read() as session:
            return session.scalars(select(func.count()).select_from(table)).one()

    @contextmanager
    def one_entry(self, kind: str) -> Iterator[dict[str, Any]]:
        """Expect exactly one entry of a kind from the block; yields its payload, filled when the block has ended."""
        before = self.count(EntryRow)
        payload: dict[str, Any] = {}
        yield payload
        new = self.entries()[before:]
        assert [entry.kind.partition(".")[2].partition("/")[0] for entry in new] == [kind]
        payload.update(json.loads(new[0].payload or "{}"), subject=f"{new[0].subject_type}:{new[0].subject_id}")

    @contextmanager
    def no_entry(self) -> Iterator[None]:
        """Expect that the block records nothing."""
        before = self.count(EntryRow)
        yield
        assert self.kinds()[before:] == []

    def place_entries(self) -> None:
        """Let the log take up what was recorded."""
        self.integrator.run_until_current()


def payload_of(entry: EntryRow) -> dict[str, Any]:
    """Return what an entry tells; it must not be erased."""
    assert entry.payload is not None
    found: dict[str, Any] = json.loads(entry.payload)
    return found


def staff(*roles: str) -> Principal:
    """Return one of the publisher's people; of the platform's if no role is named."""
    return Principal(id="per_staff", kind=PrincipalKind.STAFF, roles=frozenset(roles or ("platform",)))


def person_of(customer_id: str, *roles: str) -> Principal:
    """Return one of a customer's people; its administrator if no role is named."""
    return Principal(
        id=f"per_{customer_id[4:20]}",
        kind=PrincipalKind.CUSTOMER,
        roles=frozenset(roles or ("customer_admin",)),
        customer_id=CustomerId(customer_id),
    )


PRODUCT = Principal(id="tok_product", kind=PrincipalKind.SERVICE, roles=frozenset({"service"}))
"""The publisher's own product, which reports and asks."""


def refused(code: str) -> Any:
    """Expect a refusal by its code."""
    return pytest.raises(FairkeeperError, check=lambda error: error.code == code)


@cache
def _entra_state() -> dict[str, Any]:
    """Make the pretend Entra's keys once for all tests; nothing is proved by making them anew."""
    app = create_sandbox(SandboxConfig(base_url="http://127.0.0.1"))
    found: dict[str, Any] = app.state.entra.export_state()
    return found


@contextmanager
def _webhook_door(take: Callable[[bytes], int]) -> Iterator[str]:
    """Listen for webhooks; what the token proves is tested where the token is (tests/channels/api)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            code = take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(code)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/marketplace/webhook"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def wire(database: Database, clock: MovableClock, *, retention_days: int = 30) -> tuple[Runner, LogKeys]:
    """Wire the real rooms on a database."""
    keys = LogKeys("fairmile.example", SecretStore(MasterKeys([MasterKeys.new_key()])))
    with database.write() as session:
        ensure_head(session, keys, now=clock.now())
    registry = make_registry()
    ports = Ports(
        by_protocol={
            Registry: registry,
            LogReader: LogReader(database, keys),
            LogKeys: keys,
            CustomerOfTenant: MirroredCustomers(),
            NamedByPurchase: NamedBuyers(),
            RolesFromEntra: ConfiguredRoles(is_deciding=False),
            ConsentStanding: ConsentNotNeeded(),
            SystemsToStop: CustomersTokens(),
            WhatRemains: SignInAppRemains(app_id=FULFILLMENT_APP_ID, name="Fairmile sign-in"),
            DataToErase: PeopleToErase(),
            Retention: Retention(retention_days),
            LegalHolds: StandingHolds(),
            Mailer: NoMail(),
            OutsideWrites: EverythingManaged(),
            TeamsChannel: NoTeams(),
            Submission: Submission(),
        }
    )
    wiring = Wiring(authorise=make_authorise(SuspendedCustomers(database).is_suspended), record=append, ports=ports)
    return Runner(registry, database, clock, wiring), keys


@contextmanager
def open_world(database: Database, **options: Any) -> Iterator[World]:
    """Open a world on an empty database."""
    clock = MovableClock(FixedClock(NOON))
    runner, keys = wire(database, clock, **options)
    found: list[World] = []

    def take(body: bytes) -> int:
        world = found[0]
        world.heard.append(json.loads(body))
        if world.is_deaf:
            return 503
        try:
            world.run(receive_webhook, body=base64.b64encode(body))
        except FairkeeperError:
            return 400
        return 200

    with _webhook_door(take) as webhook_url:
        config = SandboxConfig(
            base_url="",
            landing_url="https://publisher.example/landing",
            webhook_url=webhook_url,
            clock=clock,
            courier=CourierSettings(floor_seconds=0, tick_seconds=0.02, hold_seconds=2, timeout_seconds=5),
            cancellation_seconds=2,
            entra_state=_entra_state(),
            seed=1,
        )
        microsoft = run_in_thread(config)
        try:
            world = _world(database, clock, runner, keys, microsoft)
            found.append(world)
            yield world
        finally:
            microsoft.stop()


def _world(database: Database, clock: MovableClock, runner: Runner, keys: LogKeys, microsoft: RunningSandbox) -> World:
    http = _client()
    registration = AppRegistration(
        authority=f"{microsoft.url}/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
    )
    tokens = AppTokenSource(registration, tenant_id=PUBLISHER_TENANT_ID, http=http)
    fulfillment = FulfillmentClient(f"{microsoft.url}/api", tokens, http, patience=_PATIENCE, clock=clock)
    systems = Systems()
    customers = CustomersWork(runner, fulfillment, ProvisioningFunction(systems, name="systems")).work()
    messages = MessagesWork(runner, NoMail(), NoTeams(), base_url="https://fairmile.example").work()
    graph = AppTokenSource(registration, tenant_id=PUBLISHER_TENANT_ID, http=http, resource=GRAPH_RESOURCE)
    ingestion = f"{microsoft.url}/ingestion/rp/product-ingestion"
    offers = IngestionClient(ingestion, graph, http, patience=_PATIENCE, clock=clock)
    deals = DealsWork(runner, offers, DealsSettings(schema=PayloadSchema())).work()
    work = Work(handlers=(*customers.handlers, *messages.handlers, *deals.handlers), schedules=customers.schedules)
    return World(
        database=database,
        clock=clock,
        runner=runner,
        all_work=work,
        worker=Worker(database, clock, work=work, threads=0),
        fulfillment=fulfillment,
        microsoft=microsoft,
        http=http,
        systems=systems,
        integrator=Integrator(database, keys, clock),
        exporter=Exporter(database, keys),
        keys=keys,
    )


@cache
def _client() -> httpx.Client:
    """Return one client for all tests: loading the certificates takes a third of a second."""
    return httpx.Client(timeout=60)
