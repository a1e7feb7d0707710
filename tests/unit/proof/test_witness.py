"""A witness goes along with growth and with nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.checkpoint import TreeHead, open_checkpoint, sign_checkpoint
from fairkeeper.proof.merkle import EMPTY_ROOT, root_of
from fairkeeper.proof.note import SignerKey, sign_note
from fairkeeper.proof.witness import Refusal, WitnessState, advance, cosigned, read_state, watch, write_state
from tests.unit.proof.sample_log import ORIGIN, WITNESS, SampleLog
from tests.unit.proof.tampering import changed_lines


def grown(log: SampleLog, count: int) -> SampleLog:
    for number in range(count):
        log.add(payload={"number": number})
    return log


def accepted(state: WitnessState, log: SampleLog, **options: Any) -> WitnessState:
    result = advance(state, log.checkpoint(), log, **options)
    assert isinstance(result, WitnessState), result
    assert (result.size, result.root) == (log.size, log.frontier.root())
    return result


def refused(state: WitnessState, data: bytes, log: SampleLog, **options: Any) -> Refusal:
    result = advance(state, data, log, **options)
    assert isinstance(result, Refusal), result
    assert result.known == state.note
    return result


@given(st.lists(st.integers(0, 300), max_size=5))
def test_growth_of_any_size_is_accepted(steps: list[int]) -> None:
    log = SampleLog()
    state = watch(log.anchor)
    for step in steps:
        state = accepted(state, grown(log, step))
        assert state.origin == ORIGIN
        assert state.note.encode() == log.checkpoint()
        assert read_state(write_state(state)) == state


@given(st.integers(1, 300), st.data())
def test_a_rollback_is_refused(size: int, data: st.DataObject) -> None:
    log = grown(SampleLog(), data.draw(st.integers(0, size - 1)))
    earlier = log.checkpoint()
    state = accepted(watch(log.anchor), grown(log, size - log.size))
    refusal = refused(state, earlier, log)
    assert refusal.code == "proof.log_rolled_back"
    assert refusal.seen.encode() == earlier
    assert f"had {size} entries" in refusal.message


@given(st.integers(1, 300), st.integers(0, 300), st.data())
def test_a_fork_is_refused(size: int, more: int, data: st.DataObject) -> None:
    changed = data.draw(st.integers(0, size - 1))
    honest, forked = SampleLog(), SampleLog()
    for number in range(size):
        honest.add(payload={"number": number})
        forked.add(payload={"number": number if number != changed else -1})
    state = accepted(watch(honest.anchor), honest)
    assert refused(state, grown(forked, more).checkpoint(), forked).code == "proof.log_forked"


def test_both_notes_of_a_fork_are_kept_and_verify() -> None:
    honest, forked = grown(SampleLog(), 5), SampleLog()
    forked.add(payload={"another": "history"})
    grown(forked, 6)
    refusal = refused(accepted(watch(honest.anchor), honest), forked.checkpoint(), forked)
    key = honest.keys[0].verifier
    heads = [open_checkpoint(note.encode(), [key]).head for note in (refusal.known, refusal.seen)]
    assert [head.size for head in heads] == [5, 7]


def test_another_root_at_the_same_size_is_a_fork() -> None:
    honest, forked = grown(SampleLog(), 5), SampleLog()
    for _ in range(5):
        forked.add(payload={"another": "history"})
    assert refused(accepted(watch(honest.anchor), honest), forked.checkpoint(), forked).code == "proof.log_forked"


def test_an_empty_log_has_the_empty_root() -> None:
    log = SampleLog()
    state = accepted(watch(log.anchor), log)
    assert state.root == EMPTY_ROOT
    wrong = sign_checkpoint(TreeHead(ORIGIN, 0, bytes(32)), log.keys)
    assert refused(state, wrong, log).code == "proof.log_forked"


class Liar:
    """Serves the tiles of another log."""

    def __init__(self, log: SampleLog, change: int) -> None:
        self._log = log
        self._change = change

    def read(self, level: int, index: int, width: int) -> bytes:
        data = bytearray(self._log.read(level, index, width))
        data[self._change % len(data)] ^= 1
        return bytes(data)


@given(st.integers(0, 300), st.integers(1, 300), st.integers(0))
def test_tiles_that_do_not_lead_to_the_signed_root_are_refused(size: int, more: int, change: int) -> None:
    log = grown(SampleLog(), size)
    state = accepted(watch(log.anchor), log)
    grown(log, more)
    liar = Liar(log, change)
    result = advance(state, log.checkpoint(), liar)
    if isinstance(result, Refusal):
        assert result.code == "proof.tiles_differ"
    else:  # the changed hash was not needed
        assert (result.size, result.root) == (log.size, log.frontier.root())


def test_changed_tiles_cannot_hide_a_fork() -> None:
    honest, forked = grown(SampleLog(), 8), SampleLog()
    forked.add(payload={"another": "history"})
    grown(forked, 9)
    state = accepted(watch(honest.anchor), honest)
    grown(honest, 2)
    assert refused(state, forked.checkpoint(), honest).code == "proof.tiles_differ"


def test_a_tile_of_another_length_is_refused() -> None:
    log = grown(SampleLog(), 5)

    class Short:
        def read(self, level: int, index: int, width: int) -> bytes:
            return b""

    assert isinstance(result := advance(watch(log.anchor), log.checkpoint(), Short()), Refusal)
    assert result.code == "proof.tile_malformed"


def test_an_error_of_the_reader_is_the_callers() -> None:
    log = grown(SampleLog(), 5)

    class Broken:
        def read(self, level: int, index: int, width: int) -> bytes:
            msg = "no connection"
            raise ConnectionError(msg)

    with pytest.raises(ConnectionError):
        advance(watch(log.anchor), log.checkpoint(), Broken())


def test_a_new_key_is_followed_along_the_chain() -> None:
    log = grown(SampleLog(), 3)
    state = accepted(watch(log.anchor), log)
    log.replace_key()
    log.replace_key()
    grown(log, 2)
    assert refused(state, log.checkpoint(), log).code == "proof.log_key_changed"
    state = accepted(state, log, chain=log.chain)
    assert state.key == log.keys[-1].verifier.text
    accepted(state, grown(log, 1))


def test_the_replaced_key_is_no_longer_accepted() -> None:
    log = grown(SampleLog(), 3)
    log.replace_key()
    state = accepted(watch(log.anchor), log, chain=log.chain)
    old = sign_checkpoint(TreeHead(ORIGIN, log.size, log.frontier.root()), [log.keys[0]])
    assert refused(state, old, log, chain=log.chain).code == "proof.log_key_changed"


def test_a_chain_that_does_not_explain_the_key_is_refused() -> None:
    log, thief = grown(SampleLog(), 3), grown(SampleLog(seed=9), 4)
    state = accepted(watch(log.anchor), log)
    for chain in ([], thief.chain, [*log.chain, *thief.chain], log.chain, ["junk"]):
        assert refused(state, thief.checkpoint(), thief, chain=chain).code == "proof.log_key_changed"


def test_a_new_key_does_not_excuse_a_fork_or_rollback() -> None:
    honest, forked = grown(SampleLog(), 5), grown(SampleLog(), 3)
    state = accepted(watch(honest.anchor), honest)
    forked.replace_key()
    assert refused(state, forked.checkpoint(), forked, chain=forked.chain).code == "proof.log_rolled_back"
    forked.add(payload={"another": "history"})
    grown(forked, 3)
    assert refused(state, forked.checkpoint(), forked, chain=forked.chain).code == "proof.log_forked"


def test_a_checkpoint_without_the_logs_signature_is_refused() -> None:
    log = grown(SampleLog(), 3)
    state = watch(log.anchor)
    text = TreeHead(ORIGIN, log.size, log.frontier.root()).text
    unsigned = sign_note(text, [SignerKey.from_seed("somebody.else", b"\x05" * 32)])
    assert refused(state, unsigned, log).code == "proof.checkpoint_unsigned"
    changed = log.checkpoint().replace(b"\n3\n", b"\n4\n")
    assert refused(state, changed, log).code == "proof.signature_wrong"


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = SignerKey.from_seed("another.example", b"\x05" * 32)
    data = sign_checkpoint(TreeHead("another.example", 0, EMPTY_ROOT), [other])
    assert refused(watch(SampleLog().anchor), data, SampleLog()).code == "proof.checkpoint_foreign"


@given(st.binary())
def test_whatever_is_fetched_is_a_refusal_and_never_an_error(data: bytes) -> None:
    assert refused(watch(SampleLog().anchor), data, SampleLog()).code == "proof.note_malformed"


def test_the_cosignature_verifies_and_carries_its_time() -> None:
    log = grown(SampleLog(), 3)
    state = accepted(watch(log.anchor), log)
    opened = open_checkpoint(cosigned(state, WITNESS, 1_795_000_000), [log.keys[0].verifier, WITNESS.verifier])
    assert opened.head == TreeHead(ORIGIN, 3, log.frontier.root())
    assert [(seen.key.name, seen.at_seconds) for seen in opened.witnesses] == [(WITNESS.name, 1_795_000_000)]


def test_a_witness_that_saw_nothing_cosigns_nothing() -> None:
    with pytest.raises(InvalidError):
        cosigned(watch(SampleLog().anchor), WITNESS, 1)


@pytest.mark.parametrize("key", ["", "junk", WITNESS.verifier.text])
def test_a_witness_begins_with_a_logs_key(key: str) -> None:
    with pytest.raises(InvalidError) as caught:
        watch(key)
    assert caught.value.code == "proof.key_malformed"


def test_a_changed_state_is_refused() -> None:
    log = grown(SampleLog(), 3)
    data = write_state(accepted(watch(log.anchor), log))
    for place, changed in changed_lines(data):
        with pytest.raises(InvalidError) as caught:
            read_state(changed)
        assert caught.value.code == "proof.witness_state_malformed", place


def test_a_root_that_the_log_signed_but_nobody_can_build_is_refused() -> None:
    log = grown(SampleLog(), 3)
    head = TreeHead(ORIGIN, 3, root_of([bytes(32)] * 3))
    assert refused(watch(log.anchor), sign_checkpoint(head, log.keys), log).code == "proof.tiles_differ"
