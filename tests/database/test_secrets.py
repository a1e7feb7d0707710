"""Secrets at rest: useless without the master key, rotated without a gap, shown nowhere."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from fairkeeper.database.secrets import MasterKeys, Secret, SecretKeyError, SecretRow, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.errors import ConflictError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OLD, NEW = MasterKeys.new_key(), MasterKeys.new_key()


@given(value=st.binary(max_size=500))
def test_what_is_sealed_opens_with_the_same_key_alone(value: bytes) -> None:
    sealed = MasterKeys([OLD]).seal(Secret(value))
    assert MasterKeys([NEW, OLD]).open(sealed).reveal() == value
    assert len(value) < 8 or value not in sealed
    with pytest.raises(SecretKeyError):
        MasterKeys([NEW]).open(sealed)


@given(position=st.integers(0, 200), flip=st.integers(1, 255))
def test_a_changed_byte_is_noticed(position: int, flip: int) -> None:
    sealed = bytearray(base64.urlsafe_b64decode(MasterKeys([OLD]).seal(Secret(b"hunter2"))))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(SecretKeyError):
        MasterKeys([OLD]).open(base64.urlsafe_b64encode(sealed))


@pytest.mark.parametrize("keys", [[], ["short"], [OLD, "no base64 at all"]])
def test_a_missing_or_malformed_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(SecretKeyError) as refused:
        MasterKeys(keys)
    assert OLD not in refused.value.message


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(b"hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {MasterKeys([OLD])!r}"
    assert OLD not in repr(MasterKeys([OLD]))


def test_a_stored_secret_comes_back_and_the_table_holds_it_sealed(database: Database) -> None:
    store = SecretStore(MasterKeys([OLD]))
    with database.write() as session:
        store.put(session, "webhook", Secret(b"hunter2"), now=NOW)
    with database.read() as session:
        found = store.get(session, "webhook")
        row = session.scalars(select(SecretRow)).one()
        assert store.get(session, "other") is None
    assert found is not None
    assert found.reveal() == b"hunter2"
    assert b"hunter2" not in row.sealed


def test_a_secret_is_not_overwritten_by_accident(database: Database) -> None:
    store = SecretStore(MasterKeys([OLD]))
    with database.write() as session:
        store.put(session, "webhook", Secret(b"1"), now=NOW)
    with pytest.raises(ConflictError), database.write() as session:
        store.put(session, "webhook", Secret(b"2"), now=NOW)
    with database.write() as session:
        store.put(session, "webhook", Secret(b"3"), now=NOW, replace=True)
    with database.read() as session:
        found = store.get(session, "webhook")
    assert found is not None
    assert found.reveal() == b"3"


def test_rotation_moves_every_secret_under_the_new_key(database: Database) -> None:
    with database.write() as session:
        for name in ("a", "b", "c"):
            SecretStore(MasterKeys([OLD])).put(session, name, Secret(name.encode()), now=NOW)
    with database.write() as session:
        assert SecretStore(MasterKeys([NEW, OLD])).reseal_all(session, now=NOW) == 3
    with database.read() as session:
        for name in ("a", "b", "c"):
            found = SecretStore(MasterKeys([NEW])).get(session, name)
            assert found is not None
            assert found.reveal() == name.encode()
        with pytest.raises(SecretKeyError):
            SecretStore(MasterKeys([OLD])).get(session, "a")


def test_a_deleted_secret_is_gone(database: Database) -> None:
    store = SecretStore(MasterKeys([OLD]))
    with database.write() as session:
        store.put(session, "a", Secret(b"1"), now=NOW)
        session.flush()
        store.delete(session, "a")
        store.delete(session, "never there")
    with database.read() as session:
        assert store.get(session, "a") is None
