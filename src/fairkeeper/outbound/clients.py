"""Clients for addresses that somebody wrote down; whose certificates they believe is read once.

Reading the list takes 15 ms of processor time (measured 2026-11-29), as much as several calls; a client that is made
for one call would read it for that call.
"""

from __future__ import annotations

import ssl
from functools import cache

import httpx

from fairkeeper.errors import InvalidError


class CertificatesUnreadableError(InvalidError):
    """What SSL_CERT_FILE or SSL_CERT_DIR names cannot be read as certificates."""

    code = "outbound.certificates"
    remedy = "Name a file of PEM certificates in SSL_CERT_FILE, or take the variable away."


@cache
def authorities() -> ssl.SSLContext:
    """Return what proves a server: certifi's list, or the file or folder that SSL_CERT_FILE or SSL_CERT_DIR names.

    Raises:
        CertificatesUnreadableError: These are no certificates.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        msg = f"The certificates of those whom Fairkeeper may believe cannot be read: {error}."
        raise CertificatesUnreadableError(msg) from error


def make_client(timeout_seconds: float) -> httpx.Client:
    """Return a client for an address that somebody wrote down: it follows no redirection and asks no proxy."""
    return httpx.Client(verify=authorities(), timeout=timeout_seconds, follow_redirects=False, trust_env=False)
