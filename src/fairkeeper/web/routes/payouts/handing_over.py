"""Handing files over in a browser, and which months are there.

The upload is no form like the others: its body is a file of any size, or several. Whoever sends it is known and may
before a byte of it is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any, Final

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fairkeeper.errors import DeniedError, FairkeeperError, NotFoundError, UnauthenticatedError
from fairkeeper.payouts.actions.receive_file import FileReceived, receive_file
from fairkeeper.payouts.errors import FileTooLargeError
from fairkeeper.payouts.queries import list_files, show_coverage
from fairkeeper.payouts.views import CoverageView, FileLine, FilePage
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.pages.payouts import CoverageRow, FileRow, FilesPage
from fairkeeper.web.parts import Empty
from fairkeeper.web.routes.payouts.shared import ROOM, TRAIL, tabs, title_of
from fairkeeper.web.serving.asking import new_key
from fairkeeper.web.serving.console import ConsoleParts
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, FormUnreadableError, Way, answer, get

UPLOAD_PATH: Final = "/payouts/upload"
_CHUNK: Final = 1024 * 1024
_MOST_FILES: Final = 200
_SHOWN_FINDINGS: Final = 4
_STATES: Final = {"waiting": "queued", "reading": "running", "read": "done", "refused": "refused"}


def show_files(visit: Visit) -> Response:
    """Show what was handed over, what is covered, and what to download."""
    found: FilePage = visit.run(list_files, limit=200)
    coverage: CoverageView = visit.run(show_coverage)
    missing: dict[str, list[str]] = {}
    for need in coverage.needs:
        missing.setdefault(need.report, []).append(f"{when_text(need.from_on)} to {when_text(need.to_on)}")
    page = FilesPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs("/payouts/files"),
        sentence=_sentence(found),
        is_busy=found.is_busy,
        may_upload=visit.allows(receive_file),
        upload_key=new_key(),
        files=tuple(row for line in found.files for row in _file(line)),
        coverage=tuple(
            CoverageRow(
                report=report.title.partition(" (")[0],
                where=report.title.partition(" (")[2].rstrip(")"),
                covered=f"{report.months[0]} to {report.months[-1]}, {count(len(report.months), 'month')}"
                if report.months
                else "",
                missing="; ".join(missing.get(report.report, ())),
            )
            for report in coverage.reports
        ),
        held_back=tuple(
            f"{title_of(held.code)}: {count(held.count)} undecided. {held.need}" for held in coverage.not_enough_data
        ),
        empty=Empty(
            title="No files yet",
            text="`fairkeeper payouts sample FOLDER` writes a made-up year of reports to try this with.",
        ),
    )
    return visit.show(page)


def _sentence(found: FilePage) -> str:
    return f"{count(found.total, 'file')} kept as they came." if found.total else "Nothing has been handed over yet."


def _file(line: FileLine) -> list[FileRow]:
    troubles = tuple(
        f"{_place(finding)}{finding['message']}" for finding in line.findings if finding["level"] != "info"
    )
    shown = troubles[:_SHOWN_FINDINGS]
    if len(troubles) > _SHOWN_FINDINGS:
        shown = (*shown, f"and {count(len(troubles) - _SHOWN_FINDINGS)} more")
    if not line.tables:
        return [
            FileRow(
                name=line.name,
                report="",
                state=state(_STATES.get(line.state, line.state)),
                rows=None,
                period="",
                received_at=line.received_at,
                troubles=shown,
            )
        ]
    return [
        FileRow(
            name=table.name,
            report=table.report.capitalize(),
            state=state(_STATES.get(line.state, line.state)),
            rows=table.rows,
            period=f"{when_text(table.first_on)} to {when_text(table.last_on)}"
            if table.first_on and table.last_on
            else "",
            received_at=line.received_at,
            troubles=shown if number == 0 else (),
        )
        for number, table in enumerate(line.tables)
    ]


def _place(finding: dict[str, Any]) -> str:
    told = [f"{name} {finding[name]}" for name in ("row", "column") if name in finding]
    return f"{', '.join(told)}: " if told else ""


# -------------------- uploading


@dataclass(slots=True, kw_only=True)
class _Drafts:
    """Files on their way in."""

    stack: ExitStack
    files: list[tuple[str, IO[bytes]]] = field(default_factory=list)
    wants_json: bool = False


def upload_route(parts: ConsoleParts) -> Route:
    """Return the route that takes files: one as the body with its name in the query, or several as a form."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(parts=parts, request=request)
        trouble: FairkeeperError | None = None
        with ExitStack() as stack:
            drafts = _Drafts(stack=stack)
            try:
                await run_in_threadpool(_admit, visit)
                await _receive(request, visit, drafts)
            except FairkeeperError as error:
                trouble = error
            way = Way(method="POST", path=UPLOAD_PATH, handler=lambda it: _keep(it, drafts), audience=Audience.STAFF)
            return await run_in_threadpool(answer, visit, way, trouble)

    return Route(UPLOAD_PATH, endpoint, methods=["POST"], name="web:POST /payouts/upload")


def _admit(visit: Visit) -> None:
    """Refuse whoever may not hand files over, before anything is read.

    Raises:
        UnauthenticatedError: Nobody is signed in.
        NotFoundError: One of a customer's people asks.
        DeniedError: The role does not allow it.
    """
    visit.open()
    if visit.session is None:
        raise UnauthenticatedError("Nobody is signed in here.", code="web.sign_in_first")
    if not visit.is_staff:
        raise NotFoundError("There is no such page for you.", code="web.no_such_page")
    if not visit.allows(receive_file):
        raise DeniedError("You may not hand files over.")


async def _receive(request: Request, visit: Visit, drafts: _Drafts) -> None:
    """Write what comes into drafts, bounded."""
    largest = visit.parts.library.limits.packed_bytes
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form(max_files=_MOST_FILES, max_fields=20)
        # The key would be of the first file alone; the bytes themselves are what makes a file the same.
        visit.form = {
            name: value for name, value in form.multi_items() if isinstance(value, str) and name == "csrf_token"
        }
        sent = [value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
        drafts.files = [(value.filename or "unnamed", value.file) for value in sent]
        return
    drafts.wants_json = True
    visit.form = {"csrf_token": request.headers.get("x-csrf-token", "")}
    draft = drafts.stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > largest:
                raise FileTooLargeError(f"The file is larger than {largest // _CHUNK} MB.")
            draft.write(chunk)
    except ClientDisconnect as error:
        raise FormUnreadableError("The file came in part.") from error
    draft.seek(0)
    drafts.files = [(visit.query("name")[:300] or "unnamed", draft)]


def _keep(visit: Visit, drafts: _Drafts) -> Response:
    """Keep every file and have it read."""
    received: list[FileReceived] = []
    for name, stream in drafts.files:
        plain = name.replace("\x00", "").replace("\\", "/").rpartition("/")[2][:300].strip() or "unnamed"
        staged = visit.parts.library.take(iter(lambda stream=stream: stream.read(_CHUNK), b""))  # type: ignore[misc]
        received.append(visit.run(receive_file, sha256=staged.sha256, name=plain))
    if drafts.wants_json:
        return Response(_as_json(received), media_type="application/json")
    return visit.go("/payouts/files")


def _as_json(received: Sequence[FileReceived]) -> bytes:
    return TypeAdapter(list[FileReceived]).dump_json(list(received))


WAYS: Final[tuple[Way, ...]] = (get("/payouts/files", show_files, Audience.STAFF),)
