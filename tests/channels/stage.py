"""A whole installation behind real HTTP, with two customers who both have something of everything.

Nothing of ours is replaced: the application, the database with its logins, the log and the background work are those of
a server; Microsoft is the shipped sandbox, whose signed webhooks come in by the real door. Only three things are the
test's: the clock stands still, background work is done when it is asked for, and the publisher's systems take their
time over a change.

What a request changed can be seen and taken back (`Rows`), so that one stage serves thousands of requests.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select
from starlette.routing import Route

from fairkeeper.access.actions.invitations import invite_person
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.actions.tokens import create_token
from fairkeeper.access.attempts import SignInPurpose
from fairkeeper.access.credentials import digest
from fairkeeper.action.operation import Operation, OperationKind, TextFile
from fairkeeper.action.principal import Principal, system
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.application import create_app
from fairkeeper.bootstrap.demo.running import prepare_people
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.rooms import all_operations
from fairkeeper.bootstrap.server import UVICORN, bind
from fairkeeper.bootstrap.settings import Settings, read_settings
from fairkeeper.consent.actions.apply_plan import apply_plan
from fairkeeper.customers.actions.custody.noting import note_would_have
from fairkeeper.customers.actions.land import claim_subscription, record_visit
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.actions.marketplace.receive_webhook import receive_webhook
from fairkeeper.customers.ports import ProvisioningAnswer, ProvisioningRequest, ProvisioningWish
from fairkeeper.customers.tables import LandingAnswerRow, LandingStepRow, SubscriptionRow
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.deals.actions.match_purchase import confirm_purchase
from fairkeeper.deals.actions.save_deal import save_deal
from fairkeeper.deals.actions.submit_deal import record_progress
from fairkeeper.messages.actions.take_up import take_up
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import (
    DESK_APP_ID,
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    PUBLISHER_TENANT_ID,
    WORK_APP_SECRET,
    Person,
    default_directory,
)
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.sandbox.webhooks.courier import CourierSettings
from fairkeeper.values.clock import FixedClock, MovableClock, SystemClock
from tests.channels.consenting import CONSENT_PLAN, consent
from tests.channels.governing import govern
from tests.channels.metering import meter
from tests.channels.rows import Rows
from tests.channels.transport import PlainTransport

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOST = "127.0.0.1"
MCP_PATH = "/mcp"
EVERY_ROLE = ("customer_admin", "customer_approver", "customer_user", "service")
"""What one principal of a customer can be at once; the auditor's role forbids changes and stands apart."""
CUSTOMER_ROLES = ("customer_admin", "customer_approver", "customer_user", "customer_auditor", "service")


def publishers_systems(request: ProvisioningRequest) -> ProvisioningAnswer | None:
    """Do at once what is wanted, but take time over a change, so that there is a job without a report."""
    return None if request.wish is ProvisioningWish.CHANGE else ProvisioningAnswer(is_done=True, message="Done.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tenant:
    """One customer, by what it can prove and what it knows of itself.

    Attributes:
        waiting_id: A subscription that waits for activation.
        ended_id: One that has ended, with its receipt.
        tokens: API tokens by role; `every` has all of EVERY_ROLE.
        cookies: Values of session cookies by role.
    """

    name: str
    people: tuple[Person, ...]
    customer_id: str
    slug: str
    subscription_id: str
    waiting_id: str
    ended_id: str
    tokens: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)

    @property
    def tenant_id(self) -> str:
        return self.people[0].tenant_id


