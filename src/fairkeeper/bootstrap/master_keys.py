"""Where the key that seals secrets at rest comes from: the environment, a file, Azure Key Vault, or a file of our own.

Separate from the sealing (`fairkeeper.database.secrets`), which knows keys and no places. The first place that is set
is the only one that is asked: a key found elsewhere would seal what nobody could open after the next start.

The Key Vault road is written from Microsoft's documents and tested against a double of this machine; it was never run
against the live service. Source: Azure Key Vault REST API reference, "Get Secret", version 7.4; Microsoft Entra,
"OAuth 2.0 client credentials flow" and "Managed identities"; read 2026-11-22.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.database.secrets import MasterKeys
from fairkeeper.errors import UnavailableError

FILE_NAME: Final = "master.key"
VAULT_API_VERSION: Final = "7.4"
VAULT_SCOPE: Final = "https://vault.azure.net/.default"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_TIMEOUT_SECONDS: Final = 10.0

VaultToken = Callable[[], str]
"""Returns an access token for the vault."""


class VaultUnavailableError(UnavailableError):
    """The key vault did not give the key."""

    code = "bootstrap.key_vault_unavailable"
    remedy = "Check the secret's address, that our identity may read it, and the vault's own status; then start again."


def open_master_keys(settings: Settings, *, vault_token: VaultToken | None = None) -> MasterKeys:
    """Return the keys that seal secrets, newest first.

    Args:
        settings: Which place is set; none makes a file in the data folder, readable by its owner alone.
        vault_token: How to get a token for the key vault; by msal if left out.

    Raises:
        SettingsError: More than one place is set, or the file cannot be read.
        SecretKeyError: What stands there is no key.
        VaultUnavailableError: The vault did not answer with a secret.
    """
    places = [
        name
        for name, value in (
            ("FAIRKEEPER_MASTER_KEY", settings.master_key),
            ("FAIRKEEPER_MASTER_KEY_FILE", settings.master_key_file),
            ("FAIRKEEPER_MASTER_KEY_VAULT_URL", settings.master_key_vault_url),
        )
        if value is not None
    ]
    if len(places) > 1:
        msg = f"The master key has more than one place: {', '.join(places)}."
        raise SettingsError(msg, remedy="Leave one of them set; several keys can stand in one place.")
    if settings.master_key is not None:
        return MasterKeys(_keys_in(settings.master_key.get_secret_value()))
    if settings.master_key_vault_url is not None:
        text = _read_vault(settings.master_key_vault_url, vault_token or _token_by_msal(settings))
        return MasterKeys(_keys_in(text))
    return MasterKeys(_keys_in(_read_file(settings)))


def _keys_in(text: str) -> list[str]:
    return [key for key in re.split(r"[,\s]+", text) if key]


def _read_file(settings: Settings) -> str:
    path = settings.master_key_file or settings.data_dir / FILE_NAME
    try:
        if settings.master_key_file is None and not path.exists():
            _make_file(path)
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The master key file {path} cannot be read: {error}."
        raise SettingsError(msg, remedy="Make it readable for the server's user, or name another file.") from error


def _make_file(path: Path) -> None:
    """Write a new key; two starts at once agree on one, because only one of them can create the file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # readable by its owner alone
    draft = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(MasterKeys.new_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when somebody was first, and never shows half a file
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read_vault(address: str, token: VaultToken) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        msg = f"FAIRKEEPER_MASTER_KEY_VAULT_URL {address!r} is not https."
        raise SettingsError(msg)
    try:
        answer = httpx.get(
            address,
            params={"api-version": VAULT_API_VERSION},
            headers={"Authorization": f"Bearer {token()}"},
            timeout=_TIMEOUT_SECONDS,
            follow_redirects=False,
        )
    except httpx.HTTPError as error:
        msg = f"The key vault at {parts.netloc} did not answer: {type(error).__name__}."
        raise VaultUnavailableError(msg) from error
    if answer.status_code != httpx.codes.OK:
        msg = f"The key vault at {parts.netloc} answered {answer.status_code}{_vault_code(answer)}."
        raise VaultUnavailableError(msg)
    value = _json(answer).get("value")
    if not isinstance(value, str):
        msg = f"The key vault at {parts.netloc} answered without a value."
        raise VaultUnavailableError(msg)
    return value


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _vault_code(answer: httpx.Response) -> str:
    error = _json(answer).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return f" ({code[:80]})" if isinstance(code, str) else ""


def _token_by_msal(settings: Settings) -> VaultToken:
    """Take the service app's own credentials where they are set, else the machine's managed identity."""

    def token() -> str:
        import msal

        if settings.fulfillment_app_id and settings.fulfillment_app_secret and settings.entra_tenant_id:
            app = msal.ConfidentialClientApplication(
                settings.fulfillment_app_id,
                authority=f"{settings.entra_authority}/{settings.entra_tenant_id}",
                client_credential=settings.fulfillment_app_secret.get_secret_value(),
                instance_discovery=False,
            )
            answer = app.acquire_token_for_client(scopes=[VAULT_SCOPE])
        else:
            with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
                identity = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=client)
                try:
                    answer = identity.acquire_token_for_client(resource=VAULT_SCOPE.removesuffix("/.default"))
                except httpx.HTTPError as error:
                    msg = f"This machine's managed identity gave no token: {type(error).__name__}."
                    raise VaultUnavailableError(msg) from error
        if not isinstance(answer, dict) or "access_token" not in answer:
            reason = answer.get("error", "no reason given") if isinstance(answer, dict) else "no answer"
            msg = f"No token for the key vault: {reason}."
            raise VaultUnavailableError(msg)
        return str(answer["access_token"])

    return token
