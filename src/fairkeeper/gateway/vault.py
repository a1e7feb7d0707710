"""The credentials of tools, sealed in a file; the key comes from elsewhere.

Only the gateway can open it, so an agent that goes around the gateway has nothing to sign in with. AES-256-GCM, each
value bound to its name.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fairkeeper.agent.errors import ConfigurationRefusedError

KEY_VARIABLE: Final = "FAIRKEEPER_GATEWAY_KEY"
KEY_FILE_VARIABLE: Final = "FAIRKEEPER_GATEWAY_KEY_FILE"


class Vault:
    """Sealed values by name.

    Args:
        path: The file; it need not be there yet.
        key: 32 bytes.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        if len(key) != 32:
            raise ConfigurationRefusedError(f"The key of the vault has {len(key)} bytes, and needs 32.")
        self._path, self._cipher = path, AESGCM(key)

    def keep(self, name: str, value: str) -> None:
        """Seal a value under a name, in place of what was there."""
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._cipher.encrypt(nonce, value.encode(), name.encode())
        kept = self._read() | {name: base64.b64encode(sealed).decode()}
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        beside.replace(self._path)

    def names(self) -> list[str]:
        """Return what is kept, by name."""
        return sorted(self._read())

    def open(self, name: str) -> str:
        """Return a value.

        Raises:
            ConfigurationRefusedError: There is none, or the key is another.
        """
        sealed = self._read().get(name)
        if sealed is None:
            raise ConfigurationRefusedError(f"The vault holds no {name!r}.", remedy="fairkeeper gateway --keep NAME")
        try:
            content = base64.b64decode(sealed)
            return self._cipher.decrypt(content[:12], content[12:], name.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise ConfigurationRefusedError(f"The vault's {name!r} cannot be opened with this key.") from error

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        try:
            found: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigurationRefusedError(f"The vault {self._path} cannot be read: {error}.") from error
        return found


def vault_key() -> bytes:
    """Return the vault's key, from the environment or from a file that it names.

    Raises:
        ConfigurationRefusedError: There is none, or it is no key.
    """
    text = os.environ.get(KEY_VARIABLE, "")
    named = os.environ.get(KEY_FILE_VARIABLE, "")
    if named:
        try:
            text = Path(named).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationRefusedError(f"The key file {named} cannot be read: {error}.") from error
    if not text.strip():
        raise ConfigurationRefusedError(
            f"{KEY_VARIABLE} is not set.",
            remedy=f"Set {KEY_VARIABLE} or {KEY_FILE_VARIABLE} to 32 random bytes in base64, kept elsewhere.",
        )
    try:
        return base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise ConfigurationRefusedError(f"{KEY_VARIABLE} is no base64.") from error
