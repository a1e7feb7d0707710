"""Files that browsers fetch, and the look that a browser keeps."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.access.attempts import local_path
from fairkeeper.web.assets import asset
from fairkeeper.web.pages.base import Theme
from fairkeeper.web.serving.frames import THEME_COOKIE
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_YEAR_SECONDS: Final = 31_536_000


def send_file(visit: Visit) -> Response:
    """Send a file of ours; under the digest of its content a browser may keep it for ever."""
    found = asset(visit.named("name"))
    is_named_exactly = visit.query("v") == found.digest
    keep = f"public, max-age={_YEAR_SECONDS}, immutable" if is_named_exactly else "no-cache"
    return Response(
        found.content, media_type=found.media_type, headers={"Cache-Control": keep, "ETag": f'"{found.digest}"'}
    )


def set_look(visit: Visit) -> Response:
    """Keep light, dark or as the device in a cookie, for browsers without scripts."""
    theme = visit.form.get("theme", "")
    chosen = Theme(theme) if theme in set(Theme) else Theme.SYSTEM
    cookie = f"{THEME_COOKIE}={chosen.value}; Path=/; Max-Age={_YEAR_SECONDS}; SameSite=Lax"
    return visit.go(local_path(visit.form.get("back", "/")), [cookie])


WAYS: Final[tuple[Way, ...]] = (
    get("/static/{name}", send_file, Audience.ANYBODY),
    post("/look", set_look, Audience.ANYBODY),
)