@dataclass(slots=True, kw_only=True, eq=False)
class Stage:
    """What runs."""

    installation: Installation
    app: FastAPI
    url: str
    sandbox: RunningSandbox
    clock: MovableClock
    http: httpx.Client
    owner_token: str = field(default="", repr=False)
    owner_cookie: str = field(default="", repr=False)
    contoso: Tenant = field(init=False)
    fabrikam: Tenant = field(init=False)
    rows: Rows = field(init=False)

    def run(self, operation: Operation, by: Principal | None = None, **fields: Any) -> Any:
        """Run an operation as Fairkeeper itself, or as somebody."""
        request = operation.input.model_validate(fields)
        return self.installation.runner.run(operation, request, Call(principal=by or system("test")))

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a request with a bearer token."""
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return self.http.request(method, f"{self.url}{path}", headers=headers, **options)

    def work(self) -> None:
        """Let webhooks arrive and do all background work that is due."""
        while True:
            assert self.sandbox.controls.courier.wait_until_idle(20), "webhooks did not settle"
            if not self.installation.worker.run_due():
                return

    def control(self, path: str, **body: Any) -> Any:
        """Let the sandbox do something."""
        answer = self.http.post(f"{self.sandbox.url}/sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def place_entries(self) -> None:
        """Let the log take up what was recorded."""
        self.installation.integrator.run_until_current()


# --- opening


def settings_for(folder: Path, address: DatabaseAddress, url: str, microsoft: str) -> Settings:
    """Return the settings of the demo, on any database, with every command switched on as a tool."""
    writes = [o.name for o in all_operations() if o.kind is OperationKind.COMMAND and not o.is_internal]
    return read_settings(
        data_dir=folder,
        database_url=address.url,
        database_customer_url=None if address.customer_url is None else SecretStr(address.customer_url),
        database_owner_url=None if address.owner_url is None else SecretStr(address.owner_url),
        host=HOST,
        port=int(url.rpartition(":")[2]),
        base_url=url,
        entra_authority=f"{microsoft}/entra",
        entra_tenant_id=PUBLISHER_TENANT_ID,
        fulfillment_base_url=f"{microsoft}/api",
        azure_base_url=f"{microsoft}/azure",
        agent_graph_url=f"{microsoft}/entra/graph/v1.0",
        application_notice_secrets=SecretStr("a-secret-that-nobody-guesses"),
        ingestion_base_url=f"{microsoft}/ingestion/rp/product-ingestion",
        fulfillment_app_id=FULFILLMENT_APP_ID,
        fulfillment_app_secret=FULFILLMENT_APP_SECRET,
        sign_in_app_id=LANDING_APP_ID,
        sign_in_app_secret=LANDING_APP_SECRET,
        consent_app_secrets=json.dumps({DESK_APP_ID: WORK_APP_SECRET}),
        log_origin="fairmile.example/log",
        mcp_writes=",".join(f"{name}:customer_admin" for name in writes),
        provisioning_entry_point="tests.channels.stage:publishers_systems",
        sandbox_url=microsoft,
        workers=0,
    )


@contextmanager
def open_stage(folder: Path, address: DatabaseAddress) -> Iterator[Stage]:
    """Open an installation on an empty database, with Contoso and Fabrikam as its customers."""
    clock = MovableClock(FixedClock(NOON))
    bound = bind(HOST, 0)
    url = f"http://{HOST}:{bound.getsockname()[1]}"
    config = SandboxConfig(
        base_url="",
        landing_url=f"{url}/marketplace/landing",
        webhook_url=f"{url}/marketplace/webhook",
        clock=clock,
        courier=CourierSettings(floor_seconds=0, tick_seconds=0.01, hold_seconds=0.05, timeout_seconds=5),
        entra_state=entra_state(),
        seed=1,
    )
    microsoft = run_in_thread(config)
    installation = open_installation(settings_for(folder, address, url, microsoft.url), clock)
    app = create_app(installation)
    try:
        with _serving(app, bound), httpx.Client(transport=PlainTransport(), follow_redirects=False) as http:
            stage = Stage(installation=installation, app=app, url=url, sandbox=microsoft, clock=clock, http=http)
            stage.owner_token = prepare_people(installation)
            stage.owner_cookie = _sign_in_owner(stage)
            stage.run(apply_plan, local_principal(), file=TextFile(name="plan.yaml", text=CONSENT_PLAN))
            stage.contoso = _move_in(stage, "Contoso")
            stage.fabrikam = _move_in(stage, "Fabrikam")
            stage.place_entries()
            _use_tokens(stage)
            stage.rows = Rows(installation.database.engine)
            try:
                yield stage
            finally:
                stage.rows.close()
    finally:
        microsoft.stop()
        installation.close()


@contextmanager
def _serving(app: FastAPI, bound: socket.socket) -> Iterator[None]:
    """Serve without the background work, which would write beside the test."""
    channel = _mcp_of(app)
    app.router.lifespan_context = lambda _app: channel.running()
    server = uvicorn.Server(uvicorn.Config(app, **UVICORN))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    limit = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < limit, "the server took too long to start"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def _mcp_of(app: FastAPI) -> Any:
    """Return what serves MCP in the application; it has to run while it serves."""
    (found,) = (route.endpoint for route in app.routes if isinstance(route, Route) and route.path == MCP_PATH)
    return found


@cache
def entra_state() -> dict[str, Any]:
    """Return one set of keys for all stages of a run: making them is slow, and proves nothing."""
    return PretendEntra(default_directory(), SystemClock(), "http://entra.example").export_state()


# --- two customers


def _move_in(stage: Stage, name: str) -> Tenant:
    """Let a customer buy, use, change and end, so that it has a row in every table."""
    people = tuple(p for p in default_directory().people if p.email.endswith(f"@{name.lower()}.example"))
    subscription_id, ended_id = (_buy(stage, people[0], auto_activation=True) for _ in range(2))
    stage.work()
    waiting_id = _buy(stage, people[0], auto_activation=False)
    _land(stage, waiting_id)
    stage.control(f"/subscriptions/{subscription_id}/change-quantity", quantity=12)
    stage.control(f"/subscriptions/{ended_id}/cancel")
    stage.work()
    _send_strange_notice(stage, subscription_id)
    stage.run(
        claim_subscription,
        subscription_id=subscription_id,
        tenant_id=people[1].tenant_id,
        object_id=people[1].object_id,
    )
    stage.work()
    shown = stage.call("GET", f"/api/v1/subscriptions/{subscription_id}", stage.owner_token).json()["line"]
    customer_id = shown["customer_id"]
    tenant = Tenant(
        name=name,
        people=people,
        customer_id=customer_id,
        slug=shown["customer_slug"],
        subscription_id=subscription_id,
        waiting_id=waiting_id,
        ended_id=ended_id,
        tokens=_make_tokens(stage, name, customer_id),
        cookies=_sign_in(stage, name, people),
    )
    _tell(stage, name, customer_id)
    _agree_on_a_deal(stage, tenant)
    consent(stage, tenant)
    govern(stage, name, customer_id, subscription_id)
    meter(stage, name, subscription_id)
    for path, body in (("/evidence/exports", {}), (f"/subscriptions/{subscription_id}/pause", {"reason": "A pause."})):
        headers = {"idempotency-key": f"{name}-{path.rpartition('/')[2]}"}
        answer = stage.call("POST", f"/api/v1{path}", tenant.tokens["every"], json=body, headers=headers)
        assert answer.is_success, answer.text
    return tenant


DEAL = """
private_offer:
  name: Deal of {name}
  kind: customer
  pricing: existing_plan_discount
  currency: USD
  accept_by: 2026-12-15
  billing_starts: on_acceptance
  ends: 2027-12-31
  customer: {{name: {name}, billing_account: "12345678", country: US, tenant_id: {tenant_id}}}
  eligibility: {{partner_program: true, publisher_agreement: true, published_offer: true}}
  plans:
    - offer: fairmile-assistant
      plan: team
      price_model: per_user
      term_months: 12
      billing: {{frequency: monthly, amount: "15.00"}}
