"""Pages of the console with 1,000 customers and 1,000,000 entries: how long each takes to its last byte.

A whole server on SQLite with background work off, so that only pages are measured; the customers are taken in by the
operation that takes in Microsoft's statements, the entries are appended and integrated as always. Every page is asked
for by the owner; Today, the palette and searches by somebody of each role. Target: under 300 ms a page at the median.
The number of entries can be lowered with FAIRKEEPER_BENCH_ENTRIES.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import uvicorn
from sqlalchemy import select

from bench.report import Report
from fairkeeper.access.actions.people import add_person
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.attempts import SignInPurpose
from fairkeeper.access.credentials import digest
from fairkeeper.access.roles import STAFF_ROLES
from fairkeeper.action.operation import Circumstances, EvidenceDraft, Operation
from fairkeeper.action.principal import Principal, system
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.application import create_app
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.server import bind
from fairkeeper.bootstrap.settings import read_settings
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.evidence.append import append_many
from fairkeeper.jobs.customers import CustomersWork
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.worker import Worker
from fairkeeper.overview.actions import TASK_REOPENED

CUSTOMERS = 1_000
ENTRIES = int(os.environ.get("FAIRKEEPER_BENCH_ENTRIES", "1000000"))
BATCH = 2_000
VISITS = 15
TARGET_MILLISECONDS = 300.0
PUBLISHER = "0a000001-0000-4000-8000-000000000001"
PERSON = "0b000001-0000-4000-8000-000000000001"
COOKIE = "bench-cookie"
NAMESPACE = uuid.UUID("0c000001-0000-4000-8000-000000000001")


def run(report: Report) -> None:
    """Measure every page that needs nothing in its address, a customer's, a subscription's, and the exports."""
    with tempfile.TemporaryDirectory() as folder, _installation(Path(folder)) as (installation, url):
        began = time.perf_counter()
        taken = [_take_in(installation, number) for number in range(CUSTOMERS)]
        _work(installation)
        installation.integrator.run_until_current()
        report.plain("taking customers in", (time.perf_counter() - began) / CUSTOMERS * 1000, unit="ms each")
        began = time.perf_counter()
        newest = _record(installation)
        report.plain("recording and integrating", ENTRIES / (time.perf_counter() - began), unit="/s")
        with _browser(url, COOKIE) as browser:
            for path in _pages(browser, taken[0]):
                _measure(report, browser, path)
        for role in sorted(STAFF_ROLES):
            cookie = _let_in(installation, role)
            with _browser(url, cookie) as browser:
                for path in ("/", "/palette", *_searches(taken[0], newest)):
                    _measure(report, browser, path, who=role)


def _browser(url: str, cookie: str) -> httpx.Client:
    return httpx.Client(base_url=url, cookies={"fairkeeper_session": cookie}, timeout=60)


def _searches(subscription_id: str, entry_id: str) -> tuple[str, ...]:
    """Return searches of each sort: a name, the beginning of an id, an entry, an amount, a deed, and nothing."""
    texts = ("company-99", subscription_id[:9], entry_id, entry_id[:-4], "1,234.50 USD", "nobody has this")
    return (*(f"/search?q={quote(text)}" for text in texts), "/palette?q=pause+purchase+99", "/palette?q=payou")


def _record(installation: Installation) -> str:
    """Append entries of all customers and let the log take them up; return the newest one's id."""
    with installation.database.read() as session:
        customers = list(session.scalars(select(CustomerRow.customer_id).order_by(CustomerRow.customer_id)))
    circumstances = Circumstances(
        operation="overview.retry_task", principal=system("bench"), at=installation.clock.now()
    )
    newest = ""
    for start in range(0, ENTRIES, BATCH):
        drafts = [
            EvidenceDraft(
                kind=TASK_REOPENED.name,
                subject_type="task",
                subject_id=str(number),
                customer_id=customers[number % len(customers)],
                payload={"name": "bench.work", "attempts": 1},
            )
            for number in range(start, min(start + BATCH, ENTRIES))
        ]
        with installation.database.write() as session:
            append_many(session, drafts, circumstances)
        newest = drafts[-1].entry_id
    installation.integrator.run_until_current()
    return newest


