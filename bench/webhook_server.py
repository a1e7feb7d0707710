"""The server that `bench_webhooks` measures: an installation's own application and, beside it, a bare endpoint.

The bare endpoint goes through the same server, the same outermost layer, the same kind of thread and the same write
session, and commits one row. Settings come from the environment.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy import insert

from fairkeeper.bootstrap.application import create_app
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.logging import configure_logging
from fairkeeper.bootstrap.server import bind, run_app
from fairkeeper.bootstrap.settings import read_settings
from fairkeeper.customers.tables import ReconciliationRow
from fairkeeper.values.clock import format_instant

BARE_PATH = "/bench/row"


class RowKept(BaseModel):
    """The row is committed."""

    at: str


def main() -> None:
    """Serve until told to stop; print the port once it answers."""
    settings = read_settings()
    configure_logging(settings.log_level)
    installation = open_installation(settings)
    app = create_app(installation)
    app.add_api_route(BARE_PATH, _bare(installation), methods=["POST"])
    bound = bind(settings.host, settings.port)
    port = bound.getsockname()[1]
    run_app(app, bound, ready=lambda: print(json.dumps({"port": port}), flush=True))


def _bare(installation: Installation) -> Callable[[Request], Awaitable[RowKept]]:
    statement = insert(ReconciliationRow.__table__)  # type: ignore[arg-type]

    def keep(body: bytes) -> str:
        now = installation.clock.now()
        row = {"at": now, "listed": len(body), "differences": 0, "is_complete": True}
        with installation.database.write() as session:
            session.connection().execute(statement, row)
        return format_instant(now)

    async def bare(request: Request) -> RowKept:
        return RowKept(at=await run_in_threadpool(keep, await request.body()))

    return bare


if __name__ == "__main__":
    main()
