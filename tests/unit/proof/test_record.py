"""Records: what is committed to cannot change, and what was erased does not have to be known."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.canonical import canonical_bytes, read_canonical
from fairkeeper.proof.record import (
    Actor,
    Header,
    Record,
    Subject,
    leaf_entry,
    make_record,
    new_salt,
    payload_commitment,
    read_header,
    verify_record,
)

SALT, PAYLOAD_SALT = b"\x01" * 32, b"\x02" * 32
HEADER = Header(
    actor=Actor(id="per_1", kind="person"),
    at="2026-11-22T08:30:00.000000Z",
    cause="ent_0",
    customer="cus_CONTOSO",
    id="ent_1",
    kind="customers.subscription_activated/1",
    on_behalf_of=None,
    operation="customers.activate_subscription",
    request=None,
    subject=Subject(id="sub_1", type="subscription"),
)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
headers = st.builds(
    Header,
    actor=st.builds(Actor, id=names, kind=names),
    at=st.just(HEADER.at),
    cause=st.none() | names,
    customer=st.none() | names,
    id=names,
    kind=names,
    on_behalf_of=st.none() | st.builds(Actor, id=names, kind=names),
    operation=names,
    request=st.none() | names,
    subject=st.builds(Subject, id=names, type=names),
)


def record_of(payload: dict[str, Any] | None = None, header: Header = HEADER) -> Record:
    return make_record(header, payload or {"seats": 5}, header_salt=SALT, payload_salt=PAYLOAD_SALT)


def refused(record: Record) -> str:
    with pytest.raises(InvalidError) as caught:
        verify_record(record)
    return caught.value.code


@given(headers)
def test_header_is_canonical_and_has_the_fields_of_the_promise(header: Header) -> None:
    record = record_of(header=header)
    fields = read_canonical(record.header)
    assert canonical_bytes(fields) == record.header
    assert set(fields) == {
        "actor", "at", "cause", "customer", "id", "kind", "on_behalf_of", "operation", "payload_commitment",
        "request", "subject", "v",
    }  # fmt: skip
    assert verify_record(record).id == header.id


def test_commitments_are_what_the_design_says() -> None:
    record = record_of()
    assert record.payload == b'{"seats":5}'
    header = verify_record(record)
    assert header.payload_commitment == sha256(PAYLOAD_SALT + record.payload).hexdigest()
    assert header.payload_commitment == payload_commitment(record.payload, PAYLOAD_SALT)
    together = canonical_bytes({"customer_index": 12, "header": read_canonical(record.header)})
    assert leaf_entry(record.header, 12, SALT) == sha256(SALT + together).digest()


def test_an_erased_record_still_verifies_and_says_so() -> None:
    record = record_of()
    erased = record.erase()
    assert not record.is_erased
    assert erased.is_erased
    assert erased.payload is erased.payload_salt is None
    assert verify_record(erased) == verify_record(record)
    assert leaf_entry(erased.header, 0, erased.header_salt) == leaf_entry(record.header, 0, record.header_salt)


@pytest.mark.parametrize("field", ["payload", "payload_salt"])
def test_erasing_by_half_is_noticed(field: str) -> None:
    assert refused(msgspec.structs.replace(record_of(), **{field: None})) == "proof.payload_half_erased"


@given(st.sampled_from(["payload", "payload_salt"]), st.integers(0), st.integers(1, 255))
def test_every_changed_byte_of_the_payload_is_noticed(field: str, position: int, change: int) -> None:
    record = record_of({"plan": "gold", "seats": 5})
    value = bytearray(getattr(record, field))
    value[position % len(value)] ^= change
    with pytest.raises(InvalidError):
        verify_record(msgspec.structs.replace(record, **{field: bytes(value)}))


@given(st.integers(0), st.integers(1, 255))
def test_every_changed_byte_of_the_header_changes_the_leaf(position: int, change: int) -> None:
    record = record_of()
    header = bytearray(record.header)
    header[position % len(header)] ^= change
    assert leaf_entry(bytes(header), 0, SALT) != leaf_entry(record.header, 0, SALT)


def test_index_and_salt_change_the_leaf() -> None:
    header = record_of().header
    assert len({leaf_entry(header, 0, SALT), leaf_entry(header, 1, SALT), leaf_entry(header, 0, PAYLOAD_SALT)}) == 3


def test_a_payload_of_another_spelling_is_refused_even_if_it_was_committed_to() -> None:
    payload = b'{ "seats":5}'
    committed = msgspec.structs.replace(HEADER, payload_commitment=payload_commitment(payload, PAYLOAD_SALT))
    record = Record(header=msgspec.json.encode(committed), header_salt=SALT, payload=payload, payload_salt=PAYLOAD_SALT)
    assert refused(record) == "proof.not_canonical"


def test_a_payload_that_is_no_object_is_refused() -> None:
    for payload in (b"[]", b"1", b'"text"', b"null", b""):
        committed = msgspec.structs.replace(HEADER, payload_commitment=payload_commitment(payload, PAYLOAD_SALT))
        record = Record(
            header=msgspec.json.encode(committed), header_salt=SALT, payload=payload, payload_salt=PAYLOAD_SALT
        )
        assert refused(record) == "proof.record_malformed"
    with pytest.raises(InvalidError):
        make_record(HEADER, [1], header_salt=SALT, payload_salt=PAYLOAD_SALT)  # type: ignore[arg-type]


@pytest.mark.parametrize("payload", [{"price": 1.5}, {"é": 1}, {"at": object()}])
def test_a_payload_without_canonical_form_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as caught:
        record_of(payload)
    assert caught.value.code == "proof.not_canonical"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"kind": ""},
        {"customer": ""},
        {"operation": None},
        {"id": 5},
        {"actor": Actor(id="", kind="person")},
        {"actor": None},
        {"on_behalf_of": "per_1"},
        {"subject": Subject(id="x", type="")},
        {"at": "2026-11-22"},
        {"at": "2026-11-22T08:30:00Z"},
        {"at": "2026-11-22T08:30:00.000000+00:00"},
        {"at": "2026-11-22T08:30:00.000000Z\n"},
        {"at": "٢٠٢٦-11-22T08:30:00.000000Z"},
        {"id": "\ud800"},
        {"v": 2},
    ],
    ids=repr,
)
def test_a_header_of_the_wrong_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as caught:
        record_of(header=msgspec.structs.replace(HEADER, **changes))
    assert caught.value.code == "proof.record_malformed"


@pytest.mark.parametrize("name", sorted(read_canonical(record_of().header)))
def test_a_missing_field_is_noticed(name: str) -> None:
    fields = read_canonical(record_of().header)
    del fields[name]
    with pytest.raises(InvalidError):
        read_header(canonical_bytes(fields))


def test_an_unknown_field_is_refused() -> None:
    fields = read_canonical(record_of().header)
    for changed in (fields | {"more": None}, fields | {"subject": {"id": "a", "name": "b", "type": "c"}}):
        with pytest.raises(InvalidError) as caught:
            read_header(canonical_bytes(changed))
        assert caught.value.code == "proof.record_malformed"


@pytest.mark.parametrize("salts", [(b"", PAYLOAD_SALT), (SALT, b"short"), (SALT * 2, PAYLOAD_SALT)])
def test_a_salt_of_another_length_is_refused(salts: tuple[bytes, bytes]) -> None:
    with pytest.raises(InvalidError):
        make_record(HEADER, {}, header_salt=salts[0], payload_salt=salts[1])


def test_salts_are_32_bytes_and_never_the_same() -> None:
    salts = {new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {32}
