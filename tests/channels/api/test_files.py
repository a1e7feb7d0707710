"""Exports and receipts over HTTP: whole, verifiable, and for nobody but those who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from fairkeeper.access.authorise import make_authorise, nobody_is_suspended
from fairkeeper.action.operation import Circumstances, EvidenceDraft, Ports
from fairkeeper.action.principal import Principal, PrincipalKind, system
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Call, Runner, Wiring
from fairkeeper.api.errors import install_error_handlers
from fairkeeper.api.files import files_router
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.errors import UnauthenticatedError
from fairkeeper.evidence.actions import RequestExport, request_export
from fairkeeper.evidence.append import append
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.integrator import Integrator
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.proof.receipt import verify_receipt
from fairkeeper.proof.verification import verify_export
from fairkeeper.values.clock import FixedClock
from fairkeeper.values.ids import CustomerId, EntryId

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CONTOSO, FABRIKAM = CustomerId("cus_CONTOSO"), CustomerId("cus_FABRIKAM")


def staff(role: str) -> Principal:
    return Principal(id=f"per_{role}", kind=PrincipalKind.STAFF, roles=frozenset({role}))


def person(role: str, customer_id: CustomerId) -> Principal:
    return Principal(id=f"per_{role}", kind=PrincipalKind.CUSTOMER, roles=frozenset({role}), customer_id=customer_id)


PRINCIPALS = {
    "owner": staff("owner"),
    "seller": staff("seller"),
    "contoso": person("customer_admin", CONTOSO),
    "contoso-user": person("customer_user", CONTOSO),
    "fabrikam": person("customer_admin", FABRIKAM),
}


@dataclass
class Office:
    """A log with two customers' entries, and its files over HTTP."""

    database: Database
    runner: Runner
    integrator: Integrator
    client: TestClient
    entries: dict[str, str]

    def get(self, path: str, who: str) -> tuple[int, bytes]:
        answer = self.client.get(path, headers={"x-who": who} if who else {})
        return answer.status_code, answer.content

    def ask(self, who: str, customer_id: CustomerId | None = None) -> str:
        request = RequestExport(customer_id=customer_id)
        return str(self.runner.run(request_export, request, Call(principal=PRINCIPALS[who])).token)


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    clock = FixedClock(NOW)
    keys = LogKeys("fairmile.example/log", SecretStore(MasterKeys([MasterKeys.new_key()])))
    authorise = make_authorise(nobody_is_suspended)
    runner = Runner(
        Registry([request_export]), database, clock, Wiring(authorise=authorise, record=append, ports=Ports())
    )
    entries: dict[str, str] = {}
    circumstances = Circumstances(operation="test.tell", principal=system("test"), at=NOW)
    for number, owner in enumerate([CONTOSO, FABRIKAM, None, CONTOSO]):
        draft = EvidenceDraft(
            kind="test.told/1",
            subject_type="thing",
            subject_id=str(number),
            customer_id=owner,
            payload={"number": number},
            entry_id=EntryId(f"ent_{number}"),
        )
        with database.write() as session:
            entries[owner or "publisher"] = append(session, draft, circumstances)
    app = FastAPI()
    install_error_handlers(app)

    def authenticate(request: Request) -> Principal:
        found = PRINCIPALS.get(request.headers.get("x-who", ""))
        if found is None:
            raise UnauthenticatedError("Nobody asks.")
        return found

    app.include_router(files_router(Exporter(database, keys), authenticate, authorise))
    integrator = Integrator(database, keys, clock)
    integrator.run_until_current()
    with TestClient(app) as client:
        yield Office(database, runner, integrator, client, entries)


def test_an_export_waits_for_its_place_and_then_verifies(office: Office) -> None:
    token = office.ask("contoso")
    assert office.get(f"/api/v1/evidence/exports/{token}", "contoso")[0] == 503
    office.integrator.run_until_current()
    answer = office.client.get(f"/api/v1/evidence/exports/{token}", headers={"x-who": "contoso"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["content-disposition"] == f'attachment; filename="{token}.jsonl"'
    report = verify_export(answer.content.splitlines(keepends=True))
    assert (report.ok, report.customer, report.entries) == (True, CONTOSO, 3)


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("contoso", 200), ("fabrikam", 404), ("contoso-user", 403), ("seller", 403), ("", 401)],
)
def test_an_export_is_for_those_who_might_have_asked_for_it(office: Office, who: str, status: int) -> None:
    token = office.ask("contoso")
    office.integrator.run_until_current()
    assert office.get(f"/api/v1/evidence/exports/{token}", who)[0] == status


@pytest.mark.parametrize(
    ("owner", "who", "status"),
    [
        (CONTOSO, "owner", 200),
        (CONTOSO, "contoso", 200),
        (CONTOSO, "contoso-user", 403),
        (CONTOSO, "fabrikam", 404),
        (CONTOSO, "seller", 403),
        (CONTOSO, "", 401),
        ("publisher", "owner", 200),
        ("publisher", "contoso", 404),
    ],
)
def test_a_receipt_is_for_those_who_may_see_its_entry(office: Office, owner: str, who: str, status: int) -> None:
    entry_id = office.entries[owner]
    found, content = office.get(f"/api/v1/evidence/entries/{entry_id}/receipt", who)
    assert found == status
    if status == 200:
        report = verify_receipt(content)
        assert report.ok
        assert report.header is not None
        assert report.header.id == entry_id


@pytest.mark.parametrize("path", ["exports/exp_nobody", "exports/..%2F..%2Fx", "entries/ent_nobody/receipt"])
def test_what_is_not_there_is_not_found(office: Office, path: str) -> None:
    status, content = office.get(f"/api/v1/evidence/{path}", "owner")
    assert status == 404
    assert b'"remedy"' in content


def test_an_entry_that_is_no_export_is_none(office: Office) -> None:
    assert office.get(f"/api/v1/evidence/exports/{office.entries[CONTOSO]}", "owner")[0] == 404
