"""The story of a verification that was lost: the right warnings on the right days, and an appeal package that holds.

Domain ownership is accepted in April with documents younger than twelve months; on 30 July it is revoked without a
reason; the reason is asked for again and again; the same documents are sent on 8 August; automatic answers alone come;
then a notice that the process is closed leaves 30 days. Four support tickets.
"""

from __future__ import annotations

import base64
import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fairkeeper.accounts.actions.keep_documents import add_document
from fairkeeper.accounts.actions.state_structure import import_structure
from fairkeeper.accounts.actions.track_verification import open_programme, record_event
from fairkeeper.accounts.verification.tracking import fetch_appeal, list_incidents, show_programme
from fairkeeper.accounts.views import AppealPackage
from fairkeeper.database.session import Database
from fairkeeper.proof.keys import read_chain
from fairkeeper.proof.receipt import verify_receipt
from tests.actions.accounts.world import EXAMPLES, Account

PROGRAMME = "commercial-marketplace"
DOMAIN = {"step": "domain_ownership"}


def record(account: Account, event: str, **fields: Any) -> Any:
    recorded = account.run(record_event, programme=PROGRAMME, event=event, **fields)
    account.work()
    return recorded


def add(account: Account, title: str, issued_on: str, content: bytes | None = None, **fields: Any) -> str:
    where: dict[str, Any] = (
        {"content_base64": base64.b64encode(content).decode()} if content else {"reference": "the company's archive"}
    )
    added = account.run(
        add_document,
        programme=PROGRAMME,
        title=title,
        proves="domain_ownership",
        issued_on=issued_on,
        **where,
        **fields,
    )
    document_id: str = added.document_id
    return document_id


def april_to_july(account: Account) -> list[str]:
    """Domain ownership is accepted in April; it is revoked on 30 July."""
    text = (EXAMPLES / "small-company.yaml").read_text("utf-8")
    account.run(import_structure, file={"name": "small-company.yaml", "text": text})
    account.run(open_programme, name="Commercial Marketplace", publisher_id="fairmile")
    scope = "Shows Fairmile Software Ltd and fairmile.example as written in the account."
    documents = [
        add(
            account,
            "domain registry confirmation",
            "2025-11-03",
            b"%PDF registry",
            scope=scope,
            file_name="registry.pdf",
        ),
        add(account, "assignment letter", "2026-03-20", b"%PDF letter", scope=scope, file_name="../letter.pdf"),
        add(account, "WHOIS output", "2026-04-02", scope=scope),
    ]
    record(account, "submitted", **DOMAIN, document_ids=documents)
    account.live_until("2026-04-13")
    record(account, "accepted", **DOMAIN)
    account.live_until("2026-07-30", days_at_once=12)
    assert account.warnings() == []
    record(account, "revoked", **DOMAIN, note="No reason was given.")
    return documents


def july_to_september(account: Account, documents: list[str]) -> None:
    """The reason is asked for, the same documents are sent, automatic answers come, then the closing notice."""
    record(account, "ticket_opened", ticket="2607300001")
    record(account, "asked_reason", **DOMAIN, ticket="2607300001")
    account.live_until("2026-08-04")
    record(account, "ticket_opened", ticket="2608040002")
    record(account, "asked_reason", **DOMAIN, ticket="2608040002")
    account.live_until("2026-08-08")
    record(account, "submitted", **DOMAIN, document_ids=documents)
    record(account, "answered_automatically", ticket="2607300001", note="We have received your request.")
    account.live_until("2026-08-11")
    record(account, "ticket_opened", ticket="2608110003")
    record(account, "asked_speed", **DOMAIN, ticket="2608110003")
    record(account, "answered_automatically", ticket="2608110003")
    account.live_until("2026-08-14")
    record(account, "answered_automatically", ticket="2608040002")
    account.live_until("2026-08-20")
    record(account, "closing_notice", note="Attempts failed; the process is closed. 30 days remain.")
    record(account, "ticket_opened", ticket="2608200004")
    record(account, "asked_reason", **DOMAIN, ticket="2608200004")


@pytest.fixture
def account(sqlite_database: Database) -> Account:
    return Account(sqlite_database, datetime(2026, 4, 7, 9, tzinfo=UTC))


