"""Signed notes: a text and the lines that sign it, and the keys as text.

Source: C2SP signed-note and C2SP tlog-cosignature (version 1, Ed25519), read 2026-11-22. Parsing is strict: every text
has one spelling, so that a changed byte cannot go unseen. Text keys follow the form the Go tools use, so that keys
can be exchanged with them.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fairkeeper.errors import InvalidError

LARGEST_NOTE_BYTES = 1_000_000
MOST_SIGNATURES = 100
_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_KEY_BYTES = 32
_ID_BYTES = 4
_SIGNATURE_BYTES = 64
_TIMESTAMP_BYTES = 8
_UNFIT_CATEGORIES = {"Cc", "Cs", "Zs", "Zl", "Zp"}


class SignatureType(IntEnum):
    """What a key signs, as the first byte of its key material."""

    ED25519 = 0x01
    """The note's text as it is; a log's own signature."""
    COSIGNATURE = 0x04
    """The text with a time before it; a witness's cosignature."""


def decode_base64(text: str) -> bytes | None:
    r"""Return the bytes of standard base64 in its one canonical spelling, or None.

    Example:
        >>> decode_base64("AA=="), decode_base64("AB=="), decode_base64("AA")
        (b'\x00', None, None)
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if encode_base64(data) == text else None


def encode_base64(data: bytes) -> str:
    """Return bytes as standard base64."""
    return base64.b64encode(data).decode("ascii")


def check_name(name: str) -> str:
    """Return a key's name if it may be one: not empty, no space, no control character, no plus sign.

    Raises:
        InvalidError: `proof.key_malformed`.
    """
    if not name or "+" in name or any(unicodedata.category(character) in _UNFIT_CATEGORIES for character in name):
        raise _key_malformed(f"{name!r} cannot be the name of a key")
    return name


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and what it signs.

    Attributes:
        name: For a log its origin; for a witness its own name.
        type: What it signs.
        public: The 32 bytes of the Ed25519 public key.
    """

    name: str
    type: SignatureType
    public: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a key's text, `name+hash+base64`.

        Raises:
            InvalidError: `proof.key_malformed`, it is no such text, or its hash does not fit.

        Example:
            >>> key = VerifierKey.parse(SignerKey.from_seed("log.example", bytes(32)).verifier.text)
            >>> key.name, key.type.name
            ('log.example', 'ED25519')
        """
        name, kind, public = _split_key(text, text)
        key = cls(name, kind, public)
        if key.text != text:
            raise _key_malformed(f"The hash in {text!r} does not fit the key")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        material = bytes([self.type]) + self.public
        return sha256(self.name.encode() + b"\n" + material).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as text, what C2SP calls a vkey."""
        return f"{self.name}+{self.id.hex()}+{encode_base64(bytes([self.type]) + self.public)}"

    def check(self, text: bytes, signature: bytes) -> int | None:
        """Verify a signature over a note's text (without the key id); return its time, seconds since 1970, if any.

        Raises:
            InvalidSignature: It is not this key's signature over the text.
        """
        if self.type is SignatureType.ED25519:
            if len(signature) != _SIGNATURE_BYTES:
                raise InvalidSignature
            self._verify(signature, text)
            return None
        at_seconds = int.from_bytes(signature[:_TIMESTAMP_BYTES], "big")
        if len(signature) != _TIMESTAMP_BYTES + _SIGNATURE_BYTES or at_seconds >= 1 << 63:
            raise InvalidSignature
        self._verify(signature[_TIMESTAMP_BYTES:], _timed(text, at_seconds))
        return at_seconds

    def _verify(self, signature: bytes, message: bytes) -> None:
        Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with its name and what it signs. Never shown: it has no repr, and its text is a secret."""

    name: str
    type: SignatureType
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str, kind: SignatureType = SignatureType.ED25519) -> SignerKey:
        """Return a new key from the system's randomness."""
        return cls(check_name(name), kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_seed(cls, name: str, seed: bytes, kind: SignatureType = SignatureType.ED25519) -> SignerKey:
        """Return the key of 32 secret bytes."""
        if len(seed) != _KEY_BYTES:
            raise _key_malformed(f"A key's seed has {_KEY_BYTES} bytes, not {len(seed)}")
        return cls(check_name(name), kind, seed)

    @classmethod
    def parse(cls, text: str) -> SignerKey:
        """Read what `text` wrote; the error never repeats the secret.

        Raises:
            InvalidError: `proof.key_malformed`.
        """
        name, kind, seed = _split_key(text.removeprefix(_PRIVATE), "The signing key's text")
        key = cls(name, kind, seed)
        if key.text != text:
            raise _key_malformed("The signing key's text is no signing key, or its hash does not fit")
        return key

    @property
    def text(self) -> str:
        """The key as text. A secret."""
        material = encode_base64(bytes([self.type]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{material}"

    @property
    def verifier(self) -> VerifierKey:
        """The public key."""
        return VerifierKey(self.name, self.type, self._private().public_key().public_bytes_raw())

    def sign(self, text: bytes, at_seconds: int = 0) -> bytes:
        """Return the signature over a note's text, without the key id.

        Args:
            text: The note's text.
            at_seconds: Time of a cosignature, seconds since 1970; without meaning for other keys.
        """
        if self.type is SignatureType.ED25519:
            return self._private().sign(text)
        return at_seconds.to_bytes(_TIMESTAMP_BYTES, "big") + self._private().sign(_timed(text, at_seconds))

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line under a note: whose it says it is, and the bytes that have to be verified."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def text(self) -> str:
        """The line as written."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Say whether it claims to be by a key, which does not prove it."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text with the lines that sign it, read but not verified.

    Attributes:
        text: The text with its last newline.
        signatures: The lines in their order.
    """

    text: str
    signatures: tuple[SignatureLine, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a signed note.

        Raises:
            InvalidError: `proof.note_malformed`.
        """
        if len(data) > LARGEST_NOTE_BYTES:
            raise _note_malformed(f"it has {len(data)} bytes")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _note_malformed("it is no UTF-8") from error
        if any(c < " " and c != "\n" for c in whole):
            raise _note_malformed("it holds a control character")
        head, blank, tail = whole.rpartition("\n\n")
        if not blank or not tail.endswith("\n"):
            raise _note_malformed("no signature follows a blank line")
        lines = tail[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise _note_malformed(f"it has {len(lines)} signatures")
        return cls(head + "\n", tuple(_parse_line(line) for line in lines))

    @property
    def data(self) -> bytes:
        """The note as it is written."""
        return (self.text + "\n" + "".join(line.text for line in self.signatures)).encode()


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds: whose it is, and for a cosignature when it was made, seconds since 1970."""

    key: VerifierKey
    at_seconds: int | None


def verified_signatures(note: Note, keys: Iterable[VerifierKey]) -> list[Verified]:
    """Return the signatures of known keys, in the order of the note, each key once; unknown keys are passed over.

    Raises:
        InvalidError: `proof.signature_wrong`, a line that claims to be by a known key does not verify;
            `proof.note_unsigned`, no known key signed.
    """
    known = {(key.name, key.id): key for key in keys}
    text = note.text.encode()
    verified: dict[VerifierKey, Verified] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        try:
            at_seconds = key.check(text, line.signature)
        except (InvalidSignature, ValueError) as error:
            raise InvalidError(
                f"The signature by {key.name} ({key.id.hex()}) does not belong to this text.",
                code="proof.signature_wrong",
                remedy="Treat the text as changed, and ask its author for the original.",
            ) from error
        verified.setdefault(key, Verified(key, at_seconds))
    if not verified:
        raise InvalidError(
            "No key that is trusted here signed the note.",
            code="proof.note_unsigned",
            remedy="Check that the right keys are given, and where the note comes from.",
        )
    return list(verified.values())


def sign_note(text: str, signers: Sequence[SignerKey], *, at_seconds: int = 0) -> bytes:
    r"""Return a text with the signatures of keys.

    Args:
        text: The text; ends with a newline, has no control characters.
        signers: Who signs, in this order.
        at_seconds: Time for those who cosign, seconds since 1970.

    Raises:
        InvalidError: `proof.note_malformed`, this text cannot be the text of a note.

    Example:
        >>> key = SignerKey.from_seed("log.example", bytes(32))
        >>> note = Note.parse(sign_note("Hello\n", [key]))
        >>> note.text, [found.key.name for found in verified_signatures(note, [key.verifier])]
        ('Hello\n', ['log.example'])
    """
    lines = tuple(
        SignatureLine(signer.name, signer.verifier.id, signer.sign(text.encode(), at_seconds)) for signer in signers
    )
    data = Note(text, lines).data
    if not text.endswith("\n") or Note.parse(data).text != text:
        raise _note_malformed("the text does not end with one newline")
    return data


def add_signature(note: Note, signer: SignerKey, *, at_seconds: int = 0) -> Note:
    """Return the note with one more signature, in place of an earlier one by the same key."""
    key = signer.verifier
    line = SignatureLine(signer.name, key.id, signer.sign(note.text.encode(), at_seconds))
    others = tuple(other for other in note.signatures if not other.is_by(key))
    return Note(note.text, (*others, line))


def _timed(text: bytes, at_seconds: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % at_seconds + text


def _split_key(text: str, shown: str) -> tuple[str, SignatureType, bytes]:
    name, _, rest = text.partition("+")
    _, _, encoded = rest.partition("+")
    material = decode_base64(encoded)
    if material is None or len(material) != 1 + _KEY_BYTES:
        raise _key_malformed(f"{shown} is no Ed25519 key as text")
    try:
        kind = SignatureType(material[0])
    except ValueError as error:
        raise _key_malformed(f"{shown} is of the unknown type {material[0]}") from error
    return check_name(name), kind, material[1:]


def _parse_line(line: str) -> SignatureLine:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    material = decode_base64(encoded)
    if not line.startswith(_DASH) or not space or material is None or len(material) <= _ID_BYTES:
        raise _note_malformed(f"{line[:80]!r} is no signature line")
    try:
        check_name(name)
    except InvalidError as error:
        raise _note_malformed(error.message) from error
    return SignatureLine(name, material[:_ID_BYTES], material[_ID_BYTES:])


def _note_malformed(reason: str) -> InvalidError:
    return InvalidError(
        f"This is no signed note: {reason}.",
        code="proof.note_malformed",
        remedy="Use the note byte for byte as its author published it.",
    )


def _key_malformed(message: str) -> InvalidError:
    return InvalidError(
        f"{message}.",
        code="proof.key_malformed",
        remedy="Copy the whole line name+hash+key as its owner published it.",
    )
