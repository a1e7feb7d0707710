"""A witness: remembers the newest head of a log that it saw, and accepts only one that continues it.

Pure: reading and keeping the state, fetching tiles and telling the time belong to whoever runs the witness. A refusal
keeps both signed notes, for two heads of one key that contradict each other are proof against the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from fairkeeper.errors import InvalidError
from fairkeeper.proof.checkpoint import Checkpoint, TreeHead, cosign, open_checkpoint
from fairkeeper.proof.keys import trusted_keys
from fairkeeper.proof.merkle import EMPTY_ROOT, Frontier, roots_from_consistency
from fairkeeper.proof.note import Note, SignatureType, SignerKey, VerifierKey, decode_base64, encode_base64
from fairkeeper.proof.tiles import TiledTree, TileReader


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessState:
    """What a witness remembers.

    Attributes:
        origin: Name of the log.
        key: The log's key that is trusted, as text.
        size: Entries at the newest head accepted.
        root: Root at that head.
        note: The signed checkpoint of that head; empty before the first.
    """

    origin: str
    key: str
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a witness does not accept a checkpoint.

    Attributes:
        code: `proof.log_rolled_back`, `proof.log_forked`, `proof.log_key_changed`, `proof.checkpoint_unsigned`,
            `proof.checkpoint_foreign`, `proof.tiles_differ`, or what made the note or a tile unreadable.
        message: What was found, with the values.
        known: The note accepted before; empty if there was none.
        seen: The note that is refused, as far as it is text.
    """

    code: str
    message: str
    known: str
    seen: str


