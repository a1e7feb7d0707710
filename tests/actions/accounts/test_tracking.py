"""A verification's record: what may be recorded, documents that are sealed, incidents that close, changes that restart."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import select

from fairkeeper.accounts.actions.keep_documents import add_document, remove_document
from fairkeeper.accounts.actions.state_structure import observe_file
from fairkeeper.accounts.actions.track_verification import open_programme, record_event
from fairkeeper.accounts.actions.warn import close_incident
from fairkeeper.accounts.errors import (
    DocumentNotFoundError,
    DocumentRefusedError,
    EventRefusedError,
    IncidentNotFoundError,
    ProgrammeExistsError,
    ProgrammeNotFoundError,
)
from fairkeeper.accounts.verification.tracking import (
    fetch_appeal,
    fetch_document,
    list_dues,
    list_incidents,
    list_programmes,
    show_programme,
)
from fairkeeper.database.secrets import SecretRow
from fairkeeper.database.session import Database
from fairkeeper.errors import DeniedError
from tests.actions.accounts.world import FINN, Account

PDF = b"%PDF-1.7 the company's registration"


@pytest.fixture
def account(database: Database) -> Account:
    account = Account(database)
    account.run(open_programme, name="Commercial Marketplace")
    return account


@pytest.fixture
def sqlite_account(sqlite_database: Database) -> Account:
    account = Account(sqlite_database)
    account.run(open_programme, name="Commercial Marketplace")
    return account


def record(account: Account, event: str, **fields: Any) -> Any:
    recorded = account.run(record_event, programme="commercial-marketplace", event=event, **fields)
    account.work()
    return recorded


def add(account: Account, **fields: Any) -> Any:
    given = {"title": "certificate of incorporation", "proves": "business", "issued_on": "2026-10-01", **fields}
    return account.run(add_document, programme="commercial-marketplace", **given)


def test_a_document_is_sealed_and_opened_again(account: Account) -> None:
    added = add(account, content_base64=base64.b64encode(PDF).decode(), file_name="reg.pdf")
    assert added.valid_until.isoformat() == "2027-10-01"
    with account.database.read() as session:
        (sealed,) = session.scalars(select(SecretRow.sealed).where(SecretRow.name.like("accounts.document:%")))
    assert PDF not in sealed
    place = {"programme": "commercial-marketplace", "document_id": added.document_id}
    assert base64.b64decode(account.run(fetch_document, **place).content_base64) == PDF
    with pytest.raises(DeniedError):
        account.run(fetch_document, FINN, **place)
    with pytest.raises(DeniedError):
        account.run(fetch_appeal, FINN, programme="commercial-marketplace")
    account.run(remove_document, **place)
    with pytest.raises(DocumentNotFoundError):
        account.run(fetch_document, **place)
    with account.database.read() as session:
        assert session.scalars(select(SecretRow.name).where(SecretRow.name.like("accounts.document:%"))).all() == []
    assert account.kinds() == ["programme_opened", "document_added", "document_removed"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"content_base64": "AAAA", "reference": "the archive"},
        {"content_base64": "no base64!"},
        {"content_base64": base64.b64encode(b"x" * 700_001).decode()},
        {"reference": "the archive", "sha256": "abc"},
        {"reference": "the archive", "issued_on": "2026-11-23"},
    ],
)
def test_a_document_that_cannot_be_so_is_refused(sqlite_account: Account, fields: dict[str, str]) -> None:
    with pytest.raises(DocumentRefusedError):
        add(sqlite_account, **fields)
    assert sqlite_account.kinds() == ["programme_opened"]


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "accepted"},
        {"event": "changed"},
        {"event": "note", "change": "address"},
        {"event": "ticket_opened"},
        {"event": "note", "happened_on": "2026-11-23"},
        {"event": "submitted", "step": "business", "document_ids": ["vdo_0"]},
    ],
)
def test_what_cannot_have_happened_so_is_refused(sqlite_account: Account, fields: dict[str, Any]) -> None:
    with pytest.raises(EventRefusedError):
        record(sqlite_account, **fields)


def test_an_incident_is_opened_once_and_closed_by_being_accepted(account: Account) -> None:
    assert record(account, "revoked", step="business").opens_incident
    (incident,) = account.run(list_incidents)
    assert record(account, "accepted", step="business").closed_incidents == (incident.incident_id,)
    assert account.run(list_incidents) == ()
    (closed,) = account.run(show_programme, programme="commercial-marketplace").incidents
    assert closed.closed_why == "The step was accepted again."
    assert account.kinds().count("incident_opened") == 1


def test_an_incident_is_closed_by_a_person_with_a_reason(sqlite_account: Account) -> None:
    record(sqlite_account, "revoked", step="identity")
    (incident,) = sqlite_account.run(list_incidents)
    sqlite_account.run(close_incident, incident_id=incident.incident_id, why="The account was given up.")
    with pytest.raises(IncidentNotFoundError):
        sqlite_account.run(close_incident, incident_id=incident.incident_id, why="Again.")


def test_a_change_of_the_contact_starts_its_steps_again(sqlite_account: Account) -> None:
    for step in ("business", "email_ownership", "identity", "employment"):
        record(sqlite_account, "accepted", step=step)
    record(sqlite_account, "changed", change="contact")
    steps = sqlite_account.run(show_programme, programme="commercial-marketplace").steps
    assert {each.step: each.state for each in steps} == {
        "email_ownership": "pending",
        "identity": "pending",
        "employment": "pending",
        "business": "accepted",
    }


def test_a_hint_stands_beside_what_people_recorded(sqlite_account: Account) -> None:
    record(sqlite_account, "accepted", step="business")
    record(sqlite_account, "hint", note="rejected, business_verification")
    shown = sqlite_account.run(show_programme, programme="commercial-marketplace")
    assert (shown.state, shown.hint) == ("Accepted", "rejected, business_verification")


def test_an_answer_of_the_profile_api_is_a_hint_too(sqlite_account: Account) -> None:
    answer = '{"companyName": "Fairmile", "vettingStatus": "pending", "vettingSubStatus": "email_domain"}'
    sqlite_account.run(observe_file, source="legal_business", file={"text": answer})
    shown = sqlite_account.run(show_programme, programme="commercial-marketplace")
    assert (shown.state, shown.hint) == ("Not started", "pending, email_domain, read 2026-11-22")


def test_what_is_due_is_listed_and_says_whether_it_was_warned_of(sqlite_account: Account) -> None:
    add(sqlite_account, reference="the archive", issued_on="2025-12-15")
    record(sqlite_account, "submitted", step="business")
    dues = sqlite_account.run(list_dues, FINN)
    assert [(each.clock, each.due_on.isoformat(), each.is_warned) for each in dues] == [
        ("follow_up", "2026-11-27", False),
        ("document_expires", "2026-12-15", True),
    ]
    assert len(sqlite_account.run(list_dues, is_warned=True)) == 1
    (line,) = sqlite_account.run(list_programmes, FINN)
    assert (line.state, line.next_due_on.isoformat()) == ("Pending", "2026-11-27")


def test_a_programme_is_tracked_once_and_unknown_ones_are_not(sqlite_account: Account) -> None:
    with pytest.raises(ProgrammeExistsError):
        sqlite_account.run(open_programme, name="Commercial  marketplace")
    with pytest.raises(ProgrammeNotFoundError):
        sqlite_account.run(show_programme, programme="windows")
