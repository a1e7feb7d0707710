"""Exports: a good one verifies with nothing else at hand, and no change of it goes unseen."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.checkpoint import TreeHead, sign_checkpoint
from fairkeeper.proof.export import (
    COUNT_FIELD,
    EXPORT_KIND,
    LARGEST_LINE_BYTES,
    PlacedRecord,
    read_lines,
    write_customer_export,
    write_log_export,
)
from fairkeeper.proof.findings import MOST_FINDINGS
from fairkeeper.proof.note import SignerKey
from fairkeeper.proof.trust import KeySource, make_provenance
from fairkeeper.proof.verification import ExportReport, verify_export
from tests.unit.proof.sample_log import (
    CONTOSO,
    FABRIKAM,
    ORIGIN,
    SECOND_WITNESS,
    WITNESS,
    SampleLog,
    filled_log,
)
from tests.unit.proof.tampering import changed_lines, put, split_lines

LOG = filled_log()
ROTATED = SampleLog(seed=1)
for _ in range(2):
    ROTATED.add()
    ROTATED.replace_key()
ROTATED.add_export_entry()
SMALL = filled_log(3)
BARE = SampleLog(seed=2)
BARE.replace_key()
BARE.add_export_entry()

CUSTOMER_LINES = LOG.lines(CONTOSO, [WITNESS])
LOG_LINES = LOG.log_lines([WITNESS])
ROTATED_LINES = ROTATED.lines(CONTOSO, [WITNESS, SECOND_WITNESS])
FILES = {"customer": CUSTOMER_LINES, "log": LOG_LINES, "rotated": ROTATED_LINES}
SMALL_FILES = {
    "customer": SMALL.lines(CONTOSO, [WITNESS]),
    "log": SMALL.log_lines(),
    "keys and witnesses": BARE.lines(CONTOSO, [WITNESS]),
}
files = pytest.mark.parametrize("lines", FILES.values(), ids=FILES.keys())
small_files = pytest.mark.parametrize("lines", SMALL_FILES.values(), ids=SMALL_FILES.keys())


def codes(lines: Sequence[bytes], anchors: Sequence[str] | None = None) -> list[str]:
    return [finding.code for finding in verify_export(lines, anchors).findings]


def is_detected(lines: Sequence[bytes]) -> bool:
    report = verify_export(lines)
    assert report.ok == (not report.findings)
    return not report.ok


def test_a_customers_export_verifies() -> None:
    report = verify_export(CUSTOMER_LINES, [LOG.anchor, WITNESS.verifier.text])
    assert report.findings == ()
    assert report.ok
    assert (report.scope, report.origin, report.customer) == ("customer", ORIGIN, CONTOSO)
    assert (report.entries, report.erased) == (4, 1)
    assert (report.checkpoint_size, report.checkpoint_root) == (8, LOG.frontier.root().hex())
    assert report.exported_at == "2026-11-22T08:30:00.000000Z"
    assert report.key == LOG.anchor
    assert report.key_source is KeySource.GIVEN
    (witness,) = report.witnesses
    assert (witness.name, witness.at_seconds, witness.key_source) == (WITNESS.name, 1_795_000_000, KeySource.GIVEN)


def test_the_whole_log_verifies() -> None:
    report = verify_export(LOG_LINES)
    assert report.findings == ()
    assert (report.scope, report.customer, report.entries, report.erased) == ("log", None, 8, 1)
    assert report.exported_at is None


def test_without_an_anchor_the_report_says_that_the_keys_are_the_files_own() -> None:
    report = verify_export(CUSTOMER_LINES)
    assert report.ok
    assert report.key_source is KeySource.TAKEN_FROM_FILE
    assert [witness.key_source for witness in report.witnesses] == [KeySource.TAKEN_FROM_FILE]


def test_a_witness_may_be_known_where_the_log_is_not() -> None:
    report = verify_export(CUSTOMER_LINES, [WITNESS.verifier.text])
    assert report.key_source is KeySource.TAKEN_FROM_FILE
    assert [witness.key_source for witness in report.witnesses] == [KeySource.GIVEN]


def test_not_witnessed_is_said_by_an_empty_list() -> None:
    assert verify_export(LOG.lines()).witnesses == ()


@pytest.mark.parametrize("number", range(3))
def test_any_key_of_the_chain_may_be_the_anchor(number: int) -> None:
    report = verify_export(ROTATED_LINES, [ROTATED.keys[number].verifier.text])
    assert report.ok
    assert report.key == ROTATED.keys[-1].verifier.text
    assert [witness.name for witness in report.witnesses] == [WITNESS.name, SECOND_WITNESS.name]


@files
def test_a_file_of_another_log_is_refused_where_the_key_is_known(lines: list[bytes]) -> None:
    foreign = SignerKey.from_seed(ORIGIN, b"\x63" * 32).verifier.text
    assert codes(lines, [foreign]) == ["proof.key_foreign"]


@pytest.mark.parametrize("anchor", ["", "nonsense", LOG.anchor[:-1]])
def test_an_anchor_that_is_no_key_is_the_callers_mistake(anchor: str) -> None:
    with pytest.raises(InvalidError) as caught:
        verify_export(CUSTOMER_LINES, [anchor])
    assert caught.value.code == "proof.key_malformed"


def test_the_publishers_own_entries_are_exported_like_a_customers() -> None:
    log = filled_log()
    log.add(None)
    log.add_export_entry(None)
    own = log.placed[-2:]
    lines = list(write_customer_export(log.provenance(), None, own, count=2, tree=log.tree()))
    report = verify_export(lines)
    assert report.ok
    assert (report.scope, report.customer, report.entries) == ("customer", None, 2)


@given(st.integers(0, 40), st.integers(0, 2**32))
def test_every_size_of_log_exports_and_verifies(entries: int, seed: int) -> None:
    log = SampleLog(seed)
    chooser = random.Random(seed)
    for number in range(entries):
        log.add(chooser.choice([CONTOSO, FABRIKAM, None]), {"number": number})
        if chooser.random() < 0.2:
            log.erase(number)
        if chooser.random() < 0.05:
            log.replace_key()
    log.add_export_entry()
    for _ in range(chooser.randrange(3)):
        log.add(FABRIKAM)
    for lines in (log.lines(), log.log_lines()):
        assert verify_export(lines, [log.anchor]).findings == ()


# --- any change is noticed ---


@small_files
def test_every_changed_byte_is_noticed(lines: list[bytes]) -> None:
    assert not is_detected(lines)
    data = b"".join(lines)
    chooser = random.Random(0)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << chooser.randrange(8)
        assert is_detected(split_lines(bytes(changed))), position


@given(st.sampled_from(sorted(FILES)), st.integers(0), st.binary(max_size=3), st.integers(0, 3))
def test_every_cut_and_insertion_is_noticed(name: str, position: int, inserted: bytes, removed: int) -> None:
    data = b"".join(FILES[name])
    position %= len(data) + 1
    changed = data[:position] + inserted + data[position + removed :]
    assert is_detected(split_lines(changed)) == (changed != data)


@small_files
def test_every_changed_field_is_noticed(lines: list[bytes]) -> None:
    assert not is_detected(lines)
    for number, line in enumerate(lines):
        for place, changed in changed_lines(line):
            assert is_detected([*lines[:number], changed, *lines[number + 1 :]]), (number, place, changed)


@files
def test_every_removed_repeated_or_moved_line_is_noticed(lines: list[bytes]) -> None:
    for number, line in enumerate(lines):
        without = lines[:number] + lines[number + 1 :]
        assert is_detected(without)
        for place in range(len(lines) + 1):
            assert is_detected([*lines[:place], line, *lines[place:]])
            moved = [*without[:place], line, *without[place:]]
            assert is_detected(moved) == (moved != lines)


@files
def test_every_truncation_is_noticed(lines: list[bytes]) -> None:
    for count in range(len(lines)):
        assert is_detected(lines[:count])


@files
@pytest.mark.parametrize("junk", [b"\n", b"{}\n", b"x", b" ", b"\x00\n"])
def test_anything_appended_is_noticed(lines: list[bytes], junk: bytes) -> None:
    assert is_detected([*lines, junk])


@files
def test_lines_of_another_file_are_noticed(lines: list[bytes]) -> None:
    for other in FILES.values():
        for number, line in enumerate(other[: len(lines)]):
            mixed = [*lines[:number], line, *lines[number + 1 :]]
            assert is_detected(mixed) == (mixed != lines)


@given(st.sampled_from(sorted(FILES)), st.lists(st.binary(max_size=60) | st.just(b"{}\n"), max_size=4), st.integers(0))
def test_whatever_the_file_holds_is_a_finding_and_never_an_error(name: str, junk: list[bytes], place: int) -> None:
    place %= len(FILES[name]) + 1
    assert is_detected(junk)
    assert is_detected([*FILES[name][:place], *junk, b"end"])


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(FILES)), st.integers(0), st.sampled_from(["header", "payload", "proof", "keys"]), json_values
)
def test_any_json_in_place_of_a_part_is_noticed(name: str, number: int, field: str, value: Any) -> None:
    lines = list(FILES[name])
    number %= len(lines)
    document = json.loads(lines[number])
    if document.get(field) == value:
        return
    document[field] = value
    lines[number] = (
        json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
        + b"\n"
    )
    assert is_detected(lines)


# --- each for its own reason ---


def test_an_unfinished_last_line_is_named() -> None:
    assert codes([*CUSTOMER_LINES[:-1], CUSTOMER_LINES[-1][:-1]]) == [
        "proof.line_unfinished",
        "proof.export_unstated",
    ]


def test_a_missing_entry_is_named_with_its_line() -> None:
    report = verify_export(CUSTOMER_LINES[:3] + CUSTOMER_LINES[4:])
    missing = report.findings[0]
    assert (missing.code, missing.line, missing.message) == ("proof.entry_missing", 4, "Entries 1 to 1 are missing.")
    assert [finding.code for finding in report.findings] == ["proof.entry_missing", "proof.export_count"]


def test_a_repeated_entry_is_named() -> None:
    lines = put(CUSTOMER_LINES[0], ("count",), 5), *CUSTOMER_LINES[1:3], CUSTOMER_LINES[2], *CUSTOMER_LINES[3:]
    assert codes(lines) == ["proof.entry_repeated", "proof.export_order"]


def test_an_omission_with_a_corrected_count_is_noticed() -> None:
    count = len(CUSTOMER_LINES) - 2
    head = [put(CUSTOMER_LINES[0], ("count",), count - 1), CUSTOMER_LINES[1]]
    for left_out in range(2, len(CUSTOMER_LINES)):
        lines = [*head, *CUSTOMER_LINES[2:left_out], *CUSTOMER_LINES[left_out + 1 :]]
        assert set(codes(lines)) & {"proof.entry_missing", "proof.export_unstated"}


def test_an_omission_with_everything_renumbered_is_noticed() -> None:
    lines = [put(CUSTOMER_LINES[0], ("count",), 3), *CUSTOMER_LINES[1:3]]
    lines += [put(line, ("customer_index",), index) for index, line in enumerate(CUSTOMER_LINES[4:], 1)]
    assert "proof.inclusion_wrong" in codes(lines)


def test_an_entry_hidden_by_the_publisher_itself_shows_in_the_count() -> None:
    log = SampleLog()
    hidden = log.add()
    log.add_export_entry()  # states two entries
    shown = PlacedRecord(record=log.placed[1].record, customer_index=0, leaf_index=2)
    log.place(shown)  # integrated as if the first had never been
    lines = list(write_customer_export(log.provenance(), CONTOSO, [shown], count=1, tree=log.tree()))
    assert hidden.leaf_index == 0
    assert codes(lines) == ["proof.export_count"]


def test_entries_recorded_while_the_export_was_asked_for_do_no_harm() -> None:
    log = SampleLog()
    log.add()
    log.add()
    log.add(payload={COUNT_FIELD: 2}, kind=EXPORT_KIND)  # did not see the second, which was being committed
    assert verify_export(log.lines()).ok


@pytest.mark.parametrize(
    "payload", [{}, {COUNT_FIELD: "4"}, {COUNT_FIELD: None}, {COUNT_FIELD: True}, {COUNT_FIELD: 0}, {COUNT_FIELD: -1}]
)
def test_an_export_that_does_not_state_its_count_is_refused(payload: dict[str, Any]) -> None:
    log = SampleLog()
    log.add(payload=payload, kind=EXPORT_KIND)
    assert set(codes(log.lines())) <= {"proof.export_unstated", "proof.export_count"}
    assert is_detected(log.lines())


def test_an_export_whose_own_entry_is_erased_is_refused() -> None:
    log = filled_log()
    log.erase(6)
    assert codes(log.lines()) == ["proof.export_unstated"]


def test_an_export_that_does_not_end_with_its_own_entry_is_refused() -> None:
    log = filled_log()
    log.add()
    assert codes(log.lines()) == ["proof.export_unstated"]


def test_an_entry_of_another_kind_does_not_stand_for_the_exports_own() -> None:
    log = SampleLog()
    log.add(payload={COUNT_FIELD: 1})
    assert codes(log.lines()) == ["proof.export_unstated"]


def test_an_empty_export_is_refused() -> None:
    log = filled_log()
    lines = list(write_customer_export(log.provenance(), CONTOSO, [], count=0, tree=log.tree()))
    assert codes(lines) == ["proof.export_unstated"]


def test_an_entry_of_another_customer_is_refused() -> None:
    log = SampleLog()
    log.add(FABRIKAM)
    log.add(CONTOSO)
    log.add_export_entry(CONTOSO)
    mixed = [log.placed[0], *log.placed[2:]]
    lines = list(write_customer_export(log.provenance(), CONTOSO, mixed, count=2, tree=log.tree()))
    assert codes(lines) == ["proof.entry_foreign"]


def test_a_changed_payload_is_named() -> None:
    changed = CUSTOMER_LINES[2].replace('"who":"Zoë"'.encode(), b'"who":"Bob"')
    assert codes([*CUSTOMER_LINES[:2], changed, *CUSTOMER_LINES[3:]]) == ["proof.payload_changed"]


def test_erasing_by_half_is_named() -> None:
    changed = put(CUSTOMER_LINES[2], ("payload_salt",), None)
    assert codes([*CUSTOMER_LINES[:2], changed, *CUSTOMER_LINES[3:]]) == ["proof.payload_half_erased"]


def test_erasing_leaves_the_log_verifiable_and_is_counted() -> None:
    log = filled_log()
    before = verify_export(log.lines())
    for placed in list(log.placed):
        if EXPORT_KIND.encode() not in placed.record.header:
            log.erase(placed.leaf_index)
    customer, whole = verify_export(log.lines()), verify_export(log.log_lines())
    assert customer.ok
    assert whole.ok
    assert (before.erased, customer.erased, whole.erased) == (1, 3, 7)
    assert customer.checkpoint_root == before.checkpoint_root


def test_the_whole_log_without_one_leaf_has_another_root() -> None:
    lines = [put(LOG_LINES[0], ("count",), 7), *LOG_LINES[1:-1]]
    assert codes(lines) == ["proof.root_differs"]


def test_the_whole_log_names_no_customer() -> None:
    assert codes([put(LOG_LINES[0], ("customer",), CONTOSO), *LOG_LINES[1:]]) == ["proof.entry_foreign"]


def test_a_log_that_counts_a_customer_wrongly_is_noticed() -> None:
    log = SampleLog()
    first = log.add()
    log.place(PlacedRecord(record=first.record, customer_index=0, leaf_index=1))
    assert codes(log.log_lines()) == ["proof.entry_repeated"]


def test_a_signature_that_no_key_in_the_file_explains_is_refused() -> None:
    stray = LOG.checkpoint([WITNESS, SECOND_WITNESS]).decode()
    assert codes([CUSTOMER_LINES[0], put(CUSTOMER_LINES[1], ("checkpoint",), stray), *CUSTOMER_LINES[2:]]) == [
        "proof.signatures_unexpected"
    ]


def test_a_logs_key_cannot_pose_as_a_witness() -> None:
    log = SampleLog()
    log.replace_key()
    log.add_export_entry()
    head = TreeHead(ORIGIN, log.size, log.frontier.root())
    by_both = sign_checkpoint(head, [log.keys[1], log.keys[0]]).decode()
    lines = log.lines()
    lines[:2] = [put(lines[0], ("witnesses",), [log.anchor]), put(lines[1], ("checkpoint",), by_both)]
    assert codes(lines) == ["proof.signatures_unexpected"]


def test_a_checkpoint_of_another_key_is_refused() -> None:
    other = SampleLog(seed=5)
    for _ in range(8):
        other.add()
    lines = [CUSTOMER_LINES[0], put(CUSTOMER_LINES[1], ("checkpoint",), other.checkpoint().decode())]
    assert codes([*lines, *CUSTOMER_LINES[2:]]) == ["proof.checkpoint_unsigned"]


def test_an_older_checkpoint_does_not_reach_the_entries() -> None:
    short = SampleLog(seed=0)
    for number in range(2):
        short.add(CONTOSO if number % 2 == 0 else FABRIKAM, {"number": number, "who": "Zoë"})
    assert short.anchor == LOG.anchor
    older = put(LOG.lines()[1], ("checkpoint",), short.checkpoint().decode())
    lines = LOG.lines()
    assert codes([lines[0], older, *lines[2:]]) == ["proof.inclusion_wrong"] * 4


def test_provenance_keeps_only_what_a_reader_can_check() -> None:
    checkpoint = ROTATED.checkpoint([SECOND_WITNESS, WITNESS])
    successor = SampleLog(seed=9).keys[0]
    provenance = make_provenance(checkpoint, ROTATED.chain, [WITNESS.verifier, successor.verifier])
    assert provenance.witnesses == (WITNESS.verifier.text,)
    assert provenance.checkpoint.count("\u2014") == 2
    older = make_provenance(LOG.checkpoint(), LOG.chain)
    longer = filled_log()
    longer.replace_key()
    assert make_provenance(LOG.checkpoint(), longer.chain) == older, "the chain ends with the key that signed"


def test_a_checkpoint_that_no_key_of_the_chain_signed_is_not_exported() -> None:
    with pytest.raises(InvalidError) as caught:
        make_provenance(LOG.checkpoint(), ROTATED.chain)
    assert caught.value.code == "proof.checkpoint_unsigned"


@pytest.mark.parametrize("count", [7, 9])
def test_writing_another_number_of_entries_than_was_said_fails(count: int) -> None:
    with pytest.raises(InvalidError) as caught:
        list(write_log_export(LOG.provenance(), LOG.placed, count=count))
    assert caught.value.code == "proof.export_count"


def test_many_findings_are_counted_and_the_first_hundred_kept() -> None:
    report = verify_export([*CUSTOMER_LINES, *[b"junk\n"] * 1_000])
    assert len(report.findings) == MOST_FINDINGS
    assert report.findings_count == 1_002
    assert not report.ok
    assert report.findings[0].line == len(CUSTOMER_LINES) + 1


def test_a_line_longer_than_a_line_may_be_is_refused_without_reading_it_whole() -> None:
    data = b"".join(CUSTOMER_LINES) + b"x" * (3 * LARGEST_LINE_BYTES)
    lines = list(read_lines(io.BytesIO(data)))
    assert max(map(len, lines)) <= LARGEST_LINE_BYTES + 2
    assert "proof.line_too_long" in codes(lines)
    assert list(read_lines(io.BytesIO(b"".join(CUSTOMER_LINES)))) == CUSTOMER_LINES


def test_every_line_is_canonical_json_and_a_newline() -> None:
    for lines in FILES.values():
        for line in lines:
            document = json.loads(line)
            assert (
                json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode() + b"\n" == line
            )


def test_a_report_is_a_value() -> None:
    report = verify_export(CUSTOMER_LINES)
    assert isinstance(report, ExportReport)
    assert report == verify_export(iter(CUSTOMER_LINES))
    with pytest.raises(AttributeError):
        report.entries = 0  # type: ignore[misc]


def test_a_large_payload_passes_as_one_line() -> None:
    log = SampleLog()
    log.add(payload={"text": "x" * 1_000_000})
    log.add_export_entry()
    assert verify_export(log.lines()).ok
    assert msgspec.json.decode(log.lines()[2])["payload"]["text"] == "x" * 1_000_000