"""


def _agree_on_a_deal(stage: Stage, tenant: Tenant) -> None:
    """Let a customer's purchase come from a deal, which a person has to say, so that it knows what it is charged."""
    text = DEAL.format(name=tenant.name, tenant_id=tenant.tenant_id)
    deal = stage.run(save_deal, local_principal(), file={"text": text}).slug
    for happened in ("offered", "accepted"):
        stage.run(record_progress, local_principal(), deal=deal, happened=happened)
    stage.work()
    stage.run(confirm_purchase, local_principal(), subscription_id=tenant.subscription_id, deal=deal)


def _buy(stage: Stage, person: Person, *, auto_activation: bool) -> str:
    order = {"plan_id": "team", "quantity": 10, "purchaser": person.email, "auto_activation": auto_activation}
    return str(stage.control("/purchases", **order)["subscription_id"])


def _land(stage: Stage, subscription_id: str) -> None:
    """Do what the landing page does for a visitor: resolve, follow, record."""
    link = stage.control(f"/subscriptions/{subscription_id}/manage")["landing_url"]
    resolved = stage.installation.fulfillment.resolve(parse_qs(urlsplit(link).query)["token"][0]).value
    assert resolved is not None
    subscription = json.dumps(resolved.raw)
    stage.run(follow_reading, subscription=subscription, source=ReadingSource.LANDING)
    party = resolved.beneficiary
    stage.run(record_visit, subscription=subscription, tenant_id=party.tenant_id, object_id=party.object_id)