class _StateFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A state as it is kept; the fields that its note repeats are left out."""

    key: str
    note: str
    origin: str
    root: str
    size: int


_state_decoder = msgspec.json.Decoder(_StateFile)


def watch(key: str) -> WitnessState:
    """Return the state of a witness that begins with a log's key and has seen nothing yet.

    Raises:
        InvalidError: `proof.key_malformed`, it is no log's key.

    Example:
        >>> watch(SignerKey.from_seed("log.example", bytes(32)).verifier.text).size
        0
    """
    parsed = VerifierKey.parse(key)
    if parsed.type is not SignatureType.ED25519:
        raise InvalidError(
            f"{key!r} is the key of a witness, not of a log.",
            code="proof.key_malformed",
            remedy="Use the key that the log's publisher shows.",
        )
    return WitnessState(origin=parsed.name, key=key)


def advance(
    state: WitnessState, data: bytes, reader: TileReader, *, chain: Sequence[str] = ()
) -> WitnessState | Refusal:
    """Return the state after a newly seen checkpoint, or why it is refused.

    Args:
        state: What is remembered.
        data: The checkpoint's note as fetched.
        reader: Tiles of the log; not trusted, and its own errors pass through.
        chain: The log's chain of keys as fetched, for the case that it has a new key.
    """
    try:
        checkpoint = _open(state, data, chain)
        _check_continues(state, checkpoint.head, reader)
    except InvalidError as error:
        return Refusal(
            code=error.code, message=error.message, known=state.note, seen=data.decode("utf-8", errors="replace")
        )
    head = checkpoint.head
    return WitnessState(
        origin=state.origin,
        key=checkpoint.signed_by[0].text,
        size=head.size,
        root=head.root,
        note=checkpoint.note.data.decode(),
    )


def cosigned(state: WitnessState, witness: SignerKey, at_seconds: int) -> bytes:
    """Return the newest accepted checkpoint with the witness's cosignature added.

    Args:
        state: What is remembered; it must have seen a checkpoint.
        witness: The witness's own key.
        at_seconds: The time now, seconds since 1970.

    Raises:
        InvalidError: `proof.key_malformed`, the key does not cosign; `proof.note_malformed`, nothing was seen yet.
    """
    checkpoint = open_checkpoint(state.note.encode(), [VerifierKey.parse(state.key)])
    return cosign(checkpoint, witness, at_seconds).data


def write_state(state: WitnessState) -> bytes:
    """Return a state as a line of canonical JSON.

    Example:
        >>> state = watch(SignerKey.from_seed("log.example", bytes(32)).verifier.text)
        >>> read_state(write_state(state)) == state
        True
    """
    kept = _StateFile(
        key=state.key, note=state.note, origin=state.origin, root=encode_base64(state.root), size=state.size
    )
    return msgspec.json.encode(kept) + b"\n"


def read_state(data: bytes) -> WitnessState:
    """Read a state that `write_state` wrote, and check that it agrees with the signed note in it.

    Raises:
        InvalidError: `proof.witness_state_malformed`.
    """
    try:
        kept = _state_decoder.decode(data)
        state = WitnessState(
            origin=kept.origin,
            key=kept.key,
            size=kept.size,
            root=decode_base64(kept.root) or b"",
            note=kept.note,
        )
        expected = watch(kept.key)
        if kept.note:
            head = open_checkpoint(kept.note.encode(), [VerifierKey.parse(kept.key)]).head
            expected = WitnessState(origin=head.origin, key=kept.key, size=head.size, root=head.root, note=kept.note)
    except (msgspec.MsgspecError, InvalidError, ValueError) as error:
        raise _state_malformed(str(error)) from error
    if state != expected:
        raise _state_malformed("its head is not the one in its note")
    return state


def _open(state: WitnessState, data: bytes, chain: Sequence[str]) -> Checkpoint:
    """Open a checkpoint with the key that is trusted, or with one that this key handed over to."""
    known = VerifierKey.parse(state.key)
    note = Note.parse(data)
    head = TreeHead.parse(note.text)
    if head.origin != state.origin:
        raise InvalidError(
            f"The checkpoint is of {head.origin}, the witness watches {state.origin}.",
            code="proof.checkpoint_foreign",
            remedy="Point the witness at the log it began with.",
        )
    is_by_known = any(line.is_by(known) for line in note.signatures)
    if is_by_known or all(line.name != state.origin for line in note.signatures):
        return open_checkpoint(data, [known])
    try:
        successors = trusted_keys(chain, known)
        opened = open_checkpoint(data, successors)
    except InvalidError as error:
        raise InvalidError(
            f"The log {state.origin} signs with another key, which its chain of keys does not explain: {error.message}",
            code="proof.log_key_changed",
            remedy="Ask the publisher by another way; do not accept the new key from the log itself.",
        ) from error
    return opened


def _check_continues(state: WitnessState, head: TreeHead, reader: TileReader) -> None:
    """Check that a head continues the one that is remembered, by tiles that must lead to the new root."""
    if head.size < state.size:
        raise InvalidError(
            f"The log {state.origin} had {state.size} entries and now shows {head.size}.",
            code="proof.log_rolled_back",
            remedy="Keep both notes; ask the publisher what became of the entries.",
        )
    if head.size == state.size:
        if head.root != state.root:
            raise _forked(state, head)
        return
    tree = TiledTree(reader, head.size)
    if state.size == 0:
        _check_tiles(tree.root(), head)
        return
    old_root = Frontier.of_tree(state.size, tree.node).root()
    roots = roots_from_consistency(state.size, head.size, old_root, tree.consistency_proof(state.size))
    # The proof was made from tiles: if it leads to the signed new root, its old root is what that tree begins with.
    _check_tiles(roots[1] if roots else b"", head)
    if roots is None or roots[0] != state.root:
        raise _forked(state, head)


def _check_tiles(root: bytes, head: TreeHead) -> None:
    if root != head.root:
        raise InvalidError(
            f"The tiles of {head.origin} do not lead to the root of its checkpoint with {head.size} entries.",
            code="proof.tiles_differ",
            remedy="Fetch again; if it stays so, the log serves other tiles than it signs.",
        )


def _forked(state: WitnessState, head: TreeHead) -> InvalidError:
    return InvalidError(
        f"The log {state.origin} with {head.size} entries does not continue the one with {state.size} that was seen.",
        code="proof.log_forked",
        remedy="Keep both notes: together they prove that the log shows two histories.",
    )


def _state_malformed(reason: str) -> InvalidError:
    return InvalidError(
        f"The witness's state cannot be used: {reason}",
        code="proof.witness_state_malformed",
        remedy="Restore the state from a copy; do not begin anew, or what was seen before is forgotten.",
    )
