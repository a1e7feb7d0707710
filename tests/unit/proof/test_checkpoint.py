"""Checkpoints: one spelling of a body, the log's own key must sign, witnesses count if their key is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.checkpoint import LARGEST_SIZE, Cosignature, TreeHead, cosign, open_checkpoint, sign_checkpoint
from fairkeeper.proof.note import Note, SignerKey, sign_note
from tests.unit.proof.sample_log import ORIGIN, SECOND_WITNESS, WITNESS

LOG = SignerKey.from_seed(ORIGIN, b"\x01" * 32)
SUCCESSOR = SignerKey.from_seed(ORIGIN, b"\x02" * 32)
HEAD = TreeHead(ORIGIN, 20852163, b"\x0a" * 32)
ROOT = "CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo="

lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32)))), min_size=1)


@given(lines, st.integers(0, LARGEST_SIZE), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3))
def test_body_is_written_and_read_back(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    head = TreeHead(origin, size, root, tuple(extensions))
    assert TreeHead.parse(head.text) == head


def test_body_has_the_lines_of_the_specification() -> None:
    assert HEAD.text == f"{ORIGIN}\n20852163\n{ROOT}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "o\n",
        "o\n5\n",
        f"o\n5\n{ROOT}",
        f"\n5\n{ROOT}\n",
        f"o\n05\n{ROOT}\n",
        f"o\n+5\n{ROOT}\n",
        f"o\n-5\n{ROOT}\n",
        f"o\n 5\n{ROOT}\n",
        f"o\n5 \n{ROOT}\n",
        f"o\n5.0\n{ROOT}\n",
        f"o\n\n{ROOT}\n",
        f"o\n٥\n{ROOT}\n",
        f"o\n{LARGEST_SIZE + 1}\n{ROOT}\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        "o\n5\n\n",
        f"o\n5\n{ROOT[:-1]}\n",
        f"o\n5\n{ROOT.replace('o=', 'p=')}\n",
        f"o\n5\n{ROOT} \n",
        "o\n5\nAAAA\n",
        f"o\n5\n{ROOT}\n\n",
        f"o\n5\n{ROOT}\n\nextension\n",
        f"o\n5\n{ROOT}\nextension\n\n",
        f"o\r\n5\r\n{ROOT}\r\n",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_any_other_body_is_refused(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        TreeHead.parse(text)
    assert caught.value.code == "proof.checkpoint_malformed"


def test_a_head_that_cannot_be_written_is_not_signed() -> None:
    for head in (TreeHead("a\n5", 5, bytes(32)), TreeHead("o", 5, bytes(31)), TreeHead("o", 5, bytes(32), ("x\ny",))):
        with pytest.raises(InvalidError):
            sign_checkpoint(head, [LOG])


def test_opens_with_the_logs_key() -> None:
    opened = open_checkpoint(sign_checkpoint(HEAD, [LOG]), [LOG.verifier])
    assert opened.head == HEAD
    assert opened.signed_by == (LOG.verifier,)
    assert opened.witnesses == ()


def test_witnesses_count_only_if_their_keys_are_known() -> None:
    opened = open_checkpoint(sign_checkpoint(HEAD, [LOG]), [LOG.verifier])
    note = cosign(opened, WITNESS, 1679315147)
    note = cosign(open_checkpoint(note.data, [LOG.verifier]), SECOND_WITNESS, 1679315148)
    data = note.data
    assert open_checkpoint(data, [LOG.verifier]).witnesses == ()
    assert open_checkpoint(data, [LOG.verifier, SECOND_WITNESS.verifier]).witnesses == (
        Cosignature(SECOND_WITNESS.verifier, 1679315148),
    )
    assert open_checkpoint(data, [WITNESS.verifier, LOG.verifier, SECOND_WITNESS.verifier]).witnesses == (
        Cosignature(WITNESS.verifier, 1679315147),
        Cosignature(SECOND_WITNESS.verifier, 1679315148),
    )


def test_a_cosignature_alone_is_no_checkpoint() -> None:
    signed = cosign(open_checkpoint(sign_checkpoint(HEAD, [LOG]), [LOG.verifier]), WITNESS, 1)
    stripped = Note(signed.text, signed.signatures[1:]).data
    with pytest.raises(InvalidError) as caught:
        open_checkpoint(stripped, [LOG.verifier, WITNESS.verifier])
    assert caught.value.code == "proof.checkpoint_unsigned"


def test_a_trusted_key_of_another_log_does_not_count() -> None:
    other = SignerKey.from_seed("another.example", b"\x01" * 32)
    with pytest.raises(InvalidError) as caught:
        open_checkpoint(sign_checkpoint(HEAD, [other]), [other.verifier])
    assert caught.value.code == "proof.checkpoint_unsigned"


def test_both_keys_sign_while_one_replaces_the_other() -> None:
    data = sign_checkpoint(HEAD, [LOG, SUCCESSOR])
    assert open_checkpoint(data, [LOG.verifier]).signed_by == (LOG.verifier,)
    assert open_checkpoint(data, [SUCCESSOR.verifier]).signed_by == (SUCCESSOR.verifier,)


def test_a_logs_key_does_not_cosign() -> None:
    opened = open_checkpoint(sign_checkpoint(HEAD, [LOG]), [LOG.verifier])
    with pytest.raises(InvalidError) as caught:
        cosign(opened, SUCCESSOR, 1)
    assert caught.value.code == "proof.key_malformed"


@pytest.mark.parametrize("bit", range(8))
def test_every_changed_byte_is_noticed(bit: int) -> None:
    opened = open_checkpoint(sign_checkpoint(HEAD, [LOG]), [LOG.verifier])
    good = cosign(opened, WITNESS, 1679315147).data
    for position in range(len(good)):
        changed = bytearray(good)
        changed[position] ^= 1 << bit
        try:
            result = open_checkpoint(bytes(changed), [LOG.verifier, WITNESS.verifier])
        except InvalidError:
            continue
        assert result.head == HEAD
        assert result.witnesses == (), "only the witness's name or key id may have changed, and then nobody cosigned"


def test_a_signed_text_that_is_no_head_is_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        open_checkpoint(sign_note("hello\n", [LOG]), [LOG.verifier])
    assert caught.value.code == "proof.checkpoint_malformed"
