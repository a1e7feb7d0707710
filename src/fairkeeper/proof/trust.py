"""Whose word a file of evidence is: the log's chain of keys, the checkpoint, the witnesses, and who vouches for each.

A file brings its own keys, so that it can be read anywhere. They prove that the file is of one piece; that it is the
publisher's needs a key from elsewhere (an anchor). A file therefore holds exactly the signatures its keys explain, in
one order, and nothing that goes unchecked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fairkeeper.errors import InvalidError
from fairkeeper.proof.checkpoint import Checkpoint, TreeHead, open_checkpoint
from fairkeeper.proof.keys import foreign_keys, read_chain
from fairkeeper.proof.note import Note, SignatureType, VerifierKey


class KeySource(StrEnum):
    """Where the verifier had a key from."""

    GIVEN = "given"
    """From the person who verifies, who had it another way."""
    TAKEN_FROM_FILE = "taken from the file"
    """From the file itself: it shows that nothing was changed since, not whose file it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a file says about where it comes from, as text.

    Attributes:
        origin: Name of the log.
        keys: Statements of the log's chain of keys; the last key signed the checkpoint.
        witnesses: Keys of the witnesses that cosigned, in the order of their signatures.
        checkpoint: The checkpoint's note.
    """

    origin: str
    keys: tuple[str, ...]
    witnesses: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """A witness that cosigned, its cosignature verified."""

    name: str
    key: str
    at_seconds: int
    key_source: KeySource


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What the signatures over a file's checkpoint prove.

    Attributes:
        head: Size and root of the log.
        key: The log's key that signed, as text.
        key_source: Who vouches for that key.
        witnesses: Who cosigned.
    """

    head: TreeHead
    key: str
    key_source: KeySource
    witnesses: tuple[Witnessed, ...]


def make_provenance(checkpoint: bytes, chain: Sequence[str], witnesses: Iterable[VerifierKey] = ()) -> Provenance:
    """Return a file's provenance: the chain up to the newest key that signed, and only signatures a reader can check.

    Args:
        checkpoint: A checkpoint's note, with any signatures.
        chain: The log's chain of keys.
        witnesses: Keys of known witnesses; those that did not cosign are left out.

    Raises:
        InvalidError: `proof.key_chain_broken`, or the codes of `open_checkpoint`.
    """
    keys = read_chain(chain)
    opened = open_checkpoint(checkpoint, [*keys, *witnesses])
    newest = max(keys.index(key) for key in opened.signed_by)
    cosigned = [cosignature.key for cosignature in opened.witnesses]
    lines = tuple(next(line for line in opened.note.signatures if line.is_by(key)) for key in (keys[newest], *cosigned))
    return Provenance(
        origin=opened.head.origin,
        keys=tuple(chain[: newest + 1]),
        witnesses=tuple(key.text for key in cosigned),
        checkpoint=Note(opened.note.text, lines).data.decode(),
    )


def parse_anchors(anchors: Iterable[str] | None) -> tuple[VerifierKey, ...]:
    """Return the keys a verifier was given, of logs and of witnesses.

    Raises:
        InvalidError: `proof.key_malformed`.
    """
    return tuple(VerifierKey.parse(text.strip()) for text in anchors or ())


def check_provenance(provenance: Provenance, anchors: Sequence[VerifierKey]) -> Trusted:
    """Verify every signature of a file's provenance.

    Args:
        provenance: As the file says.
        anchors: Keys known otherwise; if one of them is a log's, the file's log must stem from one.

    Raises:
        InvalidError: `proof.key_chain_broken`, `proof.key_foreign`, `proof.key_malformed`,
            `proof.signatures_unexpected`, or the codes of `open_checkpoint`.
    """
    keys = read_chain(provenance.keys)
    if keys[0].name != provenance.origin:
        raise _unexpected(f"the file is of {provenance.origin}, its keys are of {keys[0].name}")
    log_anchors = [key for key in anchors if key.type is SignatureType.ED25519]
    if log_anchors and not set(log_anchors) & set(keys):
        raise foreign_keys(log_anchors)
    witnesses = [VerifierKey.parse(text) for text in provenance.witnesses]
    opened = _open_exactly(provenance.checkpoint, keys[-1], witnesses)
    return Trusted(
        head=opened.head,
        key=keys[-1].text,
        key_source=KeySource.GIVEN if log_anchors else KeySource.TAKEN_FROM_FILE,
        witnesses=tuple(
            Witnessed(
                name=seen.key.name,
                key=seen.key.text,
                at_seconds=seen.at_seconds,
                key_source=KeySource.GIVEN if seen.key in anchors else KeySource.TAKEN_FROM_FILE,
            )
            for seen in opened.witnesses
        ),
    )


def _open_exactly(checkpoint: str, key: VerifierKey, witnesses: Sequence[VerifierKey]) -> Checkpoint:
    """Open a checkpoint that is signed by the log's key and then by these witnesses, and by nobody else."""
    if any(witness.type is not SignatureType.COSIGNATURE for witness in witnesses):
        raise _unexpected("a key among the witnesses' does not cosign")
    data = checkpoint.encode()
    opened = open_checkpoint(data, [key, *witnesses])
    signers = [key, *witnesses]
    lines = opened.note.signatures
    if len(lines) != len(signers) or not all(line.is_by(signer) for line, signer in zip(lines, signers, strict=True)):
        raise _unexpected("the signatures under the checkpoint are not those of the file's keys, in their order")
    return opened


def _unexpected(reason: str) -> InvalidError:
    return InvalidError(
        f"The file does not say where it comes from: {reason}.",
        code="proof.signatures_unexpected",
        remedy="Ask for the file again; nothing in it is proved.",
    )
