"""Checkpoints: the head of a log (size and root) as a signed note.

Source: C2SP tlog-checkpoint and tlog-cosignature, read 2026-11-22. Only one spelling of a body is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fairkeeper.errors import InvalidError
from fairkeeper.proof.merkle import HASH_BYTES
from fairkeeper.proof.note import (
    Note,
    SignatureType,
    SignerKey,
    VerifierKey,
    add_signature,
    decode_base64,
    encode_base64,
    sign_note,
    verified_signatures,
)

LARGEST_SIZE = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint states: of which log, how many leaves, which root; extension lines are opaque."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        r"""The body of the checkpoint.

        Example:
            >>> TreeHead("log.example", 1, bytes(32)).text
            'log.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'
        """
        return "\n".join((self.origin, str(self.size), encode_base64(self.root), *self.extensions)) + "\n"

    @classmethod
    def parse(cls, text: str) -> TreeHead:
        """Read the body of a checkpoint.

        Raises:
            InvalidError: `proof.checkpoint_malformed`.
        """
        origin, _, rest = text.partition("\n")
        size, _, rest = rest.partition("\n")
        encoded, *extensions = rest.removesuffix("\n").split("\n")
        root = decode_base64(encoded)
        if not origin or not text.endswith("\n") or any(not line for line in extensions):
            raise _malformed("its lines are not origin, size, root and extensions")
        if not _SIZE.fullmatch(size) or int(size) > LARGEST_SIZE:
            raise _malformed(f"{size[:80]!r} is no size")
        if root is None or len(root) != HASH_BYTES:
            raise _malformed(f"{encoded[:80]!r} is no root hash")
        return cls(origin, int(size), root, tuple(extensions))


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's statement that it saw the log grow consistently up to this head."""

    key: VerifierKey
    at_seconds: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head whose signature was verified.

    Attributes:
        head: What it states.
        signed_by: The trusted keys of the log that signed it.
        witnesses: The cosignatures that verified; only of keys that were given.
        note: The note it was read from.
    """

    head: TreeHead
    signed_by: tuple[VerifierKey, ...]
    witnesses: tuple[Cosignature, ...]
    note: Note


def sign_checkpoint(head: TreeHead, signers: Iterable[SignerKey]) -> bytes:
    """Return the checkpoint of a tree head, signed with the log's keys (more than one while a key is replaced).

    Raises:
        InvalidError: `proof.checkpoint_malformed` or `proof.note_malformed`, the head cannot be written.

    Example:
        >>> key = SignerKey.from_seed("log.example", bytes(32))
        >>> data = sign_checkpoint(TreeHead("log.example", 1, bytes(32)), [key])
        >>> open_checkpoint(data, [key.verifier]).head.size
        1
    """
    if TreeHead.parse(head.text) != head:
        raise _malformed("one of its lines holds a newline")
    return sign_note(head.text, list(signers))


def cosign(checkpoint: Checkpoint, witness: SignerKey, at_seconds: int) -> Note:
    """Return the checkpoint's note with a witness's cosignature added.

    Args:
        checkpoint: The checkpoint, which the witness has verified.
        witness: A key that cosigns.
        at_seconds: The time of the statement, seconds since 1970.

    Raises:
        InvalidError: `proof.key_malformed`, the key is none that cosigns.
    """
    if witness.type is not SignatureType.COSIGNATURE:
        raise InvalidError(
            f"The key {witness.name} does not cosign.",
            code="proof.key_malformed",
            remedy="Make the witness a key of its own, of the cosignature type.",
        )
    return add_signature(checkpoint.note, witness, at_seconds=at_seconds)


def open_checkpoint(data: bytes, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Verify a checkpoint against trusted keys: those of the log, and those of witnesses.

    A log's key counts only if its name is the checkpoint's origin.

    Raises:
        InvalidError: `proof.note_malformed`, `proof.checkpoint_malformed`, `proof.signature_wrong`, or
            `proof.checkpoint_unsigned` if no trusted key of the log signed it.
    """
    note = Note.parse(data)
    head = TreeHead.parse(note.text)
    usable = [key for key in keys if key.type is SignatureType.COSIGNATURE or key.name == head.origin]
    try:
        verified = verified_signatures(note, usable)
    except InvalidError as error:
        if error.code != "proof.note_unsigned":
            raise
        verified = []
    signed_by = tuple(found.key for found in verified if found.at_seconds is None)
    if not signed_by:
        raise InvalidError(
            f"The checkpoint of {head.origin} with {head.size} entries is signed by no trusted key of that log.",
            code="proof.checkpoint_unsigned",
            remedy="Check that the right key is given; if the log has a new one, ask for its chain of keys.",
        )
    witnesses = tuple(Cosignature(found.key, found.at_seconds) for found in verified if found.at_seconds is not None)
    return Checkpoint(head, signed_by, witnesses, note)


def _malformed(reason: str) -> InvalidError:
    return InvalidError(
        f"This is no checkpoint: {reason}.",
        code="proof.checkpoint_malformed",
        remedy="Use the checkpoint byte for byte as the log published it.",
    )