def test_the_story_of_a_lost_verification(account: Account) -> None:
    documents = april_to_july(account)
    check_incident(account)
    july_to_september(account, documents)
    account.live_until("2026-09-19")
    registry = f"document:{documents[0]}"
    asked = account.run(show_programme, programme=PROGRAMME).questions
    assert [(each.kind, each.asked_on.isoformat()) for each in asked] == [
        ("asked_reason", "2026-07-30"),
        ("asked_reason", "2026-08-04"),
        ("asked_speed", "2026-08-11"),
        ("asked_reason", "2026-08-20"),
    ]
    warned = [(day, what.partition(":")[0], due, ahead) for day, what, due, ahead in account.warnings()]
    assert warned == [
        ("2026-07-30", "suspension", "2026-08-29", 30),
        ("2026-08-04", "question", "2026-08-04", 0),  # three business days after the Thursday on which it was asked
        ("2026-08-07", "question", "2026-08-07", 0),
        ("2026-08-14", "decision", "2026-08-14", 0),  # five business days after the Saturday on which they were sent
        ("2026-08-14", "question", "2026-08-14", 0),
        ("2026-08-15", "suspension", "2026-08-29", 14),
        ("2026-08-20", "closing", "2026-09-19", 30),
        ("2026-08-22", "suspension", "2026-08-29", 7),
        ("2026-08-25", "question", "2026-08-25", 0),
        ("2026-08-26", "suspension", "2026-08-29", 3),
        ("2026-08-28", "suspension", "2026-08-29", 1),
        ("2026-08-29", "suspension", "2026-08-29", 0),
        ("2026-08-29", "closing", "2026-09-19", 21),
        ("2026-09-04", "document", "2026-11-03", 60),
        ("2026-09-05", "closing", "2026-09-19", 14),
        ("2026-09-12", "closing", "2026-09-19", 7),
        ("2026-09-16", "closing", "2026-09-19", 3),
        ("2026-09-18", "closing", "2026-09-19", 1),
        ("2026-09-19", "closing", "2026-09-19", 0),
    ]
    assert [each for each in account.warnings() if each[1] == registry] == [("2026-09-04", registry, "2026-11-03", 60)]
    check_package(account, documents)


def check_incident(account: Account) -> None:
    (incident,) = account.run(list_incidents)
    assert (incident.step, incident.lost_on) == ("domain_ownership", date(2026, 7, 30))
    assert [each["by_on"] for each in incident.to_dos] == ["2026-07-30", "2026-07-31", "2026-08-04", "2026-08-29"]
    assert any("published" in each["what"] and each["is_at_once"] for each in incident.consequences)
    assert any("stay on sale" in each["what"] for each in incident.consequences)


def check_package(account: Account, documents: list[str]) -> None:
    account.integrator.run_until_current()
    package = account.run(fetch_appeal, programme=PROGRAMME)
    files = {each.name: base64.b64decode(each.content_base64) for each in package.files}
    kept = ["documents/01-registry.pdf", "documents/02-letter.pdf"]
    assert sorted(name for name in files if not name.startswith("receipts/")) == sorted(
        ["README.txt", "letter-draft.txt", "timeline.csv", "tickets.csv", "documents.csv", *kept]
    )
    assert files[kept[0]] == b"%PDF registry"
    assert package.missing == ("WHOIS output: the company's archive",)
    check_letter(files["letter-draft.txt"].decode())
    tickets = list(csv.DictReader(io.StringIO(files["tickets.csv"].decode("utf-8-sig"))))
    assert [each["ticket"] for each in tickets] == ["2607300001", "2608040002", "2608110003", "2608200004"]
    check_timeline(account, package, files)


def check_letter(letter: str) -> None:
    assert "Seller ID, Fairmile Software: 71000101" in letter
    assert "Support tickets: 2607300001, 2608040002, 2608110003, 2608200004" in letter
    assert "asked for the reason 3 times without an answer; 3 automatic answers came" in letter
    assert "leaves until 2026-09-19" in letter
    assert "2026-08-11: we asked for it to be treated soon" in letter


def check_timeline(account: Account, package: AppealPackage, files: dict[str, bytes]) -> None:
    """Every line has its receipt, and every receipt proves offline that the line was recorded on its day."""
    timeline = list(csv.DictReader(io.StringIO(files["timeline.csv"].decode("utf-8-sig"))))
    assert len(timeline) == len(account.run(show_programme, programme=PROGRAMME).events) == 16
    key = read_chain(account.reader.key_statements())[0].text
    for line in timeline:
        report = verify_receipt(files[line["receipt"]], [key])
        assert report.ok
        assert report.statement is not None
        assert report.statement["happened_on"] == line["day"]
        assert report.header is not None
        assert str(report.header.at)[:10] == line["recorded at (UTC)"][:10] == line["day"]
    altered = files[timeline[0]["receipt"]].replace(b"2026-04-07", b"2026-04-08")
    assert not verify_receipt(altered, [key]).ok
    assert package.folder == "appeal-commercial-marketplace-2026-09-19"
