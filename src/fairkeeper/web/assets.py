"""The files that browsers fetch: our own styles and scripts, and htmx out of its installed wheel.

Separate from rendering, because the server, the preview and the budget test all need the same list. A file's address
carries a digest of its content, so that browsers may keep it for ever.
Source: django-js-lib-htmx, which packages the htmx distribution as static files, wheel's file list, read 2026-11-22.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources

from fairkeeper.errors import BugError, NotFoundError

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""What pages are served with: nothing from elsewhere, nothing inline."""

SHEETS = ("tokens", "base", "frame", "parts", "forms", "lists", "pages", "deals", "print")
"""Our style sheets in their order; browsers get them as one file, `console.css`."""

_HTMX_WHEEL = "django-js-lib-htmx"
_HTMX_FILE = "static/htmx/htmx.min.js"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that browsers fetch."""

    name: str
    content: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """The first 12 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(self.content).hexdigest()[:12]


@cache
def assets() -> dict[str, Asset]:
    """Return every file by its name; read once per process."""
    folder = resources.files("fairkeeper.web") / "static"
    found = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith((".js", ".svg"))}
    found["console.css"] = b"\n".join((folder / f"{sheet}.css").read_bytes() for sheet in SHEETS)
    found["htmx.min.js"] = _htmx()
    return {
        name: Asset(name=name, content=content, media_type=_TYPES[name.rpartition(".")[2]])
        for name, content in sorted(found.items())
    }


def asset(name: str) -> Asset:
    """Return one file.

    Raises:
        NotFoundError: There is no file of that name.
    """
    found = assets().get(name)
    if found is None:
        raise NotFoundError(f"There is no file {name!r} here.", code="web.file_not_found")
    return found


def address_of(name: str) -> str:
    """Return a file's address with the digest of its content."""
    return f"/static/{name}?v={asset(name).digest}"


def _htmx() -> bytes:
    for entry in metadata.files(_HTMX_WHEEL) or ():
        if entry.as_posix().endswith(_HTMX_FILE):
            return entry.read_binary()
    raise BugError(f"{_HTMX_WHEEL} is installed without {_HTMX_FILE}.", code="web.htmx_missing")
