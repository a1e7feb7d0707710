"""Signed notes: one spelling, known keys count, a wrong signature spoils the note."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.note import (
    Note,
    SignatureType,
    SignerKey,
    VerifierKey,
    add_signature,
    decode_base64,
    sign_note,
    verified_signatures,
)

# The key pair and the note of the documentation of Go's golang.org/x/mod/sumdb/note, which every reader of signed
# notes agrees with. Ed25519 is deterministic, so that signing must give the same bytes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT + "\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

LOG = SignerKey.from_seed("log.example/1", b"\x01" * 32)
OTHER = SignerKey.from_seed("log.example/2", b"\x02" * 32)
WITNESS = SignerKey.from_seed("witness.example", b"\x03" * 32, SignatureType.COSIGNATURE)

texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))))), min_size=1
)


def test_reads_and_writes_what_go_reads_and_writes() -> None:
    key = VerifierKey.parse(GO_KEY)
    note = Note.parse(GO_NOTE)
    assert note.text == GO_TEXT
    assert [found.key for found in verified_signatures(note, [key])] == [key]
    signer = SignerKey.parse(GO_SIGNER)
    assert signer.text == GO_SIGNER
    assert signer.verifier == key
    assert sign_note(GO_TEXT, [signer]) == GO_NOTE


@given(texts)
def test_any_text_is_signed_and_read_back(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    data = sign_note(text, [LOG, WITNESS], at_seconds=1_795_000_000)
    note = Note.parse(data)
    assert note.text == text
    assert note.data == data
    found = verified_signatures(note, [WITNESS.verifier, LOG.verifier])
    assert [(signature.key.name, signature.at_seconds) for signature in found] == [
        ("log.example/1", None),
        ("witness.example", 1_795_000_000),
    ]


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "return\r\n", "nul\0\n"])
def test_what_cannot_be_a_text_is_not_signed(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        sign_note(text, [LOG])
    assert caught.value.code == "proof.note_malformed"


@given(st.integers(0), st.integers(1, 255))
def test_every_changed_byte_is_noticed(position: int, change: int) -> None:
    data = bytearray(sign_note("some text\n\nmore\n", [LOG, WITNESS], at_seconds=7))
    data[position % len(data)] ^= change
    keys = [LOG.verifier, WITNESS.verifier]
    try:
        found = verified_signatures(Note.parse(bytes(data)), keys)
    except InvalidError:
        return
    assert len(found) < 2, "a line whose name or key id changed is by nobody known"


def line(name: str, material: bytes) -> str:
    return f"\u2014 {name} {base64.b64encode(material).decode()}\n"


GOOD_LINE = line("log.example", b"idid" + bytes(64))


@pytest.mark.parametrize(
    "whole",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        GOOD_LINE,
        "text\n" + GOOD_LINE,
        "text\n\n" + GOOD_LINE.removesuffix("\n"),
        "text\n\n" + GOOD_LINE + "\n",
        "text\n\n" + GOOD_LINE + "junk\n",
        "text\n\n" + GOOD_LINE.replace("\u2014", "-"),
        "text\n\n" + GOOD_LINE.replace("\u2014 ", "\u2014"),
        "text\n\n" + GOOD_LINE.replace("\u2014 ", "\u2014  "),
        "text\n\n " + GOOD_LINE,
        "text\n\n" + GOOD_LINE.replace("=", ""),
        "text\n\n" + GOOD_LINE.replace("AAA=", "AAB="),
        "text\n\n" + GOOD_LINE.replace("\n", " \n"),
        "text\n\n" + GOOD_LINE.replace("log.example", "log\u00a0example"),
        "text\n\n" + GOOD_LINE.replace("log.example", "log\u2028example"),
        "text\n\n" + GOOD_LINE.replace("log.example", "log+example"),
        "text\n\n" + GOOD_LINE.replace("log.example", ""),
        "text\n\n" + line("log.example", b"idid"),
        "text\n\n" + line("log.example", b""),
        "te\txt\n\n" + GOOD_LINE,
        "text\r\n\n" + GOOD_LINE,
        "text\n\n" + GOOD_LINE * 101,
        "text\n" * 250_000 + "\n" + GOOD_LINE,
    ],
    ids=lambda whole: repr(whole[:40]),
)
def test_what_is_no_note_is_refused(whole: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Note.parse(whole.encode())
    assert caught.value.code == "proof.note_malformed"


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidError):
        Note.parse(b"\xff\n\n" + GOOD_LINE.encode())


def test_sixteen_signatures_and_more_are_read() -> None:
    assert len(Note.parse(("text\n\n" + GOOD_LINE * 100).encode()).signatures) == 100


@given(st.binary())
def test_any_bytes_are_a_note_or_refused(data: bytes) -> None:
    try:
        note = Note.parse(data)
    except InvalidError:
        return
    assert note.data == data


def test_unknown_keys_are_passed_over_even_if_they_share_name_or_id() -> None:
    namesake = SignerKey.from_seed(LOG.name, b"\x09" * 32)
    note = Note.parse(sign_note("text\n", [namesake, OTHER, LOG]))
    assert [found.key for found in verified_signatures(note, [LOG.verifier])] == [LOG.verifier]
    with pytest.raises(InvalidError) as caught:
        verified_signatures(Note.parse(sign_note("text\n", [namesake, OTHER])), [LOG.verifier])
    assert caught.value.code == "proof.note_unsigned"


def test_a_wrong_signature_of_a_known_key_spoils_the_note_though_another_is_right() -> None:
    note = Note.parse(sign_note("text\n", [LOG, OTHER]))
    foreign = Note.parse(sign_note("other text\n", [OTHER])).signatures[0]
    forged = Note(note.text, (note.signatures[0], foreign))
    with pytest.raises(InvalidError) as caught:
        verified_signatures(forged, [LOG.verifier, OTHER.verifier])
    assert caught.value.code == "proof.signature_wrong"
    assert len(verified_signatures(forged, [LOG.verifier])) == 1


def test_a_key_counts_once() -> None:
    note = Note.parse(sign_note("text\n", [LOG, LOG]))
    assert len(verified_signatures(note, [LOG.verifier])) == 1


def test_cosignature_signs_the_time_before_the_text() -> None:
    # Source: C2SP tlog-cosignature, section "Ed25519 signed message", read 2026-11-22.
    signature = WITNESS.sign(b"log.example\n5\nroot\n", 1679315147)
    assert signature[:8] == (1679315147).to_bytes(8, "big")
    plain = SignerKey.from_seed("any", b"\x03" * 32)
    message = b"cosignature/v1\ntime 1679315147\nlog.example\n5\nroot\n"
    assert signature[8:] == plain.sign(message)


@pytest.mark.parametrize("stamp", [b"\x80" + bytes(7), b"\xff" * 8])
def test_a_time_beyond_the_epochs_is_refused(stamp: bytes) -> None:
    at_seconds = int.from_bytes(stamp, "big")
    seed = SignerKey.from_seed("any", b"\x03" * 32)
    signature = stamp + seed.sign(b"cosignature/v1\ntime %d\ntext\n" % at_seconds)
    note = Note.parse(("text\n\n" + line(WITNESS.name, WITNESS.verifier.id + signature)).encode())
    with pytest.raises(InvalidError) as caught:
        verified_signatures(note, [WITNESS.verifier])
    assert caught.value.code == "proof.signature_wrong"


@pytest.mark.parametrize("signature", [b"x", bytes(63), bytes(65), bytes(71), bytes(73)])
@pytest.mark.parametrize("signer", [LOG, WITNESS])
def test_a_signature_of_another_length_is_refused(signer: SignerKey, signature: bytes) -> None:
    note = Note.parse(("text\n\n" + line(signer.name, signer.verifier.id + signature)).encode())
    with pytest.raises(InvalidError) as caught:
        verified_signatures(note, [signer.verifier])
    assert caught.value.code == "proof.signature_wrong"


def test_signing_again_takes_the_place_of_the_earlier_signature() -> None:
    note = Note.parse(sign_note("text\n", [LOG]))
    once = add_signature(note, WITNESS, at_seconds=1)
    twice = add_signature(once, WITNESS, at_seconds=2)
    assert len(twice.signatures) == 2
    assert [found.at_seconds for found in verified_signatures(twice, [WITNESS.verifier])] == [2]


@pytest.mark.parametrize("signer", [LOG, WITNESS, SignerKey.generate("fairmile.example/log")])
def test_keys_are_text_and_back(signer: SignerKey) -> None:
    assert SignerKey.parse(signer.text) == signer
    assert VerifierKey.parse(signer.verifier.text) == signer.verifier


def test_the_type_is_part_of_the_key() -> None:
    seed = b"\x05" * 32
    log, witness = (SignerKey.from_seed("same", seed, kind).verifier for kind in SignatureType)
    assert log.public == witness.public
    assert log.id != witness.id


@given(st.integers(0), st.integers(1, 127))
def test_every_changed_character_of_a_key_is_noticed(position: int, change: int) -> None:
    text = LOG.verifier.text
    position %= len(text)
    changed = text[:position] + chr(ord(text[position]) ^ change) + text[position + 1 :]
    with pytest.raises(InvalidError) as caught:
        VerifierKey.parse(changed)
    assert caught.value.code == "proof.key_malformed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+",
        "name+00000000+",
        GO_KEY + "\n",
        " " + GO_KEY,
        GO_KEY + "=",
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("PeterNeumann", ""),
        GO_KEY.replace("PeterNeumann", "Peter\ud800"),
        GO_KEY.replace("+AR", "+Ah"),
        GO_SIGNER,
        GO_SIGNER.removeprefix("PRIVATE+KEY+"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        VerifierKey.parse(text)
    assert caught.value.code == "proof.key_malformed"


@pytest.mark.parametrize("text", ["", GO_KEY, "PRIVATE+KEY+" + GO_KEY, GO_SIGNER[:-4], GO_SIGNER + " "])
def test_what_is_no_signing_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        SignerKey.parse(text)
    assert caught.value.code == "proof.key_malformed"
    assert "AYEKFALVFGyNhPJEMzD1" not in caught.value.message


def test_a_signing_key_does_not_show_itself() -> None:
    signer = SignerKey.parse(GO_SIGNER)
    assert "AYEK" not in repr(signer)
    assert repr(signer.seed) not in repr(signer)
    assert str(signer) == repr(signer)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t", "line\n", "no\u00a0break", "nel\x85"])
def test_a_name_that_a_note_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(InvalidError):
        SignerKey.generate(name)


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidError):
        SignerKey.from_seed("name", bytes(31))


@pytest.mark.parametrize("text", ["A", "AA", "AAA", "AB==", "AAB=", "A A=", "AA==\n", "-_==", "AA==AA==", "é==="])
def test_base64_has_one_spelling(text: str) -> None:
    assert decode_base64(text) is None


@given(st.binary())
def test_base64_in_that_spelling_is_read(data: bytes) -> None:
    assert decode_base64(base64.b64encode(data).decode()) == data
