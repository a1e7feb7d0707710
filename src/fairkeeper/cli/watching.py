"""Watching a log over the network: fetch the head, see whether it continues what is remembered, remember, cosign.

What to accept is decided in `fairkeeper.proof.witness`; here are the network and the files. The new state is on disk
before anybody gets a cosignature, so that a witness that dies never vouches for what it has forgotten.

Source: C2SP tlog-witness (state is kept before the cosignature is given), tlog-tiles (paths), read 2026-11-22.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from fairkeeper.errors import ConflictError, InvalidError, UnavailableError
from fairkeeper.proof.keys import read_chain
from fairkeeper.proof.note import SignatureType, SignerKey
from fairkeeper.proof.tiles import CHECKPOINT_PATH, LOG_PREFIX, TileAddress
from fairkeeper.proof.witness import Refusal, WitnessState, advance, cosigned, read_state, watch, write_state
from fairkeeper.values.clock import Clock

_TIMEOUT_SECONDS: Final = 15.0
_LARGEST_BYTES: Final = 4 * 1024 * 1024

CONTRADICTIONS: Final = frozenset(
    {
        "proof.log_rolled_back",
        "proof.log_forked",
        "proof.log_key_changed",
        "proof.checkpoint_foreign",
        "proof.checkpoint_unsigned",
    }
)
"""Refusals that no second look can mend."""


class LogContradictsError(ConflictError):
    """The log does not continue what this witness accepted."""

    code = "proof.log_refused"
    remedy = "Keep both notes and show them to the publisher and to whoever relies on the log."


class LogUnreachableError(UnavailableError):
    """The log's files cannot be fetched now."""

    code = "cli.log_unreachable"
    remedy = "Check the address and that the server runs; the witness looks again."


class StateFileError(InvalidError):
    """What the witness remembers cannot be read or kept."""

    code = "cli.witness_state"
    remedy = "Check the path; the file and its key belong together and to one witness."


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one look brought.

    Attributes:
        size: Entries at the accepted head.
        is_new: Whether the head grew since the last look.
        is_counted: Whether the log took the cosignature.
        why_not: Why it did not, in words.
    """

    origin: str
    size: int
    root: str
    is_new: bool
    is_counted: bool
    why_not: str | None = None


class WitnessFiles:
    """What a witness keeps: its state, its own key beside it, and both notes of a contradiction.

    Args:
        path: The state's file; the key is in the same place with `.key` behind its name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key_path = path.with_name(f"{path.name}.key")
        self.refused_path = path.with_name(f"{path.name}.refused")

    def load_key(self, name: str | None) -> SignerKey:
        """Return the witness's own key, made on first use under a name.

        Raises:
            StateFileError: It cannot be read or kept, or bears another name.
        """
        if not self.key_path.exists():
            key = SignerKey.generate(name or "witness.fairkeeper.local", SignatureType.COSIGNATURE)
            self._write(self.key_path, f"{key.text}\n".encode(), mode=0o600)
            return key
        key = SignerKey.parse(self._read(self.key_path).decode("ascii", "replace").strip())
        if name is not None and key.name != name:
            msg = f"The key in {self.key_path} is named {key.name}, not {name}."
            raise StateFileError(msg)
        return key

    def load_state(self) -> WitnessState | None:
        """Return what is remembered, or None before the first look.

        Raises:
            InvalidError: `proof.witness_state_malformed`.
            StateFileError: It cannot be read.
        """
        return read_state(self._read(self.path)) if self.path.exists() else None

    def keep_state(self, state: WitnessState) -> None:
        """Write what is remembered, whole or not at all, and wait until the disk has it."""
        self._write(self.path, write_state(state), mode=0o644)

    def keep_refusal(self, refusal: Refusal) -> None:
        """Write both notes of a contradiction, for whoever has to be shown."""
        document = {
            "code": refusal.code,
            "message": refusal.message,
            "known": refusal.known,
            "seen": refusal.seen,
        }
        self._write(self.refused_path, json.dumps(document, indent=2).encode() + b"\n", mode=0o644)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror or error}."
            raise StateFileError(msg) from error

    @staticmethod
    def _write(path: Path, data: bytes, *, mode: int) -> None:
        draft = path.with_name(f"{path.name}.part")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            with contextlib.suppress(OSError):  # a folder cannot be opened everywhere; the file itself is safe
                folder = os.open(path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror or error}."
            raise StateFileError(msg) from error


