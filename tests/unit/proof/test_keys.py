"""A log's chain of keys: every handover is signed by both sides, and trust runs forward only."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.checkpoint import TreeHead
from fairkeeper.proof.keys import LONGEST_CHAIN, first_statement, next_statement, read_chain, trusted_keys
from fairkeeper.proof.note import Note, SignatureType, SignerKey, sign_note
from tests.unit.proof.sample_log import ORIGIN

KEYS = [SignerKey.from_seed(ORIGIN, bytes([number]) * 32) for number in range(1, 5)]
FOREIGN = SignerKey.from_seed(ORIGIN, b"\x63" * 32)


def chain_of(keys: list[SignerKey]) -> list[str]:
    chain = [first_statement(keys[0])]
    for previous, new in pairwise(keys):
        chain.append(next_statement(chain, previous, new))
    return chain


CHAIN = chain_of(KEYS)


def broken(chain: list[str]) -> str:
    with pytest.raises(InvalidError) as caught:
        read_chain(chain)
    return caught.value.code


def test_a_chain_gives_its_keys_in_order() -> None:
    assert read_chain(CHAIN) == tuple(key.verifier for key in KEYS)


@pytest.mark.parametrize("number", range(4))
def test_trust_in_a_key_reaches_those_after_it(number: int) -> None:
    assert trusted_keys(CHAIN, KEYS[number].verifier) == {key.verifier for key in KEYS[number:]}


def test_a_foreign_anchor_is_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        trusted_keys(CHAIN, FOREIGN.verifier)
    assert caught.value.code == "proof.key_foreign"


@pytest.mark.parametrize(
    "chain",
    [
        [],
        CHAIN[1:],
        [CHAIN[0], CHAIN[2]],
        [CHAIN[1], CHAIN[0]],
        [*CHAIN, CHAIN[0]],
        [*CHAIN, CHAIN[-1]],
        [CHAIN[0], chain_of([FOREIGN, KEYS[1]])[1]],
        [first_statement(FOREIGN), *CHAIN[1:]],
        ["", *CHAIN[1:]],
        ["\ud800"],
        [CHAIN[0]] * (LONGEST_CHAIN + 1),
    ],
)
def test_a_broken_chain_is_refused(chain: list[str]) -> None:
    assert broken(chain) == "proof.key_chain_broken"


@given(st.integers(0), st.integers(1, 127))
def test_every_changed_character_is_noticed(position: int, change: int) -> None:
    whole = "\0".join(CHAIN)
    position %= len(whole)
    changed = whole[:position] + chr(ord(whole[position]) ^ change) + whole[position + 1 :]
    assert broken(changed.split("\0")) == "proof.key_chain_broken"


def test_a_handover_needs_the_key_before_it() -> None:
    text = Note.parse(CHAIN[1].encode()).text
    for signers in ([KEYS[1]], [FOREIGN, KEYS[1]], [KEYS[1], KEYS[0]], [KEYS[0], KEYS[1], FOREIGN]):
        assert broken([CHAIN[0], sign_note(text, signers).decode()]) == "proof.key_chain_broken"


def test_a_handover_needs_the_new_keys_own_signature() -> None:
    text = Note.parse(CHAIN[1].encode()).text
    assert broken([CHAIN[0], sign_note(text, [KEYS[0]]).decode()]) == "proof.key_chain_broken"


def test_only_the_last_key_hands_over() -> None:
    with pytest.raises(InvalidError):
        next_statement(CHAIN, KEYS[0], FOREIGN)


def test_a_replaced_key_does_not_come_back() -> None:
    with pytest.raises(InvalidError) as caught:
        next_statement(CHAIN, KEYS[-1], KEYS[0])
    assert "replaced" in caught.value.message


@pytest.mark.parametrize(
    "key",
    [
        SignerKey.from_seed("another.example", b"\x05" * 32),
        SignerKey.from_seed(ORIGIN, b"\x05" * 32, SignatureType.COSIGNATURE),
    ],
)
def test_a_key_of_another_log_or_a_witness_does_not_follow(key: SignerKey) -> None:
    with pytest.raises(InvalidError) as caught:
        next_statement(CHAIN, KEYS[-1], key)
    assert caught.value.code == "proof.key_chain_broken"


def test_a_statement_cannot_be_taken_for_a_checkpoint() -> None:
    for statement in CHAIN:
        with pytest.raises(InvalidError):
            TreeHead.parse(Note.parse(statement.encode()).text)
