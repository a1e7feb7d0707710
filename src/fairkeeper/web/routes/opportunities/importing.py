"""Handing files of the insights over in a browser, and what was found in those that are there.

One form takes every file of the room: exports, the list of accounts with their owners, the price list; what a file is,
its columns say. Whoever sends it is known and may before a byte of it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fairkeeper.action.runner import Call
from fairkeeper.errors import DeniedError, FairkeeperError, NotFoundError, UnauthenticatedError
from fairkeeper.opportunities.actions.desk import HandedOver, NamedFile
from fairkeeper.opportunities.actions.snapshots import import_snapshot
from fairkeeper.opportunities.queries import list_snapshots
from fairkeeper.opportunities.views import SnapshotLine
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Form
from fairkeeper.web.pages.opportunities import FilesPage, SnapshotRow, TakenFile
from fairkeeper.web.parts import Empty
from fairkeeper.web.routes.opportunities.lists import ROOM, TRAIL, tabs_of
from fairkeeper.web.serving.asking import new_key
from fairkeeper.web.serving.console import ConsoleParts
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, FormUnreadableError, Way, answer, get, post

FILES_PATH: Final = "/opportunities/files"
UPLOAD_PATH: Final = "/opportunities/upload"
SAMPLE_PATH: Final = "/opportunities/sample"
_MOST_FILES: Final = 50
_LARGEST_BYTES: Final = 128 * 1024 * 1024
"""Of all files of one form: thirteen exports of 100,000 tenants are handed over on the command line."""
_SHOWN_FINDINGS: Final = 8
_STATES: Final = {"kept": "done", "replaced": "replaced", "dropped": "dropped"}


def show_files(visit: Visit) -> Response:
    """Show what was imported, and what was found in it."""
    return visit.show(_page(visit, ()))


def _page(visit: Visit, taken: Sequence[HandedOver]) -> FilesPage:
    found: tuple[SnapshotLine, ...] = visit.run(list_snapshots, limit=200)
    kept = [each for each in found if each.state == "kept"]
    return FilesPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs_of(FILES_PATH),
        sentence=f"{count(len(kept), 'snapshot')} kept, the newest with figures of {kept[0].as_of:%d %b %Y}."
        if kept
        else "Nothing was imported yet.",
        may_upload=visit.allows(import_snapshot),
        upload_key=new_key(),
        taken=tuple(
            TakenFile(name=each.name, sentence=each.sentence, is_used=each.is_used, troubles=_troubles(each.findings))
            for each in taken
        ),
        snapshots=tuple(_row(each) for each in found),
        sample=Form(
            id="sample",
            action=SAMPLE_PATH,
            submit="Try it with a made-up book",
            idempotency_key=new_key(),
        )
        if visit.parts.sample is not None and not found and visit.allows(import_snapshot)
        else None,
        empty=Empty(
            title="No snapshot yet",
            text="In Partner Center open Insights, Growth Opportunities, then the Copilot Opportunities tab; choose "
            "all columns, export, and hand the file over here.",
        ),
    )


def _row(each: SnapshotLine) -> SnapshotRow:
    return SnapshotRow(
        file=each.file,
        tab=each.tab.capitalize(),
        rows=each.rows,
        as_of=each.as_of,
        taken_on=each.taken_on,
        revision=f"revision {each.revision}" if each.revision > 1 else "",
        state=state(_STATES.get(each.state, each.state)),
        troubles=_troubles(each.found),
    )


def _troubles(findings: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    shown = tuple(f"{_place(each)}{each['message']} {each.get('remedy', '')}".strip() for each in findings)
    if len(shown) > _SHOWN_FINDINGS:
        return (*shown[:_SHOWN_FINDINGS], f"and {count(len(shown) - _SHOWN_FINDINGS)} more")
    return shown


def _place(finding: dict[str, Any]) -> str:
    told = [f"{name} {finding[name]}" for name in ("row", "column") if finding.get(name)]
    return f"{', '.join(told)}: " if told else ""


# -------------------- uploading


def upload_route(parts: ConsoleParts) -> Route:
    """Return the route that takes files as a form."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(parts=parts, request=request)
        trouble: FairkeeperError | None = None
        files: list[NamedFile] = []
        try:
            await run_in_threadpool(_admit, visit)
            files = await _receive(request, visit)
        except FairkeeperError as error:
            trouble = error
        way = Way(method="POST", path=UPLOAD_PATH, handler=lambda it: _take(it, files), audience=Audience.STAFF)
        return await run_in_threadpool(answer, visit, way, trouble)

    return Route(UPLOAD_PATH, endpoint, methods=["POST"], name="web:POST /opportunities/upload")


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
    if not visit.allows(import_snapshot):
        raise DeniedError("You may not hand files over.")


async def _receive(request: Request, visit: Visit) -> list[NamedFile]:
    """Return the files of a form, bounded.

    Raises:
        FormUnreadableError: It is no form with files, or too large.
    """
    length = request.headers.get("content-length", "")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise FormUnreadableError("Files come as a form.")
    if not length.isdigit() or int(length) > _LARGEST_BYTES:
        raise FormUnreadableError(f"The files are more than {_LARGEST_BYTES // 1024 // 1024} MB together.")
    async with request.form(max_files=_MOST_FILES, max_fields=20) as form:
        visit.form = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        visit.form.pop("idempotency_key", None)  # it would be of the first file alone; a file's bytes make it the same
        sent = [value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
        return [NamedFile(name=_plain(each.filename or ""), content=await each.read()) for each in sent]


def _plain(name: str) -> str:
    return name.replace("\x00", "").replace("\\", "/").rpartition("/")[2][:300].strip() or "unnamed"


def _take(visit: Visit, files: Sequence[NamedFile]) -> Response:
    """Take every file and say what became of each."""
    text = visit.form.get("taken_on", "").strip()
    try:
        taken_on = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FormUnreadableError(f"{text[:20]!r} is no day.") from error
    call = Call(principal=visit.principal, request_id=visit.request_id)
    desk = visit.parts.desk
    return visit.show(_page(visit, [desk.take(each, call, taken_on=taken_on) for each in files]))


# -------------------- trying it


def take_sample(visit: Visit) -> Response:
    """Import a made-up book and rank it at once, where there is none; a few seconds.

    Raises:
        NotFoundError: This is no sandbox, or a book is there already.
        DeniedError: The role does not allow it.
    """
    if not visit.allows(import_snapshot):
        raise DeniedError("You may not hand files over.")
    snapshots: tuple[SnapshotLine, ...] = visit.run(list_snapshots, limit=1)
    if visit.parts.sample is None or snapshots:
        raise NotFoundError(
            "There is nothing to try here: a book is there already, or this is no sandbox.", code="web.no_such_page"
        )
    call = Call(principal=visit.principal, request_id=visit.request_id)
    desk = visit.parts.desk
    for each in visit.parts.sample(visit.principal.display):
        desk.take(each, call)
    desk.rank()
    return visit.go("/opportunities")


WAYS: Final[tuple[Way, ...]] = (
    get(FILES_PATH, show_files, Audience.STAFF),
    post(SAMPLE_PATH, take_sample, Audience.STAFF),
)
