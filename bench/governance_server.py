"""The server that `bench_governance` measures: an installation's own application and, beside it, a constant answer.

The constant endpoint goes through the same server and the same outermost layer, reads the body as the evaluation does,
and answers the same bytes to all.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fairkeeper.bootstrap.application import create_app
from fairkeeper.bootstrap.installation import open_installation
from fairkeeper.bootstrap.logging import configure_logging
from fairkeeper.bootstrap.server import bind, run_app
from fairkeeper.bootstrap.settings import read_settings

CONSTANT_PATH = "/bench/constant"


def main() -> None:
    """Serve until told to stop; print the port once it answers."""
    settings = read_settings()
    configure_logging(settings.log_level)
    app = create_app(open_installation(settings))
    app.router.routes.insert(0, Route(CONSTANT_PATH, _constant, methods=["POST"], include_in_schema=False))
    bound = bind(settings.host, settings.port)
    port = bound.getsockname()[1]
    run_app(app, bound, ready=lambda: print(json.dumps({"port": port}), flush=True))


async def _constant(request: Request) -> Response:
    json.loads(await request.body())
    return Response(b'{"decision":true}', media_type="application/json")


if __name__ == "__main__":
    main()