def _send_strange_notice(stage: Stage, subscription_id: str) -> None:
    """Let a notice arrive that nobody understands, so that it is held and put before a person."""
    notice = {"id": str(uuid.uuid4()), "action": "Sublimate", "subscriptionId": subscription_id, "status": "InProgress"}
    stage.run(receive_webhook, body=base64.b64encode(json.dumps(notice).encode()))


def _tell(stage: Stage, name: str, customer_id: str) -> None:
    """Let a customer's administrator be told something, and something be noted instead of done."""
    stage.run(
        invite_person,
        local_principal(),
        name=f"Invited by {name}",
        roles=["customer_user"],
        email=f"invited@{name.lower()}.example",
        customer_id=customer_id,
    )
    with stage.installation.database.write() as session:
        row = session.scalars(select(SubscriptionRow).where(SubscriptionRow.customer_id == customer_id)).first()
        assert row is not None
        session.add(
            LandingStepRow(
                visitor=f"browser of {name}",
                step="let_in",
                reason="",
                customer_id=customer_id,
                at=stage.clock.now(),
            )
        )
        session.add(
            LandingAnswerRow(
                subscription_id=row.subscription_id,
                customer_id=customer_id,
                name="cost_centre",
                place=1,
                label="Cost centre",
                value=f"Cost centre of {name}",
                answered_at=stage.clock.now(),
            )
        )
        note_would_have(session, row, f"done something for {name} alone", key=f"for {name}", now=stage.clock.now())
    stage.run(
        take_up,
        code="customers.finding",
        key=f"told to {name}",
        to="customer_admin",
        urgency="digest",
        values={"customer": name, "what": f"Something for {name} alone.", "remedy": "Look at it."},
        about_customer_id=customer_id,
    )


def _make_tokens(stage: Stage, name: str, customer_id: str) -> dict[str, str]:
    roles: dict[str, list[str]] = {role: [role] for role in CUSTOMER_ROLES}
    roles["every"] = list(EVERY_ROLE)
    made = {}
    for label, names in roles.items():
        fields = {"name": f"{name} {label}", "roles": names, "customer_id": customer_id}
        made[label] = str(stage.run(create_token, local_principal(), **fields).secret)
    return made


def _sign_in(stage: Stage, name: str, people: tuple[Person, ...]) -> dict[str, str]:
    cookies = {}
    for person, role in zip(people, ("customer_admin", "customer_user"), strict=True):
        cookies[role], roles = _open_session(stage, person, SignInPurpose.CUSTOMER)
        assert roles == [role], name
    return cookies


def _sign_in_owner(stage: Stage) -> str:
    cookie, roles = _open_session(stage, somebody(lambda p: p.name == "Olivia Owner"), SignInPurpose.STAFF)
    assert roles == ["owner"]
    return cookie


def _open_session(stage: Stage, person: Person, purpose: SignInPurpose) -> tuple[str, list[str]]:
    value = f"cookie-of-{person.object_id}"
    signed_in = stage.run(
        sign_in,
        tenant_id=person.tenant_id,
        object_id=person.object_id,
        name=person.name,
        email=person.email,
        cookie_digest=digest(value).hex(),
        purpose=purpose,
    )
    return value, list(signed_in.person.roles)


def _use_tokens(stage: Stage) -> None:
    """Use every token once, so that noting its first use is no change later."""
    tokens: list[str] = [stage.owner_token, *stage.contoso.tokens.values(), *stage.fabrikam.tokens.values()]
    for token in tokens:
        stage.call("GET", "/api/v1/access/me", token)


def somebody(check: Callable[[Person], bool]) -> Person:
    """Return the first person of the sandbox for whom this is so."""
    return next(person for person in default_directory().people if check(person))
