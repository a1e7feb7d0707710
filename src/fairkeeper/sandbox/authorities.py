"""Whose certificates the pretend Microsoft believes, read once for all that pretend: it takes 15 ms."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def authorities() -> ssl.SSLContext:
    """Return what proves a publisher's server."""
    return httpx.create_ssl_context()
