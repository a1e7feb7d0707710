"""How our application proves itself to Microsoft Entra: federated, by certificate, by secret; two may overlap.

The ways are tried in this order, and what Microsoft Entra refuses gives way to the next, so that a credential can be
replaced without a moment in which none is good. Federated needs no secret at all: the platform that runs us vouches for
us, and its token is read anew each time from a file.

Source: Microsoft Learn, "Microsoft identity platform application authentication certificate credentials" and "Workload
identity federation", read 2026-11-22; certificates and federation were never tried against the live service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.microsoft.errors import OwnCredentialError
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource, Credential, TokenSource


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCredential:
    """One way to prove ourselves.

    Attributes:
        name: In words, as people call it.
        expires_on: Its last day, where it is known: a certificate says so, of a secret only the settings can.
    """

    name: str
    credential: Credential
    expires_on: date | None = None


def own_credentials(settings: Settings) -> tuple[OwnCredential, ...]:
    """Return every way that is set, in the order in which they are tried.

    Raises:
        SettingsError: A certificate cannot be read.
    """
    found: list[OwnCredential] = []
    if settings.fulfillment_app_federated_token_file is not None:
        found.append(federated_credential(settings.fulfillment_app_federated_token_file))
    if settings.fulfillment_app_certificate_file is not None:
        found.append(certificate_credential(settings.fulfillment_app_certificate_file))
    for name, secret, ends in (
        ("client secret", settings.fulfillment_app_secret, settings.fulfillment_app_secret_expires_on),
        ("second client secret", settings.fulfillment_app_second_secret, None),
    ):
        if secret is not None:
            found.append(OwnCredential(name=name, credential=secret.get_secret_value(), expires_on=ends))
    return tuple(found)


class OverlappingTokens:
    """Gives a token by the first credential that Microsoft Entra takes, and stays with it.

    Args:
        sources: One for each credential, in the order in which they are tried.
    """

    def __init__(self, sources: Sequence[TokenSource]) -> None:
        self._sources = tuple(sources)
        self._good = 0

    def token(self) -> str:
        """Return a token.

        Raises:
            OwnCredentialError: None of the credentials is taken; of the first that was tried.
            OwnConfigurationError, EntraUnavailableError, EntraRefusedError: as one source says.
        """
        refused: OwnCredentialError | None = None
        for turn in range(len(self._sources)):
            number = (self._good + turn) % len(self._sources)
            try:
                token = self._sources[number].token()
            except OwnCredentialError as error:
                refused = refused or error
                continue
            self._good = number
            return token
        assert refused is not None  # noqa: S101 - there is at least one source, and each refusal is kept
        raise refused

    def forget(self) -> None:
        """Drop what is cached."""
        for source in self._sources:
            source.forget()


def make_app_tokens(settings: Settings, authority: str, http: httpx.Client, *, resource: str) -> TokenSource:
    """Return our application's tokens for a resource, by every credential that is set."""
    sources = [
        AppTokenSource(
            AppRegistration(
                authority=authority, client_id=settings.fulfillment_app_id or "", credential=each.credential
            ),
            tenant_id=settings.entra_tenant_id or "",
            http=http,
            resource=resource,
        )
        for each in own_credentials(settings)
    ]
    return sources[0] if len(sources) == 1 else OverlappingTokens(sources)


def _reader_of(path: Path) -> Any:
    def read() -> str:
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise OwnCredentialError(f"The federated token file {path} cannot be read.") from error

    return read


def federated_credential(path: Path) -> OwnCredential:
    """Return the credential of a platform that vouches for us with a token in a file, read anew each time."""
    credential: Any = {"client_assertion": _reader_of(path)}
    return OwnCredential(name="federated credential", credential=credential)


def certificate_credential(path: Path) -> OwnCredential:
    """Return the credential of a PEM file with a private key and its certificate.

    Raises:
        SettingsError: It cannot be read, or holds no private key.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA1

    try:
        text = path.read_text("utf-8")
        certificate = x509.load_pem_x509_certificate(text.encode())
    except (OSError, UnicodeDecodeError, ValueError) as error:
        msg = f"The certificate {path} cannot be read."
        raise SettingsError(msg, remedy="Name a PEM file with the private key and the certificate.") from error
    if "PRIVATE KEY-----" not in text:
        msg = f"The certificate {path} holds no private key."
        raise SettingsError(msg, remedy="Name a PEM file with the private key and the certificate.")
    # Entra finds the certificate by this digest; nothing is proved by it.
    thumbprint = certificate.fingerprint(SHA1()).hex()  # noqa: S303 - as Entra wants it
    credential: Any = {"private_key": text, "thumbprint": thumbprint, "public_certificate": text}
    ends_at = certificate.not_valid_after_utc.astimezone(UTC)
    return OwnCredential(name="certificate", credential=credential, expires_on=ends_at.date())


def endings_of(settings: Settings) -> tuple[tuple[str, date], ...]:
    """Return each credential's name and last day, where that is known."""
    return tuple((each.name, each.expires_on) for each in own_credentials(settings) if each.expires_on is not None)


def days_left(expires_on: date, now: datetime) -> int:
    """Return how many days a credential is still good; negative once it has ended.

    Example:
        >>> days_left(date(2026, 11, 30), datetime(2026, 11, 22, 12, tzinfo=UTC))
        8
    """
    return (expires_on - now.astimezone(UTC).date()).days
