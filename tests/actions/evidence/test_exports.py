"""Exports, receipts and erasure: what leaves the house verifies without it, and shows what was left out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fairkeeper.database.session import STAFF, Database, Scope
from fairkeeper.errors import DeniedError, NotFoundError, UnavailableError
from fairkeeper.evidence import actions
from fairkeeper.evidence.actions import erase_payloads
from fairkeeper.evidence.errors import AlreadyErasedError, ReceiptKeptError, WholeLogRefusedError
from fairkeeper.proof.verification import verify_export
from fairkeeper.values.ids import CustomerId
from tests.actions.evidence.world import Log, draft
from tests.actions.house import NOW, customer_person, staff

OWNER = staff("owner")


@pytest.fixture
def log(database: Database) -> Log:
    log = Log(database)
    log.tell(*(draft(n, ["cus_contoso", "cus_fabrikam", None][n % 3]) for n in range(12)))
    return log


def test_a_customers_export_verifies_and_ends_with_its_own_entry(log: Log) -> None:
    lines = log.export(OWNER, "cus_contoso")
    report = log.verify(lines)
    assert report.ok, report.findings
    assert report.entries == 5  # four told and the export's own
    last = json.loads(lines[-1])
    assert last["header"]["kind"] == "evidence.exported/1"
    assert last["payload"]["entries"] == 5


def test_a_customer_exports_its_own_log_and_no_other(log: Log) -> None:
    ada = customer_person("cus_contoso", "customer_admin")
    assert log.verify(log.export(ada, scope=Scope(CustomerId("cus_contoso")))).entries == 5
    with pytest.raises(NotFoundError):
        log.house.run(actions.request_export, ada, customer_id="cus_fabrikam")
    asked = log.house.run(actions.request_export, OWNER, customer_id="cus_fabrikam")
    log.integrator.run_until_current()
    with pytest.raises(NotFoundError):
        log.exporter.find_export(asked.token, Scope(CustomerId("cus_contoso")))


def test_nothing_of_another_customer_is_in_an_export(log: Log) -> None:
    text = b"".join(log.export(OWNER, "cus_contoso"))
    assert b"cus_fabrikam" not in text


def test_an_export_waits_for_the_checkpoint(log: Log) -> None:
    asked = log.house.run(actions.request_export, OWNER, customer_id="cus_contoso")
    with pytest.raises(UnavailableError) as refused:
        log.exporter.find_export(asked.token, STAFF)
    assert refused.value.code == "evidence.not_integrated"


def test_a_subject_in_any_script_is_recorded_exported_and_verified(log: Log) -> None:
    log.tell(replace(draft(100), subject_id="Größe/口座 №1"))
    lines = log.export(OWNER, "cus_contoso")
    report = log.verify(lines)
    assert report.ok, report.findings
    assert "Größe/口座 №1" in [json.loads(line).get("header", {}).get("subject", {}).get("id") for line in lines]


@pytest.mark.parametrize("left_out", range(4))
def test_an_entry_left_out_shows(log: Log, left_out: int) -> None:
    lines = log.export(OWNER, "cus_contoso")
    del lines[2 + left_out]
    assert not log.verify(lines).ok


def test_an_older_export_verifies_for_ever_and_a_newer_one_holds_it(log: Log) -> None:
    older = log.export(OWNER, "cus_contoso")
    log.tell(draft(100))
    newer = log.export(OWNER, "cus_contoso")
    assert log.verify(older).ok
    assert log.verify(newer).entries == 7


def test_the_whole_log_verifies(log: Log) -> None:
    log.integrator.run_until_current()
    report = log.verify(log.exporter.write_log())
    assert report.ok, report.findings
    assert report.entries == 12


def test_staff_may_take_the_whole_log_away_and_it_ends_with_the_request(log: Log) -> None:
    asked = log.house.run(actions.request_export, OWNER, whole_log=True)
    log.integrator.run_until_current()
    lines = list(log.exporter.write_export(log.exporter.find_export(asked.token, STAFF)))
    report = log.verify(lines)
    assert report.ok, report.findings
    assert (report.scope, report.entries) == ("log", 13)
    assert asked.token.encode() in lines[-1]


def test_the_whole_log_is_nobodys_but_staffs(log: Log) -> None:
    with pytest.raises(WholeLogRefusedError):
        log.house.run(actions.request_export, OWNER, whole_log=True, customer_id="cus_contoso")
    with pytest.raises(WholeLogRefusedError):
        log.house.run(actions.request_export, customer_person("cus_contoso", "customer_admin"), whole_log=True)


def test_a_receipt_verifies_and_any_changed_byte_shows(log: Log) -> None:
    log.tell(draft(7, kind="test.stopped_receipt/1"))
    log.integrator.run_until_current()
    entry_id = log.house.entries()[-1].entry_id
    receipt = log.exporter.write_receipt(log.exporter.find_entry(entry_id, STAFF))
    report = log.verify_receipt(receipt)
    assert report.ok
    assert report.statement == {"number": 7, "who": "Ada of Contoso"}
    for at in range(0, len(receipt) - 1, 7):
        changed = bytearray(receipt)
        changed[at] ^= 1
        assert not log.verify_receipt(bytes(changed)).ok, at


def test_another_publishers_key_is_refused(log: Log, sqlite_template: object) -> None:
    del sqlite_template
    from fairkeeper.proof.note import SignerKey

    lines = log.export(OWNER, "cus_contoso")
    foreign = SignerKey.generate("log.fairkeeper.example").verifier.text
    assert not verify_export(lines, [foreign]).ok


def test_an_erased_payload_is_gone_and_the_log_still_verifies(log: Log) -> None:
    victim = log.house.entries()[0]
    log.house.run(actions.erase_payload, OWNER, entry_id=victim.entry_id, reason="A person asked for it.")
    row = log.house.entries()[0]
    assert (row.payload, row.payload_salt) == (None, None)
    assert row.erased_at == NOW
    lines = log.export(OWNER, "cus_contoso")
    report = log.verify(lines)
    assert report.ok
    assert report.erased == 1
    assert b"Ada of Contoso" not in lines[2]
    assert log.verify(log.exporter.write_log()).ok


def test_an_erased_payload_is_not_erased_twice_and_a_receipt_never(log: Log) -> None:
    victim = log.house.entries()[0]
    log.house.run(actions.erase_payload, OWNER, entry_id=victim.entry_id, reason="Asked for.")
    with pytest.raises(AlreadyErasedError):
        log.house.run(actions.erase_payload, OWNER, entry_id=victim.entry_id, reason="Again.")
    log.tell(draft(7, kind="test.stopped_receipt/1"))
    with pytest.raises(ReceiptKeptError):
        log.house.run(actions.erase_payload, OWNER, entry_id=log.house.entries()[-1].entry_id, reason="Try.")


def test_a_customers_payloads_are_erased_in_pieces_and_no_others(log: Log) -> None:
    log.tell(draft(7, kind="test.stopped_receipt/1"))
    counts = []
    for _ in range(3):
        with log.database.write() as session:
            counts.append(erase_payloads(session, CustomerId("cus_contoso"), subject_id=None, now=NOW, limit=3))
    assert counts == [3, 1, 0]
    erased = [row.customer_id for row in log.house.entries() if row.erased_at]
    assert erased == ["cus_contoso"] * 4
    assert log.house.entries()[-1].payload is not None  # the receipt


@pytest.mark.parametrize("role", ["seller", "support", "finance", "deal_desk", "auditor"])
def test_erasing_is_not_for_everybody(log: Log, role: str) -> None:
    with pytest.raises(DeniedError):
        log.house.run(actions.erase_payload, staff(role), entry_id=log.house.entries()[0].entry_id, reason="Curiosity.")
