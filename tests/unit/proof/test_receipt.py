"""Receipts: one file that proves its statement, and nothing else once it is changed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.note import SignerKey
from fairkeeper.proof.receipt import make_receipt, verify_receipt
from fairkeeper.proof.trust import KeySource
from tests.unit.proof.sample_log import CONTOSO, ORIGIN, WITNESS, SampleLog, filled_log
from tests.unit.proof.tampering import changed_lines

STATEMENT = {"remains": ["an enterprise app in your tenant"], "stopped": ["agent-1", "agent-2"], "token": None}


def log_with_receipt() -> tuple[SampleLog, bytes]:
    log = filled_log()
    log.replace_key()
    placed = log.add(CONTOSO, STATEMENT, kind="customers.use_stopped/1")
    log.add()
    return log, log.receipt(placed, [WITNESS])


LOG, RECEIPT = log_with_receipt()


def test_a_receipt_verifies_alone() -> None:
    report = verify_receipt(RECEIPT)
    assert report.findings == ()
    assert report.ok
    assert report.statement == STATEMENT
    assert report.header is not None
    assert (report.header.kind, report.header.customer) == ("customers.use_stopped/1", CONTOSO)
    assert (report.origin, report.leaf_index, report.checkpoint_size) == (ORIGIN, 8, 10)
    assert report.checkpoint_root == LOG.frontier.root().hex()
    assert report.key == LOG.keys[-1].verifier.text
    assert report.key_source is KeySource.TAKEN_FROM_FILE


def test_a_receipt_verifies_from_the_logs_first_key_and_a_known_witness() -> None:
    report = verify_receipt(RECEIPT, [LOG.anchor, WITNESS.verifier.text])
    assert report.ok
    assert report.key_source is KeySource.GIVEN
    assert [(witness.name, witness.key_source) for witness in report.witnesses] == [(WITNESS.name, KeySource.GIVEN)]


def test_a_receipt_of_another_log_is_refused_where_the_key_is_known() -> None:
    foreign = SignerKey.from_seed(ORIGIN, b"\x63" * 32).verifier.text
    assert [finding.code for finding in verify_receipt(RECEIPT, [foreign]).findings] == ["proof.key_foreign"]


def test_every_changed_byte_is_noticed() -> None:
    chooser = random.Random(0)
    for position in range(len(RECEIPT)):
        changed = bytearray(RECEIPT)
        changed[position] ^= 1 << chooser.randrange(8)
        assert not verify_receipt(bytes(changed)).ok, position


def test_every_changed_field_is_noticed() -> None:
    for place, changed in changed_lines(RECEIPT):
        assert not verify_receipt(changed).ok, place


@given(st.integers(0), st.binary(max_size=3), st.integers(0, 3))
def test_every_cut_and_insertion_is_noticed(position: int, inserted: bytes, removed: int) -> None:
    position %= len(RECEIPT) + 1
    changed = RECEIPT[:position] + inserted + RECEIPT[position + removed :]
    assert verify_receipt(changed).ok == (changed == RECEIPT)


@given(st.binary())
def test_whatever_the_file_holds_is_a_finding_and_never_an_error(data: bytes) -> None:
    report = verify_receipt(data)
    assert not report.ok
    assert report.statement is None


def test_an_erased_statement_is_no_receipt() -> None:
    placed = LOG.placed[2]
    with pytest.raises(InvalidError) as caught:
        make_receipt(LOG.provenance(), placed, LOG.tree())
    assert caught.value.code == "proof.receipt_erased"
    log = filled_log()
    log.replace_key()
    changed = RECEIPT
    for part in (b'"payload":{', b'"payload_salt":"'):
        start = changed.index(part)
        end = changed.index(b',"proof"' if b"salt" in part else b',"payload_salt"')
        changed = changed[:start] + part.split(b":")[0] + b":null" + changed[end:]
    assert [finding.code for finding in verify_receipt(changed).findings] == ["proof.receipt_erased"]


def test_a_checkpoint_that_does_not_reach_the_record_makes_no_receipt() -> None:
    log = filled_log()
    tree, provenance = log.tree(), log.provenance()
    placed = log.add()
    with pytest.raises(InvalidError) as caught:
        make_receipt(provenance, placed, tree)
    assert caught.value.code == "proof.index_outside"


def test_the_statement_of_another_record_does_not_fit() -> None:
    other = LOG.receipt(LOG.placed[9])
    start, end = b'"payload":', b'"payload_salt":'
    mine = RECEIPT[RECEIPT.index(start) : RECEIPT.index(end)]
    theirs = other[other.index(start) : other.index(end)]
    changed = RECEIPT.replace(mine, theirs)
    assert [finding.code for finding in verify_receipt(changed).findings] == ["proof.payload_changed"]
