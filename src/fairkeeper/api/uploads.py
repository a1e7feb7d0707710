"""Uploads of reports: the bytes of one file as the body, its name in the query.

Not derived, because the body is a stream and no JSON. Who may send one is decided as for the operation behind it.
"""

from __future__ import annotations

import tempfile
from datetime import date
from typing import IO, Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from fairkeeper.action.runner import Authorise, Call, Runner
from fairkeeper.api.errors import ErrorBody, request_id_of
from fairkeeper.api.routes import Authenticate
from fairkeeper.payouts.actions.receive_file import FileReceived, ReceiveFile, receive_file
from fairkeeper.payouts.errors import FileTooLargeError
from fairkeeper.payouts.files.library import Library

UPLOAD_PATH: Final = "/api/v1/payouts/uploads"
_bearer = HTTPBearer(auto_error=False, description="An API token: `fairkeeper token create`.")
_CHUNK: Final = 1024 * 1024
_REFUSALS: Final = {
    400: "Cannot be understood",
    401: "No valid credentials",
    403: "May not",
    404: "No such thing for this principal",
    409: "Another state than the request supposes",
    413: "It is too large",
    422: "A field is wrong",
    500: "Our mistake",
    503: "Not now, try again",
}


def uploads_router(runner: Runner, library: Library, authenticate: Authenticate, authorise: Authorise) -> APIRouter:
    """Return the route of uploads.

    Args:
        runner: Runs the operation behind it.
        library: Keeps the files.
        authenticate: Tells who asks.
        authorise: Decides who may.
    """
    router = APIRouter(tags=["payouts"], dependencies=[Depends(_bearer)])

    @router.post(
        UPLOAD_PATH,
        operation_id="payouts.upload_file",
        summary="Hand over a report: its bytes are the body; it is read in the background.",
        response_model=FileReceived,
        responses={status: {"model": ErrorBody, "description": text} for status, text in _REFUSALS.items()},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def upload(
        request: Request,
        name: Annotated[str, Query(min_length=1, max_length=300)],
        covers_from: date | None = None,
        covers_to: date | None = None,
    ) -> Response:
        principal = await run_in_threadpool(authenticate, request)
        authorise(principal, receive_file, principal.customer_id)
        with tempfile.TemporaryFile() as draft:
            await receive_body(request, draft, library.limits.packed_bytes)
            staged = await run_in_threadpool(library.take, iter(lambda: draft.read(_CHUNK), b""))
        try:
            wish = ReceiveFile(sha256=staged.sha256, name=name, covers_from=covers_from, covers_to=covers_to)
        except ValidationError as error:
            raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error
        call = Call(principal=principal, request_id=request_id_of(request))
        result = await run_in_threadpool(runner.run, receive_file, wish, call)
        return Response(TypeAdapter(FileReceived).dump_json(result), media_type="application/json")

    return router


async def receive_body(request: Request, draft: IO[bytes], largest: int) -> None:
    """Write a body to a draft as it comes, and go back to its beginning.

    Raises:
        FileTooLargeError: It is larger than a report can be.
    """
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            message = f"The file is larger than {largest // _CHUNK} MB."
            raise FileTooLargeError(message)
        draft.write(chunk)
    draft.seek(0)
