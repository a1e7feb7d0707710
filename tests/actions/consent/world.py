"""A whole installation beside a pretend Microsoft, on one clock, for tests of trust and consent.

Nothing of ours is replaced: the installation is opened as a server opens it, and only its background work is done when
a test says so. A module's tests share one installation; each has a Contoso and a Fabrikam that no other test knows.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from pydantic import SecretStr
from sqlalchemy import select

from fairkeeper.action.operation import Operation, TextFile
from fairkeeper.action.principal import Principal, PrincipalKind, system
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.settings import read_settings
from fairkeeper.consent.actions.apply_plan import apply_plan
from fairkeeper.consent.actions.ask import ask_customer, share_page
from fairkeeper.consent.actions.start import AnswerTaken, begin_consent, take_answer
from fairkeeper.consent.queries import show_customer
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.consent.views import CustomerConsent
from fairkeeper.customers.actions.land import record_visit
from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.microsoft.tenants.consent import admin_consent_address
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import (
    AT_YOUR_SIDE_APP_ID,
    DESK_APP_ID,
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    PUBLISHER_TENANT_ID,
    SORTER_APP_ID,
    WORK_APP_SECRET,
    Person,
    Tenant,
    default_directory,
)
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.clock import FixedClock, MovableClock, SystemClock

NOTICE_SECRET = "a-secret-that-nobody-guesses"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLAN = (Path(__file__).parents[3] / "examples" / "consent" / "clean.yaml").read_text("utf-8")
RETURN = "http://127.0.0.1:8700/connect/return"
LANDING = "http://127.0.0.1:8700/marketplace/landing"
BROWSER = hashlib.sha256(b"the browser").hexdigest()
OTHER_BROWSER = hashlib.sha256(b"another browser").hexdigest()


def staff(*roles: str) -> Principal:
    return Principal(id="per_staff", kind=PrincipalKind.STAFF, roles=frozenset(roles or ("platform",)))


def person_of(customer_id: str, *roles: str) -> Principal:
    return Principal(
        id="per_cora",
        kind=PrincipalKind.CUSTOMER,
        roles=frozenset(roles or ("customer_user",)),
        customer_id=customer_id,  # type: ignore[arg-type]
    )


PRODUCT = Principal(id="tok_product", kind=PrincipalKind.SERVICE, roles=frozenset({"service"}))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Started:
    """A consent that was begun: where the browser is sent, and the state that only it carries."""

    address: str
    state: str


@dataclass
class Stage:
    """The installation and the pretend Microsoft, shared; with what was applied to them."""

    installation: Installation
    sandbox: RunningSandbox
    clock: MovableClock
    http: httpx.Client
    companies: int = 0
    plan: str = ""
    plan_version: int = 0

    def company(self, name: str) -> Tenant:
        """Add a company with an administrator and a plain user whom no other test knows."""
        self.companies += 1
        number, directory = self.companies, self.sandbox.controls.directory
        tenant = Tenant(
            id=f"c1{number:06d}-0000-4000-8000-000000000001", name=name, domain=f"{name.lower()}{number}.example"
        )
        directory.add_tenant(tenant)
        for at, (first, is_admin) in enumerate(PEOPLE[name]):
            directory.add_person(
                Person(
                    object_id=f"0c{number:04d}{at:02d}-0000-4000-8000-000000000001",
                    tenant_id=tenant.id,
                    name=f"{first} {name}",
                    email=f"{first.lower()}@{tenant.domain}",
                    puid=f"1003{number:06d}{at:06d}",
                    is_tenant_admin=is_admin,
                )
            )
        return tenant


PEOPLE = {"Contoso": (("Cora", True), ("Carl", False)), "Fabrikam": (("Freya", True), ("Felix", False))}


@dataclass
class World:
    """One test's part of a stage."""

    stage: Stage
    tenants: dict[str, Tenant] = field(default_factory=dict)

    @property
    def installation(self) -> Installation:
        return self.stage.installation

    @property
    def sandbox(self) -> RunningSandbox:
        return self.stage.sandbox

    @property
    def clock(self) -> MovableClock:
        return self.stage.clock

    @property
    def http(self) -> httpx.Client:
        return self.stage.http

    @property
    def customer_ids(self) -> list[str]:
        """The ids of this test's own customers."""
        tenant_ids = [tenant.id for tenant in self.tenants.values()]
        with self.installation.database.read() as session:
            return list(session.scalars(select(CustomerRow.customer_id).where(CustomerRow.tenant_id.in_(tenant_ids))))

    # --- operations

    def run(self, operation: Operation, by: Principal | None = None, /, **fields: Any) -> Any:
        request = operation.input.model_validate(fields)
        return self.installation.runner.run(operation, request, Call(principal=by or system("test")))

    def work(self) -> int:
        total = 0
        while done := self.installation.worker.run_due():
            total += done
        return total

    def move(self, **by: float) -> None:
        self.clock.move(timedelta(**by))
        self.work()

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.installation.database.read() as session:
            return list(session.scalars(select(table).where(*where).order_by(*table.__table__.primary_key)))

    def own(self, table: Any, *where: Any) -> list[Any]:
        """Return the rows of this test's own customers."""
        return self.rows(table, table.customer_id.in_(self.customer_ids), *where)

    def kinds(self) -> list[str]:
        """Return the kinds of this room's entries about this test's customers in order."""
        rows = self.own(EntryRow, EntryRow.kind.like("consent.%"))
        return [row.kind.partition(".")[2].partition("/")[0] for row in sorted(rows, key=lambda row: row.id)]

    # --- Microsoft

    def control(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.sandbox.url}/entra/control{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def storefront(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.sandbox.url}/sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def person(self, name: str) -> Person:
        tenant_id = self.tenant(name.partition(" ")[2])
        people = self.sandbox.controls.directory.people
        return next(each for each in people if each.name == name and each.tenant_id == tenant_id)

    def tenant(self, name: str) -> str:
        if name not in self.tenants:
            self.tenants[name] = self.stage.company(name)
        return self.tenants[name].id

    # --- a customer

    def buy(self, name: str, plan_id: str = "business", *, is_visited: bool = True, seats: int | None = None) -> str:
        """Let a company's administrator buy, land and activate; return the customer's readable address."""
        buyer = self.person(name)
        wanted = {"plan_id": plan_id, "purchaser": buyer.email, **({} if seats is None else {"quantity": seats})}
        bought = self.storefront("/purchases", **wanted, auto_activation=not is_visited)
        subscription_id = bought["subscription_id"]
        link = self.storefront(f"/subscriptions/{subscription_id}/manage")["landing_url"]
        resolved = self.installation.fulfillment.resolve(parse_qs(urlsplit(link).query)["token"][0]).value
        assert resolved is not None
        raw = json.dumps(dict(resolved.raw))
        self.run(follow_reading, subscription=raw, source=ReadingSource.LANDING)
        if is_visited:
            # Signing in makes our application present in the tenant.
            self.control("/service-principals", client_id=LANDING_APP_ID, tenant_id=buyer.tenant_id)
            self.run(record_visit, subscription=raw, tenant_id=buyer.tenant_id, object_id=buyer.object_id)
            self.work()
            self.run(activate_subscription, subscription_id=subscription_id)
        self.work()
        (row,) = self.rows(CustomerRow, CustomerRow.tenant_id == buyer.tenant_id)
        return str(row.slug)

    def apply(self, text: str = PLAN) -> int:
        """Let a plan hold, under the next version where another one does; return its version."""
        if self.stage.plan != text:
            self.stage.plan, self.stage.plan_version = text, self.stage.plan_version + 1
            numbered = re.sub(r"(?m)^(\s*)version: \d+$", rf"\1version: {self.stage.plan_version}", text, count=1)
            self.run(apply_plan, staff(), file=TextFile(name="plan.yaml", text=numbered))
            self.work()
        return self.stage.plan_version

    def shown(self, slug: str) -> CustomerConsent:
        found: CustomerConsent = self.run(show_customer, staff(), customer=slug)
        return found

    def state(self, slug: str, registration: str = "desk") -> str:
        (grant,) = [each for each in self.shown(slug).grants if each.registration == registration]
        return grant.state.value

    def grant_row(self, slug: str, registration: str = "desk") -> GrantRow:
        customer_id = self.shown(slug).customer_id
        found = self.rows(
            GrantRow,
            GrantRow.customer_id == customer_id,
            GrantRow.registration == registration,
            GrantRow.replaced_by.is_(None),
        )
        row: GrantRow = found[-1]
        return row

    def link(self, slug: str) -> LinkRow:
        customer_id = self.shown(slug).customer_id
        rows: list[LinkRow] = self.rows(LinkRow, LinkRow.customer_id == customer_id)
        return max(rows, key=lambda row: row.number)

    def ask(self, slug: str) -> str:
        """Ask for what the plan needs, and return the digest of a page's address."""
        self.run(ask_customer, staff(), customer=slug)
        return self.page(slug)

    def page(self, slug: str) -> str:
        made = self.run(share_page, staff(), customer=slug)
        return digest(made.path.rpartition("/")[2])

    # --- through Microsoft's page

    def begin(self, page: str, slug: str, *, browser: str = BROWSER) -> Started:
        """Begin an administrator's consent, as the page's route does."""
        state = secrets.token_urlsafe(16)
        begun = self.run(
            begin_consent,
            page=page,
            grant_id=self.grant_row(slug).grant_id,
            way="admin",
            state_digest=digest(state),
            browser_digest=browser,
        )
        address = admin_consent_address(
            f"{self.sandbox.url}/entra",
            begun.tenant_id,
            begun.app_id,
            begun.scopes,
            redirect_uri=RETURN,
            state=state,
        )
        return Started(address=address, state=state)

    def decide(self, started: Started, name: str, decision: str) -> dict[str, str]:
        """Let somebody decide on Microsoft's page, and return what the browser brings back."""
        asked = dict(parse_qsl(urlsplit(started.address).query))
        form = {**asked, "object_id": self.person(name).object_id, decision: "1"}
        answer = self.http.post(started.address.partition("?")[0], data=form, follow_redirects=False)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def take(self, answer: dict[str, str], *, browser: str = BROWSER, **changes: Any) -> AnswerTaken:
        """Take what a browser brought back, as the page's route does."""
        fields = {
            "state_digest": digest(answer.get("state", "")),
            "browser_digest": browser,
            "tenant_id": answer.get("tenant", ""),
            "error": answer.get("error", ""),
            "numbers": [int(word[6:11]) for word in answer.get("error_description", "").split() if "AADSTS" in word],
            "is_granted": answer.get("admin_consent") == "True",
            **changes,
        }
        taken: AnswerTaken = self.run(take_answer, **fields)
        return taken

    def grant(self, slug: str, name: str) -> None:
        """Ask, let the administrator approve, and let the token prove it."""
        page = self.ask(slug)
        started = self.begin(page, slug)
        self.take(self.decide(started, name, "accept"))
        self.work()


@cache
def entra_state() -> dict[str, Any]:
    return PretendEntra(default_directory(), SystemClock(), "http://entra.example").export_state()


@contextmanager
def open_stage(folder: Path, address: DatabaseAddress) -> Iterator[Stage]:
    """Open an installation on an empty database; customers' people and plans are the test's."""
    clock = MovableClock(FixedClock(NOON))
    sandbox = run_in_thread(
        SandboxConfig(base_url="", landing_url=LANDING, clock=clock, entra_state=entra_state(), seed=1)
    )
    settings = read_settings(
        data_dir=folder,
        database_url=address.url,
        database_customer_url=None if address.customer_url is None else SecretStr(address.customer_url),
        database_owner_url=None if address.owner_url is None else SecretStr(address.owner_url),
        entra_authority=f"{sandbox.url}/entra",
        entra_tenant_id=PUBLISHER_TENANT_ID,
        fulfillment_base_url=f"{sandbox.url}/api",
        azure_base_url=f"{sandbox.url}/azure",
        agent_graph_url=f"{sandbox.url}/entra/graph/v1.0",
        agent_consent_return=f"{sandbox.url}/entra/TokenAuthorize",
        application_notice_secrets=SecretStr(f"{NOTICE_SECRET},{'x' * 24}"),
        fulfillment_app_id=FULFILLMENT_APP_ID,
        fulfillment_app_secret=FULFILLMENT_APP_SECRET,
        sign_in_app_id=LANDING_APP_ID,
        sign_in_app_secret=LANDING_APP_SECRET,
        consent_app_secrets=json.dumps(
            dict.fromkeys((AT_YOUR_SIDE_APP_ID, DESK_APP_ID, SORTER_APP_ID), WORK_APP_SECRET)
        ),
        log_origin="fairmile.example/log",
        sandbox_url=sandbox.url,
        workers=0,
    )
    installation = open_installation(settings, clock)
    try:
        with httpx.Client(timeout=30) as http:
            yield Stage(installation=installation, sandbox=sandbox, clock=clock, http=http)
    finally:
        sandbox.stop()
        installation.close()