class Log:
    """A log's public files at an address; its answers are not trusted for anything."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def checkpoint(self) -> bytes:
        """Fetch the newest checkpoint."""
        return self._get(CHECKPOINT_PATH)

    def key_statements(self) -> list[str]:
        """Fetch how the log's keys followed each other."""
        try:
            document = json.loads(self._get(f"{LOG_PREFIX}/keys"))
            statements = document["statements"]
        except (ValueError, KeyError, TypeError) as error:
            msg = "The log's keys cannot be read."
            raise LogUnreachableError(msg) from error
        return [str(statement) for statement in statements]

    def read(self, level: int, index: int, width: int) -> bytes:
        """Fetch the first hashes of a tile (`fairkeeper.proof.tiles.TileReader`)."""
        return self._get(TileAddress(level=level, index=index, width=width).path)

    def send(self, note: bytes) -> str | None:
        """Send a cosigned checkpoint; return why the log does not count it, or None when it does."""
        try:
            answer = self._client.post(
                f"{LOG_PREFIX}/cosignatures", content=note, headers={"content-type": "text/plain; charset=utf-8"}
            )
        except httpx.HTTPError as error:
            return f"it could not be sent ({type(error).__name__})"
        if answer.is_success:
            return None
        try:
            return str(json.loads(answer.content)["error"]["message"])
        except (ValueError, KeyError, TypeError):
            return f"the server answered {answer.status_code}"

    def _get(self, path: str) -> bytes:
        try:
            with self._client.stream("GET", path) as answer:
                if not answer.is_success:
                    msg = f"{self._client.base_url.host} answered {answer.status_code} for {path}."
                    raise LogUnreachableError(msg)
                content = b""
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > _LARGEST_BYTES:
                        msg = f"{path} has more than {_LARGEST_BYTES} bytes."
                        raise LogUnreachableError(msg)
                return content
        except httpx.HTTPError as error:
            msg = f"{self._client.base_url} does not answer ({type(error).__name__})."
            raise LogUnreachableError(msg) from error


class Watcher:
    """One witness of one log.

    Args:
        log: The log's files.
        files: What the witness keeps.
        key: The witness's own key.
        clock: The time of cosignatures.
        log_key: The log's key, known another way; without it the first one that the log shows is taken.
    """

    def __init__(self, log: Log, files: WitnessFiles, key: SignerKey, clock: Clock, *, log_key: str | None) -> None:
        self._log = log
        self._files = files
        self._key = key
        self._clock = clock
        self._state = files.load_state() or self._begin(log_key)
        if log_key is not None and watch(log_key).origin != self._state.origin:
            msg = f"{files.path} is of {self._state.origin}, the key given is of {watch(log_key).origin}."
            raise StateFileError(msg)

    @property
    def state(self) -> WitnessState:
        """What is remembered now."""
        return self._state

    def look(self) -> Seen:
        """Fetch the head; remember and cosign it if it continues what is remembered.

        Raises:
            LogContradictsError: It does not; both notes are kept.
            LogUnreachableError: It could not be fetched.
        """
        note = self._log.checkpoint()
        found = advance(self._state, note, self._log)
        if isinstance(found, Refusal) and found.code == "proof.log_key_changed":
            found = advance(self._state, note, self._log, chain=self._log.key_statements())
        if isinstance(found, Refusal):
            raise self._refused(found)
        is_new = found.size != self._state.size
        if found != self._state:
            self._files.keep_state(found)
            self._state = found
        why_not = self._log.send(cosigned(found, self._key, int(self._clock.now().timestamp())))
        return Seen(
            origin=found.origin,
            size=found.size,
            root=found.root.hex(),
            is_new=is_new,
            is_counted=why_not is None,
            why_not=why_not,
        )

    def _begin(self, log_key: str | None) -> WitnessState:
        text = log_key or read_chain(self._log.key_statements())[-1].text
        return watch(text)

    def _refused(self, refusal: Refusal) -> LogContradictsError:
        self._files.keep_refusal(refusal)
        return LogContradictsError(
            refusal.message,
            code=refusal.code,
            detail={"notes": str(self._files.refused_path), "known": refusal.known, "seen": refusal.seen},
        )