def _let_in(installation: Installation, role: str) -> str:
    """Add somebody of a role and let them sign in; return their cookie."""
    cookie, object_id = f"bench-cookie-of-{role}", str(uuid.uuid5(NAMESPACE, role))
    account = {"tenant_id": PUBLISHER, "object_id": object_id}
    _run(installation, add_person, local_principal(), name=f"Somebody of {role}", roles=[role], **account)
    digested = digest(cookie).hex()
    _run(installation, sign_in, system("bench"), cookie_digest=digested, purpose=SignInPurpose.STAFF, **account)
    return cookie


def _pages(browser: httpx.Client, subscription_id: str) -> list[str]:
    from fairkeeper.web.app import WAYS
    from fairkeeper.web.serving.ways import Audience

    plain = [
        way.path for way in WAYS if way.method == "GET" and "{" not in way.path and way.audience is not Audience.ANYBODY
    ]
    more = [
        f"/subscriptions/{subscription_id}",
        "/customers/company-0",
        "/customers?text=company+99",
        "/customers?sort=-name&page=12",
        "/search?q=company",
    ]
    return [path for path in (*plain, *more) if browser.get(path).status_code == 200]


def _measure(report: Report, browser: httpx.Client, path: str, who: str = "owner") -> None:
    took = []
    for _ in range(3 if path.endswith((".csv", ".xlsx")) else VISITS):
        began = time.perf_counter()
        browser.get(path).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    conditions = f"SQLite, {CUSTOMERS:,} customers, {ENTRIES:,} entries, {who}, median"
    if path.endswith((".csv", ".xlsx")):
        report.plain(path, statistics.median(took), unit="ms", conditions=conditions)
    else:
        report.at_most(path, statistics.median(took), unit="ms", target=TARGET_MILLISECONDS, conditions=conditions)


def _take_in(installation: Installation, number: int) -> str:
    """Let Microsoft state a subscription of another company."""
    subscription_id, tenant_id = str(uuid.uuid5(NAMESPACE, f"s{number}")), str(uuid.uuid5(NAMESPACE, f"t{number}"))
    party = {
        "tenantId": tenant_id,
        "objectId": str(uuid.uuid5(NAMESPACE, f"o{number}")),
        "emailId": f"ada@company-{number}.example",
    }
    statement = {
        "id": subscription_id,
        "name": f"Purchase {number}",
        "offerId": "fairmile-assist",
        "planId": "team" if number % 3 else "team-plus",
        "quantity": 10 + number % 90,
        "beneficiary": party,
        "purchaser": party,
        "term": {"startDate": "2026-06-01", "endDate": "2027-05-31", "termUnit": "P1Y"},
        "autoRenew": True,
        "saasSubscriptionStatus": ("Subscribed", "PendingFulfillmentStart", "Subscribed", "Suspended")[number % 4],
        "created": "2026-06-01T08:00:00Z",
    }
    _run(installation, follow_reading, system("bench"), subscription=json.dumps(statement), source=ReadingSource.CLOCK)
    return subscription_id


def _work(installation: Installation) -> None:
    """Set everything up and plant its deadlines; Microsoft is not asked, because there is none here."""
    every = CustomersWork(installation.runner, installation.fulfillment, installation.provisioner).work()
    names = {"customers.call_provisioner", "customers.plant_clocks"}
    work = Work(handlers=tuple(handler for handler in every.handlers if handler.name in names))
    Worker(installation.database, installation.clock, work=work, threads=0).run_due()


def _run(installation: Installation, operation: Operation, by: Principal, **fields: object) -> None:
    installation.runner.run(operation, operation.input.model_validate(fields), Call(principal=by))


@contextmanager
def _installation(folder: Path) -> Iterator[tuple[Installation, str]]:
    bound = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    settings = read_settings(
        data_dir=folder, base_url=url, entra_tenant_id=PUBLISHER, mode="manage", workers=0, log_level="error"
    )
    installation = open_installation(settings)
    account = {"tenant_id": PUBLISHER, "object_id": PERSON}
    _run(installation, add_person, local_principal(), name="Olivia Owner", roles=["owner"], **account)
    _run(
        installation,
        sign_in,
        system("bench"),
        cookie_digest=digest(COOKIE).hex(),
        purpose=SignInPurpose.STAFF,
        **account,
    )
    app = create_app(installation)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield installation, url
    finally:
        server.should_exit = True
        thread.join(10)
        installation.close()
